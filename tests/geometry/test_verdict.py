"""The guard band: all four outcomes, the limits themselves, and that widening limits never turns a pass into a fail."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.verdict import Outcome, judge

NAN, INF = math.nan, math.inf
MILLI = st.floats(-0.05, 0.05)


@pytest.mark.parametrize(
    ("actual", "lower", "upper", "uncertainty", "outcome"),
    [
        (0.0, -0.010, 0.010, 0.002, "pass"),
        (0.0075, -0.010, 0.010, 0.002, "pass"),
        (-0.0075, -0.010, 0.010, 0.002, "pass"),
        (0.0085, -0.010, 0.010, 0.002, "indeterminate"),
        (0.0115, -0.010, 0.010, 0.002, "indeterminate"),
        (-0.0115, -0.010, 0.010, 0.002, "indeterminate"),
        (0.0125, -0.010, 0.010, 0.002, "fail"),
        (-0.0125, -0.010, 0.010, 0.002, "fail"),
        (0.0, -0.010, 0.010, 0.011, "indeterminate"),  # U alone is larger than the tolerance: never a pass
        (0.012, -0.005, 0.010, 0.001, "fail"),  # unequal limits
        (-0.007, -0.005, 0.010, 0.001, "fail"),
        (-0.007, -0.010, 0.005, 0.001, "pass"),
        (0.007, 0.0, 0.008, 0.0, "pass"),  # a form error: from zero
        (NAN, -0.010, 0.010, 0.002, "not_measured"),
        (0.0, -0.010, 0.010, NAN, "not_measured"),
        (INF, -0.010, 0.010, 0.002, "not_measured"),
        (0.0, -0.010, 0.010, INF, "not_measured"),
    ],
)
def test_outcomes(actual: float, lower: float, upper: float, uncertainty: float, outcome: str) -> None:
    assert judge(actual, lower, upper, uncertainty) == outcome


def test_at_the_guard_bands_edges_conformance_may_be_claimed_and_nonconformance_may_not() -> None:
    """Binary fractions, so that the sums are exact: |d| + U = T passes, |d| - U = T does not fail yet."""
    tolerance, uncertainty, step = 0.25, 0.125, 2.0**-40
    assert judge(tolerance - uncertainty, -tolerance, tolerance, uncertainty) is Outcome.PASS
    assert judge(tolerance - uncertainty + step, -tolerance, tolerance, uncertainty) is Outcome.INDETERMINATE
    assert judge(tolerance + uncertainty, -tolerance, tolerance, uncertainty) is Outcome.INDETERMINATE
    assert judge(tolerance + uncertainty + step, -tolerance, tolerance, uncertainty) is Outcome.FAIL
    assert judge(tolerance, -tolerance, tolerance, 0.0) is Outcome.PASS
    assert judge(tolerance + step, -tolerance, tolerance, 0.0) is Outcome.FAIL


RANK = {Outcome.FAIL: 0, Outcome.INDETERMINATE: 1, Outcome.PASS: 2}


@given(d=MILLI, lower=st.floats(-0.04, -1e-4), upper=st.floats(1e-4, 0.04), u=st.floats(0, 0.02), a=st.floats(0, 0.02),
       b=st.floats(0, 0.02))  # fmt: skip
def test_wider_limits_never_make_it_worse(d: float, lower: float, upper: float, u: float, a: float, b: float) -> None:
    assert RANK[judge(d, lower - a, upper + b, u)] >= RANK[judge(d, lower, upper, u)]


@given(d=MILLI, tolerance=st.floats(1e-4, 0.04), u=st.floats(0, 0.02), more=st.floats(0, 0.02))
def test_more_uncertainty_never_makes_a_claim(d: float, tolerance: float, u: float, more: float) -> None:
    before, after = judge(d, -tolerance, tolerance, u), judge(d, -tolerance, tolerance, u + more)
    assert after in (before, Outcome.INDETERMINATE)


@given(d=MILLI, tolerance=st.floats(1e-4, 0.04), u=st.floats(0, 0.02))
def test_the_verdict_does_not_know_left_from_right(d: float, tolerance: float, u: float) -> None:
    assert judge(d, -tolerance, tolerance, u) is judge(-d, -tolerance, tolerance, u)


@given(d=MILLI, tolerance=st.floats(1e-4, 0.04), u=st.floats(0, 0.02), scale=st.sampled_from([0.25, 2.0, 1024.0]))
def test_the_verdict_does_not_know_units(d: float, tolerance: float, u: float, scale: float) -> None:
    assert judge(scale * d, -scale * tolerance, scale * tolerance, scale * u) is judge(d, -tolerance, tolerance, u)


def test_a_pass_is_wrong_at_most_as_often_as_the_guard_band_promises() -> None:
    """True deviation just beyond the limit, U = 2 u: false pass in at most 2.3 % (ISO 14253-1, one-sided k = 2)."""
    import numpy as np

    rng = np.random.default_rng(4)
    measured = 0.01001 + rng.normal(0.0, 0.001, 20_000)
    share = sum(judge(m, -0.01, 0.01, 0.002) is Outcome.PASS for m in measured) / 20_000
    assert 0.015 < share < 0.026
