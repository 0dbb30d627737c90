"""What is sealed comes back for its purpose, by its key, unchanged; or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.auth.seal import sealed, unsealed

KEY, CONTENT = b"k" * 32, {"user": "a" * 32, "name": "b" * 32}


def test_it_comes_back_for_its_purpose_alone() -> None:
    text = sealed(KEY, "device", CONTENT)
    assert unsealed(KEY, "device", text) == CONTENT
    assert unsealed(KEY, "sign_in", text) is None
    assert unsealed(b"l" * 32, "device", text) is None


@given(st.integers(0, 10**6), st.sampled_from("Aa0_-"))
def test_one_other_character_and_it_is_not_ours(place: int, other: str) -> None:
    text = sealed(KEY, "device", CONTENT)
    place %= len(text) - 1  # of the last one, some bits stand for nothing
    if text[place] != other:
        assert unsealed(KEY, "device", text[:place] + other + text[place + 1 :]) is None


@pytest.mark.parametrize("text", ["", "x", "forged", "Zm9yZ2Vk" * 20, "☃", "=" * 50])
def test_what_we_have_not_written_is_nothing(text: str) -> None:
    assert unsealed(KEY, "device", text) is None
