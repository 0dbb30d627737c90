"""Use cases around what stands beside a record: comments, files, and who is told.

What is meant for outside is shared together with its record: with those organisations that may see the record, and what
one of them writes with none of the others.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from twin.access import Action
from twin.comment import Attachment, Comment, Pin, Subject, Subscription, subject
from twin.errors import Invalid, NotFound
from twin.operations.files import is_outside, own_upload
from twin.operations.notices import Face, face_of, tell
from twin.operations.projects import permit
from twin.project import Member
from twin.record import Id
from twin.store import blob_register, records
from twin.store.kinds import Kind
from twin.store.repository import Context, Store, Unit
from twin.store.view import Stored, View

KINDS: Mapping[str, tuple[Kind[Any], Action]] = MappingProxyType(
    {
        "ncr": (records.NCR, Action.NCR_READ),
        "capa": (records.CAPA, Action.CAPA_READ),
        "inspection_plan": (records.INSPECTION_PLAN, Action.PLAN_READ),
        "plan_execution": (records.PLAN_EXECUTION, Action.PLAN_READ),
        "inspection": (records.INSPECTION, Action.INSPECTION_READ),
        "finding": (records.FINDING, Action.FINDING_READ),
        "project": (records.PROJECT, Action.PROJECT_READ),
    }
)
"""Kinds of records that are talked about and shared, and what reading one asks for."""


BESIDE: tuple[Kind[Any], ...] = (records.COMMENT, records.ATTACHMENT)


def subject_of(view: View, member: Member, named: str) -> tuple[Subject, Stored[Any]]:
    """Return the record that a word names, if the member may read it.

    Raises
    ------
    Invalid
        If the word names nothing that can be talked about.
    NotFound
        If there is no such record that the member may see.
    """
    found = subject(named)
    kind, action = KINDS[found.kind]
    return found, view.get(kind, found.id, permit(member, action))


def write_comment(
    store: Store,
    context: Context,
    member: Member,
    named: str,
    text: str,
    *,
    for_outside: bool = False,
    answers: Id | None = None,
) -> Stored[Comment]:
    """Keep a comment about a record and tell whom it concerns; what somebody from outside writes is for outside."""
    with store.write(context) as unit:
        about, found = subject_of(unit, member, named)
        if answers is not None and unit.get(records.COMMENT, answers).record.subject != str(about):
            raise Invalid("a comment answers one about the same record")
        outside = is_outside(unit, member.project, member.user)
        comment = Comment(
            unit.new_id(), member.project, str(about), context.actor, context.now, text,
            for_outside=outside or for_outside, answers=answers,
        )  # fmt: skip
        stored = unit.add(records.COMMENT, comment)
        if comment.for_outside:
            _show(unit, records.COMMENT, comment.id, _who_sees(unit, member, about, outside=outside))
        _tell(unit, found, "commented", {"comment": comment.id, "text": text[:500]}, inside=not comment.for_outside)
        return stored


def attach_file(
    store: Store,
    context: Context,
    member: Member,
    named: str,
    *,
    sha256: str,
    file_name: str,
    media_type: str,
    description: str = "",
    for_outside: bool = False,
    pin: Pin | None = None,
    taken_at: datetime | None = None,
) -> Stored[Attachment]:
    """Keep a file beside a record: one that the actor uploaded into the project.

    Raises
    ------
    Invalid
        If they did not, or it is too large or of a type that is not attached.
    """
    with store.write(context) as unit:
        about, found = subject_of(unit, member, named)
        size = own_upload(unit, member.project, sha256)
        if size is None:
            raise Invalid(f"you uploaded no file with SHA-256 {sha256} into this project; do it first")
        blob_register.require(unit, sha256)
        outside = is_outside(unit, member.project, member.user)
        attachment = Attachment(
            unit.new_id(), member.project, str(about), sha256, file_name, media_type, size, context.actor, context.now,
            description, for_outside=outside or for_outside, pin=pin, taken_at=taken_at,
        )  # fmt: skip
        stored = unit.add(records.ATTACHMENT, attachment)
        if attachment.for_outside:
            _show(unit, records.ATTACHMENT, attachment.id, _who_sees(unit, member, about, outside=outside))
        more = {"attachment": attachment.id, "file_name": file_name}
        _tell(unit, found, "attached", more, inside=not attachment.for_outside)
        return stored


def subscribe(store: Store, context: Context, member: Member, named: str) -> Stored[Subscription]:
    """Let the member be told of a record, or with an empty word of everything in the project; twice is once."""
    with store.write(context) as unit:
        if named:
            subject_of(unit, member, named)
        known = unit.find(records.SUBSCRIPTION, project=member.project, user=member.user, subject=named)
        if known is None:
            new = Subscription(unit.new_id(), member.project, member.user, named)
            return unit.add(records.SUBSCRIPTION, new)
        again = Subscription(known.record.id, member.project, member.user, named)
        return unit.save(records.SUBSCRIPTION, again, expected=known.version, action="subscribe")


def unsubscribe(store: Store, context: Context, member: Member, named: str) -> Stored[Subscription]:
    """Let the member be told of it no more.

    Raises
    ------
    NotFound
        If they did not subscribe to it.
    """
    with store.write(context) as unit:
        known = unit.find(records.SUBSCRIPTION, project=member.project, user=member.user, subject=named)
        if known is None:
            raise NotFound(f"you have no subscription to {named or 'this project'}")
        ended = Subscription(known.record.id, member.project, member.user, named, active=False)
        return unit.save(records.SUBSCRIPTION, ended, expected=known.version, action="unsubscribe")


def show_beside(unit: Unit, about: Subject, project: Id, organisation: Id) -> None:
    """Let an organisation see what stands beside a record and is meant for outside, once it may see the record."""
    for kind in BESIDE:
        for stored in unit.all(kind, project=project, subject=str(about)):
            author = stored.record.author if isinstance(stored.record, Comment) else stored.record.added_by
            if stored.record.for_outside and not is_outside(unit, project, author.id):
                unit.share(kind, stored.record.id, organisation)


def _who_sees(unit: Unit, member: Member, about: Subject, *, outside: bool) -> tuple[Id, ...]:
    return (member.organisation,) if outside else unit.shared_with(about.id)


def _show(unit: Unit, kind: Kind[Any], record: Id, organisations: tuple[Id, ...]) -> None:
    for organisation in organisations:
        unit.share(kind, record, organisation)


def _tell(unit: Unit, found: Stored[Any], what: str, more: Mapping[str, Any], *, inside: bool) -> None:
    face: Face | None = face_of(found.record)
    if face is not None:
        tell(unit, face, what, more=more, only_inside=inside)
