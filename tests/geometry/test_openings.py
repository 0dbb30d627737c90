"""Openings: which are claimed, and that planted widths, heights and places come back within U or not at all."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.characteristics import measure, overall
from geometry.design import Mesh, Opening, OrientedBox
from geometry.measured import Measured
from geometry.opening import designed_opening
from geometry.opening_fit import see_opening
from geometry.oriented_box import box_of, union_of
from geometry.pose import Pose
from geometry.tolerance import Limits, Rule, ToleranceSet
from geometry.verdict import Measurement, Outcome
from tests.reference.measured import measured_box
from tests.reference.openings import ALL, HoledWall
from tests.reference.scenes import Box

TEN = ((float("inf"), Limits(-0.010, 0.010)),)
BOTH = ToleranceSet("test", (Rule("opening_size", "clause", TEN), Rule("opening_position", "clause", TEN)))
HOST = measured_box(Box("w", (0, 0, 0), (4, 0.24, 2.8)), ["-y"])


def host(
    wall: HoledWall, points: FloatArray, normals: FloatArray, *, pose: Pose | None = None, noise: float = 0.002
) -> Measured:
    pose = Pose.identity() if pose is None else pose
    seen = see_opening(designed_opening(wall.opening, wall.triangles()), points, normals, pose, noise)
    return replace(HOST, openings=(seen,))


def told(wall: HoledWall, *names: str, noise: float = 0.002, seed: int = 0) -> dict[tuple[str, str], Measurement]:
    points, normals = wall.seen(*names, noise=noise, seed=seed)
    found = measure(host(wall, points, normals, noise=noise), BOTH)
    return {(m.characteristic, m.direction): m for m in found}


def test_a_rectangular_hole_has_its_width_and_its_height() -> None:
    found = designed_opening(HoledWall().opening, HoledWall().triangles())
    assert [span.direction for span in found.spans] == ["height", "width"]
    assert [span.nominal for span in found.spans] == pytest.approx([1.3, 1.2])
    for span in found.spans:
        assert span.centre == pytest.approx([2.1, 0.12, 1.55])
        lower, upper = span.sides
        assert lower is not None
        assert upper is not None
        assert lower.normal @ span.axis == pytest.approx(1.0)
        assert upper.normal @ span.axis == pytest.approx(-1.0)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3), st.lists(st.floats(-5e3, 5e3), min_size=3, max_size=3))
def test_a_turned_hole_has_the_same_sizes(turn: list[float], shift: list[float]) -> None:
    wall, T = HoledWall(), Pose.from_rotation_vector(turn, shift)
    box = wall.opening.box
    assert box is not None
    turned = replace(box, centre=T.apply(box.centre[None])[0], axes=box.axes @ T.rotation.T)
    triangles = T.apply(wall.triangles().reshape(-1, 3)).reshape(-1, 3, 3)
    found = designed_opening(replace(wall.opening, box=turned), triangles)
    assert sorted(span.nominal for span in found.spans) == pytest.approx([1.2, 1.3])


def test_what_is_no_rectangular_hole_through_its_host_is_not_claimed_and_says_so() -> None:
    wall = HoledWall()
    box = wall.opening.box
    assert box is not None
    recess = replace(box, centre=box.centre - np.array([0.0, 0.2, 0.0]))
    beside = replace(box, centre=box.centre + np.array([0.3, 0.0, 0.0]))
    for opening in (
        Opening("0opening", "round"),
        replace(wall.opening, box=recess, name="recess with no back in the host"),
        replace(wall.opening, box=beside, name="not where the host has a hole"),
    ):
        design = designed_opening(opening, wall.triangles() if "back" not in opening.name else _with_back(wall))
        assert design.spans == ()
        seen = see_opening(design, *wall.seen(*ALL), Pose.identity(), 0.002)
        found = measure(replace(HOST, openings=(seen,)), BOTH)
        assert [(m.outcome, m.note, m.part) for m in found] == [
            (Outcome.NOT_MEASURED, "opening_shape", opening.name)
        ] * 2
        assert overall(found) is Outcome.NOT_MEASURED


def _with_back(wall: HoledWall) -> FloatArray:
    """Close the hole in its middle, where the recess's box ends."""
    box = wall.opening.box
    assert box is not None
    y = float(box.centre[1] - 0.2 + box.size[1] / 2)
    (x0, z0, x1, z1) = wall.hole
    back = np.array([[[x0, y, z0], [x1, y, z0], [x1, y, z1]], [[x0, y, z0], [x1, y, z1], [x0, y, z1]]])
    return np.concatenate([wall.triangles(), back])


