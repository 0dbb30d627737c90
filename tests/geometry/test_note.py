"""Notes: English as they stand, and what is needed to say them otherwise survives pickles, copies and JSON."""

import copy
import json
import pickle
from collections.abc import Callable

import pytest

from geometry.note import Note, restored, stored

NESTED = Note("in_file", "{file}: {note}", file="a.e57", note=Note("no_points", "{name} has no points.", name="hall"))


def test_a_note_reads_as_its_english() -> None:
    assert NESTED == "a.e57: hall has no points."
    assert f"{NESTED}" == "a.e57: hall has no points."
    assert "hall" in NESTED


def test_braces_in_values_are_no_fields() -> None:
    assert Note("no_points", "{name} has no points.", name="{x}") == "{x} has no points."


def _pickled(note: Note) -> object:
    return pickle.loads(pickle.dumps(note))


def _through_json(note: Note) -> object:
    return restored(json.loads(json.dumps(stored(note))))


@pytest.mark.parametrize("again", [_pickled, _through_json, copy.copy, copy.deepcopy])
def test_word_and_values_survive(again: Callable[[Note], object]) -> None:
    back = again(NESTED)
    assert isinstance(back, Note)
    assert (back, back.word, back.template) == (NESTED, "in_file", "{file}: {note}")
    inner = back.values["note"]
    assert isinstance(inner, Note)
    assert (inner.word, dict(inner.values)) == ("no_points", {"name": "hall"})


def test_a_bare_text_stays_as_it_is() -> None:
    assert restored(stored("plain")) == "plain"
    assert not isinstance(restored("plain"), Note)


@pytest.mark.parametrize("said", [None, 3, [], ["word"], ["word", "text", []]])
def test_what_is_no_note_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match="no stored note"):
        restored(said)
