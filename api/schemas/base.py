"""What all schemas share: nothing unknown is taken, text is printable, every schema has an example."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from api.auth.access import ID_PATTERN
from twin.record import Id
from twin.store.view import Stored

NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
_NO_CONTROL_BUT_LINES = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"


def example(**fields: Any) -> ConfigDict:
    """Return the configuration of a schema with its example, which the documentation shows and a test checks."""
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [fields]})


class Schema(BaseModel):
    """Base of what is sent and received."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text.strip()


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is beyond the calendar") from error


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A time with its zone, whichever; in UTC behind here."""
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_CONTROL), AfterValidator(_filled)]
"""One line that is not empty: a name, a title."""
OptionalLine = Annotated[str, StringConstraints(max_length=200, pattern=NO_CONTROL)]
Prose = Annotated[str, StringConstraints(max_length=20_000, pattern=_NO_CONTROL_BUT_LINES)]
"""Some lines of text: a description, a reason."""
Secret = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=NO_CONTROL), Field(repr=False)]
"""A password as it was typed."""
RecordRef = Annotated[Id, StringConstraints(pattern=ID_PATTERN)]
"""The identifier of a record in a body."""


class RecordOut(Schema):
    """What every record tells besides its content."""

    id: Id = Field(examples=["5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"])
    version: int = Field(description="Also its `ETag`", examples=[1])
    created_at: datetime = Field(examples=["2026-11-22T08:00:00Z"])
    changed_at: datetime = Field(examples=["2026-11-22T08:00:00Z"])


RECORD_EXAMPLE: dict[str, Any] = {
    "id": "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958",
    "version": 1,
    "created_at": "2026-11-22T08:00:00Z",
    "changed_at": "2026-11-22T08:00:00Z",
}


def stamp(stored: Stored[Any]) -> dict[str, Any]:
    """Return the fields of :class:`RecordOut` for what the store gave."""
    return {
        "id": stored.record.id,
        "version": stored.version,
        "created_at": stored.created_at,
        "changed_at": stored.changed_at,
    }
