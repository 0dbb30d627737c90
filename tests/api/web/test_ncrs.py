"""Nonconformance records by REST: the whole life of one, every guard that can be reached, who may what."""

import pytest

from tests.api.web.site import (
    ELEMENT,
    QUESTION,
    REWORK,
    TAPE,
    VIOLATION,
    Site,
    copied_site,
    draft_of,
    in_reinspection,
    under_review,
)
from tests.api.web.world import PASSWORD, World
from twin.store.trail import verify_stream


@pytest.fixture
def site(world: World) -> Site:
    return copied_site(world)


def test_a_draft_gets_its_number_once_and_tells_what_it_lacks(site: Site) -> None:
    ncr = draft_of(site, evidence=[])
    read = site.get("ines", ncr)
    assert (read["record"]["state"], read["record"]["number"]) == ("draft", "")
    assert {"event": "open", "missing": ["evidence"]} in read["events"]
    assert site.refused("ines", ncr, "open") == ["evidence"]
    site.do("ines", ncr, "evidence", site.picture("ines"))
    assert site.do("ines", ncr, "open")["record"]["number"] == "TOWER-NCR-0001"
    other = draft_of(site)
    assert site.do("ines", other, "open")["record"]["number"] == "TOWER-NCR-0002"
    again = site.try_("ines", other, "open")
    assert (again.status_code, again.json()["type"]) == (409, "urn:qtems:problem:illegal-transition")
    third = draft_of(site)
    assert site.do("ines", third, "open")["record"]["number"] == "TOWER-NCR-0003"
    assert [p["number"] for p in site.events("ncr.opened")] == [f"TOWER-NCR-000{n}" for n in (1, 2, 3)]


def inspected(site: Site, ncr: str, value: str, who: str = "ines") -> str:
    """Inspect the corrected element and sign what was read; return the inspection's path."""
    given = {
        "title": "Column 1 again", "lot": [ELEMENT], "quantity": "1", "unit": "pcs", "sampling": {"everything": True},
        "characteristics": [QUESTION], "reinspects_ncr": ncr.removeprefix("/ncrs/"),
    }  # fmt: skip
    path = f"/inspections/{site.post(who, '/inspections', given)['id']}"
    site.do(who, path, "start", {"instruments": [TAPE]})
    reading: dict[str, object] = {"characteristic": "c1", "global_id": ELEMENT, "number": value, "instrument": "T-7"}
    if abs(int(value)) > 8:
        reading["photos"] = [site.picture(who)]
    site.do(who, path, "readings", reading)
    site.sign(who, path, capacity="inspector")
    return path


