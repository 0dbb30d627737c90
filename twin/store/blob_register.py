"""Which blobs the database knows of, which of them anything refers to, and whether all are still what was written.

A record is written after its files, so a file that nothing refers to may be waiting for its record: it is left alone
for :data:`twin.store.blobs.GRACE`. What was ever referred to stays, since the audit trail still names it
(21 CFR 11.10 c, e); what is collected are files that never became part of a record.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Text, cast, delete, insert, select

from twin.errors import Damaged, Invalid, NotFound
from twin.store.blobs import GRACE, BlobStore, Content
from twin.store.repository import Store, Unit
from twin.store.schema import BLOB, BLOB_PART, METADATA
from twin.store.types import Document

_LOCK = "blobs"
_NAME = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_ROWS = 1000
_AT_ONCE = 16
"""Blobs that a bucket is asked for side by side."""


@dataclass(frozen=True, slots=True)
class Scrub:
    """What came out of reading every blob."""

    checked: int
    damaged: tuple[str, ...]
    """Blobs whose content is not what their name says."""
    missing: tuple[str, ...]
    """Blobs that the database knows of and that are gone."""

    @property
    def holds(self) -> bool:
        """Whether everything is as it was written."""
        return not self.damaged and not self.missing


def keep(unit: Unit, blobs: BlobStore, content: Content, media_type: str) -> None:
    """Let the database know of a blob that was put, in the transaction of the record that refers to it.

    Raises
    ------
    NotFound
        If it is not there: it was collected since it was put, which takes a day.
    """
    unit.database.lock(unit.connection, _LOCK)
    if not blobs.exists(content.sha256):
        raise NotFound(f"there is no blob {content.sha256}; put it again")
    if not _known(unit.connection, content.sha256):
        unit.connection.execute(insert(BLOB).values(_row(unit, content, media_type)))


def keep_all(unit: Unit, blobs: BlobStore, media_types: Mapping[str, str]) -> None:
    """Let the database know of many blobs by name, as :func:`keep` does of one; it raises as that does."""
    unit.database.lock(unit.connection, _LOCK)
    fresh = sorted(name for name in media_types if not _known(unit.connection, name))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = [Content(name, size) for name, size in zip(fresh, pool.map(blobs.size, fresh), strict=True)]
    if found:
        unit.connection.execute(insert(BLOB), [_row(unit, one, media_types[one.sha256]) for one in found])


def keep_parts(unit: Unit, whole: str, parts: Iterable[str]) -> None:
    """Note which blobs a known one lists: they are kept for as long as it is, and are missed when they are gone."""
    table = BLOB_PART
    known = set(unit.connection.execute(select(table.c.part_sha256).where(table.c.whole_sha256 == whole)).scalars())
    rows = [{"whole_sha256": whole, "part_sha256": part} for part in sorted(set(parts) - known)]
    if rows:
        unit.connection.execute(insert(table), rows)


def require(unit: Unit, *names: str) -> None:
    """Raise :class:`Invalid` unless the database knows of each blob; call it where a record comes to refer to one.

    None of them is collected before the transaction ends, and then the record refers to it.
    """
    unit.database.lock(unit.connection, _LOCK)
    for name in names:
        if not _known(unit.connection, name):
            raise Invalid(f"there is no file with SHA-256 {name}; upload it first")


def sizes(connection: Connection, names: Collection[str]) -> dict[str, int]:
    """Return the sizes of those of some blobs that the database knows of."""
    if not names:
        return {}
    rows = connection.execute(select(BLOB.c.sha256, BLOB.c.size).where(BLOB.c.sha256.in_(sorted(names))))
    return {str(row.sha256): int(row.size) for row in rows}


def media_type(connection: Connection, sha256: str) -> str:
    """Return the media type of a known blob; :class:`NotFound` for another."""
    found = connection.execute(select(BLOB.c.media_type).where(BLOB.c.sha256 == sha256)).scalar()
    if found is None:
        raise NotFound(f"there is no file with SHA-256 {sha256}")
    return str(found)


def find_garbage(store: Store, blobs: BlobStore, now: datetime, *, grace: timedelta = GRACE) -> list[Content]:
    """Return the blobs that nothing refers to and that have lain there for longer than ``grace``; remove nothing."""
    with store.read() as view:
        return _garbage(view.connection, blobs, now - grace)


def remove_garbage(unit: Unit, blobs: BlobStore, *, grace: timedelta = GRACE) -> list[Content]:
    """Remove what :func:`find_garbage` returns, and what was begun and never ended; return the blobs removed.

    No record can come to refer to one of them meanwhile: :func:`keep` and :func:`require` wait for the end.
    """
    unit.database.lock(unit.connection, _LOCK)
    blobs.sweep_incoming(unit.context.now, grace)
    found = _garbage(unit.connection, blobs, unit.context.now - grace)
    for content in found:
        blobs.remove(blobs.blob_path(content.sha256))
        unit.connection.execute(delete(BLOB).where(BLOB.c.sha256 == content.sha256))
    if found:
        unit.note("collect", "blobs", {"removed": [content.sha256 for content in found]})
    return found


def scrub(store: Store, blobs: BlobStore) -> Scrub:
    """Read every blob to its end and hold it against its name; what should be there and is not is found, too."""
    with store.read() as view:
        known = set(view.connection.execute(select(BLOB.c.sha256)).scalars())
    present: set[str] = set()
    damaged: list[str] = []
    for content in blobs.list():
        present.add(content.sha256)
        try:
            for _ in blobs.read(content.sha256):
                pass
        except Damaged:
            damaged.append(content.sha256)
        except NotFound:  # collected meanwhile
            continue
    return Scrub(len(present), tuple(damaged), tuple(sorted(known - present)))


def cited(connection: Connection) -> set[str]:
    """Return everything in the database that may be the name of a blob: all that looks like a SHA-256."""
    return {name for text in _texts(connection) for name in _NAME.findall(text)}


def _texts(connection: Connection) -> Iterator[str]:
    for table in METADATA.sorted_tables:
        if table is BLOB:
            continue
        columns = [cast(c, Text) for c in table.c if c.type is Document or c.name.endswith("sha256")]
        for column in columns:
            rows = connection.execute(select(column), execution_options={"yield_per": _ROWS})
            yield from (text for text in rows.scalars() if text)


def _garbage(connection: Connection, blobs: BlobStore, before: datetime) -> list[Content]:
    rows = connection.execute(select(BLOB.c.sha256, BLOB.c.size))
    candidates = {str(row.sha256): Content(row.sha256, int(row.size)) for row in rows}
    candidates |= {content.sha256: content for content in blobs.list()}
    named = cited(connection)
    return [c for name, c in sorted(candidates.items()) if name not in named and _old(blobs, name, before)]


def _old(blobs: BlobStore, name: str, before: datetime) -> bool:
    try:
        return blobs.changed_at(name) < before
    except NotFound:  # only its row is left
        return True


def _row(unit: Unit, content: Content, media_type: str) -> dict[str, object]:
    size, now = content.size, unit.context.now
    return {"sha256": content.sha256, "size": size, "media_type": media_type, "created_at": now}


def _known(connection: Connection, sha256: str) -> bool:
    return connection.execute(select(BLOB.c.sha256).where(BLOB.c.sha256 == sha256)).first() is not None
