"""Streams of random numbers that belong to a name and a replication, not to the order in which they are asked for.

Two lines that have a station in common draw the same numbers for it (common random numbers), whichever worker runs them
(L'Ecuyer et al. 2002, Operations Research 50; numpy's SeedSequence).
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import repeat

import numpy as np

from geometry.arrays import FloatArray
from simulation.distribution import Distribution, Fixed

Draw = Callable[[], float]
_FIRST, _MOST = 32, 4096


def stream_key(name: str) -> int:
    """Return the number of a stream: the same for the same name, always and everywhere.

    Examples
    --------
    >>> stream_key("mill/service")
    12235574179462553561
    """
    return int.from_bytes(sha256(name.encode()).digest()[:8], "little")


def stream(root: int, name: str, replication: int) -> np.random.Generator:
    """Return the generator of one stream in one replication."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(root, spawn_key=(stream_key(name), replication))))


def uniforms(rng: np.random.Generator, count: int) -> FloatArray:
    """Return ``count`` numbers within (0, 1), ends excluded."""
    return np.maximum(rng.random(count), 2.0**-54)


class Streams:
    """The streams of one replication."""

    def __init__(self, root: int, replication: int) -> None:
        """Take the seed of the experiment and the number of the replication."""
        self.root, self.replication = root, replication

    def times(self, name: str, law: Distribution) -> Draw:
        """Return what draws from ``law``, one number of the stream for each."""
        if isinstance(law, Fixed):
            return repeat(law.value).__next__
        return _values(stream(self.root, name, self.replication), law).__next__

    def chance(self, name: str) -> Draw:
        """Return what draws numbers within (0, 1)."""
        return _chances(stream(self.root, name, self.replication)).__next__


def _values(rng: np.random.Generator, law: Distribution) -> Iterator[float]:
    count = _FIRST
    while True:
        yield from law.quantile(uniforms(rng, count)).tolist()
        count = min(4 * count, _MOST)


def _chances(rng: np.random.Generator) -> Iterator[float]:
    count = _FIRST
    while True:
        yield from uniforms(rng, count).tolist()
        count = min(4 * count, _MOST)
