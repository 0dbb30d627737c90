"""Fit-up: closed forms of bolted joints, brute force for the best setting, and the fewest holes to ream."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from geometry.arrays import FloatArray
from geometry.pose import Pose
from simulation.errors import BadDocument
from simulation.fitup.document import FitupDocument, read_fitup
from simulation.fitup.joint import Bolt, Face, Freedom, Gap, Hole, Joint, Part
from simulation.fitup.minimax import can_fit, least_squares, minimax
from simulation.fitup.pairing import best_pairing, best_pairs
from simulation.fitup.problem import draw, misfits_of, nominal, normals_needed
from simulation.fitup.study import Fit, FitResult, fit_joint

MM = 1e-3


def part(name: str, places: FloatArray, sd: float = 0.0, diameter: float = 22.0, faces: tuple[Face, ...] = ()) -> Part:
    """Return a part with holes at ``places`` (k, 2 or 3), mm."""
    wide = np.hstack([places, np.zeros((len(places), 3 - places.shape[1]))]) * MM
    axis, cov = np.array([0.0, 0.0, 1.0]), (sd * MM) ** 2 * np.eye(3)
    holes = {str(k): Hole(str(k), at, axis, diameter * MM, cov) for k, at in enumerate(wide)}
    return Part(name, holes, {face.name: face for face in faces})


def grid(rows: int, columns: int, x: float, y: float) -> FloatArray:
    return np.array([[r * x, c * y] for r in range(rows) for c in range(columns)], dtype=np.float64)


def joint(a: Part, b: Part, freedom: Freedom = Freedom.PLANE, bolt: float = 20.0, ream: float | None = None) -> Joint:
    bolts = tuple(Bolt(name, bolt * MM, None if ream is None else ream * MM) for name in a.holes)
    return Joint("j", a, b, bolts, (), freedom)


def fitted(one: Joint, samples: int = 20_000) -> FitResult:
    return fit_joint(one, 0.95, samples, np.random.default_rng(3))


@pytest.mark.parametrize(
    ("places", "sd", "best", "squares"),
    [
        (grid(2, 2, 100, 100), 0.5, None, 0.9916),
        (grid(4, 3, 100, 75), 0.5, 0.992, 0.880),
        (grid(4, 3, 100, 75), 0.7, 0.650, 0.308),
    ],
)
def test_bolt_groups_fit_as_often_as_worked_out(
    places: FloatArray, sd: float, best: float | None, squares: float
) -> None:
    """Without setting by the closed form; set, by what SLSQP gave at 20,000 states."""
    result = fitted(joint(part("a", places, sd), part("b", places, sd)))
    none = (1.0 - np.exp(-4.0 / (4.0 * sd**2))) ** len(places)
    assert result.p_fit_as_placed.interval.low - 0.004 <= none <= result.p_fit_as_placed.interval.high + 0.004
    assert result.p_fit_least_squares.value == pytest.approx(squares, abs=0.012)
    if best is not None:
        assert result.p_fit.value == pytest.approx(best, abs=0.012)
    assert result.p_fit.value >= result.p_fit_least_squares.value >= result.p_fit_as_placed.value - 0.01


@pytest.mark.parametrize("seed", range(12))
def test_no_plate_is_tilted_until_its_holes_meet(seed: int) -> None:
    """Measured heights of holes differ by tenths: the part may be set any way, and fits as it does in the plane."""
    rng = np.random.default_rng(seed)
    places = grid(2, 2, 100, 80) if seed % 3 else np.array([[0.0, 0.0], [200.0, 0.0]])
    other = places * rng.choice([0.94, 0.98, 1.0, 1.02, 1.06], 2)
    heights = rng.uniform(-0.4, 0.4, (len(places), 1))
    flat = fitted(joint(part("a", places), part("b", other), Freedom.PLANE))
    free = fitted(joint(part("a", places), part("b", np.hstack([other, heights])), Freedom.SPACE))
    assert free.slack == pytest.approx(flat.slack, abs=0.05 * MM)
    assert free.decision == flat.decision
    assert np.degrees(np.arccos(min(1.0, free.pose.rotation[2, 2]))) < 1.0


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), holes=st.integers(2, 9), spread=st.floats(0.05, 3.0))
def test_the_best_setting_is_what_a_general_solver_finds(seed: int, holes: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 400, (holes, 2))
    one = joint(part("a", places), part("b", places + rng.normal(0, spread, places.shape)))
    drawn = nominal(one)
    misfits = misfits_of(one, drawn, Pose.identity())
    x = minimax(misfits)
    worst = float(misfits.worst(x)[0])
    best = _searched(misfits.offset[0] / MM, misfits.turning, misfits.slack[0] / MM, x[0] / MM) * MM
    assert worst <= best + 1e-8
    assert bool(can_fit(misfits)[0]) == (worst <= 0.0)
    assert worst <= float(misfits.worst(least_squares(misfits))[0]) + 1e-12


def _last(z: FloatArray) -> float:
    return float(z[3])


def _above(misfit: Callable[[FloatArray], FloatArray]) -> Callable[[FloatArray], FloatArray]:
    def above(z: FloatArray) -> FloatArray:
        return float(z[3]) - misfit(z[:3])

    return above


def _searched(offset: FloatArray, turning: FloatArray, slack: FloatArray, near: FloatArray) -> float:
    """Return the least largest misfit by SLSQP with an epigraph variable, from zero and from near the answer."""

    def misfit(x: FloatArray) -> FloatArray:
        return np.asarray(np.linalg.norm(offset + turning @ x, axis=1) - slack, dtype=np.float64)

    found = list[float]()
    for start in (np.zeros(3), near + 1e-3):
        z = np.append(start, misfit(start).max())
        kept = {"type": "ineq", "fun": _above(misfit)}
        options = {"maxiter": 300, "ftol": 1e-12}
        answer = minimize(_last, z, constraints=kept, method="SLSQP", options=options)
        found.append(float(misfit(np.asarray(answer.x)[:3]).max()))
    return min(found)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("spread", [0.0005, 0.004])
def test_the_slack_is_that_of_turning_for_good(seed: int, spread: float) -> None:
    """Holes off by up to several millimetres turn the part by degrees: what is linear in a turn is µm off then."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0.0, 0.1, (4, 2))
    made = places + rng.normal(0.0, spread, places.shape)
    result = fitted(joint(part("a", places / MM), part("b", made / MM)), 1)
    put = result.pose.apply(np.column_stack([made, np.zeros(4)]))[:, :2]
    assert 0.002 - np.linalg.norm(put - places, axis=1).max() == pytest.approx(result.slack, abs=1e-9)

    def slack(z: FloatArray) -> float:
        turned = made @ np.array([[np.cos(z[2]), np.sin(z[2])], [-np.sin(z[2]), np.cos(z[2])]])
        return 0.002 - float(np.linalg.norm(turned + z[:2] - places, axis=1).max())

    there = result.pose.translation
    at = np.array([there[0], there[1], np.arctan2(result.pose.rotation[1, 0], result.pose.rotation[0, 0])])
    around = [at + rng.normal(0.0, 1.0, (20_000, 3)) * size * [1.0, 1.0, 10.0] for size in (1e-3, 1e-4, 1e-5, 1e-6)]
    assert max(slack(z) for near in around for z in near[:3000]) <= result.slack + 1e-9


