"""One of every 2**level, whatever the chunks are, and without a pattern."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.readers.thinning import kept_of_pairs, kept_of_records


@given(st.integers(1, 3000), st.integers(0, 12))
def test_one_of_each_run_stays(count: int, level: int) -> None:
    kept = kept_of_records(0, count, level)
    assert kept[0] == 0
    assert (np.diff(kept) > 0).all()
    assert kept[-1] < count
    runs = kept >> level
    assert np.array_equal(runs, np.arange(len(kept)))  # one of each run, none skipped
    assert len(kept) in (count >> level, (count >> level) + 1)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=12), st.integers(0, 6))
def test_chunks_do_not_matter(sizes: list[int], level: int) -> None:
    parts, first = [np.empty(0, np.int64)], 0
    for size in sizes:
        parts.append(kept_of_records(first, size, level) + first)
        first += size
    assert np.array_equal(np.concatenate(parts), kept_of_records(0, first, level))


@given(st.integers(1, 2000), st.integers(1, 8))
def test_thinning_the_thinned_is_thinning_at_once(count: int, level: int) -> None:
    held = np.arange(count)
    for finer in range(1, level + 1):
        held = held[kept_of_pairs(len(held), finer)]
    assert np.array_equal(held, kept_of_records(0, count, level))


@pytest.mark.parametrize("line", [16, 100, 128, 1000])
@pytest.mark.parametrize("level", [2, 4, 7])
def test_scan_lines_keep_all_their_columns(line: int, level: int) -> None:
    kept = kept_of_records(0, 200_000, level)
    per_column = np.bincount(kept % line, minlength=line)
    expected = len(kept) / line
    assert per_column.min() > expected - 5.0 * np.sqrt(expected) - 2.0
    assert per_column.max() < expected + 5.0 * np.sqrt(expected) + 2.0
