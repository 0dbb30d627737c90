"""Small planes that several stations of a scan measured, each with where every one of them puts it."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray, lowest
from geometry.scan import Scan

_CELL = 0.5
"""Edge (m) of the cubes that are looked at: wide enough for two stations' points, small beside what is built."""
_ANCHOR = 0.38
"""Share of a cube below the lowest point, so that flat faces do not lie on the cubes' borders."""
_FEWEST, _FEWEST_OF_ONE = 5, 12
"""Points of a station in a cube; of the one with the most points, whose plane it is."""
_MOST_POINTS = 1_500_000
_THICK = 0.006
"""Largest standard deviation (m) of a station's points across the plane."""
_WIDE = 0.05
"""Least standard deviation (m) along it, in its narrower direction, of the points that tell how it lies."""
_FACING = 0.1
"""Cosine between its normal and the direction to a station from which that has seen the same side of it."""
_FARTHEST = 0.05
"""Metres. What lies farther apart is two surfaces."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedPlanes:
    """One row per plane and station that measured it; a plane's rows follow each other."""

    plane: IntArray
    """(n,) number of the plane, from 0, ascending."""
    station: IntArray
    """(n,) index into ``Scan.stations``."""
    normal: FloatArray
    """(n, 3) unit normal of the plane, towards the stations; the same for all its rows."""
    arm: FloatArray
    """(n, 3) metres, from the station to where it measured the plane."""
    offset: FloatArray
    """(n,) metres along the normal: where the station puts it, beside where the one with the most points does."""
    leverage: FloatArray
    """(n,) variance of ``offset`` per variance of a point: of the mean, and of the normal aside of the middle."""


@dataclass(frozen=True, slots=True, eq=False)
class _Patches:
    """The points of one station in one cube: (p, ...) each, cubes ascending."""

    cube: IntArray
    station: IntArray
    count: IntArray
    mean: FloatArray
    moment: FloatArray
    """(p, 3, 3) sum of squares about the mean, metres²."""
    towards: FloatArray
    """(p, 3) metres, to the station."""

    def at(self, index: IntArray | BoolArray) -> "_Patches":
        """Return those at ``index``, or where it is True."""
        return _Patches(*(getattr(self, name)[index] for name in self.__slots__))


def shared_planes(scan: Scan) -> SharedPlanes:
    """Return the small planes that two stations and more measured from the same side.

    A plane is that of the station with the most points in its cube; its normal is that of all points about each
    station's own middle, so that stations that lie beside each other do not tilt it. Stations must have positions.
    """
    patches = _patches(scan)
    rank = np.lexsort((-patches.count, patches.cube))
    first = rank[np.flatnonzero(np.diff(patches.cube[rank], prepend=-1))]
    value, vector = np.linalg.eigh(patches.moment[first] / patches.count[first, None, None])
    flat = (value[:, 0] < _THICK**2) & (value[:, 1] > _WIDE**2) & (patches.count[first] >= _FEWEST_OF_ONE)
    which = np.searchsorted(patches.cube[first], patches.cube)
    normal = _turned(vector[:, :, 0], patches.towards[first])[which]
    on_it = flat[which] & _lies_on(patches, normal, patches.mean[first][which])
    on_it = _by_several(patches.cube, on_it)
    return _joined(patches.at(on_it))


def _patches(scan: Scan) -> _Patches:
    """Return what each station measured in each cube that several measured."""
    step, stations = max(1, -(-len(scan.points) // _MOST_POINTS)), len(scan.stations)
    points, station = scan.points[::step], scan.station_index[::step].astype(np.int64)
    cell = np.floor((points - lowest(points)) / _CELL + _ANCHOR).astype(np.int64)
    size = cell.max(axis=0) + 1
    cube = (cell[:, 0] * size[1] + cell[:, 1]) * size[2] + cell[:, 2]
    key, label, count = np.unique(cube * stations + station, return_inverse=True, return_counts=True)
    kept = _by_several(key // stations, count >= _FEWEST)
    mine = kept[label]
    points, label = points[mine], (np.cumsum(kept) - 1)[label[mine]]
    key, count = key[kept], count[kept]
    mean = np.stack([np.bincount(label, points[:, a], len(key)) / count for a in range(3)], axis=1)
    centred = points - mean[label]
    moment = np.empty((len(key), 3, 3))
    for a in range(3):
        for b in range(a, 3):
            moment[:, a, b] = moment[:, b, a] = np.bincount(label, centred[:, a] * centred[:, b], len(key))
    stood = np.array([np.full(3, np.nan) if s.position is None else s.position for s in scan.stations])
    return _Patches(key // stations, key % stations, count, mean, moment, stood[key % stations] - mean)


def _by_several(cube: IntArray, good: BoolArray) -> BoolArray:
    """Return which of the rows that are ``good`` share their cube with another such; ``cube`` ascends."""
    number = np.cumsum(np.diff(cube, prepend=-1) != 0) - 1
    return good & (np.bincount(number, good)[number] > 1) if len(cube) else good


def _turned(normal: FloatArray, towards: FloatArray) -> FloatArray:
    """Return the normals turned towards the station."""
    return np.where((np.einsum("ij,ij->i", normal, towards) < 0)[:, None], -normal, normal)


def _lies_on(patches: _Patches, normal: FloatArray, middle: FloatArray) -> BoolArray:
    """Return which patches are thin across the plane, near it, and seen from its side."""
    across = np.einsum("ij,ijk,ik->i", normal, patches.moment, normal) / patches.count
    beside = np.einsum("ij,ij->i", patches.mean - middle, normal)
    facing = np.einsum("ij,ij->i", patches.towards, normal) > _FACING * np.linalg.norm(patches.towards, axis=1)
    return (across < _THICK**2) & (np.abs(beside) < _FARTHEST) & facing


def _joined(patches: _Patches) -> SharedPlanes:
    """Return patches of which all in a cube lie on one plane as the rows of that plane."""
    begin = np.flatnonzero(np.diff(patches.cube, prepend=-1))
    plane = np.repeat(np.arange(len(begin)), np.diff(np.append(begin, len(patches.cube))))
    if not len(begin):
        return SharedPlanes(plane, patches.station, patches.mean, patches.towards, np.zeros(0), np.zeros(0))
    value, vector = np.linalg.eigh(np.add.reduceat(patches.moment, begin, axis=0))
    most = np.lexsort((-patches.count, plane))[begin]
    normal = _turned(vector[:, :, 0], patches.towards[most])[plane]
    away = patches.mean - patches.mean[most][plane]
    offset = np.einsum("ij,ij->i", away, normal)
    lateral = np.maximum((away**2).sum(axis=1) - offset**2, 0.0)
    leverage = 1.0 / patches.count + lateral / np.maximum(value[plane, 1], 1e-9)
    return SharedPlanes(plane, patches.station, normal, -patches.towards, offset, leverage)
