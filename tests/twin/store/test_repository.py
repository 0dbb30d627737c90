"""Records kept, changed and found again: the same promises on SQLite and PostgreSQL."""

import json
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from twin.audit import replay
from twin.errors import Conflict, Invalid, NotFound
from twin.record import Id, Json, content_sha256
from twin.store.codec import to_json
from twin.store.database import Database
from twin.store.kinds import Kind, attributes
from twin.store.repository import Context, Store
from twin.store.schema import NCR
from twin.store.trail import SYSTEM, events, history, streams, verify_stream
from twin.store.view import Scope


class Mood(StrEnum):
    CALM = "calm"
    CROSS = "cross"


@dataclass(frozen=True, slots=True)
class Part:
    size: Decimal
    seen: datetime | None


@dataclass(frozen=True, slots=True)
class Thing:
    id: Id
    project: Id
    number: str
    state: Mood
    severity: str
    assignee: str | None
    cause_key: str
    parts: tuple[Part, ...]
    in_doubt: bool = False


COLUMNS = attributes("number", "state", "severity", "assignee", "cause_key", "in_doubt")
THING = Kind("ncr", Thing, NCR, COLUMNS, lambda t: t.project)
P, Q = "1" * 32, "2" * 32


def thing(i: int, project: Id = P, **other: object) -> Thing:
    part = Part(Decimal("12.30"), datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))
    plain = Thing(f"{i:032x}", project, f"NCR-{i:04d}", Mood.CALM, "major", None, "", (part, Part(Decimal(0), None)))
    return replace(plain, **other)


def test_a_record_comes_back_as_it_was_with_its_version(store: Store, context: Context) -> None:
    with store.write(context) as unit:
        unit.add(THING, thing(1))
    with store.read() as view:
        stored = view.get(THING, thing(1).id)
    assert stored.record == thing(1)
    assert str(stored.record.parts[0].size) == "12.30"
    assert (stored.version, stored.created_at) == (1, context.now)


def test_every_change_is_in_the_trail_which_replays_to_the_record(store: Store, context: Context) -> None:
    later = replace(context, now=context.now + timedelta(minutes=1), request="r2")
    with store.write(context) as unit:
        unit.add(THING, thing(1))
    with store.write(later) as unit:
        stored = unit.save(THING, thing(1, state=Mood.CROSS), expected=1, action="anger", reason="rain 雨")
    assert stored.version == 2
    with store.read() as view:
        told = history(view.connection, f"ncr:{thing(1).id}")
        assert verify_stream(view.connection, P).holds
        assert streams(view.connection) == [P]
    assert [(e.event.seq, e.event.action, e.event.version) for e in told] == [(1, "create", 1), (2, "anger", 2)]
    last = told[-1].event
    assert (dict(last.before), dict(last.after)) == ({"state": "calm"}, {"state": "cross"})
    assert (last.reason, last.request, last.origin, last.actor) == ("rain 雨", "r2", "127.0.0.1", context.actor)
    body = to_json(thing(1, state=Mood.CROSS))
    assert replay((e.event for e in told), f"ncr:{thing(1).id}") == body
    assert last.record_sha256 == content_sha256(body)


def test_a_trail_reads_the_same_from_every_database(store: Store, context: Context) -> None:
    left: dict[str, Json] = {"zebra": 1, "a": {"longer": 1, "b": [{"y": 1, "x": 2}]}, "mm": 2}
    with store.write(context) as unit:
        unit.note("measure", "thing:1", left, project=P)
    with store.read() as view:
        after = history(view.connection, "thing:1")[0].event.after
    assert json.dumps(after) == json.dumps(left, sort_keys=True)


def test_saving_what_is_kept_already_changes_nothing(store: Store, context: Context) -> None:
    with store.write(context) as unit:
        unit.add(THING, thing(1))
        assert unit.save(THING, thing(1), expected=1).version == 1
        assert len(history(unit.connection, f"ncr:{thing(1).id}")) == 1


def test_who_was_overtaken_is_told_and_nothing_is_lost(store: Store, context: Context) -> None:
    with store.write(context) as unit:
        unit.add(THING, thing(1))
        unit.save(THING, thing(1, severity="minor"), expected=1)
    with pytest.raises(Conflict, match="meanwhile"), store.write(context) as unit:
        unit.save(THING, thing(1, state=Mood.CROSS), expected=1)
    with store.read() as view:
        assert view.get(THING, thing(1).id).record == thing(1, severity="minor")


def test_a_block_that_raises_leaves_neither_record_nor_event_nor_number(store: Store, context: Context) -> None:
    def fails() -> None:
        with store.write(context) as unit:
            unit.add(THING, thing(1))
            assert unit.number(P, "ncr") == 1
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        fails()
    with store.read() as view:
        with pytest.raises(NotFound):
            view.get(THING, thing(1).id)
        assert streams(view.connection) == []


