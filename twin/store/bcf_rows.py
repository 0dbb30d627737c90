"""What BCF asks of a whole project, read without the records themselves: comments by pages, and which are topics."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Text, and_, cast, func, literal, or_, select, tuple_

from twin.bcf.kept import Standing
from twin.ncr_record import State
from twin.record import Id
from twin.store.schema import BCF_TOPIC, COMMENT, NCR
from twin.store.view import Scope, View, scoped

_AT_ONCE = 200


def ncr_topics(view: View, project: Id, rows: Scope) -> set[Id]:
    """Return the nonconformance records that are topics."""
    query = scoped(select(NCR.c.id).where(*live_records(project)), NCR, rows)
    return set(view.connection.execute(query).scalars())


def waiting_topics(view: View, project: Id, rows: Scope) -> set[Id]:
    """Return the topics that came in a file and wait for somebody to make records of them."""
    waiting = BCF_TOPIC.c.body["standing"].as_string() == Standing.WAITING.value
    query = select(BCF_TOPIC.c.id).where(BCF_TOPIC.c.project == project, waiting)
    return set(view.connection.execute(scoped(query, BCF_TOPIC, rows)).scalars())


def comment_rows(view: View, project: Id, rows: Scope) -> Iterator[Any]:
    """Yield ``id``, ``subject``, ``created_at``, ``body`` of comments on records that are topics, the oldest first."""
    seen = select(literal("ncr:").concat(NCR.c.id)).where(*live_records(project))
    query = select(COMMENT.c.id, COMMENT.c.subject, COMMENT.c.created_at, COMMENT.c.body).where(
        COMMENT.c.project == project, COMMENT.c.subject.in_(scoped(seen, NCR, rows))
    )
    query = query.order_by(COMMENT.c.created_at, COMMENT.c.id).limit(_AT_ONCE)
    place = tuple_(COMMENT.c.created_at, COMMENT.c.id)
    after: tuple[Any, Id] | None = None
    while True:
        found = view.connection.execute(query if after is None else query.where(place > after)).all()
        yield from found
        if len(found) < _AT_ONCE:
            return
        after = (found[-1].created_at, found[-1].id)


def talked_rows(view: View, project: Id, rows: Scope) -> list[Any]:
    """Return ``id``, standing, comments and their viewpoints of topics that hold any beside the records.

    Only what is asked for is read: the viewpoints that files brought may be long.
    """
    body = BCF_TOPIC.c.body
    talked = or_(*(func.length(cast(body[name], Text)) > len("[]") for name in ("comments", "about")))
    query = select(BCF_TOPIC.c.id, body["standing"], body["comments"], body["about"])
    return list(view.connection.execute(scoped(query.where(BCF_TOPIC.c.project == project, talked), BCF_TOPIC, rows)))


def live_records(project: Id) -> tuple[Any, ...]:
    """Return what makes a record a topic: a draft that was taken back before it had a number is none."""
    nameless = or_(NCR.c.number.is_(None), NCR.c.number == "")
    return (NCR.c.project == project, ~and_(NCR.c.state == State.VOID.value, nameless))
