"""One run of a line: its cumulative record at evenly spaced times, from which any stretch of it can be told."""

from collections import Counter
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np

from geometry.arrays import FloatArray
from simulation.flow.audit import audit
from simulation.flow.engine import Draws, Engine, Happening
from simulation.flow.machine import STATES
from simulation.flow.model import Line
from simulation.flow.quality import COUNTS

INTERVALS = 240
"""Stretches between two looks at the record: enough for plots, batch means and the end of a warm-up."""
SYSTEM = (
    "entered", "made", "joined", "shipped", "scrapped", "lost", "wip_time", "lead_time", "shipped_defective",
)  # fmt: skip
PLACE = ("queue_time", "waited", "taken", "done", "expired")


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What happened in one run."""

    edges: FloatArray
    """(e,) times of the looks, from 0 to the end."""
    table: FloatArray
    """(e, k) totals since the beginning."""
    columns: tuple[str, ...]
    """(k,) what they are of: ``shipped``, ``mill.busy``, ``mill.waited``, ``final.inspected``, ``fitters.in_use``."""
    left_at: FloatArray
    """(n,) when each shipped unit left."""
    leads: FloatArray
    """(n,) how long it had been in the line."""
    births: Counter[tuple[str, str]]
    fates: Counter[tuple[str, str, str]]
    log: tuple[Happening, ...] = ()

    def column(self, name: str) -> FloatArray:
        """Return one total at all looks, (e,)."""
        return self.table[:, self.columns.index(name)]

    @property
    def wip(self) -> FloatArray:
        """Return the units in the line at the looks, (e,)."""
        came = self.column("entered") + self.column("made") - self.column("joined")
        return came - self.column("shipped") - self.column("scrapped")


def run_line(line: Line, draws: Draws, *, logged: bool = False, most_events: float = inf) -> Run:
    """Run a line once, from empty, and audit the run.

    Raises
    ------
    AuditFailed
        Its books do not balance: a mistake in the engine.
    TooLong
        It has no horizon and does not come to its end.
    """
    log: list[Happening] | None = [] if logged else None
    engine = Engine(line, draws, log, most_events)
    columns = _columns(engine)
    edges, rows = list[float](), list[list[float]]()

    def look(time: float) -> None:
        edges.append(time)
        rows.append(_totals(engine))

    if isfinite(line.horizon):
        engine.at(np.linspace(0.0, line.horizon, INTERVALS + 1)[:-1].tolist(), look)
    else:
        look(0.0)
    engine.run(line.horizon)
    look(engine.env.now)
    audit(engine)
    return Run(
        np.array(edges), np.array(rows, dtype=np.float64), columns, np.array(engine.left_at), np.array(engine.leads),
        engine.births, engine.fates, tuple(log or ()),
    )  # fmt: skip


def _columns(engine: Engine) -> tuple[str, ...]:
    names = list(SYSTEM)
    for workplace in engine.workplaces:
        words = (*STATES, *PLACE, *(COUNTS if workplace.quality else ()))
        names += [f"{workplace.station.name}.{word}" for word in words]
    return (*names, *(f"{pool}.in_use" for pool in engine.pools.pools))


def _totals(engine: Engine) -> list[float]:
    now = engine.env.now
    wip_time = engine.wip_time + engine.wip * (now - engine.wip_last)
    row: list[float] = [
        engine.entered, engine.made, engine.joined_up, engine.shipped, engine.scrapped, engine.lost, wip_time,
        engine.lead_time, engine.shipped_defective,
    ]  # fmt: skip
    for workplace in engine.workplaces:
        times = list(workplace.times)
        for machine in workplace.machines:
            times[machine.state] += now - machine.since
        row += times
        places = [place.totals(now) for place in workplace.places.values()]
        row += [sum(level for level, _ in places), sum(waited for _, waited in places)]
        row += [sum(place.taken for place in workplace.places.values()), workplace.done, workplace.expired]
        if workplace.quality is not None:
            row += workplace.quality.counts.values()
    return row + [pool.busy_until(now) for pool in engine.pools.pools.values()]
