"""A worker that is killed in any step leaves nothing half-written, and its job is done once, by the next one."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import text

from twin.jobs.queue import Queue, open_queue
from twin.record import Actor
from twin.store import jobs
from twin.store.blobs import open_blobs
from twin.store.jobs import ENDED, Job, JobState
from twin.store.repository import Context, Store
from twin.store.trail import history, verify_stream

P = "1" * 32
PROGRAM = Path(__file__).with_name("worker_program.py")
ROOT = Path(__file__).parents[3]


class Workers:
    def __init__(self, services: tuple[str, str], place: Path) -> None:
        self.services, self.place, self.running = services, place, list[subprocess.Popen[bytes]]()

    def start(self, threads: int = 1) -> "subprocess.Popen[bytes]":
        with (self.place / "worker.log").open("ab") as log:
            command = [sys.executable, str(PROGRAM), *self.services, str(self.place), str(threads)]
            process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": str(ROOT)})
        self.running.append(process)
        return process

    def log(self) -> str:
        return (self.place / "worker.log").read_text()


@pytest.fixture
def workers(services: tuple[str, str], tmp_path: Path) -> Generator[Workers]:
    found = Workers(services, tmp_path)
    yield found
    for process in found.running:
        if process.poll() is None:
            process.kill()
        process.wait(10)


@pytest.fixture
def queue(services: tuple[str, str]) -> Queue:
    return open_queue(services[1])


def until(condition: Callable[[], bool], what: str, workers: Workers, seconds: float = 40) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"{what} did not happen\n{workers.log()}"
        sleep(0.02)


def order(store: Store, kind: str = "story", **payload: int | str) -> Job:
    with store.write(Context(Actor("a" * 32, "Ann"), datetime.now(UTC))) as unit:
        return jobs.enqueue(unit, kind, {"n": 7, "hold": "", **payload}, project=P)


def now(store: Store, job: Job) -> Job:
    with store.read() as view:
        return jobs.get(view.connection, job.id)


def effects(store: Store, job: Job) -> tuple[int, int]:
    with store.read() as view:
        assert verify_stream(view.connection, P).holds
        told = view.connection.execute(text("SELECT count(*) FROM outbox")).scalar_one()
        return len(history(view.connection, f"job:{job.id}")), int(told)


@pytest.mark.parametrize(
    "steps",
    # the first three write nothing to the database after they were claimed, which SQLite's one writer would stop
    [("claimed", "blob_put", "half_written", "in_transaction"), ("before_commit",)],
    ids=["on_the_way", "at_the_end"],
)
def test_killed_in_any_step_it_is_done_once_after_the_restart(
    steps: tuple[str, ...], store: Store, queue: Queue, workers: Workers, tmp_path: Path
) -> None:
    (tmp_path / "hold").touch()
    ordered = [order(store, hold=step) for step in steps]
    queue.wake()
    first = workers.start(len(steps))
    for step in steps:
        until((tmp_path / f"{step}.1").exists, f"step {step}", workers)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    for job in ordered:
        assert effects(store, job) == (0, 0)
        assert now(store, job).state is JobState.RUNNING
    (tmp_path / "hold").unlink()
    workers.start()
    blobs = open_blobs(f"file://{tmp_path}/blobs")
    for job in ordered:
        until(lambda job=job: now(store, job).state in ENDED, "the end", workers)
        ended = now(store, job)
        assert (ended.state, ended.attempt, ended.progress) == (JobState.SUCCEEDED, 2, 100)
        assert ended.result is not None
        assert b"".join(blobs.read(str(ended.result["sha256"]))) == b"result of 7"
    assert [effects(store, job) for job in ordered] == [(1, len(steps))] * len(steps)
    assert len(list(blobs.list())) == 1


def test_a_lost_wake_up_is_found_and_a_thousand_of_them_do_a_job_once(
    store: Store, queue: Queue, workers: Workers
) -> None:
    lost = order(store)  # and nobody is woken
    workers.start()
    workers.start()
    until(lambda: now(store, lost).state in ENDED, "the end", workers)
    bombed = [order(store) for _ in range(3)]
    for _ in range(300):
        queue.wake()
    until(lambda: all(now(store, job).state in ENDED for job in bombed), "the end", workers)
    until(lambda: queue.pending() == 0, "an empty queue", workers)
    for job in (lost, *bombed):
        assert (now(store, job).state, now(store, job).attempt) == (JobState.SUCCEEDED, 1)
        assert effects(store, job) == (1, 4)


def test_stopped_kindly_it_hands_its_job_back(store: Store, queue: Queue, workers: Workers, tmp_path: Path) -> None:
    (tmp_path / "hold").touch()
    job = order(store, hold="claimed")
    queue.wake()
    first = workers.start()
    until((tmp_path / "claimed.1").exists, "the step", workers)
    first.terminate()
    first.wait(20)
    back = now(store, job)
    assert (back.state, back.attempt) == (JobState.QUEUED, 0)
    assert effects(store, job) == (0, 0)


def test_cancelling_stops_it_where_it_next_looks(store: Store, queue: Queue, workers: Workers, tmp_path: Path) -> None:
    (tmp_path / "hold").touch()
    job = order(store, hold="blob_put")
    workers.start()
    until((tmp_path / "blob_put.1").exists, "the step", workers)
    until(lambda: now(store, job).step == "claimed", "progress", workers)
    assert now(store, job).progress == 10
    with store.write(Context(Actor("a" * 32, "Ann"), datetime.now(UTC))) as unit:
        assert jobs.ask_cancel(unit, job.id).state is JobState.RUNNING
    until(lambda: now(store, job).state in ENDED, "the end", workers)
    assert now(store, job).state is JobState.CANCELLED
    assert effects(store, job) == (0, 0)


def test_what_fails_says_why_in_one_line_and_what_may_go_better_is_tried_again(
    store: Store, queue: Queue, workers: Workers
) -> None:
    refused, stumbling, hopeless = (
        order(store, "refuse"),
        order(store, "stumble", until=3),
        order(store, "stumble", until=9),
    )
    workers.start()
    until(lambda: all(now(store, j).state in ENDED for j in (refused, stumbling, hopeless)), "the end", workers)
    found = now(store, refused)
    assert (found.state, found.attempt, found.error) == (
        JobState.FAILED, 1, "this model has no elements; export it again",
    )  # fmt: skip
    assert (now(store, stumbling).state, now(store, stumbling).result) == (JobState.SUCCEEDED, {"attempt": 3})
    assert (now(store, hopeless).state, now(store, hopeless).error) == (JobState.FAILED, "OSError: the disk is away")
