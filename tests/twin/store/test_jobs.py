"""Jobs as rows: one worker at a time, nothing from one who lost it, and every lost one goes on."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from twin.errors import IllegalTransition, Invalid, NotFound
from twin.record import Actor
from twin.store import jobs
from twin.store.database import Database
from twin.store.jobs import ENDED, TRANSITIONS, Job, JobEvent, JobState, LeaseLost
from twin.store.repository import Context, Store
from twin.store.view import Scope

P = "1" * 32
LEASE = timedelta(seconds=60)
LONG = timedelta(hours=1)


def queued(store: Store, context: Context, i: int = 1, **more: object) -> Job:
    named = replace(store, new_id=lambda: f"{i:032x}")
    with named.write(replace(context, now=context.now + timedelta(microseconds=i))) as unit:
        return jobs.enqueue(unit, "check", {"n": i}, **{"project": P, **more})  # pyright: ignore[reportArgumentType]


def claimed(database: Database, context: Context, worker: str = "w1") -> Job:
    job = jobs.claim(database, ["check"], worker, context.now + timedelta(seconds=1), LEASE)
    assert job is not None
    return job


def state(store: Store, job: Job) -> Job:
    with store.read() as view:
        return jobs.get(view.connection, job.id)


def put_into(store: Store, context: Context, wanted: JobState, i: int = 1) -> Job:
    job = queued(store, context, i)
    with store.write(context) as unit:
        if wanted is JobState.CANCELLED:
            return jobs.ask_cancel(unit, job.id)
    if wanted is JobState.QUEUED:
        return job
    job = claimed(store.database, context)
    with store.database.write() as connection:
        if wanted is JobState.SUCCEEDED:
            return jobs.succeed(connection, job, {}, context.now)
        if wanted is JobState.FAILED:
            return jobs.fail(connection, job, "no", context.now)
    return job


def happen(store: Store, context: Context, job: Job, event: JobEvent) -> JobState | None:
    acts: dict[JobEvent, Callable[[Connection], Job]] = {
        JobEvent.SUCCEED: lambda c: jobs.succeed(c, job, {"ok": True}, context.now),
        JobEvent.FAIL: lambda c: jobs.fail(c, job, "no", context.now),
        JobEvent.RETRY: lambda c: jobs.retry(c, job, "no", context.now),
        JobEvent.CANCEL: lambda c: jobs.cancel(c, job, context.now),
    }
    if event is JobEvent.CLAIM:
        found = jobs.claim(store.database, ["check"], "w2", context.now + LONG, LEASE)
        return found.state if found else None
    with store.write(context) as unit:
        return (jobs.repeat(unit, job.id) if event is JobEvent.REPEAT else acts[event](unit.connection)).state


@pytest.mark.parametrize("start", JobState)
def test_each_event_in_each_state_does_what_the_table_says(start: JobState, store: Store, context: Context) -> None:
    for i, event in enumerate(JobEvent, start=1):
        job = put_into(store, context, start, i)
        wanted = TRANSITIONS.get((start, event))
        if wanted is not None:
            assert happen(store, context, job, event) is wanted
            if wanted is JobState.QUEUED:
                with store.write(context) as unit:
                    jobs.ask_cancel(unit, job.id)
            continue
        if event is JobEvent.CLAIM:
            assert happen(store, context, job, event) is None
        else:
            with pytest.raises(IllegalTransition, match=f"{start} cannot {event}"):
                happen(store, context, job, event)
        assert state(store, job) == job
        if start is JobState.QUEUED:
            with store.write(context) as unit:
                jobs.ask_cancel(unit, job.id)


def test_a_job_goes_its_way_and_tells_of_it(store: Store, context: Context) -> None:
    queued(store, context)
    job = claimed(store.database, context)
    assert (job.state, job.attempt, job.worker, job.payload) == (JobState.RUNNING, 1, "w1", {"n": 1})
    with store.database.write() as connection:
        assert jobs.beat(connection, job, context.now + LONG, "registering", 40) is False
    now = state(store, job)
    assert (now.step, now.progress, now.lease_until) == ("registering", 40, context.now + LONG)
    with store.database.write() as connection:
        done = jobs.succeed(connection, job, {"run": "7"}, context.now + LONG)
    assert (done.state, done.progress, done.result, done.ended_at) == (
        JobState.SUCCEEDED, 100, {"run": "7"}, context.now + LONG,
    )  # fmt: skip
    assert done.state in ENDED


def test_of_many_workers_one_gets_each_job(store: Store, context: Context) -> None:
    for i in range(12):
        queued(store, context, i)
    got: list[tuple[str, str]] = []

    def work(name: str) -> None:
        while job := jobs.claim(store.database, ["check"], name, context.now + LONG, LEASE):
            got.append((job.id, name))

    threads = [threading.Thread(target=work, args=(f"w{i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(job for job, _ in got) == [f"{i:032x}" for i in range(12)]


def test_the_oldest_comes_first_and_only_kinds_that_the_worker_knows(store: Store, context: Context) -> None:
    queued(store, context, 2)
    queued(store, context, 1)
    assert jobs.claim(store.database, ["report"], "w", context.now + LONG, LEASE) is None
    assert [claimed(store.database, context).id for _ in range(2)] == [f"{1:032x}", f"{2:032x}"]


def test_who_lost_a_job_changes_nothing_any_more(store: Store, context: Context) -> None:
    queued(store, context)
    first = claimed(store.database, context)
    (back,) = jobs.requeue_lost(store.database, context.now + LONG, lambda _: False)
    assert (back.state, back.error) == (JobState.QUEUED, "its worker was lost; it is begun again")
    acts: tuple[Callable[[Connection], object], ...] = (
        lambda c: jobs.succeed(c, first, {}, context.now),
        lambda c: jobs.fail(c, first, "x", context.now),
        lambda c: jobs.beat(c, first, context.now, "x", 1),
        lambda c: jobs.hold(c, first),
        lambda c: jobs.cancel_asked(c, first),
    )
    second = None
    for _ in range(2):
        for act in acts:
            with pytest.raises(LeaseLost), store.database.write() as connection:
                act(connection)
        second = jobs.claim(store.database, ["check"], "w1", context.now + LONG, LEASE)  # even one of the same name
    assert second is None
    assert state(store, first).attempt == 2


def test_a_dead_worker_is_not_waited_for_but_a_living_one_is(store: Store, context: Context) -> None:
    queued(store, context, 1)
    queued(store, context, 2)
    claimed(store.database, context, "alive")
    claimed(store.database, context, "dead")
    soon = context.now + timedelta(seconds=2)
    (back,) = jobs.requeue_lost(store.database, soon, lambda name: name == "dead")
    assert back.id == f"{2:032x}"


def test_a_job_that_kills_its_workers_fails_in_the_end(store: Store, context: Context) -> None:
    job = queued(store, context, most_attempts=2)
    for _ in range(2):
        found = jobs.claim(store.database, ["check"], "w1", context.now + LONG, LEASE)
        assert found is not None
        with store.database.write() as connection:
            jobs.beat(connection, found, context.now, "meshing", 10)
        jobs.requeue_lost(store.database, context.now + LONG, lambda _: False)
    ended = state(store, job)
    assert ended.state is JobState.FAILED
    assert ended.error == "its worker was lost 2 times, the last time in step 'meshing'; see the log of the worker"
    with store.write(context) as unit:
        assert jobs.repeat(unit, job.id).most_attempts == 2 + jobs.MOST_ATTEMPTS
    assert claimed(store.database, context).attempt == 3


def test_cancelling(store: Store, context: Context) -> None:
    job = queued(store, context)
    running = claimed(store.database, context)
    with store.write(context) as unit:
        assert jobs.ask_cancel(unit, job.id).cancel_asked
    with store.database.write() as connection:
        assert jobs.beat(connection, running, context.now + LEASE, "", 0)
        assert jobs.hold(connection, running)
        assert jobs.cancel_asked(connection, running)
    (gone,) = jobs.requeue_lost(store.database, context.now + LONG, lambda _: False)
    assert gone.state is JobState.CANCELLED
    with store.write(context) as unit:
        assert jobs.ask_cancel(unit, job.id).state is JobState.CANCELLED


def test_a_retry_waits_and_being_shut_down_is_no_attempt(store: Store, context: Context) -> None:
    queued(store, context)
    job = claimed(store.database, context)
    with store.database.write() as connection:
        jobs.retry(connection, job, "busy", context.now + LEASE)
    assert jobs.claim(store.database, ["check"], "w", context.now, LEASE) is None
    again = jobs.claim(store.database, ["check"], "w", context.now + LEASE, LEASE)
    assert again is not None
    assert again.attempt == 2
    with store.database.write() as connection:
        assert jobs.hand_back(connection, again, context.now).attempt == 1


def test_a_job_is_queued_with_what_calls_for_it_or_not_at_all(store: Store, context: Context) -> None:
    def break_off() -> None:
        with store.write(context) as unit:
            jobs.enqueue(unit, "check", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    with store.read() as view:
        assert jobs.newest(view.connection) == []
        with pytest.raises(NotFound, match="no job"):
            jobs.get(view.connection, "3" * 32)
    with pytest.raises(Invalid, match="float"), store.write(context) as unit:
        jobs.enqueue(unit, "check", {"x": 0.5})  # pyright: ignore[reportArgumentType]


def test_lists_are_newest_first_scoped_and_in_pages(store: Store, context: Context) -> None:
    for i in range(5):
        queued(store, context, i, project=P if i % 2 else "2" * 32)
    with store.read() as view:
        first = jobs.newest(view.connection, limit=2)
        rest = jobs.newest(view.connection, before=first[-1])
        assert [int(j.id, 16) for j in first + rest] == [4, 3, 2, 1, 0]
        assert len(jobs.newest(view.connection, Scope(frozenset({P})))) == 2
        assert len(jobs.newest(view.connection, project=P, states=[JobState.QUEUED])) == 2
        assert jobs.newest(view.connection, states=ENDED) == []
        with pytest.raises(NotFound):
            jobs.get(view.connection, f"{0:032x}", Scope(frozenset({P})))
        assert first[0].created_by == Actor("a" * 32, "").id
