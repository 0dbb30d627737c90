"""Topics found in SQL, against the slow way: every record read whole, and what is asked for looked for among them."""

import os
import random
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests import servers
from twin.account import User
from twin.bcf.guid import guid_of
from twin.bcf.kept import beside, dismiss, observation
from twin.bcf.query import Query, Row, select
from twin.bcf.status import WORDS
from twin.bcf.values import Topic
from twin.disposition import Decision, DispositionLine
from twin.finding import Severity
from twin.ncr_parts import Requirement, Violation
from twin.ncr_record import Event, NonConformance, State, Step
from twin.operations.bcf import FILTERS, ORDERS, Caller, SeenTopic, find_topics, read_topic
from twin.project import Member, Project, Role
from twin.record import Actor
from twin.store import records
from twin.store.accounts import USER
from twin.store.bcf_topics import topic_labels
from twin.store.database import open_database
from twin.store.repository import Context, Store
from twin.store.view import EVERYTHING, Scope, View

P, OTHER, FIRM = "1" * 32, "2" * 32, "3" * 32
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
TEXTS = [
    "",
    "Wall",
    "wall",
    "Wall leans",
    "o'neil",
    "Ärger",
    "ärger",
    "墙",
    "𝄞",
    "5",
    "null",
    "100%",
    "a_b",
    "Z",
    "a b",
]
PEOPLE = {"ann": "Ann@x.example", "bo": "", "cy": "cy@x.example", "stranger": ""}
ACTORS = {name: Actor(f"{place:x}" * 32, f"{name.title()} Name") for place, name in enumerate(PEOPLE, 10)}
LABELS = ["major", "minor", "position", "plumb", "rework", "contract affected", "Wall", "墙", "", "Wal"]


