"""Pages of other sites and the BCF-API: with a token, where the operator named them, never with cookies."""

from pathlib import Path

import pytest

from tests.api.web.world import ROOT, World, make_world

VIEWER = "https://viewer.example.com"
PATH = f"{ROOT}/foundation/1.1/current-user"
ASKED = {"Origin": VIEWER, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture
def named(tmp_path: Path) -> World:
    return make_world(tmp_path, cors_origins=f"{VIEWER}, http://localhost:5173")


def test_a_named_site_asks_and_reads_with_a_token(named: World) -> None:
    admin = named.administrator()
    made = admin.post("/auth/tokens", {"name": "t", "scope": "read", "expires_at": "2026-12-01T00:00:00Z"}).json()
    client = named.browser().client
    allowed = client.options(f"{ROOT}/bcf/3.0/projects", headers=ASKED)
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == VIEWER
    assert {"PUT", "DELETE"} <= set(allowed.headers["access-control-allow-methods"].split(", "))
    assert "Authorization" in allowed.headers["access-control-allow-headers"]
    read = client.get(PATH, headers={"Origin": VIEWER, "Authorization": f"Bearer {made['secret']}"})
    assert (read.status_code, read.headers["access-control-allow-origin"]) == (200, VIEWER)
    assert "Origin" in read.headers["vary"]
    refused = client.get(PATH, headers={"Origin": VIEWER})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, VIEWER), "it may read why"
    for answer in (allowed, read, refused):
        assert "access-control-allow-credentials" not in answer.headers


def test_cookies_of_a_named_site_count_for_nothing(named: World) -> None:
    admin = named.administrator()
    assert admin.client.get(PATH).status_code == 200
    assert admin.client.get(PATH, headers={"Origin": VIEWER}).status_code == 401


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"{VIEWER}.evil.example", "http://viewer.example.com"]
)
def test_no_other_site_is_let_in(named: World, origin: str) -> None:
    client = named.browser().client
    for answer in (
        client.options(PATH, headers={**ASKED, "Origin": origin}),
        client.get(PATH, headers={"Origin": origin}),
    ):
        assert "access-control-allow-origin" not in answer.headers


def test_a_named_site_reads_nothing_but_what_bcf_is(named: World) -> None:
    for path in ("/projects", "/auth/me", "/oauth/authorize", "/health"):
        answer = named.browser().client.get(f"{ROOT}{path}", headers={"Origin": VIEWER})
        assert "access-control-allow-origin" not in answer.headers
    token = named.browser().client.post(f"{ROOT}/oauth/token", headers={"Origin": VIEWER})
    assert token.headers["access-control-allow-origin"] == VIEWER


def test_nobody_is_named_unless_the_operator_does(world: World) -> None:
    answer = world.browser().client.options(PATH, headers=ASKED)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("wrong", ["*", "viewer.example.com", "https://viewer.example.com/", "https://*.example.com"])
def test_what_is_no_origin_is_said_at_the_start(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(Exception, match="is no origin"):
        make_world(tmp_path, cors_origins=wrong)
