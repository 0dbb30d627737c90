"""Who may do what after somebody else did: correct, inspect again, close; and what stands open after the close."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.web.site import (
    ELEMENT,
    OTHER_ELEMENT,
    QUESTION,
    REWORK,
    TAPE,
    VIOLATION,
    Site,
    copied_site,
    draft_of,
    settled,
    under_review,
    worked,
)
from tests.api.web.world import PASSWORD, World
from twin.operations.reminders import remind
from twin.record import Actor
from twin.store.repository import Context


@pytest.fixture
def site(world: World) -> Site:
    return copied_site(world)


def decided(site: Site, ncr: str, *lines: dict[str, Any], signers: tuple[str, ...] = ("quinn", "carl")) -> None:
    site.do("quinn", ncr, "propose", {"lines": list(lines)})
    for who in signers:
        site.sign(who, ncr)
    site.do("quinn", ncr, "dispose")


def inspected(site: Site, who: str, *, value: str = "1", **more: object) -> str:
    given = {
        "title": "again", "lot": [ELEMENT], "quantity": "1", "unit": "pcs", "sampling": {"everything": True},
        "characteristics": [QUESTION], **more,
    }  # fmt: skip
    path = f"/inspections/{site.post(who, '/inspections', given)['id']}"
    site.do(who, path, "start", {"instruments": [TAPE]})
    reading = {"characteristic": "c1", "global_id": ELEMENT, "number": value, "instrument": "T-7"}
    site.do(who, path, "readings", reading)
    return path


def test_one_person_does_not_correct_inspect_and_close(site: Site) -> None:
    ncr = draft_of(site)
    under_review(site, ncr)
    decided(site, ncr, {**REWORK, "global_ids": [ELEMENT]})
    worked(site, ncr, "quentin")
    settled(site, ncr)
    key = ncr.removeprefix("/ncrs/")
    path = inspected(site, "quentin", reinspects_ncr=key)
    builder = site.try_("quentin", path, "sign", {"password": PASSWORD, "capacity": "contractor"})
    assert (builder.status_code, "not signed as contractor" in builder.text) == (409, True)
    site.sign("quentin", path, capacity="quality_manager")
    assert site.get("quinn", ncr)["record"]["rechecks"] == [], "by who corrected: it says nothing"
    own = {"inspection": path.removeprefix("/inspections/"), "criteria": "original"}
    for who in ("quentin", "ines"):
        refused = site.try_(who, ncr, "rechecks", own)
        assert (refused.status_code, "may not re-inspect it" in refused.text) == (409, True), who
    loose = inspected(site, "quentin")
    site.sign("quentin", loose, capacity="contractor")
    taken = site.try_("ines", ncr, "rechecks", {"inspection": loose.removeprefix("/inspections/")})
    assert (taken.status_code, "not signed as contractor" in taken.text) == (409, True)
    site.sign("ines", inspected(site, "ines", reinspects_ncr=key), capacity="inspector")
    (recheck,) = site.get("quinn", ncr)["record"]["rechecks"]
    assert recheck["by"]["id"] == site.ids["ines"]
    mine = site.try_("quentin", ncr, "close", {"password": PASSWORD})
    assert (mine.status_code, "may not close it" in mine.text) == (409, True)
    assert site.try_("quinn", ncr, "close").status_code == 422, "closing is signed"
    assert site.try_("quinn", ncr, "close", {"password": "not this one"}).status_code == 401
    closed = site.sign("quinn", ncr, "close")["record"]
    assert closed["closing"]["meaning"] == "approval"
    shown = site.get("quinn", ncr + "/export")["signatures"]
    assert [(s["name"], s["role"], s["holds"]) for s in shown if s["about"] == "closing"] == [
        ("Quinn", "quality_manager", True)
    ]
    site.do("quinn", ncr, "reopen", {"reason": "cracked"})
    shown = site.get("quinn", ncr + "/export")["signatures"]
    assert [s["holds"] for s in shown if s["about"] == "closing"] == [False]


def test_who_raised_a_major_one_does_not_close_it_and_of_a_minor_one_does(site: Site) -> None:
    for severity, status in (("minor", 200), ("major", 409)):
        ncr = draft_of(site, who="olga", severity=severity)
        site.do("olga", ncr, "open")
        held = {"kind": "in_place_tag", "place": "axis 1", "tag": "NCR", "affected_query": "columns of the crew"}
        site.do("carl", ncr, "containment", held)
        site.do("carl", ncr, "contain")
        seats = (("quinn", "quality_manager"), ("carl", "contractor"), ("dora", "design_authority"))
        board = [{"user": site.ids[who], "capacity": capacity} for who, capacity in seats]
        site.do("quinn", ncr, "board", {"members": board})
        site.do("quinn", ncr, "review")
        line = {**REWORK, "global_ids": [ELEMENT]}
        decided(site, ncr, line, signers=("quinn", "carl", "dora") if severity == "major" else ("quinn", "carl"))
        worked(site, ncr, "carl")
        settled(site, ncr)
        again = inspected(site, "ines", reinspects_ncr=ncr.removeprefix("/ncrs/"))
        site.sign("ines", again, capacity="inspector")
        answer = site.try_("olga", ncr, "close", {"password": PASSWORD})
        assert answer.status_code == status, answer.text
        assert ("raised this major record" in answer.text) is (severity == "major")
    assert site.sign("quinn", ncr, "close")["record"]["state"] == "closed"


def sorted_out(site: Site) -> tuple[str, str]:
    """Return a record whose two columns are to be sorted, and its line."""
    ncr = draft_of(site, global_ids=[ELEMENT, OTHER_ELEMENT], quantity="2")
    under_review(site, ncr)
    both = [ELEMENT, OTHER_ELEMENT]
    line = {"decision": "sort", "quantity": "2", "justification": "mixed", "instruction": "SI-1", "global_ids": both}
    decided(site, ncr, line)
    site.do("carl", ncr, "verify")
    settled(site, ncr)
    return ncr, site.get("quinn", ncr)["record"]["lines"][0]["id"]


def test_a_failed_lot_goes_on_in_a_record_that_exists_and_is_about_it(site: Site) -> None:
    ncr, line = sorted_out(site)

    def prove(child: str) -> Any:
        lots = [
            {"quantity": "1", "verdict": "pass", "global_ids": [ELEMENT]},
            {"quantity": "1", "verdict": "fail", "global_ids": [OTHER_ELEMENT], "ncr": child.removeprefix("/ncrs/")},
        ]
        return site.try_("ines", ncr, "proofs", {"line": line, "verdict": "pass", "lots": lots})

    about_other = draft_of(site)
    site.do("ines", about_other, "open")
    child = draft_of(site, global_ids=[OTHER_ELEMENT], violations=[{**VIOLATION, "global_id": OTHER_ELEMENT}])
    for named, said in (
        ("9" * 32, "another nonconformance record of this project"), (ncr, "another nonconformance record"),
        (about_other, f"element {OTHER_ELEMENT} in TOWER-NCR-0002"), (child, "not the draft, which is draft"),
    ):  # fmt: skip
        answer = prove(named)
        assert (answer.status_code, said in answer.text) == (409, True), answer.text
        assert site.get("quinn", ncr)["record"]["proofs"] == []
    site.do("ines", child, "open")
    assert prove(child).status_code == 200
    site.do("quinn", child, "void", {"reason": "twice"})
    lost = site.try_("quinn", ncr, "close", {"password": PASSWORD})
    assert (lost.status_code, "which is void" in lost.text) == (409, True)
    second = draft_of(site, global_ids=[OTHER_ELEMENT], violations=[{**VIOLATION, "global_id": OTHER_ELEMENT}])
    site.do("ines", second, "open")
    assert prove(second).status_code == 200
    assert site.sign("quinn", ncr, "close")["record"]["state"] == "closed"


def test_each_element_is_decided_about_once(site: Site) -> None:
    ncr = draft_of(site, global_ids=[ELEMENT, OTHER_ELEMENT], quantity="2")
    under_review(site, ncr)
    scrap = {"decision": "scrap", "quantity": "0.5", "justification": "j", "global_ids": [OTHER_ELEMENT]}
    rework = {**REWORK, "quantity": "1.5", "global_ids": [ELEMENT, OTHER_ELEMENT]}
    twice = site.try_("quinn", ncr, "propose", {"lines": [rework, scrap]})
    assert (twice.status_code, "is in 2 lines" in twice.text) == (422, True)
    rest = {"decision": "use_as_is", "quantity": "1.999", "justification": "j",
            "concession": {"quantity": "1.999", "expires_at": "2027-01-01T00:00:00Z"}}  # fmt: skip
    bare = site.try_("quinn", ncr, "propose", {"lines": [{**rework, "quantity": "0.001"}, rest]})
    assert (bare.status_code, "the number of its elements, 2" in bare.text) == (422, True)
    uneven = draft_of(site, quantity="5")
    assert site.refused("ines", uneven, "open") == ["a quantity of 1, the number of the elements named, not 5"]


def test_a_concession_that_ends_is_told_and_found(site: Site) -> None:
    ncr = draft_of(site)
    under_review(site, ncr)
    ends = {"quantity": "1", "expires_at": "2026-12-20T00:00:00Z", "global_ids": [ELEMENT], "reference": "C-7"}
    line = {
        "decision": "use_as_is", "quantity": "1", "justification": "fits", "global_ids": [ELEMENT], "concession": ends,
    }  # fmt: skip
    decided(site, ncr, line, signers=("quinn", "carl", "dora"))
    site.do("carl", ncr, "verify")
    settled(site, ncr)
    proof = {"line": site.get("quinn", ncr)["record"]["lines"][0]["id"], "verdict": "pass", "as_built_record": "A-1"}
    site.do("ines", ncr, "proofs", proof)
    site.sign("quinn", ncr, "close")
    draft_of(site)

    def at(*day: int) -> int:
        site.world.clock.now = datetime(*day, tzinfo=UTC)
        return remind(site.world.services.store, Context(Actor("0" * 32, "worker"), site.world.clock()))

    def found(expired: str) -> list[str]:
        return [line["id"] for line in site.get("vera", f"/ncrs?concession_expired={expired}")["items"]]

    key = ncr.removeprefix("/ncrs/")
    assert (at(2026, 12, 5), found("true"), found("false")) == (0, [], [key])
    assert (at(2026, 12, 6), at(2026, 12, 7)) == (1, 0), "two weeks before, once"
    (told,) = site.events("ncr.concession_due")
    assert (told["record"], told["reference"], told["elements"]) == (f"ncr:{key}", "C-7", [ELEMENT])
    assert {site.ids[who] for who in ("quinn", "carl", "dora", "ines")} == set(told["to"])
    assert site.get("vera", ncr)["concession_expired"] is False
    assert (at(2026, 12, 20), at(2026, 12, 21)) == (1, 0)
    assert len(site.events("ncr.concession_expired")) == 1
    read = site.get("vera", ncr)
    assert (read["concession_expired"], read["record"]["state"]) == (True, "closed")
    assert (found("true"), found("false")) == ([key], [])
    (line_,) = site.get("vera", "/ncrs?concession_expired=true&state=closed")["items"]
    assert line_["concession_until"] == "2026-12-20T00:00:00Z"
    site.do("quinn", ncr, "reopen", {"reason": "the concession ended"})
    assert (found("true"), at(2026, 12, 22)) == ([], 0)
