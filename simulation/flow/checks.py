"""Whether a line can run at all: each fault is told with its place in the document."""

from collections.abc import Iterable, Mapping
from math import isfinite

from simulation.document import Section
from simulation.flow.load import expected_events
from simulation.flow.model import SCRAP, SHIP, Line, Route, Station

_MOST_EVENTS = 60_000_000
"""In one run; more would take many minutes."""
Ways = Mapping[str, frozenset[str]]


def check_line(line: Line, top: Section) -> None:
    """Refuse what cannot run.

    Raises
    ------
    BadDocument
        A station that nothing reaches, a loop without a way out, a buffer that can never fill a batch, people that
        there are not, a run without an end.
    """
    stations, sources = top.section("stations"), top.section("sources")
    if not line.sources:
        raise top.fault("sources", "there is none: nothing ever comes")
    for station in line.stations:
        _station_can_work(line, station, stations.section(station.name))
    ways = {station.name: frozenset(_next(station)) for station in line.stations}
    _all_reached(line, ways, stations)
    _all_end(ways, stations)
    _time_passes(line, ways, stations)
    _kinds_fit(line, stations, sources)
    _run_ends(line, top, sources)


def _station_can_work(line: Line, station: Station, section: Section) -> None:
    counts = {resource.name: resource.count for resource in line.resources}
    if station.batch is not None and station.batch.size > station.capacity:
        raise section.fault("buffer", f"a batch of {station.batch.size} never fits into {station.capacity:g} places")
    for kind, count in station.join.items():
        if count > station.capacity:
            raise section.fault("buffer", f"{count} {kind} never fit into {station.capacity:g} places")
    if station.join and not station.makes:
        raise section.fault("join", "'makes' has to say what comes out")
    if station.join and station.batch is not None:
        raise section.fault("batch", "an assembly takes what it joins; leave the batch out")
    for need in station.needs:
        if need.count > counts[need.resource]:
            raise section.fault("needs", f"{need.count} {need.resource} are needed, there are {counts[need.resource]}")
    if station.preempt and (station.order != "priority" or station.blocking_before or station.join or station.batch):
        raise section.fault("preempt", "it needs 'order: priority', and no batch, join or blocking before")
    if station.blocking_before and (station.join or station.makes or (station.batch and station.batch.size > 1)):
        raise section.fault("blocking", "before work one place can be kept for one unit: no batch, join or makes")
    if station.blocking_before and station.inspection is not None:
        raise section.fault("blocking", "before an inspection nobody knows where the unit will go")
    inspection = station.inspection
    if inspection is not None:
        batch = station.batch.size if station.batch else 1
        if inspection.sample > batch:
            raise section.section("inspect").fault("sample", f"{inspection.sample} of a batch of {batch}")
        if inspection.accept and inspection.accept >= inspection.sample:
            raise section.section("inspect").fault("accept", f"{inspection.accept} of {inspection.sample} always pass")
    _patience_can_work(line, station, section)


def _patience_can_work(line: Line, station: Station, section: Section) -> None:
    patience = station.patience
    if patience is None:
        return
    inner = section.section("patience")
    if station.name == patience.then:
        raise inner.fault("then", "who has waited too long here cannot be sent here to wait")
    if patience.then not in ("", SCRAP):
        target = line.station(patience.then)
        if isfinite(target.capacity):
            raise inner.fault("then", f"{patience.then} has a limited buffer: there may be no place when it is needed")
        if target.patience is not None:
            raise inner.fault("then", f"{patience.then} has a longest wait itself")


def _targets(route: Route) -> set[str]:
    return {leg.target for leg in route.legs}


def _next(station: Station) -> set[str]:
    found = _targets(station.route)
    if station.inspection is not None:
        found |= _targets(station.inspection.reject)
        if station.inspection.most_rounds:
            found.add(SCRAP)
    if station.patience is not None and station.patience.then:
        found.add(station.patience.then)
    return found


def _all_reached(line: Line, ways: Ways, stations: Section) -> None:
    reached, left = set[str](), [name for source in line.sources for name in _targets(source.to)]
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left += ways.get(name, ())
    for station in line.stations:
        if station.name not in reached:
            raise stations.fault(station.name, "nothing ever reaches this station")