def test_a_pattern_that_is_too_wide_by_d_lacks_half_of_d() -> None:
    """Four holes of a square whose sides are d longer: no setting leaves the corners less than d / √2 off."""
    square = grid(2, 2, 200, 200)
    for d in (0.4, 3.0):
        result = fitted(joint(part("a", square), part("b", square * (200 + d) / 200)))
        assert result.slack / MM == pytest.approx(2.0 - d / np.sqrt(2.0), abs=1e-6)
        assert result.decision is (Fit.FIT if d < 2.8 else Fit.NO_FIT)
        assert result.samples == 0


def test_one_hole_that_is_off_costs_half_by_minimax_and_more_by_least_squares() -> None:
    """Two bolts 300 apart, one hole 3 mm out along their line: both end up 1.5 mm off, whoever sets them."""
    places = np.array([[0.0, 0], [300, 0]])
    moved = places + np.array([[0, 0], [3.0, 0]])
    assert fitted(joint(part("a", places), part("b", moved))).slack / MM == pytest.approx(0.5, abs=1e-6)
    four = np.array([[0.0, 0], [100, 0], [200, 0], [300, 0]])
    out = four + np.array([[0.0, 0], [0, 0], [0, 0], [3.0, 0]])
    result = fitted(joint(part("a", four), part("b", out)))
    assert result.slack / MM == pytest.approx(0.5, abs=1e-6)
    assert result.slack_least_squares / MM == pytest.approx(2.0 - 2.25, abs=1e-6)
    assert (result.slack_as_placed / MM, result.decision) == (pytest.approx(-1.0), Fit.FIT)


