"""The gauge's errors against the bivariate normal distribution, its limits and what has to hold always."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from simulation.errors import SimulationError
from simulation.gauge import GaugeErrors, gauge_errors


@pytest.mark.parametrize(
    ("mean", "sd", "lower", "upper", "u", "guard", "bias"),
    [
        (0.0, 1.0, -2.0, 2.0, 0.2, 0.0, 0.0),
        (0.3, 1.0, -2.0, 2.5, 0.2, 0.4, 0.0),
        (10.0, 0.5, None, 10.8, 0.3, -0.2, 0.1),
        (10.0, 0.01, 9.99, None, 0.3, 0.0, 0.0),
        (0.0, 1.0, -2.0, 2.0, 1e-3, 2e-3, 0.0),
    ],
)
def test_against_the_bivariate_normal_distribution(
    mean: float, sd: float, lower: float | None, upper: float | None, u: float, guard: float, bias: float
) -> None:
    found = gauge_errors(mean=mean, sd=sd, lower=lower, upper=upper, u=u, guard=guard, bias=bias)
    low, high = mean - 60.0 if lower is None else lower, mean + 60.0 if upper is None else upper
    shown = norm(mean + bias, np.hypot(sd, u))
    take_low, take_high = low + guard * (lower is not None), high - guard * (upper is not None)
    accepted = shown.cdf(take_high) - shown.cdf(take_low)
    covariance = np.array([[sd**2, sd**2], [sd**2, sd**2 + u**2]])
    joint = multivariate_normal(np.array([mean, mean + bias]), covariance)  # pyright: ignore[reportArgumentType]
    corners = [(high, take_high, 1), (low, take_high, -1), (high, take_low, -1), (low, take_low, 1)]
    both = sum(sign * joint.cdf(np.array([x, y])) for x, y, sign in corners)
    conforming = norm(mean, sd).cdf(high) - norm(mean, sd).cdf(low)
    assert found.conforming == pytest.approx(conforming, abs=1e-12)
    assert found.accepted == pytest.approx(accepted, abs=2e-8)
    assert found.false_reject == pytest.approx(1.0 - both / conforming, abs=2e-7)
    assert found.false_accept == pytest.approx((accepted - both) / (1.0 - conforming), abs=2e-6)


@settings(max_examples=60, deadline=None)
@given(
    sd=st.floats(1e-3, 1e3), u=st.floats(1e-6, 1e6), upper=st.floats(0.1, 30.0), shift=st.floats(-1.0, 1.0),
    guard=st.floats(0.0, 2.0),
)  # fmt: skip
def test_a_wider_guard_band_accepts_fewer_bad_and_rejects_more_good(
    sd: float, u: float, upper: float, shift: float, guard: float
) -> None:
    def found(band: float, factor: float = 1.0) -> GaugeErrors:
        return gauge_errors(
            mean=factor * shift * sd, sd=factor * sd, lower=-factor * upper * sd, upper=factor * upper * sd,
            u=factor * u * sd, guard=factor * band * sd,
        )  # fmt: skip

    narrow, wide, scaled = found(0.0), found(guard), found(guard, 7.3)
    for one in (narrow, wide):
        assert 0.0 <= one.accepted <= 1.0
        for share in (one.false_reject, one.false_accept):
            assert share is None or 0.0 <= share <= 1.0 + 1e-12
        joint = one.conforming * (1.0 - (one.false_reject or 0.0)) + one.defective * (one.false_accept or 0.0)
        assert joint == pytest.approx(one.accepted, abs=1e-9)
    if narrow.false_accept is not None and wide.false_accept is not None:
        assert wide.false_accept <= narrow.false_accept + 1e-12
        assert scaled.false_accept == pytest.approx(wide.false_accept, rel=1e-6, abs=1e-12)
    assert wide.false_reject is not None
    assert narrow.false_reject is not None
    assert wide.false_reject >= narrow.false_reject - 1e-9


def test_the_ends_of_the_scale() -> None:
    perfect = gauge_errors(mean=0.0, sd=1.0, lower=-2.0, upper=2.0, u=0.0)
    assert (perfect.false_accept, perfect.false_reject) == (0.0, pytest.approx(0.0, abs=1e-15))
    blind = gauge_errors(mean=0.0, sd=1.0, lower=-2.0, upper=2.0, u=1e9)
    assert blind.false_accept == pytest.approx(blind.accepted, rel=1e-3)
    assert blind.false_reject == pytest.approx(1.0)
    far = gauge_errors(mean=0.0, sd=1.0, lower=-30.0, upper=30.0, u=0.1)  # 1e-197 are bad: those lie at the limit
    assert far.defective == pytest.approx(2 * norm.sf(30.0))
    assert far.false_accept is not None
    assert 0.3 < far.false_accept < 0.5
    never = gauge_errors(mean=0.0, sd=0.0, lower=-1.0, upper=1.0, u=0.5)
    assert never.false_accept is None
    assert never.false_reject == pytest.approx(2 * norm.cdf(-2.0))
    assert gauge_errors(mean=0.0, sd=1.0, lower=-1.0, upper=1.0, u=0.1, guard=1.0).accepted == 0.0


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"lower": None, "upper": None}, "nothing to accept"),
        ({"lower": 2.0, "upper": 2.0}, "not less than"),
        ({"u": -1.0}, "finite"),
        ({"sd": float("nan")}, "finite"),
    ],
)
def test_what_makes_no_sense_is_refused(changed: dict[str, float], says: str) -> None:
    with pytest.raises(SimulationError, match=says):
        gauge_errors(**({"mean": 0.0, "sd": 1.0, "lower": -2.0, "upper": 2.0, "u": 0.2} | changed))
