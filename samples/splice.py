"""A splice of two drilled plates, each scanned in its shop: files for ``qtems fitup``, and where the holes are."""

import json
from pathlib import Path

import numpy as np

from geometry.arrays import FloatArray
from samples.drilled_plate import DrilledPlate
from samples.plate_scan import CloseUp, scan_plate

PITCH, COLUMNS, ROWS, DIAMETER, BOLT = 0.1, 4, 2, 0.022, 0.020
DRILLED_SD, WRONG_HOLE, WRONG_BY = 0.0003, 3, (0.0044, 0.0)
"""How well holes are placed, along each axis; the one of the girder that is not, and by how much."""
SCANNER = CloseUp(step=0.0015, noise=0.0004, beam=0.0015)
STATION = np.array([0.8, 0.3, 2.0])
"""In the frame of a plate."""


def make_splice(folder: Path, seed: int) -> str:
    """Write girder.xyz, plate.xyz, fitup.yaml and truth.json; return a few words about them."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    truth, points = dict[str, object](), 0
    for name in ("girder", "plate"):
        holes = _drawn() + rng.normal(0.0, DRILLED_SD, (ROWS * COLUMNS, 2))
        if name == "girder":
            holes[WRONG_HOLE] = _drawn()[WRONG_HOLE] + WRONG_BY
        made = DrilledPlate(
            (-0.05, -0.05), (ROWS * PITCH - 0.05, COLUMNS * PITCH - 0.05),
            tuple((float(x), float(y), DIAMETER / 2) for x, y in holes),
        )  # fmt: skip
        rays = scan_plate(made, STATION[None], SCANNER, rng)
        np.savetxt(folder / f"{name}.xyz", rays.points, fmt="%.5f")
        truth[name] = {hole: [round(1e3 * float(v), 4) for v in at] for hole, at in zip(_names(), holes, strict=True)}
        points += len(rays.points)
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    (folder / "fitup.yaml").write_text(FITUP, encoding="utf-8")
    return f"{2 * ROWS * COLUMNS} holes, {points} points"


def _drawn() -> FloatArray:
    return np.array([(r * PITCH, c * PITCH) for r in range(ROWS) for c in range(COLUMNS)])


def _names() -> list[str]:
    return [f"{r + 1}.{c + 1}" for r in range(ROWS) for c in range(COLUMNS)]


_SCAN = "station: [800, 300, 2000], beam: 1.5"
_GRID = "rows: 2, columns: 4, pitch: [100, 100], diameter: 22, diameter_sd: 0.1"
FITUP = f"""\
fitup: 1
name: Splice of a girder
parts:
  girder:
    grid: {{{_GRID}}}
    scan: {{file: girder.xyz, {_SCAN}}}
  plate:
    grid: {{{_GRID}}}
    scan: {{file: plate.xyz, {_SCAN}}}
joints:
  - {{fixed: girder, moving: plate, bolt: 20, ream_to: 26}}
"""
