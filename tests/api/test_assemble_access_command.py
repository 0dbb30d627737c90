"""``qtems assemble --access``: from a model and rules to what stands where it has to be free."""

import json
from math import erf
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from api.cli import main
from tests.api.results import read_result
from tests.geometry.readers.ifc_models import Model

RULES = """\
access: 1
rules:
  - name: before doors
    for: {classes: [IfcDoor]}
    towards: front
    distance_mm: 1000
    grow_mm: 100
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wall with a door in its opening, turned by 180° so that it faces +y, and a crate 0.6 m before it."""
    made = Model("mm")
    wall = made.add("IfcWall", made.block((4.0, 0.3, 3.0)), at=(0, 0, 0), name="Wall")
    opening = made.opening(wall, made.block((1.0, 0.3, 2.0)), at=(1.5, 0.0, 0.0))
    door = made.add("IfcDoor", made.block((1.0, 0.1, 2.0)), at=(0, 0, 0), name="Door 1")
    door.ObjectPlacement = made.place((2.5, 0.2, 0.0), (-1.0, 0.0, 0.0))
    made.make("IfcRelFillsElement", made.guid(), None, None, None, opening, door)
    made.add("IfcFurniture", made.block((0.5, 0.5, 0.5)), at=(1.8, 0.8, 0.2), name="Crate")
    return made.write(tmp_path_factory.mktemp("access") / "house.ifc")


def ran(house: Path, tmp_path: Path, rules: str, *more: str) -> tuple[int, dict[str, Any]]:
    path, out = tmp_path / "rules.yaml", tmp_path / "out"
    path.write_text(rules, "utf-8")
    told = ["assemble", str(house), "--out", str(out), "--access", str(path), "--quiet", "--no-cache", *more]
    status = main(told)
    return status, read_result(out / "assembly.json") if status < 2 else {}


def test_a_crate_before_a_door_is_found_in_every_report(
    house: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, document = ran(house, tmp_path, RULES, "--report", "html,bcf,glb")
    assert status == 1
    assert "before doors: 1 space looked into, 1 intrusion." in capsys.readouterr().out
    (clash,) = [one for one in document["clashes"] if one["kind"] == "access"]
    assert (clash["first"]["name"], clash["second"]["name"]) == ("Door 1", "Crate")
    assert (clash["volume_m3"], clash["depth_mm"]) == pytest.approx((0.5 * 0.4 * 0.5, 400.0), rel=1e-6)
    assert clash["access"] | {"space_m": []} == {
        "rule": "before doors", "towards": "front", "distance_mm": 1000.0, "free_mm": pytest.approx(600.0, abs=1e-6),
        "by_faces": False, "space_m": [],
    }  # fmt: skip
    low, high = (edge([corner[k] for corner in clash["access"]["space_m"]] for k in range(3)) for edge in (_low, _high))
    assert low == pytest.approx([1.4, 0.2, 0.0], abs=1e-6)
    assert high == pytest.approx([2.6, 1.2, 2.1], abs=1e-6)
    assert [one["because"] for one in document["access"]["left_out"]] == ["host"]
    assert document["summary"]["access"] == 1
    assert document["provenance"]["access"]["file"] == "rules.yaml"
    out = tmp_path / "out"
    (shown,) = json.loads((out / "assembly-overlay.json").read_text("utf-8"))["clashes"]
    assert (shown["id"], shown["space_m"]) == (clash["id"], clash["access"]["space_m"])
    said = "before doors: 1000 mm in front have to be free, 600.0 mm are."
    assert said in (out / "assembly.html").read_text("utf-8")
    _has_the_room(out / "assembly.glb", clash)
    with ZipFile(out / "assembly.bcf") as archive:
        assert any(said in archive.read(name).decode("utf-8", "ignore") for name in archive.namelist())


def _has_the_room(path: Path, clash: dict[str, Any]) -> None:
    """The blocked room is a closed box of its own, seen through, outward, where the result has it."""
    import trimesh

    content = path.read_bytes()
    document = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])
    (node,) = [one for one in document["nodes"] if one["name"] == "free space: before doors: Door 1"]
    assert node["extras"]["blocked_by"] == [
        {"element": clash["second"]["global_id"], "name": "Crate", "free_mm": pytest.approx(600.0)}
    ]
    look = document["materials"][document["meshes"][node["mesh"]]["primitives"][0]["material"]]
    assert (look["alphaMode"], look["pbrMetallicRoughness"]["baseColorFactor"][3] < 1.0) == ("BLEND", True)
    scene = trimesh.load_scene(path)
    frame, name = scene.graph["free space: before doors: Door 1"]
    box = scene.geometry[name]
    assert box.volume == pytest.approx(1.2 * 1.0 * 2.1, rel=1e-5), "positive: its sides look outward"
    origin = np.array(document["nodes"][0]["extras"]["origin_m"])
    corners = trimesh.transform_points(box.vertices, frame)[:, [0, 2, 1]] * [1, -1, 1] + origin  # y up to z up
    told = np.array(clash["access"]["space_m"])
    assert np.abs(corners[:, None] - told).sum(axis=2).min(axis=0).max() < 1e-5


