"""Carrying out a plan: what waits for whom, and what releases it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from geometry.verdict import Outcome
from tests.reference.plan_cases import (
    CLIENT,
    FOREMAN,
    HOUR,
    INSPECTOR,
    NOW,
    PLAN,
    PROOF,
    all_let_go,
    attended,
    begun,
    inspected,
    left_of,
    let_go,
    linked_to,
    seen_by_all,
)
from twin.access import Capacity, Role
from twin.errors import Invalid, NotAllowed, Refused
from twin.execution_record import Attendance, LinkedNcr, NcrAnswer, Notification, PlanExecution
from twin.inspection import InspectionState
from twin.inspection_plan import (
    PlanStatus,
)
from twin.plan_execution import (
    link_ncr,
    missing_to_start,
    notify,
    start_execution,
)
from twin.plan_release import missing_to_proceed, release, release_digest
from twin.project import Member
from twin.record import Actor, Evidence, Signature, SignatureMeaning
from twin.store.codec import from_json, to_json


def test_the_next_item_waits_for_the_hold_also_through_items_without_one() -> None:
    waiting = seen_by_all(begun())
    for item in ("pour", "strike"):
        with pytest.raises(Refused) as caught:
            begun(item, others=(waiting,))
        assert caught.value.missing == ("release of 'look at rebar' by the customer",)
        assert begun(item, others=(all_let_go(),)).item == item
    assert begun("tidy", others=(waiting,)).item == "tidy", "what does not follow it does not wait"


def test_a_hold_that_was_never_reached_blocks_as_well() -> None:
    assert missing_to_start(PLAN, "pour", (), global_ids=("a",), zone="east", now=NOW) == ("'look at rebar' in east",)
    with pytest.raises(Refused, match="look at rebar"):
        begun("pour")


def test_each_place_waits_for_its_own() -> None:
    east = replace(all_let_go(), zone="east")
    assert begun("pour", others=(east,), zone="east").zone == "east"
    with pytest.raises(Refused, match="west"):
        begun("pour", others=(east,), zone="west")
    assert begun("pour", others=(replace(east, zone=""),), zone="west").zone == "west"
    waiting_west = replace(seen_by_all(begun()), zone="west")
    assert begun("pour", others=(east, waiting_west), zone="east")
    with pytest.raises(Refused, match="release"):
        begun("pour", others=(east, waiting_west))  # everywhere is also in the west


def test_every_element_that_the_item_before_is_about_must_have_been_looked_at() -> None:
    items = (replace(PLAN.items[0], global_ids=("a", "b", "c")), *PLAN.items[1:])
    plan = replace(PLAN, items=items)

    def missing(*ids: str, zone: str = "", there: str = "") -> tuple[str, ...]:
        done = replace(all_let_go(), zone=there)
        return missing_to_start(plan, "pour", (done,), global_ids=ids, zone=zone, now=NOW)

    assert missing("a", "c") == ("'look at rebar' of c",)
    assert missing("a", "b") == ()
    assert missing("slab") == ("'look at rebar' of c",), "what is no element of its own stands on all of them"
    assert missing("slab", zone="east", there="east") == (), "but in a zone on those that were named there"


def test_an_item_without_elements_frees_those_that_it_was_carried_out_on() -> None:
    only_b = let_go(seen_by_all(linked_to(begun(ids=("b",)), inspected(ids=("b",)))))
    assert missing_to_start(PLAN, "pour", (only_b,), global_ids=("b",), zone="", now=NOW) == ()
    for zone in ("", "east"):
        missing = missing_to_start(PLAN, "pour", (replace(only_b, zone=zone),), global_ids=("a",), zone=zone, now=NOW)
        assert missing == ("'look at rebar' of a",)
    waiting = begun(ids=("c",))
    assert missing_to_start(PLAN, "pour", (only_b, waiting), global_ids=("b",), zone="", now=NOW) == ()


def test_executions_of_another_plan_say_nothing() -> None:
    with pytest.raises(Refused, match="look at rebar"):
        begun("pour", others=(replace(all_let_go(), plan_number="T-ITP-002"),))


# rule 2: a witness may be passed over when its notice is over and proof of it exists


def _notified(sent: datetime, invited: datetime, proof: Evidence | None = PROOF) -> PlanExecution:
    execution = let_go(linked_to(begun(), inspected()))
    return notify(execution, Notification(Capacity.CONSULTANT, sent, invited, proof), now=sent)


def test_a_witness_is_waited_for_until_the_notice_is_over() -> None:
    execution = _notified(NOW, NOW + 48 * HOUR)
    assert missing_to_proceed(execution, now=NOW + 48 * HOUR - timedelta(seconds=1)) != ()
    assert missing_to_proceed(execution, now=NOW + 48 * HOUR) == ()


def test_without_proof_of_notification_the_notice_does_not_run() -> None:
    execution = _notified(NOW, NOW + 48 * HOUR, None)
    assert missing_to_proceed(execution, now=NOW + 1000 * HOUR) == (
        "the consultant at 'look at rebar', or its notice and the end of it",
    )


def test_who_came_need_not_be_notified_and_who_was_not_notified_is_waited_for() -> None:
    execution = let_go(linked_to(begun(), inspected()))
    assert len(missing_to_proceed(execution, now=NOW + 1000 * HOUR)) == 1
    assert missing_to_proceed(seen_by_all(execution), now=NOW) == ()
    owner = Member("m", "p" * 32, "c", "o", Role.OWNER, (Capacity.CUSTOMER,))
    wrong = attended(execution, Attendance(Capacity.CUSTOMER, "c", NOW), person=owner, recorder=owner)
    assert len(missing_to_proceed(wrong, now=NOW)) == 1


def test_an_invitation_leaves_the_whole_notice() -> None:
    with pytest.raises(Refused, match="48 h notice: invite it from 2026-03-03 08:00"):
        _notified(NOW, NOW + 47 * HOUR)
    assert missing_to_proceed(_notified(NOW, NOW + 72 * HOUR), now=NOW + 60 * HOUR) != (), "invited for later"
    with pytest.raises(Invalid, match="not before"):
        notify(begun(), Notification(Capacity.CONSULTANT, NOW + HOUR, NOW + 99 * HOUR), now=NOW)
    with pytest.raises(Invalid, match="before the notice"):
        Notification(Capacity.CONSULTANT, NOW, NOW - HOUR)
    with pytest.raises(Refused, match="no point"):
        notify(begun(), Notification(Capacity.AUTHORITY, NOW, NOW + 99 * HOUR), now=NOW)
    with pytest.raises(Refused, match="no point"):
        attended(begun(), Attendance(Capacity.AUTHORITY, "x", NOW))


# rule 3: a release rests on passing inspections or on answered nonconformances


def test_nothing_is_released_without_a_passing_inspection_of_each_element() -> None:
    assert left_of(begun()) == tuple(
        f"a passing inspection or check, a closed NCR or a concession for {g}" for g in ("a", "b")
    )
    with pytest.raises(Refused, match="for a"):
        let_go(begun())
    half = linked_to(begun(), inspected(ids=("a",)))
    with pytest.raises(Refused, match="for b"):
        let_go(half)
    assert let_go(linked_to(half, inspected("i2", ids=("b",)))).releases[0].party is Capacity.CUSTOMER


@pytest.mark.parametrize(("answer", "released"), [
    (NcrAnswer.OPEN, False), (NcrAnswer.WITHDRAWN, False), (NcrAnswer.CLOSED, True), (NcrAnswer.CONCESSION, True),
])  # fmt: skip
def test_a_failure_is_released_on_an_answered_ncr_only(answer: NcrAnswer, released: bool) -> None:
    failed = linked_to(begun(), inspected(good=False))
    assert failed.inspections[0].outcome is Outcome.FAIL
    execution = link_ncr(failed, LinkedNcr("n1", answer, ("a", "b"), NOW + HOUR, ("a", "b") if released else ()))
    if released:
        assert let_go(execution).releases
    else:
        with pytest.raises(Refused):
            let_go(execution)


def test_an_open_ncr_blocks_what_passed_and_the_last_word_counts() -> None:
    passed = linked_to(begun(), inspected())
    opened = link_ncr(passed, LinkedNcr("n1", NcrAnswer.OPEN, ("b",), NOW))
    assert len(left_of(opened)) == 1
    closed = link_ncr(opened, LinkedNcr("n1", NcrAnswer.CLOSED, ("b",), NOW + HOUR, ("b",)))
    assert (len(closed.ncrs), left_of(closed)) == (1, ())
    later = linked_to(closed, inspected("i2", ids=("b",), good=False, at=NOW + 2 * HOUR))
    assert len(left_of(later)) == 1
    same_moment = linked_to(closed, inspected("i2", ids=("b",), good=False, at=NOW + HOUR))
    assert len(left_of(same_moment)) == 1


def test_what_is_found_after_a_release_has_to_be_released_anew() -> None:
    free = all_let_go()
    assert missing_to_proceed(free, now=NOW) == ()
    again = linked_to(free, inspected("i2", good=False, at=NOW + HOUR))
    assert "release" in missing_to_proceed(again, now=NOW)[0]
    mended = linked_to(again, inspected("i3", at=NOW + 2 * HOUR))
    assert left_of(mended) == ()
    assert "release" in missing_to_proceed(mended, now=NOW)[0], "the owner of the hold has not seen it"
    released = let_go(mended)
    assert (missing_to_proceed(released, now=NOW), len(released.releases)) == ((), 1)
    assert missing_to_proceed(linked_to(free, inspected("i4", at=NOW + HOUR)), now=NOW) == ()
    ncr = link_ncr(free, LinkedNcr("n1", NcrAnswer.OPEN, ("a",), NOW))
    assert "release" in missing_to_proceed(ncr, now=NOW)[0]


@pytest.mark.parametrize(("who", "changes", "text"), [
    (INSPECTOR, {}, "inspected it"), (CLIENT, {"role": "contractor"}, "not as contractor"),
    (CLIENT, {"meaning": SignatureMeaning.REVIEW}, "must mean"),
    (CLIENT, {"content_sha256": "0" * 64}, "another version"),
])  # fmt: skip
def test_a_hold_is_released_by_its_owner_and_not_by_who_inspected(
    who: Actor, changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(Refused, match=text):
        let_go(linked_to(begun(), inspected()), who, **changes)


def test_a_party_without_a_point_releases_nothing() -> None:
    execution = linked_to(begun(), inspected())
    signature = Signature(
        "x", "X", SignatureMeaning.APPROVAL, "authority", NOW, release_digest(execution, Capacity.AUTHORITY)
    )
    with pytest.raises(Refused, match="no point"):
        release(execution, Capacity.AUTHORITY, signature)


# rule 4: an execution is pinned to the issues of plan and model that it began with


@pytest.mark.parametrize("status", [s for s in PlanStatus if s is not PlanStatus.APPROVED])
def test_work_follows_the_issue_that_is_in_force(status: PlanStatus) -> None:
    with pytest.raises(Refused, match="in force"):
        start_execution(
            replace(PLAN, status=status), "tidy", "x", global_ids=("a",), model_revision="m1", others=(),
            actor=FOREMAN, now=NOW,
        )  # fmt: skip


@pytest.mark.parametrize("pin", [
    {"plan_revision": 2}, {"plan": "other"}, {"model_revision": "m2"}, {"item": "pour"},
])  # fmt: skip
def test_an_inspection_by_another_issue_is_not_linked(pin: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="another issue"):
        linked_to(begun(), inspected(**pin))


def test_an_inspection_is_signed_about_these_elements_and_linked_once() -> None:
    once = linked_to(begun(), inspected())
    with pytest.raises(Refused, match="linked already"):
        linked_to(once, inspected())
    with pytest.raises(Invalid, match="none of the elements"):
        linked_to(begun(), inspected(ids=("z",)))
    for unsigned in (replace(inspected(), signature=None), replace(inspected(), state=InspectionState.CANCELLED)):
        with pytest.raises(Refused, match="not signed"):
            linked_to(begun(), unsigned)
    with pytest.raises(Refused, match="another issue"):
        linked_to(begun(), replace(inspected(), pin=None))
    with pytest.raises(Invalid, match="none of the elements"):
        link_ncr(begun(), LinkedNcr("n", NcrAnswer.OPEN, ("z",), NOW))


def test_what_began_keeps_its_points_when_the_plan_is_revised() -> None:
    execution = begun()
    assert (execution.plan, execution.plan_revision, execution.model_revision) == ("plan", 1, "m1")
    assert execution.points == PLAN.item("rebar").points
    assert from_json(to_json(all_let_go()), PlanExecution) == all_let_go()


@pytest.mark.parametrize("ids", [(), ("a", "a")])
def test_an_execution_is_on_elements_each_once(ids: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match="each named once"):
        begun(ids=ids)


def test_an_item_about_certain_elements_is_carried_out_on_those() -> None:
    plan = replace(PLAN, items=(*PLAN.items[:3], replace(PLAN.items[3], global_ids=("a",))))
    with pytest.raises(Invalid, match="not about b"):
        start_execution(
            plan, "tidy", "x", global_ids=("a", "b"), model_revision="m1", others=(), actor=FOREMAN, now=NOW
        )


def test_work_that_began_before_it_was_written_down_counts_from_then_on() -> None:
    early = begun(began_at=NOW - HOUR)
    assert linked_to(early, inspected(at=NOW - HOUR)).inspections
    with pytest.raises(Refused, match="is from before 'look at rebar' began"):
        linked_to(begun(), inspected(at=NOW - HOUR))
    with pytest.raises(Invalid, match="began since"):
        begun(began_at=NOW + HOUR)


# rule 5: who came acts for the party


def test_who_came_acts_for_the_party_and_writes_it_down_or_a_quality_manager_with_proof() -> None:
    came = Attendance(Capacity.CONSULTANT, "c", NOW)
    foreman = Member("f", "p" * 32, "f", "o", Role.SITE_MANAGER, (Capacity.CONTRACTOR,))
    manager = Member("q", "p" * 32, "q", "o", Role.QUALITY_MANAGER, (Capacity.QUALITY_MANAGER,))
    with pytest.raises(NotAllowed, match="does not act as consultant"):
        attended(begun(), replace(came, person="f"), person=foreman, recorder=foreman)
    with pytest.raises(NotAllowed, match="recorded by themselves"):
        attended(begun(), came, recorder=foreman)
    with pytest.raises(Refused, match="in writing"):
        attended(begun(), came, recorder=manager)
    shown = attended(begun(), replace(came, proof=PROOF), recorder=manager)
    assert shown.attendances[0].recorded_by == "q"
    left = Member("m", "p" * 32, "c", "o", Role.DESIGNER, (Capacity.CONSULTANT,), active=False)
    with pytest.raises(NotAllowed, match="does not act"):
        attended(begun(), came, person=left, recorder=left)
    for at in (NOW - HOUR, NOW + 2 * HOUR):
        with pytest.raises(Invalid, match="correct the time"):
            attended(begun(), replace(came, at=at))


# rule 6: what speaks for an item was asked what the item asks
