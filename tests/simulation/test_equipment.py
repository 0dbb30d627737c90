"""Tools and cranes against hand calculation, over the parameters of both."""

import math
from dataclasses import replace

import manifold3d
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from geometry.arrays import FloatArray
from simulation.assembly.access import Tool, tool_access
from simulation.assembly.directions import turning_axis
from simulation.assembly.lifting import Crane, lifts
from simulation.assembly.order_document import part_names, read_order
from simulation.assembly.part import make_parts
from tests.simulation.assembly_cases import Body, cube, cylinder, element

seeds = st.integers(0, 100_000)


def segment(radius: float, away: float) -> float:
    """Return the area of a circle beyond a chord."""
    if away >= radius:
        return 0.0
    return radius**2 * math.acos(away / radius) - away * math.sqrt(radius**2 - away**2)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_a_wall_takes_of_the_tool_s_room_what_a_segment_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    radius, length = rng.uniform(0.004, 0.009), rng.uniform(0.03, 0.1)
    diameter, room = rng.uniform(0.02, 0.08), rng.uniform(0.05, 0.3)
    away, beside_both_ends = rng.uniform(1.3 * radius, 0.8 * diameter), bool(rng.random() < 0.6)
    turn, at = Rotation.random(rng=rng).as_matrix(), rng.uniform(-5, 5, 3)
    wall = cube((1, 2, 3)).translate((away, -1, -1 if beside_both_ends else length))
    bodies = {"bolt": cylinder(length, radius, radius, 48), "wall": wall}
    pose = np.hstack([turn, at[:, None]])
    parts = make_parts({name: element(name, body.transform(pose)) for name, body in bodies.items()})
    (access,) = tool_access(parts, [Tool((0,), diameter, room)], [[0]], [1])
    truth = segment(0.5 * diameter, away) * room if beside_both_ends else 0.0
    assert sum(volume for _, volume in access.blockers) == pytest.approx(truth, rel=0.02, abs=2e-3 * diameter**2 * room)
    if truth == 0.0:
        assert access.clear or away < 0.502 * diameter
    elif truth > 1e-3 * diameter**2 * room:
        assert not access.clear


def bolts() -> dict[str, Body]:
    shank = cylinder(0.04, 0.004, 0.004, 32)
    ball = manifold3d.Manifold.sphere(0.008, 32) ^ cube((0.1, 0.1, 0.1)).translate((-0.05, -0.05, 0))
    head = cylinder(0.005, 0.008, 0.008, 6) ^ cylinder(0.02, 0.012, 0.001, 32).translate((0, 0, -0.001))
    return {
        "chamfered": shank + cylinder(0.001, 0.003, 0.004, 32).translate((0, 0, -0.001)),
        "countersunk": shank + cylinder(0.004, 0.004, 0.008, 32).translate((0, 0, 0.04)),
        "domed": shank + ball.translate((0, 0, 0.04)),
        "hexagonal": shank + head.translate((0, 0, 0.04)),
    }


@pytest.mark.parametrize("name", ["chamfered", "countersunk", "domed", "hexagonal"])
def test_the_axis_of_a_bolt_is_known_however_its_head_is_made(name: str) -> None:
    for turned in ((0, 0, 0), (20, 30, 10), (90, 0, 45)):
        (part,) = make_parts({"a": element("a", bolts()[name].rotate(turned))})
        axis = turning_axis(part.triangles, part.centre)
        assert axis is not None
        truth = Rotation.from_euler("xyz", turned, degrees=True).apply([0, 0, 1])
        assert abs(axis @ truth) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("name", ["cube", "box", "bar", "ball", "cross"])
def test_what_is_not_round_has_no_axis(name: str) -> None:
    bodies = {
        "cube": cube((1, 1, 1)), "box": cube((1, 2, 3)), "bar": cube((1, 1, 3)),
        "ball": manifold3d.Manifold.sphere(1.0, 64), "cross": cube((3, 1, 1)) + cube((1, 3, 1)),
    }  # fmt: skip
    (part,) = make_parts({"a": element("a", bodies[name])})
    assert turning_axis(part.triangles, part.centre) is None
    (access,) = tool_access([part], [Tool((0,), 0.1, 0.1)], [[0]], [])
    assert not access.clear, "what is not known is not clear"


