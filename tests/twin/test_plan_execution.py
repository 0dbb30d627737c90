from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from geometry.verdict import Outcome
from twin.access import Capacity
from twin.characteristic import CharacteristicKind, InspectionCharacteristic, Reading
from twin.errors import Invalid, Refused
from twin.execution_record import Attendance, LinkedNcr, NcrAnswer, Notification, PlanExecution
from twin.inspection import Inspection, InspectionState, PlanPin
from twin.inspection_lot import whole_lot
from twin.inspection_plan import (
    Criterion,
    InspectionPlan,
    Method,
    PlanItem,
    PlanPoint,
    PlanStatus,
    PointCode,
    Reference,
    Stage,
)
from twin.inspection_steps import record, sign, signing_digest, start
from twin.plan_execution import attend, link_inspection, link_ncr, missing_to_start, notify, start_execution
from twin.plan_release import missing_to_proceed, missing_to_release, release, release_digest
from twin.record import Actor, Evidence, EvidenceKind, Signature, SignatureMeaning
from twin.store.codec import from_json, to_json

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
FOREMAN, INSPECTOR, CLIENT = Actor("foreman", "Foreman"), Actor("inspector", "Inspector"), Actor("client", "Client")
PROOF = Evidence(EvidenceKind.DOCUMENT, "ab" * 32)
DO = PlanPoint(Capacity.CONTRACTOR, PointCode.INSPECT)
HOLD = PlanPoint(Capacity.CUSTOMER, PointCode.HOLD, 24)
WITNESS = PlanPoint(Capacity.CONSULTANT, PointCode.WITNESS, 48)
CLEAN = InspectionCharacteristic("b", "clean", CharacteristicKind.BOOLEAN, photo_on_fail=False)


def _item(ident: str, sequence: int, *points: PlanPoint, **fields: Any) -> PlanItem:
    item = PlanItem(
        ident, sequence, f"look at {ident}", Stage.AFTER, ("clean",), Reference("spec 3.1"),
        Criterion(statement="clean"), Method.VISUAL, (DO, *points),
    )  # fmt: skip
    return replace(item, **fields)


PLAN = InspectionPlan(
    "plan", "p" * 32, "T-ITP-001", "Structure", "author", status=PlanStatus.APPROVED,
    items=(
        _item("rebar", 1, HOLD, WITNESS), _item("pour", 2, follows=("rebar",)),
        _item("strike", 3, follows=("pour",)), _item("tidy", 4),
    ),
)  # fmt: skip


def _begin(item: str = "rebar", *, ids: tuple[str, ...] = ("a", "b"), **fields: Any) -> PlanExecution:
    given: dict[str, Any] = {"others": (), "zone": "", "model_revision": "m1"}
    return start_execution(PLAN, item, f"x-{item}", global_ids=ids, actor=FOREMAN, now=NOW, **(given | fields))


def _inspected(
    ident: str = "i1", *, ids: tuple[str, ...] = ("a", "b"), good: bool = True, at: datetime = NOW, **pin: Any
) -> Inspection:
    pinned = replace(PlanPin("plan", 1, "rebar", "m1"), **pin)
    size = Decimal(len(ids))
    inspection = Inspection(ident, "p" * 32, ident, "rebar", ids, size, "pcs", whole_lot(ids), (CLEAN,), pin=pinned)
    inspection = start(inspection, (), actor=INSPECTOR, now=at)
    for global_id in ids:
        inspection = record(inspection, Reading("b", global_id, INSPECTOR.id, at, flag=good))
    signature = Signature(INSPECTOR.id, "I", SignatureMeaning.AUTHORSHIP, "inspector", at, signing_digest(inspection))
    return sign(inspection, signature, actor=INSPECTOR, now=at)


def _release(execution: PlanExecution, who: Actor = CLIENT, **changes: Any) -> PlanExecution:
    digest = release_digest(execution, Capacity.CUSTOMER)
    signature = Signature(who.id, who.name, SignatureMeaning.APPROVAL, "customer", NOW, digest)
    return release(execution, Capacity.CUSTOMER, replace(signature, **changes))


def _seen(execution: PlanExecution) -> PlanExecution:
    return attend(execution, Attendance(Capacity.CONSULTANT, "c", NOW))


def _free() -> PlanExecution:
    return _release(_seen(link_inspection(_begin(), _inspected())))


# rule 1: the next item is blocked while a hold is unreleased


