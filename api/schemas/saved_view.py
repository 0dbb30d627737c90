"""Saved views over the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.schemas.base import NO_CONTROL, RECORD_EXAMPLE, Line, RecordOut, Schema, example, stamp
from api.schemas.record import ID
from twin.record import Id
from twin.saved_view import LONGEST_NAME, LONGEST_PLACE, SavedView
from twin.store.view import Stored

_PLACE = "colour=verdict&cam=20,-25,18,4,3,1.5"
Place = Annotated[str, StringConstraints(max_length=LONGEST_PLACE, pattern=NO_CONTROL)]


class SavedViewOut(RecordOut):
    """A view that somebody kept."""

    model_config = example(
        **RECORD_EXAMPLE, name="Columns level 2", place=_PLACE, shared=True, owner=ID, owner_name="Ann Wu", mine=True,
        kept_at="2026-11-22T08:00:00Z",
    )  # fmt: skip

    name: str
    place: str = Field(description="What the viewer's address has behind its `?`")
    shared: bool = Field(description="Everybody who sees the model sees it")
    owner: Id
    owner_name: str
    mine: bool = Field(description="I may take it back")
    kept_at: datetime


class NewSavedView(Schema):
    """A view to keep."""

    model_config = example(name="Columns level 2", place=_PLACE, shared=False)

    name: Annotated[Line, Field(max_length=LONGEST_NAME)]
    place: Place
    shared: bool = False


def saved_view_out(stored: Stored[SavedView], user: Id) -> SavedViewOut:
    """Return a view as it is sent to somebody."""
    one = stored.record
    return SavedViewOut(
        **stamp(stored), name=one.name, place=one.place, shared=one.shared, owner=one.owner.id,
        owner_name=one.owner.name, mine=one.owner.id == user, kept_at=one.kept_at,
    )  # fmt: skip
