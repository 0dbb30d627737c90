"""Stretches of work that a signal must not break: it is held back, and answered at the end of the stretch."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def uninterrupted() -> Generator[None]:
    """Hold back Ctrl-C, SIGTERM and SIGHUP within the block; the first that came is answered when it is left.

    Only signals that python itself answers are held back, and only in the main thread, where they are answered. What a
    handler raises is raised at the end of the block, also in place of an error of the block.

    Examples
    --------
    >>> import signal
    >>> reached = []
    >>> try:
    ...     with uninterrupted():
    ...         signal.raise_signal(signal.SIGINT)
    ...         reached.append("the end")
    ... except KeyboardInterrupt:
    ...     reached.append("then Ctrl-C")
    >>> reached
    ['the end', 'then Ctrl-C']
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = _Held()
    try:
        held.begin()
        yield
    finally:
        held.end()


class _Held:
    """The handlers that were there before, and the signals that came meanwhile."""

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._came: list[tuple[int, FrameType | None]] = []
        self._holding = True

    def begin(self) -> None:
        for name in _NAMES:
            number = getattr(signal, name, None)
            before = None if number is None else signal.getsignal(number)
            if number is not None and callable(before):
                self._before[number] = before
                signal.signal(number, self._note)

    def end(self) -> None:
        self._holding = False  # from here on a signal goes through, whichever handler is in place
        for number, before in self._before.items():
            signal.signal(number, before)
        for number, frame in self._came[:1]:
            self._before[number](number, frame)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._holding:
            self._came.append((number, frame))
        else:
            self._before[number](number, frame)
