"""Events of the BCF-API over the wire."""

from datetime import datetime

from pydantic import Field

from api.schemas.bcf_base import GUID, WHEN, BcfSchema, example
from twin.operations.bcf_events import EventAction, TopicEvent


class ActionOut(BcfSchema):
    """What happened."""

    type: str
    value: str | None


class TopicEventOut(BcfSchema):
    """What was done to a topic."""

    model_config = example(
        topic_guid=GUID, date=WHEN, author="ann@example.com", actions=[{"type": "topic_created", "value": None}],
        events=[{"type": "topic_created", "value": None}],
    )  # fmt: skip

    topic_guid: str
    date: datetime
    author: str
    actions: list[ActionOut]
    events: list[ActionOut] = Field(description="As `actions`; so called in 2.1")


class CommentEventOut(TopicEventOut):
    """What was done to a comment."""

    model_config = example(
        comment_guid=GUID, topic_guid=GUID, date=WHEN, author="ann@example.com",
        actions=[{"type": "comment_created", "value": None}], events=[{"type": "comment_created", "value": None}],
    )  # fmt: skip

    comment_guid: str


def topic_event_out(event: TopicEvent) -> TopicEventOut:
    """Return an event as it is sent."""
    told = _actions(event.actions)
    return TopicEventOut(topic_guid=event.topic, date=event.date, author=event.author, actions=told, events=told)


def comment_event_out(event: TopicEvent) -> CommentEventOut:
    """Return an event as it is sent."""
    told = _actions(event.actions)
    return CommentEventOut(
        comment_guid=event.comment, topic_guid=event.topic, date=event.date, author=event.author, actions=told,
        events=told,
    )  # fmt: skip


def _actions(actions: tuple[EventAction, ...]) -> list[ActionOut]:
    return [ActionOut(type=one.type, value=one.value) for one in actions]
