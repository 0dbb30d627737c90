"""Tolerance stacks against closed forms, quadrature and published values."""

from itertools import product
from math import acos, degrees

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.verdict import Outcome
from simulation.distribution import Distribution, Normal, Uniform
from simulation.errors import NoSolution
from simulation.formula import read_formula
from simulation.stackup.allocate import Target, allocate, cheapest
from simulation.stackup.analyse import Analysed, StackResult, analyse
from simulation.stackup.capability import capability, ppm_of_cpk, wilson
from simulation.stackup.document import read_stack
from simulation.stackup.fastener import fixed_position_tolerance, floating_position_tolerance
from simulation.stackup.model import Cost, Dimension, Requirement, Stack
from simulation.stackup.moments import Moments, edgeworth_outside, second_order_moments
from simulation.stackup.sensitivity import derivatives
from simulation.stackup.sobol import sobol_indices


def dimension(
    name: str, nominal: float, tolerance: float, distribution: Distribution | None = None, cost: Cost | None = None
) -> Dimension:
    varies = distribution or Normal(nominal, tolerance / 3.0)
    return Dimension(name, nominal, nominal - tolerance, nominal + tolerance, varies, cost=cost)


def stack_of(
    dimensions: list[Dimension], formula: str, lower: float | None = None, upper: float | None = None, **more: float
) -> Stack:
    requirement = Requirement("result", read_formula(formula, "result"), lower, upper, **more)  # pyright: ignore[reportArgumentType]
    return Stack("test", "mm", tuple(dimensions), (), (requirement,))


def run(stack: Stack, samples: int = 1 << 17, method: str = "quasi_monte_carlo", base: int = 1024) -> StackResult:
    return analyse(stack, samples=samples, method=method, rng=np.random.default_rng(3), base=base)


def clutch(e: float) -> Stack:
    dimensions = [dimension("a", 27.645, 0.05), dimension("c", 11.43, 0.01), dimension("e", 50.8, e)]
    return stack_of(dimensions, "degrees(acos((a + c)/(e - c)))", 6.4184, 7.6184)


def test_one_way_clutch() -> None:
    """The one-way clutch, phi = acos((a + c) / (e - c)), its moments and shares outside by quadrature."""
    found = run(clutch(0.0125), 1 << 18).analysed[0]
    assert found.nominal == pytest.approx(7.018390, abs=1e-6)
    assert np.radians(found.sensitivity) == pytest.approx([-0.207877, -0.414196, 0.206319], abs=1e-6)
    assert found.contribution == pytest.approx([0.8194, 0.1301, 0.0504], abs=1e-4)
    middle, linear = found.nominal, found.extremes.linear
    assert (linear.low, linear.high) == pytest.approx((middle - 0.9806, middle + 0.9806), abs=1e-4)
    assert (found.extremes.searched.low, found.extremes.searched.high) == pytest.approx((5.9574, 7.9385), abs=1e-4)
    assert found.root_sum_square == pytest.approx(0.6579, abs=1e-4)
    simulated = found.simulated
    assert simulated.moments.mean == pytest.approx(7.014956, abs=5e-4)
    assert simulated.moments.sd == pytest.approx(0.219670, rel=2e-3)
    assert simulated.moments.skewness == pytest.approx(-0.09439, abs=0.01)
    assert simulated.moments.kurtosis == pytest.approx(3.0239, abs=0.03)
    for estimate, exact in ((simulated.below, 4406e-6), (simulated.above, 2166e-6)):
        assert estimate.value == pytest.approx(exact, rel=0.03)
        assert estimate.interval.low <= exact <= estimate.interval.high
    assert found.moments is not None
    assert found.moments.mean == pytest.approx(7.01496, abs=2e-5)
    assert found.moments.skewness == pytest.approx(-0.0944, rel=0.01)
    assert found.predicted_outside is not None
    assert found.predicted_outside == pytest.approx((4406e-6, 2166e-6), rel=0.05)


def test_one_way_clutch_with_a_wider_outer_ring() -> None:
    found = run(clutch(0.05), base=4096).analysed[0]
    assert found.extremes.linear.high - found.nominal == pytest.approx(1.4239, abs=1e-4)
    assert (found.extremes.searched.low, found.extremes.searched.high) == pytest.approx((5.4084, 8.3201), abs=1e-4)
    assert found.root_sum_square == pytest.approx(0.8720, abs=1e-4)
    assert found.contribution == pytest.approx([0.4664, 0.0741, 0.4595], abs=1e-4)
    assert found.sobol is not None
    assert found.sobol.first == pytest.approx([0.467, 0.074, 0.460], abs=0.01)


