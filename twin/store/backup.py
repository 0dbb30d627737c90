"""Everything in one archive, and back from it, onto SQLite or PostgreSQL whichever it came from.

The archive is a ZIP: each table as JSON lines, each blob as it is, and a manifest with revision, counts and digests.
The tables are read in one transaction that sees a single moment (SQLite's WAL and PostgreSQL's REPEATABLE READ both
give that), while others go on working; blobs never change, so those of that moment can be copied after it. Sessions,
stored responses and uploads under way are left out: nobody is signed in again by a restore.
"""

import hashlib
import json
import os
import re
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

from twin.errors import Conflict, Damaged, Invalid, NotFound, Refused
from twin.record import timestamp
from twin.store.blobs import BlobStore, Content, pieces_of
from twin.store.database import Database
from twin.store.schema import BLOB, METADATA
from twin.store.trail import streams, verify_stream
from twin.store.types import Document, UtcDateTime
from twin.store.upgrade import current_revision, require_current, upgrade

FORMAT = "qtems.backup/1"
LEFT_OUT = frozenset(
    {"login_session", "sign_in_attempt", "oauth_code", "oauth_refresh", "idempotency_key", "upload", "upload_piece"}
)
_AT_ONCE = 1000
_NAME = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_TYPES: Mapping[str, Any] = {"time": UtcDateTime(), "bytes": sa.LargeBinary(), "json": Document, "plain": None}


@dataclass(frozen=True, slots=True)
class SavedTable:
    """A table in an archive."""

    name: str
    rows: int
    sha256: str
    columns: Mapping[str, str]
    """Name to ``time``, ``bytes``, ``json`` or ``plain``: how the values are written."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds."""

    created_at: str
    software: str
    revision: str
    tables: tuple[SavedTable, ...]
    blobs: tuple[Content, ...]


def write_backup(database: Database, blobs: BlobStore, target: Path, *, now: datetime, software: str) -> Manifest:
    """Write an archive of all records and all files that they name; it is there when it is complete.

    Raises
    ------
    Conflict
        If there is a file of that name already.
    Damaged
        If a blob is missing or not what was written: the last good backup has it.
    """
    require_current(database)
    if target.exists():
        raise Conflict(f"{target} exists already; choose another name")
    partial = target.with_name(f"{target.name}.partial")
    try:
        with _private(partial) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            cited: set[str] = set()
            with database.read() as connection:
                tables = tuple(_save_table(connection, table, archive, cited) for table in _tables())
                known = set(connection.execute(sa.select(BLOB.c.sha256)).scalars())
            kept = tuple(_save_blobs(blobs, archive, cited | known))
            gone = known - {content.sha256 for content in kept}
            if gone:
                raise Damaged(f"{len(gone)} files that records name are gone, {min(gone)} first; restore them before")
            manifest = Manifest(timestamp(now), software, str(current_revision(database)), tables, kept)
            archive.writestr("manifest.json", json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1))
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return manifest


def check_backup(source: Path) -> Manifest:
    """Read an archive to its end and hold all of it against its manifest; :class:`Damaged` if it does not agree."""
    with _opened(source) as archive:
        manifest = _manifest(archive, source)
        for table in manifest.tables:
            for _ in _saved_rows(archive, table, source):
                pass
        for content in manifest.blobs:
            digest = hashlib.sha256()
            for piece in _saved_blob(archive, content):
                digest.update(piece)
            if digest.hexdigest() != content.sha256:
                raise _damaged(source, f"blobs/{content.sha256} is not what was written")
    return manifest


def restore_backup(source: Path, database: Database, blobs: BlobStore) -> Manifest:
    """Bring everything in an archive into an empty database and a store of blobs, all of it checked.

    The records are there when all of them are there and every audit chain holds. A restore that was broken off can
    be begun again as it was: blobs that came already do no harm.

    Raises
    ------
    Refused
        If there are records in the database, or the archive is of a newer version than this software.
    Damaged
        If anything in the archive is not what was written; then no record was restored.
    """
    with _opened(source) as archive:
        manifest = _manifest(archive, source)
        _make_ready(database, manifest)
        for content in manifest.blobs:
            try:
                blobs.put(_saved_blob(archive, content), expected=content.sha256)
            except Invalid as error:
                raise _damaged(source, f"blobs/{content.sha256} is not what was written") from error
        with database.write() as connection:
            for table in manifest.tables:
                _restore_table(connection, table, _saved_rows(archive, table, source))
            _go_on_counting(connection, database)
            for stream in streams(connection):
                found = verify_stream(connection, stream)
                if not found.holds:
                    raise _damaged(source, f"audit stream {stream}, event {found.first_bad}: {found.reason}")
    upgrade(database)
    return manifest


def _tables() -> list[sa.Table]:
    return [table for table in METADATA.sorted_tables if table.name not in LEFT_OUT]


def _save_table(connection: sa.Connection, table: sa.Table, archive: zipfile.ZipFile, cited: set[str]) -> SavedTable:
    columns = {column.name: _kind(column) for column in table.c}
    query = sa.select(table).order_by(*table.primary_key.columns)
    digest, count = hashlib.sha256(), 0
    with archive.open(f"rows/{table.name}.jsonl", "w", force_zip64=True) as out:
        for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}).mappings():
            values = {name: _to_json(row[name], kind) for name, kind in columns.items()}
            text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
            cited.update(_NAME.findall(text))
            line = text.encode() + b"\n"
            digest.update(line)
            out.write(line)
            count += 1
    return SavedTable(table.name, count, digest.hexdigest(), columns)


