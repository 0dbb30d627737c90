"""Walls with a rectangular hole, and points on its reveals as built: truth for what is measured of openings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Opening, OrientedBox

_NORMALS = {"left": (1.0, 0.0), "right": (-1.0, 0.0), "sill": (0.0, 1.0), "head": (0.0, -1.0)}


@dataclass(frozen=True, eq=False)
class HoledWall:
    """A wall in the xz plane from the origin, with a hole from (x0, z0) to (x1, z1); metres."""

    size: tuple[float, float, float] = (4.0, 0.24, 2.8)
    hole: tuple[float, float, float, float] = (1.5, 0.9, 2.7, 2.2)
    filled_by: tuple[str, ...] = ()
    offsets: Mapping[str, float] = field(default_factory=dict[str, float])
    """How far each reveal (left, right, sill, head) was built into the hole."""

    @property
    def opening(self) -> Opening:
        """The hole as a model draws it: its box stands out on both sides."""
        (_, thickness, _), (x0, z0, x1, z1) = self.size, self.hole
        size = np.array([x1 - x0, thickness + 0.2, z1 - z0])
        box = OrientedBox(np.array([(x0 + x1) / 2, thickness / 2, (z0 + z1) / 2]), np.eye(3), size)
        return Opening("0opening", "Hatch", self.filled_by, box)

    def triangles(self) -> FloatArray:
        """Return the triangles (t, 3, 3), normals outward; a hole that begins at the foot has no sill."""
        (length, thickness, height), (x0, z0, x1, z1) = self.size, self.hole
        parts: list[FloatArray] = []
        for a, b, c, d in ((0, 0, x0, height), (x1, 0, length, height), (x0, 0, x1, z0), (x0, z1, x1, height)):
            if c > a and d > b:
                parts += [_quad((a, 0, b), (c, 0, b), (c, 0, d), (a, 0, d))]
                parts += [_quad((a, thickness, b), (a, thickness, d), (c, thickness, d), (c, thickness, b))]
        t = thickness
        parts += [_quad((0, 0, 0), (0, 0, height), (0, t, height), (0, t, 0))]
        parts += [_quad((length, 0, 0), (length, t, 0), (length, t, height), (length, 0, height))]
        parts += [_quad((0, 0, height), (length, 0, height), (length, t, height), (0, t, height))]
        parts += [_quad((x0, 0, z0), (x0, t, z0), (x0, t, z1), (x0, 0, z1))]
        parts += [_quad((x1, 0, z0), (x1, 0, z1), (x1, t, z1), (x1, t, z0))]
        parts += [_quad((x0, 0, z1), (x0, t, z1), (x1, t, z1), (x1, 0, z1))]
        if z0 > 0:
            parts += [_quad((x0, 0, z0), (x1, 0, z0), (x1, t, z0), (x0, t, z0))]
        return np.concatenate(parts)

    def reveal(
        self, name: str, rng: np.random.Generator, *, noise: float, spacing: float = 0.015,
        along: tuple[float, float] = (0.0, 1.0), through: tuple[float, float] = (0.0, 1.0),
    ) -> tuple[FloatArray, FloatArray]:  # fmt: skip
        """Return points (n, 3) and normals on a part of one reveal as built, shares of its length and depth."""
        (_, thickness, _), (x0, z0, x1, z1) = self.size, self.hole
        upright = name in ("left", "right")
        length = (z1 - z0) if upright else (x1 - x0)
        reach = (along[1] - along[0]) * length * (through[1] - through[0]) * thickness
        count = int(reach / spacing**2)
        s = rng.uniform(*along, count) * length
        t = rng.uniform(*through, count) * thickness
        at = {"left": x0, "right": x1, "sill": z0, "head": z1}[name]
        nx, nz = _NORMALS[name]
        depth = at + (nx + nz) * (self.offsets.get(name, 0.0) + rng.normal(0.0, noise, count))
        points = np.stack([depth, t, z0 + s] if upright else [x0 + s, t, depth], axis=1)
        return points, np.tile([nx, 0.0, nz], (count, 1))

    def seen(
        self, *names: str, noise: float = 0.002, seed: int = 0, spacing: float = 0.015
    ) -> tuple[FloatArray, FloatArray]:
        """Return points and normals of several whole reveals."""
        rng = np.random.default_rng(seed)
        parts = [self.reveal(name, rng, noise=noise, spacing=spacing) for name in names]
        return np.concatenate([p for p, _ in parts]), np.concatenate([n for _, n in parts])


ALL = ("left", "right", "sill", "head")


def _quad(*corners: tuple[float, float, float]) -> FloatArray:
    a, b, c, d = (np.array(corner, np.float64) for corner in corners)
    return np.array([[a, b, c], [a, c, d]])
