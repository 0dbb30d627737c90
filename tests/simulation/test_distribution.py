"""Distributions: moments against their own quantiles, and published values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.distribution import Distribution, Empirical, Normal, Triangular, TruncatedNormal, Uniform, moment_about

SAMPLES: list[Distribution] = [
    Normal(3.0, 0.5),
    Uniform(-1.0, 4.0),
    Triangular(0.0, 0.5, 2.0),
    Triangular(0.0, 0.0, 1.0),
    TruncatedNormal(1.0, 2.0, 0.0, 3.0),
    TruncatedNormal(0.0, 1.0, 5.0, 6.0),
    Empirical.of([1.0, 1.2, 0.7, 5.0]),
]


@pytest.mark.parametrize("distribution", SAMPLES, ids=str)
def test_moments_are_those_of_the_quantiles(distribution: Distribution) -> None:
    shares = (np.arange(400_000) + 0.5) / 400_000
    values = distribution.quantile(shares)
    assert distribution.mean == pytest.approx(values.mean(), abs=2e-5)
    for order in range(2, 9):
        expected = float(np.mean((values - values.mean()) ** order))
        assert distribution.central_moment(order) == pytest.approx(expected, rel=2e-2, abs=1e-6), order


@given(share=st.floats(0.001, 0.998), step=st.floats(1e-6, 1e-3))
def test_quantiles_rise(share: float, step: float) -> None:
    for distribution in SAMPLES:
        low, high = distribution.quantile(np.array([share, share + step]))
        assert low <= high


def test_a_moment_about_another_centre() -> None:
    assert moment_about(Uniform(0.0, 2.0), 0.0, 2) == pytest.approx(4.0 / 3.0)


def test_one_measured_value_is_no_distribution() -> None:
    with pytest.raises(ValueError, match="two or more"):
        Empirical.of([1.0])
