"""Files that are there whole or not at all."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from twin.report.uninterrupted import uninterrupted


def write_whole(folder: Path, contents: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write files under their names in ``folder`` once all of them are on the disk, and return them in order.

    Raises
    ------
    OSError
        One of them cannot be written; none has taken its name then.
    """
    ready = list[tuple[str, Path]]()
    try:
        for name, content in contents.items():
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".qtems-", delete=False) as stream:
                ready.append((stream.name, folder / name))
                stream.write(content)
            os.chmod(ready[-1][0], 0o666 & ~_mask())
        with uninterrupted():
            for source, target in ready:
                os.replace(source, target)
        return tuple(target for _, target in ready)
    finally:
        for source, _ in ready:
            with suppress(OSError):
                os.unlink(source)


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
