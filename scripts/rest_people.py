"""People at browsers and a server of their own, for programs that speak to qtems by REST alone."""

import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2

API = "/api/v1"
PASSWORD = "four words not together"
_ID = re.compile(r"\b[0-9a-f]{32}\b")
_SHA = re.compile(r"\b[0-9a-f]{64}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(?:Z|\+00:00)")


@dataclass
class Trace:
    """What was sent and answered, with names instead of identifiers."""

    lines: list[str] = field(default_factory=list[str])
    names: dict[str, str] = field(default_factory=dict[str, str])

    def say(self, text: str) -> None:
        """Write a paragraph or a heading."""
        self.lines.append(f"\n{text}\n")

    def name(self, identifier: str, name: str) -> str:
        """Let an identifier be called by a name from now on; return it."""
        self.names[identifier] = name
        return identifier

    def call(self, who: str, request: str, body: Any, status: int, shown: Any) -> None:
        """Write down one request and what was answered."""
        sent = f" {_short(body)}" if body is not None else ""
        block = f"{who}: {request}{sent}\n{status} {_short(shown)}"
        self.lines.append(f"```\n{self._plain(block)}\n```")

    def _plain(self, text: str) -> str:
        for identifier, name in self.names.items():
            text = text.replace(identifier, name)
        text = _SHA.sub(lambda found: found[0][:8] + "…", text)
        return _TIME.sub("TIME", _ID.sub("ID", text))


@dataclass
class Person:
    """Somebody at a browser: their session, and the token against forged requests."""

    name: str
    client: httpx2.Client
    trace: Trace
    csrf: str = ""

    def sign_in(self, password: str) -> None:
        """Begin a session."""
        answer = self.client.post(f"{API}/auth/sign-in", json={"login": self.name, "password": password})
        assert answer.status_code == 200, answer.text
        self.csrf = answer.json()["csrf_token"]

    def choose_password(self, once: str) -> None:
        """Sign in with a one-time password and replace it."""
        self.sign_in(once)
        answer = self.request("PUT", "/auth/password", {"current": once, "new": PASSWORD})
        assert answer.status_code == 204, answer.text

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Send a request as the person."""
        given = {"X-CSRF-Token": self.csrf, **headers}
        return self.client.request(method, API + path, json=body, headers=given)

    def quiet(self, method: str, path: str, body: Any = None) -> Any:
        """Ask without a trace: what only prepares the story."""
        answer = self.request(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def get(self, path: str, *show: str) -> Any:
        """Read something."""
        answer = self.request("GET", path)
        assert answer.status_code == 200, answer.text
        self.trace.call(self.name, f"GET {path}", None, 200, chosen(answer.json(), show))
        return answer.json()

    def post(self, path: str, body: Any = None, *show: str) -> Any:
        """Make something."""
        answer = self.request("POST", path, body)
        assert answer.status_code < 300, answer.text
        self.trace.call(self.name, f"POST {path}", body, answer.status_code, chosen(answer.json(), show))
        return answer.json()

    def step(self, path: str, verb: str, body: Any = None, *, refused: bool = False) -> Any:
        """Do something with a record, as of the version that was read."""
        version = self.request("GET", path).json()["version"]
        answer = self.request("POST", f"{path}/{verb}", body, **{"If-Match": f'"{version}"'})
        assert (answer.status_code == 409) if refused else (answer.status_code < 300), answer.text
        told = answer.json()
        shown = {"detail": told["detail"], "missing": told["missing"]} if refused else state(told)
        hidden = {**body, "password": "…"} if isinstance(body, dict) and "password" in body else body
        self.trace.call(self.name, f"POST {path}/{verb}", hidden, answer.status_code, shown)
        return told

    def upload(self, root: str, file_name: str, content: bytes) -> str:
        """Send a file in two pieces; return the upload."""
        digest = sha256(content).hexdigest()
        announced = {"name": file_name, "size": len(content), "sha256": digest}
        begun = self.post(f"{root}/uploads", announced, "id", "received")
        place = f"{root}/uploads/{self.trace.name(begun['id'], 'UPLOAD')}"
        half = len(content) // 2
        for start, piece in ((0, content[:half]), (half, content[half:])):
            headers = {"Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}
            sent = self.client.patch(API + place, content=piece, headers={"X-CSRF-Token": self.csrf, **headers})
            assert sent.status_code < 300, sent.text
            told = f"PATCH {place} Upload-Offset: {start}, {len(piece)} bytes"
            self.trace.call(self.name, told, None, sent.status_code, chosen(sent.json(), ("received",)))
        self.post(f"{place}/finish", None, "received", "completed_at")
        return str(begun["id"])

    def wait(self, root: str, job: Mapping[str, Any], name: str) -> str:
        """Wait until a job has ended; return what it made, called by a name from now on."""
        told = self.ended(root, job)
        self.trace.name(str(job["id"]), "JOB")
        made = self.trace.name(str(told["makes"]), name)
        self.trace.call(self.name, f"GET {root}/jobs/JOB", None, 200, chosen(told, ("state", "makes")))
        return made

    def ended(self, root: str, job: Mapping[str, Any]) -> Mapping[str, Any]:
        """Wait until a job has ended well; return how."""
        until = time.monotonic() + 300
        while time.monotonic() < until:
            told = self.request("GET", f"{root}/jobs/{job['id']}").json()
            if told["ended_at"]:
                assert told["state"] == "succeeded", told
                return told
            time.sleep(0.3)
        raise TimeoutError(f"job {job['id']} did not end")


def enter(server: str, once: str, logins: Iterable[str], trace: Trace) -> dict[str, Person]:
    """Make accounts for everybody, each with a password of their own; `olga` may found projects."""

    def client() -> httpx2.Client:
        return httpx2.Client(base_url=server, timeout=60)

    admin = Person("admin", client(), trace)
    admin.choose_password(once)
    people = {"admin": admin}
    for login in logins:
        made = admin.quiet("POST", "/users", {"login": login, "name": login.title(), "administrator": login == "olga"})
        people[login] = Person(login, client(), trace)
        people[login].choose_password(made["one_time_password"])
    return people


def state(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a record shows how far it is."""
    record = told["record"]
    able = [event["event"] for event in told["events"] if not event["missing"]]
    return {"number": record["number"], "state": record["state"], "version": told["version"], "can": able}


