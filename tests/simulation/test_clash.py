"""Clashes: the easy cases that surface tests get wrong, closed forms, and a slow reference."""

from typing import Any

import manifold3d
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from geometry.arrays import BoolArray, FloatArray
from geometry.design import Element, Mesh
from simulation.assembly.broad_phase import overlapping_pairs
from simulation.assembly.clash import Clash, ClashKind, ClashRule, clash_of
from simulation.assembly.groups import clash_identifier, grouped
from simulation.assembly.solid import Solid, make_solid, make_solids
from simulation.assembly.study import study_clashes


def element(name: str, body: Any, ifc_class: str = "IfcWall", pose: FloatArray | None = None) -> Element:
    mesh = body.to_mesh64()
    vertices = np.array(mesh.vert_properties)[:, :3]
    if pose is not None:
        vertices = vertices @ pose[:3, :3].T + pose[:3, 3]
    return Element(name, ifc_class, name, "", Mesh(vertices, np.array(mesh.tri_verts).astype(np.int32)))


def solid(name: str, body: Any, ifc_class: str = "IfcWall") -> Solid:
    made = make_solid(element(name, body, ifc_class))
    assert isinstance(made, Solid)
    return made


def box(x: float, y: float, z: float, at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Any:
    return manifold3d.Manifold.cube((x, y, z)).translate(at)


def ball(radius: float, x: float, y: float, z: float, segments: int = 96) -> Any:
    return manifold3d.Manifold.sphere(radius, segments).translate((x, y, z))


def found(first: Any, second: Any, clearance: float = 0.0, classes: tuple[str, str] = ("IfcWall", "IfcWall")) -> Clash:
    clash = clash_of(solid("a", first, classes[0]), solid("b", second, classes[1]), ClashRule(clearance=clearance))
    assert clash is not None
    return clash


@pytest.mark.parametrize(
    ("x", "y", "kind", "volume", "depth", "gap"),
    [
        (2.95, 0.0, "hard", 0.03, 0.05, 0.0),
        (2.95, 0.002, "hard", 0.0297, 0.05, 0.0),
        (3.0, 0.0, "touching", 0.0, 0.0, 0.0),
        (3.01, 0.0, "clearance", 0.0, 0.0, 0.01),
        (0.0, 0.0, "duplicate", 1.8, 0.2, 0.0),
        (3.19, 0.0, "clearance", 0.0, 0.0, 0.19),
    ],
)
def test_two_walls(x: float, y: float, kind: str, volume: float, depth: float, gap: float) -> None:
    """Walls of 3 x 0.2 x 3 m on one axis: overlapping, off it, touching, apart, drawn twice."""
    wall = box(3.0, 0.2, 3.0)
    clash = found(wall, wall.translate((x, y, 0.0)), clearance=0.2)
    assert clash.kind == kind
    assert (clash.volume, clash.depth, clash.gap) == pytest.approx((volume, depth, gap), abs=1e-9)
    assert clash.separation == pytest.approx(depth, abs=1e-9)
    assert clash_of(solid("a", wall), solid("b", wall.translate((3.21, 0, 0))), ClashRule(clearance=0.2)) is None


def test_spheres_and_cubes_at_known_distances() -> None:
    assert found(ball(1, 0, 0, 0), ball(2, 5, 0, 0), clearance=3).gap == pytest.approx(2.0, abs=4e-3)
    assert found(box(2, 2, 2), box(2, 2, 2, at=(3, 0, 0)), clearance=2).gap == pytest.approx(1.0, abs=1e-12)
    turned = manifold3d.Manifold.cube((2, 2, 2), True).rotate((0, 0, 45)).translate((4, 0, 0))
    assert found(manifold3d.Manifold.cube((2, 2, 2), True), turned, clearance=2).gap == pytest.approx(
        3 - 2**0.5, abs=1e-9
    )
    capsule = manifold3d.Manifold.batch_hull([ball(1, 0, 0, -1), ball(1, 0, 0, 1)])
    assert found(capsule, ball(1, 3, 0, 0), clearance=2).gap == pytest.approx(1.0, abs=4e-3)
    deep = found(box(2, 2, 2), box(2, 2, 2, at=(1.9, 0, 0)))
    assert (deep.depth, deep.separation) == pytest.approx((0.1, 0.1), abs=1e-9)


@pytest.mark.parametrize("d", [0.4, 1.5, 1.9])
def test_the_lens_of_two_spheres(d: float) -> None:
    clash = found(ball(1, 0, 0, 0, segments=192), ball(1, d, 0, 0, segments=192))
    assert clash.volume == pytest.approx(np.pi * (4 + d) * (2 - d) ** 2 / 12, rel=0.02)
    assert clash.depth == pytest.approx(2 - d, rel=0.02)
    assert clash.separation == pytest.approx(2 - d, rel=0.02)
    assert clash.at == pytest.approx([d / 2, 0, 0], abs=1e-3)


def test_what_lies_inside_is_enclosed_and_what_goes_through_pierces() -> None:
    assert found(ball(1, 0, 0, 0), ball(0.3, 0.1, 0, 0)).kind is ClashKind.ENCLOSED
    slab, pole = box(4, 4, 0.2), box(0.1, 0.1, 3, at=(2, 2, -1))
    assert found(slab, pole, classes=("IfcSlab", "IfcColumn")).kind is ClashKind.PIERCING
    assert found(slab, box(0.1, 5, 3, at=(2, -0.5, -1))).kind is ClashKind.PIERCING  # cut in two
    assert found(slab, box(0.1, 0.1, 3, at=(2, 2, 0.1))).kind is ClashKind.HARD  # a blind hole
    assert found(box(1, 1, 1), box(1, 1, 1), classes=("IfcWall", "IfcSlab")).kind is ClashKind.ENCLOSED


def test_a_part_in_the_hollow_of_another_is_no_clash() -> None:
    shell = box(2, 2, 2) - box(1.8, 1.8, 1.8, at=(0.1, 0.1, 0.1))
    assert clash_of(solid("a", shell), solid("b", box(1, 1, 1, at=(0.5, 0.5, 0.5))), ClashRule()) is None
    assert found(shell, box(1, 1, 1, at=(0.5, 0.5, 0.5)), clearance=1).gap == pytest.approx(0.4)


def test_a_bent_sliver_is_as_thin_as_it_is() -> None:
    """Two roundings of one cylinder share much surface and hardly any depth."""
    outside = box(4, 4, 1, at=(-2, -2, 0)) - manifold3d.Manifold.cylinder(1, 1, 1, 48)
    inside = manifold3d.Manifold.cylinder(1, 1.0, 1.0, 64)
    clash = found(outside, inside)
    assert clash.volume is not None
    assert clash.volume < 0.01
    assert clash.depth < 0.004


def test_far_from_the_origin_it_is_the_same() -> None:
    shift = (5000.0, -3000.0, 100.0)
    near, far = found(ball(1, 0, 0, 0), ball(1, 1.5, 0, 0)), found(ball(1, *shift), ball(1, 5001.5, *shift[1:]))
    assert (far.volume, far.depth) == pytest.approx((near.volume, near.depth), rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_random_boxes_share_what_points_say(seed: int) -> None:
    """Against counting points on a grid; neither a common motion nor the order of the two changes anything."""
    rng = np.random.default_rng(seed)
    sizes = rng.uniform(0.2, 1.0, (2, 3))
    turns, places = Rotation.random(2, rng=rng), rng.uniform(-0.5, 0.5, (2, 3))
    bodies = [box(*size, at=tuple(-size / 2)) for size in sizes]
    poses = [_pose(turn, place) for turn, place in zip(turns, places, strict=True)]
    a, b = (_placed(str(k), bodies[k], poses[k]) for k in range(2))
    clash, swapped = clash_of(a, b, ClashRule(clearance=5)), clash_of(b, a, ClashRule(clearance=5))
    assert clash is not None
    assert swapped is not None
    grid = np.stack(np.meshgrid(*[np.linspace(-1.4, 1.4, 57)] * 3, indexing="ij"), -1).reshape(-1, 3)
    inside = [_inside(grid, sizes[k], turns[k], places[k]) for k in range(2)]
    counted = float((inside[0] & inside[1]).sum()) * 0.05**3
    assert clash.volume == pytest.approx(counted, abs=0.02 + 0.1 * counted)
    assert (clash.volume, clash.depth, clash.gap) == pytest.approx(
        (swapped.volume, swapped.depth, swapped.gap), abs=1e-9
    )
    whole = _pose(Rotation.random(rng=rng), rng.uniform(-9, 9, 3))
    c, d = (_placed(str(k), bodies[k], whole @ poses[k]) for k in range(2))
    moved = clash_of(c, d, ClashRule(clearance=5))
    assert moved is not None
    assert moved.kind == clash.kind
    assert (moved.volume, moved.depth, moved.gap) == pytest.approx((clash.volume, clash.depth, clash.gap), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 60), reach=st.floats(0.0, 0.5))
def test_the_broad_phase_finds_what_all_pairs_find(seed: int, count: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 3, (count, 3))
    bounds = np.stack([low, low + rng.uniform(0, 1, (count, 3))], axis=1).reshape(-1, 2, 3)
    slow = [
        (i, j)
        for i in range(count)
        for j in range(i + 1, count)
        if (bounds[i, 0] - reach / 2 <= bounds[j, 1] + reach / 2).all()
        and (bounds[j, 0] - reach / 2 <= bounds[i, 1] + reach / 2).all()
    ]
    assert [tuple(pair) for pair in overlapping_pairs(bounds, reach)] == slow


def test_a_study_names_what_it_left_out() -> None:
    opened = Mesh(np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]), np.array([[0, 1, 2]] * 4, np.int32))
    there = {
        "a": element("a", box(1, 1, 1)),
        "b": element("b", box(1, 1, 1, at=(0.5, 0, 0))),
        "c": element("c", box(1, 1, 1, at=(0.9, 0.9, 0))),
        "d": Element("d", "IfcWall", "d", "", opened),
        "e": element("e", box(0.1, 0.1, 9, at=(0.2, 0.2, 0.1)), "IfcReinforcingBar"),
        "f": Element("f", "IfcWall", "f", "", element("f", box(1, 1, 1)).mesh, suspect="its opening failed"),
    }
    study = study_clashes(there, ClashRule(), {("a", "b"): "IfcRelConnectsElements"})
    assert {(clash.first, clash.second): clash.kind.value for clash in study.clashes} == {
        ("a", "c"): "hard",
        ("b", "c"): "hard",
    }
    assert study.meant == {("a", "b"): "IfcRelConnectsElements", ("a", "e"): "IfcReinforcingBar"}
    assert set(study.unchecked) == {"d", "f"}
    assert "no closed solid" in study.unchecked["d"]
    assert "its opening failed" in study.unchecked["f"]


