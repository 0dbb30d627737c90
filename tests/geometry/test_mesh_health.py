"""Bodies with known volume, whichever way their faces are turned, and meshes that are no bodies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import BoolArray, FloatArray
from geometry.design import Mesh
from geometry.mesh_health import (
    cleaned,
    mesh_health,
    oriented_outward,
    signed_volume,
    surface_area,
    weld,
    winding_numbers,
)

Triple = tuple[float, float, float]

BOX_FACES = np.array(
    [[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4], [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6],
     [3, 0, 4], [3, 4, 7]], np.int32
)  # fmt: skip


def box(size: Triple = (1.0, 2.0, 3.0), corner: Triple = (0.0, 0.0, 0.0)) -> Mesh:
    unit = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]], float)
    return Mesh(unit * size + corner, BOX_FACES)


def joined(*meshes: Mesh) -> Mesh:
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])[:-1]
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(faces).astype(np.int32))


def turned(mesh: Mesh, faces: BoolArray | slice = slice(None)) -> Mesh:
    copy = mesh.faces.copy()
    copy[faces] = copy[faces][:, ::-1]
    return Mesh(mesh.vertices, copy)


def soup(mesh: Mesh) -> Mesh:
    return Mesh(mesh.triangles().reshape(-1, 3), np.arange(3 * len(mesh.faces), dtype=np.int32).reshape(-1, 3))


rotations = st.tuples(st.floats(0, 6.28), st.floats(0, 3.14), st.floats(0, 6.28))
shifts = st.tuples(*[st.floats(-1e6, 1e6)] * 3)


def rotation(angles: Triple) -> FloatArray:
    a, b, c = angles
    z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    w = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return z @ x @ w


def test_a_box_is_a_closed_body_of_its_volume() -> None:
    report = mesh_health(box())
    assert (report.kind, report.open_edges, report.nonmanifold_edges, report.shells) == ("closed", 0, 0, 1)
    assert report.volume == pytest.approx(6.0)
    assert report.area == pytest.approx(22.0)


def test_faults_are_counted() -> None:
    broken = joined(box(), Mesh(np.zeros((3, 3)), np.array([[0, 1, 2]], np.int32)))
    broken = Mesh(broken.vertices, np.concatenate([broken.faces, broken.faces[:1]]))
    report = mesh_health(broken)
    assert report.degenerate_faces == 1
    assert report.duplicate_faces == 1
    assert report.open_edges == 3


@given(angles=rotations, shift=shifts, order=st.permutations(range(12)))
@settings(max_examples=40)
def test_health_does_not_depend_on_the_pose_nor_on_the_order_of_faces(
    angles: Triple, shift: Triple, order: list[int]
) -> None:
    body = joined(box(), box((0.5, 0.5, 0.5), (3.0, 0.0, 0.0)))
    faces = np.concatenate([body.faces[list(order)], body.faces[12:]])
    moved = mesh_health(Mesh(body.vertices @ rotation(angles).T + shift, faces))
    still = mesh_health(body)
    assert (moved.kind, moved.open_edges, moved.nonmanifold_edges, moved.shells, moved.duplicate_faces) == (
        still.kind, still.open_edges, still.nonmanifold_edges, still.shells, still.duplicate_faces
    )  # fmt: skip
    assert moved.volume == pytest.approx(still.volume, rel=1e-7)
    assert moved.area == pytest.approx(still.area, rel=1e-7)


@given(flips=st.lists(st.booleans(), min_size=12, max_size=12))
@settings(max_examples=40)
def test_faces_turned_at_random_are_turned_back(flips: list[bool]) -> None:
    mesh, kind = oriented_outward(turned(box(), np.array(flips)))
    assert kind == "closed"
    assert signed_volume(mesh) == pytest.approx(6.0)


def test_each_of_several_bodies_is_turned_outward_and_a_cavity_inward() -> None:
    hollow = joined(
        turned(box((4.0, 4.0, 4.0))), box((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)), turned(box(corner=(9.0, 0, 0)))
    )
    as_drawn = joined(
        box((4.0, 4.0, 4.0)), turned(box((1.0, 1.0, 1.0), (1.0, 1.0, 1.0))), turned(box(corner=(9.0, 0, 0)))
    )
    # an inward outer shell makes the outward inner one no cavity: two overlapping bodies
    assert signed_volume(oriented_outward(hollow)[0]) == pytest.approx(64.0 + 1.0 + 6.0)
    assert signed_volume(oriented_outward(as_drawn)[0]) == pytest.approx(64.0 - 1.0 + 6.0)


def test_bodies_that_share_a_face_stay_two_bodies() -> None:
    pair = weld(joined(box((1.0, 1.0, 1.0)), box((1.0, 1.0, 1.0), (1.0, 0.0, 0.0))))
    mesh, kind = oriented_outward(pair)
    assert kind == "closed"
    assert signed_volume(mesh) == pytest.approx(2.0)
    assert surface_area(mesh) == pytest.approx(12.0)


def test_a_body_with_a_small_hole_is_turned_outward_as_a_whole() -> None:
    steps = np.linspace(0.0, 2.0 * np.pi, 33)[:-1]
    ring = np.stack([np.cos(steps), np.sin(steps), np.zeros(32)], axis=1)
    vertices = np.concatenate([ring, ring + np.array([0, 0, 3.0]), [[0, 0, 0], [0, 0, 3.0]]])
    faces: list[list[int]] = []
    for k in range(32):
        n = (k + 1) % 32
        faces += [[k, n, n + 32], [k, n + 32, k + 32], [64, n, k], [65, k + 32, n + 32]]
    closed = Mesh(vertices, np.array(faces, np.int32))
    holed = Mesh(vertices, closed.faces[1:])
    assert oriented_outward(closed)[1] == "closed"
    for start in (holed, turned(holed)):
        mesh, kind = oriented_outward(start)
        assert kind == "nearly closed"
        np.testing.assert_array_equal(mesh.faces, holed.faces)


def test_a_pane_is_a_sheet_and_keeps_its_facing() -> None:
    pane = Mesh(np.array([[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1.0]]), np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    for start in (pane, turned(pane)):
        mesh, kind = oriented_outward(start)
        assert kind == "sheet"
        np.testing.assert_array_equal(mesh.faces, start.faces)


def test_a_pane_beside_a_body_makes_the_whole_a_sheet_but_the_body_is_turned() -> None:
    pane = Mesh(np.array([[5, 0, 0], [6, 0, 0], [6, 0, 1.0]]), np.array([[0, 1, 2]], np.int32))
    mesh, kind = oriented_outward(joined(turned(box()), pane))
    assert kind == "sheet"
    assert signed_volume(Mesh(mesh.vertices, mesh.faces[:12])) == pytest.approx(6.0)


def test_a_soup_of_triangles_is_welded_without_moving_it() -> None:
    welded = weld(soup(box()))
    assert len(welded.vertices) == 8
    np.testing.assert_array_equal(np.sort(welded.triangles(), axis=0), np.sort(box().triangles(), axis=0))


@given(seed=st.integers(0, 1000), count=st.integers(1, 40))
@settings(max_examples=30)
def test_welding_keeps_the_first_of_equal_corners_in_their_order(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    corners: FloatArray = rng.integers(-1, 2, (12, 3)).astype(np.float64) * rng.choice(
        [1.0, -1.0], (12, 3)
    )  # -0.0 among them
    faces = rng.integers(0, 12, (count, 3)).astype(np.int32)
    welded = weld(Mesh(corners, faces))
    used = [tuple(corner) for index, corner in enumerate((corners + 0.0).tolist()) if index in faces]
    assert [tuple(corner) for corner in welded.vertices.tolist()] == list(dict.fromkeys(used))
    np.testing.assert_array_equal(welded.triangles(), Mesh(corners, faces).triangles())


@given(gap=st.floats(0.0, 0.99e-6), seed=st.integers(0, 5))
@settings(max_examples=20)
def test_gaps_below_the_tolerance_close(gap: float, seed: int) -> None:
    loose = soup(box())
    jitter = np.random.default_rng(seed).uniform(-gap / 4, gap / 4, loose.vertices.shape)
    assert mesh_health(Mesh(loose.vertices + jitter, loose.faces)).closed


def test_corners_beyond_the_tolerance_stay_apart() -> None:
    row = np.stack([np.arange(50, dtype=np.float64) * 5e-6, np.zeros(50), np.zeros(50)], axis=1)
    faces = np.stack([np.arange(48), np.arange(48) + 1, np.arange(48) + 2], axis=1).astype(np.int32)
    assert len(weld(Mesh(row, faces), 1e-6).vertices) == 50


def test_cleaning_drops_only_faces_without_area() -> None:
    sliver = Mesh(np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 1e-5, 0]]), np.array([[0, 1, 2], [0, 1, 3]], np.int32))
    kept = cleaned(sliver)
    assert len(kept.faces) == 1
    assert surface_area(kept) == pytest.approx(5e-6)


@given(angles=rotations, point=st.tuples(*[st.floats(-3, 5)] * 3))
@settings(max_examples=60)
def test_winding_numbers_of_a_box_are_its_membership(angles: Triple, point: Triple) -> None:
    turn = rotation(angles)
    size = np.array([1.0, 2.0, 3.0])
    if min(abs(np.array(point)).min(), abs(np.array(point) - size).min()) < 1e-6:
        return  # on a face plane: neither in nor out
    inside = bool(np.all(np.array(point) > 0) and np.all(np.array(point) < size))
    number = winding_numbers(Mesh(box().vertices @ turn.T, BOX_FACES), np.array([point]) @ turn.T)[0]
    assert number == pytest.approx(float(inside), abs=1e-9)


def test_an_empty_mesh_is_empty() -> None:
    nothing = Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32))
    assert oriented_outward(nothing)[1] == "empty"
    assert signed_volume(nothing) == 0.0
