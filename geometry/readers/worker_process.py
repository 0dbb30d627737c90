"""What the processes that run foreign geometry kernels have in common: they may crash, hang or be killed."""

import os
import sys
from pathlib import Path

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
    import signal

    set_parent_death_signal = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def limit_memory(limit: int | None) -> None:
    """Let this process take no more than ``limit`` bytes; None: as much as there is."""
    if limit is None or sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