@pytest.mark.parametrize("noise", [0.0005, 0.002, 0.005])
@pytest.mark.parametrize(("left", "right"), [(0.0, 0.0), (0.004, 0.003), (0.03, 0.02), (-0.04, 0.03), (0.12, -0.1)])
def test_planted_jambs_come_back_within_u(noise: float, left: float, right: float) -> None:
    """+ is wider, and to the right."""
    wall = HoledWall(offsets={"left": left, "right": right, "sill": 0.01})
    found = told(wall, *ALL, noise=noise)
    width, place = found["opening_size", "width"], found["opening_position", "width"]
    assert width.actual == pytest.approx(-left - right, abs=width.expanded_uncertainty)
    assert place.actual == pytest.approx((left - right) / 2, abs=place.expanded_uncertainty)
    assert width.nominal == pytest.approx(1.2)
    assert (width.part, width.part_id, width.method) == ("Hatch", "0opening", "reveals")
    height = found["opening_size", "height"]
    assert height.actual == pytest.approx(-0.01, abs=height.expanded_uncertainty)
    assert 0.0014 < width.expanded_uncertainty < 0.004
    assert 0.0010 < place.expanded_uncertainty < 0.002
    gross = max(abs(left + right), abs(left - right) / 2) > 0.015
    assert (Outcome.FAIL in {width.outcome, place.outcome}) == gross


def test_size_does_not_depend_on_the_registration_and_position_does() -> None:
    wall = HoledWall(offsets={"left": 0.02})
    points, normals = wall.seen(*ALL)
    loose = measured_box(Box("w", (0, 0, 0), (4, 0.24, 2.8)), ["-y"], registration=[0, 0, 0, 0.004, 0, 0])
    sure = {(m.characteristic, m.direction): m for m in measure(host(wall, points, normals), BOTH)}
    seen = host(wall, points, normals).openings
    unsure = {(m.characteristic, m.direction): m for m in measure(replace(loose, openings=seen), BOTH)}
    for direction in ("width", "height"):
        size = ("opening_size", direction)
        assert unsure[size] == sure[size]
    place = ("opening_position", "width")
    assert unsure[place].expanded_uncertainty == pytest.approx(
        np.hypot(sure[place].expanded_uncertainty, 0.008), rel=1e-3
    )


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-0.03, 0.03), min_size=3, max_size=3), st.lists(st.floats(-0.1, 0.1), min_size=3, max_size=3))
def test_where_the_host_stands_moves_its_openings_and_not_their_size(turn: list[float], shift: list[float]) -> None:
    wall = HoledWall(offsets={"left": 0.02})
    T = Pose.from_rotation_vector(turn, shift)
    points, normals = wall.seen(*ALL, spacing=0.03)
    still = {(m.characteristic, m.direction): m for m in measure(host(wall, points, normals), BOTH)}
    moved = measure(host(wall, T.apply(points), T.rotate(normals), pose=T), BOTH)
    for m in moved:
        before = still[m.characteristic, m.direction]
        if m.characteristic == "opening_size":
            assert m.actual == pytest.approx(before.actual, abs=1e-9)
        else:
            axis = np.array([1.0, 0, 0]) if m.direction == "width" else np.array([0, 0, 1.0])
            centre = np.array([2.1, 0.12, 1.55])
            built = T.apply(centre + before.actual * axis)
            assert m.actual == pytest.approx(float((built - centre) @ axis), abs=1e-9)


