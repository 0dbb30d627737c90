"""What every record's routes answer alike: its history, its export."""

from collections.abc import Iterable
from typing import TypeVar

from api.held import Held
from api.paging import Listed
from api.schemas.record import ExportOut, Happening, Manifestation, happening
from twin.record import content_sha256
from twin.store.codec import to_json
from twin.store.trail import history

T = TypeVar("T")
EXPORT_SCHEMA = "qtems.record/1"


def history_of(held: Held[T]) -> Listed[Happening]:
    """Return every change of a record, oldest first."""
    with held.store.read() as view:
        links = history(view.connection, f"{held.kind.name}:{held.id}")
    return Listed[Happening](items=[happening(link) for link in links])


def exported(held: Held[T], signatures: Iterable[Manifestation]) -> ExportOut:
    """Return a record with its trail and its signatures, as of one moment."""
    with held.store.read() as view:
        stored = view.get(held.kind, held.id, held.scope)
        trail = [happening(link) for link in history(view.connection, f"{held.kind.name}:{held.id}")]
    body = to_json(stored.record)
    return ExportOut(
        schema_version=EXPORT_SCHEMA, kind=held.kind.name, exported_at=held.now, exported_by=held.actor.name,
        version=stored.version, record=body, record_sha256=content_sha256(body), signatures=list(signatures),
        trail=trail, head=trail[-1].hash,
    )  # fmt: skip
