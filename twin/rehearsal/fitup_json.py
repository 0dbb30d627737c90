"""``fitup.json``: the machine's copy of a fit-up, schema ``qtems.fitup/1`` (docs/fitup.md).

Lengths are in the file's own unit, turns in degrees; JSON has no NaN, so what there is not is ``null``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import degrees, isfinite

import numpy as np

from geometry.note import Note
from simulation.fitup.document import FitupDocument
from simulation.fitup.joint import Freedom
from simulation.fitup.pairing import Pairing
from simulation.fitup.rework import Rework
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


def fitup_json(
    document: FitupDocument, results: Sequence[FitResult], pairing: Pairing | None, provenance: FitupProvenance
) -> bytes:
    """Return ``fitup.json`` as UTF-8; the same result gives the same bytes."""
    content = fitup_document(document, results, pairing, provenance)
    return (json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


def fitup_document(
    document: FitupDocument, results: Sequence[FitResult], pairing: Pairing | None, provenance: FitupProvenance
) -> Json:
    """Return the result as plain JSON values."""
    return {
        "schema": SCHEMA,
        "name": document.name,
        "unit": document.unit,
        "confidence": document.confidence,
        "joints": [_joint(result, document.metres) for result in results],
        "pairing": None if pairing is None else _pairing(pairing, document.metres),
        "assumptions": [str(note) for note in assumptions(results)],
        "provenance": {
            "file": provenance.file, "sha256": provenance.sha256, "version": provenance.version,
            "seed": provenance.seed, "samples": provenance.samples,
        },
    }  # fmt: skip


def assumptions(results: Sequence[FitResult]) -> list[Note]:
    """Return what the figures rest on, as notes."""
    found = [
        Note("fitup_rigid", "Parts are rigid: nothing is drawn together by force."),
        Note("fitup_round", "Holes are round; a bolt passes while the circles of both leave it its diameter."),
    ]
    if any(result.samples for result in results):
        text = "Places and diameters are normal and independent from feature to feature."
        found.append(Note("fitup_independent", text))
    if any(result.joint.freedom is not Freedom.NONE for result in results):
        text = "The moving part is set where the least slack is largest before the bolts go in."
        found.append(Note("fitup_set", text))
    return found


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
    }  # fmt: skip


def _rework(rework: Rework, after: Estimate | None, metres: float) -> Json:
    return {
        "works": rework.works,
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
    }  # fmt: skip


def _rotation_vector(result: FitResult) -> list[float]:
    from scipy.spatial.transform import Rotation

    return [float(value) for value in Rotation.from_matrix(np.array(result.pose.rotation)).as_rotvec()]


def _estimate(estimate: Estimate) -> Json:
    return {"value": _n(estimate.value), "low": _n(estimate.interval.low), "high": _n(estimate.interval.high)}


def _n(value: float) -> float | None:
    return round(float(f"{value:.7g}"), 9) + 0.0 if isfinite(value) else None
