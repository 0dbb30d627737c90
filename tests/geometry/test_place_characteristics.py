"""Where an element stands: axis, verticality, slope and level come back within U, at its ends too."""

from dataclasses import replace

import numpy as np
import pytest

from geometry.characteristics import measure
from geometry.placement import free_displacement, place_limit
from geometry.pose import Pose
from geometry.tolerance import Limits, Rule, ToleranceSet, surface_tolerance
from geometry.verdict import Outcome
from tests.reference.judged import COLUMN, SIDES, SLAB, WALL, one, rule
from tests.reference.measured import measured_box
from tests.reference.scenes import Box


@pytest.mark.parametrize("shift", [[0.02, 0, 0], [0, -0.015, 0], [0.004, 0.003, 0], [-0.012, 0.016, 0.0]])
def test_axis_position_is_the_larger_of_two_directions(shift: list[float]) -> None:
    found = one(measured_box(COLUMN.moved(shift), SIDES), rule("axis_position"))
    larger = shift[int(np.argmax(np.abs(shift)))]
    diagonal = float(np.hypot(shift[0], shift[1]))
    # measured along the axes that the seen faces fix best; never more than the whole displacement, never less than
    # its larger part
    assert abs(larger) - found.expanded_uncertainty <= abs(found.actual) <= diagonal + found.expanded_uncertainty
    assert found.outcome is (Outcome.FAIL if abs(larger) > 0.012 else Outcome.PASS)


def test_the_axis_of_a_wall_seen_from_one_side_is_known_across_it_only() -> None:
    found = one(measured_box(WALL.moved([0.03, 0.014, 0]), ["-y"]), rule("axis_position"))
    assert found.actual == pytest.approx(0.014, abs=found.expanded_uncertainty)
    assert found.outcome is Outcome.FAIL


def test_a_slab_seen_from_above_has_no_axis_position() -> None:
    assert measure(measured_box(SLAB.moved([0.03, 0, 0]), ["+z"]), rule("axis_position")) == ()


@pytest.mark.parametrize("out_of_plumb", [0.0, 0.006, -0.02, 0.03])
def test_verticality_is_how_far_the_top_stands_out(out_of_plumb: float) -> None:
    turned = COLUMN.moved([0, 0, 0], [0, out_of_plumb / 3.0, 0])
    found = one(measured_box(turned, SIDES), rule("verticality"))
    assert abs(found.actual) == pytest.approx(abs(out_of_plumb), abs=found.expanded_uncertainty)
    assert found.expanded_uncertainty < 0.004
    assert found.outcome is (Outcome.FAIL if abs(out_of_plumb) > 0.014 else Outcome.PASS)


def test_a_column_seen_from_one_side_does_not_pass() -> None:
    """How it lies along that side nobody has seen; that it is out across it would be known."""
    for characteristic in ("axis_position", "verticality"):
        found = one(measured_box(COLUMN, ["-x"]), rule(characteristic))
        assert (found.outcome, found.note) == (Outcome.INDETERMINATE, "one_direction")
    assert one(measured_box(COLUMN.moved([0.03, 0, 0]), ["-x"]), rule("axis_position")).outcome is Outcome.FAIL
    # a wall is a line: where it lies along itself is not its axis position
    assert one(measured_box(WALL, ["-y"]), rule("axis_position")).outcome is Outcome.PASS


@pytest.mark.parametrize("yaw", [0.0, 0.4, 1.2])
def test_the_axis_of_a_wall_across_the_grid_is_measured_across_the_wall(yaw: float) -> None:
    turn = Pose.from_yaw(yaw, [0, 0, 0])
    moved = measured_box(WALL.moved([0, 0.014, 0]), ["-y", "-x"])
    fit = moved.fit
    assert fit is not None
    twist = np.concatenate([turn.rotate(fit.twist[None, :3])[0], turn.rotate(fit.twist[None, 3:])[0]])
    both = np.kron(np.eye(2), turn.rotation)
    turned = replace(
        moved,
        vertices=turn.apply(moved.vertices),
        fit=replace(fit, twist=twist, covariance=both @ fit.covariance @ both.T),
    )
    found = one(turned, rule("axis_position"))
    assert abs(found.actual) == pytest.approx(0.014, abs=found.expanded_uncertainty)
    assert found.outcome is Outcome.FAIL


