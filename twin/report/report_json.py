"""``report.json``: the machine's copy of a check, schema ``qtems.check/1`` (``docs/report.schema.json``).

Units are in the names; JSON has no NaN, so a value that was not measured is ``null``. ``elements`` keep the order of
the result: the element index in the deviation cloud is the position in this list.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from geometry.arrays import FloatArray
from geometry.f_number import F_SCALES, FScale
from geometry.pose import Pose
from geometry.registration.result import PickedPair, Registration, Rival
from geometry.station_agreement import FEWEST_PLANES
from geometry.verdict import Measurement, Outcome, State
from twin.report.provenance import Provenance
from twin.report.rounding import degrees, finite, matrix, metres, millimetres, significant
from twin.result import AsBuiltPose, CheckResult, DeviationSummary, ElementResult, Unmodelled, Visibility
from twin.station_sights import station_name

SCHEMA = "qtems.check/1"
COVERAGE_FACTOR = 2.0
"""k of the expanded uncertainties that are derived here from covariances."""

Json = dict[str, object]


def report_json(result: CheckResult, provenance: Provenance) -> bytes:
    """Return ``report.json`` as UTF-8 bytes; the same result and provenance give the same bytes."""
    text = json.dumps(report_document(result, provenance), ensure_ascii=False, allow_nan=False, indent=1)
    # a name read in a wrong encoding may hold half a surrogate pair, which UTF-8 cannot carry
    return (text + "\n").encode("utf-8", "replace")


def report_document(result: CheckResult, provenance: Provenance) -> Json:
    """Return the report as plain JSON values, in the order in which it is written."""
    return {
        "schema": SCHEMA,
        "tolerance": result.tolerance_name,
        "summary": summary_json(result),
        "registration": _registration(result),
        "elements": [element_json(element) for element in result.elements],
        "unmodelled": [_unmodelled(cluster) for cluster in result.unmodelled],
        "notes": list(result.notes),
        "design": _design(result),
        "scan": _scan(result),
        "provenance": _provenance(provenance),
    }


def raw_pose(T_design_scan: Pose, design_origin: FloatArray, scan_origin: FloatArray) -> FloatArray:
    """Return the (4, 4) matrix from raw scan coordinates to raw design coordinates, metres.

    Parameters
    ----------
    T_design_scan
        Maps points less ``scan_origin`` to points less ``design_origin``.
    design_origin, scan_origin
        (3,) metres.

    Examples
    --------
    >>> raw_pose(Pose.identity(), np.array([1.0, 2.0, 3.0]), np.zeros(3))[:3, 3].tolist()
    [1.0, 2.0, 3.0]
    """
    raw = np.array(T_design_scan.matrix)
    raw[:3, 3] = design_origin + (T_design_scan.translation - T_design_scan.rotation @ scan_origin)
    return raw


def summary_json(result: CheckResult) -> Json:
    """Return the counts as ``summary`` of ``report.json`` has them."""
    verdicts = Counter(element.verdict for element in result.elements)
    states = Counter(element.state for element in result.elements)
    return {
        "elements": len(result.elements),
        "verdicts": {outcome.value: verdicts[outcome] for outcome in Outcome},
        "states": {state.value: states[state] for state in State},
        "without_shape": sum(element.global_id in result.design.without_geometry for element in result.elements),
        "unmodelled": len(result.unmodelled),
    }


def _registration(result: CheckResult) -> Json:
    found: Registration = result.registration
    return {
        "status": found.status.value,
        "T_design_scan": None if found.T_design_scan is None else _raw(found.T_design_scan, result),
        "method": found.method,
        "rmse_m": finite(found.rmse, 7),
        "rivals": [_rival(rival, result) for rival in found.rivals],
        "covariance": None if found.covariance is None else matrix(found.covariance, 6),
        "covariance_pivot_m": None if found.pivot is None else metres(found.pivot + result.design.origin),
        "reason": found.reason,
        "detail": found.detail,
        "holdout_rmse_m": finite(found.holdout_rmse, 7),
        "inlier_fraction": finite(found.inlier_fraction, 6),
        "overlap": finite(found.overlap, 6),
        "unobservable": list(found.unobservable),
        "iterations": found.iterations,
        "converged": found.converged,
        "supporters": found.supporters,
        "judged": found.judged,
        "control_residuals_mm": [millimetres(residual) for residual in found.control_residuals_m],
        "score": finite(found.score, 6),
        "pairs": [_pair(pair) for pair in found.pairs],
    }


def _pair(pair: PickedPair) -> Json:
    return {
        "name": pair.name,
        "scan": list(pair.scan),
        "design": list(pair.design),
        "sigma_mm": millimetres(pair.sigma_m),
        "residual_mm": millimetres(pair.residual_m),
        "left_out_mm": millimetres(pair.left_out_m),
        "outlier": pair.outlier,
    }


def _raw(T_design_scan: Pose, result: CheckResult) -> list[list[float]]:
    return raw_pose(T_design_scan, result.design.origin, result.scan.origin).tolist()


def _rival(rival: Rival, result: CheckResult) -> Json:
    return {
        "T_design_scan": _raw(rival.T_design_scan, result),
        "score": finite(rival.score, 6),
        "distance_m": finite(rival.distance_m, 6),
        "angle_deg": degrees(rival.angle_rad),
    }


def element_json(element: ElementResult) -> Json:
    """Return an element as ``elements[]`` of ``report.json`` has it."""
    return {
        "global_id": element.global_id,
        "ifc_class": element.ifc_class,
        "predefined_type": element.predefined_type,
        "name": element.name,
        "storey": element.storey,
        "state": element.state.value,
        "verdict": element.verdict.value,
        "points": element.points,
        "visible_fraction": finite(element.visible_fraction, 6),
        "coverage": finite(element.coverage, 6),
        "pose": None if element.pose is None else _pose(element.pose),
        "deviation_mm": None if element.deviation is None else _deviation(element.deviation),
        "measurements": [_measurement(measurement) for measurement in element.measurements],
        "visibility": None if element.visibility is None else _visibility(element.visibility),
        "reasons": list(element.reasons),
    }


def _pose(pose: AsBuiltPose) -> Json:
    """Unobservable components are null, never zero."""
    seen = pose.observable
    spread = COVERAGE_FACTOR * np.sqrt(np.maximum(np.diag(pose.covariance), 0.0))
    moved = [float(value) for value in pose.translation]
    turned = [float(value) for value in pose.rotation_vector]
    return {
        "translation_mm": [millimetres(moved[i]) if seen[i] else None for i in range(3)],
        "rotation_deg": [degrees(turned[i]) if seen[3 + i] else None for i in range(3)],
        "observable": list(seen),
        "uncertainty_mm": [millimetres(float(spread[i])) if seen[i] else None for i in range(3)],
        "rotation_uncertainty_deg": [degrees(float(spread[3 + i])) if seen[3 + i] else None for i in range(3)],
        "coverage_factor": COVERAGE_FACTOR,
        "covariance": matrix(pose.covariance, 6),
    }


def _deviation(deviation: DeviationSummary) -> Json:
    return {
        "mean": millimetres(deviation.mean),
        "std": millimetres(deviation.std),
        "p95_abs": millimetres(deviation.p95_abs),
        "min": millimetres(deviation.min),
        "max": millimetres(deviation.max),
        "n": deviation.n,
    }


def _measurement(measurement: Measurement) -> Json:
    told: Json = {
        "characteristic": measurement.characteristic,
        "actual_mm": millimetres(measurement.actual),
        "lower_mm": millimetres(measurement.lower),
        "upper_mm": millimetres(measurement.upper),
        "expanded_uncertainty_mm": millimetres(measurement.expanded_uncertainty),
        "verdict": measurement.outcome.value,
        "source": measurement.source,
        "coverage_factor": finite(measurement.coverage_factor, 3),
        "nominal_mm": millimetres(measurement.nominal),
        "points": measurement.n,
        "method": measurement.method,
        "note": measurement.note,
        "part": measurement.part,
        "part_id": measurement.part_id,
        "direction": measurement.direction,
    }
    scale = F_SCALES.get(measurement.characteristic)
    if scale is not None:
        told["f_number"] = _f_number(measurement, scale)
    return told


def _f_number(measurement: Measurement, scale: FScale) -> Json:
    """Return a measurement as people read it: the lengths in millimetres beside are the spread that it is made of."""
    low, high = scale.interval(measurement.actual, measurement.expanded_uncertainty)
    known = math.isfinite(measurement.actual)
    return {
        "symbol": scale.symbol,
        "value": finite(scale.number(measurement.actual), 2) if known else None,
        "low": finite(low, 2) if known else None,
        "high": finite(high, 2) if known else None,
        "required": finite(scale.number(measurement.upper), 2),
    }


def _visibility(seen: Visibility) -> Json:
    return {
        "samples": seen.samples,
        "in_reach": seen.in_reach,
        "expected": seen.expected,
        "confirmed": seen.confirmed,
        "rays_expected": seen.rays_expected,
        "passed_through": seen.passed_through,
        "blocked": seen.blocked,
        "stations": [
            {"name": one.name, "points": one.points, "passed_through": one.passed_through} for one in seen.stations
        ],
    }


def _unmodelled(cluster: Unmodelled) -> Json:
    return {"centroid_m": metres(cluster.centroid), "size_m": metres(cluster.size), "points": cluster.points}


def _design(result: CheckResult) -> Json:
    design = result.design
    return {
        "format": design.source.format,
        "elements": len(design.elements),
        "without_shape": len(design.without_geometry),
        "origin_m": metres(design.origin),
        "length_unit_m": finite(design.length_unit_m, 9),
        "storeys": {name: finite(elevation, 6) for name, elevation in sorted(design.storeys.items())},
        "notes": list(design.notes),
    }


def _scan(result: CheckResult) -> Json:
    scan = result.scan
    return {
        "points": len(scan.points),
        "declared_points": scan.declared_points,
        "invalid_points": scan.invalid_points,
        "stride": scan.stride,
        "origin_m": metres(scan.origin),
        "stations": [station.name for station in scan.stations],
        "station_agreement": _agreement(result),
        "has_poses": scan.has_poses,
        "notes": list(scan.notes),
    }


def _agreement(result: CheckResult) -> Json | None:
    """Return how well the stations agree; None where no two of them could be compared."""
    agreement = result.agreement
    if agreement is None or not agreement.known:
        return None
    return {
        "standard_mm": millimetres(agreement.scatter),
        "stations": [
            {
                "name": station_name(result.scan, k),
                "shared_surfaces": int(agreement.planes[k]),
                "off_mm": millimetres(agreement.off[k]) if agreement.planes[k] >= FEWEST_PLANES else None,
                "shift_mm": [millimetres(value) for value in agreement.shift[k]],
                "left_out": bool(agreement.aside[k]),
            }
            for k in range(len(result.scan.stations))
        ],
    }


def _provenance(provenance: Provenance) -> Json:
    return {
        "model_sha256": provenance.model.sha256,
        "scans": [{"path": scan.path, "sha256": scan.sha256} for scan in provenance.scans],
        "version": provenance.version,
        "seed": provenance.seed,
        "parameters": plain(provenance.parameters),
        "model_path": provenance.model.path,
        "created": None if provenance.created is None else provenance.timestamp.isoformat(),
    }


def plain(value: object) -> object:
    """Return a parameter as a JSON value: keys sorted, numpy scalars unwrapped, unknown types as text, no NaN."""
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {str(key): plain(item) for key, item in sorted(items, key=lambda pair: str(pair[0]))}
    if isinstance(value, list | tuple):
        return [plain(item) for item in cast("Sequence[object]", value)]
    if isinstance(value, np.ndarray | np.generic):
        return plain(cast("object", value.tolist()))
    if isinstance(value, float):
        return significant(value, 12)
    return value if value is None or isinstance(value, bool | int | str) else str(value)
