"""What the encoders write is decoded by a decoder written from the specification, and is small where it should be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.twin.scene.reading import decode_attributes, decode_indices
from twin.scene.meshopt_kernels import encode_attributes, encode_indices

KINDS = ("noise", "few values", "slow", "constant")


def rows(kind: str, count: int, stride: int) -> np.ndarray:
    rng = np.random.default_rng([KINDS.index(kind), count, stride])
    if kind == "noise":
        return rng.integers(0, 256, (count, stride), dtype=np.uint8)
    if kind == "few values":
        return rng.integers(0, 3, (count, stride), dtype=np.uint8)
    if kind == "slow":
        return (np.cumsum(rng.integers(-9, 10, (count, stride)), axis=0) & 255).astype(np.uint8)
    return np.full((count, stride), 77, np.uint8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stride", [4, 8, 12, 36, 256])
@pytest.mark.parametrize("count", [1, 15, 16, 17, 255, 256, 257, 600])
def test_attributes_come_back(kind: str, stride: int, count: int):
    data = rows(kind, count, stride)
    assert np.array_equal(decode_attributes(encode_attributes(data), count, stride), data)


@settings(max_examples=60)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 70), st.sampled_from([4, 8]))))
def test_any_attributes_come_back(data: np.ndarray):
    assert np.array_equal(decode_attributes(encode_attributes(data), len(data), data.shape[1]), data)


@settings(max_examples=100)
@given(st.lists(st.integers(0, 2**30 - 1) | st.integers(0, 99), max_size=60))
def test_any_indices_come_back(values: list[int]):
    data = np.array(values, np.uint32)
    assert np.array_equal(decode_indices(encode_indices(data), len(data)), data)


def test_what_does_not_change_takes_no_room():
    assert len(encode_attributes(rows("constant", 10_000, 8))) < 10_000 * 8 // 40
    assert len(encode_indices(np.arange(3000, dtype=np.uint32))) == 3000 + 5


@pytest.mark.parametrize("shape", [(0, 4), (3, 3), (3, 260)])
def test_rows_that_the_bitstream_has_no_room_for_are_refused(shape: tuple[int, int]):
    with pytest.raises(ValueError, match="rows"):
        encode_attributes(np.zeros(shape, np.uint8))


def test_an_index_that_would_lose_its_top_bit_is_refused():
    with pytest.raises(ValueError, match="2\\^30"):
        encode_indices(np.array([0, 1 << 30], np.uint32))
