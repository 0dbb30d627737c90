"""What a beam's width does to rims: instruments that range straddling beams in their own ways, and shares in common."""

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.beam_rim import RECESSION, SHIFT, TURN, BeamRim
from geometry.bolt_hole import DesignedHole, HoleFit, measure_edge, measure_hole
from samples.drilled_plate import DrilledPlate
from samples.footprint import Receiver, Says
from samples.plate_scan import CloseUp, scan_plate

UP = np.array([0.0, 0.0, 1.0])
DRAWN = DesignedHole("a", np.zeros(3), UP, 0.022)
BEAM = 0.002
INSTRUMENTS = {
    "third": Receiver(Says.NEAREST, 0.33), "edge": Receiver(Says.SHARE, 0.33), "mean": Receiver(Says.MEAN),
    "dropped": Receiver(Says.DROPPED),
}  # fmt: skip


def seen(receiver: Receiver | None, tilt_deg: float, seed: int, beam: float = BEAM) -> tuple[FloatArray, HoleFit]:
    """Return where a hole is, and what is measured of it."""
    rng = np.random.default_rng([31, seed])
    true, tilt, around = rng.normal(0.0, 0.0008, 2), np.radians(tilt_deg), rng.uniform(0.0, 2.0 * np.pi)
    station = 2.0 * np.array([np.sin(tilt) * np.cos(around), np.sin(tilt) * np.sin(around), np.cos(tilt)])
    plate = DrilledPlate((-0.035, -0.035), (0.035, 0.035), ((float(true[0]), float(true[1]), 0.011),))
    rays = scan_plate(plate, station[None], CloseUp(0.0015, 0.0004, beam, receiver=receiver), rng)
    fit = measure_hole(DRAWN, rays, beam=beam)
    assert isinstance(fit, HoleFit)
    return true, fit


@pytest.mark.parametrize("name", INSTRUMENTS)
@pytest.mark.parametrize("tilt", [0.0, 25.0])
def test_whatever_the_instrument_makes_of_a_rim_the_truth_is_within_the_uncertainty(name: str, tilt: float) -> None:
    """Two plates each; the scatter alone would not hold most of the diameters."""
    short = 0
    for seed in range(2):
        true, fit = seen(INSTRUMENTS[name], tilt, seed)
        off = fit.centre[:2] - true
        assert float(off @ np.linalg.solve(fit.covariance[:2, :2], off)) < 9.2  # 99 % of two degrees of freedom
        assert abs(fit.diameter - 0.022) < 2.0 * fit.diameter_sd
        short += int(abs(fit.diameter - 0.022) > 2.0 * fit.diameter_scatter)
    assert short or name in ("third", "dropped"), "what the test is about"


def test_a_slope_moves_the_centre_along_it_and_a_wider_beam_is_never_surer() -> None:
    _, straight = seen(None, 0.0, 0)
    _, slanting = seen(None, 30.0, 0)
    assert float(np.linalg.norm(straight.beam.shift)) < 0.2 * SHIFT * 0.5 * BEAM
    assert float(np.linalg.norm(slanting.beam.shift)) == pytest.approx(SHIFT * 0.5 * BEAM, rel=1e-3)
    assert slanting.beam.incidence == pytest.approx(np.radians(30.0), abs=0.02)
    _, wide = seen(None, 30.0, 0, beam=2.0 * BEAM)
    assert wide.diameter_sd > 1.9 * slanting.diameter_sd
    assert np.linalg.eigvalsh(wide.covariance)[-1] > np.linalg.eigvalsh(slanting.covariance)[-1]


def test_incidences_that_are_alike_have_most_in_common() -> None:
    near, also, far = (BeamRim(1.0, UP, angle).shares for angle in (0.3, 0.35, 0.3 + TURN))
    assert near @ also > 0.99
    assert near @ far == pytest.approx(0.0, abs=1e-12)
    assert near @ near == pytest.approx(1.0)


def test_an_edge_is_as_uncertain_as_a_rim() -> None:
    rng = np.random.default_rng(5)
    plate = DrilledPlate((-0.05, -0.05), (0.04, 0.05), ())
    settings = CloseUp(0.0015, 0.0004, BEAM, receiver=Receiver(Says.MEAN))
    rays = scan_plate(plate, np.array([[0.2, 0.1, 2.0]]), settings, rng)
    edge = measure_edge(np.array([0.04, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]), UP, rays, beam=BEAM)
    beam, offset = getattr(edge, "beam"), getattr(edge, "offset")  # noqa: B009
    assert beam.recession_sd == pytest.approx(RECESSION * 0.5 * BEAM)
    assert -0.5 * BEAM - 0.0003 < offset < -0.0003, "the plate seems smaller"
    assert abs(offset) < 2.0 * getattr(edge, "sd")  # noqa: B009
