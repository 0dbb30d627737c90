"""Rehearsals by HTTP: ordered of a model and of a file, done by a worker, their files read; nothing of others."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.api.ifc_hall import write_ifc_hall
from tests.api.web.live import followed, found, worker_beside
from tests.api.web.planted import upload
from tests.api.web.world import World, make_world

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
    assert one["files"][0]["name"] == "assembly.json"
    told = admin.get(f"{root}/rehearsals/{one['id']}/files/assembly.json").json()
    assert told["rule"]["clearance_mm"] == pytest.approx(20.0)
    assert told["provenance"]["model"] == "hall.ifc"
    serious = any(told["summary"][kind] for kind in ("duplicate", "enclosed", "piercing", "hard", "clearance"))
    assert one["outcome"] == ("action_needed" if serious or told["summary"]["unchecked"] else "clear")
    overlay = admin.get(f"{root}/rehearsals/{one['id']}/files/assembly-overlay.json").json()
    assert overlay["schema"] == "qtems.overlay/1"
    played = admin.get(f"{root}/rehearsals/{one['id']}/files/order-overlay.json").json()
    assert len(played["tracks"]) == told["summary"]["elements"], "each part comes in once"
    assert told["order"] is not None
    assert admin.get(f"{root}/rehearsals/{one['id']}/files/secret.json").status_code == 404
    listed = admin.get(f"{root}/rehearsals?kind=assembly&model_revision={model}").json()["items"]
    assert [it["id"] for it in listed] == [one["id"]]


@pytest.mark.parametrize(
    ("kind", "content", "result"),
    [("stackup", STACK, "stackup.json"), ("schedule", SCHEDULE, "schedule.json")],
)
def test_a_file(world: World, project: str, kind: str, content: bytes, result: str) -> None:
    admin, root = world.administrator(), f"/projects/{project}"
    file = upload(admin, project, f"tower {kind}.yaml", content)
    asked = {"kind": kind, "upload": file, "samples": 1000, "title": "Tower", "seed": 3}
    one = admin.get(f"{root}/rehearsals/" + followed(admin, root, admin.post(f"{root}/rehearsals", asked))["makes"])
    told: dict[str, Any] = one.json()
    assert (told["title"], told["source"], told["outcome"]) == ("Tower", f"tower {kind}.yaml", "clear")
    written = json.loads(admin.get(f"{root}/rehearsals/{told['id']}/files/{result}").content)
    assert written["provenance"]["file"] == f"tower {kind}.yaml"
    assert written["provenance"]["seed"] == 3


def test_what_is_wrong_in_a_file_is_told_under_its_own_name(world: World, project: str) -> None:
    admin, root = world.administrator(), f"/projects/{project}"
    file = upload(admin, project, "lid.yaml", STACK.replace(b"box - lid", b"box - lit"))
    told = followed(admin, root, admin.post(f"{root}/rehearsals", {"kind": "stackup", "upload": file}), ends="failed")
    assert told["error"].startswith("lid.yaml: ")
    assert "lit" in told["error"]
    assert "/tmp" not in told["error"]
