"""Use cases around CAPAs: begun for what they answer, signed by who may, judged by who was named for it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from twin.access import Action, Capacity, may
from twin.capa import Capa, CapaKind, CapaSource, Risk
from twin.capa_edits import (
    add_action,
    request_cancellation,
    set_analysis,
    set_aside,
    set_criterion,
    set_team,
    withdraw_cancellation,
)
from twin.capa_steps import analysis_digest, approve_root_cause, cancel, cancellation_digest, evaluate
from twin.cause_analysis import CauseAnalysis
from twin.corrective_action import ActionKind, CapaAction
from twin.effectiveness import EffectivenessCriterion
from twin.eight_d import Team
from twin.errors import Invalid, NotAllowed
from twin.granted import require_granted
from twin.operations.capa_links import leave_out, name_in_source
from twin.operations.duties import require_able, require_ahead
from twin.operations.ncr_steps import require_member
from twin.operations.notices import face_of, may_see, require_sight, tell
from twin.operations.recurrences import deciders, observed
from twin.operations.steps import advance, begin, take_step
from twin.project import Member
from twin.record import Evidence, Id, Signature, SignatureMeaning
from twin.store import records
from twin.store.repository import Context, Store
from twin.store.view import EVERYTHING, Scope, Stored


def open_capa(
    store: Store,
    context: Context,
    project: Id,
    *,
    kind: CapaKind,
    title: str,
    risk: Risk,
    owner: Id,
    due: date,
    sources: tuple[CapaSource, ...],
    scope: Scope = EVERYTHING,
) -> Stored[Capa]:
    """Begin a CAPA under the project's next number; the nonconformances that it answers name it from then on.

    Raises
    ------
    Invalid
        If its owner is no member or has no role that leads one, it is due in the past, or what it answers makes no
        sense.
    NotFound
        If it answers a record that there is not.
    """
    with store.write(context) as unit:
        found = unit.get(records.PROJECT, project).record
        require_member(unit, project, owner)
        require_able(unit, project, owner, (Action.CAPA_EDIT,), "own a CAPA")
        require_ahead(due, context.now)
        identifier = unit.new_id()
        if not may_see(unit, project, owner, "capa", identifier):
            raise Invalid(
                "who owns a CAPA sees it from its beginning, and an outside organisation does not: name an owner of "
                "your own, then share it for the organisation's answer"
            )
        capa = Capa(
            id=identifier, project=project, number=f"{found.key}-CAPA-{unit.number(project, 'capa'):04d}", kind=kind,
            title=title, risk=risk, owner=owner, due=due, opened_by=context.actor.id, opened_at=context.now,
            sources=sources,
        )  # fmt: skip
        for source in sources:
            name_in_source(unit, capa, source, scope)
        return begin(unit, records.CAPA, capa)


def name_team(
    store: Store, context: Context, capa: Id, team: Team, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[Capa]:
    """Name who works on it (D1): members of the project."""
    people = (team.champion, team.leader, *team.members)
    return _step(store, context, capa, lambda c: set_team(c, team), "set_team", people, expected=expected, scope=scope)


def plan_action(
    store: Store,
    context: Context,
    capa: Id,
    *,
    kind: ActionKind,
    description: str,
    responsible: Id,
    due: date,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[Capa]:
    """Plan an action (D3, D5) for a member of the project whose role carries actions out."""
    require_ahead(due, context.now)
    action = CapaAction(store.new_id(), kind, description, responsible, due)
    return _step(
        store, context, capa, lambda c: add_action(c, action), "add_action", (responsible,), expected=expected,
        scope=scope, able=(Action.CAPA_ACT, "carry out an action"),
    )  # fmt: skip


def fix_criterion(
    store: Store,
    context: Context,
    capa: Id,
    criterion: EffectivenessCriterion,
    *,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[Capa]:
    """Fix by what the effect will be judged, and by which member of the project."""
    return _step(
        store, context, capa, lambda c: set_criterion(c, criterion), "set_criterion", (criterion.evaluator,),
        expected=expected, scope=scope, able=(Action.CAPA_EVALUATE, "evaluate the effect"),
    )  # fmt: skip


def sign_root_cause(
    store: Store, context: Context, capa: Id, *, member: Member, expected: int, scope: Scope = EVERYTHING
) -> Stored[Capa]:
    """Approve the verified root causes (D4) by signature; who signs has proved again who they are (21 CFR 11.200).

    Raises
    ------
    NotAllowed
        If the membership does not grant the capacity.
    """

    def signed(record: Capa) -> Capa:
        signature = _signature(context, member, analysis_digest(record))
        return approve_root_cause(record, signature, actor=context.actor, now=context.now)

    return take_step(
        store, context, records.CAPA, capa, signed, action="approve_root_cause", expected=expected, scope=scope
    )


def write_analysis(
    store: Store, context: Context, capa: Id, analysis: CauseAnalysis, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[Capa]:
    """Set why tree, diagram and cause code (D4); who writes it does not sign it."""
    return take_step(
        store, context, records.CAPA, capa, lambda c: set_analysis(c, analysis, actor=context.actor),
        action="set_analysis", expected=expected, scope=scope,
    )  # fmt: skip


def put_aside(
    store: Store, context: Context, capa: Id, ncr: Id, reason: str, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[Capa]:
    """Say why a nonconformance that was seen is not what a CAPA was to prevent."""
    with store.read() as view:
        seen = observed(view, view.get(records.CAPA, capa, scope).record)
    return take_step(
        store, context, records.CAPA, capa,
        lambda c: set_aside(c, ncr, reason, seen=seen, actor=context.actor, now=context.now), action="set_aside",
        expected=expected, scope=scope, reason=reason,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the evaluator brings: everything else is looked up."""

    value: Decimal | None
    """None where it is counted."""
    evidence: tuple[Evidence, ...]
    lots: tuple[Id, ...] = ()
    """Inspections and scan epochs that count as lots besides those that are recognised."""
    reason: str = ""
    """Why those count."""


