"""Telling of what is due and what is late: once for each record and date, however often it is asked."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from twin.capa import OPEN_STATES, Capa
from twin.ncr_record import LIVE, NonConformance, State
from twin.operations.notices import Face, face_of, tell
from twin.record import Id, content_sha256
from twin.store import records
from twin.store.lookups import is_told
from twin.store.repository import Context, Store, Unit

AHEAD = timedelta(days=1)
"""How long before a date it is told of."""


def remind(store: Store, context: Context) -> int:
    """Tell of nonconformances and CAPAs that are due within a day, or late; return how many messages that made.

    For a worker to do every hour. Topics are ``ncr.due``, ``ncr.overdue``, ``capa.due`` and ``capa.overdue``; the
    payload's ``what`` says of what (``containment``, ``assignment``, ``capa``, ``action``) and ``due`` until when.
    """
    with store.write(context) as unit:
        count = 0
        for stored in unit.all(records.NCR, state=tuple(state.value for state in LIVE)):
            count += _remind_of_ncr(unit, stored.record)
        for capa in unit.all(records.CAPA, state=tuple(state.value for state in OPEN_STATES)):
            count += _remind_of_capa(unit, capa.record)
    return count


def _remind_of_ncr(unit: Unit, ncr: NonConformance) -> int:
    count, face = 0, face_of(ncr)
    assert face is not None
    if ncr.state in (State.OPEN, State.REOPENED) and ncr.containment_due is not None:
        count += _told(unit, face, "containment", ncr.containment_due)
    if ncr.due is not None:
        count += _told(unit, face, "assignment", _end_of(ncr.due))
    return count


def _remind_of_capa(unit: Unit, capa: Capa) -> int:
    face = face_of(capa)
    assert face is not None
    count = int(_told(unit, face, "capa", _end_of(capa.due)))
    for action in capa.current_actions + capa.containments:
        if not action.done:
            count += _told(unit, face, "action", _end_of(action.due), about=action.id, person=action.responsible)
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
