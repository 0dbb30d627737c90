"""The pages of an E57 file: all checksums verified in one fast pass, and the XML section read for what libE57 hides.

An E57 file is a row of pages (1024 bytes), each ending with the CRC-32C of the rest (ASTM E2807). libE57 can verify
them while it reads, which takes as long as the reading itself; here it takes a fifth of that.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUntypedFunctionDecorator=false
import re
import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from geometry.compiled import kernel
from geometry.errors import ReadError

_PAGE = 1024
_PAGES_PER_READ = 4096
_CASTAGNOLI = 0x82F63B78
_POSE = re.compile(rb"<pose\b.*?</pose>", re.DOTALL)
_NO_NUMBER = re.compile(rb">[^<\w]*(?:nan|inf|1\.#|-1\.#)", re.IGNORECASE)


def check_pages(path: Path) -> None:
    """Verify every page of an E57 file, and that no pose in it says nan or inf.

    libE57 reads such a text as 0, which would misplace the scan without a word.

    Raises
    ------
    ReadError
        When the file is cut off, a checksum does not match, or a pose is not a number.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(48)
        if len(head) < 48:
            raise ReadError(f"{path}: is truncated inside its header; copy it again")
        length, start, xml_length, page = struct.unpack_from("<4Q", head, 16)
        if page != _PAGE:
            raise ReadError(f"{path}: has pages of {page} bytes where E57 has {_PAGE}; it is damaged, copy it again")
        if length > size:
            raise ReadError(f"{path}: is truncated (shorter than its header says); copy it again")
        if size % _PAGE:
            raise ReadError(f"{path}: is damaged (its length of {size:,} bytes is no number of pages); copy it again")
        _verify(stream, size, path)
        if start + xml_length <= size:
            _check_poses(_xml(stream, start, xml_length), path)


def _verify(stream: BinaryIO, size: int, path: Path) -> None:
    stream.seek(0)
    for first in range(0, size // _PAGE, _PAGES_PER_READ):
        pages = np.frombuffer(stream.read(_PAGES_PER_READ * _PAGE), np.uint8).reshape(-1, _PAGE)
        bad = int(_first_bad(pages, _TABLES))
        if bad >= 0:
            raise ReadError(
                f"{path}: is corrupt (the checksum of page {first + bad + 1:,} of {size // _PAGE:,} does not match); "
                "copy or export it again"
            )


def _xml(stream: BinaryIO, start: int, length: int) -> bytes:
    """Return the XML section, which begins at a physical place and has a logical length."""
    first = start - start % _PAGE
    stream.seek(first)
    pages = length // (_PAGE - 4) + 2
    raw = stream.read(pages * _PAGE)
    flat = b"".join(raw[at : at + _PAGE - 4] for at in range(0, len(raw), _PAGE))
    return flat[start - first : start - first + length]


def _check_poses(xml: bytes, path: Path) -> None:
    for pose in _POSE.findall(xml):
        if _NO_NUMBER.search(pose):
            raise ReadError(f"{path}: a scan has a pose that is not a number; export it again with its registration")


def _crc_tables() -> NDArray[np.uint32]:
    """Return the tables (8, 256) of CRC-32C for eight bytes at a time (slicing by 8, Kounavis and Berry 2008)."""
    tables = np.zeros((8, 256), np.uint32)
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (_CASTAGNOLI if crc & 1 else 0)
        tables[0, byte] = crc
    for k in range(1, 8):
        tables[k] = tables[k - 1] >> np.uint32(8) ^ tables[0][tables[k - 1] & np.uint32(0xFF)]
    return tables


_TABLES = _crc_tables()


@kernel(nogil=True)
def _first_bad(pages: NDArray[np.uint8], tables: NDArray[np.uint32]) -> Any:
    """Return the index of the first page (n, 1024) whose last four bytes are not its CRC-32C (big endian), else -1."""
    for number in range(len(pages)):
        page = pages[number]
        crc = np.uint32(0xFFFFFFFF)
        for at in range(0, 1016, 8):
            crc ^= (
                np.uint32(page[at])
                | np.uint32(page[at + 1]) << 8
                | np.uint32(page[at + 2]) << 16
                | np.uint32(page[at + 3]) << 24
            )
            crc = (
                tables[7, crc & 0xFF]
                ^ tables[6, crc >> 8 & 0xFF]
                ^ tables[5, crc >> 16 & 0xFF]
                ^ tables[4, crc >> 24]
                ^ tables[3, page[at + 4]]
                ^ tables[2, page[at + 5]]
                ^ tables[1, page[at + 6]]
                ^ tables[0, page[at + 7]]
            )
        for at in range(1016, 1020):
            crc = np.uint32(crc >> 8) ^ tables[0, (crc ^ page[at]) & 0xFF]
        crc = ~np.uint32(crc)
        for k in range(4):
            if page[1020 + k] != np.uint8(crc >> (24 - 8 * k) & 0xFF):
                return number
    return -1
