"""Inspections by REST: samples, answers, verdicts, quantities, and what a failed one suggests."""

import pytest

from tests.api.web.site import (
    ELEMENT,
    OTHER_ELEMENT,
    QUESTION,
    TAPE,
    Site,
    copied_site,
    draft_of,
    in_reinspection,
    under_review,
)
from tests.api.web.world import PASSWORD, World


@pytest.fixture
def site(world: World) -> Site:
    return copied_site(world)


def planned(site: Site, **more: object) -> str:
    given: dict[str, object] = {
        "title": "Columns", "lot": [ELEMENT, OTHER_ELEMENT], "quantity": "2", "unit": "pcs",
        "sampling": {"everything": True}, "characteristics": [{**QUESTION, "weight": "main"}],
    }  # fmt: skip
    return f"/inspections/{site.post('ines', '/inspections', given | more)['id']}"


def read(site: Site, path: str, element: str, value: str, **more: object) -> None:
    reading = {"characteristic": "c1", "global_id": element, "number": value, "instrument": "T-7", **more}
    site.do("ines", path, "readings", reading)


def signed(site: Site, *values: str, **more: object) -> str:
    path = planned(site, **more)
    site.do("ines", path, "start", {"instruments": [TAPE]})
    for element, value in zip((ELEMENT, OTHER_ELEMENT), values, strict=False):
        photos = {"photos": [site.picture("ines", b"off")]} if abs(int(value)) > 8 else {}
        read(site, path, element, value, **photos)
    site.sign("ines", path, capacity="inspector")
    return path


def test_a_passing_inspection_lets_its_lot_be_accepted(site: Site) -> None:
    path = planned(site)
    assert site.get("vera", path)["record"]["number"] == "TOWER-INS-0001"
    site.do("ines", path, "start", {"instruments": [TAPE]})
    read(site, path, ELEMENT, "3")
    lacking = site.refused("ines", path, "sign", {"capacity": "inspector", "password": PASSWORD})
    assert lacking == [f"'axis position' of {OTHER_ELEMENT}, or why it was not measured"]
    read(site, path, OTHER_ELEMENT, "5")
    twice = {"characteristic": "c1", "global_id": OTHER_ELEMENT, "number": "4", "instrument": "T-7"}
    assert site.try_("ines", path, "readings", twice).status_code == 409
    site.do("ines", path, "readings", {**twice, "correction": "misread"})
    assert site.refused("quinn", path, "accept", {"quantity": "2"}) == ["the inspector's signature"]
    other = site.try_("quinn", path, "sign", {"capacity": "quality_manager", "password": PASSWORD})
    assert "who carried it out" in other.text
    unable = site.try_("ines", path, "sign", {"capacity": "authority", "password": PASSWORD})
    assert unable.status_code == 403
    done = site.sign("ines", path, capacity="inspector")
    assert (done["verdict"]["outcome"], done["suggests_ncr"]) == ("pass", False)
    site.do("ines", path, "count", {"quantity": "2"})
    assert site.try_("ines", path, "accept", {"quantity": "2"}).status_code == 403
    quantities = site.do("quinn", path, "accept", {"quantity": "1.5"})["quantities"]
    assert (quantities["accepted"], quantities["pending"]) == ("1.5", "0.5")
    assert site.try_("quinn", path, "accept", {"quantity": "1"}).status_code == 409
    (signature,) = site.get("quinn", path + "/export")["signatures"]
    assert (signature["meaning"], signature["holds"]) == ("authorship", True)
    actions = [h["action"] for h in site.get("vera", path + "/history")["items"]]
    assert actions == ["create", "start", "record", "record", "correct", "sign", "count", "accept"]


def test_a_failed_inspection_suggests_a_nonconformance_once(site: Site) -> None:
    path = signed(site, "3", "20")
    shown = site.get("vera", path)
    assert (shown["failed"], shown["suggests_ncr"]) == ([OTHER_ELEMENT], True)
    assert site.events("inspection.failed")[0]["suggests"] == "an NCR"
    assert site.refused("quinn", path, "accept", {"quantity": "1"}) == ["a passing verdict"]
    draft = site.post("ines", path + "/ncr", {"severity": "major"})["record"]
    assert draft["global_ids"] == [OTHER_ELEMENT]
    assert draft["violations"][0]["measured"]["value"] == "20"
    assert [e["kind"] for e in draft["evidence"]] == ["picture"]
    assert draft["inspection"] == path.removeprefix("/inspections/")
    again = site.browsers["ines"].post(f"{site.root}{path}/ncr", {"severity": "major"})
    assert (again.status_code, "already" in again.text) == (409, True)
    assert site.do("ines", f"/ncrs/{draft['id']}", "open")["record"]["number"] == "TOWER-NCR-0001"
    passing = signed(site, "3", "3")
    none = site.awake("ines").post(f"{site.root}{passing}/ncr", {"severity": "major"})
    assert none.status_code == 409
    unsigned = planned(site)
    site.do("ines", unsigned, "start", {"instruments": [TAPE]})
    read(site, unsigned, ELEMENT, "20", photos=[site.picture("ines", b"off")])
    early = site.awake("ines").post(f"{site.root}{unsigned}/ncr", {"severity": "major"})
    assert (early.status_code, "only a signed one" in early.text) == (409, True)


