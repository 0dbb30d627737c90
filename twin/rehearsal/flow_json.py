"""``simulate.json``: what a line comes to, schema ``qtems.simulate/1`` (docs/simulate.md)."""

import json
from dataclasses import dataclass
from math import isfinite

import numpy as np

from simulation.experiment.estimate import Paired
from simulation.flow.document import LineDocument
from simulation.flow.exact.recognise import Exact, exact_answer
from simulation.flow.machine import STATES
from simulation.flow.model import SCRAP, SHIP
from simulation.flow.placement import best_plan, evaluate, every_plan
from simulation.flow.study import Study, compare
from simulation.stackup.capability import Estimate

SCHEMA = "qtems.simulate/1"
Json = dict[str, object]
FIGURES = ("throughput", "wip", "lead_time", "lead_p50", "lead_p95", "yield", "defective", "lost", "cost")
_MOST_LISTED = 12
INSPECTION = ("first_pass", "inspections", "rejected", "false_rejects", "false_accepts")


@dataclass(frozen=True, slots=True, eq=False)
class FlowResult:
    """What a line comes to, and what it was made of."""

    document: LineDocument
    study: Study
    file: str
    sha256: str
    version: str

    @property
    def exact(self) -> Exact | None:
        """Return what is known of it without simulating."""
        return exact_answer(self.document.line)


def flow_json(result: FlowResult, other: FlowResult | None = None) -> bytes:
    """Return ``simulate.json`` as UTF-8; the same result gives the same bytes."""
    document = flow_document(result)
    if other is not None:
        document["other"] = flow_document(other)
        document["comparison"] = comparison(result, other)
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


def flow_document(result: FlowResult) -> Json:
    """Return the result as plain JSON values; times are in the line's own unit."""
    line, study, exact = result.document.line, result.study, result.exact
    plan, known = study.plan, exact.figures if exact else {}
    rule = plan.rule
    station, share = study.bottleneck()
    return {
        "schema": SCHEMA,
        "name": line.name,
        "time_unit": line.unit,
        "length": line.horizon if isfinite(line.horizon) else None,
        "warm_up": plan.warm_up or 0.0,
        "replications": len(study.replications),
        "precision": {"asked": rule.precision, "of": plan.of, "reached": study.stopped},
        "confidence": rule.confidence,
        "figures": {name: estimate_json(study.estimate(name)) for name in FIGURES},
        "stations": [_station(study, one.name, one.servers) for one in line.stations],
        "resources": [
            {"name": one.name, "count": one.count, "use": estimate_json(study.estimate(f"{one.name}.use"))}
            for one in line.resources
        ],
        "inspections": [
            {"station": one.name}
            | {word: estimate_json(study.estimate(f"{one.name}.{word}")) for word in INSPECTION}
            for one in line.stations
            if one.inspection is not None
        ],
        "defects": escape_matrix(study),
        "placement": _placement(result.document),
        "bottleneck": {"station": station, "share": share},
        "exact": [
            {"figure": name, "value": value, "simulated": estimate_json(study.estimate(name))}
            for name, value in known.items()
        ],
        "exact_method": str(exact.method) if exact else None,
        "course": _course(study),
        "notes": [str(note) for note in result.document.notes],
        "provenance": {
            "file": result.file, "sha256": result.sha256, "version": result.version, "seed": plan.seed,
        },
    }  # fmt: skip


def _station(study: Study, name: str, machines: int) -> Json:
    return {
        "name": name,
        "machines": machines,
        "states": {state: estimate_json(study.estimate(f"{name}.{state}")) for state in STATES},
        "queue": estimate_json(study.estimate(f"{name}.queue")),
        "wait": estimate_json(study.estimate(f"{name}.wait")),
        "done": estimate_json(study.estimate(f"{name}.done")),
    }


def escape_matrix(study: Study) -> list[Json]:
    """Return where defects were born, where they were first found, and how many were shipped or scrapped unseen."""
    rows = list[Json]()
    fates = study.fates
    places = [one.name for one in study.line.stations if one.inspection is not None]
    for (origin, defect), count in sorted(study.births.items()):
        found = {place: fates[origin, defect, place] for place in places if fates[origin, defect, place]}
        shipped, scrapped = fates[origin, defect, SHIP], fates[origin, defect, SCRAP]
        rows.append(
            {
                "origin": origin, "defect": defect, "born": count, "found": found, "escaped": shipped,
                "scrapped_unseen": scrapped, "escape_share": shipped / count if count else None,
            }
        )  # fmt: skip
    return rows


def _placement(document: LineDocument) -> list[Json] | None:
    """Return the best plan of inspections, then the next best ones where all can be listed, and the plain ones."""
    if document.placement is None:
        return None
    stages, money = document.placement
    plans = every_plan(stages, money)[:3] if len(stages) <= _MOST_LISTED else [best_plan(stages, money)]
    count = len(stages)
    plain = [(True,) * count, (*[False] * (count - 1), True), (False,) * count]
    plans += [evaluate(stages, money, plan) for plan in plain]
    return [
        {
            "looks": [stage.name for stage, look in zip(stages, plan.inspected, strict=True) if look],
            "profit": plan.profit, "good": plan.good, "bad": plan.escaped, "cost": plan.cost,
        }
        for number, plan in enumerate(plans)
        if plan.inspected not in [one.inspected for one in plans[:number]]
    ]  # fmt: skip


def comparison(result: FlowResult, other: FlowResult) -> Json:
    """Return what the other line is more or less by, on the same random numbers."""
    pairs = compare(result.study, other.study)
    return {name: _paired(pair) for name, pair in pairs.items() if isfinite(pair.difference.value)}


def _paired(pair: Paired) -> Json:
    ratio = pair.variance_ratio
    return {**(estimate_json(pair.difference) or {}), "variance_ratio": ratio if isfinite(ratio) else None}


def _course(study: Study) -> Json | None:
    """Return how stock and output went on average over the runs, at the looks."""
    first = study.replications[0]
    if len(first.edges) < 3:
        return None
    wip = np.mean([one.wip for one in study.replications], axis=0)
    lengths = np.diff(first.edges)
    output = np.mean([one.output for one in study.replications], axis=0) / lengths
    return {
        "time": [_rounded(value) for value in first.edges],
        "wip": [_rounded(value) for value in wip],
        "throughput": [_rounded(value) for value in output],
    }


def estimate_json(estimate: Estimate) -> dict[str, float | None] | None:
    """Return a figure with its interval; None where there is no figure."""
    if not isfinite(estimate.value):
        return None
    low, high = estimate.interval.low, estimate.interval.high
    return {
        "value": estimate.value, "low": low if isfinite(low) else None, "high": high if isfinite(high) else None
    }  # fmt: skip


def _rounded(value: float) -> float:
    return float(f"{float(value):.9g}")
