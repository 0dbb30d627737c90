from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from twin.access import Capacity
from twin.errors import IllegalTransition, Invalid, NotFound, Refused
from twin.inspection_plan import (
    TRANSITIONS,
    Criterion,
    Frequency,
    FrequencyKind,
    InspectionPlan,
    Method,
    PlanEvent,
    PlanItem,
    PlanPoint,
    PlanStatus,
    PointCode,
    Reference,
    Stage,
    weakened_holds,
)
from twin.plan_steps import (
    allowed_events,
    approve,
    issue,
    missing_for,
    plan_digest,
    required_approvals,
    revise,
    send_back,
    set_items,
    sign,
    supersede,
)
from twin.record import Actor, Signature, SignatureMeaning
from twin.store.codec import from_json, to_json

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
AUTHOR, MANAGER, CLIENT = Actor("author", "Author"), Actor("qm", "Manager"), Actor("client", "Client")
PERFORM = PlanPoint(Capacity.CONTRACTOR, PointCode.INSPECT)
H = PlanPoint(Capacity.CUSTOMER, PointCode.HOLD, 24)
W = PlanPoint(Capacity.CONSULTANT, PointCode.WITNESS, 24)
PLUMB = Criterion(Decimal(-10), Decimal(10), "mm")


def _item(ident: str, sequence: int, *points: PlanPoint, **fields: Any) -> PlanItem:
    item = PlanItem(
        ident, sequence, f"look at {ident}", Stage.AFTER, ("verticality",), Reference("GB 50204-2015"), PLUMB,
        Method.SCAN_VS_BIM, (PERFORM, *points),
    )  # fmt: skip
    return replace(item, **fields)


COLUMNS, SLAB, PAINT = _item("columns", 1, H), _item("slab", 2, follows=("columns",)), _item("paint", 3, W)
DRAFT = InspectionPlan("v1", "p" * 32, "T-ITP-001", "Structure", AUTHOR.id, items=(COLUMNS, SLAB, PAINT))


def _approval(plan: InspectionPlan, who: Actor = MANAGER, role: str = "quality_manager", **changes: Any) -> Signature:
    signature = Signature(who.id, who.name, SignatureMeaning.APPROVAL, role, NOW, plan_digest(plan))
    return replace(signature, **changes)


def _issued(plan: InspectionPlan = DRAFT) -> InspectionPlan:
    return issue(plan, actor=AUTHOR, now=NOW)


def _signed(plan: InspectionPlan = DRAFT) -> InspectionPlan:
    issued = _issued(plan)
    return sign(issued, _approval(issued))


def _approved() -> InspectionPlan:
    return approve(_signed(), None, actor=MANAGER, now=NOW)


def _second(*items: PlanItem) -> InspectionPlan:
    draft = revise(_approved(), "v2", author=AUTHOR)
    return _signed(set_items(draft, items, actor=AUTHOR) if items else draft)


READY: dict[PlanStatus, Callable[[], InspectionPlan]] = {
    PlanStatus.DRAFT: lambda: DRAFT,
    PlanStatus.ISSUED_FOR_APPROVAL: _signed,
    PlanStatus.APPROVED: _approved,
    PlanStatus.SUPERSEDED: lambda: replace(_approved(), status=PlanStatus.SUPERSEDED),
}
DO: dict[PlanEvent, Callable[[InspectionPlan], InspectionPlan]] = {
    PlanEvent.ISSUE: lambda p: issue(p, actor=AUTHOR, now=NOW),
    PlanEvent.RETURN: lambda p: send_back(p, "one more witness", actor=MANAGER, now=NOW),
    PlanEvent.APPROVE: lambda p: approve(p, None, actor=MANAGER, now=NOW),
    PlanEvent.SUPERSEDE: lambda p: supersede(
        p, approve(_second(), _approved(), actor=MANAGER, now=NOW), actor=MANAGER, now=NOW
    ),
}


@pytest.mark.parametrize("status", PlanStatus)
@pytest.mark.parametrize("event", PlanEvent)
def test_every_pair_of_status_and_event(status: PlanStatus, event: PlanEvent) -> None:
    plan = READY[status]()
    assert plan.status is status
    after = TRANSITIONS.get((status, event))
    assert (event in allowed_events(plan)) == (after is not None)
    if after is None:
        with pytest.raises(IllegalTransition):
            DO[event](plan)
    else:
        moved = DO[event](plan)
        assert (moved.status, moved.steps[-1].event, moved.steps[-1].at) == (after, event, NOW)
        assert from_json(to_json(moved), InspectionPlan) == moved


