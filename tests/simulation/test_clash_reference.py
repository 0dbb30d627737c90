"""What is told of a pair without intersecting it is what intersecting it tells; and how thick what they share is."""

from typing import Any

import manifold3d
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from geometry.arrays import FloatArray
from geometry.design import Element, Mesh
from simulation.assembly.ball import largest_ball
from simulation.assembly.clash import ClashKind, ClashRule, clash_of
from simulation.assembly.separation import gap, plain_gap, plainly_only_meet
from simulation.assembly.shared import shared_of
from simulation.assembly.solid import Solid, make_solid, surface_of
from tests.reference.clashes import NOTHING, kind_of, pierces, shared_volume

STEP = 0.25
"""Metres: a power of two, so that faces that ought to be flush are so to the last digit."""


def box(low: NDArray[Any], high: NDArray[Any]) -> Any:
    return manifold3d.Manifold.cube(tuple(high - low)).translate(tuple(low))


def solid_of(name: str, body: Any, pose: FloatArray | None = None) -> Solid:
    """As a reader gives it: corners and faces, of several bodies one after the other, which may touch or overlap."""
    vertices, faces, count = list[FloatArray](), list[Any](), 0
    for part in body if isinstance(body, list) else [body]:
        corners, rows = surface_of(part)
        vertices.append(corners if pose is None else corners @ pose[:3, :3].T + pose[:3, 3])
        faces.append(rows + count)
        count += len(corners)
    mesh = Mesh(np.concatenate(vertices), np.concatenate(faces).astype(np.int32))
    made = make_solid(Element(name, "IfcWall", name, "", mesh))
    assert isinstance(made, Solid)
    return made


def drawn(rng: np.random.Generator) -> Any:
    """A block, one with a piece out of it, with a hole or a hollow, or several side by side, on a grid of STEP."""
    low = rng.integers(0, 6, 3) * STEP
    size = rng.integers(1, 7, 3) * STEP
    body = box(low, low + size)
    match int(rng.integers(0, 6)):
        case 0:
            return body
        case 1 | 2:  # an L, a notch, a slot, a hole, a hollow: whatever this leaves
            inner = low + rng.integers(0, 3, 3) * STEP
            left = body - box(inner, inner + rng.integers(1, 6, 3) * STEP)
            return body if left.volume() == 0.0 else left
        case 3:
            other = low + rng.integers(-2, 3, 3) * STEP
            return [body, box(other, other + rng.integers(1, 5, 3) * STEP)]
        case 4:
            return manifold3d.Manifold.cylinder(float(size[2]), float(size[0]) / 2, float(size[1]) / 2, 12).translate(
                tuple(low + size / 2)
            )
        case _:
            return box(low - size, low + 2 * size) - box(low, low + size)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 1_000_000))
def test_flush_and_touching_shapes_are_told_as_by_intersecting_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = solid_of("a", drawn(rng)), solid_of("b", drawn(rng))
    _agrees(first, second, exact=True)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1_000_000))
def test_turned_shapes_are_told_as_by_intersecting_them(seed: int) -> None:
    """Turned by the same or by different angles and far away, where faces that ought to be flush are so nearly."""
    rng = np.random.default_rng(seed)
    poses = np.tile(np.eye(4), (2, 1, 1))
    poses[:, :3, :3] = Rotation.random(1 if rng.random() < 0.5 else 2, rng=rng).as_matrix()
    poses[:, :3, 3] = rng.uniform(-50, 50, 3)
    first, second = (solid_of(name, drawn(rng), pose) for name, pose in zip("ab", poses, strict=True))
    _agrees(first, second, exact=False)


def _agrees(first: Solid, second: Solid, *, exact: bool) -> None:
    rule = ClashRule(touch_tolerance=1e-6, clearance=0.3)
    volume, clash = shared_volume(first, second), clash_of(first, second, rule)
    told_apart = plain_gap(first, second, 1.0) is not None or plainly_only_meet(first, second)
    assert not told_apart or volume <= NOTHING
    if volume <= (NOTHING if exact else 1e-9):
        expected = float(first.body.min_gap(second.body, 1.0)) if volume <= NOTHING else 0.0
        found = 1.0 if clash is None else clash.gap
        assert min(found, 0.3) == pytest.approx(min(expected, 0.3), abs=1e-9)
        return
    assert clash is not None
    assert clash.volume == pytest.approx(volume, rel=1e-9)
    assert clash.gap == 0.0
    kinds = kind_of(first, second, rule), clash.kind
    # faces that are flush but for rounding leave films between, which have no say
    assert kinds[0] is kinds[1] or (not exact and set(kinds) == {ClashKind.HARD, ClashKind.PIERCING})


def test_most_pairs_that_share_nothing_are_told_so_without_intersecting_them() -> None:
    """A window in its opening, a plate on a slab, a shelf in a corner: no plane parts them, and nothing crosses."""
    wall = box(np.zeros(3), np.array([4.0, 0.25, 3.0])) - box(np.array([1.0, -1.0, 1.0]), np.array([2.0, 1.0, 2.0]))
    window = box(np.array([1.0, 0.0, 1.0]), np.array([2.0, 0.125, 2.0]))
    corner = box(np.zeros(3), np.ones(3)) - box(np.full(3, 0.25), np.full(3, 2.0))
    shelf = box(np.full(3, 0.25), np.array([0.75, 0.75, 0.5]))
    for one, other in ((wall, window), (corner, shelf)):
        first, second = solid_of("a", one), solid_of("b", other)
        assert plain_gap(first, second, 0.1) is None
        assert plainly_only_meet(first, second)
        assert plainly_only_meet(second, first)
        larger = solid_of("b", other.translate((0.0, -1e-5, -1e-5)))
        assert not plainly_only_meet(first, larger)
        assert not plainly_only_meet(larger, first)


