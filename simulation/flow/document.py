"""A line as people write it (docs/simulate.md): the document becomes a line and a plan, or a named fault."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from simulation.distribution import Fixed
from simulation.document import Section, read_document
from simulation.experiment.estimate import Rule
from simulation.flow.checks import check_line
from simulation.flow.classifier import Errors, classifier
from simulation.flow.model import (
    SCRAP,
    SHIP,
    Batch,
    Birth,
    Clock,
    Ending,
    Failure,
    Inspection,
    Line,
    Need,
    Patience,
    Resource,
    Shift,
    Source,
    Station,
    Transport,
)
from simulation.flow.notes import notes_on
from simulation.flow.placement import Economics, Stage, read_placement
from simulation.flow.slots_document import check_slots, refuse_chances, station_in_step
from simulation.flow.study import Plan
from simulation.flow.time_unit import SECONDS, unit_named
from simulation.flow.words import Words, known, route, share, shares
from simulation.gauge import gauge_errors

_MOST = 1_000_000
_STATION = (
    "takes", "machines", "buffer", "order", "preempt", "blocking", "to", "transport", "batch", "join", "makes", "setup",
    "failures", "needs", "shift", "defects", "repairs", "inspect", "patience", "cost",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class LineDocument:
    """What a file asks for."""

    line: Line
    plan: Plan
    notes: tuple[str, ...] = ()
    """What the result rests on."""
    placement: tuple[tuple[Stage, ...], Economics] | None = None
    """Stages after which inspections may be placed, and what units are worth."""


@dataclass(frozen=True, slots=True)
class _Names:
    """What is defined in a document, to be referred to."""

    stations: Sequence[str]
    resources: Sequence[str]
    shifts: Sequence[str]
    defects: Sequence[str]


def read_line(content: bytes) -> LineDocument:
    """Return the line and the plan that a file describes.

    Raises
    ------
    SimulationError
        With line and place of what is wrong.
    """
    top = read_document(content, "simulate")
    top.knows("name", "time", "slot", "run", "sources", "stations", "resources", "shifts", "placement")
    name, unit = top.text("name", "line"), _unit(top)
    words = Words(unit)
    sections = list(top.sections("stations"))
    if not sections:
        top.misspelt()
        raise top.fault("stations", "there is none")
    names = _Names(
        [station for station, _ in sections], list(top.section("resources").content),
        list(top.section("shifts").content), _defects(sections),
    )  # fmt: skip
    for word in (SHIP, SCRAP):
        if word in names.stations:
            raise top.section("stations").fault(word, "this name means the way out of the line; take another one")
    shifts = tuple(_shift(shift, section, words) for shift, section in top.sections("shifts"))
    resources = tuple(_resource(top.section("resources"), one, words, names) for one in names.resources)
    slot = words.time(top, "slot", 0.0, above=0.0)
    stations = tuple(
        station_in_step(station, section, slot, names.stations, _STATION)
        if slot
        else _station(station, section, words, names)
        for station, section in sections
    )
    sources = tuple(_source(source, section, words, names) for source, section in top.sections("sources"))
    horizon, plan = _run(top, words)
    line = Line(
        name=name, unit=unit, sources=sources, stations=stations, resources=resources, shifts=shifts, slot=slot,
        horizon=horizon,
    )  # fmt: skip
    placement = read_placement(top)
    top.close()
    check_line(line, top)
    if slot:
        check_slots(line, top)
    return LineDocument(line, plan, notes_on(line), placement)


def _unit(top: Section) -> str:
    word = top.text("time")
    unit = unit_named(word)
    if unit not in SECONDS:
        raise top.fault("time", f"{word!r} is no unit of time for a line: s, min, h or days")
    return str(unit)


def _run(top: Section, words: Words) -> tuple[float, Plan]:
    section = top.section("run").knows("length", "warm_up", "replications", "most", "precision", "of", "confidence")
    horizon = words.time(section, "length", inf, above=0.0)
    warm_up = None
    if section.has("warm_up") and section.text("warm_up") != "auto":
        warm_up = words.time(section, "warm_up")
        if warm_up >= 0.9 * horizon:
            raise section.fault("warm_up", f"{warm_up:g} leaves less than a tenth of the run of {horizon:g}")
    least = section.whole("replications", 10, low=2)
    precision = section.number("precision", None, above=0.0)
    most = section.whole("most", least if precision is None else max(200, least), low=least)
    if most > 100_000:
        raise section.fault("most" if section.has("most") else "replications", f"{most} runs; 100000 at most")
    confidence = section.number("confidence", 0.95, above=0.0)
    if confidence >= 1.0:
        raise section.fault("confidence", f"{confidence:g} is not less than 1")
    rule = Rule(least, most, precision, confidence)
    plan = Plan(rule, section.choice("of", ("throughput", "wip", "lead_time", "yield"), "throughput"), warm_up)
    section.close()
    return horizon, plan


def _shift(name: str, section: Section, words: Words) -> Shift:
    section.knows("cycle", "work", "ending")
    cycle = words.time(section, "cycle", above=0.0)
    on = words.intervals(section, "work", cycle)
    ending = Ending(section.choice("ending", tuple(Ending), Ending.PAUSE))
    section.close()
    return Shift(name, cycle, on, ending)


def _resource(outer: Section, name: str, words: Words, names: _Names) -> Resource:
    if not isinstance(outer.content[name], dict):
        return Resource(name, _count(outer, name))
    section = outer.section(name).knows("count", "shift", "other_work")
    shift = known(section, "shift", section.text("shift"), names.shifts, "shift") if section.has("shift") else ""
    found = Resource(name, _count(section, "count", 1), shift, words.time(section, "other_work", 0.0, above=0.0))
    section.close()
    return found


def _count(section: Section, word: str, default: int | None = None) -> int:
    count = section.whole(word, low=1) if default is None else section.whole(word, default, low=1)
    if count > _MOST:
        raise section.fault(word, f"{count} is more than {_MOST}")
    return count


def _source(name: str, section: Section, words: Words, names: _Names) -> Source:
    section.knows("every", "endless", "in_line", "to", "kind", "size", "count", "priority", "full", "first_at")
    ways = [word for word in ("every", "endless", "in_line") if section.has(word)]
    if len(ways) != 1:
        section.misspelt()
        raise section.fault("", "one of 'every', 'endless: true' and 'in_line' says how units come")
    if ways == ["endless"] and not section.flag("endless", True):
        raise section.fault("endless", "false says nothing; 'every' or 'in_line' says how units come")
    source = Source(
        name=name,
        kind=section.text("kind", name),
        to=route(section, "to", names.stations),
        every=words.law(section, "every") if ways == ["every"] else None,
        size=_count(section, "size", 1),
        count=_count(section, "count") if section.has("count") else None,
        in_line=_count(section, "in_line") if ways == ["in_line"] else 0,
        priority=section.number("priority", 0.0),
        lost_when_full=section.choice("full", ("wait", "lose"), "wait") == "lose",
        first_at=words.time(section, "first_at", None),
    )
    section.close()
    return source


def _station(name: str, section: Section, words: Words, names: _Names) -> Station:
    section.knows(*_STATION)
    refuse_chances(section)
    join = _counts(section, "join")
    makes = {section.text("makes"): 1} if _is_text(section, "makes") else _counts(section, "makes")
    station = Station(
        name=name,
        service=words.laws(section, "takes"),
        servers=_machines(section),
        capacity=float(section.whole("buffer")) if section.has("buffer") else inf,
        order=section.choice("order", ("first", "last", "priority"), "first"),
        preempt=section.flag("preempt", False) if section.has("preempt") else False,
        blocking_before=section.choice("blocking", ("after", "before"), "after") == "before",
        route=route(section, "to", names.stations),
        transport=_transport(section, words, names) if section.has("transport") else None,
        batch=_batch(section, words) if section.has("batch") else None,
        join=join,
        makes=makes,
        setups=words.laws(section, "setup") if section.has("setup") else {},
        failures=tuple(_failure(one, inner, words, names) for one, inner in section.sections("failures")),
        needs=_needs(section, names) if section.has("needs") else (),
        shift=known(section, "shift", section.text("shift"), names.shifts, "shift") if section.has("shift") else "",
        births=tuple(_birth(section.section("defects"), one, names) for one in section.section("defects").content),
        repairs=shares(section, "repairs", names.defects, "defect"),
        inspection=_inspection(section.section("inspect"), names) if section.has("inspect") else None,
        patience=_patience(section, words, names) if section.has("patience") else None,
        cost=section.number("cost", 0.0, low=0.0),
    )
    section.close()
    return station


def _machines(section: Section) -> int:
    count = _count(section, "machines", 1)
    if count > 10_000:
        raise section.fault("machines", f"{count} is more than 10000")
    return count


def _is_text(section: Section, word: str) -> bool:
    return section.has(word) and not isinstance(section.content[word], dict)


def _counts(section: Section, word: str) -> dict[str, int]:
    inner = section.section(word)
    return {kind: _count(inner, kind) for kind in inner.content}


def _transport(section: Section, words: Words, names: _Names) -> Transport:
    if _is_text(section, "transport"):
        return Transport(Fixed(words.time(section, "transport")))
    inner = section.section("transport").knows("takes", "back", "carrier")
    back = words.law(inner, "back") if inner.has("back") else Fixed(0.0)
    carrier = ""
    if inner.has("carrier"):
        carrier = known(inner, "carrier", inner.text("carrier"), names.resources, "resource")
    found = Transport(words.law(inner, "takes"), back, carrier)
    inner.asked.add("takes")
    inner.close()
    return found


def _batch(section: Section, words: Words) -> Batch:
    if not isinstance(section.content["batch"], dict):
        return Batch(_count(section, "batch"))
    inner = section.section("batch").knows("size", "wait")
    found = Batch(_count(inner, "size"), words.time(inner, "wait", inf))
    inner.close()
    return found


def _failure(name: str, section: Section, words: Words, names: _Names) -> Failure:
    section.knows("after", "repair", "clock", "crew", "priority", "part")
    after, repair = words.law(section, "after"), words.law(section, "repair")
    section.asked |= {"after", "repair"}
    if after.mean <= 0.0:
        raise section.fault("after", "a machine that fails at once never works")
    crew = known(section, "crew", section.text("crew"), names.resources, "resource") if section.has("crew") else ""
    clock = Clock(section.choice("clock", tuple(Clock), Clock.UP))
    part = section.choice("part", ("resume", "restart", "scrap"), "resume")
    found = Failure(name, after, repair, clock, crew, section.number("priority", 0.0), part)
    section.close()
    return found


def _needs(section: Section, names: _Names) -> tuple[Need, ...]:
    if not isinstance(section.content["needs"], dict):
        return tuple(Need(known(section, "needs", one, names.resources, "resource")) for one in section.texts("needs"))
    inner = section.section("needs")
    found = list[Need]()
    for name in inner.content:
        known(inner, name, name, names.resources, "resource")
        if not isinstance(inner.content[name], dict):
            found.append(Need(name, _count(inner, name)))
            continue
        own = inner.section(name).knows("count", "priority", "preempt")
        preempt = own.flag("preempt", False) if own.has("preempt") else False
        found.append(Need(name, _count(own, "count", 1), own.number("priority", 0.0), preempt))
        own.close()
    return tuple(found)


def _birth(outer: Section, defect: str, names: _Names) -> Birth:
    if not isinstance(outer.content[defect], dict):
        return Birth(defect, share(outer, defect))
    section = outer.section(defect).knows("probability", "shows_after", "spreads")
    latent = ""
    if section.has("shows_after"):
        latent = known(section, "shows_after", section.text("shows_after"), names.stations, "station")
    birth = Birth(defect, share(section, "probability"), latent)
    if section.has("spreads"):
        inner = section.section("spreads").knows("at", "as", "probability")
        at = known(inner, "at", inner.text("at"), names.stations, "station")
        kind = known(inner, "as", inner.text("as"), names.defects, "defect")
        birth = Birth(defect, birth.probability, latent, at, kind, share(inner, "probability"))
        inner.close()
    section.close()
    return birth


def _inspection(section: Section, names: _Names) -> Inspection:
    section.knows(
        "finds", "false_reject", "gauge", "classifier", "reject", "every", "share", "most_rounds", "sample", "accept"
    )
    finds, false_reject = _detection(section, names)
    found = Inspection(
        finds,
        false_reject,
        route(section, "reject", names.stations),
        _count(section, "every", 1),
        share(section, "share", 1.0),
        section.whole("most_rounds", 0),
        section.whole("sample", 0),
        section.whole("accept", 0),
    )
    section.close()
    return found


def _detection(section: Section, names: _Names) -> tuple[dict[str, float], float]:
    """Return what a look finds and what it rejects wrongly: as told, or from the gauge or the classifier."""
    ways = [word for word in ("finds", "gauge", "classifier") if section.has(word)]
    if len(ways) != 1:
        section.misspelt()
        raise section.fault("", "one of 'finds', 'gauge' and 'classifier' says what a look finds")
    if ways == ["finds"]:
        told = shares(section, "finds", names.defects, "defect")
        found = told if "" not in told else dict.fromkeys(names.defects, told[""])
        return found, share(section, "false_reject", 0.0)
    if section.has("false_reject"):
        raise section.fault("false_reject", f"it follows from the {ways[0]}; leave it out")
    inner = section.section(ways[0])
    defect = inner.text("defect")
    known(inner, "defect", defect, names.defects, "defect")
    if ways == ["classifier"]:
        rates = classifier(inner.knows("separation", "recall").number("separation", low=0.0), _inner(inner, "recall"))
    else:
        rates = _gauge(inner)
    inner.close()
    return {defect: 1.0 - rates.false_accept}, rates.false_reject


def _inner(section: Section, word: str) -> float:
    number = share(section, word)
    if not 0.0 < number < 1.0:
        raise section.fault(word, f"{number:g} is not between 0 and 1")
    return number


def _gauge(section: Section) -> Errors:
    section.knows("limits", "mean", "sd", "uncertainty", "guard_band")
    low, high = section.numbers("limits", count=2)
    if not low < high:
        raise section.fault("limits", f"{low:g}, {high:g} do not rise")
    mean, sd = section.number("mean"), section.number("sd", above=0.0)
    if not low - 10.0 * sd < mean < high + 10.0 * sd:
        raise section.fault("mean", f"{mean:g} lies more than 10 sd outside the limits: all units are bad")
    guard = section.number("guard_band", 0.0)
    if 2.0 * guard >= high - low:
        raise section.fault("guard_band", f"{guard:g} on both sides leaves nothing of {high - low:g}")
    u = section.number("uncertainty", above=0.0)
    found = gauge_errors(mean=mean, sd=sd, lower=low, upper=high, u=u, guard=guard)
    return Errors(found.false_reject or 0.0, found.false_accept or 0.0)  # of pieces that there are none of, nothing


def _patience(section: Section, words: Words, names: _Names) -> Patience:
    inner = section.section("patience").knows("most", "since", "then", "defect")
    most = words.time(inner, "most")
    since = known(inner, "since", inner.text("since"), names.stations, "station") if inner.has("since") else ""
    defect = inner.text("defect", "")
    then = inner.text("then", "" if defect else SCRAP)
    if then:
        known(inner, "then", then, [*names.stations, SCRAP], "station")
    inner.close()
    return Patience(most, since, then, defect)


def _defects(sections: Sequence[tuple[str, Section]]) -> list[str]:
    """Return the names of all defects that can come into being."""
    found = dict[str, None]()
    for _, section in sections:
        inner = section.section("defects")
        for defect in inner.content:
            found[defect] = None
        if isinstance(section.content.get("patience"), dict) and section.section("patience").has("defect"):
            found[section.section("patience").text("defect")] = None
    return list(found)
