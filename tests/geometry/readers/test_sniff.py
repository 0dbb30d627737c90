"""Wrong suffixes, things that are no scans, and paths that lead nowhere: one clear line each."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from geometry.errors import GeometryError, ReadError
from geometry.readers import read_design, read_scan
from geometry.readers.ifc_container import model_file
from geometry.readers.plain_name import plain_name
from geometry.readers.sniff import content_of

PLY = (
    "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\nend_header\n1 2 3\n"
)
PCD = "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nWIDTH 1\nHEIGHT 1\nPOINTS 1\nDATA ascii\n1 2 3\n"
PTX = "1\n1\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n1 2 3 0.5\n"


@pytest.mark.parametrize(("content", "name"), [(PLY, "ply"), (PCD, "pcd"), (PTX, "ptx")])
@pytest.mark.parametrize("suffix", [".las", ".e57", ".xyz", ".pts", ".dat", ""])
def test_a_wrong_suffix_is_read_by_content_and_noted(tmp_path: Path, content: str, name: str, suffix: str) -> None:
    path = tmp_path / f"scan{suffix}"
    path.write_text(content)
    scan = read_scan([path])
    assert (scan.points + scan.origin).tolist() == [[1, 2, 3]]
    assert any("suffix" in note and name.upper() in note for note in scan.notes)


def test_the_right_suffix_is_not_noted(tmp_path: Path) -> None:
    for suffix, content in ((".PLY", PLY), (".pcd", PCD), (".ptx", PTX)):
        (tmp_path / f"scan{suffix}").write_text(content)
        assert not any("suffix" in note for note in read_scan([tmp_path / f"scan{suffix}"]).notes)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.e57", b"ISO-10303-21;\nHEADER;", "an IFC or STEP file"),
        ("a.las", b"PK\x03\x04" + bytes(50), "a ZIP archive"),
        ("a.laz", b"\x1f\x8b" + bytes(50), "gzip"),
        ("a.e57", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        ("a.las", b"<!DOCTYPE html><html>404", "a web page"),
        ("a.e57", b"1 2 3\n4 5 6\n", "plain text"),
        ("a.las", b"\x00\x01\x02\x03" * 100, "unknown data"),
        ("a.xyz", b"\x00\x01\x02\x03" * 100, "unknown data"),
        ("a.jpg", b"\xff\xd8\xff" + bytes(50), "not a scan that can be read"),
        ("a.ply", b"glTF" + bytes(50), "a GLB model"),
        ("a.doc", b"hello", "not a scan that can be read"),
        ("a.e57", b"", "empty"),
        ("a.xyz", b"", "empty"),
    ],
)
def test_what_is_no_scan_is_refused_with_what_it_is(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ReadError, match=reason) as caught:
        read_scan([path])
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no such file"):
        read_scan([tmp_path / "none.e57"])
    with pytest.raises(ReadError, match="this is a folder"):
        read_scan([tmp_path])
    with pytest.raises(ReadError, match="no such file"):
        read_design(tmp_path / "none.ifc")


@contextmanager
def without_the_superuser() -> Generator[None]:
    """Give up the right to read everything for a while, where this user has it."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


def test_a_forbidden_file_and_a_file_in_a_forbidden_folder() -> None:
    with TemporaryDirectory() as made:
        bare, inside = Path(made) / "a.e57", Path(made) / "closed" / "b.e57"
        inside.parent.mkdir()
        for path in (bare, inside):
            path.write_bytes(b"ASTM-E57")
        Path(made).chmod(0o755)
        bare.chmod(0)
        inside.parent.chmod(0)
        with without_the_superuser():
            for path in (bare, inside):
                with pytest.raises(ReadError, match=r"cannot be opened \(Permission denied\).*permissions"):
                    read_scan([path])
        inside.parent.chmod(0o700)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.step", "no STEP file"),
        ("a.STP", "no STEP file"),
        ("a.e57", "it is a scan"),
        ("a.doc", "not a design"),
    ],
)
def test_designs_that_are_not_read_say_why(tmp_path: Path, name: str, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")
    with pytest.raises(ReadError, match=reason):
        read_design(path)


def test_content_needs_no_more_than_four_kilobytes() -> None:
    assert content_of(PTX.encode()) == "ptx"
    assert content_of(PTX.replace("\n", "\r\n").encode()) == "ptx"
    assert content_of(b"12\n1 2 3 4\n") == "pts"
    assert content_of(b"12\n13\n1 2 3 4\n") == "pts"
    assert content_of(b"x y z\n1 2 3\n") == "text"
    assert content_of(b"") is None


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("m.ifc", b"ASTM-E57" + bytes(60), "give it as a scan, after the model"),
        ("m.ifc", b"\x89PNG" + bytes(60), "a PNG picture; export the model again"),
        ("m.obj", b"ISO-10303-21;\nHEADER;", r"name it m\.ifc"),
        ("m.stl", b"glTF" + bytes(60), r"name it m\.glb"),
        ("m.glb", b"ply\nformat ascii 1.0\n", "give it as a scan"),
        ("m.ifc", b"\xef\xbb\xbfISO-10303-21;\nEND-ISO-10303-21;", "byte-order mark"),
        ("m.ifc", b"hello", "export the model as IFC"),
        ("m.obj", b"hello", "no triangles; export it again"),
    ],
)
def test_what_is_no_model_is_refused_with_what_it_is(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(GeometryError, match=reason) as caught:
        read_design(path)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_in_the_place_of_a_scan_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "m.ifc").write_bytes(b"ISO-10303-21;\nHEADER;")
    with pytest.raises(ReadError, match="it is a model: give one model first"):
        read_scan([tmp_path / "m.ifc"])


@pytest.mark.skipif(os.name != "posix", reason="elsewhere every file name is text")
def test_names_that_are_not_utf_8_are_read(tmp_path: Path) -> None:
    gbk = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xc4\xa3\xd0\xcd"))
    with plain_name(gbk.with_suffix(".e57")) as name:
        assert name.suffix == ".e57"
        str(name).encode("utf-8")
    gbk.with_suffix(".ifc").write_bytes(b"ISO-10303-21;\nHEADER;\nEND-ISO-10303-21;\n")
    with model_file(gbk.with_suffix(".ifc")) as name:
        str(name).encode("utf-8")
        assert name.read_bytes().startswith(b"ISO-10303-21")
