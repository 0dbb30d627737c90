"""The server of a world behind a real socket, for what a client within the process does not show: streams, breaks."""

import json
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import uvicorn
from httpx2 import Response

from tests.api.web.world import ROOT, Browser, World
from twin.jobs.worker import Worker
from twin.operations.job_kinds import job_kinds
from twin.record import Id


@contextmanager
def live_server(world: World) -> Generator[tuple[str, int]]:
    """Serve a world's application and give its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(world.app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


@contextmanager
def worker_beside(world: World, cache: Path) -> Generator[None]:
    """Let a worker in a thread take the jobs of a world, and end it with the world's database."""
    services, over = world.services, threading.Event()
    worker = Worker(services.store, services.blobs, job_kinds(cache), clock=world.clock)

    def work() -> None:
        while not over.wait(0.05):
            worker.drain()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        services.store.database.close()


def events(text: str) -> list[dict[str, str]]:
    """Return the events of a stream by their fields."""
    blocks = [block for block in text.split("\n\n") if block.startswith("event:")]
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]


def followed(browser: Browser, project: str, answer: Response, *, ends: str = "succeeded") -> dict[str, Any]:
    """Follow a job by its events and return how it ended."""
    assert answer.status_code == 202, answer.text
    job = answer.json()
    told = [json.loads(event["data"]) for event in events(browser.get(f"{project}/jobs/{job['id']}/events").text)]
    assert told[-1]["state"] == ends, told[-1]["error"]
    assert told[-1] == browser.get(f"{project}/jobs/{job['id']}").json()
    return told[-1]


def until(holds: Any, *, seconds: float = 20.0) -> None:
    """Wait until something holds, looking often."""
    end = monotonic() + seconds
    while not holds():
        assert monotonic() < end, "it took too long"
        sleep(0.01)


def token_of(world: World, login: str = "admin") -> dict[str, str]:
    """Return the header of a program that acts for somebody."""
    browser = world.browser()
    assert browser.sign_in(login).status_code == 200
    given = {"name": "program", "scope": "write", "expires_at": "2026-12-01T00:00:00Z"}
    return {"Authorization": f"Bearer {browser.post('/auth/tokens', given).json()['secret']}"}


def found(world: World, key: str = "TOWER") -> Id:
    """Found a project of the administrator and return it."""
    admin = world.administrator()
    organisation = admin.post("/organisations", {"name": "Steel & Sons"}).json()["id"]
    made = admin.post("/projects", {"organisation": organisation, "key": key, "name": "Tower"})
    assert made.status_code == 201, made.text
    return made.json()["id"]


def patch_head(address: str, headers: dict[str, str], start: int, size: int) -> bytes:
    """Return the head of a request that sends bytes, for a socket."""
    lines = [f"PATCH {ROOT}{address} HTTP/1.1", "Host: testserver", f"Content-Length: {size}"]
    lines += [f"Upload-Offset: {start}", "Content-Type: application/offset+octet-stream"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