def test_a_beam_twisted_about_itself_does_not_slope() -> None:
    """1 degree over a width of 0.3 m is 5 mm; over its length of 6 m, along which it is level, it would be 105 mm."""
    beam = Box("b", (0, 0, 3), (6, 0.3, 3.5), "IfcBeam")
    found = one(measured_box(beam.moved([0, 0, 0], [0.0175, 0, 0]), ["-y", "+y", "-z"]), rule("slope"))
    assert abs(found.actual) < 0.003
    assert found.outcome is Outcome.PASS


@pytest.mark.parametrize(("by", "limit"), [("height", 0.012), ("length", 0.010), ("", 0.012)])
def test_the_size_that_the_rule_names_selects_its_limits(by: str, limit: float) -> None:
    """GB 50204 asks for the height; a column is 3 m high and 0.5 m long."""
    steps = ((1.0, Limits(-0.010, 0.010)), (float("inf"), Limits(-0.012, 0.012)))
    profile = ToleranceSet("test", (Rule("verticality", "clause", steps, by=by),))
    assert one(measured_box(COLUMN, SIDES), profile).upper == limit


def test_a_shift_is_no_lean_and_a_lean_no_shift() -> None:
    shifted = measured_box(COLUMN.moved([0.03, 0, 0]), SIDES)
    leaning = measured_box(COLUMN.moved([0, 0, 0], [0, 0.01, 0]), SIDES)
    assert one(shifted, rule("verticality")).outcome is Outcome.PASS
    assert one(leaning, rule("axis_position")).outcome is Outcome.PASS


