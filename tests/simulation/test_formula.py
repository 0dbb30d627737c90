"""Formulas: what they compute, and what they refuse to be."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.errors import BadDocument
from simulation.formula import read_formula


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acos((a + c)/(e - c))", math.acos((2.0 + 1.0) / (5.0 - 1.0))),
        ("-a^2 + 2**3", 4.0),
        ("hypot(3, 4) * min(a, c) - atan2(1, 1)", 5.0 - math.pi / 4),
        ("sin(pi/2) + sqrt(abs(-4))", 3.0),
        (1.5, 1.5),
    ],
)
def test_formulas_compute(text: str | float, expected: float) -> None:
    values = {"a": np.array([2.0]), "c": np.array([1.0]), "e": np.array([5.0])}
    assert float(np.ravel(read_formula(text, "x")(values))[0]) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')", "a.b", "a[0]", "lambda: 1", "a if b else c", "[1, 2]", "'text'", "1 +", "",
        "a == b", "open(1)", "sin()", "sin(1, 2)", "f'{a}'", "(x := 3)", "1j", True, float("nan"), "a" * 3000,
        "-" * 100 + "a", "a; b", "9**9**9**9 if a else 1",
    ],
)  # fmt: skip
def test_what_is_no_arithmetic_is_refused(text: str | float) -> None:
    with pytest.raises(BadDocument, match=r"^here: "):
        read_formula(text, "here")


def test_a_power_beyond_numbers_is_no_number_and_no_end() -> None:
    assert not np.isfinite(read_formula("9.0**9**9**9", "x")({}))
    assert np.isnan(read_formula("sqrt(a)", "x")({"a": np.array([-1.0])})[0])


@given(st.lists(st.floats(-100, 100), min_size=3, max_size=3), st.floats(-10, 10), st.floats(0.1, 10))
def test_linear_formulas_give_exact_coefficients(factors: list[float], constant: float, divisor: float) -> None:
    a, b, c = factors
    linear = read_formula(f"({a!r}*x - (y*{b!r}) + {c!r}*(z + x))/{divisor!r} + ({constant!r})", "f").linear()
    assert linear is not None
    wanted = {"x": (a + c) / divisor, "y": -b / divisor, "z": c / divisor}
    for name, value in wanted.items():
        assert linear.coefficients.get(name, 0.0) == pytest.approx(value, rel=1e-12, abs=1e-12)
    assert linear.constant == pytest.approx(constant)


@pytest.mark.parametrize("text", ["x*y", "sin(x)", "1/x", "x^2", "max(x, 0)"])
def test_others_say_that_they_are_not_linear(text: str) -> None:
    assert read_formula(text, "f").linear() is None
