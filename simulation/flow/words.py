"""Pieces of a line's document: times with units, laws, routes, shares."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, cast

from simulation.distribution import (
    BetaPert,
    Distribution,
    Empirical,
    Fixed,
    Triangular,
    TruncatedNormal,
    Uniform,
)
from simulation.document import Section
from simulation.flow.laws import Exponential, Gamma, LogNormal, Weibull
from simulation.flow.model import SCRAP, SHIP, Laws, Leg, Route
from simulation.flow.time_unit import parse_time
from simulation.formula import LEAST

OTHER = "other"
"""Every kind that is not named."""
_LONGEST = 1e12
_LAWS = (
    "exponential", "uniform", "triangular", "pert", "normal", "lognormal", "gamma", "erlang", "weibull", "measured",
)  # fmt: skip


class Words:
    """Reads the pieces of a document whose times are in one unit."""

    def __init__(self, unit: str) -> None:
        """Take the unit of bare numbers."""
        self.unit = unit

    def time(self, section: Section, word: str, default: Any = ..., *, above: float | None = None) -> Any:
        """Return a time, not negative; ``above``: more than it."""
        if default is not ... and not section.has(word):
            return default
        value = section.text(word)
        return self._time(section, word, value, above)

    def _time(self, section: Section, word: str, value: Any, above: float | None = None) -> float:
        if isinstance(value, (dict, list, bool)) or value is None:
            raise section.fault(word, f"{value!r} is no time, such as 20, 1.5 h or 30 s")
        try:
            number = parse_time(str(value), self.unit)
        except ValueError as error:
            raise section.fault(word, str(error)) from None
        if number < 0.0:
            raise section.fault(word, f"{value} is a negative time")
        if number > _LONGEST:
            raise section.fault(word, f"{value} is longer than any line runs ({_LONGEST:g} at most)")
        if 0.0 < number < LEAST:
            raise section.fault(word, f"{value} is shorter than anything ({LEAST:g} at least, or 0)")
        if above is not None and number <= above:
            raise section.fault(word, f"{value} is not more than {above:g}")
        return number

    def law(self, section: Section, word: str) -> Distribution:
        """Return how a time varies: a time, or one of the laws with its figures."""
        value = section.content.get(word)
        if not isinstance(value, dict):
            return Fixed(self.time(section, word))
        inner = section.section(word)
        kinds = [law for law in _LAWS if law in inner.content]
        if len(kinds) != 1:
            inner.knows(*_LAWS, "kinds").misspelt()
            raise section.fault(word, f"one law is expected: {', '.join(_LAWS)}")
        found = self._law(inner, kinds[0])
        inner.close()
        return found

    def _law(self, inner: Section, kind: str) -> Distribution:
        if kind in ("uniform", "triangular", "pert", "measured"):
            return self._listed_law(inner, kind)
        mean = self.time(inner, kind, above=0.0)
        match kind:
            case "exponential":
                return Exponential(mean)
            case "normal":
                sd = self.time(inner, "sd")
                return TruncatedNormal(mean, sd, 0.0, mean + 40.0 * sd) if sd > 0.0 else Fixed(mean)
            case "lognormal" | "gamma":
                scv = self._scv(inner)
                return Fixed(mean) if scv == 0.0 else LogNormal(mean, scv) if kind == "lognormal" else Gamma(mean, scv)
            case "erlang":
                return Gamma(mean, 1.0 / inner.whole("stages", low=1))
            case _:
                return Weibull(mean, _bounded(inner, "shape", 0.1, 100.0))

    def _scv(self, inner: Section) -> float:
        return 0.0 if inner.number("cv", low=0.0) == 0.0 else _bounded(inner, "cv", 1e-3, 30.0) ** 2

    def _listed_law(self, inner: Section, kind: str) -> Distribution:
        values = self.times(inner, kind)
        count = {"uniform": 2, "triangular": 3, "pert": 3}.get(kind)
        if count is None:
            if len(values) < 2:
                raise inner.fault(kind, f"{len(values)} measured values: two or more make a law")
            return Empirical.of(values)
        if len(values) != count:
            raise inner.fault(kind, f"{len(values)} times, not {count}")
        if list(values) != sorted(values) or values[0] == values[-1]:
            raise inner.fault(kind, f"{', '.join(f'{value:g}' for value in values)} do not rise")
        low, high = values[0], values[-1]
        if kind == "uniform":
            return Uniform(low, high)
        return Triangular(low, values[1], high) if kind == "triangular" else BetaPert(low, values[1], high)

    def times(self, section: Section, word: str) -> tuple[float, ...]:
        """Return a list of times."""
        value = section.content.get(word)
        section.asked.add(word)
        if not isinstance(value, list):
            raise section.fault(word, f"{value!r} is no list of times, such as [2, 5]")
        return tuple(self._time(section, word, one) for one in cast("list[Any]", value))

    def laws(self, section: Section, word: str) -> Laws:
        """Return a law, or one for each kind of unit."""
        value = section.content.get(word)
        if isinstance(value, dict) and "kinds" in value:
            inner = section.section(word)
            by_kind = inner.section("kinds")
            found = {"" if kind == OTHER else kind: self.law(by_kind, kind) for kind in by_kind.content}
            if not found:
                raise inner.fault("kinds", "no kind is named")
            inner.close()
            return found
        return {"": self.law(section, word)}

    def intervals(self, section: Section, word: str, cycle: float) -> tuple[tuple[float, float], ...]:
        """Return the intervals of a cycle, in order and apart."""
        value = section.content.get(word)
        section.asked.add(word)
        if not isinstance(value, list) or not value:
            raise section.fault(word, "intervals are expected, such as [[6 h, 14 h]]")
        found = list[tuple[float, float]]()
        for index, one in enumerate(cast("list[Any]", value)):
            place = f"{word}[{index}]"
            if not isinstance(one, list) or len(cast("list[Any]", one)) != 2:
                raise section.fault(place, f"{one!r} is no interval, such as [6 h, 14 h]")
            start, end = (self._time(section, place, time) for time in cast("list[Any]", one))
            if not (found[-1][1] if found else 0.0) <= start < end <= cycle:
                raise section.fault(place, f"{start:g} to {end:g} does not come next within a cycle of {cycle:g}")
            found.append((start, end))
        return tuple(found)


def share(section: Section, word: str, default: Any = ...) -> Any:
    """Return a number from 0 to 1."""
    if default is not ... and not section.has(word):
        return default
    number = section.number(word, low=0.0)
    if number > 1.0:
        raise section.fault(word, f"{number:g} is more than 1")
    return number


def shares(section: Section, word: str, names: Sequence[str], what: str) -> dict[str, float]:
    """Return a share per name; a bare share is for every name that is not told ("")."""
    if not section.has(word):
        return {}
    if not isinstance(section.content.get(word), dict):
        return {"": share(section, word)}
    inner = section.section(word)
    for name in inner.content:
        known(inner, name, name, names, what)
    return {name: share(inner, name) for name in inner.content}


def known(section: Section, word: str, name: str, names: Sequence[str], what: str) -> str:
    """Return a name that is one of those that there are."""
    if name not in names:
        near = get_close_matches(name, names, n=1)
        raise section.fault(word, f"there is no {what} {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
    return name


def route(section: Section, word: str, stations: Sequence[str]) -> Route:
    """Return where units go: a name, shares, a choice by kind, or the shortest of several."""
    targets = [*stations, SHIP, SCRAP]

    def leg(inner: Section, place: str, name: str) -> str:
        return known(inner, place, name, targets, "station")

    value = section.content.get(word)
    if not isinstance(value, dict):
        return Route((Leg(leg(section, word, section.text(word))),))
    inner = section.section(word)
    if "shortest" in inner.content:
        names = inner.texts("shortest")
        inner.close()
        return Route(tuple(Leg(leg(inner, "shortest", name)) for name in names), shortest=True)
    if "kinds" in inner.content:
        by_kind = inner.section("kinds")
        inner.close()
        return Route(tuple(_legs_by_kind(by_kind, leg)))
    return Route(tuple(_shared(inner, "", leg)))


def _legs_by_kind(by_kind: Section, leg: Callable[[Section, str, str], str]) -> list[Leg]:
    found = list[Leg]()
    for kind in by_kind.content:
        own = "" if kind == OTHER else kind
        if isinstance(by_kind.content[kind], dict):
            found += _shared(by_kind.section(kind), own, leg)
        else:
            found.append(Leg(leg(by_kind, kind, by_kind.text(kind)), 1.0, own))
    return found


def _shared(inner: Section, kind: str, leg: Callable[[Section, str, str], str]) -> list[Leg]:
    legs = [Leg(leg(inner, name, name), share(inner, name), kind) for name in inner.content]
    total = sum(one.share for one in legs)
    if abs(total - 1.0) > 1e-9:
        raise inner.fault("", f"the shares sum to {total:g}, not to 1")
    return [one for one in legs if one.share > 0.0]


def _bounded(section: Section, word: str, low: float, high: float) -> float:
    number = section.number(word, low=low)
    if number > high:
        raise section.fault(word, f"{number:g} is more than {high:g}")
    return number
