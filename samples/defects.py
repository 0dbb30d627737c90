# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false
"""What the builders got wrong, on purpose: defects of single elements, and the geometry as built that follows.

Angles about the design axes act about the foot of an element: the centre of its box in plan, at its lowest height.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from geometry.arrays import FloatArray, Int32Array
from geometry.design import Element

Kind: TypeAlias = Literal["ok", "shifted", "tilted", "missing", "bowed", "undersized", "opening"]
BOW_EDGE_M = 0.25
"""Longest triangle edge of a bowed element: a parabola of 25 mm over 4 m is then met within 0.1 mm."""


_ON_REVEAL_M = 1e-3
"""How near the designed reveals the vertices are that go with them."""


@dataclass(frozen=True, slots=True)
class OpeningDefect:
    """How an opening of an element differs from its design: its reveals go, the faces that it is cut through stay."""

    name: str
    offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    size_change_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """About the opening's centre; along the axis that it is cut through both are zero."""
    low_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    high_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Corners of the box that is cut away as designed."""


@dataclass(frozen=True, slots=True)
class Defect:
    """How one element differs from its design; applied in the order openings, size, bow, tilt, offset."""

    kind: Kind
    offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    tilt_rad: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """About x, y, z through the foot; at most one is not zero."""
    bow_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Largest excursion, in the middle of the element, zero at its ends."""
    bow_along: tuple[int, ...] = ()
    """Axes along which the bow falls off as a parabola: one for a beam, two for a bulging wall."""
    size_change_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Change of the size of the box, about its centre in plan and its foot in height; negative is too thin."""
    openings: tuple[OpeningDefect, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class BuiltPart:
    """One element as it stands: the same triangles where they should be and where they are, metres."""

    design: FloatArray
    """(v, 3)"""
    built: FloatArray
    """(v, 3)"""
    faces: Int32Array
    """(f, 3)"""


@dataclass(frozen=True, slots=True)
class DefectMix:
    """Shares and sizes of randomly planted defects; what is left over is built within ``ok_sigma_m``."""

    shifted: float = 0.2
    tilted: float = 0.1
    missing: float = 0.05
    shift_m: tuple[float, float] = (0.020, 0.060)
    tilt_rad: tuple[float, float] = (float(np.radians(0.7)), float(np.radians(2.0)))
    ok_sigma_m: float = 0.001
    """Standard deviation, per axis, of the position of what counts as well built."""
    ok_limit_m: float = np.inf
    """Largest such offset, per axis: none, as in the published cases."""

    def __post_init__(self) -> None:
        """Refuse shares that are no shares."""
        shares = (self.shifted, self.tilted, self.missing)
        if min(shares) < 0 or sum(shares) > 1:
            raise ValueError(f"the shares of defects must be >= 0 and sum to at most 1, not {shares}")


@dataclass(frozen=True, slots=True)
class PlantedDefects:
    """The defect of every element, and what stands there though nobody designed it."""

    by_element: Mapping[str, Defect]
    extras: Mapping[str, BuiltPart] = field(default_factory=dict[str, BuiltPart])


def small_offset(mix: DefectMix, rng: np.random.Generator) -> tuple[float, float, float]:
    """Return the offset (m) of an element that is built well."""
    x, y, z = np.clip(rng.normal(0.0, mix.ok_sigma_m, 3), -mix.ok_limit_m, mix.ok_limit_m)
    return float(x), float(y), float(z)


def random_defects(global_ids: Sequence[str], mix: DefectMix, rng: np.random.Generator) -> PlantedDefects:
    """Return one defect for every element, drawn by the shares of ``mix``.

    The counts are the shares, rounded up or down by chance, so that small models get defects too.
    """
    order = rng.permutation(len(global_ids))
    shares: tuple[tuple[Kind, float], ...] = (
        ("shifted", mix.shifted),
        ("tilted", mix.tilted),
        ("missing", mix.missing),
    )
    kinds: list[Kind] = []
    for kind, share in shares:
        kinds.extend(kind for _ in range(int(share * len(global_ids) + rng.random())))
    kinds.extend("ok" for _ in global_ids)
    planted = {global_ids[int(i)]: _random_defect(kind, mix, rng) for i, kind in zip(order, kinds, strict=False)}
    return PlantedDefects({guid: planted[guid] for guid in sorted(planted)})


def _random_defect(kind: Kind, mix: DefectMix, rng: np.random.Generator) -> Defect:
    sign = 1.0 if rng.random() < 0.5 else -1.0
    if kind == "shifted":
        offset = [0.0, 0.0, 0.0]
        offset[int(rng.integers(3))] = sign * rng.uniform(*mix.shift_m)
        return Defect(kind, offset_m=(offset[0], offset[1], offset[2]))
    offset_m = small_offset(mix, rng)
    if kind == "tilted":
        angle, about_x = sign * rng.uniform(*mix.tilt_rad), rng.random() < 0.5
        return Defect(kind, offset_m, (angle, 0.0, 0.0) if about_x else (0.0, angle, 0.0))
    return Defect(kind, offset_m)


def foot_of(vertices: FloatArray) -> FloatArray:
    """Return the foot (3,): the centre of the box in plan, at its lowest height."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    return np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])