CLUTCH_LOOP = """
stackup: 1
unit: mm
dimensions:
  a: {nominal: 27.645, tolerance: 0.05}
  c: {nominal: 11.43, tolerance: 0.01}
  e: {nominal: 50.8, tolerance: 0.0125}
loops:
  unknowns: {phi: {start: 5, unit: deg}, b: {start: 5}}
  closed:
    - links:
        - {length: a, direction: pi/2}
        - {length: b, direction: 0}
        - {length: c, direction: pi/2}
        - {length: e - c, direction: 3*pi/2 - phi}
requirements:
  phi: {unit: deg, lower: 6.4184, upper: 7.6184}
  explicit: {formula: acos((a + c)/(e - c)), unit: deg, lower: 6.4184, upper: 7.6184}
"""


def test_a_closed_loop_gives_what_the_explicit_formula_gives() -> None:
    stack = read_stack(CLUTCH_LOOP.encode()).stack
    samples = np.random.default_rng(0).normal(stack.nominal, [0.05, 0.01, 0.0125], (500, 3))
    implicit, explicit = stack.evaluate(samples).T
    assert np.abs(implicit - explicit).max() < 1e-11
    loop, formula = run(stack, 4096).analysed
    assert loop.sensitivity == pytest.approx(formula.sensitivity, rel=1e-7)
    assert loop.simulated.conforming == formula.simulated.conforming


def test_one_dimension_by_hand() -> None:
    """Five links of ±0.1: worst case 0.5, root sum of squares 0.1 sqrt 5; of uniform ones by Irwin and Hall."""
    links = [dimension(f"x{k}", 10.0, 0.1, Uniform(9.9, 10.1)) for k in range(5)]
    found = run(stack_of(links, "x0 + x1 + x2 + x3 + x4", 49.75, 50.25), 1 << 18).analysed[0]
    assert found.sensitivity == pytest.approx(np.ones(5), abs=1e-15)
    assert (found.extremes.linear.low, found.extremes.linear.high) == pytest.approx((49.5, 50.5), abs=1e-12)
    assert (found.extremes.searched.low, found.extremes.searched.high) == pytest.approx((49.5, 50.5), abs=1e-12)
    assert found.root_sum_square == pytest.approx(0.1 * 5**0.5, abs=1e-12)
    outside = 1.0 - found.simulated.conforming.value
    assert outside == pytest.approx(0.0507812, abs=6e-4)
    assert found.moments is not None
    assert found.moments.kurtosis == pytest.approx(3.0 - 1.2 / 5.0, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    tolerances=st.lists(st.floats(1e-3, 1.0), min_size=2, max_size=5),
    factors=st.lists(st.floats(-3.0, 3.0), min_size=5, max_size=5),
)
def test_linear_stacks_equal_the_hand_formula(tolerances: list[float], factors: list[float]) -> None:
    used = factors[: len(tolerances)]
    dimensions = [dimension(f"x{k}", 10.0 * k, t) for k, t in enumerate(tolerances)]
    stack = stack_of(dimensions, " + ".join(f"{f!r}*x{k}" for k, f in enumerate(used)))
    reach = np.array(tolerances) / 3.0
    found = derivatives(stack, stack.nominal, reach)
    assert found.gradient[0] == pytest.approx(used, abs=1e-15)
    moments = second_order_moments(0.0, found.gradient[0], found.hessian[0], [d.distribution for d in dimensions])
    assert moments.sd == pytest.approx(float(np.linalg.norm(np.array(used) * reach)), rel=1e-12, abs=1e-15)


def test_worst_case_lies_at_the_worst_corner_or_inside() -> None:
    """Every corner, and a parabola whose greatest value is inside."""
    corner = stack_of([dimension("x", 1.0, 0.5), dimension("y", 2.0, 0.5)], "x*y^2 - x^3")
    grid = [x * y**2 - x**3 for x, y in product(np.linspace(0.5, 1.5, 201), np.linspace(1.5, 2.5, 201))]
    found = run(corner, 256, base=64).analysed[0].extremes.searched
    assert (found.low, found.high) == pytest.approx((min(grid), max(grid)), abs=2e-4)
    inside = run(stack_of([dimension("x", 0.1, 1.0)], "1 - x^2"), 256, base=64).analysed[0].extremes
    assert inside.searched.high == pytest.approx(1.0, abs=1e-9)
    assert inside.searched.low == pytest.approx(1.0 - 1.1**2, abs=1e-9)


