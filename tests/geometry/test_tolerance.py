"""The catalogue number by number, interpolation, the form of the file, and one line for every bad one.

The tables below are copied from the sources named in the catalogue: GB 50204-2015 table 8.3.2 and DIN 18202:2013-04
tables 2 and 3. A change of a limit has to be made twice, on purpose.
"""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.errors import ToleranceError
from geometry.tolerance import (
    CHARACTERISTICS,
    Limits,
    Rule,
    ToleranceSet,
    load_standard,
    load_tolerance_file,
    standard_names,
    surface_tolerance,
)

CONCRETE = ("C30/37 Concrete",)
FLOOR = "rules: [{characteristic: floor_flatness, classes: [IfcSlab], "
DOCUMENTED = Path(__file__).parents[2] / "docs" / "tolerances.md"


def rules(
    standard: str, ifc_class: str, characteristic: str, materials: tuple[str, ...] = CONCRETE, kind: str = ""
) -> list[Rule]:
    found = load_standard(standard).rules_for(ifc_class, materials, kind)
    return [rule for rule in found if rule.characteristic == characteristic]


def limits_mm(rule: Rule, size: float) -> tuple[float, float]:
    limits = rule.limits(size)
    assert limits is not None
    return round(limits.lower * 1000, 9), round(limits.upper * 1000, 9)


@pytest.mark.parametrize(
    ("ifc_class", "characteristic", "size", "lower", "upper"),
    [
        ("IfcFooting", "axis_position", 1.0, -10, 10),
        ("IfcColumn", "axis_position", 3.0, -8, 8),
        ("IfcWall", "axis_position", 3.0, -8, 8),
        ("IfcWallStandardCase", "axis_position", 3.0, -8, 8),
        ("IfcBeam", "axis_position", 3.0, -8, 8),
        ("IfcColumn", "verticality", 6.0, -10, 10),
        ("IfcColumn", "verticality", 6.001, -12, 12),
        ("IfcWall", "verticality", 2.8, -10, 10),
        ("IfcWall", "verticality", 9.0, -12, 12),
        ("IfcSlab", "level", 5.0, -10, 10),
        ("IfcBeam", "level", 5.0, -10, 10),
        ("IfcFooting", "section_size", 1.0, -10, 15),
        ("IfcColumn", "section_size", 1.0, -5, 10),
        ("IfcBeam", "section_size", 1.0, -5, 10),
        ("IfcSlab", "section_size", 1.0, -5, 10),
        ("IfcWall", "section_size", 1.0, -5, 10),
        ("IfcColumn", "flatness", 3.0, 0, 8),
        ("IfcWall", "flatness", 3.0, 0, 8),
        ("IfcSlab", "flatness", 3.0, 0, 8),
    ],
)
def test_gb_50204_2015_table_8_3_2(
    ifc_class: str, characteristic: str, size: float, lower: float, upper: float
) -> None:
    [rule] = rules("GB 50204-2015", ifc_class, characteristic)
    assert limits_mm(rule, size) == (lower, upper)
    assert rule.source.startswith("GB 50204-2015, table 8.3.2")
    assert "[one source]" not in rule.source
    assert characteristic != "flatness" or rule.span == 2.0


@pytest.mark.parametrize(
    ("ifc_class", "kind", "axis", "section"),
    [
        ("IfcFooting", "", 10, (-10, 15)),  # what does not say its type gets the stricter limit
        ("IfcFooting", "PAD_FOOTING", 10, (-10, 15)),
        ("IfcFooting", "PILE_CAP", 10, (-10, 15)),
        ("IfcFooting", "something of our own", 10, (-10, 15)),
        ("IfcFooting", "STRIP_FOOTING", None, (-10, 15)),
        ("IfcFooting", "Raft-Foundation", 15, (-10, 15)),
        ("IfcFooting", "筏板基础", 15, (-10, 15)),
        ("IfcSlab", "BASESLAB", 15, (-10, 15)),
        ("IfcSlab", "raft", 15, (-10, 15)),
        ("IfcSlab", "FLOOR", None, (-5, 10)),
        ("IfcSlab", "", None, (-5, 10)),
    ],
)
def test_a_raft_is_no_isolated_footing(ifc_class: str, kind: str, axis: int | None, section: tuple[int, int]) -> None:
    """GB 50204-2015 table 8.3.2: axis of a raft 15, of an isolated footing 10, section of a foundation +15/-10."""
    found = rules("GB 50204-2015", ifc_class, "axis_position", kind=kind)
    assert [limits_mm(rule, 5.0) for rule in found] == ([(-axis, axis)] if axis else [])
    [size] = rules("GB 50204-2015", ifc_class, "section_size", kind=kind)
    assert limits_mm(size, 1.0) == section
    open_ = load_standard("GB 50204-2015").left_open(ifc_class, CONCRETE, kind)
    assert open_ == (("axis_position",) if kind == "STRIP_FOOTING" else ())
    assert "axis_position" not in load_standard("default").left_open(ifc_class, CONCRETE, kind)


