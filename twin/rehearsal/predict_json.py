"""``predict.json``: what is probably out of tolerance and where to look next, schema ``qtems.predict/1``."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from simulation.prediction.checked import Checked, Kind
from simulation.prediction.elements import Drift, Learnt, Prediction, detection
from simulation.prediction.inspection import Candidate, InspectionChoice
from simulation.prediction.scoring import Score
from simulation.stackup.capability import Estimate
from twin.rehearsal.said import Said

SCHEMA = "qtems.predict/1"
PREDICTED = "predicted"
"""The state of every candidate: only a person or a measurement makes it more."""
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Stake:
    """What hangs on an element."""

    cost: float
    """Of a defect that nobody finds, in any unit, the same for all."""
    minutes: float
    """Of an inspection."""


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """How earlier predictions fared."""

    score: Score | None
    """None: nothing that was predicted was measured."""
    drifts: tuple[Drift, ...]
    doubtful: int
    """Elements measured with a verdict in doubt: left out of the score."""


@dataclass(frozen=True, slots=True, eq=False)
class PredictResult:
    """What checks say of what they did not say."""

    elements: tuple[Checked, ...]
    learnt: Learnt
    predictions: tuple[Prediction, ...]
    rows: tuple[Candidate, ...]
    """An inspection for each prediction, in the same order."""
    choice: InspectionChoice
    budget: float
    candidate_from: float
    instrument_u_mm: float
    loop: Loop | None

    @property
    def own(self) -> tuple[Prediction, ...]:
        """Return the predictions of elements of which something was measured."""
        return tuple(one for one in self.predictions if one.expected and one.by_own)

    @property
    def by_others(self) -> tuple[Prediction, ...]:
        """Return the predictions of elements that are told by others alone."""
        return tuple(one for one in self.predictions if one.expected and not one.by_own)


@dataclass(frozen=True, slots=True)
class PredictProvenance:
    """What a prediction was made of."""

    reports: tuple[tuple[str, str], ...]
    """Name and SHA-256."""
    version: str
    seed: int
    costs: tuple[str, str] | None = None
    """Name and SHA-256."""


def candidate(prediction: Prediction, stakes: Mapping[str, Stake], u_mm: float) -> Candidate:
    """Return the inspection of an element, with what it would find and take."""
    stake = stakes.get(prediction.element.ifc_class, stakes[""])
    found = detection(prediction.expected[0], u_mm) if prediction.expected else 1.0
    return Candidate(
        prediction.element.global_id, min(max(prediction.probability, 0.0), 1.0), stake.cost, stake.minutes,
        detection=min(max(found, 0.0), 1.0),
    )  # fmt: skip


def predict_json(result: PredictResult, provenance: PredictProvenance) -> bytes:
    """Return ``predict.json`` as UTF-8; the same result gives the same bytes."""
    document = predict_document(result) | {
        "provenance": {
            "reports": [{"file": name, "sha256": digest} for name, digest in provenance.reports],
            "costs": None if provenance.costs is None else {"file": provenance.costs[0], "sha256": provenance.costs[1]},
            "version": provenance.version, "seed": provenance.seed,
        }
    }  # fmt: skip
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


def risk_overlay(result: PredictResult, lang: str) -> bytes:
    """Return how probably elements are out of tolerance as colours for the viewer, schema ``qtems.overlay/1``.

    Elements that were measured, or of which nothing can be said, have no value.
    """
    say = Said(lang)
    document: Json = {
        "schema": "qtems.overlay/1",
        "title": say("predict.title"),
        "values": {
            "name": say("predict.probability"), "unit": "%", "low": 0, "high": 100,
            "elements": {
                one.element.global_id: round(100.0 * one.probability, 2) for one in result.predictions if one.expected
            },
        },
    }  # fmt: skip
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


def predict_document(result: PredictResult) -> Json:
    """Return the result as plain JSON values; lengths are millimetres."""
    chosen = set(result.choice.chosen)
    return {
        "schema": SCHEMA,
        "summary": {
            "elements": len(result.elements),
            "missing": sum(element.missing for element in result.elements),
            "known_to_fail": sum(element.failed and not element.missing for element in result.elements),
            "predicted": len(result.predictions),
            "of_which_nothing_is_known": sum(not one.expected for one in result.predictions),
            "expected_out_of_tolerance": sum(one.probability for one in result.predictions),
            "by_own_measurement": _part(result.own),
            "by_others_alone": _part(result.by_others),
        },
        "families": [_family(result, kind) for kind in result.learnt.families],
        "inspection": {
            "budget_minutes": result.budget,
            "instrument_standard_uncertainty_mm": result.instrument_u_mm,
            "minutes": result.choice.minutes,
            "saving": result.choice.saving,
            "saving_at_most": result.choice.bound,
            "items": [_item(result, rank, index, index in chosen) for rank, index in enumerate(result.choice.order, 1)],
        },
        "candidates": [
            _candidate(one) for one in result.predictions if one.expected and one.probability >= result.candidate_from
        ],
        "scored": None if result.loop is None else _loop(result.loop),
    }


def _part(predictions: Sequence[Prediction]) -> Json:
    return {
        "elements": len(predictions), "expected_out_of_tolerance": sum(one.probability for one in predictions),
    }  # fmt: skip


def _family(result: PredictResult, kind: Kind) -> Json:
    family = result.learnt.families[kind]
    return {
        **_kind(kind),
        "mean_mm": family.mean, "between_features_mm": family.between, "process_sd_mm": family.within,
        "features": [
            {
                "feature": name, "measured": prior.count, "mean_mm": prior.mean, "mean_sd_mm": prior.mean_sd,
                "process_sd_mm": prior.sd, "own_weight": prior.weight,
                "out_of_tolerance": _estimate(prior.defective), "counted": _estimate(prior.counted),
                "told_by": "normal" if prior.normal else "counting",
            }
            for (one, name), prior in result.learnt.features.items() if one == kind
        ],
    }  # fmt: skip


def _item(result: PredictResult, rank: int, index: int, chosen: bool) -> Json:
    prediction, row = result.predictions[index], result.rows[index]
    element = prediction.element
    return {
        "rank": rank, "chosen": chosen, "global_id": element.global_id, "name": element.name,
        "ifc_class": element.ifc_class, "storey": element.storey,
        "characteristics": list(dict.fromkeys(one.family[0] for one in prediction.expected)),
        "measured": bool(element.readings),
        "probability": row.probability, **_between(prediction), "cost": row.cost, "minutes": row.minutes,
        "detection": row.detection, "risk": row.risk, "saving": row.saving, "reason": str(prediction.reason),
    }  # fmt: skip


def _candidate(prediction: Prediction) -> Json:
    element, worst = prediction.element, prediction.expected[0]
    told = "\n".join((element.global_id, worst.family[0], str(worst.family[1]), str(worst.family[2])))
    return {
        "id": hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:16], "state": PREDICTED,
        "global_id": element.global_id, "name": element.name, "ifc_class": element.ifc_class, "storey": element.storey,
        **_kind(worst.family), "probability": prediction.probability, **_between(prediction),
        "reason": str(prediction.reason),
    }  # fmt: skip


def _between(prediction: Prediction) -> Json:
    low, high = prediction.interval
    return {"low": low, "high": high}


def _loop(loop: Loop) -> Json:
    found = loop.score
    return {
        "in_doubt": loop.doubtful,
        "drift": [
            {**_kind(one.family), "count": one.count, "mean_z": one.mean_z, "alarm": one.alarm} for one in loop.drifts
        ],
        "score": None if found is None else {
            "count": found.count, "brier": found.brier, "reliability": found.reliability,
            "resolution": found.resolution, "uncertainty": found.uncertainty, "within_bins": found.within,
            "log": found.log, "skill": found.skill, "calibration_z": found.calibration_z,
            "bins": [
                {"predicted": one.predicted, "count": one.count, "happened": _estimate(one.happened)}
                for one in found.bins
            ],
        },
    }  # fmt: skip


def _kind(kind: Kind) -> Json:
    limits = [value if isfinite(value) else None for value in kind[1:]]
    return {"characteristic": kind[0], "lower_mm": limits[0], "upper_mm": limits[1]}


def _estimate(estimate: Estimate) -> Json:
    return {"value": estimate.value, "low": estimate.interval.low, "high": estimate.interval.high}
