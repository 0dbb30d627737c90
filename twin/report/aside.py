"""Work done in a thread beside the main one: begun early, waited for where its result is due."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from types import TracebackType

Share = Callable[[float], None]
"""Told the share done, 0..1."""
_LOOK_S = 0.2
_PATIENCE_S = 5.0
"""How long, after an error, what is in work is waited for."""


class Aside:
    """Tasks in a thread, one after the other; leaving it early makes the one in work end where it next tells its share.

    Examples
    --------
    >>> done = []
    >>> with Aside({"a": lambda tell: done.append("a"), "b": lambda tell: tell(0.5)}) as aside:
    ...     aside.finish("b", lambda share: None)
    ...     print(done)
    ['a']
    """

    def __init__(self, tasks: Mapping[str, Callable[[Share], None]]) -> None:
        """Hold the tasks by name, in order; none is begun yet."""
        self._tasks = tasks
        self._share = dict.fromkeys(tasks, 0.0)
        self._stopped = threading.Event()
        self._pending: dict[str, Future[None]] = {name: Future() for name in tasks}
        self._thread = threading.Thread(target=self._work, name="aside", daemon=True)

    def __contains__(self, name: str) -> bool:
        """Return whether a task of this name is among them."""
        return name in self._tasks

    def __enter__(self) -> "Aside":
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait for the thread; after an error what it has in work is of no use any more.

        Then it is not waited for without end: Ctrl-C in an import leaves that module's lock taken (CPython 3.11), and a
        thread that imports the same never goes on. It is a daemon, so that the program ends all the same.
        """
        if kind is not None:
            self._stopped.set()
        self._thread.join(None if kind is None else _PATIENCE_S)

    def finish(self, name: str, tell: Share) -> None:
        """Wait for a task and tell its share meanwhile; what it raised is raised here."""
        while wait_for([self._pending[name]], _LOOK_S).not_done:
            tell(self._share[name])
        self._pending[name].result()

    def _work(self) -> None:
        for name, pending in self._pending.items():
            try:
                self._run(name)
            except BaseException as error:
                pending.set_exception(error)
            else:
                pending.set_result(None)

    def _run(self, name: str) -> None:
        def tell(share: float) -> None:
            if self._stopped.is_set():
                raise _Stopped
            self._share[name] = share

        tell(0.0)
        self._tasks[name](tell)


class _Stopped(Exception):
    """Nobody waits for the result any more."""
