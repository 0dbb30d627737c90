"""``quality.html``: predictive quality as one page that needs nothing else."""

from typing import Any

import numpy as np

from simulation.prediction.drift import Chart
from simulation.prediction.quality_trial import costs
from twin.rehearsal import quality_charts
from twin.rehearsal.charts import bars
from twin.rehearsal.page import render
from twin.rehearsal.quality_json import QualityResult, notes_of, quality_document, ranked
from twin.rehearsal.quality_rows import choice_rows, cost_rows, merit_rows, quality_lines, unit_rows, variable_rows
from twin.rehearsal.said import Said
from twin.report.words import clean

_MOST_POINTS, _MOST_CHARTS, _MOST_BARS, _MOST_UNITS = 400, 4, 12, 12


def quality_page(result: QualityResult, language: str) -> bytes:
    """Return the report as one UTF-8 HTML file, in ``en`` or ``zh``."""
    from markupsafe import Markup

    say = Said(language)
    tables = [merit_rows(result, say), cost_rows(result, say), choice_rows(result, say), variable_rows(result, say)]
    charts = [_calibration(result, say), _costs(result, say), _alarms(result, say), _leans(result, say)]
    titles = [say(f"quality.{word}") for word in ("merits", "costs_title", "choices", "variables")]
    keys = [say(f"quality.{word}") for word in ("calibration_key", "costs_key", "alarms_key", "variables_key")]
    values = {
        "say": say, "lang": language, "lines": quality_lines(result, say), "provenance": result.provenance,
        "parts": [
            {"title": title, "key": key, "chart": Markup(chart), "heads": heads, "rows": rows}
            for title, key, chart, (heads, rows) in zip(titles, keys, charts, tables, strict=True)
        ],
        "drifts": [(name, Markup(chart)) for name, chart in _drifts(result, say)],
        "units": unit_rows(result, say, _MOST_UNITS), "notes": [say.note(note) for note in notes_of(result)],
    }  # fmt: skip
    return render("quality.html.j2", values)


def _calibration(result: QualityResult, say: Said) -> str:
    document: Any = quality_document(result)
    bins = document["tried_on"]["reliability"]
    return quality_charts.calibration(bins, say("quality.predicted"), say("quality.happened"), say("quality.merits"))


def _costs(result: QualityResult, say: Said) -> str:
    study = result.study
    thresholds, spent = costs(study.model.said, study.tried_defective, study.stakes)
    trial, cheapest = study.model.trial, study.intervals.cheapest.interval
    curve = _thinned(np.append(thresholds, 0.0), np.append(spent, trial.cost_always))
    mark = (min(study.stakes.threshold, 1.0), say("quality.used"))
    axes = (say("quality.threshold"), say("quality.cost"))
    return quality_charts.cost_curve(
        curve, (trial.cost_never, trial.cost_always), mark, (cheapest.low, cheapest.high), axes,
        say("quality.costs_title"),
    )  # fmt: skip


def _alarms(result: QualityResult, say: Said) -> str:
    study = result.study
    order = np.argsort(-study.model.said, kind="stable")
    bad = study.tried_defective[order]
    recall = np.concatenate([[0.0], np.cumsum(bad) / max(int(bad.sum()), 1)])
    acted = np.arange(len(bad) + 1) / len(bad)
    words = (say("quality.recall"), say("quality.alarms"), say("quality.needed"))
    needed = study.goal.recall if study.goal else None
    return quality_charts.alarm_load(_thinned(recall, acted), needed, words, say("quality.choices"))


def _leans(result: QualityResult, say: Said) -> str:
    study = result.study
    first = ranked(study)[:_MOST_BARS]
    total = float(study.importance[study.importance > 0.0].sum()) or 1.0
    names = study.units.encoding.variables
    rows = [(clean(names[k]), float(study.importance[k]) / total, None, None) for k in first]
    return bars(rows, say("quality.variables")) if rows else ""


def _drifts(result: QualityResult, say: Said) -> list[tuple[str, str]]:
    """Return the chart of the outcomes and those of the variables that stray most, each with its title."""
    watch = result.study.watch if result.new is None else result.new.scored.watch
    begins = None if result.new is None else (result.new.scored.first_batch, say("quality.begins"))
    named: list[tuple[str, Chart]] = [] if watch.outcomes is None else [(say("quality.outcomes"), watch.outcomes)]
    inputs = [(clean(n), c) for n, c in zip(result.study.units.encoding.variables, watch.inputs, strict=False)]
    named += sorted(inputs, key=lambda one: -_reach(one[1]))[:_MOST_CHARTS]
    axis = say("quality.batch")
    return [
        (name, quality_charts.drift(chart.statistic.tolist(), chart.limit.tolist(), begins, axis, name))
        for name, chart in named
        if len(chart.limit)
    ]


def _reach(chart: Chart) -> float:
    return float(np.max(np.abs(chart.statistic) / chart.limit)) if len(chart.limit) else 0.0


def _thinned(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> list[tuple[float, float]]:
    step = max(1, len(x) // _MOST_POINTS)
    kept = sorted({*range(0, len(x), step), len(x) - 1})
    return [(float(x[k]), float(y[k])) for k in kept]