def test_verticality_needs_half_the_height() -> None:
    count = len(COLUMN.sample(0.04, faces=["-x"]))
    low = measured_box(Box("c", COLUMN.lower, COLUMN.upper), ["-x"], keep=slice(0, count // 3))
    assert (low.seen_upper - low.seen_lower)[2] < 1.5
    assert measure(low, rule("verticality")) == ()


@pytest.mark.parametrize("fall", [0.0, 0.02, -0.02])
def test_slope_is_how_far_one_end_lies_above_the_other(fall: float) -> None:
    found = one(measured_box(SLAB.moved([0, 0, 0], [0, fall / 5.0, 0]), ["+z"]), rule("slope"))
    assert abs(found.actual) == pytest.approx(abs(fall), abs=found.expanded_uncertainty)
    assert found.outcome is (Outcome.FAIL if fall else Outcome.PASS)


@pytest.mark.parametrize("rise", [-0.02, 0.004, 0.03])
def test_level_is_how_far_the_middle_lies_above_its_design(rise: float) -> None:
    found = one(measured_box(SLAB.moved([0, 0, rise]), ["+z"]), rule("level"))
    assert found.actual == pytest.approx(rise, abs=found.expanded_uncertainty)
    assert found.outcome is (Outcome.FAIL if abs(rise) > 0.012 else Outcome.PASS)


@pytest.mark.parametrize("rise", [0.0, 0.03, -0.03])
def test_level_holds_at_the_ends_of_a_beam_that_is_tilted_about_its_middle(rise: float) -> None:
    """Its middle lies right, one end 3 cm too high and the other as much too low."""
    beam = Box("b", (0, 0, 3), (6, 0.3, 3.5), "IfcBeam")
    found = one(measured_box(beam.moved([0, 0, 0], [0, rise / 3.0, 0]), ["-y", "+y", "-z"]), rule("level"))
    assert abs(found.actual) == pytest.approx(abs(rise), abs=found.expanded_uncertainty)
    assert found.outcome is (Outcome.FAIL if rise else Outcome.PASS)


@pytest.mark.parametrize("twist", [[0.012 / 2.5, 0, 0], [0, 0.012 / 2.5, 0], [0.008 / 2.0, -0.008 / 2.5, 0]])
def test_level_holds_at_every_corner_of_a_slab(twist: list[float]) -> None:
    found = one(measured_box(SLAB.moved([0, 0, 0], twist), ["+z"]), rule("level", Limits(-0.005, 0.005)))
    highest = 2.0 * abs(twist[0]) + 2.5 * abs(twist[1])
    assert abs(found.actual) == pytest.approx(highest, abs=found.expanded_uncertainty)
    assert found.outcome is Outcome.FAIL


@pytest.mark.parametrize("aside", [0.0, 0.025, -0.025])
def test_the_axis_of_a_wall_holds_at_the_ends_of_one_that_is_turned_about_its_middle(aside: float) -> None:
    found = one(measured_box(WALL.moved([0, 0, 0], [0, 0, aside / 2.0]), ["-y"]), rule("axis_position"))
    assert abs(found.actual) == pytest.approx(abs(aside), abs=found.expanded_uncertainty)
    assert found.outcome is (Outcome.FAIL if aside else Outcome.PASS)


def test_a_beam_of_which_a_piece_in_the_middle_is_seen_does_not_pass_for_its_ends() -> None:
    """How far 30 cm of it are turned is known to a millimetre per metre and worse: its ends are not known."""
    beam = Box("b", (0, 0, 3), (12, 0.3, 3.5), "IfcBeam")
    whole = measured_box(beam, ["-z", "-y"])
    fit = whole.fit
    assert fit is not None
    assert one(whole, rule("level")).outcome is Outcome.PASS
    doubtful = fit.covariance.copy()
    doubtful[4, 4] = 0.003**2
    found = one(replace(whole, fit=replace(fit, covariance=doubtful)), rule("level"))
    assert (found.outcome, found.note) == (Outcome.INDETERMINATE, "capability")
    assert found.expanded_uncertainty > 2 * 0.017


def test_where_a_wall_lies_along_itself_is_limited_alike_when_measured_and_when_doubted() -> None:
    """Its end was seen 31 mm aside: that fails, so nothing that may stand so far along itself passes for free."""
    seen = measure(measured_box(WALL.moved([0.031, 0.0, 0.0]), ["-y", "+x"]), rule("axis_position"))
    assert [m.outcome for m in seen] == [Outcome.FAIL]
    wall = measured_box(WALL, ["-y"])
    for direction, limit in (([1.0, 0, 0], 0.01), ([0, 1.0, 0], 0.01), ([0, 0, 1.0], np.inf)):
        assert place_limit(measure(wall, rule("axis_position")), np.array(direction)) == limit


@pytest.mark.parametrize(
    ("shift", "faces", "told"),
    [
        ([0.0, 0.0, 0.031], ["-y", "+z"], 0.031),
        ([0.0, 0.0, -0.02], ["-y", "+z", "-x"], 0.02),
        ([0.0, 0.0, 0.011], ["-y", "+z"], None),  # within U of the largest limit
        ([0.0, 0.031, 0.0], ["-y", "+z"], None),  # limited there: it fails
        ([0.0, 0.0, 0.031], ["-y"], None),  # nobody saw it
    ],
)
def test_what_stands_aside_where_nothing_limits_it_is_told(
    shift: list[float], faces: list[str], told: float | None
) -> None:
    """The axis of a wall is limited across it by 10 mm; how high it stands is not."""
    wall, rules = measured_box(WALL.moved(shift), faces), rule("axis_position")
    measurements = measure(wall, rules)
    assert [m.outcome for m in measurements] == [Outcome.FAIL if shift[1] else Outcome.PASS]
    assert free_displacement(wall, measurements) == (None if told is None else pytest.approx(told, abs=0.001))
    assert free_displacement(wall, measure(wall, surface_tolerance(0.010))) is None
    assert free_displacement(wall, ()) is None


def test_a_wall_seen_from_the_front_has_no_level() -> None:
    assert measure(measured_box(WALL.moved([0, 0, 0.03]), ["-y"]), rule("level")) == ()