def chosen(told: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return some fields of an answer; all of them without names."""
    return {name: told[name] for name in names if name in told} if names else dict(told)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 1000 else text[:1000] + " …"


def found_project(
    people: Mapping[str, Person],
    roles: Mapping[str, tuple[str, list[str]]],
    trace: Trace,
    *,
    key: str,
    name: str,
    firm: str,
) -> str:
    """Let olga found a project and take everybody in; return its address.

    Parameters
    ----------
    roles
        Login -> role, and the capacities to sign in.
    """
    olga = people["olga"]
    own_firm = olga.quiet("POST", "/organisations", {"name": firm})["id"]
    project = olga.quiet("POST", "/projects", {"organisation": own_firm, "key": key, "name": name})["id"]
    root = f"/projects/{trace.name(project, key)}"
    for login, (role, capacities) in roles.items():
        if login != "olga":
            taken = {"login": login, "organisation": own_firm, "role": role, "capacities": capacities}
            trace.name(olga.quiet("POST", f"{root}/members", taken)["user"], login.upper())
    own = olga.quiet("GET", f"{root}/members")["items"][0]  # whoever founds a project is its first member
    trace.name(own["user"], "OLGA")
    role, capacities = roles["olga"]
    given = {"role": role, "capacities": capacities}
    olga.request("PUT", f"{root}/members/{own['id']}", given, **{"If-Match": f'"{own["version"]}"'})
    return root


@contextmanager
def own_server() -> Generator[tuple[str, str]]:
    """Start qtems serve in a temporary folder; give its address and the administrator's one-time password."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="qtems-story-") as folder:
        log = Path(folder) / "log"
        command = [str(Path(sys.executable).with_name("qtems")), "serve", "--port", str(port), "--data-dir", folder]
        with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as server:
            try:
                yield _ready(f"http://127.0.0.1:{port}", log)
            finally:
                server.terminate()
                server.wait(timeout=30)


def _ready(url: str, log: Path) -> tuple[str, str]:
    """Wait until the server answers; return its address and the password that it printed."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        told = re.search(r"One-time password[^:]*:\s+(\S+)", log.read_text())
        try:
            if told and httpx2.get(f"{url}{API}/ready").status_code == 200:
                return url, told[1]
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    raise TimeoutError(f"the server did not start: {log.read_text()}")
