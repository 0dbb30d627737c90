"""What was said in a whole project: page by page in the order of its writing, without reading the topics themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any

from twin.bcf.guid import guid_of
from twin.bcf.kept import Standing
from twin.bcf.values import Comment
from twin.operations.bcf import Caller, people_of, told_as
from twin.record import Id
from twin.store.bcf_rows import comment_rows, ncr_topics, talked_rows, waiting_topics
from twin.store.codec import from_json
from twin.store.view import View


@dataclass(frozen=True, slots=True)
class SaidOf:
    """A comment, and the guid of the topic that it is about."""

    topic: str
    comment: Comment


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept beside topics: what came in files, and which viewpoint a comment is about."""

    said: list[SaidOf]
    told: frozenset[Id]
    """Records by which people see what came in files: they are the same comments again."""
    about: Mapping[str, str]


def project_comments(view: View, caller: Caller) -> Iterator[SaidOf]:
    """Yield the comments that the caller sees, the oldest first; only as many are read as are asked for."""
    kept = _kept(view, caller)
    yield from merge(kept.said, _written(view, caller, kept), key=_order)


def _written(view: View, caller: Caller, kept: _Kept) -> Iterator[SaidOf]:
    """Yield comments that are records of their own."""
    people = people_of(view, caller.project)
    for row in comment_rows(view, caller.project, caller.rows):
        body: Mapping[str, Any] = row.body
        if row.id in kept.told or (caller.from_outside and not body["for_outside"]):
            continue
        guid, by = guid_of(row.id), body["author"]
        author, moment = people.get(by["id"]) or str(by["name"]), datetime.fromisoformat(body["written_at"])
        comment = Comment(guid, moment, author, str(body["text"]), kept.about.get(guid, ""))
        yield SaidOf(guid_of(str(row.subject).partition(":")[2]), comment)


def _kept(view: View, caller: Caller) -> _Kept:
    """Read of what is kept beside topics what was said."""
    ncrs = ncr_topics(view, caller.project, caller.rows)
    said: list[SaidOf] = []
    told: set[Id] = set()
    about: dict[str, str] = {}
    for record, standing, comments, viewpoints in talked_rows(view, caller.project, caller.rows):
        found = [from_json(one, Comment) for one in comments or ()]
        topic = guid_of(record)
        if record in ncrs:
            about |= viewpoints or {}
            told |= {told_as(record, one.guid) for one in found}
            said += [] if caller.from_outside else [SaidOf(topic, one) for one in found]
        elif standing == Standing.WAITING.value:
            said += [SaidOf(topic, one) for one in found]
    return _Kept(sorted(said, key=_order), frozenset(told), about)


def visible_topics(view: View, caller: Caller) -> frozenset[Id]:
    """Return the records that the caller sees as topics, without reading them."""
    project, rows = caller.project, caller.rows
    return frozenset(ncr_topics(view, project, rows) | waiting_topics(view, project, rows))


def _order(one: SaidOf) -> tuple[datetime, str]:
    return one.comment.date, one.comment.guid
