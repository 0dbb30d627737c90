"""How many stations a scan was taken from, and of how many it says where they stood."""

import numpy as np

from geometry.scan import Scan
from geometry.station_agreement import FEWEST_PLANES, StationAgreement
from twin.report.words import Words


def stations_of(scan: Scan, words: Words) -> str:
    """Return it as a text: a file without positions counts as one station inside, and tells of none."""
    used = [scan.stations[int(index)] for index in np.flatnonzero(np.bincount(scan.station_index))]
    known = sum(station.position is not None for station in used)
    if known == 0:
        return words("stations.none")
    if known < len(used):
        return words("stations.some", n=len(used), known=known)
    return words("stations.one" if known == 1 else "stations.all", n=known)


def agreement_of(agreement: StationAgreement | None, words: Words) -> str:
    """Return how far stations lie off each other as a text."""
    if agreement is None or not agreement.known:
        return words("stations.unknown")
    known = int((agreement.planes >= FEWEST_PLANES).sum())
    return words("stations.agree", mm=f"{1e3 * agreement.scatter:.1f}", known=known, n=len(agreement.planes))
