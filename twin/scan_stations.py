"""Where to put the scanner so that what has to be measured is seen near enough and not too flat.

Choosing stations is a maximum coverage problem. Greedy choice sees at least 1 - 1/e of what the best choice of as many
stations sees (Nemhauser, Wolsey and Fisher 1978), and no quick way is better in general (Feige 1998).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from geometry.arrays import BoolArray, FloatArray, IntArray, frozen
from geometry.triangle_tree import TriangleTree, cast
from twin.errors import Invalid

Visible = Callable[[FloatArray, FloatArray], BoolArray]
"""(points (n, 3), station (3,)) -> (n,) whether nothing is in between."""
Stand = Callable[[str, FloatArray], FloatArray]
"""(storey, candidates (s, 3)) -> those of them, perhaps raised or lowered, where a scanner can stand."""
_COINCIDENT = 0.005
"""How far (m) before a point a ray ends: two elements' coincident faces hide neither."""


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceSamples:
    """Points on the surfaces to measure."""

    points: FloatArray
    """(n, 3) metres."""
    normals: FloatArray
    """(n, 3) unit, outward."""
    weights: FloatArray
    """(n,) what each counts: square metres, or 1 per element."""

    def __post_init__(self) -> None:
        """Check shapes and freeze."""
        n = len(self.points)
        if self.points.shape != (n, 3) or self.normals.shape != (n, 3) or self.weights.shape != (n,):
            raise ValueError("samples need (n, 3) points, (n, 3) normals and (n,) weights")
        if not (np.isfinite(self.weights).all() and (self.weights >= 0).all()):
            raise ValueError("weights are zero or more")
        for name in ("points", "normals", "weights"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class ScannerLimits:
    """From where a surface is measured well enough."""

    max_range: float = 20.0
    """Metres."""
    max_incidence: float = float(np.radians(65.0))
    """Radians between the ray and the surface's normal."""
    min_range: float = 0.6

    def __post_init__(self) -> None:
        """Refuse limits that nothing meets."""
        if not 0.0 <= self.min_range < self.max_range < np.inf:
            raise Invalid(f"a scanner reaches from {self.min_range} m to {self.max_range} m? Give min < max, in metres")
        if not 0.0 < self.max_incidence < np.pi / 2.0:
            raise Invalid(f"an incidence is between 0 and pi/2 rad, not {self.max_incidence}")


@dataclass(frozen=True, slots=True, eq=False)
class StationPlan:
    """Stations in the order of their use."""

    stations: FloatArray
    """(k, 3) metres."""
    gains: FloatArray
    """(k,) weight that each adds."""
    seen: BoolArray
    """(n,) samples that some station sees."""
    reachable: BoolArray
    """(n,) samples that any candidate would have seen: the others need another place, or another way of measuring."""
    share: float
    """Weight seen of all weight, 0..1."""


def station_grid(
    lower: FloatArray, upper: FloatArray, *, floor: float, spacing: float, height: float = 1.6
) -> FloatArray:
    """Return candidate stations (s, 3) on a plan grid over the rectangle ``lower`` (2,) to ``upper`` (2,), metres.

    The grid is centred, its cells at most ``spacing`` wide; ``height`` is that of the scanner above ``floor``.
    """
    extent = np.asarray(upper, np.float64) - np.asarray(lower, np.float64)
    if not (np.isfinite(extent).all() and (extent > 0).all() and spacing > 0):
        raise Invalid(f"a grid of {spacing} m needs a rectangle with sides above zero, not {extent.tolist()}")
    cells = np.maximum(np.ceil(extent / spacing - 1e-9).astype(int), 1)
    axes = [lower[i] + (np.arange(cells[i]) + 0.5) * extent[i] / cells[i] for i in range(2)]
    x, y = np.meshgrid(*axes, indexing="ij")
    return np.stack([x.ravel(), y.ravel(), np.full(x.size, floor + height)], axis=1)


def line_of_sight(tree: TriangleTree) -> Visible:
    """Return a test of what stands in between, against designed or scanned triangles."""

    def visible(points: FloatArray, station: FloatArray) -> BoolArray:
        ray = points - station
        distance = np.linalg.norm(ray, axis=1)
        direction = ray / np.maximum(distance, 1e-9)[:, None]
        hits = cast(tree, np.broadcast_to(station, points.shape), direction, np.maximum(distance - _COINCIDENT, 0.0))
        return np.asarray(hits.element < 0)

    return visible


def in_view(
    samples: SurfaceSamples, station: FloatArray, limits: ScannerLimits, visible: Visible | None = None
) -> BoolArray:
    """Say which samples a scanner at ``station`` (3,) measures well enough, (n,)."""
    ray = station - samples.points
    distance = np.linalg.norm(ray, axis=1)
    cosine = np.einsum("ij,ij->i", ray, samples.normals) / np.maximum(distance, 1e-9)
    near = (distance >= limits.min_range) & (distance <= limits.max_range)
    seen = near & (cosine >= np.cos(limits.max_incidence))
    if visible is not None and seen.any():
        seen[seen] = visible(samples.points[seen], station)
    return seen


def suggest_stations(
    samples: SurfaceSamples,
    candidates: FloatArray,
    limits: ScannerLimits,
    *,
    visible: Visible | None = None,
    most: int | None = None,
    enough: float = 1.0,
) -> StationPlan:
    """Choose stations greedily among ``candidates`` (s, 3): each time the one that adds most weight.

    Ends when ``enough`` of what any candidate sees is seen, after ``most`` stations, or when none adds anything.
    Deterministic: of equal candidates the first is taken.

    Raises
    ------
    Invalid
        If there is nothing to see, or nowhere to stand.
    """
    if len(samples.points) == 0 or samples.weights.sum() <= 0:
        raise Invalid("there is no surface to measure: give samples with some weight")
    if len(candidates) == 0:
        raise Invalid("there is nowhere to stand: give at least one candidate station")
    rows = [np.flatnonzero(in_view(samples, station, limits, visible)) for station in candidates]
    ends = np.cumsum([0, *(len(row) for row in rows)])
    places = np.concatenate(rows)
    # few of all pairs see each other: kept sparse, a storey of thousands of elements stays small
    sees: Any = csr_array((np.ones(len(places)), places, ends), shape=(len(candidates), len(samples.points)))
    reachable = np.zeros(len(samples.points), bool)
    reachable[places] = True
    goal = enough * float(samples.weights[reachable].sum())
    seen = np.zeros(len(samples.points), bool)
    chosen: list[int] = []
    gains: list[float] = []
    while len(chosen) < (len(candidates) if most is None else most):
        gain: FloatArray = np.round(sees @ np.where(seen, 0.0, samples.weights), 9)
        best = int(np.argmax(gain))
        if gain[best] <= 0.0 or float(samples.weights[seen].sum()) >= goal * (1.0 - 1e-12):
            break
        chosen.append(best)
        gains.append(float(gain[best]))
        seen[rows[best]] = True
    share = float(samples.weights[seen].sum() / samples.weights.sum())
    return StationPlan(frozen(candidates[chosen].reshape(-1, 3)), frozen(np.array(gains)), seen, reachable, share)


@dataclass(frozen=True, slots=True, eq=False)
class StoreyToScan:
    """A storey: what to measure in it, and where one can stand."""

    samples: SurfaceSamples
    lower: FloatArray
    """(2,) corner of its plan, metres."""
    upper: FloatArray
    floor: float


def stations_by_storey(
    storeys: Mapping[str, StoreyToScan],
    limits: ScannerLimits,
    *,
    spacing: float,
    height: float = 1.6,
    most_candidates: int | None = None,
    visible: Visible | None = None,
    enough: float = 0.98,
    stand: Stand = lambda _, candidates: candidates,
) -> dict[str, StationPlan]:
    """Suggest stations for each storey on a grid of ``spacing`` metres; none where there is nowhere to stand.

    Parameters
    ----------
    most_candidates
        Beyond so many the grid is made wider.
    stand
        Told the storey and its candidates (s, 3), returns where one can stand of them.
    """
    found: dict[str, StationPlan] = {}
    for name, storey in storeys.items():
        if most_candidates is not None:
            area = float(np.prod(storey.upper - storey.lower))
            spacing_here = max(spacing, (area / most_candidates) ** 0.5)
        else:
            spacing_here = spacing
        grid = station_grid(storey.lower, storey.upper, floor=storey.floor, spacing=spacing_here, height=height)
        candidates = stand(name, grid)
        if len(candidates) == 0 or not storey.samples.weights.any():
            none = np.zeros(len(storey.samples.points), bool)
            found[name] = StationPlan(frozen(np.empty((0, 3))), frozen(np.empty(0)), none, none, 0.0)
        else:
            found[name] = suggest_stations(storey.samples, candidates, limits, visible=visible, enough=enough)
    return found


def unseen_elements(
    seen: BoolArray, owner: IntArray, global_ids: Sequence[str], *, least_share: float = 0.3
) -> tuple[str, ...]:
    """Return the elements of which less than ``least_share`` of the samples is seen.

    ``owner`` (n,) is the index into ``global_ids`` that each sample belongs to; an element without samples is unseen.
    """
    total = np.bincount(owner, minlength=len(global_ids))
    visible = np.bincount(owner[seen], minlength=len(global_ids))
    hidden = visible < least_share * np.maximum(total, 1)
    return tuple(global_ids[i] for i in np.flatnonzero(hidden | (total == 0)).tolist())
