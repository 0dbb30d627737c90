"""Stack files: every mistake is one line with its place, and nothing else ever comes out of a bad file."""

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.errors import SimulationError
from simulation.stackup.document import read_stack

GOOD = """\
stackup: 1
unit: mm
dimensions:
  a: {nominal: 10, tolerance: 0.1}
  b: {limits: [4.9, 5.2], distribution: uniform}
  c: {nominal: 3, plus: 0.2, minus: 0.1, sigmas: 4}
  w: {nominal: 90, tolerance: 1, unit: deg, distribution: triangular}
  m: {nominal: 1, tolerance: 0.1, measured: [1.01, 0.99, 1.0, 1.02]}
  长度: {nominal: 7, tolerance: 0.2, mean: 7.05, sd: 0.02}
values: {inner: a - b}
requirements:
  gap: {formula: inner - c, lower: 1.5, upper: 2.5, conforming: 0.9}
  high: {formula: m*sin(w) + 长度}
"""


def test_a_file_says_what_it_says() -> None:
    stack = read_stack(GOOD.encode()).stack
    found = {dimension.name: dimension for dimension in stack.dimensions}
    assert (found["b"].nominal, found["b"].tolerance) == pytest.approx((5.05, 0.15))
    assert (found["c"].lower, found["c"].upper) == pytest.approx((2.9, 3.2))
    assert found["c"].distribution.mean == pytest.approx(3.05)
    assert found["c"].distribution.central_moment(2) ** 0.5 == pytest.approx(0.3 / 8)
    assert found["w"].nominal == pytest.approx(np.pi / 2)
    assert found["m"].distribution.mean == pytest.approx(1.005)
    assert found["长度"].distribution.mean == pytest.approx(7.05)
    assert stack.evaluate(stack.nominal[None])[0] == pytest.approx([10 - 5.05 - 3, 1.0 + 7])
    assert stack.coefficients(stack.requirements[0]) == {"a": 1.0, "b": -1.0, "c": -1.0}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("stackup: 1", "stack: 1", "'stackup: 1' is missing"),
        ("stackup: 1", "stackup: 7", "line 1: stackup: version 7 is not known"),
        ("unit: mm", "unit: furlong", "line 2: unit: 'furlong' is none of mm"),
        ("tolerance: 0.1}", "tolerance: -0.1}", "line 4: dimensions.a.tolerance: -0.1 is less than 0"),
        ("nominal: 10, ", "nominal: ten, ", "line 4: dimensions.a.nominal: 'ten' is no number"),
        ("nominal: 10, ", "nominal: .inf, ", "dimensions.a.nominal: inf is no number"),
        ("nominal: 10, ", "", "line 4: dimensions.a: 'nominal' is missing"),
        ("tolerance: 0.1}", "tolerence: 0.1}", "line 4: dimensions.a.tolerence: this word is not known here; "
         "did you mean tolerance?"),
        ("tolerance: 0.1}", "pluss: 1}", "dimensions.a.pluss: this word is not known here; did you mean plus?"),
        ("tolerance: 0.1}", "sd: 1}", "line 4: dimensions.a: 'tolerance' is missing"),
        ("dimensions:", "dimension:", "line 3: dimension: this word is not known here; did you mean dimensions?"),
        ("tolerance: 0.1}", "tolerance: 0.1, sgima: 3}", "a.sgima: this word is not known here; did you mean sigmas?"),
        ("[4.9, 5.2]", "[5.2, 4.9]", "dimensions.b.limits: 5.2 is above 4.9"),
        ("[4.9, 5.2]", "[4.9]", "1 numbers, not 2"),
        ("uniform", "unifrom", "did you mean uniform?"),
        ("[1.01, 0.99, 1.0, 1.02]", "[1.01]", "one value says nothing"),
        ("sigmas: 4", "sigmas: 0", "0 is not more than 0"),
        ("  a: {", "  sin: {", "'sin' cannot be a name"),
        ("  a: {", "  in: {", "'in' cannot be a name"),
        ("  a: {", "  a b: {", "'a b' cannot be a name"),
        ("a - b", "a - bb", "values.inner: there is no 'bb'; did you mean b?"),
        ("a - b", "a -", "values.inner: 'a -' is no formula"),
        ("{inner: a - b}", "{a: b}", "there is a 'a' already"),
        ("a - b", "sqrt(a - 20*b)", "with all dimensions nominal there is no inner"),
        ("lower: 1.5", "lower: 3.5", "requirements.gap.lower: it is above 'upper'"),
        ("conforming: 0.9", "conforming: 99.7", "a share below 1"),
        ("formula: inner - c", "formular: inner - c", "did you mean formula?"),
        ("formula: inner - c, ", "", "'formula' is missing"),
        ("formula: inner - c", "formula: {a: 1}", "is no number or formula"),
        ("unit: mm", "unit: mm\nunit: m", "line 3: unit: the same word stands here twice"),
        ("unit: mm", "\tunit: mm", "it is no YAML"),
        ("unit: mm", "correlations: [{between: [a, z], coefficient: 0.5}]", "two different dimensions"),
        ("unit: mm", "correlations: [{between: [a, b], coefficient: 1}]", "between -1 and 1"),
        ("unit: mm", "allocate: {requirement: gap, ppm: 100}", "no dimension has a 'cost'"),
        ("unit: mm", "allocate: {requirement: high, ppm: 100}", "has no limits"),
        ("unit: mm", "parts: {base: {}}", "nothing is measured between them"),
        ("unit: mm", "loops: {unknowns: {x: {start: 1}}, closed: [{links: [{length: a, direction: 0}, {length: x, "
         "direction: 0}]}]}", "1 loop(s) fix 2 unknowns, not 1: x"),
        ("unit: mm", "loops: {unknowns: {x: {start: 1}, y: {start: 1}}, closed: [{links: [{length: 3*a, direction: 0}, "
         "{length: a, direction: x}, {length: a, direction: y}]}]}\nrequirements2: 1", "there is no x"),
        ("unit: mm", "parts: {base: {}, lid: {on: base, contacts: [{point: [0, 0, 0], onto: [0, 0, 0], "
         "normal: [0, 0, 1]}]}}", "1 contacts; six hold a part"),
        ("unit: mm", "parts: {base: {}, lid: {on: cover}}", "there is no part 'cover' before this one"),
        ("unit: mm", "parts: {base: {}, lid: {on: base, contacts: ["
         + ", ".join(["{point: [0, 0, 0], onto: [0, 0, 0], normal: [0, 0, 1]}"] * 6)
         + "]}}\nmeasures: {h: {from: {part: base, point: [0, 0, 0]}, to: {part: lid, point: [0, 0, 0]}}}",
         "nothing holds it against x, y, turn about x, turn about y, turn about z"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(SimulationError) as caught:
        read_stack(GOOD.replace(old, new, 1).encode())
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"- 1\n", b"[", b"stackup: 1", b"&a [*a]", b"1: 2", b"? [a]\n: 1"]
)
def test_what_is_no_stack_at_all_is_told(content: bytes) -> None:
    with pytest.raises(SimulationError):
        read_stack(content)


def test_aliases_do_not_multiply_without_end() -> None:
    lines = ["stackup: 1", "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)]
    with pytest.raises(SimulationError, match="too large"):
        read_stack("\n".join(lines).encode())


WORDS = st.sampled_from(
    "stackup dimensions a nominal tolerance requirements formula loops closed links parts measures unit contacts "
    "unknowns start allocate values".split()
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats()
    | st.sampled_from(["a", "mm", "deg", "a +", "x y", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(
    content=st.dictionaries(WORDS, VALUES, max_size=6),
    place=st.sampled_from(["", "dimensions", "requirements", "loops", "parts"]),
)
def test_no_document_brings_anything_but_a_stack_or_a_fault(content: dict[str, object], place: str) -> None:
    whole = yaml.safe_load(GOOD)
    whole.update({place: content} if place else content)
    text, told = yaml.safe_dump(whole, allow_unicode=True).encode(), ""
    try:
        stack = read_stack(text).stack
    except SimulationError as error:
        told = str(error)
    else:
        assert np.isfinite(stack.nominal).all()
    assert "\n" not in told
