"""Lines whose machines work in step, a part in each slot of time: without an event loop, slot by slot.

Two kinds of machines are known. A Bernoulli machine is up in each slot with a chance of its own; it works if it is
up, has a part as the slot begins, and the next buffer has room, where a full one whose own machine works has it
(blocked before service, status first: Li & Meerkov 2009, Production Systems Engineering, ch. 4). A machine with memory
fails with a chance in each slot of work and is repaired with another in each slot down; it works if it is then up, had
a part, and there was room as the slot began (Gershwin 1994, Manufacturing Systems Engineering, ch. 3.4). Buffers change
at the end of a slot: a part that is worked on lies in the buffer before its machine, or in the first machine.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from geometry.arrays import FloatArray, IntArray
from simulation.errors import AuditFailed
from simulation.experiment.streams import stream, uniforms
from simulation.flow.engine import Happening
from simulation.flow.machine import BLOCKED, BUSY, DOWN, STARVED, STATES
from simulation.flow.model import SHIP, Line
from simulation.flow.record import INTERVALS, PLACE, SYSTEM, Run

_AT_ONCE = 50_000
WORKED, EMPTY, FULL, BROKEN = 1, 2, 3, 4
"""What a machine does in a slot."""
_STATE = {WORKED: BUSY, EMPTY: STARVED, FULL: BLOCKED, BROKEN: DOWN}


@dataclass(frozen=True, slots=True, eq=False)
class _Book:
    """What is counted at each look, all in slots and parts."""

    looks: IntArray
    """(e,) slots that were over."""
    states: IntArray
    """(e, m, 5) slots in which each machine was in each condition so far."""
    stock: IntArray
    """(e, m) parts before each machine, summed over the slots so far."""
    entered: IntArray
    """(n,) slot in which the first machine made each part."""
    left: IntArray
    """(n,) slot in which the last one did."""


def slots_of(line: Line) -> int:
    """Return how many slots a run has; a slot that is not over at its end is not part of it."""
    return int(line.horizon / line.slot * (1.0 + 1e-12))


def run_slots(line: Line, seed: int, number: int, *, logged: bool = False) -> Run:
    """Run a line of machines in step once, from empty, and audit the run.

    Raises
    ------
    AuditFailed
        Its books do not balance: a mistake in here.
    """
    book, log = _worked(line, seed, number, logged)
    _audit(line, book)
    slot, edges = line.slot, book.looks.astype(np.float64) * line.slot
    shipped = (book.left + 1).astype(np.float64) * slot
    leads = (book.left + 1 - book.entered[: len(book.left)]).astype(np.float64) * slot
    table: dict[str, FloatArray] = {word: np.zeros(len(edges)) for word in SYSTEM}
    # a look sees the part that is taken up as it looks: it is in the line for the slot that begins
    table["entered"] = np.searchsorted(book.entered, book.looks, side="right").astype(np.float64)
    table["shipped"] = np.searchsorted(book.left, book.looks, side="left").astype(np.float64)
    table["wip_time"] = slot * (book.stock.sum(axis=1) + book.states[:, 0, WORKED]).astype(np.float64)
    table["lead_time"] = np.concatenate([[0.0], np.cumsum(leads)])[table["shipped"].astype(np.int64)]
    for k, station in enumerate(line.stations):
        found: dict[str, FloatArray] = {word: np.zeros(len(edges)) for word in (*STATES, *PLACE)}
        for condition, state in _STATE.items():
            found[STATES[state]] = slot * book.states[:, k, condition].astype(np.float64)
        found["queue_time"] = found["waited"] = slot * book.stock[:, k].astype(np.float64)
        found["taken"] = found["done"] = book.states[:, k, WORKED].astype(np.float64)
        table |= {f"{station.name}.{word}": values for word, values in found.items()}
    return Run(edges, np.stack(list(table.values()), axis=1), tuple(table), shipped, leads, Counter(), Counter(), log)


def chances_of(line: Line) -> FloatArray:
    """Return each machine's chances (m, 3): up (-1: it has a memory), failing, being repaired."""
    found = [station.in_step for station in line.stations if station.in_step is not None]
    return np.array([[-1.0 if one.up is None else one.up, one.fails, one.repaired] for one in found])


def buffers_of(line: Line) -> IntArray:
    """Return the places before each machine (m,), 0 before the first."""
    return np.array([0] + [int(station.capacity) for station in line.stations[1:]], dtype=np.int64)