def evaluate_capa(
    store: Store, context: Context, capa: Id, found: Judgement, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[Capa]:
    """Judge the effect by the criterion, from what the records show at this moment.

    Raises
    ------
    Invalid
        If a lot is named that is none.
    """
    with store.write(context) as unit:
        old = unit.take(records.CAPA, capa, scope, expected=expected)
        seen = observed(unit, old.record, found.lots, found.reason)
        judged = evaluate(
            old.record, found.value, actor=context.actor, now=context.now, evidence=found.evidence, seen=seen
        )
        return advance(unit, records.CAPA, old, judged, action="evaluate")


def ask_to_cancel(
    store: Store, context: Context, capa: Id, reason: str, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[Capa]:
    """Ask to give a CAPA up: kept with the name of who asks, until somebody else signs it; who may sign is told."""
    with store.write(context) as unit:
        old = unit.take(records.CAPA, capa, scope, expected=expected)
        asked = request_cancellation(old.record, reason, actor=context.actor, now=context.now)
        new = advance(unit, records.CAPA, old, asked, action="request_cancellation", reason=reason)
        face = face_of(asked)
        if face is not None:
            tell(unit, face, "cancellation_requested", more={"text": reason}, also=deciders(unit, asked.project))
        return new


def withdraw_request(
    store: Store, context: Context, capa: Id, *, member: Member, expected: int, scope: Scope = EVERYTHING
) -> Stored[Capa]:
    """Take the request to give a CAPA up back: who asked does, or who could sign it and declines.

    Raises
    ------
    NotAllowed
        If it is somebody else's request.
    """

    def withdrawn(record: Capa) -> Capa:
        after = withdraw_cancellation(record)
        asked = record.cancellation_request
        if asked is not None and asked.by.id != context.actor.id and not may(member.role, Action.CAPA_APPROVE):
            raise NotAllowed(f"{asked.by.name} asked for it: they take it back, or who may sign it declines")
        return after

    return take_step(
        store, context, records.CAPA, capa, withdrawn, action="withdraw_cancellation", expected=expected, scope=scope
    )


def sign_cancellation(
    store: Store, context: Context, capa: Id, *, member: Member, expected: int, scope: Scope = EVERYTHING
) -> Stored[Capa]:
    """Approve by signature that a CAPA is given up, as somebody else asked (four eyes).

    The nonconformances that it answers no longer name it: whether another one is needed is open again there.
    """
    with store.write(context) as unit:
        old = unit.take(records.CAPA, capa, scope, expected=expected)
        signature = _signature(context, member, cancellation_digest(old.record))
        gone = cancel(old.record, signature, actor=context.actor, now=context.now)
        for ncr in gone.ncrs:
            leave_out(unit, capa, unit.get(records.NCR, ncr))
        return advance(unit, records.CAPA, old, gone, action="cancel", reason=gone.steps[-1].reason)


def _step(
    store: Store,
    context: Context,
    capa: Id,
    step: Callable[[Capa], Capa],
    action: str,
    people: Iterable[Id],
    *,
    expected: int,
    scope: Scope,
    able: tuple[Action, str] | None = None,
) -> Stored[Capa]:
    """Take a step that names people: each takes part in the project, may see the CAPA and can do what they are for.

    Parameters
    ----------
    able
        The action that they need, and what for; None where they need none.
    """
    with store.read() as view:
        project = view.get(records.CAPA, capa, scope).record.project
        named = tuple(people)
        for person in named:
            require_member(view, project, person)
            if able is not None:
                require_able(view, project, person, able[:1], able[1])
        require_sight(view, project, named, kind="capa", record=capa)
    return take_step(store, context, records.CAPA, capa, step, action=action, expected=expected, scope=scope)


def _signature(context: Context, member: Member, digest: str) -> Signature:
    require_granted(member, Capacity.QUALITY_MANAGER)
    return Signature(
        context.actor.id, context.actor.name, SignatureMeaning.APPROVAL, Capacity.QUALITY_MANAGER.value, context.now,
        digest,
    )  # fmt: skip
