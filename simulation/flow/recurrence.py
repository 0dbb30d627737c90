"""Lines with a fixed way for every unit, without an event loop: when each unit starts, is done and leaves, one by one.

For stations in a row with one machine each, first come first served, unit k at station j
(Dallery & Gershwin 1992, Queueing Systems 12; blocked after service)::

    start(k, j) = max(leave(k, j-1), leave(k-1, j))
    done(k, j)  = start(k, j) + service(k, j)
    leave(k, j) = max(done(k, j), leave(k - b(j+1) - 1, j+1))

The random numbers are those of the event engine, so are the times.
"""

from collections import Counter
from math import inf, isfinite
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from simulation.distribution import Distribution, Fixed
from simulation.errors import AuditFailed
from simulation.experiment.streams import stream, uniforms
from simulation.flow.machine import BLOCKED, BUSY, STARVED, STATES
from simulation.flow.model import SHIP, Line, Station
from simulation.flow.record import INTERVALS, PLACE, SYSTEM, Run

_MOST_UNITS = 5_000_000


def lindley(arrivals: FloatArray, services: FloatArray) -> FloatArray:
    """Return how long each unit waits at one machine, for any number of runs at once (Lindley 1952).

    Parameters
    ----------
    arrivals, services
        (..., n) times of arrival, rising, and of service.

    Examples
    --------
    >>> lindley(np.array([0.0, 1.0, 5.0]), np.array([3.0, 1.0, 1.0])).tolist()
    [0.0, 2.0, 0.0]
    """
    total = np.cumsum(services, axis=-1)
    before = total - services
    return before + np.maximum.accumulate(arrivals - before, axis=-1) - arrivals


def is_fixed(line: Line) -> bool:
    """Return whether a line is stations in a row that the recurrence holds for."""
    if len(line.sources) != 1 or not isfinite(line.horizon):
        return False
    source, names = line.sources[0], [station.name for station in line.stations]
    if source.in_line or source.size != 1 or source.lost_when_full or source.count is not None:
        return False
    if source.first_at is not None or [leg.target for leg in source.to.legs] != names[:1]:
        return False
    following = [*names[1:], SHIP]
    if line.resources or line.shifts:
        return False
    return all(_is_plain(station, after) for station, after in zip(line.stations, following, strict=True))


def _is_plain(station: Station, after: str) -> bool:
    return (
        station.servers == 1 and station.order == "first" and [leg.target for leg in station.route.legs] == [after]
        and set(station.service) == {""} and not (
            station.preempt or station.blocking_before or station.transport or station.batch or station.join
            or station.makes or station.setups or station.failures or station.needs or station.shift or station.births
            or station.repairs or station.inspection or station.patience
        )
    )  # fmt: skip


def run_fixed(line: Line, seed: int, number: int) -> Run:
    """Run a line of :func:`is_fixed` once; the record is that of the event engine within rounding."""
    arrivals, entry, start, done, leave = unit_times(line, seed, number)
    edges = np.linspace(0.0, line.horizon, INTERVALS + 1)
    lasts = [leave[:, -1]]
    # what is endless is there before time begins
    came = arrivals if arrivals is not None else np.where(start[:, 0] > 0.0, start[:, 0], np.nextafter(0.0, -1.0))
    columns = list(SYSTEM)
    table: dict[str, FloatArray] = {word: np.zeros(len(edges)) for word in SYSTEM}
    table["entered"], table["shipped"] = _count(came, edges), _count(lasts[0], edges)
    table["wip_time"] = _time_since(came, edges) - _time_since(lasts[0], edges)
    shipped = lasts[0] < line.horizon
    leads = (lasts[0] - came)[shipped]
    cumulative = np.concatenate([[0.0], np.cumsum(leads)])
    table["lead_time"] = cumulative[table["shipped"].astype(np.int64)]
    for j, station in enumerate(line.stations):
        arrived = entry if j == 0 else leave[:, j - 1]
        busy = _time_since(start[:, j], edges) - _time_since(done[:, j], edges)
        blocked = _time_since(done[:, j], edges) - _time_since(leave[:, j], edges)
        found: dict[str, FloatArray] = {word: np.zeros(len(edges)) for word in (*STATES, *PLACE)}
        found |= {STATES[BUSY]: busy, STATES[BLOCKED]: blocked, STATES[STARVED]: edges - busy - blocked}
        if j or arrivals is not None:
            found["queue_time"] = found["waited"] = _time_since(arrived, edges) - _time_since(start[:, j], edges)
        found["taken"] = _count(came if arrivals is None and not j else start[:, j], edges)
        found["done"] = _count(done[:, j], edges)
        columns += [f"{station.name}.{word}" for word in found]
        table |= {f"{station.name}.{word}": values for word, values in found.items()}
    _audit(came, leave, line.horizon, float(table["wip_time"][-1]))
    whole = np.stack([table[name] for name in columns], axis=1)
    return Run(edges, whole, tuple(columns), lasts[0][shipped], leads, Counter(), Counter())


