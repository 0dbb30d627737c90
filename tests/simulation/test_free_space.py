"""Space on a side of elements: closed forms of boxes, what is meant to be there, and a slow reference."""

from collections.abc import Mapping
from dataclasses import replace

import manifold3d
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.spatial.transform import Rotation

from geometry.arrays import BoolArray, FloatArray
from geometry.design import Element, Mesh
from simulation.assembly.access_rules import AccessRule, read_access_rules, sides_of
from simulation.assembly.clash import Clash, ClashKind
from simulation.assembly.envelope import envelope_of
from simulation.assembly.free_space import FreeSpaces, free_spaces
from simulation.assembly.groups import grouped, identifier_of
from simulation.assembly.selector import Selector
from simulation.assembly.surroundings import Facing, Surroundings
from simulation.errors import BadDocument
from tests.reference.free_space import sampled
from tests.simulation.test_clash import box, element

Three = tuple[float, float, float]
DOOR = element("door", box(1.0, 0.1, 2.0), "IfcDoor")
"""Its front is at y = 0, its back at y = 0.1."""


def rule(towards: str = "front", distance: float = 1.2, **said: object) -> AccessRule:
    return replace(AccessRule("room", Selector(classes=("IfcDoor",)), (towards,), distance), **said)


def looked(
    *others: Element,
    by: AccessRule | None = None,
    facing: Mapping[str, Facing] | None = None,
    meant: Mapping[tuple[str, str], str] | None = None,
    hosts: Mapping[str, Mapping[str, FloatArray | None]] | None = None,
) -> FreeSpaces:
    elements = {one.global_id: one for one in (DOOR, *others)}
    around = Surroundings(elements, facing, meant or {}, hosts or {})
    return free_spaces(around, [by or rule()], 1e-4)


def only(found: FreeSpaces) -> Clash:
    assert len(found.intrusions) == 1
    return found.intrusions[0]


@pytest.mark.parametrize(
    ("towards", "at", "volume", "free"),
    [
        ("front", (0.2, -1.0, 0.0), 0.4 * 0.5 * 1.0, 0.5),
        ("front", (0.2, -1.6, 0.0), 0.4 * 0.1 * 1.0, 1.1),
        ("front", (0.8, -1.0, 0.0), 0.2 * 0.5 * 1.0, 0.5),
        ("back", (0.2, 0.1, 0.0), 0.4 * 0.5 * 1.0, 0.0),
        ("left", (-1.0, 0.0, 0.0), 0.4 * 0.1 * 1.0, 0.6),
        ("right", (1.7, 0.0, 0.5), 0.4 * 0.1 * 1.0, 0.7),
        ("above", (0.0, 0.0, 2.3), 0.4 * 0.1 * 0.9, 0.3),
        ("up", (0.0, 0.0, 2.3), 0.4 * 0.1 * 0.9, 0.3),
        ("down", (0.0, 0.0, -1.1), 0.4 * 0.1 * 1.0, 0.1),
        ("below", (0.0, 0.0, -1.1), 0.4 * 0.1 * 1.0, 0.1),
        ("swing", (0.2, 0.4, 0.0), 0.4 * 0.5 * 1.0, 0.3),
    ],
)
def test_a_box_beside_a_door(towards: str, at: Three, volume: float, free: float) -> None:
    facing = {"door": Facing(np.eye(3), "SINGLE_SWING_LEFT")}
    clash = only(looked(element("desk", box(0.4, 0.5, 1.0, at)), by=rule(towards), facing=facing))
    assert (clash.kind, clash.first, clash.second) == (ClashKind.ACCESS, "door", "desk")
    assert (clash.volume, clash.gap) == pytest.approx((volume, free), abs=1e-9)
    assert clash.depth == pytest.approx(1.2 - free, abs=1e-9)
    assert clash.intrusion is not None
    assert (clash.intrusion.rule, clash.intrusion.towards) == ("room", towards)
    sizes = np.ptp(clash.intrusion.corners, axis=0)
    face = {"left": (0.1, 2.0), "right": (0.1, 2.0)}.get(towards, (1.0, 2.0))
    face = (1.0, 0.1) if towards in ("above", "up", "below", "down") else face
    assert sorted(sizes) == pytest.approx(sorted((*face, 1.2)))


