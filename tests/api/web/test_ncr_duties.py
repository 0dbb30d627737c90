"""What a record tells each person they may do is what they may do: nothing offered is refused, nothing barred works."""

from typing import Any

import pytest

from tests.api.web.site import ELEMENT, REWORK, Site, copied_site, draft_of
from tests.api.web.world import PASSWORD, World
from twin.ncr_duties import ACTIONS, barred
from twin.ncr_record import Event
from twin.operations.projects import membership
from twin.store.records import NCR

VERBS = {
    "add_evidence": "evidence", "record_containment": "containment", "assemble": "board", "record_recheck": "rechecks",
    "record_proof": "proofs", "decide_capa": "capa-decision", "capture_cost": "cost",
    "inform_customer": "customer-notice", "note_recurrence": "occurrences",
}  # fmt: skip
"""Event -> the last word of its address, where that is another."""


@pytest.fixture
def site(world: World) -> Site:
    return copied_site(world)


def told(site: Site, who: str, ncr: str) -> tuple[list[str], dict[str, str]]:
    read = site.get(who, ncr)
    return read["next"], read["barred"]


def test_each_event_asks_for_the_action_of_its_route(world: World) -> None:
    paths = world.browser().get("/openapi.json").json()["paths"]
    for event in Event:
        if event is not Event.FAIL:
            path = paths[f"/api/v1/projects/{{project}}/ncrs/{{ncr}}/{VERBS.get(event, event)}"]
            assert path["post"]["x-action"] == ACTIONS[event], event
    assert set(ACTIONS) == set(Event) - {Event.FAIL}


def test_what_comes_next_is_told_to_whom_it_is_for_and_barred_to_the_others(site: Site) -> None:
    ncr = draft_of(site, severity="major", violations=[])
    assert told(site, "ines", ncr)[0] == ["amend"]
    assert told(site, "vera", ncr) == ([], dict.fromkeys(("open", "void", "amend", "assign", "add_evidence",
                                                          "note_recurrence"), "role"))  # fmt: skip
    ncr = draft_of(site, severity="major")
    assert (told(site, "carl", ncr)[0], told(site, "dora", ncr)[0]) == (["open"], ["open"])
    site.do("ines", ncr, "open")
    assert (told(site, "carl", ncr)[0], told(site, "dora", ncr)[0]) == (["record_containment"], [])
    assert told(site, "ines", ncr)[1]["reject"] == "role"
    under_review_of(site, ncr)
    assert (told(site, "quinn", ncr)[0], told(site, "carl", ncr)[0]) == (["propose"], [])
    site.do("quinn", ncr, "propose", {"lines": [{**REWORK, "global_ids": [ELEMENT]}]})
    for who in ("quinn", "carl", "dora"):
        assert told(site, who, ncr)[0] == ["sign"], who
    assert told(site, "olga", ncr) == ([], {"sign": "not_seated"} | told(site, "olga", ncr)[1])
    assert (told(site, "quentin", ncr)[1]["sign"], told(site, "ines", ncr)[1]["sign"]) == ("not_seated", "role")
    site.sign("quinn", ncr)
    assert (told(site, "quinn", ncr)[0], told(site, "quinn", ncr)[1]["sign"]) == ([], "signed")
    site.sign("carl", ncr)
    site.sign("dora", ncr)
    assert (told(site, "quinn", ncr)[0], told(site, "carl", ncr)[0]) == (["dispose"], [])
    site.do("quinn", ncr, "dispose")
    site.do("quinn", ncr, "correct")
    assert told(site, "carl", ncr)[0] == ["reinspect"]
    site.world.clock.advance(hours=1)
    finished = site.world.clock.now.isoformat()
    site.do("carl", ncr, "reinspect", {"finished_at": finished})
    assert told(site, "quentin", ncr)[0] == ["record_recheck", "decide_capa", "capture_cost"]
    assert (told(site, "ines", ncr)[0], told(site, "carl", ncr)[0]) == (["record_recheck"], [])
    assert (told(site, "quinn", ncr)[1]["close"], told(site, "ines", ncr)[1]["close"]) == ("corrected", "role")
    refused = site.try_("quinn", ncr, "close", {"password": PASSWORD})
    assert refused.status_code == 409
    (line,) = [one for one in site.get("ines", "/ncrs?state=reinspection")["items"] if one["id"] == ncr[6:]]
    assert line["next"] == ["record_recheck"]


def under_review_of(site: Site, ncr: str) -> None:
    """Contain an open record and seat its board, each step by somebody to whom it was offered."""
    held: dict[str, Any] = {"kind": "in_place_tag", "place": "axis 1", "tag": "NCR", "affected_query": "the same crew"}
    site.do("carl", ncr, "containment", held)
    assert told(site, "carl", ncr)[0] == ["contain"]
    site.do("carl", ncr, "contain")
    assert (told(site, "quinn", ncr)[0], told(site, "carl", ncr)[0]) == (["assemble"], [])
    seats = {"quinn": "quality_manager", "carl": "contractor", "dora": "design_authority"}
    board = [{"user": site.ids[who], "capacity": capacity} for who, capacity in seats.items()]
    site.do("quinn", ncr, "board", {"members": board})
    assert told(site, "quinn", ncr)[0] == ["review"]
    site.do("quinn", ncr, "review")


def test_a_minor_record_may_be_closed_by_who_raised_it_and_a_major_one_not(site: Site) -> None:
    for severity, bar in (("minor", None), ("major", "raised")):
        ncr = draft_of(site, "quentin", severity=severity)
        site.do("quentin", ncr, "open")
        assert told(site, "quentin", ncr)[1]["reject"] == "raised"
        assert told(site, "quinn", ncr)[1].get("reject") is None
        assert site.try_("quentin", ncr, "void", {"reason": "by mistake"}).status_code == 409
        with site.world.services.store.read() as view:
            member = membership(view, site.project, site.ids["quentin"])
            assert barred(view.get(NCR, ncr[6:]).record, Event.CLOSE, member) == bar
