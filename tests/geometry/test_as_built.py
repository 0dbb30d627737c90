"""Assigning points and fitting poses together: what is built wrong among neighbours is found, they are left alone."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray, Int32Array
from geometry.as_built import AsBuilt, SeenPoints, solve_as_built
from geometry.claims import without_refuted
from geometry.element_pose import ElementShapes, PoseFit, element_shapes
from geometry.pose import Pose
from geometry.scan import Scan, Station
from geometry.source import SourceFile
from geometry.triangle_tree import build_tree, closest_elements
from tests.reference.scenes import Box, face_normal, scan_of
from twin.sight import bring_into_sight

BAND = 0.15
HERE = Pose.identity()


def shapes_of(boxes: Sequence[Box]) -> ElementShapes:
    return element_shapes([box.triangles() for box in boxes])


def seen_points(
    boxes: Sequence[Box],
    faces: Mapping[str, Sequence[str]],
    *,
    spacing: float = 0.03,
    T_here_scene: Pose = HERE,
) -> tuple[SeenPoints, Int32Array]:
    """Return points on the named faces of what was built, as a check sees them, and whose they are (n,).

    Every face is seen straight on, from a station 4 m before it; ``T_here_scene`` moves the whole scene.
    """
    rng, T = np.random.default_rng(0), T_here_scene
    points: list[FloatArray] = []
    owner: list[Int32Array] = []
    seen_from: list[FloatArray] = []
    for number, box in enumerate(boxes):
        for face in faces.get(box.name, ()):
            if box.built is None:
                continue
            on = box.built.apply(box.sample(spacing, faces=[face]))
            normal = box.built.rotate([face_normal(face)])
            points.append(on + rng.normal(0.0, 0.002, (len(on), 1)) * normal)
            owner.append(np.full(len(on), number, np.int32))
            seen_from.append(on.mean(axis=0) + 4.0 * normal[0])
    stations = tuple(Station(str(i), T.apply(p[None])[0]) for i, p in enumerate(seen_from))
    index = np.repeat(np.arange(len(points), dtype=np.int32), [len(p) for p in points])
    source = (SourceFile("made", "0" * 64, "E57"),)
    scan = Scan(T.apply(np.concatenate(points)), index, stations, np.zeros(3), source)
    triangles = T.apply(np.concatenate([b.triangles() for b in boxes]).reshape(-1, 3)).reshape(-1, 3, 3)
    sight = bring_into_sight(scan, Pose.identity(), build_tree(triangles), band=BAND)
    return sight.seen, np.concatenate(owner)


def solved(boxes: Sequence[Box], seen: SeenPoints) -> AsBuilt:
    return solve_as_built(shapes_of(boxes), seen, BAND)


def fit_of(built: AsBuilt, number: int) -> PoseFit:
    fit = built.fits[number]
    assert fit is not None
    return fit


@pytest.mark.parametrize("shift", [-0.1, -0.04, 0.02, 0.06])
def test_of_two_abutting_walls_only_the_shifted_one_moves(shift: float) -> None:
    walls = [Box("a", (0, 0, 0), (3, 0.2, 2.8)), Box("b", (3, 0, 0), (6, 0.2, 2.8)).moved([0, shift, 0])]
    seen, owner = seen_points(walls, {"a": ["-y"], "b": ["-y"]})
    built = solved(walls, seen)
    assert fit_of(built, 0).twist[1] == pytest.approx(0.0, abs=0.0005)
    assert fit_of(built, 1).twist[1] == pytest.approx(shift, abs=0.0005)
    assert (built.element == owner).mean() > 0.99
    mine = owner == 1
    assert np.nanmedian(built.deviation[mine]) == pytest.approx(-shift, abs=0.0005)  # the face looks to -y
    assert np.nanmedian(np.abs(built.residual[mine])) < 0.002


@pytest.mark.parametrize("rise", [-0.05, 0.035])
def test_a_slab_lifted_among_walls_moves_and_the_walls_stay(rise: float) -> None:
    boxes = [
        Box("slab", (0, 0, -0.2), (4, 4, 0), "IfcSlab").moved([0, 0, rise]),
        Box("n", (0, 4, -0.2), (4, 4.2, 2.5)), Box("s", (0, -0.2, -0.2), (4, 0, 2.5)),
        Box("e", (4, 0, -0.2), (4.2, 4, 2.5)), Box("w", (-0.2, 0, -0.2), (0, 4, 2.5)),
    ]  # fmt: skip
    seen, owner = seen_points(boxes, {"slab": ["+z"], "n": ["-y"], "s": ["+y"], "e": ["-x"], "w": ["+x"]})
    built = solved(boxes, seen)
    slab = fit_of(built, 0)
    assert slab.twist[2] == pytest.approx(rise, abs=0.0005)
    assert slab.observable == (False, False, True, True, True, False)
    for number in range(1, 5):
        assert np.abs(fit_of(built, number).twist[:3]).max() < 0.001
    assert (built.element == owner).mean() > 0.98


def test_a_tilted_wall_in_a_row_is_found_with_its_angle() -> None:
    row = [Box(str(i), (2.0 * i, 0, 0), (2.0 * i + 2, 0.2, 3)) for i in range(4)]
    row[2] = row[2].moved([0, 0, 0], [0.015, 0, 0])
    seen, owner = seen_points(row, {b.name: ["-y", "+z"] for b in row})
    built = solved(row, seen)
    assert fit_of(built, 2).twist[3] == pytest.approx(0.015, abs=0.0003)
    assert (built.element == owner).mean() > 0.98
    for number in (0, 1, 3):
        assert abs(fit_of(built, number).twist[3]) < 0.0005


def test_nine_columns_one_of_them_out_by_eighty_millimetres() -> None:
    columns = [
        Box(f"{i}{j}", (3.0 * i, 3.0 * j, 0), (3.0 * i + 0.3, 3.0 * j + 0.3, 3), "IfcColumn")
        for i in range(3)
        for j in range(3)
    ]
    columns[4] = columns[4].moved([0.08, 0, 0])
    seen, owner = seen_points(columns, {c.name: ["-x", "+x", "-y", "+y"] for c in columns})
    built = solved(columns, seen)
    for number in range(9):
        want = [0.08, 0.0] if number == 4 else [0.0, 0.0]
        np.testing.assert_allclose(fit_of(built, number).twist[:2], want, atol=0.001)
    assert (built.element == owner).mean() > 0.99


def test_points_on_a_coincident_face_are_shared_and_move_nobody() -> None:
    """A wall and its cladding drawn into each other: both explain every point."""
    pair = [Box("core", (0, 0, 0), (3, 0.2, 2.8)), Box("skin", (0, 0, 0), (3, 0.05, 2.8))]
    seen, _ = seen_points(pair, {"core": ["-y"]})
    built = solved(pair, seen)
    assert built.shared[built.element >= 0].mean() > 0.99
    for number in (0, 1):
        fit = built.fits[number]
        assert fit is None or np.abs(fit.twist[:3]).max() < 0.001


def test_a_floor_under_a_shifted_finish_is_not_dragged_along() -> None:
    """Nobody sees the slab under its screed; the screed lies 30 mm high."""
    pair = [
        Box("screed", (0, 0, 0), (4, 4, 0.05), "IfcSlab").moved([0, 0, 0.03]),
        Box("slab", (0, 0, -0.2), (4, 4, 0), "IfcSlab"),
    ]
    seen, _ = seen_points(pair, {"screed": ["+z"]})
    built = solved(pair, seen)
    assert fit_of(built, 0).twist[2] == pytest.approx(0.03, abs=0.0005)
    slab = built.fits[1]
    assert slab is None or abs(slab.twist[2]) < 0.001
    assert (built.element == 0).mean() > 0.99
    assert not built.shared.any()


def test_a_thin_walls_far_face_never_takes_the_near_faces_points() -> None:
    """A partition of 60 mm shifted by 45 mm: its front now lies nearer to where its back was drawn."""
    wall = [Box("p", (0, 0, 0), (4, 0.06, 2.8)).moved([0, 0.045, 0])]
    seen, _ = seen_points(wall, {"p": ["-y"]})
    built = solved(wall, seen)
    assert fit_of(built, 0).twist[1] == pytest.approx(0.045, abs=0.0005)
    np.testing.assert_allclose(
        built.normal[built.element == 0], np.tile([0, -1, 0], (int((built.element == 0).sum()), 1))
    )


def test_what_lies_beyond_the_band_belongs_to_nobody() -> None:
    wall = [Box("w", (0, 0, 0), (4, 0.2, 2.8))]
    seen, _ = seen_points([wall[0].moved([0, -0.3, 0])], {"w": ["-y"]})
    built = solved(wall, seen)
    assert (built.element == -1).all()
    assert np.isnan(built.deviation).all()
    assert np.isnan(built.residual).all()
    assert (built.normal == 0).all()
    assert built.fits == (None,)


def test_an_element_without_points_has_no_fit_and_no_points() -> None:
    boxes = [Box("seen", (0, 0, 0), (3, 0.2, 2.8)), Box("unseen", (10, 0, 0), (13, 0.2, 2.8))]
    seen, _ = seen_points(boxes, {"seen": ["-y"]})
    built = solved(boxes, seen)
    assert built.fits[1] is None
    assert set(built.element.tolist()) == {0}


def test_a_crate_before_a_wall_does_not_become_the_wall() -> None:
    wall = Box("wall", (0, 0, 0), (4, 0.2, 2.8))
    crate = Box("crate", (1, -0.1, 0), (2, 0, 1))
    seen, owner = seen_points([wall, crate], {"wall": ["-y"], "crate": ["-y", "+z"]})
    built = solved([wall], seen)
    assert abs(fit_of(built, 0).twist[1]) < 0.0005
    assert (built.element[owner == 1] == 0).mean() < 0.1


@settings(max_examples=5)
@given(shift=st.tuples(*[st.floats(-300, 300)] * 3), yaw=st.sampled_from([0.0, 0.4, 1.2]))
def test_the_solution_moves_along_with_the_scene(shift: tuple[float, float, float], yaw: float) -> None:
    walls = [Box("a", (0, 0, 0), (3, 0.2, 2.8)), Box("b", (3, 0, 0), (6, 0.2, 2.8)).moved([0, -0.04, 0])]
    T = Pose.from_yaw(yaw, shift)
    seen, owner = seen_points(walls, {"a": ["-y", "+z"], "b": ["-y", "+z"]}, spacing=0.05, T_here_scene=T)
    moved = element_shapes([T.apply(w.triangles().reshape(-1, 3)).reshape(-1, 3, 3) for w in walls])
    built = solve_as_built(moved, seen, BAND)
    across = T.rotate([[0.0, 1.0, 0.0]])[0]
    assert across @ fit_of(built, 0).twist[:3] == pytest.approx(0.0, abs=0.001)
    assert across @ fit_of(built, 1).twist[:3] == pytest.approx(-0.04, abs=0.001)
    assert (built.element == owner).mean() > 0.98


def test_the_same_input_gives_the_same_bytes() -> None:
    walls = [Box("a", (0, 0, 0), (3, 0.2, 2.8)), Box("b", (3, 0, 0), (6, 0.2, 2.8)).moved([0, -0.04, 0])]
    seen, _ = seen_points(walls, {"a": ["-y"], "b": ["-y"]})
    one, two = solved(walls, seen), solved(walls, seen)
    assert one.element.tobytes() == two.element.tobytes()
    assert one.deviation.tobytes() == two.deviation.tobytes()
    assert [f.twist.tobytes() for f in one.fits if f] == [f.twist.tobytes() for f in two.fits if f]


def test_progress_rises_to_one() -> None:
    walls = [Box("a", (0, 0, 0), (3, 0.2, 2.8))]
    seen, _ = seen_points(walls, {"a": ["-y"]}, spacing=0.1)
    shares: list[float] = []
    solve_as_built(shapes_of(walls), seen, BAND, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("shift", [0.027, 0.045])
def test_a_window_does_not_follow_the_wall_that_slid_over_its_frame(shift: float) -> None:
    """The reveal now covers the frame's inner edge: both could take its points; the other edge speaks against one."""
    wall = [Box("wall", (-2, 0, 0), (0, 0.4, 2.6)), Box("wall", (2, 0, 0), (4, 0.4, 2.6))]
    frame = [
        Box("window", (0, 0.1, 1), (0.04, 0.2, 2.2), "IfcWindow"), Box("window", (1.96, 0.1, 1), (2, 0.2, 2.2)),
        Box("window", (0.04, 0.1, 1), (1.96, 0.2, 1.04)), Box("window", (0.04, 0.1, 2.16), (1.96, 0.2, 2.2)),
        Box("window", (0.04, 0.14, 1.04), (1.96, 0.16, 2.16)),
    ]  # fmt: skip
    built = [*(part.moved([shift, 0, 0]) for part in wall), *frame]
    scan = scan_of(built, [(0.6, -2.0, 1.6), (1.5, -1.5, 1.5), (1.0, -1.8, 0.9)], step=0.006)
    shapes = element_shapes([np.concatenate([b.triangles() for b in part]) for part in (wall, frame)])
    tree = build_tree(shapes.triangles, shapes.element)
    sight = bring_into_sight(scan, Pose.from_parts(np.eye(3), scan.origin), tree, band=BAND)
    found = solve_as_built(shapes, sight.seen, BAND)
    assert fit_of(found, 1).twist[0] == pytest.approx(0.0, abs=0.003)
    assert fit_of(found, 0).twist[0] == pytest.approx(shift, abs=0.003)


