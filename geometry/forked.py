"""Copies of this process that work beside it: they have all that it has read and imported, and begin at once."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Protocol


class WorkerProcess(Protocol):
    """A process that takes orders on its standard input and answers on its standard output."""

    @property
    def stdin(self) -> IO[bytes] | None:
        """Where orders go."""
        ...

    @property
    def stdout(self) -> IO[bytes] | None:
        """Where answers come from."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def wait(self) -> int:
        """Return its exit status once it has ended, less than zero the signal that ended it."""
        ...


class _Forked:
    """A copy of this process that runs a function instead."""

    def __init__(self, pid: int, orders: int, answers: int) -> None:
        self._pid = pid
        self._status: int | None = None
        self._lock = threading.Lock()
        self.stdin: IO[bytes] = os.fdopen(orders, "wb")
        self.stdout: IO[bytes] = os.fdopen(answers, "rb")

    def kill(self) -> None:
        with self._lock:
            if self._status is None:  # until it is waited for, its number is nobody else's
                os.kill(self._pid, signal.SIGKILL)

    def wait(self) -> int:
        if self._status is None:
            os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            if self._status is None:
                self._status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
            return self._status


def forked(main: Callable[[], None]) -> WorkerProcess | None:
    """Start a copy of this process that runs ``main``; None where that is not safe, or there is no room for it.

    It has imported what this process has: of a small model that is most of the time. A thread of Python that is busy
    elsewhere would leave its locks closed in the copy for good, so there must be no other; but for one that draws the
    progress on a terminal, of which the copy uses nothing.
    """
    if sys.platform != "linux" or not _others_only_draw():
        return None
    (orders, to_worker), (from_worker, answers) = os.pipe(), os.pipe()
    try:
        pid = os.fork()
    except OSError:  # no memory for a second process of this size
        for end in (orders, to_worker, from_worker, answers):
            os.close(end)
        return None
    if pid == 0:
        _run_and_exit(main, orders, answers)
    os.close(orders)
    os.close(answers)
    return _Forked(pid, to_worker, from_worker)


def _run_and_exit(main: Callable[[], None], orders: int, answers: int) -> None:
    """Run a function in the copy of a process, with pipes and files of its own, and end without any farewell.

    Nothing that was begun before the copy was made may be ended here: what is buffered would be written twice.
    """
    status = 1
    try:
        gc.freeze()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.dup2(orders, 0)
        os.dup2(answers, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2:
                with suppress(OSError):
                    os.close(int(name))
        sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
        sys.stdout = sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
        main()
        status = 0
    finally:
        os._exit(status)


def _others_only_draw() -> bool:
    """Return whether all other threads of Python are rich's, which hold no locks but those of a terminal."""
    others = (thread for thread in threading.enumerate() if thread is not threading.current_thread())
    return all(type(thread).__module__.partition(".")[0] == "rich" for thread in others)


def die_with_the_first() -> None:
    """Have the kernel end this process when the one that started it is killed; what it works on may never end."""
    if sys.platform != "linux":
        return
    import ctypes

    set_parent_death_signal = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
