"""Files in pieces: resumed where the line broke, refused where they do not fit, in flat memory."""

import http.client
import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.api.web.live import found, live_server, patch_head, token_of, until
from tests.api.web.planted import offset, upload
from tests.api.web.world import ROOT, World
from twin.operations.uploads import MOST_AT_ONCE
from twin.store import uploads
from twin.store.blobs import BlobStore

CONTENT = bytes(range(256)) * 1000
MEGABYTE = 1 << 20


def announced(world: World, project: str, content: bytes = CONTENT, **more: object) -> str:
    given = {"name": "site.e57", "size": len(content), "sha256": sha256(content).hexdigest()} | more
    made = world.administrator().post(f"/projects/{project}/uploads", given)
    assert made.status_code == 201, made.text
    assert made.headers["Location"].removeprefix(ROOT) == f"/projects/{project}/uploads/{made.json()['id']}"
    assert (made.headers["Upload-Offset"], made.json()["received"]) == ("0", 0)
    return made.headers["Location"].removeprefix(ROOT)


def test_a_file_comes_in_pieces_and_is_kept_by_its_hash(world: World) -> None:
    project = found(world)
    admin = world.administrator()
    identifier = upload(admin, project, "site.e57", CONTENT, piece=100_000)
    status = admin.get(f"/projects/{project}/uploads/{identifier}").json()
    assert (status["received"], status["complete"]) == (len(CONTENT), True)
    assert b"".join(world.services.blobs.read(status["sha256"])) == CONTENT
    again = admin.post(f"/projects/{project}/uploads/{identifier}/finish")
    assert (again.status_code, again.json()["sha256"]) == (200, sha256(CONTENT).hexdigest())


def test_finished_twice_at_once_it_is_finished(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    address = announced(world, found(world))
    admin = world.administrator()
    assert admin("PATCH", address, content=CONTENT, headers=offset(0)).status_code == 200
    real, answers = uploads.pieces, list[int]()

    def pieces_late(*given: Any) -> Any:
        listed = real(*given)
        if not answers:  # between looking and reading, the same request comes again and is done first
            answers.append(0)
            answers[0] = admin.post(f"{address}/finish").status_code
        return listed

    monkeypatch.setattr(uploads, "pieces", pieces_late)
    second = admin.post(f"{address}/finish")
    assert (answers, second.status_code, second.json()["complete"]) == ([200], 200, True)
    assert list(world.services.blobs.listing("uploads")) == []


def test_what_does_not_fit_on_the_disk_is_refused_before_it_comes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = found(world)

    def little(_: BlobStore) -> int:
        return 1 << 30

    monkeypatch.setattr(BlobStore, "room", little)
    given = {"name": "site.e57", "size": 1 << 29, "sha256": "0" * 64}
    refused = world.administrator().post(f"/projects/{project}/uploads", given)
    assert (refused.status_code, "twice as much" in refused.json()["detail"]) == (409, True)
    fits = world.administrator().post(f"/projects/{project}/uploads", {**given, "size": 1 << 28})
    assert fits.status_code == 201


def test_nobody_begins_files_without_end(world: World) -> None:
    project = found(world)
    admin = world.administrator()
    given = {"name": "site.e57", "size": 5, "sha256": "0" * 64}
    made = [admin.post(f"/projects/{project}/uploads", given) for _ in range(MOST_AT_ONCE + 1)]
    assert [one.status_code for one in made] == [201] * MOST_AT_ONCE + [409]
    assert admin("DELETE", made[0].headers["Location"].removeprefix(ROOT)).status_code == 204
    assert admin.post(f"/projects/{project}/uploads", given).status_code == 201


def test_a_wrong_offset_is_refused_with_the_right_one(world: World) -> None:
    address = announced(world, found(world))
    admin = world.administrator()
    assert admin("PATCH", address, content=CONTENT[:1000], headers=offset(0)).json()["received"] == 1000
    for wrong in (0, 999, 1001):
        refused = admin("PATCH", address, content=CONTENT[wrong:], headers=offset(wrong))
        assert (refused.status_code, refused.headers["Upload-Offset"]) == (409, "1000")
        assert "go on from offset 1000" in refused.json()["detail"]
    assert admin.get(address).headers["Upload-Offset"] == "1000"
    missing = admin("PATCH", address, content=b"x", headers={"Content-Type": "application/octet-stream"})
    assert missing.status_code == 422


def test_what_is_unfinished_too_much_or_another_file_is_refused(world: World) -> None:
    project = found(world)
    admin = world.administrator()
    address = announced(world, project)
    admin("PATCH", address, content=CONTENT[:-1], headers=offset(0))
    unfinished = admin.post(f"{address}/finish")
    assert (unfinished.status_code, unfinished.json()["missing"]) == (409, ["1 bytes"])
    used = admin.post(f"/projects/{project}/models", {"upload": address.rpartition("/")[2]})
    assert (used.status_code, "not finished" in used.json()["detail"]) == (409, True)
    beyond = admin("PATCH", address, content=b"xy", headers=offset(len(CONTENT) - 1))
    assert (beyond.status_code, "more came" in beyond.json()["detail"]) == (422, True)
    admin("PATCH", address, content=b"!", headers=offset(len(CONTENT) - 1))
    other = admin.post(f"{address}/finish")
    assert (other.status_code, "send it again" in other.json()["detail"]) == (422, True)
    assert admin.get(address).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../a"},
        {"name": ".."},
        {"name": "."},
        {"name": ""},
        {"size": -1},
        {"size": 1 << 41},
        {"sha256": "A" * 64},
        {"media_type": "a"},
    ],
)
def test_what_cannot_be_a_file_is_not_announced(world: World, wrong: dict[str, object]) -> None:
    given = {"name": "a.ifc", "size": 3, "sha256": "0" * 64} | wrong
    assert world.administrator().post(f"/projects/{found(world)}/uploads", given).status_code == 422