FLATNESS_SPANS = (0.1, 1.0, 4.0, 10.0, 15.0)


@pytest.mark.parametrize(
    ("ifc_class", "faces", "line", "values", "at_2_m"),
    [
        ("IfcWall", "", "line 5", (5, 10, 15, 25, 30), 12),
        ("IfcColumn", "", "line 5", (5, 10, 15, 25, 30), 12),
        ("IfcSlab", "down", "line 5", (5, 10, 15, 25, 30), 12),
        ("IfcBeam", "down", "line 5", (5, 10, 15, 25, 30), 12),
        ("IfcRoof", "down", "line 5", (5, 10, 15, 25, 30), 12),
        ("IfcSlab", "up", "line 1", (10, 15, 20, 25, 30), 17),
    ],
)
def test_din_18202_table_3(ifc_class: str, faces: str, line: str, values: tuple[int, ...], at_2_m: int) -> None:
    found = [rule for rule in rules("DIN 18202", ifc_class, "flatness") if rule.faces == faces]
    assert all(f"DIN 18202:2013-04, table 3 {line}" in rule.source for rule in found)
    got = {rule.span: limits_mm(rule, 3.0) for rule in found}
    assert got == {s: (0, v) for s, v in zip(FLATNESS_SPANS, values, strict=True)} | {2.0: (0, at_2_m)}


ANGULAR_MM = {0.5: 3, 0.51: 6, 1: 6, 1.01: 8, 3: 8, 3.01: 12, 6: 12, 6.01: 16, 15: 16, 15.1: 20, 30: 20, 31: 30}


@pytest.mark.parametrize("ifc_class", ["IfcWall", "IfcWallStandardCase", "IfcColumn"])
def test_din_18202_table_2_upright(ifc_class: str) -> None:
    [rule] = rules("DIN 18202", ifc_class, "verticality")
    assert angular(rule) == {size: (-v, v) for size, v in ANGULAR_MM.items()}
    assert rule.source == "DIN 18202:2013-04, table 2, angular deviation as offset [one source]"


@pytest.mark.parametrize("ifc_class", ["IfcSlab", "IfcBeam"])
def test_din_18202_table_2_lying(ifc_class: str) -> None:
    [rule] = rules("DIN 18202", ifc_class, "slope")
    assert angular(rule) == {size: (-v, v) for size, v in ANGULAR_MM.items()}
    assert rule.source == "DIN 18202:2013-04, table 2, angular deviation as offset [one source]"


@pytest.mark.parametrize("ifc_class", ["IfcWall", "IfcColumn", "IfcBeam", "IfcFooting"])
def test_din_18202_table_1_in_plan(ifc_class: str) -> None:
    [rule] = rules("DIN 18202", ifc_class, "axis_position")
    table = {1: 10, 1.01: 12, 3: 12, 3.01: 16, 6: 16, 6.01: 20, 15: 20, 15.1: 24, 30: 24, 31: 30}
    assert {size: limits_mm(rule, size) for size in table} == {size: (-v, v) for size, v in table.items()}
    assert rule.by == "length"
    assert rule.source.endswith("[one source]")


def angular(rule: Rule) -> dict[float, tuple[float, float]]:
    return {size: limits_mm(rule, size) for size in ANGULAR_MM}


def test_din_18202_asks_nothing_about_material() -> None:
    assert rules("DIN 18202", "IfcWall", "flatness", materials=())


def test_gb_50204_is_about_concrete_only() -> None:
    assert rules("GB 50204-2015", "IfcColumn", "axis_position", ("现浇混凝土 C30",))
    assert rules("GB 50204-2015", "IfcColumn", "axis_position", ("Stahlbeton",))
    assert not rules("GB 50204-2015", "IfcColumn", "axis_position", ("Steel S355",))
    assert not rules("GB 50204-2015", "IfcColumn", "axis_position", ())


