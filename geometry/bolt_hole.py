"""Bolt holes and edges of plates as built, from a scan: centre, diameter, axis, with covariance, or why there is none.

A beam that meets a plate's face says that there is material, one that comes back from behind it that there is none:
the rim runs between them (``boundary_fit``). How the returns scatter about it is the uncertainty of type A. What an
instrument makes of a beam that straddles a rim is not in the returns, and is the same for all of them: it is told
apart, as uncertainty of type B (``beam_rim``).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.beam_rim import BeamRim, beam_rim
from geometry.boundary_fit import Boundary, circle, fit_boundary, line
from geometry.plate_face import PlateFace, see_face
from geometry.rays import Rays
from geometry.roundness import departure

FEWEST_RIM, LEAST_ARC = 12, np.radians(180.0)
SHAPE_SD = 0.05
"""Share of the beam's diameter that a rim is uncertain by: it does not fade just as the curve that is fitted."""
_ROUND_BEAM, _ROUND_SDS = 0.1, 2.0
"""By how much a round rim may seem out of round: a share of the beam's diameter, and standard uncertainties besides."""
_SECTOR = 10.0
_RING = 0.6
"""Plate about a hole that is looked at, as a share of its diameter."""
_LEAST_RING, _BEYOND = 0.008, 0.002


@dataclass(frozen=True, slots=True, eq=False)
class DesignedHole:
    """A round hole as drawn."""

    name: str
    centre: FloatArray
    """(3,) metres, anywhere on its axis within the plate."""
    axis: FloatArray
    """(3,) unit."""
    diameter: float


@dataclass(frozen=True, slots=True, eq=False)
class HoleFit:
    """A hole as built, on the face that was seen, in the frame of the scan's points."""

    centre: FloatArray
    """(3,) metres."""
    axis: FloatArray
    """(3,) unit, the way of the designed one: the normal of the face."""
    diameter: float
    scatter: FloatArray
    """(3, 3) covariance of the centre by what scatters from hole to hole (type A), m²."""
    diameter_scatter: float
    """Standard deviation of the diameter by the same, metres."""
    beam: BeamRim
    """What the beam's width does besides, alike to all holes of a scan (type B)."""
    axis_sd: float
    """Radians, about any direction across it."""
    arc: float
    """Radians of the rim that were seen."""
    unseen: tuple[tuple[float, float], ...]
    """Parts of the rim that were not, from and to in degrees, about the axis from ``across(axis)[0]``."""
    rim: int
    """Returns next to the rim that it rests on."""

    @property
    def covariance(self) -> FloatArray:
        """(3, 3) of the centre, of both types (JCGM 100:2008, 5.1), m²."""
        return self.scatter + self.beam.shift_covariance

    @property
    def diameter_sd(self) -> float:
        """Standard uncertainty of the diameter, of both types, metres."""
        return float(np.hypot(self.diameter_scatter, 2.0 * self.beam.recession_sd))


class Why(StrEnum):
    """Why a feature was not measured."""

    NO_FACE = "no_face"
    """The plate about it was not seen."""
    NOTHING_BEHIND = "nothing_behind"
    """Nothing was seen through the hole."""
    NOTHING_BESIDE = "nothing_beside"
    """Too few returns on one side of the edge."""
    NOT_FOUND = "not_found"
    """No rim within the search."""
    OTHER_SIZE = "other_size"
    """What is there is no hole of about that size."""
    NOT_ROUND = "not_round"
    """Its rim departs from a circle by more than noise and beam explain."""
    FEW_POINTS = "few_points"
    SHORT_ARC = "short_arc"
    OTHER_SIDE = "other_side"
    """The face was seen from behind."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """A feature that was not measured."""

    why: Why
    value: float = 0.0
    """What was found of what is asked: metres, returns or radians."""


@dataclass(frozen=True, slots=True, eq=False)
class EdgeFit:
    """An edge or a plane as built."""

    offset: float
    """How far it lies beyond its designed place, along its outward normal, metres."""
    scatter: float
    """Standard deviation by what scatters (type A), metres."""
    n: int
    beam: BeamRim | None = None
    """What the beam's width does besides (type B); None: a plane, to which it does nothing."""

    @property
    def sd(self) -> float:
        """Standard uncertainty, of both types, metres."""
        return self.scatter if self.beam is None else float(np.hypot(self.scatter, self.beam.recession_sd))


