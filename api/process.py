"""What a command owes the shell that started it: open standard streams, and an orderly end by signal."""

import io
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

_arrived: list[BaseException] = []
"""What the signals that came since ``end_on_signals`` raised."""


class Terminated(BaseException):
    """SIGTERM or SIGHUP arrived (its first argument says which); no Exception, so that nothing swallows it."""


def keep_files_private() -> None:
    """Let whatever this process makes be read by its owner alone: a server's data hold password digests."""
    os.umask(0o077)


def listen_on(host: str, port: int) -> socket.socket:
    """Return a socket that listens, port 0 for a free one; what it accepts sends small answers at once.

    asyncio sees to that only for sockets that were made with their protocol's number, which this one was not: each
    answer on a kept connection would wait 40 ms for the acknowledgement of the one before.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=512)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def prepare_streams() -> None:
    """Make standard input, output and error usable, whatever the shell handed over.

    A stream that was closed becomes the null device: the next file that is opened would else take its number, and
    whatever a library prints would end up in it. A terminal that cannot show ± or 中文 shows a question mark: that
    must not end a check that took minutes.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def end_on_signals() -> None:
    """Raise ``Terminated`` on SIGTERM, and on SIGHUP unless it is ignored, as ``nohup`` wants it.

    Ctrl-C raises ``KeyboardInterrupt`` again, whatever answered it while the program was loaded, unless it is ignored.
    """
    _arrived.clear()
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _terminate)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _terminate)


def interruption_behind(error: BaseException) -> BaseException:
    """Return the interruption that an error comes from, or the error itself when there was none.

    Libraries make errors of their own of an interrupt that reaches them half way: an import that failed, a call back
    that returned nothing. What goes wrong after a signal has come, goes wrong because of it.
    """
    if _arrived:
        return _arrived[0]
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        earlier = waiting.pop()
        if earlier is None or any(earlier is one for one in seen):
            continue
        if isinstance(earlier, (KeyboardInterrupt, Terminated)):
            return earlier
        seen.append(earlier)
        waiting += [earlier.__context__, earlier.__cause__]
    return error


def ignore_signals() -> None:
    """Let a process that is about to end say its last line, however often Ctrl-C is pressed.

    What half-made objects of an interrupted compiler complain of while they are taken down is nobody's business.
    """
    sys.unraisablehook = _unheard
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def end_now(status: int) -> NoReturn:
    """End an interrupted process whose blocks have all been left and whose last line is said.

    Python would take itself down first, which is where half-made objects of other languages crash, and would answer
    with a signal of its own where Ctrl-C came while a library was making code (``exec`` of a text): not with the status
    that was promised.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _unheard(complaint: object) -> None:
    """Print nothing."""


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    _arrived.append(KeyboardInterrupt())
    raise _arrived[-1]


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    _arrived.append(Terminated(signal.Signals(number).name))
    raise _arrived[-1]
