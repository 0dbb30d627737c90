"""The 3D report: one folder that a browser opens from a disk, with the same viewer and files as the server has.

A page opened from a disk may run scripts beside it and fetch nothing. So each file of the scene is a script that hands
its bytes to the viewer (gzip, then base64, which costs a third), and is loaded when it is first asked for.
"""

import base64
import gzip
import html
import json
import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from geometry.arrays import FloatArray
from twin.element_state import TRANSITIONS, Status, seen_as
from twin.report.folder import write_manifest
from twin.report.provenance import Provenance
from twin.report.report_json import element_json, report_document
from twin.report.rounding import millimetres
from twin.report.selection import worst
from twin.report.words import clean
from twin.result import CheckResult
from twin.scene.deviation_points import DeviationPoints, points_of
from twin.scene.deviation_tiles import Tiling, write_deviation_tiles
from twin.scene.layout import scene_layout
from twin.scene.model_glb import edge_files, elements_file, model_files

SCHEMA = "qtems.folder/1"
MOST_POINTS = 1_000_000
"""A larger scan is thinned evenly to at most so many points; how many are shown is said in the view."""
PER_FILE = 500
"""Elements whose measurements lie in one file."""
NO_PICTURES: Mapping[str, bytes] = MappingProxyType({})
_GZIP_LEVEL = 6

PAGE = """<!doctype html>
<html lang="{lang}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
    <meta name="color-scheme" content="light dark" />
    <meta name="theme-color" content="#0f766e" />
    <title>{title} · qtems</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="viewer.css" />
  </head>
  <body data-language="{lang}">
    <div id="app"></div>
    <noscript>qtems needs JavaScript. qtems 需要启用 JavaScript。</noscript>
    <script src="viewer.js"></script>
  </body>
</html>
"""


def write_folder(
    folder: Path, result: CheckResult, provenance: Provenance, viewer: Path, lang: str,
    pictures: Mapping[str, bytes] = NO_PICTURES,
) -> None:  # fmt: skip
    """Write the 3D report of an accepted check into a folder that is not there yet.

    Parameters
    ----------
    folder:
        Where to; ``index.html`` in it is what a person opens.
    result, provenance:
        The check and what it rests on.
    viewer:
        Folder with the built viewer: ``viewer.js``, ``viewer.css`` and the licences of what is in them.
    lang:
        The language that it opens in; people switch it there.
    pictures:
        JPEG of elements by GlobalId, those that the other reports show; the details of each have it.
    """
    folder.mkdir()
    for one in sorted(viewer.iterdir()):
        if one.is_file() and one.suffix != ".gz":
            shutil.copyfile(one, folder / one.name)
    title = html.escape(clean(Path(provenance.model.path).name))
    page = PAGE.format(lang="zh-CN" if lang == "zh" else lang, title=title)
    (folder / "index.html").write_text(page, encoding="utf-8", newline="\n")
    shown = _with_pictures(folder / "pictures", pictures)
    for name, content in _files(result, provenance, folder.parent, shown):
        target = folder / "data" / f"{name}.js"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(as_script(name, content), encoding="ascii", newline="\n")
    write_manifest(folder)


def _with_pictures(folder: Path, pictures: Mapping[str, bytes]) -> Mapping[str, str]:
    """Write pictures beside the page, which may show what it may not fetch; return the address of each by GlobalId."""
    if pictures:
        folder.mkdir()
    names = {global_id: f"{number:03}.jpg" for number, global_id in enumerate(pictures, start=1)}
    for global_id, name in names.items():
        (folder / name).write_bytes(pictures[global_id])
    return {global_id: f"{folder.name}/{name}" for global_id, name in names.items()}


def as_script(name: str, packed: bytes) -> str:
    r"""Return a script that hands the gzip of a file to the viewer.

    Examples
    --------
    >>> as_script("model.json", b"abc")
    'qtemsFile("model.json","YWJj");\n'
    """
    return f"qtemsFile({json.dumps(name)},{json.dumps(base64.b64encode(packed).decode())});\n"


