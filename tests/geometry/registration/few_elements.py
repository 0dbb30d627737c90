"""Votes of a handful of elements, as a small building or one corner of a large one gives them."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.registration.votes import FULL_VOICE_POINTS, Votes

Vector = tuple[float, float, float]
_POINTS = 40


@dataclass(frozen=True, slots=True)
class Plate:
    """A face of an element: where its patches are, which way they face, and how far it is built off along that."""

    centre: Vector
    facing: Vector
    patches: int = 1
    off: float = 0.0


def votes_of(plates: list[Plate], rng: np.random.Generator, *, noise: float = 0.002) -> Votes:
    """Return the votes (at the true pose) of elements of one face each, the patches of a face as blocks of it."""
    rows: list[FloatArray] = []
    residual: list[FloatArray] = []
    owner: list[int] = []
    for element, plate in enumerate(plates):
        for _ in range(plate.patches):
            points = np.array(plate.centre) + rng.uniform(-2, 2, (_POINTS, 3)) * (1 - np.abs(plate.facing))
            normals = np.tile(np.array(plate.facing, np.float64), (_POINTS, 1))
            rows.append(np.concatenate([np.cross(points, normals), normals], axis=1))
            residual.append(plate.off + rng.normal(0, noise, _POINTS))
            owner.append(element)
    group = np.repeat(np.arange(len(owner)), _POINTS)
    voice = np.full(len(owner), _POINTS / (_POINTS + FULL_VOICE_POINTS))
    return Votes(
        np.concatenate(rows), np.concatenate(residual), group, voice, np.arange(len(owner)), np.array(owner),
        (voice / _POINTS)[group], np.ones(len(group)), np.zeros(3),
    )  # fmt: skip


def room(floor: float = 0.0, ceiling: float = 0.0, *, patches: tuple[int, int] = (12, 2)) -> list[Plate]:
    """Return six walls about a room, and its floor and ceiling that are built off by so many metres (up)."""
    walls = [
        Plate((4, 0, 0), (1, 0, 0), 4), Plate((-4, 0, 0), (-1, 0, 0), 4), Plate((0, 3, 0), (0, 1, 0), 4),
        Plate((0, -3, 0), (0, -1, 0), 4), Plate((4, 5, 0), (1, 0, 0), 2), Plate((6, 3, 0), (0, 1, 0), 2),
    ]  # fmt: skip
    below, above = Plate((0, 0, -1.5), (0, 0, 1), patches[0], floor), Plate((0, 0, 1.5), (0, 0, -1), patches[1])
    return [*walls, below, Plate(above.centre, above.facing, above.patches, -ceiling)]