def test_an_empty_plan_is_not_issued() -> None:
    with pytest.raises(Refused, match="an item"):
        issue(replace(DRAFT, items=()), actor=AUTHOR, now=NOW)


def test_approval_needs_a_valid_signature_of_the_quality_manager() -> None:
    assert missing_for(_issued(), PlanEvent.APPROVE, now=NOW) == ("approval as quality manager",)
    with pytest.raises(Refused, match="quality manager"):
        approve(_issued(), None, actor=MANAGER, now=NOW)
    stale = replace(_signed(), title="another plan")
    with pytest.raises(Refused, match="quality manager"):
        approve(stale, None, actor=MANAGER, now=NOW)


@pytest.mark.parametrize(("who", "role", "changes", "text"), [
    (AUTHOR, "quality_manager", {}, "wrote it"), (MANAGER, "king", {}, "nobody approves"),
    (MANAGER, "quality_manager", {"meaning": SignatureMeaning.REVIEW}, "must mean approval"),
    (MANAGER, "quality_manager", {"content_sha256": "0" * 64}, "another version"),
])  # fmt: skip
def test_who_wrote_it_does_not_approve_it(who: Actor, role: str, changes: dict[str, Any], text: str) -> None:
    issued = _issued()
    with pytest.raises(Refused, match=text):
        sign(issued, _approval(issued, who, role, **changes))


def test_one_person_approves_once_and_only_what_is_issued() -> None:
    signed = _signed()
    with pytest.raises(Refused, match="approved it already"):
        sign(signed, _approval(signed, MANAGER, "customer"))
    for plan in (DRAFT, _approved()):
        with pytest.raises(Refused, match="issued for them"):
            sign(plan, _approval(plan))


def test_sending_back_drops_the_approvals_and_says_why() -> None:
    assert send_back(_signed(), "typo", actor=MANAGER, now=NOW).approvals == ()
    with pytest.raises(Invalid, match="what has to be corrected"):
        send_back(_signed(), " ", actor=MANAGER, now=NOW)


@pytest.mark.parametrize("status", [s for s in PlanStatus if s is not PlanStatus.DRAFT])
def test_only_a_draft_is_changed(status: PlanStatus) -> None:
    with pytest.raises(Refused, match="revise it"):
        set_items(READY[status](), (COLUMNS,), actor=AUTHOR)


def test_who_set_items_does_not_approve_them_whoever_wrote_the_draft() -> None:
    """What a service account wrote on somebody's behalf is theirs, and what they change in another's is, too."""
    machine = Actor("0" * 32, "worker", on_behalf_of=CLIENT.id)
    for editor in (CLIENT, machine):
        plan = _issued(set_items(DRAFT, (COLUMNS,), actor=editor))
        with pytest.raises(Refused, match="set its items"):
            sign(plan, _approval(plan, who=CLIENT))
        assert sign(plan, _approval(plan)).approvals
    revised = revise(_approved(), "v2", author=machine)
    assert (revised.author, revised.edited_by) == (CLIENT.id, ())


def test_a_revision_follows_what_is_in_force_and_replaces_it() -> None:
    first = _approved()
    second = approve(_second(), first, actor=MANAGER, now=NOW)
    assert (second.revision, second.supersedes, second.number) == (2, first.id, first.number)
    assert supersede(first, second, actor=MANAGER, now=NOW).status is PlanStatus.SUPERSEDED
    with pytest.raises(Refused, match="does not supersede"):
        supersede(first, _second(), actor=MANAGER, now=NOW)
    with pytest.raises(Refused, match="does not supersede"):
        supersede(first, first, actor=MANAGER, now=NOW)
    for status in (PlanStatus.DRAFT, PlanStatus.ISSUED_FOR_APPROVAL, PlanStatus.SUPERSEDED):
        with pytest.raises(Refused, match="only what is in force"):
            revise(READY[status](), "v9", author=AUTHOR)


