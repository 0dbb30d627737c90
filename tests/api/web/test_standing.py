"""Which check counts, what the design changed since, and records held against the trail, over HTTP."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.api.web.live import found
from tests.api.web.planted import CAPTURED, Planted, context, plant, upload
from tests.api.web.world import Browser, World
from twin.check_record import ElementRow
from twin.element_state import Seen, Status
from twin.finding import Location, Viewpoint
from twin.operations.check_standing import Found
from twin.project import ModelRevision
from twin.record import Evidence, EvidenceKind, Id
from twin.revision_diff import ElementFingerprint, diff_revisions
from twin.store import records
from twin.store.codec import to_json
from twin.store.elements import keep_states, states_of

Tower = tuple[Browser, str, Planted]
REASON = {"reason": "the pose of station 2 was wrong"}


@pytest.fixture
def tower(world: World) -> Tower:
    project = found(world)
    return world.administrator(), f"/projects/{project}", plant(world, project)


def second_check(world: World, made: Planted) -> Id:
    """Keep another check of the same epoch, for information, that finds nothing wrong."""
    store, blobs = world.services.store, world.services.blobs
    identifier = store.new_id()
    with store.write(context(world)) as unit:
        run = unit.get(records.CHECK_RUN, made.check).record
        content = json.dumps(to_json(Found((), ()))).encode()
        other = replace(run, id=identifier, counts=False, findings_sha256=blobs.put([content]).sha256)
        unit.add(records.CHECK_RUN, other)
        keep_states(unit, [_passing(row, identifier) for row in states_of(unit.connection, made.check)])
    return identifier


def _passing(row: ElementRow, check: Id) -> ElementRow:
    epoch = replace(row.state.epoch, check=check)
    state = replace(row.state, epoch=epoch, status=Status.VERIFIED, seen=Seen.PASSED, supported_by=check)
    return replace(row, state=state, verdict="pass")


def test_a_second_check_is_for_information_until_it_is_let_count(world: World, tower: Tower) -> None:
    admin, project, made = tower
    other = second_check(world, made)
    one = f"{project}/elements/{made.global_ids[0]}"
    assert admin.get(one).json()["state"] == "deviating"
    shown = admin.get(f"{one}?check={other}").json()
    assert (shown["state"], shown["counts"], shown["check_run"]) == ("verified", False, other)
    assert len(admin.get(f"{project}/elements?check={other}&state=verified").json()["items"]) == 7
    assert admin.get(f"{project}/element-counts?check={other}").json()["check"] == other
    listed = admin.get(f"{project}/checks?counts=false").json()["items"]
    assert [(check["id"], check["counts"]) for check in listed] == [(other, False)]
    told = admin.post(f"{project}/checks/{other}/count", REASON, headers={"If-Match": '"1"'})
    assert (told.status_code, told.json()["counts"], told.json()["counting_reason"]) == (200, True, REASON["reason"])
    assert admin.get(one).json()["state"] == "verified"
    assert not admin.get(f"{project}/checks/{made.check}").json()["counts"]
    history = admin.get(f"{one}/history").json()["items"]
    assert [(row["state"], row["counts"]) for row in history] == [("deviating", False), ("verified", True)]
    trail = admin.get(f"{project}/audit?entity=check_run:{other}").json()["items"]
    assert ("count", REASON["reason"]) in [(event["action"], event["reason"]) for event in trail]
    again = admin.post(f"{project}/checks/{other}/count", REASON, headers={"If-Match": '"2"'})
    assert again.status_code == 409
    assert admin.get(f"{project}/audit/verification").json()["holds"]


def test_a_scan_of_the_future_is_not_taken_and_a_wrong_date_is_put_right(world: World, tower: Tower) -> None:
    admin, project, made = tower
    scan = upload(admin, project.removeprefix("/projects/"), "b.xyz", b"0 0 0")
    given = {"name": "Week 48", "uploads": [scan], "captured_at": "2031-01-01T00:00:00Z"}
    refused = admin.post(f"{project}/scans", given)
    assert (refused.status_code, "captured_at is 2031-01-01 00:00 UTC" in refused.json()["detail"]) == (422, True)
    assert "yet to be" in refused.json()["detail"]
    soon = (world.clock.now + timedelta(minutes=4)).isoformat()
    assert admin.post(f"{project}/scans", {**given, "captured_at": soon}).status_code == 202, "clocks differ"
    newer = plant(world, project.removeprefix("/projects/"), captured_at=CAPTURED + timedelta(days=1))
    assert admin.get(f"{project}/element-counts").json()["epoch"] == newer.epoch
    address, wrong = f"{project}/scans/{newer.epoch}/redate", {"captured_at": "2024-11-20T06:30:00Z", **REASON}
    answer = admin.post(address, wrong, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["captured_at"]) == (200, "2024-11-20T06:30:00Z"), answer.text
    assert (answer.json()["redating_reason"], answer.headers["ETag"]) == (REASON["reason"], '"2"')
    assert admin.get(f"{project}/element-counts").json()["epoch"] == made.epoch
    assert admin.post(address, wrong, headers={"If-Match": '"1"'}).status_code == 412
    ahead = admin.post(address, {**wrong, "captured_at": "2031-01-01T00:00:00Z"}, headers={"If-Match": '"2"'})
    assert ahead.status_code == 422
    assert admin.get(f"{project}/audit/verification").json()["holds"]


def test_a_check_is_withdrawn_and_then_none_of_its_epoch_counts(world: World, tower: Tower) -> None:
    admin, project, made = tower
    address = f"{project}/checks/{made.check}/withdraw"
    answer = admin.post(address, REASON, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["counts"], answer.json()["counting_reason"]) == (
        200, False, REASON["reason"],
    )  # fmt: skip
    assert admin.get(f"{project}/findings/{made.finding}").json()["status"] == "superseded"
    assert admin.get(f"{project}/element-counts").json()["epoch"] is None
    assert admin.post(address, REASON, headers={"If-Match": answer.headers["ETag"]}).status_code == 409
    assert admin.get(f"{project}/audit/verification").json()["holds"]


def test_a_check_is_ordered_to_count_only_with_a_reason_and_by_who_may_say_so(world: World, tower: Tower) -> None:
    admin, project, made = tower
    asked = {"revision": made.revision, "epoch": made.epoch, "counts": True}
    refused = admin.post(f"{project}/checks", asked)
    assert (refused.status_code, "say why" in refused.json()["detail"]) == (422, True)
    assert admin.post(f"{project}/checks", asked | REASON).status_code == 202
    browser = world.person("ines")
    given = {"login": "ines", "organisation": admin.get(project).json()["organisation"], "role": "inspector"}
    assert admin.post(f"{project}/members", given).status_code == 201
    assert browser.post(f"{project}/checks", asked | REASON).status_code == 403
    assert browser.post(f"{project}/checks", asked | {"counts": False}).status_code == 202


def _columns(elements: list[ElementFingerprint]) -> bytes:
    said = {
        "global_id": [e.global_id for e in elements], "geometry": [e.geometry_sha256 for e in elements],
        "properties": [e.properties_sha256 for e in elements],
    }  # fmt: skip
    return json.dumps(said).encode()


def revise(world: World, made: Planted, project: Id) -> None:
    """Keep a next revision: one element of another shape, one gone, one new."""
    store, blobs = world.services.store, world.services.blobs
    old = [ElementFingerprint(g, "s", "p") for g in made.global_ids]
    new = [replace(old[0], geometry_sha256="t"), *old[2:], ElementFingerprint("new$element", "s", "p")]
    with store.write(context(world)) as unit:
        first = unit.get(records.MODEL_REVISION, made.revision)
        kept = [blobs.put([_columns(one)]).sha256 for one in (old, new)]
        unit.save(records.MODEL_REVISION, replace(first.record, fingerprints_sha256=kept[0]), expected=1)
        unit.add(records.MODEL_REVISION, ModelRevision(
            store.new_id(), project, 2, "tower 2.ifc", "b" * 64, "IFC4", Decimal(1), world.clock(),
            previous=made.revision, diff=diff_revisions(old, new), fingerprints_sha256=kept[1],
        ))  # fmt: skip


def test_elements_say_what_the_design_did_to_them_since(world: World, tower: Tower) -> None:
    admin, project, made = tower
    before = admin.get(f"{project}/element-counts").json()
    assert (before["design_changes"], before["revision"]) == ([], made.revision)
    revise(world, made, project.removeprefix("/projects/"))
    items = admin.get(f"{project}/elements").json()["items"]
    assert [one["design_change"] for one in items] == ["shape", "removed", *["none"] * 5]
    assert admin.get(f"{project}/elements/{made.global_ids[0]}").json()["design_change"] == "shape"
    told = admin.get(f"{project}/element-counts").json()["design_changes"]
    assert told == [{"change": name, "elements": 1} for name in ("added", "removed", "shape")]


def test_what_cannot_be_compared_is_not_said_to_be_unchanged(world: World, tower: Tower) -> None:
    admin, project, made = tower
    plant(world, project.removeprefix("/projects/"))
    one = admin.get(f"{project}/elements?epoch={made.epoch}").json()["items"][0]
    assert one["design_change"] is None
    assert admin.get(f"{project}/element-counts?epoch={made.epoch}").json()["design_changes"] is None


DAMAGE: dict[str, tuple[Callable[[Planted], str], str, str]] = {
    "body": (lambda made: f"UPDATE finding SET body = '{{}}' WHERE id = '{made.finding}'", "finding", "changed"),
    "row": (lambda made: f"DELETE FROM finding WHERE id = '{made.finding}'", "finding", "missing"),
    "column": (
        lambda made: f"UPDATE finding SET status = 'dismissed' WHERE id = '{made.finding}'", "finding", "changed",
    ),
    "state": (
        lambda made: f"UPDATE element_state SET state = 'verified' WHERE global_id = '{made.global_ids[0]}'",
        "element_state", "changed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_verification_names_what_was_changed_in_the_database(world: World, tower: Tower, what: str) -> None:
    admin, project, made = tower
    assert admin.get(f"{project}/audit/verification").json()["faults"] == []
    statement, kind, fault = DAMAGE[what]
    with world.services.store.database.engine.begin() as connection:
        assert connection.execute(text(statement(made))).rowcount == 1
    told = admin.get(f"{project}/audit/verification").json()
    assert (told["holds"], told["first_bad"], told["faulty"]) == (False, None, 1)
    assert [(one["kind"], one["fault"]) for one in told["faults"]] == [(kind, fault)]
    assert admin.get("/audit/verification").json()["holds"]


def test_a_confirmed_finding_gives_its_picture_and_camera_to_the_record(world: World, tower: Tower) -> None:
    admin, project, made = tower
    store, kept = world.services.store, world.services.blobs.put([b"\xff\xd8 a picture"])
    picture = Evidence(EvidenceKind.PICTURE, kept.sha256, "finding-001.jpg", "image/jpeg")
    place = Location(Decimal(1), Decimal(2), Decimal(3))
    with store.write(context(world)) as unit:
        old = unit.get(records.FINDING, made.finding).record
        origin = replace(old.origin, model_sha256="a" * 64, transform_sha256="b" * 64, version="0.1.0")
        seen = replace(old, picture=picture, viewpoint=Viewpoint(place, old.location), origin=origin)
        unit.save(records.FINDING, seen, expected=1)
        run = unit.get(records.CHECK_RUN, made.check).record
        unit.save(records.CHECK_RUN, replace(run, pictures=(picture,)), expected=1)
    told = admin.get(f"{project}/findings/{made.finding}").json()
    assert (told["picture"]["sha256"], told["viewpoint"]["eye"]["x"]) == (kept.sha256, "1")
    assert (told["transform_sha256"], told["qtems"]) == ("b" * 64, "0.1.0")
    answer = admin.post(f"{project}/findings/{made.finding}/confirm", {"title": "Off"}, headers={"If-Match": '"2"'})
    assert answer.status_code == 201, answer.text
    ncr = f"{project}/ncrs/{answer.json()['decision']['successor']}"
    record = admin.get(ncr).json()["record"]
    assert [one["kind"] for one in record["evidence"]] == ["report", "picture", "model", "scan"]
    assert (record["viewpoint"]["eye"]["x"], record["origin"]["version"]) == ("1", "0.1.0")
    shown = admin.get(f"{ncr}/files/{kept.sha256}")
    assert (shown.status_code, shown.content) == (200, b"\xff\xd8 a picture")
