"""What keeps coming back in a project: nonconformances alike, and the CAPAs that they ask for."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from twin.access import Action, may
from twin.capa import Capa, CapaState
from twin.effectiveness import Seen
from twin.errors import Invalid
from twin.inspection import Inspection, InspectionState
from twin.ncr_record import Event, NonConformance, State
from twin.operations.notices import face_of, tell
from twin.record import Id, Json
from twin.recurrence import Alike, NcrFact, Recurrence, RecurrenceRule, plain, recurrences, same_kind
from twin.store import records
from twin.store.lookups import classes_of, epochs_measured
from twin.store.repository import Unit
from twin.store.view import EVERYTHING, Scope, Span, View


def proposals(view: View, project: Id, rule: RecurrenceRule, scope: Scope) -> tuple[Recurrence, ...]:
    """Return what recurs by a rule, the most frequent first; each asks for a CAPA that it does not have yet."""
    return recurrences(facts(view, project, scope, with_suppliers=Alike.SUPPLIER in rule.alike), rule)


def facts(
    view: View, project: Id, scope: Scope, *, with_suppliers: bool = False, since: datetime | None = None
) -> list[NcrFact]:
    """Return the project's nonconformances as far as recurrence needs them; drafts, rejected and void ones are none.

    Parameters
    ----------
    since
        Only those that changed from then on, which all that were opened since did; None for all.
    """
    span = {} if since is None else {"changed_at": Span(since)}
    ncrs = [stored.record for stored in view.all(records.NCR, scope, project=project, **span)]
    return _facts(view, project, ncrs, with_suppliers=with_suppliers)


def _facts(view: View, project: Id, ncrs: Iterable[NonConformance], *, with_suppliers: bool = False) -> list[NcrFact]:
    counted = [ncr for ncr in ncrs if ncr.number and ncr.state not in (State.REJECTED, State.VOID)]
    classes = classes_of(view.connection, project, {ncr.global_ids[0] for ncr in counted if ncr.global_ids})
    causes = {stored.record.id: stored.record for stored in view.all(records.CAPA, project=project)}
    return [
        NcrFact(
            ncr.id, _opened_at(ncr), _seen_as(ncr) or _code(ncr, causes),
            classes.get(ncr.global_ids[0], "") if ncr.global_ids else "", _characteristic(ncr),
            ",".join(view.shared_with(ncr.id)) if with_suppliers else "", ncr.capa.capas if ncr.capa else (),
            ncr.violations[0].requirement.clause if ncr.violations else "",
            tuple(dict.fromkeys(violation.requirement.characteristic for violation in ncr.violations)),
            _code(ncr, causes),
        )
        for ncr in counted
    ]  # fmt: skip


def seen_since(view: View, capa: Capa, scope: Scope = EVERYTHING) -> tuple[Id, ...]:
    """Return the nonconformances like those that a CAPA answers which were opened, or opened again, since then.

    Also those that it was made to answer meanwhile: to answer them does not undo that they came. What is alike says
    :func:`twin.recurrence.same_kind`.
    """
    if capa.monitored_since is None:
        return ()
    answered = _answered(view, capa)
    return tuple(
        fact.ncr for fact in facts(view, capa.project, scope, since=capa.monitored_since)
        if fact.opened_at > capa.monitored_since and any(same_kind(fact, other) for other in answered)
    )  # fmt: skip


def _answered(view: View, capa: Capa) -> list[NcrFact]:
    """Return what a CAPA answers and what is the same again is compared with: opened before it was monitored."""
    ncrs = [view.get(records.NCR, ncr).record for ncr in capa.ncrs]
    until = capa.monitored_since
    return _facts(view, capa.project, [ncr for ncr in ncrs if until is None or _first_opened(ncr) <= until])


def observed(view: View, capa: Capa, named: tuple[Id, ...] = (), reason: str = "") -> Seen:
    """Return what the project's records show since a CAPA's effect is monitored, whoever asks.

    Parameters
    ----------
    named
        Inspections and scan epochs that count as lots though the words in them are others.
    reason
        Why those count.

    Raises
    ------
    Invalid
        If one of them is no signed inspection or checked scan of this project, or was taken before.
    """
    lots = lots_since(view, capa)
    fresh = tuple(dict.fromkeys(one for one in named if one not in lots))
    if fresh and not reason.strip():
        raise Invalid("say why these inspections and scans count as lots")
    able = lots_since(view, capa, about_anything=True) if fresh else ()
    _require_other_elements(view, lots, fresh)
    strange = next((one for one in fresh if one not in able), None)
    if strange is not None:
        raise Invalid(
            f"{strange} is no signed inspection of new work and no checked scan of this project that was taken since "
            f"{capa.number} is monitored"
        )
    compared = tuple(fact.ncr for fact in _answered(view, capa))
    return Seen(seen_since(view, capa), compared, (*lots, *fresh), fresh, reason.strip() if fresh else "")


def _require_other_elements(view: View, lots: tuple[Id, ...], named: tuple[Id, ...]) -> None:
    """Refuse a named inspection that looked at nothing but what those before it looked at."""
    shown: set[str] = set()
    for key in (*lots, *named):
        if not view.has(records.INSPECTION, key):
            continue
        one = view.get(records.INSPECTION, key).record
        if key in named and shown.issuperset(one.lot):
            raise Invalid(f"{one.number} is of a lot that counts already")
        shown.update(one.lot)


def announce(unit: Unit, ncr: NonConformance) -> None:
    """Tell who decides on CAPAs if a nonconformance that was just opened makes a recurrence, or is one for a CAPA.

    Topics: ``ncr.recurs`` with ``count``, ``ncrs`` and what they share; ``capa.recurred`` for the owner and the
    evaluator of a CAPA that is monitored.
    """
    rule, now = RecurrenceRule(), unit.context.now
    begin = now - timedelta(days=rule.window_days)
    recent = [fact for fact in facts(unit, ncr.project, EVERYTHING, since=begin) if fact.opened_at >= begin]
    for found in recurrences(recent, rule):
        face = face_of(ncr)
        if ncr.id in found.ncrs and face is not None:
            more: dict[str, Json] = {
                "count": len(found.ncrs), "ncrs": list(found.ncrs), "cause": found.cause_code or "not known yet",
                "alike": list(found.alike), "suggests": "a CAPA",
            }  # fmt: skip
            tell(unit, face, "recurs", more=more, also=deciders(unit, ncr.project))
    mine = next((fact for fact in recent if fact.ncr == ncr.id), None)
    for stored in unit.all(records.CAPA, project=ncr.project, state=CapaState.EFFECTIVENESS_MONITORING.value):
        capa, face = stored.record, face_of(stored.record)
        if mine and face is not None and any(same_kind(mine, other) for other in _answered(unit, capa)):
            evaluator = (capa.criterion.evaluator,) if capa.criterion else ()
            tell(unit, face, "recurred", more={"ncr": ncr.id, "ncr_number": ncr.number}, also=evaluator)


def lots_since(view: View, capa: Capa, *, about_anything: bool = False) -> tuple[Id, ...]:
    """Return the inspections and scan epochs since monitoring began in which the same would have shown.

    A signed inspection of new work that asks for a characteristic that the answered nonconformances violate, on
    elements of their class where that is known and of which not all were looked at in those before; a scan epoch
    whose check measured elements of it.
    """
    since = capa.monitored_since
    if since is None:
        return ()
    answered = _answered(view, capa)
    classes = {fact.element_class for fact in answered if fact.element_class}
    asked = {plain(name) for fact in answered for name in (fact.characteristic, *fact.also)}
    lots: list[Id] = []
    shown: set[str] = set()
    for stored in view.all(records.INSPECTION, project=capa.project, status=InspectionState.SIGNED.value):
        one = stored.record
        began = min((reading.taken_at for reading in one.readings), default=None)
        if began is None or began <= since or one.reinspects_id is not None:
            continue
        fresh = not shown.issuperset(one.lot)
        if about_anything or (fresh and _asks(one, asked) and _is_of(view, one, classes)):
            lots.append(one.id)
            shown.update(one.lot)
    wanted = frozenset[str]() if about_anything else frozenset(classes)
    return (*lots, *epochs_measured(view.connection, capa.project, wanted, since))


def _asks(inspection: Inspection, characteristics: set[str]) -> bool:
    return any(plain(question.name) in characteristics for question in inspection.characteristics if question.judged)


def _is_of(view: View, inspection: Inspection, classes: set[str]) -> bool:
    """Say whether elements of the lot are of one of these classes; what is not known is."""
    known = set(classes_of(view.connection, inspection.project, inspection.lot).values())
    return not classes or not known or bool(classes & known)


def deciders(unit: Unit, project: Id) -> tuple[Id, ...]:
    """Return who may begin a CAPA."""
    members = (stored.record for stored in unit.all(records.MEMBER, project=project))
    return tuple(m.user for m in members if m.active and may(m.role, Action.CAPA_APPROVE))


def _first_opened(ncr: NonConformance) -> datetime:
    return next((step.at for step in ncr.steps if step.event is Event.OPEN), ncr.raised_at)


def _opened_at(ncr: NonConformance) -> datetime:
    """Return when it was opened last: what is opened again has come back."""
    opened = (step.at for step in reversed(ncr.steps) if step.event in (Event.OPEN, Event.REOPEN))
    return next(opened, ncr.raised_at)


def _seen_as(ncr: NonConformance) -> str:
    """Return what a check saw as the cause."""
    return ncr.defect.kind.value if ncr.defect is not None else ""


def _code(ncr: NonConformance, capas: Mapping[Id, Capa]) -> str:
    """Return the cause code of a CAPA that answers the record."""
    analyses = (capas[c].analysis for c in (ncr.capa.capas if ncr.capa else ()) if c in capas)
    return next((analysis.cause_code for analysis in analyses if analysis and analysis.cause_code), "")


def _characteristic(ncr: NonConformance) -> str:
    if ncr.defect is not None:
        return ncr.defect.lead.characteristic
    return ncr.violations[0].requirement.characteristic if ncr.violations else ""
