"""Model revisions over HTTP: queued, read, compared, given out whole, in ranges, or with verdicts."""

import http.client
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.api.web.live import found, live_server, token_of
from tests.api.web.planted import CAPTURED, MODEL, Planted, plant, upload
from tests.api.web.planted import context as context_of
from tests.api.web.world import ROOT, Browser, World
from twin.revision_diff import RevisionDiff
from twin.store import records


@pytest.fixture
def tower(world: World) -> tuple[Browser, str, Planted]:
    project = found(world)
    return world.administrator(), f"/projects/{project}", plant(world, project)


def test_a_model_becomes_a_job_and_a_worker_is_woken_after_it_is_there(world: World) -> None:
    project = found(world)
    seen: list[str] = []

    def wake() -> None:
        jobs = world.administrator().get(f"/projects/{project}/jobs").json()["items"]
        seen.append(jobs[0]["id"])

    services = replace(world.services, wake=wake)
    admin = world.administrator()
    identifier = upload(admin, project, "tower.obj", b"v 0 0 0")
    world.app.state.services = services
    asked = admin.post(f"/projects/{project}/models", {"upload": identifier})
    assert asked.status_code == 202
    job = asked.json()
    assert (job["kind"], job["state"], job["progress"]) == ("import_model", "queued", 0)
    assert asked.headers["Location"] == f"{ROOT}/projects/{project}/jobs/{job['id']}"
    assert seen == [job["id"]], "whoever is woken finds the job"
    assert admin.get(f"/projects/{project}/models/{job['makes']}").status_code == 404
    trail = admin.get(f"/projects/{project}/audit?entity=job:{job['id']}").json()["items"]
    assert [event["action"] for event in trail] == ["queue"]


def test_the_same_request_twice_is_one_job(world: World) -> None:
    project = found(world)
    admin = world.administrator()
    given = {"upload": upload(admin, project, "tower.obj", b"v 0 0 0")}
    key = {"Idempotency-Key": "9b1d6a52"}
    first, second = (admin.post(f"/projects/{project}/models", given, headers=key) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Location"] == first.headers["Location"]
    assert len(admin.get(f"/projects/{project}/jobs").json()["items"]) == 1


def test_revisions_are_listed_read_and_the_newest_is_in_force(
    world: World, tower: tuple[Browser, str, Planted]
) -> None:
    admin, project, first = tower
    second = plant(world, project.removeprefix("/projects/"))
    listed = admin.get(f"{project}/models").json()["items"]
    assert [(one["id"], one["number"]) for one in listed] == [(first.revision, 1), (second.revision, 2)]
    latest = admin.get(f"{project}/models/latest")
    assert (latest.json()["id"], latest.json()["previous"]) == (second.revision, first.revision)
    assert latest.headers["ETag"] == '"1"'
    read = admin.get(f"{project}/models/{first.revision}").json()
    assert (read["file_name"], read["format"], read["metres_per_unit"]) == ("tower ☃.ifc", "IFC4", "0.001")
    assert read["has_scene"] is True
    assert [one["id"] for one in admin.get(f"{project}/models?number=2").json()["items"]] == [second.revision]


def test_without_a_model_none_is_in_force(world: World) -> None:
    missing = world.administrator().get(f"/projects/{found(world)}/models/latest")
    assert (missing.status_code, missing.json()["detail"]) == (404, "the project has no model yet; upload one")


def test_what_a_revision_changed_is_told_by_element(world: World, tower: tuple[Browser, str, Planted]) -> None:
    admin, project, first = tower
    second = plant(world, project.removeprefix("/projects/"))
    with world.services.store.write(context_of(world)) as unit:
        stored = unit.get(records.MODEL_REVISION, second.revision)
        diff = RevisionDiff(("A",), ("B",), ("C", "D"), (), ("E", "F", "G"))
        unit.save(records.MODEL_REVISION, replace(stored.record, diff=diff), expected=1)
    told = admin.get(f"{project}/models/{second.revision}/diff").json()
    assert told == {
        "previous": first.revision, "added": ["A"], "removed": ["B"], "shape_changed": ["C", "D"],
        "properties_changed": [], "unchanged": 3,
    }  # fmt: skip
    changes = admin.get(f"{project}/models/{second.revision}").json()["changes"]
    assert (changes["shape_changed"], changes["unchanged"]) == (2, 3)
    assert admin.get(f"{project}/models/{first.revision}/diff").json()["previous"] is None


def test_a_model_is_downloaded_as_it_was_uploaded(tower: tuple[Browser, str, Planted]) -> None:
    admin, project, made = tower
    given = admin.get(f"{project}/models/{made.revision}/file")
    assert (given.status_code, given.content) == (200, MODEL)
    assert given.headers["Content-Length"] == str(len(MODEL))
    assert given.headers["Content-Type"] == "application/octet-stream"
    assert given.headers["Content-Disposition"] == (
        "attachment; filename=\"tower _.ifc\"; filename*=UTF-8''tower%20%E2%98%83.ifc"
    )
    sha256 = admin.get(f"{project}/models/{made.revision}").json()["sha256"]
    assert given.headers["ETag"] == f'"{sha256}"'
    known = admin.get(f"{project}/models/{made.revision}/file", headers={"If-None-Match": given.headers["ETag"]})
    assert (known.status_code, known.content) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-99", slice(0, 100)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=10-1000000", slice(10, None)),
        ("bytes=-1000000", slice(0, None)),
    ],
)
def test_a_part_of_a_model_is_given_by_range(tower: tuple[Browser, str, Planted], asked: str, part: slice) -> None:
    admin, project, made = tower
    given = admin.get(f"{project}/models/{made.revision}/file", headers={"Range": asked})
    start = part.indices(len(MODEL))[0]
    assert (given.status_code, given.content) == (206, MODEL[part])
    end = start + len(given.content) - 1
    assert given.headers["Content-Range"] == f"bytes {start}-{end}/{len(MODEL)}"


