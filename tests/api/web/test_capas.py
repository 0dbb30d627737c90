"""CAPAs by REST: eight disciplines with their guards, links to nonconformances, what recurs, a supplier's answer."""

from datetime import timedelta

import pytest

from tests.api.web.site import QUESTION, TAPE, VIOLATION, Site, copied_site, draft_of
from tests.api.web.world import PASSWORD, World
from twin.store.trail import verify_stream

REQUIREMENT: dict[str, object] = {
    "characteristic": "axis_position", "clause": "GB 50204-2015, 8.3.2", "lower": "-8", "upper": "8",
}  # fmt: skip
PROBLEM = {
    "what": "columns 25 mm off", "where": "axis 1", "when": "week 47", "who": "found by scan",
    "why_it_matters": "beams do not fit", "how": "shifted as a whole", "how_many": "3 of 24",
}  # fmt: skip


@pytest.fixture
def site(world: World) -> Site:
    return copied_site(world)


def opened(site: Site) -> str:
    ncr = draft_of(site)
    site.do("ines", ncr, "open")
    return ncr


def capa_of(site: Site, *ncrs: str, owner: str = "quentin") -> str:
    given = {
        "kind": "corrective", "title": "Columns off their axes", "risk": "high", "owner": site.ids[owner],
        "due": "2027-03-01", "sources": [{"kind": "ncr", "id": ncr.removeprefix("/ncrs/")} for ncr in ncrs],
    }  # fmt: skip
    return f"/capas/{site.post('quinn', '/capas', given)['id']}"


def analysis(
    site: Site, who: str = "quinn", *, verified: bool = True, branches: tuple[str, ...] = ("occurrence", "escape")
) -> object:
    evidence = [site.picture(who, b"formwork")] if verified else []
    nodes = [
        {"id": branch, "branch": branch, "statement": f"why {branch}", "verified": verified, "is_root": True,
         "evidence": evidence}
        for branch in branches
    ]  # fmt: skip
    return {"analysis": {"why": {"problem": "columns off", "nodes": nodes}, "cause_code": "FORMWORK"}}


def criterion(site: Site, evaluator: str = "ines", **more: object) -> object:
    return {"criterion": {
        "metric": "recurrence", "description": "columns off by formwork", "baseline": "3", "target": "0",
        "better": "lower", "window_days": 30, "method": "NCRs of the project", "due": "2027-02-01",
        "evaluator": site.ids[evaluator], **more,
    }}  # fmt: skip


def planned(site: Site, capa: str, lead: str = "quentin") -> None:
    """Bring a CAPA from its beginning to planned actions and a criterion."""
    site.do(lead, capa, "team", {"team": {"champion": site.ids["olga"], "leader": site.ids["carl"]}})
    site.do(lead, capa, "problem", {"problem": PROBLEM, "emergency": "next pour stopped"})
    site.do(lead, capa, "investigate")
    replanned(site, capa, lead)


def replanned(site: Site, capa: str, lead: str) -> None:
    site.do(lead, capa, "containment-waiver", {"reason": "nothing is poured until it is solved"})
    site.do(lead, capa, "analysis", analysis(site, lead))
    own = site.try_(lead, capa, "approve-root-cause", {"password": PASSWORD})
    assert own.status_code in (403, 409), "who wrote it does not sign it"
    site.sign("quinn", capa, "approve-root-cause")
    site.do(lead, capa, "plan-actions")
    action = {"kind": "corrective", "description": "brace it", "responsible": site.ids["carl"], "due": "2026-12-10"}
    site.do(lead, capa, "actions", action)
    site.do(lead, capa, "criterion", criterion(site))