@pytest.mark.parametrize(
    "at",
    [(0.2, -1.71, 0.0), (1.01, -1.0, 0.0), (0.2, -1.0, 2.0), (0.2, -0.5, -1.0), (1.0 - 5e-5, -1.0, 0.0), (3, 3, 3)],
)
def test_what_is_beside_the_space_or_touches_it_does_not_intrude(at: Three) -> None:
    assert looked(element("desk", box(0.4, 0.5, 1.0, at))).intrusions == ()


def test_a_space_may_be_wider_than_the_face() -> None:
    desk = element("desk", box(0.4, 0.5, 1.0, (1.1, -1.0, 0.0)))
    wide = only(looked(desk, by=rule(grow=0.3)))
    assert wide.volume == pytest.approx(0.2 * 0.5 * 1.0)
    assert wide.intrusion is not None
    low, high = wide.intrusion.corners.min(axis=0), wide.intrusion.corners.max(axis=0)
    assert low.tolist() == pytest.approx([-0.3, -1.2, 0.0]), "not below what it stands on"
    assert high.tolist() == pytest.approx([1.3, 0.0, 2.3])
    assert looked(desk, by=rule(grow=(("left", 0.3),))).intrusions == ()
    assert only(looked(desk, by=rule(grow=(("right", 0.3),)))).volume == pytest.approx(0.2 * 0.5 * 1.0)


def test_a_turned_door_has_its_room_where_it_faces() -> None:
    """Turned by 90° about z its front, -y, is towards +x."""
    turn = Rotation.from_euler("z", 90, degrees=True).as_matrix()
    door = replace(DOOR, mesh=Mesh(DOOR.mesh.vertices @ turn.T, DOOR.mesh.faces))
    desk = element("desk", box(0.5, 0.4, 1.0, (0.5, 0.2, 0.0)))
    around = Surroundings({"door": door, "desk": desk}, {"door": Facing(turn.T)}, {}, {})
    clash = only(free_spaces(around, [rule()], 1e-4))
    assert (clash.volume, clash.gap) == pytest.approx((0.4 * 0.5 * 1.0, 0.5))
    assert free_spaces(around, [rule("back")], 1e-4).intrusions == ()


def test_the_wall_that_a_door_sits_in_counts_from_where_its_opening_ends() -> None:
    """A door 0.1 m deep in a wall of 0.3 m; the wall's other leg stands 0.5 m before it."""
    wall = box(5.0, 0.3, 3.0, (-2.0, -0.1, 0.0)) - box(1.0, 1.0, 2.0, (0.0, -0.5, 0.0))
    corners = np.array([[x, y, z] for x in (0.0, 1.0) for y in (-0.1, 0.2) for z in (0.0, 2.0)])
    wide = rule(grow=0.2)
    plain, hosts = element("wall", wall), {"door": {"wall": corners}}
    found = looked(plain, by=wide, hosts=hosts)
    assert found.intrusions == ()
    assert [(one.other, one.because, one.reaches) for one in found.left_out] == [("wall", "host", pytest.approx(0.1))]
    clash = only(looked(plain, by=wide))
    assert clash.gap == 0.0, "no opening tells that it is the host"
    leg = wall + box(0.6, 1.0, 3.0, (-0.1, -1.5, 0.0))
    clash = only(looked(element("wall", leg), by=wide, hosts=hosts))
    assert (clash.gap, clash.volume) == pytest.approx((0.5, 0.6 * 0.7 * 2.2))


def test_the_floor_counts_above_the_height_that_a_door_stands_in_it() -> None:
    floor = box(4.0, 4.0, 0.25, (-2.0, -2.0, -0.2))
    slab = element("slab", floor, "IfcSlab")
    found = looked(slab)
    assert found.intrusions == ()
    assert [(one.other, one.because) for one in found.left_out] == [("slab", "floor")]
    step = element("slab", floor + box(4.0, 1.0, 0.3, (-2.0, -1.0, 0.0)), "IfcSlab")
    clash = only(looked(step))
    assert clash.volume == pytest.approx(1.0 * 1.0 * 0.25, rel=1e-3)
    assert only(looked(element("low desk", floor))).volume == pytest.approx(1.0 * 1.2 * 0.05), "no floor by its class"


