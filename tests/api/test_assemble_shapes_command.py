"""``qtems assemble --as-built-shape``: parts as a scan has them, points, open and closed meshes."""

from pathlib import Path
from typing import Any

import manifold3d
import numpy as np
import pytest

from api.cli import main
from geometry.arrays import FloatArray
from simulation.assembly.built_shape import surface_points
from tests.api.results import read_result
from tests.geometry.readers.ifc_models import Model
from tests.simulation.test_clash import element


class Hall:
    """A column 50 mm beside a wall, as designed; as built it leans into it by 20 mm, or stands off by 10 mm."""

    def __init__(self, folder: Path) -> None:
        made = Model("mm")
        wall = made.add("IfcWall", made.block((4.0, 0.2, 3.0)), at=(0, 0, 0), name="Wall")
        column = made.add("IfcColumn", made.block((0.3, 0.3, 3.0)), at=(1.0, 0.25, 0.0), name="Column")
        self.wall, self.column = wall.GlobalId, column.GlobalId
        self.path = made.write(folder / "hall.ifc")

    def mesh(self, y: float) -> Any:
        return element("c", manifold3d.Manifold.cube((0.3, 0.3, 3.0)).translate((1.0, y, 0.0))).mesh


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Hall:
    return Hall(tmp_path_factory.mktemp("hall"))


def ran(hall: Hall, out: Path, *more: str) -> tuple[int, dict[str, Any]]:
    status = main(["assemble", str(hall.path), "--out", str(out), "--quiet", "--no-cache", *more])
    return status, read_result(out / "assembly.json") if status < 2 else {}


def as_ply(path: Path, points: FloatArray, faces: Any = ()) -> Path:
    head = ["ply", "format ascii 1.0", f"element vertex {len(points)}", *(f"property double {axis}" for axis in "xyz")]
    head += [f"element face {len(faces)}", "property list uchar int vertex_indices"] if len(faces) else []
    rows = [" ".join(f"{value:.6f}" for value in point) for point in points]
    rows += [f"3 {a} {b} {c}" for a, b, c in faces]
    path.write_text("\n".join([*head, "end_header", *rows]) + "\n", "ascii")
    return path


def test_points_of_a_column_that_reach_into_a_wall(hall: Hall, tmp_path: Path) -> None:
    cloud = as_ply(tmp_path / f"{hall.column}.ply", surface_points(hall.mesh(0.18), 0.02))
    told = ("--as-built-shape", f"{hall.column}={cloud}", "--shape-noise", "2mm", "--report", "html,bcf")
    status, document = ran(hall, tmp_path / "out", *told)
    assert status == 1
    (clash,) = document["clashes"]
    assert (clash["kind"], clash["volume_m3"], clash["as_designed"]) == ("hard", None, None)
    assert clash["volume_because"] == "a point set encloses no volume"
    assert clash["depth_mm"] == pytest.approx(20.0, abs=1e-3)
    assert (clash["decision"], clash["sd_mm"]) == ("clash", pytest.approx(2.0))
    assert document["not_seen"] == []
    (shape,) = document["shapes"]
    assert (shape["kind"], shape["file"], shape["noise_mm"]) == ("points", cloud.name, pytest.approx(2.0))
    page = (tmp_path / "out" / "assembly.html").read_text("utf-8")
    assert "Some clashes have no volume: a point set encloses no volume." in page


def test_what_was_not_scanned_is_not_cleared(hall: Hall, tmp_path: Path) -> None:
    points = surface_points(hall.mesh(0.25), 0.02)
    folder = tmp_path / "shapes"
    folder.mkdir()
    as_ply(folder / f"{hall.column}.ply", points[points[:, 1] > 0.4])
    status, document = ran(
        hall, tmp_path / "out", "--as-built-shape", str(folder), "--unseen", "60mm", "--report", "json"
    )
    assert (status, document["clashes"]) == (1, [])
    (unseen,) = document["not_seen"]
    assert (unseen["because"], unseen["seen"]) == ("coverage", 0.0)
    as_ply(folder / f"{hall.column}.ply", points)
    status, document = ran(
        hall, tmp_path / "out", "--as-built-shape", str(folder), "--unseen", "60mm", "--report", "json"
    )
    assert (status, document["clashes"], document["not_seen"]) == (0, [], [])


def test_a_closed_mesh_takes_the_place_of_the_part_and_an_open_one_is_a_surface(hall: Hall, tmp_path: Path) -> None:
    mesh = hall.mesh(0.18)
    rules = tmp_path / "shapes.yaml"
    rules.write_text(f"shapes: 1\nelements:\n  {hall.column}: {{file: column.ply}}\n", "utf-8")
    as_ply(tmp_path / "column.ply", mesh.vertices, mesh.faces)
    told = ("--as-built-shape", str(rules), "--report", "json")
    status, document = ran(hall, tmp_path / "solid", *told)
    (clash,) = document["clashes"]
    assert (status, clash["kind"], clash["as_designed"]) == (1, "hard", None)
    assert clash["volume_m3"] == pytest.approx(0.3 * 0.02 * 3.0, rel=1e-5)
    as_ply(tmp_path / "column.ply", mesh.vertices, mesh.faces[:-1])
    (clash,) = ran(hall, tmp_path / "open", *told)[1]["clashes"]
    assert (clash["volume_m3"], clash["depth_mm"]) == (None, pytest.approx(20.0, abs=1e-3))
    assert clash["volume_because"] == "a mesh that is not closed encloses no volume"


def test_bad_shapes_are_one_line_and_status_2(hall: Hall, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.yaml").write_text(f"shapes: 1\nelements:\n  {hall.column}: {{fil: a.ply}}\n", "utf-8")
    (tmp_path / "gone.yaml").write_text(f"shapes: 1\nelements:\n  {hall.column}: {{file: a.ply}}\n", "utf-8")
    cloud = as_ply(tmp_path / "cloud.ply", np.outer([0.0, 1.0, 2.0], np.ones(3)))
    for told, says in (
        ([f"nobody={cloud}"], "nobody: the model has no element of this GlobalId"),
        ([f"{hall.column}={cloud}", f"{hall.column}={cloud}"], "it has a shape already"),
        ([str(tmp_path / "bad.yaml")], "did you mean file?"),
        ([str(tmp_path / "gone.yaml")], "line 3: elements."),
        (["nothing"], "it is no GLOBALID=FILE"),
    ):
        more = [word for one in told for word in ("--as-built-shape", one)]
        assert ran(hall, tmp_path / "out", *more)[0] == 2
        assert says in capsys.readouterr().err
    assert ran(hall, tmp_path / "out", "--shape-noise", "2mm")[0] == 2