def monitored(site: Site, capa: str, lead: str = "quentin") -> None:
    """Carry the plan out and begin to watch its effect."""
    site.do(lead, capa, "implement")
    action = site.get("vera", capa)["record"]["actions"][-1]["id"]
    assert site.refused(lead, capa, "verify") == ["completion of 'brace it'"]
    assert site.refused("carl", capa, f"actions/{action}/complete", {}) == ["evidence that it was done"]
    site.do("carl", capa, f"actions/{action}/complete", {"evidence": [site.picture("carl", b"braced")]})
    site.do(lead, capa, "prevention", {"prevention": {"kind": "procedure", "description": "checklist"}})
    site.do(lead, capa, "verify")
    assert site.refused(lead, capa, "monitor") == ["verification of 'brace it'"]
    site.do("ines", capa, f"actions/{action}/verify", {"verification": "three pours watched"})
    site.do(lead, capa, "monitor")


@pytest.fixture
def led(site: Site) -> tuple[Site, str, str]:
    """A CAPA that a quality manager leads the entries of: who may edit is owner and quality manager."""
    ncr = opened(site)
    return site, ncr, capa_of(site, ncr)


def test_from_a_nonconformance_to_an_effective_capa(led: tuple[Site, str, str]) -> None:
    site, _, capa = led
    assert site.get("vera", capa)["record"]["number"] == "TOWER-CAPA-0001"
    lacking = site.refused("quentin", capa, "investigate")
    assert {"what was done at once, or why nothing had to be", "a team with champion and leader"} <= set(lacking)
    assert site.try_("carl", capa, "investigate").status_code == 403
    planned(site, capa, "quentin")
    monitored(site, capa, "quentin")
    shown = site.picture("ines", b"list of NCRs")
    evidence = {"value": "0", "evidence": [shown]}
    assert "named evaluator" in site.try_("quinn", capa, "evaluate", evidence).text
    assert site.refused("ines", capa, "evaluate", {"value": "0"}) == ["evidence of the value"]
    early = site.refused("ines", capa, "evaluate", evidence)
    assert early[0].startswith("the rest of the observation window")
    site.world.clock.advance(days=31)
    assert site.refused("ines", capa, "evaluate", evidence) == ["what was learned and what the team is thanked for"]
    site.do("quentin", capa, "recognition", {"recognition": "brace by checklist"})
    closed = site.do("ines", capa, "evaluate", evidence)
    assert closed["record"]["state"] == "effective"
    assert all(d["done"] for d in closed["disciplines"])
    assert site.events("capa.closed")[-1]["number"] == "TOWER-CAPA-0001"
    (signature,) = site.get("quinn", capa + "/export")["signatures"]
    assert (signature["name"], signature["about"], signature["holds"]) == ("Quinn", "root cause", True)
    replayed: dict[str, object] = {}
    for one in site.get("quinn", capa + "/history")["items"]:
        replayed |= one["after"]
    assert replayed == closed["record"]


def test_what_is_not_effective_begins_anew(led: tuple[Site, str, str]) -> None:
    site, _, capa = led
    planned(site, capa, "quentin")
    monitored(site, capa, "quentin")
    again = site.do("ines", capa, "evaluate", {"value": "2", "evidence": [site.picture("ines", b"seen")]})["record"]
    assert (again["state"], again["cycle"], again["checks"][0]["effect"]) == ("investigation", 1, "partly")
    assert again["criterion"] is None
    replanned(site, capa, "quentin")
    monitored(site, capa, "quentin")


