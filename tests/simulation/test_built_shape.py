"""Parts as scanned, by points and open meshes: planted spheres and boxes, noise, and what was not seen."""

from math import sqrt

import manifold3d
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from scipy.stats import norm

from geometry.arrays import FloatArray
from geometry.design import Mesh
from simulation.assembly.built_shape import (
    BuiltShape,
    NotSeen,
    ShapeKind,
    ShapeStudy,
    depths_of,
    study_shapes,
    surface_points,
)
from simulation.assembly.chance import Decision
from simulation.assembly.clash import Clash, ClashKind, ClashRule
from simulation.assembly.place import Places, designed_place
from simulation.assembly.winding import winding_numbers
from tests.simulation.test_clash import box, element, solid

BLOCK = element("block", box(2.0, 2.0, 2.0, (0.0, -1.0, -1.0)))
"""Its face is at x = 0."""


def ball(x: float, radius: float = 0.5, count: int = 4000) -> FloatArray:
    """Return points all round a ball about (x, 0, 0), the first of them nearest to the block."""
    k = np.arange(count)
    cosine, turn = 1.0 - 2.0 * k / (count - 1), k * np.pi * (3.0 - sqrt(5.0))
    ring = np.sqrt(1.0 - cosine**2)
    return np.column_stack([cosine, ring * np.cos(turn), ring * np.sin(turn)]) * radius + [x, 0.0, 0.0]


def shape(points: FloatArray, noise: float = 0.0, x: float = -0.5) -> BuiltShape:
    """Return a scan of a part that is designed as a ball about (x, 0, 0)."""
    body = manifold3d.Manifold.sphere(0.5, 64).translate((x, 0.0, 0.0))
    return BuiltShape(element("ball", body, "IfcTank"), ShapeKind.POINTS, points, noise)


def studied(
    one: BuiltShape, clearance: float = 0.0, sd: float = 0.0, meant: dict[tuple[str, str], str] | None = None
) -> ShapeStudy:
    places = Places(designed_place(sd))
    rule = ClashRule(clearance=clearance)
    return study_shapes([one], {"block": BLOCK}, rule, meant or {}, places=places, seen_within=0.05)


def only(found: ShapeStudy) -> Clash:
    assert len(found.clashes) == 1
    return found.clashes[0]


@pytest.mark.parametrize(
    ("x", "kind", "depth", "gap"),
    [
        (-0.4, ClashKind.HARD, 0.1, 0.0),
        (-0.5, ClashKind.TOUCHING, 0.0, 0.0),
        (-0.53, ClashKind.CLEARANCE, 0.0, 0.03),
        (1.0, ClashKind.ENCLOSED, 1.0 - 0.5 / sqrt(3.0), 0.0),
    ],
)
def test_a_ball_of_points_and_a_block(x: float, kind: ClashKind, depth: float, gap: float) -> None:
    clash = only(studied(shape(ball(x)), clearance=0.05))
    assert (clash.first, clash.second, clash.kind) == ("ball", "block", kind)
    assert clash.depth == pytest.approx(depth, abs=1e-2 if kind is ClashKind.ENCLOSED else 1e-9)
    assert clash.gap == pytest.approx(gap, abs=1e-9)
    assert clash.volume is None
    assert clash.without_volume == "a point set encloses no volume"
    assert clash.designed is ClashKind.TOUCHING


def test_where_no_points_are_nothing_is_cleared() -> None:
    """A ball 30 mm off of which only the far half was scanned: no clash is seen, and none is ruled out."""
    points = ball(-0.53)
    found = studied(shape(points[points[:, 0] < -0.6], x=-0.53))
    assert found.clashes == ()
    (unseen,) = found.not_seen
    assert (unseen.first, unseen.second, unseen.because) == ("ball", "block", "coverage")
    assert unseen.seen is not None
    assert unseen.seen < 0.95
    assert unseen.gap == pytest.approx(0.6, abs=2e-3)
    whole = studied(shape(points, x=-0.53))
    assert (whole.clashes, whole.not_seen) == ((), ())
    far = studied(shape(ball(-2.0)[:10], x=-2.0))
    assert (far.clashes, far.not_seen, far.pairs) == ((), (), 0), "nothing is near by design or as scanned"


def test_noise_is_told_as_a_probability_between_bounds() -> None:
    noise = 0.005
    sure = only(studied(shape(ball(-0.4), noise)))
    assert sure.chance is not None
    assert (sure.chance.decision, sure.kind) == (Decision.CLASH, ClashKind.HARD)
    doubtful = only(studied(shape(ball(-0.505), noise)))
    assert doubtful.chance is not None
    assert (doubtful.kind, doubtful.chance.decision) == (ClashKind.POSSIBLE, Decision.UNDECIDED)
    assert doubtful.chance.signed_depth == pytest.approx(-0.005)
    assert studied(shape(ball(-0.56, count=1000), noise)).clashes == ()
    one = only(studied(shape(np.array([[0.002, 0.0, 0.0]]), noise)))
    assert one.chance is not None
    assert (one.chance.low, one.chance.high) == pytest.approx((norm.cdf(0.4), norm.cdf(0.4)), rel=1e-9)
    both = only(studied(shape(np.array([[0.002, 0.0, 0.0]]), noise), sd=0.012))
    assert both.chance is not None
    assert both.chance.low == pytest.approx(norm.cdf(0.002 / 0.013), abs=1e-4), "with the place of the other: 5, 12, 13"


