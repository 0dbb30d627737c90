"""How probable it is that something stands in space that has to be free: closed forms, and drawing places."""

from collections.abc import Mapping
from dataclasses import replace
from math import erf, sqrt

import manifold3d
import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.design import Element, Mesh
from geometry.element_pose import built_pose
from simulation.assembly.access_rules import AccessRule
from simulation.assembly.chance import Chance, Decision
from simulation.assembly.clash import Clash
from simulation.assembly.free_space import FreeSpaces, free_spaces
from simulation.assembly.place import Place, Places, box_centre, designed_place
from simulation.assembly.selector import Selector
from simulation.assembly.surroundings import Surroundings
from tests.simulation.test_clash import box, element

TOUCH = 1e-4
DOOR = element("door", box(1.0, 0.1, 2.0), "IfcDoor")
"""Its front is at y = 0."""


def rule(towards: str = "front") -> AccessRule:
    return AccessRule("room", Selector(classes=("IfcDoor",)), (towards,), 1.2)


def looked(
    places: Places | None, *others: Element, by: AccessRule | None = None, door: Element = DOOR, **more: object
) -> FreeSpaces:
    elements = {one.global_id: one for one in (door, *others)}
    around = replace(Surroundings(elements, None, {}, {}, places), **more)
    return free_spaces(around, [by or rule()], TOUCH)


def every(sd: float, turn: float = 0.0, **of: Place) -> Places:
    covariance = np.diag([sd**2] * 3 + [turn**2] * 3)
    return Places(Place(np.zeros(6), covariance), of, seed=3)


def only(found: FreeSpaces) -> tuple[Clash, Chance]:
    (clash,) = found.intrusions
    assert clash.chance is not None
    return clash, clash.chance


def normal(x: float) -> float:
    return 0.5 * (1.0 + erf(x / sqrt(2.0)))


@pytest.mark.parametrize("depth", [-0.012, -0.004, 0.0, 0.005, 0.009])
def test_boxes_meet_the_closed_form(depth: float) -> None:
    """A desk at the far end of the room, well within its sides: one direction decides, N(depth, 2 σ²)."""
    sd = 0.005
    desk = element("desk", box(0.4, 0.5, 1.0, (0.3, -1.2 - 0.5 + depth, 0.4)))
    clash, chance = only(looked(every(sd), desk))
    true = normal((depth - TOUCH) / (sqrt(2.0) * sd))
    assert chance.low - 2e-3 <= true <= chance.high + 2e-3
    assert chance.signed_depth == pytest.approx(depth - TOUCH, abs=1e-9)
    assert chance.sd == pytest.approx(sqrt(2.0) * sd)
    assert (clash.depth > 0.0) == (depth > TOUCH), "what the most probable places have is said as without them"
    assert clash.gap == pytest.approx(min(1.2, 1.2 - depth), abs=1e-9)


def test_what_is_far_is_free_and_what_is_deep_is_not() -> None:
    far, deep = (element("desk", box(0.4, 0.5, 1.0, (0.3, y, 0.4))) for y in (-1.8, -1.3))
    assert not looked(every(0.005), far).intrusions
    assert only(looked(every(0.005), deep))[1].decision is Decision.CLASH
    assert only(looked(every(0.0), deep))[1].probability == 1.0
    thin = element("desk", box(0.4, 0.5, 1.0, (0.3, -1.7 + 0.5 * TOUCH, 0.4)))
    assert not looked(every(0.0), thin).intrusions, "what only touches does not stand there, as without places"


def drawn(places: Places, other: Element, n: int, by: AccessRule, more: Mapping[str, object] | None = None) -> float:
    """Return how often something stands there, each time looked at with both where they are (slow)."""
    rng, count = np.random.default_rng(11), 0
    roots = [np.linalg.cholesky(places[name].covariance + 1e-18 * np.eye(6)) for name in ("door", other.global_id)]
    for twists in rng.standard_normal((n, 2, 6)):
        door, there = (
            replace(one, mesh=Mesh(built_pose(root @ twist, box_centre(one)).apply(one.mesh.vertices), one.mesh.faces))
            for one, root, twist in zip((DOOR, other), roots, twists, strict=True)
        )
        axes = {"facing": turned(roots[0] @ twists[0])}
        count += bool(looked(None, there, by=by, door=door, **(axes | dict(more or {}))).intrusions)
    return count / n


def turned(twist: FloatArray) -> object:
    from simulation.assembly.surroundings import Facing

    turn = built_pose(twist, np.zeros(3)).matrix[:3, :3]
    return {"door": Facing(np.eye(3) @ turn.T)}


