"""What two solids share: its pieces, how thick it is, and whether one goes through the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from geometry.arrays import FloatArray, IntArray
from simulation.assembly.ball import largest_ball
from simulation.assembly.gap_kernels import NOTHING
from simulation.assembly.shared_kernels import (
    FIRST,
    SECOND,
    flush_sides,
    is_bite,
    is_convex,
    least_extent,
    meets_at_rim,
    own_mesh,
    pieces_of,
    twins_of,
    volume_and_centre,
)
from simulation.assembly.solid import Solid, surface_of

_CONVEX = 0.99
"""Share of its hull that a solid fills at least to count as convex."""
_NEAR = 1e-6
"""Metres from each other from which on pieces surely do not touch."""
_MOST_PAIRS = 200_000
"""Of faces, from which on comparing them takes longer than subtracting the solids."""
_FLAT = 1e-9
"""Metres that a corner of a convex solid may be above a face: rounding."""


@dataclass(frozen=True, eq=False)
class Shared:
    """The volume that two solids share, as a closed mesh."""

    body: Any
    """``manifold3d.Manifold``."""
    corners: FloatArray
    """(v, 3) metres."""
    faces: IntArray
    """(f, 3), outward."""

    @cached_property
    def piece(self) -> tuple[IntArray, int]:
        """Which piece each face belongs to, and how many there are."""
        return pieces_of(self.corners, self.faces)

    @cached_property
    def pieces(self) -> Sequence["Piece"]:
        """The pieces that hold something, largest first."""
        of, count = self.piece
        found = list[Piece]()
        for k in range(count):
            corners, faces = (self.corners, self.faces) if count == 1 else own_mesh(self.corners, self.faces, of, k)
            volume, centre = volume_and_centre(corners, faces)
            found.append(Piece(corners, faces, float(volume), centre))
        return sorted((piece for piece in found if piece.volume > 0.0), key=lambda piece: -piece.volume)

    def thickness(self) -> float:
        """Return how thick the thickest piece is, metres; one that cannot be it is not looked into."""
        best = 0.0
        for piece in self.pieces:
            best = max(best, piece.thickness(best))
        return best

    def only_bites(self, first: Solid, second: Solid) -> bool:
        """Return whether it is plain from what two solids share that neither goes through the other.

        Faces that are flush but for rounding are both solids', so that no film that rounding leaves counts.
        """
        (piece, count), twin = self.piece, twins_of(self.faces)
        body, tool = first.surface, second.surface
        many = len(self.faces) * (len(body[1]) + len(tool[1])) > _MOST_PAIRS
        if many or (count > 1 and self._may_touch()):
            return False
        side = flush_sides(self.corners, self.faces, self._sides(first), *body, *tool)
        if len(side) == 0 or not is_bite(self.corners, self.faces, twin, side, piece, count):
            return False
        return bool(
            meets_at_rim(self.corners, self.faces, twin, side, FIRST, *tool)
            and meets_at_rim(self.corners, self.faces, twin, side, SECOND, *body)
        )

    def _may_touch(self) -> bool:
        """Return whether boxes of pieces meet."""
        boxes = [(piece.corners.min(axis=0), piece.corners.max(axis=0)) for piece in self.pieces]
        return any(
            bool(np.all(low <= other_high + _NEAR) and np.all(other_low <= high + _NEAR))
            for k, (low, high) in enumerate(boxes)
            for other_low, other_high in boxes[:k]
        )

    def _sides(self, first: Solid) -> IntArray:
        """Return of which of the two solids each face (f,) is."""
        mesh = self.body.to_mesh64()
        side, ends = np.empty(len(self.faces), dtype=np.int64), [int(end) // 3 for end in mesh.run_index]
        for run, begin, end in zip(mesh.run_original_id, ends[:-1], ends[1:], strict=True):
            side[begin:end] = FIRST if run == first.number else SECOND
        return side


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One closed mesh of one piece."""

    corners: FloatArray
    faces: IntArray
    volume: float
    """Cubic metres."""
    centre: FloatArray
    """(3,) of mass, metres."""

    def thickness(self, floor: float) -> float:
        """Return how thick it is at its thickest place, metres; anything up to ``floor`` where it is no thicker.

        Of a convex one the least extent over its own face normals and its principal axes. A bent one, such as two
        roundings of one curve leave, is thinner than it extends: there it is also the largest ball that fits.
        """
        extent = float(least_extent(self.corners, self.faces))
        if extent <= floor or self._is_convex():
            return extent
        return min(extent, largest_ball(self.corners, self.faces, floor, extent))

    def _is_convex(self) -> bool:
        import manifold3d

        if is_convex(self.corners, self.faces, twins_of(self.faces), _FLAT):
            return True
        return self.volume > _CONVEX * float(manifold3d.Manifold.hull_points(self.corners).volume())


def shared_of(first: Solid, second: Solid) -> Shared | None:
    """Return what two solids share; None where that is nothing."""
    body = first.body ^ second.body
    return None if float(body.volume()) <= NOTHING else Shared(body, *surface_of(body))


def pierces(first: Solid, second: Solid, shared: Shared) -> bool:
    """Return whether what one solid leaves of the other falls into more pieces or has more holes than before."""
    if shared.only_bites(first, second):
        return False
    return _left_in_pieces(first, second) or _left_in_pieces(second, first)


def _left_in_pieces(tool: Solid, body: Solid) -> bool:
    left = body.body - tool.body
    real = [piece for piece in left.decompose() if piece.volume() > NOTHING]
    count, holes = body.topology
    return len(real) > count or sum(piece.genus() for piece in real) > holes
