"""A building of which every clash is known: as many elements, triangles, near pairs and clashes as a real model.

The numbers are those of the model of 2,636 elements of shared/facts: 241,016 triangles, 5,094 pairs whose boxes meet,
1,386 that share volume. It is built of bays that stand apart. In each, beams run into columns, pipes go through a slab
and a wall, one of them is drawn twice, a pane sits in its frame, a ball in a column; others touch, and braces pass by.
"""

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.design import Element, Mesh
from simulation.assembly.clash import ClashKind

Label = tuple[ClashKind, float]
"""Kind and shared volume, m³."""
Solid = tuple[FloatArray, IntArray]

_PITCH, _MIDDLE = np.array([9.5, 9.5, 4.5]), np.array([3.0, 3.0, 0.0])


class Scene:
    """Elements, and by pairs of their GlobalIds what each is known to be; what is not listed is apart."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.elements = dict[str, Element]()
        self.labels = dict[tuple[str, str], Label]()

    def add(self, name: str, ifc_class: str, solid: Solid) -> str:
        """Add an element under its name."""
        self.elements[name] = Element(name, ifc_class, name, "", Mesh(solid[0], solid[1].astype(np.int32)))
        return name

    def know(self, one: str, other: str, kind: ClashKind, volume: float = 0.0) -> None:
        """Say what two elements are."""
        self.labels[(min(one, other), max(one, other))] = (kind, volume)


def labelled_scene(elements: int, seed: int) -> Scene:
    """Return bays with so many elements in all, three in four turned."""
    rng, scene, number = np.random.default_rng(seed), Scene(), 0
    while len(scene.elements) + 27 <= elements:
        bay = _Bay(scene, f"{number:04}", number, rng)
        bay.build()
        number += 1
    for k in range(elements - len(scene.elements)):  # lamps, each for itself
        at = np.array([0.7 * k, -5.0, 0.0])
        scene.add(f"lamp-{k}", "IfcLamp", _placed(ball(0.2, 8, 12), np.eye(3), at))
    return scene


class _Bay:
    """One bay, about 6 x 6 x 4 m, in its own coordinates."""

    def __init__(self, scene: Scene, name: str, number: int, rng: np.random.Generator) -> None:
        self.scene, self.name, self.rng = scene, name, rng
        turn = rng.uniform(0.0, 1.5) if number % 4 else 0.0
        c, s = np.cos(turn), np.sin(turn)
        self.turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        cell = np.array([number % 5, number // 5 % 4, number // 20])
        self.at = cell * _PITCH - _MIDDLE @ self.turn.T  # turned about its middle

    def put(self, name: str, ifc_class: str, solid: Solid) -> str:
        return self.scene.add(f"{name}-{self.name}", ifc_class, _placed(solid, self.turn, self.at))

    def build(self) -> None:
        thick, know, touch = self.rng.uniform(0.2, 0.3), self.scene.know, ClashKind.TOUCHING
        slab = self.put("slab", "IfcSlab", block((0, 0, 0), (6, 6, thick)))
        columns = [
            self.put(f"column{k}", "IfcColumn", block((x, y, thick), (x + 0.4, y + 0.4, 3.2)))
            for k, (x, y) in enumerate(((0, 0), (5.6, 0), (5.6, 5.6), (0, 5.6)))
        ]
        for column in columns:
            know(slab, column, touch)
        beam = self._beams(columns)
        wall = self._wall(thick, slab, columns, beam)
        self._pipes(thick, slab, wall)
        self._in_the_column(columns[2])
        for k in range(3):  # they stand on the slab
            side = 4 * int(self.rng.integers(5, 13))
            barrel = prism(0.3, side, (1.2 + k, 5.0, thick), (0, 0, 1), 0.9)
            know(slab, self.put(f"barrel{k}", "IfcTank", barrel), touch)
        self._passing()

    def _beams(self, columns: list[str]) -> str:
        """Put beams between the columns, each 50 mm or less into them; return the first."""
        ends, first = self.rng.uniform(0.01, 0.05, 3), ""
        for k, way in enumerate(((0, 1), (1, 2), (3, 2))):
            into, wide = ends[k], 0.3
            if k == 1:
                low, high = (5.65, 0.4 - into, 2.8), (5.65 + wide, 5.6 + into, 3.2)
            else:
                y = 0.05 if k == 0 else 5.65
                low, high = (0.4 - into, y, 2.8), (5.6 + into, y + wide, 3.2)
            beam = self.put(f"beam{k}", "IfcBeam", block(low, high))
            for column in way:
                self.scene.know(beam, columns[column], ClashKind.HARD, into * wide * 0.4)
            first = first or beam
        return first

    def _wall(self, thick: float, slab: str, columns: list[str], beam: str) -> str:
        """Put a wall with an opening, a frame in that and a pane in the frame; return the wall."""
        know, touch = self.scene.know, ClashKind.TOUCHING
        wall = self.put("wall", "IfcWall", ring((0.4, 0.1, thick), (5.6, 0.3, 2.8), (2.0, 1.2), (3.5, 2.2)))
        for other in (slab, *columns[:2], beam):
            know(wall, other, touch)
        frame = self.put("frame", "IfcWindow", ring((2.0, 0.15, 1.2), (3.5, 0.25, 2.2), (2.08, 1.28), (3.42, 2.12)))
        know(frame, wall, touch)
        into, pane = self.rng.uniform(0.005, 0.02), 0.02
        low, high = (2.08 - into, 0.19, 1.28 - into), (3.42 + into, 0.19 + pane, 2.12 + into)
        area = (1.34 + 2 * into) * (0.84 + 2 * into) - 1.34 * 0.84
        know(self.put("pane", "IfcPlate", block(low, high)), frame, ClashKind.HARD, area * pane)
        return wall

    def _pipes(self, thick: float, slab: str, wall: str) -> None:
        """Put pipes through the slab, the last of them drawn twice, and one through the wall."""
        know, through = self.scene.know, ClashKind.PIERCING
        sizes = [(self.rng.uniform(0.05, 0.15), 4 * int(self.rng.integers(5, 13))) for _ in range(3)]
        solids = [prism(*size, (1.0 + k, 2.0, -0.5), (0, 0, 1), 2.5) for k, size in enumerate(sizes)]
        pipes = [self.put(f"pipe{k}", "IfcPipeSegment", solid) for k, solid in enumerate(solids)]
        for pipe, size in zip(pipes, sizes, strict=True):
            know(pipe, slab, through, section(*size) * thick)
        again = self.put("pipe2-again", "IfcPipeSegment", solids[2])
        know(again, slab, through, section(*sizes[2]) * thick)
        know(again, pipes[2], ClashKind.DUPLICATE, section(*sizes[2]) * 2.5)
        radius, side = self.rng.uniform(0.04, 0.1), 4 * int(self.rng.integers(5, 13))
        pipe = self.put("pipe3", "IfcPipeSegment", prism(radius, side, (4.5, -0.6, 1.7), (0, 1, 0), 1.6))
        know(pipe, wall, through, section(radius, side) * 0.2)

    def _in_the_column(self, column: str) -> None:
        solid = ball(0.15, 12, 24)
        solid = solid[0] + np.array([5.8, 5.8, self.rng.uniform(1.0, 2.0)]), solid[1]
        name = self.put("box", "IfcJunctionBox", solid)
        self.scene.know(name, column, ClashKind.ENCLOSED, volume_of(solid))

    def _passing(self) -> None:
        """Put braces and ducts across, which touch nothing but whose boxes meet those of many."""
        for k in range(4):
            up = k in (0, 3)
            way, start = np.array([4.0, -0.8, 1.9 if up else -1.9]), (1.0, 2.8 + 0.35 * k, 0.55 if up else 2.5)
            side = 4 * int(self.rng.integers(5, 12))
            self.put(f"brace{k}", "IfcMember", prism(0.06, side, start, way / np.linalg.norm(way), 4.2))
        for k, (y, height, aside) in enumerate(((1.65, 2.15, 2.4), (4.0, 2.62, -2.4), (2.2, 2.385, 1.2))):
            way = np.array([4.2, aside, 0.0])
            side = 4 * int(self.rng.integers(5, 12))
            duct = prism(0.1, side, (0.7, y, height), way / np.linalg.norm(way), 4.7)
            self.put(f"duct{k}", "IfcDuctSegment", duct)


def block(low: tuple[float, ...], high: tuple[float, ...]) -> Solid:
    """Return a box between two corners."""
    corners = np.array([[(low, high)[k >> m & 1][m] for m in range(3)] for k in range(8)], dtype=np.float64)
    quads = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5))
    return corners, np.array([(q[0], q[k], q[k + 1]) for q in quads for k in (1, 2)])


def ring(low: tuple[float, ...], high: tuple[float, ...], start: tuple[float, ...], end: tuple[float, ...]) -> Solid:
    """Return a box with a rectangular opening along y, from ``start`` to ``end`` in x and z."""
    around = [(low[0], low[2]), (high[0], low[2]), (high[0], high[2]), (low[0], high[2])]
    hole = [(start[0], start[1]), (end[0], start[1]), (end[0], end[1]), (start[0], end[1])]
    corners = np.array([(x, y, z) for y in (low[1], high[1]) for x, z in (*around, *hole)])
    quads = list[tuple[int, int, int, int]]()
    for k in range(4):
        n = (k + 1) % 4
        quads += [(k, n, 4 + n, 4 + k), (8 + k, 12 + k, 12 + n, 8 + n), (k, 8 + k, 8 + n, n)]
        quads.append((4 + k, 4 + n, 12 + n, 12 + k))
    return corners, np.array([(q[0], q[m], q[m + 1]) for q in quads for m in (1, 2)])


def prism(radius: float, sides: int, start: tuple[float, ...], way: object, length: float) -> Solid:
    """Return a regular prism from a place along a unit vector."""
    along = np.asarray(way, dtype=np.float64)
    across = np.cross(along, (0.0, 0.0, 1.0) if abs(along[2]) < 0.9 else (1.0, 0.0, 0.0))
    across /= np.linalg.norm(across)
    angle = 2.0 * np.pi * np.arange(sides) / sides
    foot = radius * (np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * np.cross(along, across))
    corners = np.concatenate([foot, foot + length * along]) + np.asarray(start)
    faces = [(0, k + 1, k) for k in range(1, sides - 1)] + [
        (sides, sides + k, sides + k + 1) for k in range(1, sides - 1)
    ]
    for k in range(sides):
        n = (k + 1) % sides
        faces += [(k, n, sides + n), (k, sides + n, sides + k)]
    return corners, np.array(faces)


def section(radius: float, sides: int) -> float:
    """Return the area across a regular prism, m²."""
    return 0.5 * sides * radius**2 * float(np.sin(2.0 * np.pi / sides))


def ball(radius: float, belts: int, sides: int) -> Solid:
    """Return a ball of flat faces around the origin."""
    polar = np.pi * np.arange(1, belts) / belts
    angle = 2.0 * np.pi * np.arange(sides) / sides
    rows = [
        np.stack([np.sin(p) * np.cos(angle), np.sin(p) * np.sin(angle), np.full(sides, np.cos(p))], 1) for p in polar
    ]
    corners = radius * np.concatenate([[[0.0, 0.0, 1.0]], *rows, [[0.0, 0.0, -1.0]]])
    last, faces = len(corners) - 1, list[tuple[int, int, int]]()
    for k in range(sides):
        n = (k + 1) % sides
        faces += [(0, 1 + k, 1 + n), (last, last - sides + n, last - sides + k)]
        for belt in range(belts - 2):
            a = 1 + belt * sides
            faces += [(a + k, a + sides + k, a + sides + n), (a + k, a + sides + n, a + n)]
    return corners, np.array(faces)


def volume_of(solid: Solid) -> float:
    """Return what faces enclose, m³."""
    a, b, c = np.moveaxis((solid[0] - solid[0].mean(axis=0))[solid[1]], 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)


def _placed(solid: Solid, turn: FloatArray, at: FloatArray) -> Solid:
    return solid[0] @ turn.T + at, solid[1]