def test_the_bounds_hold_the_share_of_clashes_among_noisy_scans() -> None:
    """Flat contacts whose true depth is as likely as not: of those decided nearly all are decided right."""
    rng, noise, wrong, decided = np.random.default_rng(7), 0.002, 0, 0
    flat = np.column_stack([np.zeros(200), rng.uniform(-0.5, 0.5, (200, 2))])
    for _ in range(50):
        depth = rng.uniform(-0.02, 0.02)
        points = flat + [depth, 0.0, 0.0] + rng.normal(0.0, noise, (200, 1)) * [1.0, 0.0, 0.0]
        found = studied(shape(points, noise)).clashes
        told = found[0].chance.decision if found and found[0].chance else Decision.NO_CLASH
        if told is not Decision.UNDECIDED:
            decided += 1
            wrong += (told is Decision.CLASH) != (depth > 0.0)
    assert decided > 20
    assert wrong <= 0.1 * decided


def test_what_is_meant_to_meet_is_listed_and_two_scans_are_not_compared() -> None:
    found = studied(shape(ball(-0.4)), meant={("ball", "block"): "IfcRelConnectsElements"})
    assert (found.clashes, found.not_seen) == ((), ())
    assert found.meant == {("ball", "block"): "IfcRelConnectsElements"}
    other = BuiltShape(BLOCK, ShapeKind.POINTS, ball(0.5), 0.0)
    both = study_shapes(
        [shape(ball(-0.4)), other], {}, ClashRule(), {}, places=Places(designed_place(0.0)), seen_within=0.05
    )
    assert both.not_seen == (NotSeen("ball", "block", None, None, None, "both_scanned"),)


def test_a_mesh_that_is_not_closed_is_a_surface() -> None:
    """A sheet at x = 30 mm, inside the block by as much, without a back."""
    corners = np.array([[0.03, -0.5, -0.5], [0.03, 0.5, -0.5], [0.03, 0.5, 0.5], [0.03, -0.5, 0.5]])
    sheet = Mesh(corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    points = surface_points(sheet, 0.05)
    assert points[:, 0] == pytest.approx(0.03)
    grid = np.sort(np.unique(points[:, 1].round(6)))
    assert np.diff(grid).max() <= 0.05 + 1e-9
    one = BuiltShape(shape(points).element, ShapeKind.SURFACE, points, 0.0, sheet, 0.05)
    clash = only(studied(one))
    assert (clash.depth, clash.volume) == (pytest.approx(0.03), None)
    assert clash.without_volume == "a mesh that is not closed encloses no volume"


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1_000_000))
def test_signed_distances_to_a_turned_box_are_those_of_its_formula(seed: int) -> None:
    rng = np.random.default_rng(seed)
    half, turn = rng.uniform(0.2, 1.0, 3), Rotation.random(rng=rng).as_matrix()
    body = manifold3d.Manifold.cube(tuple(2 * half), center=True).transform(np.column_stack([turn, np.zeros(3)]))
    points = rng.uniform(-2.0, 2.0, (200, 3))
    q = np.abs(points @ turn) - half
    expected = np.linalg.norm(np.maximum(q, 0.0), axis=1) + np.minimum(q.max(axis=1), 0.0)
    assert depths_of(points, solid("a", body)).signed == pytest.approx(expected, abs=1e-9)


def test_the_inside_of_a_hollow_and_of_a_notch() -> None:
    """Near edges that go inwards the closest face alone says nothing of the side."""
    body = box(2.0, 2.0, 2.0) - box(1.0, 1.0, 3.0, (1.0, 1.0, -0.5)) - box(0.2, 0.2, 0.2, (0.2, 0.2, 0.2))
    made = solid("a", body)
    rng = np.random.default_rng(3)
    points = rng.uniform(-0.2, 2.2, (400, 3))
    within = np.all((points > 0.0) & (points < 2.0), axis=1)
    within &= ~np.all(points[:, :2] > 1.0, axis=1) & ~np.all((points > 0.2) & (points < 0.4), axis=1)
    assert (depths_of(points, made).signed < 0.0).tolist() == within.tolist()
    corners, faces = made.surface
    assert winding_numbers(points, corners[faces]).round(6).tolist() == within.astype(float).tolist()
