"""FF and FL: published readings, floors with known numbers, noise taken out or refused, gaps, and what is no floor."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.characteristics import measure
from geometry.f_number import F_SCALES, FOOT
from geometry.floor_lines import FloorReadings, level_top, read_lines, sample_lines
from geometry.floor_profile import CURVATURE, TEN_FEET, LineProfile, Spread, spread_of
from geometry.measured import Measured
from geometry.tolerance import Limits, Rule, ToleranceSet
from geometry.verdict import Measurement, Outcome
from tests.reference.f_number import Surface, composite, curvatures, f_numbers, falls, line_number
from tests.reference.measured import Form, flat, measured_box
from tests.reference.scenes import Box

FF, FL = F_SCALES["floor_flatness"], F_SCALES["floor_levelness"]
LENGTH, WIDTH = 10.4, 8.6
FLOOR = Box("floor", (0, 0, 0), (LENGTH, WIDTH, 0.2), "IfcSlab")

PAD_MM = (
    (418.617, 419.938, 421.894, 423.748, 425.221, 424.739, 423.799, 424.307, 425.425, 424.688, 423.164, 422.758,
     420.472, 416.738),
    (418.338, 419.659, 419.227, 419.227, 418.668, 418.186, 418.973, 419.379, 420.141, 419.532, 418.643, 418.719,
     416.763, 414.782),
)  # fmt: skip
"""Elevations 300 mm apart on two lines of a test pad, and their curvatures as the surveyors worked them out.

