"""Reading and changing records: each change with its version checked and its event in the trail, or not at all."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from twin.audit import AuditEvent, changed_fields
from twin.errors import Conflict, Invalid, Overtaken
from twin.record import Actor, Id, Json, content_sha256
from twin.store.codec import to_json
from twin.store.database import Database
from twin.store.kinds import Kind
from twin.store.schema import OUTBOX, RECORD_ELEMENT, SEQUENCE, SHARE
from twin.store.trail import SYSTEM, append
from twin.store.view import EVERYTHING, Scope, Stored, View

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """Who changes something, when, and on whose request."""

    actor: Actor
    now: datetime
    request: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Unit(View):
    """Changing in one transaction: all of it is kept with its audit events, or nothing."""

    database: Database
    context: Context
    new_id: Callable[[], Id]
    """Makes the identifier of a new record."""

    def add(self, kind: Kind[T], record: T, *, action: str = "create", reason: str = "") -> Stored[T]:
        """Keep a new record.

        Raises
        ------
        Conflict
            If its identifier, or what else has to be unique, is taken.
        """
        body = to_json(record)
        now = self.context.now
        common = {"id": body["id"], "project": kind.project(record), "version": 1, "created_at": now, "changed_at": now}
        try:
            with self.connection.begin_nested():
                self.connection.execute(insert(kind.table).values(**common, body=body, **kind.columns(record)))
        except IntegrityError as error:
            raise Conflict(f"this {kind.name.replace('_', ' ')} exists already: {_constraint(error)}") from error
        self._name_elements(kind.elements(record), body["id"])
        self._append(kind, record, None, body, 1, action, reason)
        return Stored(record, 1, now, now)

    def take(self, kind: Kind[T], record: Id, scope: Scope = EVERYTHING, *, expected: int) -> Stored[T]:
        """Return a record to be changed, before the domain judges a state that the actor has not seen.

        Parameters
        ----------
        expected
            The version that the change is made from.

        Raises
        ------
        Overtaken
            If somebody else changed it meanwhile.
        """
        found = self.get(kind, record, scope)
        if found.version != expected:
            raise _overtaken(kind)
        return found

    def save(self, kind: Kind[T], record: T, *, expected: int, action: str = "update", reason: str = "") -> Stored[T]:
        """Keep the next state of a record; one that is equal to what is kept changes nothing.

        Parameters
        ----------
        expected
            The version that the change was made from.

        Raises
        ------
        Overtaken
            If somebody else changed it meanwhile.
        """
        body = to_json(record)
        old = self.get(kind, str(body["id"]))
        if old.version != expected:
            raise _overtaken(kind)
        before = to_json(old.record)
        if before == body:
            return old
        if before.get("project") != body.get("project"):
            raise Invalid("a record stays in its project")
        table, now = kind.table, self.context.now
        change = update(table).where(table.c.id == body["id"], table.c.version == expected)
        values = {"version": expected + 1, "changed_at": now, "body": body, **kind.columns(record)}
        try:
            with self.connection.begin_nested():
                changed = self.connection.execute(change.values(**values)).rowcount
        except IntegrityError as error:
            raise Conflict(f"this {kind.name.replace('_', ' ')} exists already: {_constraint(error)}") from error
        if changed != 1:
            raise _overtaken(kind)
        if set(kind.elements(record)) != set(kind.elements(old.record)):
            self.connection.execute(delete(RECORD_ELEMENT).where(RECORD_ELEMENT.c.record == body["id"]))
            self._name_elements(kind.elements(record), body["id"])
        self._append(kind, record, before, body, expected + 1, action, reason)
        return Stored(record, expected + 1, old.created_at, now)

    def note(
        self, action: str, entity: str, after: Mapping[str, Json], *, project: Id | None = None, reason: str = ""
    ) -> None:
        """Append an event of something that is no record of its own: a sign-in, a thousand element states at once."""
        self._event(project, action, entity, 0, {}, after, content_sha256(after), reason)

    def number(self, project: Id, kind: str) -> int:
        """Return the next number of a kind in a project; it is never given again, even if this one is not used."""
        table = SEQUENCE
        self.database.lock(self.connection, f"number:{project}:{kind}")
        mine = (table.c.project == project) & (table.c.kind == kind)
        last = self.connection.execute(select(table.c.last).where(mine)).scalar()
        if last is None:
            self.connection.execute(insert(table).values(project=project, kind=kind, last=1))
            return 1
        self.connection.execute(update(table).where(mine).values(last=last + 1))
        return int(last) + 1

    def share(self, kind: Kind[T], record: Id, organisation: Id) -> None:
        """Let an outside organisation see a record; twice is once."""
        stored = self.get(kind, record)
        known = select(SHARE.c.record).where(SHARE.c.record == record, SHARE.c.organisation == organisation)
        if self.connection.execute(known).first():
            return
        values = {"record": record, "organisation": organisation, "kind": kind.name}
        self.connection.execute(insert(SHARE).values(**values))
        project = kind.project(stored.record)
        self.note("share", f"{kind.name}:{record}", {"organisation": organisation}, project=project)

    def unshare(self, kind: Kind[T], record: Id, organisation: Id) -> None:
        """Let an outside organisation no longer see a record; what was not shared changes nothing."""
        stored = self.get(kind, record)
        mine = (SHARE.c.record == record) & (SHARE.c.organisation == organisation)
        if self.connection.execute(delete(SHARE).where(mine)).rowcount:
            project = kind.project(stored.record)
            self.note("unshare", f"{kind.name}:{record}", {"organisation": organisation}, project=project)

    def tell(self, identifier: Id, topic: str, payload: Mapping[str, Json], *, project: Id | None = None) -> None:
        """Put a message for the world outside into the outbox: it goes out if, and only if, this is kept."""
        values = {"id": identifier, "project": project, "topic": topic, "payload": dict(payload)}
        self.connection.execute(insert(OUTBOX).values(**values, created_at=self.context.now, attempts=0, error=""))

    def _name_elements(self, global_ids: tuple[str, ...], record: Json) -> None:
        if global_ids:
            rows = [{"record": record, "global_id": global_id} for global_id in dict.fromkeys(global_ids)]
            self.connection.execute(insert(RECORD_ELEMENT), rows)

    def _append(
        self,
        kind: Kind[T],
        record: T,
        before: Mapping[str, Json] | None,
        body: Mapping[str, Json],
        version: int,
        action: str,
        reason: str,
    ) -> None:
        old, new = changed_fields(before, body)
        entity = f"{kind.name}:{body['id']}"
        self._event(kind.project(record), action, entity, version, old, new, content_sha256(body), reason)

    def _event(
        self,
        project: Id | None,
        action: str,
        entity: str,
        version: int,
        before: Mapping[str, Json],
        after: Mapping[str, Json],
        digest: str,
        reason: str,
    ) -> None:
        who = self.context
        event = AuditEvent(
            stream=project or SYSTEM, seq=0, at=who.now, actor=who.actor, action=action, entity=entity,
            version=version, before=before, after=after, record_sha256=digest, reason=reason, request=who.request,
            origin=who.origin,
        )  # fmt: skip
        append(self.database, self.connection, event)


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """The door to the records."""

    database: Database
    new_id: Callable[[], Id] = field(default=lambda: uuid4().hex)

    @contextmanager
    def read(self) -> Generator[View]:
        """Begin reading."""
        with self.database.read() as connection:
            yield View(connection)

    @contextmanager
    def write(self, context: Context) -> Generator[Unit]:
        """Begin a change: kept when the block ends, forgotten when it raises."""
        with self.database.write() as connection:
            yield Unit(connection, self.database, context, self.new_id)


def _overtaken(kind: Kind[Any]) -> Overtaken:
    return Overtaken(f"the {kind.name.replace('_', ' ')} was changed meanwhile; load it again and repeat the change")


def _constraint(error: IntegrityError) -> str:
    """Return what had to be unique, without the driver's own words about it."""
    told = str(error.orig)
    return told.split("failed: ")[-1] if "failed: " in told else told.splitlines()[0]
