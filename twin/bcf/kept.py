"""What BCF clients and files said, as it is kept: beside a nonconformance record, or waiting for a person.

Nothing from outside changes a nonconformance record by itself. What belongs to a record is kept beside it under the
record's own identifier; what belongs to none waits as an observation until somebody confirms or dismisses it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from twin.bcf.values import (
    Comment,
    Document,
    DocumentReference,
    ModelFile,
    Snippet,
    Topic,
    Viewpoint,
)
from twin.errors import Conflict, IllegalTransition, NotFound, Refused
from twin.record import Actor, Id, require_utc

Said = TypeVar("Said", Comment, Viewpoint, DocumentReference)


class Standing(StrEnum):
    """What became of what was said."""

    BESIDE = "beside"
    """It goes with a nonconformance record."""
    WAITING = "waiting"
    """An observation: nobody has decided about it."""
    DISMISSED = "dismissed"


class StandingEvent(StrEnum):
    """What can happen to an observation."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"


TRANSITIONS: Mapping[tuple[Standing, StandingEvent], Standing] = {
    (Standing.WAITING, StandingEvent.CONFIRM): Standing.BESIDE,
    (Standing.WAITING, StandingEvent.DISMISS): Standing.DISMISSED,
}


@dataclass(frozen=True, slots=True)
class Ended:
    """Who decided about an observation, when and why."""

    by: Actor
    at: datetime
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.at)


@dataclass(frozen=True, slots=True)
class KeptTopic:
    """What was said about one subject."""

    id: Id
    """That of the record beside which it is kept; of an observation, the one that its guid stands for."""
    project: Id
    standing: Standing
    ncr: Id | None = None
    """The record that it goes with."""
    said: Topic | None = None
    """An observation, without comments, views, files, documents and related topics, which stand below."""
    comments: tuple[Comment, ...] = ()
    viewpoints: tuple[Viewpoint, ...] = ()
    documents: tuple[DocumentReference, ...] = ()
    related: tuple[str, ...] = ()
    files: tuple[ModelFile, ...] = ()
    snippet: Snippet | None = None
    owners: Mapping[str, Id] = field(default_factory=dict[str, Id])
    """Guid of a comment or viewpoint to the account that made it; what came in a file has none."""
    about: Mapping[str, str] = field(default_factory=dict[str, str])
    """Guid of a comment that is kept as a record of its own, to that of the viewpoint that it is about."""
    ended: Ended | None = None


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A document of a project that topics refer to."""

    id: Id
    project: Id
    document: Document
    by: Actor
    at: datetime

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.at)


def observation(identifier: Id, project: Id, topic: Topic) -> KeptTopic:
    """Return what is kept of a topic that belongs to no record."""
    bare = replace(topic, comments=(), viewpoints=(), documents=(), related=(), files=(), snippet=None)
    return KeptTopic(
        identifier, project, Standing.WAITING, None, bare, topic.comments, topic.viewpoints, topic.documents,
        topic.related, topic.files, topic.snippet,
    )  # fmt: skip


def whole(kept: KeptTopic) -> Topic:
    """Return an observation as the topic that it came as."""
    if kept.said is None:
        raise NotFound(f"there is no observation {kept.id}")
    return replace(
        kept.said, comments=kept.comments, viewpoints=kept.viewpoints, documents=kept.documents, related=kept.related,
        files=kept.files, snippet=kept.snippet,
    )  # fmt: skip


def confirm(kept: KeptTopic, *, ncr: Id, actor: Actor, now: datetime) -> KeptTopic:
    """Let an observation go on as, or with, a nonconformance record."""
    return replace(kept, standing=_next(kept, StandingEvent.CONFIRM), ncr=ncr, ended=Ended(actor, now))


def dismiss(kept: KeptTopic, *, reason: str, actor: Actor, now: datetime) -> KeptTopic:
    """Find an observation to be none; the reason is kept with it."""
    standing = _next(kept, StandingEvent.DISMISS)
    if not reason.strip():
        raise Refused("say why this is no nonconformance before you dismiss it", missing=("a reason",))
    return replace(kept, standing=standing, ended=Ended(actor, now, reason.strip()))


def merged(kept: KeptTopic, topic: Topic) -> KeptTopic:
    """Take up comments, views and documents that are not known yet, by guid; what is known stays as it is."""
    return replace(
        kept,
        comments=(*kept.comments, *_new(topic.comments, kept.comments)),
        viewpoints=(*kept.viewpoints, *_new(topic.viewpoints, kept.viewpoints)),
        documents=(*kept.documents, *_new(topic.documents, kept.documents)),
        related=tuple(dict.fromkeys((*kept.related, *topic.related))),
    )


def beside(ncr: Id, project: Id) -> KeptTopic:
    """Return the place for what is said about a nonconformance record."""
    return KeptTopic(ncr, project, Standing.BESIDE, ncr)


def add_comment(kept: KeptTopic, comment: Comment, *, by: Id) -> KeptTopic:
    """Add a comment, which stays as it was written; the viewpoint that it is about must be there."""
    _require_new(comment.guid, kept.comments)
    require_viewpoint(kept, comment.viewpoint)
    return replace(kept, comments=(*kept.comments, comment), owners={**kept.owners, comment.guid: by})


def add_viewpoint(kept: KeptTopic, viewpoint: Viewpoint, *, by: Id) -> KeptTopic:
    """Add a viewpoint; it never changes afterwards."""
    _require_new(viewpoint.guid, kept.viewpoints)
    return replace(kept, viewpoints=(*kept.viewpoints, viewpoint), owners={**kept.owners, viewpoint.guid: by})


def remove_viewpoint(kept: KeptTopic, guid: str, *, by: Id) -> KeptTopic:
    """Take one's own viewpoint back, unless a comment is about it."""
    viewpoint_of(kept, guid)
    _require_owner(kept, guid, by, "viewpoint")
    if guid in kept.about.values() or any(comment.viewpoint == guid for comment in kept.comments):
        raise Refused("a comment is about this viewpoint: it stays")
    return replace(kept, viewpoints=tuple(v for v in kept.viewpoints if v.guid != guid))


