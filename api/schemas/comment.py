"""Comments, attachments, subscriptions and shares over the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.paging import PageQuery
from api.schemas.base import (
    RECORD_EXAMPLE,
    Line,
    Moment,
    OptionalLine,
    Prose,
    RecordOut,
    RecordRef,
    Schema,
    example,
    stamp,
)
from api.schemas.record import ID, SHA256, Body, Digest
from twin.comment import Attachment, Comment, Pin, Subscription
from twin.record import Id
from twin.store.view import Stored

_ABOUT = f"ncr:{ID}"
_PLACE = {"x": "12.34", "y": "5.6", "z": "1.2"}
_PIN = {
    "place": _PLACE, "global_id": "2O2Fr$t4X7Zf8NOew3FLKr",
    "viewpoint": {"eye": {"x": "9", "y": "2", "z": "1.7"}, "target": _PLACE},
}  # fmt: skip
Word = Annotated[str, StringConstraints(pattern="^[a-z_]{3,20}:[0-9a-f]{32}$")]
"""A record as the audit trail names it."""
Text = Annotated[Prose, StringConstraints(min_length=1)]


class CommentOut(RecordOut):
    """What somebody said about a record."""

    model_config = example(
        **RECORD_EXAMPLE, subject=_ABOUT, author=ID, author_name="Ann Wu", written_at="2026-11-22T08:00:00Z",
        text="the beam above is free", for_outside=False, answers=None,
    )  # fmt: skip

    subject: str
    author: Id
    author_name: str
    written_at: datetime
    text: str
    for_outside: bool
    answers: Id | None


def comment_out(stored: Stored[Comment]) -> CommentOut:
    """Return a comment as it is sent."""
    one = stored.record
    return CommentOut(
        **stamp(stored), subject=one.subject, author=one.author.id, author_name=one.author.name,
        written_at=one.written_at, text=one.text, for_outside=one.for_outside, answers=one.answers,
    )  # fmt: skip


class BesideQuery(PageQuery):
    """What stands beside one record."""

    subject: Word = Field(description="The record: `ncr:ID`", examples=[_ABOUT])


class NewComment(Schema):
    """A comment about a record; it stays as it is written."""

    model_config = example(subject=_ABOUT, text="the beam above is free", for_outside=False, answers=None)

    subject: Word
    text: Text
    for_outside: bool = Field(default=False, description="Also for organisations with which the record is shared")
    answers: RecordRef | None = None


class AttachmentOut(RecordOut):
    """A file beside a record."""

    model_config = example(
        **RECORD_EXAMPLE, subject=_ABOUT, sha256=SHA256, file_name="tag.jpg", media_type="image/jpeg", size=204800,
        added_by=ID, added_by_name="Ann Wu", added_at="2026-11-22T08:00:00Z", description="", for_outside=False,
        pin=_PIN, taken_at="2026-11-22T07:58:00Z",
    )  # fmt: skip

    subject: str
    sha256: str
    file_name: str
    media_type: str
    size: int
    added_by: Id
    added_by_name: str
    added_at: datetime
    description: str
    for_outside: bool
    pin: Pin | None = Field(description="Where in the building it was taken: metres, design frame")
    taken_at: datetime | None = Field(description="When, as the camera says")


def attachment_out(stored: Stored[Attachment]) -> AttachmentOut:
    """Return an attachment as it is sent."""
    one = stored.record
    return AttachmentOut(
        **stamp(stored), subject=one.subject, sha256=one.sha256, file_name=one.file_name, media_type=one.media_type,
        size=one.size, added_by=one.added_by.id, added_by_name=one.added_by.name, added_at=one.added_at,
        description=one.description, for_outside=one.for_outside, pin=one.pin, taken_at=one.taken_at,
    )  # fmt: skip


class PinQuery(PageQuery):
    """Filters of what has its place in the building."""


class NewAttachment(Body):
    """A file that was uploaded before, to stand beside a record."""

    model_config = example(
        subject=_ABOUT, sha256=SHA256, file_name="tag.jpg", media_type="image/jpeg", description="", for_outside=False,
        pin=_PIN, taken_at="2026-11-22T07:58:00Z",
    )  # fmt: skip

    subject: Word
    sha256: Digest
    file_name: Annotated[Line, StringConstraints(pattern=r"^[^/\\]+$")]
    media_type: OptionalLine
    description: OptionalLine = ""
    for_outside: bool = False
    pin: Pin | None = Field(default=None, description="Where in the building it was taken: metres, design frame")
    taken_at: Moment | None = Field(default=None, description="When, as the camera says; never ahead of now")


class SubscriptionOut(RecordOut):
    """That one is told of a record, or of everything in the project."""

    model_config = example(**RECORD_EXAMPLE, subject=_ABOUT, active=True)

    subject: str = Field(description="Empty for the whole project")
    active: bool


def subscription_out(stored: Stored[Subscription]) -> SubscriptionOut:
    """Return a subscription as it is sent."""
    return SubscriptionOut(**stamp(stored), subject=stored.record.subject, active=stored.record.active)


class SubscriptionIn(Schema):
    """Of what one wants to be told; null for everything in the project."""

    model_config = example(subject=_ABOUT)

    subject: Word | None


class ShareQuery(Schema):
    """Of which record."""

    record: Word = Field(description="The record: `ncr:ID`", examples=[_ABOUT])


class ShareIn(Schema):
    """Which organisation may see which record."""

    model_config = example(record=_ABOUT, organisation=ID)

    record: Word
    organisation: RecordRef


class SharesOut(Schema):
    """Which outside organisations may see a record."""

    model_config = example(record=_ABOUT, organisations=[ID])

    record: str
    organisations: list[Id]
