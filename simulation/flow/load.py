"""How much is asked of each station: the traffic equations; and how much there is to compute."""

from math import inf, isfinite

import numpy as np

from geometry.arrays import FloatArray
from simulation.flow.model import Line, Route, Station


def visit_rates(line: Line) -> dict[str, float]:
    """Return how many units come to each station per time unit; nothing where that is not to be told beforehand.

    Solves λ = γ + λ P (Jackson 1957). Lines with endless supply, a stock rule, assembly, kinds or choices of the
    shortest queue have no such equations here. Rejections are counted as their inspection finds no defects.
    """
    plain = all(
        source.every is not None and source.count is None and source.every.mean > 0.0 and source.to.by_chance
        for source in line.sources
    )
    if not plain or any(_is_special(station) for station in line.stations):
        return {}
    index = {station.name: number for number, station in enumerate(line.stations)}
    arrivals, passes = np.zeros(len(index)), np.zeros((len(index), len(index)))
    for source in line.sources:
        if source.every is not None:
            for target, share in shares_of(source.to).items():
                if target in index:
                    arrivals[index[target]] += share * source.size / source.every.mean
    for station in line.stations:
        for target, share in shares_of(station.route).items():
            if target in index:
                passes[index[station.name], index[target]] += share
    rates = np.linalg.solve(np.eye(len(index)) - passes.T, arrivals)
    return {name: float(rates[number]) for name, number in index.items()}


def loads(line: Line) -> dict[str, float]:
    """Return the share of each station's ability that is asked for, where it can be told beforehand."""
    rates = visit_rates(line)
    found = dict[str, float]()
    for station in line.stations:
        if station.name in rates:
            size = station.batch.size if station.batch else 1
            found[station.name] = rates[station.name] * station.service[""].mean / (station.servers * size)
    return found


def shares_of(route: Route) -> dict[str, float]:
    """Return target -> share."""
    total = sum(leg.share for leg in route.legs)
    found = dict[str, float]()
    for leg in route.legs:
        found[leg.target] = found.get(leg.target, 0.0) + leg.share / total
    return found


def expected_visits(line: Line) -> float:
    """Return about how many visits to stations one run has, no fewer than there may be.

    A station has no more than its machines can do in the time, and no more than come, loops included.
    """
    come = _visits_of_arrivals(line)
    return float(
        sum(min(_able(line, station), float(units)) for station, units in zip(line.stations, come, strict=True))
    )


def _able(line: Line, station: Station) -> float:
    """Return how many units a station can do in a run; inf where its work takes no time."""
    quickest = min(law.mean for law in station.service.values())
    together = station.batch.size if station.batch else 1
    return together * station.servers * line.horizon / quickest if quickest > 0.0 else inf


def expected_events(line: Line) -> float:
    """Return about how many events one run has: visits, arrivals, failures, shifts, jobs on the side."""
    arrivals = sum(_arrivals(line))
    if not isfinite(line.horizon):
        return 2.0 * expected_visits(line) + arrivals
    clocks = sum(
        station.servers * line.horizon / failure.after.mean for station in line.stations for failure in station.failures
    )
    clocks += sum(2.0 * len(shift.on) * line.horizon / shift.cycle for shift in line.shifts)
    clocks += sum(one.count * line.horizon / one.other_work for one in line.resources if one.other_work)
    return 2.0 * expected_visits(line) + clocks + (arrivals if isfinite(arrivals) else 0.0)


def _arrivals(line: Line) -> list[float]:
    """Return how many units each source sends in one run; what is endless sends as many as its station can do."""
    able = {station.name: _able(line, station) for station in line.stations}
    most = max((units for units in able.values() if isfinite(units)), default=inf)
    found = list[float]()
    for source in line.sources:
        if source.every is None:
            first = max(able.get(leg.target, inf) for leg in source.to.legs)
            found.append(min(first if isfinite(first) else most, inf if source.count is None else source.count))
            continue
        timely = line.horizon / source.every.mean if source.every.mean > 0.0 else inf
        found.append(source.size * min(timely, inf if source.count is None else source.count))
    return found


def _visits_of_arrivals(line: Line) -> FloatArray:
    """Return the visits to each station that arrivals lead to; half of an inspection's units count as rejected."""
    arrivals = _arrivals(line)
    if not all(map(isfinite, arrivals)):
        return np.full(len(line.stations), inf)
    index = {station.name: number for number, station in enumerate(line.stations)}
    come, passes = np.zeros(len(index)), np.zeros((len(index), len(index)))
    for source, units in zip(line.sources, arrivals, strict=True):
        for target, share in shares_of(source.to).items():
            if target in index:
                come[index[target]] += share * units
    for station in line.stations:
        pieces = max(1, sum(station.makes.values()))
        ways = [(station.route, 1.0)]
        if station.inspection is not None:
            ways = [(station.route, 0.5), (station.inspection.reject, 0.5)]
        for route, weight in ways:
            for target, share in shares_of(route).items():
                if target in index:
                    passes[index[station.name], index[target]] += weight * share * pieces
    try:
        visits = np.linalg.solve(np.eye(len(index)) - passes.T, come)
    except np.linalg.LinAlgError:
        return np.full(len(index), inf)
    return np.asarray(visits, dtype=np.float64) if (visits >= -1e-9).all() else np.full(len(index), inf)


def _is_special(station: Station) -> bool:
    kinds = set(station.service) != {""}
    return bool(kinds or not station.route.by_chance or station.join or station.makes or station.inspection)
