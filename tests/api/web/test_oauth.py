"""A BCF client connects to a person's account (OAuth 2 with PKCE): what it may get, and how nobody else gets it."""

import base64
import hashlib
import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import Response

from tests.api.web.issuer import CLIENT, SECRET, LocalIssuer, running
from tests.api.web.world import PASSWORD, ROOT, Browser, World, make_world

BACK = "http://127.0.0.1:49152/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
HTML = {"Accept": "text/html"}


@dataclass
class Program:
    """A BCF client: it knows the server's address and what it registered as."""

    world: World
    id: str
    secret: str = ""
    redirect: str = BACK

    def asks(self, **more: str) -> dict[str, str]:
        given = {
            "response_type": "code", "client_id": self.id, "redirect_uri": self.redirect, "state": "s&1",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256", "scope": "write",
        }  # fmt: skip
        return {name: value for name, value in {**given, **more}.items() if value}

    def token(self, **form: str) -> Response:
        given = {"client_id": self.id, **form}
        return self.world.browser().client.post(f"{ROOT}/oauth/token", data=given)

    def fetch(self, code: str, **more: str) -> Response:
        given = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER, **more}
        return self.token(**{name: value for name, value in given.items() if value})

    def renew(self, refresh: str) -> Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh)


def local(world: World, **more: Any) -> Program:
    given = {"client_name": "BIM <viewer>", "redirect_url": "http://127.0.0.1/callback", **more}
    made = world.browser().client.post(f"{ROOT}/oauth/register", json=given)
    assert made.status_code == 201, made.text
    return Program(world, made.json()["client_id"], made.json()["client_secret"])


def on_the_web(world: World, **more: Any) -> Program:
    redirect = "https://viewer.example.com/callback?tenant=1"
    given = {"name": "Web viewer", "redirect_uris": [redirect], **more}
    made = world.administrator().post("/oauth/clients", given)
    assert made.status_code == 201, made.text
    return Program(world, made.json()["client"]["id"], made.json()["client_secret"] or "", redirect)


def page(browser: Browser, asks: dict[str, str], **headers: str) -> Response:
    return browser.client.get(
        f"{ROOT}/oauth/authorize", params=asks, headers={**HTML, **headers}, follow_redirects=False
    )


def answer(browser: Browser, shown: Response, decision: str = "write", **headers: str) -> Response:
    kept = re.search(r'name="request" value="([^"]+)"', shown.text)
    assert kept, shown.text
    form = {"request": unescape(kept[1]), "decision": decision}
    sent = {"Origin": "http://testserver", **HTML, **headers}
    return browser.client.post(f"{ROOT}/oauth/authorize", data=form, headers=sent, follow_redirects=False)


def told(response: Response) -> dict[str, str]:
    assert response.status_code == 302, response.text
    return {name: one[0] for name, one in parse_qs(urlsplit(response.headers["location"]).query).items()}


def code_of(browser: Browser, program: Program, decision: str = "write", **more: str) -> str:
    return told(answer(browser, page(browser, program.asks(**more)), decision))["code"]


def bearer(token: Response) -> dict[str, str]:
    assert token.status_code == 200, token.text
    return {"Authorization": f"Bearer {token.json()['access_token']}"}


@pytest.fixture
def ann(world: World) -> Browser:
    return world.person("ann")


