"""Parts that come apart only by moving several of them in turn: burrs, against trying everything."""

import itertools
import json
import random
from collections.abc import Mapping, Sequence

import manifold3d
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.design import Element
from simulation.assembly.blocking import block
from simulation.assembly.components import smallest_group
from simulation.assembly.directions import axes, sphere
from simulation.assembly.moves import Freed, Looked, free_by_moves
from simulation.assembly.order_document import OrderDocument
from simulation.assembly.order_study import OrderStudy, study_order
from simulation.assembly.part import Part, make_parts
from simulation.assembly.view import OrderRule
from tests.reference.burr import STEPS, STICKS, Piece, inner_cells, is_whole, level, six_piece_burr, stick_cells
from tests.simulation.assembly_cases import cube, element, elements
from twin.rehearsal.order_overlay import order_overlay
from twin.rehearsal.order_rows import move_rows, order_lines
from twin.rehearsal.said import Said

L5_NOTCHABLE = "55551133140220226630440060666606"
"""Bill Cutler's level 5 burr of notchable pieces, in his LL format."""
RULE, SIZE = OrderRule(touch=1e-4), 0.01


def body(piece: Piece, play: float = 0.0) -> manifold3d.Manifold:
    """Return a piece with cubes of 10 mm, less ``play`` (of a cube) all around."""
    cubes = [cube((1, 1, 1)).translate(cell) for cell in sorted(piece)]
    whole = manifold3d.Manifold.batch_boolean(cubes, manifold3d.OpType.Add)
    if play:
        beside = list(itertools.product((-1, 0, 1), repeat=3))
        near = {(x + a, y + b, z + c) for x, y, z in piece for a, b, c in beside} - piece
        size = 1 + 2 * play
        around = [cube((size, size, size)).translate((x - play, y - play, z - play)) for x, y, z in near]
        whole -= manifold3d.Manifold.batch_boolean(around, manifold3d.OpType.Add)
    return whole.scale((SIZE, SIZE, SIZE))


def made(
    pieces: Sequence[Piece], play: float = 0.0, turned: tuple[float, float, float] = (0, 0, 0)
) -> Mapping[str, Element]:
    return elements({f"{k}": body(piece, play).rotate(turned) for k, piece in enumerate(pieces)})


def parts_of(pieces: Sequence[Piece]) -> tuple[Part, ...]:
    return make_parts(made(pieces))


def moves_of(found: Freed | Looked) -> int | None:
    return len(found.moves) if isinstance(found, Freed) else None


def shared(parts: Sequence[Part], at: FloatArray) -> float:
    """Return the volume that parts share, each moved (n, 3)."""
    moved = [part.body.translate(place) for part, place in zip(parts, at, strict=True)]
    return max(float((one ^ other).volume()) for one, other in itertools.combinations(moved, 2))


def replayed(parts: Sequence[Part], found: Freed) -> None:
    """Look that nothing meets anything on the way, and that what leaves is out at last."""
    at: FloatArray = np.zeros((len(parts), 3))
    for move in found.moves:
        assert 0 < len(move.parts) < len(parts)
        for share in np.linspace(0.0, 1.0, 9):
            there = at.copy()
            there[list(move.parts)] += share * move.shift
            assert shared(parts, there) < 1e-12
        at[list(move.parts)] += move.shift
    boxes = np.array([part.bounds for part in parts]) + at[:, None]
    left = [k for k in range(len(parts)) if k not in found.leaving]
    out = list(found.leaving)
    apart = (boxes[out, 0].min(axis=0) > boxes[left, 1].max(axis=0)) | (
        boxes[out, 1].max(axis=0) < boxes[left, 0].min(axis=0)
    )
    assert apart.any()


