"""How much is asked of each station: the traffic equations."""

import numpy as np

from simulation.flow.model import Line, Route, Station


def visit_rates(line: Line) -> dict[str, float]:
    """Return how many units come to each station per time unit; nothing where that is not to be told beforehand.

    Solves λ = γ + λ P (Jackson 1957). Lines with endless supply, a stock rule, assembly, kinds or choices of the
    shortest queue have no such equations here. Rejections are counted as their inspection finds no defects.
    """
    plain = all(
        source.every is not None and source.count is None and source.every.mean > 0.0 for source in line.sources
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


def _is_special(station: Station) -> bool:
    kinds = any(leg.kind for leg in station.route.legs) or set(station.service) != {""}
    return bool(kinds or station.route.shortest or station.join or station.makes or station.inspection)