@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_lifts_are_as_worked_out_by_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    origin, crane = rng.uniform(-1000, 1000, 3), np.array([*rng.uniform(-10, 10, 2), rng.uniform(-2, 1)])
    boxes = [
        (rng.uniform(0.2, 3, 3), np.array([*rng.uniform(-20, 20, 2), rng.uniform(0, 8)]), str(kind))
        for kind in rng.choice(["IfcBeam", "IfcSlab"], 4)
    ]
    radii, loads = np.sort(rng.uniform(3, 30, 3)), np.sort(rng.uniform(500, 60_000, 3))[::-1]
    high, rigging, clearance = rng.uniform(5, 30), rng.uniform(0, 3), rng.uniform(0, 2)
    table = ", ".join(f"{a!r}: {b!r}" for a, b in zip(radii.tolist(), loads.tolist(), strict=True))
    text = (
        f"order: 1\ncrane: {{at: {(crane + origin).tolist()}, capacity: {{{table}}}, hook_height: {high!r}, "
        f"density: {{default: 1000, IfcBeam: 7850}}, rigging: {rigging!r}, clearance: {clearance!r}}}\n"
    )
    x, y, z = origin.tolist()
    made = {
        str(k): element(str(k), cube(tuple(size)).translate(tuple(at)), kind)
        for k, (size, at, kind) in enumerate(boxes)
    }
    parts = make_parts(made)
    read = read_order(text.encode(), ".yaml", part_names([(p.global_id, "") for p in parts]), origin=(x, y, z))
    assert read.crane is not None
    steps = [
        ((0, 1), np.array([0.0, 0.0, -1.0])),
        ((2,), np.array([1.0, 0.0, 0.0])),
        ((3,), np.array([0.0, 0.0, -1.0])),
    ]
    top = float(crane[2])
    for (placed, way), lift in zip(steps, lifts(parts, read.crane, steps, []), strict=True):
        some = [boxes[k] for k in placed]
        masses = [float(np.prod(size)) * (7850 if kind == "IfcBeam" else 1000) for size, _, kind in some]
        middle: FloatArray = np.zeros(3)
        for mass, (size, at, _) in zip(masses, some, strict=True):
            middle = middle + mass * (at + size / 2) / sum(masses)
        radius = math.hypot(middle[0] - crane[0], middle[1] - crane[1])
        able = next((float(b) for a, b in zip(radii, loads, strict=True) if radius <= a), 0.0)
        low, up = min(at[2] for _, at, _ in some), max(at[2] + size[2] for size, at, _ in some)
        hook = max(top + clearance, low) + (up - low) + rigging - crane[2]
        assert (lift.mass, lift.radius, lift.capacity, lift.hook) == pytest.approx(
            (sum(masses), radius, able, hook), rel=1e-6, abs=1e-6
        )
        wrong = {"out of reach"} if able == 0.0 else {"too heavy"} if sum(masses) > able else set[str]()
        wrong |= {"too high"} if hook > high else set[str]()
        wrong |= {"not from above"} if way[2] > -0.5 else set[str]()
        assert set(lift.problems) == wrong
        top = max(top, float(up))


def test_only_what_stands_on_the_way_has_to_be_lifted_over() -> None:
    """From the east to the north over a wall of 5 m; a tower of 60 m stands in the south-west."""
    boxes = {
        "load": cube((1, 1, 1)).translate((-0.5, 19.5, 0)),
        "wall": cube((1, 1, 5)).translate((13, 13, 0)),
        "tower": cube((4, 4, 60)).translate((-16, -16, 0)),
    }
    made = {name: element(name, body) for name, body in boxes.items()}
    parts = make_parts(made)
    number = {part.global_id: k for k, part in enumerate(parts)}
    plain = Crane(np.zeros(3), np.array([15.0, 25.0]), np.array([9e3, 3e3]), 30.0, 2.0, 1.0, {"": 2400.0})
    steps, base = [((number["load"],), np.array([0.0, 0.0, -1.0]))], [number["wall"], number["tower"]]
    (blind,) = lifts(parts, plain, steps, base)
    assert (blind.hook, blind.problems) == (pytest.approx(60 + 1 + 1 + 2), ("too high",))
    (told,) = lifts(parts, replace(plain, pick=np.array([20.0, 0.0, 0.0])), steps, base)
    assert (told.hook, told.problems) == (pytest.approx(5 + 1 + 1 + 2), ())
    # over the wall is lower than round by the tower; without the wall the ground alone counts
    (free,) = lifts(parts, replace(plain, pick=np.array([20.0, 0.0, 0.0])), steps, [number["tower"]])
    assert free.hook == pytest.approx(0 + 1 + 1 + 2)
    (far,) = lifts(parts, replace(plain, pick=np.array([24.0, 9.0, 0.0])), steps, base)
    assert (far.capacity, far.problems) == (0.0, ("out of reach",)), "25.6 m where it is picked up"


@settings(max_examples=60, deadline=None)
@given(seed=seeds)
def test_no_way_within_the_sector_meets_what_is_left_out(seed: int) -> None:
    """Loads slewed and luffed at random between both ends, one way round or the other, against the height found."""
    rng = np.random.default_rng(seed)
    at = rng.uniform(-5, 5, 3) * (1, 1, 0)
    pick = at + np.array([*rng.uniform(-25, 25, 2), 0.0])
    bodies = {"load": cube((2, 1, 1)).translate((*rng.uniform(-20, 20, 2), 0.0))}
    for k in range(4):
        bodies[f"b{k}"] = cube((*rng.uniform(1, 8, 2), float(rng.uniform(2, 40)))).translate(
            (*rng.uniform(-25, 20, 2), 0.0)
        )
    parts = make_parts({name: element(name, body) for name, body in bodies.items()})
    load = next(k for k, part in enumerate(parts) if part.global_id == "load")
    others = [k for k in range(len(parts)) if k != load]
    crane = Crane(at, np.array([100.0]), np.array([1e9]), None, 0.0, 0.0, {"": 1.0}, pick)
    (lift,) = lifts(parts, crane, [((load,), np.array([0.0, 0.0, -1.0]))], others)
    top = lift.hook - 1.0 + at[2]
    ends = [(end - at)[:2] for end in (pick, parts[load].centre)]
    radii = [float(np.linalg.norm(end)) for end in ends]
    angles = [float(np.arctan2(end[1], end[0])) for end in ends]
    turn = (angles[1] - angles[0]) % (2 * np.pi)
    met = list[float]()
    for way in (turn, turn - 2 * np.pi):
        share = np.sort(rng.uniform(0, 1, 400))
        radius, angle = rng.uniform(min(radii), max(radii), 400), angles[0] + way * share
        hook = at[:2] + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        high = 0.0
        for k in others:
            low, up = parts[k].bounds[:, :2]
            apart = np.linalg.norm(hook - np.clip(hook, low, up), axis=1)
            if apart.min() < 0.5 * math.hypot(2, 1):
                high = max(high, float(parts[k].bounds[1, 2]))
        met.append(high)
    assert top >= min(met) - 1e-9
    assert top <= max(float(parts[k].bounds[1, 2]) for k in others) + 1e-9
