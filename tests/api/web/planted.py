"""One small record of each kind in a project, without the work that makes them: what routes are asked about."""

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from geometry.verdict import Outcome
from tests.api.web.world import Browser, World
from twin.check_record import ElementRow
from twin.element_state import ElementState, Epoch, Seen, Status
from twin.finding import CauseKind, Defect, Failure, Finding, Location, Origin, Severity
from twin.operations.audit_orders import order_package
from twin.operations.queue import Desk, cancel_job
from twin.operations.scenes import register_scene
from twin.operations.write_back import WRITE_BACK, WriteBackOrder
from twin.project import (
    CheckRun,
    ModelRevision,
    RegistrationRecord,
    RegistrationStatus,
    ScanEpoch,
    ScanFile,
    Station,
)
from twin.record import Actor, Evidence, EvidenceKind, Id
from twin.store import inbox, records
from twin.store.elements import keep_states
from twin.store.repository import Context
from twin.store.uploads import Upload

CAPTURED = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
MACHINE = Actor("f" * 32, "planter")
MODEL = b"ISO-10303-21; a model of no worth; " * 100
REPORT_HTML = b"<!doctype html><title>Report</title><script>1</script>" + b"<p>words</p>" * 200
TILE = b"glTF tile " * 400
IDENTITY = (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)


@dataclass(frozen=True)
class Planted:
    """What there is: identifiers as routes name them."""

    revision: Id
    epoch: Id
    check: Id
    finding: Id
    global_ids: tuple[str, ...]

    def in_addresses(self) -> dict[str, str]:
        return {
            "revision": self.revision, "epoch": self.epoch, "check": self.check, "finding": self.finding,
            "element": self.global_ids[0], "part": "model.json", "content": "tileset.json", "tile": "0.glb",
            "file": "report.html",
        }  # fmt: skip


def context(world: World) -> Context:
    return Context(MACHINE, world.clock())


def plant(world: World, project: Id, *, elements: int = 7, captured_at: datetime = CAPTURED) -> Planted:
    """Keep a revision, an epoch, a check of it, element states and a finding."""
    services = world.services
    put = services.blobs.put
    new = services.store.new_id
    made = Planted(new(), new(), new(), new(), tuple(f"E{n:04d}$plantedplanted"[:22] for n in range(elements)))
    model = put([MODEL]).sha256
    scan = sha256(made.epoch.encode()).hexdigest()
    scene = keep_scene(world, {"model.json": b'{"parts": []}', "0.glb": TILE})
    tiles = keep_scene(world, {"tileset.json": b'{"asset": {"version": "1.1"}}', "tiles/0.glb": TILE})
    report = put([json.dumps({"registration": _registration()}).encode()]).sha256
    html = put([REPORT_HTML]).sha256
    with services.store.write(context(world)) as unit:
        known = list(unit.all(records.MODEL_REVISION, project=project))
        unit.add(records.MODEL_REVISION, ModelRevision(
            made.revision, project, len(known) + 1, "tower ☃.ifc", model, "IFC4", Decimal("0.001"), world.clock(),
            previous=known[-1].record.id if known else None, scene_sha256=scene,
        ))  # fmt: skip
        station = Station("S1", Decimal(1), Decimal(2), Decimal("1.6"))
        file = ScanFile("site.e57", scan, 1000, (station,))
        unit.add(
            records.SCAN_EPOCH, ScanEpoch(made.epoch, project, "Week 47", captured_at, (file,), scene_sha256=tiles)
        )
        unit.add(records.CHECK_RUN, CheckRun(
            made.check, project, made.revision, made.epoch, model, (scan,), "GB 50204-2015", "0.1.0", 0, world.clock(),
            world.clock(),
            RegistrationRecord(RegistrationStatus.ACCEPTED, "given", tuple(Decimal(n) for n in IDENTITY)),
            Evidence(EvidenceKind.REPORT, report, "report.json", "application/json"),
            files=(Evidence(EvidenceKind.REPORT, html, "report.html", "text/html"),), scene_sha256=tiles,
        ))  # fmt: skip
        for one in (scene, tiles):
            register_scene(unit, services.blobs, one)
        epoch = Epoch(made.epoch, captured_at, made.revision, made.check)
        keep_states(unit, [_row(project, epoch, n, g) for n, g in enumerate(made.global_ids)])
        unit.add(records.FINDING, _finding(made, project, world.clock()))
    return made


def fresh(world: World, made: Planted, project: Id, browser: Browser, noun: str) -> Id:
    """Return a new upload of whoever has the browser, a new job that has ended, or a letter that was given up."""
    if noun == "letter":
        return given_up(world)
    if noun == "upload":
        given = {"name": "a.ifc", "size": 3, "sha256": sha256(b"abc").hexdigest()}
        answer = browser.post(f"/projects/{project}/uploads", given)
        return answer.json()["id"] if answer.status_code == 201 else "0" * 32
    store = world.services.store
    desk = Desk(store, context(world), project)
    if noun == "package":
        job = order_package(desk, 1)
    else:
        job = desk.ask(WRITE_BACK, lambda _: WriteBackOrder(project, made.revision, made.epoch))
    return cancel_job(store, context(world), job.id).id


