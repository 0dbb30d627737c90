"""PLY in all its encodings, against the bytes written."""

import struct
from pathlib import Path

import numpy as np
import pytest

from geometry.errors import EmptyInput, GeometryError, ReadError
from geometry.readers import read_scan

POINTS = np.array([[1.5, -2.25, 3.0], [4.0, 5.0, -6.5], [1e-3, 2e5, 7.0], [0.1, 0.2, 0.3]])
FORMATS = ("ascii", "binary_little_endian", "binary_big_endian")
CODES = {"float": "f", "double": "d", "uchar": "B", "ushort": "H", "int": "i"}


def write_ply(
    path: Path,
    points: np.ndarray,
    *,
    form: str = "binary_little_endian",
    kind: str = "double",
    newline: str = "\n",
    face: bool = False,
    leading: bool = False,
) -> Path:
    """Write vertices as ``flags, x, intensity, y, z``; optionally an element in front and faces behind."""
    header = ["ply", f"format {form} 1.0", "comment made for a test"]
    if leading:
        header += ["element camera 2", "property list uchar int views", "property float focal"]
    header += [
        f"element vertex {len(points)}",
        "property uchar flags",
        f"property {kind} x",
        "property ushort intensity",
    ]
    header += [f"property {kind} y", f"property {kind} z"]
    if face:
        header += ["element face 1", "property list uchar int vertex_indices"]
    raw = (newline.join([*header, "end_header"]) + newline).encode()
    order = ">" if "big" in form else "<"
    records = [(7, x, 100 * i, y, z) for i, (x, y, z) in enumerate(points)]
    if form == "ascii":
        lines = ["3 1 2 3 0.5", "0 0.25"] if leading else []
        lines += [f"7 {float(x)!r} {i} {float(y)!r} {float(z)!r}" for _, x, i, y, z in records]
        raw += (newline.join(lines + (["3 0 1 2"] if face else [])) + newline).encode()
    else:
        if leading:
            raw += struct.pack(order + "B3if", 3, 1, 2, 3, 0.5) + struct.pack(order + "Bf", 0, 0.25)
        raw += b"".join(struct.pack(f"{order}B{CODES[kind]}H{CODES[kind] * 2}", *record) for record in records)
        if face:
            raw += struct.pack(order + "B3i", 3, 0, 1, 2)
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("kind", "error"), [("double", 0.0), ("float", 1e-2)])
@pytest.mark.parametrize("face", [False, True])
@pytest.mark.parametrize("leading", [False, True])
def test_every_encoding(tmp_path: Path, form: str, kind: str, error: float, face: bool, leading: bool) -> None:
    path = write_ply(tmp_path / "a.ply", POINTS, form=form, kind=kind, face=face, leading=leading)
    scan = read_scan([path])
    stored = POINTS if form == "ascii" or kind == "double" else POINTS.astype(np.float32).astype(float)
    assert np.array_equal(scan.points, stored - stored[0])
    assert np.abs(scan.points + scan.origin - POINTS).max() <= max(error, 1e-10)
    assert scan.intensity is not None
    assert np.allclose(scan.intensity, [0, 1 / 3, 2 / 3, 1])
    assert any("mesh" in note for note in scan.notes) == face
    assert not scan.has_poses


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_line_end_of_the_header(tmp_path: Path, form: str, newline: str) -> None:
    scan = read_scan([write_ply(tmp_path / "a.ply", POINTS, form=form, newline=newline)])
    assert np.array_equal(scan.points, POINTS - POINTS[0])


@pytest.mark.parametrize("order", ["little", "big"])
def test_lists_inside_vertices_are_skipped(tmp_path: Path, order: str) -> None:
    code = "<" if order == "little" else ">"
    header = f"ply\nformat binary_{order}_endian 1.0\nelement vertex 3\nproperty list uchar ushort seen\n"
    header += "property float x\nproperty float y\nproperty float z\nend_header\n"
    body = b"".join(struct.pack(f"{code}B{k}H3f", k, *range(k), k, k + 1, k + 2) for k in range(3))
    path = tmp_path / "a.ply"
    path.write_bytes(header.encode() + body)
    assert (read_scan([path]).points + read_scan([path]).origin).tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    path.write_bytes(header.encode() + body[:-2])
    with pytest.raises(ReadError, match="truncated"):
        read_scan([path])


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("chunk_points", [1, 2, 3, 100])
def test_chunk_size_does_not_change_the_result(tmp_path: Path, form: str, chunk_points: int) -> None:
    points = np.random.default_rng(2).normal(size=(500, 3))
    path = write_ply(tmp_path / "a.ply", points, form=form)
    whole, parts = (read_scan([path], max_points=200, chunk_points=n) for n in (10_000, chunk_points))
    assert np.array_equal(whole.points, parts.points)
    assert whole.stride == parts.stride == 4


