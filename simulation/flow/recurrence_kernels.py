"""The compiled loop of :mod:`simulation.flow.recurrence`."""

# pyright: reportUntypedFunctionDecorator=false, reportUnknownArgumentType=false
from typing import Any

import numpy as np

from geometry.compiled import kernel


@kernel()
def pass_through(arrivals: Any, services: Any, rooms: Any) -> Any:
    """Return when units enter the line (n,), and start, are done and leave at each station (n, m) each.

    ``arrivals`` (n,) at the door; ``services`` (n, m) times; ``rooms`` (m,) units that may be at a station, its machine
    included, -1: no limit.
    """
    count, stations = services.shape
    entry = np.empty(count)
    start = np.empty((count, stations))
    done = np.empty((count, stations))
    leave = np.empty((count, stations))
    for k in range(count):
        at = arrivals[k]
        if rooms[0] >= 0 and k >= rooms[0]:
            at = max(at, leave[k - rooms[0], 0])
        entry[k] = at
        for j in range(stations):
            if k:
                at = max(at, leave[k - 1, j])
            start[k, j] = at
            at += services[k, j]
            done[k, j] = at
            if j + 1 < stations and rooms[j + 1] >= 0 and k >= rooms[j + 1]:
                at = max(at, leave[k - rooms[j + 1], j + 1])
            leave[k, j] = at
    return entry, start, done, leave
