"""Files on their way in: which pieces have come, recorded one by one so that a broken line costs one piece at most."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from twin.errors import Conflict, NotFound
from twin.record import Id
from twin.store.repository import Unit
from twin.store.schema import UPLOAD, UPLOAD_PIECE


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in."""

    id: Id
    project: Id
    user: Id
    name: str
    media_type: str
    size: int
    sha256: str
    """What the sender says that the whole will have."""
    received: int
    """How many bytes have come; the next one has this offset."""
    created_at: datetime
    expires_at: datetime
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of an upload, kept in a file of their own."""

    start: int
    size: int
    path: str


def add(unit: Unit, upload: Upload) -> None:
    """Record a new upload; :class:`Conflict` if its identifier is taken."""
    if unit.connection.execute(select(UPLOAD.c.id).where(UPLOAD.c.id == upload.id)).first():
        raise Conflict(f"there is an upload {upload.id} already")
    unit.connection.execute(insert(UPLOAD).values(_row(upload)))


def get(connection: Connection, upload: Id, user: Id) -> Upload:
    """Return an upload of a user; :class:`NotFound` when there is none, or when it is another user's."""
    query = select(UPLOAD).where(UPLOAD.c.id == upload, UPLOAD.c.user == user)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(f"there is no upload {upload}; it may have expired: begin again")
    return _upload(row)


def pieces(connection: Connection, upload: Id) -> list[Piece]:
    """Return what has come, in order."""
    query = select(UPLOAD_PIECE).where(UPLOAD_PIECE.c.upload == upload).order_by(UPLOAD_PIECE.c.start)
    return [Piece(int(row.start), int(row.size), row.path) for row in connection.execute(query)]


def record_piece(unit: Unit, upload: Upload, piece: Piece, expires_at: datetime) -> None:
    """Record that a piece has come.

    Raises
    ------
    Conflict
        If another piece came in its place meanwhile: the text names the offset to go on from.
    """
    mine = (UPLOAD.c.id == upload.id) & (UPLOAD.c.received == piece.start) & UPLOAD.c.completed_at.is_(None)
    change = update(UPLOAD).where(mine).values(received=piece.start + piece.size, expires_at=expires_at)
    if unit.connection.execute(change).rowcount != 1:
        raise wrong_offset(get(unit.connection, upload.id, upload.user), piece.start)
    row = {"upload": upload.id, "start": piece.start, "size": piece.size, "path": piece.path}
    unit.connection.execute(insert(UPLOAD_PIECE).values(row))


def wrong_offset(upload: Upload, offset: int) -> Conflict:
    """Return the answer to a piece that does not begin where the last one ended."""
    return Conflict(
        f"upload {upload.id} has {upload.received} bytes, not {offset}; go on from offset {upload.received}"
    )


def complete(unit: Unit, upload: Upload, expires_at: datetime) -> None:
    """Record that all of it is there, and forget its pieces; one that vanished meanwhile is :class:`NotFound`."""
    change = update(UPLOAD).where(UPLOAD.c.id == upload.id)
    changed = unit.connection.execute(change.values(completed_at=unit.context.now, expires_at=expires_at)).rowcount
    if changed != 1:
        raise NotFound(f"upload {upload.id} was aborted meanwhile")
    unit.connection.execute(delete(UPLOAD_PIECE).where(UPLOAD_PIECE.c.upload == upload.id))


def remove(unit: Unit, upload: Id) -> None:
    """Forget an upload and its pieces."""
    unit.connection.execute(delete(UPLOAD_PIECE).where(UPLOAD_PIECE.c.upload == upload))
    unit.connection.execute(delete(UPLOAD).where(UPLOAD.c.id == upload))


def expired(connection: Connection, now: datetime) -> list[Id]:
    """Return the uploads whose time is over, complete or not."""
    return list(connection.execute(select(UPLOAD.c.id).where(UPLOAD.c.expires_at < now)).scalars())


def count(connection: Connection, user: Id) -> int:
    """Return how many files of a user are on their way in."""
    mine = (UPLOAD.c.user == user) & UPLOAD.c.completed_at.is_(None)
    return int(connection.execute(select(func.count()).select_from(UPLOAD).where(mine)).scalar_one())


def known(connection: Connection) -> set[Id]:
    """Return all uploads."""
    return set(connection.execute(select(UPLOAD.c.id)).scalars())


def _row(upload: Upload) -> Mapping[str, Any]:
    return {column.name: getattr(upload, column.name) for column in UPLOAD.c}


def _upload(row: RowMapping) -> Upload:
    return Upload(**{column.name: row[column.name] for column in UPLOAD.c})
