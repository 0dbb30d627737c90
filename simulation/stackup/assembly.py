"""Three-dimensional stacks: parts located on one another by datum frames, and what is measured between them.

A part is located by six contacts, three on its primary, two on its secondary and one on its tertiary datum (3-2-1;
ASME Y14.5-2018, section 7), or any other six that hold it: a point of the part lies in a plane of the part below. The
pose follows from the contacts as they are for each sample, without linearising; a part may also simply be placed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, IntArray
from simulation.formula import Formula
from simulation.newton import solve

Vector = tuple[Formula, Formula, Formula]
FREEDOMS = ("x", "y", "z", "turn about x", "turn about y", "turn about z")


@dataclass(frozen=True, slots=True)
class Contact:
    """A point of a part that lies in a plane of the part it stands on."""

    point: Vector
    """In the part's own frame."""
    onto: Vector
    """A point of the plane, in the frame of the part below."""
    normal: Vector
    """Of the plane, in the frame of the part below; its length does not matter."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part and how it comes to its place."""

    name: str
    on: str | None
    """The part it is located on; None for the one that the others stand on."""
    contacts: tuple[Contact, ...] = ()
    at: Vector | None = None
    """Where it is placed instead, in the frame of the part below."""
    turn: Vector | None = None
    """How it is turned there: radians about x, then y, then z of the part below."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A distance between two points, of the same part or of different ones."""

    name: str
    start: tuple[str, Vector]
    end: tuple[str, Vector]
    along: tuple[str, Vector] | None = None
    """Measured along this direction of this part, with a sign; None: the straight distance."""


@dataclass(frozen=True, slots=True)
class AngleBetween:
    """The angle between two directions, 0 to pi."""

    name: str
    start: tuple[str, Vector]
    end: tuple[str, Vector]


@dataclass(frozen=True, slots=True)
class Assembly:
    """Parts in the order in which they are located, and what is measured."""

    parts: tuple[Part, ...]
    measures: tuple[Measure | AngleBetween, ...]
    scale: float
    """A typical length."""

    @property
    def gives(self) -> tuple[str, ...]:
        """Return the names of the measures."""
        return tuple(measure.name for measure in self.measures)

    def extend(self, values: dict[str, FloatArray]) -> None:
        """Add the measures; NaN for a sample whose contacts cannot all hold."""
        size = len(next(iter(values.values())))
        poses = dict[str, FloatArray]()
        for part in self.parts:
            poses[part.name] = self._pose(part, values, size, poses)
        for measure in self.measures:
            values[measure.name] = _measured(measure, values, size, poses)

    def loose(self, values: Mapping[str, FloatArray]) -> Iterator[tuple[str, list[str]]]:
        """Yield parts that their contacts leave free to move, and what nothing holds them against.

        ``values`` are the nominal ones (1,) of everything.
        """
        for part in self.parts:
            if part.contacts and (free := self._free(part, values)):
                yield part.name, free

    def _pose(
        self, part: Part, values: Mapping[str, FloatArray], size: int, poses: Mapping[str, FloatArray]
    ) -> FloatArray:
        """Return the part's poses in the frame of the first part, (m, 4, 4)."""
        if part.contacts:
            own = self._located(part, values, size)
        else:
            own = np.tile(np.eye(4), (size, 1, 1))
            if part.turn is not None:
                x, y, z = np.eye(3)
                turns = _vectors(part.turn, values, size)
                about = [_rotations(turns[:, k : k + 1] * axis) for k, axis in enumerate((x, y, z))]
                own[:, :3, :3] = about[2] @ about[1] @ about[0]
            if part.at is not None:
                own[:, :3, 3] = _vectors(part.at, values, size)
        return own if part.on is None else poses[part.on] @ own

    def _located(self, part: Part, values: Mapping[str, FloatArray], size: int) -> FloatArray:
        points, onto, normals = (np.stack(v, axis=1) for v in self._contact_vectors(part, values, size))

        def gaps(x: FloatArray, rows: IntArray) -> FloatArray:
            moved = np.einsum("mij,mkj->mki", _rotations(x[:, 3:]), points[rows]) + self.scale * x[:, None, :3]
            return np.einsum("mki,mki->mk", normals[rows], moved - onto[rows]) / self.scale

        solved = solve(gaps, np.zeros((size, 6)))
        pose = np.tile(np.eye(4), (size, 1, 1))
        pose[:, :3, :3], pose[:, :3, 3] = _rotations(solved[:, 3:]), self.scale * solved[:, :3]
        return pose

    def _contact_vectors(
        self, part: Part, values: Mapping[str, FloatArray], size: int
    ) -> tuple[list[FloatArray], list[FloatArray], list[FloatArray]]:
        points = [_vectors(contact.point, values, size) for contact in part.contacts]
        onto = [_vectors(contact.onto, values, size) for contact in part.contacts]
        normals = [_unit(_vectors(contact.normal, values, size)) for contact in part.contacts]
        return points, onto, normals

    def _free(self, part: Part, values: Mapping[str, FloatArray]) -> list[str]:
        """Return the freedoms that take part in motions which no contact resists."""
        points, _, normals = self._contact_vectors(part, values, 1)
        rows = [np.r_[n[0], np.cross(p[0], n[0]) / self.scale] for p, n in zip(points, normals, strict=True)]
        if not np.isfinite(rows).all():
            return list(FREEDOMS)
        _, strength, directions = np.linalg.svd(np.array(rows))
        loose = directions[int(np.sum(strength > 1e-9 * max(1.0, strength[0]))) :]
        return [name for k, name in enumerate(FREEDOMS) if np.abs(loose[:, k]).max(initial=0.0) > 1e-6]


def _measured(
    measure: Measure | AngleBetween, values: Mapping[str, FloatArray], size: int, poses: Mapping[str, FloatArray]
) -> FloatArray:
    def directed(one: tuple[str, Vector]) -> FloatArray:
        return np.einsum("mij,mj->mi", poses[one[0]][:, :3, :3], _unit(_vectors(one[1], values, size)))

    def placed(one: tuple[str, Vector]) -> FloatArray:
        pose = poses[one[0]]
        return np.einsum("mij,mj->mi", pose[:, :3, :3], _vectors(one[1], values, size)) + pose[:, :3, 3]

    if isinstance(measure, AngleBetween):
        a, b = directed(measure.start), directed(measure.end)
        across = np.linalg.norm(np.cross(a, b), axis=1)
        return np.arctan2(across, np.einsum("mi,mi->m", a, b))
    apart = placed(measure.end) - placed(measure.start)
    if measure.along is None:
        return np.linalg.norm(apart, axis=1)
    return np.einsum("mi,mi->m", apart, directed(measure.along))


def _vectors(vector: Vector, values: Mapping[str, FloatArray], size: int) -> FloatArray:
    return np.stack([np.broadcast_to(formula(values), size) for formula in vector], axis=1)


def _unit(vectors: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _rotations(vectors: FloatArray) -> FloatArray:
    """Return the rotations (m, 3, 3) about vectors (m, 3) by their lengths (Rodrigues' formula)."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    cross = np.zeros((len(vectors), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -vectors[:, 2], vectors[:, 1], -vectors[:, 0]
    cross -= np.swapaxes(cross, 1, 2)
    return np.eye(3) + np.sinc(angle / np.pi) * cross + 0.5 * np.sinc(angle / (2.0 * np.pi)) ** 2 * cross @ cross
