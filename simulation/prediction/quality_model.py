"""P(defect) of each unit from its process data, calibrated; when to act on it; and when to trust it no longer.

Learnt with scikit-learn (the extra ``predict``). All splits keep the order of time: what is learnt from is older than
what it is tried on, as in use; a random split would leak the neighbours of a unit into its own prediction.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from dataclasses import dataclass
from typing import Any

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from simulation.errors import SimulationError
from simulation.prediction.drift import Chart, cusum, ewma
from simulation.prediction.scoring import Score, score
from simulation.stackup.capability import Estimate, wilson

_FIT, _CALIBRATE, _CHOOSE = 0.5, 0.65, 0.8
"""Up to which share of the units models are fitted, calibrated and chosen; the rest only tries the chosen one."""
_FEWEST_UNITS, _FEWEST_DEFECTS, _ISOTONIC_FROM = 400, 20, 200
_SEED = 0
BATCH = 50


class MissingLearner(SimulationError):
    """scikit-learn is not installed."""


@dataclass(frozen=True, slots=True)
class Stakes:
    """What acting and not acting cost."""

    escape: float
    """A defect that nobody acted on."""
    action: float
    """Acting on a unit, good or not."""
    effectiveness: float = 1.0
    """Share of the defects that acting prevents."""

    @property
    def threshold(self) -> float:
        """Return the probability from which acting pays: action / (effectiveness x escape) (Elkan 2001)."""
        return min(1.0, self.action / (self.effectiveness * self.escape))


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What acting at a threshold would have done to units that the model had not seen."""

    threshold: float
    alarms: Estimate
    """Share of the units acted on."""
    recall: Estimate | None
    """Share of the defects acted on; None without any."""
    yield_before: Estimate
    yield_after: Estimate
    """Expected, with the interval of the share of defects that get through."""
    cost: float
    """Of a unit, acting and escapes."""
    cost_never: float
    cost_always: float


@dataclass(frozen=True, slots=True, eq=False)
class QualityModel:
    """A model that says how probable a defect is."""

    kind: str
    """``boosting`` or ``logistic``."""
    score: Score
    """On the latest units, which it had not seen."""
    precision: float
    """Average precision there: the area under precision by recall; the share of defects is what guessing reaches."""
    trial: Trial
    means: FloatArray
    """(p,) of the data it was learnt from."""
    sds: FloatArray
    _predict: Any

    def probability(self, recorded: FloatArray) -> FloatArray:
        """Return P(defect) of units (m, p)."""
        return np.asarray(self._predict(recorded), dtype=np.float64)


def learn(recorded: FloatArray, defective: BoolArray, stakes: Stakes) -> QualityModel:
    """Return a calibrated model of units (n, p) in the order of time.

    Raises
    ------
    MissingLearner
        scikit-learn is not installed.
    SimulationError
        Too few units or defects, a number that is none, or stakes that make no sense.
    """
    _checked(recorded, defective, stakes)
    ends = [int(share * len(recorded)) for share in (_FIT, _CALIBRATE, _CHOOSE)]
    parts = [slice(0, ends[0]), slice(ends[0], ends[1]), slice(ends[1], ends[2]), slice(ends[2], len(recorded))]
    for part in parts:
        if not 0 < defective[part].sum() < len(defective[part]):
            raise SimulationError("in some stretch of time all units are good or all are bad: nothing can be learnt")
    best = min(
        (_fitted(kind, recorded, defective, parts) for kind in ("logistic", "boosting")),
        key=lambda one: (one[0], one[1]),
    )
    last = parts[3]
    said = np.asarray(best[2](recorded[last]), dtype=np.float64)
    from sklearn.metrics import average_precision_score

    trial = try_out(said, defective[last], stakes)
    known = recorded[: ends[2]]
    return QualityModel(
        best[1], score(said, defective[last]), float(average_precision_score(defective[last], said)), trial,
        known.mean(axis=0), np.maximum(known.std(axis=0, ddof=1), 1e-12), best[2],
    )  # fmt: skip