def test_from_a_draft_to_a_closed_record_with_every_guard_on_the_way(site: Site) -> None:
    ncr = draft_of(site)
    site.do("ines", ncr, "open")
    assert site.refused("carl", ncr, "contain") == ["a containment", "a query of what else is affected"]
    held = {"kind": "in_place_tag", "place": "axis 1", "affected_query": "columns of the crew"}
    site.do("carl", ncr, "containment", held)
    assert site.refused("carl", ncr, "contain") == ["the tag on it"]
    site.do("carl", ncr, "containment", {**held, "tag": "NCR"})
    site.do("carl", ncr, "contain")
    assert "a reviewer as quality manager" in site.refused("quinn", ncr, "review")
    for user, capacity, why in (
        ("ines", "inspector", "raised this record"), ("quinn", "contractor", "Quinn does not sign as contractor"),
    ):  # fmt: skip
        answer = site.try_("quinn", ncr, "board", {"members": [{"user": site.ids[user], "capacity": capacity}]})
        assert (answer.status_code, why in answer.text) == (409, True), answer.text
    stranger = site.try_("quinn", ncr, "board", {"members": [{"user": "9" * 32, "capacity": "contractor"}]})
    assert stranger.status_code == 422
    board = [{"user": site.ids["quinn"], "capacity": "quality_manager"},
             {"user": site.ids["carl"], "capacity": "contractor"}]  # fmt: skip
    site.do("quinn", ncr, "board", {"members": board})
    site.do("quinn", ncr, "review")

    line = {**REWORK, "global_ids": [ELEMENT]}
    too_much = site.try_("quinn", ncr, "propose", {"lines": [{**line, "quantity": "2"}]})
    assert (too_much.status_code, "more than" in too_much.text) == (422, True)
    site.do("quinn", ncr, "propose", {"lines": [{**line, "instruction": ""}]})
    assert site.refused("quinn", ncr, "sign", {"password": PASSWORD}) == ["rework of 1: a rework instruction"]
    part = site.try_("quinn", ncr, "propose", {"lines": [{**line, "quantity": "0.4"}]})
    assert (part.status_code, "the number of its elements, 1" in part.text) == (422, True)
    site.do("quinn", ncr, "propose", {"lines": [line]})
    needed = ["a valid signature as quality manager", "a valid signature as contractor"]
    assert site.refused("quinn", ncr, "dispose") == needed
    site.sign("quinn", ncr)
    assert "signed this already" in site.try_("quinn", ncr, "sign", {"password": PASSWORD}).text
    assert "not on the review board" in site.try_("dora", ncr, "sign", {"password": PASSWORD}).text
    site.sign("carl", ncr)
    site.do("quinn", ncr, "dispose")
    assert site.refused("carl", ncr, "verify") == ["the work of rework of 1: correct first"]
    site.do("carl", ncr, "correct")
    late = site.try_("carl", ncr, "reinspect", {"finished_at": "2030-01-01T00:00:00Z"})
    assert late.status_code == 422
    site.world.clock.advance(hours=1)
    finished = site.world.clock.now.isoformat()
    site.world.clock.advance(minutes=1)
    site.do("carl", ncr, "reinspect", {"finished_at": finished})

    missing = site.refused("quinn", ncr, "close", {"password": PASSWORD})
    assert missing == [
        f"rework of 1: a re-inspection of element {ELEMENT} that passes",
        "a decision whether a CAPA is needed, with its reason", "its cost",
    ]  # fmt: skip
    site.do("quinn", ncr, "capa-decision", {"needed": False, "reason": "a single event"})
    site.do("quinn", ncr, "cost", {"labour": "120", "material": "0", "other": "0", "currency": "EUR"})
    site.world.clock.advance(hours=1)
    inspected(site, ncr, "20")
    read = site.get("ines", ncr)["record"]
    assert (read["state"], read["cycle_count"], len(read["history"])) == ("under_review", 1, 1)
    assert (read["cost"], read["history"][0]["cost"]["labour"]) == (None, "120")
    in_reinspection(site, ncr)
    inspected(site, ncr, "3")
    assert site.refused("quinn", ncr, "close", {"password": PASSWORD}) == ["its cost"]
    site.do("quinn", ncr, "cost", {"labour": "80", "material": "0", "other": "0", "currency": "EUR"})
    assert site.get("quinn", ncr)["cost_total"] == {"EUR": "200"}
    read = site.get("ines", ncr)["record"]
    (outcome,) = read["rechecks"][0]["outcomes"]
    assert (read["state"], outcome["about"], outcome["verdict"]) == ("reinspection", ELEMENT, "pass")
    closed = site.sign("quinn", ncr, "close")["record"]
    assert (closed["state"], closed["quantity"]) == ("closed", "1")
    assert site.do("quinn", ncr, "reopen", {"reason": "cracked"})["record"]["number"] == closed["number"]
    history = site.get("ines", ncr + "/history")["items"]
    assert [h["action"] for h in history][:2] == ["create", "open"]
    assert history[-1]["reason"] == "cracked"
    replayed: dict[str, object] = {}
    for one in history:
        replayed |= one["after"]
    assert replayed == site.get("ines", ncr + "/export")["record"]
    with site.world.services.store.read() as view:
        assert verify_stream(view.connection, site.project).holds


def test_an_export_shows_each_signature_with_name_time_and_meaning(site: Site) -> None:
    ncr = draft_of(site)
    under_review(site, ncr)
    site.do("quinn", ncr, "propose", {"lines": [{**REWORK, "global_ids": [ELEMENT]}]})
    site.sign("quinn", ncr)
    shown = site.get("quinn", ncr + "/export")
    (signature,) = shown["signatures"]
    assert (signature["name"], signature["meaning"], signature["role"]) == ("Quinn", "approval", "quality_manager")
    assert signature["signed_at"].endswith("Z")
    assert signature["holds"]
    site.do("quinn", ncr, "propose", {"lines": [{**REWORK, "global_ids": [ELEMENT], "instruction": "WI-8"}]})
    assert [s["holds"] for s in site.get("quinn", ncr + "/export")["signatures"]] == [False]
    assert shown["trail"][-1]["hash"] == shown["head"]


