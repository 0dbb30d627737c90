"""The rows and lines that ``qtems quality`` prints and its page shows."""

from math import isnan

from simulation.prediction.quality_study import QualityStudy
from simulation.prediction.quality_trial import BATCH, FEWEST_BLOCKS, Trial
from simulation.stackup.capability import Estimate
from simulation.stackup.extremes import Interval
from twin.rehearsal.quality_json import QualityResult, ranked
from twin.rehearsal.said import Said
from twin.report.words import clean

Rows = tuple[list[str], list[list[str]]]
_MOST_VARIABLES, _MOST_UNITS = 12, 15


def merit_rows(result: QualityResult, say: Said) -> Rows:
    """Return how good the model is on units that came later, beside what knows nothing."""
    study, found = result.study, result.study.intervals
    share = 1.0 - study.model.trial.yield_before.value
    alike = found.brier.value + found.brier_gain.value
    rows = [
        [say("quality.precision"), interval(found.precision), f"{share:.3f}"],
        [say("quality.brier"), interval(found.brier, 4), f"{alike:.4f}"],
        [say("quality.brier_gain"), interval(found.brier_gain, 4), "0"],
        [say("quality.log"), interval(found.log), "–"],
        [say("quality.area"), interval(found.area), "0.500"],
    ]
    return [say("quality.merit"), say("quality.model"), say("quality.guessing")], rows


def cost_rows(result: QualityResult, say: Said) -> Rows:
    """Return what a unit costs when everybody passes, when all are acted on, and with the model."""
    trial, found = result.study.model.trial, result.study.intervals
    rows = [
        [say("quality.all_pass"), f"{trial.cost_never:.4g}", "0 %", percent(trial.yield_before)],
        [say("quality.act_on_all"), f"{trial.cost_always:.4g}", "100 %", percent(_all_acted_on(result))],
        [
            say("quality.by_model", threshold=f"{100 * trial.threshold:.3g}"),
            _cost(found.cost),
            percent(trial.alarms),
            percent(trial.yield_after),
        ],
    ]
    return [say(f"quality.{word}") for word in ("acting", "cost", "alarms", "yield")], rows


def _all_acted_on(result: QualityResult) -> Estimate:
    """Return the yield where every unit is acted on: what acting does not prevent is left of the defects."""
    left, before = 1.0 - result.study.stakes.effectiveness, result.study.model.trial.yield_before
    low, high = (1.0 - (1.0 - one) * left for one in (before.interval.low, before.interval.high))
    return Estimate(1.0 - (1.0 - before.value) * left, Interval(low, high))


def choice_rows(result: QualityResult, say: Said) -> Rows:
    """Return what other thresholds would have done, by the recall that they reach."""
    rows = [_choice(trial) for trial in result.study.choices]
    return [say(f"quality.{word}") for word in ("threshold", "recall", "alarms", "yield", "cost")], rows


def _choice(trial: Trial) -> list[str]:
    recall = "–" if trial.recall is None else percent(trial.recall)
    return [f"{100 * trial.threshold:.3g} %", recall, percent(trial.alarms), percent(trial.yield_after),
            f"{trial.cost:.4g}"]  # fmt: skip


def variable_rows(result: QualityResult, say: Said, most: int = _MOST_VARIABLES) -> Rows:
    """Return the variables that the model leans on."""
    study = result.study
    names = study.units.encoding.variables
    rows = [[clean(names[k]), f"{study.importance[k]:.5f}"] for k in ranked(study)[:most]]
    return [say("quality.variable"), say("quality.worsens")], rows


def unit_rows(result: QualityResult, say: Said, most: int = _MOST_UNITS) -> Rows:
    """Return the new units that are likeliest to be defective."""
    heads = [say(f"quality.{word}") for word in ("unit", "probability", "act")]
    if result.new is None:
        return heads, []
    scored, limit = result.new.scored, result.study.stakes.threshold
    order = sorted(range(len(result.new.names)), key=lambda k: (-scored.probability[k], k))[:most]
    rows = [
        [
            clean(result.new.names[k]),
            percent(Estimate(scored.probability[k], Interval(*scored.interval[k]))),
            say("quality.yes" if scored.probability[k] >= limit else "quality.no"),
        ]
        for k in order
    ]
    return heads, rows


