"""Predictive quality on a line whose causes are known: as good as can be, calibrated, worth its cost, and watched."""

import numpy as np
import pytest

from simulation.errors import SimulationError
from simulation.prediction.line_data import LineData, line_data
from simulation.prediction.quality_model import BATCH, QualityModel, Stakes, learn, try_out, watch

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


@pytest.mark.parametrize(
    ("units", "stakes", "says"),
    [
        (100, STAKES, "too few to learn from"),
        (800, Stakes(0.0, 1.0), "an escape costs more than nothing"),
        (-800, STAKES, "all units are good"),
    ],
)
def test_what_cannot_be_learnt_is_refused(units: int, stakes: Stakes, says: str) -> None:
    data = line_data(abs(units), np.random.default_rng(4))
    bad = data.defective if units > 0 else np.arange(-units) < 300
    with pytest.raises(SimulationError, match=says):
        learn(data.recorded, bad, stakes)
