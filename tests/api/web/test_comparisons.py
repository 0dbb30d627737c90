"""Scan epochs compared over HTTP, against what was planted."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.web.planted import CAPTURED, Planted, context, plant
from tests.api.web.planted_epochs import plant_epochs, plant_schedule, planted_tasks, sight
from tests.api.web.planted_revisions import NEW, plant_revisions
from tests.api.web.site import Site, copied_site
from tests.api.web.world import World
from twin.operations import epoch_changes as operation
from twin.operations.missing_glances import make_missing_glances
from twin.revision_diff import Change
from twin.store import records

ABSENT, PASS, FAIL, BLIND = sight("absent"), sight("passed", 1, 0.0), sight("failed", 20, 0.0), sight("not_seen")
STORY = [
    #         first              second                      third
    (ABSENT, PASS, PASS),
    (ABSENT, FAIL, PASS),
    (PASS, FAIL, ABSENT),
    (PASS, BLIND, BLIND),
    (PASS, sight("passed", 5, 6.5), sight("passed", 6, 8.0)),
    (BLIND, PASS, PASS),
    (ABSENT, ABSENT, FAIL),
]  # fmt: skip
Tower = tuple[Site, Planted, tuple[str, ...]]


@pytest.fixture
def tower(world: World) -> Tower:
    site = copied_site(world)
    made = plant(world, site.project)
    seen = [dict(zip(made.global_ids, (row[k] for row in STORY), strict=True)) for k in range(3)]
    return site, made, plant_epochs(world, site.project, made, seen)


def compared(site: Site, before: str, after: str, who: str = "olga") -> dict[str, Any]:
    return site.get(who, f"/epoch-changes?before={before}&after={after}")


def column(told: dict[str, Any], name: str) -> list[Any]:
    return [told[name]["values"][i] for i in told[name]["index"]]


def said(told: dict[str, Any]) -> list[str]:
    """Return what became of each element, or why that is not known."""
    return [why or change for change, why in zip(column(told, "change"), column(told, "why"), strict=True)]


def test_the_timeline_counts_what_is_known_after_each_epoch(world: World, tower: Tower) -> None:
    site, made, epochs = tower
    with world.services.store.write(context(world)) as unit:
        unit.share(records.FINDING, made.finding, site.outside)
    told = site.get("vera", "/timeline")["items"]
    assert [one["epoch"] for one in told] == list(epochs)
    assert [one["counts"] for one in told] == [
        {"missing": 3, "planned": 1, "verified": 3},
        {"verified": 4, "deviating": 2, "missing": 1},
        {"verified": 5, "missing": 1, "deviating": 1},
    ]
    for one in told:
        listed = site.get("olga", f"/element-counts?epoch={one['epoch']}")
        assert (one["check"], one["elements"]) == (listed["check"], listed["elements"])
        assert sum(one["counts"].values()) == 7
    assert told[2]["captured_at"] == CAPTURED.isoformat().replace("+00:00", "Z")
    assert [one["counts"] for one in site.get("sue", "/timeline")["items"]] == [
        {"missing": 1}, {"verified": 1}, {"verified": 1},
    ]  # fmt: skip


def test_what_became_of_each_element_is_told_once_and_never_from_what_was_not_seen(tower: Tower) -> None:
    site, made, (first, second, third) = tower
    told = compared(site, first, second)
    assert told["global_id"] == list(made.global_ids)
    assert said(told) == [
        "built", "built_failing", "newly_failing", "unseen_after", "moved", "unseen_before", "none",
    ]  # fmt: skip
    assert told["counts"] == {
        "built": 1, "built_failing": 1, "newly_failing": 1, "moved": 1, "none": 1, "not_comparable": 2
    }  # fmt: skip
    assert (told["moved_mm"][4], told["moved_uncertainty_mm"][4]) == (6.5, pytest.approx(2.278 * 2**0.5, abs=0.001))
    assert column(told, "seen_before")[3:6] == ["passed", "passed", "not_seen"]
    assert (told["before"]["epoch"], told["after"]["epoch"], told["before"]["pose_known"]) == (first, second, True)
    told = compared(site, second, third)
    assert column(told, "change") == ["none", "repaired", "gone", "not_comparable", "none", "none", "built_failing"]
    assert told["moved_mm"][4] == 1.5, "1.5 mm are within U"
    assert site.browsers["olga"].get(f"{site.root}/epoch-changes?before={first}&after={third}").headers["ETag"]


def test_at_a_glance_the_same_is_told_as_from_the_reports(
    world: World, tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, made, (first, second, third) = tower
    more = plant(world, site.project, elements=9, captured_at=CAPTURED + timedelta(days=1)).epoch
    fewer = plant(world, site.project, elements=4, captured_at=CAPTURED + timedelta(days=2)).epoch
    with world.services.store.write(context(world)) as unit:
        unit.share(records.FINDING, made.finding, site.outside)
    pairs = [(first, second), (second, third), (first, third), (third, more), (more, fewer)]
    slowly = [compared(site, *pair, who) for pair in pairs for who in ("olga", "vera")]
    assert make_missing_glances(world.services.store, world.services.blobs, context(world)) == 5

    def never(*_: Any) -> Any:
        raise AssertionError("a report was read whole")

    monkeypatch.setattr(operation, "pairs_of", never)
    assert [compared(site, *pair, who) for pair in pairs for who in ("olga", "vera")] == slowly


def test_no_movement_is_told_where_the_exactness_of_a_registration_is_not_known(world: World) -> None:
    site = copied_site(world)
    made = plant(world, site.project, elements=1)
    (one,) = made.global_ids
    epochs = plant_epochs(
        world, site.project, made, [{one: PASS}, {one: sight("passed", 5, 90.0)}], pose_known=False
    )  # fmt: skip
    told = compared(site, *epochs)
    assert (told["counts"], told["moved_mm"], told["after"]["pose_known"]) == ({"none": 1}, [None], False)


def test_epochs_of_different_designs_are_compared_where_the_design_is_the_same(
    world: World, tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, made, (first, second, _) = tower
    later = plant(world, site.project, elements=8, captured_at=CAPTURED + timedelta(days=1))
    told = compared(site, first, later.epoch)
    assert set(said(told)) == {"design_changed", "unseen_before", "not_in_design_before"}, "nobody knows what it was"
    shape = {made.global_ids[0]: Change.SHAPE}

    def known(*_: Any) -> dict[str, Change]:
        return shape

    monkeypatch.setattr(operation, "changes_between", known)
    told = compared(site, second, later.epoch)
    assert said(told)[:3] == ["design_changed", "repaired", "repaired"]
    assert said(told)[-1] == "not_in_design_before"


def test_two_epochs_in_order_are_named_and_they_are_of_this_project(world: World, tower: Tower) -> None:
    site, _, (first, second, _) = tower
    olga = site.browsers["olga"]
    for query, status in (
        ("", 422), (f"?before={first}", 422), (f"?before={second}&after={first}", 422),
        (f"?before={first}&after={first}", 422), (f"?before={first}&after={'0' * 32}", 404),
    ):  # fmt: skip
        assert olga.get(f"{site.root}/epoch-changes{query}").status_code == status, query


def test_a_trend_has_a_point_for_each_scan_that_measured_it_and_says_why_there_is_none(tower: Tower) -> None:
    site, made, epochs = tower
    told = site.get("vera", f"/elements/{made.global_ids[1]}/trend")
    assert [(one["epoch"], one["seen"], one["status"]) for one in told["sightings"]] == [
        (epochs[0], "absent", "missing"), (epochs[1], "failed", "deviating"), (epochs[2], "passed", "verified"),
    ]  # fmt: skip
    (series,) = told["series"]
    assert series["characteristic"] == "position"
    assert [(p["epoch"], p["actual_mm"], p["expanded_uncertainty_mm"], p["verdict"]) for p in series["points"]] == [
        (epochs[1], 20, 2, "fail"), (epochs[2], 1, 2, "pass"),
    ]  # fmt: skip
    assert [(p["lower_mm"], p["upper_mm"]) for p in series["points"]] == [(-8, 8)] * 2
    for who in ("sue", "olga"):
        missing = "nothing" if who == "olga" else made.global_ids[1]
        assert site.awake(who).get(f"{site.root}/elements/{missing}/trend").status_code == 404


def test_two_revisions_differ_in_what_was_planted_and_it_is_said_how(world: World) -> None:
    site = copied_site(world)
    made = plant(world, site.project, elements=6)
    new = plant_revisions(world, site.project, made)
    told = site.get("vera", f"/models/{new}/changes?against={made.revision}")
    first, second, third, fourth, *_ = made.global_ids
    assert dict(zip(told["global_id"], column(told, "change"), strict=True)) == {
        first: "moved", second: "shape", third: "properties", fourth: "removed", NEW: "added",
    }  # fmt: skip
    assert (told["unchanged"], told["counts"]) == (2, dict.fromkeys(column(told, "change"), 1))
    of = {name: dict(zip(told["global_id"], told[name], strict=True)) for name in ("moved_mm", "resized_mm", "name")}
    assert [of["moved_mm"][one] for one in (first, second, fourth)] == [[400, 0, 0], [0, 0, 0], None]
    assert [of["resized_mm"][one] for one in (first, second)] == [[0, 0, 0], [500, 0, 0]]
    assert (of["name"][third], of["name"][fourth]) == ("Column 3 A", "Column 4")
    assert column(told, "said")[told["global_id"].index(third)] == ["name", "materials"]
    back = site.get("vera", f"/models/{made.revision}/changes?against={new}")
    assert dict(zip(back["global_id"], column(back, "change"), strict=True))[NEW] == "removed"
    same = site.get("vera", f"/models/{new}/changes?against={new}")
    assert (same["known"], same["global_id"]) == (True, [])
    unknown = plant(world, site.project, elements=6).revision
    told = site.get("vera", f"/models/{unknown}/changes?against={new}")
    assert (told["known"], told["global_id"]) == (False, []), "what nobody knows is not called unchanged"
    assert site.awake("sue").get(f"{site.root}/models/{new}/changes?against={made.revision}").status_code == 403
    assert site.awake("vera").get(f"{site.root}/models/{new}/changes?against={'0' * 32}").status_code == 404


def test_what_was_to_stand_by_the_day_of_a_scan_is_built_late_or_cannot_be_told(world: World, tower: Tower) -> None:
    site, made, (first, second, _) = tower
    assert (site.get("vera", "/schedule-progress")["known"], site.get("vera", "/schedule-progress")["tasks"]) == (
        False, [],
    )  # fmt: skip
    plant_schedule(world, made, planted_tasks(made.global_ids))
    told = site.get("vera", f"/schedule-progress?epoch={second}")
    assert (told["known"], told["day"]) == (True, "2026-11-06")
    assert column(told, "standing") == ["built", "built", "built", "built", "early", "built", "late"]
    assert {task["name"]: (task["elements"], task["counts"]) for task in told["tasks"]} == {
        "Columns": (4, {"built": 3, "late": 1}), "Walls": (2, {"built": 2}), "Roof": (1, {"early": 1}),
        "Shed": (1, {}),
    }  # fmt: skip
    assert told["storeys"] == [
        {"storey": "Level 0", "counts": {"built": 2, "early": 1, "late": 1}},
        {"storey": "Level 1", "counts": {"built": 3}},
    ]
    assert told["counts"] == {"built": 5, "early": 1, "late": 1}
    told = site.get("vera", f"/schedule-progress?epoch={first}")
    assert column(told, "standing") == ["not_due", "late", "built", "built", "early", "unknown", "not_due"]
    with world.services.store.write(context(world)) as unit:
        unit.share(records.FINDING, made.finding, site.outside)
    seen = site.get("sue", f"/schedule-progress?epoch={second}")
    assert (seen["global_id"], [task["name"] for task in seen["tasks"]]) == ([made.global_ids[0]], ["Columns", "Shed"])