def quality_lines(result: QualityResult, say: Said) -> list[str]:
    """Return what was learnt from, whether it is worth anything, what acting reaches, and what drifts."""
    study = result.study
    lines = [_learnt(study, say), _worth(study, say)]
    lines.append(_threshold(study, say))
    lines += _goal(study, say)
    lines += _new(result, say)
    watch = study.watch if result.new is None else result.new.scored.watch
    names = study.units.encoding.variables
    told = [
        say("quality.drift_input", variable=clean(name), unit=(chart.alarm + 1) * BATCH, batch=chart.alarm + 1)
        for name, chart in zip(names, watch.inputs, strict=False)
        if chart.alarm is not None
    ]
    if watch.outcomes is not None and watch.outcomes.alarm is not None:
        told.insert(0, say("quality.drift_outcomes", batch=watch.outcomes.alarm + 1))
    return [*lines, *(told[:_MOST_VARIABLES] or [say("quality.no_drift")])]


def _learnt(study: QualityStudy, say: Said) -> str:
    tried = len(study.model.tried)
    known = len(study.model.known)
    kind = say(f"quality.kind_{study.model.kind}")
    bad = int(study.units.defective.sum())
    text = say("quality.learnt", known=known, tried=tried, defects=bad, kind=kind)
    if study.model.left_out:
        text += " " + say("quality.left_out", count=study.model.left_out)
    return text


def _worth(study: QualityStudy, say: Said) -> str:
    if not study.enough_blocks:
        return say("quality.few_blocks", count=study.intervals.blocks, needed=FEWEST_BLOCKS)
    return say("quality.useful" if study.useful else "quality.useless")


def _threshold(study: QualityStudy, say: Said) -> str:
    stakes, cheapest = study.stakes, study.intervals.cheapest.interval
    if stakes.threshold > 1.0:
        return say("quality.never_pays")
    if isnan(cheapest.low):
        return say("quality.pays", threshold=f"{100 * stakes.threshold:.3g}")
    between = f"{100 * cheapest.low:.3g}–{100 * cheapest.high:.3g}"
    return say("quality.pays_from", threshold=f"{100 * stakes.threshold:.3g}", between=between)


def _goal(study: QualityStudy, say: Said) -> list[str]:
    goal = study.goal
    if goal is None:
        return []
    wanted = f"{100 * goal.wanted:.4g}"
    if goal.recall is None:
        return [say("quality.goal_unreachable", goal=wanted, effectiveness=f"{100 * study.stakes.effectiveness:.3g}")]
    needed = f"{100 * goal.recall:.3g}"
    return [say(f"quality.goal_{goal.reached}", goal=wanted, recall=needed)]


def _new(result: QualityResult, say: Said) -> list[str]:
    if result.new is None:
        return []
    scored, limit = result.new.scored, result.study.stakes.threshold
    figures = {
        "count": len(scored.probability), "expected": f"{scored.probability.sum():.1f}",
        "act": int((scored.probability >= limit).sum()), "outside": int((scored.outside > 0).sum()),
    }  # fmt: skip
    lines = [say("quality.new", **figures)]
    if scored.score is not None:
        z = "–" if scored.score.calibration_z is None else f"{scored.score.calibration_z:+.1f}".replace("-", "−")
        skill = "–" if scored.score.skill is None else f"{scored.score.skill:.2f}".replace("-", "−")
        lines.append(say("quality.new_scored", brier=f"{scored.score.brier:.4f}", skill=skill, z=z))
    return lines


def _cost(found: Estimate) -> str:
    if isnan(found.interval.low):
        return f"{found.value:.4g} (–)"
    return f"{found.value:.4g} ({found.interval.low:.4g} … {found.interval.high:.4g})"


def percent(found: Estimate) -> str:
    """Return a share with its 95 % interval."""
    return f"{100 * found.value:.1f} % ({100 * found.interval.low:.1f}–{100 * found.interval.high:.1f})"


def interval(found: Estimate, digits: int = 3) -> str:
    """Return a figure with its 95 % interval, a dash where none is known."""
    low, high = found.interval.low, found.interval.high
    if isnan(low):
        return f"{found.value:.{digits}f} (–)".replace("-", "−")
    return f"{found.value:.{digits}f} ({low:.{digits}f} … {high:.{digits}f})".replace("-", "−")
