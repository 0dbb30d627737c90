"""What people add beside a record: comments, files, and who wants to be told of it.

A comment or a file stays as it was written (21 CFR 11.10 e); what was wrong is answered by another one. Outside
organisations see those that are meant for them, and only of records that are shared with them.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from twin.errors import Invalid
from twin.finding import Location, Viewpoint
from twin.record import Actor, Id, require_utc

SUBJECTS = ("ncr", "capa", "inspection_plan", "inspection", "finding", "project")
"""Kinds of records that can be talked about, and the project itself."""
_SUBJECT = re.compile(r"([a-z_]+):([0-9a-f]{32})")
LONGEST_TEXT = 20_000
LARGEST_FILE = 50 << 20
"""Bytes of an attachment: a long video or a scan is no attachment."""
MEDIA_TYPES = MappingProxyType(
    {
        "image/jpeg": ".jpg .jpeg",
        "image/png": ".png",
        "image/webp": ".webp",
        "image/heic": ".heic",
        "application/pdf": ".pdf",
        "text/plain": ".txt .log",
        "text/csv": ".csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
        "video/mp4": ".mp4",
        "audio/mp4": ".m4a",
    }
)
"""Media type -> the endings of its file names: nothing that a browser would run."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The record that something is about, as in the audit trail: ``ncr:4f0c…``."""

    kind: str
    id: Id

    def __str__(self) -> str:
        """Return it as one word."""
        return f"{self.kind}:{self.id}"


def subject(text: str) -> Subject:
    """Return the subject that a word names.

    Raises
    ------
    Invalid
        If it names nothing that can be talked about.

    Examples
    --------
    >>> subject("ncr:" + "0" * 32).kind
    'ncr'
    """
    found = _SUBJECT.fullmatch(text)
    if found is None or found[1] not in SUBJECTS:
        raise Invalid(f"a subject is one of {', '.join(SUBJECTS)} with its identifier, such as ncr:ID, not {text!r}")
    return Subject(found[1], found[2])


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said about a record."""

    id: Id
    project: Id
    subject: str
    author: Actor
    written_at: datetime
    text: str
    for_outside: bool = False
    """Also for the outside organisations with which the record is shared."""
    answers: Id | None = None
    """The comment that it answers."""

    def __post_init__(self) -> None:
        """Refuse a comment that says nothing, or too much."""
        require_utc(self.written_at)
        subject(self.subject)
        if not self.text.strip() or len(self.text) > LONGEST_TEXT:
            raise Invalid(f"a comment says something, in at most {LONGEST_TEXT} characters")


_FARTHEST = Decimal(100_000_000)


@dataclass(frozen=True, slots=True)
class Pin:
    """The place of the building that a picture shows, and from where somebody pointed at it; metres, design frame."""

    place: Location
    global_id: str = ""
    """The element that was pointed at; empty where it was none."""
    viewpoint: Viewpoint | None = None

    def __post_init__(self) -> None:
        """Refuse places that are nowhere."""
        seen = (self.viewpoint.eye, self.viewpoint.target) if self.viewpoint else ()
        for point in (self.place, *seen):
            if not all(value.is_finite() and abs(value) < _FARTHEST for value in (point.x, point.y, point.z)):
                raise Invalid("a pin has a place in metres of the design frame")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside a record, by its content."""

    id: Id
    project: Id
    subject: str
    sha256: str
    file_name: str
    media_type: str
    size: int
    added_by: Actor
    added_at: datetime
    description: str = ""
    for_outside: bool = False
    pin: Pin | None = None
    """Where in the building it was taken."""
    taken_at: datetime | None = None
    """When, as the camera says; None where it does not."""

    @property
    def placed(self) -> bool:
        """Whether it has its place in the building."""
        return self.pin is not None

    def __post_init__(self) -> None:
        """Refuse files that are too large, or of a type that is not looked at safely."""
        require_utc(self.added_at)
        if self.taken_at is not None:
            require_utc(self.taken_at)
        subject(self.subject)
        if self.media_type not in MEDIA_TYPES:
            raise Invalid(f"{self.media_type} cannot be attached; choose from {', '.join(MEDIA_TYPES)}")
        if not self.file_name.lower().endswith(tuple(MEDIA_TYPES[self.media_type].split())):
            raise Invalid(f"{self.file_name} does not end like {self.media_type}: {MEDIA_TYPES[self.media_type]}")
        if not 0 < self.size <= LARGEST_FILE:
            raise Invalid(f"an attachment has 1 to {LARGEST_FILE} bytes, not {self.size}")


@dataclass(frozen=True, slots=True)
class Subscription:
    """That somebody wants to be told of a record, or of everything in a project."""

    id: Id
    project: Id
    user: Id
    subject: str = ""
    """Empty for the whole project."""
    active: bool = True
    """False for one that was ended."""

    def __post_init__(self) -> None:
        """Refuse a subscription to nothing that there is."""
        if self.subject:
            subject(self.subject)
