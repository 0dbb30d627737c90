"""Long work over HTTP: listed, followed as events until it ends, cancelled, tried again."""

import http.client
import json
import threading
from datetime import timedelta
from typing import Any

import pytest

from tests.api.web.live import events, found, live_server, token_of, until
from tests.api.web.planted import Planted, context, plant
from tests.api.web.world import ROOT, Browser, World
from twin.operations.queue import Desk
from twin.operations.write_back import WRITE_BACK, WriteBackOrder
from twin.store import jobs
from twin.store.jobs import Job

LEASE = timedelta(minutes=1)


@pytest.fixture
def tower(world: World) -> tuple[Browser, str, Planted]:
    project = found(world)
    return world.administrator(), project, plant(world, project)


def queued(world: World, project: str, made: Planted) -> Job:
    desk = Desk(world.services.store, context(world), project)
    return desk.ask(WRITE_BACK, lambda _: WriteBackOrder(project, made.revision, made.epoch))


def claimed(world: World) -> Job:
    job = jobs.claim(world.services.store.database, [WRITE_BACK], "w", world.clock(), LEASE)
    assert job is not None
    return job


def say(world: World, job: Job, step: str, progress: int) -> None:
    with world.services.store.database.write() as connection:
        jobs.beat(connection, job, world.clock() + LEASE, step, progress)


def test_jobs_are_listed_newest_first_page_by_page(world: World, tower: tuple[Browser, str, Planted]) -> None:
    admin, project, made = tower
    ids: list[str] = []
    for _ in range(5):
        world.clock.advance(seconds=1)
        ids.append(queued(world, project, made).id)
    first = admin.get(f"/projects/{project}/jobs?limit=2").json()
    second = admin.get(f"/projects/{project}/jobs?limit=2&cursor={first['next']}").json()
    third = admin.get(f"/projects/{project}/jobs?limit=2&cursor={second['next']}").json()
    pages = [[one["id"] for one in page["items"]] for page in (first, second, third)]
    assert pages == [ids[:2:-1], ids[2:0:-1], ids[:1]]
    assert third["next"] is None
    claimed(world)
    running = admin.get(f"/projects/{project}/jobs?state=running").json()["items"]
    assert [one["id"] for one in running] == [ids[0]], "the oldest is done first"
    assert admin.get(f"/projects/{project}/jobs?kind=x").status_code == 422


def test_a_waiting_job_is_cancelled_at_once_and_can_be_tried_again(
    world: World, tower: tuple[Browser, str, Planted]
) -> None:
    admin, project, made = tower
    address = f"/projects/{project}/jobs/{queued(world, project, made).id}"
    assert admin.post(f"{address}/cancel").json()["state"] == "cancelled"
    assert admin.post(f"{address}/cancel").json()["state"] == "cancelled"
    again = admin.post(f"{address}/retry")
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    twice = admin.post(f"{address}/retry")
    assert (twice.status_code, twice.json()["type"]) == (409, "urn:qtems:problem:illegal-transition")
    trail = admin.get(f"/projects/{project}/audit?entity=job:{address.rpartition('/')[2]}").json()["items"]
    assert [event["action"] for event in trail] == ["queue", "cancel", "retry"]


def test_who_may_not_stop_the_work_of_others_stops_their_own(world: World, tower: tuple[Browser, str, Planted]) -> None:
    admin, project, made = tower
    organisation = admin.get(f"/projects/{project}").json()["organisation"]
    dora = world.person("dora")
    member = {"login": "dora", "organisation": organisation, "role": "designer"}
    assert admin.post(f"/projects/{project}/members", member).status_code == 201
    mine = dora.post(f"/projects/{project}/models/{made.revision}/write-backs", {"epoch": made.epoch}).json()
    own = f"/projects/{project}/jobs/{mine['id']}"
    assert dora.post(f"{own}/cancel").json()["state"] == "cancelled"
    assert dora.post(f"{own}/retry").json()["state"] == "queued"
    assert admin.post(f"{own}/cancel").json()["state"] == "cancelled", "an owner stops anybody's"
    others = f"/projects/{project}/jobs/{queued(world, project, made).id}"
    for verb in ("cancel", "retry"):
        refused = dora.post(f"{others}/{verb}")
        assert refused.status_code == 403
        assert "somebody else asked for this job" in refused.json()["detail"]


def test_a_running_job_is_asked_to_stop(world: World, tower: tuple[Browser, str, Planted]) -> None:
    admin, project, made = tower
    job = queued(world, project, made)
    held = claimed(world)
    asked = admin.post(f"/projects/{project}/jobs/{job.id}/cancel").json()
    assert (asked["state"], asked["cancel_asked"]) == ("running", True)
    with world.services.store.database.read() as connection:
        assert jobs.cancel_asked(connection, held)