def test_what_lies_inside_or_coincides_does_not_only_meet() -> None:
    outer, inner = box(np.zeros(3), np.full(3, 3.0)), box(np.ones(3), np.full(3, 2.0))
    flush = box(np.zeros(3), np.ones(3))
    for one, other in ((outer, inner), (inner, outer), (outer, outer), (outer, flush), (flush, outer)):
        assert not plainly_only_meet(solid_of("a", one), solid_of("b", other))
    hollow = solid_of("a", outer - inner)
    assert plainly_only_meet(hollow, solid_of("b", inner))
    assert plainly_only_meet(solid_of("b", inner), hollow)


def test_a_film_that_rounding_leaves_is_no_hole() -> None:
    """A wall that stands through the end of a slab notches it, also when its end is not flush to the last digit."""
    slab = box(np.zeros(3), np.array([4.0, 1.5, 0.013]))
    for noise in (0.0, 1e-15, -1e-15, 3e-13):
        wall = box(np.array([0.0 + noise, 0.5, 0.0]), np.array([1.0, 0.75, 2.5]))
        clash = clash_of(solid_of("a", slab), solid_of("b", wall), ClashRule())
        assert clash is not None
        assert clash.kind is ClashKind.HARD
    column = box(np.array([1.0, 0.5, -1.0]), np.array([1.25, 0.75, 2.5]))
    through = clash_of(solid_of("a", slab), solid_of("b", column), ClashRule())
    assert through is not None
    assert through.kind is ClashKind.PIERCING


def test_the_pane_that_overlaps_its_opening_by_little_is_that_thin() -> None:
    """Strips of 50 µm above and below, and the sides flush but for rounding: not as deep as the wall is thick."""
    wall = box(np.zeros(3), np.array([3.0, 0.2, 3.0])) - box(np.array([1.0, -1.0, 1.0]), np.array([2.0, 1.0, 2.0]))
    for noise in (0.0, 1e-15, 1e-12):
        pane = box(np.array([1.0 - noise, 0.0, 1.0 - 5e-5]), np.array([2.0 + noise, 0.2, 2.0 + 5e-5]))
        clash = clash_of(solid_of("a", wall), solid_of("b", pane), ClashRule())
        assert clash is not None
        assert clash.volume == pytest.approx(2 * 0.2 * 5e-5, rel=1e-6)
        assert clash.depth == pytest.approx(5e-5, rel=1e-3)
        assert clash.kind is ClashKind.TOUCHING


@pytest.mark.parametrize("thick", [0.5, 0.1, 0.01])
def test_the_largest_ball_in_an_angle_and_in_a_ring(thick: float) -> None:
    """In an angle of two plates it sits in the corner, touching three planes and the inner edge."""
    angle = box(np.zeros(3), np.array([2.0, 2.0, 3.0])) - box(np.array([thick, thick, -1.0]), np.full(3, 9.0))
    # centre (r, r), r from two sides, (t - r) √2 from the inner edge
    expected = min(2.0 * thick * 2**0.5 / (1.0 + 2**0.5), 3.0)
    assert largest_ball(*surface_of(angle), 0.0) == pytest.approx(expected, rel=0.15)
    assert thick * 0.999 <= largest_ball(*surface_of(angle), 0.0) <= expected * (1.0 + 1e-6)
    ring = manifold3d.Manifold.cylinder(1.0, 1.0, 1.0, 64) - manifold3d.Manifold.cylinder(1.0, 1 - thick, 1 - thick, 64)
    found = largest_ball(*surface_of(ring), 0.0)
    # between the flats outside and the corners inside, and no more than between the corners
    assert np.cos(np.pi / 64) - (1 - thick) - 1e-9 <= found <= thick + 2e-3


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 1_000_000))
def test_what_is_cut_off_without_a_hole_does_not_pierce(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = solid_of("a", drawn(rng)), solid_of("b", drawn(rng))
    shared = shared_of(first, second)
    if shared is not None and shared.only_bites(first, second):
        assert not pierces(first.body, second.body)
        assert not pierces(second.body, first.body)


def test_shells_side_by_side_are_one_solid() -> None:
    """Two blocks of one element that touch along a face, an edge or nowhere, and one half inside the other."""
    block, volumes = box(np.zeros(3), np.ones(3)), list[float]()
    for shift in ((1.0, 0.0, 0.0), (1.0, 1.0, 0.0), (2.0, 0.0, 0.0), (0.5, 0.0, 0.0)):
        pair = solid_of("a", [block, block.translate(shift)])
        volumes.append(pair.volume)
        assert gap(pair, solid_of("b", block.translate((0.0, -1.5, 0.0))), 1.0) == pytest.approx(0.5, abs=1e-12)
    assert volumes == pytest.approx([2.0, 2.0, 2.0, 1.5])
