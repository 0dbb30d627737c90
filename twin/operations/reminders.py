"""Telling of what is due and what is late: once for each record and date, however often it is asked."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from twin.capa import OPEN_STATES, Capa, CapaState
from twin.disposition import concession_expired, said
from twin.ncr_record import LIVE, NonConformance, State
from twin.operations.notices import Face, face_of, tell
from twin.record import Id, Json, content_sha256
from twin.store import records
from twin.store.lookups import is_told
from twin.store.repository import Context, Store, Unit
from twin.store.view import Span

AHEAD = timedelta(days=1)
"""How long before a date it is told of."""
CONCESSION_AHEAD = timedelta(days=14)
"""How long before a concession ends that is told: to extend it takes the design authority and the customer."""


def remind(store: Store, context: Context) -> int:
    """Tell of nonconformances and CAPAs that are due within a day, or late; return how many messages that made.

    For a worker to do every hour. Topics are ``ncr.due``, ``ncr.overdue``, ``capa.due`` and ``capa.overdue``; the
    payload's ``what`` says of what (``containment``, ``assignment``, ``capa``, ``action``, ``evaluation``) and ``due``
    until when. A concession ends, whether its record is closed or not: ``ncr.concession_due`` two weeks before and
    ``ncr.concession_expired`` when it does, to who raised the record and who signed for it.
    """
    with store.write(context) as unit:
        count = 0
        for stored in unit.all(records.NCR, state=tuple(state.value for state in LIVE)):
            count += _remind_of_ncr(unit, stored.record)
        for capa in unit.all(records.CAPA, state=tuple(state.value for state in OPEN_STATES)):
            count += _remind_of_capa(unit, capa.record)
        ending = Span(end=context.now + CONCESSION_AHEAD)
        for stored in unit.all(records.NCR, concession_until=ending):
            count += _remind_of_concessions(unit, stored.record)
    return count


def _remind_of_ncr(unit: Unit, ncr: NonConformance) -> int:
    count, face = 0, face_of(ncr)
    assert face is not None
    if ncr.state in (State.OPEN, State.REOPENED) and ncr.containment_due is not None:
        count += _told(unit, face, "containment", ncr.containment_due)
    if ncr.due is not None:
        count += _told(unit, face, "assignment", _end_of(ncr.due))
    return count


def _remind_of_concessions(unit: Unit, ncr: NonConformance) -> int:
    """Tell of each line whose acceptance ends: what was accepted until then stands there still."""
    count, face = 0, face_of(ncr)
    assert face is not None
    people = (ncr.originator.id, *(signature.signer for signature in ncr.signatures))
    for line in ncr.lines:
        if line.concession is None or unit.context.now < line.concession.expires_at - CONCESSION_AHEAD:
            continue
        ends = line.concession.expires_at
        what = "concession_expired" if concession_expired(line.concession, unit.context.now) else "concession_due"
        key = {"of": ncr.id, "what": what, "about": line.id, "due": ends.isoformat()}
        identifier = content_sha256(key)[:32]
        if is_told(unit.connection, identifier):
            continue
        more: dict[str, Json] = {
            "what": said(line), "due": ends.isoformat(), "elements": list(line.global_ids),
            "reference": line.concession.reference, "suggests": "reopen the record, or have the concession extended",
        }  # fmt: skip
        tell(unit, face, what, more=more, identifier=identifier, also=people)
        count += 1
    return count


def _remind_of_capa(unit: Unit, capa: Capa) -> int:
    face = face_of(capa)
    assert face is not None
    count = int(_told(unit, face, "capa", _end_of(capa.due)))
    for action in capa.current_actions + capa.containments:
        if not action.done:
            count += _told(unit, face, "action", _end_of(action.due), about=action.id, person=action.responsible)
    if capa.state is CapaState.EFFECTIVENESS_MONITORING and capa.criterion is not None:
        due = _end_of(capa.criterion.due)
        count += _told(unit, face, "evaluation", due, person=capa.criterion.evaluator)
    return count


def _told(unit: Unit, face: Face, what: str, due: datetime, *, about: Id = "", person: Id | None = None) -> bool:
    """Tell, if it is time and was not told yet."""
    now = unit.context.now
    if now < due - AHEAD:
        return False
    topic = "overdue" if now > due else "due"
    identifier = content_sha256({"of": face.id, "what": what, "about": about, "due": due.isoformat(), "is": topic})[:32]
    if is_told(unit.connection, identifier):
        return False
    named = face if person is None else replace(face, assignee=person)
    tell(unit, named, topic, more={"what": what, "due": due.isoformat()}, identifier=identifier)
    return True


def _end_of(day: date) -> datetime:
    """Return the end of a day, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
