# pyright: reportUnknownMemberType=false
"""The steel frame and the precast hall: valid, the same every time, bolts go through holes, clashes as planted."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.cli import main
from geometry.design import Element
from samples.__main__ import main as make
from samples.building import part_id, write_model
from samples.frames import FRAMES
from samples.steel import steel_frame
from samples.tessellation import tessellate
from simulation.assembly.broad_phase import overlapping_pairs
from simulation.assembly.solid import make_solids

ROOT = Path(__file__).resolve().parents[2]
CAST_IN = ("ANCHORBOLT", "DOWEL")


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both samples, made by the command."""
    folder = tmp_path_factory.mktemp("frames")
    for kind in FRAMES:
        assert make(["--kind", kind, "--out", str(folder / kind)]) == 0
    return folder


def assembled(model: Path, out: Path, *more: str) -> tuple[int, dict[str, Any]]:
    code = main(["assemble", str(model), "--out", str(out), "--quiet", "--no-cache", "--report", "json", *more])
    return code, json.loads((out / "assembly.json").read_text("utf-8"))


@pytest.mark.parametrize("kind", FRAMES)
def test_the_file_is_valid(frames: Path, kind: str) -> None:
    import ifcopenshell
    import ifcopenshell.validate

    path, log = frames / kind / "design.ifc", ifcopenshell.validate.json_logger()
    model = ifcopenshell.open(str(path))
    ifcopenshell.validate.validate(model, log, express_rules=kind == "precast")  # both come from one writer
    assert log.statements == []
    wanted = ("IfcElementAssembly", "IfcMechanicalFastener", "IfcRelConnectsWithRealizingElements", "IfcTask")
    assert all(model.by_type(name) for name in wanted)


def test_the_bytes_do_not_depend_on_the_process(frames: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "samples", "--kind", "steel", "--out", str(tmp_path)]
    subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)
    for name in ("design.ifc", "truth.json", "order.yaml"):
        assert (tmp_path / name).read_bytes() == (frames / "steel" / name).read_bytes()


@pytest.mark.parametrize("kind", FRAMES)
def test_only_what_is_planted_clashes_and_contacts_are_listed(frames: Path, tmp_path: Path, kind: str) -> None:
    code, found = assembled(frames / kind / "design.ifc", tmp_path)
    truth = json.loads((frames / kind / "truth.json").read_text("utf-8"))
    clashes = found["clashes"]
    told = {
        (frozenset((c["first"]["name"], c["second"]["name"])), c["kind"]) for c in clashes if c["kind"] != "touching"
    }
    assert told == {(frozenset(one["elements"]), one["kind"]) for one in truth["clashes"]}
    assert code == 1
    reasons = {row["because"] for row in found["meant"]}
    assert "IfcRelConnectsWithRealizingElements" in reasons
    assert found["summary"]["unchecked"] == 0


@pytest.mark.parametrize("kind", FRAMES)
def test_bolts_go_through_holes(frames: Path, kind: str) -> None:
    """No fastener shares space with anything but what it is cast into: the holes are where the bolts are."""
    elements: dict[str, Element] = tessellate(frames / kind / "design.ifc")
    parts = {part_id(part): part for part in FRAMES[kind].plan().parts}
    made = make_solids(elements)
    assert not made.refused
    near = overlapping_pairs(np.array([solid.bounds for solid in made.solids]), 0.0)
    looked = 0
    for i, j in near:
        pair = [made.solids[i], made.solids[j]]
        loose = [
            s for s in pair if s.ifc_class == "IfcMechanicalFastener" and parts[s.global_id].predefined not in CAST_IN
        ]
        if loose:
            looked += 1
            assert float((pair[0].body ^ pair[1].body).volume()) < 1e-12, [solid.name for solid in pair]
    assert looked > 300 or kind == "precast"


