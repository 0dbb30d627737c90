"""Mesh files as designs: the same box through every format, many parts, placed nodes, and what is refused."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geometry.errors import EmptyInput, ReadError, UnitContradiction
from geometry.mesh_health import mesh_health
from geometry.readers.global_id import is_global_id
from geometry.readers.mesh import read_mesh

CORNERS = np.array([[0, 0, 0], [2, 0, 0], [2, 1, 0], [0, 1, 0], [0, 0, 3], [2, 0, 3], [2, 1, 3], [0, 1, 3]], float)
QUADS = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
FACES = np.array([[q[0], q[k], q[k + 1]] for q in QUADS for k in (1, 2)])
SHIFT = np.array([10.0, -20.0, 30.0])


def ascii_stl(path: Path) -> None:
    lines = ["solid box"]
    for face in FACES:
        corners = [f"vertex {x} {y} {z}" for x, y, z in (CORNERS + SHIFT)[face]]
        lines += ["facet normal 0 0 0", "outer loop", *corners, "endloop", "endfacet"]
    path.write_text("\n".join([*lines, "endsolid box", ""]))


def binary_stl(path: Path) -> None:
    records = np.zeros(12, [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("flags", "<u2")])
    records["corners"] = (CORNERS + SHIFT)[FACES]
    path.write_bytes(b"solid but binary".ljust(80) + struct.pack("<I", 12) + records.tobytes())


def obj(path: Path) -> None:
    vertices = "".join(f"v {x} {y} {z}\n" for x, y, z in CORNERS + SHIFT)
    path.write_text(vertices + "o box\n" + "".join(f"f {' '.join(f'{k + 1}//1' for k in q)}\n" for q in QUADS))


def ascii_ply(path: Path) -> None:
    head = "ply\nformat ascii 1.0\nelement vertex 8\n" + "".join(f"property double {axis}\n" for axis in "xyz")
    head += "element face 6\nproperty list uchar int vertex_indices\nend_header\n"
    body = "".join(f"{x} {y} {z}\n" for x, y, z in CORNERS + SHIFT) + "".join(
        f"4 {' '.join(map(str, q))}\n" for q in QUADS
    )
    path.write_text(head + body)


def glb(path: Path, nodes: list[dict[str, Any]] | None = None, roots: list[int] | None = None) -> None:
    """Write the box, y up as glTF wants it, under the given nodes."""
    y_up = np.stack([CORNERS[:, 0], CORNERS[:, 2], -CORNERS[:, 1]], axis=1).astype("<f4")
    data = y_up.tobytes() + FACES.astype("<u2").tobytes()
    given = nodes or [{"name": "box", "mesh": 0, "translation": [SHIFT[0], SHIFT[2], -SHIFT[1]]}]
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": roots or list(range(len(given)))}],
        "nodes": given,
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 36, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 96},
            {"buffer": 0, "byteOffset": 96, "byteLength": 72},
        ],
        "buffers": [{"byteLength": len(data)}],
    }
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\x00") + data
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)


WRITERS: dict[str, Callable[[Path], None]] = {
    "ascii.stl": ascii_stl, "binary.stl": binary_stl, "box.obj": obj, "box.ply": ascii_ply, "box.glb": glb,
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_a_box_is_the_same_body_in_every_format(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name)
    model = read_mesh(tmp_path / name)
    (element,) = model.elements.values()
    report = mesh_health(element.mesh)
    assert report.kind == "closed"
    assert report.volume == pytest.approx(6.0, rel=1e-9)
    np.testing.assert_allclose(model.origin, SHIFT, atol=1e-12)
    np.testing.assert_allclose(element.mesh.bounds(), [[0, 0, 0], [2, 1, 3]], atol=1e-6)
    assert is_global_id(element.global_id)
    assert bool(model.notes) == (not name.endswith("glb"))
    again = next(iter(read_mesh(tmp_path / name).elements.values()))
    assert again.global_id == element.global_id
    assert again.mesh.vertices.tobytes() == element.mesh.vertices.tobytes()


def test_objects_and_groups_of_an_obj_are_parts(tmp_path: Path) -> None:
    obj(tmp_path / "two.obj")
    text = (tmp_path / "two.obj").read_text()
    more = "".join(f"v {x + 5} {y} {z}\n" for x, y, z in CORNERS)
    faces = "".join(f"f {' '.join(str(k - 8) for k in q)}\n" for q in QUADS)
    (tmp_path / "two.obj").write_text(text + more + "g west wing\n" + faces)
    model = read_mesh(tmp_path / "two.obj")
    assert sorted(element.name for element in model.elements.values()) == ["box", "box/west wing"]
    assert all(mesh_health(element.mesh).volume == pytest.approx(6.0) for element in model.elements.values())


def test_solids_of_an_ascii_stl_are_parts(tmp_path: Path) -> None:
    ascii_stl(tmp_path / "one.stl")
    text = (tmp_path / "one.stl").read_text()
    (tmp_path / "two.stl").write_text(text + text.replace("solid box", "solid lid"))
    assert sorted(e.name for e in read_mesh(tmp_path / "two.stl").elements.values()) == ["box", "lid"]


def test_nodes_of_a_glb_are_placed_and_keep_their_global_id(tmp_path: Path) -> None:
    half = np.sqrt(0.5)
    nodes: list[dict[str, Any]] = [
        {"name": "root", "children": [1, 2, 3], "scale": [2, 2, 2], "extras": {"origin_m": [1e6, 2e6, 0.0]}},
        {"name": "01itnAmhP3LAz9aL2vu3YJ", "mesh": 0, "extras": {"name": "wall", "ifc_class": "IfcWall"}},
        {"name": "turned", "mesh": 0, "rotation": [0, half, 0, half], "translation": [50, 0, 0]},
        {"name": "mirrored", "mesh": 0, "matrix": [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 100, 0, 0, 1]},
    ]
    glb(tmp_path / "placed.glb", nodes, [0])
    model = read_mesh(tmp_path / "placed.glb")
    wall = model.elements["01itnAmhP3LAz9aL2vu3YJ"]
    by_name = {element.name: element for element in model.elements.values()}
    assert (wall.name, wall.ifc_class) == ("wall", "IfcWall")
    np.testing.assert_allclose(wall.mesh.bounds() + model.origin, [[1e6, 2e6, 0], [1e6 + 4, 2e6 + 2, 6]], atol=1e-6)
    # a quarter turn about glTF's y, which is up: x goes to -z, that is to y
    turned = by_name["turned"].mesh.bounds() + model.origin
    np.testing.assert_allclose(turned, [[1e6 + 98, 2e6, 0], [1e6 + 100, 2e6 + 4, 6]], atol=1e-6)
    for element in by_name.values():
        assert mesh_health(element.mesh).volume == pytest.approx(48.0)


def test_an_open_part_is_a_sheet_and_not_suspect(tmp_path: Path) -> None:
    (tmp_path / "pane.obj").write_text("v 0 0 0\nv 1 0 0\nv 1 0 1\nv 0 0 1\nf 1 2 3 4\n")
    (pane,) = read_mesh(tmp_path / "pane.obj").elements.values()
    assert pane.sheet
    assert not pane.suspect


def test_a_part_without_area_is_reported_and_not_judged(tmp_path: Path) -> None:
    obj(tmp_path / "line.obj")
    text = (tmp_path / "line.obj").read_text()
    (tmp_path / "line.obj").write_text(text + "o line\nf 1 2 2\n")
    model = read_mesh(tmp_path / "line.obj")
    assert [element.name for element in model.elements.values()] == ["box"]
    assert [element.name for element in model.without_geometry.values()] == ["line"]


@pytest.mark.parametrize("scale", [1e5, 1e-3])
@pytest.mark.parametrize("suffix", ["obj", "glb"])
def test_an_impossible_size_is_refused_with_a_remedy(scale: float, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"scaled.{suffix}"
    if suffix == "glb":
        glb(path, [{"mesh": 0, "scale": [scale] * 3}])
    else:
        corners = CORNERS * scale
        path.write_text(
            "".join(f"v {x} {y} {z}\n" for x, y, z in corners)
            + "".join(f"f {' '.join(str(k + 1) for k in q)}\n" for q in QUADS)
        )
    with pytest.raises(UnitContradiction, match=r"metre" if suffix == "glb" else r"scale it to metres"):
        read_mesh(path)


def test_coarse_numbers_far_from_zero_are_noted(tmp_path: Path) -> None:
    records = np.zeros(12, [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("flags", "<u2")])
    records["corners"] = (CORNERS + 4e5)[FACES]
    (tmp_path / "far.stl").write_bytes(bytes(80) + struct.pack("<I", 12) + records.tobytes())
    assert any("31 mm apart" in note for note in read_mesh(tmp_path / "far.stl").notes)


def cut(write: Callable[[Path], None], share: float) -> Callable[[Path], None]:
    def write_cut(path: Path) -> None:
        write(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    return write_cut


BAD: dict[str, Callable[[Path], object]] = {
    "cut-binary.stl": cut(binary_stl, 0.7),
    "cut-ascii.stl": cut(ascii_stl, 0.7),
    "cut.glb": cut(glb, 0.7),
    "cut.ply": cut(ascii_ply, 0.6),
    "empty.stl": lambda path: path.write_bytes(b""),
    "empty.ply": lambda path: path.write_bytes(b""),
    "text.glb": lambda path: path.write_text("hello"),
    "text.stl": lambda path: path.write_text("hello " * 40),
    "face-of-nothing.obj": lambda path: path.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n"),
    "words.obj": lambda path: path.write_text("v zero 0 0\n"),
    "nan.obj": lambda path: path.write_text("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"),
    "infinite.obj": lambda path: path.write_text("v inf 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"),
    "loop.glb": lambda path: glb(path, [{"mesh": 0, "children": [0]}]),
    "no-mesh.glb": lambda path: glb(path, [{"mesh": 7}]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_damaged_file_gets_one_clear_line(name: str, tmp_path: Path) -> None:
    BAD[name](tmp_path / name)
    with pytest.raises(ReadError) as caught:
        read_mesh(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_without_triangles_are_empty(tmp_path: Path) -> None:
    (tmp_path / "none.obj").write_text("v 0 0 0\n")
    points = "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\n"
    (tmp_path / "cloud.ply").write_text(points + "end_header\n0 0 0\n")
    with pytest.raises(EmptyInput, match="no triangles"):
        read_mesh(tmp_path / "none.obj")
    with pytest.raises(EmptyInput, match="as a scan"):
        read_mesh(tmp_path / "cloud.ply")
    with pytest.raises(ReadError, match="no such file"):
        read_mesh(tmp_path / "gone.stl")
