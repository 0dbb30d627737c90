"""What goes wrong reads as one kind of answer, says what to do, and never shows how we are made."""

import gzip
import json
import logging
import re
from pathlib import Path

import pytest

from api import problem
from api.errors import STATUS, kind_of
from tests.api.web.world import ROOT, World
from twin import errors
from twin.errors import TwinError
from twin.store.blobs import BlobStore
from twin.store.repository import Store

WORDS = Path(__file__).resolve().parents[3] / "viewer" / "src" / "core" / "words" / "problems.ts"
FIELDS = {"type", "title", "status", "detail", "detail_zh", "instance", "missing", "errors"}


def test_every_error_of_the_twin_has_its_answer() -> None:
    leaves = {cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, TwinError)}
    assert leaves - set(STATUS) == {TwinError}
    assert kind_of(errors.IllegalTransition("x")).status == 409
    assert kind_of(TwinError("x")).status == 500


def test_the_viewer_has_words_for_every_kind_of_problem() -> None:
    sources = "".join(path.read_text("utf-8") for path in Path(problem.__file__).parent.rglob("*.py"))
    kinds = set(re.findall(r'ProblemKind\(\s*"([\w-]+)"', sources))
    assert {one.name for one in vars(problem).values() if isinstance(one, problem.ProblemKind)} <= kinds
    told = re.findall(r'"problem\.([\w-]+)":', WORDS.read_text("utf-8"))
    assert sorted(told) == sorted(2 * [*kinds, "other"]), "each once in English and once in Chinese"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/nothing", 404),
        ("GET", "/nothing.txt", 404),
        ("GET", "/api/v1/../../api/etc/passwd", 404),
        ("PUT", "/api/v1/health", 405),
        ("GET", "/api/v1/projects/%00", 404),
        ("GET", "/api/v1/users/not-an-id", 422),
    ],
)
def test_whatever_is_wrong_with_the_address_is_a_problem(world: World, method: str, path: str, status: int) -> None:
    answer = world.administrator().client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json().keys() == FIELDS
    assert answer.json()["status"] == status
    assert answer.json()["instance"] == f"urn:qtems:request:{answer.headers['x-request-id']}"


def test_fields_that_are_wrong_are_named_and_not_repeated(world: World) -> None:
    refused = world.browser().post("/auth/sign-in", {"login": "", "password": 7, "hint": "hunter2"})
    assert refused.status_code == 422
    assert {e["where"] for e in refused.json()["errors"]} == {"body.login", "body.password", "body.hint"}
    assert "hunter2" not in refused.text


def test_an_error_of_ours_shows_a_reference_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    admin = world.administrator()

    def fail(_: Store, context: object) -> None:
        raise RuntimeError("/srv/secret/path")

    monkeypatch.setattr(Store, "write", fail)
    with caplog.at_level(logging.ERROR, logger="qtems.api"):
        answer = admin.post("/organisations", {"name": "A"})
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:qtems:problem:internal")
    reference = answer.headers["x-request-id"]
    assert reference in answer.json()["detail"]
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert reference in caplog.text
    assert "/srv/secret/path" in caplog.text


def test_a_file_store_that_cannot_be_reached_is_not_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: BlobStore) -> str:
        return "EndpointConnectionError: http://10.0.0.1"

    assert world.browser().get("/ready").status_code == 200
    monkeypatch.setattr(BlobStore, "trouble", away)
    answer = world.browser().get("/ready")
    assert (answer.status_code, "10.0.0.1" in answer.text) == (503, False)


def test_a_database_that_cannot_be_reached_is_not_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routes.system.newest_revision", lambda: "9999")
    answer = world.browser().get("/ready")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:qtems:problem:unavailable")
    assert world.browser().get("/health").status_code == 200


