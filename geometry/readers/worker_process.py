"""What the processes that run foreign geometry kernels have in common: they may crash, hang or be killed."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from geometry.forked import WorkerProcess

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


def spawned(entry: str) -> WorkerProcess:
    """Start Python anew with a program as ``worker_program`` completes it."""
    return subprocess.Popen(
        [sys.executable, "-c", worker_program(entry)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )


def memory_share(workers: int) -> int | None:
    """Return the address space a worker may use: three quarters of the machine's memory, shared out; at least 4 GiB."""
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return max(4 * (1 << 30), int(0.75 * physical / max(workers, 1)))


def limit_memory(limit: int | None) -> None:
    """Let this process take no more than ``limit`` bytes beside what it has; None: as much as there is."""
    if limit is None or sys.platform == "win32":
        return
    import resource

    with suppress(OSError):  # a copy of a process has all the addresses of the first
        limit += int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