def _worked(line: Line, seed: int, number: int, logged: bool) -> tuple[_Book, tuple[Happening, ...]]:
    from simulation.flow.slots_kernels import work_through

    count, machines = slots_of(line), len(line.stations)
    looks = np.unique(np.linspace(0, count, INTERVALS + 1).round().astype(np.int64))
    rngs = [stream(seed, f"{station.name}/slots", number) for station in line.stations]
    chances, buffers = chances_of(line), buffers_of(line)
    levels, ups = np.zeros(machines, dtype=np.int64), np.ones(machines, dtype=np.bool_)
    totals, states = np.zeros(machines, dtype=np.int64), np.zeros((machines, 5), dtype=np.int64)
    rows, stocks, entered, left = [states.copy()], [totals.copy()], list[IntArray](), list[IntArray]()
    log = _Log(line) if logged else None
    for begin, end in pairwise(looks.tolist()):
        for first in range(begin, end, _AT_ONCE):
            size = min(_AT_ONCE, end - first)
            draws = np.stack([uniforms(rng, size) for rng in rngs], axis=1)
            did = work_through(draws, chances, buffers, levels, ups, totals)
            states += np.stack([(did == condition).sum(axis=0) for condition in range(5)], axis=1)
            entered.append(first + np.flatnonzero(did[:, 0] == WORKED))
            left.append(first + np.flatnonzero(did[:, -1] == WORKED))
            if log is not None:
                log.note(first, did)
        rows.append(states.copy())
        stocks.append(totals.copy())
    book = _Book(looks, np.array(rows), np.array(stocks), np.concatenate(entered), np.concatenate(left))
    return book, log.told() if log is not None else ()


class _Log:
    """Writes down what happens to each part, in order of time."""

    def __init__(self, line: Line) -> None:
        self.line, self.found = line, list[tuple[int, int, Happening]]()
        self.passed = [0] * len(line.stations)
        self.broken = [False] * len(line.stations)

    def note(self, first: int, did: Any) -> None:
        """Write down some slots."""
        for number, row in enumerate(did.tolist(), first):
            for k, condition in enumerate(row):
                station = self.line.stations[k]
                by_itself = station.in_step is not None and station.in_step.up is not None
                if self.broken[k] != (condition == BROKEN) and not by_itself:
                    self.broken[k] = not self.broken[k]
                    self._add(number, 0, "fail" if self.broken[k] else "repaired", 0, station.name)
                if condition == WORKED:
                    self.passed[k] += 1
                    self._worked(number, k, self.passed[k], station.name)

    def _worked(self, number: int, k: int, unit: int, name: str) -> None:
        if k == 0:
            self._add(number, 1, "enter", unit, "")
            self._add(number, 2, "arrive", unit, name)
        self._add(number, 3, "start", unit, name)
        self._add(number + 1, -3, "finish", unit, name)
        if k + 1 < len(self.line.stations):
            self._add(number + 1, -2, "arrive", unit, self.line.stations[k + 1].name)
        else:
            self._add(number + 1, -1, SHIP, unit, "")

    def _add(self, slot: int, order: int, activity: str, unit: int, station: str) -> None:
        kind = self.line.sources[0].kind if unit else ""
        self.found.append((slot, order, Happening(slot * self.line.slot, activity, unit, kind, station, 0)))

    def told(self) -> tuple[Happening, ...]:
        """Return all of it."""
        return tuple(happening for _, _, happening in sorted(self.found, key=lambda one: one[:2]))


def _audit(line: Line, book: _Book) -> None:
    """Hold parts against places, states against slots, and the stock's sum against the parts' times (Little)."""
    entered, left, over = book.entered, book.left, int(book.looks[-1])
    made = book.states[-1, :, WORKED]
    levels = made[:-1] - made[1:]
    if len(entered) != made[0] or len(left) != made[-1] or (levels < 0).any() or (levels > buffers_of(line)[1:]).any():
        raise AuditFailed(f"{made.tolist()} parts were made one after the other: more or fewer than the buffers hold")
    if (book.states[-1, :, 1:].sum(axis=1) != over).any():
        raise AuditFailed(f"the states do not last {over} slots")
    ends = np.full(len(entered), over, dtype=np.int64)
    ends[: len(left)] = left + 1
    stay, stock = int((ends - entered).sum()), int(book.stock[-1].sum() + made[0])
    if stay != stock or (ends - entered < 1).any():
        raise AuditFailed(f"parts in the line x slots are {stock}, their times in the line {stay}")