def test_the_same_identifier_twice_is_a_conflict_and_the_block_may_go_on(store: Store, context: Context) -> None:
    with store.write(context) as unit:
        unit.add(THING, thing(1))
        with pytest.raises(Conflict, match="exists already"):
            unit.add(THING, thing(1))
        unit.add(THING, thing(2))
    with store.read() as view:
        assert len(view.list(THING).items) == 2


def test_a_record_stays_in_its_project(store: Store, context: Context) -> None:
    with store.write(context) as unit:
        unit.add(THING, thing(1))
        with pytest.raises(Invalid, match="project"):
            unit.save(THING, thing(1, project=Q), expected=1)


def test_many_writers_at_once_lose_no_change_and_number_without_gaps(store: Store, context: Context) -> None:
    with store.write(context) as unit:
        unit.add(THING, thing(1, severity="0"))
    given: list[int] = []

    def work() -> None:
        for _ in range(5):
            while True:
                try:
                    with store.write(context) as unit:
                        old = unit.get(THING, thing(1).id)
                        count = str(int(old.record.severity) + 1)
                        unit.save(THING, replace(old.record, severity=count), expected=old.version)
                        number = unit.number(P, "ncr")
                    given.append(number)
                    break
                except Conflict:
                    continue

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as view:
        assert view.get(THING, thing(1).id).record.severity == "20"
        assert sorted(given) == list(range(1, 21))
        found = verify_stream(view.connection, P)
        assert (found.holds, found.events) == (True, 21)


def test_pages_hold_every_record_once_in_the_order_of_creation(store: Store, context: Context) -> None:
    for i in range(7):
        with store.write(replace(context, now=context.now + timedelta(seconds=i // 3))) as unit:
            unit.add(THING, thing(i, severity="minor" if i % 2 else "major"))
    with store.read() as view:
        first = view.list(THING, limit=3)
        second = view.list(THING, limit=3, after=first.next)
        third = view.list(THING, limit=3, after=second.next)
        got = [s.record.id for page in (first, second, third) for s in page.items]
        assert got == [thing(i).id for i in range(7)]
        assert third.next is None
        assert [s.record.number for s in view.list(THING, where={"severity": "minor"}).items] == [
            "NCR-0001", "NCR-0003", "NCR-0005",
        ]  # fmt: skip
        assert len(view.list(THING, where={"severity": ("minor", "major")}).items) == 7
        with pytest.raises(Invalid, match="filtered"):
            view.list(THING, where={"colour": "red"})
        with pytest.raises(Invalid, match="first page"):
            view.list(THING, after=("yesterday", "0"))


def test_rows_outside_the_scope_do_not_exist(store: Store, context: Context) -> None:
    with store.write(context) as unit:
        for i, project in ((1, P), (2, Q), (3, Q)):
            unit.add(THING, thing(i, project))
        unit.share(THING, thing(3).id, "c" * 32)
        unit.share(THING, thing(3).id, "c" * 32)
        assert [e.event.action for e in events(unit.connection, Q)] == ["create", "create", "share"]

    def seen(scope: Scope) -> list[str]:
        with store.read() as view:
            return [s.record.number for s in view.list(THING, scope).items]

    assert seen(Scope(frozenset({P}))) == ["NCR-0001"]
    assert seen(Scope(frozenset())) == []
    supplier = Scope(frozenset({P, Q}), {Q: "c" * 32})
    assert seen(supplier) == ["NCR-0001", "NCR-0003"]
    assert seen(Scope(frozenset({Q}), {Q: "d" * 32})) == []
    with store.read() as view, pytest.raises(NotFound, match="no ncr"):
        view.get(THING, thing(2).id, supplier)


def test_the_database_itself_refuses_to_rewrite_the_trail(store: Store, database: Database, context: Context) -> None:
    with store.write(context) as unit:
        unit.add(THING, thing(1))
    for statement in ("UPDATE audit_event SET reason = 'x'", "DELETE FROM audit_event"):
        with pytest.raises(DatabaseError, match="append-only"), database.engine.begin() as connection:
            connection.execute(text(statement))


def test_who_gets_around_that_is_found_out(store: Store, database: Database, context: Context) -> None:
    with store.write(context) as unit:
        for i in range(4):
            unit.add(THING, thing(i))
    with database.engine.begin() as connection:
        if database.is_sqlite:
            connection.execute(text("DROP TRIGGER audit_event_no_update"))
        else:
            connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE audit_event SET actor_name = 'Nobody' WHERE seq = 3"))
    with store.read() as view:
        found = verify_stream(view.connection, P)
    assert (found.holds, found.first_bad) == (False, 3)


def test_what_belongs_to_no_project_has_a_stream_of_its_own(store: Store, context: Context) -> None:
    with store.write(context) as unit:
        unit.note("sign_in", "user:x", {"origin": "127.0.0.1"})
        unit.tell("f" * 32, "ncr.opened", {"ncr": "1"}, project=P)
    with store.read() as view:
        assert [e.event.action for e in events(view.connection, SYSTEM)] == ["sign_in"]
        assert verify_stream(view.connection, SYSTEM).holds
        assert verify_stream(view.connection, "never").events == 0
