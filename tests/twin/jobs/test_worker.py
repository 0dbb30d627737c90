"""A worker at its work: the pace of its news, what it may write, and how it is woken."""

import json
import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import event

from geometry.errors import ReadError
from tests.servers import opened_sqlite
from twin.errors import Conflict, Invalid
from twin.jobs.identity import is_dead, own_name
from twin.jobs.progress import PACE
from twin.jobs.queue import open_queue
from twin.jobs.worker import JobContext, JobKind, Work, Worker
from twin.record import Actor, Json
from twin.store import jobs
from twin.store.blobs import open_blobs
from twin.store.jobs import Job, JobState
from twin.store.repository import Context, Store
from twin.store.trail import history

P = "1" * 32
ANN = Context(Actor("a" * 32, "Ann"), datetime(2026, 1, 1, tzinfo=UTC))
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    database = opened_sqlite(tmp_path / "qtems.db")
    return Store(database)


def worker(store: Store, tmp_path: Path, work: Work) -> Worker:
    blobs = open_blobs(f"file://{tmp_path}/blobs")
    return Worker(store, blobs, {"work": JobKind("work", work, timedelta(0))}, executor=ThreadPoolExecutor(1))


def order(store: Store) -> Job:
    with store.write(ANN) as unit:
        return jobs.enqueue(unit, "work", {"n": 1}, project=P)


def now(store: Store, job: Job) -> Job:
    with store.read() as view:
        return jobs.get(view.connection, job.id)


