"""What is to be told outside, taken from the database in order: each message at least once, one at a time per project.

Taking a message is what counts its attempt and puts off the next one, so a deliverer that dies in the middle costs a
delay, and two at the same time do not send the same. A message that was refused too often is set aside, so that it
does not hold back those behind it for ever; it stays and can be sent again (:func:`send_again`).
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from twin.errors import NotFound
from twin.record import Id, Json
from twin.store.database import Database
from twin.store.schema import OUTBOX

MOST_ATTEMPTS = 12
FIRST_WAIT = timedelta(seconds=30)
"""Longer than a delivery may take."""
_BEGUN = "0" * 32
"""The message that is none: when it was written, somebody began to be told."""
LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be told."""

    id: Id
    """The same for every attempt: a receiver drops what it has already."""
    project: Id | None
    topic: str
    payload: Mapping[str, Json]
    created_at: datetime
    attempt: int
    taken: tuple[str, ...] = ()
    """By which ways it arrived already: those are not tried again."""


def begin(database: Database, now: datetime) -> int:
    """Note that from now on somebody is told; return how many older messages are passed over for that.

    Once in a database's life: what happened before anybody listened is no news. Whoever is told later, at another
    address, gets what waits.
    """
    with suppress(IntegrityError), database.write() as connection:  # another worker was faster
        if connection.execute(select(OUTBOX.c.id).where(OUTBOX.c.id == _BEGUN)).first() is not None:
            return 0
        waiting = OUTBOX.c.sent_at.is_(None) & OUTBOX.c.failed_at.is_(None)
        passed = update(OUTBOX).where(waiting).values(sent_at=now, error="nobody was to be told yet")
        count = connection.execute(passed).rowcount
        mark = {
            "id": _BEGUN,
            "project": None,
            "topic": "outbox.begun",
            "payload": {},
            "created_at": now,
            "sent_at": now,
        }
        connection.execute(insert(OUTBOX).values(**mark, attempts=0, error="", taken=[]))
        return count
    return 0


def take(database: Database, now: datetime) -> Message | None:
    """Take the oldest message that is its project's next and due; None when there is none."""
    with database.read() as connection:
        found = connection.execute(_next(now)).mappings().first()
    if found is None:
        return None
    attempt = int(found["attempts"]) + 1
    mine = (OUTBOX.c.seq == found["seq"]) & (OUTBOX.c.attempts == found["attempts"]) & OUTBOX.c.sent_at.is_(None)
    wait = min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT)
    with database.write() as connection:
        taken = connection.execute(update(OUTBOX).where(mine).values(attempts=attempt, due_at=now + wait)).rowcount
    return _message(found, attempt) if taken == 1 else take(database, now)


def sent(database: Database, message: Message, now: datetime) -> None:
    """Record that a message was delivered."""
    with database.write() as connection:
        connection.execute(update(OUTBOX).where(OUTBOX.c.id == message.id).values(sent_at=now, error=""))


def refused(database: Database, message: Message, error: str, now: datetime, *, taken: tuple[str, ...] = ()) -> bool:
    """Record why it was not, or by which ways alone it was; return whether it is set aside."""
    aside = message.attempt >= MOST_ATTEMPTS
    arrived = sorted({*message.taken, *taken})
    values: dict[str, Any] = {"error": error, "taken": arrived, **({"failed_at": now} if aside else {})}
    mine = (OUTBOX.c.id == message.id) & (OUTBOX.c.attempts == message.attempt)
    with database.write() as connection:
        connection.execute(update(OUTBOX).where(mine).values(values))
    return aside


def send_again(connection: Connection, message: Id) -> None:
    """Let a message that was set aside be sent anew."""
    fresh = {"failed_at": None, "attempts": 0, "due_at": None}
    changed = connection.execute(update(OUTBOX).where(OUTBOX.c.id == message).values(fresh)).rowcount
    if changed != 1:
        raise NotFound(f"there is no message {message}")


def set_aside(connection: Connection) -> list[tuple[Message, str]]:
    """Return the messages that were given up, with the last error of each."""
    query = select(OUTBOX).where(OUTBOX.c.failed_at.is_not(None), OUTBOX.c.sent_at.is_(None)).order_by(OUTBOX.c.seq)
    return [(_message(row, row["attempts"]), row["error"]) for row in connection.execute(query).mappings()]


def _next(now: datetime) -> Any:
    waiting = OUTBOX.c.sent_at.is_(None) & OUTBOX.c.failed_at.is_(None)
    first = select(func.min(OUTBOX.c.seq)).where(waiting).group_by(OUTBOX.c.project)
    due = OUTBOX.c.due_at.is_(None) | (OUTBOX.c.due_at <= now)
    return select(OUTBOX).where(OUTBOX.c.seq.in_(first), waiting, due).order_by(OUTBOX.c.seq).limit(1)


def _message(row: RowMapping, attempt: int) -> Message:
    return Message(
        row["id"], row["project"], row["topic"], row["payload"], row["created_at"], attempt, tuple(row["taken"])
    )