def build_part(element: Element, defect: Defect) -> BuiltPart | None:
    """Return the element as built, or None when it is missing."""
    if defect.kind == "missing":
        return None
    design, faces = element.mesh.vertices, element.mesh.faces
    if any(defect.bow_m):
        design, faces = _with_short_edges(design, faces, BOW_EDGE_M)
    return BuiltPart(design, displaced(design, defect), faces)


def displaced(design: FloatArray, defect: Defect) -> FloatArray:
    """Return where the points (v, 3) of an element went; they must span the element's box.

    Examples
    --------
    >>> displaced(np.array([[0.0, 0, 0], [1, 1, 2]]), Defect("shifted", (0.0, 0.03, 0.0)))[1].tolist()
    [1.0, 1.03, 2.0]
    """
    from scipy.spatial.transform import Rotation

    low, high = design.min(axis=0), design.max(axis=0)
    size, foot = np.maximum(high - low, 1e-9), foot_of(design)
    for opening in defect.openings:
        design = _with_reveals_moved(design, opening)
    local = (design - foot) * (1.0 + np.array(defect.size_change_m) / size)
    if any(defect.bow_m):
        at = 2.0 * (design - low) / size - 1.0
        local = local + np.prod([1.0 - at[:, k] ** 2 for k in defect.bow_along], axis=0)[:, None] * defect.bow_m
    rotation = Rotation.from_euler("xyz", defect.tilt_rad).as_matrix()
    return local @ rotation.T + foot + np.array(defect.offset_m)


def _with_reveals_moved(vertices: FloatArray, opening: OpeningDefect) -> FloatArray:
    """Return the vertices (v, 3) with those on the reveals of an opening where its defect has them."""
    low, high = np.array(opening.low_m), np.array(opening.high_m)
    on = np.all((vertices >= low - _ON_REVEAL_M) & (vertices <= high + _ON_REVEAL_M), axis=1)
    stretched = (vertices - (low + high) / 2) * (np.array(opening.size_change_m) / (high - low))
    return np.where(on[:, None], vertices + stretched + np.array(opening.offset_m), vertices)


def _with_short_edges(vertices: FloatArray, faces: Int32Array, longest: float) -> tuple[FloatArray, Int32Array]:
    """Return the same surface with no edge longer than ``longest`` metres (red subdivision by the longest edge)."""
    points, triangles = [*vertices], [tuple(int(i) for i in face) for face in faces]
    middle_of: dict[tuple[int, int], int] = {}
    done: list[tuple[int, int, int]] = []
    while triangles:
        a, b, c = triangles.pop()
        lengths = [float(np.linalg.norm(points[p] - points[q])) for p, q in ((a, b), (b, c), (c, a))]
        k = int(np.argmax(lengths))
        if lengths[k] <= longest:
            done.append((a, b, c))
            continue
        a, b, c = ((a, b, c), (b, c, a), (c, a, b))[k]
        key = (min(a, b), max(a, b))
        if key not in middle_of:
            middle_of[key] = len(points)
            points.append((points[a] + points[b]) / 2)
        triangles += [(a, middle_of[key], c), (middle_of[key], b, c)]
    return np.array(points), np.array(done, dtype=np.int32)
