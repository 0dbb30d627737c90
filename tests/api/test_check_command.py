"""`qtems check` on real files of a small made-up hall: what it writes, and how it ends when something is wrong.

The hall is an OBJ of boxes; its scan is sampled from them with the same random numbers every time. One column stands
30 mm beside its place.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.api.hall import BOXES, Files, Points, hall_points, write_xyz
from twin.report.folder import NAMES, RECORD

Qtems = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("own_cache")
QUICK = ("--register", "given", "--report", "none", "--quiet")


def test_finds_the_moved_column_and_nothing_else(qtems: Qtems, hall: Files, tmp_path: Path) -> None:
    ended = qtems("check", hall.model, hall.scan, "--out", tmp_path, "--tolerance", "10mm", *QUICK)
    assert ended.code == 1, ended.err
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    verdicts = {e["name"]: e["verdict"] for e in report["elements"]}
    assert verdicts["column two"] == "fail"
    assert "fail" not in [verdict for name, verdict in verdicts.items() if name != "column two"]
    assert set(verdicts) == set(BOXES)
    assert "column two" in ended.out


def test_nothing_fails_within_a_wide_tolerance(qtems: Qtems, hall: Files, tmp_path: Path) -> None:
    ended = qtems("check", hall.model, hall.scan, "--out", tmp_path, "--tolerance", "60mm", *QUICK)
    assert ended.code == 0, ended.err


def test_same_inputs_same_bytes(qtems: Qtems, hall: Files, tmp_path: Path) -> None:
    for out, workers in (("a", 1), ("b", 2)):
        arguments = ("check", hall.model, hall.scan, "--out", tmp_path / out, "--workers", workers)
        ended = qtems(*arguments, "--register", "given", "--tolerance", "10mm", "--report", "all")
        assert re.search(r"total +[0-9.]+ s", ended.err)  # what is said of the time stays out of the reports
    names = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(names) >= 6
    assert [n for n in names if (tmp_path / "a" / n).read_bytes() != (tmp_path / "b" / n).read_bytes()] == []


def test_chinese_summary_and_report(qtems: Qtems, hall: Files, tmp_path: Path) -> None:
    arguments = ("--tolerance", "10mm", "--register", "given", "--report", "html", "--quiet", "--lang", "zh")
    ended = qtems("check", hall.model, hall.scan, "--out", tmp_path, *arguments)
    assert ended.code == 1
    assert "不合格" in ended.out
    assert "不合格" in (tmp_path / "report.html").read_text(encoding="utf-8")


def judged(qtems: Qtems, hall: Files, out: Path, registration: str) -> dict[str, Any]:
    """Return the verdict of each element within 28 mm; one column stands 30 mm off."""
    (out.parent / f"{out.name}.yaml").write_text(registration, encoding="utf-8")
    options = ("--tolerance", "28mm", "--register", out.parent / f"{out.name}.yaml", "--report", "none", "--quiet")
    ended = qtems("check", hall.model, hall.scan, "--out", out, *options)
    assert ended.code in (0, 1), ended.err
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    moved = next(e for e in report["elements"] if e["name"] == "column two")
    surface = next(m for m in moved["measurements"] if m["characteristic"] == "surface")
    return {"verdict": moved["verdict"], "U": surface["expanded_uncertainty_mm"], "notes": report["notes"]}


def control_file(sigma_mm: float) -> str:
    places = ((0, 0, 0), (6, 0, 0), (6, 5, 0), (0, 5, 2.8))
    rows = "".join(f"- [T{n}, {x}, {y}, {z}, {x}, {y}, {z}]\n" for n, (x, y, z) in enumerate(places))
    return f"sigma_mm: {sigma_mm}\ncontrol_points:\n{rows}"


def given_file(sigma_mm: float) -> str:
    return f"T_design_scan: identity\nsigma_mm: {sigma_mm}\n"


@pytest.mark.parametrize("stated", [given_file, control_file])
def test_a_worse_stated_accuracy_leaves_open_what_a_better_one_decides(
    qtems: Qtems, hall: Files, tmp_path: Path, stated: Callable[[float], str]
) -> None:
    fine = judged(qtems, hall, tmp_path / "fine", stated(0.2))
    poor = judged(qtems, hall, tmp_path / "poor", stated(6.0))
    assert (fine["verdict"], poor["verdict"]) == ("fail", "indeterminate")
    assert fine["U"] < 2.0 < poor["U"]


# --- bad input: one line, status 2 or 3, nothing written that could be taken for a result -----------------------------

Maker = Callable[[Files, Path], tuple[Path | str, ...]]


def text(content: str, name: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_text(content, encoding="utf-8")
        return folder / name

    return write


def empty_ply(folder: Path) -> Path:
    header = (
        "ply\nformat ascii 1.0\nelement vertex 0\nproperty float x\nproperty float y\nproperty float z\nend_header\n"
    )
    return text(header, "empty.ply")(folder)


def truncated(path: Path, folder: Path, share: float = 0.5) -> Path:
    cut = folder / f"cut{path.suffix}"
    content = path.read_bytes()
    cut.write_bytes(content[: int(len(content) * share)])
    return cut


def write_e57(points: Points, path: Path) -> Path:
    import pye57

    file = pye57.E57(str(path), mode="w")
    x, y, z = (np.ascontiguousarray(column) for column in points.T)
    file.write_scan_raw({"cartesianX": x, "cartesianY": y, "cartesianZ": z})
    file.close()
    return path


def write_laz(points: Points, path: Path) -> Path:
    import laspy

    cloud = laspy.LasData(laspy.LasHeader(version="1.4", point_format=6))
    cloud.x, cloud.y, cloud.z = points.T
    cloud.write(str(path))
    return path


def damaged(path: Path) -> Path:
    """Overwrite a run of bytes in the middle of a file."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(255 - b for b in content[middle : middle + 64])
    path.write_bytes(content)
    return path


