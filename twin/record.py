"""What all records share: identifiers, people, signatures, evidence, and the text that hashes and signatures cover.

Records are frozen values: an operation returns the next one, and the store keeps both the new state and, in the audit
trail, the old. Nothing here knows the time or makes an identifier: both are given (``now``, ``new_id``).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from twin.errors import Invalid

Id: TypeAlias = str
"""A record's identifier: 32 hexadecimal digits, made once and never reused."""
Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
"""JSON without floating-point numbers: decimals are strings, so that every hash of it is the same everywhere."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the clock of an instrument, or of who writes something down, may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person or a service account, as they were called at that time."""

    id: Id
    name: str
    on_behalf_of: Id | None = None

    @property
    def person(self) -> Id:
        """Who it comes down to: on whose behalf a service account acts, or who acts themselves."""
        return self.on_behalf_of or self.id


class SignatureMeaning(StrEnum):
    """What a signature says (21 CFR 11.50 a 3)."""

    AUTHORSHIP = "authorship"
    REVIEW = "review"
    APPROVAL = "approval"
    RESPONSIBILITY = "responsibility"


@dataclass(frozen=True, slots=True)
class Signature:
    """An electronic signature: who, when, what it means and exactly what was signed (21 CFR 11.50, 11.70)."""

    signer: Id
    signer_name: str
    """The name as it was printed at the moment of signing."""
    meaning: SignatureMeaning
    role: str
    """In which capacity, for example ``design_authority``."""
    signed_at: datetime
    content_sha256: str
    """Digest of what was signed: with any later change of it the signature no longer holds."""

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.signed_at)


class EvidenceKind(StrEnum):
    """What kind of proof a piece of evidence is."""

    PICTURE = "picture"
    REPORT = "report"
    SCAN = "scan"
    MODEL = "model"
    DOCUMENT = "document"
    MEASUREMENT = "measurement"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that was kept and can be looked at again, named by what it contains."""

    kind: EvidenceKind
    sha256: str
    """Digest of the content, 64 hexadecimal digits: where the blob is kept, and proof that it is the same."""
    description: str = ""
    media_type: str = "application/octet-stream"

    def __post_init__(self) -> None:
        """Refuse what is no SHA-256."""
        if len(self.sha256) != 64 or set(self.sha256) - set("0123456789abcdef"):
            raise Invalid(f"evidence is named by 64 hexadecimal digits of its SHA-256, not {self.sha256!r}")


def require_utc(moment: datetime) -> datetime:
    """Return ``moment``; a time without a zone, or in another zone than UTC, is refused with :class:`Invalid`."""
    if moment.tzinfo is None or moment.utcoffset() != UTC.utcoffset(None):
        raise Invalid(f"times are in UTC with their zone, not {moment.isoformat()}")
    return moment


def require_past(moment: datetime, now: datetime, what: str) -> datetime:
    """Return when ``what`` happened; what is yet to be is refused with :class:`Invalid`, but for unequal clocks."""
    if require_utc(moment) > require_utc(now) + CLOCKS_DIFFER:
        raise Invalid(
            f"{what} is {moment:%Y-%m-%d %H:%M} UTC, which is yet to be (it is {now:%Y-%m-%d %H:%M} UTC): "
            "correct the date, the time zone or the clock"
        )
    return moment


def timestamp(moment: datetime) -> str:
    """Return a time as text with microseconds: ``2026-01-31T08:00:00.000000Z``; its order is that of the times."""
    return require_utc(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical_json(value: "Json | Mapping[str, object]") -> bytes:
    """Return the one text that a value has: sorted keys, no blanks, UTF-8 (RFC 8785 for JSON without floats).

    Raises
    ------
    Invalid
        If the value holds a floating-point number: its text is not the same in every language.
    """
    refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def refuse_floats(value: object) -> None:
    """Raise :class:`Invalid` if a float is anywhere in ``value``."""
    if isinstance(value, float):
        raise Invalid(f"{value!r} is a float; write measured values as decimals")
    if isinstance(value, Mapping):
        for part in value.values():  # pyright: ignore[reportUnknownVariableType]
            refuse_floats(part)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, (list, tuple)):
        for part in value:  # pyright: ignore[reportUnknownVariableType]
            refuse_floats(part)  # pyright: ignore[reportUnknownArgumentType]


def content_sha256(value: "Json | Mapping[str, object]") -> str:
    """Return the SHA-256 of a value's canonical text, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def positive(quantity: Decimal, name: str) -> Decimal:
    """Return a quantity that is finite and above zero; otherwise raise :class:`Invalid` with its name."""
    if not quantity.is_finite() or quantity <= 0:
        raise Invalid(f"{name} must be above zero, not {quantity}")
    return quantity