def reworked(site: Site, inspection: str) -> str:
    """Raise what a failed inspection suggests, have it reworked, and leave it waiting for its re-inspection."""
    ncr = f"/ncrs/{site.post('ines', inspection + '/ncr', {'severity': 'minor'})['record']['id']}"
    under_review(site, ncr)
    in_reinspection(site, ncr, OTHER_ELEMENT)
    return ncr


def test_a_draft_answer_is_judged_as_it_would_be_once_recorded_and_is_not_kept(site: Site) -> None:
    """A site manager carries out what is planned, and signs it as contractor: first inspections only."""
    path = planned(site)
    draft = {"characteristic": "c1", "global_id": ELEMENT, "number": "8", "instrument": "T-7"}
    judge = f"{site.root}{path}/judge"
    assert site.awake("carl").post(judge, draft).status_code == 409, "nothing is read before it is started"
    assert site.try_("vera", path, "start", {"instruments": [TAPE]}).status_code == 403
    shown = site.do("carl", path, "start", {"instruments": [TAPE]})
    assert (shown["signs_as"], shown["barred"]) == (["contractor"], {"cancel": "role"})
    said = [site.awake("carl").post(judge, {**draft, "number": number}).json() for number in ("7", "8", "10")]
    assert [one["outcome"] for one in said] == ["pass", "indeterminate", "fail"]
    assert [len(one["missing"]) for one in said] == [0, 0, 1], "what fails is shown by a photo"
    assert site.awake("carl").post(judge, {**draft, "number": "7.5"}).status_code == 422
    assert site.awake("vera").post(judge, draft).status_code == 403
    shown = site.get("vera", path)
    assert (shown["answered"], shown["asked"], shown["answers"]) == (0, 2, [])
    assert shown["barred"] == {"answer": "role", "sign": "role", "cancel": "role"}
    assert site.get("ines", path)["barred"]["sign"] == "inspector"
    site.do("carl", path, "readings", {**draft, "number": "10", "photos": [site.picture("carl")]})
    shown = site.do("carl", path, "readings", {**draft, "global_id": OTHER_ELEMENT, "not_measured": "behind a form",
                                               "number": None, "instrument": ""})  # fmt: skip
    assert [one["outcome"] for one in shown["answers"]] == ["fail", "not_measured"]
    assert (shown["answered"], shown["failed"], shown["answers"][0]["missing"]) == (2, [ELEMENT], [])
    assert site.get("vera", "/inspections")["items"][0]["answered"] == 2
    subcontractor = site.try_("carl", path, "sign", {"capacity": "subcontractor", "password": PASSWORD})
    assert "not signed as subcontractor" in subcontractor.text
    assert site.sign("carl", path, capacity="contractor")["verdict"]["outcome"] == "fail"


def test_a_re_inspection_is_not_signed_by_who_builds(site: Site) -> None:
    again = site.post("ines", signed(site, "3", "20") + "/again", {"global_ids": [OTHER_ELEMENT], "quantity": "1"})
    seen = site.get("carl", f"/inspections/{again['id']}")
    assert (seen["signs_as"], seen["barred"]["start"]) == ([], "capacity")
    assert site.get("ines", f"/inspections/{again['id']}")["barred"] == {}


def test_what_was_rejected_is_inspected_again(site: Site) -> None:
    path = signed(site, "3", "20")
    site.do("quinn", path, "reject", {"quantity": "1", "reason": "off its axis"})
    ncr = reworked(site, path)
    restore = {"quantity": "1", "ncr": ncr.removeprefix("/ncrs/")}
    closed = {"quantity": "1", "basis": "ncr_closed", "basis_id": restore["ncr"]}
    assert site.refused("quinn", path, "restore", restore) == ["a closed NCR"]
    assert site.refused("quinn", path, "accept", closed) == ["a closed NCR"]
    assert site.try_("quinn", path, "restore", {"quantity": "1", "ncr": "9" * 32}).status_code == 404
    whole = {"global_ids": [OTHER_ELEMENT], "quantity": "2"}
    more = site.awake("ines").post(f"{site.root}{path}/again", whole)
    assert (more.status_code, "1 of the 2 elements" in more.text) == (422, True)
    again = site.post("ines", path + "/again", {"global_ids": [OTHER_ELEMENT], "quantity": "1"})
    assert (again["record"]["number"], again["record"]["reinspects_id"]) == ("TOWER-INS-0002", path.split("/")[-1])
    new = f"/inspections/{again['id']}"
    site.do("ines", new, "start", {"instruments": [TAPE]})
    read(site, new, OTHER_ELEMENT, "2")
    accept = {"quantity": "1", "basis": "reinspection", "basis_id": again["id"]}
    assert site.try_("quinn", path, "accept", accept).status_code == 409
    site.sign("ines", new, capacity="inspector")
    site.do("quinn", ncr, "capa-decision", {"needed": False, "reason": "single"})
    site.do("quinn", ncr, "cost", {"labour": "1", "material": "0", "other": "0", "currency": "EUR"})
    assert site.sign("quinn", ncr, "close")["record"]["state"] == "closed"
    assert site.do("quinn", path, "restore", restore)["quantities"]["pending"] == "2"
    assert site.do("quinn", path, "accept", accept)["quantities"]["accepted"] == "1"
    assert site.do("quinn", path, "accept", closed)["quantities"]["accepted"] == "2"


