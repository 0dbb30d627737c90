"""When a surface proves that an element is out of tolerance, and what keeps it from passing."""

from dataclasses import replace

import numpy as np
import pytest

from geometry.characteristics import measure
from geometry.deviation.surface import Patches
from geometry.measured import Measured
from geometry.tolerance import surface_tolerance
from geometry.verdict import Measurement, Outcome
from tests.reference.measured import measured_box
from tests.reference.scenes import Box

WALL = Box("w", (0, 0, 0), (4, 0.2, 2.8))


def judged_surface(element: Measured) -> Measurement:
    [measurement] = measure(element, surface_tolerance(0.010))
    return measurement


def with_more(element: Measured, more: Patches, off: float) -> Measured:
    """Return the element with patches that lie ``off`` metres beside where the others say."""
    many = element.patches
    both = replace(
        many,
        deviation=np.concatenate([many.deviation, more.deviation + off]),
        **{
            name: np.concatenate([getattr(many, name), getattr(more, name)])
            for name in ("uncertainty", "position", "normal", "points", "alone", "support", "area", "own")
        },
    )
    return replace(element, patches=both)


@pytest.mark.parametrize(
    ("strays", "outcome"), [(5, "pass"), (10, "indeterminate"), (60, "indeterminate"), (400, "fail")]
)
def test_a_handful_of_strays_among_thousands_of_points_is_no_doubt(strays: int, outcome: str) -> None:
    """Points on an end face, 40 mm off, of which nothing else was seen: five say nothing, more raise a doubt."""
    few = measured_box(WALL, ["-x"], spacing=0.02, keep=slice(0, strays)).patches
    found = judged_surface(with_more(measured_box(WALL, ["-y"]), few, 0.04))
    assert found.outcome == outcome
    assert found.note == ("few_points" if outcome == "indeterminate" else "")


@pytest.mark.parametrize(("face", "outcome"), [("-x", "pass"), ("+x", "pass"), ("-z", "indeterminate")])
def test_strays_are_no_doubt_where_more_points_say_that_the_faces_conform(face: str, outcome: str) -> None:
    """Nineteen points 23 mm off on one end: a hundred on either end within the limit outvote them, others do not."""
    few = measured_box(WALL, ["-x"], spacing=0.02, keep=slice(0, 19)).patches
    found = with_more(measured_box(WALL, ["-y"]), measured_box(WALL, [face], keep=slice(0, 100)).patches, 0.0)
    assert judged_surface(with_more(found, few, 0.023)).outcome == outcome


@pytest.mark.parametrize(
    ("refuted", "outcome"), [((), "fail"), ((0.0, 1.0, 0.0), "fail"), ((1.0, 0.0, 0.0), "indeterminate")]
)
def test_a_displacement_that_its_other_faces_refute_proves_no_failure(refuted: tuple[float, ...], outcome: str) -> None:
    """The end of the wall is 4 cm aside by 400 points; its front says that it did not slide."""
    end = measured_box(WALL, ["-x"], spacing=0.02, keep=slice(0, 400)).patches
    wall = with_more(measured_box(WALL, ["-y"]), end, 0.04)
    found = judged_surface(replace(wall, refuted=(np.array(refuted),) if refuted else ()))
    assert found.outcome == outcome
    assert found.note == ("contested" if outcome == "indeterminate" else "")


def low_with_neighbours(alone: int) -> Measured:
    """Return a wall 30 mm low whose underside a neighbour explains as well, and its top but for ``alone`` points."""
    low = measured_box(WALL.moved([0, 0, -0.03]), ["-y", "+z", "-z"])
    patches = low.patches
    top, under = patches.normal[:, 2] > 0.9, patches.normal[:, 2] < -0.9
    share = np.where(top, alone / patches.points[top].sum(), np.where(under, 0.0, 1.0))
    return replace(low, patches=replace(patches, alone=np.round(patches.points * share).astype(np.int64)))


@pytest.mark.parametrize(("alone", "outcome"), [(100, "fail"), (8, "indeterminate")])
def test_what_a_neighbour_explains_proves_with_what_is_the_elements_alone(alone: int, outcome: str) -> None:
    found = judged_surface(low_with_neighbours(alone))
    assert found.outcome == outcome
    assert found.note == ("coincident_surface" if outcome == "indeterminate" else "")


def test_a_fit_that_follows_a_neighbour_proves_nothing_against_what_it_left_behind() -> None:
    """A sound window in a wall built 30 mm aside: its own points, as designed, do not join on to the pose found."""
    behind = measured_box(WALL, ["-z"], keep=slice(0, 150)).patches
    behind = replace(behind, own=np.zeros_like(behind.own))
    found = judged_surface(with_more(low_with_neighbours(100), behind, 0.0))
    assert found.outcome is Outcome.INDETERMINATE
