# pyright: reportUnknownParameterType=none, reportMissingTypeArgument=none
"""Waking workers through huey: an SQLite file by default, Redis by URL. What it loses or doubles does no harm.

The message says nothing but *look for work*: what the work is stands in the database. Messages are JSON, not pickles,
so that whoever can write to a shared Redis cannot run code here.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from huey import Huey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer
from redis.exceptions import RedisError

from twin.errors import Invalid
from twin.jobs.worker import Worker

_LOG = logging.getLogger("qtems.jobs")
_NAME = "qtems"
SWEEP = timedelta(seconds=5)
"""How often a worker looks for jobs of dead workers and for jobs whose wake-up was lost."""
_LAST_CALL_S = 20
"""How long a worker that is being shut down waits for its jobs to be handed back."""


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something that a worker does again and again beside its jobs; several workers may do it at the same time."""

    name: str
    every: timedelta
    run: Callable[[], object]
    first_after: timedelta = timedelta(0)
    """How long after the start it is done first."""


class Queue:
    """Where workers are woken; :func:`open_queue` opens one."""

    def __init__(self, huey: Huey) -> None:
        self._huey = huey
        self._work: Callable[[], object] = lambda: None

        def look() -> None:
            self._work()

        self._look: Any = huey.task(name="look")(look)

    def wake(self) -> None:
        """Wake a worker. If that fails it is only logged: the next sweep of a worker finds the job."""
        try:
            self._look()
        except (RedisError, sqlite3.Error, OSError) as error:
            _LOG.warning("no worker could be woken, the next sweep finds the job: %s", error)

    def pending(self) -> int:
        """Return how many wake-ups wait for a worker."""
        return int(self._huey.pending_count())

    def serve(
        self,
        worker: Worker,
        *,
        threads: int = 1,
        sweep_every: timedelta = SWEEP,
        periodic: Sequence[Periodic] = (),
    ) -> None:
        """Do jobs until SIGTERM or SIGINT; then running jobs are handed back where they next look. Main thread only."""
        self._work = worker.drain
        chores = [Periodic("sweep", sweep_every, lambda: self._sweep(worker, threads)), *periodic]
        ended = threading.Event()
        for chore in chores:
            threading.Thread(target=_repeat, args=(chore, ended), name=chore.name, daemon=True).start()
        options: dict[str, Any] = {"workers": threads, "periodic": False, "max_delay": 1.0}
        _Consumer(self._huey, worker.stopping, shutdown_timeout=_LAST_CALL_S, **options).run()
        ended.set()

    def _sweep(self, worker: Worker, threads: int) -> None:
        worker.recover()
        for _ in range(min(worker.waiting(), threads) - self.pending()):
            self.wake()


class _Consumer(Consumer):
    """huey's, that also tells the jobs when it stops."""

    def __init__(self, huey: Huey, stopping: threading.Event, **options: Any) -> None:
        super().__init__(huey, **options)
        self._stopping = stopping

    def stop(self, graceful: bool = False) -> None:
        self._stopping.set()
        super().stop(graceful=True)


class _Json(Serializer):
    """Messages as JSON."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data)).encode()

    def _deserialize(self, data: bytes) -> Any:
        return Message(*json.loads(data))


def open_queue(url: str) -> Queue:
    """Open a queue by URL: ``sqlite:///queue.db`` for one machine, ``redis://HOST`` for several.

    Raises
    ------
    Invalid
        If the URL names neither.
    """
    if url.startswith("sqlite:///"):
        file = Path(url.removeprefix("sqlite:///"))
        file.parent.mkdir(parents=True, exist_ok=True)
        return Queue(SqliteHuey(_NAME, filename=str(file), results=False, serializer=_Json(), timeout=30))
    if url.startswith(("redis://", "rediss://", "unix://")):
        return Queue(RedisHuey(_NAME, url=url, results=False, serializer=_Json()))
    raise Invalid(f"{url!r} is no address of a queue; write sqlite:///FILE or redis://HOST")


def _repeat(chore: Periodic, ended: threading.Event) -> None:
    wait = chore.first_after
    while not ended.wait(wait.total_seconds()):
        try:
            chore.run()
        except Exception:  # the next time may go well; nobody else would tell of it
            _LOG.exception("%s failed", chore.name)
        wait = chore.every
