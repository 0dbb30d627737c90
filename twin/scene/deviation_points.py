"""What a cloud of deviations is made of, and the whole numbers it is kept as while tiles are made."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import Float32Array, FloatArray, Int32Array, IntArray
from twin.errors import Invalid
from twin.result import CheckResult

STEP_M = 2.0**-16
"""Positions are counted in 0.015 mm, a power of two, so that every cell and every tile begins on a whole step."""
REACH_M = 2.0**15 - 1.0
DEVIATION_STEP_M = 1e-4
NO_DEVIATION = -32768
LARGEST_DEVIATION = 32767
"""Steps; what is farther is clamped to this, which therefore reads "3.2767 m or more"."""
CHUNK = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class DeviationPoints:
    """Some points of a cloud, relative to the tileset's origin."""

    points: FloatArray
    """(n, 3) metres."""
    deviation: Float32Array
    """(n,) metres, + = outside the material; NaN = not assigned."""
    element: Int32Array
    """(n,) feature id, -1 = none."""
    intensity: Float32Array | None = None
    """(n,) 0..1."""
    colour: NDArray[np.uint8] | None = None
    """(n, 3) sRGB."""

    def __post_init__(self) -> None:
        """Check the shapes."""
        n = len(self.points)
        extra = {"intensity": (self.intensity, (n,)), "colour": (self.colour, (n, 3))}
        shapes = {"points": (self.points, (n, 3)), "deviation": (self.deviation, (n,)), "element": (self.element, (n,))}
        for name, (array, shape) in (shapes | extra).items():
            if array is not None and array.shape != shape:
                raise ValueError(f"{name} must have shape {shape}, not {array.shape}")

    def slices(self, size: int = CHUNK) -> Iterator["DeviationPoints"]:
        """Yield the points in runs of at most ``size``."""
        for start in range(0, len(self.points), size):
            run = slice(start, start + size)
            yield DeviationPoints(
                self.points[run],
                self.deviation[run],
                self.element[run],
                None if self.intensity is None else self.intensity[run],
                None if self.colour is None else self.colour[run],
            )


def points_of(result: CheckResult, origin: FloatArray) -> Iterator[DeviationPoints]:
    """Yield the scan of a check in the design file's frame less ``origin`` (3,), feature id = place of the element.

    Raises
    ------
    Invalid
        If the check was refused, so that there are no deviations.
    """
    pose, found = result.registration.T_design_scan, result.point_deviations
    if pose is None or found is None:
        raise Invalid("the check has no deviations to show: its registration was refused")
    shift = result.design.origin - origin
    for start in range(0, len(result.scan.points), CHUNK):
        run = slice(start, start + CHUNK)
        intensity = None if result.scan.intensity is None else result.scan.intensity[run]
        points = pose.apply(result.scan.points[run]) + shift
        yield DeviationPoints(points, found.signed_distance[run], found.element_index[run], intensity)


def record_type(first: DeviationPoints) -> np.dtype[Any]:
    """Return the layout of a point on the disk: 18 bytes, 19 with intensity, 3 more with colour."""
    fields: list[Any] = [("steps", "<i4", (3,)), ("deviation", "<i2"), ("element", "<i4")]
    if first.intensity is not None:
        fields.append(("intensity", "u1"))
    if first.colour is not None:
        fields.append(("colour", "u1", (3,)))
    return np.dtype(fields)


def records_of(part: DeviationPoints, layout: np.dtype[Any], elements: int) -> NDArray[Any]:
    """Return at least one point as records: positions, deviations and intensities as whole numbers.

    Raises
    ------
    Invalid
        If a position is not finite or beyond 32 km, a deviation infinite, an element unknown, an intensity not in
        0..1, or intensity or colour come and go between chunks.
    """
    if record_type(part) != layout:
        raise Invalid("either all points have an intensity or a colour, or none has")
    if not np.isfinite(part.points).all():
        raise Invalid("a point has a coordinate that is not a number; leave such points out")
    if np.abs(part.points).max() > REACH_M:
        far = float(np.abs(part.points).max())
        raise Invalid(
            f"a point lies {far:,.0f} m from the tileset's origin; choose an origin within 32 km of all points"
        )
    if np.isinf(part.deviation).any():
        raise Invalid("a deviation is infinite; say NaN for a point without one")
    if part.element.min() < -1 or part.element.max() >= elements:
        worst = int(part.element.min() if part.element.min() < -1 else part.element.max())
        raise Invalid(f"a point names element {worst}, but there are {elements} (0 to {elements - 1}, -1 = none)")
    records = np.empty(len(part.points), layout)
    records["steps"] = np.rint(part.points / STEP_M)
    records["deviation"] = deviation_steps(part.deviation)
    records["element"] = part.element
    if part.intensity is not None:
        if not ((part.intensity >= 0.0) & (part.intensity <= 1.0)).all():
            raise Invalid("an intensity is not between 0 and 1")
        records["intensity"] = np.rint(part.intensity * 255.0)
    if part.colour is not None:
        records["colour"] = part.colour
    return records


def deviation_steps(deviation: Float32Array) -> NDArray[np.int16]:
    """Return deviations (n,) in metres as steps of 0.1 mm, clamped to ±32767; NaN becomes -32768, never 0.

    Examples
    --------
    >>> deviation_steps(np.array([0.0123, np.nan, -5.0], np.float32)).tolist()
    [123, -32768, -32767]
    """
    steps = np.rint(deviation.astype(np.float64) / DEVIATION_STEP_M)
    clamped = np.clip(steps, -LARGEST_DEVIATION, LARGEST_DEVIATION)
    return np.where(np.isnan(deviation), NO_DEVIATION, np.nan_to_num(clamped)).astype(np.int16)


def bounds(records: NDArray[Any]) -> IntArray:
    """Return the smallest and the largest steps (2, 3) of at least one record."""
    steps = records["steps"]
    return np.stack([steps.min(axis=0), steps.max(axis=0)]).astype(np.int64)
