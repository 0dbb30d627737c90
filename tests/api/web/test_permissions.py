"""Every role on every route, in its own and in a foreign project; what is expected follows from the tables alone.

A new route is covered as soon as it is declared. One with a new kind of record in its address needs its identifier in
``People.address``; one that declares nothing cannot be written.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api.auth.access import Access
from api.routes import all_declared
from api.routing import Declared, GuardedRoute
from tests.api.web.planted import Planted, context, fresh, plant
from tests.api.web.planted_bcf import plant_bcf
from tests.api.web.planted_records import plant_records
from tests.api.web.world import PASSWORD, ROOT, Browser, World, make_world
from twin.access import Action, Role, Scope, scope_of
from twin.account import ADMINISTRATOR_MAY, SystemAction, TokenScope, may_system
from twin.operations.audit_orders import order_system_verification

STRANGERS = ("administrator", "outsider", "former", "nobody")
EVERYBODY = (*(role.value for role in Role), *STRANGERS)
ROUTES = all_declared()
PASSES = "passes"


@dataclass
class People:
    """One member of each role in the own project, and who is none."""

    world: World
    own: str
    foreign: str
    ids: dict[str, str]
    planted: Planted
    browsers: dict[str, Browser] = field(default_factory=dict[str, Browser])
    tokens: dict[TokenScope, str] = field(default_factory=dict[TokenScope, str])

    def browser(self, who: str, *, fresh: bool) -> Browser:
        if who == "nobody":
            return self.world.browser()
        if not fresh and who in self.browsers:
            return self.browsers[who]
        browser = self.world.browser()
        assert browser.sign_in("admin" if who == "administrator" else who).status_code == 200
        return browser if fresh else self.browsers.setdefault(who, browser)

    def by_token(self, scope: TokenScope) -> dict[str, str]:
        """Return the header of a program that acts for the administrator."""
        if scope not in self.tokens:
            given = {"name": "t", "scope": scope.value, "expires_at": "2026-12-01T00:00:00Z"}
            self.tokens[scope] = self.browser("administrator", fresh=False).post("/auth/tokens", given).json()["secret"]
        return {"Authorization": f"Bearer {self.tokens[scope]}"}

    def address(self, route: Declared, project: str, browser: Browser) -> str:
        """Fill the route's address with records of the project."""
        names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
        path = route.path
        for name in names:
            path = path.replace(
                f"{{{name}}}", project if name == "project" else self.identifier(name, project, browser)
            )
        return path

    def identifier(self, name: str, project: str, browser: Browser) -> str:
        if name == "session":
            sessions = browser.get("/auth/sessions").json().get("items", [])
            return next((one["id"] for one in sessions if one["current"]), "0" * 32)
        if name == "token":
            given = {"name": "t", "scope": "read", "expires_at": "2026-12-01T00:00:00Z"}
            made = browser.post("/auth/tokens", given)
            return made.json()["token"]["id"] if made.status_code == 201 else "0" * 32
        if name == "client":
            web = {"name": "Web viewer", "redirect_uris": ["https://viewer.example.com/"]}
            made = self.browser("administrator", fresh=False).post("/oauth/clients", web)
            return made.json()["client"]["id"]
        if name in ("upload", "job", "letter", "package"):
            return fresh(self.world, self.planted, project, browser, name)
        key = name if project == self.own else f"foreign {name}"
        return self.ids.get(key) or self.ids[name]