Stanford Linear Accelerator Center, Alignment Engineering Group, worksheet after ASTM E 1155M, SPEAR3 pad, 2003.
"""
PAD_Q_MM = (
    (0.635, -0.102, -0.381, -1.956, -0.457, 1.448, 0.610, -1.854, -0.787, 1.118, -1.880, -1.448),
    (-1.753, 0.432, -0.559, 0.076, 1.270, -0.381, 0.356, -1.372, -0.279, 0.965, -2.032, -0.025),
)


def profile(height: FloatArray, direction: int = 0, noise: float = 0.0) -> LineProfile:
    return LineProfile(direction, height, np.where(np.isfinite(height), noise**2, np.nan))


def spread(profiles: list[LineProfile], formula: tuple[tuple[int, float], ...] = CURVATURE) -> Spread:
    found = spread_of(profiles, formula)
    assert found is not None
    return found


def test_the_surveyors_curvatures_of_a_test_pad() -> None:
    for line, worked_out in zip(PAD_MM, PAD_Q_MM, strict=True):
        assert np.allclose(curvatures(line), worked_out, atol=0.0015)
    lines = [np.array(line) / 1000.0 for line in PAD_MM]
    found = spread([profile(h, direction) for h in lines for direction in (0, 1)])
    by_hand = [(line_number([q / 25.4 for q in curvatures(line)], 4.57), 12) for line in PAD_MM]
    assert FF.number(found.raw) == pytest.approx(composite(by_hand)[0], rel=1e-9)
    assert 10 < FF.number(found.raw) < 40  # specified FF 30, minimum FF 15
    level = spread([profile(h, direction) for h in lines for direction in (0, 1)], TEN_FEET)
    by_hand = [(line_number([z / 25.4 for z in falls(line)], 12.5), 4) for line in PAD_MM]
    assert FL.number(level.raw) == pytest.approx(composite(by_hand)[0], rel=1e-9)


def points_on(surface: Surface, *, spacing: float = 0.02, noise: float = 0.0, seed: int = 0) -> FloatArray:
    x, y = (a.ravel() for a in np.meshgrid(np.arange(0.01, LENGTH, spacing), np.arange(0.01, WIDTH, spacing)))
    z = np.vectorize(surface)(x, y) + np.random.default_rng(seed).normal(0.0, noise, len(x))
    return np.stack([x, y, 0.2 + z], axis=1)


def readings(points: FloatArray) -> FloorReadings:
    top = level_top(FLOOR.triangles(), 0.001)
    assert top is not None
    assert (top.area, top.height) == (pytest.approx(LENGTH * WIDTH), pytest.approx(0.2))
    return read_lines(sample_lines(top), points)


def waves(x: float, y: float) -> float:
    return 0.004 * math.sin(2 * math.pi * x / 2.3 + 0.4) * math.cos(2 * math.pi * y / 3.1) + 0.003 * math.sin(x * y / 9)


def corrugated(x: float, y: float) -> float:
    return 0.003 * math.sin(2 * math.pi * x / 2.0)


def tilted(x: float, y: float) -> float:
    return 0.002 * x - 0.001 * y


@pytest.mark.parametrize("surface", [waves, corrugated])
def test_a_wavy_floor_has_the_numbers_of_the_definition(surface: Surface) -> None:
    read = readings(points_on(surface))
    assert read.read == read.laid > 300
    expected, level = f_numbers(surface, LENGTH, WIDTH)
    found = spread(list(read.profiles))
    assert FF.number(found.value) == pytest.approx(expected, rel=0.04)  # a disc of 5 cm smooths waves of 2 m a little
    assert FL.number(spread(list(read.profiles), TEN_FEET).value) == pytest.approx(level, rel=0.02)
    assert not found.drowned


def test_a_sine_has_the_curvature_of_a_sine() -> None:
    """Second differences of a sine are a sine of 2 - 2 cos(k foot) times its height; across the waves none."""
    s = 0.003 / math.sqrt(2.0) * (2.0 - 2.0 * math.cos(2 * math.pi * FOOT / 2.0))
    assert spread(list(readings(points_on(corrugated)).profiles)).value == pytest.approx(
        3.0 * s / math.sqrt(2.0), rel=0.06
    )


def test_a_tilted_plane_by_hand() -> None:
    """2 mm/m one way, 1 mm/m the other: |mean| 6.096 and 3.048 mm over 10 ft, no scatter; flat as it can be."""
    profiles = list(readings(points_on(tilted)).profiles)
    level = spread(profiles, TEN_FEET)
    assert level.value == pytest.approx(math.sqrt((0.006096**2 + 0.003048**2) / 2), rel=1e-6)
    assert FL.number(level.value) == pytest.approx(65.88, abs=0.02)
    assert spread(profiles).value < 1e-9
    assert FF.number(spread(profiles).value) == 999.0


@pytest.mark.parametrize(("rough", "noise"), [(0.0008, 0.0004), (0.0008, 0.0008), (0.002, 0.0003)])
def test_the_noise_of_the_readings_is_taken_out_without_a_bias(rough: float, noise: float) -> None:
    """Random floors under known noise, 150 times: on average as without it, and U holds what it says."""
    rng = np.random.default_rng(7)
    found: list[Spread] = []
    clean: list[float] = []
    for _ in range(150):
        floor = [(direction, rng.normal(0.0, rough, 34)) for direction in (0, 1) for _ in range(6)]
        clean.append(spread([profile(h, d) for d, h in floor]).value)
        found.append(spread([profile(h + rng.normal(0.0, noise, 34), d, noise) for d, h in floor]))
    true = float(np.mean(clean))
    assert true == pytest.approx(3.0 * math.sqrt(6.0) * rough, rel=0.03)
    assert np.mean([one.value for one in found]) == pytest.approx(true, rel=0.01)
    assert np.mean([one.raw for one in found]) == pytest.approx(true * math.hypot(1.0, noise / rough), rel=0.02)
    assert sum(abs(one.value - true) <= 2.0 * one.standard for one in found) >= 138


def test_the_noise_of_a_reading_is_known_from_how_its_points_scatter() -> None:
    for noise in (0.0005, 0.002):
        read = readings(points_on(tilted, noise=noise))
        variance = np.concatenate([line.variance for line in read.profiles])
        error = np.concatenate(
            [line.height - spread_height for line, spread_height in zip(read.profiles, true_heights(), strict=True)]
        )
        assert np.sqrt(variance.mean()) == pytest.approx(error.std(), rel=0.15)


def true_heights() -> list[FloatArray]:
    top = level_top(FLOOR.triangles(), 0.001)
    assert top is not None
    return [
        np.array([0.2 + tilted(*(line.start + i * FOOT * line.along)) for i in range(line.readings)])
        for line in sample_lines(top)
    ]


@settings(max_examples=25, deadline=None)
@given(
    length=st.floats(3.0, 30.0), width=st.floats(3.0, 30.0), yaw=st.floats(-3.2, 3.2), share=st.floats(0.02, 0.35),
)  # fmt: skip
def test_sample_lines_keep_their_distances(length: float, width: float, yaw: float, share: float) -> None:
    """11 ft or longer, 4 ft apart, 2 ft from every edge to 5 cm, at any yaw; 45 degrees where narrower than 25 ft."""
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1.0]])
    middle, hole = np.array([0.4 * length, 0.5 * width]), share * min(length, width)
    boxes = [Box("s", (a, b, 0), (c, d, 0.2)) for a, b, c, d in around(length, width, middle, hole)]
    top = level_top(np.concatenate([box.triangles() for box in boxes]) @ turn.T, 0.001)
    assert top is not None
    assert top.area == pytest.approx(length * width - 4 * hole**2, rel=1e-6)
    lines = sample_lines(top)
    lengthwise = np.sort([length, width])[0] >= 25 * FOOT
    for line in lines:
        assert line.readings >= 12
        along = turn[:2, :2].T @ line.along
        assert np.abs(along).max() == pytest.approx(1.0 if lengthwise else math.sqrt(0.5), abs=1e-6)
        places = (line.start + FOOT * np.arange(line.readings)[:, None] * line.along) @ turn[:2, :2]
        edge = np.minimum(places, [length, width] - places).min(axis=1)
        away = np.maximum(np.abs(places - middle) - hole, 0.0)
        assert edge.min() >= 2 * FOOT - 0.11
        assert np.hypot(*away.T).min() >= 2 * FOOT - 0.11
    for direction in (0, 1):
        mine = [line for line in lines if line.direction == direction]
        offsets = np.unique(np.round([line.start @ [-line.along[1], line.along[0]] for line in mine], 6))
        assert (np.diff(offsets) > 4 * FOOT - 1e-5).all()


def around(length: float, width: float, middle: FloatArray, hole: float) -> list[tuple[float, float, float, float]]:
    """Return four rectangles around a square hole."""
    (x0, y0), (x1, y1) = middle - hole, middle + hole
    return [(0, 0, length, y0), (0, y1, length, width), (0, y0, x0, y1), (x1, y0, length, y1)]


def test_readings_beside_a_gap_are_skipped_and_counted() -> None:
    """No points on a strip and a column's place: no reading within them nor hanging on their edge; the rest stand."""
    points = points_on(waves)
    x, y = points[:, 0], points[:, 1]
    gone = ((x > 4.0) & (x < 4.7)) | (np.hypot(x - 8.0, y - 4.0) < 0.4)
    whole, gappy = readings(points), readings(points[~gone])
    assert gappy.laid == whole.laid
    assert 0.75 * whole.read < gappy.read < whole.read
    for a, b in zip(whole.profiles, gappy.profiles, strict=True):
        both = np.isfinite(b.height)
        assert np.allclose(a.height[both], b.height[both], rtol=0.0, atol=1e-12)
    expected = f_numbers(waves, LENGTH, WIDTH)[0]
    assert FF.number(spread(list(gappy.profiles)).value) == pytest.approx(expected, rel=0.06)


