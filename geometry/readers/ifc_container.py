"""From what lies on the disk to a file for the parser: STEP text or XML, unzipped, whole and of bounded size."""

import contextlib
import tempfile
import zipfile
import zlib
from collections.abc import Generator
from pathlib import Path

from geometry.errors import ReadError
from geometry.readers.plain_name import plain_name

MAX_UNPACKED_BYTES = 8 << 30
MAX_RATIO = 200
"""IFC text packs about 5 to 15 times; far beyond that a member was made to burst."""
_HEAD = 1 << 16
_TAIL = 1 << 12
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MEMBERS = (".ifc", ".ifcxml")


@contextlib.contextmanager
def model_file(path: Path) -> Generator[Path]:
    """Give the path of the IFC file, STEP text or XML, unpacked where needed, and remove what was unpacked.

    Raises
    ------
    ReadError
        If the file is missing, empty, truncated, not IFC, or an archive without exactly one IFC file in it.
    """
    if not path.is_file():
        raise ReadError(f"{path}: no such file")
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head:
        raise ReadError(f"{path}: the file is empty; export or copy it again")
    with tempfile.TemporaryDirectory(prefix="qtems-") as folder, plain_name(path) as link:
        plain = _plain(path, head, Path(folder), named=path)
        yield link if plain == path else plain


def _plain(path: Path, head: bytes, folder: Path, *, named: Path) -> Path:
    """Return the file itself, or what was unpacked from it; errors call it ``named``, which is what the user gave."""
    if head.startswith(b"PK\x03\x04") and path == named:
        member = _unpack(path, folder)
        with member.open("rb") as stream:
            return _plain(member, stream.read(_HEAD), folder, named=named)
    if head.lstrip().startswith(b"ISO-10303-21"):
        _check_end(path, named)
        return path
    if head.lstrip(_BYTE_ORDER_MARK + b" \t\r\n").startswith(b"<") and b"ifc" in head.lower():
        return path
    if head.startswith(_BYTE_ORDER_MARK) and head[3:].lstrip().startswith(b"ISO-10303-21"):
        raise ReadError(f"{named}: begins with a byte-order mark, which IFC forbids; save it without (plain UTF-8)")
    raise ReadError(
        f"{named}: not an IFC file: it begins neither with ISO-10303-21 nor as ifcXML; export the model as IFC"
    )


def _check_end(path: Path, named: Path) -> None:
    """Refuse a STEP text without its last line: the parser would take the half that is there for the whole."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL))
        tail = stream.read()
    if b"END-ISO-10303-21" not in tail:
        raise ReadError(f"{named}: the file is truncated (no END-ISO-10303-21 at its end); export or copy it again")


def _unpack(path: Path, folder: Path) -> Path:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if Path(info.filename).suffix.lower() in _MEMBERS]
            if len(members) != 1:
                found = ", ".join(sorted(info.filename for info in members)[:4]) or "none"
                raise ReadError(f"{path}: the archive must hold exactly one .ifc or .ifcxml file, found: {found}")
            info = members[0]
            if info.flag_bits & 1:
                raise ReadError(f"{path}: the archive is encrypted; unpack it first")
            if info.file_size > MAX_UNPACKED_BYTES or info.file_size > MAX_RATIO * max(info.compress_size, 1 << 16):
                raise ReadError(f"{path}: {info.filename} would unpack to {info.file_size:,} bytes; refused")
            target = folder / f"member{Path(info.filename).suffix.lower()}"
            with archive.open(info) as packed, target.open("wb") as unpacked:
                left = info.file_size  # not a byte more than the directory promises: it may lie
                while left > 0 and (chunk := packed.read(min(left, 1 << 20))):
                    unpacked.write(chunk)
                    left -= len(chunk)
    except OSError as error:
        raise ReadError(f"{path}: cannot be unpacked into {folder}: {error.strerror}; free space there") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise ReadError(f"{path}: the archive is damaged ({error}); make it again") from None
    return target