IFC_WITHOUT_GEOMETRY = """ISO-10303-21;
HEADER;
FILE_DESCRIPTION((''),'2;1');
FILE_NAME('','2025-01-01T00:00:00',(''),(''),'','','');
FILE_SCHEMA(('IFC4'));
ENDSEC;
DATA;
#1=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);
#2=IFCUNITASSIGNMENT((#1));
#3=IFCPROJECT('0YvctVUKr0kugbFTf53O9L',$,'p',$,$,$,$,$,#2);
ENDSEC;
END-ISO-10303-21;
"""

BAD_INPUT: Mapping[str, tuple[Maker, tuple[int, ...], str]] = {
    "model not there": (lambda f, d: (d / "no.ifc", f.scan), (2,), r"no\.ifc"),
    "scan not there": (lambda f, d: (f.model, d / "no.e57"), (2,), r"no\.e57"),
    "folder as model": (lambda f, d: (d, f.scan), (2,), r"not a file|folder"),
    "folder as scan": (lambda f, d: (f.model, d), (2,), r"not a file|folder"),
    "swapped": (lambda f, d: (f.scan, f.model), (2,), r"hall\.xyz"),
    "empty model file": (lambda f, d: (text("", "m.ifc")(d), f.scan), (2,), "empty"),
    "empty scan file": (lambda f, d: (f.model, text("", "s.xyz")(d)), (2,), "empty"),
    "scan of no points": (lambda f, d: (f.model, empty_ply(d)), (2,), "no .*point|empty"),
    "scan of NaN": (lambda f, d: (f.model, text("nan nan nan\n" * 100, "s.xyz")(d)), (2,), r"s\.xyz"),
    "one point": (lambda f, d: (f.model, text("1.0 1.0 1.0\n", "s.xyz")(d)), (2, 3), "point|refused"),
    "text that is no scan": (lambda f, d: (f.model, text("hello\nworld\n", "s.xyz")(d)), (2,), r"s\.xyz"),
    "text that is no ifc": (lambda f, d: (text("hello", "m.ifc")(d), f.scan), (2,), r"m\.ifc"),
    "ifc without geometry": (lambda f, d: (text(IFC_WITHOUT_GEOMETRY, "m.ifc")(d), f.scan), (2,), "no element"),
    "truncated ifc": (lambda f, d: (text(IFC_WITHOUT_GEOMETRY[:300], "m.ifc")(d), f.scan), (2,), r"m\.ifc"),
    "truncated e57": (lambda f, d: (f.model, truncated(write_e57(hall_points(20), d / "s.e57"), d)), (2,), "cut"),
    "damaged e57": (lambda f, d: (f.model, damaged(write_e57(hall_points(20), d / "s.e57"))), (2,), r"s\.e57"),
    "truncated laz": (lambda f, d: (f.model, truncated(write_laz(hall_points(20), d / "s.laz"), d)), (2,), "cut"),
    "damaged laz": (lambda f, d: (f.model, damaged(write_laz(hall_points(200), d / "s.laz"))), (2,), r"s\.laz"),
    "scan in millimetres": (
        lambda f, d: (f.model, write_xyz(hall_points(80) * 1e3, d / "s.xyz"), "--register", "auto"),
        (2, 3),
        "in millimetres",
    ),
    "scan elsewhere": (lambda f, d: (f.model, write_xyz(hall_points(20) + 500.0, d / "s.xyz")), (3,), "refused"),
    "step model": (lambda f, d: (text("ISO-10303-21;", "m.stp")(d), f.scan), (2,), "STEP"),
    "no such standard": (lambda f, d: (f.model, f.scan, "--standard", "DIN 4711"), (2,), "DIN 4711"),
    "no such tolerances": (lambda f, d: (f.model, f.scan, "--tolerances", d / "t.yaml"), (2,), r"t\.yaml"),
    "tolerances that are none": (
        lambda f, d: (f.model, f.scan, "--tolerances", text("rules: 5", "t.yaml")(d)),
        (2,),
        r"t\.yaml",
    ),
    "no such registration": (lambda f, d: (f.model, f.scan, "--register", d / "r.txt"), (2,), r"r\.txt"),
    "registration that is none": (
        lambda f, d: (f.model, f.scan, "--register", text("hello", "r.txt")(d)),
        (2,),
        "r.txt",
    ),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_line_and_no_result(qtems: Qtems, hall: Files, tmp_path: Path, case: str) -> None:
    make, codes, says = BAD_INPUT[case]
    out = tmp_path / "out"
    arguments = make(hall, tmp_path)
    given = () if "--register" in arguments else ("--register", "given")
    ended = qtems("check", *arguments, *given, "--out", out, "--report", "all", "--quiet")
    assert ended.code in codes, ended
    assert ended.err.startswith("qtems: "), ended.err
    assert ended.err.count("\n") == 1, ended.err
    assert re.search(says, ended.err), ended.err
    assert "internal error" not in ended.err
    assert "Traceback" not in ended.out + ended.err
    written = sorted(path.name for path in out.iterdir()) if out.exists() else []
    if ended.code == 2:
        assert written == []
    else:
        report = json.loads((out / "report.json").read_text(encoding="utf-8"))
        assert report["registration"]["status"] == "refused"
        assert report["elements"] == []


def test_an_error_takes_its_empty_folders_away_and_no_other(qtems: Qtems, hall: Files, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    for out in (tmp_path / "new" / "er", there, there / "below"):
        ended = qtems("check", hall.model, hall.scan, "--out", out, "--register", tmp_path / "absent.csv")
        assert ended.code == 2
    assert sorted(tmp_path.iterdir()) == [there]
    assert list(there.iterdir()) == []


def test_an_error_leaves_what_others_put_into_the_folder(
    qtems: Qtems, hall: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new"

    def broken(*arguments: object, **options: object) -> None:
        (out / "of others.txt").write_text("theirs", encoding="utf-8")
        raise MemoryError

    monkeypatch.setattr("geometry.readers.read_scan", broken)
    assert qtems("check", hall.model, hall.scan, "--out", out, *QUICK).code == 2
    assert [path.name for path in out.iterdir()] == ["of others.txt"]


@pytest.mark.parametrize("place", ["model", "below a file"])
def test_unwritable_folder_is_found_before_the_work(qtems: Qtems, hall: Files, place: str) -> None:
    out = hall.model if place == "model" else hall.model / "report"
    before = hall.model.read_bytes()
    ended = qtems("check", hall.model, hall.scan, "--out", out)
    assert ended.code == 2
    assert ended.err.count("\n") == 1  # not even the first step's line
    assert "--out" in ended.err
    assert hall.model.read_bytes() == before


@pytest.mark.parametrize(
    ("step", "sent", "code", "says"),
    [
        ("reading the scan", signal.SIGINT, 130, "Ctrl-C"),
        ("measuring the elements", signal.SIGTERM, 143, "SIGTERM"),
        ("writing the reports", signal.SIGINT, 130, "Ctrl-C"),
    ],
)
def test_stopped_half_way_leaves_no_half_report(
    hall: Files, tmp_path: Path, step: str, sent: signal.Signals, code: int, says: str
) -> None:
    command = [
        sys.executable,
        "-m",
        "api.start",
        "check",
        str(hall.model),
        str(hall.scan),
        "--out",
        str(tmp_path / "out"),
    ]
    child = subprocess.Popen(
        [*command, "--register", "given", "--report", "all"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert child.stderr is not None
    seen = ""
    while step not in seen:  # letter by letter: a step's line ends when the step does
        letter = child.stderr.read(1)
        assert letter, seen
        seen += letter
    child.send_signal(sent)
    rest = child.communicate(timeout=60)[1]
    assert child.returncode == code, seen + rest
    assert rest.splitlines()[-1].startswith("qtems: stopped by " + says)
    assert "Traceback" not in rest
    assert step == "writing the reports" or not (tmp_path / "out").exists()
    left = [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()]
    if left:  # it was finished when the signal came: then it is whole
        assert {*NAMES, RECORD} - {"report-2.1.bcf", "report-3.0.bcf"} <= set(left) <= {*NAMES, RECORD}
        assert json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["elements"]


def placed(folder: Path, files: Mapping[str, bytes]) -> dict[Path, bytes]:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return {folder / name: content for name, content in files.items()}


@pytest.mark.parametrize("report", ["none", "cloud", "glb"])
@pytest.mark.parametrize("kind", ["scan", "model", "registration", "tolerances"])
def test_an_input_in_the_folder_of_the_reports_is_refused_unread(
    qtems: Qtems, hall: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, report: str
) -> None:
    monkeypatch.setattr("geometry.readers.read_scan", None)
    inside = {"scan": "deviation.ply", "model": "model.glb", "registration": "report.json", "tolerances": "report.html"}
    before = placed(tmp_path / "o", {inside[kind]: hall.scan.read_bytes()})
    (path,) = before
    model, scan = (path if kind == "model" else hall.model), (path if kind == "scan" else hall.scan)
    options = {"registration": ("--register", path), "tolerances": ("--tolerances", path)}.get(kind, ())
    ended = qtems("check", model, scan, "--out", tmp_path / "o", "--report", report, *options)
    assert (ended.code, ended.out) == (2, "")
    said = f"qtems: {path} is an input of this check and would be replaced: choose another folder with --out"
    assert ended.err.splitlines() == [said]
    assert {path: path.read_bytes() for path in (tmp_path / "o").iterdir()} == before


def test_what_others_put_under_the_name_of_a_report_is_neither_removed_nor_overwritten(
    qtems: Qtems, hall: Files, tmp_path: Path
) -> None:
    before = placed(tmp_path / "o", {"report.json": b'{"from":"another tool"}', "report.pdf": b"mine"})
    ended = qtems("check", hall.model, hall.scan, "--out", tmp_path / "o", *QUICK)
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    for path in before:
        assert str(path) in ended.err
    assert {path: path.read_bytes() for path in (tmp_path / "o").iterdir()} == before


@pytest.mark.parametrize("refused", [False, True])
def test_reports_of_an_earlier_check_go_and_are_named(qtems: Qtems, hall: Files, tmp_path: Path, refused: bool) -> None:
    common = ("--out", tmp_path / "o", "--register", "given", "--quiet")
    ended = qtems("check", hall.model, hall.scan, *common, "--tolerance", "10mm", "--report", "xlsx,glb")
    assert ended.code == 1, ended.err
    assert "emoved" not in ended.out
    again = qtems("check", hall.model, hall.scan, *common, "--tolerance", "10mm", "--report", "ply")
    assert "emoved" not in again.out  # the same check: all of it still holds
    scan = write_xyz(hall_points() + 500.0, tmp_path / "elsewhere.xyz") if refused else hall.scan
    last = qtems("check", hall.model, scan, *common, "--tolerance", "60mm", "--report", "none")
    assert last.code == (3 if refused else 0), last
    said = last.err if refused else last.out
    assert "Removed, being of an earlier check: report.xlsx, model.glb, deviation.ply" in said
    assert said.count("\n") == 1 or not refused
    assert {path.name for path in (tmp_path / "o").iterdir()} == {"report.json", RECORD}


@pytest.mark.parametrize("name", ["", "  "])
def test_a_folder_without_a_name_is_refused(qtems: Qtems, hall: Files, name: str) -> None:
    ended = qtems("check", hall.model, hall.scan, "--out", name)
    assert ended.code == 2
    assert "argument --out: the folder has no name" in ended.err
    assert ended.err.count("\n") == 1


def test_a_scan_without_stations_is_not_said_to_have_one(qtems: Qtems, hall: Files, tmp_path: Path) -> None:
    options = ("--register", "given", "--report", "html", "--quiet", "--tolerance", "60mm")
    ended = qtems("check", hall.model, hall.scan, "--out", tmp_path, *options)
    assert "points, no station positions)" in ended.out
    assert "1 station" not in ended.out
    assert "no station positions" in (tmp_path / "report.html").read_text("utf-8")
    notes = json.loads((tmp_path / "report.json").read_text("utf-8"))["notes"]
    told = [note for note in notes if "missing" in str(note)]
    assert len(told) == 1, told
    assert "position is not known: only what leaves bare what it would cover is called missing" in str(told[0])
