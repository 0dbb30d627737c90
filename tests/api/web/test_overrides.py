"""Statements beside a verdict: signed, with a reason, over with the next check; the check says what it said."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from geometry.verdict import Outcome, State
from tests.api.web.planted import CAPTURED, Planted, context, plant
from tests.api.web.site import VIOLATION, Site, draft_of, make_site
from tests.api.web.world import PASSWORD, World
from twin.errors import Refused
from twin.store.elements import keep_states, states_of
from twin.store.trail import verify_stream
from twin.verdict_override import Machine, VerdictOverride, require_possible


@pytest.fixture
def site(world: World) -> Site:
    return make_site(world)


def state(
    site: Site, made: Planted, n: int, verdict: str | None, who: str = "quinn", status: int = 201, **more: str
) -> Any:
    given = {"check": made.check, "verdict": verdict, "reason": "total station: 3 mm", "password": PASSWORD, **more}
    return site.post(who, f"/elements/{made.global_ids[n]}/overrides", given, status)


def test_a_statement_stands_beside_the_verdict_until_taken_back_or_checked_again(site: Site) -> None:
    made = plant(site.world, site.project)
    element = f"/elements/{made.global_ids[0]}"
    first = state(site, made, 0, "pass")
    assert (first["machine_verdict"], first["verdict"], first["signer_name"]) == ("fail", "pass", "Quinn")
    assert (first["role"], first["meaning"], first["in_force"]) == ("quality_manager", "approval", True)
    read = site.get("vera", element)
    assert (read["verdict"], read["state"], read["override"]) == ("fail", "deviating", "pass"), "the check's stays"
    columns = site.get("vera", "/element-columns")
    told = [columns["override"]["values"][k] for k in columns["override"]["index"]]
    assert told == ["pass"] + [None] * 6
    assert "that is what stands there already" in state(site, made, 0, "pass", status=409)["detail"]
    later = plant(site.world, site.project, captured_at=CAPTURED + timedelta(days=1))
    assert [one["override"] for one in site.get("vera", element + "/history")["items"]] == ["pass", None]
    assert later.global_ids[0] == made.global_ids[0]
    assert state(site, made, 0, None)["in_force"] is False
    assert [one["override"] for one in site.get("vera", element + "/history")["items"]] == [None, None]
    all_ = site.get("vera", element + "/overrides")["items"]
    assert [(one["verdict"], one["in_force"]) for one in all_] == [("pass", False), (None, False)]
    assert "no statement to take back" in state(site, made, 0, None, status=409)["detail"]
    with site.world.services.store.read() as view:
        assert verify_stream(view.connection, site.project).holds


def test_only_a_quality_manager_who_proves_who_they_are_states_it(site: Site) -> None:
    made = plant(site.world, site.project)
    wrong = state(site, made, 0, "pass", status=401, password="not this one at all")
    assert wrong["type"] == "urn:qtems:problem:wrong-password"
    for who in ("olga", "ines", "carl", "vera"):
        state(site, made, 0, "pass", who, 403)
    state(site, made, 0, "pass", reason=" ", status=422)
    assert site.get("quinn", f"/elements/{made.global_ids[0]}/overrides")["items"] == []


def test_no_statement_goes_round_a_nonconformance_or_an_unsure_design(site: Site) -> None:
    made = plant(site.world, site.project)
    about: dict[str, Any] = {
        "global_ids": [made.global_ids[0]],
        "violations": [VIOLATION | {"global_id": made.global_ids[0]}],
    }
    ncr = draft_of(site, **about)
    site.do("ines", ncr, "open")
    assert state(site, made, 0, "pass", status=409)["missing"] == ["the end of TOWER-NCR-0001"]
    state(site, made, 1, "fail")
    with site.world.services.store.write(context(site.world)) as unit:
        rows = states_of(unit.connection, made.check)
        keep_states(unit, [replace(row, measured={**row.measured, "state": "design_suspect"}) for row in rows])
    assert "design of this element is in doubt" in state(site, made, 2, "fail", status=409)["detail"]


@pytest.mark.parametrize(
    ("presence", "verdict", "possible"),
    [
        (State.INSTALLED, Outcome.INDETERMINATE, True),
        (State.INSTALLED, Outcome.PASS, False),
        (State.MISSING, Outcome.FAIL, True),
        (State.OCCLUDED, Outcome.NOT_MEASURED, False),
        (State.UNSEEN, Outcome.NOT_MEASURED, False),
        (State.DESIGN_SUSPECT, Outcome.FAIL, False),
    ],
)
def test_where_a_person_may_say_pass(presence: State, verdict: Outcome, possible: bool) -> None:
    one = VerdictOverride("1" * 32, "2" * 32, "E1", "3" * 32, Machine(presence, verdict), Outcome.PASS, "seen")
    if possible:
        require_possible(one, None, "")
    else:
        with pytest.raises(Refused):
            require_possible(one, None, "")
