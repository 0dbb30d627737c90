"""Can a fastener be reached with its tool at the step at which it is tightened."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.directions import basis, cylinder_axis, turning_axis
from simulation.assembly.part import Part

_SIDES = 48
_SHARE = 1e-6


@dataclass(frozen=True, slots=True)
class Tool:
    """What has to find room behind a fastener's head: a cylinder on its axis, such as a wrench with its socket."""

    parts: tuple[int, ...]
    """The fasteners that it tightens."""
    diameter: float
    """Metres."""
    length: float
    """Metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """Whether a tool finds room."""

    part: int
    step: int
    """Number of the step, from 0, after which it is tightened: its own."""
    direction: FloatArray | None
    """(3,) unit, from the head outwards; None: the fastener's axis is not known."""
    blockers: tuple[tuple[int, float], ...]
    """What is in the tool's room, and how much of it, m³; at the head's end that is clearer."""

    @property
    def clear(self) -> bool:
        """Whether nothing is in the way; what is not known is not clear."""
        return self.direction is not None and not self.blockers


def tool_access(
    parts: Sequence[Part], tools: Sequence[Tool], steps: Sequence[Sequence[int]], base: Sequence[int]
) -> tuple[Access, ...]:
    """Return whether each fastener can be tightened right after its step, by what stands then.

    Parameters
    ----------
    parts
        In one frame.
    tools
        What is needed for which fasteners.
    steps
        The parts placed in each step.
    base
        Parts that stand from the beginning.
    """
    found, there = list[Access](), list(base)
    asked = {part: tool for tool in tools for part in tool.parts}
    for number, placed in enumerate(steps):
        there += placed
        found += [_access(parts, part, asked[part], there, number) for part in placed if part in asked]
    return tuple(found)


def _access(parts: Sequence[Part], part: int, tool: Tool, there: Sequence[int], step: int) -> Access:
    axis = cylinder_axis(parts[part].normals)
    if axis is None:
        axis = turning_axis(parts[part].triangles, parts[part].centre)
    if axis is None:
        return Access(part, step, None, ())
    tried = list[Access]()
    for direction in (axis, -axis):
        room = tool_room(parts[part], tool, direction)
        met = [(other, float((room ^ _body(parts[other])).volume())) for other in there if other != part]
        least = _SHARE * float(room.volume())
        blockers = sorted([one for one in met if one[1] > least], key=lambda one: (-one[1], one[0]))
        tried.append(Access(part, step, direction, tuple(blockers)))
    return min(
        tried,
        key=lambda one: (
            sum(volume for _, volume in one.blockers),
            -float(one.direction[2] if one.direction is not None else 0.0),
        ),
    )


def tool_room(part: Part, tool: Tool, direction: FloatArray) -> Any:
    """Return the cylinder (``manifold3d.Manifold``) that a tool needs, from a fastener's end outwards."""
    import manifold3d

    end = float((part.triangles.reshape(-1, 3) @ direction).max())
    # around the circle, so that nothing of it is left out
    radius = 0.5 * tool.diameter / np.cos(np.pi / _SIDES)
    body = manifold3d.Manifold.cylinder(tool.length, radius, radius, _SIDES)
    at = part.centre + (end - float(part.centre @ direction)) * direction
    return body.transform(np.column_stack([*basis(direction), direction, at]))


def _body(part: Part) -> Any:
    """Return a part as a solid; of what is none, its hull."""
    import manifold3d

    corners: Any = part.triangles.reshape(-1, 3)
    return part.body if part.body is not None else manifold3d.Manifold.hull_points(corners)
