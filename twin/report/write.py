"""All report files of a check in one folder, the whole set under its final names or none of it."""

import shutil
import tempfile
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from geometry.registration.result import RegistrationStatus
from twin.report.aside import Aside, Share
from twin.report.content import Content, make_content
from twin.report.folder import FILES, ReportError, ensure_replaceable, put_in_place
from twin.report.pictures import Pictures, element_cameras, render_pictures
from twin.report.provenance import Provenance
from twin.report.report_json import report_json
from twin.report.scene import Scene, make_scene
from twin.report.uninterrupted import uninterrupted
from twin.report.words import Words
from twin.result import CheckResult

FORMATS = tuple(name for name in FILES if name != "json")
"""What can be written beside ``report.json``."""

DEFAULT_FORMATS = tuple(name for name in FORMATS if name not in ("ply", "html3d"))
"""All, with the cloud in its smaller form only and without the 3D folder, which needs the viewer built."""

Progress = Callable[[str, float], None]
"""Called with the name of the file in work and the share of all the writing done, 0..1."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a check left in its folder, and what it took out of it."""

    files: tuple[Path, ...]
    """In the order written."""
    removed: tuple[Path, ...]
    """Reports of an earlier check that nothing new has taken the place of."""


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


def ensure_viewer(viewer: Path | None) -> Path:
    """Return the folder with the viewer as one script, which ``html3d`` copies.

    Raises
    ------
    ReportError
        If it is not there: a checkout has it once ``make viewer`` was run, a wheel brings it.
    """
    if viewer is None or not (viewer / "viewer.js").is_file():
        raise ReportError(
            "the report html3d needs the viewer, which is not built here: run make viewer, then check again"
        )
    return viewer


def write_reports(
    result: CheckResult,
    provenance: Provenance,
    out_dir: Path,
    *,
    formats: Collection[str] = DEFAULT_FORMATS,
    lang: str = "en",
    viewer: Path | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write ``report.json`` and the chosen formats into ``out_dir``.

    Every file is written in a hidden folder inside ``out_dir``; when the last is complete, all take the place of what
    an earlier check left. An interrupted run leaves the earlier set whole, or the new one, and one folder never shows
    two checks. A refused registration has no coloured model, cloud or BCF. ``viewer`` is the folder with the viewer as
    one script, for ``html3d``.

    Raises
    ------
    ReportError
        If the viewer for ``html3d`` is not there, the folder cannot be written or holds a file under the name of a
        report that no check wrote, or a format is not known.
    twin.report.words.UnknownLanguage
        If there are no texts in the language.
    """
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise ReportError(f"no such report: {', '.join(unknown)}; choose from {', '.join(FORMATS)}")
    words = Words(lang)
    if "html3d" in formats:
        ensure_viewer(viewer)
    ensure_writable(out_dir)
    ensure_replaceable(out_dir)
    desk = Desk(result, provenance, words, progress or (lambda name, share: None), viewer=viewer)
    chosen = ["json", *(name for name in FORMATS if name in formats and desk.applies(name))]
    names = [file for name in chosen for file in FILES[name]]
    try:
        with _workshop(out_dir) as folder, Aside(desk.clouds(chosen, folder)) as clouds:
            for place, name in enumerate(chosen):
                desk.begin(FILES[name][0], place / len(chosen), 1.0 / len(chosen))
                if name in clouds:
                    clouds.finish(name, desk.advance)
                else:
                    desk.write(name, folder)
            removed = put_in_place(folder, out_dir, names)
    except OSError as error:
        raise ReportError(
            f"cannot write reports to {out_dir}: {error.strerror or error}; free space there, or choose another folder "
            "with --out"
        ) from error
    return Written(tuple(out_dir / name for name in names), removed)


class Desk:
    """What several writers share, made once when first needed: texts, drawable arrays and pictures."""

    def __init__(
        self, result: CheckResult, provenance: Provenance, words: Words, progress: Progress, *, viewer: Path | None
    ) -> None:
        """Hold what is to be written."""
        self.viewer = viewer
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

    def clouds(self, names: Collection[str], folder: Path) -> dict[str, Callable[[Share], None]]:
        """Return what writes those of the formats that are clouds: arrays alone, whatever else is drawn meanwhile."""
        from twin.report.cloud import write_laz, write_ply

        tasks: dict[str, Callable[[Share], None]] = {
            "cloud": lambda tell: write_laz(folder / FILES["cloud"][0], self.result, self.provenance, tell),
            "ply": lambda tell: write_ply(folder / FILES["ply"][0], self.result, tell),
        }
        return {name: task for name, task in tasks.items() if name in names}

    def _json(self, path: Path) -> None:
        path.write_bytes(report_json(self.result, self.provenance))

    def _xlsx(self, path: Path) -> None:
        from twin.report.xlsx import xlsx_workbook

        path.write_bytes(xlsx_workbook(self.result, self.content, self.provenance, self.words))

    def _bcf(self, *paths: Path) -> None:
        from twin.report.bcf import VERSIONS, bcf_archive

        snapshots = self.pictures.snapshots
        cameras = element_cameras(self.result, self.scene, self.pictures.cameras)
        for version, path in zip(VERSIONS, paths, strict=True):
            archive = bcf_archive(
                version, self.result, self.provenance, self.words, cameras=cameras, snapshots=snapshots
            )
            path.write_bytes(archive)

    def _glb(self, path: Path) -> None:
        from twin.report.glb import glb_model

        path.write_bytes(glb_model(self.result))

    def _html3d(self, path: Path) -> None:
        from twin.report.html3d import write_folder

        viewer, pictures = ensure_viewer(self.viewer), self.pictures.cards
        write_folder(path, self.result, self.provenance, viewer, self.words.lang, pictures)

    def _pdf(self, path: Path) -> None:
        from twin.report.pdf import pdf_report

        path.write_bytes(pdf_report(self.content, self.pictures, self.provenance, self.words))

    def _html(self, path: Path) -> None:
        from twin.report.html import html_report

        path.write_bytes(html_report(self.content, self.pictures, self.words))


@contextmanager
def _workshop(out_dir: Path) -> Generator[Path]:
    """Give a hidden folder on the same disk, so that moving out of it is atomic; remove it in any case."""
    folder: Path | None = None
    try:
        with uninterrupted():
            folder = Path(tempfile.mkdtemp(prefix=".qtems-", dir=out_dir))
        yield folder
    finally:
        with uninterrupted():
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
