"""What the points of each element share of uncertainty: the registration, its stations, the instrument."""

from dataclasses import replace

import numpy as np

from geometry.arrays import FloatArray, Int32Array, IntArray
from geometry.registration.result import Registration
from geometry.scan import Scan
from geometry.station_agreement import StationAgreement
from geometry.uncertainty import Budget

INSTRUMENT = 0.0005
"""Standard uncertainty (m) that averaging does not reduce: range bias, surface roughness, mesh chord error."""


def budgets_of(
    registration: Registration, scan: Scan, agreement: StationAgreement, owner: Int32Array, elements: int
) -> tuple[Budget, ...]:
    """Return the budget of each of so many elements.

    Parameters
    ----------
    registration
        With a pose; one without covariance is taken at its word, with a note.
    scan, owner
        (n,) element of each point of the scan, -1 for none.
    agreement
        Of the scan's stations.
    """
    shared = _shared(registration)
    uncertainty = agreement.uncertainty
    if not uncertainty.any():
        return (shared,) * elements
    mine, stations = owner >= 0, len(scan.stations)
    key = owner[mine].astype(np.int64) * stations + scan.station_index[mine]
    points = np.bincount(key, minlength=elements * stations).reshape(elements, stations)
    place, between = _of_stations(points, uncertainty)
    return tuple(replace(shared, stations=float(p), between=float(b)) for p, b in zip(place, between, strict=True))


def _shared(registration: Registration) -> Budget:
    covariance = registration.covariance if registration.covariance is not None else np.zeros((6, 6))
    pivot = registration.pivot if registration.pivot is not None else np.zeros(3)
    up = registration.T_design_scan.rotation[:, 2] if registration.T_design_scan is not None else np.array([0, 0, 1.0])
    return Budget(covariance, pivot, INSTRUMENT, off_plumb=float(np.arctan2(np.hypot(up[0], up[1]), up[2])))


def _of_stations(points: IntArray, uncertainty: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what stations add to the place of each element's faces, and to that of one face beside another.

    ``points`` (e, s) are counted. A face may be one station's alone: so it is the mean square of those that measured
    the element, each by its share, and not the smaller one of their mean. Two faces are one station's by the sum of
    the squared shares, and then lie off alike.
    """
    share = points / np.maximum(points.sum(axis=1, keepdims=True), 1)
    place = np.sqrt(share @ uncertainty**2)
    by_two = np.minimum(1.0, 2.0 * (1.0 - (share**2).sum(axis=1)))
    return place, place * np.sqrt(np.maximum(by_two, 0.0))
