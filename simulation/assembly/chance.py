"""How probable it is that two parts share volume when their places are uncertain.

Both are cut down to what can come within reach of the other. Pieces that are convex then meet or not by the rule of
Gilbert, Johnson and Keerthi (1988), at some thousand places drawn alike for all pairs; others by the volume that they
share at some hundred. Turns are followed exactly, and closed forms of boxes are met within the interval that is told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from geometry.arrays import BoolArray, FloatArray
from simulation.assembly.gjk import overlaps
from simulation.assembly.place import Place, joint_covariance, spread_between, wander
from simulation.assembly.separation import signed_depth
from simulation.assembly.solid import Solid

_CONVEX = 1.0 - 1e-9
_NOTHING = 1e-12
_BY_VOLUME = 256
STOPS = (_BY_VOLUME // 4, _BY_VOLUME // 2, _BY_VOLUME)
"""After how many places of bodies that take long it is looked whether that is enough."""
_MOST_PIECES = 64
_Z = 2.5758293035489004
"""Of the interval of a probability: 99 %."""


_Shares = Callable[[FloatArray, FloatArray], BoolArray]
Trial = tuple[_Shares, FloatArray, FloatArray, tuple[int, ...]]
"""What tells whether two bodies meet, the twists of both, and after how many to see whether that is enough."""


class Decision(StrEnum):
    """What can be said of a clash at the confidence asked for."""

    CLASH = "clash"
    NO_CLASH = "no_clash"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Chance:
    """The probability that two parts share volume."""

    probability: float
    low: float
    high: float
    """Ends of the 99 % interval of the simulation."""
    decision: Decision
    signed_depth: float
    """Metres that they overlap along the direction that brings them apart soonest; negative: apart."""
    sd: float
    """Standard deviation of the signed depth, metres, along that direction at their common place: √(σ₁² + σ₂²), less
    what both have in common."""
    samples: int
    """Places tried; 0 where nothing is uncertain."""


def chance_of_overlap(
    first: Solid, second: Solid, places: tuple[Place, Place], confidence: float, samples: int, seed: int,
    centres: FloatArray | None = None,
) -> Chance:  # fmt: skip
    """Return the probability that two solids, placed where they most probably are, share volume.

    Parameters
    ----------
    first, second
        Where they most probably are.
    places
        Of both; only the covariances are used.
    confidence
        From which probability on it is a clash, and from 1 - confidence down none.
    samples, seed
        How many places are tried, and which.
    centres
        (2, 3) what the twists of both turn about; None: the middles of their boxes.
    """
    depth, direction = signed_depth(first, second)
    about = np.stack([_centre(first), _centre(second)]) if centres is None else centres
    at = 0.5 * (np.maximum(first.bounds[0], second.bounds[0]) + np.minimum(first.bounds[1], second.bounds[1]))
    sd = spread_between(places, direction, at, about)
    tried = _tried(first, second, places, samples, seed, about)
    if tried is None:
        share = float((first.body ^ second.body).volume()) > _NOTHING
        return Chance(share, share, share, decide(share, share, confidence), depth, sd, 0)
    count, n = counted(tried, confidence)
    low, high = wilson(count, n)
    return Chance(count / n, low, high, decide(low, high, confidence), depth, sd, n)


def decide(low: float, high: float, confidence: float) -> Decision:
    """Return what an interval of a probability decides.

    Examples
    --------
    >>> decide(0.97, 0.99, 0.95).value, decide(0.9, 0.99, 0.95).value, decide(0.0, 0.01, 0.95).value
    ('clash', 'undecided', 'no_clash')
    """
    if low >= confidence:
        return Decision.CLASH
    return Decision.NO_CLASH if high <= 1.0 - confidence else Decision.UNDECIDED


def wilson(count: int, n: int) -> tuple[float, float]:
    """Return the 99 % interval of a share (Wilson 1927)."""
    share, z = count / n, _Z * _Z / n
    middle, half = (share + 0.5 * z) / (1.0 + z), _Z * sqrt(share * (1.0 - share) / n + 0.25 * z / n) / (1.0 + z)
    return (0.0 if count == 0 else middle - half), (1.0 if count == n else middle + half)


def _tried(
    first: Solid, second: Solid, places: tuple[Place, Place], samples: int, seed: int, about: FloatArray
) -> Trial | None:
    """Return how the places of two solids are tried; None where nothing is uncertain."""
    if not any(np.any(place.covariance) for place in places):
        return None
    reach = sum(
        wander(place, box_about(centre, one.bounds))
        for one, place, centre in zip((first, second), places, about, strict=True)
    )
    ours, theirs = _near(first.body, second.bounds, reach), _near(second.body, first.bounds, reach)
    a, b = drawn_twists(places, samples, seed)
    centres = (about[0], about[1])
    convex = len(ours) * len(theirs) <= _MOST_PIECES and all(_is_convex(piece) for piece in (*ours, *theirs))
    if convex:
        return _by_shape(ours, theirs, centres), a, b, (len(a) // 8, len(a))
    return _by_volume(ours, theirs, centres), a, b, STOPS


def drawn_twists(places: tuple[Place, Place], samples: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Return twists (samples, 6) of two elements about their places, m and rad, with what both have in common."""
    normal = _normal_points(samples, seed)
    if all(np.any(place.shared) for place in places):
        twists = normal @ _root(joint_covariance(*places)).T
        halves = (twists[:, :6], twists[:, 6:])
    else:
        halves = tuple(
            normal[:, k : k + 6] @ _root(place.covariance).T for k, place in zip((0, 6), places, strict=True)
        )
    return np.ascontiguousarray(halves[0]), np.ascontiguousarray(halves[1])


