"""Runs of binary records of one size, read in chunks: PLY and PCD."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import Float32Array, FloatArray
from geometry.errors import ReadError


def record_runs(
    stream: BinaryIO, record: np.dtype[Any], count: int, path: Path, *, chunk_points: int
) -> Iterator[NDArray[Any]]:
    """Yield ``count`` records from where the stream stands, at most ``chunk_points`` at a time.

    Raises
    ------
    ReadError
        When the file ends before; it is checked first, so that nothing is reserved for records that are not there.
    """
    here = stream.tell()
    there = (stream.seek(0, 2) - here) // record.itemsize
    stream.seek(here)
    if there < count:
        raise truncated(path, there, count)
    for start in range(0, count, chunk_points):
        size = min(chunk_points, count - start) * record.itemsize
        raw = stream.read(size)
        if len(raw) < size:
            raise truncated(path, start + len(raw) // record.itemsize, count)
        yield np.frombuffer(raw, record)


def truncated(path: Path, there: int, count: int) -> ReadError:
    """Return the error for a file that ends before its last point."""
    return ReadError(f"{path}: truncated: {there:,} of {count:,} points are there; copy the file again")


def columns_of(records: NDArray[Any], names: tuple[str, str, str]) -> FloatArray:
    """Return three fields of records (n,) as points (n, 3)."""
    points: FloatArray = np.empty((len(records), 3))
    for axis, name in enumerate(names):
        points[:, axis] = records[name]
    return points


def intensity_of(records: NDArray[Any], name: str | None) -> Float32Array | None:
    """Return one field of records (n,) as intensity, None when there is no such field."""
    return None if name is None else records[name].astype(np.float32)
