"""Predictive quality in one go: learn, try on what came later, what acting would do, and whether it still fits."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from simulation.prediction.intervention import recall_needed
from simulation.prediction.process_data import Units
from simulation.prediction.quality_model import QualityModel, importance, learn
from simulation.prediction.quality_trial import (
    BATCH,
    FEWEST_BLOCKS,
    Intervals,
    Stakes,
    Trial,
    intervals,
    reliability,
    threshold_of,
    try_out,
)  # fmt: skip
from simulation.prediction.quality_watch import Watch, watch
from simulation.prediction.scoring import CalibrationBin, Score, score
from simulation.stackup.extremes import Interval

_RECALLS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_MOST_SHUFFLED = 2_000_000


@dataclass(frozen=True, slots=True)
class Goal:
    """Whether acting reaches a yield: recall x effectiveness has to be 1 - (1 - goal) / p."""

    wanted: float
    recall: float | None
    """That is needed; None: no recall is enough at this effectiveness."""
    reached: str
    """``shown``, ``open`` or ``missed``: by the intervals of what was reached, over units and over blocks."""


@dataclass(frozen=True, slots=True, eq=False)
class QualityStudy:
    """What was learnt and what it is worth."""

    units: Units
    model: QualityModel
    stakes: Stakes
    intervals: Intervals
    reliability: tuple[CalibrationBin, ...]
    choices: tuple[Trial, ...]
    """What other thresholds would have done, by the recall that they reach."""
    goal: Goal | None
    importance: FloatArray
    """(p,) by how much the Brier score worsens without the variable."""
    watch: Watch
    """Of the units tried, in batches of fifty."""

    @property
    def useful(self) -> bool:
        """Return whether it is shown to be better than giving every unit the share of defects."""
        return self.intervals.brier_gain.interval.low > 0.0

    @property
    def enough_blocks(self) -> bool:
        """Return whether enough groups, or stretches of time, were tried for anything to be shown."""
        return self.intervals.blocks >= FEWEST_BLOCKS

    @property
    def tried_defective(self) -> BoolArray:
        """(t,) whether the units that it was tried on were defective."""
        return self.units.defective[self.model.tried]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What the model says of units that came after it."""

    probability: FloatArray
    """(m,)."""
    interval: FloatArray
    """(m, 2) what the calibration leaves open, 95 %."""
    outside: FloatArray
    """(m,) number of variables outside of what was learnt from."""
    score: Score | None
    """Where the outcomes are known."""
    watch: Watch
    """Of the units tried and these, in batches of fifty."""
    first_batch: int
    """The first batch of these."""


def study(units: Units, stakes: Stakes, goal: float | None, seed: int) -> QualityStudy:
    """Return what can be learnt of units, tried on the last of them.

    Raises
    ------
    SimulationError
        Too little to learn from, or nothing to learn with.
    """
    model = learn(units.recorded, units.defective, stakes, moment=units.moment, group=units.group)
    first, second = np.random.default_rng(seed).spawn(2)
    happened, recorded = units.defective[model.tried], units.recorded[model.tried]
    groups = None if units.group is None else units.group[model.tried]
    spread = intervals(model.said, happened, stakes, model.share, first, groups)
    aim = None if goal is None else _goal(goal, model.trial, stakes, spread.yield_after)
    recalls: list[float] = sorted({*_RECALLS, *([aim.recall] if aim and aim.recall else [])})
    # units of one probability are acted on together: several recalls may come to one threshold, which is told once
    thresholds = dict.fromkeys(threshold_of(model.said, happened, recall) for recall in recalls)
    choices = tuple(try_out(model.said, happened, stakes, threshold, groups) for threshold in thresholds)
    some = slice(0, max(200, _MOST_SHUFFLED // max(1, recorded.shape[1])))
    weights = importance(model, recorded[some], happened[some], second)
    return QualityStudy(
        units, model, stakes, spread, reliability(model.said, happened), choices, aim, weights,
        watch(model, *_whole(recorded, happened)),
    )  # fmt: skip


def score_units(found: QualityStudy, recorded: FloatArray, defective: BoolArray | None) -> Scored:
    """Return what the model says of later units (m, p), and whether it still fits them."""
    model = found.model
    said = model.probability(recorded)
    before, known = _whole(found.units.recorded[model.tried], found.tried_defective)
    outcomes = None if defective is None else np.concatenate([known, defective])
    return Scored(
        said, model.interval(recorded), found.units.encoding.outside(recorded),
        None if defective is None or not len(said) else score(said, defective),
        watch(model, np.concatenate([before, recorded]), outcomes), len(before) // BATCH,
    )  # fmt: skip


def _whole(recorded: FloatArray, happened: BoolArray) -> tuple[FloatArray, BoolArray]:
    """Return the last units that make whole batches."""
    start = len(recorded) % BATCH
    return recorded[start:], happened[start:]


def _goal(goal: float, trial: Trial, stakes: Stakes, scatter: Interval) -> Goal:
    needed = recall_needed(1.0 - trial.yield_before.value, goal, stakes.effectiveness)
    if needed is None or trial.recall is None:
        return Goal(goal, needed, "missed" if needed is None else "open")
    after = trial.yield_after.interval
    shown = after.low >= goal and scatter.low >= goal
    return Goal(goal, needed, "shown" if shown else "missed" if after.high < goal and scatter.high < goal else "open")