@pytest.mark.parametrize("form", FORMATS)
def test_truncation_at_any_byte_is_an_error_or_loses_only_the_last_digits(tmp_path: Path, form: str) -> None:
    data = write_ply(tmp_path / "whole.ply", POINTS, form=form).read_bytes()
    cut = tmp_path / "cut.ply"
    survived = 0
    for size in range(len(data) - 1):
        cut.write_bytes(data[:size])
        try:
            scan = read_scan([cut])
        except GeometryError:
            continue
        survived += 1
        assert form == "ascii"
        assert np.array_equal(scan.points[:3], (POINTS - POINTS[0])[:3])
    assert survived <= 3  # only cuts inside the last number of an ascii file cannot be seen


def test_nan_and_infinity_are_dropped_and_counted(tmp_path: Path) -> None:
    bad = np.array([[np.nan, 0, 0], [np.inf, 0, 0], [0, 0, -np.inf]])
    scan = read_scan([write_ply(tmp_path / "a.ply", np.vstack([bad, POINTS]))])
    assert np.array_equal(scan.points, POINTS - POINTS[0])
    assert (scan.declared_points, scan.invalid_points) == (7, 3)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("format binary_little_endian 1.0\nelement vertex 1\nproperty float x\nproperty float y\n", "no x, y, z"),
        (
            "format binary_little_endian 1.0\nelement face 0\nproperty list uchar int vertex_indices\n",
            "without vertices",
        ),
        ("format middle_endian 1.0\nelement vertex 0\n", "not known"),
        ("format ascii 1.0\nelement vertex many\n", "not PLY"),
        ("format ascii 1.0\nelement vertex 1\nproperty quad x\n", "not PLY"),
        (
            "format ascii 1.0\nelement vertex 9999999999999\nproperty float x\nproperty float y\nproperty float z\n",
            "trunc",
        ),
        (
            "format binary_big_endian 1.0\nelement vertex 9999999999999\n"
            "property float x\nproperty float y\nproperty float z\n",
            "truncated: 0 of",
        ),
    ],
)
def test_broken_headers_are_refused(tmp_path: Path, header: str, reason: str) -> None:
    path = tmp_path / "a.ply"
    path.write_bytes(f"ply\n{header}end_header\n".encode())
    with pytest.raises(ReadError, match=reason):
        read_scan([path])


def test_no_vertices_is_empty_input(tmp_path: Path) -> None:
    with pytest.raises(EmptyInput):
        read_scan([write_ply(tmp_path / "a.ply", np.zeros((0, 3)))])


def test_single_precision_far_from_zero_is_noted(tmp_path: Path) -> None:
    near = read_scan([write_ply(tmp_path / "near.ply", POINTS[[0, 1, 3]], kind="float")])
    far = read_scan([write_ply(tmp_path / "far.ply", POINTS[[0, 1, 3]] + 5e6, kind="float")])
    assert not any("32-bit" in note for note in near.notes)
    assert any("steps of 500 mm (32-bit floats far from zero)" in note for note in far.notes)


@pytest.mark.parametrize("form", ["ascii", "binary_little_endian"])
def test_a_file_of_no_vertices_is_empty_not_truncated(tmp_path: Path, form: str) -> None:
    names = "".join(f"property float {axis}\n" for axis in "xyz")
    (tmp_path / "a.ply").write_text(f"ply\nformat {form} 1.0\nelement vertex 0\n{names}end_header\n", encoding="utf-8")
    with pytest.raises(EmptyInput, match="no points in it"):
        read_scan([tmp_path / "a.ply"])