def measure_hole(design: DesignedHole, rays: Rays, *, beam: float, search: float = 0.006) -> HoleFit | Unseen:
    """Return a hole as built, or why it cannot be told.

    Parameters
    ----------
    design
        Where it was drawn, in the frame of the rays.
    rays
        The scan, with where each beam was sent from.
    beam
        Diameter of the beam on the plate, metres.
    search
        How far from its designed place the hole may be, metres.
    """
    radius = 0.5 * design.diameter
    reach = radius + search + max(_RING * design.diameter, _LEAST_RING)
    face = see_face(rays, design.centre, design.axis, clear=radius + search, reach=reach, deep=0.06)
    if face is None:
        return Unseen(Why.NO_FACE)
    away = np.linalg.norm(face.beams.flat, axis=1)
    if (~face.beams.material & (away < radius)).sum() < 3:
        return Unseen(Why.NOTHING_BEHIND)
    beams = face.beams.some(away < radius + search + 6.0 * face.beams.step)
    start = np.array([*_middle(beams.flat[~beams.material], radius + search), radius])
    found = fit_boundary(beams, circle, start, np.full(3, beams.step))
    if found is None or np.hypot(*found.state[:2]) > search + radius * 0.2:
        return Unseen(Why.NOT_FOUND, search)
    x, y, fitted = (float(value) for value in found.state)
    if not 0.7 * radius < fitted < 1.3 * radius:
        return Unseen(Why.OTHER_SIZE, 2.0 * fitted)
    seen, rim = _seen(face, np.array([x, y]), fitted)
    if rim < FEWEST_RIM:
        return Unseen(Why.FEW_POINTS, float(rim))
    arc = float(seen.sum()) * np.radians(_SECTOR)
    if arc < LEAST_ARC - 1e-9:
        return Unseen(Why.SHORT_ARC, arc)
    out = departure(beams, found, beam)
    if out.height > _ROUND_BEAM * beam + _ROUND_SDS * out.sd:
        return Unseen(Why.NOT_ROUND, out.height)
    found.covariance[np.diag_indices(3)] += (0.5 * SHAPE_SD * beam) ** 2
    return _hole(design, face, found, _Rim(seen, rim), beam_rim(face, beam))


@dataclass(frozen=True, slots=True, eq=False)
class _Rim:
    seen: BoolArray
    count: int


def _hole(design: DesignedHole, face: PlateFace, found: Boundary, rim: _Rim, beam: BeamRim) -> HoleFit:
    """Return the hole in space."""
    state, covariance = found.state, found.covariance
    normal = face.normal if face.normal @ design.axis > 0.0 else -face.normal
    spread = face.basis.T @ covariance[:2, :2] @ face.basis + face.variance * np.outer(face.normal, face.normal)
    return HoleFit(
        centre=face.place + face.basis.T @ state[:2],
        axis=normal,
        diameter=2.0 * float(state[2]),
        scatter=spread,
        diameter_scatter=2.0 * float(np.sqrt(covariance[2, 2])),
        beam=beam,
        axis_sd=float(np.sqrt(face.tilt_variance)),
        arc=float(rim.seen.sum()) * float(np.radians(_SECTOR)),
        unseen=_gaps(rim.seen),
        rim=rim.count,
    )


