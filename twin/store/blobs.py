"""Files kept by what they contain: models, scans, photos and reports, in a folder or in an S3-compatible store.

A blob is named by its SHA-256, so the same content twice is kept once, and whoever holds the name can prove what it
names. It appears under its name only when all of it is there. What is read to its end is checked: the last piece is
held back until the digest of the whole is right. A range cannot be checked so; for it stand the check on writing and
the regular :func:`twin.store.blob_register.scrub`.
"""

import hashlib
import io
import os
import secrets
import shutil
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from twin.errors import Damaged, Invalid, NotFound

_SCHEMES = ("file", "s3", "gs", "gcs", "az", "abfs", "memory")
PIECE = 1 << 20
"""Bytes that are in memory at a time, about."""
GRACE = timedelta(hours=24)
"""How long something that nothing refers to yet is left alone: a record is written after its files."""


@dataclass(frozen=True, slots=True)
class Content:
    """What names a blob, and how long it is."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class BlobStore:
    """A folder or bucket with blobs; :func:`open_blobs` opens one."""

    files: Any
    """The file system (fsspec)."""
    root: str

    def put(self, pieces: Iterable[bytes], *, expected: str | None = None) -> Content:
        """Keep what the pieces are together, and return its name; memory stays flat whatever its size.

        Content that is there already is written anew over itself, which also mends a damaged one. If this does not
        come to its end, no blob is there, only a file under ``incoming`` that :func:`sweep_incoming` removes.

        Raises
        ------
        Invalid
            If the content does not have the SHA-256 ``expected``; it is not kept then.
        """
        incoming = self.new_path("incoming")
        digest, size = hashlib.sha256(), 0
        try:
            with self.create(incoming) as out:
                for piece in pieces:
                    digest.update(piece)
                    size += len(piece)
                    out.write(piece)
            content = Content(digest.hexdigest(), size)
            if expected not in (None, content.sha256):
                raise Invalid(f"the content has SHA-256 {content.sha256}, not {expected} as declared; send it again")
            if self.files.info(incoming)["size"] != size:
                raise Damaged(f"only part of {content.sha256} was written; is the disk full?")
            self.move(incoming, self.blob_path(content.sha256))
        except BaseException:
            with suppress(OSError):
                self.remove(incoming)
            raise
        return content

    def put_file(self, file: Path) -> Content:
        """Keep a file's content."""
        with file.open("rb") as stream:
            return self.put(pieces_of(stream))

    def read(self, sha256: str) -> Iterator[bytes]:
        """Yield a blob piece by piece; the last piece comes only if all of it is what was written.

        Raises
        ------
        NotFound
            If there is no such blob.
        Damaged
            If its content is not what its name says; what came before was not all of it.
        """
        digest, held = hashlib.sha256(), b""
        with self._open(sha256) as stream:
            for piece in pieces_of(stream):
                digest.update(piece)
                if held:
                    yield held
                held = piece
        if digest.hexdigest() != sha256:
            raise Damaged(f"blob {sha256} is damaged: its content has SHA-256 {digest.hexdigest()}; restore it")
        if held:
            yield held

    def open(self, sha256: str) -> IO[bytes]:
        """Open a blob as a stream to be read from its beginning to its end; it raises as :meth:`read` does."""
        return io.BufferedReader(_Pieces(self.read(sha256)), PIECE)

    def read_range(self, sha256: str, start: int, length: int) -> Iterator[bytes]:
        """Yield ``length`` bytes from ``start`` on, fewer at the end; not checked against the digest (see above)."""
        if start < 0 or length < 0:
            raise Invalid(f"a range begins at 0 or later and is not negative: not {start}, {length}")
        with self._open(sha256) as stream:
            stream.seek(start)
            while length > 0 and (piece := stream.read(min(PIECE, length))):
                length -= len(piece)
                yield piece

    @contextmanager
    def local_file(self, sha256: str, *, suffix: str = "") -> Generator[Path]:
        """Give a blob as a local file for programs that need one, checked before; it is there within the block.

        Only a remote blob is copied; of one in a folder it is a link, with the suffix that programs choose a format by.
        """
        with TemporaryDirectory(prefix="qtems-blob-") as folder:
            target = Path(folder) / f"{sha256}{suffix}"
            if self.is_local:
                for _ in self.read(sha256):
                    pass
                target.symlink_to(self.blob_path(sha256))
            else:
                with target.open("wb") as out:
                    out.writelines(self.read(sha256))
            yield target

    def exists(self, sha256: str) -> bool:
        """Whether there is such a blob."""
        return bool(self.files.exists(self.blob_path(sha256)))

    def size(self, sha256: str) -> int:
        """Return how many bytes a blob has."""
        return int(self._info(sha256)["size"])

    def changed_at(self, sha256: str) -> datetime:
        """Return when a blob was written last."""
        return written_at(self._info(sha256))

    def list(self) -> Iterator[Content]:
        """Yield all blobs, ordered by name."""
        for path, info in sorted(self.listing("sha256").items()):
            name = path.rsplit("/", 1)[-1]
            if is_sha256(name):
                yield Content(name, int(info["size"]))

    def sweep_incoming(self, now: datetime, grace: timedelta = GRACE) -> int:
        """Remove what was begun and never came to its end; return how many."""
        old = [p for p, info in self.listing("incoming").items() if written_at(info) < now - grace]
        for path in old:
            self.remove(path)
        return len(old)

    def listing(self, place: str) -> dict[str, dict[str, Any]]:
        """Return all files under a folder of the store, each with what the file system says about it."""
        return dict(self.files.find(self.path(place), detail=True))

    def path(self, *parts: str) -> str:
        """Return where something of the store lies."""
        return "/".join((self.root, *parts))

    def blob_path(self, sha256: str) -> str:
        """Return where a blob lies; :class:`Invalid` for what is no SHA-256, so that no name leads elsewhere."""
        if not is_sha256(sha256):
            raise Invalid(f"a blob is named by the 64 hexadecimal digits of its SHA-256, not {sha256!r}")
        return self.path("sha256", sha256[:2], sha256)

    def new_path(self, *parts: str) -> str:
        """Return a path in a folder of the store that nothing else will ever have."""
        return self.path(*parts, secrets.token_hex(16))

    @contextmanager
    def create(self, path: str) -> Generator[IO[bytes]]:
        """Open a new file of the store to write; at the end of the block it is on the disk itself."""
        if self.is_local:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        with self.files.open(path, "wb") as out:
            yield out
            if self.is_local:
                out.flush()
                os.fsync(out.fileno())

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return isinstance(self.files, LocalFileSystem)

    def trouble(self) -> str:
        """Return in one line why nothing can be kept here now; empty when it can."""
        try:
            if self.is_local:
                Path(self.root).mkdir(parents=True, exist_ok=True)
                return "" if os.access(self.root, os.W_OK | os.X_OK) else f"{self.root} cannot be written to"
            self.files.exists(self.path("sha256"))
        except Exception as error:  # every kind of store has its own
            return " ".join(f"{type(error).__name__}: {error}".split())[:300]
        return ""

    def room(self) -> int | None:
        """Return how many bytes the disk has left; None for a store that has no disk of its own."""
        if not self.is_local:
            return None
        folder = next(f for f in (Path(self.root), *Path(self.root).parents) if f.exists())
        return shutil.disk_usage(folder).free

    def move(self, source: str, target: str) -> None:
        """Give a complete file its name, in one step that a crash does not leave half done."""
        if not self.is_local:
            self.files.mv(source, target)  # an object store shows the copy only when all of it is there
            return
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
        folder = os.open(Path(target).parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def remove(self, path: str) -> None:
        """Remove a file of the store; one that is gone already is fine. A folder for it alone goes, too."""
        with suppress(FileNotFoundError):
            self.files.rm_file(path)
        if self.is_local and "/uploads/" in path:
            with suppress(OSError):  # others are in it
                Path(path).parent.rmdir()

    def _info(self, sha256: str) -> dict[str, Any]:
        try:
            return cast("dict[str, Any]", self.files.info(self.blob_path(sha256)))
        except FileNotFoundError as error:
            raise NotFound(f"there is no blob {sha256}") from error

    def _open(self, sha256: str) -> Any:
        path = self.blob_path(sha256)
        try:
            return self.files.open(path, "rb", **({} if self.is_local else {"cache_type": "readahead"}))
        except FileNotFoundError as error:
            raise NotFound(f"there is no blob {sha256}") from error


class _Pieces(io.RawIOBase):
    """Pieces as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._rest = pieces, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


def open_blobs(url: str) -> BlobStore:
    """Open a store of blobs: ``file:///var/lib/qtems/blobs``, ``s3://bucket/folder``.

    An S3 store takes its address and credentials from the environment (``AWS_ENDPOINT_URL``, ``AWS_ACCESS_KEY_ID``,
    ``AWS_SECRET_ACCESS_KEY`` …), never from the URL, which ends up in logs.

    Raises
    ------
    Invalid
        If the URL names no kind of store that is installed.
    """
    if "://" not in url:
        raise Invalid(f"{url!r} is no address of a blob store; write file:///FOLDER or s3://BUCKET/FOLDER")
    if url.partition("://")[0] not in _SCHEMES:
        raise Invalid(f"{url!r} is no address of a blob store; write file:///FOLDER or s3://BUCKET/FOLDER")
    try:
        files, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        raise Invalid(f"{url} needs a package that is not installed; run: pip install 'qtems[s3]'") from error
    except ValueError as error:
        raise Invalid(f"{url}: {str(error).splitlines()[0]}; write file:///FOLDER or s3://BUCKET/FOLDER") from error
    return BlobStore(files, root.rstrip("/"))


def pieces_of(stream: Any) -> Iterator[bytes]:
    """Yield a binary stream in pieces."""
    while piece := stream.read(PIECE):
        yield piece


def is_sha256(text: str) -> bool:
    """Whether a text is 64 lower-case hexadecimal digits."""
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


def written_at(info: dict[str, Any]) -> datetime:
    """Return when a file was written, from what a folder or S3 says about it."""
    if "mtime" in info:
        return datetime.fromtimestamp(info["mtime"], UTC)
    return cast("datetime", info["LastModified"]).astimezone(UTC)
