"""``schedule.json``: what a schedule comes to, schema ``qtems.schedule/1`` (docs/schedule.md)."""

import json
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import numpy as np

from simulation.schedule.levelling import Levelled
from simulation.schedule.network import Times
from simulation.schedule.observed import Stage, out_of_sequence
from simulation.schedule.pert import classical
from simulation.schedule.plan import ScheduleDocument
from simulation.schedule.progress import Progress
from simulation.schedule.risk import SHARES, Forecast
from simulation.stackup.capability import Estimate

_BINS = 60
SCHEMA = "qtems.schedule/1"
Json = dict[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class ScheduleResult:
    """What a schedule comes to."""

    document: ScheduleDocument
    times: Times
    free_float: tuple[float, ...]
    path: tuple[int, ...]
    forecast: Forecast
    """From what is known now; without progress, of the whole."""
    baseline: Forecast | None = None
    """Of the whole, as if nothing had begun; None without progress."""
    progress: Progress | None = None
    levelled: Levelled | None = None
    """None where no task needs a resource."""
    unlimited_end: float = 0.0
    """Days of the plan, were there enough of all resources."""


@dataclass(frozen=True, slots=True)
class ScheduleProvenance:
    """What a result was made of."""

    file: str
    sha256: str
    version: str
    seed: int
    samples: int
    beside: tuple[tuple[str, str], ...] = ()
    """Name and SHA-256 of what was given beside it: conditions, reports of checks."""


def schedule_json(result: ScheduleResult, provenance: ScheduleProvenance) -> bytes:
    """Return ``schedule.json`` as UTF-8; the same result gives the same bytes."""
    document = schedule_document(result) | {
        "provenance": {
            "file": provenance.file, "sha256": provenance.sha256, "version": provenance.version,
            "seed": provenance.seed, "samples": provenance.samples,
            "beside": [{"file": name, "sha256": digest} for name, digest in provenance.beside],
        }
    }  # fmt: skip
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


@lru_cache(maxsize=1)
def schedule_document(result: ScheduleResult) -> Json:
    """Return the result as plain JSON values, which nobody may change; days are working days."""
    document, times, found = result.document, result.times, result.forecast
    within = None if document.deadline is None else _estimate(found.within(document.deadline))
    return {
        "schema": SCHEMA,
        "name": document.name,
        "planned_days": float(times.end),
        "planned_end": _date(document, float(times.end)),
        "critical_path": [document.network.tasks[index].name for index in result.path],
        "forecast": {
            "mean_days": _estimate(found.mean),
            "sd_days": found.sd,
            "quantiles": [
                {"share": share, "days": float(days), "date": _date(document, float(days))}
                for share, days in zip(SHARES, found.quantiles, strict=True)
            ],
            "histogram": _histogram(found),
            "deadline_days": document.deadline,
            "within_deadline": within,
        },
        "pert": _pert(result),
        "resources": _resources(result),
        "progress": _progress(result),
        "tasks": [_task(result, index) for index in range(len(document.network.tasks))],
        "risks": [
            {
                "name": risk.name, "probability": risk.probability,
                "later_days": float(days) if isfinite(days) else None,
            }
            for risk, days in zip(document.risks, found.risk_influence, strict=True)
        ],
        "repairs": [{"kind": one.kind, "place": one.place, "text": str(one.text)} for one in document.repairs],
        "notes": [str(note) for note in document.notes],
    }  # fmt: skip


def _pert(result: ScheduleResult) -> Json | None:
    """Return the classical figure, of a plan of which nothing has begun."""
    if result.progress is not None:
        return None
    found, document = classical(result.document.network), result.document
    return {
        "mean_days": found.mean,
        "sd_days": found.sd,
        "P50_days": found.quantile(0.5),
        "P80_days": found.quantile(0.8),
        "path": [document.network.tasks[index].name for index in found.path],
        "within_deadline": None if document.deadline is None else found.within(document.deadline),
    }


def _task(result: ScheduleResult, index: int) -> Json:
    task, times, document = result.document.network.tasks[index], result.times, result.document
    return {
        "name": task.name,
        "days": task.planned,
        "start_day": float(times.start[index]),
        "finish_day": float(times.finish[index]),
        "start": _start(document, float(times.start[index]), float(times.finish[index])),
        "finish": _date(document, float(times.finish[index])),
        "expected_finish_day": float(result.forecast.finish[index]),
        "expected_finish": _date(document, float(result.forecast.finish[index])),
        "total_float_days": _clean(float(times.total_float[index])),
        "free_float_days": _clean(result.free_float[index]),
        "criticality": float(result.forecast.criticality[index]),
        "influence": round(float(result.forecast.influence[index]), 6),
        "swing_days": [float(days) for days in result.forecast.swing[index]],
        "trade": task.trade,
        "elements": list(task.elements),
    }


def _resources(result: ScheduleResult) -> Json | None:
    found, tasks = result.levelled, result.document.network.tasks
    if found is None:
        return None
    return {
        "supply": dict(result.document.resources),
        "days": found.end,
        "bound_days": found.bound,
        "proven_shortest": found.optimal,
        "unlimited_days": result.unlimited_end,
        "resolution_days": found.resolution if found.rounded else 0.0,
        "tasks": [{"name": task.name, "needs": dict(task.needs)} for task in tasks if task.needs],
    }


def _progress(result: ScheduleResult) -> Json | None:
    found, before, document = result.progress, result.baseline, result.document
    if found is None or before is None:
        return None
    earned, tasks = found.earned, document.network.tasks
    return {
        "day": found.now,
        "date": _date(document, found.now),
        "baseline": {
            name: {"days": before.quantile(share), "date": _date(document, before.quantile(share))}
            for name, share in (("P50", 0.5), ("P80", 0.8))
        },
        "earned_value": {
            "unit": "planned days of work", "planned": earned.planned, "earned": earned.earned, "total": earned.total,
            "index": earned.index, "earned_schedule_day": earned.earned_schedule,
        },
        "trades": [
            {
                "trade": pace.trade, "evidence_tasks": pace.evidence,
                **{
                    word: float(value)
                    for word, value in zip(
                        ("low", "median", "high"), pace.quantile(np.array([0.025, 0.5, 0.975])), strict=True
                    )
                },
            }
            for pace in found.paces
        ],
        "tasks": [
            {
                "name": task.name, "stage": one.stage.value, "looked_at": one.looked_at, "inferred": one.inferred,
                "share": one.share,
                "started_day": list(one.started) if one.stage is not Stage.WAITING else None,
                "finished_day": list(one.finished) if one.stage is Stage.DONE else None,
                "elements_not_seen": one.unseen,
            }
            for task, one in zip(tasks, found.observed, strict=True)
        ],
        "drivers": [
            {
                "task": tasks[one.task].name, "slip_days": one.slip, "added_days": one.added, "end_days": one.weight,
            }
            for one in found.drivers
        ],
        "out_of_sequence": [
            {"task": tasks[task].name, "before": tasks[before].name}
            for task, before in out_of_sequence(document.network, found.observed)
        ],
    }  # fmt: skip


def _histogram(found: Forecast) -> Json:
    counts, edges = np.histogram(found.end, bins=_BINS if found.sd > 1e-9 else 1)
    return {"counts": [int(count) for count in counts], "edges": [float(edge) for edge in edges]}


def _start(document: ScheduleDocument, start: float, finish: float) -> str | None:
    """Return the day on which a task starts; what does not last, the evening of what it waits for."""
    if document.calendar is None:
        return None
    return (document.calendar.begin(start) if finish > start else document.calendar.day(finish)).isoformat()


def _date(document: ScheduleDocument, days: float) -> str | None:
    return None if document.calendar is None else document.calendar.day(days).isoformat()


def _estimate(estimate: Estimate) -> Json:
    return {"value": estimate.value, "low": estimate.interval.low, "high": estimate.interval.high}


def _clean(days: float) -> float:
    return float(np.round(days, 9)) + 0.0
