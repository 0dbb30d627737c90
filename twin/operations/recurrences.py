"""What keeps coming back in a project: nonconformances alike, and the CAPAs that they ask for."""

from collections.abc import Mapping
from datetime import datetime

from twin.capa import Capa
from twin.ncr_record import Event, NonConformance, State
from twin.record import Id
from twin.recurrence import Alike, NcrFact, Recurrence, RecurrenceRule, recurrences
from twin.store import records
from twin.store.lookups import classes_of
from twin.store.view import Scope, View


def proposals(view: View, project: Id, rule: RecurrenceRule, scope: Scope) -> tuple[Recurrence, ...]:
    """Return what recurs by a rule, the most frequent first; each asks for a CAPA that it does not have yet."""
    return recurrences(facts(view, project, scope, with_suppliers=Alike.SUPPLIER in rule.alike), rule)


def facts(view: View, project: Id, scope: Scope, *, with_suppliers: bool = False) -> list[NcrFact]:
    """Return the project's nonconformances as far as recurrence needs them; drafts, rejected and void ones are none."""
    ncrs = [stored.record for stored in view.all(records.NCR, scope, project=project)]
    counted = [ncr for ncr in ncrs if ncr.number and ncr.state not in (State.REJECTED, State.VOID)]
    classes = classes_of(view.connection, project, {ncr.global_ids[0] for ncr in counted if ncr.global_ids})
    causes = {stored.record.id: stored.record for stored in view.all(records.CAPA, project=project)}
    return [
        NcrFact(
            ncr.id, _opened_at(ncr), _cause(ncr, causes), classes.get(ncr.global_ids[0], "") if ncr.global_ids else "",
            _characteristic(ncr), ",".join(view.shared_with(ncr.id)) if with_suppliers else "",
            ncr.capa.capas if ncr.capa else (),
        )
        for ncr in counted
    ]  # fmt: skip


def seen_since(view: View, capa: Capa, scope: Scope) -> tuple[Id, ...]:
    """Return the nonconformances like those that a CAPA answers which were opened since it is monitored.

    Alike are those of the same cause on the same class of element in the same characteristic.
    """
    if capa.monitored_since is None:
        return ()
    known = facts(view, capa.project, scope)
    answered = {_kind(fact) for fact in known if fact.ncr in capa.ncrs}
    return tuple(
        f.ncr for f in known
        if f.opened_at > capa.monitored_since and f.ncr not in capa.ncrs and _kind(f) in answered
    )  # fmt: skip


def _kind(fact: NcrFact) -> tuple[str, str, str]:
    return fact.cause_code, fact.element_class, fact.characteristic


def _opened_at(ncr: NonConformance) -> datetime:
    return next((step.at for step in ncr.steps if step.event is Event.OPEN), ncr.raised_at)


def _cause(ncr: NonConformance, capas: Mapping[Id, Capa]) -> str:
    """Return what a check saw as the cause; where none did, the cause code of a CAPA that answers the record."""
    if ncr.defect is not None:
        return ncr.defect.kind.value
    analyses = (capas[c].analysis for c in (ncr.capa.capas if ncr.capa else ()) if c in capas)
    return next((analysis.cause_code for analysis in analyses if analysis and analysis.cause_code), "")


def _characteristic(ncr: NonConformance) -> str:
    if ncr.defect is not None:
        return ncr.defect.lead.characteristic
    return ncr.violations[0].requirement.characteristic if ncr.violations else ""