def test_many_dimensions_are_searched_and_told_so() -> None:
    dimensions = [dimension(f"x{k}", 1.0, 0.1) for k in range(20)]
    result = run(stack_of(dimensions, " + ".join(f"x{k}^2" for k in range(20))), 256, base=64)
    found = result.analysed[0].extremes
    assert not found.complete
    assert (found.searched.low, found.searched.high) == pytest.approx((20 * 0.81, 20 * 1.21), abs=1e-6)
    assert any("searched" in note for note in result.notes)


def test_moments_of_squares_are_those_of_chi_square() -> None:
    """A sum of k squared normals: mean k, variance 2 k, skewness sqrt(8 / k), kurtosis 3 + 12 / k."""
    for k in (1, 3, 14):
        found = second_order_moments(0.0, np.zeros(k), 2.0 * np.eye(k), [Normal(0.0, 1.0)] * k)
        assert (found.mean, found.sd**2) == pytest.approx((k, 2 * k), rel=1e-12)
        assert (found.skewness, found.kurtosis) == pytest.approx(((8 / k) ** 0.5, 3 + 12 / k), rel=1e-9)
    crossed = second_order_moments(0.0, np.zeros(2), np.array([[0.0, 1.0], [1.0, 0.0]]), [Normal(0.0, 1.0)] * 2)
    assert (crossed.mean, crossed.sd, crossed.kurtosis) == pytest.approx((0.0, 1.0, 9.0), abs=1e-12)


def test_edgeworth_of_a_normal_is_the_normal() -> None:
    assert sum(edgeworth_outside(Moments(0.0, 1.0, 0.0, 3.0), -3.0, 3.0)) == pytest.approx(2699.796e-6, rel=1e-6)


def test_ishigami_function() -> None:
    """sin x + 7 sin^2 y + 0.1 z^4 sin x on -pi..pi: first .3139, .4424, 0; total .5576, .4424, .2437 (Saltelli)."""
    spread = Uniform(-np.pi, np.pi)
    stack = stack_of([dimension(n, 0.0, np.pi, spread) for n in "xyz"], "sin(x) + 7*sin(y)^2 + 0.1*z^4*sin(x)")
    found = sobol_indices(stack, 1 << 14, np.random.default_rng(1))[0]
    assert found is not None
    assert found.first == pytest.approx([0.3139, 0.4424, 0.0], abs=0.01)
    assert found.total == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.01)
    for value, exact in zip(found.total_interval, [0.5576, 0.4424, 0.2437], strict=True):
        assert value[0] - 0.005 <= exact <= value[1] + 0.005


def test_monte_carlo_and_quasi_monte_carlo_agree_and_the_latter_is_closer() -> None:
    plain, quasi = (run(clutch(0.0125), 1 << 15, m, 64).analysed[0] for m in ("monte_carlo", "quasi_monte_carlo"))
    exact = 7.014956
    assert abs(quasi.simulated.moments.mean - exact) < abs(plain.simulated.moments.mean - exact)
    assert plain.simulated.below.interval.low <= 4406e-6 <= plain.simulated.below.interval.high


def test_the_same_seed_gives_the_same_result_and_another_another() -> None:
    first, again = (run(clutch(0.0125), 2048, "monte_carlo", 64).analysed[0].simulated.moments for _ in range(2))
    other = analyse(clutch(0.0125), samples=2048, method="monte_carlo", rng=np.random.default_rng(4), base=64)
    assert first == again
    assert other.analysed[0].simulated.moments != first


def test_correlation_adds_what_it_should() -> None:
    """x + y with correlation r: variance 2 (1 + r)."""
    text = b"""
stackup: 1
dimensions: {x: {nominal: 0, tolerance: 3}, y: {nominal: 0, tolerance: 3}}
correlations: [{between: [x, y], coefficient: 0.8}]
requirements: {sum: {formula: x + y}, product: {formula: x*y}}
"""
    total, product_ = run(read_stack(text).stack, 1 << 16).analysed
    assert total.simulated.moments.sd == pytest.approx(3.6**0.5, rel=0.01)
    assert total.moments is not None
    assert total.moments.sd == pytest.approx(3.6**0.5, rel=1e-9)
    assert total.root_sum_square == pytest.approx(3 * 3.6**0.5, rel=1e-12)
    assert product_.moments is not None
    assert (product_.moments.mean, product_.moments.sd) == pytest.approx((0.8, 1.64**0.5), rel=1e-9)
    assert total.sobol is None


