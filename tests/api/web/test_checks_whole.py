# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportPrivateImportUsage=false
"""From nothing to a report by HTTP alone, with a worker beside it: files in pieces, jobs followed, the result read."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.api.hall import MOVED, hall_points
from tests.api.ifc_hall import write_ifc_hall
from tests.api.web.live import followed, found, worker_beside
from tests.api.web.planted import upload
from tests.api.web.world import World, make_world
from twin.ifc_writeback import SET_NAME


@pytest.fixture
def world(tmp_path: Path) -> Generator[World]:
    """A server with a worker in a thread."""
    made = make_world(tmp_path / "data")
    with worker_beside(made, tmp_path / "cache"):
        yield made


def test_the_whole_way_by_http_alone(world: World, tmp_path: Path) -> None:
    admin = world.administrator()
    inside = found(world)
    project = f"/projects/{inside}"
    ifc = write_ifc_hall(tmp_path / "hall.ifc", unit="mm").read_bytes()
    model = upload(admin, inside, "hall.ifc", ifc, piece=7000)
    taken = followed(admin, project, admin.post(f"{project}/models", {"upload": model}))
    points = "\n".join(f"{x:.5f} {y:.5f} {z:.5f}" for x, y, z in hall_points()).encode()
    scan = upload(admin, inside, "hall.xyz", points, piece=500_000)
    given = {"name": "Week 47", "captured_at": "2026-11-20T14:30:00+08:00", "uploads": [scan]}
    captured = followed(admin, project, admin.post(f"{project}/scans", given))
    preview = f"{project}/scans/{captured['makes']}/scene"
    told = admin.get(f"{preview}/tileset.json").json()
    assert told["extras"]["points"] == len(hall_points())
    assert admin.get(f"{preview}/{told['root']['content']['uri']}").content[:4] == b"glTF"
    ordered = {
        "revision": taken["makes"], "epoch": captured["makes"], "tolerance_mm": "10", "registration": "given",
        "formats": ["html"],
    }  # fmt: skip
    checked = followed(admin, project, admin.post(f"{project}/checks", ordered))
    assert checked["result"] == {"check_run": checked["makes"], "registration": "accepted"}

    elements = admin.get(f"{project}/elements?limit=3").json()
    items = elements["items"]
    while elements["next"]:
        elements = admin.get(f"{project}/elements?limit=3&cursor={elements['next']}").json()
        items += elements["items"]
    states = {one["name"]: one["state"] for one in items}
    assert {name for name, state in states.items() if state == "deviating"} == set(MOVED)
    (moved,) = admin.get(f"{project}/elements?verdict=fail").json()["items"]
    detail = admin.get(f"{project}/elements/{moved['global_id']}").json()
    assert any(m["verdict"] == "fail" and m["expanded_uncertainty_mm"] > 0 for m in detail["measurements"])
    (finding,) = admin.get(f"{project}/findings?status=open").json()["items"]
    assert finding["global_ids"] == [moved["global_id"]]

    check = f"{project}/checks/{checked['makes']}"
    assert admin.get(f"{check}/registration").json()["status"] == "accepted"
    assert b"hall.ifc" in admin.get(f"{check}/files/report.html").content
    tileset = admin.get(f"{check}/scene/tileset.json").json()
    tile = admin.get(f"{check}/scene/{tileset['root']['content']['uri']}")
    assert tile.content[:4] == b"glTF"
    view = f"{project}/models/{taken['makes']}/scene"
    parts = admin.get(f"{view}/model.json").json()["parts"]
    assert admin.get(f"{view}/{parts[0]['uri']}").content[:4] == b"glTF"
    assert admin.get(f"{project}/models/latest").json()["id"] == taken["makes"]

    asked = {"kind": "assembly", "revision": taken["makes"], "as_built": True}
    rehearsed = followed(admin, project, admin.post(f"{project}/rehearsals", asked))
    told = admin.get(f"{project}/rehearsals/{rehearsed['makes']}/files/assembly.json").json()
    assert told["uncertainty"]["places"]["as_built"] >= len(MOVED), "clashes are looked for where things stand"

    asked = admin.post(f"{project}/models/{taken['makes']}/write-backs", {"epoch": captured["makes"]})
    written = followed(admin, project, asked)
    copy = admin.get(f"{project}/models/{taken['makes']}/write-backs/{written['id']}")
    assert "hall-verified.ifc" in copy.headers["Content-Disposition"]
    assert verdicts(copy.content, tmp_path) == {
        one["global_id"]: (one["verdict"], "Week 47", checked["makes"]) for one in items
    }
    assert admin.get(f"{project}/audit/verification").json()["holds"] is True


def verdicts(ifc: bytes, folder: Path) -> dict[str, tuple[str, str, str]]:
    """Return what a copy of a model says of each element: verdict, epoch, check."""
    import ifcopenshell
    from ifcopenshell.util.element import get_pset

    file = folder / "copy.ifc"
    file.write_bytes(ifc)
    model: Any = ifcopenshell.open(str(file))
    told: dict[str, Any] = {one.GlobalId: get_pset(one, SET_NAME) for one in model.by_type("IfcElement")}
    return {i: (one["Verdict"], one["ScanEpoch"], one["CheckId"]) for i, one in told.items() if one}
