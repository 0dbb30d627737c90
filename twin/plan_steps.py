"""Issuing, approving and superseding an inspection plan."""

from dataclasses import replace
from datetime import datetime

from twin.access import Capacity
from twin.errors import IllegalTransition, Invalid, Refused
from twin.inspection_plan import (
    TRANSITIONS,
    InspectionPlan,
    PlanEvent,
    PlanItem,
    PlanStatus,
    weakened_holds,
)
from twin.record import Actor, Id, Signature, SignatureMeaning, require_utc
from twin.signed_content import digest_of, require_signature
from twin.step import Step


def allowed_events(plan: InspectionPlan) -> tuple[PlanEvent, ...]:
    """Return the events that exist in the present status; what each still lacks is :func:`missing_for`."""
    return tuple(event for event in PlanEvent if (plan.status, event) in TRANSITIONS)


def missing_for(
    plan: InspectionPlan, event: PlanEvent, *, now: datetime, previous: InspectionPlan | None = None
) -> tuple[str, ...]:
    """Return what has to be there before ``event``, one phrase each; ``previous`` is the issue that it supersedes."""
    require_utc(now)
    if event is PlanEvent.ISSUE and not plan.items:
        return ("an item",)
    if event is PlanEvent.APPROVE:
        signed = {signature.role for signature in valid_approvals(plan)}
        needed = required_approvals(plan, previous)
        return tuple(f"approval as {c.replace('_', ' ')}" for c in needed if c not in signed)
    return ()


def set_items(plan: InspectionPlan, items: tuple[PlanItem, ...], *, actor: Actor) -> InspectionPlan:
    """Replace the items of a draft; who does so wrote it, too, and does not approve it."""
    if plan.status is not PlanStatus.DRAFT:
        raise Refused(f"{plan.number} rev {plan.revision} is {plan.status}: revise it to change its items")
    kept = {item.id for item in items}
    ranking = tuple(rank for rank in plan.ranking if rank.item in kept)
    return replace(plan, items=items, ranking=ranking, edited_by=with_editor(plan, actor))


def with_editor(plan: InspectionPlan, actor: Actor) -> tuple[Id, ...]:
    """Return who changed a draft besides its author, with one more."""
    return tuple(dict.fromkeys((*plan.edited_by, actor.person)))


def issue(plan: InspectionPlan, *, actor: Actor, now: datetime) -> InspectionPlan:
    """Issue a draft for approval."""
    return _step(plan, PlanEvent.ISSUE, actor, now)


def send_back(plan: InspectionPlan, reason: str, *, actor: Actor, now: datetime) -> InspectionPlan:
    """Return a plan for correction; approvals given so far fall."""
    after = _step(plan, PlanEvent.RETURN, actor, now, reason)
    if not reason.strip():
        raise Invalid("say what has to be corrected")
    return replace(after, approvals=())


def plan_digest(plan: InspectionPlan) -> str:
    """Return the digest that approvals cover: everything but status, approvals and steps."""
    return digest_of(plan, without=("status", "approvals", "steps"))


def valid_approvals(plan: InspectionPlan) -> tuple[Signature, ...]:
    """Return the approvals that cover the plan as it is."""
    digest = plan_digest(plan)
    return tuple(signature for signature in plan.approvals if signature.content_sha256 == digest)


def required_approvals(plan: InspectionPlan, previous: InspectionPlan | None) -> tuple[Capacity, ...]:
    """Return in which capacities it has to be approved: the quality manager, and the owner of every weakened hold."""
    owners = weakened_holds(previous.items, plan.items) if previous is not None else ()
    return tuple(dict.fromkeys((Capacity.QUALITY_MANAGER, *(hold.party for hold in owners))))


def sign(plan: InspectionPlan, signature: Signature) -> InspectionPlan:
    """Add an approval: not of who wrote it or set its items, and one per person."""
    if plan.status is not PlanStatus.ISSUED_FOR_APPROVAL:
        raise Refused(
            f"{plan.number} rev {plan.revision} is {plan.status}: approvals are given when it is issued for them"
        )
    if signature.role not in {capacity.value for capacity in Capacity}:
        raise Refused(f"nobody approves a plan as {signature.role}", missing=("an approval in a known capacity",))
    others = {s.signer: "has approved it already" for s in valid_approvals(plan)}
    others |= {person: "set its items" for person in plan.edited_by}
    require_signature(
        signature, plan_digest(plan), role=signature.role, not_by=others | {plan.author: "wrote it"},
        meaning=SignatureMeaning.APPROVAL,
    )  # fmt: skip
    return replace(plan, approvals=(*plan.approvals, signature))


def approve(plan: InspectionPlan, previous: InspectionPlan | None, *, actor: Actor, now: datetime) -> InspectionPlan:
    """Put an issue into force; supersede the one before in the same transaction.

    Raises
    ------
    Refused
        If an approval is missing, or ``previous`` is not the approved issue that this one follows.
    """
    if (plan.status, PlanEvent.APPROVE) in TRANSITIONS:
        _check_previous(plan, previous)
    return _step(plan, PlanEvent.APPROVE, actor, now, previous=previous)


def supersede(plan: InspectionPlan, by: InspectionPlan, *, actor: Actor, now: datetime) -> InspectionPlan:
    """Take an issue out of force because ``by`` is in force; executions that follow it go on as they began."""
    if (plan.status, PlanEvent.SUPERSEDE) in TRANSITIONS and (
        by.supersedes != plan.id or by.status is not PlanStatus.APPROVED
    ):
        raise Refused(f"{by.number} rev {by.revision} does not supersede {plan.number} rev {plan.revision}")
    return _step(plan, PlanEvent.SUPERSEDE, actor, now)


def revise(plan: InspectionPlan, new_id: Id, *, author: Actor) -> InspectionPlan:
    """Return the draft of the next revision of an approved plan."""
    if plan.status is not PlanStatus.APPROVED:
        raise Refused(f"{plan.number} rev {plan.revision} is {plan.status}: only what is in force is revised")
    return replace(
        plan, id=new_id, author=author.person, revision=plan.revision + 1, status=PlanStatus.DRAFT, approvals=(),
        supersedes=plan.id, edited_by=(), steps=(),
    )  # fmt: skip


def _check_previous(plan: InspectionPlan, previous: InspectionPlan | None) -> None:
    if plan.supersedes != (previous.id if previous else None):
        raise Refused(f"{plan.number} rev {plan.revision} supersedes another issue: compare it with that one")
    if previous is None:
        return
    if (previous.number, previous.project) != (plan.number, plan.project) or previous.revision + 1 != plan.revision:
        raise Refused(f"{previous.number} rev {previous.revision} is not the issue before rev {plan.revision}")
    if previous.status is not PlanStatus.APPROVED:
        raise Refused(
            f"{previous.number} rev {previous.revision} is {previous.status}: revise the issue that is in force"
        )


def _step(
    plan: InspectionPlan, event: PlanEvent, actor: Actor, now: datetime, reason: str = "",
    previous: InspectionPlan | None = None,
) -> InspectionPlan:  # fmt: skip
    after = TRANSITIONS.get((plan.status, event))
    name = f"{plan.number} rev {plan.revision}"
    if after is None:
        possible = ", ".join(allowed_events(plan)) or "nothing any more"
        raise IllegalTransition(f"{name} is {plan.status} and cannot {event}: {possible}")
    missing = missing_for(plan, event, now=now, previous=previous)
    if missing:
        raise Refused(f"{name} cannot {event} yet: {missing[0]} is missing", missing=missing)
    return replace(plan, status=after, steps=(*plan.steps, Step(event, after, actor, now, reason.strip())))
