"""All elements of a check as columns over HTTP: what lists say one by one, and what records say of them."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, RootModel

from api import packed
from api.packed import PackedAnswers
from api.routes import elements
from tests.api.web.planted import CAPTURED, Planted, context, plant
from tests.api.web.planted_epochs import plant_epochs, sight
from tests.api.web.site import VIOLATION, Site, copied_site, draft_of
from tests.api.web.test_standing import revise, second_check
from tests.api.web.world import World
from twin.operations import element_columns as operation
from twin.operations.missing_glances import make_missing_glances
from twin.store.elements import keep_states, states_of
from twin.store.records import FINDING

Tower = tuple[Site, Planted]
CODED = ("ifc_class", "storey", "state", "verdict", "status", "characteristic", "ncr", "design_change", "override")
MEASURED = ("characteristic", "actual_mm", "lower_mm", "upper_mm")
OF_ALL = ("check", "epoch", "revision", "counts", "captured_at")


@pytest.fixture
def tower(world: World) -> Tower:
    site = copied_site(world)
    return site, plant(world, site.project)


def columns(site: Site, query: str = "", who: str = "olga") -> dict[str, Any]:
    return site.get(who, f"/element-columns{query}")


def rows(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return columns as one row per element, by GlobalId."""
    plain = {name: column for name, column in told.items() if name not in OF_ALL}
    plain |= {name: [told[name]["values"][i] for i in told[name]["index"]] for name in CODED}
    assert {len(column) for column in plain.values()} == {len(told["global_id"])}
    return {
        global_id: {name: column[n] for name, column in plain.items()} for n, global_id in enumerate(told["global_id"])
    }


def ncr_of(site: Site, *global_ids: str) -> str:
    """Raise a draft about elements; return its path."""
    violations = [VIOLATION | {"global_id": one} for one in global_ids]
    return draft_of(site, global_ids=list(global_ids), violations=violations, quantity=str(len(global_ids)))


def measure_more(world: World, made: Planted) -> None:
    """Let the check have measured more of one element, and nothing of another."""
    with world.services.store.write(context(world)) as unit:
        kept = states_of(unit.connection, made.check)
        (one,) = kept[0].measured["measurements"]
        worse = one | {"characteristic": "level", "actual_mm": -31.5, "lower_mm": None, "upper_mm": 8.0}
        beyond = one | {"characteristic": "plumb", "actual_mm": 80.0, "verdict": "indeterminate"}
        gone = {**kept[1].measured, "measurements": [], "state": "occluded"}
        kept[0] = replace(kept[0], measured={**kept[0].measured, "measurements": [beyond, one, worse]})
        kept[1] = replace(kept[1], measured=gone, state=replace(kept[1].state, stale=True))
        keep_states(unit, kept)


def test_columns_say_of_each_element_what_the_list_says(world: World, tower: Tower) -> None:
    site, made = tower
    measure_more(world, made)
    told = columns(site)
    listed = site.get("olga", "/elements")["items"]
    assert {(one["check_run"], one["epoch"], one["revision"], one["counts"], one["captured_at"]) for one in listed} == {
        tuple(told[name] for name in OF_ALL)
    }
    assert told["global_id"] == [one["global_id"] for one in listed] == list(made.global_ids)
    for one, row in zip(listed, rows(told).values(), strict=True):
        assert row["status"] == one["state"]
        same = ("global_id", "name", "ifc_class", "storey", "verdict", "stale", "design_change")
        assert {name: row[name] for name in same} == {name: one[name] for name in same}
        whole = site.get("olga", f"/elements/{one['global_id']}")
        assert row["state"] == whole["presence"]
        decisive = {(): None, ("plumb", "position", "level"): 2}.get(
            tuple(m["characteristic"] for m in whole["measurements"]), 0
        )
        worst = {} if decisive is None else whole["measurements"][decisive]
        assert {name: row[name] for name in MEASURED} == {name: worst.get(name) for name in MEASURED}
        assert row["uncertainty_mm"] == worst.get("expanded_uncertainty_mm")
    first, second = list(rows(told).values())[:2]
    assert (first["characteristic"], first["actual_mm"], first["lower_mm"]) == ("level", -31.5, None)
    assert (second["state"], second["stale"], second["actual_mm"]) == ("occluded", True, None)


