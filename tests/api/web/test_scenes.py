"""What the 3D view loads: packed as it is kept, unpacked for who cannot, known again by its ETag."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.web.live import found
from tests.api.web.planted import TILE, Planted, context, plant
from tests.api.web.world import Browser, World
from twin.operations import scene_lookup
from twin.operations.backup import backup, restore
from twin.store.blobs import open_blobs
from twin.store.database import open_database
from twin.store.repository import Store

FOR_EVER = "private, max-age=31536000, immutable"


@pytest.fixture
def tower(world: World) -> tuple[Browser, str, Planted]:
    project = found(world)
    return world.administrator(), f"/projects/{project}", plant(world, project)


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "gzip, deflate"])
def test_a_file_is_sent_as_it_is_kept(tower: tuple[Browser, str, Planted], accepted: str) -> None:
    admin, project, made = tower
    given = admin.get(f"{project}/checks/{made.check}/scene/tiles/0.glb", headers={"Accept-Encoding": accepted})
    assert (given.status_code, given.content) == (200, TILE)
    assert given.headers["Content-Encoding"] == "gzip"
    assert given.headers["Content-Type"] == "model/gltf-binary"
    assert given.headers["Cache-Control"] == FOR_EVER
    assert int(given.headers["Content-Length"]) < len(TILE)


@pytest.mark.parametrize("accepted", ["identity", "", "gzip;q=0", "br", "*;q=0"])
def test_a_file_is_unpacked_for_who_cannot(tower: tuple[Browser, str, Planted], accepted: str) -> None:
    admin, project, made = tower
    given = admin.get(f"{project}/checks/{made.check}/scene/tiles/0.glb", headers={"Accept-Encoding": accepted})
    assert (given.status_code, given.content) == (200, TILE)
    assert "Content-Encoding" not in given.headers
    assert "accept-encoding" in given.headers["Vary"].lower()


def test_a_file_is_known_again_in_each_of_its_forms(tower: tuple[Browser, str, Planted]) -> None:
    admin, project, made = tower
    address = f"{project}/models/{made.revision}/scene/model.json"
    tags: list[str] = []
    for accepted in ("gzip", "identity"):
        given = admin.get(address, headers={"Accept-Encoding": accepted})
        assert given.json() == {"parts": []}
        tags.append(given.headers["ETag"])
        known = admin.get(address, headers={"Accept-Encoding": accepted, "If-None-Match": tags[-1]})
        assert (known.status_code, known.content, known.headers["Cache-Control"]) == (304, b"", FOR_EVER)
    assert tags[0] != tags[1], "a strong tag names bytes, and these are others"
    assert not any(tag.startswith("W/") for tag in tags)


def test_a_tileset_and_its_tiles_belong_together(tower: tuple[Browser, str, Planted]) -> None:
    admin, project, made = tower
    given = admin.get(f"{project}/checks/{made.check}/scene/tileset.json")
    assert given.json() == {"asset": {"version": "1.1"}}
    missing = admin.get(f"{project}/checks/{made.check}/scene/tiles/1.glb")
    assert (missing.status_code, "tileset.json" in missing.json()["detail"]) == (404, True)
    assert admin.get(f"{project}/models/{made.revision}/scene/tileset.json").status_code == 404
    assert admin.get(f"{project}/models/{made.check}/scene/model.json").status_code == 404


def test_the_list_of_files_is_read_once_and_whose_it_is_asked_each_time(
    world: World, tower: tuple[Browser, str, Planted], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, project, made = tower
    read: list[str] = []
    real: Any = scene_lookup.scene_files

    def counted(blobs: Any, sha256: str) -> Any:
        read.append(sha256)
        return real(blobs, sha256)

    monkeypatch.setattr(scene_lookup, "scene_files", counted)
    object.__setattr__(world.services, "scenes", scene_lookup.SceneLookup())
    for _ in range(3):
        assert admin.get(f"{project}/models/{made.revision}/scene/model.json").status_code == 200
    assert len(read) == 1
    other = found(world, "OTHER")
    assert admin.get(f"/projects/{other}/models/{made.revision}/scene/model.json").status_code == 404
    assert world.person("outsider").get(f"{project}/models/{made.revision}/scene/model.json").status_code == 404


def test_after_a_restore_every_file_of_a_scene_is_there(
    world: World, tower: tuple[Browser, str, Planted], tmp_path: Path
) -> None:
    admin, project, made = tower
    addresses = [
        f"{project}/models/{made.revision}/scene/model.json", f"{project}/models/{made.revision}/scene/0.glb",
        f"{project}/checks/{made.check}/scene/tileset.json", f"{project}/checks/{made.check}/scene/tiles/0.glb",
    ]  # fmt: skip
    before = [admin.get(address).content for address in addresses]
    services, archive = world.services, tmp_path / "all.zip"
    backup(services.store, services.blobs, context(world), archive)
    restored, blobs = Store(open_database(f"sqlite:///{tmp_path}/restored.db")), open_blobs(f"file://{tmp_path}/blobs")
    restore(restored, blobs, context(world), archive)
    restored.database.close()
    object.__setattr__(services, "blobs", blobs)
    answers = [admin.get(address) for address in addresses]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert [answer.content for answer in answers] == before
