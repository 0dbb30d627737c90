"""Recurrence: the same cause again on the same kind of element within a window asks for a CAPA.

ISO 9001:2015 10.2.1 b: determine whether similar nonconformities exist.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from twin.errors import Invalid
from twin.record import Id, require_utc


class Alike(StrEnum):
    """What besides the cause code makes two nonconformances the same."""

    ELEMENT_CLASS = "element_class"
    CHARACTERISTIC = "characteristic"
    SUPPLIER = "supplier"


@dataclass(frozen=True, slots=True)
class NcrFact:
    """A nonconformance as far as recurrence needs it."""

    ncr: Id
    opened_at: datetime
    cause_code: str
    element_class: str = ""
    characteristic: str = ""
    supplier: str = ""
    capas: tuple[Id, ...] = ()
    """CAPAs it is already linked to."""

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.opened_at)


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """How many alike within how many days ask for a CAPA."""

    count: int = 3
    window_days: int = 90
    alike: tuple[Alike, ...] = (Alike.ELEMENT_CLASS, Alike.CHARACTERISTIC)

    def __post_init__(self) -> None:
        """Refuse a rule that every single nonconformance, or none, would meet."""
        if self.count < 2:
            raise Invalid(f"recurrence takes at least 2, not {self.count}")
        if self.window_days < 1:
            raise Invalid(f"a window is at least 1 day, not {self.window_days}")
        if not self.alike or len(set(self.alike)) < len(self.alike):
            raise Invalid("a recurrence rule names what has to be alike, each once")


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A CAPA that should be considered, with the numbers that say why."""

    cause_code: str
    alike: tuple[str, ...]
    """What they share, in the order of the rule: ``("IfcColumn", "verticality")``."""
    ncrs: tuple[Id, ...]
    """The most that lie within one window that no one CAPA covers, the latest such; in order of time."""
    first_at: datetime
    last_at: datetime
    total: int
    """Of this kind at any time."""
    capas: tuple[Id, ...]
    """CAPAs that some of them are already linked to: extend one of these rather than begin another."""


def recurrences(facts: Iterable[NcrFact], rule: RecurrenceRule) -> tuple[Recurrence, ...]:
    """Return what recurs, the most frequent first.

    Nonconformances without a cause code, or without what has to be alike, say nothing. A window that is wholly covered
    by one CAPA is left out: it has been answered.
    """
    groups: dict[tuple[str, ...], list[NcrFact]] = {}
    for fact in facts:
        key = (fact.cause_code, *(str(getattr(fact, part.value)) for part in rule.alike))
        if all(key):
            groups.setdefault(key, []).append(fact)
    found: list[Recurrence] = []
    for key, members in groups.items():
        members.sort(key=lambda fact: (fact.opened_at, fact.ncr))
        fullest = _fullest_window(members, timedelta(days=rule.window_days))
        if len(fullest) >= rule.count:
            capas = tuple(sorted({capa for fact in fullest for capa in fact.capas}))
            ids = tuple(fact.ncr for fact in fullest)
            first, last = fullest[0].opened_at, fullest[-1].opened_at
            found.append(Recurrence(key[0], key[1:], ids, first, last, len(members), capas))
    return tuple(sorted(found, key=lambda r: (-len(r.ncrs), r.cause_code, r.alike)))


def _fullest_window(members: Sequence[NcrFact], window: timedelta) -> Sequence[NcrFact]:
    """Return the most unanswered members (sorted by time) within ``window`` of each other, the latest such."""
    best: Sequence[NcrFact] = ()
    start = 0
    for end in range(len(members)):
        while members[end].opened_at - members[start].opened_at > window:
            start += 1
        within = members[start : end + 1]
        if len(within) >= len(best) and not _answered(within):
            best = within
    return best


def _answered(facts: Sequence[NcrFact]) -> bool:
    """Say whether one CAPA covers them all."""
    return bool(set(facts[0].capas).intersection(*(fact.capas for fact in facts[1:])))
