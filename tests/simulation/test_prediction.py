"""Priors, inspection choice, scores and charts: closed forms, exhaustive search, published run lengths, known truth."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import anderson, norm

from simulation.errors import SimulationError
from simulation.prediction.drift import cusum, cusum_run_length, ewma, ewma_run_length
from simulation.prediction.inspection import Candidate, choose
from simulation.prediction.intervention import alarms, recall_needed, yield_after
from simulation.prediction.priors import Measured, beta_posterior, outside, posterior_outside, priors, process_variance
from simulation.prediction.scoring import score


def measured(name: str, values: np.ndarray, u: float = 0.0, limit: float = 10.0) -> Measured:
    return Measured(name, values, np.full(len(values), u), -limit, limit)


def test_the_gauges_own_spread_is_taken_out() -> None:
    rng = np.random.default_rng(0)
    true = 2.0 + 3.0 * rng.standard_normal(40_000)
    shown = true + 2.0 * rng.standard_normal(40_000)
    assert process_variance(shown, np.full(40_000, 2.0)) == pytest.approx(9.0, rel=0.03)
    assert process_variance(np.array([1.0, 1.1]), np.array([5.0, 5.0])) == 0.0
    _, (prior,) = priors([measured("plumb", shown, 2.0)], rng)
    truth = float(outside(np.array([2.0]), np.array([3.0]), -10.0, 10.0)[0])
    assert prior.defective.value == pytest.approx(truth, rel=0.1)
    assert prior.defective.interval.low < truth < prior.defective.interval.high
    naive = float(((shown < -10.0) | (shown > 10.0)).mean())
    assert naive > 2.0 * truth, "counting what the gauge shows takes its spread for the process's"


def test_features_lean_on_their_family_as_much_as_they_have_to() -> None:
    rng, squares = np.random.default_rng(1), np.zeros(2)
    for _ in range(12):
        centres = 1.5 * rng.standard_normal(40)
        features = [measured(f"f{k}", c + 2.0 * rng.standard_normal(40 if k % 2 else 3)) for k, c in enumerate(centres)]
        family, found = priors(features, np.random.default_rng(0))
        assert family.between == pytest.approx(1.5, rel=0.5)
        assert family.within == pytest.approx(2.0, rel=0.1)
        assert found[0].weight < found[1].weight > 0.85
        few = np.arange(0, 40, 2)
        raw, leaning = (np.array(x) for x in ([one.values.mean() for one in features], [one.mean for one in found]))
        squares += [((raw - centres)[few] ** 2).mean() / 12, ((leaning - centres)[few] ** 2).mean() / 12]
    assert squares[0] == pytest.approx(4.0 / 3.0, rel=0.25)
    assert squares[1] == pytest.approx(1.0 / (3.0 / 4.0 + 1.0 / 2.25), rel=0.25), "the variance of the best estimate"
    same, alike = priors([measured(f"g{k}", rng.standard_normal(10)) for k in range(4)], rng)
    assert same.between < 0.4
    assert all(one.weight < 0.75 for one in alike)


def test_storeys_far_from_each_other_are_each_normal() -> None:
    """Means that differ from feature to feature are no scatter: else two humps look like pieces far off."""
    rng, held = np.random.default_rng(4), 0
    for _ in range(100):
        centres = 1.0 + 2.0 * rng.standard_normal(4)
        features = [measured(f"f{k}", c + rng.standard_normal(10), limit=5.0) for k, c in enumerate(centres)]
        _, found = priors(features, rng)
        truth = norm.sf(5.0 - centres[0]) + norm.cdf(-5.0 - centres[0])
        held += found[0].defective.interval.low <= truth <= found[0].defective.interval.high
    assert held >= 88, "counting holds it 80 times"
    humps = [measured(f"f{k}", c + norm.ppf((np.arange(20) + 0.5) / 20)) for k, c in enumerate((-6.0, 6.0))]
    _, found = priors(humps, rng)
    assert all(one.normal for one in found)
    odd = np.append(norm.ppf((np.arange(20) + 0.5) / 20), [30.0, 31.0])
    _, found = priors([measured("odd", odd), humps[0]], rng)
    assert not any(one.normal for one in found), "a few pieces far off make the family one to count in"


def test_intervals_of_the_probability_hold_the_truth_as_often_as_they_say() -> None:
    rng, held, truth = np.random.default_rng(2), 0, 2.0 * norm.sf(2.0)
    for _ in range(200):
        _, (prior,) = priors([measured("f", rng.standard_normal(15), limit=2.0)], rng)
        held += prior.defective.interval.low <= truth <= prior.defective.interval.high
    assert 0.9 <= held / 200 <= 1.0


def test_what_is_not_normal_is_counted() -> None:
    values = np.concatenate([np.full(30, -9.0), np.full(29, 9.0)]) + np.linspace(-0.5, 0.5, 59)
    _, (prior,) = priors([measured("two heaps", values)], np.random.default_rng(0))
    assert not prior.normal
    assert prior.defective == prior.counted == beta_posterior(0, 59)
    for seed in range(20):
        drawn = np.random.default_rng(seed).gamma(4.0, 1.0, 25)
        _, (one,) = priors([measured("f", drawn)], np.random.default_rng(0))
        said: Any = anderson(drawn, "norm", method="interpolate")
        assert one.normal == (said.statistic * (1 + 0.75 / 25 + 2.25 / 25**2) <= 0.752)
    _, (single,) = priors([measured("one piece", np.array([3.0]), 0.5)], np.random.default_rng(0))
    assert single.normal
    assert 0.0 < single.defective.value < 1.0
    assert beta_posterior(3, 10).interval.low == pytest.approx(0.0927, abs=1e-3)
    with pytest.raises(SimulationError, match="no measured value"):
        priors([measured("f", np.array([np.nan]))], np.random.default_rng(0))


def test_a_measured_piece_is_judged_by_what_was_measured_and_what_is_usual() -> None:
    rng = np.random.default_rng(3)
    _, (prior,) = priors([measured("f", 0.5 * rng.standard_normal(200), limit=2.0)], rng)
    far = posterior_outside(prior, 2.5, 1.0, -2.0, 2.0)
    assert far < 0.05 < norm.sf(-0.5), "a poor gauge showing a rare value is rather wrong itself"
    assert posterior_outside(prior, 2.5, 0.05, -2.0, 2.0) > 0.999


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 8), budget=st.integers(0, 60))
def test_the_best_inspections_of_a_budget_are_those_of_exhaustive_search(seed: int, count: int, budget: int) -> None:
    rng = np.random.default_rng(seed)
    candidates = [
        Candidate(
            f"c{k}", float(rng.random()), float(rng.integers(1, 100)), float(rng.integers(0, 25)), float(rng.random()),
            float(rng.random()), 0.3 * float(rng.random()), 20.0 * float(rng.random()),
        )
        for k in range(count)
    ]  # fmt: skip
    best = 0.0
    for size in range(count + 1):
        for some in combinations(candidates, size):
            if sum(one.minutes for one in some) <= budget:
                best = max(best, sum(one.saving for one in some))
    found = choose(candidates, float(budget))
    assert found.saving == pytest.approx(best, abs=1e-9)
    assert found.optimal
    assert found.minutes <= budget + 1e-9
    densities = [candidates[k].saving / max(candidates[k].minutes, 1e-12) for k in found.order]
    assert densities == sorted(densities, reverse=True)


def test_odd_minutes_keep_the_budget_and_many_candidates_a_bound() -> None:
    rng = np.random.default_rng(4)
    odd = [Candidate(f"c{k}", 0.5, 1.0 + float(rng.random()), np.pi * (1.0 + float(rng.random()))) for k in range(60)]
    found = choose(odd, 100.0 / 3.0)
    assert found.minutes <= 100.0 / 3.0
    assert found.bound * 0.99 <= found.saving <= found.bound
    many = choose(
        [Candidate(f"c{k}", 0.5, 1.0 + float(rng.random()), 7.1 + float(rng.random())) for k in range(9000)], 9e3
    )
    assert many.minutes <= 9e3
    assert many.bound * 0.995 <= many.saving <= many.bound
    risk = Candidate("a", 0.2, 50.0, 10.0, detected=0.5)
    assert risk.risk == pytest.approx(0.2 * 0.5 * 50.0)
    with pytest.raises(SimulationError, match="outside 0 to 1"):
        choose([Candidate("x", 1.5, 1.0, 1.0)], 1.0)


def test_scores_of_predictions_add_up_and_favour_the_truth() -> None:
    rng = np.random.default_rng(5)
    truth = rng.beta(0.5, 4.0, 20_000)
    happened = rng.random(20_000) < truth
    right, wrong, flat = (
        score(truth, happened),
        score(np.sqrt(truth), happened),
        score(np.full(20_000, truth.mean()), happened),
    )
    for one in (right, wrong, flat):
        assert one.brier == pytest.approx(one.reliability - one.resolution + one.uncertainty + one.within, abs=1e-12)
    assert right.brier < flat.brier < wrong.brier
    assert right.log < flat.log < wrong.log
    assert right.calibration_z is not None
    assert wrong.calibration_z is not None
    assert abs(right.calibration_z) < 2.6 < 10.0 < abs(wrong.calibration_z)
    assert sum(not one.agrees for one in right.bins) <= 2
    assert sum(not one.agrees for one in wrong.bins) >= 5
    assert right.brier == pytest.approx(float((truth * (1.0 - truth)).mean()), rel=0.03)
    sure = score(np.array([0.0, 1.0]), np.array([True, False]))
    assert np.isfinite(sure.log)
    assert score(np.array([0.3]), np.array([True])).skill is None


def test_charts_run_as_long_as_published() -> None:
    """Lucas and Saccucci 1990 (EWMA); Montgomery, table 9.3 (CUSUM): without a shift and with shifts of the mean."""
    for weight, width, lengths in (
        (0.40, 3.054, (500, 71.2, 14.3, 5.9)), (0.25, 2.998, (500, 48.2, 11.1, 5.5)),
        (0.20, 2.962, (500, 41.8, 10.5, 5.5)), (0.10, 2.814, (500, 31.3, 10.3, 6.1)),
        (0.05, 2.615, (500, 28.8, 11.4, 7.1)),
    ):  # fmt: skip
        found = [ewma_run_length(weight, width, shift) for shift in (0.0, 0.5, 1.0, 1.5)]
        assert found == pytest.approx(lengths, rel=0.011)
    for decision, lengths in ((4.0, (168, 26.6, 8.38, 4.75, 3.34)), (5.0, (465, 38.0, 10.4, 5.75, 4.01))):
        found = [cusum_run_length(0.5, decision, shift) for shift in (0.0, 0.5, 1.0, 1.5, 2.0)]
        assert found == pytest.approx(lengths, rel=0.006)


def test_charts_alarm_when_run() -> None:
    rng = np.random.default_rng(6)
    lengths = list[int]()
    for _ in range(150):
        alarm = cusum(1.0 + rng.standard_normal(120)).alarm
        assert alarm is not None
        lengths.append(alarm + 1)
    assert np.mean(lengths) == pytest.approx(10.4, rel=0.12)
    quiet = ewma(np.zeros(50))
    assert quiet.alarm is None
    assert quiet.limit[0] == pytest.approx(2.962 * 0.2)
    with pytest.raises(SimulationError, match="no number"):
        ewma(np.array([np.nan]))


def test_the_battery_line_before_anybody_acts() -> None:
    """0.5 and T18 of the worked examples: what recall and effectiveness a yield takes, and which alarms it costs."""
    assert yield_after(0.08, 0.85, 0.9) == pytest.approx(0.9812)
    assert recall_needed(0.08, 0.98, 1.0) == pytest.approx(0.75)
    assert recall_needed(0.08, 0.98, 0.9) == pytest.approx(0.8333, abs=1e-4)
    assert recall_needed(0.08, 0.9, 0.1) == 0.0, "it is reached already"
    table = {
        1.0: (0.5145, 0.541),
        1.5: (0.3215, 0.364),
        2.0: (0.1676, 0.222),
        2.5: (0.0717, 0.134),
        3.0: (0.0248, 0.091),
    }
    for separation, (false, every) in table.items():
        found = alarms(0.08, 0.85, separation)
        assert found == pytest.approx((false, every), abs=6e-4)
