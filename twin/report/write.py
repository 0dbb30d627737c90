"""All report files of a check in one folder, each complete under its final name or not there at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from geometry.errors import GeometryError
from geometry.registration.result import RegistrationStatus
from twin.report.content import Content, make_content
from twin.report.pictures import Pictures, element_cameras, render_pictures
from twin.report.provenance import Provenance
from twin.report.report_json import report_json
from twin.report.scene import Scene, make_scene
from twin.report.words import Words
from twin.result import CheckResult

FILES: dict[str, tuple[str, ...]] = {
    "json": ("report.json",),
    "html": ("report.html",),
    "pdf": ("report.pdf",),
    "xlsx": ("report.xlsx",),
    "bcf": ("report-2.1.bcf", "report-3.0.bcf"),
    "glb": ("model.glb",),
    "cloud": ("deviation.laz",),
    "ply": ("deviation.ply",),
}
"""File names by format, in the order of writing; ``json`` is always written."""

FORMATS = tuple(name for name in FILES if name != "json")
"""What can be written beside ``report.json``."""

DEFAULT_FORMATS = tuple(name for name in FORMATS if name != "ply")
"""All, with the cloud in its smaller form only."""

Progress = Callable[[str, float], None]
"""Called with the name of the file in work and the share of all the writing done, 0..1."""


class ReportError(GeometryError):
    """A report cannot be written; the text names the folder or format and says what to do."""


def ensure_writable(out_dir: Path) -> None:
    """Create ``out_dir`` if need be and prove that files can be made in it, before any long work.

    Raises
    ------
    ReportError
        If the folder cannot be created or written.
    """
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out_dir):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        if isinstance(error, FileExistsError | NotADirectoryError):
            reason = "a file is in the way"
        raise ReportError(f"cannot write reports to {out_dir}: {reason}; choose another folder with --out") from error


def write_reports(
    result: CheckResult,
    provenance: Provenance,
    out_dir: Path,
    *,
    formats: Collection[str] = DEFAULT_FORMATS,
    lang: str = "en",
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Write ``report.json`` and the chosen formats into ``out_dir`` and return the paths in the order written.

    Every file is written in a hidden folder inside ``out_dir`` and moved to its final name when complete, so that an
    interrupted run never leaves half a report under a final name. Reports that an earlier, different check left in the
    folder are removed: one folder never shows two checks. A refused registration has no coloured model, cloud or BCF.

    Raises
    ------
    ReportError
        If the folder cannot be written or a format is not known.
    twin.report.words.UnknownLanguage
        If there are no texts in the language.
    """
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise ReportError(f"no such report: {', '.join(unknown)}; choose from {', '.join(FORMATS)}")
    words = Words(lang)
    ensure_writable(out_dir)
    desk = Desk(result, provenance, words, progress or (lambda name, share: None))
    chosen = ["json", *(name for name in FORMATS if name in formats and desk.applies(name))]
    written: list[Path] = []
    try:
        with _workshop(out_dir) as folder:
            for place, name in enumerate(chosen):
                desk.begin(FILES[name][0], place / len(chosen), 1.0 / len(chosen))
                desk.write(name, folder)
                if name == "json":
                    _remove_older(out_dir, folder / "report.json")
                for file in FILES[name]:
                    os.replace(folder / file, out_dir / file)
                    written.append(out_dir / file)
    except OSError as error:
        raise ReportError(
            f"cannot write reports to {out_dir}: {error.strerror or error}; free space there, or choose another folder "
            "with --out"
        ) from error
    return tuple(written)


class Desk:
    """What several writers share, made once when first needed: texts, drawable arrays and pictures."""

    def __init__(self, result: CheckResult, provenance: Provenance, words: Words, progress: Progress) -> None:
        """Hold what is to be written."""
        self.result, self.provenance, self.words, self.progress = result, provenance, words, progress
        self._file, self._start, self._width = "", 0.0, 0.0

    def begin(self, file: str, start: float, width: float) -> None:
        """Say which file comes next and which part of the whole it is."""
        self._file, self._start, self._width = file, start, width
        self.advance(0.0)

    def advance(self, share: float) -> None:
        """Report how much of the present file is done, 0..1."""
        self.progress(self._file, self._start + self._width * share)

    @cached_property
    def content(self) -> Content:
        """The texts."""
        return make_content(self.result, self.provenance, self.words)

    @cached_property
    def pictures(self) -> Pictures:
        """The pictures."""
        return render_pictures(self.result, self.advance, scene=self.scene)

    @cached_property
    def scene(self) -> Scene:
        """The drawable arrays."""
        return make_scene(self.result)

    def applies(self, name: str) -> bool:
        """Return whether a format says anything about this result."""
        judged = self.result.registration.status is RegistrationStatus.ACCEPTED
        return judged or name in ("json", "html", "pdf", "xlsx")

    def write(self, name: str, folder: Path) -> None:
        """Write the files of one format into a folder."""
        getattr(self, f"_{name}")(*(folder / file for file in FILES[name]))

    def _json(self, path: Path) -> None:
        path.write_bytes(report_json(self.result, self.provenance))

    def _xlsx(self, path: Path) -> None:
        from twin.report.xlsx import xlsx_workbook

        path.write_bytes(xlsx_workbook(self.result, self.content, self.provenance, self.words))

    def _bcf(self, *paths: Path) -> None:
        from twin.report.bcf import VERSIONS, bcf_archive

        cameras, snapshots = element_cameras(self.result, self.scene), self.pictures.snapshots
        for version, path in zip(VERSIONS, paths, strict=True):
            archive = bcf_archive(
                version, self.result, self.provenance, self.words, cameras=cameras, snapshots=snapshots
            )
            path.write_bytes(archive)

    def _glb(self, path: Path) -> None:
        from twin.report.glb import glb_model

        path.write_bytes(glb_model(self.result))

    def _cloud(self, path: Path) -> None:
        from twin.report.cloud import write_laz

        write_laz(path, self.result, self.provenance, self.advance)

    def _ply(self, path: Path) -> None:
        from twin.report.cloud import write_ply

        write_ply(path, self.result)

    def _pdf(self, path: Path) -> None:
        from twin.report.pdf import pdf_report

        path.write_bytes(pdf_report(self.content, self.pictures, self.provenance, self.words))

    def _html(self, path: Path) -> None:
        from twin.report.html import html_report

        path.write_bytes(html_report(self.content, self.pictures, self.words))


@contextmanager
def _workshop(out_dir: Path) -> Generator[Path]:
    """Give a hidden folder on the same disk, so that moving out of it is atomic; remove it in any case."""
    folder = Path(tempfile.mkdtemp(prefix=".qtems-", dir=out_dir))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_older(out_dir: Path, report: Path) -> None:
    """Remove what an earlier check wrote here, unless it was this very check: then its files still hold."""
    earlier = out_dir / "report.json"
    if earlier.exists() and earlier.read_bytes() != report.read_bytes():
        for name in (file for names in FILES.values() for file in names):
            (out_dir / name).unlink(missing_ok=True)