def _save_blobs(blobs: BlobStore, archive: zipfile.ZipFile, wanted: set[str]) -> Iterator[Content]:
    for content in blobs.list():
        if content.sha256 in wanted:
            entry = zipfile.ZipInfo(f"blobs/{content.sha256}")  # stored, not deflated: pictures and scans are packed
            with archive.open(entry, "w", force_zip64=True) as out:
                for piece in blobs.read(content.sha256):
                    out.write(piece)
            yield content


@contextmanager
def _private(file: Path) -> Generator[IO[bytes]]:
    """Open a new file that only its owner reads, since password digests are in it; at the end it is on the disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def _opened(source: Path) -> Generator[zipfile.ZipFile]:
    """Open an archive; what the ZIP itself finds to be wrong becomes one line."""
    if not source.is_file():
        raise NotFound(f"there is no backup {source}")
    try:
        with zipfile.ZipFile(source) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _damaged(source, str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def _manifest(archive: zipfile.ZipFile, source: Path) -> Manifest:
    try:
        told = json.loads(archive.read("manifest.json"))
        if told.pop("format") != FORMAT:
            raise Refused(f"{source} is no backup that this version can read")
        told["tables"] = tuple(SavedTable(**table) for table in told["tables"])
        told["blobs"] = tuple(Content(**content) for content in told["blobs"])
        return Manifest(**told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(source, "its manifest is missing or cannot be read") from error


def _saved_rows(archive: zipfile.ZipFile, table: SavedTable, source: Path) -> Iterator[dict[str, Any]]:
    digest, count = hashlib.sha256(), 0
    for line in _lines(archive, f"rows/{table.name}.jsonl", source):
        digest.update(line)
        count += 1
        try:
            values = json.loads(line)
            yield {name: _from_json(values[name], kind) for name, kind in table.columns.items()}
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(source, f"rows/{table.name}.jsonl, line {count} cannot be read") from error
    if (count, digest.hexdigest()) != (table.rows, table.sha256):
        raise _damaged(source, f"rows/{table.name}.jsonl is not what was written")


def _lines(archive: zipfile.ZipFile, name: str, source: Path) -> Iterator[bytes]:
    if name not in archive.NameToInfo:
        raise _damaged(source, f"{name} is missing")
    with archive.open(name) as stream:
        yield from stream


def _saved_blob(archive: zipfile.ZipFile, content: Content) -> Iterator[bytes]:
    name = f"blobs/{content.sha256}"
    if name not in archive.NameToInfo:
        raise zipfile.BadZipFile(f"{name} is missing")
    with archive.open(name) as stream:
        yield from pieces_of(stream)


def _make_ready(database: Database, manifest: Manifest) -> None:
    found = current_revision(database)
    if found is None:
        try:
            upgrade(database, manifest.revision)
        except CommandError as error:
            raise Refused(
                f"the backup is of a newer version (revision {manifest.revision}); update qtems first"
            ) from error
        return
    with database.read() as connection:
        full = [t.name for t in METADATA.sorted_tables if connection.execute(sa.select(t).limit(1)).first()]
    if full:
        raise Refused(f"there are records in the database already ({full[0]}); restore into an empty one")
    if found != manifest.revision:
        raise Refused(
            f"the database is at revision {found}, the backup at {manifest.revision}; restore into an empty one"
        )


def _restore_table(connection: sa.Connection, saved: SavedTable, rows: Iterable[Mapping[str, Any]]) -> None:
    table = sa.table(saved.name, *(sa.column(name, _TYPES[kind]) for name, kind in saved.columns.items()))
    batch: list[Mapping[str, Any]] = []
    try:
        for row in rows:
            batch.append(row)
            if len(batch) == _AT_ONCE:
                connection.execute(sa.insert(table), batch)
                batch = []
        if batch:
            connection.execute(sa.insert(table), batch)
    except DBAPIError as error:
        raise Refused(f"{saved.name} does not fit into this database: {str(error.orig).splitlines()[0]}") from error


def _go_on_counting(connection: sa.Connection, database: Database) -> None:
    """Let PostgreSQL number on after what was restored; SQLite does so by itself."""
    for table in METADATA.sorted_tables:
        column = table.autoincrement_column
        if column is None or database.is_sqlite:
            continue
        last = connection.execute(sa.select(sa.func.max(column))).scalar()
        if last is not None:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            connection.execute(sa.select(sa.func.setval(sequence, last)))


def _kind(column: sa.Column[Any]) -> str:
    if isinstance(column.type, UtcDateTime):
        return "time"
    if isinstance(column.type, sa.LargeBinary):
        return "bytes"
    return "json" if column.type is Document else "plain"


def _to_json(value: Any, kind: str) -> Any:
    if value is None or kind in ("plain", "json"):
        return value
    return timestamp(value) if kind == "time" else b64encode(bytes(value)).decode()


def _from_json(value: Any, kind: str) -> Any:
    if value is None or kind in ("plain", "json"):
        return value
    return datetime.fromisoformat(value) if kind == "time" else b64decode(value, validate=True)


def _damaged(source: Path, what: str) -> Damaged:
    return Damaged(f"{source} is damaged: {what}; take another backup")
