"""Doing jobs: claim one, run the function of its kind, keep what came out; again, until there is none.

A job's function is ``(job, payload) -> result``. What it keeps in the database it writes within ``with
job.conclude(result) as unit:``, one transaction with the job's own success, so that a worker killed at any moment has
either done all of it or nothing, and the next attempt starts afresh. Files may be put before: they are named by their
content, so that the second attempt finds or mends what the first one left.
"""

import logging
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from geometry.errors import GeometryError
from twin.errors import Conflict, TwinError
from twin.jobs.identity import is_dead, own_name
from twin.jobs.progress import JobStopped, Pulse, StopReason
from twin.record import Actor, Json
from twin.store import jobs
from twin.store.blobs import BlobStore
from twin.store.jobs import Job, LeaseLost
from twin.store.repository import Context, Store, Unit

LEASE = timedelta(seconds=60)
_LONGEST_BACKOFF = timedelta(minutes=10)
_LOG = logging.getLogger("qtems.jobs")
WORKER = Actor("0" * 32, "qtems worker")
"""Who writes what jobs write, on behalf of who queued them."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldStore(Store):
    """The records for a job: nothing is written by a worker that the job does not belong to any more."""

    job: Job = field(kw_only=True)

    @contextmanager
    def write(self, context: Context) -> Generator[Unit]:
        """Begin a change; :class:`twin.store.jobs.LeaseLost` if the job is not this worker's any more.

        A second attempt comes by here again, so what is written on the way has to bear that; see
        :meth:`JobContext.conclude`.
        """
        with Store.write(self, context) as unit:
            jobs.hold(unit.connection, self.job)
            yield unit


@dataclass(frozen=True, slots=True, eq=False)
class JobContext:
    """What a job's function has to work with."""

    job: Job
    store: "HeldStore"
    blobs: BlobStore
    now: Callable[[], datetime]
    executor: Executor
    """Where heavy array work goes: threads of this process, or whatever has the same interface (a cluster)."""
    pulse: Pulse
    done: list[Job]

    def progress(self, step: str, share: float) -> None:
        """Say what is being done and which share (0 to 1) of all is; stops the job here if it has to stop."""
        self.pulse.say(step, share)
        self.pulse.check()

    def check_cancelled(self) -> None:
        """Stop the job here if it was cancelled, belongs to another worker by now, or the worker is being shut down."""
        self.pulse.check()

    def context(self) -> Context:
        """Return who writes, when, and for which job."""
        actor = Actor(WORKER.id, WORKER.name, self.job.created_by)
        return Context(actor, self.now(), request=self.job.id, origin="job")

    @contextmanager
    def conclude(self, result: Mapping[str, Json]) -> Generator[Unit]:
        """Begin the change that ends the job: its success and all of this are kept together, once, or not at all.

        Parameters
        ----------
        result
            What the job tells; it may be filled within the block.
        """
        with self.store.write(self.context()) as unit:
            yield unit
            ended = jobs.succeed(unit.connection, self.job, result, unit.context.now)
        self.done.append(ended)


Work: TypeAlias = "Callable[[JobContext, Mapping[str, Json]], Mapping[str, Json]]"


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of job and how it is done."""

    name: str
    work: Work
    backoff: timedelta = timedelta(seconds=10)
    """How long the second attempt waits; each further one waits twice as long."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Worker:
    """A process that does jobs of some kinds."""

    store: Store
    blobs: BlobStore
    kinds: Mapping[str, JobKind]
    name: str = field(default_factory=own_name)
    lease: timedelta = LEASE
    clock: Callable[[], datetime] = _utc_now
    executor: Executor = field(default_factory=ThreadPoolExecutor)
    stopping: threading.Event = field(default_factory=threading.Event)

    def drain(self) -> int:
        """Do jobs until none waits or the worker is stopped; return how many."""
        count = 0
        while not self.stopping.is_set() and self.run_next() is not None:
            count += 1
        return count

    def run_next(self) -> Job | None:
        """Do the oldest job that waits and return how it stands after that; None if none waits."""
        job = jobs.claim(self.store.database, list(self.kinds), self.name, self.clock(), self.lease)
        if job is None:
            return None
        _LOG.info("job %s: %s, attempt %d", job.id, job.kind, job.attempt)
        try:
            ended = self._do(job)
        except LeaseLost:
            _LOG.warning("job %s: lost to another worker", job.id)
            return job
        _LOG.info("job %s: %s%s", job.id, ended.state, f": {ended.error}" if ended.error else "")
        return ended

    def recover(self) -> list[Job]:
        """Put back the jobs of dead workers; every worker does this when it starts and every few seconds."""
        lost = jobs.requeue_lost(self.store.database, self.clock(), is_dead)
        for job in lost:
            _LOG.warning("job %s: %s", job.id, job.error)
        return lost

    def waiting(self) -> int:
        """Return how many jobs wait for a worker like this one."""
        with self.store.read() as view:
            return jobs.due(view.connection, list(self.kinds), self.clock())

    def _do(self, job: Job) -> Job:
        kind, done = self.kinds[job.kind], list[Job]()
        try:
            with Pulse(self.store.database, job, lease=self.lease, clock=self.clock, stopping=self.stopping) as pulse:
                store = HeldStore(self.store.database, self.store.new_id, job=job)
                context = JobContext(job, store, self.blobs, self.clock, self.executor, pulse, done)
                result = kind.work(context, job.payload)
        except JobStopped as stop:
            return done[0] if done else self._stopped(job, stop.reason)
        except Exception as error:
            if done:
                _LOG.exception("job %s: raised after it had ended well", job.id)
                return done[0]
            return self._failed(job, kind, error)
        if done:
            return done[0]
        with self.store.database.write() as connection:
            return jobs.succeed(connection, job, result, self.clock())

    def _stopped(self, job: Job, reason: StopReason) -> Job:
        if reason is StopReason.LOST:
            raise LeaseLost(job.id)
        with self.store.database.write() as connection:
            if reason is StopReason.CANCELLED:
                return jobs.cancel(connection, job, self.clock())
            return jobs.hand_back(connection, job, self.clock())

    def _failed(self, job: Job, kind: JobKind, error: Exception) -> Job:
        if isinstance(error, LeaseLost):
            raise error
        told = isinstance(error, (TwinError, GeometryError))
        if not told:
            _LOG.error("job %s: attempt %d failed", job.id, job.attempt, exc_info=error)
        final = told and not isinstance(error, Conflict)
        with self.store.database.write() as connection:
            if final or job.attempt >= job.most_attempts:
                return jobs.fail(connection, job, _one_line(error), self.clock())
            wait = min(kind.backoff * 2 ** (job.attempt - 1), _LONGEST_BACKOFF)
            return jobs.retry(connection, job, _one_line(error), self.clock() + wait)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())[:1000]
    return text if isinstance(error, (TwinError, GeometryError)) else f"{type(error).__name__}: {text}".rstrip(": ")