def test_a_lot_is_not_accepted_or_restored_on_an_ncr_of_something_else(site: Site) -> None:
    closed_elsewhere = reworked(site, signed(site, "3", "20"))
    path = signed(site, "20", "3")
    site.do("quinn", path, "reject", {"quantity": "1", "reason": "off its axis"})
    draft = draft_of(site)
    site.do("quinn", draft, "void", {"reason": "x"})
    for ncr in (closed_elsewhere, draft):
        key = ncr.removeprefix("/ncrs/")
        assert site.try_("quinn", path, "restore", {"quantity": "1", "ncr": key}).status_code == 409
        for basis in ("ncr_closed", "concession"):
            tried = site.try_("quinn", path, "accept", {"quantity": "1", "basis": basis, "basis_id": key})
            assert tried.status_code == 409


def test_a_whole_lot_is_inspected_again_by_a_new_sample(site: Site) -> None:
    lot = [f"E{n:021d}" for n in range(20)]
    path = planned(site, lot=lot, quantity="20", sampling={"seed": 7})
    first = site.get("vera", path)["record"]["sample"]["global_ids"]
    site.do("ines", path, "start", {"instruments": [TAPE]})
    for n, element in enumerate(first):
        read(site, path, element, "1" if n else "20", **({} if n else {"photos": [site.picture("ines")]}))
    site.sign("ines", path, capacity="inspector")
    one = site.awake("ines").post(f"{site.root}{path}/again", {"global_ids": first[:1], "quantity": "20"})
    assert one.status_code == 422
    again = site.post("ines", path + "/again", {"global_ids": lot, "quantity": "20", "extent": "sample"})["record"]
    assert first[0] in again["sample"]["global_ids"]
    assert len(again["sample"]["global_ids"]) < 6


def test_instruments_are_calibrated_and_samples_can_be_drawn_again(site: Site) -> None:
    lot = [f"E{n:021d}" for n in range(40)]
    path = planned(site, lot=lot, quantity="40", sampling={"seed": 7})
    other = planned(site, lot=list(reversed(lot)), quantity="40", sampling={"seed": 7})
    samples = [site.get("vera", p)["record"]["sample"] for p in (path, other)]
    assert samples[0]["global_ids"] == samples[1]["global_ids"]
    assert (len(samples[0]["global_ids"]), samples[0]["source"]) == (5, "GB 50300-2013, table 3.0.9")
    expired = site.refused("ines", path, "start", {"instruments": [{**TAPE, "calibrated_until": "2026-11-01"}]})
    assert expired == ["a calibrated instrument"]
    site.do("ines", path, "start", {"instruments": []})
    element = samples[0]["global_ids"][0]
    reading = {"characteristic": "c1", "global_id": element, "number": "3", "instrument": ""}
    assert site.refused("ines", path, "readings", reading) == ["the instrument"]
    site.do("ines", path, "instruments", {"instruments": [TAPE]})
    finer = site.try_("ines", path, "readings", {**reading, "number": "3.5", "instrument": "T-7"})
    assert finer.status_code == 422
    ahead = site.try_("ines", path, "readings", {**reading, "instrument": "T-7", "taken_at": "2027-01-01T00:00:00Z"})
    assert (ahead.status_code, "taken_at is 2027-01-01 00:00 UTC, which is yet to be" in ahead.text) == (422, True)
    site.do("ines", path, "cancel", {"reason": "weather"})
    found = site.get("vera", "/inspections?status=cancelled")["items"]
    assert [f"/inspections/{item['id']}" for item in found] == [path]
    assert site.get("vera", f"/inspections?global_id={lot[3]}")["items"] != []


@pytest.mark.parametrize(
    "change",
    [
        {"lot": []}, {"lot": [ELEMENT, ELEMENT]}, {"quantity": "0"}, {"characteristics": []}, {"unit": " "},
        {"characteristics": [{**QUESTION, "lower": "9"}]}, {"sampling": {"size": 3}},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_not_planned(site: Site, change: dict[str, object]) -> None:
    given: dict[str, object] = {
        "title": "Columns", "lot": [ELEMENT], "quantity": "1", "unit": "pcs", "characteristics": [QUESTION],
    }  # fmt: skip
    assert site.browsers["ines"].post(f"{site.root}/inspections", given | change).status_code == 422
