"""A server in this process: a database of its own, a clock that tests move, cheap hashes, counted secrets."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from httpx2 import Response
from pwdlib.hashers.argon2 import Argon2Hasher

from api.app import create_app
from api.auth.passwords import Argon2
from api.services import Services
from api.settings import load_settings
from tests.api.web.direct import DirectClient
from tests.servers import hasty, sqlite_with_tables
from twin.operations.accounts import begin
from twin.store.blobs import open_blobs
from twin.store.database import open_database
from twin.store.repository import Store
from twin.store.upgrade import upgrade

HASHER = Argon2(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
PASSWORD = "four words not together"
ROOT = "/api/v1"


@dataclass
class Clock:
    now: datetime = field(default=datetime(2026, 11, 22, 8, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        """Return a time that is a little later with every look, as times are."""
        self.now += timedelta(microseconds=1)
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Counted:
    """Gives another text with each call, the same ones in each world."""

    text: Callable[[int], str]
    given: int = 0

    def __call__(self) -> str:
        self.given += 1
        return self.text(self.given - 1)


@dataclass
class Browser:
    """A client with a cookie jar that sends the token against forged requests, as the viewer does."""

    client: DirectClient
    csrf: str = ""
    host: str = ""

    def sign_in(self, login: str, password: str = PASSWORD) -> Response:
        response = self.client.post(f"{ROOT}/auth/sign-in", json={"login": login, "password": password})
        if response.status_code == 200:
            self.csrf = response.json()["csrf_token"]
        return response

    def __call__(self, method: str, path: str, **more: Any) -> Response:
        headers = {"X-CSRF-Token": self.csrf, **more.pop("headers", {})}
        return self.client.request(method, ROOT + path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Response:
        return self("GET", path, **more)

    def post(self, path: str, json: object = None, **more: Any) -> Response:
        return self("POST", path, json=json, **more)

    def change(self, method: str, path: str, version: int, json: object = None) -> Response:
        return self(method, path, json=json, headers={"If-Match": f'"{version}"'})


@dataclass
class World:
    """The server, and how its people come to it."""

    services: Services
    clock: Clock
    app: Any
    first_password: str
    secrets: Counted
    origins: Counted
    has_begun: bool = False
    """Whether the administrator has a password of their own."""

    def browser(self, *, host: str = "", base_url: str = "http://testserver") -> Browser:
        address = host or self.origins()
        return Browser(DirectClient(self.app, base_url=base_url, address=address), host=address)

    def administrator(self) -> Browser:
        """The first administrator, with a password of their own."""
        browser = self.browser()
        if self.has_begun:
            assert browser.sign_in("admin").status_code == 200
            return browser
        self.has_begun = True
        assert browser.sign_in("admin", self.first_password).status_code == 200
        change = {"current": self.first_password, "new": PASSWORD}
        assert browser("PUT", "/auth/password", json=change).status_code == 204
        return browser

    def person(self, login: str, **more: object) -> Browser:
        """Somebody new, signed in, with a password of their own."""
        made = self.administrator().post("/users", {"login": login, "name": login.title(), **more})
        assert made.status_code == 201, made.text
        browser, once = self.browser(), made.json()["one_time_password"]
        assert browser.sign_in(login, once).status_code == 200
        assert browser("PUT", "/auth/password", json={"current": once, "new": PASSWORD}).status_code == 204
        return browser


def make_world(folder: Path, url: str = "", **settings: object) -> World:
    given = load_settings({}, data_dir=folder, database_url=url or None, **settings)
    clock = Clock()
    secrets = Counted(lambda n: f"secret-{n:06d}-{'x' * 20}")
    hosts = Counted(lambda n: f"192.0.{n // 250}.{n % 250}")
    if not url:
        folder.mkdir(exist_ok=True)
        shutil.copy(sqlite_with_tables(), folder / "qtems.db")
    store = Store(hasty(open_database(given.database_url)))
    if url:
        upgrade(store.database)
    blobs = open_blobs(given.blob_url)
    services = Services(given, store, blobs, b"k" * 32, HASHER, secrets, clock)
    first = begin(store, clock(), HASHER, services.secrets)
    assert first is not None
    return World(services, clock, create_app(given, services), first.password, secrets, hosts)