@pytest.mark.parametrize(("previous", "text"), [
    (lambda: None, "another issue"), (lambda: replace(_approved(), id="v0"), "another issue"),
    (lambda: replace(_approved(), number="T-ITP-002"), "not the issue before"),
    (lambda: replace(_approved(), revision=3, supersedes="v0"), "not the issue before"),
    (lambda: replace(_approved(), status=PlanStatus.SUPERSEDED), "in force"),
])  # fmt: skip
def test_approval_compares_with_the_issue_that_is_superseded(
    previous: Callable[[], InspectionPlan | None], text: str
) -> None:
    with pytest.raises(Refused, match=text):
        approve(_second(), previous(), actor=MANAGER, now=NOW)


WEAKER = {
    "gone": (SLAB, PAINT),
    "downgraded": (_item("columns", 1, replace(H, code=PointCode.WITNESS)), SLAB, PAINT),
    "another party": (_item("columns", 1, replace(H, party=Capacity.CONTRACTOR)), SLAB, PAINT),
    "no longer waited for": (COLUMNS, replace(SLAB, follows=()), PAINT),
}


@pytest.mark.parametrize("how", WEAKER)
def test_a_hold_is_not_weakened_without_the_approval_of_its_owner(how: str) -> None:
    items = tuple(replace(i, follows=()) if how == "gone" else i for i in WEAKER[how])
    second = _second(*items)
    assert required_approvals(second, _approved()) == (Capacity.QUALITY_MANAGER, Capacity.CUSTOMER)
    with pytest.raises(Refused) as caught:
        approve(second, _approved(), actor=MANAGER, now=NOW)
    assert caught.value.missing == ("approval as customer",)
    agreed = sign(second, _approval(second, CLIENT, "customer"))
    assert approve(agreed, _approved(), actor=MANAGER, now=NOW).status is PlanStatus.APPROVED


@pytest.mark.parametrize(("old", "new", "weaker"), [
    (("a", "b"), ("a",), True), (("a",), ("a", "b"), False), ((), ("a",), True), (("a",), (), False), ((), (), False),
])  # fmt: skip
def test_a_hold_for_fewer_elements_is_a_weaker_one(old: tuple[str, ...], new: tuple[str, ...], weaker: bool) -> None:
    before, after = replace(COLUMNS, global_ids=old), replace(COLUMNS, global_ids=new)
    assert bool(weakened_holds([before], [after])) is weaker


def test_what_is_stronger_or_no_hold_needs_nobody_else() -> None:
    approve_point = replace(H, code=PointCode.APPROVE)
    assert weakened_holds([_item("x", 1, approve_point)], [_item("x", 1, H)]) == ()
    assert weakened_holds([_item("x", 1, H)], [_item("x", 1, approve_point)])[0].why == "H is gone"
    assert weakened_holds([PAINT], []) == (), "a witness is no hold"
    through = _item("mid", 4, follows=("columns",))
    rerouted = (COLUMNS, through, replace(SLAB, follows=("mid",)), PAINT)
    assert weakened_holds(DRAFT.items, rerouted) == (), "waited for through another item"


@pytest.mark.parametrize("make", [
    lambda: replace(COLUMNS, points=(H,)), lambda: replace(COLUMNS, points=(PERFORM, H, H)),
    lambda: replace(COLUMNS, characteristics=()), lambda: replace(COLUMNS, activity=" "),
    lambda: replace(COLUMNS, follows=("columns",)), lambda: replace(W, notice_hours=0),
    lambda: replace(H, notice_hours=-1), lambda: Criterion(), lambda: Criterion(lower=Decimal(1)),
    lambda: replace(PLUMB, lower=Decimal(10)), lambda: replace(PLUMB, upper=Decimal("NaN")),
    lambda: Frequency(amount=Decimal(0)), lambda: Frequency(FrequencyKind.PERCENT, Decimal(101)),
    lambda: Frequency(FrequencyKind.PER_QUANTITY, Decimal(100)),
    lambda: replace(DRAFT, title=""), lambda: replace(DRAFT, author=""), lambda: replace(DRAFT, revision=0),
    lambda: replace(DRAFT, revision=2), lambda: replace(DRAFT, supersedes="x"),
    lambda: replace(DRAFT, items=(COLUMNS, COLUMNS)),
    lambda: replace(DRAFT, items=(COLUMNS, replace(PAINT, sequence=1))),
    lambda: replace(DRAFT, items=(SLAB,)),
    lambda: replace(DRAFT, items=(replace(COLUMNS, follows=("slab",)), SLAB)),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(Invalid):
        make()


def test_an_unknown_item_is_not_found() -> None:
    with pytest.raises(NotFound):
        DRAFT.item("zz")
