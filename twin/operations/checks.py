"""A check between a revision and an epoch that are kept: run it, keep what it found, raise findings."""

import json
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geometry.source import SourceFile
from twin.check_record import Commission, ElementRow, Shown, causes_of, check_run, element_rows, findings_of
from twin.finding import Location, Viewpoint
from twin.ncr_repeat import checked_elements
from twin.operations.check import DEFAULT_STANDARD, Step, usable_cores
from twin.operations.check_standing import Found, counting_check, derive_anew, raise_findings, retire_counting
from twin.operations.design_changes import carried
from twin.operations.glances import MEDIA_TYPE, VERSION, glance_of, packed
from twin.operations.predictions import settle_by_checks
from twin.operations.scenes import keep_deviation_scene, register_scene
from twin.operations.work import Upload, Work, fetched
from twin.project import CheckRun, ModelRevision, RegistrationStatus, ScanEpoch
from twin.record import Evidence, EvidenceKind, Id
from twin.store import records
from twin.store.blob_register import keep_all
from twin.store.codec import to_json
from twin.store.elements import keep_states, latest_states
from twin.store.repository import Unit
from twin.store.view import Stored

if TYPE_CHECKING:
    from geometry.arrays import FloatArray
    from geometry.registration.request import RegistrationRequest
    from geometry.tolerance import ToleranceSet
    from twin.grouping import Cause
    from twin.result import CheckResult

FIRST_RUN = "first run: compiling, about a minute"
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
class PickedPoints:
    """A pair of points that a person picked: the same place on scan and model, metres as in the files."""

    name: str
    scan: Location
    design: Location
    sigma_mm: str = "10"
    """Standard uncertainty of the picking, along each axis."""


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
    pairs: tuple[PickedPoints, ...] = ()
    """Picked by hand on scan and model; goes before ``registration``, and there is no file then."""
    levelled: bool = False
    """The fit to the pairs is held upright."""
    formats: tuple[str, ...] = ("html", "pdf", "xlsx", "bcf", "glb", "cloud")
    seed: int = 0
    lang: str = "en"
    max_points: int = 30_000_000
    counts: bool | None = None
    """Whether it says what is known after the epoch. None: if no check of the epoch does yet; True: in place of the
    one that does, for a ``reason``; False: it is for information."""
    reason: str = ""


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
    work, started = announcing(work), work.now()
    with tempfile.TemporaryDirectory(prefix="qtems-check-") as name:
        result, document, files = _check(work, order, revision, epoch, Path(name) / "reports")
        scene = keep_deviation_scene(work, result, Path(name) / "scene")
    causes = causes_of(result)
    shown = _show(work, result, causes)
    commission = Commission(
        order.identifier, order.project, revision.id, epoch.id, epoch.captured_at, started, work.now(),
        version("qtems"),
    )  # fmt: skip
    run = replace(
        check_run(result, commission, files["report.json"]), files=_others(files), scene_sha256=scene,
        pictures=tuple(one.picture for one in shown if one.picture),
    )  # fmt: skip
    found = Found(findings_of(run, causes, shown, work.actor), tuple(checked_elements(result).values()))
    content = json.dumps(to_json(found), separators=(",", ":")).encode()
    run = replace(run, findings_sha256=work.blobs.put([content]).sha256 if result.elements and run.counts else "")
    seen = element_rows(result, document, commission, {})
    if seen:
        glance = work.blobs.put([packed(glance_of(seen))])
        run = replace(run, glance_sha256=glance.sha256, glance_version=VERSION)
    with work.store.write(work.context()) as unit:
        previous = carried(
            unit, work.blobs, latest_states(unit.connection, run.project, before=epoch.captured_at), revision.id
        )
        rows = element_rows(result, document, commission, previous)
        return _keep(unit, work, order, run, rows, found)


