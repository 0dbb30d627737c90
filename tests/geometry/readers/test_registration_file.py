"""What a surveyor may write to say how to register, and what is said when it makes no sense."""

from pathlib import Path

import numpy as np
import pytest

from geometry.errors import ReadError
from geometry.readers.registration_file import read_request
from geometry.registration.request import RequestKind

ROWS = [("P1", 1.0, 2.0, 3.0, 11.0, 12.0, 13.0), ("P2", 4, 5, 6, 14, 15, 16), ("P3", 7, 8, 0.5, 17, 18, 10.5)]
CSV = "\n".join(",".join(map(str, row)) for row in ROWS)
MATRIX = "0 -1 0 5\n1 0 0 6\n0 0 1 7\n0 0 0 1\n"


def written(folder: Path, text: str, name: str = "pose.txt") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_words() -> None:
    assert read_request("auto").kind is RequestKind.AUTO
    assert read_request("given").kind is RequestKind.GIVEN


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.txt", MATRIX),
        ("m.csv", MATRIX.replace(" ", ",")),
        ("m.txt", "# from the survey\n" + MATRIX.replace("\n", " ")),
        ("m.txt", MATRIX.replace(" ", "\n")),
        ("m.json", "[[0,-1,0,5],[1,0,0,6],[0,0,1,7],[0,0,0,1]]"),
        ("m.json", '{"T_design_scan": [[0,-1,0,5],[1,0,0,6],[0,0,1,7],[0,0,0,1]]}'),
        ("m.json", "[0,-1,0,5,1,0,0,6,0,0,1,7,0,0,0,1]"),
        ("m.yaml", "matrix:\n- [0, -1, 0, 5]\n- [1, 0, 0, 6]\n- [0, 0, 1, 7]\n- [0, 0, 0, 1]\n"),
    ],
)
def test_a_matrix_in_any_dress(tmp_path: Path, name: str, text: str) -> None:
    request = read_request(written(tmp_path, text, name))
    assert request.matrix is not None
    assert request.matrix[:3, 3].tolist() == [5, 6, 7]
    assert np.array_equal(request.matrix[:2, :2], [[0, -1], [1, 0]])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.csv", CSV),
        ("c.csv", "name,scan_x,scan_y,scan_z,design_x,design_y,design_z\n" + CSV),
        ("c.csv", "\ufeffname;sx;sy;sz;dx;dy;dz\n" + CSV.replace(".", "§").replace(",", ";").replace("§", ",")),
        ("c.txt", CSV.replace(",", "  ")),
        ("c.tsv", CSV.replace(",", "\t")),
        (
            "c.json",
            '[{"name":"P1","scan":[1,2,3],"design":[11,12,13]},{"name":"P2","scan":[4,5,6],"design":[14,15,16]},'
            '{"name":"P3","scan":[7,8,0.5],"design":{"x":17,"y":18,"z":10.5}}]',
        ),
        ("c.json", '{"control_points": [["P1",1,2,3,11,12,13],["P2",4,5,6,14,15,16],["P3",7,8,0.5,17,18,10.5]]}'),
        (
            "c.yaml",
            "control_points:\n- {name: P1, scan: [1, 2, 3], design: [11, 12, 13]}\n"
            "- {name: P2, scan: [4, 5, 6], design: [14, 15, 16]}\n"
            "- {name: P3, scan: [7, 8, 0.5], design: [17, 18, 10.5]}\n",
        ),
    ],
)
def test_control_points_in_any_dress(tmp_path: Path, name: str, text: str) -> None:
    points = read_request(written(tmp_path, text, name)).control_points
    assert [p.name for p in points] == ["P1", "P2", "P3"]
    assert points[2].scan == (7.0, 8.0, 0.5)
    assert points[0].design == (11.0, 12.0, 13.0)


def test_names_may_be_left_out(tmp_path: Path) -> None:
    text = "\n".join(",".join(map(str, row[1:])) for row in ROWS)
    assert [p.name for p in read_request(written(tmp_path, text)).control_points] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "is empty"),
        ("1 2 3\n", "columns"),
        ("P1,1,2,3,4,5,x\nP2,1,2,3,4,5,6", "'x'"),
        ("P1,1,2,3,4,5,nan\n" + CSV, "'nan'"),
        (CSV + "\nP1,1,2,3,4,5,6", "P1 is there twice"),
        ("\n".join(CSV.split("\n")[:2]), "at least 3"),
        ("2 0 0 0\n0 2 0 0\n0 0 2 0\n0 0 0 1", "scales by 2"),
        ("1 0 0 0\n0 1 0 0\n0 0 -1 0\n0 0 0 1", "mirrors"),
        ("1 0 0 0\n0 1 0 0\n0 0 1 0\n5 6 7 1", "transposed"),
        ("{", "not valid JSON"),
        ('{"pose": 1}', "none of the keys"),
        ('[{"name": "a", "scan": [1,2,3]}]', "no design"),
        ("[]", "holds no matrix"),
    ],
)
def test_nonsense_gets_one_clear_line(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ReadError, match=word) as caught:
        read_request(written(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert "pose.txt" in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no such file"):
        read_request(str(tmp_path / "absent.csv"))
    with pytest.raises(ReadError, match="cannot be read"):
        read_request(str(tmp_path))
    (tmp_path / "bin.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(ReadError, match="not text"):
        read_request(str(tmp_path / "bin.csv"))
    with pytest.raises(ReadError, match="not valid YAML"):
        read_request(written(tmp_path, "a: [1", "x.yaml"))