def test_a_bolt_that_is_too_thick_goes_nowhere() -> None:
    places = grid(2, 1, 100, 0)
    result = fitted(joint(part("a", places, diameter=30), part("b", places, diameter=19.5)))
    assert (result.slack / MM, result.decision) == (pytest.approx(-0.5), Fit.NO_FIT)


@pytest.mark.parametrize("freedom", [Freedom.PLANE, Freedom.SPACE])
def test_measured_frames_do_not_matter(freedom: Freedom) -> None:
    """A part measured in a frame of its own, far away and turned, fits as it would in place."""
    rng = np.random.default_rng(5)
    places = np.hstack([rng.uniform(0, 500, (6, 2)), rng.uniform(0, 80, (6, 1)) * (freedom is Freedom.SPACE)])
    off = places + rng.normal(0, 0.4, places.shape) * [1, 1, freedom is Freedom.SPACE]
    turn = Pose.from_rotation_vector([0, 0, 2.0] if freedom is Freedom.PLANE else [0.9, -1.1, 2.0])
    shift = [4000.0, -900.0, 0.0 if freedom is Freedom.PLANE else 70.0]
    near = fitted(joint(part("a", places), part("b", off), freedom))
    far = fitted(joint(part("a", places), part("b", off @ turn.rotation.T + shift), freedom))
    # how the part is tilted is taken from its frame in the one case and from its measured centres in the other
    assert far.slack == pytest.approx(near.slack, abs=2e-6 if freedom is Freedom.PLANE else 1e-5)
    assert near.slack > near.slack_as_placed


def _with_gap(high: float, shim: float | None, off: FloatArray) -> Joint:
    up = np.array([0.0, 0.0, 1.0])
    places = grid(2, 2, 200, 200)
    a = part("a", places, faces=(Face("top", 0.1 * up, up, 0.1 * MM),))
    b = part("b", places + off, sd=0.1, faces=(Face("foot", 0.1 * up + 6.0 * MM * up, -up, 0.0),))
    gap = Gap("seat", "top", "foot", 0.0, high * MM, None if shim is None else shim * MM, 20 * MM)
    return replace(joint(a, b, ream=26.0), gaps=(gap,))


def test_the_fewest_holes_are_reamed_and_gaps_filled() -> None:
    off = np.zeros((4, 2))
    off[3] = [6.0, 0.0]
    result = fitted(_with_gap(1.0, 0.5, off), 4000)
    assert result.decision is Fit.NO_FIT
    assert result.rework is not None
    assert result.rework.works
    assert result.rework.fewest
    assert len(result.rework.reams) == 1
    assert [(shim.gap, shim.thickness / MM) for shim in result.rework.shims] == [("seat", pytest.approx(5.5))]
    assert result.p_fit_reworked is not None
    assert result.p_fit_reworked.interval.low >= 0.95
    left = fitted(result.rework.joint, 4000)
    assert left.decision is Fit.FIT
    nowhere = fitted(_with_gap(1.0, None, off), 4000).rework
    assert nowhere is not None
    assert not nowhere.works


