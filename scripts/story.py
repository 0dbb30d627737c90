"""From a deviation to a closed nonconformance by REST alone; writes what was sent and answered to docs/story.md.

    .venv/bin/python scripts/story.py

starts ``qtems serve`` in a temporary folder. With ``--url URL --password ONE_TIME`` it speaks to a fresh server that
runs already. Model and scans are those of ``python -m samples``: the building as found on a first and on a later visit,
with one defect put right and one part drawn where it stands. It takes about a minute.
"""

import argparse
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from samples.__main__ import make_sample  # noqa: E402

API = "/api/v1"
ABOUT = """\
# A nonconformance from deviation to close, by REST alone

Written by `scripts/story.py`, which sends every request below to a running `qtems serve`: two issues of the sample
building as IFC, two scans of it as E57, the people of a project. Identifiers are replaced by names, hashes and long
texts are cut, times read TIME; what only prepares the story (accounts, members) and the reading of versions before each
step (`If-Match`) is left out.

| who | role | signs as |
|---|---|---|
{people}

Each has an account and is a member of the project: [the requests](api.md#from-the-first-start-to-a-token),
[what a role may](roles.md). The files of the first visit are those of `make sample` with fewer points, the others add
what happened since:

```
python -m samples --out visit1 --points 500000
python -m samples --out visit2 --points 500000 --seed 2 --repaired "{repaired}" --drawn "{drawn}"
```

"""
PASSWORD = "four words not together"
PEOPLE = {
    "olga": ("owner", ["customer"]),
    "quinn": ("quality_manager", ["quality_manager"]),
    "ines": ("inspector", ["inspector"]),
    "dora": ("designer", ["design_authority"]),
    "carl": ("site_manager", ["contractor"]),
}
REPAIRED, DRAWN = "Wall I3 ground", "Beam B2-C2 ground"
"""What is put right between the visits, and what the designer takes as it was built."""


def about() -> str:
    """Return what stands before the story."""
    rows = (f"| {login} | {role.replace('_', ' ')} | {', '.join(signs)} |" for login, (role, signs) in PEOPLE.items())
    return ABOUT.format(people="\n".join(rows), repaired=REPAIRED, drawn=DRAWN)


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
        self.trace.call(self.name, f"GET {path}", None, 200, _chosen(answer.json(), show))
        return answer.json()

    def post(self, path: str, body: Any = None, *show: str) -> Any:
        """Make something."""
        answer = self.request("POST", path, body)
        assert answer.status_code < 300, answer.text
        self.trace.call(self.name, f"POST {path}", body, answer.status_code, _chosen(answer.json(), show))
        return answer.json()

    def step(self, path: str, verb: str, body: Any = None, *, refused: bool = False) -> Any:
        """Do something with a record, as of the version that was read."""
        version = self.request("GET", path).json()["version"]
        answer = self.request("POST", f"{path}/{verb}", body, **{"If-Match": f'"{version}"'})
        assert (answer.status_code == 409) if refused else (answer.status_code < 300), answer.text
        told = answer.json()
        shown = {"detail": told["detail"], "missing": told["missing"]} if refused else _state(told)
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
            self.trace.call(self.name, told, None, sent.status_code, _chosen(sent.json(), ("received",)))
        self.post(f"{place}/finish", None, "received", "completed_at")
        return str(begun["id"])

    def wait(self, root: str, job: Mapping[str, Any], name: str) -> str:
        """Wait until a job has ended; return what it made."""
        until = time.monotonic() + 300
        while time.monotonic() < until:
            told = self.request("GET", f"{root}/jobs/{job['id']}").json()
            if told["ended_at"]:
                assert told["state"] == "succeeded", told
                self.trace.name(str(job["id"]), "JOB")
                made = self.trace.name(str(told["makes"]), name)
                self.trace.call(self.name, f"GET {root}/jobs/JOB", None, 200, _chosen(told, ("state", "makes")))
                return made
            time.sleep(0.3)
        raise TimeoutError(f"job {job['id']} did not end")


@dataclass(frozen=True)
class Visit:
    """A model and what was scanned: files of ``python -m samples``."""

    model: Path
    scan: Path


def visits(folder: Path, points: int) -> tuple[Visit, Visit]:
    """Make the sample as it is found twice."""
    make_sample(folder / "1", 1, points, ["e57"])
    make_sample(folder / "2", 2, points, ["e57"], [REPAIRED], [DRAWN])
    first, second = (Visit(folder / n / "design.ifc", folder / n / "scan.e57") for n in ("1", "2"))
    return first, second


