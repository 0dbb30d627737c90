"""Verdicts under a guard band, and the states an element can be in."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Outcome(StrEnum):
    """The machine's verdict. Missing data is never a pass."""

    PASS = "pass"
    FAIL = "fail"
    INDETERMINATE = "indeterminate"
    NOT_MEASURED = "not_measured"


class State(StrEnum):
    """What the scan shows of an element."""

    INSTALLED = "installed"
    MISSING = "missing"
    OCCLUDED = "occluded"
    UNSEEN = "unseen"
    DESIGN_SUSPECT = "design_suspect"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured characteristic of one element, in metres.

    ``actual`` is the deviation from nominal where limits are about zero, or the measured form error.
    """

    characteristic: str
    actual: float
    lower: float
    upper: float
    expanded_uncertainty: float
    """U = k u with ``coverage_factor``."""
    outcome: Outcome
    source: str
    """Standard, edition and clause, or ``user``."""
    coverage_factor: float = 2.0
    n: int = 0
    """How many points it rests on."""
    nominal: float | None = None
    """The designed value where the characteristic has one (a section size, a diameter)."""
    method: str = ""
    note: str = ""
    """Machine word why it is indeterminate or not measured: ``capability``, ``few_points`` ..."""
    part: str = ""
    """Which part of the element it is about, by name: an opening; empty for the element as a whole."""
    part_id: str = ""
    """GlobalId of that part."""
    direction: str = ""
    """Machine word of the direction of the part that was measured: ``width``, ``height`` or ``length``."""


def judge(actual: float, lower: float, upper: float, expanded_uncertainty: float) -> Outcome:
    """Judge a value against limits with a guard band of U on each side.

    Conformance is claimed only inside the limits less U, nonconformance only beyond the limits plus U (decision rule of
    ISO 14253-1: the uncertainty counts against whoever makes the claim). All values in metres.

    Examples
    --------
    >>> judge(0.004, -0.010, 0.010, 0.002).value, judge(0.011, -0.010, 0.010, 0.002).value
    ('pass', 'indeterminate')
    >>> judge(0.013, -0.010, 0.010, 0.002).value, judge(float("nan"), -0.01, 0.01, 0.0).value
    ('fail', 'not_measured')
    """
    if not (np.isfinite(actual) and np.isfinite(expanded_uncertainty)):
        return Outcome.NOT_MEASURED
    if actual - expanded_uncertainty >= lower and actual + expanded_uncertainty <= upper:
        return Outcome.PASS
    if actual + expanded_uncertainty < lower or actual - expanded_uncertainty > upper:
        return Outcome.FAIL
    return Outcome.INDETERMINATE
