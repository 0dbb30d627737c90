"""Who blocks whom and in which order parts go together: known answers, slow references, their families."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from geometry.arrays import FloatArray
from geometry.design import Element, Mesh
from simulation.assembly.blocking import Blocking, block
from simulation.assembly.components import layers
from simulation.assembly.contact import contacts_of
from simulation.assembly.directions import axes, distinct, own_directions, sphere
from simulation.assembly.insertion_path import Budget, between, leg_path, turning_path
from simulation.assembly.order_document import OrderDocument, part_names, read_order
from simulation.assembly.order_study import OrderStudy, study_order
from simulation.assembly.part import make_parts
from simulation.assembly.sequence import count_sequences
from simulation.assembly.stability import Standing, balance_of
from simulation.assembly.view import OrderRule, faces_of, obstruction, seen_along, way_of
from simulation.errors import NoSolution
from tests.simulation.assembly_cases import box_with_lid, cube, cylinder, dovetail, element, elements, frame

FINE = OrderRule(touch=1e-5)


@pytest.fixture(scope="module")
def storeys() -> Blocking:
    return block(make_parts(frame()), axes(), OrderRule())


@pytest.fixture(scope="module")
def lidded() -> dict[str, Element]:
    return box_with_lid()


def study(given: Mapping[str, Element], text: str = "", rule: OrderRule = FINE, **more: Any) -> OrderStudy:
    def said(parts: Any) -> OrderDocument:
        names = part_names([(part.global_id, part.name) for part in parts])
        return read_order(text.encode(), ".yaml", names) if text else OrderDocument()

    return study_order(given, rule, said, **more)


def named(found: OrderStudy) -> list[list[str]]:
    return [sorted(found.parts[k].global_id for k in step.parts) for step in found.orders[0].steps]


def ways(blocking: Blocking, part: str) -> set[tuple[float, ...]]:
    index = [one.global_id for one in blocking.parts].index(part)
    free = blocking.free(np.ones(len(blocking.parts), dtype=np.bool_))[:, index]
    return {tuple(round(float(value), 2) + 0.0 for value in way) for way in blocking.directions[free]}


def test_a_frame_of_324_parts_comes_off_in_8_layers(storeys: Blocking) -> None:
    assert len(storeys.parts) == 324
    assert int(storeys.blocked[0].sum()) == 2534
    found = layers(storeys.blocked[0])
    assert found is not None
    kinds = [{part.global_id[:2] for part, one in zip(storeys.parts, found, strict=True) if one == k} for k in range(8)]
    assert found.max() == 7
    assert kinds == [one for s in (3, 2, 1, 0) for one in ({f"S{s}"}, {f"C{s}", f"X{s}", f"Y{s}"})]
    assert np.array_equal(storeys.blocked[1], storeys.blocked[0].T)


def test_a_frame_goes_up_as_it_is_built() -> None:
    """Posts before what they carry, beams once both posts are there, each of them held until joined."""
    found = study(frame(bays=1, storeys=2), rule=OrderRule(), ground=0.0)
    order = [name for (name,) in named(found)]
    assert all(step.insertion is not None and step.insertion[2] == -1.0 for step in found.orders[0].steps)
    for storey in range(2):
        kinds = [name[0] for name in order if name[1] == str(storey)]
        assert kinds[-1] == "S"
        for beam, ends in {"X": ("00", "10"), "Y": ("00", "01")}.items():
            posts = max(order.index(f"C{storey}-{end}") for end in ends)
            assert order.index(f"{beam}{storey}-00") > posts
    assert {found.parts[k].global_id[0] for k in found.balances[-1].falling} == {"X", "Y"}
    assert len(found.balances[-1].falling) == 8


def test_the_box_with_pin_lid_and_bolts(lidded: dict[str, Element]) -> None:
    found = study(lidded, "order: 1\nbase: [box]\n")
    assert found.count == 2
    assert named(found)[:2] == [["pin"], ["lid"]]
    assert ways(found.blocking, "bolt 1") == {(0, 0, 1)}
    assert not ways(found.blocking, "lid")
    without = np.array([not part.global_id.startswith("bolt") for part in found.parts])
    lid = [part.global_id for part in found.parts].index("lid")
    assert int(found.blocking.free(without)[:, lid].sum()) == 17
    assert all(balance.stable for balance in found.balances)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), clearance=st.floats(0.02, 0.4), mouth=st.floats(12, 26))
def test_a_dovetail_slides_and_a_wedge_lifts(seed: int, clearance: float, mouth: float) -> None:
    """Turned any way, along the directions that its own shape offers too."""
    turn = Rotation.random(rng=np.random.default_rng(seed))
    pose = np.hstack([turn.as_matrix(), [[0.3], [-2.0], [7.0]]])
    for root, top in ((28.0, mouth), (mouth, 28.0)):
        bodies = dovetail(root=root, mouth=top, clearance=clearance)
        parts = make_parts(
            {name: element(name, body.scale((1e-3,) * 3).transform(pose)) for name, body in bodies.items()}
        )
        directions = distinct(np.vstack([turn.apply(sphere()), own_directions(parts[1].normals)]))
        free = block(parts, directions, OrderRule(touch=1e-6)).free(np.ones(2, dtype=np.bool_))[:, 1]
        found = {tuple(np.round(way, 2) + 0.0) for way in turn.inv().apply(directions[:26][free[:26]])}
        along = {(0.0, 0.0, 1.0), (0.0, 0.0, -1.0)}
        assert found == (along if root > top else along | {(0, 1, 0), (0, 0.71, 0.71), (0, 0.71, -0.71)})


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_boxes_block_each_other_as_their_intervals_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 6, (6, 3)) * 0.5
    size = rng.integers(1, 4, (6, 3)) * 0.5
    parts = make_parts(elements({str(k): cube(tuple(size[k])).translate(tuple(low[k])) for k in range(6)}))
    blocking = block(parts, axes(), OrderRule(touch=1e-4))
    boxes = [(low[k], low[k] + size[k]) for k in range(6)]
    shared = {pair for pair in blocking.overlapping}
    for direction, along in zip(blocking.directions, blocking.blocked, strict=True):
        axis, sign = int(np.abs(direction).argmax()), float(direction.sum())
        for i, j in itertools.permutations(range(6), 2):
            (a, b), (c, d) = boxes[i], boxes[j]
            others = [k for k in range(3) if k != axis]
            aligned = all(min(b[k], d[k]) - max(a[k], c[k]) > 0 for k in others)
            ahead = a[axis] < d[axis] if sign > 0 else b[axis] > c[axis]
            if tuple(sorted((i, j))) not in shared:
                assert bool(along[i, j]) == (aligned and ahead)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_bent_shapes_block_each_other_as_sampled_lines_say(seed: int) -> None:
    """Against lines through a grid, each cut by every face: near of the one before far of the other."""
    rng = np.random.default_rng(seed)
    bodies = list[Any]()
    for at in ((0.0, 0.0, 0.0), tuple(rng.uniform(-1.5, 1.5, 3))):
        bent = cube((1, 0.3, 0.3)) + cube((0.3, 0.3, 1)) + cube((0.3, 1, 0.3)).translate((0.7, 0, 0))
        bodies.append(bent.rotate(tuple(rng.uniform(0, 360, 3))).translate(at))
    if (bodies[0] ^ bodies[1]).volume() > 0.0:
        return
    parts = make_parts(elements({"a": bodies[0], "b": bodies[1]}))
    directions = sphere()[rng.permutation(26)[:4]]
    blocking = block(parts, directions, OrderRule(touch=1e-9))
    for direction, along in zip(directions, blocking.blocked, strict=True):
        faces = faces_of([(part.triangles, False) for part in parts])
        view = seen_along(faces, direction)
        low, high = view.reach[:, [0, 2]].min(axis=0), view.reach[:, [1, 3]].max(axis=0)
        grid = np.stack(np.meshgrid(*(np.linspace(low[k], high[k], 60) for k in range(2))), -1).reshape(-1, 2)
        near, far = (
            np.array([_depths(view.uv[f], view.plane[f], grid) for f in _faces_of(faces, k)]) for k in range(2)
        )
        for i, j in ((0, 1), (1, 0)):
            first = np.nanmin(np.where(np.isnan(near if i == 0 else far), np.inf, near if i == 0 else far), axis=0)
            last = np.nanmax(np.where(np.isnan(near if j == 0 else far), -np.inf, near if j == 0 else far), axis=0)
            sampled = int((first < last - 1e-9).sum())
            if sampled > 0:
                assert along[i, j]
            elif along[i, j]:
                assert obstruction(view, i, j, OrderRule(touch=1e-9)).area < 30 * float(np.prod((high - low) / 59))


def _faces_of(faces: Any, part: int) -> range:
    return range(int(faces.starts[part]), int(faces.starts[part + 1]))


def _depths(uv: FloatArray, plane: FloatArray, grid: FloatArray) -> FloatArray:
    """Return the depth of one face over points of the plane; NaN beside it."""
    a, b, c = uv
    turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    if abs(turn) < 1e-12:
        return np.full(len(grid), np.nan)
    inside = np.ones(len(grid), dtype=np.bool_)
    for p, q in ((a, b), (b, c), (c, a)):
        inside &= ((q[0] - p[0]) * (grid[:, 1] - p[1]) - (q[1] - p[1]) * (grid[:, 0] - p[0])) * np.sign(turn) >= 0
    return np.where(inside, plane[0] + grid @ plane[1:], np.nan)


@pytest.mark.parametrize(("insertion", "blocked"), [(None, True), (2.1, True), (1.9, False)])
def test_a_wall_two_metres_off_is_met_only_by_what_comes_so_far(insertion: float | None, blocked: bool) -> None:
    parts = make_parts(elements({"a": cube((1, 1, 1)), "b": cube((1, 1, 1)).translate((3, 0.5, 0))}))
    found = block(parts, axes(), OrderRule(insertion=insertion))
    toward = int(np.argmax(found.directions[:, 0]))
    assert bool(found.blocked[toward, 0, 1]) is blocked
    assert not found.blocked[toward, 1, 0]
    view = seen_along(faces_of([(part.triangles, False) for part in parts]), found.directions[toward])
    assert way_of(view, 0, 1, OrderRule()) == pytest.approx(2.0, abs=1e-12)
    met = obstruction(view, 0, 1, OrderRule())
    assert (met.area, met.depth, met.way) == pytest.approx((0.5, 4.0, 2.0), abs=1e-5)


@pytest.mark.parametrize(("overlap", "free"), [(0.9e-4, True), (1.9e-4, True), (2.2e-4, False), (0.01, False)])
def test_a_strip_narrower_than_the_tolerance_only_touches(overlap: float, free: bool) -> None:
    """Rubbing past each other over less than twice the tolerance; of many faces as of one."""
    plain = cube((1, 1, 1))
    for still in (plain, plain.refine(6)):
        parts = make_parts(elements({"a": plain, "b": still.translate((1 - overlap, 0, 2))}))
        assert bool(block(parts, axes()[:1], OrderRule(touch=1e-4)).blocked[0, 0, 1]) is not free


def test_what_is_no_solid_is_never_free_by_a_hole_in_it() -> None:
    """A lid whose top face is missing still stands in the way of what is under it."""
    lid = element("lid", cube((2, 2, 0.1)).translate((0, 0, 1)))
    open_lid = Element(
        "lid", "IfcSlab", "lid", "", Mesh(lid.mesh.vertices, lid.mesh.faces[[not _is_up(lid, f) for f in range(12)]])
    )
    sheet = Element(
        "lid",
        "IfcSlab",
        "lid",
        "",
        Mesh(np.array([[0.0, 0, 1], [2, 0, 1], [2, 2, 1], [0, 2, 1]]), np.array([[0, 1, 2], [0, 2, 3]], np.int32)),
    )
    for cover in (lid, open_lid, sheet):
        parts = make_parts({"box": element("box", cube((1, 1, 1)).translate((0.5, 0.5, -0.5))), "lid": cover})
        found = block(parts, axes(), OrderRule())
        assert found.blocked[0, 0, 1], cover
        assert bool(parts[1].doubt) == (cover is not lid)
    pierced = study({"post": element("post", cube((0.2, 0.2, 3)).translate((1, 1, -1))), "lid": open_lid})
    assert named(pierced) == [["lid", "post"]]  # nothing can be said of how they overlap: they stay together


def _is_up(one: Element, face: int) -> bool:
    corners = one.mesh.vertices[one.mesh.faces[face]]
    return bool(np.cross(corners[1] - corners[0], corners[2] - corners[0])[2] > 0)


def test_what_overlaps_as_drawn_parts_where_it_would_if_cut() -> None:
    slab, post = cube((4, 4, 0.2)), cube((0.2, 0.2, 3)).translate((2, 2, -1))
    found = block(make_parts(elements({"post": post, "slab": slab})), axes(), OrderRule())
    assert found.overlapping == {(0, 1): False}
    assert ways(found, "post") == {(0, 0, 1), (0, 0, -1)}
    bar = study(elements({"bar": cube((0.02, 0.02, 1)).translate((1, 1, 1)), "wall": cube((3, 3, 3))}))
    assert bar.blocking.overlapping == {(0, 1): True}
    assert named(bar) == [["bar", "wall"]]


def test_a_pair_that_holds_itself_leaves_its_box_as_one() -> None:
    """Tail and block slide apart along z only, which the box around them forbids; together they lift along y."""
    pair = dovetail(clearance=0.2)
    box = cube((70, 22, 50)).translate((-35, -11, -5)) - cube((61, 40, 41)).translate((-30.5, -10, -0.5))
    found = study(elements({**pair, "box": box}, 1e-3), "order: 1\nbase: [box]\n")
    assert found.count == 0
    assert named(found) == [["block", "tail"]]
    step = found.orders[0].steps[0]
    assert step.insertion is not None
    assert step.insertion == pytest.approx([0, -1, 0])
    assert [len(one.parts) for one in step.inner] == [1, 1]
    assert not found.orders[0].locked


def test_what_no_move_takes_apart_is_said() -> None:
    shell = cube((2, 2, 2)) - cube((1.8, 1.8, 1.8)).translate((0.1, 0.1, 0.1))
    found = study(elements({"shell": shell, "core": cube((1, 1, 1)).translate((0.5, 0.5, 0.5))}))
    assert len(found.orders[0].locked) == 2
    assert not found.works


def test_what_was_put_too_early_is_in_the_way_not_a_thin_wall() -> None:
    """A plate in a tray under a lid: across the wall 0.05 m by 0.2 m is in the way, from above the whole lid."""
    tray = cube((1.1, 1.1, 1)) - cube((1, 1, 1)).translate((0.05, 0.05, 0.1))
    plate, lid = cube((0.98, 0.98, 0.2)).translate((0.06, 0.06, 0.11)), cube((1.1, 1.1, 0.05)).translate((0, 0, 1.01))
    parts = elements({"tray": tray, "plate": plate, "lid": lid})
    found = study(parts, "order: 1\nbase: [tray]\nsequence:\n- place: lid\n- place: plate\n")
    (obstacle,) = found.judged[1].obstacles
    assert [found.parts[one.part].global_id for one in obstacle.blockers] == ["lid"]
    assert obstacle.blockers[0].area == pytest.approx(0.98**2, rel=1e-3)
    assert obstacle.insertion == pytest.approx([0, 0, -1])
    assert obstacle.fits_before == 1


def test_a_given_order_fails_where_it_does(lidded: dict[str, Element]) -> None:
    text = "order: 1\nbase: [box]\nsequence:\n- place: lid\n- place: pin\n- place: [bolt 1, bolt 2]\n"
    found = study(lidded, text)
    assert found.blocked_steps == (1,)
    (pin,) = found.judged[1].obstacles
    assert found.parts[pin.part].global_id == "pin"
    (lid,) = pin.blockers
    assert found.parts[lid.part].global_id == "lid"
    polygon = 48 / 2 * np.sin(2 * np.pi / 48) * 0.008**2
    assert (lid.area, lid.depth, lid.way) == pytest.approx((polygon, 0.058, 0.010), rel=1e-3)
    assert pin.insertion == pytest.approx([0, 0, -1])
    assert pin.fits_before == 1
    good = study(
        lidded, text.replace("lid\n- place: pin", "pin\n- place: [bolt 2, lid]").replace("[bolt 1, bolt 2]", "bolt 1")
    )
    assert good.works
    assert [good.parts[k].global_id for k in good.judged[1].parts] == ["lid", "bolt 2"]
    sideways = study(lidded, "order: 1\nbase: [box]\nsequence:\n- {place: pin}\n- {place: bolt 1, from: +x}\n")
    assert [sideways.parts[b.part].global_id for b in sideways.judged[1].obstacles[0].blockers] == ["box"]
    assert len(sideways.unplaced) == 2
    ruled = study(
        lidded, 'order: 1\nbase: [box]\nbefore: ["bolt 1 < lid"]\nsequence:\n- {place: lid}\n- {place: bolt 1}\n'
    )
    assert ruled.judged[0].obstacles[0].rules == ("bolt 1 < lid",)
    assert study(lidded, 'order: 1\nbase: [box]\nbefore: ["bolt 2 < bolt 1"]\n').count == 1


def test_counting_orders_equals_trying_all() -> None:
    """Random towers of boxes: every permutation taken by hand."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        low, size = rng.integers(0, 4, (5, 3)) * 1.0, rng.integers(1, 3, (5, 3)) * 1.0
        low[:, 2] = np.arange(5) * 2.5
        parts = make_parts(elements({str(k): cube(tuple(size[k])).translate(tuple(low[k])) for k in range(5)}))
        blocking = block(parts, axes()[:1], OrderRule())
        slow = 0
        for order in itertools.permutations(range(5)):
            there, good = np.zeros(5, dtype=np.bool_), True
            for part in order:
                good = good and not (blocking.blocked[0, part] & there).any()
                there[part] = True
            slow += good
        assert count_sequences(blocking) == slow