def tell(server: str, once: str, trace: Trace, before: Visit, after: Visit) -> None:
    """Live the story."""
    people = enter(server, once, trace)
    quinn, ines, carl = people["quinn"], people["ines"], people["carl"]
    root = prepare(people, trace)

    trace.say("## Revision 1 of the model and scan 1")
    first = take_in_model(quinn, root, before.model, "REVISION1")
    epoch = take_in_scan(ines, root, before.scan, "Week 1", "EPOCH1")
    run = check(ines, root, first, epoch, "CHECK1")

    trace.say("## What the check found\n\nNeighbouring failures with one cause are one finding.")
    names = {e["global_id"]: e["name"] for e in ines.quiet("GET", f"{root}/elements?limit=200")["items"]}
    for global_id, name in names.items():
        trace.name(global_id, name)
    found = ines.quiet("GET", f"{root}/findings?check_run={run}")["items"]
    found.sort(key=lambda one: (one["kind"], [names[g] for g in one["global_ids"]]))
    trace.call("ines", f"GET {root}/findings?check_run=CHECK1", None, 200, [_finding(one) for one in found])
    column = next(one for one in found if [names[g] for g in one["global_ids"]] == [REPAIRED])
    trace.name(column["id"], "FINDING")

    trace.say("## A person makes a nonconformance of it\n\nIt says beforehand what it lacks.")
    ncr = confirm(ines, root, column, trace)
    ines.step(ncr, "open")
    carl.step(ncr, "contain", refused=True)
    held = {
        "kind": "in_place_tag", "place": "axis 1", "tag": "NCR, do not load",
        "affected_query": "walls of the same crew",
    }  # fmt: skip
    carl.step(ncr, "containment", held)
    carl.step(ncr, "contain")

    trace.say("## The review board decides and signs\n\nEach signature asks for the password again (21 CFR 11.200).")
    decide(people, ncr)
    carl.step(ncr, "correct")

    trace.say("## The work is done; only what is captured from now on counts")
    time.sleep(1.1)
    carl.step(ncr, "reinspect", {"finished_at": datetime.now(UTC).isoformat()})
    quinn.step(ncr, "capa-decision", {"needed": False, "reason": "a single event"})
    quinn.step(ncr, "cost", {"labour": "120", "material": "0", "other": "0", "currency": "EUR"})
    quinn.step(ncr, "close", {"password": PASSWORD}, refused=True)

    trace.say(
        "## Revision 2 of the model\n\nThe designer takes the beam between B2 and C2 into the design as it was built."
    )
    second = take_in_model(people["dora"], root, after.model, "REVISION2")
    people["dora"].get(f"{root}/models/{second}/diff", "shape_changed", "added", "removed")

    trace.say("## Scan 2 and the re-check\n\nThe check re-inspects what waits for it; it closes nothing.")
    later = take_in_scan(ines, root, after.scan, "Week 2", "EPOCH2")
    check(ines, root, second, later, "CHECK2")
    told = quinn.quiet("GET", ncr)
    shown = {"state": told["record"]["state"], "rechecks": told["record"]["rechecks"]}
    trace.call("quinn", f"GET {ncr}", None, 200, shown)

    trace.say("## A person who did not correct closes it, by signature")
    quinn.step(ncr, "close", {"password": PASSWORD})
    told = ines.quiet("GET", f"{root}/elements/{column['global_ids'][0]}/history")["items"]
    states = [{name: one[name] for name in ("epoch", "state", "verdict")} for one in told]
    trace.call("ines", f"GET {root}/elements/{trace.names[column['global_ids'][0]]}/history", None, 200, states)
    exported = quinn.quiet("GET", f"{ncr}/export")
    signed = [f"{s['name']}, {s['meaning']} as {s['role']}, holds: {s['holds']}" for s in exported["signatures"]]
    shown = {"signatures": signed, "trail": [one["action"] for one in exported["trail"]]}
    trace.call("quinn", f"GET {ncr}/export", None, 200, shown)

    trace.say("## The verdicts go back into a copy of the model")
    job = quinn.post(f"{root}/models/{second}/write-backs", {"epoch": later}, "kind", "state")
    quinn.wait(root, job, "COPY")
    copy = quinn.request("GET", f"{root}/models/{second}/write-backs/{job['id']}")
    sets = copy.text.count("IFCPROPERTYSET(") - after.model.read_text().count("IFCPROPERTYSET(")
    shown = {"bytes": len(copy.content), "property sets more than in the model": sets}
    trace.call("quinn", f"GET {root}/models/REVISION2/write-backs/JOB", None, copy.status_code, shown)
    quinn.get(f"{root}/audit/verification", "holds", "events", "first_bad")


def enter(server: str, once: str, trace: Trace) -> dict[str, Person]:
    """Make accounts for everybody, each with a password of their own."""

    def client() -> httpx2.Client:
        return httpx2.Client(base_url=server, timeout=60)

    admin = Person("admin", client(), trace)
    admin.choose_password(once)
    people = {"admin": admin}
    for login in PEOPLE:
        made = admin.quiet("POST", "/users", {"login": login, "name": login.title(), "administrator": login == "olga"})
        people[login] = Person(login, client(), trace)
        people[login].choose_password(made["one_time_password"])
    return people