def test_the_code_of_the_notchable_burr_reads_one_way_alone() -> None:
    """Of all orders of cubes by axes, and all numberings of sticks, those that fit are the burr's 24 symmetries."""
    sticks = [stick_cells(stick, 6) for stick in STICKS]
    inner = inner_cells()
    assert len(inner) == 32
    assert sum(sum(cell in stick for stick in sticks) == 3 for cell in inner) == 8
    count = 0
    for axis in itertools.permutations(range(3)):
        for sign in itertools.product((1, -1), repeat=3):
            order = sorted(inner, key=lambda c: [s * c[a] for a, s in zip(axis, sign, strict=True)])
            count += sum(
                all(
                    digit == "0" or cell in sticks[named[int(digit) - 1]]
                    for cell, digit in zip(order, L5_NOTCHABLE, strict=True)
                )
                for named in itertools.permutations(range(6))
            )
    assert count == 24
    assert all(is_whole(piece) for piece in six_piece_burr(L5_NOTCHABLE))


def test_the_notchable_burr_is_of_level_5_with_sticks_of_6_and_locked_with_8() -> None:
    short, long = (six_piece_burr(L5_NOTCHABLE, length) for length in (6, 8))
    assert level(short) == (5, 12)
    parts = parts_of(short)
    blocked = block(parts, sphere(), RULE)
    everything = np.ones(6, dtype=np.bool_)
    assert not blocked.free(everything).any()
    assert smallest_group(blocked.blocked, everything, blocked.barred) is None
    found = free_by_moves(parts, axes(), RULE)
    assert isinstance(found, Freed)
    assert len(found.moves) == 5
    replayed(parts, found)
    assert level(long) == (None, 6)
    assert free_by_moves(parts_of(long), axes(), RULE) == Looked(6, complete=True)


@pytest.mark.parametrize(
    ("play", "turned"), [(0.0, (20, 30, 40)), (0.01, (0, 0, 0)), (0.05, (0, 0, 0)), (0.02, (10, 70, -35))]
)
def test_play_and_any_placing_leave_the_level(play: float, turned: tuple[float, float, float]) -> None:
    found = studied(made(six_piece_burr(L5_NOTCHABLE), play, turned))
    (step,) = (step for step in found.orders[0].steps if step.motion is not None)
    assert step.motion is not None
    assert len(step.motion.closing) == 5
    assert not found.orders[0].locked


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 100_000), length=st.sampled_from([6, 6, 8]))
def test_burrs_have_the_level_that_trying_everything_finds(seed: int, length: int) -> None:
    rng = random.Random(seed)
    code, inner = list(L5_NOTCHABLE), inner_cells()
    for k in rng.sample(range(32), rng.randint(0, 4)):
        able = [str(n) for n, stick in enumerate(STICKS, 1) if inner[k] in stick_cells(stick, 6)]
        code[k] = rng.choice([*able, "0", "0"])
    pieces = six_piece_burr("".join(code), length)
    if not all(is_whole(piece) for piece in pieces):
        return
    parts = parts_of(pieces)
    found = free_by_moves(parts, axes(), RULE)
    assert moves_of(found) == level(pieces)[0]
    if isinstance(found, Freed):
        replayed(parts, found)
    else:
        assert found.complete


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_boxes_in_pieces_have_the_level_that_trying_everything_finds(seed: int) -> None:
    pieces = random_pieces(random.Random(seed))
    assert moves_of(free_by_moves(parts_of(pieces), axes(), RULE)) == level(pieces)[0]


def random_pieces(rng: random.Random) -> tuple[Piece, ...]:
    """Return a box of cubes in 2 to 4 pieces, with holes; pieces may touch themselves along edges."""
    x, y, z = (range(rng.randint(2, 4)) for _ in range(3))
    left = set(itertools.product(x, y, z))
    pieces = [{cell} for cell in rng.sample(sorted(left), rng.randint(2, 4))]
    left -= set().union(*pieces)
    while True:
        edges = [
            (piece, cell)
            for piece in pieces
            for cell in sorted({(x + a, y + b, z + c) for x, y, z in piece for a, b, c in STEPS} & left)
        ]
        if not edges:
            return tuple(frozenset(piece) for piece in pieces)
        piece, cell = rng.choice(edges)
        left.remove(cell)
        if rng.random() > 0.12:
            piece.add(cell)