def test_the_default_is_both_standards_and_nothing_else() -> None:
    default, gb, din = (load_standard(name).rules for name in ("default", "gb-50204-2015", "din-18202-2013"))
    assert set(default) == set(gb) | set(din)


def test_every_rule_of_the_catalogue_names_its_clause_and_can_be_measured() -> None:
    for name in standard_names():
        for rule in load_standard(name).rules:
            assert rule.characteristic in CHARACTERISTICS
            assert ", table " in rule.source
            # DIN 18202 table 1 has no limit for openings beyond 6 m
            assert np.isinf(rule.steps[-1][0]) or (rule.characteristic, rule.steps[-1][0]) == ("opening_size", 6.0)


def test_rows_rise_with_size_and_longer_edges_allow_more() -> None:
    """The fact-check that finds misprints: no limit gets tighter as things get longer."""
    for name in standard_names():
        found = load_standard(name).rules
        for rule in found:
            widths = [limits.upper - limits.lower for _, limits in rule.steps]
            assert widths == sorted(widths)
        by_span: dict[tuple[str, tuple[str, ...], str], list[tuple[float, float]]] = {}
        for rule in found:
            if rule.characteristic == "flatness":
                table = by_span.setdefault((rule.source, rule.classes, rule.faces), [])
                table.append((rule.span, rule.steps[0][1].upper))
        for rows in by_span.values():
            assert [v for _, v in sorted(rows)] == sorted(v for _, v in rows)


@pytest.mark.parametrize("name", ["GB 50204-2015", "gb-50204-2015", "gb502042015", "GB50204 2015"])
def test_a_standard_is_found_however_it_is_written(name: str) -> None:
    assert load_standard(name).name == "GB 50204-2015"


def test_an_unknown_standard_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(ToleranceError, match="no standard named 'EN 13670'; choose one of: default, din-18202-2013"):
        load_standard("EN 13670")
    assert standard_names() == ("default", "din-18202-2013", "gb-50204-2015")


@given(tolerance=st.floats(1e-6, 1.0))
def test_one_tolerance_for_everything(tolerance: float) -> None:
    found = surface_tolerance(tolerance)
    [rule] = found.rules_for("IfcAnything", ())
    assert rule.characteristic == "surface"
    assert rule.limits(1000.0) == Limits(-tolerance, tolerance)
    assert rule.source == "user"


def test_the_name_of_one_tolerance_says_it_in_millimetres() -> None:
    assert surface_tolerance(0.010).name == "user ±10 mm"
    assert surface_tolerance(0.0125).name == "user ±12.5 mm"


@pytest.mark.parametrize("tolerance", [0.0, -0.01, float("nan"), float("inf")])
def test_a_tolerance_that_is_no_length_is_refused(tolerance: float) -> None:
    with pytest.raises(ToleranceError, match="positive length"):
        surface_tolerance(tolerance)


@pytest.mark.parametrize(("lower", "upper"), [(0.01, -0.01), (0.01, 0.01), (float("nan"), 0.01), (0.0, float("inf"))])
def test_limits_that_are_no_range_are_refused(lower: float, upper: float) -> None:
    with pytest.raises(ToleranceError, match="not a range"):
        Limits(lower, upper)


def load(tmp_path: Path, text: str) -> ToleranceSet:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_tolerance_file(path)


def test_a_users_file_takes_the_catalogues_form(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        """
name: project 4711
cite: contract 4711, annex B
include: [din-18202-2013]
rules:
  - characteristic: surface
    clause: B.1
    limits: [{value_mm: 15}]
  - characteristic: verticality
    clause: B.2
    classes: [IfcColumn]
    materials: [Concrete, 混凝土]
    by: height
    limits: [{up_to_m: 6, value_mm: 10}, {up_to_m: 20, lower_mm: -5, upper_mm: 12}]
  - characteristic: flatness
    faces: up
    spans: [{span_m: 1, value_mm: 10}, {span_m: 4, value_mm: 15}]
""",
    )
    mine = [rule for rule in found.rules if "4711" in rule.source]
    assert found.name == "project 4711"
    assert len(found.rules) - len(mine) == len(load_standard("din-18202-2013").rules)
    surface, plumb, *flat = mine
    assert surface.source == "contract 4711, annex B, B.1"
    assert limits_mm(surface, 99.0) == (-15, 15)
    assert plumb.applies_to("IfcColumn", ("lean CONCRETE",))
    assert not plumb.applies_to("IfcColumn", ())
    assert not plumb.applies_to("IfcWall", ("concrete",))
    assert limits_mm(plumb, 6.0) == (-10, 10)
    assert limits_mm(plumb, 7.0) == (-5, 12)
    assert plumb.limits(20.1) is None
    assert {(r.span, r.faces, limits_mm(r, 1.0)) for r in flat} == {
        (1.0, "up", (0, 10)), (2.0, "up", (0, 12)), (4.0, "up", (0, 15)),
    }  # fmt: skip


