"""P(defect) of each unit from its process data, calibrated, and tried on units that came later.

Learnt with scikit-learn (the extra ``predict``). All splits keep the order of time: what is learnt from is older than
what it is tried on, as in use; a random split would leak the neighbours of a unit into its own prediction. Units of
one moment or one group (a batch, a charge) stay on one side: what is later and of an older group is left out.

Of the first four fifths each of eight stretches of time is held out once; by what is said of units held out the kind of
model is chosen and calibrated. The last fifth, which had no part in that, tries what came of it.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from simulation.errors import SimulationError
from simulation.prediction.quality_trial import BATCH, Stakes, Trial, try_out
from simulation.prediction.scoring import Score, average_precision, score

_LEARNT, _STRETCHES = 0.8, 8
"""Share of the units that is learnt from, in how many stretches of time; the rest only tries the model."""
_FEWEST_UNITS, _FEWEST_DEFECTS, _FEWEST_IN_PART = 400, 20, 2
_SEED, _DRAWS = 0, 200
KINDS = ("alike", "logistic", "boosting")
"""``alike`` gives every unit the share of defects: what a model has to beat."""


class MissingLearner(SimulationError):
    """scikit-learn is not installed."""


@dataclass(frozen=True, slots=True, eq=False)
class QualityModel:
    """A model that says how probable a defect is."""

    kind: str
    """One of ``KINDS``."""
    score: Score
    """On the latest units, which it had not seen."""
    precision: float
    """Average precision there: the area under precision by recall; the share of defects is what guessing reaches."""
    trial: Trial
    known: FloatArray
    """(k, p) what it was learnt from, in the order of time."""
    tried: IntArray
    """(t,) the units that it was tried on."""
    said: FloatArray
    """(t,) what it said of them."""
    share: float
    """Of defects in what it was learnt from."""
    left_out: int
    """Units that are later, but of a group that was learnt from."""
    held_out: FloatArray
    """(k,) what was said of the units learnt from by models that had not seen their stretch, calibrated."""
    known_defective: BoolArray
    """(k,) what they were."""
    _scores: Any = field(repr=False)
    _curves: FloatArray = field(repr=False)
    """(d + 1, 3) calibrations; all but the first from units drawn again."""

    def probability(self, recorded: FloatArray) -> FloatArray:
        """Return P(defect) of units (m, p)."""
        return _calibrated(self._scores(recorded), self._curves[0]) if len(recorded) else np.zeros(0)

    def interval(self, recorded: FloatArray) -> FloatArray:
        """Return the 95 % interval (m, 2) of P(defect): what the calibration leaves open."""
        if not len(recorded):
            return np.zeros((0, 2))
        scores = self._scores(recorded)
        drawn = np.stack([_calibrated(scores, curve) for curve in self._curves])
        return np.quantile(drawn, (0.025, 0.975), axis=0).T


def learn(
    recorded: FloatArray,
    defective: BoolArray,
    stakes: Stakes,
    *,
    moment: IntArray | None = None,
    group: IntArray | None = None,
) -> QualityModel:
    """Return a calibrated model of units (n, p) in the order of time; NaN where nothing was recorded.

    Parameters
    ----------
    moment
        (n,) rises with time; without it each unit has its own.
    group
        (n,) what belongs together; without it each unit stands by itself.

    Raises
    ------
    MissingLearner
        scikit-learn is not installed.
    SimulationError
        Too few units or defects, a number that is none, or stakes that make no sense.
    """
    _checked(recorded, defective)
    moments = np.arange(len(recorded)) if moment is None else moment
    stretches, last, left_out = _parts(moments, group)
    known = np.concatenate(stretches)
    for part, does in ((known, "is learnt from"), (last, "tries the model")):
        bad = int(defective[part].sum())
        if not _FEWEST_IN_PART <= bad <= len(part) - _FEWEST_IN_PART:
            text = f"the stretch of time that {does} holds {bad} defects in {len(part)} units"
            raise SimulationError(f"{text}: in some stretch all units are good or all are bad; give more units")
    data = _Data(recorded, defective, group)
    rng = np.random.default_rng(_SEED)
    best = min((_held_out(kind, data, stretches, rng) for kind in KINDS), key=lambda one: one.brier)
    scores = _fitted(best.kind, recorded[known], defective[known])
    said = _calibrated(scores(recorded[last]), best.curves[0])
    trial = try_out(said, defective[last], stakes, group=None if group is None else group[last])
    return QualityModel(
        best.kind, score(said, defective[last]), average_precision(said, defective[last]), trial,
        recorded[known], last, said, float(defective[known].mean()), left_out,
        best.said, defective[known], scores, best.curves,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    recorded: FloatArray
    defective: BoolArray
    group: IntArray | None


def importance(model: QualityModel, recorded: FloatArray, defective: BoolArray, rng: np.random.Generator) -> FloatArray:
    """Return by how much (p,) the Brier score worsens on units that the model had not seen when a variable is shuffled.

    Breiman's (2001) permutation importance; near nothing for a variable that decides nothing.
    """
    base = float(((model.probability(recorded) - defective) ** 2).mean())
    found = np.zeros(recorded.shape[1])
    for index in range(recorded.shape[1]):
        shuffled = recorded.copy()
        shuffled[:, index] = rng.permutation(recorded[:, index])
        found[index] = float(((model.probability(shuffled) - defective) ** 2).mean()) - base
    return found


def _checked(recorded: FloatArray, defective: BoolArray) -> None:
    if recorded.ndim != 2 or len(recorded) != len(defective):
        raise SimulationError(f"{len(recorded)} units and {len(defective)} outcomes do not belong together")
    if len(recorded) < _FEWEST_UNITS or defective.sum() < _FEWEST_DEFECTS:
        text = f"{len(recorded)} units with {int(defective.sum())} defects are too few to learn from"
        raise SimulationError(f"{text}: {_FEWEST_UNITS} and {_FEWEST_DEFECTS} at least")
    if np.isinf(recorded).any():
        raise SimulationError("a recorded value is no finite number")


def _parts(moment: IntArray, group: IntArray | None) -> tuple[list[IntArray], IntArray, int]:
    """Return the units of each stretch learnt from, those that try it, how many are left out for their old group."""
    count = len(moment)
    ends = [_end(moment, round(_LEARNT * count * k / _STRETCHES)) for k in range(_STRETCHES + 1)]
    stretches = [np.arange(start, end) for start, end in pairwise(ends) if end > start]
    last = np.arange(ends[-1], count)
    if group is not None:
        last = last[~np.isin(group[last], group[: ends[-1]])]
    return stretches, last, count - ends[-1] - len(last)


def _end(moment: IntArray, end: int) -> int:
    """Return an end at which no moment is cut in two."""
    while 0 < end < len(moment) and moment[end] == moment[end - 1]:
        end += 1
    return end


def _learner(kind: str) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if kind == "logistic":
        filled = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
        return make_pipeline(filled, StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    return HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=120, max_leaf_nodes=8, min_samples_leaf=30, random_state=_SEED
    )


def _fitted(kind: str, recorded: FloatArray, defective: BoolArray) -> Any:
    """Return what gives units (m, p) a score (m,): the log odds of a defect, not calibrated."""
    try:
        import sklearn  # noqa: F401  # pyright: ignore[reportUnusedImport]
        from threadpoolctl import threadpool_limits
    except ImportError:
        raise MissingLearner("predicting quality needs a learner: pip install 'qtems[predict]'") from None
    bad = int(defective.sum())
    if kind == "alike" or not 0 < bad < len(defective):
        share = (bad + 0.5) / (len(defective) + 1.0)
        odds = float(np.log(share / (1.0 - share)))

        def same(units: FloatArray) -> FloatArray:
            return np.full(len(units), odds)

        return same
    with threadpool_limits(1):  # small data: threads that wait for each other take longer
        model: Any = _learner(kind)
        model.fit(recorded, defective)

    def scores(units: FloatArray) -> FloatArray:
        with threadpool_limits(1):
            return np.asarray(model.decision_function(units), dtype=np.float64)

    return scores


@dataclass(frozen=True, slots=True, eq=False)
class _HeldOut:
    """How a kind of model fared on stretches that were held out."""

    kind: str
    brier: float
    said: FloatArray
    curves: FloatArray


def _held_out(kind: str, data: _Data, stretches: Sequence[IntArray], rng: np.random.Generator) -> _HeldOut:
    """Return how a kind fares: each stretch is scored by what is learnt from the others, groups kept whole."""
    known = np.concatenate(stretches)
    happened = data.defective[known]
    parts = list[FloatArray]()
    for part in stretches:
        others = known[(known < part[0]) | (known > part[-1])]
        if data.group is not None:
            others = others[~np.isin(data.group[others], data.group[part])]
        parts.append(_fitted(kind, data.recorded[others], data.defective[others])(data.recorded[part]))
    scores = np.concatenate(parts)
    drawn = [np.arange(len(known)), *_redrawn(len(known), rng)]
    if kind == "alike":  # nothing to be told apart: the slope has no meaning
        curves = np.stack([_level(happened[one]) for one in drawn])
    else:
        curves = np.stack([_curve(scores[one], happened[one]) for one in drawn])
    said = _calibrated(scores, curves[0])
    return _HeldOut(kind, float(((said - happened) ** 2).mean()), said, curves)


def _redrawn(count: int, rng: np.random.Generator) -> list[IntArray]:
    """Return units drawn again in blocks of fifty: neighbours in time are alike (Kuensch 1989)."""
    blocks = np.array_split(np.arange(count), max(2, count // BATCH))
    return [np.concatenate([blocks[k] for k in rng.integers(0, len(blocks), len(blocks))]) for _ in range(_DRAWS)]


def _level(happened: BoolArray) -> FloatArray:
    """Return the curve that says the share of defects of every unit."""
    share = (happened.sum() + 0.5) / (len(happened) + 1.0)
    return np.array([np.log(share / (1.0 - share)), 0.0, 0.0])


def _curve(scores: FloatArray, happened: BoolArray) -> FloatArray:
    """Return the calibration (3,): log odds = c + a ln p - b ln(1 - p) of what the score says, a and b not below 0.

    Beta calibration (Kull, Silva Filho and Flach 2017): two slopes, so that small probabilities are not bent by large
    ones. A slope that would turn what the model says about is 0, and the share of defects is all that is known.
    """
    sides = _sides(scores)
    used = [0, 1, 2]
    while True:
        found = np.zeros(3)
        found[used] = _newton(sides[:, used], happened)
        wrong = [k for k in used[1:] if found[k] < 0.0]
        if not wrong:
            return found
        used.remove(min(wrong, key=lambda k: found[k]))


def _newton(design: FloatArray, happened: BoolArray) -> FloatArray:
    """Return coefficients (q,) of a logistic regression, held back by a prior as weak as a unit or so."""
    bad = int(happened.sum())
    goal = np.where(happened, (bad + 1.0) / (bad + 2.0), 1.0 / (len(happened) - bad + 2.0))  # Platt (2000)
    share, weak = float(goal.mean()), np.diag([0.0, *[0.1] * (design.shape[1] - 1)])
    found = np.zeros(design.shape[1])
    found[0] = np.log(share / (1.0 - share))
    for _ in range(60):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ found, -50.0, 50.0)))
        bend = (design * (p * (1.0 - p))[:, None]).T @ design + weak + 1e-9 * np.eye(len(found))
        step = np.linalg.solve(bend, design.T @ (goal - p) - weak @ found)
        found += step / max(1.0, float(np.abs(step).max()))
        if float(np.abs(step).max()) < 1e-9:
            break
    return found


def _sides(scores: FloatArray) -> FloatArray:
    """Return (n, 3): one, ln p, -ln(1 - p) of log odds."""
    bounded = np.clip(scores, -30.0, 30.0)
    return np.column_stack([np.ones(len(scores)), -np.logaddexp(0.0, -bounded), np.logaddexp(0.0, bounded)])


def _calibrated(scores: FloatArray, curve: FloatArray) -> FloatArray:
    return 1.0 / (1.0 + np.exp(-np.clip(_sides(scores) @ curve, -50.0, 50.0)))