def test_a_client_finds_its_way_from_the_foundation_to_a_topic(world: World, ann: Browser) -> None:
    client = world.browser().client
    auth = client.get(f"{ROOT}/foundation/1.0/auth").json()
    assert auth["supported_oauth2_flows"] == ["authorization_code_grant"]
    assert (auth["pkce_required"], auth["code_challenge_method"]) == (True, "S256")
    base = "http://127.0.0.1:8080"
    assert auth["oauth2_auth_url"] == f"{base}{ROOT}/oauth/authorize"
    assert auth["oauth2_token_url"] == f"{base}{ROOT}/oauth/token"
    assert auth["oauth2_dynamic_client_reg_url"] == f"{base}{ROOT}/oauth/register"
    program = local(world)
    shown = page(ann, program.asks())
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "BIM &lt;viewer&gt;" in shown.text
    assert "127.0.0.1:49152" in shown.text
    assert "nobody checked its name" in shown.text
    sent_back = answer(ann, shown)
    assert sent_back.headers["location"].startswith(f"{BACK}?")
    found = told(sent_back)
    assert (found["state"], found["iss"]) == ("s&1", "http://127.0.0.1:8080")
    token = program.fetch(found["code"], redirect_uri=BACK)
    assert token.headers["cache-control"] == "no-store"
    body = token.json()
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 3600, "write")
    me = client.get(f"{ROOT}/foundation/1.0/current-user", headers=bearer(token))
    assert me.json() == {"id": "ann", "name": "Ann"}
    assert client.get(f"{ROOT}/bcf/3.0/projects", headers=bearer(token)).json() == []


def test_the_page_is_in_chinese_for_who_reads_it_and_carries_no_script(world: World, ann: Browser) -> None:
    program = local(world)
    shown = page(ann, program.asks(), **{"Accept-Language": "zh-CN,zh;q=0.9"})
    assert '<html lang="zh">' in shown.text
    assert "允许" in shown.text
    policy = shown.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:49152" in policy
    assert "script" not in shown.text


def test_a_person_may_allow_less_than_is_asked(world: World, ann: Browser) -> None:
    program = local(world)
    token = program.fetch(code_of(ann, program, "read"))
    assert token.json()["scope"] == "read"
    project = "/bcf/3.0/projects/" + "1" * 32
    refused = world.browser().client.put(f"{ROOT}{project}", json={"name": "x"}, headers=bearer(token))
    assert (refused.status_code, "scope read" in refused.json()["message"]) == (403, True)
    only_read = page(ann, program.asks(scope="openid read"))
    assert 'value="write"' not in only_read.text
    assert program.fetch(told(answer(ann, only_read, "write"))["code"]).json()["scope"] == "read"


def test_a_person_may_say_no(world: World, ann: Browser) -> None:
    program = local(world)
    refused = told(answer(ann, page(ann, program.asks()), "deny"))
    assert (refused["error"], refused["state"], "code" in refused) == ("access_denied", "s&1", False)


def test_a_code_counts_once_and_what_it_gave_ends_when_it_comes_twice(world: World, ann: Browser) -> None:
    program = local(world)
    code = code_of(ann, program)
    token = program.fetch(code)
    headers = bearer(token)
    again = program.fetch(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert again.headers["content-type"] == "application/json"
    assert world.browser().get("/auth/me", headers=headers).status_code == 401
    assert program.renew(token.json()["refresh_token"]).status_code == 400


def test_a_code_counts_for_sixty_seconds(world: World, ann: Browser) -> None:
    program = local(world)
    early, late = code_of(ann, program), code_of(ann, program)
    world.clock.advance(seconds=59)
    assert program.fetch(early).status_code == 200
    world.clock.advance(seconds=1)
    assert program.fetch(late).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "x" * 43}, {"code_verifier": ""}, {"code_verifier": "short"}, {"code": "another"},
        {"redirect_uri": "http://127.0.0.1:1/callback"},
    ],
)  # fmt: skip
def test_a_stolen_code_is_worth_nothing(world: World, ann: Browser, change: dict[str, str]) -> None:
    program = local(world)
    code = code_of(ann, program)
    assert program.fetch(**{"code": code, **change}).json()["error"] == "invalid_grant"
    assert program.fetch(code).status_code == 200, "and a thief's attempt does not spoil it"


def test_another_program_cannot_use_the_code_or_what_renews_it(world: World, ann: Browser) -> None:
    program, thief = local(world), local(world, client_name="Other")
    assert thief.fetch(code_of(ann, program)).json()["error"] == "invalid_grant"
    refresh = program.fetch(code_of(ann, program)).json()["refresh_token"]
    assert thief.renew(refresh).json()["error"] == "invalid_grant"
    assert program.renew(refresh).status_code == 200


