"""Which stations measured an element, and which saw through its place."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from geometry.arrays import Int32Array, IntArray
from geometry.scan import Scan
from geometry.visibility import RayEvidence
from twin.result import StationSight


def station_sights(scan: Scan, owner: Int32Array, rays: RayEvidence) -> Mapping[int, Sequence[StationSight]]:
    """Return element -> what each station saw of it, in the scan's order; nothing for what none saw.

    Parameters
    ----------
    scan
        With known stations.
    owner
        (n,) element that each point of the scan belongs to, -1 for none.
    rays
        Traced to these points.
    """
    count, station = len(scan.stations), scan.station_index
    mine = owner >= 0
    key = [owner[mine].astype(np.int64) * count + station[mine]]
    key.append(rays.crossing_element * count + station[rays.crossing_ray])
    keys, place = np.unique(np.concatenate(key), return_inverse=True)
    first = len(key[0])
    points, through = (np.bincount(some, minlength=len(keys)) for some in (place[:first], place[first:]))
    return _by_element(keys, points, through, [station_name(scan, k) for k in range(count)])


def _by_element(
    keys: IntArray, points: IntArray, through: IntArray, names: Sequence[str]
) -> Mapping[int, Sequence[StationSight]]:
    found: dict[int, list[StationSight]] = defaultdict(list)
    for key, measured, passed in zip(keys.tolist(), points.tolist(), through.tolist(), strict=True):
        element, station = divmod(int(key), len(names))
        found[element].append(StationSight(names[station], measured, passed))
    return found


def station_name(scan: Scan, station: int) -> str:
    """Return what a station is called: by the file, or its number."""
    return scan.stations[station].name or str(station + 1)
