"""Cameras and outlines: geometry behind pictures and viewpoints."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from twin.report.camera import SMALLEST_RADIUS, element_camera, look_at
from twin.report.pictures import near
from twin.report.scene import make_scene, outlines
from twin.result import CheckResult

SIZE = st.floats(0.01, 40.0)


def corners_of(box: FloatArray) -> FloatArray:
    """Return the 8 corners of a box (2, 3)."""
    return np.array([[box[i, 0], box[j, 1], box[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])


@settings(max_examples=60, deadline=None)
@given(st.tuples(SIZE, SIZE, SIZE), st.floats(-np.pi, np.pi), st.floats(-0.6, 1.4))
def test_the_whole_box_is_in_the_picture_from_any_side(
    size: tuple[float, float, float], azimuth: float, elevation: float
) -> None:
    """Every corner projects inside, and the camera stands outside the box."""
    box = np.array([[5.0, -3.0, 1.0], [5.0 + size[0], -3.0 + size[1], 1.0 + size[2]]])
    camera = look_at(box, azimuth, elevation)
    seen = camera.project(corners_of(box))
    assert (seen > 0.0).all()
    assert (seen < 1.0).all()
    assert not ((camera.position > box[0]) & (camera.position < box[1])).all()
    if np.linalg.norm(box[1] - box[0]) / 2.0 > SMALLEST_RADIUS:
        edge = 0.5 / 1.15
        fills = np.isclose(seen.min(axis=0), 0.5 - edge) & np.isclose(seen.max(axis=0), 0.5 + edge)
        assert fills.any(), "in one direction the box reaches from margin to margin: no larger picture would hold it"
    assert abs(float(camera.direction @ camera.up)) < 1e-12


def test_up_in_the_world_is_up_in_the_picture() -> None:
    """Projection runs right and down from the top left."""
    camera = look_at(np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]), np.radians(-90.0), np.radians(20.0))
    middle, above, right = camera.project(np.array([[0.5, 0.5, 0.5], [0.5, 0.5, 1.0], [1.0, 0.5, 0.5]]))
    assert np.isclose(middle[0], 0.5)
    assert abs(middle[1] - 0.5) < 0.1
    assert above[1] < middle[1]
    assert right[0] > middle[0]


def test_an_element_is_seen_from_the_side_where_its_points_are(building: CheckResult) -> None:
    """A wall scanned from inside is shown from inside."""
    scene = make_scene(building)
    index = next(i for i, e in enumerate(building.elements) if e.name == "Wall W Ground floor")
    inside = scene.points.copy()
    rows = scene.points_of.rows([index])
    inside[rows, 0] = scene.boxes[index, 1, 0]
    moved = type(scene)(
        scene.triangles, scene.faces_of, scene.edges, scene.edges_of, scene.boxes, inside, scene.signed, scene.points_of
    )  # fmt: skip
    assert element_camera(moved, index, near(moved, index)).position[0] > scene.boxes[index, 1, 0]


def test_neighbours_hold_no_stranger_and_never_the_element(building: CheckResult) -> None:
    """Nearest first, itself left out."""
    scene = make_scene(building)
    around = near(scene, 3)
    assert 3 not in around
    assert len(set(around)) == len(around)


def test_a_box_has_twelve_outlines_and_no_diagonal(building: CheckResult) -> None:
    """Edges between coplanar triangles are not drawn; touching elements do not share edges."""
    scene = make_scene(building)
    for element in range(len(building.elements)):
        edges = scene.edges[scene.edges_of.rows([element])]
        assert len(edges) == 12
        assert (np.count_nonzero(np.abs(edges[:, 1] - edges[:, 0]) > 1e-9, axis=1) == 1).all()


def slow_outlines(triangles: Any) -> int:
    """Count drawn edges of one element one by one."""
    sides: dict[frozenset[tuple[float, ...]], list[Any]] = {}
    for triangle in triangles:
        normal = np.cross(triangle[1] - triangle[0], triangle[2] - triangle[0])
        for k in range(3):
            ends = (triangle[k], triangle[(k + 1) % 3])
            key = frozenset(tuple(round(float(x), 4) for x in end) for end in ends)
            sides.setdefault(key, []).append(normal / np.linalg.norm(normal))
    return sum(len(n) != 2 or float(n[0] @ n[1]) < np.cos(np.radians(20.0)) for n in sides.values())


def test_outlines_agree_with_the_slow_reference() -> None:
    """A bent sheet: its border and its sharp folds, not its gentle ones."""
    rng = np.random.default_rng(3)
    x, y = np.meshgrid(np.arange(7.0), np.arange(5.0), indexing="ij")
    grid = np.stack([x, y, np.round(rng.random((7, 5)), 2)], axis=-1)
    quads = [(grid[i, j], grid[i + 1, j], grid[i + 1, j + 1], grid[i, j + 1]) for i in range(6) for j in range(4)]
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    edges, owner = outlines(triangles, np.zeros(len(triangles), np.int64))
    assert len(edges) == slow_outlines(triangles)
    assert len(owner) == len(edges)
    border = 2 * (6 + 4)
    assert border < len(edges) < 1.5 * len(triangles) + border
