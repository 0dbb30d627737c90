"""Zip files from strangers: bounded in entries and in bytes that really come out, and never a path outside."""

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import normpath

from twin.errors import Invalid

_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file from outside is taken."""

    entries: int = 20_000
    unpacked_bytes: int = 1 << 30
    """All parts together."""
    xml_bytes: int = 32 * _MEGABYTE
    """One XML part."""
    file_bytes: int = 64 * _MEGABYTE
    """One picture, snippet or document."""
    ratio: int = 200
    """Unpacked by packed size of a part beyond a megabyte: text is packed to a tenth, bombs to a thousandth."""
    pixels: int = 100_000_000
    topics: int = 5_000
    text: int = 100_000
    """Characters of one text."""


@dataclass(slots=True)
class Parts:
    """The parts of an archive by their names in small letters, with / between folders; read once each."""

    archive: zipfile.ZipFile
    limits: Limits
    infos: Mapping[str, zipfile.ZipInfo]
    taken: int = field(default=0)
    """Bytes that came out so far."""

    def __contains__(self, name: str) -> bool:
        """Say whether there is such a part."""
        return name.lower() in self.infos

    def read(self, name: str, most: int) -> bytes:
        """Return a part.

        Raises
        ------
        Invalid
            If there is none, it is damaged, or too much comes out of it.
        """
        info = self.infos.get(name.lower())
        if info is None:
            raise Invalid(f"{name} is not in the file")
        most = min(most, self.limits.unpacked_bytes - self.taken)
        if info.file_size > most:
            raise Invalid(f"{name} has {info.file_size} bytes, and at most {max(most, 0)} are taken")
        try:
            with self.archive.open(info) as stream:
                content = stream.read(most + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
            raise Invalid(
                f"{name} is damaged: {str(error).splitlines()[0] if str(error) else 'it ends early'}"
            ) from error
        self.taken += len(content)
        if len(content) > most:
            raise Invalid(f"more comes out of {name} than it says")
        return content


def open_parts(content: bytes, limits: Limits) -> Parts:
    """Open an archive.

    Raises
    ------
    Invalid
        If it is no zip file, or one that is made to do harm: paths that lead outside, links, encryption, bombs.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise Invalid("this is no BCF file: it is no zip archive") from error
    infos = archive.infolist()
    if len(infos) > limits.entries:
        raise Invalid(f"the file has {len(infos)} parts, and at most {limits.entries} are taken")
    total = sum(info.file_size for info in infos)
    if total > limits.unpacked_bytes:
        raise Invalid(f"the file unpacks to {total} bytes, and at most {limits.unpacked_bytes} are taken")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        _refuse_harm(info, limits)
        if not info.is_dir():
            found.setdefault(_name(info), info)
    return Parts(archive, limits, found)


def _refuse_harm(info: zipfile.ZipInfo, limits: Limits) -> None:
    plain = info.filename.replace("\\", "/")
    if plain.startswith("/") or ".." in plain.split("/") or ":" in plain or "\0" in plain:
        raise Invalid(f"the file has a part that leads outside, {info.filename[:80]!r}: it is refused")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Invalid(f"the file has a link in it, {info.filename[:80]!r}: it is refused")
    if info.flag_bits & 0x1:
        raise Invalid("the file is encrypted: save it without a password")
    if info.file_size > _MEGABYTE and info.file_size > limits.ratio * max(info.compress_size, 1):
        raise Invalid(f"{info.filename[:80]!r} unpacks to {info.file_size} bytes out of {info.compress_size}: refused")


def _name(info: zipfile.ZipInfo) -> str:
    return normpath(info.filename.replace("\\", "/")).lower()
