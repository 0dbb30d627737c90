# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
"""Check cases made from a model: stations where a person could stand, truth in the published format."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.design import Element
from geometry.errors import EmptyInput
from geometry.tolerance import load_tolerance_file
from samples.__main__ import main as sample_main
from samples.case import main as case_main
from samples.defects import Defect, OpeningDefect, displaced
from samples.plan import whole_building
from samples.raycast import ray_scene
from samples.site import DEFECTS, STATIONS, planted
from samples.stations import choose_stations
from samples.tessellation import tessellate

SHARED = Path(os.environ.get("QTEMS_SHARED_DATA", Path(__file__).resolve().parents[2] / ".." / "shared" / "data"))
PUBLISHED = SHARED / "check-cases" / "fzk-haus"
needs_published = pytest.mark.skipif(
    not PUBLISHED.exists(), reason=f"the published check cases are not at {PUBLISHED} (set QTEMS_SHARED_DATA)"
)


def truth_in(folder: Path) -> dict[str, Any]:
    """Return truth.json of a folder."""
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def case(building_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a coarse case of the sample building."""
    folder = tmp_path_factory.mktemp("case")
    options = ["--seed", "5", "--points", "60000", "--stations", "5", "--station-error-mm", "0.2"]
    assert case_main([str(building_file), "--out", str(folder), *options]) == 0
    return folder


def test_a_case_describes_every_element(case: Path, building_file: Path) -> None:
    truth = truth_in(case)
    assert set(truth["elements"]) == set(tessellate(building_file))
    assert len(truth["stations"]) == 5
    assert truth["points"] == pytest.approx(60_000, rel=0.25)
    kinds = [element["kind"] for element in truth["elements"].values()]
    assert {"ok", "shifted", "tilted", "missing"} == set(kinds)
    assert sum(e["points"] for e in truth["elements"].values()) > 0.8 * truth["points"]


@needs_published
def test_a_case_has_the_fields_of_the_published_ones(case: Path) -> None:
    published, ours = truth_in(PUBLISHED), truth_in(case)
    assert set(published) <= set(ours) | {"elements"}
    for kind in ("ok", "shifted", "tilted", "missing"):
        theirs = next(e for e in published["elements"].values() if e["kind"] == kind)
        mine = next(e for e in ours["elements"].values() if e["kind"] == kind)
        assert set(theirs) <= set(mine)
        assert {key: type(value) for key, value in theirs.items()}.items() <= {
            k: type(v) for k, v in mine.items()
        }.items()


def test_the_same_seed_makes_the_same_case(case: Path, building_file: Path, tmp_path: Path) -> None:
    options = ["--seed", "5", "--points", "60000", "--stations", "5", "--station-error-mm", "0.2"]
    assert case_main([str(building_file), "--out", str(tmp_path), *options]) == 0
    for name in ("scan.e57", "truth.json"):
        assert (tmp_path / name).read_bytes() == (case / name).read_bytes()


def test_recorded_stations_and_true_transform_agree(case: Path) -> None:
    import pye57

    truth = truth_in(case)
    scan_to_model = np.array(truth["scan_to_model"])
    with pye57.E57(str(case / "scan.e57")) as file:
        recorded = np.array([file.get_header(i).translation for i in range(file.scan_count)])
    in_model = recorded @ scan_to_model[:3, :3].T + scan_to_model[:3, 3]
    assert 0 < np.abs(in_model - truth["stations"]).max() < 0.0015


def inside_box(places: FloatArray, box: FloatArray) -> bool:
    """Return whether any place (n, 3) lies in the box (2, 3)."""
    return bool(((places > box[0]) & (places < box[1])).all(axis=1).any())


def test_stations_stand_on_floors_and_outside_solids(building_file: Path) -> None:
    elements = tessellate(building_file)
    scene = ray_scene(np.concatenate([e.mesh.triangles() for e in elements.values()]))
    owner = np.repeat(np.arange(len(elements)), [len(e.mesh.faces) for e in elements.values()]).astype(np.int32)
    chosen = choose_stations(scene, owner, 12, np.random.default_rng(0))
    assert len(chosen) == 12
    for places in (chosen, STATIONS):
        for element in elements.values():
            if element.ifc_class in ("IfcColumn", "IfcBeam", "IfcFooting", "IfcPipeSegment"):
                assert not inside_box(places, element.mesh.bounds())
    floors = np.array([-0.25, 0.0, 3.2, 6.3])
    above = chosen[:, 2, None] - floors
    assert (((above > 1.4) & (above < 1.8)).any(axis=1) | (chosen[:, 2] < 1.9)).all()
    apart = np.linalg.norm(chosen[:, None] - chosen, axis=2)[~np.eye(12, dtype=bool)]
    assert apart.min() > 0.9


def test_inverted_normals_do_not_keep_the_surveyor_out(make_box: Callable[..., Element]) -> None:
    slab = make_box("slab", (0.0, 0.0, -0.2), (8.0, 6.0, 0.0)).mesh
    tower = make_box("tower", (3.0, 2.0, 0.0), (5.0, 4.0, 3.0)).mesh
    # the tower's triangles face inwards, as in many exported models
    triangles = np.concatenate([slab.triangles(), tower.triangles()[:, ::-1]])
    owner = np.repeat([0, 1], 12).astype(np.int32)
    chosen = choose_stations(ray_scene(triangles), owner, 4, np.random.default_rng(1))
    assert len(chosen) == 4
    assert not inside_box(chosen, tower.bounds())


def test_nothing_to_stand_on_is_said() -> None:
    speck = np.array([[[0.0, 0, 0], [1e-4, 0, 0], [0, 1e-4, 0]]])
    with pytest.raises(EmptyInput, match="scanner"):
        choose_stations(ray_scene(speck), np.zeros(1, np.int32), 3, np.random.default_rng(0))


