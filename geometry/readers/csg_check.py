"""Is a mesh the boolean result that it claims to be? Decided by points, without any geometry kernel.

A boolean's result is compared with its operands: just above and just below its own surface, and just above and below
the surface of every operand, a point must be inside the mesh exactly if the operands' tree says so. Whatever
differs between the two sets is bounded by pieces of those surfaces, so a hole that was not cut, a clip that was
ignored and a part that was lost all show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from geometry.design import Mesh
from geometry.mesh_health import cross, face_areas, winding_numbers

OPERAND_SAMPLES = 36
RESULT_SAMPLES = 160
OPERAND_MISMATCH = 0.08
"""Share of wrong points about one operand that calls it failed: more than the few that lie within the probe's reach
of an edge, less than one face of a box (1/6 of its points) gone wrong."""
RESULT_MISMATCH = 0.02
THIN_PART = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A solid given by its closed mesh, in the element's coordinates, metres."""

    mesh: Mesh
    label: str = ""
    """What it is to the reader of a message: the GlobalId of an opening, or empty."""


@dataclass(frozen=True, slots=True, eq=False)
class HalfSpace:
    """All points with ``normal · (p - point) <= 0``, within an endless prism where one is given."""

    point: FloatArray
    normal: FloatArray
    prism: FloatArray = field(default_factory=lambda: np.empty((0, 2)))
    """(k, 2) corners of the prism's section in the xy plane of ``frame``; empty for none."""
    frame: FloatArray = field(default_factory=lambda: np.eye(4))
    """(4, 4) maps prism coordinates into the element's."""


@dataclass(frozen=True, slots=True, eq=False)
class Combined:
    """Two solids combined."""

    operator: Literal["UNION", "INTERSECTION", "DIFFERENCE"]
    first: "Solid"
    second: "Solid"


Solid: TypeAlias = Body | HalfSpace | Combined


@dataclass(frozen=True, slots=True)
class BooleanCheck:
    """How a mesh compares with its operands."""

    agrees: bool
    failed: tuple[str, ...] = ()
    """Labels of the operands about which it does not."""
    mismatch: float = 0.0
    """Share of wrong points about the mesh's own surface."""
    film: float = 0.0
    """Share of the surface that has nothing behind it: what a subtraction leaves of an opening that falls short."""


def check_boolean(result: Mesh, solid: Solid, *, reach_m: float) -> BooleanCheck:
    """Compare a mesh with the solid it should bound, a reach above and below all surfaces concerned.

    The reach must exceed the chord errors of curved operands; features thinner than it are not seen.
    """
    if len(result.faces) == 0:
        return BooleanCheck(agrees=False, mismatch=1.0)
    probes = [_probes(result, RESULT_SAMPLES, reach_m)]
    bodies = list(bodies_of(solid))
    probes += [_probes(body.mesh, OPERAND_SAMPLES, reach_m) for body in bodies]
    points = np.concatenate(probes)
    in_result, in_solid = inside_mesh(result, points), contains(solid, points)
    wrong = in_result != in_solid
    below = slice(0, RESULT_SAMPLES)
    hollow = float(np.mean(~in_result[below] & ~in_solid[below]))
    film = hollow if hollow < THIN_PART else 0.0  # the part itself may be thinner than the reach
    shares = [float(part.mean()) for part in np.split(wrong, np.cumsum([len(p) for p in probes])[:-1])]
    failed = [body.label for body, share in zip(bodies, shares[1:], strict=True) if share > OPERAND_MISMATCH]
    return BooleanCheck(
        agrees=shares[0] <= RESULT_MISMATCH and film <= RESULT_MISMATCH and not failed,
        failed=tuple(sorted({label for label in failed if label})),
        mismatch=shares[0],
        film=film,
    )


def bodies_of(solid: Solid) -> Iterator[Body]:
    """Yield the meshes at the leaves of a tree."""
    if isinstance(solid, Body):
        yield solid
    elif isinstance(solid, Combined):
        yield from bodies_of(solid.first)
        yield from bodies_of(solid.second)


def contains(solid: Solid, points: FloatArray) -> BoolArray:
    """Return which of points (n, 3) are inside a solid."""
    if isinstance(solid, Body):
        return inside_mesh(solid.mesh, points)
    if isinstance(solid, HalfSpace):
        below = (points - solid.point) @ solid.normal <= 0.0
        return below & _inside_prism(solid, points) if len(solid.prism) else below
    inside = contains(solid.first, points)
    # only the points that the second operand can still change are worth asking it about
    asked = np.flatnonzero(~inside if solid.operator == "UNION" else inside)
    answer = contains(solid.second, points[asked])
    inside[asked] = ~answer if solid.operator == "DIFFERENCE" else answer
    return inside


def inside_mesh(mesh: Mesh, points: FloatArray) -> BoolArray:
    """Return which of points (n, 3) a mesh winds around, asking only about those in its box."""
    inside = np.zeros(len(points), np.bool_)
    low, high = mesh.bounds()
    near = np.flatnonzero(np.all((points >= low) & (points <= high), axis=1))
    inside[near] = winding_numbers(mesh, points[near]) > 0.5
    return inside


def combined(operator: Literal["UNION", "INTERSECTION", "DIFFERENCE"], solids: Sequence[Solid]) -> Solid:
    """Return the solids combined from left to right."""
    result = solids[0]
    for solid in solids[1:]:
        result = Combined(operator, result, solid)
    return result


def _probes(mesh: Mesh, count: int, reach_m: float) -> FloatArray:
    """Return points a reach above and below a surface, spread by area and without chance."""
    areas = face_areas(mesh)
    steps: FloatArray = (np.arange(count, dtype=np.float64) + 0.5) * (areas.sum() / count)
    chosen = np.minimum(np.searchsorted(np.cumsum(areas), steps), len(areas) - 1)
    corners = mesh.triangles()[chosen]
    # R2 sequence of the plastic number (Roberts 2018), folded into the triangle
    index = np.arange(1, count + 1, dtype=np.float64)[:, None]
    u: FloatArray = np.mod(index * 0.7548776662466927, 1.0)
    v: FloatArray = np.mod(index * 0.5698402909980532, 1.0)
    fold = u + v > 1.0
    u, v = np.where(fold, 1.0 - u, u), np.where(fold, 1.0 - v, v)
    on = corners[:, 0] + u * (corners[:, 1] - corners[:, 0]) + v * (corners[:, 2] - corners[:, 0])
    normals = cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals *= reach_m / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    return np.concatenate([on - normals, on + normals])


def _inside_prism(space: HalfSpace, points: FloatArray) -> BoolArray:
    """Return which points are inside the section: crossings of a ray in the plane (Shimrat 1962)."""
    local = (points - space.frame[:3, 3]) @ space.frame[:3, :3]
    x, y = local[:, 0][:, None], local[:, 1][:, None]
    start, end = space.prism, np.roll(space.prism, -1, axis=0)
    spans = (start[:, 1] > y) != (end[:, 1] > y)
    rise = np.where(end[:, 1] == start[:, 1], 1.0, end[:, 1] - start[:, 1])
    crossing = start[:, 0] + (y - start[:, 1]) * (end[:, 0] - start[:, 0]) / rise
    return np.count_nonzero(spans & (x < crossing), axis=1) % 2 == 1
