"""Where a value came from: the file behind a design or a scan."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read: ``path`` as the user gave it, its sha256, and what the reader found out about it."""

    path: str
    sha256: str
    format: str
    """Suffix family and version, such as ``IFC4`` or ``E57``."""


def sha256_of(path: Path) -> str:
    """Return the hex sha256 of a file, read in chunks."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 22):
            digest.update(chunk)
    return digest.hexdigest()