def make_people(folder: Path) -> People:
    world = make_world(folder)
    admin = world.administrator()
    organisation = admin.post("/organisations", {"name": "Own"}).json()["id"]
    outside = admin.post("/organisations", {"name": "Steel & Sons"}).json()["id"]
    founder, other = world.person("founder", administrator=True), world.person("other", administrator=True)
    keys = {"organisation": organisation, "name": "P"}
    own = founder.post("/projects", {**keys, "key": "OWN"}).json()["id"]
    foreign = other.post("/projects", {**keys, "key": "FOREIGN"}).json()["id"]
    ids = {"organisation": organisation, "user": ""}
    for role in Role:
        world.person(role.value)
        belongs = outside if role is Role.SUPPLIER else organisation
        taken = {"login": role.value, "organisation": belongs, "role": role.value}
        made = founder.post(f"/projects/{own}/members", taken)
        assert made.status_code == 201, made.text
        ids["member"] = made.json()["id"]
    ids["foreign member"] = other.get(f"/projects/{foreign}/members").json()["items"][0]["id"]
    for name in ("outsider", "former", "victim"):
        world.person(name)
    former = {"login": "former", "organisation": organisation, "role": "owner"}
    left = founder.post(f"/projects/{own}/members", former).json()
    assert founder.change("DELETE", f"/projects/{own}/members/{left['id']}", left["version"]).status_code == 200
    ids["user"] = admin.get("/users?login=victim").json()["items"][0]["id"]
    planted = plant(world, own)
    ids |= planted.in_addresses() | plant_records(world, own, planted).in_addresses()
    ids |= plant_bcf(world, own)
    ids["verification"] = order_system_verification(world.services.store, context(world), lambda: None).id
    return People(world, own, foreign, ids, planted)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Generator[People]:
    made = make_people(tmp_path_factory.mktemp("people"))
    yield made
    made.world.services.store.database.close()


def expected(route: Declared, who: str, *, own: bool) -> str | int:
    """Say what the tables of roles want; this is written apart from how the server decides."""
    if route.need is Access.PUBLIC:
        return PASSES
    if who == "nobody":
        return 401
    if isinstance(route.need, Access):
        return PASSES
    role = Role(who) if who not in STRANGERS else None
    if isinstance(route.need, SystemAction):
        may = may_system(route.need, administrator=who == "administrator", roles={role} if role else set[Role]())
        return PASSES if may else 403
    if who == "administrator" and route.need in ADMINISTRATOR_MAY:
        return PASSES
    if "{project}" not in route.path:
        return PASSES
    if role is None or not own:
        return 404
    scope = scope_of(role, route.need)
    if scope is None:
        return 403
    of_a_record = route.path.count("{") > 1 and "{upload}" not in route.path  # what one uploads is one's own
    if scope is Scope.OWN:
        return 403  # what is planted, another asked for
    return 404 if scope is Scope.SHARED and of_a_record else PASSES


def is_wrong(status: int, wanted: str | int, *, public: bool = False) -> bool:
    """Say whether an answer is another one than the tables want."""
    if wanted != PASSES:
        return status != wanted
    return status >= 500 or status in ((401, 403) if public else (401, 403, 404))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_each_role_on_each_route(people: People, route: Declared) -> None:
    wrong: list[str] = []
    for who in EVERYBODY:
        for own in (True, False) if "{project}" in route.path else (True,):
            browser = people.browser(who, fresh=route.method != "GET" and route.need is Access.BROWSER)
            address = people.address(route, people.own if own else people.foreign, browser)
            answer = browser(route.method, address)
            wanted = expected(route, who, own=own)
            if is_wrong(answer.status_code, wanted, public=route.need is Access.PUBLIC):
                wrong.append(f"{who}, {'own' if own else 'foreign'}: {answer.status_code} not {wanted}: {answer.text}")
    assert wrong == []


def expected_by_token(route: Declared, scope: TokenScope) -> str | int | None:
    """Say what an administrator's token gets; None where that is not the token's doing."""
    if route.need is Access.PUBLIC:
        return None
    needed = TokenScope.READ if route.method == "GET" else TokenScope.WRITE
    needed = TokenScope.ADMIN if isinstance(route.need, SystemAction) else needed
    order = list(TokenScope)
    if route.need is Access.BROWSER or order.index(scope) < order.index(needed):
        return 403
    return PASSES if expected(route, "administrator", own=True) == PASSES else None


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_token_does_no_more_than_its_scope(people: People, route: Declared) -> None:
    wrong: list[str] = []
    address = people.address(route, people.own, people.browser("administrator", fresh=False))
    for scope in TokenScope:
        answer = people.world.browser()(route.method, address, headers=people.by_token(scope))
        wanted = expected_by_token(route, scope)
        if wanted is not None and is_wrong(answer.status_code, wanted):
            wrong.append(f"{scope}: {answer.status_code} not {wanted}: {answer.text}")
    assert wrong == []