def try_out(probability: FloatArray, defective: BoolArray, stakes: Stakes) -> Trial:
    """Return what acting from the threshold on would have done to units (n,) of which the truth is known."""
    threshold = stakes.threshold
    acted, bad, count = probability >= threshold, defective, len(defective)
    caught, missed = int((acted & bad).sum()), int((~acted & bad).sum())
    through = wilson(missed, count)
    saved = stakes.effectiveness
    left = wilson(caught, count)
    after = 1.0 - through.value - (1.0 - saved) * left.value
    low = 1.0 - through.interval.high - (1.0 - saved) * left.interval.high
    high = 1.0 - through.interval.low - (1.0 - saved) * left.interval.low
    good = wilson(count - int(bad.sum()), count)
    escapes = missed + (1.0 - saved) * caught
    every = (1.0 - saved) * float(bad.sum())
    return Trial(
        threshold, wilson(int(acted.sum()), count), wilson(caught, caught + missed) if caught + missed else None, good,
        Estimate(after, type(good.interval)(max(low, 0.0), min(high, 1.0))),
        (stakes.action * float(acted.sum()) + stakes.escape * escapes) / count,
        stakes.escape * float(bad.mean()),
        stakes.action + stakes.escape * every / count,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """Whether a model still fits what comes in; indices are of batches."""

    outcomes: Chart | None
    """CUSUM of defects less what was predicted; None while nobody knows the outcomes."""
    inputs: tuple[Chart, ...]
    """EWMA of the mean of each variable."""

    @property
    def alarm(self) -> int | None:
        """Return the first batch at which any chart alarms."""
        charts = [*self.inputs, *([self.outcomes] if self.outcomes else [])]
        return min((chart.alarm for chart in charts if chart.alarm is not None), default=None)


def watch(model: QualityModel, recorded: FloatArray, defective: BoolArray | None = None) -> Watch:
    """Return charts of what came in after learning, in batches of fifty; incomplete batches wait.

    Limits of the inputs are as wide as their number asks for, so that all together raise about one false alarm in 500
    batches; variables that wander by themselves alarm more often than that.
    """
    from scipy.special import ndtri

    count = len(recorded) // BATCH
    width = float(-ndtri(0.5 * 0.0031 / max(1, recorded.shape[1])))  # 2.962 for a single one
    batches = recorded[: count * BATCH].reshape(count, BATCH, -1)
    shifts = (batches.mean(axis=1) - model.means) / (model.sds / np.sqrt(BATCH))
    inputs = tuple(ewma(shifts[:, k], 0.2, width) for k in range(recorded.shape[1]))
    if defective is None:
        return Watch(None, inputs)
    said = model.probability(recorded[: count * BATCH]).reshape(count, BATCH)
    excess = defective[: count * BATCH].reshape(count, BATCH).sum(axis=1) - said.sum(axis=1)
    return Watch(cusum(excess / np.sqrt((said * (1.0 - said)).sum(axis=1))), inputs)


def _checked(recorded: FloatArray, defective: BoolArray, stakes: Stakes) -> None:
    if recorded.ndim != 2 or len(recorded) != len(defective):
        raise SimulationError(f"{len(recorded)} units and {len(defective)} outcomes do not belong together")
    if len(recorded) < _FEWEST_UNITS or defective.sum() < _FEWEST_DEFECTS:
        text = f"{len(recorded)} units with {int(defective.sum())} defects are too few to learn from"
        raise SimulationError(f"{text}: {_FEWEST_UNITS} and {_FEWEST_DEFECTS} at least")
    if not np.isfinite(recorded).all():
        raise SimulationError("a recorded value is no number")
    if not (stakes.escape > 0.0 and stakes.action >= 0.0 and 0.0 < stakes.effectiveness <= 1.0):
        raise SimulationError(
            "an escape costs more than nothing, acting not less; effectiveness lies above 0, 1 at most"
        )


def _fitted(kind: str, recorded: FloatArray, defective: BoolArray, parts: list[slice]) -> tuple[float, str, Any]:
    """Return the Brier score on later units, the kind, and what predicts: fitted on the oldest, calibrated on later."""
    try:
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.frozen import FrozenEstimator
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from threadpoolctl import threadpool_limits
    except ImportError:
        raise MissingLearner("predicting quality needs a learner: pip install 'qtems[predict]'") from None
    model: Any = (
        make_pipeline(StandardScaler(), LogisticRegression())
        if kind == "logistic"
        else HistGradientBoostingClassifier(
            learning_rate=0.05, max_iter=120, max_leaf_nodes=8, min_samples_leaf=30, random_state=_SEED
        )
    )
    with threadpool_limits(1):  # small data: threads that wait for each other take longer
        model.fit(recorded[parts[0]], defective[parts[0]])
    method = "isotonic" if defective[parts[1]].sum() >= _ISOTONIC_FROM else "sigmoid"
    calibrated: Any = CalibratedClassifierCV(FrozenEstimator(model), method=method)
    calibrated.fit(recorded[parts[1]], defective[parts[1]])

    def predict(units: FloatArray) -> FloatArray:
        with threadpool_limits(1):
            return calibrated.predict_proba(units)[:, 1]

    said = np.asarray(predict(recorded[parts[2]]), dtype=np.float64)
    return float(((said - defective[parts[2]]) ** 2).mean()), kind, predict
