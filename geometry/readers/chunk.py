"""What a format module yields: chunks of records, and the set-up (station) that each belongs to.

Each scan format has one function of one shape, ``read_chunks(path, *, chunk_points) -> Iterator[Chunk]``.
"""

import enum
from dataclasses import dataclass, field

from geometry.arrays import Float32Array, FloatArray
from geometry.pose import Pose


class Evidence(enum.Enum):
    """Why a file's scanner position may be believed (see :mod:`geometry.readers.station_evidence`)."""

    NONE = "none"
    """The file says nothing."""
    DEFAULT = "default"
    """An identity pose at (0, 0, 0): a scan in its own frame, or an exporter that knew nothing."""
    STATED = "stated"
    """A pose that somebody wrote on purpose."""
    MEASURED = "measured"
    """Ranges and angles: they are measured from the scanner by definition."""


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """One scanner set-up as a file describes it. The object itself is the key of the station."""

    name: str
    """Empty when the file gives none."""
    format: str
    """Such as ``E57 1.0``."""
    T_scan_local: Pose = field(default_factory=Pose.identity)
    """Maps the points of the file into the scan frame."""
    position: FloatArray | None = None
    """(3,) where the scanner stood, metres in the scan frame; None when the file does not say."""
    evidence: Evidence = Evidence.NONE
    rotation: FloatArray | None = None
    """(3, 3) how the scanner was turned, from its own frame to the scan's; None when the file does not say."""
    intensity_limits: tuple[float, float] | None = None
    """The file's values for black and white; None = take the smallest and largest seen unless all lie in 0..1."""
    zeros_may_be_misses: bool = False
    """True for formats whose local origin is the scanner, where points at (0, 0, 0) are rays without a return."""
    step: float = 0.0
    """Metres: the grid that the file rounds coordinates to; 0 = floating point."""
    single_precision: bool = False
    """True when the file stores coordinates as 32-bit floats."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """A run of consecutive records of one set-up. Its arrays may be reused after the next one is asked for."""

    setup: Setup
    points: FloatArray
    """(n, 3) metres in the file's own frame; may hold NaN and infinities."""
    intensity: Float32Array | None = None
    """(n,) as the file stores it."""
    declared: int = 0
    """How many records this chunk stands for, dropped ones included."""
    invalid: int = 0
    """How many of them the reader dropped because the file flags them."""
    expected: int = 0
    """How many records the whole file declares; 0 when it does not say. Only a hint for the memory to reserve."""
    done: float = 0.0
    """Share of the file read so far, 0..1."""
    notes: tuple[str, ...] = ()
