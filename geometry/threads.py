"""Running one compiled kernel over parts of a range in threads.

The kernels release Python's lock (``nogil=True``), so plain threads run them side by side. With numba's own
``parallel=True`` each such kernel would take seconds longer to compile, which somebody waits for after every
installation, and a part that takes long would hold up the others.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numba as nb

_First = TypeVar("_First")
_Second = TypeVar("_Second")
_PARTS_PER_THREAD = 8
"""Parts are handed out as threads come free: some more than threads, so that all end at about the same time."""


def both(first: Callable[[], _First], second: Callable[[], _Second]) -> tuple[_First, _Second]:
    """Return what two functions return, worked out side by side where two threads may be used.

    It is for work that mostly happens without Python's lock: kernels, and numpy on large arrays.

    Examples
    --------
    >>> both(lambda: 1, lambda: "a")
    (1, 'a')
    """
    if int(nb.get_num_threads()) == 1:  # pyright: ignore[reportPrivateImportUsage, reportUnknownMemberType]
        return first(), second()
    with ThreadPoolExecutor(1) as beside:
        pending = beside.submit(second)
        return first(), pending.result()


def in_parts(kernel: Callable[..., None], count: int, *arguments: Any, smallest: int = 1) -> None:
    """Call ``kernel(begin, end, *arguments)`` for parts that together make up 0..count.

    Parameters
    ----------
    kernel
        Compiled, without Python's lock; what it writes for i depends on i alone, so that the parts do not matter.
    smallest
        Parts of fewer items than this are not worth waking a thread.

    Examples
    --------
    >>> total = []
    >>> in_parts(lambda begin, end: total.extend(range(begin, end)), 5, smallest=10)
    >>> total
    [0, 1, 2, 3, 4]
    """
    threads = int(nb.get_num_threads())  # pyright: ignore[reportPrivateImportUsage, reportUnknownMemberType]
    part = max(smallest, -(-count // (threads * _PARTS_PER_THREAD)), 1)
    if threads == 1 or count <= part:
        kernel(0, count, *arguments)
        return
    with ThreadPoolExecutor(threads) as pool:
        parts = [pool.submit(kernel, b, min(count, b + part), *arguments) for b in range(0, count, part)]
        for done in parts:
            done.result()