BLOCK = """
stackup: 1
unit: mm
dimensions:
  z1: {nominal: 10, tolerance: 0.1}
  z2: {nominal: 10, tolerance: 0.1}
  z3: {nominal: 10, tolerance: 0.1}
  lean: {nominal: 0, tolerance: 0.5, unit: deg}
parts:
  base: {}
  cover:
    on: base
    contacts:
      - {point: [0, 0, 0], onto: [0, 0, z1], normal: [0, 0, 1]}
      - {point: [100, 0, 0], onto: [0, 0, z2], normal: [0, 0, 1]}
      - {point: [0, 80, 0], onto: [0, 0, z3], normal: [0, 0, 1]}
      - {point: [0, 0, 0], onto: [0, 0, 0], normal: [0, 1, 0]}
      - {point: [100, 0, 0], onto: [0, 0, 0], normal: [0, 1, 0]}
      - {point: [0, 0, 0], onto: [0, 0, 0], normal: [1, 0, 0]}
  stud: {on: cover, at: [50, 40, 5], turn: [lean, 0, 0]}
measures:
  height: {from: {part: base, point: [0, 0, 0]}, to: {part: stud, point: [0, 0, 0]},
           along: {part: base, direction: [0, 0, 2]}}
  tilt: {what: angle, from: {part: base, direction: [0, 0, 1]}, to: {part: stud, direction: [0, 0, 1]}}
  reach: {from: {part: base, point: [0, 0, 0]}, to: {part: cover, point: [0, 0, 0]}}
requirements: {height: {lower: 14.8, upper: 15.2}, tilt: {unit: deg}, reach: {}}
"""


def test_a_part_on_its_datum_points_follows_them() -> None:
    """Height of a point over the middle of three supports: the plane through them, exactly."""
    stack = read_stack(BLOCK.encode()).stack
    samples = np.array([[10.0, 10.0, 10.0, 0.0], [10.1, 10.0, 9.95, 0.0], [10.0, 10.0, 10.0, np.radians(0.3)]])
    height, tilt, reach = stack.evaluate(samples).T
    assert height[0] == pytest.approx(15.0, abs=1e-10)
    supports = np.array([[0.0, 0.0, 10.1], [100.0, 0.0, 10.0], [0.0, 80.0, 9.95]])
    normal = np.cross(supports[1] - supports[0], supports[2] - supports[0])
    normal /= np.linalg.norm(normal)
    assert tilt[1] == pytest.approx(acos(normal[2]), abs=1e-6)
    plane_at_middle = 10.1 + 0.5 * (10.0 - 10.1) + 0.5 * (9.95 - 10.1)
    assert height[1] == pytest.approx(plane_at_middle + 5.0 * normal[2], abs=1e-4)
    assert degrees(tilt[2]) == pytest.approx(0.3, abs=1e-9)
    assert reach[0] == pytest.approx(10.0, abs=1e-10)
    found = run(stack, 1024, base=64).analysed[0]
    assert found.sensitivity[:3] == pytest.approx([0.0, 0.5, 0.5], abs=1e-6)


def test_parts_that_cannot_meet_do_not_conform() -> None:
    text = CLUTCH_LOOP.replace("nominal: 50.8, tolerance: 0.0125", "nominal: 50.6, tolerance: 0.4")
    result = run(read_stack(text.encode()).stack, 4096, base=64)
    loop = result.analysed[0]
    assert loop.simulated.without_value > 100
    assert loop.simulated.conforming.value < 1.0 - loop.simulated.without_value / 4096 + 1e-12
    assert np.isnan(loop.extremes.searched.low)
    assert loop.sobol is None
    assert any("cannot meet" in note for note in result.notes)


def test_a_goal_is_met_only_when_the_interval_is_above_it() -> None:
    def outcome(goal: float, samples: int) -> Outcome:
        stack = stack_of([dimension("x", 0.0, 3.0)], "x", -3.0, 3.0, goal=goal)
        found: Analysed = run(stack, samples, "monte_carlo", 64).analysed[0]
        return found.outcome

    assert outcome(0.99, 4096) is Outcome.PASS
    assert outcome(0.9999, 4096) is Outcome.FAIL
    assert outcome(0.9973, 4096) is Outcome.INDETERMINATE


