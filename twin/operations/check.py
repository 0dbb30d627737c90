"""Use cases with files: load, call the pure pipeline, write what came out.

What is heavy is imported where it is used: a mistyped file name is answered before the kernels are loaded.
"""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from geometry.errors import ReadError
from twin.operations.made_folders import empty_folders_taken_back

if TYPE_CHECKING:
    from geometry.tolerance import ToleranceSet
    from twin.result import CheckResult

DEFAULT_STANDARD = "default"


class Step(StrEnum):
    """The long steps of a check, in order."""

    READING = "reading"
    TESSELLATING = "tessellating"
    REGISTERING = "registering"
    MEASURING = "measuring"
    REPORTING = "reporting"


StepProgress = Callable[[Step, str, float], None]
"""Called with the step, what is in work and the share of the step done, 0..1."""


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """Which files to check against each other, and how."""

    model: Path
    scans: tuple[Path, ...]
    out_dir: Path
    surface_tolerance_m: float | None = None
    """One ± tolerance on every surface; at most one of the three tolerance fields is set."""
    standard: str | None = None
    """Name in the tolerance catalogue; without any of the three it is ``default``."""
    tolerance_file: Path | None = None
    registration: str = "auto"
    """``auto``, ``given``, or the path of a file with a 4x4 matrix or control points."""
    formats: tuple[str, ...] = ()
    """What to write beside ``report.json``."""
    seed: int = 0
    lang: str = "en"
    workers: int | None = None
    """How many processes and threads; None = as many as this process may use."""
    max_points: int = 30_000_000
    """A larger scan is thinned evenly to at most so many points."""
    cache_dir: Path | None = None
    """Where tessellated models are kept by content; None = nowhere."""
    viewer: Path | None = None
    """Folder with the viewer as one script; only the report ``html3d`` needs it."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckOutcome:
    """What a check found and the files that say so."""

    result: "CheckResult"
    files: tuple[Path, ...]
    removed: tuple[Path, ...] = ()
    """Reports of an earlier check that were in the folder."""


def run_check(request: CheckRequest, *, progress: StepProgress) -> CheckOutcome:
    """Check a scan against a model, files in, reports out.

    Everything that can be found wrong quickly is looked at before the long steps.

    Raises
    ------
    GeometryError
        If an input cannot be used or the reports cannot be written; its text is one line for the user.
    """
    for path in (request.model, *request.scans):
        _expect_file(path)
    from twin.report.folder import ensure_replaceable

    ensure_replaceable(request.out_dir, _inputs(request))
    if "html3d" in request.formats:
        from twin.report.write import ensure_viewer

        ensure_viewer(request.viewer)
    with _folder_for_reports(request.out_dir):
        return _check_files(request, progress)


def _check_files(request: CheckRequest, progress: StepProgress) -> CheckOutcome:
    from geometry.readers import DESIGN_READERS, read_design, read_scan
    from geometry.readers.registration_file import read_request

    if request.model.suffix.lower() not in DESIGN_READERS:
        read_design(request.model)  # raises: why it is no model is better said now than after reading the scan
    tolerances = _tolerances(request)
    registration = read_request(request.registration)
    workers = request.workers or usable_cores()

    from twin.check import check
    from twin.report.provenance import Provenance
    from twin.report.write import write_reports

    scan = read_scan(request.scans, max_points=request.max_points, progress=_share_of(Step.READING, progress))
    design = read_design(
        request.model, workers=workers, cache_dir=request.cache_dir, progress=_share_of(Step.TESSELLATING, progress)
    )
    result = check(
        design,
        scan,
        tolerances,
        registration=registration,
        seed=request.seed,
        workers=workers,
        progress=_through(progress),
    )
    written = write_reports(
        result,
        Provenance.of(result, version("qtems")),
        request.out_dir,
        formats=request.formats,
        lang=request.lang,
        viewer=request.viewer,
        progress=_within(Step.REPORTING, progress),
    )
    return CheckOutcome(result, written.files, written.removed)


@contextmanager
def _folder_for_reports(out_dir: Path) -> Generator[None]:
    """Make the folder; when the work in it ends in an error, take back every folder made here that stayed empty."""
    from twin.report.write import ensure_writable

    with empty_folders_taken_back(out_dir):
        ensure_writable(out_dir)
        yield


def usable_cores() -> int:
    """Return how many cores this process may use, which in a container is fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _inputs(request: CheckRequest) -> tuple[Path, ...]:
    """Return every file that the check is about to read; ``auto`` and ``given`` are the names of none."""
    tolerances = () if request.tolerance_file is None else (request.tolerance_file,)
    return (request.model, *request.scans, Path(request.registration), *tolerances)


def _expect_file(path: Path) -> None:
    """Raise when a path is not a readable, non-empty file."""
    if not path.exists():
        raise ReadError(f"{path} does not exist. Check the path and its spelling")
    if not path.is_file():
        raise ReadError(f"{path} is not a file. Name the model or scan file itself")
    try:
        with path.open("rb") as stream:
            empty = not stream.read(1)
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror}. Check its permissions") from error
    if empty:
        raise ReadError(f"{path} is empty (0 bytes). Copy or export it again")


def _tolerances(request: CheckRequest) -> "ToleranceSet":
    from geometry.tolerance import load_standard, load_tolerance_file, surface_tolerance

    if request.surface_tolerance_m is not None:
        return surface_tolerance(request.surface_tolerance_m)
    if request.tolerance_file is not None:
        return load_tolerance_file(request.tolerance_file)
    return load_standard(request.standard or DEFAULT_STANDARD)


def _share_of(step: Step, progress: StepProgress) -> Callable[[float], None]:
    """Return the one-argument progress of a reader."""
    return lambda share: progress(step, "", share)


def _within(step: Step, progress: StepProgress) -> Callable[[str, float], None]:
    """Return the two-argument progress of a part of the work that is one step."""
    return lambda label, share: progress(step, label, share)


def _through(progress: StepProgress) -> Callable[[str, float], None]:
    """Return the two-argument progress of the pipeline, which names the step."""
    return lambda step, share: progress(Step(step), "", share)