def test_signing_asks_for_the_password_and_the_capacity(site: Site) -> None:
    ncr = draft_of(site)
    under_review(site, ncr)
    site.do("quinn", ncr, "propose", {"lines": [{**REWORK, "global_ids": [ELEMENT]}]})
    wrong = site.try_("quinn", ncr, "sign", {"password": "not this one at all"})
    assert (wrong.status_code, wrong.json()["type"]) == (401, "urn:qtems:problem:wrong-password")
    assert site.get("quinn", ncr)["record"]["signatures"] == []
    member = next(m for m in site.get("olga", "/members")["items"] if m["user"] == site.ids["carl"])
    change = {"role": "site_manager", "capacities": []}
    site.browsers["olga"].change("PUT", f"{site.root}/members/{member['id']}", member["version"], change)
    unable = site.try_("carl", ncr, "sign", {"password": PASSWORD})
    assert (unable.status_code, "an owner can grant it" in unable.text) == (403, True)
    assert PASSWORD not in site.get("quinn", ncr + "/history").__repr__()


def test_evidence_has_to_have_come_into_the_project(site: Site) -> None:
    ncr = draft_of(site, evidence=[])
    stranger = {"kind": "picture", "sha256": "a" * 64}
    answer = site.try_("ines", ncr, "evidence", stranger)
    assert (answer.status_code, "upload it first" in answer.text) == (422, True)
    picture = site.picture("ines", b"another picture")
    site.do("ines", ncr, "evidence", picture)
    got = site.browsers["vera"].get(f"{site.root}{ncr}/files/{picture['sha256']}")
    assert (got.status_code, got.content) == (200, b"another picture")
    assert site.browsers["vera"].get(f"{site.root}{ncr}/files/{'a' * 64}").status_code == 404


def test_records_are_found_by_state_assignee_number_and_element(site: Site) -> None:
    mine, other = draft_of(site), draft_of(site, global_ids=["1a1Fr$t4X7Zf8NOew3FLKr"], violations=[])
    site.do("ines", mine, "open")
    site.do("quinn", mine, "assign", {"assignee": site.ids["carl"], "due": "2026-11-25"})
    for query, expected in (
        ("state=open", [mine]), ("state=draft", [other]), (f"assignee={site.ids['carl']}", [mine]),
        ("number=TOWER-NCR-0001", [mine]), (f"global_id={ELEMENT}", [mine]), ("severity=minor", [mine, other]),
        ("severity=critical", []),
    ):  # fmt: skip
        assert [f"/ncrs/{item['id']}" for item in site.get("vera", f"/ncrs?{query}")["items"]] == expected, query
    site.do("ines", other, "amend", {"global_ids": [ELEMENT]})
    assert len(site.get("vera", f"/ncrs?global_id={ELEMENT}")["items"]) == 2
    assert site.get("vera", "/ncrs?global_id=1a1Fr$t4X7Zf8NOew3FLKr")["items"] == []
    assert site.events("ncr.assigned")[-1]["to"] == [site.ids["carl"]]
    nobody = site.try_("quinn", mine, "assign", {"assignee": "9" * 32})
    assert nobody.status_code == 422
    viewer = site.try_("quinn", mine, "assign", {"assignee": site.ids["vera"]})
    assert (viewer.status_code, "Vera cannot see to a record: their role here is viewer" in viewer.text) == (422, True)
    over = site.try_("quinn", mine, "assign", {"assignee": site.ids["carl"], "due": "2020-01-01"})
    assert (over.status_code, "2020-01-01 is over" in over.text) == (422, True)
    site.world.clock.advance(days=9)
    site.do("quinn", mine, "assign", {"assignee": site.ids["ines"], "due": "2026-11-25"})  # overdue, and it stays so