@given(
    a=st.integers(1, 40), b=st.integers(0, 40), short=st.sampled_from([0.1, 0.5, 1.0]), long=st.sampled_from([3, 4, 10])
)
def test_two_metres_are_interpolated_between_the_spans_and_rounded_to_whole_millimetres(
    tmp_path_factory: pytest.TempPathFactory, a: int, b: int, short: float, long: float
) -> None:
    spans = f"[{{span_m: {short}, value_mm: {a}}}, {{span_m: {long}, value_mm: {a + b}}}]"
    found = load(tmp_path_factory.mktemp("t"), f"rules: [{{characteristic: flatness, spans: {spans}}}]")
    at = {rule.span: limits_mm(rule, 1.0)[1] for rule in found.rules}
    exact = a + b * (2 - short) / (long - short)
    assert at[2.0] == round(at[2.0])
    assert abs(at[2.0] - exact) <= 0.5 + 1e-9
    assert at[short] <= at[2.0] <= at[long]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no tolerances"),
        ("just words", "holds no tolerances"),
        ("[1, 2]", "holds no tolerances"),
        ("name: x", "holds no rule"),
        ("rules: []", "holds no rule"),
        ("rules: [{characteristic: [", "is not YAML"),
        ("rules: [{characteristic: colour, limits: [{value_mm: 3}]}]", "rule 1: 'colour' is not one of surface, "),
        ("rules: [{limits: [{value_mm: 3}]}]", "rule 1: 'characteristic' is missing"),
        ("rules: [{characteristic: surface}]", "rule 1: 'limits'"),
        ("rules: [{characteristic: surface, limits: [{}]}]", "rule 1: 'lower_mm'"),
        ("rules: [{characteristic: surface, limits: [{lower_mm: 3}]}]", "rule 1: 'upper_mm'"),
        ("rules: [{characteristic: surface, limits: [{value_mm: ten}]}]", "rule 1: 'value_mm': 'ten' is no number"),
        (
            "rules: [{characteristic: level, limits: [{up_to_m: 6 m, value_mm: 3}]}]",
            "rule 1: 'up_to_m': '6 m' is no number; give metres without a unit",
        ),
        (
            "rules: [{characteristic: surface, limits: [{lower_mm: 1, upper_mm: 15mm}]}]",
            "rule 1: 'upper_mm': '15mm' is no number; give millimetres without a unit",
        ),
        ("rules: [{characteristic: surface, limits: 15mm}]", "rule 1: 'limits': '15mm' is no list such as"),
        ("rules: [{characteristic: flatnes, limits: [{value_mm: 3}]}]", "'flatnes' is .*; did you mean flatness"),
        ("rules: [{characteristic: surface, limits: [{value: 3}]}]", "did you mean value_mm"),
        ("rules: [{characteristic: surface, limits: [{value_mm: 0}]}]", "rule 1: limits .* are not a range"),
        ("rules: [{characteristic: surface, limits: [{value_mm: -3}]}]", "rule 1: limits .* are not a range"),
        ("rules: [{characteristic: surface, limits: [{value_mm: .nan}]}]", "rule 1: limits .* are not a range"),
        ("rules: [{characteristic: surface, limits: [{lower_mm: 5, upper_mm: -5}]}]", "are not a range"),
        (
            "rules: [{characteristic: surface, limits: [{value_mm: 3}]}, {characteristic: level, limits: 7}]",
            "rule 2: ",
        ),
        (
            "rules: [{characteristic: level, limits: [{up_to_m: 6, value_mm: 3}, {up_to_m: 3, value_mm: 5}]}]",
            "rule 1: 'up_to_m' must rise",
        ),
        ("include: [EN 1090]\nrules: []", "no standard named 'EN 1090'"),
        ("rules: [{characteristic: floor_flatness, limits: [{minimum: 35}]}]", "name their 'classes'"),
        (FLOOR + "limits: [{value_mm: 3}]}]", "the limit of floor_flatness is a 'minimum', an FF number"),
        (FLOOR + "limits: [{minimum: 35, upper_mm: 3}]}]", "is a 'minimum'"),
        (FLOOR + "limits: [{minimum: -35}]}]", "'minimum' must be a positive number, not -35"),
        (FLOOR + "limits: [{minimum: .inf}]}]", "'minimum' must be a positive number"),
        (FLOOR + "spans: [{span_m: 2, value_mm: 3}]}]", "floor_flatness has no 'spans'"),
        ("rules: [{characteristic: level, limits: [{minimum: 35}]}]", "'minimum' is for floor_flatness and "),
        ("rules: [{characteristic: level, predefined_types: RAFT, limits: [{value_mm: 3}]}]", "must be a list"),
    ],
)
def test_a_bad_file_is_one_line_that_says_where(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ToleranceError, match=says) as raised:
        load(tmp_path, text)
    assert "\n" not in str(raised.value)