def prepare(people: Mapping[str, Person], trace: Trace) -> str:
    """Found the project and take everybody in; return its address."""
    olga = people["olga"]
    firm = olga.quiet("POST", "/organisations", {"name": "Builder"})["id"]
    project = olga.quiet("POST", "/projects", {"organisation": firm, "key": "HOUSE", "name": "House"})["id"]
    root = f"/projects/{trace.name(project, 'HOUSE')}"
    for login, (role, capacities) in PEOPLE.items():
        if login != "olga":
            taken = {"login": login, "organisation": firm, "role": role, "capacities": capacities}
            trace.name(olga.quiet("POST", f"{root}/members", taken)["user"], login.upper())
    own = olga.quiet("GET", f"{root}/members")["items"][0]  # whoever founds a project is its first member
    trace.name(own["user"], "OLGA")
    given = {"role": PEOPLE["olga"][0], "capacities": PEOPLE["olga"][1]}
    olga.request("PUT", f"{root}/members/{own['id']}", given, **{"If-Match": f'"{own["version"]}"'})
    return root


def take_in_model(who: Person, root: str, model: Path, name: str) -> str:
    """Upload a model and make a revision of it."""
    upload = who.upload(root, model.name, model.read_bytes())
    return who.wait(root, who.post(f"{root}/models", {"upload": upload}, "kind", "state"), name)


def take_in_scan(who: Person, root: str, scan: Path, title: str, name: str) -> str:
    """Upload what was scanned just now."""
    captured = datetime.now(UTC).isoformat()
    upload = who.upload(root, scan.name, scan.read_bytes())
    given = {"name": title, "captured_at": captured, "uploads": [upload]}
    return who.wait(root, who.post(f"{root}/scans", given, "kind", "state"), name)


def check(who: Person, root: str, revision: str, epoch: str, name: str) -> str:
    """Run a check and wait for it."""
    given = {"revision": revision, "epoch": epoch, "formats": ["html"]}
    return who.wait(root, who.post(f"{root}/checks", given, "kind", "state"), name)


def confirm(who: Person, root: str, finding: Mapping[str, Any], trace: Trace) -> str:
    """Make a draft of a finding; return its address."""
    path = f"{root}/findings/{finding['id']}/confirm"
    given = {"title": "Wall I3 of the ground floor is 28 mm off its axis"}
    answer = who.request("POST", path, given, **{"If-Match": f'"{finding["version"]}"'})
    assert answer.status_code == 201, answer.text
    ncr = answer.headers["Location"].removeprefix(API)
    trace.name(ncr.rsplit("/", 1)[1], "NCR")
    trace.call(who.name, f"POST {path}", given, 201, {"Location": answer.headers["Location"]})
    return ncr


def decide(people: Mapping[str, Person], ncr: str) -> None:
    """Seat the board, propose rework, sign by all, put it into force."""
    quinn = people["quinn"]
    seats = (("quinn", "quality_manager"), ("carl", "contractor"), ("dora", "design_authority"), ("olga", "customer"))
    ids = {name: people[name].quiet("GET", "/auth/me")["user"]["id"] for name, _ in seats}
    quinn.step(ncr, "board", {"members": [{"user": ids[name], "capacity": capacity} for name, capacity in seats]})
    quinn.step(ncr, "review")
    record = quinn.quiet("GET", ncr)["record"]
    line = {
        "decision": "rework", "quantity": record["quantity"], "justification": "can be moved back",
        "global_ids": record["global_ids"], "instruction": "WI-7",
    }  # fmt: skip
    quinn.step(ncr, "propose", {"lines": [line]})
    quinn.step(ncr, "dispose", refused=True)
    for name, _ in seats:
        people[name].step(ncr, "sign", {"password": PASSWORD})
    quinn.step(ncr, "dispose")


def _finding(one: Mapping[str, Any]) -> dict[str, Any]:
    lead = one["failures"][0] if one["failures"] else {}
    return {
        "kind": one["kind"], "elements": one["global_ids"], "severity": one["severity"], "status": one["status"],
        "first failure": {name: lead.get(name) for name in ("characteristic", "actual_mm", "upper_mm")},
    }  # fmt: skip


def _state(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a record shows how far it is."""
    record = told["record"]
    able = [event["event"] for event in told["events"] if not event["missing"]]
    return {"number": record["number"], "state": record["state"], "version": told["version"], "can": able}


def _chosen(told: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: told[name] for name in names if name in told} if names else dict(told)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 1000 else text[:1000] + " …"


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


def main() -> None:
    """Tell the story and write it down."""
    parser = argparse.ArgumentParser(description="From a deviation to a closed nonconformance by REST alone.")
    parser.add_argument("--url", help="a fresh server that runs already")
    parser.add_argument("--password", help="its administrator's one-time password")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "story.md")
    parser.add_argument("--points", type=int, default=500_000, help="of each scan, about")
    given = parser.parse_args()
    trace = Trace()
    with tempfile.TemporaryDirectory(prefix="qtems-visits-") as folder:
        before, after = visits(Path(folder), given.points)
        if given.url:
            tell(given.url, given.password, trace, before, after)
        else:
            with own_server() as (url, once):
                tell(url, once, trace, before, after)
    given.out.write_text(about() + "\n".join(trace.lines).strip() + "\n")


if __name__ == "__main__":
    main()