@pytest.mark.parametrize(
    ("rules", "count"),
    [
        (["4 < 5", "5 < max(2, 3)", "2 < 1"], 12),
        (["4 < 5", "5 < max(2, 3)"], 30),
        (["4 < 5", "5 < 2", "2 < 1"], 5),
    ],
)
def test_the_connections_of_a_pen_are_made_in_as_many_orders_as_its_rules_leave(rules: list[str], count: int) -> None:
    """Bourjault's way of putting it, each connection a body with nothing in its way: only the rules count."""
    connections = elements({str(k): cube((1, 1, 1)).translate((9.0 * k, 0, 0)) for k in range(1, 6)})
    found = study(connections, f"order: 1\nbefore: {rules}\n")
    places = [{name: k for k, name in enumerate(order)} for order in itertools.permutations(["1", "2", "3", "4", "5"])]
    late = [at for at in places if at["4"] < at["5"]]
    if count == 5:
        late = [at for at in late if at["5"] < at["2"] < at["1"]]
    else:
        late = [at for at in late if at["5"] < max(at["2"], at["3"]) and (count == 30 or at["2"] < at["1"])]
    assert found.count == len(late) == count


@pytest.mark.parametrize(("offset", "stable"), [(0.3, True), (0.35, False)])
def test_a_leaning_stack_falls_though_each_brick_lies_well(offset: float, stable: bool) -> None:
    """The two upper ones together lean 1.5 offsets beyond the middle of the lowest; half a length carries them."""
    bricks = elements({str(k): cube((1, 0.5, 0.25)).translate((k * offset, 0, 0.25 * k)) for k in range(3)})
    found = study(bricks, rule=OrderRule(), ground=0.0)
    assert found.balances[-1].stable is stable
    assert all(step.supported for step in found.orders[0].steps)