def test_a_token_is_renewed_and_each_refresh_token_counts_once(world: World, ann: Browser) -> None:
    program = local(world)
    first = program.fetch(code_of(ann, program))
    world.clock.advance(minutes=61)
    assert world.browser().get("/auth/me", headers=bearer(first)).status_code == 401
    second = program.renew(first.json()["refresh_token"])
    assert world.browser().get("/auth/me", headers=bearer(second)).json()["scope"] == "write"
    assert world.browser().get("/auth/me", headers=bearer(first)).status_code == 401
    third = program.renew(second.json()["refresh_token"])
    assert third.status_code == 200
    stolen = program.renew(first.json()["refresh_token"])
    assert "has been revoked" in stolen.json()["error_description"]
    assert world.browser().get("/auth/me", headers=bearer(third)).status_code == 401
    assert program.renew(third.json()["refresh_token"]).status_code == 400


def test_what_is_not_renewed_for_a_month_ends_and_nothing_lasts_longer_than_a_year(world: World, ann: Browser) -> None:
    program = local(world)
    token = program.fetch(code_of(ann, program))
    world.clock.advance(days=30)
    assert program.renew(token.json()["refresh_token"]).status_code == 400
    ann.sign_in("ann")
    token = program.fetch(code_of(ann, program))
    renewed = 0
    while token.status_code == 200 and renewed < 40:
        world.clock.advance(days=20)
        token, renewed = program.renew(token.json()["refresh_token"]), renewed + 1
    assert renewed == 19


def test_a_person_sees_the_program_among_their_tokens_and_revokes_it(world: World, ann: Browser) -> None:
    program = local(world)
    token = program.fetch(code_of(ann, program))
    token = program.renew(token.json()["refresh_token"])
    [listed] = ann.get("/auth/tokens").json()["items"]
    assert (listed["name"], listed["scope"]) == ("BIM <viewer>", "write")
    assert ann("DELETE", f"/auth/tokens/{listed['id']}").status_code == 204
    assert world.browser().get("/auth/me", headers=bearer(token)).status_code == 401
    assert program.renew(token.json()["refresh_token"]).json()["error"] == "invalid_grant"


def test_who_is_disabled_or_has_a_new_password_is_connected_no_more(world: World, ann: Browser) -> None:
    program = local(world)
    token, code = program.fetch(code_of(ann, program)), code_of(ann, program)
    admin = world.administrator()
    user = admin.get("/users?login=ann").json()["items"][0]
    admin.change("PATCH", f"/users/{user['id']}", user["version"], {"event": "disable"})
    assert program.renew(token.json()["refresh_token"]).status_code == 400
    assert program.fetch(code).status_code == 400


def test_a_program_on_the_web_is_registered_shows_its_secret_and_is_ended(world: World, ann: Browser) -> None:
    program = on_the_web(world)
    shown = page(ann, program.asks(code_challenge="", code_challenge_method=""))
    assert "An administrator has registered it" in shown.text
    assert "viewer.example.com" in shown.text
    code = told(answer(ann, shown))["code"]
    assert answer(ann, shown).headers["location"].startswith("https://viewer.example.com/callback?tenant=1&code=")
    for secret in ("", "wrong"):
        refused = program.fetch(code, code_verifier="", client_secret=secret)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    basic = base64.b64encode(f"{program.id}:{program.secret}".encode()).decode()
    asked = {"grant_type": "authorization_code", "code": code}
    client = world.browser().client
    token = client.post(f"{ROOT}/oauth/token", params=asked, headers={"Authorization": f"Basic {basic}"})
    assert token.status_code == 200, "as the Foundation API's own example asks for it"
    admin = world.administrator()
    assert admin.get("/oauth/clients").json()["items"][0]["has_secret"] is True
    assert program.secret not in admin.get("/oauth/clients").text
    assert admin("DELETE", f"/oauth/clients/{program.id}").status_code == 204
    assert admin("DELETE", f"/oauth/clients/{program.id}").status_code == 404
    assert world.browser().get("/auth/me", headers=bearer(token)).status_code == 401
    assert page(ann, program.asks()).status_code == 422
    assert ann.post("/oauth/clients", {"name": "x", "redirect_uris": ["https://x.example/"]}).status_code == 403