def measure_edge(
    place: FloatArray, outward: FloatArray, normal: FloatArray, rays: Rays, *, beam: float, length: float = 0.04,
    search: float = 0.006,
) -> EdgeFit | Unseen:  # fmt: skip
    """Return how far the edge of a plate lies beyond its designed place, or why that cannot be told.

    Parameters
    ----------
    place, outward, normal
        (3,) the place on the edge, metres; out of the material along the face; the face's normal, either way.
    length
        Of the edge that is looked at, metres.
    beam, search
        As of :func:`measure_hole`.
    """
    middle = place - 0.5 * length * outward
    face = see_face(rays, middle, normal, clear=0.0, reach=length, deep=0.06)
    if face is None:
        return Unseen(Why.NO_FACE)
    out, side = face.basis @ outward, face.basis @ np.cross(face.normal, outward)
    turn = np.stack([out, side])
    beams = replace(face.beams, flat=face.beams.flat @ turn.T, slope=face.beams.slope @ turn.T)
    beams = replace(beams, flat=beams.flat - np.array([0.5 * length, 0.0]))
    x, y = beams.flat.T
    beams = beams.some((np.abs(x) < search + 8.0 * beams.step) & (np.abs(y) < 0.5 * length))
    count = int(beams.material.sum())
    if min(count, len(beams.height) - count) < FEWEST_RIM:
        return Unseen(Why.NOTHING_BESIDE)
    start = np.array([float(np.median(beams.flat[:, 0])), 0.0])
    found = fit_boundary(beams, line, start, np.array([1.0, 2.0 / length]) * beams.step)
    if found is None or abs(found.state[0]) > search or abs(found.state[1]) > 0.2:
        return Unseen(Why.NOT_FOUND, search)
    sd = float(np.sqrt(found.covariance[0, 0] + (0.5 * SHAPE_SD * beam) ** 2))
    return EdgeFit(float(found.state[0]), sd, len(beams.height), beam_rim(face, beam))


def measure_plane(
    place: FloatArray, normal: FloatArray, rays: Rays, *, radius: float = 0.03, search: float = 0.006
) -> EdgeFit | Unseen:
    """Return how far a face lies beyond its designed place along its outward normal, or why that cannot be told."""
    face = see_face(rays, place, normal, clear=0.0, reach=radius, deep=search)
    if face is None:
        return Unseen(Why.NO_FACE)
    if face.normal @ normal < 0.0:
        return Unseen(Why.OTHER_SIDE)
    offset = float((face.place - place) @ normal)
    return EdgeFit(offset, float(np.sqrt(face.variance)), int(face.beams.material.sum()))


def _middle(void: FloatArray, reach: float) -> FloatArray:
    """Return where (2,) beams that went through lie, in the middle, those far from the place left out."""
    near = void[np.linalg.norm(void, axis=1) < reach]
    return np.median(near, axis=0) if len(near) else np.zeros(2)


def _seen(face: PlateFace, centre: FloatArray, radius: float) -> tuple[BoolArray, int]:
    """Return which sectors of the rim have beams on both sides of it, and how many returns lie next to it there."""
    beams = face.beams
    local = beams.flat - centre
    away = np.linalg.norm(local, axis=1) - radius
    width = max(2.5 * beams.step, 0.0015)
    count = int(360.0 / _SECTOR)
    sector: IntArray = np.floor(np.degrees(np.arctan2(local[:, 1], local[:, 0])) / _SECTOR).astype(np.int64) % count
    outside = beams.material & (away > -0.5 * width) & (away < width)
    inside = ~beams.material & (away < 0.5 * width) & (away > -width - _BEYOND)
    rim, through = (np.bincount(sector[rows], minlength=count) for rows in (outside, inside))
    seen: BoolArray = (rim > 0) & (through > 0)
    return seen, int(rim[seen].sum())


def _gaps(seen: BoolArray) -> tuple[tuple[float, float], ...]:
    """Return the runs of sectors that were not seen, in degrees from and to; one that goes round begins before 0."""
    if seen.all():
        return ()
    count = len(seen)
    first = int(np.flatnonzero(seen)[0]) if seen.any() else 0
    found, begun = list[tuple[float, float]](), -1
    for step in range(count + 1):
        number = first + step
        hidden = step < count and not seen[number % count]
        if hidden and begun < 0:
            begun = number
        elif not hidden and begun >= 0:
            turn = 360.0 if number * _SECTOR > 360.0 else 0.0
            found.append((begun * _SECTOR - turn, number * _SECTOR - turn))
            begun = -1
    return tuple(found)