@pytest.mark.parametrize(("slope", "stable"), [(0.2, True), (0.5, False)])
def test_friction_holds_a_block_on_a_slope_or_not(slope: float, stable: bool) -> None:
    angle = np.degrees(np.arctan(slope))
    ramp = cube((6, 2, 1)).rotate((0, -angle, 0))
    load = cube((0.5, 0.5, 0.2)).translate((3, 1, 1)).rotate((0, -angle, 0))
    parts = make_parts(elements({"load": load, "ramp": ramp}))
    contacts = contacts_of(parts, reach=1e-3, ground=None)
    standing = Standing(parts, contacts, frozenset(), frozenset({1}), 0.4, None)
    assert balance_of(standing, [0, 1]).stable is stable
    joined = Standing(parts, (), frozenset({(0, 1)}), frozenset({1}), 0.4, None)
    assert balance_of(joined, [0, 1]).stable


def test_a_beam_between_posts_has_to_be_held() -> None:
    bodies = {
        "left": cube((0.4, 0.4, 3)),
        "right": cube((0.4, 0.4, 3)).translate((4, 0, 0)),
        "beam": cube((3.5, 0.3, 0.4)).translate((0.45, 0, 2)),
    }
    found = study(elements(bodies), rule=OrderRule(), ground=0.0)
    last = found.balances[-1]
    assert [found.parts[k].global_id for k in last.falling] == ["beam"]
    held = study(elements(bodies), rule=OrderRule(), ground=0.0, held=[("beam", "left"), ("beam", "right")])
    assert held.balances[-1].stable