def test_without_a_challenge_a_program_has_to_show_a_secret(world: World, ann: Browser) -> None:
    program = local(world)
    plain = {"code_challenge": "", "code_challenge_method": ""}
    assert program.fetch(code_of(ann, program, **plain), code_verifier="").json()["error"] == "invalid_grant"
    with_secret = program.fetch(code_of(ann, program, **plain), code_verifier="", client_secret=program.secret)
    assert with_secret.status_code == 200
    downgraded = program.fetch(code_of(ann, program, **plain), client_secret=program.secret)
    assert downgraded.json()["error"] == "invalid_grant", "a challenge was taken away on the way"
    for wrong in ({"code_challenge_method": "plain"}, {"code_challenge": "short"}, {"response_type": "token"}):
        refused = told(page(ann, program.asks(**wrong)))
        assert refused["error"] in ("invalid_request", "unsupported_response_type")
    public = on_the_web(world, with_secret=False)
    assert told(page(ann, public.asks(**plain)))["error"] == "invalid_request"


@pytest.mark.parametrize(
    "redirect",
    [
        "https://viewer.example.com/", "http://192.0.2.1/callback", "http://127.0.0.1.evil.example/", "javascript:x",
        "http://localhost@evil.example/", "http://127.0.0.1/x#f", "custom:/callback", "http://127.0.0.1:99999/", "x",
        "http://127.0.0.1/a b",
    ],
)  # fmt: skip
def test_a_program_that_registers_by_itself_is_answered_on_its_own_computer_alone(world: World, redirect: str) -> None:
    given = {"client_name": "x", "redirect_url": redirect}
    refused = world.browser().client.post(f"{ROOT}/oauth/register", json=given)
    assert refused.status_code == 422, refused.text
    for never in ("javascript:x", "http://example.com/", "https://*.example.com/"):
        made = world.administrator().post("/oauth/clients", {"name": "x", "redirect_uris": [never]})
        assert made.status_code == 422


@pytest.mark.parametrize(
    "redirect",
    ["https://evil.example/", "http://127.0.0.1:1/other", "http://localhost:1/callback", "http://[::1]/callback", ""],
)
def test_an_address_that_was_not_registered_is_never_sent_anything(world: World, ann: Browser, redirect: str) -> None:
    program = local(world, redirect_uris=["http://127.0.0.1/callback", "http://127.0.0.1/second"])
    refused = page(ann, program.asks(redirect_uri=redirect))
    assert (refused.status_code, "location" in refused.headers) == (422, False)
    assert "redirect_uri is none" in refused.text
    assert page(ann, program.asks(redirect_uri="http://127.0.0.1:7/second")).status_code == 200, "any port, RFC 8252"


@pytest.mark.parametrize("client", ["", "unknown", "self.", "self.Zm9yZ2Vk", "1" * 32])
def test_an_unknown_program_is_told_so_on_a_page(world: World, ann: Browser, client: str) -> None:
    refused = page(ann, Program(world, client).asks())
    assert refused.status_code == 422
    assert "client_id is unknown" in refused.text
    assert Program(world, client).fetch("x").json()["error"] == ("invalid_client" if client else "invalid_request")


def test_no_other_site_says_yes_for_a_person(world: World, ann: Browser) -> None:
    program, mallory = local(world), world.person("mallory")
    shown = page(ann, program.asks())
    assert answer(ann, shown, Origin="https://evil.example").status_code == 403
    assert answer(mallory, shown).status_code == 400, "shown to somebody else"
    assert answer(world.browser(), shown).status_code == 400
    ann.post("/auth/sign-out")
    ann.sign_in("ann")
    assert answer(ann, shown).status_code == 400, "shown to another session"
    shown = page(ann, program.asks())
    world.clock.advance(minutes=10)
    assert answer(ann, shown).status_code == 400, "too old"
    forged = ann.client.post(f"{ROOT}/oauth/authorize", data={"request": "forged", "decision": "write"})
    assert forged.status_code == 400


