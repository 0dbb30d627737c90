"""Folders that a command makes for its results: none is left empty when the command ends in an error."""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def empty_folders_taken_back(out_dir: Path | None) -> Generator[None]:
    """When the work ends in an error, take back ``out_dir`` and what is above it, where made meanwhile and empty."""
    wanted = () if out_dir is None else (out_dir, *out_dir.parents)
    made = [folder for folder in wanted if not os.path.lexists(folder)]
    try:
        yield
    except BaseException:
        for folder in made:
            with suppress(OSError):  # not made after all, or something is in it
                folder.rmdir()
        raise