def test_a_solid_that_touches_itself_keeps_its_shape() -> None:
    """Two bars of a frame that meet along an edge only, and the like: four faces at one edge."""
    for seed in range(40):
        for piece in random_pieces(random.Random(seed)):
            (part,) = make_parts({"a": element("a", body(piece))})
            assert part.body is not None
            assert part.volume == pytest.approx(len(piece) * SIZE**3, rel=1e-9)


def studied(some: Mapping[str, Element], base: str = "") -> OrderStudy:
    def said(parts: Sequence[Part]) -> OrderDocument:
        return OrderDocument(base=frozenset(k for k, part in enumerate(parts) if part.global_id == base))

    return study_order(some, RULE, said)


def test_an_order_opens_what_stands_and_closes_it_again() -> None:
    found = studied(made(six_piece_burr(L5_NOTCHABLE)))
    order = found.orders[0]
    assert not order.locked
    assert found.works
    last = order.steps[-1]
    assert last.motion is not None
    assert len(last.motion.closing) == 5
    courses = last.motion.courses()
    times = len(last.motion.opening) + len(last.motion.closing)
    there = [part for step in order.steps[:-1] for part in step.parts]
    for part in there:
        assert courses.get(part, [np.zeros(3)])[0] == pytest.approx(np.zeros(3), abs=1e-9)
    for k in range(times + 1):
        at = np.array([courses[part][k] if part in courses else np.zeros(3) for part in range(6)])
        there_too = there if k < len(last.motion.opening) else range(6)
        assert shared([found.parts[n] for n in there_too], at[list(there_too)]) < 1e-12
    heads, rows = move_rows(found, Said("en"))
    assert (len(heads), len(rows)) == (4, times)
    overlay = json.loads(order_overlay(found, "burr"))
    assert {len(track["keys"]) > 1 for track in overlay["tracks"]} == {True}
    for track in overlay["tracks"]:
        whens = [key["t"] for key in track["keys"]]
        assert whens == sorted(whens)
        assert track["keys"][-1]["move_m"] == pytest.approx([0, 0, 0], abs=1e-9)


def test_what_was_looked_at_in_vain_is_told_and_never_called_impossible() -> None:
    assert free_by_moves(parts_of(six_piece_burr(L5_NOTCHABLE)), axes(), RULE, most_states=3) == Looked(
        3, complete=False
    )
    hollow = cube((3, 3, 3)) - cube((1, 1, 1)).translate((1, 1, 1))
    locked = studied(elements({"shell": hollow, "inside": cube((0.5, 0.5, 0.5)).translate((1.2, 1.2, 1.2))}))
    looked = locked.orders[0].looked
    assert looked is not None
    assert looked.complete
    assert not locked.works
    told = " ".join(order_lines(locked, Said("en")))
    assert f"all {looked.states} positions" in told
    assert "no proof" in told


def test_a_group_that_leaves_is_taken_apart_by_moves_too() -> None:
    """A burr in a box without a lid comes out as one; how it goes together is found as well."""
    burr = made(six_piece_burr(L5_NOTCHABLE))
    hull = cube((0.08, 0.08, 0.08)).translate((-0.04, -0.04, -0.04)) - cube((0.06, 0.06, 0.08)).translate(
        (-0.03, -0.03, -0.03)
    )
    found = studied({**burr, "box": element("box", hull)}, base="box")
    group = next(step for step in found.orders[0].steps if len(step.parts) > 1)
    assert len(group.parts) == 6
    assert any(step.motion is not None for step in group.inner)


def test_nothing_is_moved_through_the_ground_or_away_from_the_base() -> None:
    parts = parts_of(six_piece_burr(L5_NOTCHABLE))
    found = free_by_moves(parts, axes(), RULE, ground=-0.03, fixed=frozenset({0}))
    assert isinstance(found, Freed)
    assert len(found.moves) >= 5
    low = np.array([part.bounds[0, 2] for part in parts])
    for move in found.moves:
        low[list(move.parts)] += move.shift[2]
        assert low.min() >= -0.03 - RULE.touch
        assert 0 not in move.parts
