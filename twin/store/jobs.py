"""Long work as rows: who works on what, until when, how far it is, and what came out.

The row is the truth; whatever wakes a worker may be lost or doubled. A job belongs to one worker at a time: it is
claimed in one statement, held by a lease that the worker renews, and everything written for it names worker and
attempt, so that one who lost it (hung, cut off, overtaken) changes nothing any more.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, tuple_, update

from twin.errors import Conflict, IllegalTransition, NotFound
from twin.record import Id, Json, refuse_floats
from twin.store.database import Database
from twin.store.repository import Unit
from twin.store.schema import JOB
from twin.store.view import EVERYTHING, MOST_AT_ONCE, Scope, scoped


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobEvent(StrEnum):
    """What can happen to a job."""

    CLAIM = "claim"
    SUCCEED = "succeed"
    FAIL = "fail"
    RETRY = "retry"
    """It failed or lost its worker, and has attempts left."""
    CANCEL = "cancel"
    REPEAT = "repeat"
    """Somebody wants it tried anew."""


Q, R = JobState.QUEUED, JobState.RUNNING
TRANSITIONS: Mapping[tuple[JobState, JobEvent], JobState] = {
    (Q, JobEvent.CLAIM): R,
    (Q, JobEvent.CANCEL): JobState.CANCELLED,
    (R, JobEvent.SUCCEED): JobState.SUCCEEDED,
    (R, JobEvent.FAIL): JobState.FAILED,
    (R, JobEvent.RETRY): Q,
    (R, JobEvent.CANCEL): JobState.CANCELLED,
    (JobState.FAILED, JobEvent.REPEAT): Q,
    (JobState.CANCELLED, JobEvent.REPEAT): Q,
}
ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
MOST_ATTEMPTS = 3


class LeaseLost(Conflict):
    """The job is no longer this worker's: its lease ran out and it was given to another, or it was ended."""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of long work."""

    id: Id
    project: Id | None
    kind: str
    state: JobState
    payload: Mapping[str, Json]
    result: Mapping[str, Json] | None
    error: str
    """One line; empty unless it failed, or failed and is tried again."""
    step: str
    """What is being done, in words."""
    progress: int
    """0 to 100."""
    attempt: int
    """How many times it was begun."""
    most_attempts: int
    due_at: datetime
    """Not before this."""
    cancel_asked: bool
    worker: str
    lease_until: datetime | None
    created_by: Id
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


def enqueue(
    unit: Unit,
    kind: str,
    payload: Mapping[str, Json],
    *,
    project: Id | None = None,
    most_attempts: int = MOST_ATTEMPTS,
) -> Job:
    """Put work into the queue, in the transaction of what calls for it. Wake a worker after it (``Queue.wake``)."""
    refuse_floats(payload)
    identifier, now = unit.new_id(), unit.context.now
    row = {
        "id": identifier, "project": project, "kind": kind, "state": Q, "payload": dict(payload), "error": "",
        "step": "", "progress": 0, "attempt": 0, "most_attempts": most_attempts, "due_at": now, "cancel_asked": False,
        "worker": "", "created_by": unit.context.actor.id, "created_at": now,
    }  # fmt: skip
    unit.connection.execute(insert(JOB).values(row))
    return get(unit.connection, identifier)


def get(connection: Connection, job: Id, scope: Scope = EVERYTHING) -> Job:
    """Return a job; :class:`NotFound` when there is none within the scope."""
    row = connection.execute(scoped(select(JOB).where(JOB.c.id == job), JOB, scope)).mappings().first()
    if row is None:
        raise NotFound(f"there is no job {job}")
    return _job(row)


def making(connection: Connection, kind: str, project: Id, makes: Id) -> Job | None:
    """Return the job of a kind that made, or makes, a record; None where the record came otherwise."""
    query = select(JOB).where(JOB.c.project == project, JOB.c.kind == kind).order_by(JOB.c.created_at.desc())
    for row in connection.execute(query).mappings():
        if row["payload"].get("identifier") == makes:
            return _job(row)
    return None


