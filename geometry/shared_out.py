"""Work in numbered portions, shared out to copies of this process."""

import os
import pickle
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import pairwise
from selectors import EVENT_READ, DefaultSelector
from typing import Any, TypeVar

from geometry.forked import WorkerProcess, die_with_the_first, forked

T = TypeVar("T")


def shared_out(
    work: Callable[[int], T], count: int, workers: int, done: Callable[[int], None] = lambda portion: None
) -> dict[int, T]:
    """Return ``work(k)`` for the portions 0..count, by k; a portion that no copy could make is left out.

    Portions next to each other are made by the same copy as far as that goes: what it keeps of one may help with the
    next. A copy that is done takes over from the end of what the slowest has left. Where this process cannot be copied,
    nothing is made.

    Parameters
    ----------
    work
        What it returns is sent back pickled. What it changes is changed in the copy alone.
    workers
        How many copies.
    done
        Told of each portion that is made.
    """
    copies = [copy for _ in range(min(workers, count)) if (copy := forked(partial(_serve, work))) is not None]
    ends = [count * k // max(len(copies), 1) for k in range(len(copies) + 1)]
    queues = [deque(range(begin, end)) for begin, end in pairwise(ends)]
    found = dict[int, T]()
    try:
        with DefaultSelector() as ready:
            for copy, own in zip(copies, queues, strict=True):
                if _order(copy, own, queues) is not None:
                    ready.register(_of(copy.stdout), EVENT_READ, (copy, own))
            while ready.get_map():
                for key, _ in ready.select():
                    copy, own = key.data
                    made = _answer(copy)
                    if made is not None:
                        found[made[0]] = made[1]
                        done(made[0])
                    if made is None or _order(copy, own, queues) is None:
                        ready.unregister(key.fileobj)
    finally:
        for copy in copies:
            _end(copy)
    return found


def _order(copy: WorkerProcess, own: deque[int], queues: Sequence[deque[int]]) -> int | None:
    """Have a copy make its next portion; None: there is none, or the copy is gone."""
    left = max(queues, key=len)
    if not own and not left:
        return None
    portion = own.popleft() if own else left.pop()
    try:
        _of(copy.stdin).write(b"%d\n" % portion)
        _of(copy.stdin).flush()
    except OSError:
        return None
    return portion


def _answer(copy: WorkerProcess) -> tuple[int, Any] | None:
    """Return a portion's number and what was made; None where the copy has died of it."""
    try:
        return pickle.load(_of(copy.stdout))
    except (EOFError, pickle.UnpicklingError):
        return None


def _end(copy: WorkerProcess) -> None:
    copy.kill()
    copy.wait()
    for pipe in (copy.stdin, copy.stdout):
        with suppress(OSError):
            _of(pipe).close()


def _of(pipe: Any) -> Any:
    assert pipe is not None
    return pipe


def _serve(work: Callable[[int], Any]) -> None:
    """Make one portion after the other, as ordered; the copy's side."""
    die_with_the_first()
    with os.fdopen(0, "rb", closefd=False) as orders, os.fdopen(1, "wb", closefd=False) as answers:
        for line in orders:
            portion = int(line)
            pickle.dump((portion, work(portion)), answers, protocol=pickle.HIGHEST_PROTOCOL)
            answers.flush()