def test_a_cable_across_a_reading_is_not_read_as_the_floor() -> None:
    points = points_on(tilted)
    cable = np.abs(points[:, 0] - 0.5 * LENGTH) < 0.015
    points[cable, 2] += 0.02
    both = zip(readings(points).profiles, true_heights(), strict=True)
    assert max(float(np.nanmax(np.abs(line.height - true))) for line, true in both) < 1e-4


def floors(ff: float = 20.0, fl: float = 15.0) -> ToleranceSet:
    limits = {"floor_flatness": FF.spread(ff), "floor_levelness": FL.spread(fl)}
    return ToleranceSet("floors", tuple(Rule(c, "spec", ((math.inf, Limits(0.0, t)),)) for c, t in limits.items()))


def seen(box: Box, *, form: Form | None = None, noise: float = 0.0005, yaw: float = 0.0) -> Measured:
    return measured_box(box, ["+z"], form=form or flat, spacing=0.028, noise=noise, yaw=yaw)


def bumpy(height: float) -> Form:
    def form(points: FloatArray, normals: FloatArray) -> FloatArray:
        x, y = points[:, 0], points[:, 1]
        return height * np.sin(2 * np.pi * x / 1.4) * np.cos(2 * np.pi * y / 1.7)

    return form


def judged(element: Measured, tolerances: ToleranceSet) -> dict[str, Measurement]:
    return {m.characteristic: m for m in measure(element, tolerances)}


