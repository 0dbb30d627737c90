"""Whether a model still fits what comes in: charts of what is recorded, and of defects less what was predicted."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from simulation.prediction.drift import Chart, cusum, ewma
from simulation.prediction.quality_model import QualityModel
from simulation.prediction.quality_trial import BATCH

_WEIGHT, _FALSE_ALARM = 0.2, 0.0031
"""Of the EWMA; P(beyond 2.962 standard deviations), which makes one false alarm in 500."""


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
    batches. How far the mean of a batch strays by itself, and how much of that stays for the next one, is taken from
    what was learnt from: a variable that wanders does not alarm for wandering.
    """
    from scipy.special import stdtrit

    count = len(recorded) // BATCH
    means, sds, known = _usual(model.known)
    tail = 0.5 * _FALSE_ALARM / max(1, recorded.shape[1])
    width = float(-stdtrit(max(known - 1, 2), tail))
    shifts = (_batch_means(recorded[: count * BATCH], means) - means) / sds
    inputs = tuple(ewma(shifts[:, k], _WEIGHT, width) for k in range(recorded.shape[1])) if count else ()
    if defective is None or not count:
        return Watch(None, inputs)
    said = model.probability(recorded[: count * BATCH])
    excess = _excess(said, defective[: count * BATCH])
    return Watch(cusum(excess / _usual_excess(model)), inputs)


def _excess(said: FloatArray, defective: BoolArray) -> FloatArray:
    """Return defects less what was predicted (b,) of batches of fifty, in standard deviations of chance."""
    p = said.reshape(-1, BATCH)
    spread = np.sqrt(np.maximum((p * (1.0 - p)).sum(axis=1), 1e-12))
    return (defective.reshape(-1, BATCH).sum(axis=1) - p.sum(axis=1)) / spread


def _usual_excess(model: QualityModel) -> float:
    """Return how far the excess strays in the long run where nothing drifts, 1 at least: from units held out.

    What the model does not know, such as a cause that nobody records, makes it stray further than chance and alike from
    one batch to the next.
    """
    count = len(model.held_out) // BATCH
    if count < 3:
        return 1.0
    start = len(model.held_out) - count * BATCH
    found = _excess(model.held_out[start:], model.known_defective[start:])
    off = found - found.mean()
    lag = float(np.clip((off[1:] @ off[:-1]) / max(float(off @ off), 1e-300), 0.0, 0.9))
    variance = max(1.0, float(off @ off) / (count - 1)) * (1.0 + lag) / (1.0 - lag)
    return float(np.sqrt(variance * (1.0 + 1.0 / count)))


def _usual(known: FloatArray) -> tuple[FloatArray, FloatArray, int]:
    """Return mean (p,) and standard deviation (p,) of batch means as an EWMA sees them, and from how many they are.

    The variance of an EWMA of batch means with a correlation of r from one to the next is
    (1 + r (1 - w)) / (1 - r (1 - w)) times that of independent ones (Schmid 1997); the reference's own doubt is added.
    """
    count = len(known) // BATCH
    means = np.nan_to_num(np.nanmean(known, axis=0))
    batches = _batch_means(known[len(known) - count * BATCH :], means)
    single = np.maximum(np.nan_to_num(np.nanstd(known, axis=0, ddof=1)), 1e-12) / np.sqrt(BATCH)
    spread = batches.std(axis=0, ddof=1) if count > 1 else single
    off = batches - batches.mean(axis=0)
    power = np.maximum((off**2).sum(axis=0), 1e-300)
    lag = np.clip((off[1:] * off[:-1]).sum(axis=0) / power, 0.0, 0.95) if count > 2 else np.zeros(len(means))
    kept = lag * (1.0 - _WEIGHT)
    lasting = (1.0 + kept) / (1.0 - kept)
    doubt = (2.0 - _WEIGHT) / _WEIGHT * (1.0 + lag) / (1.0 - lag) / max(count, 1)
    return means, np.maximum(spread, single) * np.sqrt(lasting + doubt), count


def _batch_means(recorded: FloatArray, usual: FloatArray) -> FloatArray:
    """Return means (b, p) of batches of fifty; of what was not recorded, the usual value stands in."""
    filled = np.where(np.isnan(recorded), usual, recorded)
    return filled.reshape(-1, BATCH, recorded.shape[1]).mean(axis=1)