def test_the_next_item_waits_for_the_hold_also_through_items_without_one() -> None:
    waiting = _seen(_begin())
    for item in ("pour", "strike"):
        with pytest.raises(Refused) as caught:
            _begin(item, others=(waiting,))
        assert caught.value.missing == ("release of 'look at rebar' by the customer",)
        assert _begin(item, others=(_free(),)).item == item
    assert _begin("tidy", others=(waiting,)).item == "tidy", "what does not follow it does not wait"


def test_a_hold_that_was_never_reached_blocks_as_well() -> None:
    assert missing_to_start(PLAN, "pour", (), global_ids=("a",), zone="east", now=NOW) == ("'look at rebar' in east",)
    with pytest.raises(Refused, match="look at rebar"):
        _begin("pour")


def test_each_place_waits_for_its_own() -> None:
    east = replace(_free(), zone="east")
    assert _begin("pour", others=(east,), zone="east").zone == "east"
    with pytest.raises(Refused, match="west"):
        _begin("pour", others=(east,), zone="west")
    assert _begin("pour", others=(replace(east, zone=""),), zone="west").zone == "west"
    waiting_west = replace(_seen(_begin()), zone="west")
    assert _begin("pour", others=(east, waiting_west), zone="east")
    with pytest.raises(Refused, match="release"):
        _begin("pour", others=(east, waiting_west))  # everywhere is also in the west


def test_every_element_that_the_item_before_is_about_must_have_been_looked_at() -> None:
    items = (replace(PLAN.items[0], global_ids=("a", "b", "c")), *PLAN.items[1:])
    plan = replace(PLAN, items=items)
    missing = missing_to_start(plan, "pour", (_free(),), global_ids=("a", "c", "slab"), zone="", now=NOW)
    assert missing == ("'look at rebar' of c",)
    assert missing_to_start(plan, "pour", (_free(),), global_ids=("a", "slab"), zone="", now=NOW) == ()


def test_executions_of_another_plan_say_nothing() -> None:
    with pytest.raises(Refused, match="look at rebar"):
        _begin("pour", others=(replace(_free(), plan_number="T-ITP-002"),))


# rule 2: a witness may be passed over when its notice is over and proof of it exists


def _notified(sent: datetime, invited: datetime, proof: Evidence | None = PROOF) -> PlanExecution:
    execution = _release(link_inspection(_begin(), _inspected()))
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
    execution = _release(link_inspection(_begin(), _inspected()))
    assert len(missing_to_proceed(execution, now=NOW + 1000 * HOUR)) == 1
    assert missing_to_proceed(_seen(execution), now=NOW) == ()
    wrong = attend(execution, Attendance(Capacity.CUSTOMER, "c", NOW))
    assert len(missing_to_proceed(wrong, now=NOW)) == 1


def test_an_invitation_leaves_the_whole_notice() -> None:
    with pytest.raises(Refused, match="48 h notice: invite it from 2026-03-03 08:00"):
        _notified(NOW, NOW + 47 * HOUR)
    assert missing_to_proceed(_notified(NOW, NOW + 72 * HOUR), now=NOW + 60 * HOUR) != (), "invited for later"
    with pytest.raises(Invalid, match="not before"):
        notify(_begin(), Notification(Capacity.CONSULTANT, NOW + HOUR, NOW + 99 * HOUR), now=NOW)
    with pytest.raises(Invalid, match="before the notice"):
        Notification(Capacity.CONSULTANT, NOW, NOW - HOUR)
    with pytest.raises(Refused, match="no point"):
        notify(_begin(), Notification(Capacity.AUTHORITY, NOW, NOW + 99 * HOUR), now=NOW)
    with pytest.raises(Refused, match="no point"):
        attend(_begin(), Attendance(Capacity.AUTHORITY, "x", NOW))


# rule 3: a release rests on passing inspections or on answered nonconformances


def test_nothing_is_released_without_a_passing_inspection_of_each_element() -> None:
    assert missing_to_release(_begin()) == tuple(
        f"a passing inspection, a closed NCR or a concession for {g}" for g in ("a", "b")
    )
    with pytest.raises(Refused, match="for a"):
        _release(_begin())
    half = link_inspection(_begin(), _inspected(ids=("a",)))
    with pytest.raises(Refused, match="for b"):
        _release(half)
    assert _release(link_inspection(half, _inspected("i2", ids=("b",)))).releases[0].party is Capacity.CUSTOMER