def test_what_the_model_says_meets_it_is_left_out_only_where_it_does() -> None:
    """A pipe goes up from a valve, and comes back across its space."""
    pipe = box(0.1, 0.1, 0.4, (0.4, 0.0, 2.0)) + box(0.1, 0.1, 0.2, (0.7, 0.0, 2.9))
    meant = {("door", "pipe"): "IfcRelConnectsPorts"}
    found = looked(element("pipe", pipe), by=rule("up"), meant=meant)
    clash = only(found)
    assert (clash.gap, clash.volume) == pytest.approx((0.9, 0.1 * 0.1 * 0.2))
    assert [(one.because, one.reaches) for one in found.left_out] == [("IfcRelConnectsPorts", pytest.approx(0.4))]
    assert only(looked(element("pipe", pipe), by=rule("up"))).gap == 0.0


def test_what_a_rule_ignores_is_listed() -> None:
    desk = element("desk", box(0.4, 0.5, 1.0, (0.2, -1.0, 0.0)))
    found = looked(desk, by=rule(ignore=Selector(names=("des*",))))
    assert found.intrusions == ()
    assert [(one.other, one.because) for one in found.left_out] == [("desk", "ignored")]


def test_what_is_no_solid_is_judged_by_its_faces() -> None:
    """An open sheet across the space, 0.7 m before the door: no volume, and never nothing."""
    corners = np.array([[-1.0, -0.7, -1.0], [2.0, -0.7, -1.0], [2.0, -0.7, 3.0], [-1.0, -0.7, 3.0]])
    sheet = Element("sheet", "IfcWall", "sheet", "", Mesh(corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32)))
    clash = only(looked(sheet))
    assert clash.volume is None
    assert (clash.gap, clash.depth) == pytest.approx((0.7, 0.5))
    assert clash.intrusion is not None
    assert clash.intrusion.by_faces
    assert looked(replace(sheet, mesh=Mesh(corners - [0, 1.0, 0], sheet.mesh.faces))).intrusions == ()
    doubtful = element("desk", box(0.4, 0.5, 1.0, (0.2, -1.0, 0.0)))
    assert only(looked(replace(doubtful, suspect="a failed opening"))).volume is None


def test_where_nothing_says_where_a_space_is_it_is_told() -> None:
    desk = element("desk", box(0.4, 0.5, 1.0, (0.2, -1.0, 0.0)))
    sliding = {"door": Facing(np.eye(3), "SLIDING_TO_LEFT")}
    found = looked(desk, by=rule("swing"), facing=sliding)
    assert (found.spaces, list(found.unknown)) == ((0,), ["door"])
    assert list(looked(desk, facing={}).unknown) == ["door"]
    both = {"door": Facing(np.eye(3), "DOUBLE_SWING_RIGHT")}
    assert looked(by=rule("swing"), facing=both).spaces == (2,)
    assert looked(by=rule(of=Selector(classes=("IfcValve",)))).spaces == (0,)


