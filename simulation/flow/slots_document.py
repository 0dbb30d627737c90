"""Lines in slots of time as people write them (docs/simulate.md): stations with chances, and what cannot be."""

from collections.abc import Sequence
from math import inf, isfinite

from simulation.distribution import Fixed
from simulation.document import Section
from simulation.flow.model import SHIP, InStep, Line, Station
from simulation.flow.words import route

WORDS = ("up", "fails", "repaired", "buffer", "to", "cost")
_CHANCES = WORDS[:3]
_MOST_PLACES = 1_000_000


def station_in_step(
    name: str, section: Section, slot: float, stations: Sequence[str], others: Sequence[str]
) -> Station:
    """Return a station that works on a unit in each slot.

    Parameters
    ----------
    slot
        Its length.
    others
        Words that stations of lines without slots know.
    """
    section.knows(*WORDS)
    for word in others:
        if word not in WORDS and section.has(word):
            raise section.fault(word, f"in slots a station has only {', '.join(WORDS)}; its work takes a slot")
    station = Station(
        name=name,
        service={"": Fixed(slot)},
        capacity=float(section.whole("buffer", low=1, high=_MOST_PLACES)) if section.has("buffer") else inf,
        blocking_before=True,
        route=route(section, "to", stations),
        cost=section.number("cost", 0.0, low=0.0),
        in_step=_chances(section),
    )
    section.close()
    return station


def refuse_chances(section: Section) -> None:
    """Refuse chances by slots where the line has none."""
    for word in _CHANCES:
        if section.has(word):
            raise section.fault(word, "machines work in step where the line says how long a 'slot' is, such as 1 min")


def _chances(section: Section) -> InStep:
    if section.has("up"):
        for word in ("fails", "repaired"):
            if section.has(word):
                raise section.fault(word, "'up' holds for each slot by itself; take 'up', or 'fails' and 'repaired'")
        return InStep(section.number("up", above=0.0, high=1.0))
    if not section.has("fails"):
        section.misspelt()
        raise section.fault("", "'up', or 'fails' and 'repaired', says how probably it works in a slot")
    return InStep(None, section.number("fails", low=0.0, high=1.0), section.number("repaired", above=0.0, high=1.0))


def check_slots(line: Line, top: Section) -> None:
    """Refuse lines in slots that are no row of machines of one kind with buffers between them.

    Raises
    ------
    BadDocument
        With line and place.
    """
    stations, sources = top.section("stations"), top.section("sources")
    for word in ("resources", "shifts"):
        if top.has(word):
            raise top.fault(word, "a line in slots has none")
    if len(line.sources) != 1 or not line.sources[0].endless or line.sources[0].count is not None:
        raise sources.fault("", "a line in slots has one source, 'endless: true' and without 'count'")
    for station, after in zip(line.stations, [*line.stations[1:], None], strict=True):
        where, following = stations.section(station.name), after.name if after else SHIP
        if [(leg.target, leg.kind) for leg in station.route.legs] != [(following, "")]:
            raise where.fault("to", f"the stations of a line in slots stand in a row as listed: {following} is next")
        if station is not line.stations[0] and not isfinite(station.capacity):
            raise where.fault("buffer", "it is missing: how many units may lie before this machine")
    if isfinite(line.stations[0].capacity):
        raise stations.section(line.stations[0].name).fault("buffer", "before the first machine there is always a unit")
    if [leg.target for leg in line.sources[0].to.legs] != [line.stations[0].name]:
        raise sources.fault(f"{line.sources[0].name}.to", f"the line begins at {line.stations[0].name}")
    if len({station.in_step is not None and station.in_step.up is None for station in line.stations}) > 1:
        raise stations.fault("", "all machines have 'up', or all 'fails' and 'repaired': they count slots differently")
    slots = line.horizon / line.slot
    if isfinite(slots) and abs(slots - round(slots)) > 1e-9 * slots:
        raise top.section("run").fault("length", f"{line.horizon:g} is no whole number of slots of {line.slot:g}")
