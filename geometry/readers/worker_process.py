"""What the processes that run foreign geometry kernels have in common: they may crash, hang or be killed."""

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

_PREAMBLE = """import sys, types
sys.path[:0] = {path!r}
package = sys.modules["geometry.readers"] = types.ModuleType("geometry.readers")
package.__path__ = [{folder!r}]
"""


def worker_program(entry: str) -> str:
    """Return a program for ``python -c`` that imports what this process would, from any working folder.

    The package's own ``__init__`` is left out: it brings the scan readers with it, which take longer to import than a
    small model to read.
    """
    return _PREAMBLE.format(path=[known for known in sys.path if known], folder=str(Path(__file__).parent)) + entry


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


def spawned(entry: str) -> WorkerProcess:
    """Start Python anew with a program as ``worker_program`` completes it."""
    return subprocess.Popen(
        [sys.executable, "-c", worker_program(entry)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )


def forked(main: Callable[[], None]) -> WorkerProcess | None:
    """Start a copy of this process that runs ``main``; None where that is not safe, or there is no room for it.

    It has imported what this process has: of a small model that is most of the time. A thread of Python that is busy
    elsewhere would leave its locks closed in the copy for good, so there must be no other.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
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


def memory_share(workers: int) -> int | None:
    """Return the address space a worker may use: three quarters of the machine's memory, shared out; at least 4 GiB."""
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return max(4 * (1 << 30), int(0.75 * physical / max(workers, 1)))


def die_with_the_reader() -> None:
    """Have the kernel end this process when the one that started it is killed; a shape in work may never end."""
    if sys.platform != "linux":
        return
    import ctypes

    set_parent_death_signal = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def limit_memory(limit: int | None) -> None:
    """Let this process take no more than ``limit`` bytes beside what it has; None: as much as there is."""
    if limit is None or sys.platform == "win32":
        return
    import resource

    with suppress(OSError):  # a copy of a process has all the addresses of the first
        limit += int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