def test_identifiers_tell_rules_and_sides_apart_and_stay() -> None:
    desk = element("desk", box(0.4, 3.0, 1.0, (0.2, -1.0, 0.0)))
    found = looked(desk, by=replace(rule(), towards=("front", "back")))
    names = [identifier_of(clash) for clash in found.intrusions]
    assert len(set(names)) == 2
    further = looked(desk, by=replace(rule(distance=1.0), towards=("front", "back")))
    assert [identifier_of(clash) for clash in further.intrusions] == names
    assert {group.kind for group in grouped(found.intrusions)} == {ClashKind.ACCESS}


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1_000_000))
def test_sampling_the_space_finds_the_same(seed: int) -> None:
    """Turned doors, turned boxes and balls of planes about them: within what the grid can tell."""
    rng = np.random.default_rng(seed)
    turn, axes = Rotation.random(rng=rng).as_matrix(), Rotation.random(rng=rng).as_matrix()
    half, middle = rng.uniform(0.1, 0.6, 3), rng.uniform(-1.0, 1.5, 3)
    cube = manifold3d.Manifold.cube(tuple(2 * half), center=True)
    desk = element("desk", cube.transform(np.column_stack([turn, middle])))
    towards = str(rng.choice(["front", "back", "left", "right", "above", "below"]))
    by = rule(towards, float(rng.uniform(0.3, 1.5)), grow=float(rng.uniform(0.0, 0.3)))
    around = Surroundings({"door": DOOR, "desk": desk}, {"door": Facing(axes)}, {}, {})
    found = free_spaces(around, [by], 1e-9)
    envelope = envelope_of(DOOR.mesh.vertices, sides_of(by, towards, axes), by.distance)

    def inside(points: FloatArray) -> BoolArray:
        return np.all(np.abs((points - middle) @ turn) <= half, axis=1)

    steps = 40
    volume, free = sampled(envelope, inside, steps)
    size = envelope.high - envelope.low
    shared = found.intrusions[0].volume if found.intrusions else 0.0
    assert shared is not None
    cell = float(np.linalg.norm(size)) / steps
    surface = 8.0 * float(half[0] * half[1] + half[1] * half[2] + half[2] * half[0])
    assert shared == pytest.approx(volume, abs=0.5 * surface * cell)
    sides = np.vstack([turn.T, -turn.T, envelope.axes, -envelope.axes])
    most = np.concatenate([turn.T @ middle + half, half - turn.T @ middle, envelope.high, -envelope.low])
    least = linprog(envelope.axes[0], A_ub=sides, b_ub=most, bounds=(None, None))
    if found.intrusions:
        assert found.intrusions[0].gap == pytest.approx(least.fun - envelope.low[0], abs=1e-7)
        assert found.intrusions[0].gap <= free + 1e-9
    else:
        assert volume == 0.0


RULES = """\
access: 1
rules:
  - name: room before doors
    for: {classes: [IfcDoor], names: ["Haus*"]}
    towards: both
    distance_mm: 1200
    grow_mm: {left: 100, above: 50}
    ignore: {classes: [IfcFurniture]}
"""


def test_a_file_of_rules() -> None:
    (one,) = read_access_rules(RULES.encode())
    assert (one.name, one.towards, one.distance) == ("room before doors", ("front", "back"), 1.2)
    assert dict(one.grow if isinstance(one.grow, tuple) else ()) == {"left": 0.1, "above": 0.05}
    assert one.of.holds(replace(DOOR, name="Haustuer"))
    assert not one.of.holds(replace(DOOR, name="Innentuer"))
    assert not one.of.holds(replace(DOOR, name="Haustuer", ifc_class="IfcWindow"))
    assert Selector(classes=("IfcWall",)).holds(replace(DOOR, ifc_class="IfcWallStandardCase"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("towards: both", "towards: forward", "line 5: rules[0].towards: 'forward' is none of front"),
        ("towards: both", "towards: []", "line 5: rules[0].towards: it names no side"),
        ("distance_mm: 1200", "distance_mm: 0", "line 6: rules[0].distance_mm: 0 is not more than 0"),
        ("distance_mm: 1200", "distance_mm: 1.2 m", "line 6: rules[0].distance_mm"),
        ("distance_mm: 1200", "distance: 1200", "did you mean distance_mm?"),
        ("left: 100", "front: 100", "line 7: rules[0].grow_mm.front: the space goes towards front"),
        ("left: 100", "left: -1", "line 7: rules[0].grow_mm.left: -1 is less than 0"),
        ("{classes: [IfcFurniture]}", "{}", "line 8: rules[0].ignore: it names no elements"),
        ("{classes: [IfcFurniture]}", "{class: IfcDoor}", "did you mean classes?"),
        ("  - name", "  - nam", "did you mean name?"),
        ("access: 1", "position: 1", "'access: 1' is missing"),
        (RULES, "access: 1\n", "there are no rules"),
        (RULES, RULES + RULES.split("rules:\n")[1], "is the name of a rule before"),
    ],
)
def test_a_bad_rule_is_refused_with_its_place(old: str, new: str, says: str) -> None:
    with pytest.raises(BadDocument) as raised:
        read_access_rules(RULES.replace(old, new).encode())
    assert says in str(raised.value)
