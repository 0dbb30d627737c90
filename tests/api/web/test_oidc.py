"""Signing in through the company: only what its issuer really said counts, and nobody slips into another's account."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from joserfc.jwk import RSAKey

from tests.api.web.issuer import CLIENT, SECRET, Claims, LocalIssuer, running
from tests.api.web.world import PASSWORD, ROOT, Browser, World, make_world

_RSA = RSAKey.generate_key(2048, {"kid": "k1"})


@pytest.fixture
def issuer() -> Generator[LocalIssuer]:
    with running(LocalIssuer(key=_RSA)) as local:
        yield local


def world_of(issuer: LocalIssuer, folder: Path, **settings: Any) -> World:
    given: dict[str, Any] = {"oidc_issuer": issuer.url, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    world = make_world(folder, **{"base_url": "http://testserver", **given, **settings})
    issuer.now = lambda: world.clock.now.timestamp()
    return world


def sign_in(issuer: LocalIssuer, browser: Browser, **change: str) -> Response:
    """Go the way of a browser, with the way back changed by whoever is in between."""
    begun = browser.get("/auth/oidc/start?next=/projects", follow_redirects=False)
    assert begun.status_code == 302, begun.text
    back = {**issuer.authorise(begun.headers["location"]), **change}
    return browser.client.get(f"{ROOT}/auth/oidc/callback", params=back, follow_redirects=False)


def link(world: World, login: str, issuer: LocalIssuer) -> None:
    admin = world.administrator()
    user = admin.get(f"/users?login={login}").json()["items"][0]
    linked = admin.change("PATCH", f"/users/{user['id']}", user["version"], {"subject": f"{issuer.url} s-1"})
    assert linked.status_code == 200


def test_who_is_linked_signs_in(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path)
    world.person("ann")
    link(world, "ann", issuer)
    browser = world.browser()
    assert browser.get("/auth/issuers").json()["items"] == [
        {"name": "Company sign-in", "start": "/api/v1/auth/oidc/start"}
    ]
    finished = sign_in(issuer, browser)
    assert (finished.status_code, finished.headers["location"]) == (302, "/projects")
    assert "HttpOnly" in finished.headers["set-cookie"]
    me = browser.get("/auth/me").json()
    assert me["user"]["login"] == "ann"
    assert me["csrf_token"]
    events = world.administrator().get("/audit?limit=200").json()["items"]
    assert {"how": "issuer"}.items() <= [e["after"] for e in events if e["action"] == "sign_in"][-2].items()


def test_who_is_unknown_is_refused_and_told_whom_to_ask(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path)
    world.person("ann", email="ann@example.com")
    issuer.person["email_verified"] = True
    browser = world.browser()
    refused = sign_in(issuer, browser)
    assert refused.status_code == 403
    assert "ask an administrator to link it" in refused.json()["detail"]
    assert browser.get("/auth/me").status_code == 401


@pytest.mark.parametrize(("verified", "status"), [(True, 302), (False, 403), (None, 403), ("true", 403)])
def test_an_address_links_only_when_the_issuer_has_verified_it(
    issuer: LocalIssuer, tmp_path: Path, verified: object, status: int
) -> None:
    world = world_of(issuer, tmp_path, oidc_link_verified_email=True)
    world.person("ann", email="ann@example.com")
    if verified is not None:
        issuer.person["email_verified"] = verified
    assert sign_in(issuer, world.browser()).status_code == status
    subject = world.administrator().get("/users?login=ann").json()["items"][0]["subject"]
    assert subject == (f"{issuer.url} s-1" if status == 302 else None)


def test_an_account_that_is_linked_is_not_taken_over_by_its_address(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path, oidc_link_verified_email=True)
    world.person("ann", email="ann@example.com")
    link(world, "ann", issuer)
    issuer.person = {"sub": "s-2", "email": "ann@example.com", "email_verified": True}
    assert sign_in(issuer, world.browser()).status_code == 403


@pytest.mark.parametrize("given", ["Ann@Example.com", "ann@example.com", "ANN@EXAMPLE.COM"])
def test_an_address_links_however_it_is_capitalised(issuer: LocalIssuer, tmp_path: Path, given: str) -> None:
    world = world_of(issuer, tmp_path, oidc_link_verified_email=True)
    world.person("ann", email="Ann@example.com")
    issuer.person |= {"email": given, "email_verified": True}
    assert sign_in(issuer, world.browser()).status_code == 302


def test_an_address_that_two_accounts_have_links_neither(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path, oidc_link_verified_email=True, oidc_create_accounts=True)
    world.person("ann", email="ann@example.com")
    world.person("anna", email="ANN@example.com")
    issuer.person["email_verified"] = True
    assert sign_in(issuer, world.browser()).status_code == 403


def test_an_account_can_be_made_at_the_first_sign_in_but_takes_no_login(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path, oidc_create_accounts=True)
    browser = world.browser()
    issuer.person |= {"email": "Ann@example.com", "email_verified": True}
    assert sign_in(issuer, browser).status_code == 302
    me = browser.get("/auth/me").json()["user"]
    assert (me["login"], me["name"], me["has_password"]) == ("ann@example.com", "Ann Wu", False)
    assert me["email"] == "Ann@example.com"
    issuer.person = {"sub": "s-2", "email": "ann@example.com", "email_verified": True}
    assert sign_in(issuer, world.browser()).status_code == 403


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_nobody_verified_becomes_neither_login_nor_address(
    issuer: LocalIssuer, tmp_path: Path, verified: object
) -> None:
    """Whoever may choose their address at the issuer could take the login of a colleague who is yet to come."""
    world = world_of(issuer, tmp_path, oidc_create_accounts=True)
    issuer.person |= {"email": "boss@example.com", "email_verified": verified}
    browser = world.browser()
    assert sign_in(issuer, browser).status_code == 302
    me = browser.get("/auth/me").json()["user"]
    assert me["login"].startswith("sso-")
    assert (me["email"], me["name"]) == ("", "Ann Wu")
    assert sign_in(issuer, world.browser()).status_code == 302, "the same account, the next time"
    assert len(world.administrator().get("/users").json()["items"]) == 2


def test_an_account_that_never_had_a_password_works(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path)
    admin = world.administrator()
    given = {"login": "ann", "name": "Ann", "administrator": True, "subject": f"{issuer.url} s-1"}
    made = admin.post("/users", given)
    assert (made.status_code, made.json()["one_time_password"]) == (201, None)
    assert (made.json()["user"]["has_password"], made.json()["user"]["must_change_password"]) == (False, False)
    assert admin.post("/users", {**given, "login": "other"}).status_code == 409
    assert admin.post("/users", {**given, "login": "x1", "subject": "no issuer"}).status_code == 422
    browser = world.browser()
    assert sign_in(issuer, browser).status_code == 302
    assert browser.get("/users").status_code == 200
    assert browser.get("/projects").status_code == 200
    for guess in ("", "x", "None"):
        assert world.browser().sign_in("ann", guess).status_code in (401, 422)


def test_who_was_given_a_one_time_password_and_comes_through_the_issuer_is_not_asked_for_it(
    issuer: LocalIssuer, tmp_path: Path
) -> None:
    world = world_of(issuer, tmp_path)
    admin = world.administrator()
    made = admin.post("/users", {"login": "ann", "name": "Ann", "administrator": True}).json()
    link(world, "ann", issuer)
    browser = world.browser()
    sign_in(issuer, browser)
    assert browser.get("/users").status_code == 200
    me = browser.get("/auth/me").json()
    assert (me["user"]["must_change_password"], me["user"]["has_password"]) == (False, False)
    browser.csrf = me["csrf_token"]
    token = browser.post("/auth/tokens", {"name": "t", "scope": "read", "expires_at": "2026-12-01T00:00:00Z"}).json()
    program = world.browser()
    assert program.get("/projects", headers={"Authorization": f"Bearer {token['secret']}"}).status_code == 200
    other = world.browser()
    assert other.sign_in("ann", made["one_time_password"]).status_code == 200
    assert other.get("/users").status_code == 403, "who comes with it still chooses their own first"
    assert browser("PUT", "/auth/password", json={"new": PASSWORD}).status_code == 204
    assert world.browser().sign_in("ann").status_code == 200
    assert world.browser().sign_in("ann", made["one_time_password"]).status_code == 401


def test_who_is_vouched_for_no_more_is_out(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path)
    world.person("ann")
    link(world, "ann", issuer)
    browser = world.browser()
    sign_in(issuer, browser)
    admin = world.administrator()
    user = admin.get("/users?login=ann").json()["items"][0]
    changed = admin.change("PATCH", f"/users/{user['id']}", user["version"], {"subject": ""})
    assert changed.json()["subject"] is None
    assert browser.get("/auth/me").status_code == 401
    assert sign_in(issuer, world.browser()).status_code == 403


def test_a_person_reads_what_went_wrong_in_both_languages(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path)
    browser = world.browser()
    begun = browser.get("/auth/oidc/start", follow_redirects=False)
    back = issuer.authorise(begun.headers["location"])
    shown = browser.client.get(f"{ROOT}/auth/oidc/callback", params=back, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (shown.status_code, shown.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "ask an administrator to link it" in shown.text
    assert "请联系管理员" in shown.text
    assert 'href="http://testserver/"' in shown.text
    assert "script" not in shown.headers["content-security-policy"]
    late = world.browser().client.get(f"{ROOT}/auth/oidc/callback?code=x&state=y", headers={"Accept": "text/html"})
    assert (late.status_code, "请重新开始" in late.text) == (400, True)


def test_a_first_password_is_set_right_after_signing_in_and_then_signs(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path, oidc_create_accounts=True)
    browser = world.browser()
    sign_in(issuer, browser)
    browser.csrf = browser.get("/auth/me").json()["csrf_token"]
    world.clock.advance(minutes=11)
    assert browser("PUT", "/auth/password", json={"new": PASSWORD}).status_code == 403
    sign_in(issuer, browser)
    browser.csrf = browser.get("/auth/me").json()["csrf_token"]
    assert browser("PUT", "/auth/password", json={"new": PASSWORD}).status_code == 204
    assert browser("PUT", "/auth/password", json={"new": "another long sentence"}).status_code == 401


def test_a_disabled_account_stays_shut(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path)
    world.person("ann")
    link(world, "ann", issuer)
    admin = world.administrator()
    user = admin.get("/users?login=ann").json()["items"][0]
    admin.change("PATCH", f"/users/{user['id']}", user["version"], {"event": "disable"})
    assert sign_in(issuer, world.browser()).status_code == 403


Forge = Callable[[Claims], Claims]


def forged(**claims: object) -> Forge:
    def forge(told: Claims) -> Claims:
        return {**told, **claims}

    return forge


def without(name: str) -> Forge:
    def forge(told: Claims) -> Claims:
        return {claim: value for claim, value in told.items() if claim != name}

    return forge


@pytest.mark.parametrize(
    "forge",
    [
        forged(nonce="another"), forged(aud="another"), forged(iss="https://evil.example"), forged(exp=1),
        forged(iat=99999999999), forged(azp="another"), forged(sub=""), forged(sub=7),
        without("exp"), without("nonce"),
    ],
)  # fmt: skip
def test_a_token_for_another_sign_in_counts_for_nothing(issuer: LocalIssuer, tmp_path: Path, forge: Forge) -> None:
    world = world_of(issuer, tmp_path, oidc_create_accounts=True)
    issuer.forge = forge
    browser = world.browser()
    refused = sign_in(issuer, browser)
    assert (refused.status_code, refused.json()["type"]) == (502, "urn:qtems:problem:issuer-failed")
    assert browser.get("/auth/me").status_code == 401


def test_a_token_that_another_key_signed_counts_for_nothing(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path, oidc_create_accounts=True)
    issuer.signs_with = RSAKey.generate_key(2048, {"kid": "k1"})
    assert sign_in(issuer, world.browser()).status_code == 502


def test_userinfo_of_somebody_else_counts_for_nothing(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path, oidc_create_accounts=True)
    issuer.userinfo = {"sub": "s-9", "email": "boss@example.com", "email_verified": True}
    assert sign_in(issuer, world.browser()).status_code == 502


@pytest.mark.parametrize("change", [{"state": "another"}, {"code": ""}, {"state": ""}])
def test_a_way_back_that_was_not_begun_here_leads_nowhere(
    issuer: LocalIssuer, tmp_path: Path, change: dict[str, str]
) -> None:
    world = world_of(issuer, tmp_path, oidc_create_accounts=True)
    assert sign_in(issuer, world.browser(), **change).status_code == 400


def test_another_browser_cannot_finish_what_one_began_nor_one_begin_too_early(
    issuer: LocalIssuer, tmp_path: Path
) -> None:
    world = world_of(issuer, tmp_path, oidc_create_accounts=True)
    begun = world.browser().get("/auth/oidc/start", follow_redirects=False)
    back = issuer.authorise(begun.headers["location"])
    callback = f"{ROOT}/auth/oidc/callback"
    assert world.browser().client.get(callback, params=back, follow_redirects=False).status_code == 400
    late = world.browser()
    begun = late.get("/auth/oidc/start", follow_redirects=False)
    back = issuer.authorise(begun.headers["location"])
    world.clock.advance(minutes=11)
    assert late.client.get(callback, params=back, follow_redirects=False).status_code == 400


def test_a_code_counts_once(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path, oidc_create_accounts=True)
    browser = world.browser()
    begun = browser.get("/auth/oidc/start", follow_redirects=False)
    cookie = dict(browser.client.cookies)
    back = issuer.authorise(begun.headers["location"])
    callback = f"{ROOT}/auth/oidc/callback"
    assert browser.client.get(callback, params=back, follow_redirects=False).status_code == 302
    browser.client.cookies.update(cookie)
    assert browser.client.get(callback, params=back, follow_redirects=False).status_code in (400, 502)


@pytest.mark.parametrize("page", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"])
def test_the_page_afterwards_is_one_of_ours(issuer: LocalIssuer, tmp_path: Path, page: str) -> None:
    world = world_of(issuer, tmp_path, oidc_create_accounts=True)
    browser = world.browser()
    begun = browser.get("/auth/oidc/start", params={"next": page}, follow_redirects=False)
    back = issuer.authorise(begun.headers["location"])
    finished = browser.client.get(f"{ROOT}/auth/oidc/callback", params=back, follow_redirects=False)
    assert finished.headers["location"] == "/"


def test_an_issuer_that_is_away_or_calls_itself_otherwise_is_said_so(issuer: LocalIssuer, tmp_path: Path) -> None:
    world = world_of(issuer, tmp_path)
    url, issuer.url = issuer.url, "https://other.example"
    refused = world.browser().get("/auth/oidc/start", follow_redirects=False)
    assert (refused.status_code, "another name" in refused.json()["detail"]) == (502, True)
    issuer.url = url
    away = make_world(tmp_path / "away", oidc_issuer="http://127.0.0.1:9", oidc_client_id="x")
    refused = away.browser().get("/auth/oidc/start", follow_redirects=False)
    assert (refused.status_code, "use a password" in refused.json()["detail"]) == (502, True)


def test_without_an_issuer_there_is_none(world: World) -> None:
    assert world.browser().get("/auth/issuers").json()["items"] == []
    assert world.browser().get("/auth/oidc/start").status_code == 404
    assert world.browser().get("/auth/oidc/callback").status_code == 404
