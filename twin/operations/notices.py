"""Who is told of what: a message in the outbox for every change that concerns somebody, kept with the change itself.

Topics are ``KIND.WHAT``. ``KIND`` is ``ncr``, ``capa``, ``plan``, ``inspection`` or ``finding``; ``WHAT`` is
``opened``, ``assigned``, ``seated`` (on the review board), ``proposed``, ``action`` (planned for somebody), ``signed``,
``closed``, any other state that the record came to, ``changed`` or ``extended`` (as a later check saw its defect),
``doubted`` (it was closed on a check that counts no more),
``due``, ``overdue``, ``commented`` or ``attached``. The payload is
``record`` (``ncr:ID``), ``number``, ``title``, ``state``, ``due``, ``by`` and ``to``: the identifiers of whom it
concerns, apart from who did it. Each of those finds it in the inbox, from the same transaction on, and gets a letter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twin.access import Action, Scope, scope_of
from twin.capa import Capa, CapaState
from twin.errors import Invalid
from twin.finding import Finding
from twin.inspection import Inspection
from twin.inspection_plan import InspectionPlan
from twin.ncr_record import NonConformance, State, decision_sha256
from twin.operations.accounts import names_of
from twin.project import Member
from twin.record import Id, Json
from twin.store import inbox, records
from twin.store.repository import Unit
from twin.store.view import Stored, View

_TOPIC = {"inspection_plan": "plan"}
_STATE = {"effective": "closed", "initiated": "opened"}
"""States whose topic has another name."""


_READS = {
    "ncr": Action.NCR_READ,
    "capa": Action.CAPA_READ,
    "inspection_plan": Action.PLAN_READ,
    "inspection": Action.INSPECTION_READ,
    "finding": Action.FINDING_READ,
}


@dataclass(frozen=True, slots=True)
class Face:
    """What a message says of a record, and whom it concerns in which case."""

    kind: str
    id: Id
    project: Id
    number: str
    title: str
    state: str
    assignee: Id | None = None
    signatures: int = 0
    due: str = ""
    """Until when the assignee should have seen to it; empty when nobody said."""
    board: tuple[Id, ...] = ()
    """Who sits on the review board while it has to decide."""
    proposal: str = ""
    """Digest of what the board is asked to sign; empty while there is nothing to sign."""
    actions: tuple[tuple[Id, Id], ...] = ()
    """Open actions and who is responsible for each."""
    evaluator: Id | None = None


def face_of(record: object) -> Face | None:
    """Return what is told of a record; None for one that nobody is told of."""
    match record:
        case NonConformance():
            return _face_of_ncr(record)
        case Capa():
            return _face_of_capa(record)
        case InspectionPlan():
            return Face("inspection_plan", record.id, record.project, record.number, record.title,
                        record.status.value, None, len(record.approvals))  # fmt: skip
        case Inspection():
            return Face("inspection", record.id, record.project, record.number, record.title, record.state.value)
        case Finding():
            return Face("finding", record.id, record.project, "", record.defect.kind.value, record.status.value)
        case _:
            return None


def _face_of_ncr(ncr: NonConformance) -> Face:
    signed = len(ncr.signatures) + sum(len(past.signatures) for past in ncr.history)
    decides = ncr.state is State.UNDER_REVIEW
    return Face(
        "ncr", ncr.id, ncr.project, ncr.number, ncr.title, ncr.state.value, ncr.assignee, signed,
        due=ncr.due.isoformat() if ncr.due else "",
        board=tuple(member.person for member in ncr.roster) if decides else (),
        proposal=decision_sha256(ncr) if decides and ncr.lines else "",
    )  # fmt: skip


def _face_of_capa(capa: Capa) -> Face:
    signed = int(capa.root_cause_signature is not None) + int(capa.cancellation is not None)
    doing = [action for action in (*capa.current_actions, *capa.containments) if not action.done]
    watched = capa.state is CapaState.EFFECTIVENESS_MONITORING and capa.criterion is not None
    return Face(
        "capa", capa.id, capa.project, capa.number, capa.title, capa.state.value, capa.owner, signed,
        due=capa.due.isoformat(), actions=tuple((action.id, action.responsible) for action in doing),
        evaluator=capa.criterion.evaluator if capa.criterion and watched else None,
    )  # fmt: skip


def tell_change(unit: Unit, old: Stored[Any] | None, new: Stored[Any]) -> None:
    """Tell of a change whatever concerns somebody: a state, an assignee, a seat, a proposal, an action, a signature."""
    after = face_of(new.record)
    if after is None:
        return
    before = face_of(old.record) if old else None
    told: dict[str, list[Id]] = {}
    for what, people in _what(before, after):
        told.setdefault(what, []).extend(people)
    for what, people in told.items():
        tell(unit, after, what, also=people)


def tell(
    unit: Unit, face: Face, what: str, *, more: Mapping[str, Json] | None = None, identifier: Id = "",
    only_inside: bool = False, also: Sequence[Id] = (),
) -> None:  # fmt: skip
    """Put one message about a record into the outbox, and into the inbox of everybody whom it concerns.

    Parameters
    ----------
    identifier
        For what is told once only; a new one otherwise.
    only_inside
        Not for people of outside organisations, though the record is shared with them.
    also
        Whom it concerns besides the assignee and who subscribed.
    """
    asked: list[Json] = [*sorted({*also})]
    people = [person for person in (face.assignee, *also) if person]
    to = _recipients(unit, face, people, only_inside=only_inside)
    payload: dict[str, Json] = {
        "record": f"{face.kind}:{face.id}", "number": face.number, "title": face.title, "state": face.state,
        "by": unit.context.actor.name, "to": list(to), "assignee": face.assignee or "", "asked": asked,
        **({"due": face.due} if face.due else {}), **(more or {}),
    }  # fmt: skip
    topic = f"{_TOPIC.get(face.kind, face.kind)}.{what}"
    message = identifier or unit.new_id()
    unit.tell(message, topic, payload, project=face.project)
    inbox.put(
        unit.connection, [unit.new_id() for _ in to], to, message=message, project=face.project, record=face.id,
        topic=topic, payload=payload, now=unit.context.now,
    )  # fmt: skip


def may_see(view: View, project: Id, user: Id, kind: str, record: Id) -> bool:
    """Say whether somebody takes part in a project and may read a record of it."""
    return _may_see(view, project, user, _READS.get(kind, Action.PROJECT_READ), view.shared_with(record))


def require_sight(view: View, project: Id, users: Iterable[Id], *, kind: str, record: Id) -> None:
    """Raise :class:`Invalid` for somebody who would have to see to a record that they may not see."""
    for user in users:
        if not may_see(view, project, user, kind, record):
            name = names_of(view, {user}).get(user)
            raise Invalid(
                f"{name.name if name else user} may not see this record: share it with their organisation first, "
                "or name somebody who may"
            )


def _what(before: Face | None, after: Face) -> Iterable[tuple[str, tuple[Id, ...]]]:
    """Yield what happened, and whom it concerns besides the assignee and who subscribed."""
    moved = before is None or before.state != after.state
    if moved:
        responsible = tuple(person for _, person in after.actions) if after.state == "implementation" else ()
        yield _STATE.get(after.state, "opened" if after.state == "open" else after.state), (
            *after.board, *responsible, *(person for person in (after.evaluator,) if person),
        )  # fmt: skip
    if after.assignee and (before is None or before.assignee != after.assignee):
        yield "assigned", ()
    if before is None:
        return
    seated = tuple(person for person in after.board if person not in before.board)
    if seated and not moved:
        yield "seated", seated
    if after.proposal and after.proposal != before.proposal:
        yield "proposed", after.board
    fresh = tuple(person for action, person in after.actions if action not in dict(before.actions))
    if fresh:
        yield "action", fresh
    if after.signatures > before.signatures:
        yield "signed", ()


def _recipients(unit: Unit, face: Face, people: Iterable[Id], *, only_inside: bool) -> tuple[Id, ...]:
    """Return whom a message is for, sorted: whom it concerns and who subscribed, and of them who may see the record."""
    named = dict.fromkeys(people)
    for subject in ("", f"{face.kind}:{face.id}"):
        mine = unit.all(records.SUBSCRIPTION, project=face.project, subject=subject)
        named |= dict.fromkeys(stored.record.user for stored in mine if stored.record.active)
    named.pop(unit.context.actor.id, None)
    shown = () if only_inside else unit.shared_with(face.id)
    reads = _READS.get(face.kind, Action.PROJECT_READ)
    return tuple(sorted(user for user in named if _may_see(unit, face.project, user, reads, shown)))


def _may_see(view: View, project: Id, user: Id, action: Action, shared_with: tuple[Id, ...]) -> bool:
    found = view.find(records.MEMBER, project=project, user=user)
    return found is not None and found.record.active and _reaches(found.record, action, shared_with)


def _reaches(member: Member, action: Action, shared_with: tuple[Id, ...]) -> bool:
    scope = scope_of(member.role, action)
    return scope is Scope.ALL or (scope is Scope.SHARED and member.organisation in shared_with)