def test_errors_are_within_u_as_often_as_it_says() -> None:
    """200 walls, part of each jamb seen: the errors scatter as the stated standard uncertainty says."""
    scores: list[float] = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        wall = HoledWall(offsets={"left": rng.uniform(-0.03, 0.03), "right": rng.uniform(-0.03, 0.03)})
        # a jamb is wavy over 5 cm by the millimetre and a half that U counts with
        parts = [
            wall.reveal(name, rng, noise=0.002, spacing=0.02, along=(low, low + 0.6), through=(0.0, 0.6))
            for name, low in (("left", rng.uniform(0, 0.4)), ("right", rng.uniform(0, 0.4)))
        ]
        wavy = [(p + n * _waves(p, rng)[:, None], n) for p, n in parts]
        element = host(wall, np.concatenate([p for p, _ in wavy]), np.concatenate([n for _, n in wavy]))
        [width] = [m for m in measure(element, BOTH) if (m.characteristic, m.direction) == ("opening_size", "width")]
        actual = -wall.offsets["left"] - wall.offsets["right"]
        scores.append((width.actual - actual) / (0.5 * width.expanded_uncertainty))
    assert np.mean(np.abs(scores) <= 2.0) >= 0.95
    assert 0.3 < np.std(scores) < 1.1
    assert abs(np.mean(scores)) < 0.2


def _waves(points: FloatArray, rng: np.random.Generator) -> FloatArray:
    cell = np.floor(points[:, 1:] / 0.05).astype(np.int64)
    _, number = np.unique(cell, axis=0, return_inverse=True)
    number = number.reshape(-1)
    return rng.normal(0.0, 0.0015, number.max() + 1)[number]


@pytest.mark.parametrize(
    ("names", "filled_by", "note"),
    [((), (), "reveal_unseen"), (("left",), (), "reveal_unseen"), ((), ("door",), "opening_filled"),
     (("right",), ("door",), "opening_filled")],
)  # fmt: skip
def test_a_jamb_that_was_not_seen_leaves_the_width_open(
    names: tuple[str, ...], filled_by: tuple[str, ...], note: str
) -> None:
    wall = HoledWall(filled_by=filled_by)
    found = told(wall, "sill", "head", *names)
    for characteristic in ("opening_size", "opening_position"):
        m = found[characteristic, "width"]
        assert (m.outcome, m.note, m.n) == (Outcome.NOT_MEASURED, note, 0)
        assert np.isnan(m.actual)
        assert found[characteristic, "height"].outcome is Outcome.PASS
    nothing = measure(host(wall, *(a[:0] for a in wall.seen("left"))), BOTH)
    assert [(m.characteristic, m.direction, m.note) for m in nothing] == [
        ("opening_size", "", "opening_filled" if filled_by else "reveal_unseen"),
        ("opening_position", "", "opening_filled" if filled_by else "reveal_unseen"),
    ]
    assert overall(nothing) is Outcome.NOT_MEASURED


def test_a_door_to_the_floor_has_a_width_and_no_height() -> None:
    wall = HoledWall(hole=(1.5, 0.0, 2.4, 2.1), offsets={"left": -0.02})
    found = told(wall, "left", "right", "head")
    assert found["opening_size", "width"].actual == pytest.approx(0.02, abs=0.002)
    assert found["opening_size", "height"].note == "opening_one_sided"
    assert found["opening_size", "height"].outcome is Outcome.NOT_MEASURED


def test_a_frame_within_the_opening_is_not_its_reveal() -> None:
    """An unmodelled frame, 60 mm thick in the middle of the wall, hides nothing of the jamb beside it and is not it."""
    wall, rng = HoledWall(), np.random.default_rng(1)
    frame = replace(wall, offsets={"left": 0.06, "right": 0.06})
    inner = [frame.reveal(name, rng, noise=0.002, through=(0.35, 0.65)) for name in ("left", "right")]
    outer = [wall.reveal(name, rng, noise=0.002, through=(0.0, 0.3)) for name in ("left", "right")]
    for parts, outcome in ((inner, Outcome.NOT_MEASURED), (inner + outer, Outcome.PASS)):
        element = host(wall, np.concatenate([p for p, _ in parts]), np.concatenate([n for _, n in parts]))
        assert measure(element, BOTH)[0].outcome is outcome


