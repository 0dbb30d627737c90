"""Bringing a file in over a line that may break: begin, append from where it broke, finish by its declared hash."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from twin.errors import Invalid, Refused, TwinError
from twin.record import Id
from twin.store import uploads
from twin.store.blob_register import keep
from twin.store.blobs import GRACE, BlobStore, Content, is_sha256, pieces_of, written_at
from twin.store.repository import Context, Store
from twin.store.uploads import Piece, Upload

LIFETIME = timedelta(days=7)
"""How long an upload waits for its next piece, and how long a complete one waits for the record that it is for."""
_PIECE_FILE = 64 << 20
"""After how many bytes a piece is recorded though more is coming."""
MOST_AT_ONCE = 100
"""How many files one user may have on their way in: a scan of a large site is some dozens."""
_MARGIN = 256 << 20
"""Bytes that an upload leaves free: the database has to go on."""


def begin_upload(
    store: Store,
    context: Context,
    project: Id,
    *,
    name: str,
    size: int,
    sha256: str,
    media_type: str = "application/octet-stream",
    largest: int | None = None,
    room: int | None = None,
) -> Upload:
    """Announce a file.

    Parameters
    ----------
    size, sha256
        What the whole will be: bytes, and 64 hexadecimal digits.
    largest
        Bytes that a file may have here.
    room
        Bytes that are left where files are kept; None when that is not known.

    Raises
    ------
    Invalid
        If one of these makes no sense or is too much.
    Refused
        If there is no room for it, or too many are on their way in.
    """
    if name.strip() in ("", ".", "..") or len(name) > 255 or any(ord(c) < 32 or c in "/\\" for c in name):
        raise Invalid(f"a file's name has 1 to 255 characters without / and \\, not {name!r}")
    if size < 0 or (largest is not None and size > largest):
        raise Invalid(f"a file here has 0 to {largest} bytes, not {size}" if largest else "a size is 0 or more")
    if not is_sha256(sha256):
        raise Invalid(f"sha256 is 64 lower-case hexadecimal digits, not {sha256!r}")
    if room is not None and _MARGIN + 2 * size > room:  # its pieces, and the whole before they go
        raise Refused(f"the server has {room} bytes left, and a file of {size} needs twice as much on its way in")
    now, user = context.now, context.actor.id
    with store.write(context) as unit:
        under_way = uploads.count(unit.connection, user)
        if under_way >= MOST_AT_ONCE:
            raise Refused(f"you have {under_way} files on their way in; finish or give up some of them first")
        upload = Upload(unit.new_id(), project, user, name, media_type[:100], size, sha256, 0, now, now + LIFETIME)
        uploads.add(unit, upload)
    return upload


def find_upload(store: Store, context: Context, identifier: Id) -> Upload:
    """Return one's own upload: after a break, ``received`` is the offset to go on from."""
    with store.read() as view:
        return uploads.get(view.connection, identifier, context.actor.id)


def append_to_upload(
    store: Store, blobs: BlobStore, context: Context, identifier: Id, offset: int, *, stream: Iterable[bytes]
) -> Upload:
    """Take the bytes from ``offset`` on, in flat memory. What came before a stream breaks is kept.

    Raises
    ------
    Conflict
        If ``offset`` is not where the last piece ended; the text names the right one.
    Invalid
        If more comes than was declared.
    """
    upload = find_upload(store, context, identifier)
    if upload.completed_at is not None or offset != upload.received:
        raise uploads.wrong_offset(upload, offset)
    source = _Stream(stream)
    start = offset
    while not source.ended:
        piece = _write_piece(blobs, upload, start, source)
        if not piece.size:
            blobs.remove(piece.path)
            break
        try:
            with store.write(context) as unit:
                uploads.record_piece(unit, upload, piece, context.now + LIFETIME)
        except TwinError:
            blobs.remove(piece.path)
            raise
        start += piece.size
    if source.failure is not None:
        raise source.failure
    return find_upload(store, context, identifier)