def test_bad_input_gets_one_line_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "not.ifc").write_text("this is no model", encoding="utf-8")
    assert case_main([str(tmp_path / "not.ifc"), "--out", str(tmp_path / "out")]) == 2
    assert case_main([str(tmp_path / "absent.ifc"), "--out", str(tmp_path / "out")]) == 2
    assert sample_main(["--out", str(tmp_path), "--format", "dwg"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 3
    assert not any("Traceback" in line for line in lines)


def test_the_sample_holds_a_defect_of_every_kind(tmp_path: Path) -> None:
    assert sample_main(["--out", str(tmp_path), "--points", "150000", "--format", "e57,ply"]) == 0
    truth = truth_in(tmp_path)
    by_name = {element["name"]: element for element in truth["elements"].values()}
    kinds = {"ok", "shifted", "tilted", "missing", "bowed", "undersized", "opening"}
    assert {e["kind"] for e in by_name.values()} == kinds
    assert {name for name, e in by_name.items() if e["kind"] != "ok"} == set(DEFECTS)
    assert set(truth["extras"]) == {"temporary wall", "pallet of blocks", "ground around the building"}
    for name, defect in DEFECTS.items():
        if defect.kind == "missing":
            assert by_name[name]["through_rays"] > 0.8 * by_name[name]["design_rays"] > 0
        elif name not in ("Duct 3 ground", "Sprinkler pipe"):  # thin: few points at this resolution
            assert by_name[name]["points_off_mm"]["10"] > 0
    shifted = by_name["Floor slab"]["openings"]["Stair opening"]
    assert shifted == {
        "offset_mm": [30, 0, 0],
        "size_change_mm": [0, 0, 0],
        "box_m": [[4.95, 4.25, 2.9], [6.05, 7.9, 3.3]],
    }
    assert by_name["Floor slab"]["max_move_mm"] == pytest.approx(30.0)
    assert load_tolerance_file(tmp_path / "tolerances.yaml").name == "sample contract"
    well_built = [e for e in by_name.values() if e["kind"] == "ok" and e["points"]]
    assert max(e["normal_p90_mm"] for e in well_built) < 2.0
    assert len(well_built) > 85
    assert (tmp_path / "design.ifc").exists()
    assert (tmp_path / "scan.ply").stat().st_size > truth["points"] * 30


def test_an_opening_goes_without_the_faces_that_it_is_cut_through() -> None:
    hole = OpeningDefect("hole", (0.03, 0.0, 0.0), (0.0, 0.0, -0.04), low_m=(1.0, -0.1, 1.0), high_m=(2.0, 0.3, 2.0))
    corners = np.array([[0.0, 0, 0], [4, 0, 0], [4, 0.2, 3], [1, 0, 1], [2, 0, 1], [2, 0.2, 2], [1, 0.2, 1]])
    moved = displaced(corners, Defect("opening", openings=(hole,))) - corners
    np.testing.assert_allclose(moved[:3], 0.0, atol=1e-12)
    np.testing.assert_allclose(moved[3:, :2], [[0.03, 0.0]] * 4, atol=1e-12)
    np.testing.assert_allclose(moved[3:, 2], [0.02, 0.02, -0.02, 0.02], atol=1e-12)


def test_a_defect_of_an_opening_that_is_no_upright_box_is_refused() -> None:
    parts = [
        replace(part, openings=tuple(replace(o, solid=replace(o.solid, axis=(0.0, 1.0, 0.0))) for o in part.openings))
        for part in whole_building()
    ]
    with pytest.raises(ValueError, match="no upright box"):
        planted(parts, np.random.default_rng(1))


@needs_published
def test_our_meaning_of_truth_is_the_published_one() -> None:
    """Rebuild the published house from its planted defects; its own points must give its own figures."""
    import pye57

    truth = truth_in(PUBLISHED)
    elements = tessellate(SHARED / "ifc" / "fzk-haus" / "AC20-FZK-Haus.ifc")
    described = truth["elements"]
    triangles, owner = list[FloatArray](), list[str]()
    for guid, e in described.items():
        if e["kind"] == "missing":
            continue
        offset, tilt = np.array(e["offset_mm"]) / 1000, np.radians(e["tilt_deg"])
        defect = Defect(e["kind"], (offset[0], offset[1], offset[2]), (tilt[0], tilt[1], tilt[2]))
        moved = displaced(elements[guid].mesh.vertices, defect)
        largest = np.linalg.norm(moved - elements[guid].mesh.vertices, axis=1).max() * 1000
        assert largest == pytest.approx(e["max_move_mm"], abs=0.02)
        triangles.append(moved[elements[guid].mesh.faces])
        owner += [guid] * len(elements[guid].mesh.faces)
    scene = ray_scene(np.concatenate(triangles))
    counted = dict.fromkeys(described, 0)
    rotation = np.array(truth["scan_to_model"])[:3, :3]
    with pye57.E57(str(PUBLISHED / "scan.e57")) as file:
        for i, station in enumerate(truth["stations"]):
            data, header = file.read_scan_raw(i), file.get_header(i)
            points = np.stack([data[f"cartesian{axis}"] for axis in "XYZ"], axis=1)
            ranges = np.linalg.norm(points, axis=1)
            beams = points / ranges[:, None] @ (rotation @ header.rotation_matrix).T
            hits = scene.first_hits(np.array(station), beams)
            clean = np.abs(ranges - hits.distance) < 0.02
            for k, count in zip(*np.unique(hits.triangle[clean], return_counts=True), strict=True):
                counted[owner[k]] += int(count)
    for guid, e in described.items():
        if e["kind"] != "missing":
            assert counted[guid] == pytest.approx(e["points"], rel=0.01, abs=5)