def test_the_root_cause_is_signed_by_a_quality_manager_who_does_not_own_it(site: Site) -> None:
    capa = capa_of(site, opened(site), owner="quinn")
    site.do("quentin", capa, "team", {"team": {"champion": site.ids["olga"], "leader": site.ids["carl"]}})
    site.do("quentin", capa, "problem", {"problem": PROBLEM, "emergency": "stopped"})
    site.do("quentin", capa, "investigate")
    site.do("quentin", capa, "containment-waiver", {"reason": "stopped"})
    for given, lacks in (
        (analysis(site, verified=False), "evidence that verifies 'why occurrence'"),
        (analysis(site, branches=("occurrence",)), "a root cause of the escape"),
    ):
        site.do("quentin", capa, "analysis", given)
        assert lacks in site.refused("quentin", capa, "approve-root-cause", {"password": PASSWORD})
    site.do("quentin", capa, "analysis", analysis(site))
    site.do("olga", capa, "analysis", analysis(site, "olga"))
    own = site.try_("quinn", capa, "approve-root-cause", {"password": PASSWORD})
    assert (own.status_code, "owns this CAPA" in own.text) == (409, True)
    author = site.try_("quentin", capa, "approve-root-cause", {"password": PASSWORD})
    assert (author.status_code, "wrote the analysis" in author.text) == (409, True)
    taken = {"login": "quirin", "organisation": site.organisation, "role": "quality_manager",
             "capacities": ["quality_manager"]}  # fmt: skip
    site.browsers["quirin"] = site.world.person("quirin")
    site.ids["quirin"] = site.post("olga", "/members", taken)["user"]
    assert site.try_("olga", capa, "approve-root-cause", {"password": PASSWORD}).status_code == 403
    wrong = site.try_("quirin", capa, "approve-root-cause", {"password": "wrong"})
    assert wrong.status_code == 401
    signed = site.sign("quirin", capa, "approve-root-cause")["record"]
    assert signed["analysed_by"] == [site.ids["quentin"], site.ids["olga"]]


def test_links_change_on_both_sides_or_on_none(site: Site) -> None:
    first, second = opened(site), opened(site)
    capa = capa_of(site, first)
    key = capa.removeprefix("/capas/")
    assert site.get("vera", first)["record"]["capa"]["capas"] == [key]
    source = {"source": {"kind": "ncr", "id": second.removeprefix("/ncrs/")}}
    site.do("quinn", capa, "link", source)
    assert site.get("vera", second)["record"]["capa"]["capas"] == [key]
    assert site.try_("quinn", capa, "link", source).status_code == 409
    site.do("quinn", capa, "unlink", source)
    assert site.get("vera", second)["record"]["capa"]["capas"] == []
    assert (
        "cancel it instead"
        in site.try_("quinn", capa, "unlink", {"source": {"kind": "ncr", "id": first.removeprefix("/ncrs/")}}).text
    )
    other = capa_of(site, first)
    decision = {"needed": True, "reason": "recurs", "capas": [key, other.removeprefix("/capas/")]}
    site.do("quinn", second, "capa-decision", decision)
    for one in (capa, other):
        linked = {s["id"] for s in site.get("vera", one)["record"]["sources"]}
        assert linked == {first.removeprefix("/ncrs/"), second.removeprefix("/ncrs/")}
    site.do("quinn", second, "capa-decision", {"needed": True, "reason": "one will do", "capas": [key]})
    left = [s["id"] for s in site.get("vera", other)["record"]["sources"]]
    assert left == [first.removeprefix("/ncrs/")]
    none = site.try_("quinn", second, "capa-decision", {"needed": True, "reason": "r", "capas": ["9" * 32]})
    assert none.status_code == 404
    odd = site.try_("quinn", second, "capa-decision", {"needed": False, "reason": "r", "capas": [key]})
    assert odd.status_code == 409
    assert site.get("vera", second)["record"]["capa"]["capas"] == [key]
    with site.world.services.store.read() as view:
        assert verify_stream(view.connection, site.project).holds


def test_it_is_given_up_by_two_who_act_themselves(led: tuple[Site, str, str]) -> None:
    site, ncr, capa = led
    given = {"password": PASSWORD}
    assert site.refused("quinn", capa, "cancel", given) == ["somebody's request to give it up"]
    for body in ({**given, "asked_by": site.ids["vera"]}, {**given, "reason": "no time"}):
        assert site.try_("quinn", capa, "cancel", body).status_code == 422, "nobody is named by another"
    why = {"reason": "the line is taken down"}
    assert site.try_("vera", capa, "request-cancellation", why).status_code == 403
    asked = site.do("quinn", capa, "request-cancellation", why)["record"]["cancellation_request"]
    assert (asked["by"]["id"], asked["reason"]) == (site.ids["quinn"], "the line is taken down")
    assert site.ids["quentin"] in site.events("capa.cancellation_requested")[-1]["to"]
    alone = site.try_("quinn", capa, "cancel", given)
    assert (alone.status_code, "asks for it" in alone.text) == (409, True)
    assert site.try_("ines", capa, "withdraw-cancellation").status_code == 403
    site.do("quentin", capa, "withdraw-cancellation")
    site.do("carl", capa, "request-cancellation", why)
    assert site.try_("quinn", capa, "cancel", {"password": "wrong"}).status_code == 401
    gone = site.do("quinn", capa, "cancel", given)["record"]
    assert (gone["state"], gone["cancellation"]["request"]["by"]["id"]) == ("cancelled", site.ids["carl"])
    assert site.get("quinn", ncr)["record"]["capa"]["capas"] == []


