"""What people were told, and the letters to them, over the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.paging import PageQuery
from api.schemas.base import RecordRef, Schema, example
from api.schemas.record import ID
from twin.jobs.letters import Reader, tell_reader
from twin.record import Id
from twin.store.inbox import Mail, Notice

_WHEN = "2026-11-22T08:00:00Z"
_LINK = f"https://quality.example.com/#/projects/{ID}/ncrs/{ID}"


class InboxQuery(PageQuery):
    """Filters of one's inbox."""

    unread: bool = Field(default=False, description="`true`: only what is unread")
    project: RecordRef | None = Field(default=None, examples=[ID])


class NoticeOut(Schema):
    """One thing that one was told, in one's own language."""

    model_config = example(
        id=ID, topic="ncr.under_review", project=ID, record=f"ncr:{ID}", number="TOWER-NCR-0001",
        title="Column 1 is 25 mm off its axis", headline="before the review board",
        expected="You sit on the review board: look at what was found, and decide with the others what is to be done.",
        by="Quinn Li", due=None, created_at=_WHEN, read_at=None, link=_LINK,
    )  # fmt: skip

    id: Id
    topic: str
    project: Id
    record: str = Field(description="`ncr:ID`")
    number: str
    title: str
    headline: str = Field(description="What happened")
    expected: str = Field(description="What is asked of the reader")
    by: str = Field(description="Who did it")
    due: str | None = Field(description="A day, or a time with its zone")
    created_at: datetime
    read_at: datetime | None
    link: str = Field(description="Where the viewer shows the record")


def notice_out(notice: Notice, reader: Reader, base_url: str) -> NoticeOut:
    """Return a notice as its reader gets it."""
    told = tell_reader(
        notice.topic, notice.payload, reader, project=notice.project, at=notice.created_at, base_url=base_url
    )
    said = {name: str(notice.payload.get(name) or "") for name in ("record", "number", "title", "by", "due")}
    return NoticeOut(
        id=notice.id, topic=notice.topic, project=notice.project, record=said["record"], number=said["number"],
        title=said["title"], headline=told.headline, expected=told.expected, by=said["by"], due=said["due"] or None,
        created_at=notice.created_at, read_at=notice.read_at, link=told.link,
    )  # fmt: skip


class Unread(Schema):
    """How many notices are unread."""

    model_config = example(unread=3)

    unread: int


class ReadIn(Schema):
    """What was read."""

    model_config = example(notices=[ID])

    notices: Annotated[tuple[RecordRef, ...], Field(max_length=200)] | None = Field(
        description="Their identifiers; null for all"
    )


class DeliveryQuery(PageQuery):
    """Filters of letters."""

    mail: Mail | None = Field(default=None, examples=["failed"])
    user: RecordRef | None = Field(default=None, examples=[ID])


class DeliveryOut(Schema):
    """How the letter to one person is getting on; what is in it is for that person."""

    model_config = example(
        id=ID, user=ID, topic="ncr.under_review", project=ID, created_at=_WHEN, mail="waiting", attempts=2,
        due_at="2026-11-22T08:02:00Z", sent_at=None, error="mail server mail.example.com:587: timed out",
    )  # fmt: skip

    id: Id
    user: Id
    topic: str
    project: Id
    created_at: datetime
    mail: Mail = Field(description="`waiting`, `sent`, `failed` (given up), `left_out` (see `error`) or `off`")
    attempts: int
    due_at: datetime | None = Field(description="When it is tried next")
    sent_at: datetime | None
    error: str


def delivery_out(notice: Notice) -> DeliveryOut:
    """Return how a letter is getting on."""
    return DeliveryOut(
        id=notice.id, user=notice.user, topic=notice.topic, project=notice.project, created_at=notice.created_at,
        mail=notice.mail, attempts=notice.attempts, due_at=notice.due_at if notice.mail is Mail.WAITING else None,
        sent_at=notice.sent_at, error=notice.error,
    )  # fmt: skip