def test_capability() -> None:
    """Cpk of a normal process to parts per million, and Bissell's interval."""
    assert [ppm_of_cpk(c) for c in (1.0, 1.33, 1.67)] == pytest.approx([2699.796, 66.07, 0.544], rel=2e-3)
    found = capability(Moments(0.5, 1.0, 0.0, 3.0), 50, -4.0, 4.0)
    assert found.cp is not None
    assert found.cpk is not None
    assert (found.cp.value, found.cpk.value) == pytest.approx((8 / 6, 3.5 / 3))
    half = 1.959964 * (1 / (9 * 50) + (3.5 / 3) ** 2 / (2 * 50)) ** 0.5
    assert found.cpk.interval.low == pytest.approx(3.5 / 3 - half, rel=1e-6)
    one_sided = capability(Moments(0.0, 1.0, 0.0, 3.0), 100, None, 3.0)
    assert one_sided.cp is None
    assert one_sided.cpk is not None
    assert one_sided.cpk.value == pytest.approx(1.0)


def test_wilson_holds_the_true_share_as_often_as_it_says() -> None:
    rng, share = np.random.default_rng(5), 0.02
    hits = rng.binomial(400, share, 3000)
    held = [w.interval.low <= share <= w.interval.high for w in (wilson(int(h), 400) for h in hits)]
    assert 0.93 <= np.mean(held) <= 0.98


def test_the_cheapest_tolerances_are_the_cheapest() -> None:
    """Against a general optimiser, for a linear stack whose spread is known."""
    from scipy.optimize import minimize
    from scipy.stats import norm

    costs = [Cost(1.0), Cost(0.5, 2.0), Cost(3.0, 1.0, 0.0, 0.02, 0.3)]
    factors, share = np.array([1.0, -2.0, 0.5]), 1e-3
    dimensions = [dimension(f"x{k}", 10.0, 0.1, cost=cost) for k, cost in enumerate(costs)]
    stack = stack_of(dimensions, "x0 - 2*x1 + 0.5*x2", -5.3, -4.7)
    found = allocate(stack, Target(0, share), np.random.default_rng(0))
    assert found.share_outside <= share
    assert found.share_outside > 0.8 * share, "no tighter than its interval asks for"

    allowed = 3.0 * 0.3 / norm.isf(share / 2)

    def cost(t: FloatArray) -> float:
        return sum(c.at(float(x)) for c, x in zip(costs, t, strict=True))

    def room(t: FloatArray) -> float:
        return 1.0 - float(np.sum((factors * t / allowed) ** 2))

    bounds = [(1e-3, 1.0), (1e-3, 1.0), (0.02, 0.3)]
    reference = minimize(cost, np.full(3, 0.05), bounds=bounds, constraints={"type": "ineq", "fun": room})
    assert (
        1.0 - 1e-6 < found.cost / float(reference.fun) < 1.03
    )  # it has to be sure of the share, the reference knows it
    assert found.tolerance == pytest.approx(reference.x, rel=0.05)


def test_what_no_tolerance_achieves_is_said() -> None:
    held = Cost(1.0, tightest=0.05)
    stack = stack_of([dimension("x", 0.0, 0.1, cost=held)], "x", -0.01, 0.01)
    with pytest.raises(NoSolution, match="tightest tolerances"):
        allocate(stack, Target(0, 1e-3), np.random.default_rng(0))
    free = Cost(1.0, tightest=0.05, loosest=0.2)
    assert cheapest((dimension("x", 0.0, 0.1, cost=free),), np.zeros(1), 1.0) == pytest.approx([0.2])


@pytest.mark.parametrize(
    ("room", "tolerance"), [("floating", floating_position_tolerance), ("fixed", fixed_position_tolerance)]
)
def test_fasteners_at_the_limit_never_jam(room: str, tolerance: object) -> None:
    """H = F + T and H = F + 2 T: of holes at the edge of their zones none is short, and a little more is."""
    hole, screw = 22.0, 20.0
    zone = tolerance(hole, screw)  # pyright: ignore[reportCallIssue]
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, (2, 10_000))
    at = 0.5 * zone * np.stack([np.cos(angle), np.sin(angle)])
    if room == "floating":  # each hole lets the screw lie off its centre by half the difference of diameters
        apart, play = np.linalg.norm(at[:, 0] - at[:, 1], axis=0), hole - screw
    else:  # the screw stands in one part: only the other has play
        apart, play = np.linalg.norm(at[:, 0] - at[:, 1], axis=0), 0.5 * (hole - screw)
    assert apart.max() <= play + 1e-12
    assert (1.01 * apart).max() > play
    with pytest.raises(ValueError, match="does not pass"):
        tolerance(19.0, 20.0)  # pyright: ignore[reportCallIssue]
