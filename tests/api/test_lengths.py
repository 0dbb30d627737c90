import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.lengths import parse_length
from geometry.errors import ToleranceError


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("10mm", 0.010),
        ("10 mm", 0.010),
        ("±10mm", 0.010),
        ("+/-10mm", 0.010),
        ("+-10mm", 0.010),
        (" 10MM ", 0.010),
        ("1.5cm", 0.015),
        (".5cm", 0.005),
        ("0.02m", 0.02),
        ("1in", 0.0254),
        ('1"', 0.0254),
        ("3/8in", 0.009525),
        ("3/8″", 0.009525),
        ("0.1ft", 0.03048),
        ("0.1'", 0.03048),
        ("1m", 1.0),
        ("10毫米", 0.010),
        ("± 1.5 厘米", 0.015),
        ("0.02米", 0.02),
    ],
)
def test_reads_what_people_type(text: str, metres: float) -> None:
    assert parse_length(text) == pytest.approx(metres, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "10",  # a forgotten unit would change every verdict by a factor of 1000
        "",
        "mm",
        "ten mm",
        "-10mm",
        "0mm",
        "0.0mm",
        "1/0in",
        "10米",
        "10毫",
        "10m",  # a tolerance of 10 m is a typing error
        "nanmm",
        "infmm",
        "1e400mm",
        "10 furlong",
        "10,5mm",
        "10mm 5mm",
        "10mm/2",
    ],
)
def test_refuses_what_could_mean_something_else(text: str) -> None:
    with pytest.raises(ToleranceError) as caught:
        parse_length(text)
    assert "\n" not in str(caught.value)


@given(st.decimals(min_value="0.001", max_value="999", places=3))
def test_every_unit_means_the_same_length(millimetres: object) -> None:
    in_mm = parse_length(f"{millimetres}mm")
    assert parse_length(f"{float(str(millimetres)) / 10:.4f}cm") == pytest.approx(in_mm, rel=1e-12)
    assert parse_length(f"{float(str(millimetres)) / 1000:.6f}m") == pytest.approx(in_mm, rel=1e-12)


@given(st.text(max_size=12))
def test_any_text_gives_a_sane_length_or_the_one_error(text: str) -> None:
    try:
        metres = parse_length(text)
    except ToleranceError:
        return
    assert math.isfinite(metres)
    assert 0 < metres <= 1
