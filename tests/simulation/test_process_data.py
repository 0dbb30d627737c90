"""Columns that must not be learnt from, and units that come later."""

import numpy as np
import pytest

from geometry.arrays import FloatArray
from simulation.errors import SimulationError
from simulation.prediction.process_data import Column, telling, units

BAD = np.arange(200) % 10 == 3
MOMENT = np.arange(200)


def _noise(seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).normal(size=200)


def test_what_tells_nothing_is_left_out_and_told() -> None:
    columns: dict[str, Column] = {
        "serial": np.arange(200.0), "name": tuple(f"U{k}" for k in range(200)), "same": np.full(200, 3.0),
        "x": _noise(), "line": tuple("AB"[k % 2] for k in range(200)),
        "gaps": np.where(MOMENT % 3 == 0, np.nan, _noise(1)),
    }  # fmt: skip
    found = units(columns, BAD, MOMENT)
    assert found.encoding.variables == ("x", "line = A", "line = B", "gaps")
    assert [note.split(" is left out")[0] for note in found.notes if "left out" in note] == [
        "Column serial", "Column name", "Column same",
    ]  # fmt: skip
    assert any("gaps" in note and "33.5 %" in note for note in found.notes)


def test_a_cause_is_no_leak_and_a_near_one_is_told() -> None:
    strong = np.where(BAD, 2.0, 0.0) + _noise()
    near = np.where(BAD, 9.0, 0.0) + _noise()
    near[3] = 1.0  # one bad unit among the good ones
    assert 0.85 < telling(strong, BAD) < 0.99 < telling(near, BAD) < 1.0
    told = units({"strong": strong, "near": near}, BAD, MOMENT).notes
    assert len(told) == 1
    assert "near" in told[0]


def test_a_leak_is_accepted_where_it_is_said_to_be_known_before() -> None:
    columns: dict[str, Column] = {"leak": BAD.astype(float), "x": _noise()}
    with pytest.raises(SimulationError, match="'leak' tells the outcome by itself"):
        units(columns, BAD, MOMENT)
    assert units(columns, BAD, MOMENT, known_before=("leak",)).encoding.variables == ("leak", "x")
    with pytest.raises(SimulationError, match="no column is left"):
        units({"same": np.ones(200)}, BAD, MOMENT)


def test_later_units_are_encoded_alike_and_strangers_are_seen() -> None:
    found = units({"x": _noise(), "line": tuple("AB"[k % 2] for k in range(200))}, BAD, MOMENT)
    later = found.encoding.encoded({"line": ("B", "C", None), "x": np.array([0.0, 99.0, np.nan]), "more": np.zeros(3)})
    assert later[:, 1:].tolist() == [[0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    assert found.encoding.outside(later).tolist() == [0.0, 1.0, 0.0]
