# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
"""Whether the stations of a scan were registered to each other: what two of them measured has to lie in one place.

No design is needed: where two stations have points on the same small plane, the planes' distance is what their
registration is off by there. All those distances are solved for one small motion per station (least squares, robust),
as in a bundle adjustment of planes (Grant, Bethel and Crawford 2012, Point-to-plane registration of terrestrial laser
scans). The motions are told and counted as uncertainty, never applied.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.sparse import csr_matrix

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.noise import estimate_noise
from geometry.scan import Scan
from geometry.shared_planes import SharedPlanes, shared_planes

FEWEST_PLANES = 30
"""Small planes that a station must share with others before anything is said of it."""
_ASIDE = 0.003
"""Metres. A station that lies less beside the others is as good as stations are: its share of U says so."""
_TIMES = 3.0
"""Times what the other stations scatter by, from which one is told to lie beside them."""
_SUSPECTS = 5
"""Stations that are left out in turn, those that lie off most."""
_LARGEST_SHARE = 1.0 / 3.0
"""Share of the stations that may be told to be the ones that lie aside; of more, nobody knows who is right."""
_PRIOR_SHIFT, _PRIOR_TURN = 0.01, 0.001
"""How far (m, rad) a station may be off before anything was measured: no more than keeps what is not seen at zero."""
_ROUNDS = 8


@dataclass(frozen=True, slots=True, eq=False)
class StationAgreement:
    """How well the stations agree with each other. Arrays are in the order of ``Scan.stations``."""

    shift: FloatArray
    """(s, 3) metres, in the axes of the scan: how far each lies beside those that agree, at the planes they share."""
    off: FloatArray
    """(s,) metres, standard: how far each lies off along those planes' normals, free of their noise; 0 if not known."""
    planes: IntArray
    """(s,) how many small planes each shares with others."""
    aside: BoolArray
    """(s,) True for those that were registered beside the others."""

    @property
    def known(self) -> bool:
        """True when at least two stations could be compared."""
        return bool((self.planes >= FEWEST_PLANES).sum() > 1)

    @property
    def scatter(self) -> float:
        """Standard uncertainty (m) of the registration of those that agree; NaN when not known."""
        told = (self.planes >= FEWEST_PLANES) & ~self.aside
        return float(np.sqrt((self.off[told] ** 2).mean())) if self.known and told.any() else float("nan")

    @property
    def uncertainty(self) -> FloatArray:
        """Standard uncertainty (s,) in metres that its registration adds to a surface that a station measured.

        At least that of those that agree: of one station it is known from a few planes. 0 where nothing is known.
        """
        return np.maximum(self.off, self.scatter) if self.known else np.zeros(len(self.off))


def station_agreement(scan: Scan) -> StationAgreement:
    """Return how well the stations of a scan agree where they measured the same small planes.

    Nothing is known (no planes) of a scan of one station, or without their positions.
    """
    count = len(scan.stations)
    if count < 2 or not scan.has_poses:
        return _nothing(np.zeros(count, np.int64))
    planes = shared_planes(scan)
    shared = np.bincount(planes.station, minlength=count)
    enough = shared >= FEWEST_PLANES
    if enough.sum() < 2:
        return _nothing(shared)
    rows = _rows(planes, count)
    offsets = _Offsets(planes, rows, *_motions(planes, rows, estimate_noise(scan.points)))
    off, aside = _told(offsets, enough)
    shift = np.stack([offsets.shift(k, ~aside) if enough[k] else np.zeros(3) for k in range(count)])
    return StationAgreement(shift, off, shared, aside)


def _nothing(shared: IntArray) -> StationAgreement:
    count = len(shared)
    return StationAgreement(np.zeros((count, 3)), np.zeros(count), shared, np.zeros(count, np.bool_))


def _told(offsets: "_Offsets", enough: BoolArray) -> tuple[FloatArray, BoolArray]:
    """Return how far each station lies off, and which lie aside, of those with ``enough`` planes.

    One that lies off takes those along that share planes with it. So each of those that lie off most is left out in
    turn, and the one goes without which the others agree best.
    """
    aside = np.zeros(len(enough), np.bool_)
    off = np.where(enough, offsets.each(~aside), np.nan)
    while aside.sum() + 1 <= _LARGEST_SHARE * enough.sum():
        suspects = np.argsort(-np.nan_to_num(off), kind="stable")[:_SUSPECTS]
        found = [(k, *_without(offsets, enough, aside, k)) for k in suspects.tolist() if off[k] > _ASIDE]
        odd, others, scatter = min(found, key=lambda one: one[2], default=(0, off, np.inf))
        if not off[odd] > max(_ASIDE, _TIMES * scatter):
            break
        aside[odd], off = True, others
    for k in np.flatnonzero(aside).tolist():
        off[k] = offsets.beside(k, ~aside)
    return np.nan_to_num(off), aside


def _without(offsets: "_Offsets", enough: BoolArray, aside: BoolArray, station: int) -> tuple[FloatArray, float]:
    """Return how far each of the others lies off, and what they scatter by; infinite when no two can be compared."""
    left = ~aside & (np.arange(len(enough)) != station)
    others = np.where(enough & left, offsets.each(left), np.nan)
    known = others[np.isfinite(others)]
    return others, float(np.sqrt((known**2).mean())) if len(known) > 1 else np.inf