def test_bolts_far_from_the_origin_are_the_same(lidded: dict[str, Element]) -> None:
    shift = np.array([5000.0, -3000.0, 100.0])
    far = {n: Element(n, e.ifc_class, n, "", Mesh(e.mesh.vertices + shift, e.mesh.faces)) for n, e in lidded.items()}
    here, there = (block(make_parts(one), axes(), FINE).blocked for one in (lidded, far))
    assert np.array_equal(here, there)


def test_a_round_pin_finds_its_axis() -> None:
    pin = make_parts(elements({"pin": cylinder(2, 0.3, 0.3, 32).rotate((20, 35, 0))}))[0]
    axis = Rotation.from_euler("xyz", [20, 35, 0], degrees=True).apply([0, 0, 1])
    assert max(own_directions(pin.normals) @ axis) == pytest.approx(1.0, abs=1e-9)


def test_a_block_goes_round_a_corner() -> None:
    """Down a shaft, then out through a tunnel: two legs, the exact lengths of the free ways."""
    shaft, tunnel = cube((1, 1, 2)).translate((0.2, 0.2, 0.2)), cube((3.9, 1, 0.9)).translate((0.2, 0.2, 0.2))
    rock = cube((4, 1.4, 3)) - shaft - tunnel
    block_ = cube((0.9, 0.9, 0.7)).translate((0.25, 0.25, 1.4))
    found = study(elements({"block": block_, "rock": rock}), "order: 1\nbase: [rock]\n")
    (step,) = found.orders[0].steps
    assert step.path is not None
    assert step.path.kind == "legs"
    places = [pose[:3, 3] for pose in step.path.poses]
    assert len(places) == 3
    assert places[1] == pytest.approx([0, 0, -1.2], abs=1e-9)
    assert places[0][0] > 3.75
    assert min(step.path.clearance) >= 0.0
    assert len(step.path.clearance) == 5
    taller = make_parts(elements({"block": cube((0.9, 0.9, 1.05)).translate((0.25, 0.25, 1.1)), "rock": rock}))
    assert leg_path(taller, 0, [1], axes(), FINE) is None
    parts = make_parts(elements({"block": block_, "rock": rock}))
    enough = Budget()
    assert leg_path(parts, 0, [1], axes(), FINE, enough) is not None
    assert enough.left > 0, "one part needs a small share of it"
    spent = Budget(1)
    assert leg_path(parts, 0, [1], axes(), FINE, spent) is None, "and where it is spent no way is claimed"
    assert spent.left <= 0


