"""Rehearsals by HTTP: ordered of a model and of a file, done by a worker, their files read; nothing of others."""

import json
from collections.abc import Generator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from api.in_chinese import in_chinese
from geometry.readers import read_design
from tests.api.ifc_hall import write_ifc_hall
from tests.api.web.live import followed, found, worker_beside
from tests.api.web.planted import CAPTURED, context, plant, upload
from tests.api.web.world import World, make_world
from twin.operations.rehearsals import RehearsalOrder, run_ordered_rehearsal
from twin.operations.work import Work
from twin.record import Evidence, EvidenceKind
from twin.rehearsal_record import RehearsalKind
from twin.store import records
from twin.store.blob_register import keep

STACK = b"""\
stackup: 1
dimensions:
  box: {nominal: 20, tolerance: 0.1}
  lid: {nominal: 19.7, tolerance: 0.1}
requirements:
  gap: {formula: box - lid, lower: 0.1, upper: 0.5, conforming: 0.9}
"""
SCHEDULE = b"""\
schedule: 1
tasks:
  dig: {days: 3}
  pour: {optimistic: 2, likely: 3, pessimistic: 9, after: dig}
"""
LINE = b"""\
simulate: 1
name: Mill
time: min
run: {length: 600, replications: 3}
sources: {orders: {every: {exponential: 6}, to: mill}}
stations: {mill: {takes: 3, to: ship}}
"""
JOINT = b"""\
fitup: 1
parts:
  lower: {grid: {rows: 2, columns: 2, pitch: [100, 75], diameter: 22, sd: 0.2}}
  upper: {grid: {rows: 2, columns: 2, pitch: [100, 75], diameter: 22, sd: 0.2}}
joints: [{fixed: lower, moving: upper, bolt: 20}]
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """A server with a worker in a thread."""
    folder = tmp_path_factory.mktemp("rehearsals")
    made = make_world(folder / "data")
    with worker_beside(made, folder / "cache"):
        yield made


@pytest.fixture(scope="module")
def project(world: World) -> str:
    return found(world)


def test_a_model_s_clashes(world: World, project: str, tmp_path: Path) -> None:
    admin, root = world.administrator(), f"/projects/{project}"
    ifc = write_ifc_hall(tmp_path / "hall.ifc", unit="mm").read_bytes()
    model = followed(admin, root, admin.post(f"{root}/models", {"upload": upload(admin, project, "hall.ifc", ifc)}))[
        "makes"
    ]
    asked = {"kind": "assembly", "revision": model, "clearance_mm": "20", "sequence": "found"}
    job = followed(admin, root, admin.post(f"{root}/rehearsals", asked))
    one = admin.get(f"{root}/rehearsals/{job['makes']}").json()
    assert job["result"] == {"rehearsal": one["id"], "outcome": one["outcome"]}
    assert (one["kind"], one["title"], one["revision"], one["source"]) == ("assembly", "hall.ifc", model, None)
    assert one["parameters"] == {"touch_mm": "0.1", "clearance_mm": "20", "sequence": "found"}
    assert one["asked_by"] == admin.get("/auth/me").json()["user"]["id"]
    assert one["files"][0]["name"] == "assembly.json"
    told = admin.get(f"{root}/rehearsals/{one['id']}/files/assembly.json").json()
    assert told["rule"]["clearance_mm"] == pytest.approx(20.0)
    assert told["provenance"]["model"] == "hall.ifc"
    serious = any(told["summary"][kind] for kind in ("duplicate", "enclosed", "piercing", "hard", "clearance"))
    assert one["outcome"] == ("action_needed" if serious or told["summary"]["unchecked"] else "clear")
    names = {file["name"]: file["media_type"] for file in one["files"]}
    assert names["assembly.html"] == "text/html"
    overlay = admin.get(f"{root}/rehearsals/{one['id']}/files/assembly-overlay.json").json()
    assert overlay["schema"] == "qtems.overlay/1"
    played = admin.get(f"{root}/rehearsals/{one['id']}/files/order-overlay.json").json()
    assert len(played["tracks"]) == told["summary"]["elements"], "each part comes in once"
    assert told["order"] is not None
    assert admin.get(f"{root}/rehearsals/{one['id']}/files/secret.json").status_code == 404
    listed = admin.get(f"{root}/rehearsals?kind=assembly&model_revision={model}").json()["items"]
    assert [it["id"] for it in listed] == [one["id"]]


def test_its_steps_are_told_in_words_of_its_own(world: World, project: str, tmp_path: Path) -> None:
    """No scan is placed where clashes are looked for."""
    admin, root = world.administrator(), f"/projects/{project}"
    ifc = write_ifc_hall(tmp_path / "steps.ifc", unit="mm").read_bytes()
    taken = admin.post(f"{root}/models", {"upload": upload(admin, project, "steps.ifc", ifc)})
    model, services, said = followed(admin, root, taken)["makes"], world.services, list[str]()
    work = Work(
        services.store, services.blobs, context(world).actor, world.clock, lambda step, share: said.append(step)
    )
    parameters = {"touch_mm": "0.1", "clearance_mm": "0", "sequence": "found"}
    order = RehearsalOrder(
        services.store.new_id(), project, RehearsalKind.ASSEMBLY, revision=model, parameters=parameters
    )
    run_ordered_rehearsal(work, order)
    assert {"looking for clashes", "looking for an order"} <= set(said)
    assert not any(step.startswith(("registering", "measuring")) for step in said)
    assert all(in_chinese(step) for step in said), sorted({step for step in said if not in_chinese(step)})


def test_clashes_in_time_and_as_built_need_tasks_and_a_check(world: World, project: str, tmp_path: Path) -> None:
    admin, root = world.administrator(), f"/projects/{project}"
    ifc = write_ifc_hall(tmp_path / "hall.ifc", unit="mm").read_bytes()
    file = upload(admin, project, "bare hall.ifc", ifc + b"\n")
    model = followed(admin, root, admin.post(f"{root}/models", {"upload": file}))["makes"]
    asked = {"kind": "assembly", "revision": model}
    for more, says in (
        ({"in_time": True}, "it has no tasks (IfcTask)"),
        ({"at": "2026-03-10"}, "it has no tasks (IfcTask)"),
        ({"as_built": True}, "no check of this model counts yet, so nothing is known as built"),
    ):
        failed = followed(admin, root, admin.post(f"{root}/rehearsals", asked | more), ends="failed")
        assert says in failed["error"]
    placed = followed(admin, root, admin.post(f"{root}/rehearsals", asked | {"position_mm": "5"}))
    told = admin.get(f"{root}/rehearsals/{placed['makes']}/files/assembly.json").json()
    assert told["uncertainty"]["confidence"] == pytest.approx(0.95), "how probable is said, no longer only whether"


ROOM = b"""\
access: 1
rules:
  - {name: before columns, for: {classes: [IfcColumn]}, towards: front, distance_mm: 2500}
