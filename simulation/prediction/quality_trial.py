"""What acting on predicted defects would have done to units whose outcome is known: costs, yield, alarms, intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, t

from geometry.arrays import BoolArray, FloatArray, IntArray
from simulation.errors import SimulationError
from simulation.prediction.scoring import CalibrationBin, area_under_curve, average_precision
from simulation.stackup.capability import Estimate, wilson
from simulation.stackup.extremes import Interval

BATCH = 50
DRAWS = 400
FEWEST_BLOCKS = 6
"""With fewer nothing can be shown: were all five of five for it, chance alone does that once in 32 (sign test)."""
_TAIL = 0.025
_LEAST_FREEDOM = 0.1


@dataclass(frozen=True, slots=True)
class Stakes:
    """What acting and not acting cost."""

    escape: float
    """A defect that nobody acted on."""
    action: float
    """Acting on a unit, good or not."""
    effectiveness: float = 1.0
    """Share of the defects that acting prevents."""

    def __post_init__(self) -> None:
        """Refuse stakes that make no sense."""
        if not (self.escape > 0.0 and self.action >= 0.0 and 0.0 < self.effectiveness <= 1.0):
            raise SimulationError(
                "an escape costs more than nothing, acting not less; effectiveness lies above 0, 1 at most"
            )

    @property
    def threshold(self) -> float:
        """Return the probability from which acting pays: action / (effectiveness x escape) (Elkan 2001).

        Above 1 it never does.
        """
        return self.action / (self.effectiveness * self.escape)


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
class Intervals:
    """Figures of a trial with 95 % intervals: whole groups, or stretches of units, drawn again and again.

    Of fewer blocks than ``FEWEST_BLOCKS`` the intervals are not known: NaN on both sides.
    """

    blocks: int
    """Groups, or stretches of time, that were tried: how many things are independent of each other."""
    yield_after: Interval
    """Of the yield with acting, by what the blocks scatter."""
    brier: Estimate
    brier_gain: Estimate
    """Less than that of giving every unit the share of defects of what was learnt from; above 0: it is better."""
    log: Estimate
    precision: Estimate
    area: Estimate
    """Under the curve of recall by false alarms."""
    cost: Estimate
    cheapest: Estimate
    """The threshold that would have been cheapest on these units: where the one used belongs if it is calibrated."""


def try_out(
    probability: FloatArray, defective: BoolArray, stakes: Stakes, threshold: float | None = None,
    group: IntArray | None = None,
) -> Trial:  # fmt: skip
    """Return what acting from the threshold on would have done to units (n,) of which the truth is known.

    Units of one group (n,), or of one stretch of fifty, are alike: intervals of shares hold Wilson's, which takes them
    for independent, and Student's over groups or stretches.
    """
    threshold = stakes.threshold if threshold is None else threshold
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
    blocks, units, y = _blocks(count, group), np.ones(count), bad.astype(np.float64)
    recall = _widened(wilson(caught, caught + missed), y * acted, y, blocks) if caught + missed else None
    kept = Estimate(after, Interval(max(low, 0.0), min(high, 1.0)))
    return Trial(
        threshold, _widened(wilson(int(acted.sum()), count), acted.astype(np.float64), units, blocks), recall,
        _widened(good, 1.0 - y, units, blocks), _widened(kept, 1.0 - y * (1.0 - saved * acted), units, blocks),
        (stakes.action * float(acted.sum()) + stakes.escape * escapes) / count,
        stakes.escape * float(bad.mean()),
        stakes.action + stakes.escape * every / count,
    )  # fmt: skip


def intervals(
    said: FloatArray, happened: BoolArray, stakes: Stakes, alike: float, rng: np.random.Generator,
    group: IntArray | None = None,
) -> Intervals:  # fmt: skip
    """Return the figures of a trial of units (n,) in the order of time, with intervals of a block bootstrap.

    Neighbours in time are alike, so blocks of fifty units or whole groups are drawn, not units (Kuensch 1989). Few
    blocks scatter less than what they come from: the percentiles are taken further out (Hesterberg 2015, "expanded
    percentile"), by as many blocks as weigh the same (Kish 1965); the gain holds Student's interval over blocks, too.
    """
    blocks = _blocks(len(said), group)
    told = _figures(said, happened, stakes, alike)
    bad, acted = happened.astype(np.float64), (said >= stakes.threshold).astype(np.float64)
    saved = 1.0 - bad * (1.0 - stakes.effectiveness * acted)
    if len(blocks) < FEWEST_BLOCKS:
        unknown = Interval(float("nan"), float("nan"))
        return Intervals(len(blocks), unknown, *(Estimate(value, unknown) for value in told))
    figures = [told]
    for _ in range(DRAWS):
        drawn = np.concatenate([blocks[index] for index in rng.integers(0, len(blocks), len(blocks))])
        if 0 < happened[drawn].sum() < len(drawn):
            figures.append(_figures(said[drawn], happened[drawn], stakes, alike))
    tail, spread = _expanded_tail(blocks), np.array(figures[1:] or figures)
    low, high = np.quantile(spread, (tail, 1.0 - tail), axis=0)
    gain = over_blocks((alike - bad) ** 2 - (said - bad) ** 2, blocks)
    low[1], high[1] = min(low[1], gain.low), max(high[1], gain.high)
    found = [Estimate(v, Interval(float(a), float(b))) for v, a, b in zip(told, low, high, strict=True)]
    return Intervals(len(blocks), over_blocks(saved, blocks), *found)


def over_blocks(values: FloatArray, blocks: Sequence[IntArray]) -> Interval:
    """Return Student's 95 % interval of the mean of values (n,), at least 2 blocks of which are independent.

    The mean is a ratio of sums over blocks: Cochran (1977), Sampling Techniques, eq. 6.13.
    """
    count, mean = len(blocks), float(values.mean())
    strays = np.array([float((values[block] - mean).sum()) for block in blocks])
    error = np.sqrt(count / (count - 1.0) * float((strays**2).sum())) / len(values)
    reach = float(t.isf(_TAIL, max(_alike(blocks) - 1.0, _LEAST_FREEDOM))) * error
    return Interval(mean - reach, mean + reach)


def _widened(found: Estimate, parts: FloatArray, wholes: FloatArray, blocks: Sequence[IntArray]) -> Estimate:
    """Return a share with an interval that holds that over blocks, too: of parts (n,) in wholes (n,).

    Of a single block nothing is known of how blocks differ: 0 to 1.
    """
    count, ratio = len(blocks), float(parts.sum() / wholes.sum())
    if count < 2:
        return Estimate(found.value, Interval(0.0, 1.0))
    strays = np.array([float((parts[block] - ratio * wholes[block]).sum()) for block in blocks])
    error = np.sqrt(count / (count - 1.0) * float((strays**2).sum())) / float(wholes.sum())
    reach = float(t.isf(_TAIL, max(_alike(blocks) - 1.0, _LEAST_FREEDOM))) * error
    low, high = min(found.interval.low, ratio - reach), max(found.interval.high, ratio + reach)
    return Estimate(found.value, Interval(max(low, 0.0), min(high, 1.0)))


def costs(said: FloatArray, happened: BoolArray, stakes: Stakes) -> tuple[FloatArray, FloatArray]:
    """Return thresholds (k,), falling, and what a unit would have cost (k,) with each; the first never acts."""
    order = np.argsort(-said, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(said[order])), len(said) - 1)
    caught = np.concatenate([[0.0], np.cumsum(happened[order])[ends]])
    acted = np.concatenate([[0.0], ends + 1.0])
    spent = stakes.action * acted + stakes.escape * (happened.sum() - stakes.effectiveness * caught)
    return np.concatenate([[1.0], said[order][ends]]), spent / len(said)


def reliability(said: FloatArray, happened: BoolArray, most: int = 10) -> tuple[CalibrationBin, ...]:
    """Return units (n,) of about the same probability, as many in each bin, and the share of them that was bad."""
    order = np.argsort(said, kind="stable")
    found = list[CalibrationBin]()
    for part in np.array_split(order, max(1, min(most, len(said) // 20))):
        found.append(CalibrationBin(float(said[part].mean()), len(part), wilson(int(happened[part].sum()), len(part))))
    return tuple(found)


def threshold_of(said: FloatArray, happened: BoolArray, recall: float) -> float:
    """Return the largest threshold that would have caught a share of the defects; 0 without any."""
    bad = np.sort(said[happened])[::-1]
    return float(bad[min(len(bad), max(1, int(np.ceil(recall * len(bad))))) - 1]) if len(bad) else 0.0


def _figures(said: FloatArray, happened: BoolArray, stakes: Stakes, alike: float) -> tuple[float, ...]:
    y = happened.astype(np.float64)
    brier = float(((said - y) ** 2).mean())
    safe = np.clip(said, 1e-6, 1.0 - 1e-6)
    thresholds, spent = costs(said, happened, stakes)
    acted = said >= stakes.threshold
    cost = stakes.action * acted.mean() + stakes.escape * (y * (1.0 - stakes.effectiveness * acted)).mean()
    log = float(-np.where(happened, np.log(safe), np.log1p(-safe)).mean())
    return (
        brier, float(((alike - y) ** 2).mean()) - brier, log,
        average_precision(said, happened), area_under_curve(said, happened), float(cost),
        float(thresholds[int(np.argmin(spent))]),
    )  # fmt: skip


def _blocks(count: int, group: IntArray | None) -> list[IntArray]:
    if group is not None:
        order = np.argsort(group, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    return np.array_split(np.arange(count), max(min(FEWEST_BLOCKS, count), count // BATCH))


def _alike(blocks: Sequence[IntArray]) -> float:
    """Return how many blocks of one size weigh as much: (sum n)^2 / sum n^2 (Kish 1965)."""
    sizes = np.array([len(block) for block in blocks], dtype=np.float64)
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def _expanded_tail(blocks: Sequence[IntArray]) -> float:
    """Return the share to cut off on each side of the bootstrap: Phi(-t sqrt(n / (n - 1))) (Hesterberg 2015)."""
    freedom = max(_alike(blocks) - 1.0, _LEAST_FREEDOM)
    return float(norm.sf(t.isf(_TAIL, freedom) * np.sqrt((freedom + 1.0) / freedom)))
