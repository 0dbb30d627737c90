"""File names that libraries in C++ can take: on Linux a name may be any bytes, they want UTF-8."""

import contextlib
import tempfile
from collections.abc import Generator
from pathlib import Path


@contextlib.contextmanager
def plain_name(path: Path) -> Generator[Path]:
    """Give the path, or a link to it where its name is not UTF-8, such as one that was unpacked from a GBK archive."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        with tempfile.TemporaryDirectory(prefix="qtems-") as folder:
            link = Path(folder, "named").with_suffix(path.suffix)
            link.symlink_to(path.absolute())
            yield link
    else:
        yield path
