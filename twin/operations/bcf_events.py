"""The history of topics and comments as BCF tells it, from the audit trail."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from twin.audit import AuditEvent
from twin.bcf.guid import guid_of
from twin.bcf.status import NONCONFORMITY, OBSERVATION, RECEIVED, WORDS
from twin.bcf.topic import human_part
from twin.ncr_record import State
from twin.operations.bcf import Caller, people_of, read_topic
from twin.operations.bcf_comments import SaidOf, project_comments, visible_topics
from twin.record import Id
from twin.store import records
from twin.store.trail import events, history
from twin.store.view import View

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


def topic_events(view: View, caller: Caller, topic: str | None = None, *, most: int | None = None) -> list[TopicEvent]:
    """Return what was done to one topic, or to all that the caller sees, the oldest first.

    Parameters
    ----------
    most
        How many are wanted; None for all.
    """
    return list(islice(_topic_events(view, caller, topic), most))


def _topic_events(view: View, caller: Caller, topic: str | None) -> Iterator[TopicEvent]:
    people = people_of(view, caller.project)
    for guid, event in _trail(view, caller, topic):
        kind = event.entity.partition(":")[0]
        actions = _of_ncr(event, people) if kind == "ncr" else _of_observation(event) if kind == "bcf_topic" else ()
        if actions:
            yield TopicEvent(guid, event.at, people.get(event.actor.id, event.actor.name), _cut(actions))


def comment_events(
    view: View, caller: Caller, topic: str | None = None, comment: str = "", *, most: int | None = None
) -> list[TopicEvent]:
    """Return how comments came about, the oldest first; they never change afterwards.

    Parameters
    ----------
    topic
        None for all that the caller sees.
    most
        How many are wanted; None for all.
    """
    if topic is None:
        said: Iterable[SaidOf] = islice(project_comments(view, caller), most)
    else:
        seen = read_topic(view, caller, topic).topic
        said = [SaidOf(seen.guid, one) for one in seen.comments if comment in ("", one.guid)]
    return [_comment_event(one) for one in said]


def _comment_event(said: SaidOf) -> TopicEvent:
    one = said.comment
    actions = [EventAction("comment_created"), EventAction("comment_text_updated", one.text)]
    actions += [EventAction("viewpoint_updated", one.viewpoint)] * bool(one.viewpoint)
    return TopicEvent(said.topic, one.date, one.author, _cut(actions), one.guid)


def _trail(view: View, caller: Caller, topic: str | None) -> Iterable[tuple[str, AuditEvent]]:
    """Yield the events of the topics that the caller sees, with the topic's guid."""
    if topic is not None:
        seen = read_topic(view, caller, topic)
        links = [link for kind in ("ncr", "bcf_topic") for link in history(view.connection, f"{kind}:{seen.id}")]
        for link in sorted(links, key=lambda link: link.event.seq):
            yield seen.topic.guid, link.event
        return
    visible = visible_topics(view, caller)
    kinds = (records.NCR.name, records.BCF_TOPIC.name)
    for link in events(view.connection, caller.project, about=kinds):
        record = link.event.entity.partition(":")[2]
        if record in visible:
            yield guid_of(record), link.event


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