def _files(
    result: CheckResult, provenance: Provenance, scratch: Path, pictures: Mapping[str, str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the gzip of each file."""
    layout = scene_layout(result.design, [element.global_id for element in result.elements])
    for files in (model_files(result.design, layout), edge_files(result.design, layout)):
        for file in files:
            yield f"model/{file.name}", _packed(file.content)
    yield "model/elements.json", _packed(elements_file(result.design, layout).content)
    with tempfile.TemporaryDirectory(prefix=".tiles-", dir=scratch) as name:
        write_deviation_tiles(
            _thinned(result, layout.origin), Path(name), layout.global_ids, origin=layout.origin,
            tiling=Tiling(workers=1, gzip_level=_GZIP_LEVEL),
        )  # fmt: skip
        for path in sorted(Path(name).rglob("*.gz")):
            yield f"check/{path.relative_to(name).as_posix().removesuffix('.gz')}", path.read_bytes()
    yield "columns.json", _json(_columns(result))
    for start in range(0, len(result.elements), PER_FILE):
        told = [
            {**element_json(element), "picture": pictures.get(element.global_id, "")}
            for element in result.elements[start : start + PER_FILE]
        ]
        yield f"elements/{start // PER_FILE}.json", _json(told)
    yield "check.json", _json(_check(result, provenance))


def _stride(result: CheckResult) -> int:
    return max(1, math.ceil(len(result.scan.points) / MOST_POINTS))


def _thinned(result: CheckResult, origin: FloatArray) -> Iterator[DeviationPoints]:
    stride, at = _stride(result), 0
    for part in points_of(result, origin):
        n = len(part.points)
        kept = slice(-at % stride, None, stride)
        at += n
        if len(part.points[kept]):
            yield DeviationPoints(
                part.points[kept], part.deviation[kept], part.element[kept],
                None if part.intensity is None else part.intensity[kept],
            )  # fmt: skip


def _check(result: CheckResult, provenance: Provenance) -> Mapping[str, object]:
    """Return the report without its elements, and how the folder is laid out."""
    points = len(result.scan.points)
    told = {name: part for name, part in report_document(result, provenance).items() if name != "elements"}
    shown = -(-points // _stride(result))
    return {"folder": SCHEMA, "elements_per_file": PER_FILE, "points": points, "points_shown": shown, **told}


def _columns(result: CheckResult) -> Mapping[str, object]:
    """Return what the elements are coloured by, as the columns that a server answers with."""
    measured = [worst(element) for element in result.elements]
    statuses = [TRANSITIONS[Status.PLANNED, seen_as(e.state, e.verdict)] or Status.PLANNED for e in result.elements]
    return {
        "global_id": [element.global_id for element in result.elements],
        "verdict": coded([element.verdict.value for element in result.elements]),
        "state": coded([element.state.value for element in result.elements]),
        "status": coded([status.value for status in statuses]),
        "characteristic": coded([None if m is None else m.characteristic for m in measured]),
        "actual_mm": [None if m is None else millimetres(m.actual) for m in measured],
        "lower_mm": [None if m is None else millimetres(m.lower) for m in measured],
        "upper_mm": [None if m is None else millimetres(m.upper) for m in measured],
        "uncertainty_mm": [None if m is None else millimetres(m.expanded_uncertainty) for m in measured],
    }


def coded(column: Sequence[str | None]) -> dict[str, object]:
    """Return a column in which few values repeat: each once, and for every row its place among them.

    Examples
    --------
    >>> coded(["pass", "fail", "pass"])
    {'values': ['pass', 'fail'], 'index': [0, 1, 0]}
    """
    places = {value: n for n, value in enumerate(dict.fromkeys(column))}
    return {"values": list(places), "index": [places[value] for value in column]}


def _json(document: object) -> bytes:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _packed(text.encode("utf-8", "replace"))


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, _GZIP_LEVEL, mtime=0)
