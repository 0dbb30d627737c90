"""Signing in and out: what a browser keeps, when guessing is stopped, and what the trail says of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.api.web.world import PASSWORD, ROOT, World, make_world
from twin.account import (
    FAILURES_UNTIL_LOCKED,
    PER_LOGIN,
    PER_LOGIN_ELSEWHERE,
    PER_ORIGIN,
    SYSTEM_ACTOR,
    User,
    UserEvent,
    apply_event,
)
from twin.errors import NotIdentified, TooManyAttempts
from twin.operations.sign_in import confirm_identity
from twin.record import Actor
from twin.store.accounts import USER
from twin.store.repository import Context

SOMEWHERE = "198.51.100.9"


def trail(world: World) -> list[dict[str, object]]:
    return world.administrator().get("/audit?limit=200").json()["items"]


def actions(world: World) -> list[object]:
    return [event["action"] for event in trail(world)]


def test_the_one_time_password_opens_nothing_but_the_choice_of_an_own_one(world: World) -> None:
    browser = world.browser()
    assert browser.sign_in("admin", world.first_password).json()["user"]["must_change_password"] is True
    refused = browser.get("/users")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:qtems:problem:password-change-required")
    change = {"current": world.first_password, "new": PASSWORD}
    assert browser("PUT", "/auth/password", json=change).status_code == 204
    assert browser.get("/users").status_code == 200
    assert world.browser().sign_in("admin", world.first_password).status_code == 401


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    cookie = world.browser().sign_in("admin", world.first_password).headers["set-cookie"]
    assert cookie.startswith("qtems_session=")
    assert cookie.count("HttpOnly") == cookie.count("SameSite=lax") == 2, "what it remembers of itself, too"
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie


def test_with_https_the_cookie_is_secure_and_bound_to_the_host(tmp_path: Path) -> None:
    world = make_world(tmp_path, base_url="https://quality.example.com")
    browser = world.browser(base_url="https://quality.example.com")
    response = browser.sign_in("admin", world.first_password)
    assert response.headers["set-cookie"].startswith("__Host-qtems_session=")
    assert "__Host-qtems_device=" in response.headers["set-cookie"]
    given = response.headers.get_list("set-cookie")
    assert len(given) == 2
    assert all("; Secure" in one for one in given), "the session's cookie and what the browser remembers, each"
    assert "Domain" not in response.headers["set-cookie"]
    assert "max-age" in response.headers["strict-transport-security"]
    assert browser.get("/auth/me").status_code == 200


def test_a_change_without_the_sessions_token_is_refused(world: World) -> None:
    browser = world.administrator()
    for token in ("", "wrong", "é"):
        headers = {b"X-CSRF-Token": token.encode("latin-1")}
        refused = browser.client.post(f"{ROOT}/organisations", json={"name": "A"}, headers=headers)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:qtems:problem:csrf")
    assert browser.get("/organisations").json()["items"] == []


def test_a_change_from_another_site_is_refused_even_with_the_token(world: World) -> None:
    browser = world.administrator()
    refused = browser.post("/organisations", {"name": "A"}, headers={"Origin": "https://evil.example"})
    assert refused.json()["type"] == "urn:qtems:problem:csrf"
    assert browser.post("/organisations", {"name": "A"}, headers={"Origin": "http://testserver"}).status_code == 201


def test_signing_in_again_replaces_the_session_of_the_browser(world: World) -> None:
    browser = world.administrator()
    before = browser.client.cookies["qtems_session"]
    browser.sign_in("admin")
    assert browser.client.cookies["qtems_session"] != before
    thief = world.browser()
    thief.client.cookies.set("qtems_session", before)
    assert thief.get("/auth/me").status_code == 401


def test_signing_out_ends_the_session_itself(world: World) -> None:
    browser = world.administrator()
    secret = browser.client.cookies["qtems_session"]
    assert browser.post("/auth/sign-out").status_code == 204
    assert "qtems_session" not in browser.client.cookies
    browser.client.cookies.set("qtems_session", secret)
    assert browser.get("/auth/me").status_code == 401


def test_a_session_ends_when_it_is_not_used_and_at_the_end_of_the_day_in_any_case(world: World) -> None:
    idle, busy = world.administrator(), world.administrator()
    for _ in range(23):
        world.clock.advance(minutes=30)
        assert busy.get("/auth/me").status_code == 200
    assert idle.get("/auth/me").status_code == 401
    world.clock.advance(minutes=30)
    assert busy.get("/auth/me").status_code == 401


def test_which_logins_exist_cannot_be_told_from_the_answer(world: World) -> None:
    known, unknown = world.browser().sign_in("admin", "wrong"), world.browser().sign_in("nobody", "wrong")
    assert known.status_code == unknown.status_code == 401
    assert known.json()["detail"] == unknown.json()["detail"] == "login or password is wrong"


def test_a_login_waits_at_the_place_where_it_failed_five_times(world: World) -> None:
    world.administrator()
    short = PER_LOGIN[0]
    for _ in range(short.failures):
        assert world.browser(host=SOMEWHERE).sign_in("admin", "wrong").status_code == 401
    blocked = world.browser(host=SOMEWHERE).sign_in("admin")
    assert blocked.status_code == 429
    assert 0 < int(blocked.headers["retry-after"]) <= short.window.total_seconds()
    assert world.browser().sign_in("admin").status_code == 200, "elsewhere nobody noticed"
    world.clock.advance(seconds=short.window.total_seconds() + 1)
    assert world.browser(host=SOMEWHERE).sign_in("admin").status_code == 200
    assert actions(world).count("sign_in_failed") == short.failures
    assert actions(world).count("sign_in_blocked") == 1


def test_who_guesses_at_one_place_has_twenty_guesses_a_day(world: World) -> None:
    heard = 0
    for _ in range(24 * 4):
        heard += world.browser(host=SOMEWHERE).sign_in("admin", "wrong").status_code == 401
        world.clock.advance(minutes=14, seconds=59)
    assert heard == PER_LOGIN[1].failures


def guess_from_everywhere(world: World, login: str, attempts: int = 150) -> int:
    """Guess as a botnet does, each time from another address; return how often it was listened to."""
    answers = [world.browser(host=f"203.0.{n // 250}.{n % 250}").sign_in(login, "wrong") for n in range(attempts)]
    assert {answer.status_code for answer in answers} <= {401, 429}
    return sum(answer.status_code == 401 for answer in answers)


def test_nobody_is_locked_out_or_signed_out_by_what_strangers_type(world: World) -> None:
    """Anybody knows that there is an admin: guessing at it must not keep it out, nor end what it is doing."""
    at_work, office = world.administrator(), "198.51.100.20"
    assert world.browser(host=office).sign_in("admin").status_code == 200
    assert guess_from_everywhere(world, "admin") == PER_LOGIN_ELSEWHERE.failures
    assert at_work.get("/users").status_code == 200
    assert at_work.get("/users?login=admin").json()["items"][0]["status"] == "active"
    assert world.browser(host=office).sign_in("admin").status_code == 200, "an address that is known"
    moved = world.browser(host="203.0.113.77")
    moved.client.cookies.set("qtems_device", at_work.client.cookies["qtems_device"])
    assert moved.sign_in("admin").status_code == 200, "a browser that is known, wherever it is carried"
    assert world.browser(host="203.0.113.78").sign_in("admin").status_code == 429, "a stranger with the password waits"
    world.clock.advance(hours=24)
    assert world.browser(host="203.0.113.78").sign_in("admin").status_code == 200


def test_a_browser_is_known_only_for_the_account_that_signed_in_with_it(world: World) -> None:
    mallory, _ = world.person("mallory"), world.person("ann")
    guess_from_everywhere(world, "ann")
    for told in (mallory.client.cookies["qtems_device"], "forged", "Zm9yZ2Vk" * 20, ""):
        stranger = world.browser()
        stranger.client.cookies.set("qtems_device", told)
        assert stranger.sign_in("ann").status_code == 429
    own = world.browser()
    own.client.cookies.set("qtems_device", mallory.client.cookies["qtems_device"])
    failed = [own.sign_in("mallory", "wrong").status_code for _ in range(6)]
    assert failed == [401] * 5 + [429], "a known browser has its own limit"


def test_a_known_browser_signs_in_while_its_office_is_made_to_wait(world: World) -> None:
    office = "198.51.100.30"
    ann = world.browser(host=office)
    assert ann.sign_in("admin", world.first_password).status_code == 200
    for n in range(PER_ORIGIN.failures):
        world.browser(host=office).sign_in(f"user{n}", "wrong")
    assert world.browser(host=office).sign_in("admin", world.first_password).status_code == 429
    assert ann.sign_in("admin", world.first_password).status_code == 200


def test_an_administrator_lets_somebody_in_who_is_guessed_at(world: World) -> None:
    world.person("ann")
    guess_from_everywhere(world, "ann")
    assert world.browser().sign_in("ann").status_code == 429
    admin = world.administrator()
    user = admin.get("/users?login=ann").json()["items"][0]
    once = admin.post(f"/users/{user['id']}/password").json()["one_time_password"]
    assert world.browser().sign_in("ann", once).status_code == 200


def test_success_lets_the_count_begin_anew(world: World) -> None:
    world.administrator()
    for _ in range(6):
        for _ in range(PER_LOGIN[0].failures - 1):
            assert world.browser(host=SOMEWHERE).sign_in("admin", "wrong").status_code == 401
        world.clock.advance(minutes=16)
        assert world.browser(host=SOMEWHERE).sign_in("admin").status_code == 200
        world.clock.advance(seconds=1)


def test_a_place_waits_after_thirty_failures_whatever_the_login(world: World) -> None:
    for n in range(PER_ORIGIN.failures):
        assert world.browser(host="198.51.100.7").sign_in(f"user{n}", "wrong").status_code == 401
    assert world.browser(host="198.51.100.7").sign_in("admin", world.first_password).status_code == 429
    assert world.browser(host="198.51.100.8").sign_in("admin", world.first_password).status_code == 200


def fail_to_sign(world: World, login: str, times: int) -> None:
    store = world.services.store
    with store.read() as view:
        stored = view.find(USER, login=login)
    assert stored is not None
    user = stored.record
    for _ in range(times):
        world.clock.advance(minutes=6)
        context = Context(user.actor, world.clock(), origin="192.0.2.1")
        with pytest.raises(NotIdentified):
            confirm_identity(store, context, world.services.hasher, user.id, "wrong")


def test_who_is_signed_in_and_guesses_slowly_at_the_signature_is_locked_until_an_administrator_looks(
    world: World,
) -> None:
    ann = world.person("ann")
    fail_to_sign(world, "ann", FAILURES_UNTIL_LOCKED)
    assert ann.get("/auth/me").status_code == 401
    refused = world.browser().sign_in("ann")
    assert (refused.status_code, refused.json()["detail"]) == (403, "the account is locked; ask an administrator")
    admin = world.administrator()
    user = admin.get("/users?login=ann").json()["items"][0]
    assert user["status"] == "locked"
    assert admin.change("PATCH", f"/users/{user['id']}", user["version"], {"event": "unlock"}).status_code == 200
    assert world.browser().sign_in("ann").status_code == 200
    assert {"lock", "unlock"} <= set(actions(world))


def test_the_last_administrator_is_never_locked(world: World) -> None:
    world.administrator()
    fail_to_sign(world, "admin", FAILURES_UNTIL_LOCKED + 5)
    assert world.browser().sign_in("admin").status_code == 200


def test_a_password_for_one_use_signs_nothing(world: World) -> None:
    with world.services.store.read() as view:
        admin = view.find(USER, login="admin")
    assert admin is not None
    context = Context(admin.record.actor, world.clock())
    with pytest.raises(NotIdentified, match="a password of your own"):
        confirm_identity(world.services.store, context, world.services.hasher, admin.record.id, world.first_password)


def test_the_trail_tells_who_signed_in_and_keeps_no_secret(world: World) -> None:
    world.browser().sign_in(PASSWORD + " typed as login", "wrong")
    ann = world.person("ann")
    ann.post("/auth/sign-out")
    events = trail(world)
    text = str(events)
    told = {(event["action"], event["actor_name"]) for event in events}
    assert {("sign_in", "Ann"), ("sign_out", "Ann"), ("sign_in_failed", "qtems"), ("change_password", "Ann")} <= told
    assert "argon2" not in text
    assert "secret-" not in text
    assert PASSWORD not in text
    signed_in = next(event for event in events if event["action"] == "sign_in")
    assert signed_in["origin"]
    assert signed_in["request"]


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short", "at least 12"),
        ("Password1234567", "tried first"),
        ("aaaaaaaaaaaaaaaa", "tried first"),
        ("1234567890123", "tried first"),
        ("my admin secret x", "must not contain the login"),
        (PASSWORD, "the password that you have now"),
        ("x" * 300, "at most"),
    ],
)
def test_a_new_password_is_not_among_those_that_are_guessed(world: World, password: str, says: str) -> None:
    refused = world.administrator()("PUT", "/auth/password", json={"current": PASSWORD, "new": password})
    assert refused.status_code == 422
    assert says in refused.json()["detail"]


def test_another_password_signs_out_everywhere_else(world: World) -> None:
    here, there = world.administrator(), world.administrator()
    change = {"current": PASSWORD, "new": "quite another sentence"}
    assert here("PUT", "/auth/password", json=change).status_code == 204
    assert here.get("/auth/me").status_code == 200
    assert there.get("/auth/me").status_code == 401


def test_the_present_password_is_asked_for_and_not_often(world: World) -> None:
    browser = world.administrator()
    for _ in range(5):
        refused = browser("PUT", "/auth/password", json={"current": "wrong", "new": "quite another sentence"})
        assert refused.status_code == 401
    assert browser.get("/auth/me").status_code == 401, "somebody else may sit at this browser"


def test_a_signature_asks_for_the_password_again_and_stops_guessing(world: World) -> None:
    ann = world.person("ann")
    store = world.services.store
    with store.read() as view:
        stored = view.find(USER, login="ann")
    assert stored is not None
    user = stored.record

    def confirm(password: str) -> User:
        context = Context(Actor(user.id, "Ann"), world.clock(), origin="192.0.2.1")
        return confirm_identity(store, context, world.services.hasher, user.id, password)

    assert confirm(PASSWORD) == user
    for _ in range(5):
        with pytest.raises(NotIdentified, match="the password is wrong"):
            confirm("wrong")
    with pytest.raises(TooManyAttempts) as caught:
        confirm(PASSWORD)
    assert caught.value.retry_after <= timedelta(minutes=15).total_seconds()
    assert ann.get("/auth/me").status_code == 401
    assert world.browser().sign_in("ann").status_code == 200, "signing in has its own limit"


def test_sessions_are_listed_and_ended_one_by_one(world: World) -> None:
    here, there = world.administrator(), world.administrator()
    listed = here.get("/auth/sessions").json()["items"]
    other = next(session for session in listed if not session["current"])
    assert here("DELETE", f"/auth/sessions/{other['id']}").status_code == 204
    assert there.get("/auth/me").status_code == 401
    assert here("DELETE", f"/auth/sessions/{other['id']}").status_code == 404


def test_nobody_ends_the_session_of_somebody_else(world: World) -> None:
    ann = world.person("ann")
    session = ann.get("/auth/sessions").json()["items"][0]["id"]
    assert world.administrator()("DELETE", f"/auth/sessions/{session}").status_code == 404
    assert ann.get("/auth/me").status_code == 200


def test_an_account_that_is_closed_opens_nothing_even_where_its_sessions_and_tokens_are_left(world: World) -> None:
    """As when somebody signs in while an administrator closes the account: each request asks the account."""
    ann = world.person("ann")
    given = {"name": "program", "scope": "read", "expires_at": "2026-12-01T00:00:00Z"}
    program = {"Authorization": f"Bearer {ann.post('/auth/tokens', given).json()['secret']}"}
    assert world.browser().get("/projects", headers=program).status_code == 200
    with world.services.store.write(Context(SYSTEM_ACTOR, world.clock())) as unit:
        found = unit.find(USER, login="ann")
        assert found is not None
        unit.save(USER, apply_event(found.record, UserEvent.DISABLE), expected=found.version)
    assert ann.get("/auth/me").status_code == 401
    assert world.browser().get("/projects", headers=program).status_code == 401
