"""Which of a line's figures have an exact answer, so that the simulation can be held against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import numpy as np

from geometry.note import Note
from simulation.errors import NoSolution
from simulation.flow.exact.lines import exponential_pair, saturated_line
from simulation.flow.exact.queues import jackson, limited, pollaczek, practical_worst
from simulation.flow.exact.slots import slotted_line
from simulation.flow.laws import Exponential, squared_variation
from simulation.flow.load import shares_of
from simulation.flow.model import SHIP, Clock, Line, Station
from simulation.flow.slots import buffers_of, chances_of


@dataclass(frozen=True, slots=True)
class Exact:
    """What is known of a line without simulating it."""

    figures: Mapping[str, float]
    """By the names of :func:`simulation.flow.measure.measures`."""
    method: str


def exact_answer(line: Line) -> Exact | None:
    """Return the exact long-run figures of a line, where one of the known results applies to it."""
    if line.slot:
        return _in_slots(line)
    if any(_is_disturbed(station) for station in line.stations) or len(line.sources) == 0 or line.horizon == inf:
        return None
    if not all(source.to.by_chance for source in line.sources):
        return None
    try:
        for known in (_limited, _one_server, _network, _saturated, _constant_stock, _failing_pair):
            found = known(line)
            if found is not None:
                return found
    except NoSolution:
        return None
    return None


def _in_slots(line: Line) -> Exact | None:
    """Machines in step, a unit in each slot."""
    try:
        found = slotted_line(chances_of(line), buffers_of(line)[1:])
    except NoSolution:
        return None
    rate, stock = found.throughput / line.slot, float(found.stock.sum()) + found.throughput
    figures = {"throughput": rate, "wip": stock, "lead_time": stock / rate}
    for station, level in zip(line.stations[1:], found.stock, strict=True):
        figures[f"{station.name}.queue"] = float(level)
    for name in ("starved", "blocked", "down"):
        shares = getattr(found, name)
        figures |= {f"{one.name}.{name}": float(share) for one, share in zip(line.stations, shares, strict=True)}
    if line.stations[0].in_step is not None and line.stations[0].in_step.up is None:
        text = "machines in step that fail and are repaired (Gershwin), Markov chain over all slots"
        return Exact(figures, Note("exact_gershwin", text))
    return Exact(
        figures, Note("exact_bernoulli", "Bernoulli machines in step (Li and Meerkov), Markov chain over all slots")
    )


def _is_disturbed(station: Station) -> bool:
    return bool(
        station.needs or station.shift or station.setups or station.join or station.makes or station.batch
        or station.transport or station.inspection or station.patience or station.preempt or not station.route.by_chance
        or set(station.service) != {""}
    )  # fmt: skip


def _is_random(line: Line) -> bool:
    """Return whether units arrive at random, one by one, and wait for as long as it takes."""
    return all(
        isinstance(source.every, Exponential) and source.size == 1 and source.count is None and source.first_at is None
        for source in line.sources
    )


def _is_exponential(station: Station) -> bool:
    return isinstance(station.service[""], Exponential)


def _rate(station: Station) -> float:
    return 1.0 / station.service[""].mean


def _all_go_to(line: Line, station: Station) -> bool:
    """Return whether every unit that comes in goes to a station first."""
    return all(shares_of(source.to).keys() == {station.name} for source in line.sources)


def _limited(line: Line) -> Exact | None:
    """M/M/c/K."""
    station = line.stations[0]
    fits = _is_random(line) and len(line.stations) == 1 and station.capacity < inf and not station.failures
    if not (fits and _is_exponential(station) and all(source.lost_when_full for source in line.sources)):
        return None
    if not _all_go_to(line, station):
        return None
    if shares_of(station.route).keys() != {SHIP} or station.capacity > 10_000:
        return None
    arrivals = sum(1.0 / source.every.mean for source in line.sources if source.every)
    queue = limited(arrivals, _rate(station), station.servers, int(station.capacity) + station.servers)
    figures = {"lost": queue.lost, "throughput": arrivals * (1.0 - queue.lost), "wip": queue.in_system}
    figures |= {"lead_time": queue.time, f"{station.name}.wait": queue.wait, f"{station.name}.queue": queue.waiting}
    return Exact(figures, Note("exact_limited", "M/M/c/K (birth and death)"))


def _one_server(line: Line) -> Exact | None:
    """M/G/1."""
    station = line.stations[0]
    alone = len(line.stations) == 1 and station.servers == 1 and station.capacity == inf and not station.failures
    if not (alone and _is_random(line) and _all_go_to(line, station)) or station.order == "priority":
        return None
    if set(shares_of(station.route)) != {SHIP} or _is_exponential(station):
        return None
    arrivals, law = sum(1.0 / source.every.mean for source in line.sources if source.every), station.service[""]
    queue = pollaczek(arrivals, law.mean, squared_variation(law))
    figures = {"throughput": arrivals, "wip": queue.in_system, "lead_time": queue.time}
    figures |= {f"{station.name}.wait": queue.wait, f"{station.name}.queue": queue.waiting}
    return Exact(figures, Note("exact_pollaczek", "M/G/1 (Pollaczek and Khinchine)"))


def _network(line: Line) -> Exact | None:
    """Jackson's network; one station alone is M/M/c."""
    open_ = all(
        station.capacity == inf and not station.failures and _is_exponential(station) for station in line.stations
    )
    if not (open_ and _is_random(line)) or any(station.order == "priority" for station in line.stations):
        return None
    index = {station.name: number for number, station in enumerate(line.stations)}
    arrivals, passes = np.zeros(len(index)), np.zeros((len(index), len(index)))
    for source in line.sources:
        for target, share in shares_of(source.to).items():
            if target not in index or source.every is None:
                return None
            arrivals[index[target]] += share / source.every.mean
    for station in line.stations:
        for target, share in shares_of(station.route).items():
            if target in index:
                passes[index[station.name], index[target]] += share
            elif target != SHIP:
                return None
    rates = np.array([_rate(station) for station in line.stations])
    servers = np.array([float(station.servers) for station in line.stations])
    found = jackson(arrivals, passes, rates, servers)
    figures = {"throughput": float(arrivals.sum()), "wip": found.in_system, "lead_time": found.time}
    for station, queue in zip(line.stations, found.queues, strict=True):
        figures |= {f"{station.name}.wait": queue.wait, f"{station.name}.queue": queue.waiting}
        figures[f"{station.name}.busy"] = queue.load
    if len(index) == 1 and not passes.any():
        return Exact(figures, Note("exact_erlang", "M/M/c (Erlang)"))
    return Exact(figures, Note("exact_jackson", "open network of queues (Jackson)"))


