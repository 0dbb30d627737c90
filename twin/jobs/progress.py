"""Saying how far a job is and that its worker lives, at a pace that the database does not notice."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from types import TracebackType

from twin.store import jobs
from twin.store.database import Database
from twin.store.jobs import Job, LeaseLost

PACE = timedelta(seconds=0.5)
"""Progress is written this often at most."""
_LOG = logging.getLogger("qtems.jobs")


class StopReason(StrEnum):
    """Why a job has to stop before its end."""

    CANCELLED = "cancelled"
    LOST = "lost"
    """It belongs to another worker now."""
    STOPPING = "stopping"
    """The worker is being shut down; the job is handed back."""


class JobStopped(BaseException):
    """The job has to stop now. No ``Exception``, so that work which catches those does not go on regardless."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason)
        self.reason = reason


class Pulse:
    """A thread that renews a job's lease, writes its newest progress and hears of a wish to cancel it."""

    def __init__(
        self,
        database: Database,
        job: Job,
        *,
        lease: timedelta,
        clock: Callable[[], datetime],
        stopping: threading.Event,
    ) -> None:
        self._database, self._job, self._lease, self._clock, self._stopping = database, job, lease, clock, stopping
        self._news = ("", 0)
        self._written = ("", 0)
        self._ended = threading.Event()
        self._reason: StopReason | None = None
        self._thread = threading.Thread(target=self._run, name=f"pulse-{job.id[:8]}", daemon=True)

    def __enter__(self) -> "Pulse":
        """Start beating."""
        self._renewed = self._clock()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop beating: what follows is the outcome."""
        self._ended.set()
        self._thread.join()

    def say(self, step: str, share: float) -> None:
        """Take the newest progress; it is written when it is time."""
        self._news = (step, round(100 * max(0.0, min(1.0, share))))

    def check(self) -> None:
        """Raise :class:`JobStopped` if the job has to stop."""
        if self._reason is not None:
            raise JobStopped(self._reason)
        if self._stopping.is_set():
            raise JobStopped(StopReason.STOPPING)

    def _run(self) -> None:
        while not self._ended.wait(PACE.total_seconds()):
            try:
                self._beat()
            except LeaseLost:
                self._reason = StopReason.LOST
                return
            except Exception:  # the database may be away for a while; the lease says how long
                _LOG.warning("job %s: no heartbeat", self._job.id, exc_info=True)

    def _beat(self) -> None:
        now, news = self._clock(), self._news
        if news == self._written and now - self._renewed < self._lease / 3:
            with self._database.read() as connection:
                cancel = jobs.cancel_asked(connection, self._job)
        else:
            with self._database.write() as connection:
                cancel = jobs.beat(connection, self._job, now + self._lease, *news)
            self._written, self._renewed = news, now
        if cancel:
            self._reason = StopReason.CANCELLED
