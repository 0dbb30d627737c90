"""How probable it is that something stands in space that has to be free, when both places are uncertain.

The space goes with its element, and turns with it; a space that goes straight up or down stays upright, and is made
anew of the element at each place. What is left out of the other (a floor up to its top, a wall up to the end of its
opening, the piece that is meant to meet the element) goes with the other. Otherwise as in
:mod:`simulation.assembly.chance`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from geometry.arrays import BoolArray, FloatArray
from simulation.assembly.chance import (
    STOPS,
    Chance,
    Decision,
    Trial,
    box_about,
    chance_of_overlap,
    counted,
    decide,
    drawn_twists,
    wilson,
)
from simulation.assembly.envelope import Envelope, clipped
from simulation.assembly.gap_kernels import NOTHING
from simulation.assembly.place import Place, Places, measured_part, spread_between, wander
from simulation.assembly.separation import signed_depth
from simulation.assembly.solid import Solid, surface_of

_MOST_SHRUNK = 0.25
"""Share of its size by which a space is shrunk at most."""


@dataclass(frozen=True, slots=True, eq=False)
class UncertainSpace:
    """A space and its element, at their most probable place."""

    envelope: Envelope
    """Without the touching tolerance at its sides."""
    centre: FloatArray
    """(3,) what the twist of the element turns about, metres."""
    place: Place
    remake: Callable[[FloatArray, FloatArray], Envelope] | None = None
    """Turn (3, 3) and shift (3,) of the element about ``centre`` -> its space there; None: the space goes with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Intruder:
    """What may stand in a space, at its most probable place, without what is left out of it."""

    centre: FloatArray
    """(3,) what its twist turns about, metres."""
    place: Place
    body: Any = None
    """``manifold3d.Manifold``; None: it is no closed solid."""
    meant: Sequence[Any] = ()
    """Pieces of it in the space that are meant to be there: what meets them there is."""
    triangles: FloatArray | None = None
    """(f, 3, 3) of what is no closed solid."""

    @property
    def corners(self) -> FloatArray:
        """(k, 3) metres."""
        return surface_of(self.body)[0] if self.triangles is None else self.triangles.reshape(-1, 3)


def shrunk(envelope: Envelope, by: float) -> Envelope:
    """Return a space without a margin ``by`` metres wide: what reaches in no farther touches it."""
    margin = np.minimum(by, _MOST_SHRUNK * (envelope.high - envelope.low))
    return replace(envelope, low=envelope.low + margin, high=envelope.high - margin)


def reach_of(space: UncertainSpace, other: Place, centre: FloatArray, bounds: FloatArray) -> float:
    """Return how far a space and another element with a box ``bounds`` (2, 3) may come nearer, metres."""
    ours = wander(space.place, box_about(space.centre, space.envelope.bounds))
    return ours + wander(other, box_about(centre, bounds))


def chance_of_intrusion(space: UncertainSpace, other: Intruder, rule: Places) -> Chance:
    """Return the probability that something stands in a space.

    Parameters
    ----------
    space, other
        At their most probable places.
    rule
        The confidence, how many places are tried, and which.
    """
    chance = _chance(space, other, rule)
    if chance.decision is Decision.CLASH and any(any(place.unknown) for place in (space.place, other.place)):
        # what nobody measured may make it doubtful, never certain
        known = replace(space, place=measured_part(space.place)), replace(other, place=measured_part(other.place))
        if _chance(*known, rule).decision is not Decision.CLASH:
            return replace(chance, decision=Decision.UNDECIDED)
    return chance


def _chance(space: UncertainSpace, other: Intruder, rule: Places) -> Chance:
    places, about = (space.place, other.place), np.stack([space.centre, other.centre])
    solid = _solid(space.envelope.body)
    if other.body is not None and not other.meant and (space.remake is None or not np.any(places[0].covariance[3:])):
        theirs = _solid(other.body)
        return chance_of_overlap(solid, theirs, places, rule.confidence, rule.samples, rule.seed, about)
    depth, direction = _depth(space.envelope, solid, other)
    low, high = solid.bounds
    corners = other.corners
    at = 0.5 * (np.maximum(low, corners.min(axis=0)) + np.minimum(high, corners.max(axis=0)))
    sd = spread_between(places, direction, at, about)
    stands = _stands(space, other)
    if not any(np.any(place.covariance) for place in places):
        share = float(stands(np.zeros((1, 6)), np.zeros((1, 6)))[0])
        return Chance(share, share, share, decide(share, share, rule.confidence), depth, sd, 0)
    trial: Trial = (stands, *drawn_twists(places, rule.samples, rule.seed), STOPS)
    count, n = counted(trial, rule.confidence)
    ends = wilson(count, n)
    return Chance(count / n, *ends, decide(*ends, rule.confidence), depth, sd, n)


def _depth(envelope: Envelope, solid: Solid, other: Intruder) -> tuple[float, FloatArray]:
    """Return the least way that brings something out of a space, metres (negative: it is), and its direction (3,)."""
    if other.body is not None:
        body = other.body
        for piece in other.meant:
            body = body - piece
        if float(body.volume()) > NOTHING:
            return signed_depth(solid, _solid(body))
    ways = [(float((other.corners @ normal).max()) - offset, normal) for normal, offset in envelope.half_spaces(0.0)]
    return min(ways, key=lambda way: way[0])


def _stands(space: UncertainSpace, other: Intruder) -> Callable[[FloatArray, FloatArray], BoolArray]:
    """Return what says at which twists (n, 6) of both something stands in the space."""

    def stands(ours: FloatArray, theirs: FloatArray) -> BoolArray:
        return np.array([_at(space, other, *pair) for pair in zip(ours, theirs, strict=True)], dtype=np.bool_)

    return stands


def _at(space: UncertainSpace, other: Intruder, ours: FloatArray, theirs: FloatArray) -> bool:
    turn, shift = _motion(theirs, other.centre)
    own, way = _motion(ours, space.centre)
    if space.remake is not None:
        envelope = space.remake(own, way)
    else:
        # seen from the space, which stays
        turn, shift, envelope = own.T @ turn, own.T @ (shift - way), space.envelope
    if other.triangles is not None:
        return len(clipped(other.triangles @ turn.T + shift, envelope.half_spaces(0.0))) > 0
    move = np.column_stack([turn, shift])
    inside = envelope.body ^ other.body.transform(move)
    if float(inside.volume()) <= NOTHING:
        return False
    meant = [piece.transform(move) for piece in other.meant]
    return any(
        float(piece.volume()) > NOTHING and not any(float((piece ^ one).volume()) > NOTHING for one in meant)
        for piece in inside.decompose()
    )


def _motion(twist: FloatArray, centre: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a twist (6,) about a centre (3,) as turn (3, 3) and shift (3,) of all points."""
    turn: FloatArray = Rotation.from_rotvec(twist[3:]).as_matrix()
    return turn, twist[:3] + centre - turn @ centre


def _solid(body: Any) -> Solid:
    corners, faces = surface_of(body)
    bounds = np.stack([corners.min(axis=0), corners.max(axis=0)])
    return Solid("", "", "", bounds, corners, faces, 1, 0, body)
