"""A small made-up hall of boxes, and what a scanner sees of it: one column stands 30 mm beside its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

Boxes = Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float]]]

BOXES: Boxes = {
    "floor": ((0, 0, -0.2), (6, 5, 0)),
    "wall west": ((-0.2, 0, 0), (0, 5, 2.8)),
    "wall east": ((6, 0, 0), (6.2, 5, 2.8)),
    "wall south": ((0, -0.2, 0), (6, 0, 2.8)),
    "wall north": ((0, 5, 0), (6, 5.2, 2.8)),
    "column one": ((1.5, 1.5, 0), (1.9, 1.9, 2.8)),
    "column two": ((4.0, 3.0, 0), (4.4, 3.4, 2.8)),
}
MOVED = {"column two": (0.030, 0.0, 0.0)}
FACES = ((0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7))


def corners(low: tuple[float, ...], high: tuple[float, ...]) -> Points:
    (x0, y0, z0), (x1, y1, z1) = low, high
    square = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    return np.array([(x, y, z) for z in (z0, z1) for x, y in square])


def write_hall(path: Path) -> Path:
    lines: list[str] = []
    for number, (name, (low, high)) in enumerate(BOXES.items()):
        lines.append(f"o {name}")
        lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in corners(low, high)]
        lines += ["f " + " ".join(str(number * 8 + corner + 1) for corner in face) for face in FACES]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def hall_points(density: float = 400.0, boxes: Boxes = BOXES) -> Points:
    """Return points per square metre on every face of every box, with 1 mm noise."""
    rng = np.random.default_rng(7)
    parts: list[Points] = []
    for name, (low, high) in boxes.items():
        box = corners(low, high) + np.array(MOVED.get(name, (0.0, 0.0, 0.0)))
        for face in FACES:
            a, b, d = box[face[0]], box[face[1]], box[face[3]]
            count = int(density * np.linalg.norm(b - a) * np.linalg.norm(d - a))
            u, v = rng.random((2, count, 1))
            parts.append(a + u * (b - a) + v * (d - a))
    points = np.concatenate(parts)
    return points + rng.normal(0.0, 0.001, points.shape)


def write_xyz(points: Points, path: Path) -> Path:
    np.savetxt(path, points, fmt="%.5f")
    return path


@dataclass(frozen=True)
class Files:
    model: Path
    scan: Path