def monitoring(site: Site, capa: str, *, days: int = 30, lots: int = 0) -> None:
    """Bring a CAPA to where its effect is watched, with nothing missing but the time."""
    site.do("quentin", capa, "team", {"team": {"champion": site.ids["olga"], "leader": site.ids["carl"]}})
    site.do("quentin", capa, "problem", {"problem": PROBLEM, "emergency": "next pour stopped"})
    site.do("quentin", capa, "investigate")
    replanned(site, capa, "quentin")
    site.do("quentin", capa, "criterion", criterion(site, window_days=days, window_lots=lots))
    monitored(site, capa, "quentin")
    site.do("quentin", capa, "recognition", {"recognition": "brace by checklist"})


def test_what_recurs_is_counted_whoever_evaluates(site: Site) -> None:
    capa = capa_of(site, opened(site))
    monitoring(site, capa)
    site.world.clock.advance(days=5)
    again = [opened(site) for _ in range(2)]
    told = site.events("capa.recurred")
    assert [t["ncr"] for t in told] == [n.removeprefix("/ncrs/") for n in again]
    assert {site.ids["quentin"], site.ids["ines"]} & set(told[0]["to"]) == {site.ids["quentin"]}, "not to who raised it"
    other = draft_of(site, violations=[{**VIOLATION, "requirement": {**REQUIREMENT,
                                                                      "characteristic": "cover"}}])  # fmt: skip
    site.do("ines", other, "open")
    seen = site.get("vera", capa + "/observation")
    assert (seen["count"], seen["ncrs"]) == (2, [n.removeprefix("/ncrs/") for n in again])
    linked = {"source": {"kind": "ncr", "id": again[0].removeprefix("/ncrs/")}}
    site.do("quinn", capa, "link", linked)
    assert site.get("vera", capa + "/observation")["count"] == 2, "to answer it does not undo that it came"
    fewer = site.try_("quinn", capa, "unlink", linked)
    assert (fewer.status_code, "until the effect is evaluated" in fewer.text) == (409, True)
    site.world.clock.advance(days=31)
    evidence = [site.picture("ines", b"list")]
    assert len(site.refused("ines", capa, "evaluate", {"value": "0", "evidence": evidence})) == 2
    aside = {"ncr": again[0].removeprefix("/ncrs/"), "reason": "hit by a crane"}
    assert site.try_("ines", capa, "set-aside", aside).status_code == 403
    site.do("olga", capa, "set-aside", aside)
    assert len(site.refused("ines", capa, "evaluate", {"value": "0", "evidence": evidence})) == 1
    counted = site.do("ines", capa, "evaluate", {"evidence": evidence})["record"]
    (check,) = counted["checks"]
    assert (counted["state"], check["value"], check["set_aside"][0]["reason"]) == (
        "investigation", "1", "hit by a crane",
    )  # fmt: skip


def inspected(site: Site, *lot: str, name: str = "axis position") -> str:
    """Inspect a lot of new work; return the inspection's identifier."""
    given = {
        "title": "columns", "lot": list(lot), "quantity": str(len(lot)), "unit": "pcs",
        "sampling": {"everything": True}, "characteristics": [{**QUESTION, "name": name}],
    }  # fmt: skip
    made = site.post("ines", "/inspections", given)["id"]
    path = f"/inspections/{made}"
    site.do("ines", path, "start", {"instruments": [TAPE]})
    for element in lot:
        reading = {"characteristic": "c1", "global_id": element, "number": "1", "instrument": "T-7"}
        site.do("ines", path, "readings", reading)
    site.sign("ines", path, capacity="inspector")
    return made


