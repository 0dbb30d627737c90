"""The Morton order against bits set one by one, the sample against a search through every cube."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.scene.cells import Cell, finest_bits, morton, root_cell, sample


def slow_morton(step: np.ndarray, cell: Cell, finest: int) -> int:
    code = 0
    for bit in range(20, -1, -1):
        for axis in range(3):
            code = code << 1 | ((int(step[axis]) - cell.corner[axis]) >> finest >> bit & 1)
    return code


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 32))
def test_morton_is_the_bits_interleaved(seed: int, bits: int):
    rng = np.random.default_rng(seed)
    corner = -(2**31)
    steps = rng.integers(corner, corner + 2**bits, (20, 3)).astype(np.int32)
    cell = Cell((corner, corner, corner), bits)
    finest = finest_bits(cell)
    assert morton(steps, cell, finest).tolist() == [slow_morton(step, cell, finest) for step in steps]


def test_the_octants_of_a_cell_follow_each_other_in_its_order():
    cell = Cell((-8, 0, 100), 4)
    for octant in range(8):
        corner = np.array([cell.child(octant).corner], np.int32)
        assert morton(corner, cell, 0)[0] == octant * 8**3
        assert cell.child(octant).path == f"r{octant}"


@given(st.integers(0, 1000), st.integers(-500, 500))
def test_the_root_holds_both_corners_and_is_no_larger_than_needed(width: int, low: int):
    corner = np.full(3, low)
    cell = root_cell(corner, corner + np.array([width, 0, 1]))
    assert max(width, 1) < 2**cell.bits <= 2 * max(width, 1)


def slow_sample(steps: np.ndarray, cell: Cell, bits: int) -> set[int]:
    nearest: dict[tuple[int, ...], tuple[int, int]] = {}
    for i, step in enumerate(steps.tolist()):
        offset = [value - low for value, low in zip(step, cell.corner, strict=True)]
        cube = tuple(value >> bits for value in offset)
        distance = sum((2 * (value % 2**bits) + 1 - 2**bits) ** 2 for value in offset)
        if cube not in nearest or distance < nearest[cube][0]:
            nearest[cube] = (distance, i)
    return {i for _, i in nearest.values()}


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 400), st.sampled_from([4, 9, 12, 20]), st.sampled_from([1, 5, 300]))
def test_each_cube_gives_the_point_nearest_to_its_middle(seed: int, count: int, bits: int, most: int):
    rng = np.random.default_rng(seed)
    cell = Cell((-70, 3, 12), bits)
    steps = (rng.integers(0, 2**bits, (count, 3)) // 3 + cell.corner).astype(np.int32)
    steps = steps[np.argsort(morton(steps, cell, 0), kind="stable")]
    chosen, width = sample(steps, cell, finest=0, most=most)
    assert set(np.flatnonzero(chosen).tolist()) == slow_sample(steps, cell, width)
    assert 1 <= chosen.sum() <= most
    finest = max(bits - 7, 0)
    # the finest grid that is allowed to
    assert width == finest or len(slow_sample(steps, cell, width - 1)) > most
