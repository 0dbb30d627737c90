"""What was said in a whole project: page by page in the order of its writing, without reading the topics themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any

from sqlalchemy import Text, and_, cast, func, literal, or_, select, tuple_

from twin.bcf.guid import guid_of
from twin.bcf.kept import Standing
from twin.bcf.values import Comment
from twin.ncr_record import State
from twin.operations.bcf import Caller, people_of, told_as
from twin.record import Id
from twin.store.codec import from_json
from twin.store.schema import BCF_TOPIC, COMMENT, NCR
from twin.store.view import View, scoped

_AT_ONCE = 200


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
    seen = select(literal("ncr:").concat(NCR.c.id)).where(*_live_ncrs(caller))
    query = select(COMMENT.c.id, COMMENT.c.subject, COMMENT.c.created_at, COMMENT.c.body).where(
        COMMENT.c.project == caller.project, COMMENT.c.subject.in_(scoped(seen, NCR, caller.rows))
    )
    query = query.order_by(COMMENT.c.created_at, COMMENT.c.id).limit(_AT_ONCE)
    after: tuple[datetime, Id] | None = None
    while True:
        place = tuple_(COMMENT.c.created_at, COMMENT.c.id)
        rows = view.connection.execute(query if after is None else query.where(place > after)).all()
        for row in rows:
            body: Mapping[str, Any] = row.body
            if row.id in kept.told or (caller.from_outside and not body["for_outside"]):
                continue
            guid, by = guid_of(row.id), body["author"]
            author, moment = people.get(by["id"]) or str(by["name"]), datetime.fromisoformat(body["written_at"])
            comment = Comment(guid, moment, author, str(body["text"]), kept.about.get(guid, ""))
            yield SaidOf(guid_of(str(row.subject).partition(":")[2]), comment)
        if len(rows) < _AT_ONCE:
            return
        after = (rows[-1].created_at, rows[-1].id)


def _kept(view: View, caller: Caller) -> _Kept:
    """Read of what is kept beside topics only what is needed: their viewpoints may be long."""
    ncrs = _ncrs(view, caller)
    body = BCF_TOPIC.c.body
    talked = or_(*(func.length(cast(body[name], Text)) > len("[]") for name in ("comments", "about")))
    query = select(BCF_TOPIC.c.id, body["standing"], body["comments"], body["about"])
    query = scoped(query.where(BCF_TOPIC.c.project == caller.project, talked), BCF_TOPIC, caller.rows)
    said: list[SaidOf] = []
    told: set[Id] = set()
    about: dict[str, str] = {}
    rows: list[Any] = list(view.connection.execute(query))
    for record, standing, comments, viewpoints in rows:
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
    waiting = BCF_TOPIC.c.body["standing"].as_string() == Standing.WAITING.value
    query = select(BCF_TOPIC.c.id).where(BCF_TOPIC.c.project == caller.project, waiting)
    observed = view.connection.execute(scoped(query, BCF_TOPIC, caller.rows)).scalars()
    return frozenset((*_ncrs(view, caller), *observed))


def _ncrs(view: View, caller: Caller) -> set[Id]:
    query = scoped(select(NCR.c.id).where(*_live_ncrs(caller)), NCR, caller.rows)
    return set(view.connection.execute(query).scalars())


def _live_ncrs(caller: Caller) -> tuple[Any, ...]:
    """Return what makes a record a topic: a draft that was taken back before it had a number is none."""
    nameless = or_(NCR.c.number.is_(None), NCR.c.number == "")
    return (NCR.c.project == caller.project, ~and_(NCR.c.state == State.VOID.value, nameless))


def _order(one: SaidOf) -> tuple[datetime, str]:
    return one.comment.date, one.comment.guid