def newest(
    connection: Connection,
    scope: Scope = EVERYTHING,
    *,
    project: Id | None = None,
    states: Iterable[JobState] = JobState,
    before: Job | None = None,
    limit: int = MOST_AT_ONCE,
) -> list[Job]:
    """Return jobs, the newest first; ``before`` is the last job of the page before."""
    query = scoped(select(JOB).where(JOB.c.state.in_(list(states))), JOB, scope)
    if project is not None:
        query = query.where(JOB.c.project == project)
    if before is not None:
        query = query.where(tuple_(JOB.c.created_at, JOB.c.id) < (before.created_at, before.id))
    query = query.order_by(JOB.c.created_at.desc(), JOB.c.id.desc()).limit(max(1, min(limit, MOST_AT_ONCE)))
    return [_job(row) for row in connection.execute(query).mappings()]


def ask_cancel(unit: Unit, job: Id) -> Job:
    """Cancel a queued job at once; a running one is asked, and stops where it next looks. An ended one stays."""
    found = get(unit.connection, job)
    if found.state is Q:
        return _move(unit.connection, found, JobEvent.CANCEL, ended_at=unit.context.now, cancel_asked=True)
    if found.state is R:
        unit.connection.execute(update(JOB).where(JOB.c.id == job, JOB.c.state == R).values(cancel_asked=True))
    return get(unit.connection, job)


def repeat(unit: Unit, job: Id) -> Job:
    """Queue a failed or cancelled job anew; attempts are counted on, so that no two have the same number."""
    found = get(unit.connection, job)
    fresh = {"due_at": unit.context.now, "cancel_asked": False, "error": "", "ended_at": None}
    return _move(unit.connection, found, JobEvent.REPEAT, most_attempts=found.attempt + MOST_ATTEMPTS, **fresh)


def due(connection: Connection, kinds: Sequence[str], now: datetime) -> int:
    """Return how many jobs of these kinds wait for a worker."""
    query = select(func.count()).select_from(JOB)
    return int(connection.execute(query.where(_waiting(kinds, now))).scalar_one())


def claim(database: Database, kinds: Sequence[str], worker: str, now: datetime, lease: timedelta) -> Job | None:
    """Take the oldest job that waits, for this worker alone; None when there is none."""
    with database.read() as connection:  # looking first keeps an idle worker from taking turns as a writer
        if not due(connection, kinds, now):
            return None
    with database.write() as connection:
        oldest = select(JOB).where(_waiting(kinds, now)).order_by(JOB.c.created_at, JOB.c.id).limit(1)
        row = connection.execute(oldest.with_for_update(skip_locked=True)).mappings().first()
        if row is None:
            return None
        found = _job(row)
        mine = {"worker": worker, "lease_until": now + lease, "step": "", "progress": 0}
        mine["started_at"] = found.started_at or now
        return _move(connection, found, JobEvent.CLAIM, attempt=found.attempt + 1, **mine)


def hold(connection: Connection, job: Job) -> bool:
    """Make sure that the job is still this worker's until the transaction ends; return whether to cancel it.

    Raises
    ------
    LeaseLost
        If it is not.
    """
    row = connection.execute(select(JOB.c.cancel_asked).where(_held(job)).with_for_update()).first()
    if row is None:
        raise _lost(job)
    return bool(row.cancel_asked)


def beat(connection: Connection, job: Job, lease_until: datetime, step: str, progress: int) -> bool:
    """Renew the lease, say how far it is, and return whether to cancel it; raises as :func:`hold` does."""
    values = {"lease_until": lease_until, "step": step[:200], "progress": max(0, min(100, progress))}
    if connection.execute(update(JOB).where(_held(job)).values(values)).rowcount != 1:
        raise _lost(job)
    return bool(connection.execute(select(JOB.c.cancel_asked).where(JOB.c.id == job.id)).scalar_one())


def cancel_asked(connection: Connection, job: Job) -> bool:
    """Return whether to cancel it, without renewing anything; raises as :func:`hold` does."""
    row = connection.execute(select(JOB.c.cancel_asked).where(_held(job))).first()
    if row is None:
        raise _lost(job)
    return bool(row.cancel_asked)