def box_about(centre: FloatArray, bounds: FloatArray) -> FloatArray:
    """Return the box (2, 3) with its middle at ``centre`` that holds another, metres."""
    half = np.abs(bounds - centre).max(axis=0)
    return np.stack([centre - half, centre + half])


def counted(trial: Trial, confidence: float) -> tuple[int, int]:
    """Return at how many of how many places two solids share volume, no more than it takes to decide.

    Where it cannot be decided a quarter of the places of bodies that take long is enough to see that.
    """
    shares, ours, theirs, stops = trial
    count = done = 0
    for stop in stops:
        count += int(shares(ours[done:stop], theirs[done:stop]).sum())
        done = stop
        low, high = wilson(count, done)
        hopeless = len(stops) > 2 and low > 1.0 - confidence and high < confidence
        if hopeless or decide(low, high, confidence) is not Decision.UNDECIDED:
            break
    return count, done


def _by_shape(ours: list[Any], theirs: list[Any], centres: tuple[FloatArray, FloatArray]) -> _Shares:
    """Return what says at which twists (n, 6) of both convex pieces meet."""
    mine = [_corners(piece) - centres[0] for piece in ours]
    others = [_corners(piece) - centres[1] for piece in theirs]

    def shares(a: FloatArray, b: FloatArray) -> BoolArray:
        found = np.zeros(len(a), dtype=np.bool_)
        for one in mine:
            for other in others:
                overlaps(one, other, centres[1] - centres[0], a, b, found)
        return found

    return shares


def _by_volume(ours: list[Any], theirs: list[Any], centres: tuple[FloatArray, FloatArray]) -> _Shares:
    """Return what says at which twists (n, 6) of both pieces of any shape share volume."""
    import manifold3d

    one, other = (
        manifold3d.Manifold.compose(pieces).translate(tuple(-centre))
        for pieces, centre in zip((ours, theirs), centres, strict=True)
    )
    apart = centres[1] - centres[0]

    def shares(a: FloatArray, b: FloatArray) -> BoolArray:
        turns = Rotation.from_rotvec(np.vstack([a[:, 3:], b[:, 3:]])).as_matrix()
        shifts = np.vstack([a[:, :3], b[:, :3] + apart])
        moves = np.concatenate([turns, shifts[:, :, None]], axis=2)
        return np.array(
            [
                float((one.transform(ours) ^ other.transform(theirs)).volume()) > _NOTHING
                for ours, theirs in zip(moves[: len(a)], moves[len(a) :], strict=True)
            ],
            dtype=np.bool_,
        )

    return shares


def _near(body: Any, bounds: FloatArray, reach: float) -> list[Any]:
    """Return the pieces of a body that can come into a box within ``reach``.

    Whatever the two may share, moved by no more than ``reach`` in all, is in what this leaves of both: nothing is lost.
    """
    import manifold3d

    low, high = bounds[0] - reach, bounds[1] + reach
    window = manifold3d.Manifold.cube(tuple(high - low)).translate(tuple(low))
    return [piece for piece in (body ^ window).decompose() if piece.volume() > _NOTHING]


def _is_convex(piece: Any) -> bool:
    return float(piece.volume()) >= _CONVEX * float(piece.hull().volume())


def _corners(piece: Any) -> FloatArray:
    return np.ascontiguousarray(np.asarray(piece.hull().to_mesh64().vert_properties, dtype=np.float64)[:, :3])


def _centre(solid: Solid) -> FloatArray:
    return 0.5 * (solid.bounds[0] + solid.bounds[1])


def _root(covariance: FloatArray) -> FloatArray:
    """Return R with R Rᵀ the covariance, also where that is of lower rank."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))


@lru_cache(maxsize=4)
def _normal_points(samples: int, seed: int) -> FloatArray:
    """Return (samples, 12) normal deviates, evenly spread and the same for every pair."""
    from scipy.stats import norm, qmc

    points = qmc.Sobol(12, scramble=True, rng=np.random.default_rng(seed)).random(samples)
    return np.asarray(norm.ppf(np.clip(points, 1e-12, 1.0 - 1e-12)), dtype=np.float64)
