"""Events of a trail within bounds and in an order, page by page, against all of them sorted here."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from twin.audit import AuditEvent, ChainedEvent
from twin.record import Actor
from twin.store import trail
from twin.store.database import Database
from twin.store.trail import EventBounds, append, events, events_within

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
P, OTHER = "1" * 32, "2" * 32
PEOPLE = [Actor("a" * 32, "Ann"), Actor("b" * 32, "Ben"), Actor("c" * 32, "Ann")]
KINDS = ("ncr", "bcf_topic")


def by(link: ChainedEvent) -> set[str]:
    return {link.event.actor.id, link.event.actor.name}


@pytest.fixture
def _pages_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "_AT_ONCE", 3)


@pytest.mark.usefixtures("_pages_of_three")
def test_pages_are_those_of_all_events_in_every_order_and_bound(database: Database) -> None:
    drawn = random.Random(5)
    with database.write() as connection:
        for _ in range(40):
            entity = f"{drawn.choice((*KINDS, 'ncrx', 'capa'))}:{drawn.choice('def') * 32}"
            at = NOW + timedelta(seconds=drawn.randrange(6))
            stream, who = drawn.choice((P, P, OTHER)), drawn.choice(PEOPLE)
            append(
                database, connection, AuditEvent(stream, 0, at, who, "change", entity, 1, {}, {}, "0" * 64, "", "", "")
            )
    bounds = [
        EventBounds(), EventBounds(since=NOW + timedelta(seconds=2)), EventBounds(until=NOW + timedelta(seconds=2)),
        EventBounds(actors=frozenset({"a" * 32}), names=frozenset({"Ben"})), EventBounds(actors=frozenset()),
        EventBounds(records=frozenset({"d" * 32, "e" * 32})), EventBounds(records=frozenset()),
        EventBounds(NOW + timedelta(seconds=1), NOW + timedelta(seconds=4), frozenset({"c" * 32})),
    ]  # fmt: skip
    with database.read() as connection:
        every = [link for link in events(connection, P) if link.event.entity.partition(":")[0] in KINDS]
        assert len(every) > 9
        for asked in bounds:
            wanted = [
                link for link in every
                if (asked.since is None or link.event.at >= asked.since)
                and (asked.until is None or link.event.at <= asked.until)
                and (asked.actors is None or by(link) & (asked.actors | asked.names))
                and (asked.records is None or link.event.entity.partition(":")[2] in asked.records)
            ]  # fmt: skip
            assert list(events_within(connection, P, KINDS, asked)) == wanted
            oldest = sorted(wanted, key=lambda link: link.event.at)
            assert list(events_within(connection, P, KINDS, asked, "oldest")) == oldest
            newest = sorted(wanted, key=lambda link: link.event.at, reverse=True)
            assert list(events_within(connection, P, KINDS, asked, "newest")) == newest