@dataclass(frozen=True, slots=True, repr=False)
class Planted:
    """A store with topics of every kind, and who asks: everybody, and a supplier who sees some."""

    store: Store
    callers: tuple[Caller, ...]
    read: tuple[list[SeenTopic], ...]
    """What each of them sees, read the slow way."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def planted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Planted]:
    if request.param == "sqlite":
        database = servers.opened_sqlite(Path(tmp_path_factory.mktemp("topics")) / "qtems.db")
        yield plant(Store(database))
        database.close()
    else:
        with servers.postgres_database() as url:
            database = open_database(url)
            yield plant(Store(database))
            database.close()


def plant(store: Store) -> Planted:
    rng = random.Random(7)
    with store.write(at(0)) as unit:
        unit.add(records.PROJECT, Project(P, FIRM, "TOWER", "Tower"))
        for name, address in PEOPLE.items():
            unit.add(USER, User(ACTORS[name].id, name, f"{name.title()} Name", NOW, email=address))
            if name != "stranger":
                member = Member(
                    f"9{ACTORS[name].id[1:]}", P, ACTORS[name].id, FIRM, Role.INSPECTOR, active=name != "cy"
                )
                unit.add(records.MEMBER, member)
    for place in range(24):
        with store.write(at(rng.randrange(4))) as unit:
            unit.add(records.NCR, ncr(place, rng))
            if place % 5 == 0:
                unit.share(records.NCR, f"{place:032x}", FIRM)
        if place % 4 == 0:  # something is kept beside it, and later than itself
            with store.write(at(rng.randrange(6))) as unit:
                unit.add(records.BCF_TOPIC, replace(beside(f"{place:032x}", P), related=(guid_of("e" * 32),)))
        with store.write(at(rng.randrange(4))) as unit:
            kept = observation(f"{place + 100:032x}", P, said(place, rng))
            if place % 6 == 0:
                kept = dismiss(kept, reason="none", actor=ACTORS["ann"], now=NOW)
            unit.add(records.BCF_TOPIC, kept)
            if place % 5 == 0:
                unit.share(records.BCF_TOPIC, kept.id, FIRM)
    with store.write(at(0)) as unit:
        unit.add(records.NCR, replace(ncr(99, rng), project=OTHER))
    scope = Scope(frozenset({P}), {P: FIRM})
    callers = tuple(Caller(P, ACTORS["ann"].id, rows, lambda _: True, NOW) for rows in (EVERYTHING, scope))
    with store.read() as view:
        return Planted(store, callers, tuple(read_all(view, caller) for caller in callers))


def at(day: int) -> Context:
    return Context(ACTORS["ann"], NOW + timedelta(days=day, microseconds=day))


def ncr(place: int, rng: random.Random) -> NonConformance:
    state = rng.choice([*State, State.VOID, State.VOID])
    required = [Requirement(name, "clause", Decimal(-1), Decimal(1)) for name in ("position", "plumb", "墙")]
    steps = [Step(Event.OPEN, State.OPEN, rng.choice([*ACTORS.values()]), NOW) for _ in range(rng.randrange(3))]
    line = DispositionLine("d" * 32, Decision.REWORK, Decimal(1), "because")
    return NonConformance(
        id=f"{place:032x}", project=P, title=rng.choice(TEXTS[1:]), severity=rng.choice([*Severity]),
        quantity=Decimal(1), unit="element", originator=rng.choice([*ACTORS.values(), Actor("f" * 32, "ärger")]),
        raised_at=NOW + timedelta(days=rng.randrange(3)), state=state, number=rng.choice(["", f"N-{place:04d}"]),
        violations=tuple(Violation(one) for one in rng.sample(required, rng.randrange(3))),
        lines=(line,) * rng.randrange(2), contract_affected=rng.random() < 0.3, steps=tuple(steps),
        assignee=rng.choice([None, *(actor.id for actor in ACTORS.values())]), due=date(2026, 12, 1),
    )  # fmt: skip


def said(place: int, rng: random.Random) -> Topic:
    moments: list[datetime | None] = [None, *(NOW + timedelta(days=day, hours=day) for day in range(3))]
    return Topic(
        guid=guid_of(f"{place + 100:032x}"), title=rng.choice(TEXTS), type=rng.choice(["Observation", ""]),
        status="Received", priority=rng.choice(["", "major", "Wall"]), index=rng.choice([None, -1, 2, 10]),
        labels=tuple(rng.sample(LABELS, rng.randrange(4))), creation_date=rng.choice(moments),
        creation_author=rng.choice(TEXTS), modified_date=rng.choice(moments), modified_author=rng.choice(TEXTS),
        assigned_to=rng.choice(TEXTS), stage=rng.choice(TEXTS), server_assigned_id=rng.choice(TEXTS),
    )  # fmt: skip


def read_all(view: View, caller: Caller) -> list[SeenTopic]:
    """Read every topic whole, one by one, the oldest first."""
    seen: list[SeenTopic] = []
    for stored in view.all(records.NCR, caller.rows, project=P):
        if not (stored.record.state is State.VOID and not stored.record.number):
            seen.append(read_topic(view, caller, guid_of(stored.record.id)))
    for kept in view.all(records.BCF_TOPIC, caller.rows, project=P, standing="waiting"):
        seen.append(read_topic(view, caller, guid_of(kept.record.id)))
    return sorted(seen, key=lambda one: (one.topic.creation_date or caller.now, one.topic.guid))


def row_of(seen: SeenTopic) -> Row:
    topic = seen.topic
    plain = {name: getattr(topic, name) for name in ("creation_author", "title", "guid", "server_assigned_id")}
    or_none = ("modified_author", "assigned_to", "stage", "priority")
    return {
        **plain, **{name: getattr(topic, name) or None for name in or_none}, "topic_status": topic.status,
        "topic_type": topic.type, "labels": topic.labels, "creation_date": topic.creation_date,
        "modified_date": topic.modified_date, "index": None if topic.index is None else Decimal(topic.index),
    }  # fmt: skip


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


MOMENTS = [(NOW + timedelta(days=day, hours=hours)).isoformat() for day in range(-1, 5) for hours in (0, 1)]
SOUGHT = [*TEXTS, *LABELS, *WORDS.values(), "Ann@x.example", "bo", "Received", "N-0003", guid_of(f"{3:032x}"), "x\x00"]
WORTH = [*map(quoted, SOUGHT), *MOMENTS, "2026-11-24", "0001-01-01", "null", "true", "5", "-0.5"]


def some_filter(rng: random.Random, depth: int = 3) -> str:
    """Return a filter as a client could write it."""
    kind = rng.randrange(8 if depth else 5)
    field = rng.choice([*FILTERS, "labels", "title"])
    if kind < 2:
        return f"{field} {rng.choice(['eq', 'ne', 'gt', 'ge', 'lt', 'le'])} {rng.choice(WORTH)}"
    if kind < 3:
        return f"{field} in ({', '.join(rng.choices(WORTH, k=rng.randrange(1, 5)))})"
    if kind < 5:
        part = rng.choice([*SOUGHT, "all", "ns", "-", "i"])
        return f"{rng.choice(['contains', 'startswith', 'endswith'])}({field},{quoted(part)})"
    if kind == 5:
        return f"not {some_filter(rng, depth - 1)}"
    return f"({some_filter(rng, depth - 1)} {rng.choice(['and', 'or'])} {some_filter(rng, depth - 1)})"


def some_query(rng: random.Random) -> Query:
    order = [f"{rng.choice(ORDERS)} {rng.choice(['asc', 'desc'])}" for _ in range(rng.randrange(4))]
    where = some_filter(rng) if rng.random() < 0.9 else ""
    return Query(where, ", ".join(order), rng.choice([None, None, 0, 5, 60]), rng.choice([0, 0, 0, 3, 30]))


@pytest.mark.parametrize("seed", range(int(os.environ.get("QTEMS_BCF_SEEDS", "1"))))
def test_sql_answers_as_reading_everything_does(planted: Planted, seed: int) -> None:
    rng, answered = random.Random(seed), 0
    with planted.store.read() as view:
        for _ in range(40):
            query, who = some_query(rng), rng.randrange(2)
            expected = select(planted.read[who], query, row_of, filters=FILTERS, orders=ORDERS)
            found = find_topics(view, planted.callers[who], query)
            assert [shown(seen) for seen in found] == [shown(seen) for seen in expected], query
            answered += 0 < len(expected) < len(planted.read[who])
    assert answered > 3


def test_what_is_compared_covers_what_topics_can_be(planted: Planted) -> None:
    everybody, supplier = planted.read
    assert len(everybody) > 30
    assert 3 < len(supplier) < 12
    for name in (*FILTERS, *ORDERS):
        assert len({row_of(seen)[name] for seen in everybody}) > 1, name


def test_labels_are_those_of_the_topics_that_are_seen(planted: Planted) -> None:
    for caller, seen in zip(planted.callers, planted.read, strict=True):
        with planted.store.read() as view:
            assert topic_labels(view, P, caller.rows) == {label for one in seen for label in one.topic.labels}


def shown(seen: SeenTopic) -> Topic:
    """Return a topic as a list has it."""
    return replace(seen.topic, comments=(), viewpoints=(), files=())
