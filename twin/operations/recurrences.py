"""What keeps coming back in a project: nonconformances alike, and the CAPAs that they ask for."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from twin.access import Action, may
from twin.capa import Capa, CapaState
from twin.effectiveness import Seen
from twin.errors import Invalid
from twin.inspection import Inspection, InspectionState
from twin.ncr_record import Event, NonConformance
from twin.operations.notices import face_of, tell
from twin.record import Id, Json
from twin.recurrence import (
    Alike,
    NcrFact,
    Occurrence,
    Recurrence,
    RecurrenceRule,
    occurrence_of,
    plain,
    recurrences,
    same_kind,
)
from twin.store import records
from twin.store.lookups import classes_of, epochs_measured, occurrences
from twin.store.repository import Unit
from twin.store.view import EVERYTHING, Scope, View


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
        Only those that were opened, or opened again, from then on; None for all.
    """
    return _facts(view, project, occurrences(view.connection, project, scope, since=since), suppliers=with_suppliers)


def _facts(view: View, project: Id, counted: Sequence[Occurrence], *, suppliers: bool = False) -> list[NcrFact]:
    classes = classes_of(view.connection, project, {one.element for one in counted if one.element})
    causes = {stored.record.id: stored.record for stored in view.all(records.CAPA, project=project)}
    return [
        NcrFact(
            one.ncr, one.opened_at, one.seen_as or _code(one, causes), classes.get(one.element, ""),
            one.characteristic, ",".join(view.shared_with(one.ncr)) if suppliers else "", one.capas, one.clause,
            one.violated, _code(one, causes),
        )
        for one in counted
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
    counted = (occurrence_of(ncr) for ncr in ncrs if until is None or _first_opened(ncr) <= until)
    return _facts(view, capa.project, [one for one in counted if one is not None])


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

    Topics: ``ncr.recurs`` with ``count``, ``ncrs`` and what they share, when there are as many as the rule asks for
    and each time that they have doubled since; ``capa.recurred`` for the owner and the evaluator of a CAPA that is
    monitored.
    """
    rule, now = RecurrenceRule(), unit.context.now
    mine = occurrence_of(ncr)
    if mine is None:
        return
    recent = occurrences(unit.connection, ncr.project, since=now - timedelta(days=rule.window_days))
    alike = [one for one in recent if plain(one.characteristic) == plain(mine.characteristic)]
    for found in recurrences(_facts(unit, ncr.project, alike), rule):
        face = face_of(ncr)
        if ncr.id in found.ncrs and face is not None and _is_news(len(found.ncrs), rule.count):
            more: dict[str, Json] = {
                "count": len(found.ncrs), "ncrs": list(found.ncrs), "cause": found.cause_code or "not known yet",
                "alike": list(found.alike), "suggests": "a CAPA",
            }  # fmt: skip
            tell(unit, face, "recurs", more=more, also=deciders(unit, ncr.project))
    (fact,) = _facts(unit, ncr.project, [mine])
    for stored in unit.all(records.CAPA, project=ncr.project, state=CapaState.EFFECTIVENESS_MONITORING.value):
        capa, face = stored.record, face_of(stored.record)
        if face is not None and any(same_kind(fact, other) for other in _answered(unit, capa)):
            evaluator = (capa.criterion.evaluator,) if capa.criterion else ()
            tell(unit, face, "recurred", more={"ncr": ncr.id, "ncr_number": ncr.number}, also=evaluator)


def _is_news(count: int, least: int) -> bool:
    """Say whether so many alike are worth a letter: at first, and whenever they have doubled.

    Examples
    --------
    >>> [count for count in range(2, 30) if _is_news(count, 3)]
    [3, 6, 12, 24]
    """
    times, rest = divmod(count, least)
    return rest == 0 and times > 0 and times & (times - 1) == 0


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


def _code(one: Occurrence, capas: Mapping[Id, Capa]) -> str:
    """Return the cause code of a CAPA that answers the record."""
    analyses = (capas[capa].analysis for capa in one.capas if capa in capas)
    return next((analysis.cause_code for analysis in analyses if analysis and analysis.cause_code), "")
