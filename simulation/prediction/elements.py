"""Which elements are probably out of tolerance, from those that were measured.

What was not measured is told by what is usual among its like; what was, by what was measured, weighed with that.
A family is one characteristic under one pair of limits; its features are the classes and storeys in which it was
measured. What was measured as failing is known, not predicted; what is not there cannot fail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from geometry.arrays import FloatArray
from geometry.note import Note
from simulation.errors import SimulationError
from simulation.gauge import gauge_errors
from simulation.prediction.priors import Family, Measured, Prior, posterior_outside, priors, unmeasured

Limits = tuple[float, float]
Kind = tuple[str, float, float]
"""A family: characteristic and limits, millimetres."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One characteristic of one element as it was measured, millimetres."""

    characteristic: str
    actual: float
    u: float
    lower: float
    upper: float
    verdict: str
    """``pass``, ``fail`` or ``indeterminate``."""

    @property
    def family(self) -> Kind:
        """Return what it is alike to."""
        return self.characteristic, self.lower, self.upper

    @property
    def doubted(self) -> bool:
        """Return whether the verdict is open for another reason than the limit's nearness: too few points, say.

        Such a value counts half, what is usual the other half.
        """
        nearest = min(abs(self.actual - self.lower), abs(self.actual - self.upper))
        return self.verdict == "indeterminate" and nearest > 2.0 * self.u


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of an element."""

    global_id: str
    name: str
    ifc_class: str
    storey: str
    missing: bool
    """Seen not to be there."""
    readings: tuple[Reading, ...]

    @property
    def feature(self) -> str:
        """Return the class and storey, within which pieces are alike."""
        return f"{self.ifc_class} · {self.storey}" if self.storey else self.ifc_class

    @property
    def failed(self) -> bool:
        """Return whether a measured value is known to be out of tolerance."""
        return any(reading.verdict == "fail" for reading in self.readings)


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
    by_class: Mapping[str, tuple[Kind, ...]]
    """Which families are measured of elements of a class."""


def learn_families(elements: Sequence[Checked], rng: np.random.Generator) -> Learnt:
    """Return what the readings of all elements say.

    Raises
    ------
    SimulationError
        Nothing was measured.
    """
    values = dict[Kind, dict[str, list[Reading]]]()
    by_class = dict[str, set[Kind]]()
    for element in elements:
        for reading in element.readings:
            values.setdefault(reading.family, {}).setdefault(element.feature, []).append(reading)
            by_class.setdefault(element.ifc_class, set()).add(reading.family)
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
    return Learnt(families, found, unseen, {name: tuple(sorted(kinds)) for name, kinds in by_class.items()})


def predict(elements: Sequence[Checked], learnt: Learnt) -> tuple[Prediction, ...]:
    """Return what is to be expected of each element that is there and not known to fail, in the order given.

    Characteristics of one element count as independent of each other.
    """
    return tuple(_prediction(element, learnt) for element in elements if not element.missing and not element.failed)


def _prediction(element: Checked, learnt: Learnt) -> Prediction:
    readings = {reading.family: reading for reading in element.readings}
    rows = list[Expected]()
    for kind in sorted(set(learnt.by_class.get(element.ifc_class, ())) | set(readings)):
        prior = learnt.features.get((kind, element.feature)) or learnt.unmeasured[kind]
        reading = readings.get(kind)
        if reading is None:
            rows.append(Expected(kind, prior.defective.value, prior, None))
            continue
        chance = posterior_outside(prior, reading.actual, reading.u, kind[1], kind[2])
        if reading.doubted:
            chance = 0.5 * (chance + prior.defective.value)
        rows.append(Expected(kind, chance, prior, reading))
    rows.sort(key=lambda one: (-one.probability, one.family))
    good = float(np.prod([1.0 - one.probability for one in rows])) if rows else 1.0
    return Prediction(element, 1.0 - good, tuple(rows), _reason(element, rows))


def _reason(element: Checked, rows: Sequence[Expected]) -> str:
    if not rows:
        text = "Nothing of its class was measured: nothing can be said."
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