def test_an_upload_is_its_owners_and_its_projects(world: World) -> None:
    project, other = found(world), found(world, "OTHER")
    ann = world.person("ann")
    admin = world.administrator()
    member = {"login": "ann", "organisation": admin.get("/organisations").json()["items"][0]["id"], "role": "owner"}
    admin.post(f"/projects/{project}/members", member)
    address = announced(world, project)
    assert ann.get(address).status_code == 404
    assert ann("PATCH", address, content=CONTENT, headers=offset(0)).status_code == 404
    assert ann("DELETE", address).status_code == 404
    assert admin.get(address.replace(project, other)).status_code == 404
    mine = upload(admin, project, "a.obj", b"v 0 0 0")
    elsewhere = admin.post(f"/projects/{other}/models", {"upload": mine})
    assert elsewhere.status_code == 404, "an upload of one project makes nothing in another"


def test_a_file_that_is_given_up_leaves_nothing(world: World) -> None:
    address = announced(world, found(world))
    admin = world.administrator()
    admin("PATCH", address, content=CONTENT[:5000], headers=offset(0))
    assert world.services.blobs.listing("uploads")
    assert admin("DELETE", address).status_code == 204
    assert admin.get(address).status_code == 404
    assert not world.services.blobs.listing("uploads")


def test_after_a_line_breaks_the_rest_is_sent_from_where_it_broke(world: World) -> None:
    project = found(world)
    address = announced(world, project)
    headers = token_of(world)
    admin = world.administrator()
    with live_server(world) as place:
        line = socket.create_connection(place)
        line.sendall(patch_head(address, headers, 0, len(CONTENT)) + CONTENT[:100_001])
        line.close()
        until(lambda: admin.get(address).json()["received"])
        status = admin.get(address)
        assert 0 < status.json()["received"] <= 100_001
        start = int(status.headers["Upload-Offset"])
        connection = http.client.HTTPConnection(*place)
        connection.request("PATCH", ROOT + address, CONTENT[start:], headers | offset(start))
        assert connection.getresponse().status == 200
        connection.close()
    done = admin.post(f"{address}/finish")
    assert done.json()["complete"] is True
    assert b"".join(world.services.blobs.read(done.json()["sha256"])) == CONTENT


def test_a_large_file_passes_in_flat_memory(world: World) -> None:
    peak = Path("/proc/self/clear_refs")
    if not peak.exists():
        pytest.skip("the peak of memory is only known on Linux")
    project = found(world)
    block, count = bytes(range(256)) * (MEGABYTE // 256), 256
    digest = sha256()
    for _ in range(count):
        digest.update(block)
    address = announced(world, project, size=count * MEGABYTE, sha256=digest.hexdigest())
    headers = token_of(world)

    def blocks() -> Iterator[bytes]:
        yield from (block for _ in range(count))

    with live_server(world) as place:
        connection = http.client.HTTPConnection(*place, timeout=120)
        peak.write_text("5")
        before = memory("VmRSS")
        length = {"Content-Length": str(count * MEGABYTE)}
        connection.request("PATCH", ROOT + address, blocks(), headers | offset(0) | length)
        sent = connection.getresponse()
        assert (sent.status, sent.headers["Upload-Offset"]) == (200, str(count * MEGABYTE))
        sent.read()
        connection.request("POST", f"{ROOT}{address}/finish", headers=headers)
        assert connection.getresponse().status == 200
        connection.close()
        grown = memory("VmHWM") - before
    assert grown < 64 * MEGABYTE, f"memory grew by {grown / MEGABYTE:.0f} MB"


def memory(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0]) * 1024