@pytest.mark.parametrize("asked", ["bytes=", "bytes=-", "bytes=9-5", "lines=1-2", "bytes=0-1,5-6"])
def test_a_range_that_is_none_gives_the_whole(tower: tuple[Browser, str, Planted], asked: str) -> None:
    admin, project, made = tower
    given = admin.get(f"{project}/models/{made.revision}/file", headers={"Range": asked})
    assert (given.status_code, given.content) == (200, MODEL)


def test_a_range_behind_the_end_is_refused_and_one_of_another_file_gives_the_whole(
    tower: tuple[Browser, str, Planted],
) -> None:
    admin, project, made = tower
    address = f"{project}/models/{made.revision}/file"
    beyond = admin.get(address, headers={"Range": f"bytes={len(MODEL)}-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(MODEL)}")
    other = admin.get(address, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, MODEL)


def test_a_damaged_file_is_not_given_out_as_if_it_were_whole(world: World, tower: tuple[Browser, str, Planted]) -> None:
    admin, project, made = tower
    sha256 = admin.get(f"{project}/models/{made.revision}").json()["sha256"]
    Path(world.services.blobs.blob_path(sha256)).write_bytes(MODEL[:-1] + b"!")
    headers = token_of(world)
    with live_server(world) as place:
        connection = http.client.HTTPConnection(*place, timeout=30)
        connection.request("GET", f"{ROOT}{project}/models/{made.revision}/file", headers=headers)
        with pytest.raises(http.client.IncompleteRead):
            connection.getresponse().read()
        connection.close()


def test_verdicts_are_written_into_ifc_alone_and_of_a_check_that_was_made(
    world: World, tower: tuple[Browser, str, Planted]
) -> None:
    admin, project, made = tower
    asked = admin.post(f"{project}/models/{made.revision}/write-backs", {"epoch": made.epoch})
    assert (asked.status_code, asked.json()["kind"]) == (202, "write_back")
    waiting = admin.get(f"{project}/models/{made.revision}/write-backs/{asked.json()['id']}")
    assert (waiting.status_code, waiting.json()["missing"]) == (409, ["the job's success"])
    assert admin.post(f"{project}/models/{made.revision}/write-backs", {"epoch": "0" * 32}).status_code == 404
    other = plant(world, project.removeprefix("/projects/"), captured_at=CAPTURED + timedelta(days=1))
    crossed = admin.post(f"{project}/models/{made.revision}/write-backs", {"epoch": other.epoch})
    assert (crossed.status_code, crossed.json()["missing"]) == (
        409, ["a check of this epoch against this revision that counts"],
    )  # fmt: skip
    with world.services.store.write(context_of(world)) as unit:
        stored = unit.get(records.MODEL_REVISION, made.revision)
        unit.save(records.MODEL_REVISION, replace(stored.record, file_name="a.obj"), expected=1)
    refused = admin.post(f"{project}/models/{made.revision}/write-backs", {"epoch": made.epoch})
    assert (refused.status_code, "revision 1 is a.obj" in refused.json()["detail"]) == (422, True)