@pytest.mark.parametrize(("spread", "kept"), [(0.001, False), (0.1, True)])
def test_a_claim_on_disputed_points_falls_where_the_claimants_other_points_refute_it(spread: float, kept: bool) -> None:
    """Two blocks claim 40 points at x = 0.03; the second was then fitted at 0, known to ``spread`` m, or not at all.

    Otherwise both drop disputed points and both take them up again, each in its turn, without end.
    """
    blocks = [Box("a", (-1, 0, 0), (0, 1, 1)).moved([0.03, 0, 0]), Box("b", (-1, 0, 0), (0, 1, 1))]
    shapes = shapes_of(blocks)
    points = np.stack([np.full(40, 0.03), np.linspace(0.1, 0.9, 40), np.full(40, 0.5)], axis=1)
    here = build_tree(shapes.triangles, shapes.element)
    placed = np.concatenate([b.built.apply(b.triangles().reshape(-1, 3)).reshape(-1, 3, 3) for b in blocks if b.built])
    towards = np.tile([1.0, 0.0, 0.0], (40, 1))
    candidates = closest_elements(here, points, BAND, normals=towards, min_cosine=0.5, k=4)
    built = closest_elements(build_tree(placed, shapes.element), points, 0.05, normals=towards, min_cosine=0.5, k=4)
    fits: dict[int, PoseFit] = {
        number: PoseFit(HERE, np.array([x, 0.0, 0, 0, 0, 0]), np.eye(6) * s**2, (True,) * 6, 1.0, 0.002, 99)
        for number, x, s in [(0, 0.03, 0.001), (1, 0.0, spread)]
    }
    left = without_refuted(candidates, np.ones(40, bool), fits, built, shapes, 0.002)
    assert (left.element == 0).any(axis=1).all()
    assert bool((left.element == 1).any()) is kept
    untouched = without_refuted(candidates, np.zeros(40, bool), fits, built, shapes, 0.002)
    assert (untouched.element == 1).any(axis=1).all()