def finish_upload(store: Store, blobs: BlobStore, context: Context, identifier: Id) -> Content:
    """Put the pieces together and check that they are what was declared; again gives the same answer again.

    Raises
    ------
    Refused
        If bytes are missing yet.
    Invalid
        If the whole has another hash than declared; the upload is gone then, since nobody knows which piece is wrong.
    """
    with store.read() as view:
        upload = uploads.get(view.connection, identifier, context.actor.id)
        pieces = uploads.pieces(view.connection, identifier)
    if upload.completed_at is not None:
        return Content(upload.sha256, upload.size)
    if upload.received != upload.size:
        raise Refused(
            f"{upload.received} of {upload.size} bytes have come; send the rest from offset {upload.received}",
            missing=(f"{upload.size - upload.received} bytes",),
        )
    try:
        content = blobs.put(_all(blobs, pieces), expected=upload.sha256)
    except Invalid:
        abort_upload(store, blobs, context, identifier)
        raise
    except FileNotFoundError:
        if find_upload(store, context, identifier).completed_at is None:
            raise
        return Content(upload.sha256, upload.size)  # sent again meanwhile: the other one was done first
    with store.write(context) as unit:
        if uploads.get(unit.connection, identifier, context.actor.id).completed_at is not None:
            return content
        keep(unit, blobs, content, upload.media_type)
        uploads.complete(unit, upload, context.now + LIFETIME)
        told = {"name": upload.name, "sha256": content.sha256, "size": content.size}
        unit.note("finish", f"upload:{identifier}", told, project=upload.project)
    _remove_files(blobs, identifier)
    return content


def abort_upload(store: Store, blobs: BlobStore, context: Context, identifier: Id) -> None:
    """Give an upload up; a complete one only loses its claim on the file, which a record may have by now."""
    with store.write(context) as unit:
        upload = uploads.get(unit.connection, identifier, context.actor.id)
        uploads.remove(unit, upload.id)
    _remove_files(blobs, identifier)


def expire_uploads(store: Store, blobs: BlobStore, context: Context) -> int:
    """Forget the uploads whose time is over, and pieces that no upload knows of; return how many uploads."""
    with store.write(context) as unit:
        over = uploads.expired(unit.connection, context.now)
        for identifier in over:
            uploads.remove(unit, identifier)
        kept = uploads.known(unit.connection)
    for path, info in blobs.listing("uploads").items():
        owner = path.split("/")[-2]
        if owner in over or (owner not in kept and written_at(info) < context.now - GRACE):
            blobs.remove(path)
    return len(over)


class _Stream:
    """The pieces of a stream, taken some at a time; how it ended is remembered rather than raised."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self.ended = False
        self.failure: Exception | None = None

    def take(self, most: int) -> Iterator[bytes]:
        while most > 0:
            try:
                piece = next(self._pieces, None)
            except Exception as error:  # whatever broke the line: what came so far is good
                piece, self.failure = None, error
            if piece is None:
                self.ended = True
                return
            most -= len(piece)
            yield piece


def _write_piece(blobs: BlobStore, upload: Upload, start: int, source: _Stream) -> Piece:
    path = blobs.new_path("uploads", upload.id)
    size, room = 0, upload.size - start
    try:
        with blobs.create(path) as out:
            for part in source.take(_PIECE_FILE):
                size += len(part)
                if size > room:
                    raise Invalid(
                        f"more came than the {upload.size} bytes that were declared; check the file and begin again"
                    )
                out.write(part)
    except BaseException:
        blobs.remove(path)
        raise
    return Piece(start, size, path)


def _all(blobs: BlobStore, pieces: list[Piece]) -> Iterator[bytes]:
    for piece in pieces:
        with blobs.files.open(piece.path, "rb") as stream:
            yield from pieces_of(stream)


def _remove_files(blobs: BlobStore, identifier: Id) -> None:
    for path in blobs.listing(f"uploads/{identifier}"):
        blobs.remove(path)