def test_lots_are_counted_from_inspections_and_scans(site: Site) -> None:
    from tests.api.web.planted import plant

    before = inspected(site, "L0")
    site.world.clock.advance(hours=1)
    capa = capa_of(site, opened(site))
    monitoring(site, capa, days=0, lots=4)
    site.world.clock.advance(hours=1)
    evidence = [site.picture("ines", b"list")]
    assert site.refused("ines", capa, "evaluate", {"evidence": evidence}) == ["4 more lots"]
    assert site.try_("ines", capa, "evaluate", {"evidence": evidence, "lots": 5}).status_code == 422
    for lot in (("L1",), ("L2", "L3"), ("L1",), ("L1", "L3")):
        inspected(site, *lot)
    repeated = inspected(site, "L3", name="plumb line at the head")
    plant(site.world, site.project, captured_at=site.world.clock.now)
    other = inspected(site, "L4", name="plumb line at the head")
    assert site.get("vera", capa + "/observation")["lots"] == 3, "each lot once, and none of something else"
    assert site.refused("ines", capa, "evaluate", {"evidence": evidence}) == ["1 more lots"]
    for named, why, said in (
        ([other], "", "say why"), ([before], "was it", "since TOWER-CAPA-0001 is monitored"),
        ([repeated], "was it", "is of a lot that counts already"),
        (["9" * 32], "was it", "no signed inspection"),
    ):  # fmt: skip
        answer = site.try_("ines", capa, "evaluate", {"evidence": evidence, "lots": named, "reason": why})
        assert (answer.status_code, said in answer.text) == (422, True), answer.text
    more = {"evidence": evidence, "lots": [other], "reason": "the axis is read at the head by plumb line"}
    closed = site.do("ines", capa, "evaluate", more)["record"]
    assert (closed["state"], len(closed["checks"][0]["seen"]["lots"])) == ("effective", 4)
    assert closed["checks"][0]["seen"]["named"] == [other]


def test_records_that_people_raise_recur_by_what_they_violate_and_that_is_told(site: Site) -> None:
    first = [opened(site) for _ in range(2)]
    assert site.events("ncr.recurs") == []
    words = {**VIOLATION, "requirement": {**REQUIREMENT, "characteristic": "Axis position"}}
    third = draft_of(site, violations=[words])
    site.do("ines", third, "open")
    (told,) = site.events("ncr.recurs")
    assert (told["record"], told["count"], told["suggests"]) == (f"ncr:{third.removeprefix('/ncrs/')}", 3, "a CAPA")
    assert {site.ids["quinn"], site.ids["quentin"], site.ids["olga"]} <= set(told["to"])
    (found,) = site.get("quinn", "/recurrences")["items"]
    assert (found["cause_code"], found["total"]) == ("", 3)
    assert sorted(found["ncrs"]) == sorted(n.removeprefix("/ncrs/") for n in (*first, third))
    assert len(site.get("quinn", "/recurrences?alike=clause&count=3")["items"]) == 1
    site.world.clock.advance(days=120)
    opened(site)
    assert len(site.events("ncr.recurs")) == 1, "the window is over"


def test_the_evaluator_carries_nothing_out(led: tuple[Site, str, str]) -> None:
    site, _, capa = led
    planned(site, capa, "quentin")
    action = {"kind": "corrective", "description": "check it", "responsible": site.ids["olga"], "due": "2026-12-10"}
    site.do("quentin", capa, "actions", action)
    answer = site.refused("quentin", capa, "criterion", criterion(site, "olga"))
    assert answer == ["an evaluator who implements nothing"]
    backwards = site.try_("quentin", capa, "criterion", criterion(site, target="5"))
    assert backwards.status_code == 422
    stranger = site.try_("quentin", capa, "team", {"team": {"champion": "9" * 32, "leader": site.ids["carl"]}})
    assert (stranger.status_code, "no member" in stranger.text) == (422, True)