def _rows(planes: SharedPlanes, count: int) -> csr_matrix:
    """Return what a motion of each station (6 s), about where it stood, changes at each of its planes (n, 6 s)."""
    row = np.concatenate([planes.normal, np.cross(planes.arm, planes.normal)], axis=1)
    column = 6 * planes.station[:, None] + np.arange(6)
    index = np.repeat(np.arange(len(row)), 6)
    return csr_matrix((row.ravel(), (index, column.ravel())), shape=(len(row), 6 * count))


def _motions(planes: SharedPlanes, rows: csr_matrix, noise: float) -> tuple[FloatArray, FloatArray]:
    """Return the motions (6 s,) of the stations, translation first, and what noise makes them scatter by (6 s, 6 s).

    Each plane lies somewhere of its own, which is eliminated; what planes scatter by beyond their noise (form, other
    parts of it seen) is measured, and what does not fit at all loses its weight (Cauchy). A motion of all stations
    together is not seen and stays nothing.
    """
    n, size = len(planes.plane), cast("tuple[int, int]", rows.shape)[1]
    of_plane = csr_matrix((np.ones(n), (planes.plane, np.arange(n))))
    prior = np.tile([_PRIOR_SHIFT**-2] * 3 + [_PRIOR_TURN**-2] * 3, size // 6)
    own = noise**2 * planes.leverage
    variance, weight = own + noise**2, np.ones(n)
    motion, covariance = np.zeros(size), np.zeros((size, size))
    for _ in range(_ROUNDS):
        w = weight / variance
        weighted, total = rows.multiply(w[:, None]).tocsr(), of_plane @ w
        sums = of_plane @ weighted
        eliminated = sums.multiply(1.0 / total[:, None]).tocsr()
        information = (rows.T @ weighted - sums.T @ eliminated).toarray()
        pull = weighted.T @ planes.offset - eliminated.T @ (of_plane @ (w * planes.offset))
        inverse = np.linalg.inv(information + np.diag(prior))
        motion, covariance = inverse @ pull, inverse @ information @ inverse
        left = planes.offset - rows @ motion
        left -= ((of_plane @ (w * left)) / total)[planes.plane]
        spread = 1.4826 * float(np.median(np.abs(left)))
        variance = own + max(0.0, spread**2 - float(np.median(own)))
        weight = 1.0 / (1.0 + left**2 / (9.0 * variance))
    return motion, covariance


@dataclass(frozen=True, slots=True, eq=False)
class _Offsets:
    """Where the stations' motions put the planes that they share: of that, only differences are seen."""

    planes: SharedPlanes
    rows: csr_matrix
    motion: FloatArray
    covariance: FloatArray

    def each(self, among: BoolArray) -> FloatArray:
        """Return how far (m) each station lies off if only those ``among`` (s,) are looked at; NaN if not known.

        Of n stations that lie off by themselves, each shows (n - 1) / n of its variance about their mean.
        """
        used = np.flatnonzero(among[self.planes.station])
        label = np.unique(self.planes.plane[used], return_inverse=True)[1]
        stations = np.bincount(label)[label]
        used, label, stations = used[stations > 1], label[stations > 1], stations[stations > 1]
        found = np.full(len(among), np.nan)
        if not len(used):
            return found
        label = np.unique(label, return_inverse=True)[1]
        rows = self.rows[used]
        mean = csr_matrix((1.0 / stations, (label, np.arange(len(used)))))
        apart = (rows - (mean @ rows)[label]).tocsr()
        moved = apart @ self.motion
        for k in np.flatnonzero(among):
            mine = np.flatnonzero(self.planes.station[used] == k)
            if len(mine) >= FEWEST_PLANES:
                noise = float((apart[mine].T @ apart[mine]).multiply(self.covariance).sum())
                shows = float((1.0 - 1.0 / stations[mine]).sum())
                found[k] = np.sqrt(max(0.0, float(moved[mine] @ moved[mine]) - noise) / shows)
        return found

    def beside(self, station: int, others: BoolArray) -> float:
        """Return how far (m) a station lies beside the ``others`` (s,), root mean square along the normals."""
        _, moved = self._from(station, others)
        return float(np.sqrt((moved**2).mean())) if len(moved) else 0.0

    def shift(self, station: int, others: BoolArray) -> FloatArray:
        """Return the shift (3,) in metres that a station's planes show beside those of the ``others`` (s,)."""
        normal, moved = self._from(station, others)
        return np.asarray(np.linalg.solve(normal.T @ normal + 1e-3 * np.eye(3), normal.T @ moved), np.float64)

    def _from(self, station: int, others: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Return the normals (m, 3) of the planes that a station shares with ``others``, and how far it lies off."""
        plane, at = self.planes.plane, self.rows @ self.motion
        fellow = np.flatnonzero(others[self.planes.station] & (self.planes.station != station))
        count = np.bincount(plane[fellow], minlength=int(plane[-1]) + 1)
        mean = np.bincount(plane[fellow], at[fellow], len(count)) / np.maximum(count, 1)
        mine = np.flatnonzero((self.planes.station == station) & (count[plane] > 0))
        return self.planes.normal[mine], at[mine] - mean[plane[mine]]
