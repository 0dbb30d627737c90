"""Openings as designed: the faces of the host that bound them, in pairs, and what is not claimed of them."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Opening, OrientedBox

_ON = 1e-3
"""How far (m) a face of the host may lie from the side of the box that cut it."""
_WHOLE = 0.9
"""Share of a reveal's rectangle that the host must fill: two openings that overlap are not two rectangles."""
_UPRIGHT = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Reveal:
    """One face of the host in an opening: a jamb, the sill or the head."""

    normal: FloatArray
    """(3,) into the opening."""
    centre: FloatArray
    """(3,) metres."""
    along: FloatArray
    """(3,) unit vector along the host's face."""
    through: FloatArray
    """(3,) unit vector through the host."""
    half: FloatArray
    """(2,) half of its size along those, metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """Two opposite reveals: one dimension of an opening."""

    direction: str
    """``width``, ``height`` or ``length``."""
    axis: FloatArray
    """(3,) unit vector; its larger component is positive."""
    nominal: float
    """Designed distance, metres."""
    centre: FloatArray
    """(3,) half-way between the reveals, metres."""
    sides: tuple[Reveal | None, Reveal | None]
    """The reveal at the lower and at the upper end of ``axis``; None where the host has none, such as under a door."""


@dataclass(frozen=True, slots=True, eq=False)
class DesignedOpening:
    """An opening with its two dimensions, or none where it is no rectangular hole through its host."""

    opening: Opening
    spans: tuple[Span, ...]


def designed_opening(opening: Opening, triangles: FloatArray) -> DesignedOpening:
    """Find the faces of the host's triangles (t, 3, 3) that bound an opening.

    Claimed are rectangular boxes that leave the host on both sides; a recess, a box that ends inside the host, another
    shape or one that overlaps another opening has no spans.
    """
    none = DesignedOpening(opening, ())
    if opening.box is None:
        return none
    rectangles = _bounding_faces(opening.box, triangles)
    open_axes = [k for k in range(3) if not any((k, sign) in rectangles for sign in (-1, 1))]
    if len(open_axes) != 1 or not rectangles:
        return none
    through = open_axes[0]
    depths = np.array([[low[through], high[through]] for low, high, _ in rectangles.values()])
    if np.ptp(depths, axis=0).max() > _ON or min(share for *_, share in rectangles.values()) < _WHOLE:
        return none
    spans = [_span(opening.box, k, through, rectangles) for k in range(3) if k != through]
    return DesignedOpening(opening, tuple(sorted(spans, key=lambda span: span.direction)))


_Rectangle = tuple[FloatArray, FloatArray, float]
"""Lower and upper corner (3,) in the box's own coordinates, and the share of it that the host's faces fill."""


def _bounding_faces(box: OrientedBox, triangles: FloatArray) -> dict[tuple[int, int], _Rectangle]:
    """Return, by axis of the box and side of it, the rectangle of the host's faces that look into the box there."""
    local = (triangles - box.centre) @ box.axes.T
    half = 0.5 * box.size
    near = (local.min(axis=1) <= half + _ON).all(axis=1) & (local.max(axis=1) >= -half - _ON).all(axis=1)
    local = local[near]
    normal: FloatArray = np.cross(local[:, 1] - local[:, 0], local[:, 2] - local[:, 0])
    area = 0.5 * np.linalg.norm(normal, axis=1)
    middle = local.mean(axis=1)
    inside = (np.abs(middle) <= half + _ON).all(axis=1) & (area > 0)
    found: dict[tuple[int, int], _Rectangle] = {}
    for k in range(3):
        for sign in (-1, 1):
            on = inside & (np.abs(local[:, :, k] - sign * half[k]).max(axis=1) <= _ON)
            on &= -sign * normal[:, k] > 0.999 * 2.0 * area
            if not on.any():
                continue
            corners = local[on].reshape(-1, 3)
            low, high = corners.min(axis=0), corners.max(axis=0)
            full = float(np.prod(np.delete(high - low, k)))
            found[k, sign] = (low, high, float(area[on].sum()) / full if full > 0 else 0.0)
    return found


def _span(box: OrientedBox, k: int, through: int, rectangles: dict[tuple[int, int], _Rectangle]) -> Span:
    sides = [_reveal(box, k, through, sign, rectangles.get((k, sign))) for sign in (-1, 1)]
    axis = box.axes[k]
    if np.round(axis, 9)[int(np.argmax(np.abs(np.round(axis, 9))))] < 0:
        axis, sides = -axis, sides[::-1]
    lower, upper = sides
    nominal, centre = float(box.size[k]), box.centre
    if lower is not None and upper is not None:
        nominal = float(axis @ (upper.centre - lower.centre))
        centre = 0.5 * (lower.centre + upper.centre)
    return Span(_direction(box, k, through), axis, nominal, centre, (lower, upper))


def _reveal(box: OrientedBox, k: int, through: int, sign: int, rectangle: _Rectangle | None) -> Reveal | None:
    if rectangle is None:
        return None
    low, high, _ = rectangle
    along = 3 - k - through
    return Reveal(
        normal=-sign * box.axes[k],
        centre=box.centre + box.axes.T @ (0.5 * (low + high)),
        along=box.axes[along],
        through=box.axes[through],
        half=0.5 * (high - low)[[along, through]],
    )


def _direction(box: OrientedBox, k: int, through: int) -> str:
    """Return what a dimension is called: height is up; in a slab the longer side is the length."""
    other = 3 - k - through
    if abs(box.axes[through][2]) < _UPRIGHT:
        return "height" if abs(box.axes[k][2]) > abs(box.axes[other][2]) else "width"
    longer = box.size[k] > box.size[other] or (box.size[k] == box.size[other] and k < other)
    return "length" if longer else "width"
