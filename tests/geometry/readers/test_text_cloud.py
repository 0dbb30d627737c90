"""XYZ-like tables and PTS, against Python's own float()."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.errors import EmptyInput, GeometryError, ReadError
from geometry.readers import read_scan
from geometry.readers.text_cloud import read_chunks
from geometry.readers.text_rows import parse_rows
from geometry.scan import Scan

EXPECTED = [[1.5, 2.0, -3.0], [4.25, 5.0, 6.0], [7.0, 8.5, 9.0]]


def read_text(tmp_path: Path, text: str, name: str = "a.xyz") -> Scan:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return read_scan([path])


def absolute(scan: Scan) -> list[list[float]]:
    return (scan.points + scan.origin).tolist()


@pytest.mark.parametrize(
    "text",
    [
        "1.5 2 -3\n4.25 5 6\n7 8.5 9\n",
        "1.5 2 -3\r\n4.25 5 6\r\n7 8.5 9",
        "1.5 2 -3\r4.25 5 6\r7 8.5 9\r",
        "1.5\t2\t-3\n4.25\t5\t6\n7\t8.5\t9\n",
        "1.5,2,-3\n4.25,5,6\n7,8.5,9\n",
        "1.5, 2, -3,\n4.25, 5, 6,\n7, 8.5, 9,\n",
        "1.5;2;-3\n4.25;5;6\n7;8.5;9\n",
        "1,5;2;-3\n4,25;5;6\n7;8,5;9\n",
        "1,5;2,0;-3,0\n4,25;5,0;6,0\n7,0;8,5;9,0\n",
        "  1.5   2   -3  \n\n\n4.25 5 6\n7 8.5 9\n",
        "# a comment\n// another\n% third\n1.5 2 -3\n4.25 5 6\n7 8.5 9\n",
        "\ufeff1.5 2 -3\n4.25 5 6\n7 8.5 9\n",
        "//X Y Z R G B\n1.5 2 -3 1 2 3\n4.25 5 6 1 2 3\n7 8.5 9 1 2 3\n",
        "x,y,z\n1.5,2,-3\n4.25,5,6\n7,8.5,9\n",
        "Point cloud of hall 3\nexported today\n1.5 2 -3\n4.25 5 6\n7 8.5 9\n",
        "z;y;x\n-3;2;1.5\n6;5;4.25\n9;8.5;7\n",
        "id,Easting [m],Northing [m],Elevation [m],Class\n8,1.5,2,-3,a\n",
        "3\n1.5 2 -3\n4.25 5 6\n7 8.5 9\n",
        "1 1.5 2 -3\n2 4.25 5 6\n3 7 8.5 9\n",
        "1.5e0 +2 -3.000\n0.425E1 .5d+1 6\n7. 8.5 9 nan\n",
        "1.5 2 -3 1 2 3 4 5 6 7\n4.25 5 6 1\n7 8.5 9\n",
    ],
)
def test_dialects(tmp_path: Path, text: str) -> None:
    if text.startswith("id,"):
        text = text.replace(",a\n", ",1\n") + "9,4.25,5,6,1\n10,7,8.5,9,1\n"
    assert absolute(read_text(tmp_path, text)) == EXPECTED


def test_point_numbers_in_front_are_noted(tmp_path: Path) -> None:
    scan = read_text(tmp_path, "1 1.5 2 -3\n2 4.25 5 6\n3 7 8.5 9\n")
    assert any("point number" in note for note in scan.notes)


def test_intensity_comes_from_a_named_column(tmp_path: Path) -> None:
    scan = read_text(tmp_path, "x y z Intensity\n1 2 3 10\n4 5 6 20\n7 8 9 30\n")
    assert scan.intensity is not None
    assert scan.intensity.tolist() == [0.0, 0.5, 1.0]
    assert read_text(tmp_path, "1 2 3 10\n4 5 6 20\n").intensity is None


def test_a_missing_field_does_not_shift_the_columns(tmp_path: Path) -> None:
    scan = read_text(tmp_path, "1.5,2,-3,9\n1,,3,9\n4.25,5,6,9\n7,8.5,9,9\n")
    assert absolute(scan) == EXPECTED
    assert any("1 lines are no points" in note and "line 2" in note for note in scan.notes)


def test_nan_points_are_dropped_and_bad_lines_noted(tmp_path: Path) -> None:
    scan = read_text(tmp_path, "1.5 2 -3\nnan nan nan\n4.25 5 6\nhello 1 2\n7 8.5 9\n")
    assert absolute(scan) == EXPECTED
    assert scan.invalid_points == 1
    assert any('first: line 4, "hello 1 2"' in note for note in scan.notes)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_first_bad_line_is_shown_wherever_it_stands(tmp_path: Path, end: str) -> None:
    bad = "1 2 three\t\x01" + "long " * 400
    lines = ["# x y z", "", *["1.5 2 -3"] * 3000, bad, *["4.25 5 6"] * 3000]
    (tmp_path / "a.xyz").write_bytes(end.join(lines).encode())
    notes = next(c for c in reversed(list(read_chunks(tmp_path / "a.xyz", chunk_points=500))) if c.notes).notes
    shown = ("1 2 three " + "long " * 400)[:60]
    assert str(notes[-1]) == f'1 lines are no points and were skipped (first: line 3,003, "{shown} ...").'


def test_pts_sections_are_stations_and_have_intensity(tmp_path: Path) -> None:
    text = "2\n1.5 2 -3 -100 1 2 3\n4.25 5 6 100 1 2 3\n1\n7 8.5 9 50 1 2 3\n"
    scan = read_text(tmp_path, text, "a.pts")
    assert absolute(scan) == EXPECTED
    assert scan.station_index.tolist() == [0, 0, 1]
    assert [s.name for s in scan.stations] == ["a 1", "a 2"]
    assert scan.intensity is not None
    assert scan.intensity[:2].tolist() == [0.0, 1.0]
    assert scan.sources[0].format == "PTS"


def test_pts_with_fewer_points_than_announced_is_truncated(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="truncated: 2 of 3"):
        read_text(tmp_path, "3\n1 2 3 4\n5 6 7 8\n", "a.pts")
    with pytest.raises(ReadError, match="truncated: 1 of 2"):
        read_text(tmp_path, "2\n1 2 3 4\n1\n5 6 7 8\n", "a.pts")
    with pytest.raises(ReadError, match='truncated: 2 of 3 points are there, and line 3 is no point: "5 6 x 8";'):
        read_text(tmp_path, "3\n1 2 3 4\n5 6 x 8\n5 6 7 8\n", "a.pts")
    with pytest.raises(ReadError, match=r'not a table of points: 10 lines .*first: line 21, "1 2"'):
        read_text(tmp_path, "1 2\n" * 30, "a.xyz")


def test_a_short_table_without_three_numbers_in_any_line_is_told_by_its_first(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r'no line begins with three numbers \(first: line 2, "1.0 2.0"\)'):
        read_text(tmp_path, "# plan\n1.0 2.0\n3.0 4.0\n", "a.xyz")


@pytest.mark.parametrize("text", ["a,b,c\nd,e,f\ng,h,i\n", "1 2\n3 4\n5 6\n", "the quick brown\nfox jumps over\n" * 30])
def test_a_table_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises((ReadError, EmptyInput), match=r"a\.xyz"):
        read_text(tmp_path, text)


def test_binary_rubbish_behind_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xyz"
    path.write_bytes(b"1 2 3\n" * 2000 + bytes(100))
    with pytest.raises(ReadError, match="binary data"):
        read_scan([path])


@pytest.mark.parametrize("name", ["a.xyz", "a.pts"])
@pytest.mark.parametrize("chunk_points", [1, 2, 7, 1000])
def test_chunk_size_does_not_change_the_result(tmp_path: Path, name: str, chunk_points: int) -> None:
    points = np.random.default_rng(6).normal(size=(400, 3))
    lines = "".join(f"{x:.6f} {y:.6f} {z:.6f} {i}\n" for i, (x, y, z) in enumerate(points))
    path = tmp_path / name
    path.write_text(f"{len(points)}\n{lines}")
    whole, parts = (read_scan([path], max_points=150, chunk_points=n) for n in (100_000, chunk_points))
    assert np.array_equal(whole.points, parts.points)
    assert whole.notes == parts.notes
    assert whole.declared_points == parts.declared_points == 400


@pytest.mark.parametrize("name", ["a.xyz", "a.pts"])
def test_truncation_at_any_byte_keeps_whole_lines_or_is_an_error(tmp_path: Path, name: str) -> None:
    text = "3\n1.5 2 -3 7\n4.25 5 6 8\n7 8.5 9 9\n"
    for size in range(len(text)):
        try:
            scan = read_text(tmp_path, text[:size], name)
        except GeometryError:
            continue
        kept = absolute(scan)
        assert kept[:-1] == EXPECTED[: len(kept) - 1]
        if name == "a.pts":
            assert len(kept) == 3


FLOATS = st.floats(-1e22, 1e22).map(lambda v: v if abs(v) > 1e-20 else 0.0)


@given(st.lists(st.tuples(FLOATS, FLOATS, FLOATS), min_size=1, max_size=20), st.sampled_from([" ", ", ", ";", "\t"]))
def test_numbers_agree_with_python(rows: list[tuple[float, float, float]], separator: str) -> None:
    text = "\n".join(separator.join(repr(v) for v in row) for row in rows)
    parsed = parse_rows(text.encode(), 3)
    assert parsed.tokens.tolist() == [3] * len(rows)
    expected = np.array(rows)
    assert np.allclose(parsed.values, expected, rtol=4.5e-16, atol=0.0)


@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_any_float_keeps_fourteen_digits(value: float) -> None:
    assert np.allclose(parse_rows(repr(value).encode(), 1).values[0, 0], value, rtol=1e-14, atol=0.0)


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 15))
def test_up_to_fifteen_digits_are_exact(mantissa: int, decimals: int) -> None:
    text = f"{mantissa}e-{decimals}"
    assert parse_rows(text.encode(), 1).values[0, 0] == float(text)


@given(st.binary(max_size=300))
def test_any_bytes_give_rows_and_no_crash(data: bytes) -> None:
    rows = parse_rows(data, 3)
    assert len(rows.values) == len(rows.tokens) == len(rows.lines)
    assert (rows.tokens != 0).all()


@given(st.text("0123456789+-.eEdn,; \n#x", max_size=80))
def test_a_token_is_a_number_exactly_when_python_says_so(text: str) -> None:
    parsed = parse_rows(text.encode(), 4, separators=b"")
    expected = [line.split() for line in text.split("\n") if line.split() and not line.split()[0].startswith("#")]
    assert len(parsed.tokens) == len(expected)
    for tokens, words in zip(parsed.tokens, expected, strict=True):
        assert tokens == (len(words) if all(map(_is_number, words)) else -1)


def _is_number(word: str) -> bool:
    lowered = word.lower()
    if lowered.lstrip("+-").startswith(("nan", "inf")):
        return True
    try:
        float(lowered.replace("d", "e"))
    except ValueError:
        return False
    return True