@pytest.mark.parametrize("shown", [{}, {"X-CSRF-Token": "forged"}], ids=["nothing", "forged"])
def test_a_browser_changes_nothing_without_its_token_against_forged_requests(
    people: People, shown: dict[str, str]
) -> None:
    client = people.browser("owner", fresh=False).client
    wrong: list[str] = []
    for route in ROUTES:
        if route.method != "GET" and route.need is not Access.PUBLIC:
            address = re.sub(r"\{\w+\}", "0" * 32, route.path.replace("{project}", people.own))
            answer = client.request(route.method, ROOT + address, headers=shown)
            if answer.status_code != 403 or answer.json()["type"] != "urn:qtems:problem:csrf":
                wrong.append(f"{route.method} {route.path}: {answer.status_code} {answer.text}")
    assert wrong == []


def test_every_served_route_declares_what_it_needs(people: People) -> None:
    guarded = {route.declared for route in people.world.app.router.routes if isinstance(route, GuardedRoute)}
    others = [r.path for r in people.world.app.router.routes if not isinstance(r, GuardedRoute)]
    assert guarded == set(ROUTES)
    assert others == ["/api/v1/openapi.json"]
    assert all(isinstance(route.need, Access | SystemAction | Action) for route in ROUTES)


def test_project_actions_are_asked_in_projects_and_others_are_not() -> None:
    for route in ROUTES:
        if "{project}" in route.path:
            assert isinstance(route.need, Action), route.path
    assert {route.path for route in ROUTES if isinstance(route.need, Action) and "{project}" not in route.path} == {
        "/inbox",
        "/inbox/read",
        "/inbox/unread",
        "/projects",
        "/bcf/3.0/projects",
        "/bcf/2.1/projects",
    }


def test_a_list_over_all_projects_shows_only_those_where_one_may(people: People) -> None:
    shown = {who: people.browser(who, fresh=False).get("/projects").json()["items"] for who in EVERYBODY[:-1]}
    keys = {who: sorted(project["key"] for project in items) for who, items in shown.items()}
    assert keys == {
        **{role.value: ["OWN"] for role in Role}, "administrator": ["FOREIGN", "OWN"], "outsider": [], "former": [],
    }  # fmt: skip


@pytest.mark.parametrize("administrator", [True, False])
def test_a_token_of_one_project_opens_no_other(people: People, administrator: bool) -> None:
    login = f"both-{administrator}".lower()
    both = people.world.person(login, administrator=administrator)
    taken = {"login": login, "organisation": people.ids["organisation"], "role": "viewer"}
    for owner, project in (("founder", people.own), ("other", people.foreign)):
        assert people.browser(owner, fresh=False).post(f"/projects/{project}/members", taken).status_code == 201
    assert sorted(p["key"] for p in both.get("/projects").json()["items"]) == ["FOREIGN", "OWN"]
    given = {"name": "t", "scope": "write", "expires_at": "2026-12-01T00:00:00Z", "project": people.own}
    headers = {"Authorization": f"Bearer {both.post('/auth/tokens', given).json()['secret']}"}
    program = people.world.browser()
    assert program.get(f"/projects/{people.own}", headers=headers).status_code == 200
    assert program.get(f"/projects/{people.foreign}", headers=headers).status_code == 404
    assert [p["key"] for p in program.get("/projects", headers=headers).json()["items"]] == ["OWN"]


def test_a_record_of_another_project_is_not_found_under_the_own_one(people: People) -> None:
    owner = people.browser("owner", fresh=False)
    foreign = people.ids["foreign member"]
    assert owner.get(f"/projects/{people.own}/members/{people.ids['member']}").status_code == 200
    assert owner.get(f"/projects/{people.own}/members/{foreign}").status_code == 404
    gone = owner.change("DELETE", f"/projects/{people.own}/members/{foreign}", 1)
    assert gone.status_code == 404
    assert PASSWORD not in gone.text
