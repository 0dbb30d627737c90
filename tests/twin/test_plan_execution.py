from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from geometry.verdict import Outcome
from twin.access import Capacity, Role
from twin.characteristic import CharacteristicKind, InspectionCharacteristic, Reading
from twin.errors import Invalid, NotAllowed, Refused
from twin.execution_record import Attendance, LinkedNcr, NcrAnswer, Notification, PlanExecution
from twin.inspection import Inspection, InspectionState, PlanPin
from twin.inspection_lot import draw_sample, whole_lot
from twin.inspection_plan import (
    Criterion,
    Frequency,
    FrequencyKind,
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
from twin.plan_execution import (
    attend,
    link_check,
    link_inspection,
    link_ncr,
    missing_to_start,
    notify,
    redate_checks,
    start_execution,
    unlink_check,
)
from twin.plan_release import missing_to_proceed, missing_to_release, release, release_digest
from twin.project import CheckRun, Member, RegistrationRecord, RegistrationStatus
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


def _link(execution: PlanExecution, inspection: Inspection, **item: Any) -> PlanExecution:
    return link_inspection(execution, replace(PLAN.item(execution.item), **item), inspection)


def _left(execution: PlanExecution, now: datetime = NOW + 5 * HOUR) -> tuple[str, ...]:
    return missing_to_release(execution, now=now)


def _attend(execution: PlanExecution, attendance: Attendance, **fields: Any) -> PlanExecution:
    person = Member("m", "p" * 32, attendance.person, "o", Role.DESIGNER, (Capacity.CONSULTANT,))
    given: dict[str, Any] = {"person": person, "recorder": person, "now": NOW + HOUR}
    return attend(execution, attendance, **(given | fields))


def _seen(execution: PlanExecution) -> PlanExecution:
    return _attend(execution, Attendance(Capacity.CONSULTANT, "c", NOW))


def _free() -> PlanExecution:
    return _release(_seen(_link(_begin(), _inspected())))


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

    def missing(*ids: str, zone: str = "", there: str = "") -> tuple[str, ...]:
        done = replace(_free(), zone=there)
        return missing_to_start(plan, "pour", (done,), global_ids=ids, zone=zone, now=NOW)

    assert missing("a", "c") == ("'look at rebar' of c",)
    assert missing("a", "b") == ()
    assert missing("slab") == ("'look at rebar' of c",), "what is no element of its own stands on all of them"
    assert missing("slab", zone="east", there="east") == (), "but in a zone on those that were named there"


def test_an_item_without_elements_frees_those_that_it_was_carried_out_on() -> None:
    only_b = _release(_seen(_link(_begin(ids=("b",)), _inspected(ids=("b",)))))
    assert missing_to_start(PLAN, "pour", (only_b,), global_ids=("b",), zone="", now=NOW) == ()
    for zone in ("", "east"):
        missing = missing_to_start(PLAN, "pour", (replace(only_b, zone=zone),), global_ids=("a",), zone=zone, now=NOW)
        assert missing == ("'look at rebar' of a",)
    waiting = _begin(ids=("c",))
    assert missing_to_start(PLAN, "pour", (only_b, waiting), global_ids=("b",), zone="", now=NOW) == ()


def test_executions_of_another_plan_say_nothing() -> None:
    with pytest.raises(Refused, match="look at rebar"):
        _begin("pour", others=(replace(_free(), plan_number="T-ITP-002"),))


# rule 2: a witness may be passed over when its notice is over and proof of it exists


def _notified(sent: datetime, invited: datetime, proof: Evidence | None = PROOF) -> PlanExecution:
    execution = _release(_link(_begin(), _inspected()))
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
    execution = _release(_link(_begin(), _inspected()))
    assert len(missing_to_proceed(execution, now=NOW + 1000 * HOUR)) == 1
    assert missing_to_proceed(_seen(execution), now=NOW) == ()
    owner = Member("m", "p" * 32, "c", "o", Role.OWNER, (Capacity.CUSTOMER,))
    wrong = _attend(execution, Attendance(Capacity.CUSTOMER, "c", NOW), person=owner, recorder=owner)
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
        _attend(_begin(), Attendance(Capacity.AUTHORITY, "x", NOW))


# rule 3: a release rests on passing inspections or on answered nonconformances


def test_nothing_is_released_without_a_passing_inspection_of_each_element() -> None:
    assert _left(_begin()) == tuple(
        f"a passing inspection or check, a closed NCR or a concession for {g}" for g in ("a", "b")
    )
    with pytest.raises(Refused, match="for a"):
        _release(_begin())
    half = _link(_begin(), _inspected(ids=("a",)))
    with pytest.raises(Refused, match="for b"):
        _release(half)
    assert _release(_link(half, _inspected("i2", ids=("b",)))).releases[0].party is Capacity.CUSTOMER


@pytest.mark.parametrize(("answer", "released"), [
    (NcrAnswer.OPEN, False), (NcrAnswer.WITHDRAWN, False), (NcrAnswer.CLOSED, True), (NcrAnswer.CONCESSION, True),
])  # fmt: skip
def test_a_failure_is_released_on_an_answered_ncr_only(answer: NcrAnswer, released: bool) -> None:
    failed = _link(_begin(), _inspected(good=False))
    assert failed.inspections[0].outcome is Outcome.FAIL
    execution = link_ncr(failed, LinkedNcr("n1", answer, ("a", "b"), NOW + HOUR, ("a", "b") if released else ()))
    if released:
        assert _release(execution).releases
    else:
        with pytest.raises(Refused):
            _release(execution)


def test_an_open_ncr_blocks_what_passed_and_the_last_word_counts() -> None:
    passed = _link(_begin(), _inspected())
    opened = link_ncr(passed, LinkedNcr("n1", NcrAnswer.OPEN, ("b",), NOW))
    assert len(_left(opened)) == 1
    closed = link_ncr(opened, LinkedNcr("n1", NcrAnswer.CLOSED, ("b",), NOW + HOUR, ("b",)))
    assert (len(closed.ncrs), _left(closed)) == (1, ())
    later = _link(closed, _inspected("i2", ids=("b",), good=False, at=NOW + 2 * HOUR))
    assert len(_left(later)) == 1
    same_moment = _link(closed, _inspected("i2", ids=("b",), good=False, at=NOW + HOUR))
    assert len(_left(same_moment)) == 1


def test_what_is_found_after_a_release_has_to_be_released_anew() -> None:
    free = _free()
    assert missing_to_proceed(free, now=NOW) == ()
    again = _link(free, _inspected("i2", good=False, at=NOW + HOUR))
    assert "release" in missing_to_proceed(again, now=NOW)[0]
    mended = _link(again, _inspected("i3", at=NOW + 2 * HOUR))
    assert _left(mended) == ()
    assert "release" in missing_to_proceed(mended, now=NOW)[0], "the owner of the hold has not seen it"
    released = _release(mended)
    assert (missing_to_proceed(released, now=NOW), len(released.releases)) == ((), 1)
    assert missing_to_proceed(_link(free, _inspected("i4", at=NOW + HOUR)), now=NOW) == ()
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
        _release(_link(_begin(), _inspected()), who, **changes)


def test_a_party_without_a_point_releases_nothing() -> None:
    execution = _link(_begin(), _inspected())
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
        _link(_begin(), _inspected(**pin))


def test_an_inspection_is_signed_about_these_elements_and_linked_once() -> None:
    once = _link(_begin(), _inspected())
    with pytest.raises(Refused, match="linked already"):
        _link(once, _inspected())
    with pytest.raises(Invalid, match="none of the elements"):
        _link(_begin(), _inspected(ids=("z",)))
    for unsigned in (replace(_inspected(), signature=None), replace(_inspected(), state=InspectionState.CANCELLED)):
        with pytest.raises(Refused, match="not signed"):
            _link(_begin(), unsigned)
    with pytest.raises(Refused, match="another issue"):
        _link(_begin(), replace(_inspected(), pin=None))
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


def test_work_that_began_before_it_was_written_down_counts_from_then_on() -> None:
    early = _begin(began_at=NOW - HOUR)
    assert _link(early, _inspected(at=NOW - HOUR)).inspections
    with pytest.raises(Refused, match="is from before 'look at rebar' began"):
        _link(_begin(), _inspected(at=NOW - HOUR))
    with pytest.raises(Invalid, match="began since"):
        _begin(began_at=NOW + HOUR)


# rule 5: who came acts for the party


def test_who_came_acts_for_the_party_and_writes_it_down_or_a_quality_manager_with_proof() -> None:
    came = Attendance(Capacity.CONSULTANT, "c", NOW)
    foreman = Member("f", "p" * 32, "f", "o", Role.SITE_MANAGER, (Capacity.CONTRACTOR,))
    manager = Member("q", "p" * 32, "q", "o", Role.QUALITY_MANAGER, (Capacity.QUALITY_MANAGER,))
    with pytest.raises(NotAllowed, match="does not act as consultant"):
        _attend(_begin(), replace(came, person="f"), person=foreman, recorder=foreman)
    with pytest.raises(NotAllowed, match="recorded by themselves"):
        _attend(_begin(), came, recorder=foreman)
    with pytest.raises(Refused, match="in writing"):
        _attend(_begin(), came, recorder=manager)
    shown = _attend(_begin(), replace(came, proof=PROOF), recorder=manager)
    assert shown.attendances[0].recorded_by == "q"
    left = Member("m", "p" * 32, "c", "o", Role.DESIGNER, (Capacity.CONSULTANT,), active=False)
    with pytest.raises(NotAllowed, match="does not act"):
        _attend(_begin(), came, person=left, recorder=left)
    for at in (NOW - HOUR, NOW + 2 * HOUR):
        with pytest.raises(Invalid, match="correct the time"):
            _attend(_begin(), replace(came, at=at))


# rule 6: what speaks for an item was asked what the item asks

AXIS = InspectionCharacteristic(
    "c1", "axis position", CharacteristicKind.NUMERIC, lower=Decimal(-8), upper=Decimal(8), unit="mm",
    resolution=Decimal("0.1"),
)  # fmt: skip
BY_AXIS: dict[str, Any] = {
    "characteristics": ("axis_position",), "criterion": Criterion(Decimal(-8), Decimal(8), "mm"),
    "reference": Reference("GB 50204-2015", "8.3.2"),
}  # fmt: skip


def _asked(*questions: InspectionCharacteristic, sample: int = 2, ids: tuple[str, ...] = ("a", "b")) -> Inspection:
    drawn = draw_sample(ids, sample, seed=0) if sample < len(ids) else whole_lot(ids)
    pin, size = PlanPin("plan", 1, "rebar", "m1"), Decimal(len(ids))
    made = Inspection("i", "p" * 32, "I-1", "rebar", ids, size, "pcs", drawn, questions, pin=pin)
    made = start(made, (), actor=INSPECTOR, now=NOW)
    signature = Signature(INSPECTOR.id, "I", SignatureMeaning.AUTHORSHIP, "inspector", NOW, signing_digest(made))
    return replace(made, state=InspectionState.SIGNED, signature=signature)


@pytest.mark.parametrize(("question", "text"), [
    (AXIS, ""), (replace(AXIS, name="Axis_Position "), ""), (replace(AXIS, lower=Decimal(-5)), ""),
    (replace(AXIS, lower=Decimal("-0.8"), upper=Decimal("0.8"), unit="cm"), ""),
    (replace(AXIS, name="painted"), "does not look at 'axis_position'"),
    (replace(AXIS, upper=Decimal(9)), "accepts more"), (replace(AXIS, lower=None), "accepts more"),
    (replace(AXIS, unit="cm"), "accepts more"), (replace(AXIS, required=False), "accepts more"),
    (replace(CLEAN, id="z", name="axis position"), "accepts more"),
])  # fmt: skip
def test_an_inspection_asks_for_the_items_characteristic_within_its_limits(
    question: InspectionCharacteristic, text: str
) -> None:
    if not text:
        assert _link(_begin(), _asked(question), **BY_AXIS).inspections[0].global_ids == ("a", "b")
        return
    with pytest.raises(Refused, match=text) as caught:
        _link(_begin(), _asked(question, CLEAN), **BY_AXIS)
    assert caught.value.missing[0].startswith("an inspection of 'axis_position'")


def test_answers_are_compared_as_well() -> None:
    choice = InspectionCharacteristic(
        "k", "clean", CharacteristicKind.CHOICE, choices=("good", "fair", "bad"), conforming=("good", "fair")
    )
    strict, wide = Criterion(answers=("Good",)), Criterion(answers=("good", "fair"))
    assert _link(_begin(), _asked(choice), criterion=wide).inspections
    with pytest.raises(Refused, match="accepts more than 'look at rebar' does: inspect within Good"):
        _link(_begin(), _asked(choice), criterion=strict)
    assert _link(_begin(), _asked(CLEAN), criterion=Criterion(answers=("yes",))).inspections
    with pytest.raises(Refused, match="accepts more"):
        _link(_begin(), _asked(CLEAN), criterion=Criterion(answers=("no",)))


TWENTY = tuple(f"c{i:02}" for i in range(20))


def test_where_each_is_asked_for_only_what_was_looked_at_counts() -> None:
    one = _link(_begin(ids=TWENTY), _asked(CLEAN, sample=1, ids=TWENTY))
    assert len(one.inspections[0].global_ids) == 1
    assert len(_left(one)) >= 19


@pytest.mark.parametrize(("frequency", "least"), [
    (Frequency(FrequencyKind.SAMPLE, Decimal(3), "pcs"), 3), (Frequency(FrequencyKind.SAMPLE, Decimal(50), "pcs"), 20),
    (Frequency(FrequencyKind.PERCENT, Decimal(21)), 5), (Frequency(FrequencyKind.PER_QUANTITY, Decimal(6), "pcs"), 4),
])  # fmt: skip
def test_a_sample_is_no_smaller_than_the_item_asks(frequency: Frequency, least: int) -> None:
    enough = _link(_begin(ids=TWENTY), _asked(CLEAN, sample=least, ids=TWENTY), frequency=frequency)
    assert enough.inspections[0].global_ids == TWENTY
    with pytest.raises(Refused, match=f"asks for {least}"):
        _link(_begin(ids=TWENTY), _asked(CLEAN, sample=least - 1, ids=TWENTY), frequency=frequency)


def test_a_part_of_the_plans_lot_takes_its_share_of_the_sample() -> None:
    item: dict[str, Any] = {
        "global_ids": (*TWENTY, *(f"d{i}" for i in range(71))),
        "frequency": Frequency(FrequencyKind.SAMPLE, Decimal(8), "pcs"),
    }
    assert _link(_begin(ids=TWENTY), _asked(CLEAN, sample=3, ids=TWENTY), **item).inspections
    with pytest.raises(Refused, match="asks for 3"):
        _link(_begin(ids=TWENTY), _asked(CLEAN, sample=2, ids=TWENTY), **item)
    cubic = Frequency(FrequencyKind.PER_QUANTITY, Decimal(6), "m³")
    with pytest.raises(Refused, match="counts m³"):
        _link(_begin(ids=TWENTY), _asked(CLEAN, ids=TWENTY), frequency=cubic)


# rule 7: an item that is measured by scan is released on a check

BY_SCAN = BY_AXIS | {"method": Method.SCAN_VS_BIM}


def _run(**fields: Any) -> CheckRun:
    pose = tuple(Decimal(int(i % 5 == 0)) for i in range(16))
    run = CheckRun(
        "k", "p" * 32, "m1", "e", "ab" * 32, ("cd" * 32,), "GB 50204-2015", "0.1.0", 0, NOW, NOW,
        RegistrationRecord(RegistrationStatus.ACCEPTED, "icp", pose), PROOF,
    )  # fmt: skip
    return replace(run, **fields)


def _found(verdict: str = "pass", **fields: Any) -> dict[str, Any]:
    found = {
        "characteristic": "axis_position",
        "source": "GB 50204-2015, table 8.3.2",
        "lower_mm": -8.0,
        "upper_mm": 8.0,
    }
    return found | {"verdict": verdict} | fields


def _checked(run: CheckRun | None = None, at: datetime = NOW, **measured: dict[str, Any]) -> PlanExecution:
    item = replace(PLAN.item("rebar"), **BY_SCAN)
    rows = {g: [one] for g, one in (measured or {"a": _found(), "b": _found()}).items()}
    return link_check(_begin(), item, run or _run(), rows, captured_at=at, actor=FOREMAN)


def test_a_hold_is_released_on_a_check_that_passed_by_somebody_else() -> None:
    checked = _checked()
    assert (checked.checks[0].check, _left(checked)) == ("k", ())
    assert _release(checked).releases[0].basis == ("k",)
    with pytest.raises(Refused, match="took the check for it"):
        _release(checked, FOREMAN)
    assert from_json(to_json(_release(checked)), PlanExecution) == _release(checked)


@pytest.mark.parametrize("verdict", ["fail", "indeterminate", "not_measured"])
def test_what_a_check_did_not_pass_is_not_released(verdict: str) -> None:
    checked = _checked(a=_found(), b=_found(verdict))
    assert _left(checked) == ("a passing inspection or check, a closed NCR or a concession for b",)
    by_hand = _link(checked, _inspected(ids=("b",), at=NOW + HOUR))
    assert _left(by_hand) == (), "what the scan left open is inspected by hand"
    again = _checked(a=_found())
    assert "for b" in _left(again)[0], "what it does not name it says nothing of"


def test_what_a_check_does_not_see_leaves_what_was_inspected_before() -> None:
    item = replace(PLAN.item("rebar"), **BY_SCAN)
    seen = {"a": [_found()], "b": [_found("not_measured")]}
    later = link_check(
        _link(_begin(), _inspected()), item, _run(), seen, captured_at=NOW + HOUR, actor=FOREMAN
    )  # fmt: skip
    assert _left(later) == ()
    failed = seen | {"b": [_found("fail")]}
    worse = link_check(
        _link(_begin(), _inspected()), item, _run(), failed, captured_at=NOW + HOUR, actor=FOREMAN
    )  # fmt: skip
    assert len(_left(worse)) == 1


@pytest.mark.parametrize("other", [
    {"lower_mm": -20.0, "upper_mm": 20.0}, {"upper_mm": None}, {"source": "user"}, {"source": "DIN 18202"},
])  # fmt: skip
def test_a_check_by_other_tolerances_says_nothing(other: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="check by the same tolerances"):
        _checked(a=_found(**other), b=_found(**other))
    half = _checked(a=_found(), b=_found(**other))
    assert "for b" in _left(half)[0]


@pytest.mark.parametrize(("run", "text"), [
    (_run(registration=RegistrationRecord(RegistrationStatus.REFUSED, "icp"), counts=False), "refused"),
    (_run(revision="m2"), "another revision"), (_run(project="q" * 32), "another revision"),
    (_run(counts=False), "for information"),
])  # fmt: skip
def test_a_check_that_does_not_fit_is_not_linked(run: CheckRun, text: str) -> None:
    with pytest.raises(Refused, match=text):
        _checked(run)


def test_a_check_is_of_the_items_method_its_time_and_linked_once() -> None:
    with pytest.raises(Refused, match="measured by visual"):
        link_check(_begin(), PLAN.item("rebar"), _run(), {"a": [_found()]}, captured_at=NOW, actor=FOREMAN)
    with pytest.raises(Refused, match="is from before"):
        _checked(at=NOW - HOUR)
    item = replace(PLAN.item("rebar"), **BY_SCAN)
    with pytest.raises(Refused, match="linked already"):
        link_check(_checked(), item, _run(), {"a": [_found()]}, captured_at=NOW, actor=FOREMAN)
    with pytest.raises(Invalid, match="measured nothing"):
        _checked(z=_found())


def test_a_check_whose_scan_was_dated_anew_speaks_as_of_then_and_one_that_counts_no_more_not_at_all() -> None:
    checked = _checked(at=NOW + HOUR)
    assert redate_checks(checked, {"another"}, NOW - HOUR) == checked
    assert _left(redate_checks(checked, {"k"}, NOW + 2 * HOUR)) == ()
    assert len(_left(redate_checks(checked, {"k"}, NOW - HOUR))) == 2, "it is older than the work"
    assert len(_left(unlink_check(checked, "k"))) == 2
    released = _release(checked)
    assert redate_checks(released, {"k"}, NOW - HOUR) == unlink_check(released, "k") == released, "it is signed"


def test_a_concession_speaks_while_it_holds() -> None:
    asis = LinkedNcr("n1", NcrAnswer.CONCESSION, ("a", "b"), NOW, ("a", "b"), NOW + HOUR)
    execution = link_ncr(_begin(), asis)
    assert _left(execution, NOW) == ()
    assert len(_left(execution, NOW + HOUR)) == 2
    withdrawn = link_ncr(_free(), LinkedNcr("n2", NcrAnswer.WITHDRAWN, ("a",), NOW))
    assert missing_to_proceed(withdrawn, now=NOW) == ()
