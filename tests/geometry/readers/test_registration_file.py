"""What a surveyor may write to say how to register, and what is said when it makes no sense."""

import re
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


SIGMAS = "\n".join(f"{row},{mm}" for row, mm in zip(CSV.split("\n"), (2, 3.5, 10), strict=True))
HEADER = "name,scan_x,scan_y,scan_z,design_x,design_y,design_z"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.txt", MATRIX + "sigma_mm 3\nsigma_deg 0.01\n"),
        ("m.csv", "# surveyed\nsigma_mm: 3\nsigma_deg = 0.01\n" + MATRIX.replace(" ", ",")),
        ("m.json", '{"matrix": [0,-1,0,5,1,0,0,6,0,0,1,7,0,0,0,1], "sigma_mm": 3, "sigma_deg": 0.01}'),
        ("m.yaml", "matrix: [0,-1,0,5,1,0,0,6,0,0,1,7,0,0,0,1]\nsigma_mm: 3\nsigma_deg: 0.01\n"),
        ("i.yaml", "T_design_scan: identity\nsigma_mm: 3\nsigma_deg: 0.01\n"),
        ("i.txt", "T_design_scan: identity\nsigma_mm: 3\nsigma_deg: 0.01\n"),
    ],
)
def test_the_accuracy_of_a_pose_may_be_stated(tmp_path: Path, name: str, text: str) -> None:
    request = read_request(written(tmp_path, text, name))
    assert request.kind is (RequestKind.GIVEN if name.startswith("i") else RequestKind.MATRIX)
    assert request.accuracy is not None
    assert request.accuracy.sigma_m == pytest.approx(0.003)
    assert request.accuracy.sigma_rad == pytest.approx(np.radians(0.01))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.csv", SIGMAS),
        ("c.csv", HEADER + ",sigma_mm\n" + SIGMAS),
        ("c.txt", SIGMAS.replace(",", " ")),
        ("c.csv", HEADER.replace("name,", "") + ",sigma_mm\n" + re.sub(r"P\d,", "", SIGMAS)),
        ("c.json", '[["P1",1,2,3,11,12,13,2],["P2",4,5,6,14,15,16,3.5],["P3",7,8,0.5,17,18,10.5,10]]'),
        (
            "c.yaml",
            "sigma_mm: 2\ncontrol_points:\n- {name: P1, scan: [1, 2, 3], design: [11, 12, 13]}\n"
            "- {name: P2, scan: [4, 5, 6], design: [14, 15, 16], sigma_mm: 3.5}\n"
            "- {name: P3, scan: [7, 8, 0.5], design: [17, 18, 10.5], sigma_mm: 10}\n",
        ),
    ],
)  # fmt: skip
def test_the_accuracy_of_each_control_point_may_be_stated(tmp_path: Path, name: str, text: str) -> None:
    points = read_request(written(tmp_path, text, name)).control_points
    assert [p.sigma_m for p in points] == pytest.approx([0.002, 0.0035, 0.010])
    assert points[2].scan == (7.0, 8.0, 0.5)
    assert points[2].design == (17.0, 18.0, 10.5)


def test_one_accuracy_may_be_stated_for_all_control_points(tmp_path: Path) -> None:
    points = read_request(written(tmp_path, "sigma_mm, 5\n" + CSV)).control_points
    assert [p.sigma_m for p in points] == [0.005] * 3


def test_what_is_not_stated_is_not_known(tmp_path: Path) -> None:
    assert read_request(written(tmp_path, MATRIX)).accuracy is None
    assert [p.sigma_m for p in read_request(written(tmp_path, CSV)).control_points] == [None] * 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MATRIX + "sigma_mm 0", "sigma_mm is '0'; give one standard deviation in millimetres, 0.1 to 100"),
        (MATRIX + "sigma_mm -3", "sigma_mm is '-3'"),
        (MATRIX + "sigma_mm nan", "sigma_mm is 'nan'"),
        (MATRIX + "sigma_mm 0.003", "0.1 to 100"),  # metres
        (MATRIX + "sigma_mm 3mm", "sigma_mm is '3mm'"),
        (MATRIX + "sigma_mm 3\nsigma_deg 5", "sigma_deg is '5'; give one standard deviation in degrees"),
        (MATRIX + "sigma_deg 0.1", "sigma_deg stands alone"),
        (MATRIX + "accuracy 3", "'accuracy' is not understood; write sigma_mm"),
        (MATRIX + "sigma 3", "'sigma' is not understood; write sigma_mm"),
        ('{"matrix": [1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1], "sigma_m": 0.003}', "'sigma_m' is not understood"),
        ('{"matrix": [1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1], "sigma_mm": true}', "sigma_mm is True"),
        ('[{"scan": [1,2,3], "design": [1,2,3], "std_mm": 3}]', "'std_mm' is not understood"),
        (CSV + ",3", "control point P1 has no sigma_mm"),
        (SIGMAS.replace(",3.5", ",0.0035"), "line 2: sigma_mm is '0.0035'"),
        (HEADER + ",accuracy_mm\n" + SIGMAS, "'accuracy_mm' is not understood"),
        (HEADER.replace("name", "sigma_mm") + ",name\n" + SIGMAS, "sigma_mm must be the last column"),
        (CSV + "\nsigma_mm 3\nsigma_deg 0.1", "sigma_deg belongs to a matrix"),
    ],
)
def test_an_accuracy_that_cannot_be_gets_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ReadError) as caught:
        read_request(written(tmp_path, text))
    assert says in str(caught.value)
    assert "pose.txt" in str(caught.value)
    assert "\n" not in str(caught.value)


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