def test_reaming_by_one_hole_is_not_claimed_where_two_are_needed() -> None:
    """Against trying every choice by itself."""
    rng = np.random.default_rng(8)
    places = grid(5, 1, 150, 150)
    for _ in range(2):
        off = rng.normal(0, 2.2, places.shape)
        one = joint(part("a", places), part("b", places + off), ream=27.0)
        result = fitted(one)
        if result.rework is None or not result.rework.works:
            continue
        slow = next(
            size
            for size in range(1, 6)
            if any(
                _fits_reamed(one, chosen) for chosen in permutations(range(5), size) if list(chosen) == sorted(chosen)
            )
        )
        assert len(result.rework.reams) == slow


def _fits_reamed(one: Joint, chosen: tuple[int, ...]) -> bool:
    def wide(side: Part) -> Part:
        holes = {n: replace(h, diameter=27 * MM) if int(n) in chosen else h for n, h in side.holes.items()}
        return replace(side, holes=holes)

    bolts = tuple(replace(bolt, ream_to=None) for bolt in one.bolts)
    return fitted(replace(one, fixed=wide(one.fixed), moving=wide(one.moving), bolts=bolts), 100).slack >= 0.0


def test_covariances_are_drawn_as_given() -> None:
    """Holes that are uncertain along x alone leave y alone, and correlated ones stay correlated."""
    places = grid(2, 1, 100, 0)
    a, b = part("a", places), part("b", places)
    cov = np.array([[0.25, 0.1, 0], [0.1, 0.09, 0], [0, 0, 0]]) * MM**2
    a = replace(a, holes={n: replace(h, covariance=cov) for n, h in a.holes.items()})
    one = joint(a, b)
    drawn = draw(one, np.random.default_rng(0).standard_normal((40_000, normals_needed(one))))
    found = np.cov((drawn.fixed[:, 0] - [0, 0, 0]).T) / MM**2
    assert found == pytest.approx(cov / MM**2, abs=0.006)
    assert not np.ptp(drawn.moving, axis=0).any()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 4), columns=st.integers(1, 5))
def test_pairs_are_the_best_of_all(seed: int, rows: int, columns: int) -> None:
    slack = np.random.default_rng(seed).integers(-4, 5, (rows, columns)).astype(np.float64)
    found = best_pairs(slack)
    few, many = (slack, found) if rows <= columns else (slack.T, tuple((j, i) for i, j in found))
    every = [[float(few[i, j]) for i, j in enumerate(chosen)] for chosen in permutations(range(few.shape[1]), len(few))]
    best = max((min(values), sum(values)) for values in every)
    ours = [float(few[i, j]) for i, j in many]
    assert (min(ours), sum(ours)) == best


def test_parts_go_where_they_fit() -> None:
    """Three panels made to three places as built: each fits its own alone."""
    rng = np.random.default_rng(2)
    built = [grid(2, 2, 300, 200) + rng.normal(0, 2.5, (4, 2)) for _ in range(3)]
    places = [part(f"place {k}", at) for k, at in enumerate(built)]
    made = [part(f"panel {k}", built[k] + rng.normal(0, 0.2, (4, 2))) for k in (2, 0, 1)]
    paired = best_pairing(joint(places[0], made[0]), places, made)
    assert {(paired.places[i][-1], paired.parts[j][-1]) for i, j in paired.chosen} == {
        ("0", "0"),
        ("1", "1"),
        ("2", "2"),
    }
    assert paired.least > 0.0


DOCUMENT = """\
fitup: 1
name: splice
parts:
  a: {grid: {rows: 2, columns: 2, pitch: [100, 80], diameter: 22, position: 3, sigmas: 3}}
  e: {grid: {rows: 2, columns: 2, pitch: [100, 80], diameter: 22, position: 3, sigmas: 3}}
  b: {ring: {count: 3, across: 100, diameter: 22, sd: 0.2}}
  c:
    holes: [{name: 1.1, at: [0, 0], diameter: 22, covariance: [0.04, 0.09, 0.01]}]
    faces: [{name: f, at: [0, 0, 5], normal: [0, 0, 2], sd: 0.1}]
  d:
    holes: [{name: 1.1, at: [0.5, 0], diameter: 22}]
    faces: [{name: g, at: [0, 0, 6], normal: [0, 0, -1]}]
joints:
  - {fixed: a, moving: e, bolt: 20}
  - {fixed: c, moving: d, bolts: [{hole: 1.1, diameter: 20}], gaps: [{fixed: f, moving: g, limits: [0, 2]}]}
"""


