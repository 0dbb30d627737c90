"""Buildings of many kinds for the registration benchmark, made by chance: skew, symmetric, long, small, in one room.

Each kind is a function of a random generator. ``symmetric`` says that two poses explain it equally well, so that only a
refusal is right.
"""

# pyright: basic
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Element, Mesh

_FACES = np.array(
    [[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4], [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6],
     [3, 0, 4], [3, 4, 7]], np.int32,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A building, where it is scanned from, and whether its scan can be told apart from another pose of it."""

    elements: dict[str, Element]
    stations: FloatArray
    symmetric: bool = False


def prism(outline: FloatArray, low: float, high: float) -> Mesh:
    """Return a block over a quadrilateral (4, 2), counter-clockwise, from ``low`` to ``high`` metres."""
    corners = np.concatenate([np.column_stack([outline, np.full(4, z)]) for z in (low, high)])
    return Mesh(corners, _FACES)


def wall(a: FloatArray, b: FloatArray, low: float, high: float, thick: float = 0.24) -> Mesh:
    """Return a wall whose right-hand face runs from ``a`` to ``b`` (2,)."""
    along = (b - a) / np.linalg.norm(b - a)
    left = thick * np.array([-along[1], along[0]])
    return prism(np.array([a, b, b + left, a + left]), low, high)


def block(x: float, y: float, w: float, d: float, low: float, high: float, *, turn: float = 0.0) -> Mesh:
    """Return a block about (x, y), ``w`` by ``d`` metres, turned by ``turn`` radians."""
    half = np.array([[-w, -d], [w, -d], [w, d], [-w, d]]) / 2
    c, s = np.cos(turn), np.sin(turn)
    return prism(half @ np.array([[c, s], [-s, c]]) + [x, y], low, high)


def _named(meshes: list[Mesh]) -> dict[str, Element]:
    names = [f"{k:04d}" for k in range(len(meshes))]
    return {name: Element(name, "IfcWall", name, "", mesh) for name, mesh in zip(names, meshes, strict=True)}


def _ring(corners: FloatArray, low: float, high: float) -> list[Mesh]:
    """Return walls outside a polygon (n, 2) that runs clockwise, each a little short of the next."""
    meshes: list[Mesh] = []
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        meshes.append(wall(a, b, low, high))
    return meshes


def skew(rng: np.random.Generator) -> Made:
    """Return a storey of five to seven outer walls at any angle, with partitions, posts and slabs."""
    count = int(rng.integers(5, 8))
    angle = -np.sort(rng.uniform(0, 2 * np.pi / count * 0.7, count) + 2 * np.pi * np.arange(count) / count)
    radius = rng.uniform(5.0, 9.0, count)
    corners = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    meshes = [*_ring(corners, 0.0, 3.0), block(0, 0, 22, 22, -0.25, 0.0), block(0, 0, 22, 22, 3.0, 3.25)]
    for _ in range(4):
        turn, at = rng.uniform(0, np.pi), rng.uniform(-2.5, 2.5, 2)
        meshes.append(block(at[0], at[1], rng.uniform(1.2, 2.5), 0.15, 0.0, 3.0, turn=turn))
    for _ in range(4):
        at = rng.uniform(-3.0, 3.0, 2)
        w, d = rng.uniform(0.25, 0.8, 2)
        meshes.append(block(at[0], at[1], w, d, 0.0, rng.uniform(0.7, 2.9), turn=rng.uniform(0, np.pi)))
    return Made(_named(meshes), _free(meshes, rng, int(rng.integers(2, 5)), 2.6))


def one_room(rng: np.random.Generator) -> Made:
    """Return one room with a few things in it that say which way round it is."""
    w, d = rng.uniform(4, 8), rng.uniform(3, 6)
    corners = np.array([[0, 0], [0, d], [w, d], [w, 0]])
    meshes = [*_ring(corners, 0.0, 2.8), block(w / 2, d / 2, w + 1, d + 1, -0.2, 0.0)]
    meshes += [block(w / 2, d / 2, w + 1, d + 1, 2.8, 3.0)]
    meshes.append(block(0.3 * w, d - 0.3, 0.5, 0.6, 0.0, 2.8))
    meshes.append(block(w - 0.3, 0.3 * d, 0.6, rng.uniform(0.8, 1.4), 0.0, rng.uniform(0.8, 2.2)))
    meshes.append(block(0.6, 0.6, 1.2, 0.8, 0.0, rng.uniform(0.6, 1.2)))
    return Made(_named(meshes), _free(meshes, rng, int(rng.integers(1, 3)), 0.3 * min(w, d), (w / 2, d / 2)))


def corridor(rng: np.random.Generator) -> Made:
    """Return a long corridor with doors' niches at uneven places on both sides and walls at its ends."""
    length = rng.uniform(35, 70)
    meshes = [block(length / 2, 1.1, length + 1, 3.5, -0.2, 0.0), block(length / 2, 1.1, length + 1, 3.5, 2.7, 2.9)]
    meshes += [
        wall(np.array([0, 0.0]), np.array([0, 2.2]), 0, 2.7),
        wall(np.array([length, 2.2]), np.array([length, 0]), 0, 2.7),
    ]
    for y, out in ((0.0, -0.5), (2.2, 0.5)):
        at = 0.0
        while at < length:
            to = min(length, at + rng.uniform(2.0, 6.0))
            low, high = sorted((y, y + out))
            meshes.append(prism(np.array([[at, low], [to, low], [to, high], [at, high]]), 0, 2.7))
            at = to + rng.uniform(0.9, 1.6)
        meshes.append(block(length / 2, y + 1.4 * out, length + 1, 0.4, 0, 2.7))
    stations = np.column_stack([rng.uniform(3, length - 3, 3), rng.uniform(0.7, 1.5, 3), np.full(3, 1.6)])
    return Made(_named(meshes), stations)


def hall(rng: np.random.Generator) -> Made:
    """Return a hall with a regular grid of columns, told apart by two offices and a pit wall."""
    bays, deep = int(rng.integers(4, 8)), 3
    w, d = 6.0 * bays, 6.0 * deep
    meshes = [*_ring(np.array([[0, 0], [0, d], [w, d], [w, 0]]), 0, 5), block(w / 2, d / 2, w + 1, d + 1, -0.3, 0)]
    meshes += [block(6.0 * i, 6.0 * j, 0.4, 0.4, 0, 5) for i in range(1, bays) for j in range(1, deep)]
    for _ in range(2):
        x, y = rng.uniform(2, w - 4), rng.choice([1.5, d - 1.5])
        meshes.append(block(x, y, rng.uniform(2, 4), 3.0, 0, rng.uniform(2.5, 3.2)))
    meshes.append(block(rng.uniform(3, w - 3), d / 2 + rng.uniform(-1.5, 1.5), rng.uniform(3, 6), 0.3, 0, 1.1))
    return Made(_named(meshes), _free(meshes, rng, int(rng.integers(2, 5)), 0.35 * d, (w / 2, d / 2)))


def turned_twice(rng: np.random.Generator) -> Made:
    """Return a building that is the same turned by half a turn: whatever is in it is there twice."""
    w, d = rng.uniform(6, 10), rng.uniform(4, 6)
    corners = np.array([[-w, -d], [-w, d], [w, d], [w, -d]]) / 2
    meshes = [*_ring(corners, 0.0, 3.0), block(0, 0, w + 1, d + 1, -0.2, 0.0), block(0, 0, w + 1, d + 1, 3.0, 3.2)]
    for _ in range(int(rng.integers(1, 4))):
        x, y, high = rng.uniform(1, w / 2 - 0.5), rng.uniform(-d / 3, d / 3), rng.uniform(0.5, 3)
        a, b = rng.uniform(0.3, 0.9, 2)
        meshes += [block(x, y, a, b, 0, high), block(-x, -y, a, b, 0, high)]
    return Made(_named(meshes), _free(meshes, rng, int(rng.integers(1, 4)), 0.3 * d), symmetric=True)


def repeated(rng: np.random.Generator) -> Made:
    """Return equal rooms in a row of which the scan sees one: nobody can tell which."""
    count, w, d = int(rng.integers(3, 6)), rng.uniform(3.5, 5), rng.uniform(4, 6)
    meshes: list[Mesh] = [block(count * w / 2, d / 2, count * w + 1, d + 1, low, low + 0.2) for low in (-0.2, 2.8)]
    post, cupboard = rng.uniform(0.8, w - 1.2), rng.uniform(0.6, d - 1.0)
    for k in range(count):
        x = k * w
        meshes += [block(x + w / 2, -0.1, w, 0.2, 0, 2.8), block(x + w / 2, d + 0.1, w, 0.2, 0, 2.8)]
        meshes += [block(x + post, d - 0.2, 0.4, 0.4, 0, 2.8), block(x + 0.4, cupboard, 0.5, 1.1, 0, 2.0)]
        meshes.append(block(x, d / 2, 0.2, d, 0, 2.8))
    meshes.append(block(count * w, d / 2, 0.2, d, 0, 2.8))
    room = int(rng.integers(count))
    stations = np.array([[room * w + w / 2, d / 2 + dy, 1.6] for dy in (-0.5, 0.5)[: int(rng.integers(1, 3))]])
    return Made(_named(meshes), stations, symmetric=True)


def _free(
    meshes: list[Mesh], rng: np.random.Generator, count: int, reach: float, about: tuple[float, float] = (0, 0)
) -> FloatArray:
    """Return places 1.6 m above the floor within ``reach`` of a middle, 0.5 m from the boxes of what stands there."""
    boxes = [(m.vertices.min(axis=0), m.vertices.max(axis=0)) for m in meshes]
    boxes = [(low, high) for low, high in boxes if (high - low)[:2].max() < 7 and high[2] > 0.3 and low[2] < 2.5]
    found: list[FloatArray] = []
    while len(found) < count:
        place = np.array([*(np.array(about) + rng.uniform(-reach, reach, 2)), 1.6])
        if all((place[:2] < low[:2] - 0.5).any() or (place[:2] > high[:2] + 0.5).any() for low, high in boxes):
            found.append(place)
    return np.array(found)


KINDS: dict[str, Callable[[np.random.Generator], Made]] = {
    "skew": skew, "one room": one_room, "corridor": corridor, "hall": hall,
    "turned twice": turned_twice, "repeated": repeated,
}  # fmt: skip
