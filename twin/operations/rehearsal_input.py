"""What the rehearsals share: reading a file that people wrote, and naming it in what is wrong with it."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from simulation.errors import SimulationError
from twin.errors import Invalid

LARGEST = 16 * 2**20
"""Bytes. What people write by hand is a thousandth of it; a device or a scan given by mistake is more."""


def read_input(path: Path, largest: int = LARGEST) -> bytes:
    """Return what a file holds, of ``largest`` bytes at most.

    Raises
    ------
    Invalid
        It is not there, cannot be read, or is larger than anybody writes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise Invalid(f"{path}: {reason}; check the path") from error
    if len(content) > largest:
        raise Invalid(f"{path}: larger than {largest // 2**20} MiB; a text such as the one in docs is expected")
    return content


@contextmanager
def named(path: Path) -> Generator[None, None, None]:
    """Put the file's name before what the simulation says is wrong in it.

    Raises
    ------
    Invalid
        In place of a SimulationError.
    """
    try:
        yield
    except SimulationError as error:
        raise Invalid(f"{path}: {error}") from error
