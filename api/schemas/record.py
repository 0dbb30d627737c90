"""What quality records share over the wire: bodies made of the domain's own values, events, the trail, signatures.

Fields of records are the domain's types: what they refuse is refused here, and the description follows them by itself.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from api.schemas.base import OptionalLine, Prose, RecordRef, Schema, Secret, example
from twin.audit import ChainedEvent
from twin.record import Evidence, EvidenceKind, Id, Signature

ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
SHA256 = "c6f6f97a3f4b0af52cb6b3ba232fd27730338f5a6ca70e7314dcb80d4f0c6928"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGEST = 20_000
_MOST = Decimal("1e15")
_FINEST = -12
_MANY = 10_000

GlobalId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
GlobalIds = Annotated[tuple[GlobalId, ...], Field(max_length=_MANY)]
Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Number = Annotated[Decimal, Field(ge=-_MOST, le=_MOST, max_digits=27, decimal_places=12)]


class Body(Schema):
    """Base of what is sent and holds values of the domain: their texts are printable, their numbers within reason."""

    @model_validator(mode="after")
    def _is_reasonable(self) -> Self:
        _look_through(self)
        return self


class EvidenceIn(Schema):
    """A file that shows something; it was uploaded into the project before."""

    model_config = example(kind="picture", sha256=SHA256, description="tag on column 1", media_type="image/jpeg")

    kind: EvidenceKind
    sha256: Digest
    description: OptionalLine = ""
    media_type: Annotated[str, StringConstraints(max_length=100, pattern=r"^[\w.+-]+/[\w.+-]+$")] = (
        "application/octet-stream"
    )

    def value(self) -> Evidence:
        """Return it as the domain's."""
        return Evidence(self.kind, self.sha256, self.description, self.media_type)


Files = Annotated[tuple[EvidenceIn, ...], Field(max_length=100)]


class Reason(Schema):
    """Why something is done; it is kept with it."""

    model_config = example(reason="the work cannot be done as decided")

    reason: Prose


class Signing(Schema):
    """The password again: who signs shows it with every signature (21 CFR 11.200)."""

    model_config = example(password="four words not together")

    password: Secret


class Named(Schema):
    """Another record."""

    model_config = example(id=ID)

    id: RecordRef


class Possible(Schema):
    """An event that the record's state knows, and what it still lacks."""

    model_config = example(event="contain", missing=["a containment"])

    event: str
    missing: list[str] = Field(description="What has to be there first, one phrase each; empty when it can be done now")


def possible(events: Iterable[str], lacks: Mapping[str, tuple[str, ...]]) -> list[Possible]:
    """Return events as they are sent."""
    return [Possible(event=str(event), missing=list(lacks.get(str(event), ()))) for event in events]


class Happening(Schema):
    """One change of a record: who, when, what, why, from what to what."""

    model_config = example(
        seq=7, at="2026-11-22T08:00:00Z", actor=ID, actor_name="Ann Wu", action="open", version=2,
        before={"state": "draft"}, after={"state": "open"}, reason="", hash=SHA256,
    )  # fmt: skip

    seq: int
    at: datetime
    actor: Id
    actor_name: str
    action: str
    version: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    reason: str
    hash: str = Field(description="Covers this event and all before it")


def happening(link: ChainedEvent) -> Happening:
    """Return an event of a record's history."""
    event = link.event
    return Happening(
        seq=event.seq, at=event.at, actor=event.actor.id, actor_name=event.actor.name, action=event.action,
        version=event.version, before=event.before, after=event.after, reason=event.reason, hash=link.hash.hex(),
    )  # fmt: skip


class Manifestation(Schema):
    """A signature as it is shown and printed: name, date and time, meaning (21 CFR 11.50)."""

    model_config = example(
        name="Ann Wu", signed_at="2026-11-22T08:00:00Z", meaning="approval", role="design_authority", signer=ID,
        content_sha256=SHA256, holds=True, about="disposition",
    )  # fmt: skip

    name: str
    signed_at: datetime
    meaning: str
    role: str
    signer: Id
    content_sha256: str
    about: str = Field(description="What was signed")
    holds: bool = Field(description="Whether it covers what the record says now")


def manifestation(signature: Signature, about: str, *, holds: bool) -> Manifestation:
    """Return a signature as it is shown."""
    return Manifestation(
        name=signature.signer_name, signed_at=signature.signed_at, meaning=signature.meaning.value,
        role=signature.role, signer=signature.signer, content_sha256=signature.content_sha256, about=about, holds=holds,
    )  # fmt: skip


class ExportOut(Schema):
    """A record to keep or hand on: all of it, its trail, its signatures in words."""

    model_config = example(
        schema_version="qtems.record/1", kind="ncr", exported_at="2026-11-22T08:00:00Z", exported_by="Ann Wu",
        version=2, record={"id": ID, "state": "open"}, record_sha256=SHA256, signatures=[], trail=[], head=SHA256,
    )  # fmt: skip

    schema_version: str
    kind: str
    exported_at: datetime
    exported_by: str
    version: int
    record: Mapping[str, Any]
    record_sha256: str = Field(
        description="Digest of the record's canonical text; the trail's last event says the same"
    )
    signatures: list[Manifestation]
    trail: list[Happening]
    head: str = Field(description="Hash of the trail's last event of this record")


def _look_through(value: object) -> None:
    """Refuse texts and numbers that nobody writes and no database keeps."""
    if isinstance(value, str):
        if len(value) > _LONGEST or _CONTROL.search(value):
            raise ValueError(f"texts have at most {_LONGEST} characters, all of them printable")
    elif isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or abs(value) >= _MOST or exponent < _FINEST:
            raise ValueError(f"numbers are below 1e15 with at most {-_FINEST} decimals")
    elif isinstance(value, (tuple, list)):
        if len(value) > _MANY:  # pyright: ignore[reportUnknownArgumentType]
            raise ValueError(f"lists have at most {_MANY} entries")
        for part in value:  # pyright: ignore[reportUnknownVariableType]
            _look_through(part)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, Mapping):
        _look_through(tuple(value.values()))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            _look_through(getattr(value, name))
    elif is_dataclass(value):
        for field in fields(value):
            _look_through(getattr(value, field.name))