def test_news_comes_as_often_as_it_likes_and_is_written_twice_a_second(store: Store, tmp_path: Path) -> None:
    writes: list[float] = []

    @event.listens_for(store.database.engine, "before_cursor_execute")
    def _(_c: object, _u: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE job SET step="):
            writes.append(monotonic())

    started = monotonic()

    def work(job: JobContext, payload: Mapping[str, Json]) -> dict[str, Json]:
        n = 0
        while len(writes) < 3 and monotonic() < started + 30:
            n += 1
            job.progress(f"step {n}", n / 1e6)
            sleep(0.001)
        return {"told": n}

    job = order(store)
    done = worker(store, tmp_path, work).run_next()
    assert done is not None
    assert done.state is JobState.SUCCEEDED
    assert isinstance(done.result, dict)
    assert int(str(done.result["told"])) > 100
    pace = PACE.total_seconds()
    assert len(writes) >= 3
    assert all(later - earlier > 0.8 * pace for earlier, later in pairwise(writes))
    assert len(writes) <= (monotonic() - started) / pace + 1
    assert now(store, job).step.startswith("step ")


def test_who_lost_a_job_while_at_it_writes_nothing_for_it(store: Store, tmp_path: Path) -> None:
    raised: list[str] = []

    def work(job: JobContext, payload: Mapping[str, Json]) -> dict[str, Json]:
        jobs.requeue_lost(store.database, datetime.now(UTC) + HOUR, lambda _: False)
        second = jobs.claim(store.database, ["work"], "another", datetime.now(UTC) + HOUR, HOUR)
        assert second is not None
        for write in (job.store.write(job.context()), job.conclude({})):
            try:
                with write as unit:
                    unit.note("forged", f"job:{job.job.id}", {}, project=P)
            except Conflict as error:
                raised.append(str(error))
        return {"too": "late"}

    job = order(store)
    worker(store, tmp_path, work).run_next()
    assert len(raised) == 2
    found = now(store, job)
    assert (found.state, found.worker, found.attempt, found.result) == (JobState.RUNNING, "another", 2, None)
    with store.read() as view:
        assert history(view.connection, f"job:{job.id}") == []


def test_a_job_stops_when_it_was_lost_although_it_catches_everything(store: Store, tmp_path: Path) -> None:
    def work(job: JobContext, payload: Mapping[str, Json]) -> dict[str, Json]:
        jobs.requeue_lost(store.database, datetime.now(UTC) + HOUR, lambda _: False)
        deadline = monotonic() + 30
        while monotonic() < deadline:
            try:
                job.check_cancelled()
                sleep(0.01)
            except Exception:
                continue
        return {"never": "heard"}

    job = order(store)
    worker(store, tmp_path, work).run_next()
    assert (now(store, job).state, now(store, job).attempt) == (JobState.QUEUED, 1)


@pytest.mark.parametrize(
    ("error", "state", "says"),
    [
        (ReadError("scan.e57 is cut off; send it again"), JobState.FAILED, "scan.e57 is cut off; send it again"),
        (Invalid("a tolerance is above zero"), JobState.FAILED, "a tolerance is above zero"),
        (Conflict("the database is busy"), JobState.QUEUED, "the database is busy"),
        (ZeroDivisionError("division\n by zero"), JobState.QUEUED, "ZeroDivisionError: division by zero"),
        (KeyError(), JobState.QUEUED, "KeyError"),
    ],
)
def test_what_cannot_go_better_fails_at_once_and_the_rest_is_tried_again(
    error: Exception, state: JobState, says: str, store: Store, tmp_path: Path
) -> None:
    def work(job: JobContext, payload: Mapping[str, Json]) -> dict[str, Json]:
        raise error

    job = order(store)
    worker(store, tmp_path, work).run_next()
    assert (now(store, job).state, now(store, job).error) == (state, says)


def test_what_it_writes_is_on_behalf_of_who_ordered_it_and_named_after_the_job(store: Store, tmp_path: Path) -> None:
    def work(job: JobContext, payload: Mapping[str, Json]) -> dict[str, Json]:
        assert list(job.executor.map(abs, [-1, -2])) == [1, 2]
        result: dict[str, Json] = {}
        with job.conclude(result) as unit:
            unit.note("done", f"job:{job.job.id}", {}, project=P)
            result["number"] = unit.number(P, "check")
        raise ZeroDivisionError("after the end")

    job = order(store)
    worker(store, tmp_path, work).run_next()
    assert (now(store, job).state, now(store, job).result) == (JobState.SUCCEEDED, {"number": 1})
    with store.read() as view:
        (told,) = history(view.connection, f"job:{job.id}")
    assert (told.event.actor.on_behalf_of, told.event.request) == (ANN.actor.id, job.id)


def test_a_wake_up_says_nothing_and_cannot_carry_code(tmp_path: Path) -> None:
    queue = open_queue(f"sqlite:///{tmp_path}/queue.db")
    queue.wake()
    assert queue.pending() == 1
    (message,) = queue._huey.storage.enqueued_items()  # pyright: ignore[reportPrivateUsage]
    assert json.loads(message)[6:8] == [[], {}]
    queue._huey.dequeue()  # pyright: ignore[reportPrivateUsage]

    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return (os.mkdir, (str(tmp_path / "exploded"),))

    queue._huey.storage.enqueue(pickle.dumps(Bomb()))  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(ValueError, match="decode"):
        queue._huey.dequeue()  # pyright: ignore[reportPrivateUsage]
    assert not (tmp_path / "exploded").exists()


def test_a_queue_that_is_away_does_not_fail_who_orders_work(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        open_queue(f"redis://127.0.0.1:{nobody.getsockname()[1]}").wake()
    assert "the next sweep finds the job" in caplog.text
    for url in ("queue.db", "amqp://localhost"):
        with pytest.raises(Invalid, match="sqlite:///FILE or redis://HOST"):
            open_queue(url)


def test_only_a_worker_that_is_surely_dead_is_called_dead() -> None:
    program = "import sys; from twin.jobs.identity import own_name; print(own_name(), flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    assert len(name) <= 200
    assert not is_dead(name)
    assert not is_dead(own_name())
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and not reaped yet
    assert is_dead(name)
    process.communicate()
    assert is_dead(name)
    machine, pid, start = name.rsplit("/", 2)
    assert is_dead(f"{machine}/{os.getpid()}/{int(start) - 1}")  # the number went to another process
    for unknown in ("", "w1", f"elsewhere/{pid}/{start}", f"{machine}/{pid}/unknown", f"{machine}/x/1"):
        assert not is_dead(unknown)


def test_stopping_ends_the_round_after_the_job_at_hand(store: Store, tmp_path: Path) -> None:
    def work(job: JobContext, payload: Mapping[str, Json]) -> dict[str, Json]:
        found.stopping.set()
        return {}

    found = worker(store, tmp_path, work)
    first, second = order(store), order(store)
    assert found.waiting() == 2
    assert found.drain() == 1
    assert sorted([now(store, first).state, now(store, second).state]) == [JobState.QUEUED, JobState.SUCCEEDED]
    assert isinstance(found.stopping, threading.Event)
