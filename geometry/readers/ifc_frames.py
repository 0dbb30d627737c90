"""Axis placements and mappings of representation items as (4, 4) frames, read straight from the file."""

# pyright: reportUnknownMemberType=false

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.readers.ifc_attributes import attribute


class NotComparable(ValueError):
    """A definition that has no plain equivalent here: what rests on it cannot be checked without a geometry kernel."""

    def __init__(self, reason: str = "its definition has no plain equivalent") -> None:
        """Say what has none."""
        super().__init__(reason)


def axes_frame(position: Any, unit_m: float) -> FloatArray:
    """Return the (4, 4) frame of an IfcAxis2Placement2D or 3D, in metres.

    Raises
    ------
    NotComparable
        If its axes have no length or are parallel.
    """
    zx, zy, zz = _unit(attribute(position, "Axis"), (0.0, 0.0, 1.0)).tolist()
    x = _unit(attribute(position, "RefDirection"), (1.0, 0.0, 0.0) if abs(zx) < 0.99 else (0.0, 0.0, 1.0)).tolist()
    along = x[0] * zx + x[1] * zy + x[2] * zz
    x = [x[0] - zx * along, x[1] - zy * along, x[2] - zz * along]
    length = math.sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2])
    if length < 1e-9:
        raise NotComparable("its axes are parallel")
    xx, xy, xz = (value / length for value in x)
    frame = np.eye(4)
    frame[:3, :3] = [
        [xx, zy * xz - zz * xy, zx],
        [xy, zz * xx - zx * xz, zy],
        [xz, zx * xy - zy * xx, zz],
    ]
    corner = attribute(attribute(position, "Location"), "Coordinates")
    frame[: len(corner), 3] = np.asarray(corner, dtype=np.float64) * unit_m
    return frame


def relative_frame(placement: Any, host: Any, unit_m: float) -> FloatArray | None:
    """Return the (4, 4) frame of a placement in a host's, or None where their chains do not meet in local placements.

    What both share, such as a site at map coordinates, never enters, and no digit is lost to it.
    """
    own_chain, host_chain = _chain(placement), _chain(host)
    if own_chain is None or host_chain is None:
        return None
    shared = next((id_ for id_ in own_chain if id_ in host_chain), None)
    if shared is None:
        return None
    return np.linalg.inv(_product(host_chain, shared, unit_m)) @ _product(own_chain, shared, unit_m)


def _chain(placement: Any) -> dict[int, Any] | None:
    """Return a placement and its ancestors by their instance numbers, innermost first; None where one is not local."""
    chain: dict[int, Any] = {}
    while placement is not None:
        if not placement.is_a("IfcLocalPlacement") or placement.id() in chain:
            return None
        chain[placement.id()] = placement
        placement = attribute(placement, "PlacementRelTo")
    return chain


def _product(chain: Mapping[int, Any], end: int, unit_m: float) -> FloatArray:
    """Return the (4, 4) frame of the first of a chain in one of its ancestors."""
    product = np.eye(4)
    for id_, placement in chain.items():
        if id_ == end:
            break
        product = axes_frame(attribute(placement, "RelativePlacement"), unit_m) @ product
    return product


def mapping_frame(item: Any, unit_m: float) -> FloatArray:
    """Return the (4, 4) map of an IfcMappedItem.

    Raises
    ------
    NotComparable
        If it scales, mirrors or starts from a displaced origin, which is left to the kernels.
    """
    target = item.MappingTarget
    scales = [attribute(target, name, 1.0) for name in ("Scale", "Scale2", "Scale3")]
    columns = [_unit(attribute(target, f"Axis{k + 1}"), np.eye(3)[k]) for k in range(3)]
    frame = np.eye(4)
    frame[:3, :3] = np.stack(columns, axis=1)
    rigid = np.allclose(frame[:3, :3].T @ frame[:3, :3], np.eye(3), atol=1e-6) and np.linalg.det(frame[:3, :3]) > 0
    source = item.MappingSource.MappingOrigin
    if not rigid or any(abs(scale - 1.0) > 1e-9 for scale in scales) or not source.is_a("IfcAxis2Placement3D"):
        raise NotComparable
    if not np.allclose(axes_frame(source, unit_m), np.eye(4), atol=1e-9):
        raise NotComparable
    corner = attribute(target.LocalOrigin, "Coordinates")
    frame[: len(corner), 3] = np.asarray(corner, dtype=np.float64) * unit_m
    return frame


def _unit(direction: Any, default: Sequence[float]) -> FloatArray:
    ratios = np.zeros(3)
    given = default if direction is None else attribute(direction, "DirectionRatios")
    ratios[: len(given)] = given
    length = math.sqrt(float(ratios @ ratios))
    if length < 1e-12:
        raise NotComparable("its axes have no length")
    return ratios / length