def _low(columns: Any) -> list[float]:
    return [min(one) for one in columns]


def _high(columns: Any) -> list[float]:
    return [max(one) for one in columns]


def test_nothing_on_the_other_side_is_status_0_and_nothing_looked_at_is_not(house: Path, tmp_path: Path) -> None:
    behind = RULES.replace("front", "back")
    status, document = ran(house, tmp_path, behind, "--report", "json", "--lang", "zh")
    assert (status, document["summary"]["access"]) == (0, 0)
    status, document = ran(house, tmp_path, RULES.replace("IfcDoor", "IfcValve"), "--report", "json")
    assert (status, document["access"]["rules"][0]["spaces"]) == (1, 0)
    status, document = ran(house, tmp_path, RULES.replace("front", "swing"), "--report", "json")
    assert (status, document["access"]["unknown"][0]["name"]) == (1, "Door 1")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[IfcDoor]", "[IfcDor]", "line 3: rules[0]: IfcDor is no class of IFC; did you mean IfcDoor?"),
        ("classes: [IfcDoor]", "elements: [none]", "line 3: rules[0]: none: the model has no element"),
        ("front", "forward", "line 5: rules[0].towards"),
    ],
)
def test_a_bad_rule_is_one_line_and_status_2(
    house: Path, tmp_path: Path, old: str, new: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran(house, tmp_path, RULES.replace(old, new))[0] == 2
    told = capsys.readouterr().err
    assert says in told
    assert "rules.yaml" in told
    assert "Traceback" not in told


def test_with_uncertain_places_it_is_said_how_probable(house: Path, tmp_path: Path) -> None:
    status, document = ran(house, tmp_path, RULES, "--report", "html", "--position", "5mm")
    (clash,) = [one for one in document["clashes"] if one["kind"] == "access"]
    assert (status, clash["probability"], clash["decision"]) == (1, 1.0, "clash")
    (shown,) = [it for it in json.loads((tmp_path / "out" / "assembly-overlay.json").read_text("utf-8"))["clashes"]]
    assert shown["probability"] == 1.0
    nearer = RULES.replace("1000", "597")  # the crate stands 600 mm off
    status, document = ran(house, tmp_path, nearer, "--report", "html", "--position", "5mm")
    (clash,) = [one for one in document["clashes"] if one["kind"] == "access"]
    low, high = clash["probability_interval"]
    assert low - 2e-3 <= 0.5 * (1.0 + erf(-3.1 / 10.0)) <= high + 2e-3, "N(-3.1 mm, 2 · 5² mm²)"
    assert (status, clash["decision"], clash["access"]["free_mm"]) == (1, "undecided", pytest.approx(597.0))
    assert "Most probably they are, but the places are less certain" in (tmp_path / "out/assembly.html").read_text()
