"""What is shown in full when there is too much."""

import dataclasses
import math

from geometry.verdict import Measurement, Outcome, State
from twin.report.palette import Mark, mark_of
from twin.report.selection import (
    CARD_LIMIT,
    actionable,
    by_severity,
    exceedance,
    shown_cards,
    storeys,
    unknown_characteristic,
    worst,
)
from twin.result import CheckResult


def measured(actual: float, lower: float, upper: float, outcome: Outcome = Outcome.PASS) -> Measurement:
    """Return a measurement in metres."""
    return Measurement("position", actual, lower, upper, 0.001, outcome, "user")


def test_exceedance_counts_from_the_middle_of_the_zone() -> None:
    """Symmetric, one-sided, form and unsymmetric limits."""
    assert math.isclose(exceedance(measured(-0.015, -0.010, 0.010)), 1.5)
    assert math.isclose(exceedance(measured(0.004, 0.0, 0.008)), 0.5)
    assert math.isclose(exceedance(measured(0.006, -math.inf, 0.004)), 1.5)
    assert math.isclose(exceedance(measured(-0.005, -0.005, 0.010)), 1.0)
    assert exceedance(measured(math.nan, -0.01, 0.01)) == 0.0


def test_the_failing_measurement_decides_even_when_another_uses_more_of_its_limit(building: CheckResult) -> None:
    """An indeterminate value far out does not hide a proven failure."""
    failing = measured(0.012, -0.010, 0.010, Outcome.FAIL)
    unsure = measured(0.030, -0.010, 0.010, Outcome.INDETERMINATE)
    element = dataclasses.replace(building.elements[0], measurements=(unsure, failing))
    assert worst(element) is failing


def test_what_passes_does_not_stand_for_what_was_left_open(building: CheckResult) -> None:
    """D2 of the sample: a flat column whose place is not known is no pass, and its flatness is not its worst result."""
    flat = measured(0.001, 0.0, 0.008)
    element = dataclasses.replace(
        building.elements[0],
        verdict=Outcome.INDETERMINATE,
        measurements=(flat, flat),
        reasons=("axis_position_unknown",),
    )
    assert worst(element) is None
    assert unknown_characteristic(element) == "axis_position"
    seldom = dataclasses.replace(element, reasons=("little_seen:1.2%",))
    assert worst(seldom) is None
    assert unknown_characteristic(seldom) == ""
    unsure = measured(0.002, 0.0, 0.008, Outcome.INDETERMINATE)
    assert worst(dataclasses.replace(element, measurements=(flat, unsure))) is unsure
    assert worst(dataclasses.replace(element, verdict=Outcome.PASS)) is flat


def test_order_is_missing_failing_open_unmeasured_passing(building: CheckResult) -> None:
    """The list that people read first starts with what needs them."""
    marks = [mark_of(building.elements[i]) for i in by_severity(building)]
    assert marks == sorted(marks, key=list(Mark).index)
    assert set(marks) == set(Mark)


def test_cards_are_limited_and_missing_elements_do_not_crowd_out_failing_ones(many: CheckResult) -> None:
    """Half of the places are kept for failing elements when there are enough of both."""
    gone = [
        dataclasses.replace(element, state=State.MISSING) if k < 400 else element
        for k, element in enumerate(many.elements)
    ]
    result = dataclasses.replace(many, elements=tuple(gone))
    shown = [mark_of(result.elements[i]) for i in shown_cards(result)]
    assert len(shown) == CARD_LIMIT
    assert shown.count(Mark.MISSING) == CARD_LIMIT // 2
    assert set(shown_cards(result)) <= set(actionable(result))


def test_storeys_go_by_elevation_with_the_nameless_last(building: CheckResult) -> None:
    """As in a section drawing."""
    assert storeys(building) == ["Ground floor", "1st floor 二层", ""]
