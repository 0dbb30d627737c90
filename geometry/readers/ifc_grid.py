"""Placements on grid axes, which the geometry kernels do not resolve: straight axes only."""

# pyright: reportUnknownMemberType=false

from collections.abc import Callable
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.note import Note
from geometry.readers.ifc_attributes import attribute, placement_chain


def has_grid_ancestor(placement: Any) -> bool:
    """Return whether a placement is, or depends on, an IfcGridPlacement."""
    return any(one.is_a("IfcGridPlacement") for one in placement_chain(placement))


def grid_frame(placement: Any, frame_of: Callable[[Any], FloatArray], unit_m: float) -> FloatArray:
    """Return the (4, 4) frame of an IfcGridPlacement, in metres; ``unit_m`` is the model's unit of length.

    z is the grid's; x runs along the first axis unless a direction is given.
    ``frame_of`` resolves the placement of the grid itself.

    Raises
    ------
    ValueError
        If an axis is not straight, the axes are parallel or belong to no grid.
    """
    location = placement.PlacementLocation
    first, second = location.IntersectingAxes
    offsets = [float(value) for value in location.OffsetDistances]
    lines = [_line(axis) for axis in (first, second)]
    moved = [(start + offset * _left(along), along) for (start, along), offset in zip(lines, offsets, strict=False)]
    point = _crossing(*moved[0], *moved[1])
    direction = moved[0][1]
    reference = placement.PlacementRefDirection
    if reference is not None and reference.is_a("IfcDirection"):
        direction = np.asarray(reference.DirectionRatios[:2], dtype=np.float64)
    elif reference is not None:
        other = [_line(axis) for axis in reference.IntersectingAxes]
        direction = _crossing(*other[0], *other[1]) - point
    x, y = direction / np.linalg.norm(direction)
    local = np.eye(4)
    local[:2, :2] = [[x, -y], [y, x]]
    local[:3, 3] = np.array([*point, offsets[2] if len(offsets) > 2 else 0.0]) * unit_m
    return frame_of(_grid_of(first).ObjectPlacement) @ local


def _grid_of(axis: Any) -> Any:
    for name in ("PartOfU", "PartOfV", "PartOfW"):
        for grid in attribute(axis, name, ()):
            return grid
    raise ValueError(Note("axis_without_grid", "its grid axis {axis} belongs to no grid", axis=str(axis.AxisTag)))


def _line(axis: Any) -> tuple[FloatArray, FloatArray]:
    """Return (start, unit direction) of a straight axis in the grid's plane, in the file's unit."""
    curve = axis.AxisCurve
    if curve.is_a("IfcPolyline") and len(curve.Points) == 2:
        ends = np.array([point.Coordinates[:2] for point in curve.Points], dtype=np.float64)
    elif curve.is_a("IfcIndexedPolyCurve") and len(curve.Points.CoordList) == 2:
        ends = np.array([point[:2] for point in curve.Points.CoordList], dtype=np.float64)
    elif curve.is_a("IfcLine"):
        start = np.asarray(curve.Pnt.Coordinates[:2], dtype=np.float64)
        ends = np.stack([start, start + np.asarray(curve.Dir.Orientation.DirectionRatios[:2], dtype=np.float64)])
    else:
        raise ValueError(Note("axis_not_straight", "its grid axis {axis} is not straight", axis=str(axis.AxisTag)))
    along = ends[1] - ends[0]
    return ends[0], along / np.linalg.norm(along) * (1.0 if axis.SameSense else -1.0)


def _left(along: FloatArray) -> FloatArray:
    return np.array([-along[1], along[0]])


def _crossing(start: FloatArray, along: FloatArray, other: FloatArray, across: FloatArray) -> FloatArray:
    """Return where two lines in a plane cross."""
    determinant = float(along[0] * across[1] - along[1] * across[0])
    if abs(determinant) < 1e-9:
        raise ValueError(Note("axes_parallel", "its grid axes are parallel"))
    gap = other - start
    return start + along * (float(gap[0] * across[1] - gap[1] * across[0]) / determinant)