def test_a_stepped_reveal_is_left_open() -> None:
    wall, rng = HoledWall(), np.random.default_rng(1)
    deep = replace(wall, offsets={"left": 0.03})
    parts = [
        wall.reveal("left", rng, noise=0.002, through=(0.0, 0.5)), wall.reveal("right", rng, noise=0.002),
        deep.reveal("left", rng, noise=0.002, through=(0.5, 1.0)), wall.seen("sill", "head"),
    ]  # fmt: skip
    element = host(wall, np.concatenate([p for p, _ in parts]), np.concatenate([n for _, n in parts]))
    width = [m for m in measure(element, BOTH) if m.direction == "width"]
    assert [(m.outcome, m.note) for m in width] == [(Outcome.NOT_MEASURED, "reveal_stepped")] * 2


def test_stray_points_do_not_move_a_jamb() -> None:
    wall = HoledWall(offsets={"left": 0.02})
    points, normals = wall.seen(*ALL)
    rng = np.random.default_rng(3)
    stray = rng.choice(len(points), len(points) // 10, replace=False)
    points[stray] += normals[stray] * rng.uniform(0.0, 0.1, len(stray))[:, None]
    found = {(m.characteristic, m.direction): m for m in measure(host(wall, points, normals), BOTH)}
    width = found["opening_size", "width"]
    assert width.actual == pytest.approx(-0.02, abs=width.expanded_uncertainty)


def test_a_hole_in_a_slab_has_a_length_and_a_width() -> None:
    wall = HoledWall()
    turn = Pose.from_rotation_vector([np.pi / 2, 0, 0])
    box = wall.opening.box
    assert box is not None
    opening = replace(wall.opening, box=replace(box, centre=turn.rotate(box.centre), axes=box.axes @ turn.rotation.T))
    found = designed_opening(opening, turn.apply(wall.triangles().reshape(-1, 3)).reshape(-1, 3, 3))
    assert {span.direction: round(span.nominal, 6) for span in found.spans} == {"length": 1.3, "width": 1.2}


def test_a_box_is_told_from_what_is_none() -> None:
    corners = Box("b", (0, 0, 0), (1, 2, 3)).triangles()
    for turn in ([0, 0, 0], [0.3, -1.0, 2.0]):
        T = Pose.from_rotation_vector(turn, [10.0, 20.0, 30.0])
        vertices = T.apply(corners.reshape(-1, 3))
        faces = np.arange(36, dtype=np.int32).reshape(-1, 3)
        box = box_of(Mesh(vertices, faces))
        assert box is not None
        assert box.centre == pytest.approx(T.apply(np.array([[0.5, 1.0, 1.5]]))[0])
        assert sorted(box.size) == pytest.approx([1, 2, 3])
        sheared = vertices + 0.1 * (vertices @ T.rotation[:, 2:]) * T.rotation[:, 0]
        assert box_of(Mesh(sheared, faces)) is None
        assert box_of(Mesh(vertices, faces[:-2])) is None


def test_two_boxes_are_one_where_they_fill_it() -> None:
    one = OrientedBox(np.array([1.0, 2.0, 3.0]), np.eye(3), np.array([1.0, 0.3, 2.0]))
    behind = replace(
        one, centre=one.centre + np.array([0.0, 0.25, 0.0]), axes=np.eye(3)[[2, 1, 0]], size=one.size[[2, 1, 0]]
    )
    both = union_of([one, behind])
    assert both is not None
    assert both.size == pytest.approx([1.0, 0.55, 2.0])
    assert both.centre == pytest.approx([1.0, 2.125, 3.0])
    same = union_of([one, one])
    assert same is not None
    assert same.size == pytest.approx(one.size)
    for shift in ([0.0, 0.4, 0.0], [0.1, 0.1, 0.0]):  # a gap between them; a step
        assert union_of([one, replace(one, centre=one.centre + np.array(shift))]) is None
    assert union_of([one, replace(one, axes=Pose.from_rotation_vector([0, 0, 0.1]).rotation)]) is None
