"""The history of topics and comments as BCF tells it, from the audit trail."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from twin.audit import AuditEvent, ChainedEvent
from twin.bcf.guid import guid_of, id_of
from twin.bcf.query import (
    AllOf,
    Among,
    Comparison,
    Expression,
    Query,
    Row,
    parse_expression,
    parse_order,
    pick,
    select,
)
from twin.bcf.status import NONCONFORMITY, OBSERVATION, RECEIVED, WORDS
from twin.bcf.topic import human_part
from twin.ncr_record import State
from twin.operations.bcf import Caller, people_of, read_topic
from twin.operations.bcf_comments import SaidOf, project_comments, visible_topics
from twin.record import Id
from twin.store import records
from twin.store.trail import EventBounds, events_within, history
from twin.store.view import View

_KINDS = (records.NCR.name, records.BCF_TOPIC.name)
_LONGEST = {"title_updated": 128, "description_updated": 1024, "comment_text_updated": 1024}
"""Characters that BCF lets an event's value have."""


@dataclass(frozen=True, slots=True)
class EventAction:
    """What happened: its type as BCF names it, and the new value."""

    type: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class TopicEvent:
    """What was done to a topic, or to one of its comments, at one moment by one person."""

    topic: str
    date: datetime
    author: str
    actions: tuple[EventAction, ...]
    comment: str = ""


EVENT_FILTERS = ("topic_guid", "comment_guid", "author", "type", "date")
"""The fields by which events are filtered."""
EVENT_ORDERS = ("date",)


def event_row(event: TopicEvent) -> Row:
    """Return the fields of an event that are filtered and sorted by."""
    return {
        "topic_guid": event.topic,
        "comment_guid": event.comment or None,
        "author": event.author,
        "type": tuple(action.type for action in event.actions),
        "date": event.date,
    }


def topic_events(view: View, caller: Caller, topic: str) -> list[TopicEvent]:
    """Return what was done to a topic, the oldest first."""
    seen = read_topic(view, caller, topic)
    links = [link for kind in _KINDS for link in history(view.connection, f"{kind}:{seen.id}")]
    trail = ((seen.topic.guid, link.event) for link in sorted(links, key=lambda link: link.event.seq))
    return list(_told(trail, people_of(view, caller.project)))


def events_of_topics(view: View, caller: Caller, query: Query) -> list[TopicEvent]:
    """Return what was done to the topics that the caller sees, as a query asks for it; without an order, as it came.

    What the query says of time, author and topic is asked for in SQL, and its order: a page costs what it reads.
    """
    people = people_of(view, caller.project)
    order = parse_order(query.orderby, EVENT_ORDERS)
    wanted = parse_expression(query.filter, EVENT_FILTERS) if query.filter.strip() else None
    by = "written" if not order else "newest" if order[0][1] else "oldest"
    links = events_within(view.connection, caller.project, _KINDS, _bounds(wanted, people), by)
    trail = _of_visible(links, visible_topics(view, caller))
    return pick(_told(trail, people), query, event_row, filters=EVENT_FILTERS)


def _of_visible(links: Iterable[ChainedEvent], visible: frozenset[Id]) -> Iterator[tuple[str, AuditEvent]]:
    for link in links:
        record = link.event.entity.partition(":")[2]
        if record in visible:
            yield guid_of(record), link.event


def _told(trail: Iterable[tuple[str, AuditEvent]], people: Mapping[Id, str]) -> Iterator[TopicEvent]:
    """Yield what events of the trail say of topics, with the topics' guids; some say nothing."""
    for guid, event in trail:
        actions = _of_ncr(event, people) if event.entity.startswith("ncr:") else _of_observation(event)
        if actions:
            yield TopicEvent(guid, event.at, people.get(event.actor.id, event.actor.name), _cut(actions))