def test_a_body_beyond_the_limit_is_refused_whatever_it_promises(world: World) -> None:
    admin = world.administrator()
    large = json.dumps({"name": "x" * (1 << 20)}).encode()
    kind = {"Content-Type": "application/json"}
    told = admin("POST", "/organisations", content=large, headers=kind)
    streamed = admin("POST", "/organisations", content=iter([large[:600_000], large[600_000:]]), headers=kind)
    for answer in (told, streamed):
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:qtems:problem:too-large")
        assert "at most 1048576 bytes here: send less" in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_a_form_of_another_site_could_send_is_no_json(world: World, kind: str) -> None:
    body = b'{"login": "admin", "password": "x"}'
    answer = world.browser()("POST", "/auth/sign-in", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:qtems:problem:unsupported-media-type")


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b'{"name": "\\ud800"}', b'{"name": "a\\u0000b"}', b"[" * 5000, b"null"]
)
def test_broken_text_is_refused_in_words(world: World, body: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    answer = world.administrator()("POST", "/organisations", content=body, headers=kind)
    assert answer.status_code in (400, 422)
    assert answer.json().keys() == FIELDS
    assert answer.status_code != 400 or "send JSON in UTF-8, with fewer than 900 brackets" in answer.json()["detail"]


def test_a_method_that_an_address_does_not_know_names_those_it_knows(world: World) -> None:
    answer = world.administrator()("DELETE", "/organisations")
    assert (answer.status_code, answer.json()["detail"]) == (
        405, "DELETE is not possible at /api/v1/organisations: there is GET, HEAD, OPTIONS, POST",
    )  # fmt: skip


@pytest.mark.parametrize(("field", "value", "says"), [
    ("uploads", [], "body.uploads needs at least 1 entry, not 0"),
    ("uploads", "x", "body.uploads is a list: [...]"),
    ("captured_at", "2026-11-20T06:00:00", "body.captured_at needs its time zone"),
    ("captured_at", "yesterday", "body.captured_at is a time with its zone"),
    ("name", 7, "body.name is text in quotation marks"),
    ("name", "x" * 300, "body.name has at most 200 characters"),
    ("instrument", 7, "body.instrument is an object: {...}"),
])  # fmt: skip
def test_what_is_wrong_with_a_field_is_said_in_plain_words(world: World, field: str, value: object, says: str) -> None:
    admin = world.administrator()
    organisation = admin.post("/organisations", {"name": "Firm"}).json()["id"]
    made = admin.post("/projects", {"organisation": organisation, "key": "TOWER", "name": "T"}).json()["id"]
    given = {"name": "Week 1", "captured_at": "2026-11-20T06:00:00Z", "uploads": ["1" * 32], field: value}
    answer = admin.post(f"/projects/{made}/scans", given)
    assert (answer.status_code, says in answer.json()["detail"]) == (422, True), answer.json()["detail"]


def test_a_wrong_password_at_a_signature_is_named_so_and_the_session_goes_on(world: World) -> None:
    admin = world.administrator()
    answer = admin("PUT", "/auth/password", json={"current": "wrong", "new": "other words than before"})
    told = answer.json()
    assert (answer.status_code, told["type"], told["title"], told["detail"]) == (
        401, "urn:qtems:problem:wrong-password", "That needs your password", "the password is wrong",
    )  # fmt: skip
    assert admin.get("/auth/me").status_code == 200


def test_a_request_keeps_the_identifier_that_a_proxy_gave_it(world: World) -> None:
    given = world.browser().get("/health", headers={"X-Request-ID": "proxy-12345"})
    assert given.headers["x-request-id"] == "proxy-12345"
    made = world.browser().get("/health", headers={"X-Request-ID": "bad id\t"})
    assert len(made.headers["x-request-id"]) == 32


def test_pages_of_other_sites_can_neither_frame_nor_sniff(world: World) -> None:
    headers = world.browser().get("/health").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_long_json_is_zipped_for_who_can_read_it(world: World) -> None:
    admin = world.administrator()
    for n in range(10):
        admin.post("/organisations", {"name": f"Firm {n}"})
    with admin.client.stream("GET", f"{ROOT}/organisations", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert len(json.loads(gzip.decompress(b"".join(answer.iter_raw())))["items"]) == 10
    plain = admin.get("/organisations", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "Accept-Encoding"
