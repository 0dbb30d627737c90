"""PCD in its three encodings, against the bytes written; LZF against a plain reference."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.errors import EmptyInput, GeometryError, ReadError
from geometry.readers import read_scan
from geometry.readers.lzf import decompress

POINTS = np.array([[1.5, -2.25, 3.0], [4.0, 5.0, -6.5], [0.25, 2.0, 7.0], [0.5, 0.125, 0.75]], np.float32)
KINDS = ("ascii", "binary", "binary_compressed")


def lzf_reference(packed: bytes) -> bytes:
    """LZF in plain Python, for well-formed input."""
    out, at = bytearray(), 0
    while at < len(packed):
        control = packed[at]
        at += 1
        if control < 32:
            out += packed[at : at + control + 1]
            at += control + 1
            continue
        length = control >> 5
        if length == 7:
            length += packed[at]
            at += 1
        start = len(out) - ((control & 31) << 8) - packed[at] - 1
        at += 1
        for i in range(length + 2):
            out.append(out[start + i])
    return bytes(out)


def lzf_pack(data: bytes) -> bytes:
    """LZF with the simplest use of back references: a repeat of the bytes 4 before."""
    out, at = bytearray(), 0
    while at < len(data):
        length = 0
        while at >= 4 and at + length < len(data) and length < 264 and data[at + length] == data[at + length - 4]:
            length += 1
        if length >= 3:
            code = length - 2
            out += bytes([(min(code, 7) << 5), *([code - 7] if code >= 7 else []), 3])
            at += length
        else:
            out += bytes([0, data[at]])
            at += 1
    return bytes(out)


def write_pcd(path: Path, points: np.ndarray, data: str, *, viewpoint: str | None = "0 0 0 1 0 0 0") -> Path:
    """Write ``_ (2 bytes) x y intensity(u2) z``, all little endian."""
    count = len(points)
    header = "# .PCD v0.7\nVERSION 0.7\nFIELDS _ x y intensity z\nSIZE 1 4 4 2 4\nTYPE U F F U F\nCOUNT 2 1 1 1 1\n"
    header += f"WIDTH {count}\nHEIGHT 1\n" + (f"VIEWPOINT {viewpoint}\n" if viewpoint else "")
    header += f"POINTS {count}\nDATA {data}\n"
    columns = [
        np.full((count, 2), 9, "u1"),
        points[:, 0],
        points[:, 1],
        (np.arange(count) * 10).astype("<u2"),
        points[:, 2],
    ]
    if data == "ascii":
        body = "".join(f"9 9 {x:.9g} {y:.9g} {10 * i} {z:.9g}\n" for i, (x, y, z) in enumerate(points)).encode()
    elif data == "binary":
        body = b"".join(struct.pack("<BBffHf", 9, 9, x, y, 10 * i, z) for i, (x, y, z) in enumerate(points))
    else:
        flat = b"".join(np.ascontiguousarray(c).tobytes() for c in columns)
        packed = lzf_pack(flat)
        body = struct.pack("<II", len(packed), len(flat)) + packed
    path.write_bytes(header.encode() + body)
    return path


@pytest.mark.parametrize("data", KINDS)
@pytest.mark.parametrize("viewpoint", ["0 0 0 1 0 0 0", None])
def test_every_encoding(tmp_path: Path, data: str, viewpoint: str | None) -> None:
    scan = read_scan([write_pcd(tmp_path / "a.pcd", POINTS, data, viewpoint=viewpoint)])
    assert np.array_equal(scan.points, (POINTS - POINTS[0]).astype(float))
    assert np.array_equal(scan.origin, POINTS[0].astype(float))
    assert scan.intensity is not None
    assert np.allclose(scan.intensity, [0, 1 / 3, 2 / 3, 1])
    assert not scan.has_poses
    assert scan.sources[0].format == f"PCD 0.7 {data}"


@pytest.mark.parametrize(("quaternion", "turned"), [
    ("0.70710678 0 0 0.70710678", True), ("1 0 0 0", False), ("0 0 0 0", False), ("0.9 0 0 0.9", False),
])  # fmt: skip
def test_a_viewpoint_is_turned_as_it_says(tmp_path: Path, quaternion: str, turned: bool) -> None:
    file = write_pcd(tmp_path / "a.pcd", POINTS, "binary", viewpoint=f"1 2 3 {quaternion}")
    (station,) = read_scan([file]).stations
    assert (station.rotation is not None) is turned
    if station.rotation is not None:
        assert np.allclose(station.rotation, [[0, -1, 0], [1, 0, 0], [0, 0, 1]], atol=1e-9)


def test_a_viewpoint_is_the_station_in_the_frame_of_the_points(tmp_path: Path) -> None:
    scan = read_scan([write_pcd(tmp_path / "a.pcd", POINTS, "binary", viewpoint="1 2 3 1 0 0 0")])
    assert scan.origin.tolist() == [1, 2, 3]
    assert np.array_equal(scan.points, POINTS - [1.0, 2.0, 3.0])
    assert scan.has_poses


@pytest.mark.parametrize("data", KINDS)
@pytest.mark.parametrize("chunk_points", [1, 3, 100])
def test_chunk_size_does_not_change_the_result(tmp_path: Path, data: str, chunk_points: int) -> None:
    points = np.random.default_rng(4).normal(size=(300, 3)).astype(np.float32)
    path = write_pcd(tmp_path / "a.pcd", points, data)
    whole, parts = (read_scan([path], max_points=100, chunk_points=n) for n in (10_000, chunk_points))
    assert np.array_equal(whole.points, parts.points)


@pytest.mark.parametrize("data", KINDS)
def test_truncation_at_any_byte_is_an_error_or_loses_only_the_last_digits(tmp_path: Path, data: str) -> None:
    raw = write_pcd(tmp_path / "whole.pcd", POINTS, data).read_bytes()
    cut = tmp_path / "cut.pcd"
    survived = 0
    for size in range(len(raw) - 1):
        cut.write_bytes(raw[:size])
        try:
            scan = read_scan([cut])
        except GeometryError:
            continue
        survived += 1
        assert data == "ascii"
        assert np.array_equal(scan.points[:3], (POINTS - POINTS[0]).astype(float)[:3])
    assert survived <= 4


@pytest.mark.parametrize("data", KINDS)
def test_nan_points_are_dropped_and_counted(tmp_path: Path, data: str) -> None:
    holes = np.vstack([np.full((2, 3), np.nan, np.float32), POINTS])
    scan = read_scan([write_pcd(tmp_path / "a.pcd", holes, data)])
    assert np.array_equal(scan.points, (POINTS - POINTS[0]).astype(float))
    assert scan.invalid_points == 2


def test_double_coordinates_keep_their_digits(tmp_path: Path) -> None:
    points = np.array([[5e6 + 0.0001, 1.0, 2.0], [5e6 + 0.0002, 3.0, 4.0]])
    header = "VERSION .7\nFIELDS x y z\nSIZE 8 8 8\nTYPE F F F\nCOUNT 1 1 1\nWIDTH 2\nHEIGHT 1\nDATA binary\n"
    path = tmp_path / "a.pcd"
    path.write_bytes(header.encode() + points.tobytes())
    assert np.array_equal(read_scan([path]).points, points - points[0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FIELDS _ x", "FIELDS _ q"),
        ("SIZE 1 4 4 2 4", "SIZE 1 4 4 2"),
        ("SIZE 1 4", "SIZE 1 3"),
        ("TYPE U F", "TYPE U X"),
        ("COUNT 2 1", "COUNT 2 x"),
        ("POINTS 4", "POINTS -4"),
        ("POINTS 4", "POINTS 400000000000"),
        ("DATA binary", "DATA zipped"),
        ("VIEWPOINT 0", "VIEWPOINT nan"),
    ],
)
def test_broken_headers_are_refused(tmp_path: Path, old: str, new: str) -> None:
    path = write_pcd(tmp_path / "a.pcd", POINTS, "binary")
    raw = path.read_bytes()
    assert old.encode() in raw
    path.write_bytes(raw.replace(old.encode(), new.encode(), 1))
    with pytest.raises(ReadError):
        read_scan([path])


def test_no_points_is_empty_input(tmp_path: Path) -> None:
    with pytest.raises(EmptyInput):
        read_scan([write_pcd(tmp_path / "a.pcd", POINTS[:0], "binary")])


@given(st.binary(min_size=1, max_size=600), st.integers(1, 5))
def test_lzf_agrees_with_the_reference(data: bytes, repeats: int) -> None:
    data = data * repeats
    packed = lzf_pack(data)
    unpacked = decompress(packed, len(data))
    assert lzf_reference(packed) == data
    assert unpacked is not None
    assert unpacked.tobytes() == data


@given(st.binary(max_size=200), st.integers(0, 5000))
def test_lzf_garbage_never_reads_or_writes_outside(packed: bytes, size: int) -> None:
    out = decompress(packed, size)
    assert out is None or len(out) == size
