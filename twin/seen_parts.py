"""What is seen of the parts of an element that rules are about: its openings, and the cylinder that it is."""

from dataclasses import replace

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.as_built import AsBuilt
from geometry.cylinder import designed_cylinder
from geometry.cylinder_fit import RoundBody, fit_cylinder
from geometry.design import Element
from geometry.measured import Measured
from geometry.opening import DesignedOpening, designed_opening
from geometry.opening_fit import SeenOpening, see_opening
from geometry.pose import Pose
from geometry.reveal_fit import REACH
from geometry.tolerance import Rule
from twin.sight import Sight

_OF_OPENINGS = frozenset(("opening_size", "opening_position"))
_OF_CYLINDERS = frozenset(("cylinder_axis", "diameter", "slope"))
_CELL = 0.5
"""Edge (m) of the cells by which points of no element are looked up."""
_OUTSIDE = 0.5
"""Cosine between the direction away from a cylinder's axis and a point's face, from which the face is its outer one."""


class Surroundings:
    """The scan about an element: its own points, and those of no element that may be a part of it built elsewhere."""

    def __init__(self, sight: Sight, as_built: AsBuilt) -> None:
        """Look nothing up yet; most tolerances ask for no parts."""
        self._seen, self._noise, self._built = sight.seen, sight.noise, as_built
        self._loose: _Cells | None = None

    def with_parts(self, measured: Measured, element: Element, rules: tuple[Rule, ...], mine: IntArray) -> Measured:
        """Return what is known of an element with its openings and its cylinder, where rules are about them."""
        asked = {rule.characteristic for rule in rules}
        if asked & _OF_OPENINGS and element.voids:
            measured = replace(measured, openings=self._openings(measured, element, mine))
        if asked & _OF_CYLINDERS:
            measured = replace(measured, cylinder=self._cylinder(measured, mine))
        return measured

    def _openings(self, measured: Measured, element: Element, mine: IntArray) -> tuple[SeenOpening, ...]:
        pose = measured.fit.T_built_design if measured.fit is not None else Pose.identity()
        triangles = measured.vertices.reshape(-1, 3, 3)
        found: list[SeenOpening] = []
        for void in element.voids:
            design = designed_opening(void, triangles)
            index, normals = mine[:0], self._seen.gates[mine[:0]]
            if design.spans:
                lower, upper = _box(design, pose)
                index = mine[_within(self._seen.points[mine], lower, upper)]
                # beside an edge a point has no normal of its own: that of the face that it was given to counts
                certain = self._certain(index)
                normals = np.where(certain[:, None], self._seen.gates[index], pose.rotate(self._built.normal[index]))
                # a frame that is not where the model has it must not be taken for the reveal behind it
                if not void.filled_by:
                    loose = self._loose_within(lower, upper)
                    index = np.concatenate([index, loose])
                    normals = np.concatenate([normals, self._seen.gates[loose]])
            found.append(see_opening(design, self._seen.points[index], normals, pose, self._noise))
        return tuple(found)

    def _cylinder(self, measured: Measured, mine: IntArray) -> RoundBody | None:
        design = designed_cylinder(measured.vertices.reshape(-1, 3, 3))
        if design is None:
            return None
        mine = mine[~self._built.shared[mine]]
        away = self._seen.points[mine] - design.centre
        away -= np.outer(away @ design.axis, design.axis)
        outer = np.einsum("ij,ij->i", away, self._built.normal[mine]) > _OUTSIDE * np.linalg.norm(away, axis=1)
        return RoundBody(design, fit_cylinder(self._seen.points[mine[outer]], design, noise=self._noise))

    def _certain(self, index: IntArray) -> BoolArray:
        """Say which points have a normal of their own; others are gated by their station."""
        return np.abs(np.linalg.norm(self._seen.gates[index], axis=1) - 1.0) < 0.1

    def _loose_within(self, lower: FloatArray, upper: FloatArray) -> IntArray:
        if self._loose is None:
            loose = np.flatnonzero(self._built.element < 0)
            self._loose = _Cells(self._seen.points, loose[self._certain(loose)])
        index = self._loose.within(lower, upper)
        return index[_within(self._seen.points[index], lower, upper)]


class _Cells:
    """Points by the cube that they lie in."""

    def __init__(self, points: FloatArray, index: IntArray) -> None:
        self._first = points[index].min(axis=0) if len(index) else np.zeros(3)
        cell = np.floor((points[index] - self._first) / _CELL).astype(np.int64)
        self._shape = cell.max(axis=0) + 1 if len(index) else np.ones(3, np.int64)
        key = self._key(cell)
        order = np.argsort(key, kind="stable")
        self._index, self._keys = index[order], key[order]

    def within(self, lower: FloatArray, upper: FloatArray) -> IntArray:
        """Return the points in all cubes that a box between two corners (3,) meets."""
        low = np.clip(np.floor((lower - self._first) / _CELL).astype(np.int64), 0, self._shape)
        high = np.clip(np.floor((upper - self._first) / _CELL).astype(np.int64), -1, self._shape - 1)
        x, y = (a.ravel() for a in np.meshgrid(*(np.arange(low[k], high[k] + 1) for k in (0, 1)), indexing="ij"))
        if len(x) == 0 or low[2] > high[2]:
            return self._index[:0]
        begin = np.searchsorted(self._keys, self._key(np.stack([x, y, np.full_like(x, low[2])], axis=1)))
        end = np.searchsorted(self._keys, self._key(np.stack([x, y, np.full_like(x, high[2])], axis=1)), side="right")
        return np.concatenate([self._index[a:b] for a, b in zip(begin, end, strict=True)])

    def _key(self, cell: IntArray) -> IntArray:
        key: IntArray = (cell[:, 0] * self._shape[1] + cell[:, 1]) * self._shape[2] + cell[:, 2]
        return key


def _within(points: FloatArray, lower: FloatArray, upper: FloatArray) -> BoolArray:
    return np.all((points >= lower) & (points <= upper), axis=1)


def _box(design: DesignedOpening, pose: Pose) -> tuple[FloatArray, FloatArray]:
    """Return the corners (3,) of a box in which the reveals of an opening lie, wherever they were built."""
    corners = [
        side.centre + a * side.half[0] * side.along + b * side.half[1] * side.through
        for span in design.spans
        for side in span.sides
        if side is not None
        for a in (-1.0, 1.0)
        for b in (-1.0, 1.0)
    ]
    built = pose.apply(np.array(corners))
    return built.min(axis=0) - REACH, built.max(axis=0) + REACH