def test_nobody_is_named_for_what_they_can_never_do_nor_until_a_day_that_is_over(
    led: tuple[Site, str, str],
) -> None:
    site, ncr, capa = led
    sources = [{"kind": "ncr", "id": ncr.removeprefix("/ncrs/")}]
    given = {"kind": "corrective", "title": "C", "risk": "high", "due": "2027-03-01", "sources": sources}
    for who, says in (
        ("carl", "Carl cannot own a CAPA: their role here is site manager; name somebody who is owner or quality"),
        ("vera", "Vera cannot own a CAPA"),
    ):
        refused = site.awake("quinn").post(f"{site.root}/capas", {**given, "owner": site.ids[who]})
        assert (refused.status_code, says in refused.json()["detail"]) == (422, True), refused.text
    late = site.awake("quinn").post(f"{site.root}/capas", {**given, "owner": site.ids["quinn"], "due": "2020-01-01"})
    assert (late.status_code, "2020-01-01 is over" in late.text) == (422, True)
    planned(site, capa)
    action = {"kind": "corrective", "description": "b", "responsible": site.ids["vera"], "due": "2026-12-10"}
    for change, says in (
        ({}, "Vera cannot carry out an action: their role here is viewer"),
        ({"responsible": site.ids["carl"], "due": "2026-11-20"}, "2026-11-20 is over"),
    ):
        refused = site.try_("quentin", capa, "actions", action | change)
        assert (refused.status_code, says in refused.json()["detail"]) == (422, True), refused.text
    refused = site.try_("quentin", capa, "criterion", criterion(site, "carl"))
    assert (refused.status_code, "cannot evaluate the effect" in refused.text) == (422, True)


def test_what_recurs_proposes_a_capa_until_one_answers_it(site: Site) -> None:
    from tests.api.web.planted import plant
    from twin.operations.ncrs import confirm_finding
    from twin.record import Actor
    from twin.store.repository import Context

    store, clock = site.world.services.store, site.world.clock
    ines = Actor(site.ids["ines"], "Ines")
    ncrs: list[str] = []
    for _ in range(3):
        clock.advance(days=1)
        made = plant(site.world, site.project, captured_at=clock.now - timedelta(hours=1))
        draft = confirm_finding(store, Context(ines, clock()), made.finding, expected=1)
        ncrs.append(f"/ncrs/{draft.record.id}")
        site.do("ines", ncrs[-1], "open")
    assert site.get("quinn", "/recurrences?count=4")["items"] == []
    (found,) = site.get("quinn", "/recurrences")["items"]
    assert (found["total"], sorted(found["ncrs"])) == (3, sorted(n.removeprefix("/ncrs/") for n in ncrs))
    assert site.get("quinn", "/recurrences?window_days=1")["items"] == []
    assert site.browsers["quinn"].get(f"{site.root}/recurrences?count=1").status_code == 422
    capa = capa_of(site, *ncrs)
    assert site.get("quinn", "/recurrences")["items"] == []
    assert site.get("vera", capa + "/observation") == {
        "count": 0, "ncrs": [], "set_aside": [], "lots": 0, "since": None,
    }  # fmt: skip


def test_a_supplier_answers_in_eight_disciplines(site: Site) -> None:
    capa = capa_of(site, opened(site))
    site.get("sue", capa, 404)
    share = {"record": f"capa:{capa.removeprefix('/capas/')}", "organisation": site.outside}
    site.post("quinn", "/shares", share, 200)
    planned(site, capa, "sue")
    assert site.try_("sue", capa, "approve-root-cause", {"password": PASSWORD}).status_code == 403
    assert site.get("sue", "/capas")["items"][0]["state"] == "action_planning"
    assert site.browsers["sue"].post(f"{site.root}/capas", {}).status_code == 403
    late = [line["overdue"] for line in site.get("quinn", "/capas?state=action_planning")["items"]]
    site.world.clock.advance(days=60)
    assert (late, site.get("quinn", "/capas")["items"][0]["overdue"]) == ([False], True)
