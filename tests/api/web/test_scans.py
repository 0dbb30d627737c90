"""Scan epochs over HTTP."""

from typing import Any

import pytest

from tests.api.web.live import found
from tests.api.web.planted import plant, upload
from tests.api.web.world import World
from twin.store import jobs

INSTRUMENT = {
    "serial": "1842077", "kind": "laser scanner", "calibrated_on": "2026-03-01", "calibrated_until": "2027-03-01",
    "expanded_uncertainty": "2.0", "unit": "mm",
}  # fmt: skip
CAPTURED = "2026-11-20T14:30:00+08:00"


def test_scans_become_one_job_with_everything_that_was_said_of_them(world: World) -> None:
    project = found(world)
    admin = world.administrator()
    files = [upload(admin, project, f"{n}.xyz", f"{n} 0 0".encode()) for n in range(2)]
    given = {"name": "Week 47", "captured_at": CAPTURED, "uploads": files, "instrument": INSTRUMENT}
    asked = admin.post(f"/projects/{project}/scans", given)
    assert (asked.status_code, asked.json()["kind"]) == (202, "import_scans")
    with world.services.store.read() as view:
        payload: Any = jobs.get(view.connection, asked.json()["id"]).payload
    assert payload["captured_at"] == "2026-11-20T06:30:00.000000Z"
    assert [file["file_name"] for file in payload["files"]] == ["0.xyz", "1.xyz"]
    assert payload["instrument"]["expanded_uncertainty"] == "2.0"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"captured_at": "2026-11-20T14:30:00"}, "time zone"),
        ({"uploads": []}, "at least 1"),
        ({"instrument": INSTRUMENT | {"calibrated_until": "2020-01-01"}}, "check both dates"),
        ({"uploads": ["0" * 32]}, "there is no upload"),
        ({"name": " "}, "blank"),
    ],
)
def test_an_epoch_that_makes_no_sense_is_refused(world: World, wrong: dict[str, object], told: str) -> None:
    project = found(world)
    admin = world.administrator()
    file = upload(admin, project, "a.xyz", b"0 0 0")
    given = {"name": "Week 47", "captured_at": CAPTURED, "uploads": [file]} | wrong
    refused = admin.post(f"/projects/{project}/scans", given)
    assert refused.status_code in (404, 422)
    assert told in refused.json()["detail"]
    assert admin.get(f"/projects/{project}/jobs").json()["items"] == []


def test_the_same_scan_does_not_count_twice(world: World) -> None:
    project = found(world)
    admin = world.administrator()
    files = [upload(admin, project, name, b"0 0 0") for name in ("a.xyz", "b.xyz")]
    refused = admin.post(
        f"/projects/{project}/scans", {"name": "Week 47", "captured_at": CAPTURED, "uploads": files}
    )  # fmt: skip
    assert (refused.status_code, "count double" in refused.json()["detail"]) == (422, True)


def test_an_epoch_tells_where_it_was_taken(world: World) -> None:
    project = found(world)
    made = plant(world, project)
    admin = world.administrator()
    read = admin.get(f"/projects/{project}/scans/{made.epoch}").json()
    assert (read["name"], read["captured_at"], read["calibrated"]) == ("Week 47", "2026-11-20T06:30:00Z", False)
    assert read["scans"][0]["stations"] == [{"name": "S1", "x": "1", "y": "2", "z": "1.6", "rotation": None}]
    assert [one["id"] for one in admin.get(f"/projects/{project}/scans").json()["items"]] == [made.epoch]
    assert admin.get(f"/projects/{project}/scans/{made.check}").status_code == 404