def _bounds(wanted: Expression | None, people: Mapping[Id, str]) -> EventBounds:
    """Return what all events that a filter can hold of have in common."""
    found = EventBounds()
    for part in wanted.parts if isinstance(wanted, AllOf) else [wanted]:
        if isinstance(part, Comparison) and part.field == "date" and isinstance(part.value, datetime):
            if part.operator in ("gt", "ge"):
                found = replace(found, since=max(part.value, found.since or part.value))
            else:
                found = replace(found, until=min(part.value, found.until or part.value))
        elif isinstance(part, Among) and part.field == "author" and found.actors is None:
            names = frozenset(one for one in part.values if isinstance(one, str) and "\x00" not in one)
            found = replace(found, actors=frozenset(id for id, name in people.items() if name in names), names=names)
        elif isinstance(part, Among) and part.field == "topic_guid" and found.records is None:
            ids = (id_of(one) for one in part.values if isinstance(one, str))
            found = replace(found, records=frozenset(one for one in ids if one is not None))
    return found


def comment_events(view: View, caller: Caller, topic: str, comment: str = "") -> list[TopicEvent]:
    """Return how a topic's comments came about, the oldest first; they never change afterwards."""
    seen = read_topic(view, caller, topic).topic
    return [_comment_event(SaidOf(seen.guid, one)) for one in seen.comments if comment in ("", one.guid)]


def events_of_comments(view: View, caller: Caller, query: Query) -> list[TopicEvent]:
    """Return how the comments that the caller sees came about, as a query asks for it; else the oldest first.

    Only as many are read as are needed, except for the newest first: those are sorted here.
    """
    told = map(_comment_event, project_comments(view, caller))
    if any(descending for _, descending in parse_order(query.orderby, EVENT_ORDERS)):
        return select(told, query, event_row, filters=EVENT_FILTERS, orders=EVENT_ORDERS)
    return pick(told, query, event_row, filters=EVENT_FILTERS)


def _comment_event(said: SaidOf) -> TopicEvent:
    one = said.comment
    actions = [EventAction("comment_created"), EventAction("comment_text_updated", one.text)]
    actions += [EventAction("viewpoint_updated", one.viewpoint)] * bool(one.viewpoint)
    return TopicEvent(said.topic, one.date, one.author, _cut(actions), one.guid)


def _of_ncr(event: AuditEvent, people: Mapping[Id, str]) -> list[EventAction]:
    after: Mapping[str, Any] = event.after
    found: list[EventAction] = []
    if event.version == 1:
        found += [EventAction("topic_created"), EventAction("type_updated", NONCONFORMITY)]
    if "title" in after:
        found.append(EventAction("title_updated", after["title"]))
    if "description" in after and (after["description"] or event.version > 1):
        found.append(_set("description", human_part(after["description"])))
    if "state" in after:
        found.append(EventAction("status_updated", WORDS[State(after["state"])]))
    if "severity" in after:
        found.append(EventAction("priority_updated", after["severity"]))
    if "assignee" in after and (after["assignee"] or event.version > 1):
        found.append(_set("assigned_to", people.get(after["assignee"] or "", "")))
    if "due" in after and (after["due"] or event.version > 1):
        found.append(_set("due_date", after["due"] or ""))
    return found


def _of_observation(event: AuditEvent) -> list[EventAction]:
    new: Mapping[str, Any] | None = event.after.get("said")  # pyright: ignore[reportAssignmentType]
    if not new:
        return []
    old: Mapping[str, Any] = event.before.get("said") or {}  # pyright: ignore[reportAssignmentType]
    found: list[EventAction] = []
    if event.version == 1:
        found += [EventAction("topic_created"), EventAction("type_updated", new["type"] or OBSERVATION)]
        found.append(EventAction("status_updated", new["status"] or RECEIVED))
    for name in ("title", "description", "priority", "assigned_to"):
        if new[name] != old.get(name, ""):
            found.append(_set(name, new[name]))
    if new["due_date"] != old.get("due_date"):
        found.append(_set("due_date", new["due_date"] or ""))
    before, now = set(old.get("labels", ())), set(new["labels"])
    found += [EventAction("label_added", label) for label in sorted(now - before)]
    found += [EventAction("label_removed", label) for label in sorted(before - now)]
    return found


def _set(field: str, value: str) -> EventAction:
    return EventAction(f"{field}_updated", value) if value else EventAction(f"{field}_removed")


def _cut(actions: Iterable[EventAction]) -> tuple[EventAction, ...]:
    return tuple(EventAction(one.type, one.value and one.value[: _LONGEST.get(one.type)]) for one in actions)
