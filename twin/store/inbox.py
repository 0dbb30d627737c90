"""What each person was told, and the letter that goes with it: one row for each message and reader.

How the letter to one of them is getting on says nothing of the others: what one mail server refuses neither holds back
nor repeats the rest. Taking a letter counts its attempt and puts off the next one, as with the outbox.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, insert, or_, select, update

from twin.record import Id, Json
from twin.store.database import Database
from twin.store.schema import INBOX
from twin.store.view import Scope, scoped_by

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 78
"""Three days and some hours: a mail server that is down over a weekend loses nothing."""


class Mail(StrEnum):
    """How the letter to one person is getting on."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    """Given up; an administrator can have it sent again."""
    LEFT_OUT = "left_out"
    """Not sent on purpose: they want no mail, have no address, or may not see the record any more."""
    OFF = "off"
    """The server sends no mail."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message as one person gets it."""

    id: Id
    seq: int
    user: Id
    message: Id
    project: Id
    record: Id
    topic: str
    payload: Mapping[str, Json]
    created_at: datetime
    read_at: datetime | None
    mail: Mail
    attempts: int
    due_at: datetime | None
    sent_at: datetime | None
    error: str


def put(
    connection: Connection, identifiers: Sequence[Id], users: Sequence[Id], *, message: Id, project: Id, record: Id,
    topic: str, payload: Mapping[str, Json], now: datetime,
) -> None:  # fmt: skip
    """Keep a message for each of its readers."""
    common = {
        "message": message, "project": project, "record": record, "topic": topic, "payload": dict(payload),
        "created_at": now, "mail": Mail.WAITING.value, "attempts": 0, "error": "",
    }  # fmt: skip
    rows = [common | {"id": own, "user": user} for own, user in zip(identifiers, users, strict=True)]
    if rows:
        connection.execute(insert(INBOX), rows)


def of_user(
    connection: Connection, user: Id, scope: Scope, *, unread_only: bool = False, project: Id | None = None,
    after: tuple[int, int] | None = None, limit: int = 50,
) -> tuple[list[Notice], tuple[int, int] | None]:  # fmt: skip
    """Return somebody's notices, the unread ones first and the newest first of each, and where the next ones begin.

    Parameters
    ----------
    scope
        Which records they may see now: what was taken from them is not told any more.
    """
    is_read, seq = INBOX.c.read_at.is_not(None), INBOX.c.seq
    query = _mine(user, scope)
    if unread_only:
        query = query.where(INBOX.c.read_at.is_(None))
    if project is not None:
        query = query.where(INBOX.c.project == project)
    if after is not None:
        was_read, last = after
        further = and_(is_read if was_read else ~is_read, seq < last)
        query = query.where(further if was_read else or_(further, is_read))
    rows = connection.execute(query.order_by(is_read, seq.desc()).limit(limit + 1)).mappings().all()
    notices = [_notice(row) for row in rows[:limit]]
    following = (int(notices[-1].read_at is not None), notices[-1].seq) if len(rows) > limit else None
    return notices, following


def unread(connection: Connection, user: Id, scope: Scope) -> int:
    """Return how many of somebody's notices are unread."""
    mine = _mine(user, scope).where(INBOX.c.read_at.is_(None)).subquery()
    return int(connection.execute(select(func.count()).select_from(mine)).scalar_one())


def mark_read(connection: Connection, user: Id, notices: Sequence[Id] | None, now: datetime) -> int:
    """Mark notices of somebody as read, None for all; return how many were not before."""
    mine = (INBOX.c.user == user) & INBOX.c.read_at.is_(None)
    if notices is not None:
        mine = mine & INBOX.c.id.in_(list(notices))
    return connection.execute(update(INBOX).where(mine).values(read_at=now)).rowcount