def test_a_bar_turns_before_it_passes_a_slit() -> None:
    slit = cube((0.35, 1.2, 1)).translate((0.55, 0.1, 0.3))
    box = cube((1.4, 1.4, 0.7)) - cube((1.2, 1.2, 0.5)).translate((0.1, 0.1, 0.1)) - slit
    bar = cube((1.0, 0.2, 0.2)).translate((0.2, 0.6, 0.2))
    found = study(elements({"bar": bar, "box": box}), "order: 1\nbase: [box]\n")
    (step,) = found.orders[0].steps
    assert step.path is not None
    assert step.path.kind == "turning"
    for pose in step.path.poses:
        assert pose[:3, :3] @ pose[:3, :3].T == pytest.approx(np.eye(3), abs=1e-12)
    assert step.path.poses[-1] == pytest.approx(np.eye(4))
    assert abs(step.path.poses[0][:3, 0] @ [0, 1, 0]) == pytest.approx(1.0)
    assert min(step.path.clearance[1:]) >= 0.0


def test_a_bar_is_tilted_out_of_a_bin() -> None:
    """The opening is shorter than the bar, and the floor forbids to stand it up where it lies: it is lifted too."""
    bin_ = (
        cube((1.4, 1.4, 1.3))
        - cube((1.2, 1.2, 1.0)).translate((0.1, 0.1, 0.1))
        - cube((0.8, 0.8, 1)).translate((0.3, 0.3, 0.9))
    )
    parts = make_parts(elements({"bar": cube((1.0, 0.15, 0.15)).translate((0.2, 0.15, 0.12)), "bin": bin_}))
    assert leg_path(parts, 0, [1], axes(), FINE) is None
    path = turning_path(parts, 0, [1], axes(), FINE)
    assert path is not None
    assert path.poses[-1] == pytest.approx(np.eye(4))
    outside = parts[0].body.transform(path.poses[0][:3])
    assert outside.bounding_box()[2] > 1.3
    for first, second in itertools.pairwise(path.poses):
        for share in np.linspace(0, 1, 40):
            moved = parts[0].body.transform(between(first, second, float(share), path.about)[:3])
            assert (moved ^ parts[1].body).volume() < 1e-3 * parts[0].volume
    again = turning_path(parts, 0, [1], axes(), FINE)
    assert again is not None
    assert all(np.array_equal(a, b) for a, b in zip(path.poses, again.poses, strict=True))


