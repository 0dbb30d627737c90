"""The viewer's files as browsers get them, and what they are told while there is no viewer."""

import gzip
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.api.web.live import live_server
from tests.api.web.world import World, make_world

PAGE = b"<!doctype html><title>viewer</title>"
SCRIPT = b"export const answer = 42;\n" * 100
WASM = b"\0asm\1\0\0\0"


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A built viewer, a secret beside it and a link to the secret in it."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    files = {
        "index.html": PAGE, "assets/index-DNGgN3kN.js": SCRIPT, "assets/decode-1a2b.wasm": WASM, "sw.js": b"go()",
        "icon.svg": b"<svg/>", "app.webmanifest": b"{}", ".stamp": b"sources", "assets/style-9z.css": b"a{}",
        "assets/font-1.woff2": b"wOF2", "assets/odd-1.bin": b"?",
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "assets" / "index-DNGgN3kN.js.gz").write_bytes(gzip.compress(SCRIPT, mtime=0))
    (tmp_path / "secret.txt").write_text("hush")
    (folder / "assets" / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def client(tmp_path: Path, static: Path) -> Generator[Any]:
    world = make_world(tmp_path / "data", static_dir=static)
    yield world.browser().client
    world.services.store.database.close()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/projects",
        "/projects/1f3a/ncrs/77/",
        "/projects/1f3a?epoch=2",
        "/apian",
        "/%E9%A1%B9%E7%9B%AE",
    ],
)
def test_every_address_within_the_viewer_is_its_page(client: Any, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy
    assert "worker-src 'self' blob:" in policy


@pytest.mark.parametrize(
    "path", ["/api", "/api/v1/nothing", "/api/projects", "/bcf/3.0/projects", "/foundation/versions"]
)
def test_what_programs_ask_for_is_never_answered_with_a_page(client: Any, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/assets/index-DNGgN3kN.js", "text/javascript; charset=utf-8"),
        ("/assets/style-9z.css", "text/css; charset=utf-8"),
        ("/assets/decode-1a2b.wasm", "application/wasm"),
        ("/assets/font-1.woff2", "font/woff2"),
        ("/assets/odd-1.bin", "application/octet-stream"),
        ("/icon.svg", "image/svg+xml"),
        ("/app.webmanifest", "application/manifest+json"),
        ("/sw.js", "text/javascript; charset=utf-8"),
    ],
)
def test_a_file_has_its_type_and_is_kept_as_long_as_its_name_means_it(client: Any, path: str, media_type: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    for_ever = "public, max-age=31536000, immutable"
    assert answer.headers["cache-control"] == (for_ever if path.startswith("/assets/") else "no-cache")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_service_worker_may_serve_the_whole_site(client: Any) -> None:
    assert client.get("/sw.js").headers["service-worker-allowed"] == "/"
    assert "service-worker-allowed" not in client.get("/assets/index-DNGgN3kN.js").headers


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [("gzip, deflate, br", True), ("br;q=1.0, gzip;q=0.8", True), ("identity", False), ("br", False),
     ("gzip;q=0", False), ("gzip; q=0.0, br", False), ("", False)],
)  # fmt: skip
def test_a_file_goes_as_it_was_compressed_to_who_takes_that(client: Any, accepted: str, zipped: bool) -> None:
    with client.stream("GET", "/assets/index-DNGgN3kN.js", headers={"Accept-Encoding": accepted}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers.get("content-encoding") == ("gzip" if zipped else None)
    assert raw == (gzip.compress(SCRIPT, mtime=0) if zipped else SCRIPT)


@pytest.mark.parametrize(
    "path",
    [
        "/assets/index-OLD.js", "/assets/index-DNGgN3kN.js.gz", "/favicon.ico", "/.stamp", "/assets/.stamp",
        "/assets/%2e%2e/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/..%5c..%5csecret.txt", "http://testserver//secret.txt",
        "/%2fetc%2fhosts.txt", "/assets/link.txt", "/assets%00.js", "/index.html%00.js", "/index.html/x.js",
        "/" + "a" * 5000 + ".js", "/a" * 3000 + ".js",
    ],
)  # fmt: skip
def test_there_is_nothing_else(client: Any, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), answer.text[:200]
    assert answer.headers["cache-control"] == "no-store", "it may be there after the next release"
    assert "hush" not in answer.text


@pytest.mark.parametrize("path", ["/", "/projects", "/assets/index-DNGgN3kN.js", "/icon.svg"])
@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_head_tells_what_get_would(client: Any, path: str, accepted: str) -> None:
    got, head = (client.request(m, path, headers={"Accept-Encoding": accepted}) for m in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    differ = {"x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in differ} == {
        k: v for k, v in got.headers.items() if k not in differ
    }


@pytest.mark.parametrize("path", ["/", "/assets/index-DNGgN3kN.js"])
def test_what_a_browser_has_is_not_sent_again(client: Any, static: Path, path: str) -> None:
    tag = client.get(path).headers["etag"]
    again = client.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["cache-control"] == client.get(path).headers["cache-control"]
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    (static / "index.html").write_bytes(PAGE + b"<p>newer")
    assert client.get("/", headers={"If-None-Match": tag}).content == PAGE + b"<p>newer"


def test_compressed_and_plain_are_told_apart_by_their_tags(client: Any) -> None:
    tags = {
        client.get("/assets/index-DNGgN3kN.js", headers={"Accept-Encoding": accepted}).headers["etag"]
        for accepted in ("gzip", "identity")
    }
    assert len(tags) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_files_are_only_read(client: Any, method: str) -> None:
    answer = client.request(method, "/projects")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_real_socket_carries_the_same(tmp_path: Path, static: Path) -> None:
    import httpx2

    world = make_world(tmp_path / "data", static_dir=static)
    with live_server(world) as (host, port):
        address = f"http://{host}:{port}/assets/index-DNGgN3kN.js"
        head, got = httpx2.head(address), httpx2.get(address)
        assert head.headers["content-length"] == got.headers["content-length"]
        assert (head.content, got.content) == (b"", SCRIPT)
        assert httpx2.get(address, headers={"If-None-Match": got.headers["etag"]}).status_code == 304
    world.services.store.database.close()


def test_without_a_viewer_a_page_says_how_to_get_it(world: World, tmp_path: Path) -> None:
    empty = make_world(tmp_path / "empty", static_dir=tmp_path / "none")
    client = empty.browser().client
    english = client.get("/", headers={"Accept-Language": "de, en"})
    assert english.status_code == 200
    assert english.headers["content-type"].startswith("text/html")
    for said in ("The interface runs", "make viewer", 'href="/api/v1/openapi.json"', '<html lang="en">'):
        assert said in english.text
    chinese = client.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
    for said in ("接口正在运行", "make viewer", 'href="/api/v1/openapi.json"', '<html lang="zh">'):
        assert said in chinese.text
    assert english.headers["vary"] == "Accept-Language"
    assert client.get("/api/v1/openapi.json").status_code == 200, "the link leads somewhere"
    assert client.get("/projects").status_code == 404
    empty.services.store.database.close()


def test_a_viewer_that_is_built_meanwhile_is_served(tmp_path: Path) -> None:
    late = make_world(tmp_path / "late", static_dir=tmp_path / "static")
    client = late.browser().client
    assert "make viewer" in client.get("/").text
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "index.html").write_bytes(PAGE)
    assert client.get("/").content == PAGE
    late.services.store.database.close()