def viewpoint_of(kept: KeptTopic, guid: str) -> Viewpoint:
    """Return a viewpoint; :class:`NotFound` when there is none."""
    for viewpoint in kept.viewpoints:
        if viewpoint.guid == guid:
            return viewpoint
    raise NotFound(f"there is no viewpoint {guid}")


def put_document_reference(kept: KeptTopic, reference: DocumentReference) -> KeptTopic:
    """Add a reference to a document, or put it in the place of the one with its guid."""
    others = {one.guid: one for one in kept.documents} | {reference.guid: reference}
    return replace(kept, documents=tuple(others.values()))


def _new(given: Iterable[Said], known: Iterable[Said]) -> tuple[Said, ...]:
    guids = {one.guid for one in known}
    return tuple(one for one in given if one.guid not in guids)


def _next(kept: KeptTopic, event: StandingEvent) -> Standing:
    standing = TRANSITIONS.get((kept.standing, event))
    if standing is None:
        raise IllegalTransition(f"this is {kept.standing.value}: only an observation that waits can be {event.value}ed")
    return standing


def _require_new(guid: str, known: Iterable[Comment] | Iterable[Viewpoint]) -> None:
    if any(one.guid == guid for one in known):
        raise Conflict(f"there is one with guid {guid} already; send another guid, or none")


def require_viewpoint(kept: KeptTopic, guid: str, elsewhere: Collection[str] = ()) -> None:
    """Raise :class:`NotFound` unless a viewpoint is there, or ``elsewhere``: those that a check gave; none is fine."""
    if guid and guid not in elsewhere and all(view.guid != guid for view in kept.viewpoints):
        raise NotFound(f"there is no viewpoint {guid}; add it before you comment on it")


def _require_owner(kept: KeptTopic, guid: str, by: Id, what: str) -> None:
    if kept.owners.get(guid) != by:
        raise Refused(f"only who made a {what} may take it back")