def take_letter(database: Database, now: datetime) -> Notice | None:
    """Take the oldest letter that is due; None when there is none. Two workers never take the same."""
    due = INBOX.c.due_at.is_(None) | (INBOX.c.due_at <= now)
    query = select(INBOX).where(INBOX.c.mail == Mail.WAITING.value, due).order_by(INBOX.c.seq).limit(1)
    with database.read() as connection:
        found = connection.execute(query).mappings().first()
    if found is None:
        return None
    attempt = int(found["attempts"]) + 1
    same = (INBOX.c.seq == found["seq"]) & (INBOX.c.attempts == found["attempts"]) & _waits()
    later = now + min(FIRST_WAIT * 2 ** min(attempt - 1, 16), LONGEST_WAIT)
    with database.write() as connection:
        taken = connection.execute(update(INBOX).where(same).values(attempts=attempt, due_at=later)).rowcount
    if taken != 1:
        return take_letter(database, now)
    return _notice(dict(found) | {"attempts": attempt, "due_at": later})


def settle(database: Database, notice: Notice, mail: Mail, *, now: datetime, error: str = "") -> None:
    """Record what became of a letter that was taken."""
    values: dict[str, Any] = {"mail": mail.value, "error": error}
    if mail is Mail.SENT:
        values["sent_at"] = now
    same = (INBOX.c.id == notice.id) & _waits()
    if mail is not Mail.SENT:
        same = same & (INBOX.c.attempts == notice.attempts)  # late news of a worker that was taken for dead
    with database.write() as connection:
        connection.execute(update(INBOX).where(same).values(values))


def refused(database: Database, notice: Notice, error: str, now: datetime) -> Mail:
    """Record that a letter did not leave, and why; return whether it waits or is given up."""
    mail = Mail.FAILED if notice.attempts >= MOST_ATTEMPTS else Mail.WAITING
    settle(database, notice, mail, now=now, error=error)
    return mail


def switch_off(database: Database) -> None:
    """Let nothing wait for a mail server that there is not: it would all go out on the day that there is one."""
    with database.read() as connection:
        if connection.execute(select(INBOX.c.seq).where(_waits()).limit(1)).first() is None:
            return
    with database.write() as connection:
        connection.execute(update(INBOX).where(_waits()).values(mail=Mail.OFF.value))


def letters(
    connection: Connection, *, mail: Mail | None = None, user: Id | None = None, after: int | None = None,
    limit: int = 50,
) -> tuple[list[Notice], int | None]:  # fmt: skip
    """Return letters to anybody, the newest first, and where the next ones begin: for administrators."""
    query = select(INBOX)
    if mail is not None:
        query = query.where(INBOX.c.mail == mail.value)
    if user is not None:
        query = query.where(INBOX.c.user == user)
    if after is not None:
        query = query.where(INBOX.c.seq < after)
    rows = connection.execute(query.order_by(INBOX.c.seq.desc()).limit(limit + 1)).mappings().all()
    notices = [_notice(row) for row in rows[:limit]]
    return notices, notices[-1].seq if len(rows) > limit else None


def send_again(connection: Connection, notice: Id) -> Notice | None:
    """Let a letter that was given up, left out or off be sent anew; None when there is no such."""
    other = (INBOX.c.id == notice) & INBOX.c.mail.in_([Mail.FAILED.value, Mail.LEFT_OUT.value, Mail.OFF.value])
    fresh = {"mail": Mail.WAITING.value, "attempts": 0, "due_at": None, "error": ""}
    if connection.execute(update(INBOX).where(other).values(fresh)).rowcount != 1:
        return None
    return _notice(connection.execute(select(INBOX).where(INBOX.c.id == notice)).mappings().one())


def _waits() -> Any:
    return INBOX.c.mail == Mail.WAITING.value


def _mine(user: Id, scope: Scope) -> Any:
    return scoped_by(select(INBOX).where(INBOX.c.user == user), INBOX.c.project, INBOX.c.record, scope)


def _notice(row: "RowMapping | Mapping[str, Any]") -> Notice:
    values: dict[str, Any] = {column.name: row[column.name] for column in INBOX.c}
    values["mail"] = Mail(row["mail"])
    return Notice(**values)