def test_a_document_is_read() -> None:
    document: FitupDocument = read_fitup(DOCUMENT.encode())
    first, second = document.joints
    assert (first.freedom, second.freedom) == (Freedom.PLANE, Freedom.SPACE)
    assert list(first.fixed.holes) == ["1.1", "1.2", "2.1", "2.2"]
    assert first.fixed.holes["2.2"].at == pytest.approx([0.1, 0.08, 0])
    assert first.fixed.holes["1.1"].covariance == pytest.approx((0.5 * MM) ** 2 * np.eye(3))
    assert second.fixed.holes["1.1"].covariance[0, 1] == pytest.approx(0.01 * MM**2)
    result = fitted(second, 500)
    assert result.gaps[0].value / MM == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("bolt: 20}", "bolt: -20}", "line 14: joints[0].bolt"),
        ("bolt: 20}", "bot: 20}", "did you mean bolt"),
        ("moving: e,", "moving: q,", "no part is named 'q'"),
        ("{fixed: a, moving: e, bolt: 20}", "{fixed: a, moving: b, bolt: 20}", "in one of the two parts only"),
        ("{hole: 1.1,", "{hole: 9,", "has no hole '9'"),
        ("limits: [0, 2]", "limits: [2, 0]", "above the upper"),
        ("covariance: [0.04, 0.09, 0.01]", "covariance: [0.04, 0.09, 1]", "negative along"),
        ("normal: [0, 0, 2]", "normal: [0, 0, 0]", "a direction has a length"),
        ("rows: 2,", "rows: 1000000000,", "at most"),
        ("pitch: [100, 80]", "pitch: [100]", "1 numbers, not 2"),
        ("at: [0.5, 0]", "at: [1e300, 0]", "1e+300 is beyond all measure: 1e+12 at most"),
        ("diameter: 22, sd: 0.2", "diameter: 1e8, sd: 0.2", "no hole is as wide"),
    ],
)
def test_what_makes_no_sense_is_named_with_its_line(old: str, new: str, told: str) -> None:
    assert old in DOCUMENT
    with pytest.raises(BadDocument) as caught:
        read_fitup(DOCUMENT.replace(old, new).encode())
    assert told in str(caught.value)
    assert "line " in str(caught.value)


def test_axes_that_are_all_but_parallel_do_not_throw_a_part_along_them() -> None:
    """Measured axes lean by a fraction of a milliradian: nothing to go by for a shift of a decimetre."""
    rng = np.random.default_rng(5)

    def part(name: str) -> Part:
        axes = np.column_stack([rng.normal(0.0, 2e-4, (4, 2)), np.ones(4)])
        places = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0], [0.1, 0.1, 0]])
        places = places + rng.normal(0.0, 3e-4, (4, 3)) * [1, 1, 0]
        holes = {
            str(k): Hole(str(k), at, axis / np.linalg.norm(axis), 0.022, 1e-8 * np.eye(3))
            for k, (at, axis) in enumerate(zip(places, axes, strict=True))
        }
        seats = {str(k): Face(str(k), places[k] * [1, 1, 0], np.array([0.0, 0.0, 1.0]), 1e-5) for k in range(3)}
        return Part(name, holes, seats)

    gaps = tuple(Gap(str(k), str(k), str(k), -0.001, 0.001) for k in range(3))
    for _ in range(6):
        bolts = tuple(Bolt(str(k), 0.020) for k in range(4))
        joint = Joint("lean", part("a"), part("b"), bolts, gaps, Freedom.SPACE)
        result = fit_joint(joint, 0.95, 400, rng)
        assert result.p_fit.value == 1.0
        assert abs(result.pose.translation[2]) < 0.005