@pytest.mark.parametrize(
    ("verb", "decision", "proof", "lacks"),
    [
        ("use_as_is", {"concession": {"quantity": "1", "expires_at": "2027-01-01T00:00:00Z", "global_ids": [ELEMENT]}},
         {"as_built_record": "A-101 rev C"}, "the as-built record that shows the deviation"),
        ("scrap", {}, {"marking": "cut through", "counted": "1"}, "irreversible marking of what was scrapped"),
        ("return_to_supplier", {"scar": "SCAR-1"}, {"shipping_record": "CMR 7", "debit_note": "DN 7"},
         "a shipping record"),
    ],
)  # fmt: skip
def test_what_is_not_worked_on_is_proven_before_it_closes(
    site: Site, verb: str, decision: dict[str, object], proof: dict[str, object], lacks: str
) -> None:
    ncr = draft_of(site)
    under_review(site, ncr)
    line = {"decision": verb, "quantity": "1", "justification": "agreed", "global_ids": [ELEMENT], **decision}
    site.do("quinn", ncr, "propose", {"lines": [line]})
    for who in ("quinn", "carl", "dora"):
        site.sign(who, ncr)
    site.do("quinn", ncr, "dispose")
    assert "verify" in site.try_("carl", ncr, "correct").text
    site.do("carl", ncr, "verify")
    site.do("quinn", ncr, "capa-decision", {"needed": False, "reason": "a single event"})
    site.do("quinn", ncr, "cost", {"labour": "0", "material": "9", "other": "0", "currency": "EUR"})
    assert f"{verb.replace('_', ' ')} of 1: {lacks}" in site.refused("quinn", ncr, "close", {"password": PASSWORD})
    line_id = site.get("quinn", ncr)["record"]["lines"][0]["id"]
    given = {"line": line_id, "verdict": "pass", "evidence": [site.picture("ines")], **proof}
    site.do("ines", ncr, "proofs", given)
    assert site.sign("quinn", ncr, "close")["record"]["state"] == "closed"


def test_numbers_and_texts_beyond_reason_are_refused_in_words(site: Site) -> None:
    for change in (
        {"quantity": "1e400"}, {"quantity": "NaN"}, {"quantity": "-1"}, {"title": "a\u0000b"}, {"unit": " "},
        {"global_ids": ["x" * 65]}, {"violations": [{"requirement": {"characteristic": "a", "clause": "b"}}]},
        {"violations": [{"requirement": {"characteristic": "a\u0007", "clause": "b", "lower": "1"}}]},
        {"violations": [{"requirement": {"characteristic": "a", "clause": "b", "lower": "1e99"}}]},
        {"violations": [{**VIOLATION, "measured": {"value": "1", "expanded_uncertainty": "0"}}]},
        {"violations": [{**VIOLATION, "colour": "red"}]}, {"number": "TOWER-NCR-0007"},
    ):  # fmt: skip
        given = {"title": "t", "severity": "minor", "quantity": "1", "unit": "pcs", **change}
        answer = site.browsers["ines"].post(f"{site.root}/ncrs", given)
        assert answer.status_code == 422, (change, answer.text)


def test_a_supplier_sees_what_is_shared_and_no_report_of_everything(site: Site) -> None:
    ncr = draft_of(site)
    site.do("ines", ncr, "open")
    assert site.get("sue", "/ncrs")["items"] == []
    site.get("sue", ncr, 404)
    shared = {"record": f"ncr:{ncr.removeprefix('/ncrs/')}", "organisation": site.outside}
    assert site.browsers["ines"].post(f"{site.root}/shares", shared).status_code == 403
    assert site.post("quinn", "/shares", shared, 200)["organisations"] == [site.outside]
    assert len(site.get("sue", "/ncrs")["items"]) == 1
    assert site.get("sue", ncr)["record"]["state"] == "open"
    held = {"kind": "quarantine", "place": "yard", "affected_query": "the same delivery"}
    assert site.do("sue", ncr, "containment", held)["record"]["containment"]["by"]["name"] == "Sue"
    assert site.try_("sue", ncr, "board", {"members": []}).status_code == 403
    stolen = site.picture("ines", b"from inside")
    assert site.try_("sue", ncr, "evidence", stolen).status_code == 422
    own = site.picture("sue", b"from outside")
    site.do("sue", ncr, "evidence", own)
    assert site.browsers["sue"].get(f"{site.root}{ncr}/files/{own['sha256']}").status_code == 200
    site.post("quinn", "/shares/end", shared, 200)
    site.get("sue", ncr, 404)
    nobody = {**shared, "organisation": site.organisation}
    assert site.browsers["quinn"].post(f"{site.root}/shares", nobody).status_code == 422