def test_at_a_glance_the_same_is_told_as_from_the_reports(
    world: World, tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, made = tower
    seen = ("passed", "failed", "not_seen", "in_doubt", "unjudged", "absent", "suspect")
    story = [
        dict(zip(made.global_ids, (sight(one, None if one in seen[4:] else 3.0, 1.0) for one in order), strict=True))
        for order in (seen, seen[::-1], (*seen[3:], *seen[:3]), (seen[6],) * 7)
    ]
    plant_epochs(world, site.project, made, story)
    ncr_of(site, made.global_ids[0])
    with world.services.store.write(context(world)) as unit:
        unit.share(FINDING, made.finding, site.outside)
    asked = [(who, f"?epoch={one['id']}") for who in ("olga", "vera") for one in site.get("olga", "/scans")["items"]]
    slowly = [columns(site, query, who) for who, query in asked]
    assert {stale for told in slowly for stale in told["stale"]} == {True, False}
    make_missing_glances(world.services.store, world.services.blobs, context(world))

    def never(*_: Any) -> Any:
        raise AssertionError("a report was read whole")

    monkeypatch.setattr(operation, "batches_of", never)
    assert [columns(site, query, who) for who, query in asked] == slowly
    monkeypatch.undo()
    with world.services.store.write(context(world)) as unit:
        keep_states(unit, states_of(unit.connection, made.check)[1:])
    assert columns(site)["global_id"] == list(made.global_ids)[1:], "a glance of other elements is not gone by"


def test_the_check_is_the_one_that_the_list_shows(world: World, tower: Tower) -> None:
    site, made = tower
    later = plant(world, site.project, captured_at=CAPTURED + timedelta(days=1))
    other = second_check(world, made)
    for query, check, counts in (
        ("", later.check, True), (f"?epoch={made.epoch}", made.check, True), (f"?check={other}", other, False),
        (f"?check={other}&epoch={made.epoch}", other, False),
    ):  # fmt: skip
        told = columns(site, query)
        assert (told["check"], told["counts"], len(told["global_id"])) == (check, counts, 7)
    assert columns(site, f"?check={other}")["status"]["values"] == ["verified"]
    for query in (f"?check={'0' * 32}", f"?check={other}&epoch={later.epoch}"):
        assert site.browsers["olga"].get(f"{site.root}/element-columns{query}").status_code == 404
    for query in ("?epoch=x", "?limit=5"):
        assert site.browsers["olga"].get(f"{site.root}/element-columns{query}").status_code == 422


@pytest.mark.parametrize("epoch", [None, "0" * 32])
def test_without_a_check_there_are_columns_without_elements(world: World, epoch: str | None) -> None:
    site = copied_site(world)
    if epoch:
        plant(world, site.project)
    told = columns(site, f"?epoch={epoch}" if epoch else "")
    assert rows(told) == {}
    assert [told[name] for name in OF_ALL] == [None, epoch, None, None, None]
    assert all(told[name] == {"values": [], "index": []} for name in CODED)


def test_elements_are_marked_with_the_live_record_about_them(tower: Tower) -> None:
    site, made = tower
    a, b, c, *rest = made.global_ids
    first = ncr_of(site, a, b)
    assert [row["ncr"] for row in rows(columns(site)).values()] == [None] * 7, "a draft has no number"
    site.do("ines", first, "open")
    known = rows(columns(site))
    mark = {"id": first.removeprefix("/ncrs/"), "number": "TOWER-NCR-0001", "state": "open"}
    assert [known[g]["ncr"] for g in (a, b, c)] == [mark, mark, None]
    second = ncr_of(site, b, c)
    site.do("ines", second, "open")
    known = rows(columns(site))
    assert [known[g]["ncr"] and known[g]["ncr"]["number"] for g in (a, b, c, *rest)] == [
        "TOWER-NCR-0001", "TOWER-NCR-0002", "TOWER-NCR-0002", *[None] * 4,
    ]  # fmt: skip
    site.do("quinn", second, "reject", {"reason": "not ours"})
    known = rows(columns(site))
    assert [known[g]["ncr"] for g in (a, b, c)] == [mark, mark, None]
    site.do("quinn", first, "void", {"reason": "twice"})
    assert [row["ncr"] for row in rows(columns(site)).values()] == [None] * 7


def test_elements_are_marked_that_an_open_finding_names(tower: Tower) -> None:
    site, made = tower
    assert columns(site)["finding"] == [True, *[False] * 6]
    site.do("quinn", f"/findings/{made.finding}", "dismiss", {"reason": "formwork"})
    assert columns(site)["finding"] == [False] * 7


def test_columns_say_what_the_design_did_since(world: World, tower: Tower) -> None:
    site, made = tower
    assert columns(site)["design_change"] == {"values": ["none"], "index": [0] * 7}
    revise(world, made, site.project)
    assert [row["design_change"] for row in rows(columns(site)).values()] == ["shape", "removed", *["none"] * 5]
    plant(world, site.project)  # a revision that cannot be compared
    told = columns(site, f"?epoch={made.epoch}")
    assert told["design_change"] == {"values": [None], "index": [0] * 7}


def test_a_supplier_sees_the_elements_and_records_that_are_shared_with_it(world: World, tower: Tower) -> None:
    site, made = tower
    ncr = ncr_of(site, *made.global_ids[:2])
    site.do("ines", ncr, "open")
    seen = columns(site, who="sue")
    assert (rows(seen), seen["check"]) == ({}, made.check)
    with world.services.store.write(context(world)) as unit:
        unit.share(FINDING, made.finding, site.outside)
    (shown,) = rows(columns(site, who="sue")).values()
    assert (shown["global_id"], shown["finding"], shown["ncr"]) == (made.global_ids[0], True, None)
    site.post("quinn", "/shares", {"record": f"ncr:{ncr.removeprefix('/ncrs/')}", "organisation": site.outside}, 200)
    told = rows(columns(site, who="sue"))
    assert list(told) == [one["global_id"] for one in site.get("sue", "/elements")["items"]] == [*made.global_ids[:2]]
    assert [row["ncr"]["number"] for row in told.values()] == ["TOWER-NCR-0001"] * 2
    assert [row["finding"] for row in told.values()] == [True, False]
    everything = rows(columns(site))
    assert told == {global_id: everything[global_id] for global_id in told}


def test_what_did_not_change_is_read_once_for_all_who_see_the_same(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, made = tower
    first, outside = columns(site), columns(site, who="sue")
    asked: list[Any] = []
    whole = elements.element_columns

    def counted(*given: Any, **more: Any) -> Any:
        asked.append(more)
        return whole(*given, **more)

    monkeypatch.setattr(elements, "element_columns", counted)
    assert columns(site) == columns(site, who="vera") == first
    plain = site.browsers["olga"].get(f"{site.root}/element-columns", headers={"Accept-Encoding": "identity"})
    assert (plain.json(), "content-encoding" in plain.headers) == (first, False)
    assert columns(site, who="sue") == outside != first
    assert asked == []
    site.do("quinn", f"/findings/{made.finding}", "dismiss", {"reason": "formwork"})
    assert columns(site)["finding"] != first["finding"]
    assert len(asked) == 1


def test_what_was_asked_for_longest_ago_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def number(n: int) -> Callable[[], BaseModel]:
        return lambda: (made.append(n), RootModel[int](n))[1]

    made: list[int] = []
    answers = PackedAnswers()
    monkeypatch.setattr(packed, "MOST_BYTES", 2 * len(answers.get(1, number(1)).content))
    for n in (1, 2, 1, 3, 1, 2):
        assert gzip.decompress(answers.get(n, number(n)).content) == str(n).encode()
    assert made == [1, 2, 3, 2], "2 went when 3 came"


def test_an_answer_that_is_known_is_not_sent_again_until_something_differs(tower: Tower) -> None:
    site, made = tower
    olga, address = site.browsers["olga"], f"{site.root}/element-columns"
    first = olga.get(address)
    tag = first.headers["ETag"]
    assert (first.status_code, first.headers["content-encoding"]) == (200, "gzip")
    assert first.headers["Cache-Control"] == "private, no-cache"
    known = olga.get(address, headers={"If-None-Match": tag})
    assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", tag)
    assert olga.get(address, headers={"Accept-Encoding": "identity"}).headers["ETag"] == tag
    ncr = ncr_of(site, made.global_ids[3])
    assert olga.get(address, headers={"If-None-Match": tag}).status_code == 304, "a draft is not shown"
    site.do("ines", ncr, "open")
    opened = olga.get(address, headers={"If-None-Match": tag})
    assert (opened.status_code, opened.headers["ETag"] == tag) == (200, False)
    site.do("quinn", ncr, "void", {"reason": "twice"})
    assert olga.get(address, headers={"If-None-Match": tag}).status_code == 304, "it is as it was"
    site.do("quinn", f"/findings/{made.finding}", "dismiss", {"reason": "formwork"})
    last = olga.get(address, headers={"If-None-Match": tag})
    assert (last.status_code, last.headers["ETag"] in (tag, opened.headers["ETag"])) == (200, False)
    others = site.browsers["sue"].get(address, headers={"If-None-Match": last.headers["ETag"]})
    assert others.status_code == 200, "who sees less is told so"