@pytest.mark.parametrize(("answer", "released"), [
    (NcrAnswer.OPEN, False), (NcrAnswer.CLOSED, True), (NcrAnswer.CONCESSION, True),
])  # fmt: skip
def test_a_failure_is_released_on_an_answered_ncr_only(answer: NcrAnswer, released: bool) -> None:
    failed = link_inspection(_begin(), _inspected(good=False))
    assert failed.inspections[0].outcome is Outcome.FAIL
    execution = link_ncr(failed, LinkedNcr("n1", answer, ("a", "b"), NOW + HOUR))
    if released:
        assert _release(execution).releases
    else:
        with pytest.raises(Refused):
            _release(execution)


def test_an_open_ncr_blocks_what_passed_and_the_last_word_counts() -> None:
    passed = link_inspection(_begin(), _inspected())
    opened = link_ncr(passed, LinkedNcr("n1", NcrAnswer.OPEN, ("b",), NOW))
    assert len(missing_to_release(opened)) == 1
    closed = link_ncr(opened, LinkedNcr("n1", NcrAnswer.CLOSED, ("b",), NOW + HOUR))
    assert (len(closed.ncrs), missing_to_release(closed)) == (1, ())
    later = link_inspection(closed, _inspected("i2", ids=("b",), good=False, at=NOW + 2 * HOUR))
    assert len(missing_to_release(later)) == 1
    same_moment = link_inspection(closed, _inspected("i2", ids=("b",), good=False, at=NOW + HOUR))
    assert len(missing_to_release(same_moment)) == 1


def test_what_is_found_after_a_release_has_to_be_released_anew() -> None:
    free = _free()
    assert missing_to_proceed(free, now=NOW) == ()
    again = link_inspection(free, _inspected("i2", good=False, at=NOW + HOUR))
    assert "release" in missing_to_proceed(again, now=NOW)[0]
    mended = link_inspection(again, _inspected("i3", at=NOW + 2 * HOUR))
    assert missing_to_release(mended) == ()
    assert "release" in missing_to_proceed(mended, now=NOW)[0], "the owner of the hold has not seen it"
    released = _release(mended)
    assert (missing_to_proceed(released, now=NOW), len(released.releases)) == ((), 1)
    assert missing_to_proceed(link_inspection(free, _inspected("i4", at=NOW + HOUR)), now=NOW) == ()
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
        _release(link_inspection(_begin(), _inspected()), who, **changes)


def test_a_party_without_a_point_releases_nothing() -> None:
    execution = link_inspection(_begin(), _inspected())
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
        link_inspection(_begin(), _inspected(**pin))


def test_an_inspection_is_signed_about_these_elements_and_linked_once() -> None:
    once = link_inspection(_begin(), _inspected())
    with pytest.raises(Refused, match="linked already"):
        link_inspection(once, _inspected())
    with pytest.raises(Invalid, match="none of the elements"):
        link_inspection(_begin(), _inspected(ids=("z",)))
    for unsigned in (replace(_inspected(), signature=None), replace(_inspected(), state=InspectionState.CANCELLED)):
        with pytest.raises(Refused, match="not signed"):
            link_inspection(_begin(), unsigned)
    with pytest.raises(Refused, match="another issue"):
        link_inspection(_begin(), replace(_inspected(), pin=None))
    with pytest.raises(Invalid, match="none of the elements"):
        link_ncr(_begin(), LinkedNcr("n", NcrAnswer.OPEN, ("z",), NOW))


def test_what_began_keeps_its_points_when_the_plan_is_revised() -> None:
    execution = _begin()
    assert (execution.plan, execution.plan_revision, execution.model_revision) == ("plan", 1, "m1")
    assert execution.points == PLAN.item("rebar").points
    assert from_json(to_json(_free()), PlanExecution) == _free()


@pytest.mark.parametrize("ids", [(), ("a", "a")])
def test_an_execution_is_on_elements_each_once(ids: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match="each named once"):
        _begin(ids=ids)


def test_an_item_about_certain_elements_is_carried_out_on_those() -> None:
    plan = replace(PLAN, items=(*PLAN.items[:3], replace(PLAN.items[3], global_ids=("a",))))
    with pytest.raises(Invalid, match="not about b"):
        start_execution(
            plan, "tidy", "x", global_ids=("a", "b"), model_revision="m1", others=(), actor=FOREMAN, now=NOW
        )