LSHAPE = box(0.6, 0.2, 0.2, (0.2, -1.395, 0.5)) + box(0.2, 0.2, 1.0, (0.2, -1.395, 0.5))


@pytest.mark.parametrize(
    ("towards", "shape"),
    [
        ("front", box(0.3, 0.3, 0.3, (0.85, -1.498, 1.85))),
        ("front", LSHAPE),
        ("up", box(0.5, 0.5, 0.3, (0.98, -0.2, 3.195))),
        ("left", manifold3d.Manifold.sphere(0.2, 24).translate((-1.39, 0.05, 1.0))),
    ],
)
def test_it_is_as_often_as_drawing_says(towards: str, shape: manifold3d.Manifold) -> None:
    """Turns of both, a corner, a shape that is not convex, a space that stays upright: 600 places one by one."""
    places, by, other = every(0.004, 0.004), rule(towards), element("desk", shape)
    _, chance = only(looked(places, other, by=by))
    share, n = drawn(places, other, 600, by), 600
    noise = 3.0 * sqrt(max(share * (1.0 - share), 0.01) / n)
    assert chance.low - noise <= share <= chance.high + noise
    assert 0.02 < share < 0.98, "a case that can fail"


def test_floor_host_and_what_is_meant_to_meet_do_not_come_in_by_chance() -> None:
    floor = element("floor", box(4.0, 4.0, 0.2, (-1.0, -3.0, -0.205)), "IfcSlab")
    assert not looked(every(0.005), floor).intrusions, "5 mm under the door, and still the floor"
    wall = element("wall", box(3.0, 0.3, 3.0, (-1.0, 0.003, 0.0)), "IfcWall")
    wide = replace(rule(), grow=0.1)
    assert not looked(every(0.005), wall, by=wide, hosts={"door": {"wall": None}}).intrusions
    assert only(looked(every(0.005), wall, by=wide))[1].decision is Decision.UNDECIDED, "another wall may come in"
    pipe = element("pipe", box(0.1, 1.0, 0.1, (0.4, -0.9, 1.0)))
    assert only(looked(every(0.005), pipe))[1].decision is Decision.CLASH
    joined = element("pipe", box(0.1, 1.0, 0.1, (0.4, -0.9, 1.0)))
    assert not looked(every(0.005), joined, meant={("door", "pipe"): "port"}).intrusions


def test_faces_that_close_no_solid_have_a_probability_too() -> None:
    whole = element("desk", box(0.4, 0.5, 1.0, (0.3, -1.203 - 0.5, 0.4)))
    open_one = replace(whole, mesh=Mesh(whole.mesh.vertices, whole.mesh.faces[:-1]))
    (_, solid), (clash, faces) = only(looked(every(0.005), whole)), only(looked(every(0.005), open_one))
    assert clash.intrusion is not None
    assert clash.intrusion.by_faces
    assert max(faces.low, solid.low) <= min(faces.high, solid.high)
    assert faces.signed_depth == pytest.approx(solid.signed_depth, abs=1e-9)


def test_what_nobody_measured_is_never_certain() -> None:
    desk = element("desk", box(0.4, 0.5, 1.0, (0.3, -1.7 + 0.002, 0.4)))
    known = designed_place(1e-5)
    sure = Places(known, {}, seed=1)
    assert only(looked(sure, desk))[1].decision is Decision.CLASH
    pulled = Place(np.zeros(6), np.diag([0.0, 25e-6, 0.0, 0.0, 0.0, 0.0]), unknown=(False, True, *(False,) * 4))
    assert only(looked(Places(known, {"desk": pulled}, seed=1), desk))[1].decision is Decision.UNDECIDED


def test_what_both_have_in_common_moves_neither() -> None:
    """A registration error of both cancels: σ of the difference is that of their own."""
    own, common = 0.001, 0.01
    shared = np.zeros((6, 6))
    shared[1, 1] = common
    place = Place(np.zeros(6), np.diag([own**2, own**2 + common**2, own**2, 0.0, 0.0, 0.0]), shared=shared)
    desk = element("desk", box(0.4, 0.5, 1.0, (0.3, -1.7 + 0.004, 0.4)))
    _, together = only(looked(Places(place, {}, seed=1), desk))
    assert together.sd == pytest.approx(sqrt(2.0) * own)
    assert together.decision is Decision.CLASH
    assert only(looked(Places(replace(place, shared=np.zeros((6, 6))), {}, seed=1), desk))[1].decision is (
        Decision.UNDECIDED
    )