def test_the_tasks_of_a_steel_frame_work_and_bolts_before_the_beam_do_not(tmp_path: Path) -> None:
    model = tmp_path / "row.ifc"
    plan = steel_frame(rows=("1",), lifts=("lower",))
    write_model(model, plan)
    code, found = assembled(model, tmp_path / "tasks", "--tasks", "--insertion", "200mm")
    order = found["order"]
    assert order["works"]
    assert [step["name"][:3] for step in order["steps"]] == ["T01", "T02", "T04", "T09"]
    assert code == 1  # the planted pipe
    ids = {part.name: part_id(part) for part in plan.parts}
    joint = [ids[f"{kind} Beam A1-B1 level 1 A {k}"] for kind in ("Bolt", "Nut") for k in (1, 2, 3, 4)]
    column = [ids[part.name] for part in plan.parts if part.assembly == "Column A1 lower assembly"]
    beam = [ids[part.name] for part in plan.parts if part.assembly == "Beam A1-B1 level 1 assembly"]
    (tmp_path / "wrong.json").write_text(json.dumps([column, joint, beam]), "utf-8")
    _, found = assembled(model, tmp_path / "wrong", "--sequence", str(tmp_path / "wrong.json"), "--insertion", "200mm")
    steps = found["order"]["steps"]
    assert [bool(step["blocked"]) for step in steps] == [False, False, True]
    blockers = {one["global_id"] for entry in steps[2]["blocked"] for one in entry["blockers"]}
    assert blockers <= set(joint)
    assert blockers


def test_a_precast_hall_goes_together_from_below_with_grout_after_its_column(frames: Path, tmp_path: Path) -> None:
    folder = frames / "precast"
    told = ["--order", "--sequence", str(folder / "order.yaml"), "--insertion", "1m"]
    _, found = assembled(folder / "design.ifc", tmp_path, *told)
    names = {part_id(part): part.name for part in FRAMES["precast"].plan().parts}
    at = {names[one]: step["number"] for step in found["order"]["steps"] for one in step["elements"]}
    assert found["order"]["works"]
    for axis in "ABC":
        for row in "12":
            chain = [f"Footing {axis}{row}", f"Levelling pad {axis}{row}", f"Column {axis}{row}", f"Grout {axis}{row}"]
            assert [at[name] for name in chain] == sorted(at[name] for name in chain)
            assert at[f"Column {axis}{row}"] == at[f"Dowel {axis}{row}"], "the dowel is cast into it: one piece"
            assert at[f"Grout {axis}{row}"] < at[f"Beam {axis}"]
    assert all(at[f"Hollow core {k}"] > max(at["Beam A"], at["Beam B"]) for k in (1, 2, 3, 4))
    assert all(at[f"Double tee {k}"] > max(at["Beam B"], at["Beam C"]) for k in (1, 2))


def test_a_scaffold_clashes_only_while_it_stands(
    frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Planted: a post in a beam while both are there; a duct where the scaffold was, that comes when it is gone."""
    model = frames / "steel" / "design.ifc"
    code, found = assembled(model, tmp_path / "all", "--in-time", "--lang", "zh")
    assert code == 1
    assert "从不同时存在" in capsys.readouterr().out
    when = {one["first"]["name"] + "/" + one["second"]["name"]: one["both_there"] for one in found["clashes"]}
    pair = next(name for name in when if "Scaffold" in name)
    assert "Beam mid level 1" in pair
    assert when[pair] == [{"from": "2026-03-10T07:00:00", "to": "2026-03-20T07:00:00"}]
    never = found["in_time"]["excluded"]
    assert [{one["first"]["name"], one["second"]["name"]} for one in never] == [{"Scaffold", "Air duct"}]
    assert never[0]["because"] == "never_together"
    assert (found["in_time"]["with_dates"], found["in_time"]["always_there"]) == (244, 0)
    for day, clashes in (("2026-03-09", 0), ("2026-03-20", 2)):
        code, found = assembled(model, tmp_path / day, "--at", day)
        serious = [one for one in found["clashes"] if one["kind"] != "touching"]
        assert (day, len(serious), code) == (day, clashes, int(clashes > 0))
        reasons = {one["because"] for one in found["in_time"]["excluded"]}
        assert reasons == {"never_together"} | ({"not_on_that_day"} if clashes < 2 else set())
    with pytest.raises(SystemExit):
        main(["assemble", str(model), "--out", str(tmp_path), "--at", "soon"])
    assert "no day" in capsys.readouterr().err
