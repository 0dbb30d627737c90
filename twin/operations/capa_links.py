"""Nonconformances and the CAPAs that answer them, n to m: both sides change in one transaction, or none does."""

from dataclasses import replace

from twin.capa import OPEN_STATES, Capa, CapaSource, CapaState, SourceKind
from twin.capa_edits import link_source, unlink_source
from twin.errors import Refused
from twin.ncr import TRANSITIONS, Event, NonConformance, decide_capa
from twin.ncr_parts import CapaDecision
from twin.operations.steps import advance
from twin.record import Id
from twin.store import records
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope, Stored


def decide_on_capa(
    store: Store,
    context: Context,
    ncr: Id,
    *,
    needed: bool,
    reason: str,
    capas: tuple[Id, ...],
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[NonConformance]:
    """Decide whether the cause of a record has to be eliminated, and by which CAPAs; each of them then answers it."""
    with store.write(context) as unit:
        old = unit.take(records.NCR, ncr, scope, expected=expected)
        if capas and not needed:
            raise Refused("a record that needs no CAPA names none: leave them out, or say that one is needed")
        decision = CapaDecision(needed, reason, context.actor, context.now, tuple(dict.fromkeys(capas)))
        decided = decide_capa(old.record, decision)
        source = CapaSource(SourceKind.NCR, ncr)
        for capa in decision.capas:
            _answer(unit, unit.get(records.CAPA, capa, Scope(frozenset({old.record.project}))), source)
        for stored in _answering(unit, old.record):
            if stored.record.id not in decision.capas:
                unlinked = unlink_source(stored.record, source)
                advance(unit, records.CAPA, stored, unlinked, action="unlink_source")
        return advance(unit, records.NCR, old, decided, action="decide_capa")


def link_capa(
    store: Store, context: Context, capa: Id, source: CapaSource, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[Capa]:
    """Let a CAPA answer one more record; a nonconformance among them names it from then on."""
    with store.write(context) as unit:
        old = unit.take(records.CAPA, capa, scope, expected=expected)
        linked = link_source(old.record, source)
        name_in_source(unit, linked, source, scope)
        return advance(unit, records.CAPA, old, linked, action="link_source")


def unlink_capa(
    store: Store, context: Context, capa: Id, source: CapaSource, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[Capa]:
    """Let a CAPA no longer answer a record."""
    with store.write(context) as unit:
        old = unit.take(records.CAPA, capa, scope, expected=expected)
        unlinked = unlink_source(old.record, source)
        if source.kind is SourceKind.NCR:
            leave_out(unit, capa, unit.get(records.NCR, source.id, scope))
        return advance(unit, records.CAPA, old, unlinked, action="unlink_source")


def leave_out(unit: Unit, capa: Id, ncr: Stored[NonConformance]) -> None:
    """Let a nonconformance no longer name a CAPA, where it still can; that one is needed stays decided."""
    decision = ncr.record.capa
    if decision and capa in decision.capas and _may_decide(ncr.record):
        left = replace(decision, capas=tuple(c for c in decision.capas if c != capa))
        advance(unit, records.NCR, ncr, decide_capa(ncr.record, left), action="decide_capa")


def name_in_source(unit: Unit, capa: Capa, source: CapaSource, scope: Scope) -> None:
    """Let what a CAPA answers name it, where it still can: what is closed stays as it was closed.

    Raises
    ------
    NotFound
        If there is no such nonconformance or finding in the CAPA's project.
    """
    if source.kind is SourceKind.FINDING:
        require_project(unit.get(records.FINDING, source.id, scope).record.project, capa)
    if source.kind is not SourceKind.NCR:
        return
    ncr = unit.get(records.NCR, source.id, scope)
    require_project(ncr.record.project, capa)
    known = ncr.record.capa.capas if ncr.record.capa else ()
    if capa.id in known or not _may_decide(ncr.record):
        return
    reason = ncr.record.capa.reason if ncr.record.capa and ncr.record.capa.needed else f"answered by {capa.number}"
    others = (stored.record.id for stored in _answering(unit, ncr.record))  # also those begun while it was a draft
    named = tuple(dict.fromkeys((*known, *others, capa.id)))
    decision = CapaDecision(True, reason, unit.context.actor, unit.context.now, named)
    advance(unit, records.NCR, ncr, decide_capa(ncr.record, decision), action="decide_capa")


def require_project(project: Id, capa: Capa) -> None:
    """Raise :class:`Refused` for a record of another project."""
    if project != capa.project:
        raise Refused(f"{capa.number} answers records of its own project only")


def _answer(unit: Unit, capa: Stored[Capa], source: CapaSource) -> None:
    if capa.record.state is CapaState.CANCELLED:
        raise Refused(f"{capa.record.number} was given up and answers nothing: name another one")
    if source not in capa.record.sources:
        advance(unit, records.CAPA, capa, link_source(capa.record, source), action="link_source")


def _answering(unit: Unit, ncr: NonConformance) -> list[Stored[Capa]]:
    """Return the open CAPAs that answer a nonconformance; what is closed or given up stays as it was."""
    mine = unit.all(records.CAPA, project=ncr.project, state=tuple(state.value for state in OPEN_STATES))
    return [stored for stored in mine if ncr.id in stored.record.ncrs]


def _may_decide(ncr: NonConformance) -> bool:
    return (ncr.state, Event.DECIDE_CAPA) in TRANSITIONS
