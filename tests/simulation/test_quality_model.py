"""Predictive quality on a line whose causes are known: as good as can be, calibrated, worth its cost, and watched."""

import numpy as np
import pytest

from simulation.errors import SimulationError
from simulation.prediction.line_data import LineData, line_data
from simulation.prediction.process_data import units
from simulation.prediction.quality_model import QualityModel, learn
from simulation.prediction.quality_study import study
from simulation.prediction.quality_trial import BATCH, Stakes, costs, intervals, over_blocks, threshold_of, try_out
from simulation.prediction.quality_watch import watch
from simulation.stackup.capability import wilson

STAKES = Stakes(escape=100.0, action=15.0, effectiveness=0.9)


@pytest.fixture(scope="module")
def line() -> LineData:
    return line_data(10_000, np.random.default_rng(0))


@pytest.fixture(scope="module")
def model(line: LineData) -> QualityModel:
    return learn(line.recorded, line.defective, STAKES)


def test_it_comes_near_to_the_truth_and_is_calibrated(line: LineData, model: QualityModel) -> None:
    last = slice(8_000, None)
    truth = line.probability[last]
    best = float(((truth - line.defective[last]) ** 2).mean())
    assert 0.06 < line.defective.mean() < 0.12
    assert model.kind == "boosting", "a straight model sees neither the best thickness nor what wear does to pressure"
    assert model.score.brier < model.score.uncertainty * 0.9
    assert model.score.brier < best + 0.006
    assert model.precision > 3.0 * line.defective[last].mean()
    assert model.score.calibration_z is not None
    assert abs(model.score.calibration_z) < 4.0
    assert sum(one.agrees for one in model.score.bins if one.count >= 30) >= 3


def test_the_threshold_is_where_acting_begins_to_pay(line: LineData, model: QualityModel) -> None:
    assert STAKES.threshold == pytest.approx(15.0 / 90.0)
    assert model.trial.cost < 0.9 * min(model.trial.cost_never, model.trial.cost_always)
    assert model.trial.yield_after.value > model.trial.yield_before.value + 0.02
    truth, bad = line.probability, line.defective
    costs = [try_out(np.where(truth >= t, 1.0, 0.0), bad, STAKES).cost for t in (0.05, STAKES.threshold, 0.5)]
    assert costs[1] == min(costs), "with the true probabilities no other threshold is cheaper"
    sure = try_out(bad.astype(float), bad, Stakes(100.0, 1.0, 1.0))
    assert (sure.yield_after.value, sure.cost) == (1.0, pytest.approx(bad.mean()))


def test_a_drift_is_noticed_soon_and_none_is_not() -> None:
    seen = line_data(4_000, np.random.default_rng(1))
    learnt = learn(seen.recorded, seen.defective, STAKES)
    after = line_data(3_000, np.random.default_rng(2), shifted_from=1_500)
    found = watch(learnt, after.recorded, after.defective)
    coating = found.inputs[0].alarm
    assert coating is not None
    assert 0 <= coating - 1_500 // BATCH <= 2
    assert found.outcomes is not None
    assert found.outcomes.alarm is not None
    assert found.outcomes.alarm >= 1_500 // BATCH
    calm = line_data(1_500, np.random.default_rng(3))
    quiet = watch(learnt, calm.recorded)
    assert quiet.outcomes is None
    assert quiet.inputs[0].alarm is None


@pytest.mark.parametrize(("units", "says"), [(100, "too few to learn from"), (-800, "all units are good")])
def test_what_cannot_be_learnt_is_refused(units: int, says: str) -> None:
    data = line_data(abs(units), np.random.default_rng(4))
    bad = data.defective if units > 0 else np.arange(-units) < 300
    with pytest.raises(SimulationError, match=says):
        learn(data.recorded, bad, STAKES)
    with pytest.raises(SimulationError, match="an escape costs more than nothing"):
        Stakes(0.0, 1.0)


