"""A model and a scan taken in, checked, and everything kept: a small building of boxes, on SQLite."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from geometry.errors import GeometryError
from tests.reference.house import DESIGN, MOVED, T_SCAN_DESIGN, house_scan
from tests.reference.scenes import Box
from tests.servers import opened_sqlite
from twin.access import Role
from twin.check_record import evidence_of
from twin.element_state import Seen, Status
from twin.errors import NotFound, Refused
from twin.finding import FindingStatus
from twin.operations.backup import backup, restore
from twin.operations.check_standing import count_check
from twin.operations.checks import CheckOrder, announcing, run_ordered_check
from twin.operations.glances import kept_glance
from twin.operations.models import import_model, latest_revision
from twin.operations.projects import found_organisation, found_project, membership
from twin.operations.scans import import_scans
from twin.operations.scenes import scene_files
from twin.operations.work import Upload, Work
from twin.project import RegistrationStatus
from twin.record import Actor, Id
from twin.report.pictures import cannot_render
from twin.store import records
from twin.store.blob_register import remove_garbage, scrub
from twin.store.blobs import open_blobs
from twin.store.database import open_database
from twin.store.elements import counts_of, page_of
from twin.store.reconcile import verify_stream_and_records
from twin.store.repository import Store
from twin.store.schema import BLOB
from twin.store.trail import history, verify_stream

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ANN = Actor("a" * 32, "Ann")


@pytest.mark.parametrize("compiled", [False, True])
def test_a_step_that_stands_still_for_compiling_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: bool
) -> None:
    monkeypatch.setattr("geometry.compiled.kernels_are_compiled", lambda: compiled)
    told: list[tuple[str, float]] = []
    store = Store(open_database(f"sqlite:///{tmp_path}/q.db"))
    work = Work(
        store, open_blobs(f"file://{tmp_path}/b"), ANN, lambda: NOW, lambda step, share: told.append((step, share))
    )
    for step in ("reading", "measuring"):
        announcing(work).progress(step, 0.0)
    assert [step for step, _ in told] == [
        "reading",
        "measuring" + (" (first run: compiling, about a minute)", "")[compiled],
    ]
    store.database.close()


def obj_of(boxes: tuple[Box, ...]) -> bytes:
    lines, count = [], 0
    for name in dict.fromkeys(b.name for b in boxes):
        lines.append(f"o {name.replace(' ', '_')}")
        triangles = np.concatenate([b.triangles() for b in boxes if b.name == name])
        for x, y, z in triangles.reshape(-1, 3):
            lines.append(f"v {x:.4f} {y:.4f} {z:.4f}")
        lines += [f"f {count + 3 * i + 1} {count + 3 * i + 2} {count + 3 * i + 3}" for i in range(len(triangles))]
        count += 3 * len(triangles)
    return "\n".join(lines).encode()


def xyz_of(shift: float = 0.0) -> bytes:
    scan = house_scan()
    points = T_SCAN_DESIGN.inverse().apply(scan.points + scan.origin) + np.array([shift, 0.0, 0.0])
    return "\n".join(f"{x:.5f} {y:.5f} {z:.5f}" for x, y, z in points).encode()


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    folder = tmp_path_factory.mktemp("twin")
    database = opened_sqlite(folder / "qtems.db")
    steps: list[tuple[str, float]] = []
    return Work(
        Store(database), open_blobs(f"file://{folder}/blobs"), ANN, lambda: NOW, lambda s, f: steps.append((s, f)),
        folder / "cache", job="7" * 32,
    )  # fmt: skip


@pytest.fixture(scope="module")
def project(work: Work) -> Id:
    owner = found_organisation(work.store, work.context(), "Builder").record.id
    return found_project(work.store, work.context(), organisation=owner, key="HOUSE", name="House").record.id


def uploaded(work: Work, name: str, content: bytes) -> Upload:
    return Upload(name, work.blobs.put([content]).sha256)


@pytest.fixture(scope="module")
def revision(work: Work, project: Id) -> Id:
    upload = uploaded(work, "house.obj", obj_of(DESIGN))
    stored = import_model(work, identifier="1" * 32, project=project, file_name=upload.file_name, sha256=upload.sha256)
    assert (stored.record.number, stored.record.previous) == (1, None)
    scene = scene_files(work.blobs, stored.record.scene_sha256)
    assert {"model.json", "edges.json", "elements.json"} <= set(scene)
    model = json.loads(gzip.decompress(work.blobs.open(scene["model.json"].sha256).read()))
    assert all(part["uri"] in scene for part in model["parts"])
    return stored.record.id


@pytest.fixture(scope="module")
def epoch(work: Work, project: Id) -> Id:
    upload = uploaded(work, "site.xyz", xyz_of())
    stored = import_scans(work, identifier="2" * 32, project=project, name="Week 1", captured_at=NOW, files=[upload])
    assert stored.record.scans[0].points == len(house_scan().points)
    return stored.record.id


def order(project: Id, revision: Id, epoch: Id, identifier: Id, **other: object) -> CheckOrder:
    chosen: dict[str, object] = {"tolerance_mm": "10", "registration": "given", "formats": ("xlsx",)} | other
    return CheckOrder(identifier, project, revision, epoch, **chosen)  # pyright: ignore[reportArgumentType]


def test_a_check_is_kept_with_its_elements_and_its_findings(work: Work, project: Id, revision: Id, epoch: Id) -> None:
    asked = order(project, revision, epoch, "3" * 32)
    run = run_ordered_check(work, asked).record
    assert run.registration.status is RegistrationStatus.ACCEPTED
    assert [e.description for e in run.files] == ["report.xlsx"]
    report = work.blobs.open(run.report.sha256).read().decode()
    assert '"model_path": "house.obj"' in report
    assert "qtems-blob" not in report
    scene = scene_files(work.blobs, run.scene_sha256)
    tileset = json.loads(gzip.decompress(work.blobs.open(scene["tileset.json"].sha256).read()))
    assert tileset["asset"]["version"] == "1.1"
    assert len(scene) >= 3
    with work.store.read() as view:
        page = page_of(view.connection, project, epoch, limit=100)
        status = {row.name.replace("_", " "): row.state.status for row in page.items}
        assert {status[name] for name in MOVED} == {Status.DEVIATING}
        assert sum(counts_of(view.connection, project, epoch).values()) == len(page.items)
        findings = [f.record for f in view.all(records.FINDING, project=project)]
        assert {f.origin.check_run for f in findings} == {run.id}
        told = history(view.connection, f"check_run:{run.id}")
        assert [e.event.action for e in told] == ["create", "element_states_kept"]
        assert told[0].event.request == "7" * 32
        assert verify_stream(view.connection, project).holds
        assert membership(view, project, ANN.id).role is Role.OWNER
        glance = kept_glance(view, work.blobs, run.id)
        assert glance is not None
        kept = {row.state.global_id: row for row in page.items}
        assert glance.global_id == sorted(kept)
        assert list(glance.seen) == [kept[one].state.seen for one in glance.global_id]
        gone = {one for one in glance.global_id if kept[one].state.seen is Seen.ABSENT}
        assert {kept[one].name for one in gone} == {"column_3"}  # what is missing fails with no measurement to say so
        failed = {one for one in glance.global_id if kept[one].verdict == "fail"} - gone
        assert {one for one, fails in zip(glance.global_id, glance.fails, strict=True) if fails} == failed
    assert run_ordered_check(work, asked).record == run  # repeated after an interruption
    with work.store.read() as view:
        assert len(list(view.all(records.FINDING, project=project))) == len(findings)


def test_what_is_found_has_a_picture_a_camera_and_the_hashes_of_what_it_was_found_by(
    work: Work, project: Id, revision: Id, epoch: Id
) -> None:
    run = run_ordered_check(work, order(project, revision, epoch, "3" * 32)).record
    with work.store.read() as view:
        findings = [f.record for f in view.all(records.FINDING, project=project, check_run=run.id)]
        (scan,) = view.get(records.SCAN_EPOCH, epoch).record.scans
    assert findings
    drawn = not cannot_render()
    for finding in findings:
        assert finding.origin.model_sha256 == run.model_sha256
        assert finding.origin.scan_sha256 == (scan.sha256,)
        assert finding.origin.transform_sha256 == run.registration.transform_sha256 != ""
        assert finding.origin.version == run.version
        assert finding.viewpoint
        away = [float(getattr(finding.viewpoint.target, axis) - getattr(finding.location, axis)) for axis in "xyz"]
        assert np.linalg.norm(away) < 2.0  # it looks at what it is about
        assert (finding.picture is not None) == drawn
        if finding.picture:
            assert finding.picture in run.pictures
            assert work.blobs.open(finding.picture.sha256).read().startswith(b"\xff\xd8")  # JPEG
    with work.store.read() as view:
        first = next(f for f in view.all(records.FINDING, project=project, check_run=run.id) if f.record.picture)
        found = evidence_of(run, first.record, view.get(records.MODEL_REVISION, revision).record,
                            view.get(records.SCAN_EPOCH, epoch).record)  # fmt: skip
    kinds = ["report", "picture", "model", "scan"] if drawn else ["report", "model", "scan"]
    assert [e.kind.value for e in found] == kinds
    assert (found[-2].description, found[-1].description) == ("house.obj", "site.xyz")


def test_a_second_check_of_an_epoch_is_for_information_until_a_person_lets_it_count(
    work: Work, project: Id, revision: Id, epoch: Id, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_ordered_check(work, order(project, revision, epoch, "3" * 32)).record
    before = states_of_house(work, project, epoch)
    monkeypatch.setattr("twin.report.finding_pictures.cannot_render", lambda: "pictures.no_gl")
    loose = run_ordered_check(work, order(project, revision, epoch, "4" * 32, formats=(), tolerance_mm="500")).record
    assert (first.counts, loose.counts) == (True, False)
    assert states_of_house(work, project, epoch) == before
    with work.store.read() as view:
        assert not list(view.all(records.FINDING, project=project, check_run=loose.id))
        kept = page_of(view.connection, project, epoch, where={"check_run": loose.id}, limit=100).items
    assert {row.state.status for row in kept if row.name.replace("_", " ") in MOVED} == {Status.VERIFIED}
    with pytest.raises(Refused, match="say why"):
        count_check(work.store, work.blobs, work.context(), loose.id, reason=" ", expected=1)
    count_check(work.store, work.blobs, work.context(), loose.id, reason="the client asked for it", expected=1)
    after = states_of_house(work, project, epoch)
    assert {after[name] for name in MOVED} == {Status.VERIFIED}
    with work.store.read() as view:
        told = [e.event for e in history(view.connection, f"check_run:{first.id}")]
        assert (told[-1].action, told[-1].reason) == ("stop_counting", "the client asked for it")
        # wider limits do not make a finding go away: what failed 10 mm still does
        mine = {f.record.id: f.record for f in view.all(records.FINDING, project=project, check_run=first.id)}
        same = [f.record for f in view.all(records.FINDING, project=project, check_run=loose.id)]
        (gone,) = same  # the column is missing whatever the limits are: the finding that says so goes over
        over = {one for one, f in mine.items() if f.decision and f.decision.successor == gone.id}
        assert {mine[one].cause_key for one in over} == {gone.cause_key}
        assert {one for one, f in mine.items() if f.status is FindingStatus.OPEN} == mine.keys() - over
        assert {mine[one].status for one in over} == {FindingStatus.SUPERSEDED}
        assert verify_stream_and_records(view.connection, project).holds
    count_check(work.store, work.blobs, work.context(), first.id, reason="by mistake", expected=2)
    assert states_of_house(work, project, epoch) == before
    with work.store.read() as view:
        again = [f.record for f in view.all(records.FINDING, project=project)]
        opened = [f.cause_key for f in again if f.status is FindingStatus.OPEN]
        assert sorted(opened) == sorted({f.cause_key for f in mine.values()})  # nothing is raised twice


def test_a_check_that_is_ordered_to_count_takes_the_place_of_the_first_and_says_why_there_is_no_picture(
    work: Work, project: Id, revision: Id, epoch: Id, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_ordered_check(work, order(project, revision, epoch, "3" * 32)).record
    monkeypatch.setattr("twin.report.finding_pictures.cannot_render", lambda: "pictures.no_gl")
    asked = order(project, revision, epoch, "b" * 32, formats=(), counts=True, reason="station pose corrected")
    second = run_ordered_check(work, asked).record
    assert (second.counts, second.counting_reason) == (True, "station pose corrected")
    with work.store.read() as view:
        assert not view.get(records.CHECK_RUN, first.id).record.counts
        found = [f.record for f in view.all(records.FINDING, project=project)]
    old = [f for f in found if f.origin.check_run == first.id]
    new = [f for f in found if f.origin.check_run == second.id]
    assert {f.cause_key for f in old} == {f.cause_key for f in new}
    assert {f.status for f in old} == {FindingStatus.SUPERSEDED}
    assert {(f.status, f.picture, f.no_picture) for f in new} == {(FindingStatus.OPEN, None, "no_gl")}
    assert all(f.viewpoint for f in new)
    known = {f.id: f for f in found}
    after = [known[f.decision.successor] for f in old if f.decision and f.decision.successor]
    assert [f.cause_key for f in after] == [f.cause_key for f in old]
    assert {f.id for f in new} <= {f.id for f in after}


def states_of_house(work: Work, project: Id, epoch: Id) -> dict[str, Status]:
    with work.store.read() as view:
        items = page_of(view.connection, project, epoch, limit=100).items
    return {row.name.replace("_", " "): row.state.status for row in items}


def test_the_next_revision_knows_what_changed(work: Work, project: Id, revision: Id) -> None:
    moved = tuple(
        Box(b.name, (b.lower[0], b.lower[1] + 0.5, b.lower[2]), (b.upper[0], b.upper[1] + 0.5, b.upper[2]), b.ifc_class)
        if b.name == "beam" else b
        for b in DESIGN if b.name != "column 1"
    )  # fmt: skip
    upload = uploaded(work, "house-2.obj", obj_of(moved))
    second = import_model(
        work, identifier="5" * 32, project=project, file_name=upload.file_name, sha256=upload.sha256
    ).record
    assert (second.number, second.previous) == (2, revision)
    assert second.diff
    assert len(second.diff.removed) == 1
    assert len(second.diff.shape_changed) == 1
    assert second.diff.added == ()
    with work.store.read() as view:
        assert latest_revision(view, project) == second


def test_what_is_no_model_is_named_as_its_owner_names_it(work: Work, project: Id) -> None:
    broken = uploaded(work, "tower.ifc", b"this is no model")
    with pytest.raises(GeometryError, match=r"^tower\.ifc"):
        import_model(work, identifier="6" * 32, project=project, file_name="tower.ifc", sha256=broken.sha256)
    with work.store.read() as view, pytest.raises(NotFound):
        view.get(records.MODEL_REVISION, "6" * 32)


def test_a_refused_registration_is_kept_and_claims_nothing(work: Work, project: Id, revision: Id) -> None:
    far = 500.0
    upload = uploaded(work, "elsewhere.xyz", xyz_of(far))
    elsewhere = import_scans(
        work, identifier="8" * 32, project=project, name="Elsewhere", captured_at=NOW, files=[upload]
    ).record
    run = run_ordered_check(work, order(project, revision, elsewhere.id, "9" * 32)).record
    assert run.registration.status is RegistrationStatus.REFUSED
    with pytest.raises(NotFound, match="refused"):
        scene_files(work.blobs, run.scene_sha256)
    with work.store.read() as view:
        assert page_of(view.connection, project, elsewhere.id).items == ()
        assert not list(view.all(records.FINDING, project=project, check_run=run.id))


def test_a_backup_takes_along_what_the_view_loads_and_a_missing_tile_is_missed(
    work: Work, project: Id, revision: Id, epoch: Id, tmp_path: Path
) -> None:
    run = run_ordered_check(work, order(project, revision, epoch, "f" * 32)).record
    with work.store.read() as view:
        model = view.get(records.MODEL_REVISION, revision).record
    left = {run.report.sha256, run.scene_sha256, *(one.sha256 for one in (*run.files, *run.pictures))}
    assert left <= set(known_blobs(work)), "the scrub misses only what the database knows of"
    month = replace(work.context(), now=datetime.now(UTC) + timedelta(days=30))
    with work.store.write(month) as unit:
        assert not {one.sha256 for one in remove_garbage(unit, work.blobs)} & left

    database = open_database(f"sqlite:///{tmp_path}/restored.db")
    elsewhere = open_blobs(f"file://{tmp_path}/elsewhere")
    backup(work.store, work.blobs, work.context(), tmp_path / "all.zip")
    restore(Store(database), elsewhere, work.context(), tmp_path / "all.zip")
    for scene in (model.scene_sha256, run.scene_sha256):
        files = scene_files(elsewhere, scene)
        assert len(files) >= 3
        for name, entry in files.items():
            assert gzip.decompress(elsewhere.open(entry.sha256).read()), name
    assert scrub(Store(database), elsewhere).holds
    gone = scene_files(elsewhere, run.scene_sha256)["tileset.json"].sha256
    elsewhere.remove(elsewhere.blob_path(gone))
    assert scrub(Store(database), elsewhere).missing == (gone,)
    database.close()


def known_blobs(work: Work) -> list[str]:
    with work.store.read() as view:
        return list(view.connection.execute(select(BLOB.c.sha256)).scalars())
