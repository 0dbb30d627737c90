"""What all schemas of the BCF-API share: what is sent beyond the specification is ignored, as it asks for."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from twin.bcf.guid import guid_of, id_of

GUID = "5f2c9a6f-1f0c-4f6f-8a3e-0d1c2b3a4958"
WHEN = "2026-11-22T08:00:00Z"
MOST = 20_000
"""Characters of a text, components of a list."""


def _utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is beyond the calendar") from error


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text.strip()


def _guid(text: str) -> str:
    record = id_of(text)
    if record is None:
        raise ValueError(f"is a guid like {GUID}")
    return guid_of(record)


def _no_control(text: str) -> str:
    if any((ord(c) < 32 and c not in "\n\r\t") or 0xD800 <= ord(c) < 0xE000 for c in text):
        raise ValueError("holds control characters")
    return text


Moment = Annotated[datetime, AfterValidator(_utc)]
"""A time; one without a zone is in UTC, as BCF says."""
Word = Annotated[str, StringConstraints(max_length=500), AfterValidator(_no_control)]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_no_control), AfterValidator(_filled)
]
"""One line that is not empty."""
Said = Annotated[
    str, StringConstraints(min_length=1, max_length=MOST), AfterValidator(_no_control), AfterValidator(_filled)
]
"""Some text that is not empty."""
Text = Annotated[str, StringConstraints(max_length=MOST), AfterValidator(_no_control)]
Guid = Annotated[str, StringConstraints(max_length=60), AfterValidator(_guid)]
Number = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=60, ge=Decimal("-1e11"), le=Decimal("1e11"))]


def example(**fields: Any) -> ConfigDict:
    """Return the configuration of a schema with its example, which the documentation shows and a test checks."""
    return ConfigDict(extra="ignore", frozen=True, json_schema_extra={"examples": [fields]})


class BcfSchema(BaseModel):
    """Base of what BCF sends and receives: what is not known is ignored (BCF-API 1.9)."""

    model_config = ConfigDict(extra="ignore", frozen=True)