def succeed(connection: Connection, job: Job, result: Mapping[str, Json], now: datetime) -> Job:
    """End it with its result; in the transaction of its effects, both are kept or neither."""
    refuse_floats(result)
    done = {"result": dict(result), "progress": 100, "error": "", "lease_until": None, "ended_at": now}
    return _move(connection, job, JobEvent.SUCCEED, **done)


def fail(connection: Connection, job: Job, error: str, now: datetime) -> Job:
    """End it with an error of one line."""
    return _move(connection, job, JobEvent.FAIL, error=error, lease_until=None, ended_at=now)


def cancel(connection: Connection, job: Job, now: datetime) -> Job:
    """End it as cancelled."""
    return _move(connection, job, JobEvent.CANCEL, lease_until=None, ended_at=now)


def retry(connection: Connection, job: Job, error: str, due_at: datetime) -> Job:
    """Put it back into the queue, not before ``due_at``."""
    return _move(connection, job, JobEvent.RETRY, error=error, lease_until=None, due_at=due_at)


def hand_back(connection: Connection, job: Job, now: datetime) -> Job:
    """Put it back because its worker stops: that was no attempt."""
    return _move(connection, job, JobEvent.RETRY, lease_until=None, due_at=now, attempt=job.attempt - 1)


def requeue_lost(database: Database, now: datetime, is_dead: Callable[[str], bool]) -> list[Job]:
    """Put the jobs back whose lease ran out or whose worker is known to be dead; return them as they are then.

    One that lost its worker on its last attempt fails: it may be what kills them.
    """
    with database.read() as connection:
        running = [_job(r) for r in connection.execute(select(JOB).where(JOB.c.state == R)).mappings()]
    lost = [job for job in running if (job.lease_until is not None and job.lease_until < now) or is_dead(job.worker)]
    moved: list[Job] = []
    for job in lost:
        with database.write() as connection:
            fresh = get(connection, job.id)
            if _holding(fresh) == _holding(job):  # it neither ended nor was renewed meanwhile
                moved.append(_let_go(connection, fresh, now))
    return moved


def _holding(job: Job) -> tuple[JobState, str, int, datetime | None]:
    return job.state, job.worker, job.attempt, job.lease_until


def _let_go(connection: Connection, job: Job, now: datetime) -> Job:
    if job.cancel_asked:
        return cancel(connection, job, now)
    where = f" in step {job.step!r}" if job.step else ""
    if job.attempt < job.most_attempts:
        return retry(connection, job, f"its worker was lost{where}; it is begun again", now)
    times = "once" if job.attempt == 1 else f"{job.attempt} times"
    return fail(connection, job, f"its worker was lost {times}, the last time{where}; see the log of the worker", now)


def _move(connection: Connection, job: Job, event: JobEvent, **values: Any) -> Job:
    target = TRANSITIONS.get((job.state, event))
    if target is None:
        raise IllegalTransition(f"a job that is {job.state} cannot {event}")
    same = (JOB.c.id == job.id) & (JOB.c.state == job.state) & (JOB.c.attempt == job.attempt)
    change = update(JOB).where(same, JOB.c.worker == job.worker).values(state=target, **values)
    if connection.execute(change).rowcount != 1:
        raise _lost(job)
    return get(connection, job.id)


def _lost(job: Job) -> LeaseLost:
    return LeaseLost(f"job {job.id} is no longer in the hands of this worker")


def _held(job: Job) -> Any:
    mine = (JOB.c.worker == job.worker) & (JOB.c.attempt == job.attempt)
    return (JOB.c.id == job.id) & (JOB.c.state == R) & mine


def _waiting(kinds: Sequence[str], now: datetime) -> Any:
    return (JOB.c.state == Q) & (JOB.c.due_at <= now) & JOB.c.kind.in_(kinds)


def _job(row: RowMapping) -> Job:
    values: dict[str, Any] = {column.name: row[column.name] for column in JOB.c}
    values["state"] = JobState(values["state"])
    return Job(**values)
