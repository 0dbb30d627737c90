"""The compiled loop of :mod:`simulation.flow.slots`."""

# pyright: reportUntypedFunctionDecorator=false, reportUnknownArgumentType=false
from typing import Any

import numpy as np

from geometry.compiled import kernel


@kernel()
def work_through(draws: Any, chances: Any, buffers: Any, levels: Any, ups: Any, totals: Any) -> Any:
    """Let machines in a row work through slots; return what each did in each, (n, m).

    1: worked, 2: had nothing, 3: had no room, 4: was down. ``draws`` (n, m) within (0, 1); ``chances`` (m, 3) of being
    up, or, where that is negative, of failing in a slot of work and of being repaired; ``buffers`` (m,) places before
    each machine. ``levels`` (m,), ``ups`` (m,) and ``totals`` (m,), parts before each machine summed over the slots, go
    on from where they stood.
    """
    count, machines = draws.shape
    did = np.zeros((count, machines), dtype=np.int8)
    for slot in range(count):
        works_below = True
        for k in range(machines - 1, -1, -1):
            by_itself = chances[k, 0] >= 0.0
            empty = k > 0 and levels[k] == 0
            full = k < machines - 1 and levels[k + 1] >= buffers[k + 1]
            if by_itself:
                # machine status first: a full buffer whose own machine works in this slot has room
                up = draws[slot, k] < chances[k, 0]
                full = full and not works_below
            elif ups[k]:
                up = empty or full or draws[slot, k] >= chances[k, 1]
            else:
                up = draws[slot, k] < chances[k, 2]
            ups[k] = up
            did[slot, k] = 4 if not up else 2 if empty else 3 if full else 1
            works_below = did[slot, k] == 1
        for k in range(machines):
            totals[k] += levels[k]
        for k in range(machines):
            if did[slot, k] == 1:
                if k > 0:
                    levels[k] -= 1
                if k < machines - 1:
                    levels[k + 1] += 1
    return did
