"""Accounts and tokens over HTTP: never deleted, never reassigned, never without an administrator."""

from tests.api.web.world import PASSWORD, World


def test_a_login_is_never_given_to_somebody_else(world: World) -> None:
    world.person("ann")
    admin = world.administrator()
    user = admin.get("/users?login=ann").json()["items"][0]
    disabled = admin.change("PATCH", f"/users/{user['id']}", user["version"], {"event": "disable"})
    assert disabled.json()["status"] == "disabled"
    again = admin.post("/users", {"login": "Ann", "name": "Another Ann"})
    assert again.status_code == 409
    assert "never given to somebody else" in again.json()["detail"]
    assert admin("DELETE", f"/users/{user['id']}").status_code == 405


def test_who_is_disabled_is_out_at_once(world: World) -> None:
    ann = world.person("ann")
    secret = ann.post("/auth/tokens", {"name": "t", "scope": "read", "expires_at": "2026-12-01T00:00:00Z"}).json()
    admin = world.administrator()
    user = admin.get("/users?login=ann").json()["items"][0]
    admin.change("PATCH", f"/users/{user['id']}", user["version"], {"event": "disable"})
    assert ann.get("/auth/me").status_code == 401
    headers = {"Authorization": f"Bearer {secret['secret']}"}
    assert world.browser().get("/auth/me", headers=headers).status_code == 401
    refused = world.browser().sign_in("ann")
    assert (refused.status_code, refused.json()["detail"]) == (403, "the account is disabled; ask an administrator")


def test_the_last_administrator_stays_one(world: World) -> None:
    admin = world.administrator()
    me = admin.get("/auth/me").json()["user"]
    for change in ({"administrator": False}, {"event": "disable"}, {"event": "lock"}):
        refused = admin.change("PATCH", f"/users/{me['id']}", me["version"], change)
        assert (refused.status_code, refused.json()["missing"]) == (409, ["another administrator"])
    world.person("ann", administrator=True)
    assert admin.change("PATCH", f"/users/{me['id']}", me["version"], {"administrator": False}).status_code == 200


def test_a_step_that_does_not_exist_is_refused(world: World) -> None:
    admin = world.administrator()
    me = admin.get("/auth/me").json()["user"]
    refused = admin.change("PATCH", f"/users/{me['id']}", me["version"], {"event": "unlock"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:qtems:problem:illegal-transition")


def test_a_lost_password_is_replaced_and_whoever_had_it_is_out(world: World) -> None:
    ann = world.person("ann")
    admin = world.administrator()
    user = admin.get("/users?login=ann").json()["items"][0]
    reset = admin.post(f"/users/{user['id']}/password")
    assert ann.get("/auth/me").status_code == 401
    assert world.browser().sign_in("ann").status_code == 401
    browser = world.browser()
    signed = browser.sign_in("ann", reset.json()["one_time_password"])
    assert signed.json()["user"]["must_change_password"] is True
    change = {"current": reset.json()["one_time_password"], "new": PASSWORD}
    assert browser("PUT", "/auth/password", json=change).status_code == 204


def test_a_token_shows_its_secret_once_and_its_use(world: World) -> None:
    admin = world.administrator()
    given = {"name": "night import", "scope": "write", "expires_at": "2026-12-01T08:00:00+08:00"}
    made = admin.post("/auth/tokens", given)
    assert made.status_code == 201
    assert made.json()["secret"].startswith("qtems_")
    assert made.json()["token"]["expires_at"] == "2026-12-01T00:00:00Z"
    headers = {"Authorization": f"Bearer {made.json()['secret']}"}
    world.clock.advance(minutes=5)
    program = world.browser()
    me = program.get("/auth/me", headers=headers).json()
    assert (me["csrf_token"], me["scope"]) == (None, "write")
    listed = admin.get("/auth/tokens")
    assert made.json()["secret"] not in listed.text
    assert listed.json()["items"][0]["used_at"].startswith("2026-11-22T08:05:00")
    assert program.post("/organisations", {"name": "A"}, headers=headers).status_code == 403, "needs the scope admin"


def test_a_token_ends_by_its_date_and_when_it_is_revoked(world: World) -> None:
    admin = world.administrator()
    secrets: list[dict[str, str]] = []
    for day in ("2026-11-23", "2026-12-23"):
        made = admin.post("/auth/tokens", {"name": "t", "scope": "read", "expires_at": f"{day}T00:00:00Z"}).json()
        secrets.append({"id": made["token"]["id"], "Authorization": f"Bearer {made['secret']}"})
    program = world.browser()
    world.clock.advance(days=1)
    answers = [program.get("/auth/me", headers={"Authorization": s["Authorization"]}).status_code for s in secrets]
    assert answers == [401, 200]
    admin = world.administrator()
    assert admin("DELETE", f"/auth/tokens/{secrets[1]['id']}").status_code == 204
    assert admin("DELETE", f"/auth/tokens/{secrets[1]['id']}").status_code == 404
    assert program.get("/auth/me", headers={"Authorization": secrets[1]["Authorization"]}).status_code == 401


def test_a_token_is_never_for_more_than_its_user_or_than_a_year(world: World) -> None:
    ann = world.person("ann")
    cases = [
        ({"scope": "admin", "expires_at": "2026-12-01T00:00:00Z"}, 403),
        ({"scope": "read", "expires_at": "2027-12-01T00:00:00Z"}, 422),
        ({"scope": "read", "expires_at": "2026-11-01T00:00:00Z"}, 422),
        ({"scope": "read", "expires_at": "2026-12-01T00:00:00"}, 422),
        ({"scope": "read", "expires_at": "0001-01-01T00:00:00+23:00"}, 422),
        ({"scope": "read", "expires_at": "2026-12-01T00:00:00Z", "project": "1" * 32}, 404),
    ]
    for given, status in cases:
        assert ann.post("/auth/tokens", {"name": "t", **given}).status_code == status, given


def test_programs_need_no_csrf_token_and_bad_credentials_are_told_how(world: World) -> None:
    admin = world.administrator()
    made = admin.post("/auth/tokens", {"name": "t", "scope": "admin", "expires_at": "2026-12-01T00:00:00Z"}).json()
    program = world.browser()
    headers = {"Authorization": f"Bearer {made['secret']}"}
    assert program.post("/organisations", {"name": "A"}, headers=headers).status_code == 201
    for wrong in ("Basic YTpi", "Bearer", "Bearer nonsense", "nonsense"):
        refused = program.get("/auth/me", headers={"Authorization": wrong})
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


def test_people_are_found_by_owners_without_addresses(world: World) -> None:
    admin = world.administrator()
    organisation = admin.post("/organisations", {"name": "A"}).json()["id"]
    admin.post("/projects", {"organisation": organisation, "key": "TOWER", "name": "T"})
    world.person("ann", email="ann@example.com")
    found = admin.get("/people?login=ann")
    assert found.json()["items"][0].keys() == {"id", "login", "name"}
