"""Booleans of boxes with known volume; results that are wrong in the ways geometry kernels are wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.design import Mesh
from geometry.mesh_health import mesh_health, signed_volume
from geometry.readers.csg_build import build
from geometry.readers.csg_check import Body, Combined, HalfSpace, Solid, check_boolean, contains

REACH = 2e-4
Triple = tuple[float, float, float]


def box(size: Triple, corner: Triple = (0.0, 0.0, 0.0), label: str = "", turn: float = 0.0) -> Body:
    unit = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]], float)
    quads = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
    faces = np.array([[q[0], q[k], q[k + 1]] for q in quads for k in (1, 2)], np.int32)
    rotation = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    return Body(Mesh((unit * size + corner) @ rotation.T, faces), label)


def wall_with(*openings: Body) -> Solid:
    solid: Solid = box((4.0, 0.3, 3.0))
    for opening in openings:
        solid = Combined("DIFFERENCE", solid, opening)
    return solid


DOOR = box((0.9, 0.5, 2.1), (1.0, -0.1, -0.1), "door")
SOCKET = box((0.06, 0.06, 0.06), (3.0, -0.01, 0.3), "socket")


def test_what_is_built_is_what_the_operands_make() -> None:
    solid = wall_with(DOOR, SOCKET)
    mesh = build([solid])
    assert mesh is not None
    assert mesh_health(mesh).closed
    assert signed_volume(mesh) == pytest.approx(3.6 - 0.9 * 0.3 * 2.0 - 0.06 * 0.05 * 0.06, rel=1e-6)
    assert check_boolean(mesh, solid, reach_m=REACH).agrees


@pytest.mark.parametrize("missing", [DOOR, SOCKET], ids=["door", "socket"])
def test_an_opening_that_was_not_cut_is_named(missing: Body) -> None:
    cut = SOCKET if missing is DOOR else DOOR
    mesh = build([wall_with(cut)])
    assert mesh is not None
    check = check_boolean(mesh, wall_with(DOOR, SOCKET), reach_m=REACH)
    assert not check.agrees
    assert check.failed == (missing.label,)


def test_a_clip_that_was_ignored_shows_on_the_surface() -> None:
    wall = box((4.0, 0.3, 3.0))
    clip = HalfSpace(np.array([0.0, 0.0, 2.0]), np.array([0.0, 0.0, -1.0]))
    check = check_boolean(wall.mesh, Combined("DIFFERENCE", wall, clip), reach_m=REACH)
    assert not check.agrees
    # a third of the wall should be gone: of its points those below the surface are wrong, those above are not
    assert check.mismatch == pytest.approx(1 / 6, abs=0.03)


def test_an_element_that_is_moved_or_part_of_it_lost_disagrees() -> None:
    solid = wall_with(DOOR)
    mesh = build([solid])
    assert mesh is not None
    assert not check_boolean(Mesh(mesh.vertices + np.array([0, 1e-3, 0]), mesh.faces), solid, reach_m=REACH).agrees
    both = Combined("UNION", solid, box((1.0, 0.3, 1.0), (10.0, 0.0, 0.0)))
    assert not check_boolean(mesh, both, reach_m=REACH).agrees


@given(short=st.floats(1e-17, 1e-6), turn=st.just(0.0) | st.floats(0.0, 1.5))
@settings(max_examples=60, deadline=None)
def test_openings_that_fall_short_of_the_far_face_leave_no_film_unseen(short: float, turn: float) -> None:
    wall = box((4.0, 0.3, 3.0), turn=turn)
    solid = Combined("DIFFERENCE", wall, box((0.9, 0.3, 2.0), (1.0, -short, 0.5), "niche", turn))
    mesh = build([solid])
    assert mesh is not None
    check = check_boolean(mesh, solid, reach_m=REACH)
    start, along = np.array([1.45, -1.0, 1.5]), np.array([0.0, 1.0, 0.0])
    rotation = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    through = not hit(mesh, rotation @ start, rotation @ along)
    assert through or not check.agrees
    if turn == 0.0:
        assert through
        assert check.agrees


def hit(mesh: Mesh, start: FloatArray, along: FloatArray) -> bool:
    """Return whether a ray meets a face of some area (Möller and Trumbore 1997)."""
    a, b, c = (mesh.triangles()[:, k] for k in range(3))
    p = np.cross(along, c - a)
    determinant = np.einsum("ij,ij->i", b - a, p)
    safe = np.where(abs(determinant) < 1e-12, 1.0, determinant)
    u = np.einsum("ij,ij->i", start - a, p) / safe
    v = np.cross(start - a, b - a) @ along / safe
    return bool(np.any((abs(determinant) >= 1e-12) & (u >= 0) & (v >= 0) & (u + v <= 1)))


def test_a_film_over_an_opening_is_seen() -> None:
    film = box((0.9, 1e-7, 2.0), (1.0, 0.1, 0.5))
    solid = wall_with(DOOR)
    mesh = build([solid])
    assert mesh is not None
    starts = len(mesh.vertices)
    covered = Mesh(
        np.concatenate([mesh.vertices, film.mesh.vertices]),
        np.concatenate([mesh.faces, film.mesh.faces + starts]).astype(np.int32),
    )
    check = check_boolean(covered, solid, reach_m=REACH)
    assert not check.agrees
    assert check.film > 0.02


@given(
    points=st.lists(st.tuples(*[st.floats(-1, 5)] * 3), min_size=1, max_size=20),
    normal=st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda n: np.linalg.norm(n) > 0.1),
)
@settings(max_examples=40, deadline=None)
def test_membership_follows_the_set_operations(points: list[Triple], normal: Triple) -> None:
    asked: FloatArray = np.array(points) + 1e-7
    plane = HalfSpace(np.array([1.0, 0.1, 1.0]), np.array(normal) / np.linalg.norm(normal))
    wall = box((4.0, 0.3, 3.0))
    in_wall = np.all((asked > 0) & (asked < [4.0, 0.3, 3.0]), axis=1)
    in_plane = (asked - plane.point) @ plane.normal <= 0
    np.testing.assert_array_equal(contains(Combined("DIFFERENCE", wall, plane), asked), in_wall & ~in_plane)
    np.testing.assert_array_equal(contains(Combined("INTERSECTION", wall, plane), asked), in_wall & in_plane)
    np.testing.assert_array_equal(contains(Combined("UNION", wall, plane), asked), in_wall | in_plane)


def test_a_bounded_half_space_cuts_only_within_its_outline() -> None:
    outline = np.array([[1.0, -1.0], [2.0, -1.0], [2.0, 1.0], [1.0, 1.0]])
    clip = HalfSpace(np.array([0.0, 0.0, 2.0]), np.array([0.0, 0.0, -1.0]), outline)
    solid = Combined("DIFFERENCE", box((4.0, 0.3, 3.0)), clip)
    mesh = build([solid])
    assert mesh is not None
    assert signed_volume(mesh) == pytest.approx(3.6 - 1.0 * 0.3 * 1.0)
    assert check_boolean(mesh, solid, reach_m=REACH).agrees


def test_operands_that_bound_nothing_are_left_to_the_kernels() -> None:
    open_box = Body(Mesh(box((1.0, 1.0, 1.0)).mesh.vertices, box((1.0, 1.0, 1.0)).mesh.faces[:-1]))
    assert build([Combined("DIFFERENCE", box((4.0, 0.3, 3.0)), open_box)]) is None
