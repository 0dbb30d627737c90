"""Inspection plans by REST: generated, signed, in force, carried out; work waits at a hold until it is released."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.api.web.planted import context, plant
from tests.api.web.site import ELEMENT, OTHER_ELEMENT, QUESTION, TAPE, Site, copied_site, draft_of
from tests.api.web.world import PASSWORD, World
from tests.reference.house import DESIGN
from tests.twin.test_checks import obj_of
from twin.jobs.worker import Worker
from twin.operations.job_kinds import job_kinds
from twin.operations.models import import_model
from twin.operations.work import Work
from twin.record import Actor
from twin.store import records

HOLD = [{"party": "contractor", "code": "I"}, {"party": "third_party", "code": "H", "notice_hours": 24}]


def item(
    number: int, *, follows: tuple[str, ...] = (), points: list[dict[str, object]] | None = None, **more: object
) -> dict[str, object]:
    given: dict[str, object] = {
        "id": f"{number:032x}", "sequence": number, "activity": f"step {number}", "stage": "after",
        "characteristics": ["axis_position"], "reference": {"document": "GB 50204-2015"},
        "criterion": {"lower": "-8", "upper": "8", "unit": "mm"}, "method": "tape", "points": points or HOLD,
        "follows": list(follows),
    }  # fmt: skip
    return given | more


@pytest.fixture
def site(world: World) -> Site:
    return copied_site(world)


def revision_of(site: Site, *named: str) -> str:
    """Take the house in, with more elements of these GlobalIds."""
    services, more = site.world.services, tuple(replace(DESIGN[0], name=name) for name in named)
    sha256 = services.blobs.put([obj_of(DESIGN + more)]).sha256
    work = Work(services.store, services.blobs, Actor(site.ids["dora"], "Dora"), site.world.clock, lambda _s, _f: None)
    made = import_model(work, identifier="f" * 32, project=site.project, file_name="house.obj", sha256=sha256)
    return made.record.id


def in_force(site: Site, *items: dict[str, object]) -> str:
    plan = f"/plans/{site.post('quinn', '/plans', {'title': 'Columns', 'items': list(items)})['id']}"
    site.do("quinn", plan, "issue")
    site.sign("quentin", plan, capacity="quality_manager")
    site.do("quentin", plan, "approve")
    return plan


def inspected(site: Site, plan: str, revision: str, value: str = "3") -> str:
    given = {
        "title": "Column", "lot": [ELEMENT], "quantity": "1", "unit": "pcs", "sampling": {"everything": True},
        "characteristics": [QUESTION],
        "pin": {"plan": plan.removeprefix("/plans/"), "item": f"{1:032x}", "model_revision": revision},
    }  # fmt: skip
    path = f"/inspections/{site.post('quinn', '/inspections', given)['id']}"
    site.do("quinn", path, "start", {"instruments": [TAPE]})
    reading: dict[str, object] = {"characteristic": "c1", "global_id": ELEMENT, "number": value, "instrument": "T-7"}
    if abs(int(value)) > 8:
        reading["photos"] = [site.picture("quinn")]
    site.do("quinn", path, "readings", reading)
    site.sign("quinn", path, capacity="quality_manager")
    return path.removeprefix("/inspections/")


def test_an_item_begun_is_inspected_by_what_the_plan_asks_and_then_released(site: Site) -> None:
    plan = in_force(site, item(1))
    begin = {"item": f"{1:032x}", "global_ids": [ELEMENT, OTHER_ELEMENT], "model_revision": revision_of(
        site, ELEMENT, OTHER_ELEMENT
    )}  # fmt: skip
    begun = f"/executions/{site.post('carl', plan + '/executions', begin)['id']}"
    shown = {who: site.get(who, begun) for who in ("vera", "carl", "ines")}
    assert shown["vera"]["inspections"] == []
    assert {who: (one["barred"], one["releases_as"]) for who, one in shown.items()} == {
        "vera": ({"inspect": "role", "link": "role", "release": "capacity"}, []),
        "carl": ({"link": "role", "release": "capacity"}, []),
        "ines": ({}, ["third_party"]),
    }
    assert site.awake("vera").post(f"{site.root}{begun}/inspect", {}).status_code == 403
    made = site.post("carl", begun + "/inspect", {})
    (asked,) = made["record"]["characteristics"]
    assert (asked["name"], asked["lower"], asked["upper"], asked["weight"]) == ("axis_position", "-8", "8", "main")
    again = site.awake("ines").post(f"{site.root}{begun}/inspect", {})
    assert (again.status_code, made["record"]["number"] in again.text) == (409, True)
    listed = [one["inspections"] for one in site.get("vera", "/executions")["items"]]
    assert [[each["id"] for each in one] for one in listed] == [[made["id"]]]
    path = f"/inspections/{made['id']}"
    site.do("carl", path, "start", {"instruments": [TAPE]})
    for element in (ELEMENT, OTHER_ELEMENT):
        reading = {"characteristic": asked["id"], "global_id": element, "number": "3", "instrument": "T-7"}
        site.do("carl", path, "readings", reading)
    site.sign("carl", path, capacity="contractor")
    assert site.get("vera", begun)["inspections"] == []
    assert site.try_("carl", begun, "inspections", {"id": made["id"]}).status_code == 403
    assert site.do("ines", begun, "inspections", {"id": made["id"]})["missing_to_release"] == []
    site.sign("ines", begun, "release", party="third_party")
    assert site.get("vera", begun)["missing_to_proceed"] == []


def generated(site: Site, **more: object) -> dict[str, Any]:
    """Have a plan made from the house, by a worker; return it as it is read."""
    given = {"title": "Structure", "tolerance_mm": "10", "scan_uncertainty_mm": {"surface": "3"}} | more
    job = site.post("quinn", "/plans/from-model", given, 202)
    services = site.world.services
    Worker(services.store, services.blobs, job_kinds(), clock=site.world.clock).drain()
    done = site.get("vera", f"/jobs/{job['id']}")
    assert done["state"] == "succeeded", done["error"]
    return site.get("vera", f"/plans/{job['makes']}")


def test_a_plan_is_generated_from_a_model_and_a_profile(site: Site) -> None:
    revision = revision_of(site)
    plan = generated(site, revision=revision)["record"]
    items = plan["items"]
    assert plan["number"] == "TOWER-ITP-0001"
    assert sum(len(one["global_ids"]) for one in items) == len({box.name for box in DESIGN})
    hidden = set(plan["scanning"]["unseen"])
    assert plan["author"] == site.ids["quinn"], "who ordered it wrote it, not the machine"
    by_scan = {g for one in items if one["method"] == "scan_vs_bim" for g in one["global_ids"]}
    by_hand = {g for one in items if one["method"] != "scan_vs_bim" for g in one["global_ids"]}
    assert by_scan
    assert by_hand == hidden, "what no station sees is measured by hand"
    assert plan["without_limits"] == []
    given = {"title": "S", "revision": revision, "scan_uncertainty_mm": {}}
    unknown = site.awake("quinn").post(f"{site.root}/plans/from-model", {**given, "revision": "9" * 32})
    assert unknown.status_code == 404
    odd = site.awake("quinn").post(f"{site.root}/plans/from-model", {**given, "standard": "no such standard"})
    assert odd.status_code == 422
    typed = {**given, "scan_uncertainty_mm": {"axis_positon": "2.5"}}
    refused = site.awake("quinn").post(f"{site.root}/plans/from-model", typed)
    said = "nothing is called 'axis_positon'; there is surface, axis_position,"
    assert (refused.status_code, said in refused.text) == (422, True)


def test_what_is_in_no_model_of_the_project_is_a_typing_error(site: Site) -> None:
    """Before there is a model nobody knows; what an earlier revision had is known, too."""
    strange = {"title": "Columns", "lot": ["nonsense1"], "quantity": "1", "unit": "pcs",
               "sampling": {"everything": True}, "characteristics": [QUESTION]}  # fmt: skip
    site.post("ines", "/inspections", strange)
    plan = generated(site, revision=revision_of(site))["record"]
    element = plan["items"][0]["global_ids"][0]
    ncr = draft_of(site, global_ids=[element], violations=[])
    by_hand = {"title": "Columns", "items": [item(1, global_ids=["nope"])]}
    typed = {
        "title": "N",
        "severity": "minor",
        "quantity": "1",
        "unit": "pcs",
        "global_ids": [element, "nope", "x", "y", "z"],
    }
    drafted = f"/plans/{site.post('quinn', '/plans', {'title': 'By hand'})['id']}"
    version = site.get("quinn", drafted)["version"]
    for refused in (
        site.awake("ines").post(f"{site.root}/inspections", strange),
        site.awake("ines").post(f"{site.root}/ncrs", typed),
        site.try_("ines", ncr, "amend", {"global_ids": ["nope"]}),
        site.awake("quinn").post(f"{site.root}/plans", by_hand),
        site.awake("quinn").change("PUT", f"{site.root}{drafted}/items", version, {"items": by_hand["items"]}),
    ):
        assert (refused.status_code, "no model of this project has that element" in refused.text) == (422, True), (
            refused.text
        )
    assert "nope, x, y and 1 more" in site.awake("ines").post(f"{site.root}/ncrs", typed).json()["detail"]
    site.post("ines", "/inspections", strange | {"lot": [element]})


def test_who_ordered_or_reordered_a_generated_plan_does_not_sign_it(site: Site) -> None:
    path = f"/plans/{generated(site, revision=revision_of(site))['id']}"
    assert site.do("quentin", path, "reorder", {})["record"]["edited_by"] == [site.ids["quentin"]]
    site.do("quinn", path, "issue")
    for who, why in (("quinn", "wrote it"), ("quentin", "set its items")):
        refused = site.try_(who, path, "sign", {"capacity": "quality_manager", "password": PASSWORD})
        assert (refused.status_code, why in refused.text) == (409, True), refused.text


def test_a_plan_says_where_to_scan_to_read_to_download_and_to_print(site: Site) -> None:
    made = generated(site, revision=revision_of(site))
    path = f"/plans/{made['id']}"
    told = site.get("vera", path + "/stations")
    stations = [one for storey in told["storeys"] for one in storey["stations"]]
    assert stations
    assert told["unseen"] == made["record"]["scanning"]["unseen"]
    table = site.awake("vera").get(f"{site.root}{path}/stations/list")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["x_m"] for row in rows] == [one["x_m"] for one in stations]
    sheet = site.awake("vera").get(f"{site.root}{path}/stations/sheet")
    assert (sheet.status_code, sheet.text.count("<circle"), "<rect" in sheet.text) == (200, len(stations), True)
    site.get("vera", f"/plans/{site.post('quinn', '/plans', {'title': 'By hand'})['id']}/stations", 409)
    nothing = generated(site, revision="f" * 32, scan_uncertainty_mm={})["record"]
    assert nothing["scanning"]["storeys"] == []
    wood = generated(site, revision="f" * 32, tolerance_mm=None, standard="gb-50204-2015")
    left = wood["record"]["without_limits"]
    assert left
    assert site.get("vera", f"/plans/{wood['id']}")["record"]["without_limits"] == left, "it is kept"


def test_a_draft_is_ranked_by_what_the_records_show_or_by_hand_and_says_why(site: Site) -> None:
    planted = plant(site.world, site.project)
    walls, columns = planted.global_ids[::2], planted.global_ids[1::2]
    by_hand: dict[str, Any] = {
        "characteristics": ["position"],
        "frequency": {"kind": "sample", "amount": "1", "unit": "pcs"},
    }
    doing: list[dict[str, object]] = [{"party": "contractor", "code": "I"}]
    items = [
        item(1, points=doing, **by_hand, global_ids=[columns[1]]),
        item(2, points=doing, **by_hand, global_ids=[walls[0]]),
        item(3, points=doing, characteristics=["colour"], frequency=by_hand["frequency"], global_ids=[walls[0]]),
    ]  # fmt: skip
    plan = f"/plans/{site.post('quinn', '/plans', {'title': 'Columns', 'items': items})['id']}"
    ranked = site.post("vera", plan + "/rank", {}, 200)["items"]
    assert [one["activity"] for one in ranked] == ["step 2", "step 1", "step 3"]
    assert any("failed in position, of IfcWall in Level 0" in why for why in ranked[0]["why"])
    assert any(why.startswith("finding ") for why in ranked[0]["why"])
    assert (ranked[0]["raised"], ranked[0]["given"]) == (True, False)
    mine = {f"{3:032x}": {"probability": "1", "detection": "0", "cost": "500"}}
    first = site.post("vera", plan + "/rank", {"risk": mine, "most": 1}, 200)["items"][0]
    assert (first["activity"], first["given"], first["kept"]) == ("step 3", True, True)
    strange = {"risk": {"9" * 32: mine[f"{3:032x}"]}}
    assert site.awake("vera").post(f"{site.root}{plan}/rank", strange).status_code == 422
    assert site.try_("carl", plan, "reorder", {}).status_code == 403
    after = site.do("quinn", plan, "reorder", {})["record"]
    assert {one["activity"]: one["sequence"] for one in after["items"]} == {"step 2": 1, "step 1": 2, "step 3": 3}
    assert after["items"][0]["frequency"]["kind"] == "each"
    assert after["ranking"][0]["why"] == ranked[0]["why"]
    site.do("quinn", plan, "issue")
    assert site.try_("quinn", plan, "reorder", {}).status_code == 409
    share = {"record": f"inspection_plan:{plan.removeprefix('/plans/')}", "organisation": site.outside}
    site.post("quinn", "/shares", share, 200)
    told = site.post("sue", plan + "/rank", {}, 200)["items"]
    assert site.get("sue", plan)["record"]["ranking"] == []
    assert all("failed" not in why and "finding" not in why for one in told for why in one["why"])


def test_a_plan_is_approved_by_somebody_else_and_superseded_by_its_revision(site: Site) -> None:
    plan = f"/plans/{site.post('quinn', '/plans', {'title': 'Columns'})['id']}"
    assert site.refused("quinn", plan, "issue") == ["an item"]
    version = site.get("quinn", plan)["version"]
    site.browsers["quinn"].change("PUT", f"{site.root}{plan}/items", version, {"items": [item(1), item(2)]})
    site.do("quinn", plan, "issue")
    assert site.refused("quentin", plan, "approve") == ["approval as quality manager"]
    own = site.try_("quinn", plan, "sign", {"capacity": "quality_manager", "password": PASSWORD})
    assert (own.status_code, "wrote it" in own.text) == (409, True)
    assert site.try_("quentin", plan, "sign", {"capacity": "customer", "password": PASSWORD}).status_code == 403
    assert site.try_("quentin", plan, "sign", {"capacity": "quality_manager", "password": "x"}).status_code == 401
    site.sign("quentin", plan, capacity="quality_manager")
    site.do("dora", plan, "return", {"reason": "one more item"})
    site.do("quinn", plan, "issue")
    site.sign("quentin", plan, capacity="quality_manager")
    assert site.do("quentin", plan, "approve")["record"]["status"] == "approved"

    second = f"/plans/{site.post('quinn', plan + '/revise')['id']}"
    assert site.browsers["quinn"].post(f"{site.root}{plan}/revise").status_code == 409
    version = site.get("quinn", second)["version"]
    weaker = [item(1, points=[{"party": "contractor", "code": "I"}]), item(2)]
    site.browsers["quinn"].change("PUT", f"{site.root}{second}/items", version, {"items": weaker})
    site.do("quinn", second, "issue")
    site.sign("quentin", second, capacity="quality_manager")
    assert site.refused("quentin", second, "approve") == ["approval as third party"]
    issues = [(p["revision"], p["status"]) for p in site.get("vera", "/plans?number=TOWER-ITP-0001")["items"]]
    assert issues == [(1, "approved"), (2, "issued_for_approval")]
    assert [s["holds"] for s in site.get("quinn", plan + "/export")["signatures"]] == [True]


def test_work_waits_at_a_hold_until_its_owner_releases_what_passed(site: Site) -> None:
    revision = revision_of(site, ELEMENT, OTHER_ELEMENT)
    plan = in_force(site, item(1), item(2, follows=(f"{1:032x}",)))
    where = {"item": f"{1:032x}", "global_ids": [ELEMENT], "model_revision": revision}
    begun = site.post("carl", plan + "/executions", where)
    run = f"/executions/{begun['id']}"
    assert begun["missing_to_proceed"] == ["release of 'step 1' by the third party"]
    nxt = {**where, "item": f"{2:032x}"}
    refused = site.browsers["carl"].post(f"{site.root}{plan}/executions", nxt)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["release of 'step 1' by the third party"])
    soon = (site.world.clock.now + timedelta(hours=1)).isoformat()
    early = site.try_("carl", run, "notify", {"party": "third_party", "invited_for": soon})
    assert (early.status_code, early.json()["missing"]) == (409, ["24 hours of notice"])
    release = {"party": "third_party", "password": PASSWORD}
    assert site.refused("ines", run, "release", release) == [
        f"a passing inspection or check, a closed NCR or a concession for {ELEMENT}"
    ]
    failed = inspected(site, plan, revision, "20")
    site.do("quinn", run, "inspections", {"id": failed})
    assert site.try_("ines", run, "release", release).status_code == 409
    ncr = site.post("ines", f"/inspections/{failed}/ncr", {"severity": "minor"})["id"]
    site.do("ines", run, "ncrs", {"id": ncr})
    passed = inspected(site, plan, revision)
    site.do("quinn", run, "inspections", {"id": passed})
    assert site.try_("ines", run, "release", release).status_code == 409, "an open NCR speaks against it"
    site.do("olga", f"/ncrs/{ncr}", "void", {"reason": "measured with a bent tape"})
    assert site.get("vera", run)["record"]["ncrs"][0]["answer"] == "withdrawn"
    assert site.try_("carl", run, "release", release).status_code == 403
    site.do("ines", run, "attend", {"party": "third_party", "person": site.ids["ines"]})
    assert site.sign("ines", run, "release", party="third_party")["missing_to_proceed"] == []
    assert site.post("carl", plan + "/executions", nxt)["record"]["activity"] == "step 2"
    assert len(site.get("vera", f"/executions?global_id={ELEMENT}")["items"]) == 2


def test_a_hold_is_not_released_on_another_question_or_a_smaller_sample(site: Site) -> None:
    lot = [f"2{n:021d}" for n in range(20)]
    revision = revision_of(site, *lot)
    plan = in_force(site, item(1), item(2, follows=(f"{1:032x}",)))
    where = {"item": f"{1:032x}", "global_ids": lot, "model_revision": revision}
    run = f"/executions/{site.post('carl', plan + '/executions', where)['id']}"
    pin = {"plan": plan.removeprefix("/plans/"), "item": f"{1:032x}", "model_revision": revision}

    def done(question: dict[str, Any], sampling: dict[str, Any], answer: dict[str, Any]) -> str:
        given = {
            "title": "C", "lot": lot, "quantity": "20", "unit": "pcs", "sampling": sampling,
            "characteristics": [question], "pin": pin,
        }  # fmt: skip
        made = site.post("quinn", "/inspections", given)
        path = f"/inspections/{made['id']}"
        site.do("quinn", path, "start", {"instruments": [TAPE]})
        for element in made["record"]["sample"]["global_ids"]:
            site.do("quinn", path, "readings", {"characteristic": question["id"], "global_id": element, **answer})
        site.sign("quinn", path, capacity="quality_manager")
        return made["id"]

    painted = done({"id": "k", "name": "painted", "kind": "boolean"}, {"everything": True}, {"flag": True})
    assert site.refused("quinn", run, "inspections", {"id": painted}) == ["an inspection of 'axis_position'"]
    read = {"number": "1", "instrument": "T-7"}
    wider = done({**QUESTION, "upper": "20"}, {"size": 1}, read)
    assert site.refused("quinn", run, "inspections", {"id": wider}) == [
        "an inspection of 'axis_position' within -8 .. 8 mm"
    ]
    one = done(QUESTION, {"size": 1}, read)
    left = site.do("quinn", run, "inspections", {"id": one})["missing_to_release"]
    assert len(left) == 19, "the plan asks for each"
    assert len(site.refused("ines", run, "release", {"party": "third_party", "password": PASSWORD})) == 19


def test_an_item_that_was_released_for_one_element_frees_no_other(site: Site) -> None:
    revision = revision_of(site, ELEMENT, OTHER_ELEMENT)
    plan = in_force(site, item(1), item(2, follows=(f"{1:032x}",)))
    where = {"item": f"{1:032x}", "global_ids": [ELEMENT], "model_revision": revision}
    run = f"/executions/{site.post('carl', plan + '/executions', where)['id']}"
    site.do("quinn", run, "inspections", {"id": inspected(site, plan, revision)})
    site.sign("ines", run, "release", party="third_party")
    other = {**where, "item": f"{2:032x}", "global_ids": [OTHER_ELEMENT]}
    for zone in ("", "east"):
        refused = site.awake("carl").post(f"{site.root}{plan}/executions", {**other, "zone": zone})
        assert (refused.status_code, refused.json()["missing"]) == (409, [f"'step 1' of {OTHER_ELEMENT}"])
    assert site.post("carl", plan + "/executions", {**other, "global_ids": [ELEMENT]})


def test_a_scan_check_speaks_for_an_item_that_is_measured_by_scan(site: Site) -> None:
    first = plant(site.world, site.project)
    scanned: dict[str, Any] = {"characteristics": ["position"], "method": "scan_vs_bim"}
    plan = in_force(site, item(1, **scanned), item(2, characteristics=["position"]))
    passing, failing = first.global_ids[1], first.global_ids[0]
    where = {"item": f"{1:032x}", "global_ids": [passing, failing], "model_revision": first.revision}
    run = f"/executions/{site.post('carl', plan + '/executions', where)['id']}"
    release = {"party": "third_party", "password": PASSWORD}
    old = site.try_("quinn", run, "checks", {"id": first.check})
    assert (old.status_code, "from before" in old.text) == (409, True)
    site.world.clock.advance(hours=1)
    with site.world.services.store.write(context(site.world)) as unit:
        run_now, epoch = unit.get(records.CHECK_RUN, first.check), unit.get(records.SCAN_EPOCH, first.epoch)
        later = replace(epoch.record, captured_at=site.world.clock.now)
        unit.save(records.SCAN_EPOCH, later, expected=epoch.version)
        assert run_now.record.revision == first.revision
    site.world.clock.advance(hours=1)
    linked = site.do("quinn", run, "checks", {"id": first.check})
    assert {o["global_id"]: o["outcome"] for o in linked["record"]["checks"][0]["outcomes"]} == {
        passing: "pass", failing: "fail",
    }  # fmt: skip
    assert site.refused("ines", run, "release", release) == [
        f"a passing inspection or check, a closed NCR or a concession for {failing}"
    ]
    alone = {**where, "global_ids": [passing]}
    begun = {**alone, "began_at": (site.world.clock.now - timedelta(hours=1, minutes=30)).isoformat()}
    good = f"/executions/{site.post('carl', plan + '/executions', begun)['id']}"
    site.do("quinn", good, "checks", {"id": first.check})
    assert site.sign("ines", good, "release", party="third_party")["missing_to_proceed"] == []
    by_tape = f"/executions/{site.post('carl', plan + '/executions', {**begun, 'item': f'{2:032x}'})['id']}"
    assert site.refused("quinn", by_tape, "checks", {"id": first.check}) == ["an inspection"]
    assert site.try_("quinn", by_tape, "checks", {"id": "9" * 32}).status_code == 404
    assert site.try_("carl", good, "checks", {"id": first.check}).status_code == 403


def test_nobody_attends_for_another_party(site: Site) -> None:
    revision = revision_of(site, ELEMENT, OTHER_ELEMENT)
    points: list[dict[str, object]] = [
        {"party": "contractor", "code": "I"},
        {"party": "customer", "code": "W", "notice_hours": 24},
    ]
    plan = in_force(site, item(1, points=points))
    where = {"item": f"{1:032x}", "global_ids": [ELEMENT], "model_revision": revision}
    run = f"/executions/{site.post('carl', plan + '/executions', where)['id']}"
    for who, person in (("carl", "carl"), ("carl", "olga"), ("quinn", "quinn")):
        came = {"party": "customer", "person": site.ids[person]}
        assert site.try_(who, run, "attend", came).status_code == 403
    came = {"party": "customer", "person": site.ids["olga"]}
    assert site.refused("quinn", run, "attend", came) == ["the written proof"]
    letter = {"kind": "document", "sha256": site.upload("quinn", "letter.pdf", b"I came", "application/pdf")}
    proven = site.do("quinn", run, "attend", {**came, "proof": letter})
    assert proven["missing_to_proceed"] == []
    assert proven["record"]["attendances"][0]["recorded_by"] == site.ids["quinn"]
    other = f"/executions/{site.post('carl', plan + '/executions', where)['id']}"
    later = (site.world.clock.now + timedelta(hours=1)).isoformat()
    assert site.try_("olga", other, "attend", {**came, "at": later}).status_code == 422
    assert site.do("olga", other, "attend", came)["missing_to_proceed"] == []
    stranger = site.try_("quinn", other, "attend", {**came, "person": "9" * 32})
    assert stranger.status_code == 422


def test_an_open_nonconformance_of_what_an_item_looks_at_holds_it_even_when_nobody_linked_it(site: Site) -> None:
    revision = revision_of(site, ELEMENT, OTHER_ELEMENT)
    plan = in_force(site, item(1))
    where = {"item": f"{1:032x}", "global_ids": [ELEMENT], "model_revision": revision}
    run = f"/executions/{site.post('carl', plan + '/executions', where)['id']}"
    site.do("quinn", run, "inspections", {"id": inspected(site, plan, revision)})
    site.do("ines", draft_of(site), "open")
    lacking = site.refused("ines", run, "release", {"party": "third_party", "password": PASSWORD})
    assert lacking == ["TOWER-NCR-0001 to be closed and linked: it is open on what 'step 1' looks at"]


def test_a_supplier_sees_what_is_carried_out_of_a_shared_plan(site: Site) -> None:
    revision = revision_of(site, ELEMENT, OTHER_ELEMENT)
    plan = in_force(site, item(1))
    where = {"item": f"{1:032x}", "global_ids": [ELEMENT], "model_revision": revision}
    assert site.browsers["sue"].post(f"{site.root}{plan}/executions", where).status_code == 404
    share = {"record": f"inspection_plan:{plan.removeprefix('/plans/')}", "organisation": site.outside}
    site.post("quinn", "/shares", share, 200)
    run = site.post("sue", plan + "/executions", where)["id"]
    assert [one["id"] for one in site.get("sue", "/executions")["items"]] == [run]
    other = draft_of(site)
    assert site.try_("sue", f"/executions/{run}", "ncrs", {"id": other.removeprefix("/ncrs/")}).status_code == 403


def test_a_hold_of_those_who_build_is_released_by_them_and_by_a_supplier_where_it_is_shared(site: Site) -> None:
    revision = revision_of(site, ELEMENT, OTHER_ELEMENT)
    held: list[dict[str, object]] = [{"party": party, "code": "H"} for party in ("subcontractor", "supplier")]
    plan = in_force(site, item(1, points=[{"party": "consultant", "code": "I"}, *held]))
    where = {"item": f"{1:032x}", "global_ids": [ELEMENT], "model_revision": revision}
    run = f"/executions/{site.post('carl', plan + '/executions', where)['id']}"
    site.do("dora", run, "inspections", {"id": inspected(site, plan, revision)})
    signing = {"party": "supplier", "password": PASSWORD}
    assert site.try_("sue", run, "release", signing).status_code == 404, "nothing of it is shared"
    share = {"record": f"inspection_plan:{plan.removeprefix('/plans/')}", "organisation": site.outside}
    site.post("quinn", "/shares", share, 200)
    site.post("quinn", "/shares", {**share, "record": f"plan_execution:{run.removeprefix('/executions/')}"}, 200)
    assert site.try_("sue", run, "release", {**signing, "party": "subcontractor"}).status_code == 403
    site.sign("sue", run, "release", party="supplier")
    assert site.get("vera", run)["missing_to_proceed"] == ["release of 'step 1' by the subcontractor"]
    site.sign("carl", run, "release", party="subcontractor")
    assert site.get("vera", run)["missing_to_proceed"] == []
