"""Measurement uncertainty of a deviation: noise, registration, stations, instrument (GUM, JCGM 100:2008, 5.1.2)."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray

COVERAGE_FACTOR = 2.0
"""k of the expanded uncertainty U = k u, about 95 % (JCGM 100:2008, 6.3.3)."""


@dataclass(frozen=True, slots=True, eq=False)
class Budget:
    """What every measured point shares."""

    registration_covariance: FloatArray
    """(6, 6) of (rotation vector rad, translation m) about ``pivot``, design frame."""
    pivot: FloatArray
    """(3,) metres."""
    instrument: float
    """Standard uncertainty (m) that averaging does not reduce: range bias, mesh chord error, surface roughness."""
    off_plumb: float = 0.0
    """Angle (rad) between the scan's own vertical, a levelled scanner's, and the design's as registered."""
    stations: float = 0.0
    """Standard uncertainty (m) of where the stations put a surface that they measured: how far they lie off."""
    between: float = 0.0
    """The same (m) of one of its faces beside another: none where one station measured them all."""

    @property
    def place(self) -> float:
        """Standard uncertainty (m) of where a face is that no averaging reduces: the instrument and the stations."""
        return float(np.hypot(self.instrument, self.stations))

    @property
    def apart(self) -> float:
        """The same (m) of each of two faces of which the distance is asked, in which a station's place drops out."""
        return float(np.hypot(self.instrument, self.between))

    def at(self, position: FloatArray, direction: FloatArray) -> FloatArray:
        """Return the registration's standard uncertainty (m) at ``position`` (n, 3) along unit ``direction`` (n, 3)."""
        arm = position - self.pivot
        row = np.concatenate([np.cross(arm, direction), direction], axis=1)
        return np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", row, self.registration_covariance, row), 0.0))

    def combined(self, position: FloatArray, direction: FloatArray, own: FloatArray) -> FloatArray:
        """Return the combined standard uncertainty (n,) of deviations with their ``own`` part (n,) from noise."""
        return np.sqrt(own**2 + self.at(position, direction) ** 2 + self.place**2)

    def pose_at(self, position: FloatArray) -> FloatArray:
        """Return what the frame adds to the covariance (6, 6) of a pose at ``position`` (3,), translation first.

        A turn of the frame about its pivot shifts what lies off it: shift = t + w x arm. The instrument and the
        stations add to the translation alone.
        """
        arm = np.asarray(position, np.float64) - self.pivot
        cross = np.array([[0.0, arm[2], -arm[1]], [-arm[2], 0.0, arm[0]], [arm[1], -arm[0], 0.0]])  # w -> w x arm
        moves = np.block([[cross, np.eye(3)], [np.eye(3), np.zeros((3, 3))]])
        shared = moves @ self.registration_covariance @ moves.T
        shared[:3, :3] += self.place**2 * np.eye(3)
        return shared

    def tilt(self) -> FloatArray:
        """Return the covariance (3, 3) of the registration's rotation, rad²."""
        return self.registration_covariance[:3, :3]


def expanded(standard: float) -> float:
    """Return U = k u.

    Examples
    --------
    >>> expanded(0.001)
    0.002
    """
    return COVERAGE_FACTOR * standard