def _in_row(line: Line) -> bool:
    """Return whether single exponential machines stand in a row behind one source."""
    names = [station.name for station in line.stations]
    if len(line.sources) != 1 or [leg.target for leg in line.sources[0].to.legs] != names[:1]:
        return False
    following = [*names[1:], SHIP]
    return all(
        station.servers == 1 and _is_exponential(station) and [leg.target for leg in station.route.legs] == [after]
        for station, after in zip(line.stations, following, strict=True)
    )


def _saturated(line: Line) -> Exact | None:
    """Exponential stations without buffers, never starved."""
    if not _in_row(line) or not line.sources[0].endless or not 2 <= len(line.stations) <= 6:
        return None
    if any(station.capacity != 0 for station in line.stations[1:]):
        return None
    if any(station.failures or station.blocking_before for station in line.stations):
        return None
    rate = saturated_line(np.array([_rate(station) for station in line.stations]))
    return Exact({"throughput": rate}, Note("exact_hunt", "saturated stations without buffers (Hunt), Markov chain"))


def _constant_stock(line: Line) -> Exact | None:
    """Balanced exponential stations with a constant stock."""
    if not _in_row(line) or not line.sources[0].in_line or line.sources[0].count is not None:
        return None
    rates = {_rate(station) for station in line.stations}
    if len(rates) != 1 or any(station.capacity != inf or station.failures for station in line.stations):
        return None
    rate, stock = rates.pop(), line.sources[0].in_line
    throughput, lead = practical_worst(rate, len(line.stations) / rate, stock)
    figures = {"throughput": throughput, "lead_time": lead, "wip": float(stock)}
    return Exact(figures, Note("exact_worst", "balanced line with a constant stock (practical worst case)"))


def _failing_pair(line: Line) -> Exact | None:
    """Two exponential machines with a buffer that fail while they work."""
    if not _in_row(line) or not line.sources[0].endless or len(line.stations) != 2:
        return None
    first, second = line.stations
    failures = [*first.failures, *second.failures]
    if not first.blocking_before or len(first.failures) != 1 or len(second.failures) != 1 or second.capacity > 2_000:
        return None
    plain = all(
        one.clock is Clock.BUSY and not one.crew and one.part == "resume"
        and isinstance(one.after, Exponential) and isinstance(one.repair, Exponential)
        for one in failures
    )  # fmt: skip
    if not plain:
        return None
    fail = (1.0 / failures[0].after.mean, 1.0 / failures[1].after.mean)
    repair = (1.0 / failures[0].repair.mean, 1.0 / failures[1].repair.mean)
    buffer = int(second.capacity) + 1
    rate, _ = exponential_pair((_rate(first), _rate(second)), fail, repair, buffer)
    return Exact({"throughput": rate}, Note("exact_pair", "two machines that fail (Gershwin and Berman), Markov chain"))
