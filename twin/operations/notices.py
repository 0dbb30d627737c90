"""Who is told of what: a message in the outbox for every change that concerns somebody, kept with the change itself.

Topics are ``KIND.WHAT``. ``KIND`` is ``ncr``, ``capa``, ``plan``, ``inspection`` or ``finding``; ``WHAT`` is
``opened``, ``assigned``, ``signed``, ``closed``, any other state that the record came to, ``due``, ``overdue``,
``commented`` or ``attached``. The payload is ``record`` (``ncr:ID``), ``number``, ``title``, ``state``, ``by`` and
``to``: the identifiers of whom it concerns, apart from who did it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from twin.access import Action, Scope, scope_of
from twin.capa import Capa
from twin.finding import Finding
from twin.inspection import Inspection
from twin.inspection_plan import InspectionPlan
from twin.ncr_record import NonConformance
from twin.project import Member
from twin.record import Id, Json
from twin.store import records
from twin.store.repository import Unit
from twin.store.view import Stored, View

_TOPIC = {"inspection_plan": "plan"}
_STATE = {"effective": "closed", "initiated": "opened"}
"""States whose topic has another name."""


@dataclass(frozen=True, slots=True)
class Face:
    """What a message says of a record."""

    kind: str
    id: Id
    project: Id
    number: str
    title: str
    state: str
    assignee: Id | None = None
    signatures: int = 0


def face_of(record: object) -> Face | None:
    """Return what is told of a record; None for one that nobody is told of."""
    match record:
        case NonConformance():
            signed = len(record.signatures) + sum(len(past.signatures) for past in record.history)
            return Face("ncr", record.id, record.project, record.number, record.title, record.state.value,
                        record.assignee, signed)  # fmt: skip
        case Capa():
            signed = int(record.root_cause_signature is not None) + int(record.cancellation is not None)
            return Face("capa", record.id, record.project, record.number, record.title, record.state.value,
                        record.owner, signed)  # fmt: skip
        case InspectionPlan():
            return Face("inspection_plan", record.id, record.project, record.number, record.title,
                        record.status.value, None, len(record.approvals))  # fmt: skip
        case Inspection():
            return Face("inspection", record.id, record.project, record.number, record.title, record.state.value)
        case Finding():
            return Face("finding", record.id, record.project, "", record.defect.kind.value, record.status.value)
        case _:
            return None


def tell_change(unit: Unit, old: Stored[Any] | None, new: Stored[Any]) -> None:
    """Tell of a change whatever concerns somebody: a state, an assignee, a signature."""
    after = face_of(new.record)
    if after is None:
        return
    before = face_of(old.record) if old else None
    told = dict.fromkeys(_what(before, after))
    for what in told:
        tell(unit, after, what)


def tell(
    unit: Unit, face: Face, what: str, *, more: Mapping[str, Json] | None = None, identifier: Id = "",
    only_inside: bool = False,
) -> None:  # fmt: skip
    """Put one message about a record into the outbox.

    Parameters
    ----------
    identifier
        For what is told once only; a new one otherwise.
    only_inside
        Not for people of outside organisations, though the record is shared with them.
    """
    people = [person for person in (face.assignee,) if person]
    payload: dict[str, Json] = {
        "record": f"{face.kind}:{face.id}", "number": face.number, "title": face.title, "state": face.state,
        "by": unit.context.actor.name, "to": list(_recipients(unit, face, people, only_inside=only_inside)),
        **(more or {}),
    }  # fmt: skip
    topic = f"{_TOPIC.get(face.kind, face.kind)}.{what}"
    unit.tell(identifier or unit.new_id(), topic, payload, project=face.project)


def _what(before: Face | None, after: Face) -> Iterable[str]:
    if before is None or before.state != after.state:
        yield _STATE.get(after.state, "opened" if after.state == "open" else after.state)
    if after.assignee and (before is None or before.assignee != after.assignee):
        yield "assigned"
    if before is not None and after.signatures > before.signatures:
        yield "signed"


def _recipients(unit: Unit, face: Face, people: Iterable[Id], *, only_inside: bool) -> tuple[Id, ...]:
    """Return whom a message is for, sorted: whom it concerns and who subscribed, and of them who may see the record."""
    named = dict.fromkeys(people)
    for subject in ("", f"{face.kind}:{face.id}"):
        mine = unit.all(records.SUBSCRIPTION, project=face.project, subject=subject)
        named |= dict.fromkeys(stored.record.user for stored in mine if stored.record.active)
    named.pop(unit.context.actor.id, None)
    shown = unit.shared_with(face.id)
    return tuple(sorted(user for user in named if _may_see(unit, face.project, user, () if only_inside else shown)))


def _may_see(view: View, project: Id, user: Id, shared_with: tuple[Id, ...]) -> bool:
    found = view.find(records.MEMBER, project=project, user=user)
    return found is not None and found.record.active and _reaches(found.record, shared_with)


def _reaches(member: Member, shared_with: tuple[Id, ...]) -> bool:
    scope = scope_of(member.role, Action.PROJECT_READ)
    return scope is Scope.ALL or (scope is Scope.SHARED and member.organisation in shared_with)
