"""Whether a scanner position in a file is to be believed.

Visibility ("the ray passed through the place where the wall should be") is only as true as the station's position,
and files lie: a cloud exported in a project frame comes with an identity pose, and an exporter's global shift may be
written as a pose. So:

- ranges and angles (spherical records) are measured from the scanner: believed;
- a file in which the set-ups stand at different places: believed, also its reference set-up at (0, 0, 0);
- a pose with a rotation: believed, nobody writes one by default;
- a lone identity pose at (0, 0, 0): believed only when the points show it;
- a lone translation without rotation: believed unless the points contradict it.

What the points show: a scanner samples directions evenly, so seen from where it stood, cells of equal solid angle hold
as many points as the raster puts there, however far the surfaces are. Seen from elsewhere the counts follow distance
and slant and scatter widely. On two simulated sites the share of points in even cells was 81 to 98 % seen from the true
place (13 stations; 69 % for one with 11,000 points), 32 to 69 % from 0.3 m beside it, 7 to 59 % from 1 m or more beside
or above it, and 9 to 20 % for merged clouds. So a doubtful place is never wrong by much when it is believed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.note import Note
from geometry.readers.chunk import Evidence, Setup
from geometry.readers.thinning import kept_of_records

_ROWS = 24
_COLUMNS = (12, 24, 48, 96, 192)
_POINTS_PER_CELL = 100
"""Random sampling alone scatters the counts by 10 %."""
_FEWEST_CELLS = 50
_ENOUGH_POINTS = 200_000
"""More do not make the answer surer; they are thinned first."""
_EDGES = np.linspace(-1.0, 1.0, _ROWS + 1)
_DENSITIES = (np.ones(_ROWS), np.diff(np.arcsin(_EDGES)))
"""Points per cell and row, up to a factor: even over the sphere, or a raster of azimuth and elevation."""
_EVEN = 0.25
_SUPPORTS = 0.75
_CONTRADICTS = 0.50


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A set-up of file number ``file`` and its points (n, 3), metres relative to ``origin`` (3,)."""

    file: int
    setup: Setup
    points: FloatArray
    origin: FloatArray


def believed_positions(claims: Sequence[Claim]) -> tuple[list[FloatArray | None], list[str]]:
    """Return the positions (3,) in the scan frame, None where unknown or not believed, and notes for the user."""
    positions: list[FloatArray | None] = []
    notes: list[str] = []
    for claim in claims:
        position = claim.setup.position
        if position is not None and not _is_believed(claim, claims):
            x, y, z = position
            notes.append(
                Note(
                    "position_not_believed",
                    "A scan gives its scanner's position as ({position}), but its points do not show that it stood "
                    "there (an export in a project frame?): the position is treated as unknown.",
                    position=f"{x:.3f}, {y:.3f}, {z:.3f}",
                )
            )
            position = None
        positions.append(position)
    notes += _missing_position_notes(claims, positions)
    return positions, notes


def evenness(points: FloatArray, position: FloatArray) -> float | None:
    """Return how evenly the points (n, 3) cover the directions seen from ``position`` (3,), 0..1; None = cannot tell.

    It is the share of points in direction cells (equal solid angle) whose count is within 25 % of what a scanner that
    samples evenly, or on a raster of azimuth and elevation, would have put there.
    """
    level = max(0, int(np.ceil(np.log2(max(len(points), 1) / _ENOUGH_POINTS))))
    directions = points[kept_of_records(0, len(points), level)] - position
    distance = np.linalg.norm(directions, axis=1)
    directions, distance = directions[distance > 0], distance[distance > 0]
    if len(directions) < _FEWEST_CELLS * _POINTS_PER_CELL:
        return None
    height = np.clip(((directions[:, 2] / distance + 1.0) / 2.0 * _ROWS).astype(np.int64), 0, _ROWS - 1)
    turn = (np.arctan2(directions[:, 1], directions[:, 0]) / (2.0 * np.pi) + 0.5) % 1.0
    counts = _finest_counts(height, turn)
    if np.count_nonzero(counts) < _FEWEST_CELLS:
        return None
    return max(_share_of_even_cells(counts, density) for density in _DENSITIES)


def _is_believed(claim: Claim, claims: Sequence[Claim]) -> bool:
    setup = claim.setup
    if setup.evidence is Evidence.MEASURED or len(claim.points) == 0:
        return True
    others = [c.setup.position for c in claims if c.file == claim.file and c is not claim]
    if any(p is not None and setup.position is not None and not np.array_equal(p, setup.position) for p in others):
        return True
    turned = not np.array_equal(setup.T_scan_local.rotation, np.eye(3))
    if setup.evidence is Evidence.STATED and turned:
        return True
    assert setup.position is not None
    even = evenness(claim.points, setup.position - claim.origin)
    if setup.evidence is Evidence.STATED:
        return even is None or even >= _CONTRADICTS
    return even is not None and even >= _SUPPORTS


def _finest_counts(height: IntArray, turn: FloatArray) -> IntArray:
    """Return the points per (row, column) at the finest division that still fills its cells."""
    counts = np.zeros((_ROWS, 1), np.int64)
    for columns in _COLUMNS:
        cell = height * columns + np.minimum((turn * columns).astype(np.int64), columns - 1)
        finer = np.bincount(cell, minlength=_ROWS * columns).reshape(_ROWS, columns)
        if len(turn) < _POINTS_PER_CELL * np.count_nonzero(finer):
            break
        counts = finer
    return counts


def _share_of_even_cells(counts: IntArray, density: FloatArray) -> float:
    """Return the share of points in cells whose count fits ``density`` (24,) times one common factor."""
    relative = (counts / density[:, None]).ravel()
    weights = counts.ravel()
    order = np.argsort(relative, kind="stable")
    middle = int(np.searchsorted(np.cumsum(weights[order]), float(weights.sum()) / 2.0))
    typical = relative[order[middle]]
    return float(weights[np.abs(relative - typical) < _EVEN * typical].sum() / weights.sum())


def _missing_position_notes(claims: Sequence[Claim], positions: list[FloatArray | None]) -> list[str]:
    notes: list[str] = []
    unknown = sum(p is None and len(c.points) > 0 for c, p in zip(claims, positions, strict=True))
    filled = sum(len(c.points) > 0 for c in claims)
    if unknown:
        said = (
            "The scanner's position is not known: only what leaves bare what it would cover is called missing, "
            "and visibility is not known."
        )
        several = said.replace("position is", "position is ({unknown} of {scans} scans)")
        notes.append(
            Note("position_unknown", said)
            if filled == 1
            else Note("positions_unknown", several, unknown=str(unknown), scans=str(filled))
        )
    for file in sorted({c.file for c in claims}):
        places = [p for c, p in zip(claims, positions, strict=True) if c.file == file and p is not None]
        if len(places) > 1 and not np.any(places):
            said = "All {scans} scans of a file stand at (0, 0, 0): they may not have been registered."
            notes.append(Note("all_at_origin", said, scans=str(len(places))))
    return notes
