"""``quality.json``: what process data say of defects to come, schema ``qtems.quality/1`` (docs/quality.md)."""

import csv
import io
import json
from dataclasses import dataclass
from math import isnan

import numpy as np

from simulation.prediction.drift import Chart
from simulation.prediction.quality_document import QualityPlan
from simulation.prediction.quality_study import QualityStudy, Scored
from simulation.prediction.quality_trial import BATCH, FEWEST_BLOCKS, Trial
from simulation.prediction.quality_watch import Watch
from simulation.prediction.scoring import CalibrationBin, Score
from simulation.stackup.capability import Estimate

SCHEMA = "qtems.quality/1"
MOST_NAMED = 20
Json = dict[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class NewUnits:
    """Units that came later, in the order of time, and what is said of them."""

    file: str
    names: tuple[str, ...]
    scored: Scored
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QualityProvenance:
    """What a result was made of."""

    files: tuple[tuple[str, str], ...]
    """Name and SHA-256; the units learnt from first."""
    version: str
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class QualityResult:
    """What was learnt, what it rests on, and what it says of new units."""

    study: QualityStudy
    plan: QualityPlan
    notes: tuple[str, ...]
    new: NewUnits | None
    provenance: QualityProvenance


def quality_json(result: QualityResult) -> bytes:
    """Return ``quality.json`` as UTF-8; the same result gives the same bytes."""
    document = quality_document(result)
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


def quality_document(result: QualityResult) -> Json:
    """Return the result as plain JSON values; shares and probabilities are 0 to 1."""
    study, plan, told = result.study, result.plan, result.provenance
    return {
        "schema": SCHEMA,
        "learnt_from": {
            "outcome": plan.outcome, "time": plan.time or None, "group": plan.group or None,
            "units": len(study.units.defective), "defective": int(study.units.defective.sum()),
            "variables": list(study.units.encoding.variables), "model": study.model.kind,
            "left_out_for_their_group": study.model.left_out,
        },
        "tried_on": _tried(study),
        "threshold": _threshold(study),
        "acting": {
            "at_threshold": _trial(study.model.trial),
            "other_thresholds": [_trial(trial) for trial in study.choices],
            "goal": _goal(study),
        },
        "importance": [
            {"variable": study.units.encoding.variables[k], "brier": float(study.importance[k])}
            for k in ranked(study)[:MOST_NAMED]
        ],
        "drift": _drift(study.watch, study, 0),
        "new": None if result.new is None else _new(result.new, study),
        "notes": [str(note) for note in notes_of(result)],
        "provenance": {
            "file": told.files[0][0], "sha256": told.files[0][1],
            "files": [{"file": name, "sha256": digest} for name, digest in told.files],
            "version": told.version, "seed": told.seed,
        },
    }  # fmt: skip


def notes_of(result: QualityResult) -> tuple[str, ...]:
    """Return what the result rests on."""
    return (*result.notes, *(result.new.notes if result.new else ()))


def ranked(study: QualityStudy) -> list[int]:
    """Return the variables that the model leans on, the most important first."""
    return [int(k) for k in np.argsort(-study.importance, kind="stable") if study.importance[k] > 0.0]


def units_csv(new: NewUnits, study: QualityStudy) -> bytes:
    """Return new units as CSV: what each is called, P(defect) with its interval, whether acting pays, what is odd."""
    sink = io.StringIO()
    rows = csv.writer(sink, lineterminator="\n")
    rows.writerow(["unit", "probability", "low", "high", "act", "variables_outside"])
    scored = new.scored
    for name, p, (low, high), outside in zip(
        new.names, scored.probability, scored.interval, scored.outside, strict=True
    ):
        act = "yes" if p >= study.stakes.threshold else "no"
        rows.writerow([_plain(name), f"{p:.6f}", f"{low:.6f}", f"{high:.6f}", act, int(outside)])
    return sink.getvalue().encode("utf-8", "replace")


def _plain(name: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[:1] in "=+-@\t\r" and not name.lstrip("+-").replace(".", "", 1).isdigit() else name


def _tried(study: QualityStudy) -> Json:
    found, model = study.intervals, study.model
    happened = study.tried_defective
    return {
        "units": len(happened), "defective": int(happened.sum()),
        "average_precision": estimate(found.precision), "average_precision_of_guessing": float(happened.mean()),
        "area_under_curve": estimate(found.area),
        "brier": estimate(found.brier), "brier_of_all_alike": found.brier.value + found.brier_gain.value,
        "brier_gain": estimate(found.brier_gain), "brier_of_all_pass": float(happened.mean()),
        "log_score": estimate(found.log), "calibration_z": model.score.calibration_z,
        "reliability": [_bin(one) for one in study.reliability],
        "better_than_all_alike": study.useful,
        "independent_blocks": study.intervals.blocks, "independent_blocks_needed": FEWEST_BLOCKS,
    }  # fmt: skip


def _threshold(study: QualityStudy) -> Json:
    stakes = study.stakes
    return {
        "probability": stakes.threshold, "cheapest_on_units_tried": estimate(study.intervals.cheapest),
        "cost_of_escape": stakes.escape, "cost_of_acting": stakes.action, "effectiveness": stakes.effectiveness,
        "cost": estimate(study.intervals.cost), "cost_of_never_acting": study.model.trial.cost_never,
        "cost_of_always_acting": study.model.trial.cost_always,
    }  # fmt: skip


def _trial(trial: Trial) -> Json:
    caught = None if trial.recall is None else trial.recall.value * (1.0 - trial.yield_before.value)
    return {
        "threshold": trial.threshold, "recall": None if trial.recall is None else estimate(trial.recall),
        "alarms": estimate(trial.alarms),
        "alarms_per_defect_caught": None if not caught else trial.alarms.value / caught,
        "yield_before": estimate(trial.yield_before), "yield_after": estimate(trial.yield_after), "cost": trial.cost,
    }  # fmt: skip


def _goal(study: QualityStudy) -> Json | None:
    goal = study.goal
    if goal is None:
        return None
    product = None if goal.recall is None else goal.recall * study.stakes.effectiveness
    return {"yield": goal.wanted, "recall_needed": goal.recall, "recall_times_effectiveness_needed": product,
            "reached": goal.reached}  # fmt: skip


def _drift(watch: Watch, study: QualityStudy, first: int) -> Json:
    names = study.units.encoding.variables
    return {
        "units_in_a_batch": BATCH, "first_batch": first, "alarm_at_batch": watch.alarm,
        "outcomes": None if watch.outcomes is None else _chart(watch.outcomes),
        "variables": [
            {"variable": name} | _chart(chart)
            for name, chart in zip(names, watch.inputs, strict=False) if chart.alarm is not None
        ][:MOST_NAMED],
    }  # fmt: skip


def _chart(chart: Chart) -> Json:
    return {"alarm_at_batch": chart.alarm, "statistic": np.round(chart.statistic, 6).tolist(),
            "limit": np.round(chart.limit, 6).tolist()}  # fmt: skip


def _new(new: NewUnits, study: QualityStudy) -> Json:
    scored = new.scored
    acts = scored.probability >= study.stakes.threshold
    likely = np.argsort(-scored.probability, kind="stable")[:MOST_NAMED]
    return {
        "file": new.file, "units": len(new.names), "to_act_on": int(acts.sum()),
        "expected_defective": float(scored.probability.sum()), 
        "outside_of_what_was_learnt_from": int((scored.outside > 0).sum()),
        "likeliest": [
            {"unit": new.names[int(k)], "probability": float(scored.probability[k]),
             "low": float(scored.interval[k, 0]), "high": float(scored.interval[k, 1])}
            for k in likely
        ],
        "score": None if scored.score is None else _score(scored.score),
        "drift": _drift(scored.watch, study, scored.first_batch),
    }  # fmt: skip


def _score(score: Score) -> Json:
    return {"count": score.count, "brier": score.brier, "brier_skill": score.skill, "log_score": score.log,
            "calibration_z": score.calibration_z, "reliability": [_bin(one) for one in score.bins]}  # fmt: skip


def _bin(one: CalibrationBin) -> Json:
    return {"predicted": one.predicted, "units": one.count, "defective": estimate(one.happened), "agrees": one.agrees}


def estimate(found: Estimate) -> Json:
    """Return a figure with its 95 % interval, null where none is known."""
    ends = [None if isnan(end) else end for end in (found.interval.low, found.interval.high)]
    return {"value": found.value, "low": ends[0], "high": ends[1]}
