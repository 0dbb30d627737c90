"""How far rims of a scan recede, as holes of known size tell; and what is common to holes in the share that fits."""

from dataclasses import replace

import numpy as np
import pytest

from geometry.beam_rim import RECESSION, BeamRim
from geometry.bolt_hole import HoleFit
from simulation.fitup.joint import SHARED, Bolt, Face, Freedom, Gap, Hole, Joint, Part
from simulation.fitup.problem import draw, normals_needed
from simulation.fitup.rims import Known, rims_of
from simulation.fitup.study import Fit, doubted, fit_joint, without

UP = np.array([0.0, 0.0, 1.0])
MM, RADIUS = 1e-3, 1.5e-3


def fit(diameter_mm: float, incidence: float = 0.3) -> HoleFit:
    beam = BeamRim(RECESSION * RADIUS, np.zeros(3), incidence)
    return HoleFit(np.zeros(3), UP, diameter_mm * MM, 1e-9 * np.eye(3), 0.05 * MM, beam, 0.0, 6.2, (), 99)


def known(name: str, diameter_mm: float, drawn_sd_mm: float = 0.05) -> Known:
    return Known(name, fit(diameter_mm), 22.0 * MM, drawn_sd_mm * MM)


def test_without_a_hole_of_known_size_nothing_is_known_but_the_beam() -> None:
    diameter, shared = rims_of([]).diameter(fit(22.9))
    assert diameter == pytest.approx(22.9 * MM)
    assert float(np.linalg.norm(shared)) == pytest.approx(2.0 * RECESSION * RADIUS)


def test_a_hole_of_known_size_tells_it_for_those_seen_alike() -> None:
    rims = rims_of([known("gauge", 22.8)])
    diameter, shared = rims.diameter(fit(24.8))
    assert diameter == pytest.approx(24.0 * MM, abs=0.02 * MM)
    assert 0.05 * MM < float(np.linalg.norm(shared)) < 0.15 * MM
    _, aslant = rims.diameter(fit(24.8, incidence=1.2))
    assert float(np.linalg.norm(aslant)) > 1.0 * MM, "another incidence: not known"
    offset, edge = rims.offset(fit(22.0).beam.shares, RECESSION * RADIUS)
    assert offset == pytest.approx(0.4 * MM, abs=0.02 * MM)
    assert float(edge @ shared) < 0.0, "what makes a hole too wide makes the plate too short"


def test_many_holes_tell_it_no_better_than_their_drill_is_known() -> None:
    _, one = rims_of([known("0", 22.8, 0.2)]).diameter(fit(22.8))
    _, many = rims_of([known(str(k), 22.8, 0.2) for k in range(50)]).diameter(fit(22.8))
    assert 0.19 * MM < float(np.linalg.norm(many)) <= float(np.linalg.norm(one))


def test_a_hole_that_was_drilled_to_another_size_is_found_by_the_others() -> None:
    """A beam of 3 mm could make 22 of 24 mm: alone it is believed; beside others it is not; beyond the beam never."""
    assert rims_of([known("a", 24.0)]).contrary == frozenset()
    others = [known(str(k), 22.1) for k in range(3)]
    rims = rims_of([known("a", 24.0), *others])
    assert rims.contrary == {"a"}
    assert rims.diameter(fit(24.0))[0] == pytest.approx(23.9 * MM, abs=0.05 * MM)
    assert rims_of([known("a", 26.0)]).contrary == {"a"}


def scanned_joint(shared_mm: float, diameter_mm: float = 22.0, ream_mm: float | None = None) -> Joint:
    shared = np.zeros((4, SHARED))
    shared[3, 0] = -shared_mm * MM
    places = [np.array([x, y, 0.0]) for x in (0.0, 0.1) for y in (0.0, 0.1)]
    sure = {str(k): Hole(str(k), at, UP, 30.0 * MM, np.zeros((3, 3))) for k, at in enumerate(places)}
    seen = {k: replace(hole, diameter=diameter_mm * MM, shared=shared) for k, hole in sure.items()}
    ream = None if ream_mm is None else ream_mm * MM
    bolts = tuple(Bolt(name, 21.0 * MM, ream) for name in sure)
    return Joint("j", Part("a", sure, {}), Part("b", seen, {}), bolts, (), Freedom.PLANE)