def test_f_numbers_are_lengths_inside(tmp_path: Path) -> None:
    """FF 35 is a spread of 4.57 / 35 inches at most, FL 25 one of half an inch; limits may depend on the size."""
    text = FLOOR + "limits: [{up_to_m: 20, minimum: 35}, {minimum: 25}]}, "
    [flat, level] = load(
        tmp_path, text + "{characteristic: floor_levelness, classes: [IfcSlab], limits: [{minimum: 25}]}]"
    ).rules
    inches = [round(limits_mm(rule, size)[1] / 25.4, 6) for rule, size in ((flat, 20.0), (flat, 21.0), (level, 5.0))]
    assert inches == [round(4.57 / 35, 6), round(4.57 / 25, 6), 0.5]
    assert limits_mm(flat, 20.0)[0] == 0.0


@pytest.mark.parametrize(
    "text", ["rules: [surface]", "rules: [{characteristic: surface, limits: [{value_mm: 3}], classes: 4}]"]
)
def test_a_file_of_the_wrong_shape_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ToleranceError, match="rule 1: "):
        load(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "rules: 5",
        "include: 7",
        "rules: [{characteristic: surface, limits: []}]",
        "rules: [{characteristic: flatness, spans: []}]",
        "rules: [{characteristic: flatness, span_m: -2, limits: [{lower_mm: 0, upper_mm: 8}]}]",
        "rules: [{characteristic: flatness, span_m: .nan, limits: [{lower_mm: 0, upper_mm: 8}]}]",
        "rules: [{characteristic: flatness, spans: [{span_m: 4, value_mm: 9}, {span_m: 1, value_mm: 5}]}]",
        "rules: [{characteristic: surface, limits: [{value_mm: 3}], clases: [IfcWall]}]",
        "rules: [{characteristic: surface, limits: [{value_mm: 3}], classes: IfcWall}]",
        "rules: [{characteristic: flatness, faces: top, limits: [{lower_mm: 0, upper_mm: 8}]}]",
        "rules: [{characteristic: level, by: heigth, limits: [{value_mm: 3}]}]",
        "rules: [{characteristic: surface, limits: [{value_mm: 3, upto_m: 3}]}]",
    ],
)
def test_nothing_in_a_file_is_misread_in_silence(tmp_path: Path, text: str) -> None:
    """docs/tolerances.md: a rule that cannot be understood is an error that names its number; nothing is skipped."""
    with pytest.raises(ToleranceError):
        load(tmp_path, text)


def test_a_file_that_is_not_there_or_not_text_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ToleranceError, match=r"cannot read tolerances .*nowhere\.yaml: No such file"):
        load_tolerance_file(tmp_path / "nowhere.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00rules")
    with pytest.raises(ToleranceError, match="is not YAML"):
        load_tolerance_file(tmp_path / "binary.yaml")


def test_every_key_that_is_accepted_is_documented(tmp_path: Path) -> None:
    """The refusal of an unknown key names those that are known; each is in a table of the documentation."""
    rows = [line.split(" | ")[0] for line in DOCUMENTED.read_text("utf-8").splitlines() if line.startswith("| `")]
    documented = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    rule = "rules: [{characteristic: level, limits: [{value_mm: 1}]%s}]"
    for text in ("unheard: 1", rule % ", unheard: 1", rule.replace("value_mm", "unheard") % ""):
        (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(ToleranceError) as refused:
            load_tolerance_file(tmp_path / "own.yaml")
        known = re.search(r"'unheard' is not one of ([\w, ]+)", str(refused.value))
        assert known
        assert set(known[1].split(", ")) - documented == set()