def sign_in_page(browser: Browser, shown: Response, password: str, **headers: str) -> Response:
    kept = re.search(r'name="next" value="([^"]+)"', shown.text)
    assert kept, shown.text
    form = {"next": kept[1], "login": "ann", "password": password}
    sent = {"Origin": "http://testserver", **HTML, **headers}
    return browser.client.post(f"{ROOT}/oauth/sign-in", data=form, headers=sent, follow_redirects=False)


def test_who_is_not_signed_in_does_that_first_with_every_limit(world: World, ann: Browser) -> None:
    program, browser = local(world), world.browser()
    shown = page(browser, program.asks())
    assert 'name="password"' in shown.text
    assert 'name="decision"' not in shown.text
    refused = sign_in_page(browser, shown, PASSWORD, Origin="https://evil.example")
    assert refused.status_code == 403
    for _ in range(5):
        wrong = sign_in_page(browser, shown, "wrong")
        assert (wrong.status_code, "Login or password is wrong" in wrong.text) == (401, True)
    assert sign_in_page(browser, shown, PASSWORD).status_code == 429
    world.clock.advance(minutes=16)
    done = sign_in_page(browser, shown, PASSWORD)
    assert done.status_code == 302
    again = browser.client.get(done.headers["location"], headers=HTML)
    code = told(answer(browser, again))["code"]
    assert program.fetch(code).status_code == 200


def test_a_password_for_one_use_connects_nothing(world: World) -> None:
    once = world.administrator().post("/users", {"login": "ben", "name": "Ben"}).json()["one_time_password"]
    browser = world.browser()
    browser.sign_in("ben", once)
    shown = page(browser, local(world).asks())
    assert "Choose your own first" in shown.text
    assert "decision" not in shown.text


def test_who_signs_in_through_the_company_comes_back_to_the_question(tmp_path: Path) -> None:
    with running(LocalIssuer()) as issuer:
        world = make_world(
            tmp_path, oidc_issuer=issuer.url, oidc_client_id=CLIENT, oidc_client_secret=SECRET,
            base_url="http://testserver", oidc_create_accounts=True,
        )  # fmt: skip
        issuer.now = lambda: world.clock.now.timestamp()
        program, browser = local(world), world.browser()
        link = re.search(r'href="([^"]+oidc[^"]+)"', page(browser, program.asks()).text)
        assert link
        begun = browser.client.get(unescape(link[1]), follow_redirects=False)
        back = issuer.authorise(begun.headers["location"])
        finished = browser.client.get(f"{ROOT}/auth/oidc/callback", params=back, follow_redirects=False)
        shown = browser.client.get(finished.headers["location"], headers=HTML)
        assert program.fetch(told(answer(browser, shown))["code"]).status_code == 200


def test_the_trail_tells_of_it_and_keeps_no_secret(world: World, ann: Browser) -> None:
    program = local(world)
    code = code_of(ann, program)
    token = program.fetch(code).json()
    events = world.administrator().get("/audit?limit=200").json()["items"]
    assert {("allow_client", "Ann")} <= {(event["action"], event["actor_name"]) for event in events}
    assert "create_token" in {event["action"] for event in events}
    text = str(events)
    assert not [one for one in (code, token["access_token"], token["refresh_token"]) if one in text]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [("a=1&a=2", "application/x-www-form-urlencoded", 400), ("{}", "application/json", 415)],
)
def test_what_is_no_form_is_refused(world: World, content: str, kind: str, status: int) -> None:
    refused = world.browser().client.post(f"{ROOT}/oauth/token", content=content, headers={"Content-Type": kind})
    assert refused.status_code == status
    assert Program(world, local(world).id).token(grant_type="password").json()["error"] == "unsupported_grant_type"