def _all_end(ways: Ways, stations: Section) -> None:
    """Refuse stations from which no way leads out of the line."""
    good = {SHIP, SCRAP}
    while True:
        more = {name for name, following in ways.items() if name not in good and following & good}
        if not more:
            break
        good |= more
    for name in ways:
        if name not in good:
            ring = " → ".join(_walk(name, ways))
            raise stations.fault(f"{name}.to", f"units never leave the line from here: {ring}")


def _walk(name: str, ways: Ways) -> list[str]:
    path = [name]
    while path.count(path[-1]) < 2:
        path.append(min(ways[path[-1]]))
    return path


def _time_passes(line: Line, ways: Ways, stations: Section) -> None:
    """Refuse loops in which no time passes."""
    quick = {
        station.name
        for station in line.stations
        if not any(law.mean > 0.0 for law in station.service.values())
        and not (station.transport and station.transport.takes.mean > 0.0)
    }
    for start in sorted(quick):
        seen, left = set[str](), [name for name in ways[start] if name in quick]
        while left:
            name = left.pop()
            if name == start:
                raise stations.fault(f"{start}.takes", "a loop leads back here in which no time passes")
            if name not in seen:
                seen.add(name)
                left += [one for one in ways[name] if one in quick]
    for source in line.sources:
        for name in _targets(source.to) & quick:
            if source.endless:
                raise stations.fault(f"{name}.takes", f"{source.name} is endless and the work here takes no time")


def _kinds_fit(line: Line, stations: Section, sources: Section) -> None:
    """Refuse kinds that come where nothing is told of them."""
    for source in line.sources:
        if source.endless and (len(source.to.legs) != 1 or source.to.legs[0].target in (SHIP, SCRAP)):
            raise sources.fault(f"{source.name}.to", "what is endless goes to one station")
    kinds = _kinds_at(line)
    for station in line.stations:
        for kind in sorted(kinds[station.name]):
            if station.join and kind not in station.join:
                raise stations.fault(f"{station.name}.join", f"{kind} comes here too, and is not put together")
            if "" not in station.service and kind not in station.service:
                raise stations.fault(f"{station.name}.takes", f"nothing is told for {kind}, which comes here too")
        for kind in station.join:
            if kind not in kinds[station.name]:
                raise stations.fault(f"{station.name}.join", f"no {kind} ever comes here")
        told = {leg.kind for leg in station.route.legs}
        out = set(station.makes) or kinds[station.name]
        if "" not in told and not out <= told:
            raise stations.fault(f"{station.name}.to", f"nothing is told for {', '.join(sorted(out - told))}")


def _kinds_at(line: Line) -> dict[str, set[str]]:
    """Return the kinds of units that may come to each station."""
    found = {station.name: set[str]() for station in line.stations}

    def go(kinds: Iterable[str], route: Route) -> None:
        told = {leg.kind for leg in route.legs}
        for leg in route.legs:
            if leg.target in found:
                own = {kind for kind in kinds if leg.kind == kind or (not leg.kind and kind not in told)}
                found[leg.target] |= own

    while True:
        before = {name: set(kinds) for name, kinds in found.items()}
        for source in line.sources:
            go((source.kind,), source.to)
        for station in line.stations:
            out = set(station.makes) if station.makes and found[station.name] else found[station.name]
            go(out, station.route)
            if station.inspection is not None:
                go(out, station.inspection.reject)
            if station.patience is not None and station.patience.then in found:
                found[station.patience.then] |= found[station.name]
        if found == before:
            return found


def _run_ends(line: Line, top: Section, sources: Section) -> None:
    if not isfinite(line.horizon):
        for source in line.sources:
            if source.endless or source.count is None:
                raise sources.fault(source.name, "it has no end: say 'count' here, or 'length' under run")
    for source in line.sources:
        if source.every is not None and source.every.mean <= 0.0 and source.count is None:
            raise sources.fault(f"{source.name}.every", "without time between them infinitely many come at once")
    events = expected_events(line)
    if events > _MOST_EVENTS:
        where = top.section("run") if isfinite(line.horizon) else sources
        text = f"about {events:.2g} events in a run; {_MOST_EVENTS:.2g} at most: take a shorter one, or longer times"
        raise where.fault("length" if isfinite(line.horizon) else "", text)