def test_a_bumpy_floor_fails_and_the_same_floor_turned_does_too() -> None:
    """Curvature that is far beyond FF 20, levelness within FL 15; the numbers do not depend on the yaw."""
    found = [judged(seen(FLOOR, form=bumpy(0.004), yaw=yaw), floors()) for yaw in (0.0, 0.7)]
    for one in found:
        assert one["floor_flatness"].outcome is Outcome.FAIL
        assert one["floor_levelness"].outcome is Outcome.PASS
        assert one["floor_flatness"].method.startswith("sample_lines ")
    along, turned = (one["floor_flatness"] for one in found)
    assert turned.actual == pytest.approx(along.actual, rel=0.02)
    expected = f_numbers(lambda x, y: float(bumpy(0.004)(np.array([[x, y, 0]]), np.zeros((1, 3)))[0]), LENGTH, WIDTH)[0]
    assert FF.number(along.actual) == pytest.approx(expected, rel=0.05)
    low, high = FF.interval(along.actual, along.expanded_uncertainty)
    assert low < expected < high


@pytest.fixture(scope="module")
def flat_floor() -> Measured:
    return seen(FLOOR)


def test_a_flat_floor_conforms_with_all_the_noise_in_it_or_is_refused(flat_floor: Measured) -> None:
    good = judged(flat_floor, floors())
    assert {m.outcome for m in good.values()} == {Outcome.PASS}
    assert {m.note for m in good.values()} == {"floor_at_least"}
    loud = judged(seen(FLOOR, noise=0.006), floors())["floor_flatness"]
    assert (loud.outcome, loud.note, math.isnan(loud.actual)) == (Outcome.NOT_MEASURED, "floor_noise", True)


def test_a_turned_frame_is_no_level(flat_floor: Measured) -> None:
    """1 mrad between the scan's vertical and the model's is 3 mm over 10 ft; beyond 20 mrad nothing is level."""
    element = flat_floor
    leaning = replace(element, budget=replace(element.budget, off_plumb=0.001))
    there = judged(leaning, floors())["floor_levelness"]
    assert there.expanded_uncertainty == pytest.approx(2 * 0.003048 / math.sqrt(3.0), rel=0.05)
    lost = judged(replace(element, budget=replace(element.budget, off_plumb=0.03)), floors())
    assert lost["floor_levelness"].note == "floor_no_vertical:1.7°"
    assert lost["floor_flatness"].outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("box", "word"),
    [
        (Box("s", (0, 0, 0), (5.4, 5.4, 0.2), "IfcSlab"), "floor_too_small:29.2 m²"),
        (Box("s", (0, 0, 0), (16, 2.4, 0.2), "IfcSlab"), "floor_too_small:38.4 m²"),
        (Box("s", (0, 0, 0), (12, 2.6, 0.2), "IfcSlab"), "floor_few_readings:0 + 0 / 37"),
    ],
)
def test_a_section_that_is_too_small_is_refused(box: Box, word: str) -> None:
    for one in judged(measured_box(box, ["+z"], spacing=0.2), floors()).values():
        assert (one.outcome, one.note) == (Outcome.NOT_MEASURED, word)
        assert math.isnan(one.actual)


def test_a_ramp_is_no_floor(flat_floor: Measured) -> None:
    ramp = flat_floor.vertices.copy()
    ramp[:, 2] += 0.01 * ramp[:, 0]
    found = judged(replace(flat_floor, vertices=ramp), floors())
    assert {m.note for m in found.values()} == {"floor_not_level"}


def test_a_floor_that_is_half_hidden_has_no_number(flat_floor: Measured) -> None:
    element = flat_floor
    half = element.points[:, 0] < 0.3 * LENGTH
    found = judged(replace(element, points=element.points[half], normals=element.normals[half]), floors())
    assert {m.note.partition(":")[0] for m in found.values()} == {"floor_few_readings"}


def test_what_stands_on_a_floor_is_not_the_floor() -> None:
    def crates(points: FloatArray, normals: FloatArray) -> FloatArray:
        return np.where((np.abs(points[:, 0] - 5.2) < 1.0) & (np.abs(points[:, 1] - 4.3) < 1.0), 0.06, 0.0)

    found = judged(seen(FLOOR, form=crates), floors())
    assert {m.outcome for m in found.values()} == {Outcome.PASS}
    read, laid = map(int, found["floor_flatness"].method.removeprefix("sample_lines ").split("/"))
    assert 10 < laid - read < 60
