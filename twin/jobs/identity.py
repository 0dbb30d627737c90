"""Who a worker is, so that another one on the same machine can tell that it died."""

import os
import socket
from pathlib import Path


def own_name() -> str:
    """Return this process's name as a worker: machine, process, when that began (``host/boot/namespace/pid/start``)."""
    return f"{_machine()}/{os.getpid()}/{_started(os.getpid())}"


def is_dead(worker: str) -> bool:
    """Whether a worker is known to be dead.

    Only of processes on this machine, since this boot and in the same container, can that be known; the job of another
    one waits until its lease runs out.
    """
    machine, _, rest = worker.rpartition("/")
    machine, _, pid = machine.rpartition("/")
    if machine != _machine() or not pid.isdigit() or not rest or rest == "unknown":
        return False
    return _started(int(pid)) != rest


def _machine() -> str:
    boot = _first_line(Path("/proc/sys/kernel/random/boot_id"))[:8]
    try:
        namespace = os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        namespace = "unknown"
    return f"{socket.gethostname()[:60].replace('/', '-')}/{boot}/{namespace}"


def _started(pid: int) -> str:
    """Return when a process began, in the kernel's ticks; ``gone`` if it is, or only waits to be reaped."""
    if not Path("/proc/self/stat").exists():
        return "unknown"
    stat = _first_line(Path(f"/proc/{pid}/stat"))
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return fields[19] if len(fields) > 19 and fields[0] not in "ZX" else "gone"


def _first_line(file: Path) -> str:
    try:
        return (file.read_text().splitlines() or [""])[0]
    except OSError:
        return ""