def test_what_is_common_to_all_holes_is_one_chance_and_not_many() -> None:
    """Four holes that share their error pass together: normal(1 mm / 0.6 mm), not its fourth power."""
    result = fit_joint(scanned_joint(0.6), 0.95, 20_000, np.random.default_rng(1))
    assert result.p_fit.value == pytest.approx(0.9522, abs=0.006)
    assert fit_joint(scanned_joint(0.45), 0.95, 20_000, np.random.default_rng(1)).decision is Fit.FIT
    assert fit_joint(scanned_joint(1.7), 0.95, 20_000, np.random.default_rng(1)).decision is Fit.UNDECIDED


def test_reaming_makes_sure_of_a_hole_whose_size_is_not() -> None:
    result = fit_joint(scanned_joint(1.7, ream_mm=24.0), 0.95, 4_000, np.random.default_rng(1))
    assert result.decision is Fit.UNDECIDED
    assert result.rework is not None
    assert result.rework.works
    assert result.p_fit_reworked is not None
    assert result.p_fit_reworked.value > 0.95
    assert len(result.rework.reams) == 4
    assert all(one.diameter < 22.5 * MM for one in result.rework.reams)


def test_edges_that_recede_alike_widen_a_gap_by_both() -> None:
    shared = np.array([0.3 * MM, 0.0, 0.0, 0.0])
    faces = [Face("f", np.array([x, 0.0, 0.0]), np.array([n, 0.0, 0.0]), 0.0, shared) for x, n in ((0, 1.0), (2, -1.0))]
    a, b = (Part(name, {}, {"f": face}) for name, face in zip("ab", faces, strict=True))
    joint = Joint("j", a, b, (), (Gap("g", "f", "f", 0.0, 5 * MM),), Freedom.NONE)
    assert joint.gap_sd(joint.gaps[0]) == pytest.approx(0.6 * MM)
    normal = np.zeros((2, normals_needed(joint)))
    normal[1, 1] = 1.0
    assert draw(joint, normal).gap[:, 0] == pytest.approx([0.0, -0.6 * MM])


@pytest.mark.parametrize(("off_mm", "decision"), [(0.0, Fit.UNDECIDED), (6.0, Fit.NO_FIT)])
def test_advice_leaves_out_what_nothing_is_known_of(off_mm: float, decision: Fit) -> None:
    """A hole that was not measured may be anywhere: what is known decides no fit, and is all that is advised on."""
    one = scanned_joint(0.0)
    holes = dict(one.moving.holes)
    holes["1"] = replace(holes["1"], at=holes["1"].at + np.array([20.0 * MM, 0.0, 0.0]))
    holes["3"] = replace(holes["3"], at=holes["3"].at + np.array([2.5 * off_mm * MM, 0.0, 0.0]))
    one = replace(one, moving=replace(one.moving, holes=holes), freedom=Freedom.NONE)
    unknown = [("b", "1")]
    rest = without(one, unknown)
    assert rest is not None
    assert [bolt.hole for bolt in rest.bolts] == ["0", "2", "3"]
    rng = np.random.default_rng(1)
    result = doubted(fit_joint(one, 0.95, 100, rng), unknown, fit_joint(rest, 0.95, 100, rng))
    assert (result.decision, result.unknown) == (decision, (("b", "1"),))
    if decision is Fit.NO_FIT:
        assert result.rework is not None
        assert not result.rework.allowed
        assert result.beyond is not None
        assert [ream.hole for ream in result.beyond.reams] == ["3"]
    else:
        assert (result.rework, result.beyond) == (None, None)
    assert without(one, [("a", name) for name in one.fixed.holes]) is None
    assert doubted(result, unknown, None).decision is Fit.UNDECIDED
