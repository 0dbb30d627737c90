"""The as-built side: points with the station each was seen from."""

from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import BoolArray, Float32Array, FloatArray, Int32Array, frozen
from geometry.source import SourceFile


@dataclass(frozen=True, slots=True, eq=False)
class Station:
    """One scanner set-up. ``position`` (3,) metres in the scan frame less the scan's origin, None when not known."""

    name: str
    position: FloatArray | None
    levelled: bool = True
    """False when the file's own pose shows a tilt, so gravity is not along z for the raw data."""
    rotation: FloatArray | None = None
    """(3, 3) from the scanner's own frame to the scan's, as the file states it; None when it does not."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A point cloud of one or more stations in one frame (poses applied).

    A point is at ``origin + points[i]`` in the scan frame (metres). ``origin`` is exactly the first station's position
    or, without poses, the first valid point, so that a scan moved by any distance has the same ``points``.
    """

    points: FloatArray
    """(n, 3) metres relative to ``origin``; finite, invalid returns removed."""
    station_index: Int32Array
    """(n,) index into ``stations``."""
    stations: tuple[Station, ...]
    origin: FloatArray
    """(3,) metres, float64."""
    sources: tuple[SourceFile, ...]
    intensity: Float32Array | None = None
    """(n,) 0..1, None when the file has none."""
    declared_points: int = 0
    """How many points the files declare, before invalid ones were removed and thinning was applied."""
    invalid_points: int = 0
    """How many were dropped: flagged invalid, NaN or infinite."""
    stride: int = 1
    """1 = all points kept; k = every k-th of each station, because the cloud was larger than the limit."""
    notes: tuple[str, ...] = ()
    """What a person should know about how the files were read: one line each, English."""

    def __post_init__(self) -> None:
        """Check shapes and freeze."""
        n = len(self.points)
        if self.points.shape != (n, 3) or self.station_index.shape != (n,):
            raise ValueError(f"a scan needs (n, 3) points and (n,) station_index, not {self.points.shape}")
        object.__setattr__(self, "points", frozen(self.points))
        object.__setattr__(self, "station_index", frozen(self.station_index))

    @property
    def has_poses(self) -> bool:
        """True when every station that has points knows where it stood."""
        lost = [index for index, station in enumerate(self.stations) if station.position is None]
        return not lost or not np.bincount(self.station_index, minlength=len(self.stations))[lost].any()

    def without(self, left_out: BoolArray) -> "Scan":
        """Return the scan less the points of the stations that are ``left_out`` (s,)."""
        if not left_out.any():
            return self
        kept = ~left_out[self.station_index]
        intensity = None if self.intensity is None else self.intensity[kept]
        return replace(self, points=self.points[kept], station_index=self.station_index[kept], intensity=intensity)

    def station_positions(self) -> FloatArray:
        """Return the known station positions (s, 3) metres, in the frame of ``points``."""
        known = [s.position for s in self.stations if s.position is not None]
        return np.array(known, dtype=np.float64).reshape(-1, 3)