def test_a_wrench_needs_room_behind_the_head(lidded: dict[str, Element]) -> None:
    text = "order: 1\nbase: [box]\ntools:\n- {for: [bolt 1, bolt 2], diameter_mm: 30, length_mm: 120}\n"
    found = study(lidded, text)
    assert [access.clear for access in found.access] == [True, True]
    assert found.works
    wall = element("wall", cube((0.02, 0.2, 0.3)).translate((0.105, 0, 0)))
    low = study({**lidded, "wall": wall}, text.replace("base: [box]", "base: [box, wall]"))
    shut = {low.parts[access.part].global_id: access for access in low.access}
    assert shut["bolt 1"].clear
    (blocker,) = shut["bolt 2"].blockers
    assert low.parts[blocker[0]].global_id == "wall"
    assert blocker[1] == pytest.approx(0.120 * _segment(0.015, 0.010), rel=0.02)
    assert not low.works


def test_a_crane_lifts_what_its_table_allows() -> None:
    bodies = {"near": cube((1, 1, 1)).translate((9, -0.5, 0)), "far": cube((1, 1, 1)).translate((19, -0.5, 0))}
    text = (
        "order: 1\ncrane: {at: [0, 0, 0], capacity: {10: 3000, 20: 2000}, density: {default: 2400}, hook_height: 6}\n"
    )
    found = study(elements(bodies), text, ground=0.0)
    told = {
        found.parts[step.parts[0]].global_id: lift
        for step, lift in zip(found.orders[0].steps, found.lifts, strict=True)
    }
    assert {name: lift.problems for name, lift in told.items()} == {"near": (), "far": ("too heavy",)}
    assert (told["far"].mass, told["far"].radius, told["far"].capacity) == pytest.approx((2400, 19.5, 2000))
    assert max(lift.hook for lift in told.values()) == pytest.approx(1 + 1 + 1 + 2)
    assert study(elements(bodies), text.replace("20: 2000", "21: 2500"), ground=0.0).works
    assert not study(elements(bodies), text.replace("hook_height: 6", "hook_height: 4"), ground=0.0).works


def _segment(radius: float, away: float) -> float:
    """Return the area of a circle beyond a chord."""
    return 0.0 if away >= radius else radius**2 * float(np.arccos(away / radius)) - away * (radius**2 - away**2) ** 0.5


def test_what_is_made_in_place_has_nothing_in_its_way(lidded: dict[str, Element]) -> None:
    text = "order: 1\nbase: [box]\nsequence:\n- place: lid\n- place: pin\n"
    assert not study(lidded, text).works
    assert study(lidded, text + "in_place: [pin]\n").works
    assert not study(lidded, text + "in_place: [lid]\n").works


def test_more_parts_than_memory_allows_are_refused() -> None:
    one = element("a", cube((1, 1, 1)))
    with pytest.raises(NoSolution, match=r"5001 parts; .* storey or trade"):
        study({str(k): one for k in range(5001)})
