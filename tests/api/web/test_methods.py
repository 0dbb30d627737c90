"""HEAD is GET without its body; what an address knows is said as a whole (RFC 9110, 9.3.2, 9.3.7, 15.5.6)."""

from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

from api.routes import all_declared
from api.routing import ROOT, Declared
from tests.api.web.planted import MODEL, plant, upload
from tests.api.web.planted_bcf import plant_bcf
from tests.api.web.planted_records import plant_records
from tests.api.web.world import Browser, World, make_world
from twin.store.blobs import BlobStore

Place = tuple[World, Browser, str, dict[str, str]]
GETS = [route for route in all_declared() if route.method == "GET"]
READ = Counter[bool]()
OF_THE_MOMENT = {"date", "x-request-id", "set-cookie"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    world = make_world(tmp_path_factory.mktemp("methods"))
    admin = world.administrator()
    organisation = admin.post("/organisations", {"name": "A"}).json()["id"]
    project = admin.post("/projects", {"organisation": organisation, "key": "TOWER", "name": "T"}).json()["id"]
    planted = plant(world, project)
    ids = {"project": project, "organisation": organisation, **planted.in_addresses(), **plant_bcf(world, project)}
    yield world, admin, project, ids | plant_records(world, project, planted).in_addresses()
    world.services.store.database.close()


def address(place: Place, path: str) -> str:
    for name, identifier in place[3].items():
        path = path.replace(f"{{{name}}}", identifier)
    return path.replace("{", "").replace("}", "")


@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("route", GETS, ids=lambda route: route.path)
def test_head_answers_as_get_does_without_the_body(place: Place, route: Declared, coding: str) -> None:
    path, headers = address(place, route.path), {"Accept-Encoding": coding}
    read = place[1]("GET", path, headers=headers, follow_redirects=False)
    head = place[1]("HEAD", path, headers=headers, follow_redirects=False)
    assert (head.status_code, head.content) == (read.status_code, b"")
    of_read, of_head = ({k: v for k, v in a.headers.items() if k not in OF_THE_MOMENT} for a in (read, head))
    READ[read.status_code == 200] += 1
    if read.status_code >= 400:  # the length of a problem is of the request's identifier, too
        assert read.headers["content-type"] == head.headers["content-type"] == "application/problem+json"
    else:
        if route.path.endswith("/export"):  # tells when it was made, which is zipped to another length
            of_read |= {"content-length": of_head.get("content-length", "")}
        assert of_head.items() <= of_read.items()
        assert of_read.keys() - of_head.keys() <= {"content-length"}


def test_most_of_what_was_asked_for_is_there() -> None:
    assert READ[True] >= 0.7 * READ.total()


def test_head_reads_nothing_of_a_file_and_has_no_ranges(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise AssertionError("nobody asked for it")

    path = address(place, "/projects/{project}/models/{revision}/file")
    etag = place[1].get(path).headers["etag"]
    monkeypatch.setattr(BlobStore, "_open", fail)
    monkeypatch.setattr(BlobStore, "read_range", fail)
    head = place[1]("HEAD", path, headers={"Range": "bytes=0-3"})
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(MODEL)))
    assert place[1]("HEAD", path, headers={"If-None-Match": etag}).status_code == 304


def test_head_tells_where_an_upload_goes_on(place: Place) -> None:
    _, browser, project, _ = place
    made = upload(browser, project, "a.ifc", b"abcdef")
    head = browser("HEAD", f"/projects/{project}/uploads/{made}")
    assert (head.status_code, head.headers["upload-offset"], head.content) == (200, "6", b"")


def test_head_asks_who_calls_as_get_does(place: Place) -> None:
    assert place[0].browser()("HEAD", f"/projects/{place[2]}").status_code == 401
    admin = place[1]
    given = {"name": "r", "scope": "read", "expires_at": "2026-12-01T00:00:00Z"}
    secret = admin.post("/auth/tokens", given).json()["secret"]
    reads = place[0].browser()("HEAD", f"/projects/{place[2]}", headers={"Authorization": f"Bearer {secret}"})
    assert reads.status_code == 200


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/health", "GET, HEAD, OPTIONS"),
        ("/projects/{project}", "GET, HEAD, OPTIONS, PATCH"),
        ("/projects/{project}/uploads/{project}", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/projects/{project}/uploads/{project}/finish", "OPTIONS, POST"),
        ("/projects/{project}/members/{project}", "DELETE, GET, HEAD, OPTIONS, PUT"),
    ],
)
def test_an_address_names_all_its_methods(place: Place, path: str, allowed: str) -> None:
    client = place[0].browser().client
    asked = client.request("OPTIONS", ROOT + address(place, path))
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, allowed, b"")
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - set(allowed.split(", ")):
        refused = client.request(method, ROOT + address(place, path))
        assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
        assert (refused.json()["type"] if method != "HEAD" else "") in ("", "urn:qtems:problem:method-not-allowed")


def test_a_file_of_the_viewer_still_answers_head(tmp_path: Path) -> None:
    static = tmp_path / "viewer"
    static.mkdir()
    (static / "index.html").write_text("<!doctype html>")
    world = make_world(tmp_path / "data", static_dir=static)
    head = world.browser().client.request("HEAD", "/")
    world.services.store.database.close()
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "15", b"")
