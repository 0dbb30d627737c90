"""What no client should send: odd bodies, odd addresses, cursors of somebody's own, ranges of all kinds."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Generator

import pytest

from api.query import is_strict
from api.routes import all_declared
from api.routing import Declared
from tests.api.web.planted import MODEL, plant
from tests.api.web.world import ROOT, Browser, World, make_world
from twin.access import Action, Role, may

FIELDS = {"type", "title", "status", "detail", "instance", "missing", "errors"}
JSON = {"Content-Type": "application/json"}
Place = tuple[World, Browser, str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    world = make_world(tmp_path_factory.mktemp("odd"))
    admin = world.administrator()
    organisation = admin.post("/organisations", {"name": "A"}).json()["id"]
    admin.post("/organisations", {"name": "B"})
    project = admin.post("/projects", {"organisation": organisation, "key": "TOWER", "name": "T"}).json()["id"]
    made = plant(world, project)
    yield world, admin, project, f"/projects/{project}/models/{made.revision}/file"
    world.services.store.database.close()


def deep(levels: int, opening: str, closing: str) -> bytes:
    return (opening * levels + "1" + closing * levels).encode()


@pytest.mark.parametrize(
    "body",
    [
        deep(200, "[", "]"), deep(100_000, "[", "]"), deep(50_000, '{"a":', "}"), b"[" * 900_000, b"1" * 900_000,
        b'{"name": ' + b"9" * 5000 + b"}", b'{"name": 1e999}', b'{"name": NaN}', b'{"name": "a"}{"name": "b"}',
        b'{"name": "a", "name": "\\u0000"}', b"\xef\xbb\xbf" + b'{"name": 3}',
        b'{"name": "\\ud83d"}', b'{"name": "\xed\xa0\x80"}', b'{"\\udfff": 1}',
        b'{"name": "' + b"\\u202e" * 9000 + b'"}',
        b"", b" ", b"\x00", b"true", b'"name"', json.dumps({f"k{n}": n for n in range(20_000)}).encode(),
    ],
    ids=range(21),
)  # fmt: skip
def test_a_body_that_nobody_writes_is_refused_in_words(place: Place, body: bytes) -> None:
    answer = place[1]("POST", "/organisations", content=body, headers=JSON)
    assert answer.status_code in (400, 413, 422), answer.text[:300]
    assert answer.json().keys() >= FIELDS
    assert len(answer.content) < 1 << 20


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml", "*/*", "json", "/"]
)
def test_a_body_of_another_kind_is_refused(place: Place, kind: str) -> None:
    answer = place[1]("POST", "/organisations", content=b'{"name": "C"}', headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:qtems:problem:unsupported-media-type")


@pytest.mark.parametrize(
    "path",
    [
        "%00",
        "%ED%A0%80",
        "%FF%FE",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "A" * 9000,
        "%F0%9D%84%9E",
        "1%0d%0aX-Evil:%201",
    ],
)
def test_an_address_that_nobody_has_is_nothing(place: Place, path: str) -> None:
    for address in (f"/projects/{path}", f"/projects/{place[2]}/ncrs/{path}", f"/projects/{place[2]}/elements/{path}",
                    f"/bcf/3.0/projects/{place[2]}/topics/{path}"):  # fmt: skip
        answer = place[1].get(address)
        assert answer.status_code in (404, 422), (address, answer.text[:300])
        assert "x-evil" not in answer.headers
        assert answer.json().keys() >= FIELDS


@pytest.mark.parametrize(
    "query", ["limit=%00", "limit=1e3", "limit=0", "cursor=%ED%A0%80", "state=%00", "%00=1", "limit=1&limit=2"]
)
def test_a_query_that_nobody_asks_is_refused(place: Place, query: str) -> None:
    answer = place[1].get(f"/projects/{place[2]}/ncrs?{query}")
    assert answer.status_code in ((200, 422) if query.startswith("limit=1&") else (400, 422)), answer.text[:300]


def test_a_cursor_is_ours_and_of_this_list_or_is_refused(place: Place) -> None:
    admin = place[1]
    cursor: str = admin.get("/organisations?limit=1").json()["next"]
    raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    forged = [
        cursor[:-1], cursor + "A", cursor.swapcase(), "", "=", "☃", "A" * 500,
        urlsafe_b64encode(raw[:16] + b'["0", "0"]').decode(), urlsafe_b64encode(b"\0" * 16 + raw[16:]).decode(),
        *(urlsafe_b64encode(bytes([*raw[:n], raw[n] ^ 1, *raw[n + 1 :]])).decode() for n in range(len(raw))),
    ]  # fmt: skip
    for one in forged:
        answer = admin.get("/organisations", params={"limit": "1", "cursor": one})
        assert answer.status_code in (400, 422), (one, answer.text)
    elsewhere = admin.get("/projects", params={"limit": "1", "cursor": cursor})
    assert elsewhere.status_code == 400
    assert len(admin.get("/organisations", params={"limit": "1", "cursor": cursor}).json()["items"]) == 1


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-0", 206, MODEL[:1]), ("bytes=-1", 206, MODEL[-1:]), ("bytes=5-", 206, MODEL[5:]),
        (f"bytes=0-{10**17}", 206, MODEL), (f"bytes=-{10**17}", 206, MODEL), (f"bytes={len(MODEL)}-", 416, None),
        ("bytes=-0", 416, None), ("bytes=2-1", 200, MODEL), ("bytes=0-1,3-4", 200, MODEL), ("bytes=", 200, MODEL),
        ("bytes=-", 200, MODEL), ("lines=1-2", 200, MODEL), ("bytes=a-b", 200, MODEL), ("bytes=1-2-3", 200, MODEL),
        (f"bytes={'9' * 400}-", 200, MODEL), ("bytes=٣-٤", 200, MODEL), ("bytes=-1, 0-0", 200, MODEL),
    ],
)  # fmt: skip
def test_a_range_is_given_or_the_whole_or_said_to_be_beyond(
    place: Place, asked: str, status: int, content: bytes | None
) -> None:
    answer = place[1]("GET", place[3], headers={"Range": asked.encode()})
    assert answer.status_code == status, answer.text[:300]
    if content is not None:
        assert answer.content == content
    else:
        assert answer.headers["content-range"] == f"bytes */{len(MODEL)}"


@pytest.mark.parametrize(
    "given", ['"' + "9" * 40 + '"', '"-1"', '"1", "2"', "1", '"1', "W/1", '"\xb2"', "*", '"1e3"', ""]
)
def test_a_version_that_is_none_is_refused(place: Place, given: str) -> None:
    headers = {"If-Match": given.encode("latin-1")}
    answer = place[1]("PATCH", f"/projects/{place[2]}", json={"name": "N"}, headers=headers)
    assert answer.status_code in (400, 428), answer.text
    assert answer.json().keys() >= FIELDS


def test_headers_of_nobody_are_refused_and_change_nothing(place: Place) -> None:
    client = place[0].browser().client
    for token in ("", "x" * 9000, "\xe9", "qtems_\x7f", "a b c"):
        answer = client.get(f"{ROOT}/auth/me", headers=[(b"Authorization", f"Bearer {token}".encode("latin-1"))])
        assert answer.status_code == 401, answer.text
    for key in ("", " ", "k" * 201, "\xe9"):
        headers = {"Idempotency-Key": key.encode("latin-1")}
        answer = place[1]("POST", "/organisations", json={"name": "Z"}, headers=headers)
        assert answer.status_code == 400, (key, answer.text)


@pytest.mark.parametrize("route", all_declared(), ids=lambda route: route.name)
def test_a_parameter_that_a_route_does_not_know_is_not_passed_over(place: Place, route: Declared) -> None:
    path = route.path.replace("{project}", place[2]).replace("{", "").replace("}", "")
    answer = place[1](route.method, f"{path}?format=docx&surprise=1", follow_redirects=False)
    if isinstance(route.need, Action) and not may(Role.OWNER, route.need):
        assert answer.status_code == 403, "who may not do it is told that first"
    elif is_strict(route.need, route.path):
        assert answer.status_code == 422, answer.text[:300]
        assert {"where": "query.surprise", "what": "is not known here"} in answer.json()["errors"]
    else:
        assert "query.surprise" not in answer.text, "standards ask to pass it over"


def test_a_plan_has_no_pdf_and_says_so(place: Place) -> None:
    answer = place[1].get(f"/projects/{place[2]}/plans/{'1' * 32}/export?format=pdf")
    assert (answer.status_code, answer.json()["detail"]) == (422, "query.format is not known here")