"""


def test_room_on_one_side_and_a_part_as_scanned(world: World, project: str, tmp_path: Path) -> None:
    """What the command line takes as files comes as uploads; what is wrong in them is told under their names."""
    admin, root = world.administrator(), f"/projects/{project}"
    ifc = write_ifc_hall(tmp_path / "hall.ifc", unit="mm")
    of = upload(admin, project, "room.ifc", ifc.read_bytes() + b"\n\n")
    model = followed(admin, root, admin.post(f"{root}/models", {"upload": of}))["makes"]
    rules = upload(admin, project, "rules.yaml", ROOM)
    column = next(one for one in read_design(ifc).elements.values() if one.ifc_class == "IfcColumn")
    mesh = ply_of(column.mesh.vertices, column.mesh.faces)
    scanned = {"global_id": column.global_id, "upload": upload(admin, project, "column.ply", mesh)}
    asked = {"kind": "assembly", "revision": model, "lang": "zh"}
    job = followed(admin, root, admin.post(f"{root}/rehearsals", asked | {"access": rules, "shapes": [scanned]}))
    one = admin.get(f"{root}/rehearsals/{job['makes']}").json()
    assert one["parameters"]["access"] == "rules.yaml"
    assert one["parameters"]["access_sha256"] == sha256(ROOM).hexdigest()
    assert one["parameters"]["shapes"] == f"{column.global_id} column.ply 0 mm {sha256(mesh).hexdigest()}"
    told = admin.get(f"{root}/rehearsals/{job['makes']}/files/assembly.json").json()
    assert told["provenance"]["access"]["file"] == "rules.yaml"
    assert [(it["global_id"], it["file"]) for it in told["shapes"]] == [(column.global_id, "column.ply")]
    blocked = [it for it in told["clashes"] if it["kind"] == "access"]
    assert blocked, "columns stand before columns"
    shown = admin.get(f"{root}/rehearsals/{job['makes']}/files/assembly-overlay.json").json()["clashes"]
    boxes = {it["id"]: it for it in shown if "space_m" in it}
    assert boxes.keys() == {it["id"] for it in blocked}
    for it in blocked:
        told_there = {name: it["access"][name] for name in ("rule", "towards", "distance_mm", "free_mm", "by_faces")}
        assert boxes[it["id"]]["space"] == told_there
    wrong = upload(admin, project, "wrong.yaml", ROOM.replace(b"front", b"frond"))
    points = upload(admin, project, "points.xyz", b"0 0 0\n1 0 0\n0 1 0\n")
    nothing = {**scanned, "upload": upload(admin, project, "nothing.ply", b"ply\n")}
    for more, says in (
        ({"access": wrong}, "wrong.yaml: line 3: rules[0].towards: 'frond' is none of front,"),
        ({"shapes": [{**scanned, "global_id": "nobody"}]}, "nobody: the model has no element of this GlobalId"),
        ({"access": rules, "shapes": [{**scanned, "upload": points}]}, "has points alone: leave one of the two out"),
        ({"shapes": [nothing]}, "nothing.ply: "),
    ):
        failed = followed(admin, root, admin.post(f"{root}/rehearsals", asked | more), ends="failed")
        assert says in failed["error"], failed["error"]
        assert "/tmp" not in failed["error"]
        assert failed["error_zh"]
    for more, says in (
        ({"shape_noise_mm": "2"}, "shape_noise_mm is about scanned parts: give shapes"),
        ({"shapes": [scanned, scanned]}, f"{column.global_id}: it has a shape already; give one file of it"),
        ({"shapes": [{**scanned, "noise_mm": "-1"}]}, "shapes.0.noise_mm is at least 0"),
    ):
        refused = admin.post(f"{root}/rehearsals", asked | more)
        assert (refused.status_code, says in refused.text) == (422, True), refused.text
        assert refused.json()["detail_zh"]
    for more in ({"access": "0" * 32}, {"shapes": [{**scanned, "upload": "0" * 32}]}):
        assert admin.post(f"{root}/rehearsals", asked | more).status_code == 404


def ply_of(vertices: Any, faces: Any) -> bytes:
    """Return a mesh as PLY."""
    head = [
        "ply",
        "format ascii 1.0",
        f"element vertex {len(vertices)}",
        *(f"property double {axis}" for axis in "xyz"),
    ]
    head += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header"]
    rows = [" ".join(f"{value:.6f}" for value in point) for point in vertices]
    return "\n".join([*head, *rows, *(f"3 {a} {b} {c}" for a, b, c in faces), ""]).encode()


@pytest.mark.parametrize(
    ("kind", "content", "result"),
    [
        ("stackup", STACK, "stackup.json"),
        ("schedule", SCHEDULE, "schedule.json"),
        ("process", LINE, "simulate.json"),
        ("fit_up", JOINT, "fitup.json"),
    ],
)
def test_a_file(world: World, project: str, kind: str, content: bytes, result: str) -> None:
    admin, root = world.administrator(), f"/projects/{project}"
    file = upload(admin, project, f"tower {kind}.yaml", content)
    many = {"replications": 3} if kind == "process" else {"samples": 1000}
    asked = {"kind": kind, "upload": file, "title": "Tower", "seed": 3, **many}
    one = admin.get(f"{root}/rehearsals/" + followed(admin, root, admin.post(f"{root}/rehearsals", asked))["makes"])
    told: dict[str, Any] = one.json()
    assert (told["title"], told["source"], told["outcome"]) == ("Tower", f"tower {kind}.yaml", "clear")
    written = json.loads(admin.get(f"{root}/rehearsals/{told['id']}/files/{result}").content)
    provenance = written["provenance"]
    assert provenance["file"] == f"tower {kind}.yaml"
    assert provenance["sha256"] == sha256(content).hexdigest()


def test_lines_side_by_side_and_the_best_of_several(world: World, project: str) -> None:
    admin, root = world.administrator(), f"/projects/{project}"
    first, second, third = (
        upload(admin, project, f"takes {minutes}.yaml", LINE.replace(b"takes: 3", f"takes: {minutes}".encode()))
        for minutes in (4, 3, 5)
    )
    asked = {"kind": "process", "upload": first, "replications": 12}
    one = followed(admin, root, admin.post(f"{root}/rehearsals", asked | {"compare": second}))
    told = admin.get(f"{root}/rehearsals/{one['makes']}/files/simulate.json").json()
    assert told["comparison"]["lead_time"]["value"] < 0
    wanted = {"figure": "lead_time", "better": "less", "worth": "0.5", "replications": 400}
    choice = asked | {"among": [second, third]} | wanted
    one = followed(admin, root, admin.post(f"{root}/rehearsals", choice))
    told = admin.get(f"{root}/rehearsals/{one['makes']}/files/choice.json").json()
    assert (told["best"], told["settled"], told["most_runs"]) == ("takes 3.yaml", True, 400)
    assert one["result"]["outcome"] == "clear"
    for wrong in ({"worth": None}, {"figure": None}, {"compare": third}, {"confidence": "0.5"}, {"worth": "0"}):
        assert admin.post(f"{root}/rehearsals", choice | wrong).status_code == 422
    unknown = choice | {"figure": "leadtime"}
    failed = followed(admin, root, admin.post(f"{root}/rehearsals", unknown), ends="failed")
    assert "has no figure leadtime; it has throughput" in failed["error"]
    assert "/tmp" not in failed["error"]


def test_units_of_a_line(world: World, project: str) -> None:
    import numpy as np

    from simulation.prediction.line_data import VARIABLES, line_data

    data = line_data(1_000, np.random.default_rng(5))
    lines = [",".join((*VARIABLES, "bad"))]
    lines += [
        ",".join((*(f"{one:.5g}" for one in row), str(int(bad))))
        for row, bad in zip(data.recorded, data.defective, strict=True)
    ]
    admin, root = world.administrator(), f"/projects/{project}"
    file = upload(admin, project, "units.csv", "\n".join(lines).encode())
    asked = {"kind": "quality", "upload": file, "outcome": "bad", "escape": "100", "action": "15", "ignore": ["idle"]}
    assert admin.post(f"{root}/rehearsals", asked | {"action": None}).status_code == 422
    one = followed(admin, root, admin.post(f"{root}/rehearsals", asked))
    told = admin.get(f"{root}/rehearsals/{one['makes']}/files/quality.json").json()
    assert told["learnt_from"]["variables"] == list(VARIABLES[:-1])
    assert told["threshold"]["probability"] == pytest.approx(0.15)
    assert told["provenance"]["file"] == "units.csv"
    fitted = one["makes"]
    assert told["new"] is None
    later = line_data(60, np.random.default_rng(6))
    rows = [",".join(("serial", *VARIABLES[::-1]))]
    rows += [",".join((f"N{n}", *(f"{one:.5g}" for one in row[::-1]))) for n, row in enumerate(later.recorded)]
    new = upload(admin, project, "today.csv", "\n".join(rows).encode())
    one = followed(
        admin, root, admin.post(f"{root}/rehearsals", {"kind": "quality_score", "fitted": fitted, "score": new})
    )
    kept = admin.get(f"{root}/rehearsals/{one['makes']}").json()
    assert (kept["kind"], kept["title"], kept["source"]) == ("quality", "today.csv", "units.csv")
    assert kept["parameters"]["fitted"] == fitted
    assert {file["name"] for file in kept["files"]} == {"quality.json", "quality.html", "quality-units.csv"}
    scored = admin.get(f"{root}/rehearsals/{one['makes']}/files/quality.json").json()
    assert {**scored, "new": None, "provenance": None} == {**told, "new": None, "provenance": None}, "the same model"
    assert (scored["new"]["file"], scored["new"]["units"]) == ("today.csv", 60)
    table = admin.get(f"{root}/rehearsals/{one['makes']}/files/quality-units.csv").text.splitlines()
    assert sum(line.split(",")[4] == "yes" for line in table[1:]) == scored["new"]["to_act_on"]
    both = followed(admin, root, admin.post(f"{root}/rehearsals", asked | {"score": new}))
    at_once = admin.get(f"{root}/rehearsals/{both['makes']}/files/quality.json").json()
    assert at_once["new"] == scored["new"], "learnt and scored at once says the same"
    again = admin.post(f"{root}/rehearsals", {"kind": "quality_score", "fitted": one["makes"], "score": file})
    failed = followed(admin, root, again, ends="failed")
    assert failed["error"].startswith("units.csv: these are the units that were learnt from"), failed["error"]


def test_only_a_run_that_fitted_a_model_scores_units(world: World, project: str) -> None:
    admin, root = world.administrator(), f"/projects/{project}"
    new = upload(admin, project, "today.csv", b"a,b\n1,2\n")
    yaml = upload(admin, project, "joint.yaml", JOINT)
    joint = followed(admin, root, admin.post(f"{root}/rehearsals", {"kind": "fit_up", "upload": yaml, "samples": 1000}))
    refused = admin.post(f"{root}/rehearsals", {"kind": "quality_score", "fitted": joint["makes"], "score": new})
    assert refused.status_code == 409
    assert "fitted no model" in refused.json()["detail"]
    assert refused.json()["detail_zh"]
    unknown = {"kind": "quality_score", "fitted": "0" * 32, "score": new}
    assert admin.post(f"{root}/rehearsals", unknown).status_code == 404


def test_what_is_wrong_in_a_file_is_told_under_its_own_name(world: World, project: str) -> None:
    admin, root = world.administrator(), f"/projects/{project}"
    file = upload(admin, project, "lid.yaml", STACK.replace(b"box - lid", b"box - lit"))
    told = followed(admin, root, admin.post(f"{root}/rehearsals", {"kind": "stackup", "upload": file}), ends="failed")
    assert told["error"].startswith("lid.yaml: ")
    assert "lit" in told["error"]
    assert "/tmp" not in told["error"]


def test_what_checks_saw_tells_of_progress_and_of_what_is_probably_wrong(world: World, project: str) -> None:
    admin, root = world.administrator(), f"/projects/{project}"
    made = plant(world, project)
    none = {"kind": "prediction", "revision": made.revision}
    told = followed(admin, root, admin.post(f"{root}/rehearsals", none), ends="failed")
    assert "report" in told["error"]  # the planted check wrote none that says anything
    services = world.services
    entries = [_entry(f"E{n}", value) for n, value in enumerate((1.0, -3.0, 14.0, 9.0, -12.0, 2.0, 6.0, -8.0))]
    report = {"schema": "qtems.check/1", "elements": [*entries, _entry("hidden", None)]}
    content = services.blobs.put([json.dumps(report).encode()])
    with services.store.write(context(world)) as unit:
        run = unit.get(records.CHECK_RUN, made.check)
        evidence = Evidence(EvidenceKind.REPORT, content.sha256, "report.json", "application/json")
        unit.save(records.CHECK_RUN, replace(run.record, report=evidence), expected=run.version)
        keep(unit, services.blobs, content, "application/json")
    asked = none | {"budget_minutes": "30", "candidate_from": "0.2"}
    one = followed(admin, root, admin.post(f"{root}/rehearsals", asked))
    written = admin.get(f"{root}/rehearsals/{one['makes']}/files/predict.json").json()
    assert [it["global_id"] for it in written["candidates"]] == ["hidden"]
    assert {it["state"] for it in written["candidates"]} == {"predicted"}
    assert one["result"]["outcome"] == "action_needed"
    plan = upload(admin, project, "plan.yaml", PLAN)
    asked = {"kind": "schedule", "upload": plan, "progress": True, "samples": 1000}
    one = followed(admin, root, admin.post(f"{root}/rehearsals", asked))
    written = admin.get(f"{root}/rehearsals/{one['makes']}/files/schedule.json").json()
    assert [task["stage"] for task in written["progress"]["tasks"]] == ["done", "waiting"]
    assert written["progress"]["date"] == CAPTURED.date().isoformat()
    both = asked | {"revision": made.revision}
    assert admin.post(f"{root}/rehearsals", both).status_code == 422


PLAN = b"""\
schedule: 1
start: 2026-11-02
tasks:
  columns: {days: 5, elements: [E0, E1]}
  walls: {days: 5, elements: [elsewhere], after: columns}
"""


def _entry(name: str, actual: float | None) -> dict[str, Any]:
    verdict = "fail" if abs(actual or 0.0) > 11.0 else "pass"
    measured = {
        "characteristic": "plumb", "direction": "", "actual_mm": actual, "lower_mm": -10.0, "upper_mm": 10.0,
        "expanded_uncertainty_mm": 1.0, "coverage_factor": 2.0, "verdict": verdict,
    }  # fmt: skip
    told = {"global_id": name, "name": name, "ifc_class": "IfcColumn", "storey": "1", "reasons": []}
    if actual is None:
        return told | {"state": "occluded", "measurements": []}
    return told | {"state": "installed", "measurements": [measured]}
