"""How the user wants the scan brought into the design's frame."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from geometry.arrays import FloatArray, frozen
from geometry.registration.written_matrix import matrix_fault


class RequestKind(StrEnum):
    """Where the pose comes from."""

    AUTO = "auto"
    """Found by search and refinement."""
    GIVEN = "given"
    """The scan is in the design's frame already."""
    MATRIX = "matrix"
    """A rigid 4x4 matrix from scan to design coordinates."""
    CONTROL_POINTS = "control_points"
    """Points known in both frames, by survey: they fix the pose."""
    PICKED = "picked"
    """Pairs of points that a person picked: they say which pose, and the surfaces how exactly."""


PICKED_SIGMA = 0.010
"""Standard uncertainty (m) of a picked pair along each axis where none is stated."""


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """A point known in both frames, metres, as the user wrote it (origins included)."""

    name: str
    scan: tuple[float, float, float]
    design: tuple[float, float, float]
    sigma_m: float | None = None
    """Standard uncertainty of scan less design along each axis, as the user says; stated for all points or for none."""


@dataclass(frozen=True, slots=True)
class StatedAccuracy:
    """What the user says of a given pose: standard uncertainties, not expanded ones.

    Raises
    ------
    ValueError
        If one is not positive and finite.
    """

    sigma_m: float
    """Of where the pose puts the middle of the scan, along each axis, metres."""
    sigma_rad: float | None = None
    """Of its turn about each axis; None: as much as moves the scan's points by ``sigma_m`` (root mean square)."""

    def __post_init__(self) -> None:
        """Check that they are uncertainties."""
        for sigma in (self.sigma_m, self.sigma_rad):
            if sigma is not None and not (np.isfinite(sigma) and sigma > 0):
                raise ValueError(f"an uncertainty is positive and finite, not {sigma}")


@dataclass(frozen=True, slots=True, eq=False)
class RegistrationRequest:
    """What was asked for.

    Made by :meth:`auto`, :meth:`given`, :meth:`from_matrix`, :meth:`from_control_points` or :meth:`from_pairs`.
    """

    kind: RequestKind
    matrix: FloatArray | None = None
    """(4, 4) scan -> design in the user's coordinates, metres."""
    control_points: tuple[ControlPoint, ...] = ()
    accuracy: StatedAccuracy | None = None
    """How well a given pose or a matrix is known, if the user says so."""
    source: str = ""
    """File the matrix or the points came from, for messages."""
    levelled: bool = False
    """Picked pairs only: the scan is level, so that they fix yaw and translation alone."""
    picked_by: str = ""
    """Who picked the pairs, if that is known."""

    def __post_init__(self) -> None:
        """Check that what the kind needs is there."""
        if (self.kind is RequestKind.MATRIX) != (self.matrix is not None):
            raise ValueError("a matrix belongs to a request of kind matrix, and only there")
        if (self.kind in (RequestKind.CONTROL_POINTS, RequestKind.PICKED)) != bool(self.control_points):
            raise ValueError("points belong to a request of kind control_points or picked, and only there")
        if (self.levelled or self.picked_by) and self.kind is not RequestKind.PICKED:
            raise ValueError("only pairs are picked by somebody, and only their fit can be held level")
        if self.accuracy is not None and self.kind not in (RequestKind.GIVEN, RequestKind.MATRIX):
            raise ValueError("only the accuracy of a given pose or a matrix can be stated")
        stated = [p.sigma_m for p in self.control_points if p.sigma_m is not None]
        if stated and (len(stated) < len(self.control_points) or not (np.isfinite(stated).all() and min(stated) > 0)):
            raise ValueError("control points have a positive sigma each, or none has one")

    @staticmethod
    def auto() -> "RegistrationRequest":
        """Search the pose."""
        return RegistrationRequest(RequestKind.AUTO)

    @staticmethod
    def given(accuracy: StatedAccuracy | None = None, source: str = "") -> "RegistrationRequest":
        """Take the scan's coordinates as the design's."""
        return RegistrationRequest(RequestKind.GIVEN, accuracy=accuracy, source=source)

    @staticmethod
    def from_matrix(
        matrix: FloatArray, source: str = "", accuracy: StatedAccuracy | None = None
    ) -> "RegistrationRequest":
        """Use a matrix (4, 4) scan -> design, metres, rigid as far as its digits tell (see ``matrix_fault``)."""
        matrix = np.array(matrix, np.float64)
        fault = matrix_fault(matrix)
        if fault:
            raise ValueError(fault)
        return RegistrationRequest(RequestKind.MATRIX, matrix=frozen(matrix), accuracy=accuracy, source=source)

    @staticmethod
    def from_control_points(points: tuple[ControlPoint, ...], source: str = "") -> "RegistrationRequest":
        """Use points known in both frames."""
        return RegistrationRequest(RequestKind.CONTROL_POINTS, control_points=tuple(points), source=source)

    @staticmethod
    def from_pairs(
        pairs: tuple[ControlPoint, ...], source: str = "", *, levelled: bool = False, picked_by: str = ""
    ) -> "RegistrationRequest":
        """Start from pairs of points that a person picked, each to about ``sigma_m`` (10 mm where not stated)."""
        return RegistrationRequest(
            RequestKind.PICKED, control_points=tuple(pairs), source=source, levelled=levelled, picked_by=picked_by
        )
