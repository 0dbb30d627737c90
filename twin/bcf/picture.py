"""Files from outside: what kind a picture is by its first bytes and how large; none is decoded."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from twin.errors import Invalid

_PNG = b"\x89PNG\r\n\x1a\n"
_BY_SUFFIX = {
    ".json": "application/json",
    ".xml": "application/xml",
    ".ifc": "application/x-step",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".csv": "text/csv",
    ".txt": "text/plain",
}
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that begin a frame and give its size."""


@dataclass(frozen=True, slots=True)
class PictureKind:
    """A picture's media type and size in pixels."""

    media_type: str
    width: int
    height: int

    @property
    def format(self) -> str:
        """As BCF calls it in JSON: ``png`` or ``jpg``."""
        return "png" if self.media_type == "image/png" else "jpg"


def picture_kind(content: bytes, *, most_pixels: int) -> PictureKind:
    """Return what kind of picture it is.

    Raises
    ------
    Invalid
        If it is neither PNG nor JPEG, or so large that decoding it would exhaust who looks at it.
    """
    if content.startswith(_PNG) and content[12:16] == b"IHDR" and len(content) >= 24:
        kind = PictureKind("image/png", *struct.unpack(">II", content[16:24]))
    elif content.startswith(b"\xff\xd8\xff"):
        kind = PictureKind("image/jpeg", *_jpeg_size(content))
    else:
        raise Invalid("it is neither a PNG nor a JPEG picture")
    if not 0 < kind.width * kind.height <= most_pixels:
        raise Invalid(f"it has {kind.width} x {kind.height} pixels, and at most {most_pixels} are taken")
    return kind


def media_type_of(name: str) -> str:
    """Return the media type that a file's name stands for.

    Examples
    --------
    >>> media_type_of("Plan.PDF"), media_type_of("plan")
    ('application/pdf', 'application/octet-stream')
    """
    return _BY_SUFFIX.get(PurePosixPath(name.lower()).suffix, "application/octet-stream")


def _jpeg_size(content: bytes) -> tuple[int, int]:
    for marker, start in _jpeg_segments(content):
        if marker in _FRAMES and start + 7 <= len(content):
            height, width = struct.unpack(">HH", content[start + 3 : start + 7])
            return width, height
    raise Invalid("it begins like a JPEG picture and has no frame")


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int]]:
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        yield marker, place + 2
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