def unit_times(line: Line, seed: int, number: int) -> tuple[Any, ...]:
    """Return arrivals (n,) or None, and entry (n,), start, done and leave (n, m) of the units of one run."""
    from simulation.flow.recurrence_kernels import pass_through

    source, stations = line.sources[0], line.stations
    rooms = np.array([_room(station) for station in stations], dtype=np.int64)
    arrivals = None
    if source.every is not None:
        arrivals = _arrivals(source.every, seed, f"{source.name}/arrivals", number, line.horizon)
        count = len(arrivals)
    else:
        slowest = max(station.service[""].mean for station in stations)
        count = int(1.2 * line.horizon / slowest) + 64
    while True:
        services = np.stack([_draws(s.service[""], seed, f"{s.name}/service", number, count) for s in stations], axis=1)
        came = arrivals if arrivals is not None else np.zeros(count)
        entry, start, done, leave = pass_through(came, services, rooms)
        if arrivals is not None or not count or start[-1, 0] >= line.horizon or count >= _MOST_UNITS:
            return arrivals, entry, start, done, leave
        count *= 2


def _room(station: Station) -> int:
    """Return the units that may be at a station, the one at work included; -1: no limit."""
    return -1 if station.capacity == inf else int(station.capacity) + 1


def _draws(law: Distribution, seed: int, name: str, number: int, count: int) -> FloatArray:
    if isinstance(law, Fixed):
        return np.full(count, law.value)
    return law.quantile(uniforms(stream(seed, name, number), count))


def _arrivals(law: Distribution, seed: int, name: str, number: int, horizon: float) -> FloatArray:
    count = int(horizon / law.mean * 1.1) + 64
    while True:
        times = np.cumsum(_draws(law, seed, name, number, count))
        if times[-1] >= horizon:
            return times[times < horizon]
        count *= 2


def _count(times: FloatArray, edges: FloatArray) -> FloatArray:
    """Return how many rising times lie before each edge."""
    return np.searchsorted(times, edges, side="left").astype(np.float64)


def _time_since(times: FloatArray, edges: FloatArray) -> FloatArray:
    """Return, summed over rising times, how long each has been over at each edge."""
    before = np.searchsorted(times, edges, side="left")
    return edges * before - np.concatenate([[0.0], np.cumsum(times)])[before]


def _audit(came: FloatArray, leave: FloatArray, horizon: float, wip_time: float) -> None:
    """Hold the stock's time integral against the units' times, and their order against their way."""
    inside = np.minimum(leave[:, -1], horizon) - np.minimum(came, horizon)
    if abs(float(inside.sum()) - wip_time) > 1e-9 * max(1.0, abs(wip_time), horizon * len(came) * 1e-3):
        raise AuditFailed(f"units in the line x time is {wip_time!r}, their times in the line are {inside.sum()!r}")
    if len(came) and ((np.diff(leave, axis=0) < 0.0).any() or (np.diff(leave, axis=1) < 0.0).any()):
        raise AuditFailed("a unit has left before one that came before it")
