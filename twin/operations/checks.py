"""A check between a revision and an epoch that are kept: run it, keep what it found, raise findings."""

import json
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geometry.source import SourceFile
from twin.check_record import Commission, causes_of, check_run, element_rows, findings_of
from twin.ncr_repeat import checked_elements
from twin.operations.check import DEFAULT_STANDARD, usable_cores
from twin.operations.ncrs import record_findings
from twin.operations.scenes import keep_deviation_scene
from twin.operations.work import Upload, Work, fetched
from twin.project import CheckRun, ModelRevision, ScanEpoch
from twin.record import Evidence, EvidenceKind, Id
from twin.store import records
from twin.store.elements import latest_states, write_states
from twin.store.repository import Unit
from twin.store.view import Stored

if TYPE_CHECKING:
    from geometry.registration.request import RegistrationRequest
    from geometry.tolerance import ToleranceSet
    from twin.grouping import Cause
    from twin.result import CheckResult

_MEDIA = {
    ".json": "application/json",
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".bcf": "application/octet-stream",
    ".glb": "model/gltf-binary",
    ".laz": "application/vnd.laszip",
}


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """Which check is asked for."""

    identifier: Id
    """The run's, made by who asked, so that work that was interrupted and repeated makes one run."""
    project: Id
    revision: Id
    epoch: Id
    tolerance_mm: str = ""
    """One ± tolerance on every surface; at most one of the three is given."""
    standard: str = ""
    tolerances: Upload | None = None
    """A tolerance file; without any of the three it is the built-in profile."""
    registration: str = "auto"
    """``auto`` or ``given``; not looked at when there is a file."""
    registration_file: Upload | None = None
    """A 4x4 matrix or control points."""
    formats: tuple[str, ...] = ("html", "pdf", "xlsx", "bcf", "glb", "cloud")
    seed: int = 0
    lang: str = "en"
    max_points: int = 30_000_000


def run_ordered_check(work: Work, order: CheckOrder) -> Stored[CheckRun]:
    """Run a check and keep everything that it found in one transaction; done before, it is done.

    Raises
    ------
    NotFound
        If the revision or the epoch is not in the project.
    GeometryError
        If a file cannot be used; its text is one line for the user.
    """
    with work.store.read() as view:
        done = view.find(records.CHECK_RUN, id=order.identifier)
        revision = view.get(records.MODEL_REVISION, order.revision).record
        epoch = view.get(records.SCAN_EPOCH, order.epoch).record
    if done:
        return done
    started = work.now()
    with tempfile.TemporaryDirectory(prefix="qtems-check-") as name:
        result, document, files = _check(work, order, revision, epoch, Path(name) / "reports")
        scene = keep_deviation_scene(work, result, Path(name) / "scene")
    commission = Commission(
        order.identifier, order.project, revision.id, epoch.id, epoch.captured_at, started, work.now(),
        version("qtems"),
    )  # fmt: skip
    run = replace(check_run(result, commission, files["report.json"]), files=_others(files), scene_sha256=scene)
    causes = causes_of(result)
    with work.store.write(work.context()) as unit:
        return _keep(unit, run, result, document, commission, causes)


def _keep(
    unit: Unit,
    run: CheckRun,
    result: "CheckResult",
    document: dict[str, Any],
    commission: Commission,
    causes: tuple["Cause", ...],
) -> Stored[CheckRun]:
    stored = unit.add(records.CHECK_RUN, run)
    previous = latest_states(unit.connection, run.project, before=commission.captured_at)
    rows = element_rows(result, document, commission, previous)
    write_states(unit.connection, rows)
    kept = {"count": len(rows), "report_sha256": run.report.sha256}
    unit.note("element_states_kept", f"check_run:{run.id}", kept, project=run.project)
    findings = findings_of(causes, commission, [unit.new_id() for _ in causes], unit.context.actor)
    record_findings(unit, run, findings, checked_elements(result), commission.captured_at)
    return stored


def _check(
    work: Work, order: CheckOrder, revision: ModelRevision, epoch: ScanEpoch, folder: Path
) -> tuple["CheckResult", dict[str, Any], dict[str, Evidence]]:
    from geometry.readers import read_design, read_scan
    from twin.check import check
    from twin.report.provenance import Provenance
    from twin.report.write import write_reports

    workers = usable_cores()
    folder.mkdir()
    tolerances, registration = _tolerances(work, order), _registration(work, order)
    with ExitStack() as stack:
        uploads = [Upload(scan.file_name, scan.sha256) for scan in epoch.scans]
        paths = [stack.enter_context(fetched(work, upload)) for upload in uploads]
        scan = read_scan(paths, max_points=order.max_points, progress=_share(work, "reading"))
    with fetched(work, Upload(revision.file_name, revision.sha256)) as path:
        design = read_design(path, workers=workers, cache_dir=work.cache_dir, progress=_share(work, "tessellating"))
    # as their owners call them, not as this machine happens to
    scan = replace(scan, sources=tuple(_named(s, u) for s, u in zip(scan.sources, uploads, strict=True)))
    design = replace(design, source=replace(design.source, path=revision.file_name))
    result = check(
        design, scan, tolerances, registration=registration, seed=order.seed, workers=workers, progress=work.progress
    )
    provenance = Provenance.of(result, version("qtems"))
    written = write_reports(
        result, provenance, folder, formats=order.formats, lang=order.lang,
        progress=lambda what, share: work.progress(f"reporting {what}".strip(), share),
    )  # fmt: skip
    document: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    return result, document, {path.name: _keep_file(work, path) for path in written}


def _keep_file(work: Work, path: Path) -> Evidence:
    content = work.blobs.put_file(path)
    media = _MEDIA.get(path.suffix, "application/octet-stream")
    return Evidence(EvidenceKind.REPORT, content.sha256, path.name, media)


def _others(files: dict[str, Evidence]) -> tuple[Evidence, ...]:
    return tuple(evidence for name, evidence in sorted(files.items()) if name != "report.json")


def _named(source: SourceFile, upload: Upload) -> SourceFile:
    return replace(source, path=upload.file_name)


def _share(work: Work, step: str) -> Callable[[float], None]:
    return lambda share: work.progress(step, share)


def _tolerances(work: Work, order: CheckOrder) -> "ToleranceSet":
    from geometry.tolerance import load_standard, load_tolerance_file, surface_tolerance

    if order.tolerance_mm:
        return surface_tolerance(float(order.tolerance_mm) / 1000.0)
    if order.tolerances is not None:
        with fetched(work, order.tolerances) as path:
            return load_tolerance_file(path)
    return load_standard(order.standard or DEFAULT_STANDARD)


def _registration(work: Work, order: CheckOrder) -> "RegistrationRequest":
    from geometry.readers.registration_file import read_request

    if order.registration_file is None:
        return read_request(order.registration)
    with fetched(work, order.registration_file) as path:
        return read_request(str(path))