def announcing(work: Work) -> Work:
    """Return the work with steps that say so where machine code is compiled on the way: their share stands still."""
    from geometry.compiled import kernels_are_compiled

    if kernels_are_compiled():
        return work
    compiled_in = (Step.REGISTERING, Step.MEASURING)

    def progress(step: str, share: float) -> None:
        work.progress(f"{step} ({FIRST_RUN})" if step in compiled_in else step, share)

    return replace(work, progress=progress)


def _keep(
    unit: Unit, work: Work, order: CheckOrder, run: CheckRun, rows: tuple[ElementRow, ...], found: Found
) -> Stored[CheckRun]:
    """Keep a run and its states; one that counts also raises its findings and carries on to the epochs after it."""
    refused = run.registration.status is RegistrationStatus.REFUSED
    first = counting_check(unit, run.project, run.epoch) is None
    counts = not refused and (first if order.counts is None else order.counts)
    before = retire_counting(unit, run.project, run.epoch, reason=order.reason) if counts else None
    reason = order.reason if before else ""
    stored = unit.add(
        records.CHECK_RUN, replace(run, counts=counts, counting_reason=reason), action="create", reason=reason
    )
    _register(unit, work, run)
    keep_states(unit, rows)
    if counts:
        captured = unit.get(records.SCAN_EPOCH, run.epoch).record.captured_at
        derive_anew(unit, work.blobs, run.project, since=captured, reason=f"check {run.id} counts")
        raise_findings(unit, stored.record, found, captured, instead_of=before)
        settle_by_checks(unit, run.project)
    return stored


def _register(unit: Unit, work: Work, run: CheckRun) -> None:
    """Let the database know of every file that a check left."""
    files = {one.sha256: one.media_type for one in (run.report, *run.files, *run.pictures)}
    beside = {run.findings_sha256: "application/json", run.glance_sha256: MEDIA_TYPE}
    keep_all(unit, work.blobs, files | {digest: media for digest, media in beside.items() if digest})
    register_scene(unit, work.blobs, run.scene_sha256)


def _show(work: Work, result: "CheckResult", causes: tuple["Cause", ...]) -> tuple[Shown, ...]:
    """Keep a picture of every cause, and say from where it is taken, or why there is none."""
    from twin.report.finding_pictures import view_causes

    asked = [
        (c.defect.lead.global_id, *(g for g in c.defect.global_ids if g != c.defect.lead.global_id)) for c in causes
    ]
    seen = view_causes(result, asked, lambda share: work.progress("drawing findings", share))
    shown: list[Shown] = []
    for number, view in enumerate(seen.views, start=1):
        picture = None
        if view.picture:
            kept = work.blobs.put([view.picture])
            picture = Evidence(EvidenceKind.PICTURE, kept.sha256, f"finding-{number:03d}.jpg", "image/jpeg")
        eye, target = (_place(p + result.design.origin) for p in (view.camera.position, view.camera.target))
        shown.append(Shown(Viewpoint(eye, target), picture, "" if picture else seen.missing_reason))
    return tuple(shown)


def _place(point: "FloatArray") -> Location:
    x, y, z = (Decimal(f"{number:.3f}") for number in point)
    return Location(x, y, z)


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
    return result, document, {path.name: _keep_file(work, path) for path in written.files}


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

    if order.pairs:
        return pairs_request(order, work.actor.name)
    if order.registration_file is None:
        return read_request(order.registration)
    with fetched(work, order.registration_file) as path:
        return read_request(str(path))


def pairs_request(order: CheckOrder, picked_by: str) -> "RegistrationRequest":
    """Return the request of pairs that somebody picked."""
    from geometry.registration.request import ControlPoint, RegistrationRequest

    points = tuple(
        ControlPoint(pair.name, _metres(pair.scan), _metres(pair.design), float(pair.sigma_mm) / 1000.0)
        for pair in order.pairs
    )
    return RegistrationRequest.from_pairs(points, levelled=order.levelled, picked_by=picked_by)


def _metres(place: Location) -> tuple[float, float, float]:
    return float(place.x), float(place.y), float(place.z)