def test_an_ended_job_is_told_once_and_then_there_is_nothing_more(
    world: World, tower: tuple[Browser, str, Planted]
) -> None:
    admin, project, made = tower
    queued(world, project, made)
    held = claimed(world)
    with world.services.store.database.write() as connection:
        jobs.fail(connection, held, "tower.ifc: no data section", world.clock())
    address = f"/projects/{project}/jobs/{held.id}/events"
    told = admin.get(address)
    assert told.headers["Content-Type"].startswith("text/event-stream")
    (event,) = events(told.text)
    assert event["event"] == "job"
    data = json.loads(event["data"])
    assert (data["state"], data["error"]) == ("failed", "tower.ifc: no data section")
    assert data == admin.get(f"/projects/{project}/jobs/{held.id}").json()
    over = admin.get(address, headers={"Last-Event-ID": event["id"]})
    assert (over.status_code, over.content) == (204, b"")
    assert len(events(admin.get(address, headers={"Last-Event-ID": "1-running-40"}).text)) == 1


def test_each_change_is_told_as_it_comes_until_the_job_ends(
    world: World, tower: tuple[Browser, str, Planted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.jobs._LOOK_S", 0.02)
    monkeypatch.setattr("api.routes.jobs._HEARTBEAT_S", 0.1)
    _, project, made = tower
    job = queued(world, project, made)
    headers = token_of(world)
    with live_server(world) as place:
        heard = Listener(place, f"{ROOT}/projects/{project}/jobs/{job.id}/events", headers)
        heard.wait_for("queued")
        held = claimed(world)
        heard.wait_for("running")
        say(world, held, "writing verdicts", 40)
        heard.wait_for("writing verdicts")
        until(lambda: ": still here" in heard.text)
        with world.services.store.database.write() as connection:
            jobs.succeed(connection, held, {"written": 3}, world.clock())
        heard.thread.join(timeout=10)
        assert not heard.thread.is_alive(), "the stream ends with the job"
    told = [json.loads(event["data"]) for event in events(heard.text)]
    assert [(one["state"], one["step"], one["progress"]) for one in told] == [
        ("queued", "", 0),
        ("running", "", 0),
        ("running", "writing verdicts", 40),
        ("succeeded", "writing verdicts", 100),
    ]
    assert told[-1]["result"] == {"written": 3}
    ids = [event["id"] for event in events(heard.text)]
    assert len(set(ids)) == len(ids)


def test_nobody_listens_to_more_than_they_could_look_at_and_who_goes_makes_room(
    world: World, tower: tuple[Browser, str, Planted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.listeners.MOST", 2)
    admin, project, made = tower
    address = f"/projects/{project}/jobs/{queued(world, project, made).id}"
    me = admin.get("/auth/me").json()["user"]["id"]
    listeners = world.services.listeners
    with listeners.listening(me), listeners.listening(me), listeners.listening("a" * 32):
        refused = admin.get(f"{address}/events")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
        assert admin.get(address).status_code == 200
    admin.post(f"{address}/cancel")
    for _ in range(5):
        assert "cancelled" in admin.get(f"{address}/events").text, "each left when it had heard all"


def test_many_listeners_hold_no_thread_and_leave_nothing_when_they_go(
    world: World, tower: tuple[Browser, str, Planted]
) -> None:
    admin, project, made = tower
    job = queued(world, project, made)
    headers = token_of(world)
    with live_server(world) as place:
        listeners = [
            Listener(place, f"{ROOT}/projects/{project}/jobs/{job.id}/events", headers) for _ in range(60)
        ]  # fmt: skip
        for one in listeners:
            one.wait_for("queued")
        connection = http.client.HTTPConnection(*place, timeout=5)
        connection.request("GET", f"{ROOT}/projects/{project}", headers=headers)
        assert connection.getresponse().status == 200, "60 listeners are more than there are threads"
        connection.close()
        admin.post(f"/projects/{project}/jobs/{job.id}/cancel")
        for one in listeners:
            one.thread.join(timeout=10)
            assert "cancelled" in one.text


class Listener:
    """Somebody who follows a job in a thread."""

    def __init__(self, place: tuple[str, int], address: str, headers: dict[str, str]) -> None:
        self.text = ""
        self.thread = threading.Thread(target=self._listen, args=(place, address, headers), daemon=True)
        self.thread.start()

    def wait_for(self, what: str) -> None:
        until(lambda: what in self.text)

    def _listen(self, place: tuple[str, int], address: str, headers: dict[str, Any]) -> None:
        connection = http.client.HTTPConnection(*place, timeout=30)
        connection.request("GET", address, headers=headers)
        response = connection.getresponse()
        assert response.status == 200
        while part := response.read1(65536):
            self.text += part.decode()
        connection.close()