def given_up(world: World) -> Id:
    """Return a letter to somebody that was given up."""
    store, now = world.services.store, world.clock()
    taken = inbox.take_letter(store.database, now)
    if taken is not None:
        inbox.settle(store.database, taken, inbox.Mail.FAILED, now=now, error="no")
    with store.read() as view:
        return inbox.letters(view.connection, mail=inbox.Mail.FAILED)[0][0].id


def upload(browser: Browser, project: Id, name: str, content: bytes, *, piece: int = 1 << 20) -> Id:
    """Bring a file in, as clients do."""
    given = {"name": name, "size": len(content), "sha256": sha256(content).hexdigest()}
    begun = browser.post(f"/projects/{project}/uploads", given)
    assert begun.status_code == 201, begun.text
    address = f"/projects/{project}/uploads/{begun.json()['id']}"
    for start in range(0, len(content), piece):
        sent = browser("PATCH", address, content=content[start : start + piece], headers=offset(start))
        assert sent.status_code == 200, sent.text
        assert sent.headers["Upload-Offset"] == str(min(len(content), start + piece))
    done = browser.post(f"{address}/finish")
    assert (done.status_code, done.json()["complete"]) == (200, True), done.text
    return begun.json()["id"]


def offset(start: int) -> dict[str, str]:
    return {"Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}


def expires(world: World, held: Upload) -> timedelta:
    return held.expires_at - world.clock()


def keep_scene(world: World, files: Mapping[str, bytes]) -> str:
    """Keep files as the worker does, in gzip, then the list of them; return the list's digest."""
    return keep_packed(world, ((name, gzip.compress(content, 6, mtime=0)) for name, content in files.items()))


def keep_packed(world: World, packed: Iterable[tuple[str, bytes]]) -> str:
    """Keep files that are in gzip already."""
    listed: dict[str, Any] = {}
    for name, content in packed:
        kept = world.services.blobs.put([content])
        media = "model/gltf-binary" if name.endswith(".glb") else "application/json"
        listed[name] = {"sha256": kept.sha256, "size": kept.size, "media_type": media, "encoding": "gzip"}
    return world.services.blobs.put([json.dumps(listed, sort_keys=True).encode()]).sha256


def show_scenes(world: World, made: Planted, *, model: str, cloud: str) -> None:
    """Let the planted revision and check have scenes that were kept."""
    with world.services.store.write(context(world)) as unit:
        revision = unit.get(records.MODEL_REVISION, made.revision)
        unit.save(records.MODEL_REVISION, replace(revision.record, scene_sha256=model), expected=revision.version)
        check = unit.get(records.CHECK_RUN, made.check)
        unit.save(records.CHECK_RUN, replace(check.record, scene_sha256=cloud), expected=check.version)


def _registration() -> dict[str, Any]:
    pose = [[float(IDENTITY[4 * i + j]) for j in range(4)] for i in range(4)]
    rival = {"T_design_scan": pose, "score": 0.7, "distance_m": 3.6, "angle_deg": 180.0}
    return {
        "status": "accepted", "T_design_scan": pose, "method": "given", "rmse_m": 0.002, "rivals": [rival],
        "covariance": None, "covariance_pivot_m": None, "reason": "", "detail": "", "holdout_rmse_m": None,
        "inlier_fraction": 0.9, "overlap": 0.8, "unobservable": [], "iterations": 3, "converged": True,
        "supporters": 1, "judged": 2, "control_residuals_mm": [],
    }  # fmt: skip


def _row(project: Id, epoch: Epoch, n: int, global_id: str) -> ElementRow:
    failed = n % 3 == 0
    state = ElementState(
        project, global_id, epoch, Status.DEVIATING if failed else Status.VERIFIED,
        Seen.FAILED if failed else Seen.PASSED, False, epoch.captured_at, epoch.check,
    )  # fmt: skip
    verdict = Outcome.FAIL if failed else Outcome.PASS
    measurement = {
        "characteristic": "position", "actual_mm": 14.2 if failed else 1.0, "lower_mm": -8.0, "upper_mm": 8.0,
        "expanded_uncertainty_mm": 1.9, "verdict": verdict.value, "source": "GB 50204-2015 table 8.3.2",
        "coverage_factor": 2.0, "nominal_mm": None, "points": 400, "method": "fit", "note": "",
    }  # fmt: skip
    measured = {
        "global_id": global_id, "state": "installed", "verdict": verdict.value, "points": 1041,
        "visible_fraction": 0.7, "coverage": 0.9, "pose": None, "deviation_mm": None, "measurements": [measurement],
        "visibility": None, "reasons": [],
    }  # fmt: skip
    kind = "IfcColumn" if n % 2 else "IfcWall"
    return ElementRow(state, kind, f"{kind[3:]} C-{n}", f"Level {n % 2}", verdict.value, measured)


def _finding(made: Planted, project: Id, now: datetime) -> Finding:
    failure = Failure(
        made.global_ids[0], "position", "GB 50204-2015 table 8.3.2", Decimal("14.2"), Decimal(-8), Decimal(8),
        Decimal("1.9"),
    )  # fmt: skip
    defect = Defect(CauseKind.FORM, (made.global_ids[0],), (failure,))
    place = Location(Decimal("2.15"), Decimal("2.15"), Decimal("1.5"))
    origin = Origin(made.check, made.revision, made.epoch)
    return Finding(made.finding, project, origin, defect, Severity.MAJOR, place, MACHINE, now)
