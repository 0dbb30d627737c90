"""Elements over HTTP: page by page, filtered, with their history; suppliers see what is shared with them."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.api.web.live import found
from tests.api.web.planted import CAPTURED, Planted, context, plant
from tests.api.web.world import Browser, World
from twin.store.records import FINDING
from twin.store.schema import ELEMENT_STATE

Tower = tuple[Browser, str, Planted]


@pytest.fixture
def tower(world: World) -> Tower:
    project = found(world)
    return world.administrator(), f"/projects/{project}", plant(world, project)


def supplier(world: World, project: str) -> tuple[Browser, str]:
    """Somebody of an outside organisation who takes part, and that organisation."""
    admin = world.administrator()
    outside = admin.post("/organisations", {"name": "Bolts Ltd"}).json()["id"]
    browser = world.person("sue")
    given = {"login": "sue", "organisation": outside, "role": "supplier"}
    assert admin.post(f"{project}/members", given).status_code == 201
    return browser, outside


def test_pages_hold_each_element_once_in_order(tower: Tower) -> None:
    admin, project, made = tower
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = admin.get(f"{project}/elements?limit=2{cursor}").json()
        assert len(page["items"]) <= 2
        seen += [one["global_id"] for one in page["items"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert seen == list(made.global_ids)


def test_all_pages_are_of_the_epoch_of_the_first(world: World, tower: Tower) -> None:
    admin, project, made = tower
    first = admin.get(f"{project}/elements?limit=5").json()
    later = plant(world, project.removeprefix("/projects/"), captured_at=CAPTURED + timedelta(days=1))
    second = admin.get(f"{project}/elements?limit=5&cursor={first['next']}").json()
    assert {one["epoch"] for one in second["items"]} == {made.epoch}
    newest = admin.get(f"{project}/elements").json()["items"]
    assert {one["epoch"] for one in newest} == {later.epoch}
    asked = admin.get(f"{project}/elements?epoch={made.epoch}").json()["items"]
    assert {one["epoch"] for one in asked} == {made.epoch}


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ("state=deviating", (0, 3, 6)),
        ("verdict=pass", (1, 2, 4, 5)),
        ("ifc_class=IfcColumn&verdict=fail", (3,)),
        ("storey=Level%200", (0, 2, 4, 6)),
        ("q=wall%20c-4", (4,)),
        ("q=E0002", (2,)),
        ("q=e0002", ()),
        ("q=%25", ()),
        ("q=C-", tuple(range(7))),
        ("epoch=" + "0" * 32, ()),
    ],
)
def test_elements_are_filtered(tower: Tower, asked: str, numbers: tuple[int, ...]) -> None:
    admin, project, made = tower
    items = admin.get(f"{project}/elements?{asked}").json()["items"]
    assert [one["global_id"] for one in items] == [made.global_ids[n] for n in numbers]


@pytest.mark.parametrize("asked", ["state=broken", "colour=red", "limit=0", "epoch=x", "q="])
def test_a_filter_that_is_none_is_refused(tower: Tower, asked: str) -> None:
    admin, project, _ = tower
    assert admin.get(f"{project}/elements?{asked}").status_code == 422


def test_an_element_tells_its_measurement_with_u_and_clause_and_what_proves_it(tower: Tower) -> None:
    admin, project, made = tower
    told = admin.get(f"{project}/elements/{made.global_ids[0]}").json()
    assert (told["state"], told["verdict"], told["presence"], told["stale"]) == (
        "deviating", "fail", "installed", False,
    )  # fmt: skip
    (measured,) = told["measurements"]
    assert (measured["actual_mm"], measured["expanded_uncertainty_mm"], measured["upper_mm"]) == (14.2, 1.9, 8.0)
    assert measured["source"] == "GB 50204-2015 table 8.3.2"
    assert [one["kind"] for one in told["evidence"]] == ["report", "model", "scan"]
    check = admin.get(f"{project}/checks/{made.check}").json()
    assert [one["sha256"] for one in told["evidence"]][1:] == [check["model_sha256"], *check["scan_sha256"]]
    assert admin.get(f"{project}/elements/unknown").status_code == 404
    assert admin.get(f"{project}/elements/a%20b").status_code == 422


def test_an_element_has_a_history_over_epochs(world: World, tower: Tower) -> None:
    admin, project, made = tower
    earlier = plant(world, project.removeprefix("/projects/"), captured_at=CAPTURED - timedelta(days=7))
    history = admin.get(f"{project}/elements/{made.global_ids[0]}/history").json()["items"]
    assert [one["epoch"] for one in history] == [earlier.epoch, made.epoch]
    assert admin.get(f"{project}/elements/unknown/history").status_code == 404


def test_elements_are_counted(world: World, tower: Tower) -> None:
    admin, project, made = tower
    counts = admin.get(f"{project}/element-counts").json()
    assert counts == {
        "epoch": made.epoch, "check": made.check, "revision": made.revision, "elements": 7, "design_changes": [],
        "counts": [
            {"state": "deviating", "verdict": "fail", "elements": 3},
            {"state": "verified", "verdict": "pass", "elements": 4},
        ],
    }  # fmt: skip
    other = found(world, "EMPTY")
    assert admin.get(f"/projects/{other}/element-counts").json() == {
        "epoch": None, "check": None, "revision": None, "elements": 0, "counts": [], "design_changes": [],
    }  # fmt: skip
    assert admin.get(f"/projects/{other}/elements").json() == {"items": [], "next": None}


def test_a_supplier_sees_the_elements_of_what_is_shared_with_it(world: World, tower: Tower) -> None:
    _, project, made = tower
    sue, outside = supplier(world, project)
    assert sue.get(f"{project}/elements").json()["items"] == []
    assert sue.get(f"{project}/element-counts").json()["elements"] == 0
    assert sue.get(f"{project}/elements/{made.global_ids[0]}").status_code == 404
    with world.services.store.write(context(world)) as unit:
        unit.share(FINDING, made.finding, outside)
    shown = sue.get(f"{project}/elements").json()["items"]
    assert [one["global_id"] for one in shown] == [made.global_ids[0]]
    assert sue.get(f"{project}/elements?q=C-1").json()["items"] == []
    assert sue.get(f"{project}/element-counts").json()["elements"] == 1
    assert sue.get(f"{project}/elements/{made.global_ids[0]}").status_code == 200
    assert sue.get(f"{project}/elements/{made.global_ids[0]}/history").status_code == 200
    assert sue.get(f"{project}/elements/{made.global_ids[1]}").status_code == 404
    assert sue.get(f"{project}/elements/{made.global_ids[1]}/history").status_code == 404
    assert [one["id"] for one in sue.get(f"{project}/findings").json()["items"]] == [made.finding]


@pytest.mark.parametrize("lost", ["source", "actual_mm"])
def test_what_a_check_kept_and_is_not_whole_is_told_as_damage_with_a_way_on(
    world: World, tower: Tower, lost: str
) -> None:
    admin, project, made = tower
    one = made.global_ids[0]
    with world.services.store.write(context(world)) as unit:
        at = ELEMENT_STATE.c.global_id == one
        body = unit.connection.execute(select(ELEMENT_STATE.c.body).where(at)).scalar_one()
        del body["measured"]["measurements"][0][lost]
        unit.connection.execute(update(ELEMENT_STATE).where(at).values(body=body))
    for path in (f"{project}/elements/{one}/trend", f"{project}/elements/{one}"):
        answer = admin.get(path)
        told = answer.json()
        assert (answer.status_code, told["type"].rsplit(":", 1)[-1]) == (500, "damaged"), told
        assert f"element {one}" in told["detail"]
        assert admin.get(f"{project}/elements/{made.global_ids[1]}").status_code == 200, "the others are read"
