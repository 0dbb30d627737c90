"""Nonconformances and the CAPAs that answer them, n to m: both sides change in one transaction, or none does."""

from dataclasses import replace

from twin.capa import Capa, CapaSource, SourceKind
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
        old = unit.get(records.NCR, ncr, scope)
        if old.version != expected:
            return unit.save(records.NCR, old.record, expected=expected)  # raises
        if capas and not needed:
            raise Refused("a record that needs no CAPA names none: leave them out, or say that one is needed")
        decision = CapaDecision(needed, reason, context.actor, context.now, tuple(dict.fromkeys(capas)))
        decided = decide_capa(old.record, decision)
        source = CapaSource(SourceKind.NCR, ncr)
        before = set(old.record.capa.capas) if old.record.capa else set[Id]()
        for capa in decision.capas:
            _answer(unit, _capa_of(unit, capa, old.record.project), source)
        for capa in sorted(before - set(decision.capas)):
            _leave(unit, _capa_of(unit, capa, old.record.project), source)
        return advance(unit, records.NCR, old, decided, action="decide_capa")


def link_capa(
    store: Store, context: Context, capa: Id, source: CapaSource, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[Capa]:
    """Let a CAPA answer one more record; a nonconformance among them names it from then on."""
    with store.write(context) as unit:
        old = unit.get(records.CAPA, capa, scope)
        if old.version != expected:
            return unit.save(records.CAPA, old.record, expected=expected)  # raises
        linked = link_source(old.record, source)
        name_in_source(unit, linked, source, scope)
        return advance(unit, records.CAPA, old, linked, action="link_source")


def unlink_capa(
    store: Store, context: Context, capa: Id, source: CapaSource, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[Capa]:
    """Let a CAPA no longer answer a record."""
    with store.write(context) as unit:
        old = unit.get(records.CAPA, capa, scope)
        if old.version != expected:
            return unit.save(records.CAPA, old.record, expected=expected)  # raises
        unlinked = unlink_source(old.record, source)
        if source.kind is SourceKind.NCR:
            ncr = unit.get(records.NCR, source.id, scope)
            decision = ncr.record.capa
            if decision and capa in decision.capas and _may_decide(ncr.record):
                left = replace(decision, capas=tuple(c for c in decision.capas if c != capa))
                advance(unit, records.NCR, ncr, decide_capa(ncr.record, left), action="decide_capa")
        return advance(unit, records.CAPA, old, unlinked, action="unlink_source")


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
    decision = CapaDecision(True, reason, unit.context.actor, unit.context.now, (*known, capa.id))
    advance(unit, records.NCR, ncr, decide_capa(ncr.record, decision), action="decide_capa")


def require_project(project: Id, capa: Capa) -> None:
    """Raise :class:`Refused` for a record of another project."""
    if project != capa.project:
        raise Refused(f"{capa.number} answers records of its own project only")


def _capa_of(unit: Unit, capa: Id, project: Id) -> Stored[Capa]:
    return unit.get(records.CAPA, capa, Scope(frozenset({project})))


def _answer(unit: Unit, capa: Stored[Capa], source: CapaSource) -> None:
    if source not in capa.record.sources:
        advance(unit, records.CAPA, capa, link_source(capa.record, source), action="link_source")


def _leave(unit: Unit, capa: Stored[Capa], source: CapaSource) -> None:
    if source in capa.record.sources:
        advance(unit, records.CAPA, capa, unlink_source(capa.record, source), action="unlink_source")


def _may_decide(ncr: NonConformance) -> bool:
    return (ncr.state, Event.DECIDE_CAPA) in TRANSITIONS