def test_overlapping_shells_of_one_element_count_once() -> None:
    joined = manifold3d.Manifold.compose([box(1, 1, 1), box(1, 1, 1, at=(0.5, 0, 0))])
    assert solid("a", joined).volume == pytest.approx(1.5)


def test_groups_hang_together_and_keep_their_names() -> None:
    def clash(first: str, second: str, kind: ClashKind = ClashKind.HARD) -> Clash:
        return Clash(first, second, kind, 1.0, 1.0, 1.0, 0.0, np.zeros(3), np.ones(3))

    pairs = [clash("a", "b"), clash("c", "d"), clash("b", "e"), clash("a", "e", ClashKind.TOUCHING)]
    groups = grouped(pairs)
    assert [group.elements for group in groups] == [("a", "b", "e"), ("a", "e"), ("c", "d")]
    assert groups[0].identifier == grouped(pairs[::-1])[0].identifier == clash_identifier(ClashKind.HARD, "eba")


def test_solids_come_in_the_order_of_their_ids() -> None:
    made = make_solids({"z": element("z", box(1, 1, 1)), "a": element("a", box(1, 1, 1))})
    assert [one.global_id for one in made.solids] == ["a", "z"]


def _pose(turn: Rotation, place: FloatArray) -> FloatArray:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn.as_matrix(), place
    return pose


def _placed(name: str, body: Any, pose: FloatArray) -> Solid:
    made = make_solid(element(name, body, pose=pose))
    assert isinstance(made, Solid)
    return made


def _inside(points: FloatArray, size: FloatArray, turn: Rotation, place: FloatArray) -> BoolArray:
    return (np.abs(turn.inv().apply(points - place)) <= size / 2).all(axis=1)
