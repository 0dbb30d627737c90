"""``fitup.json``: the machine's copy of a fit-up, schema ``qtems.fitup/1`` (docs/fitup.md).

Lengths are in the file's own unit, turns in degrees; JSON has no NaN, so what there is not is ``null``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import degrees, isfinite

import numpy as np

from geometry.arrays import FloatArray
from geometry.note import Note
from simulation.fitup.document import FitupDocument
from simulation.fitup.joint import Freedom
from simulation.fitup.pairing import Pairing
from simulation.fitup.rework import Rework
from simulation.fitup.scanned import Feature, ScannedPart
from simulation.fitup.study import FitResult
from simulation.stackup.capability import Estimate

SCHEMA = "qtems.fitup/1"
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class FitupProvenance:
    """What a result was made of."""

    file: str
    sha256: str
    version: str
    seed: int
    samples: int


@dataclass(frozen=True, slots=True, eq=False)
class ScannedFile:
    """A part as the scan in a file shows it."""

    scanned: ScannedPart
    file: str
    sha256: str
    points: int


def fitup_json(
    document: FitupDocument, results: Sequence[FitResult], pairing: Pairing | None, provenance: FitupProvenance,
    scanned: Sequence[ScannedFile] = (),
) -> bytes:  # fmt: skip
    """Return ``fitup.json`` as UTF-8; the same result gives the same bytes."""
    content = fitup_document(document, results, pairing, provenance, scanned)
    return (json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


def fitup_document(
    document: FitupDocument, results: Sequence[FitResult], pairing: Pairing | None, provenance: FitupProvenance,
    scanned: Sequence[ScannedFile] = (),
) -> Json:  # fmt: skip
    """Return the result as plain JSON values."""
    return {
        "schema": SCHEMA,
        "name": document.name,
        "unit": document.unit,
        "confidence": document.confidence,
        "joints": [_joint(result, document.metres) for result in results],
        "pairing": None if pairing is None else _pairing(pairing, document.metres),
        **({"scans": [_scan(one, document.metres) for one in scanned]} if scanned else {}),
        "assumptions": [str(note) for note in assumptions(results, scanned)],
        "provenance": {
            "file": provenance.file, "sha256": provenance.sha256, "version": provenance.version,
            "seed": provenance.seed, "samples": provenance.samples,
        },
    }  # fmt: skip


def assumptions(results: Sequence[FitResult], scanned: Sequence[ScannedFile] = ()) -> list[Note]:
    """Return what the figures rest on, as notes."""
    found = [
        Note("fitup_rigid", "Parts are rigid: nothing is drawn together by force."),
        Note("fitup_round", "Holes are round; a bolt passes while the circles of both leave it its diameter."),
    ]
    if any(result.samples for result in results):
        text = "Places and diameters are normal, and independent from feature to feature but for what is said below."
        found.append(Note("fitup_independent", text))
    if any(result.joint.freedom is not Freedom.NONE for result in results):
        text = "The moving part is set where the least slack is largest before the bolts go in."
        found.append(Note("fitup_set", text))
    if scanned:
        text = "A scan lies in the frame of its part to within the search; distances in it are true."
        found.append(Note("fitup_scanned", text))
        text = (
            "An instrument may see rims anywhere within the radius of its beam of where they are, all of them alike; "
            "only holes with a diameter_sd tell by how much."
        )
        found.append(Note("fitup_beam", text))
    return found


def _scan(one: ScannedFile, metres: float) -> Json:
    """Return what a scan shows of a part; of what it does not show, why."""
    return {
        "part": one.scanned.part.name, "file": one.file, "sha256": one.sha256, "points": one.points,
        "features": [_feature(feature, metres) for feature in one.scanned.features],
    }  # fmt: skip


def _feature(feature: Feature, metres: float) -> Json:
    told: Json = {"name": feature.name, "kind": feature.kind, "measured": not feature.because}
    if feature.because:
        return told | {"because": str(feature.because), "as_drawn_with_tolerance": feature.known}
    told |= {"moved": [_n(float(v) / metres) for v in feature.moved], "sd": _n(feature.sd / metres)}
    fit = feature.hole
    if fit is not None:
        told |= {
            "at": [_n(float(v) / metres) for v in fit.centre], "axis": [_n(float(v)) for v in fit.axis],
            "axis_sd_deg": _n(degrees(fit.axis_sd)), "diameter": _n(feature.diameter / metres),
            "diameter_sd": _n(feature.diameter_sd / metres), "diameter_as_seen": _n(fit.diameter / metres),
            "covariance": _six(fit.covariance / metres**2), "covariance_type_a": _six(fit.scatter / metres**2),
            "diameter_sd_type_a": _n(fit.diameter_scatter / metres),
            "rim_seen_deg": round(degrees(fit.arc)), "rim_not_seen_deg": [list(gap) for gap in fit.unseen],
            "returns": fit.rim,
        }  # fmt: skip
    return told


def _six(covariance: FloatArray) -> list[float | None]:
    return [_n(float(covariance[i, j])) for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))]


def _joint(result: FitResult, metres: float) -> Json:
    turn = [degrees(value) for value in _rotation_vector(result)]
    return {
        "name": result.joint.name,
        "fixed": result.joint.fixed.name,
        "moving": result.joint.moving.name,
        "freedom": result.joint.freedom.value,
        "decision": result.decision.value,
        "slack": _n(result.slack / metres),
        "slack_least_squares": _n(result.slack_least_squares / metres),
        "slack_as_placed": _n(result.slack_as_placed / metres),
        "p_fit": _estimate(result.p_fit),
        "p_fit_least_squares": _estimate(result.p_fit_least_squares),
        "p_fit_as_placed": _estimate(result.p_fit_as_placed),
        "samples": result.samples,
        "move": {
            "shift": [_n(float(value) / metres) for value in result.pose.translation],
            "turn_deg": [_n(value) for value in turn],
        },
        "bolts": [
            {
                "hole": bolt.hole, "offset": _n(bolt.offset / metres), "allowed": _n(bolt.allowed / metres),
                "slack": _n(bolt.slack / metres),
            }
            for bolt in result.bolts
        ],
        "gaps": [
            {
                "name": gap.name, "value": _n(gap.value / metres), "sd": _n(gap.sd / metres),
                "slack": _n(gap.slack / metres), "limits": [_n(limit / metres) for limit in gap.limits],
            }
            for gap in result.gaps
        ],
        "rework": None if result.rework is None else _rework(result.rework, result.p_fit_reworked, metres),
        "rework_beyond": None if result.beyond is None else _rework(result.beyond, None, metres),
        "unknown": _features(result.unknown),
    }  # fmt: skip


def _features(features: Sequence[tuple[str, str]]) -> list[Json]:
    return [{"part": part, "feature": feature} for part, feature in features]


def _rework(rework: Rework, after: Estimate | None, metres: float) -> Json:
    return {
        "works": rework.works,
        "allowed": rework.allowed,
        "fewest": rework.fewest,
        "ream": [{"hole": ream.hole, "diameter": _n(ream.diameter / metres)} for ream in rework.reams],
        "shim": [{"gap": shim.gap, "thickness": _n(shim.thickness / metres)} for shim in rework.shims],
        "p_fit": None if after is None else _estimate(after),
    }


def _pairing(pairing: Pairing, metres: float) -> Json:
    return {
        "places": list(pairing.places),
        "parts": list(pairing.parts),
        "slack": [[_n(float(value) / metres) for value in row] for row in pairing.slack],
        "chosen": [
            {
                "place": pairing.places[i], "part": pairing.parts[j], "slack": _n(float(pairing.slack[i, j]) / metres),
            }
            for i, j in pairing.chosen
        ],
        "least_slack": _n(pairing.least / metres),
        "unknown": _features(pairing.unknown),
    }  # fmt: skip


def _rotation_vector(result: FitResult) -> list[float]:
    from scipy.spatial.transform import Rotation

    return [float(value) for value in Rotation.from_matrix(np.array(result.pose.rotation)).as_rotvec()]


def _estimate(estimate: Estimate) -> Json:
    return {"value": _n(estimate.value), "low": _n(estimate.interval.low), "high": _n(estimate.interval.high)}


def _n(value: float) -> float | None:
    return round(float(f"{value:.7g}"), 9) + 0.0 if isfinite(value) else None