def test_groups_and_moments_stand_on_one_side() -> None:
    data = line_data(2_000, np.random.default_rng(6))
    group = (np.arange(2_000) // 30) + 0
    group[1_700] = 0  # a late unit of the first batch
    moment = np.arange(2_000) // 7
    found = learn(data.recorded, data.defective, STAKES, moment=moment, group=group)
    known = np.arange(1_603)  # four fifths, and the rest of the moment that they end in
    assert len(found.known) == len(known)
    assert moment[1_599] == moment[1_602] != moment[1_603]
    assert not set(group[found.tried]) & set(group[known])
    assert found.left_out == 2_000 - len(known) - len(found.tried) > 0
    assert 1_700 not in found.tried


def test_what_a_batch_has_in_common_is_not_taken_for_foresight() -> None:
    """Units of a batch share its fate and its reading: split at random that looks like a perfect model."""
    rng = np.random.default_rng(7)
    fate = rng.random(100) < 0.15
    group = np.repeat(np.arange(100), 20)
    recorded = np.column_stack([rng.normal(size=100)[group], rng.normal(size=2_000)])
    found = learn(recorded, fate[group] & (rng.random(2_000) < 0.9), STAKES, group=group)
    spread = intervals(found.said, (fate[group])[found.tried], STAKES, found.share, rng, group[found.tried])
    assert spread.brier_gain.interval.low <= 0.0, "a batch's reading says nothing of the next batch"


def test_shares_of_units_of_one_batch_are_as_sure_as_batches_are_many() -> None:
    """Bad batches: intervals of shares hold the truth about as often as they say; those of single units do not."""
    rng, batches, size, runs = np.random.default_rng(3), 25, 40, 300
    held, alone = np.zeros(4), 0
    truth = 0.3 * 0.4 + 0.7 * 0.02  # P(defect); the model alarms on 80 % of bad units, 10 % of good ones
    wanted = np.array([0.8 * truth + 0.1 * (1.0 - truth), 0.8, 1.0 - truth, 1.0 - truth * (1.0 - 0.9 * 0.8)])
    for _ in range(runs):
        rate = np.where(rng.random(batches) < 0.3, 0.4, 0.02)
        group = np.repeat(np.arange(batches), size)
        bad = rng.random(batches * size) < rate[group]
        alarm = rng.random(batches * size) < np.where(bad, 0.8, 0.1)
        found = try_out(alarm.astype(float), bad, STAKES, 0.5, group)
        assert found.recall is not None
        for k, one in enumerate((found.alarms, found.recall, found.yield_before, found.yield_after)):
            held[k] += one.interval.low <= wanted[k] <= one.interval.high
        single = wilson(int((~bad).sum()), len(bad)).interval
        alone += single.low <= wanted[2] <= single.high
    assert (held / runs > 0.9).all(), held / runs
    assert alone / runs < 0.6, "as if units were independent"


def test_missing_values_are_no_obstacle() -> None:
    data = line_data(2_500, np.random.default_rng(9))
    holes = np.where(np.random.default_rng(1).random(data.recorded.shape) < 0.1, np.nan, data.recorded)
    found = learn(holes, data.defective, STAKES)
    assert np.isfinite(found.said).all()
    assert found.precision > 2.0 * found.share
    assert watch(found, holes[-500:], data.defective[-500:]).alarm is None


def test_intervals_hold_the_truth_and_the_cheapest_threshold_is_found(line: LineData, model: QualityModel) -> None:
    last = slice(8_000, None)
    found = intervals(model.said, line.defective[last], STAKES, model.share, np.random.default_rng(0))
    late = line_data(30_000, np.random.default_rng(77))
    truth = try_out(model.probability(late.recorded), late.defective, STAKES).cost
    assert found.cost.interval.low <= truth <= found.cost.interval.high
    assert found.cheapest.interval.low <= STAKES.threshold <= found.cheapest.interval.high
    thresholds, spent = costs(model.said, line.defective[last], STAKES)
    slow = [try_out(model.said, line.defective[last], STAKES, float(t)).cost for t in thresholds[1:60]]
    assert spent[1:60] == pytest.approx(slow)
    assert spent[0] == pytest.approx(try_out(model.said, line.defective[last], STAKES).cost_never)
    share = threshold_of(model.said, line.defective[last], 0.8)
    assert (model.said >= share)[line.defective[last]].mean() >= 0.8


def test_probabilities_hold_the_truth_of_alike_units(model: QualityModel) -> None:
    late = line_data(20_000, np.random.default_rng(78))
    said, between = model.probability(late.recorded), model.interval(late.recorded)
    assert (between[:, 0] <= said + 1e-9).all()
    assert (said <= between[:, 1] + 1e-9).all()
    held = [
        between[part, 0].mean() - 0.004 <= late.probability[part].mean() <= between[part, 1].mean() + 0.004
        for part in np.array_split(np.argsort(said), 10)
    ]
    assert sum(held) >= 8


@pytest.mark.nightly
def test_over_many_lines_calibration_and_false_alarms_are_as_said() -> None:
    held, outcome_alarms, input_alarms, costs_held = list[bool](), list[bool](), list[bool](), list[bool]()
    for seed in range(30):
        data = line_data(9_000, np.random.default_rng(seed))
        model = learn(data.recorded[:5_000], data.defective[:5_000], STAKES)
        new = slice(5_000, 9_000)
        said, between = model.probability(data.recorded[new]), model.interval(data.recorded[new])
        for part in np.array_split(np.argsort(said), 10):
            truth = data.probability[new][part].mean()
            held.append(bool(between[part, 0].mean() <= truth <= between[part, 1].mean()))
        found = watch(model, data.recorded[new], data.defective[new])
        assert found.outcomes is not None
        outcome_alarms.append(found.outcomes.alarm is not None)
        input_alarms.append(any(chart.alarm is not None for chart in found.inputs))
        spread = intervals(model.said, data.defective[model.tried], STAKES, model.share, np.random.default_rng(1))
        cost = try_out(said, data.defective[new], STAKES).cost
        costs_held.append(spread.cost.interval.low <= cost <= spread.cost.interval.high)
    assert np.mean(held) > 0.8
    assert np.mean(costs_held) > 0.85
    assert np.mean(outcome_alarms) < 0.158 + 3.0 * np.sqrt(0.158 * 0.842 / 30)
    assert np.mean(input_alarms) < 0.148 + 3.0 * np.sqrt(0.148 * 0.852 / 30)


@pytest.mark.parametrize("groups", [5, 15])
def test_few_batches_show_nothing(groups: int) -> None:
    """One batch on trial is one thing that happened: its units scatter, but that says nothing of the next batch."""
    for seed in range(2):
        rng = np.random.default_rng(100 + seed)
        group = np.repeat(np.arange(groups), 1_000 // groups)
        chance = 1.0 / (1.0 + np.exp(1.5 - rng.normal(size=groups)))
        level, bad = rng.normal(size=groups), rng.random(len(group)) < chance[group]
        columns = {"x": level[group] + 0.01 * rng.normal(size=len(group)), "z": rng.normal(size=len(group))}
        found = study(units(columns, bad, np.arange(len(group)), group), STAKES, 0.01, seed)
        assert found.intervals.blocks == groups // 5
        assert not found.useful
        assert np.isnan([found.intervals.brier_gain.interval.low, found.intervals.cost.interval.high]).all()
        assert found.goal is not None
        assert found.goal.reached != "shown", "nor is a yield"


def test_many_batches_show_what_is_there() -> None:
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(40), 40)
    x = rng.normal(size=len(group))
    bad = rng.random(len(group)) < 1.0 / (1.0 + np.exp(2.0 - 2.0 * x))
    found = study(units({"x": x}, bad, np.arange(len(group)), group), STAKES, None, 0)
    assert found.intervals.blocks == 8
    assert found.useful


def test_a_threshold_that_several_recalls_come_to_is_told_once() -> None:
    """Who is said of two kinds of units has two thresholds to choose between, whatever recall is asked for."""
    rng = np.random.default_rng(5)
    kind = rng.random(2000) < 0.3
    bad = rng.random(2000) < np.where(kind, 0.4, 0.02)
    found = study(units({"kind": kind.astype(float)}, bad, np.arange(2000)), STAKES, None, 0)
    thresholds = [one.threshold for one in found.choices]
    assert len(set(thresholds)) == len(thresholds) <= 4


def test_intervals_over_blocks_hold_the_mean_and_one_large_block_counts_little() -> None:
    rng = np.random.default_rng(11)
    blocks = np.array_split(np.arange(120), 6)
    held = 0
    for _ in range(1_000):
        values = np.repeat(rng.normal(size=6), 20) + 0.1 * rng.normal(size=120)
        low_high = over_blocks(values, blocks)
        held += low_high.low <= 0.0 <= low_high.high
    assert held == pytest.approx(950, abs=28), "of 1000, four standard deviations"
    even = over_blocks(rng.normal(size=120), blocks)
    skewed = over_blocks(rng.normal(size=120), np.split(np.arange(120), [110, 112, 114, 116, 118]))
    assert skewed.high - skewed.low > 5.0 * (even.high - even.low)


@pytest.mark.parametrize("huge", [1e200, -1e120])
def test_a_number_too_large_to_reckon_with_is_refused_by_its_column(huge: float) -> None:
    numbers = np.random.default_rng(0).normal(size=500)
    bad = np.arange(500) % 7 == 0
    with pytest.raises(SimulationError, match=r"column 'a' holds .*e\+"):
        units({"b": numbers, "a": numbers * huge}, bad, np.arange(500))
    encoding = units({"a": numbers}, bad, np.arange(500)).encoding
    with pytest.raises(SimulationError, match="column 'a' holds"):
        encoding.encoded({"a": np.array([0.0, huge])})
