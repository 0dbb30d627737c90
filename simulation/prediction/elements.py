"""Which elements are probably out of tolerance, from those that were measured.

What was not measured is told by what is usual among its like; what was, by what was measured, weighed with that.
Each element is held against its own limits and has no characteristic that its limits do not ask for (``applicable``).
A family is one characteristic under one pair of limits; its features are the classes and storeys in which it was
measured. What was measured as failing is known, not predicted; what is not there cannot fail.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from geometry.arrays import FloatArray
from geometry.note import Note
from simulation.errors import SimulationError
from simulation.gauge import gauge_errors
from simulation.prediction.applicable import Applicable, applicable
from simulation.prediction.checked import Checked, Kind, Reading
from simulation.prediction.priors import Family, Measured, Prior, posterior_outside, priors, unmeasured


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """What is to be expected of one characteristic of an element."""

    family: Kind
    probability: float
    """That it is out of tolerance."""
    prior: Prior
    reading: Reading | None
    """None: not measured."""

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the probability; of what was measured, the doubt is in the probability itself."""
        if self.reading is not None:
            return self.probability, self.probability
        found = self.prior.defective.interval
        return found.low, found.high


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What is to be expected of an element."""

    element: Checked
    probability: float
    """That any of its characteristics is out of tolerance."""
    expected: tuple[Expected, ...]
    """The likeliest first."""
    reason: str
    """A note."""

    @property
    def by_own(self) -> bool:
        """Return whether anything of the element itself was measured: else it is told by others alone."""
        return any(one.reading is not None for one in self.expected)

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the probability, as far as what is usual is not known for sure."""
        sides = [one.interval for one in self.expected]
        low, high = (1.0 - float(np.prod([1.0 - side[k] for side in sides])) for k in (0, 1))
        return min(low, self.probability), max(high, self.probability)


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What measurements say of all families."""

    families: Mapping[Kind, Family]
    features: Mapping[tuple[Kind, str], Prior]
    unmeasured: Mapping[Kind, Prior]
    """Of a feature of the family of which nothing was measured."""
    applicable: Applicable
    """Which of them bear on elements whose own report does not say it."""


def learn_families(elements: Sequence[Checked], rng: np.random.Generator) -> Learnt:
    """Return what the readings of all elements say.

    Raises
    ------
    SimulationError
        Nothing was measured.
    """
    values = dict[Kind, dict[str, list[Reading]]]()
    for element in elements:
        for reading in element.readings:
            values.setdefault(reading.family, {}).setdefault(element.feature, []).append(reading)
    if not values:
        raise SimulationError("nothing was measured in these reports, so nothing can be predicted")
    families, found, unseen = dict[Kind, Family](), dict[tuple[Kind, str], Prior](), dict[Kind, Prior]()
    for kind in sorted(values):
        features = [
            Measured(
                feature, np.array([one.actual for one in told]), np.array([one.u for one in told]), kind[1], kind[2]
            )
            for feature, told in sorted(values[kind].items())
        ]
        families[kind], described = priors(features, rng)
        found |= {(kind, prior.name): prior for prior in described}
        unseen[kind] = unmeasured(families[kind], features, rng)
    return Learnt(families, found, unseen, applicable(elements))


def predict(elements: Sequence[Checked], learnt: Learnt) -> tuple[Prediction, ...]:
    """Return what is to be expected of each element that is there and not known to fail, in the order given.

    Characteristics of one element count as independent of each other.
    """
    return tuple(_prediction(element, learnt) for element in elements if not element.missing and not element.failed)


def _prediction(element: Checked, learnt: Learnt) -> Prediction:
    rows, chances = list[Expected](), dict[tuple[object, ...], float]()
    for feature, row in _expected(element, learnt):
        rows.append(row)
        chances[feature] = max(chances.get(feature, 0.0), row.probability)
    rows.sort(key=lambda one: (-one.probability, one.family))
    good = float(np.prod([1.0 - one for one in chances.values()]))
    return Prediction(element, 1.0 - good, tuple(rows), _reason(element, rows))


def _expected(element: Checked, learnt: Learnt) -> Iterator[tuple[tuple[object, ...], Expected]]:
    """Yield what is to be expected of each of an element's characteristics, and which feature of it that is.

    A value under two pairs of limits is one feature: out of the wider ones it is out of the narrower ones, too.
    """
    for reading in element.readings:
        prior = _prior(element, reading.family, learnt)
        chance = posterior_outside(prior, reading.actual, reading.u, reading.lower, reading.upper)
        if reading.doubted:
            chance = 0.5 * (chance + prior.defective.value)
        yield (reading.characteristic, reading.actual), Expected(reading.family, chance, prior, reading)
    counts = dict[Kind, int]()
    for kind in (*(one.family for one in element.asked), *learnt.applicable.to(element)):
        counts[kind] = counts.get(kind, 0) + 1
        if kind in learnt.families:
            prior = _prior(element, kind, learnt)
            yield (kind[0], "not measured", counts[kind]), Expected(kind, prior.defective.value, prior, None)


def _prior(element: Checked, kind: Kind, learnt: Learnt) -> Prior:
    return learnt.features.get((kind, element.feature)) or learnt.unmeasured[kind]


def _reason(element: Checked, rows: Sequence[Expected]) -> str:
    if not rows:
        text = "No limit is known to apply to it of which anything was measured: nothing can be said."
        return Note("predict_nothing", text)
    worst = rows[0]
    values = {"characteristic": worst.family[0], "count": str(worst.prior.count), "feature": element.feature}
    if worst.reading is None and worst.prior.count:
        text = "{characteristic} was not measured; of {count} alike ({feature})"
        return Note("predict_unmeasured", text + " {share} % are to be expected out of tolerance.",
                    share=f"{100 * worst.probability:.1f}", **values)  # fmt: skip
    if worst.reading is None:
        text = "{characteristic} was not measured, nor that of any {feature}; told from other classes."
        return Note("predict_family", text, characteristic=worst.family[0], feature=element.feature)
    text = "{characteristic} was measured as {actual} mm, U {expanded} mm, within {limits}: what is left is doubt."
    limits = f"{_limit(worst.family[1])} … {_limit(worst.family[2])} mm"
    return Note("predict_doubt", text, characteristic=worst.family[0], actual=f"{worst.reading.actual:.1f}",
                expanded=f"{2.0 * worst.reading.u:.1f}", limits=limits)  # fmt: skip


def _limit(value: float) -> str:
    return "–" if value in (-inf, inf) else f"{value:g}"


def detection(expected: Expected, u: float) -> float:
    """Return P(found | out of tolerance) of measuring with a standard uncertainty of ``u`` millimetres."""
    prior, (_, lower, upper) = expected.prior, expected.family
    sd = float(np.hypot(prior.sd, prior.mean_sd))
    if not prior.normal:  # what is out may be anywhere, not where a normal distribution of the others would end
        sd = max(sd, *(abs(limit) for limit in (lower, upper) if abs(limit) != inf))
    found = gauge_errors(
        mean=prior.mean, sd=sd, lower=None if lower == -inf else lower, upper=None if upper == inf else upper, u=u
    )
    return 1.0 if found.detection is None else found.detection


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """Whether what was measured later fits what was predicted of a family."""

    family: Kind
    count: int
    mean_z: float
    """Mean of (measured - predicted) / its standard deviation."""
    alarm: bool
    """It lies further from 0 than chance explains once in 370 times (three standard errors)."""


def outcomes(
    predictions: Sequence[Prediction], later: Sequence[Checked]
) -> tuple[FloatArray, FloatArray, tuple[Drift, ...], int]:
    """Return probabilities (n,), outcomes (n,) of elements that were measured later, drifts, and how many are in doubt.

    An element counts when it was undecided before, and was measured later and is known to pass or to fail; in doubt
    later, it is left out and counted.
    """
    measured = {element.global_id: element for element in later if element.readings and not element.missing}
    said, came, doubtful = list[float](), list[float](), 0
    residuals = dict[Kind, list[tuple[float, float]]]()
    for prediction in predictions:
        element = measured.get(prediction.element.global_id)
        before = prediction.element.readings
        if element is None or not prediction.expected or (before and all(one.verdict == "pass" for one in before)):
            continue
        if not element.failed and any(reading.verdict != "pass" for reading in element.readings):
            doubtful += 1
            continue
        said.append(prediction.probability)
        came.append(float(element.failed))
        readings = {reading.family: reading for reading in element.readings}
        for one in prediction.expected:
            reading = readings.get(one.family)
            if reading is not None and one.reading is None:
                spread = float(np.sqrt(one.prior.sd**2 + one.prior.mean_sd**2 + reading.u**2))
                z = (reading.actual - one.prior.mean) / max(spread, 1e-12)
                residuals.setdefault(one.family, []).append((z, (one.prior.mean_sd / max(spread, 1e-12)) ** 2))
    drifts = tuple(_drift(kind, np.array(told)) for kind, told in sorted(residuals.items()))
    return np.array(said), np.array(came), drifts, doubtful


def _drift(family: Kind, told: FloatArray) -> Drift:
    """Return the drift of residuals (n, 2): z, and the share of their variance that they have in common."""
    count, mean = len(told), float(told[:, 0].mean())
    error = float(np.sqrt((1.0 - told[:, 1].mean()) / count + told[:, 1].mean()))
    return Drift(family, count, mean, abs(mean) > 3.0 * error)
