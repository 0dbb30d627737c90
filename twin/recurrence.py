"""Recurrence: the same cause again on the same kind of element within a window asks for a CAPA.

Most nonconformances have no cause yet when they are opened; they are counted by what they violate.

ISO 9001:2015 10.2.1 b: determine whether similar nonconformities exist.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from twin.errors import Invalid
from twin.ncr_record import Event, NonConformance, State
from twin.record import Id, require_utc


class Alike(StrEnum):
    """What besides the cause code makes two nonconformances the same."""

    ELEMENT_CLASS = "element_class"
    CHARACTERISTIC = "characteristic"
    CLAUSE = "clause"
    SUPPLIER = "supplier"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What a nonconformance says of itself as far as recurrence needs it."""

    ncr: Id
    opened_at: datetime
    """When it was opened last: what is opened again has come back."""
    seen_as: str = ""
    """What a check saw as the cause; empty where none did."""
    element: str = ""
    """GlobalId of the first element that it is about."""
    characteristic: str = ""
    """Of its defect, or of what was violated first."""
    violated: tuple[str, ...] = ()
    """All the characteristics that it violates."""
    clause: str = ""
    """Of the requirement that was violated first."""
    capas: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True)
class NcrFact:
    """A nonconformance as far as recurrence needs it."""

    ncr: Id
    opened_at: datetime
    cause_code: str
    """What a check saw as the cause, or the code of a CAPA that answers it; empty while nobody knows."""
    element_class: str = ""
    characteristic: str = ""
    supplier: str = ""
    capas: tuple[Id, ...] = ()
    """CAPAs it is already linked to."""
    clause: str = ""
    """Of the requirement that was violated first."""
    also: tuple[str, ...] = ()
    """The other characteristics that it violates."""
    root_cause: str = ""
    """The code of a CAPA that answers it, also where a check saw something; empty before the analysis."""

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
    """Empty where nobody knows the cause of any of them."""
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


def occurrence_of(ncr: NonConformance) -> Occurrence | None:
    """Return how a nonconformance counts for recurrence; None for a draft and for a rejected or void one."""
    if not ncr.number or ncr.state in (State.REJECTED, State.VOID):
        return None
    opened = (step.at for step in reversed(ncr.steps) if step.event in (Event.OPEN, Event.REOPEN))
    violated = tuple(dict.fromkeys(violation.requirement.characteristic for violation in ncr.violations))
    return Occurrence(
        ncr.id, next(opened, ncr.raised_at), ncr.defect.kind.value if ncr.defect is not None else "",
        ncr.global_ids[0] if ncr.global_ids else "",
        ncr.defect.lead.characteristic if ncr.defect is not None else next(iter(violated), ""), violated,
        ncr.violations[0].requirement.clause if ncr.violations else "", ncr.capa.capas if ncr.capa else (),
    )  # fmt: skip


@lru_cache(4096)
def plain(name: str) -> str:
    """Return a name for comparing: case, underscores and punctuation say nothing.

    Examples
    --------
    >>> plain("Axis_position") == plain("axis position")
    True
    """
    return " ".join(re.findall(r"\w+", name.replace("_", " ").casefold()))


def same_kind(one: NcrFact, other: NcrFact) -> bool:
    """Say whether two nonconformances may be the same again: in a characteristic that both violate.

    Where cause or class of element are known of both, they agree; what is not known of one keeps nothing apart.
    """
    if not _characteristics(one) & _characteristics(other):
        return False
    if one.element_class and other.element_class and plain(one.element_class) != plain(other.element_class):
        return False
    if one.root_cause and other.root_cause:
        return one.root_cause == other.root_cause
    return one.cause_code == other.cause_code or not (one.cause_code and other.cause_code)


def recurrences(facts: Iterable[NcrFact], rule: RecurrenceRule) -> tuple[Recurrence, ...]:
    """Return what recurs, the most frequent first.

    One whose cause nobody knows yet is counted with all those alike in the rule's sense that violate the same
    characteristic, and else with others of unknown cause in that characteristic. Not to know the class of element (no
    check has seen it) is alike, too. A window that is wholly covered by one CAPA is left out: it has been answered.
    """
    found: list[Recurrence] = []
    for key, members in _groups(facts, rule).items():
        members.sort(key=lambda fact: (fact.opened_at, fact.ncr))
        fullest = _fullest_window(members, timedelta(days=rule.window_days))
        if len(fullest) >= rule.count:
            capas = tuple(sorted({capa for fact in fullest for capa in fact.capas}))
            ids = tuple(fact.ncr for fact in fullest)
            first, last = fullest[0].opened_at, fullest[-1].opened_at
            alike = tuple(min(str(getattr(fact, part.value)) for fact in members) for part in rule.alike)
            found.append(Recurrence(key[0], alike, ids, first, last, len(members), capas))
    told = [set(r.ncrs) for r in found if r.cause_code]
    told_once = [r for r in found if r.cause_code or not any(set(r.ncrs) <= others for others in told)]
    return tuple(sorted(told_once, key=lambda r: (-len(r.ncrs), r.cause_code, r.alike)))


def _groups(facts: Iterable[NcrFact], rule: RecurrenceRule) -> dict[tuple[str, ...], list[NcrFact]]:
    """Return facts by cause (of unknown ones by characteristic) and by what has to be alike."""
    groups: dict[tuple[str, ...], list[NcrFact]] = {}
    unknown: list[tuple[tuple[str, ...], NcrFact]] = []
    for fact in facts:
        alike = tuple(plain(str(getattr(fact, part.value))) for part in rule.alike)
        told = [part for part, text in zip(rule.alike, alike, strict=True) if text]
        if not told or any(part not in (*told, Alike.ELEMENT_CLASS) for part in rule.alike):
            continue
        if fact.cause_code:
            groups.setdefault((fact.cause_code, "", *alike), []).append(fact)
        elif plain(fact.characteristic):
            unknown.append((alike, fact))
    known = {key: tuple(members) for key, members in groups.items()}
    for alike, fact in unknown:
        for key, members in known.items():
            if key[2:] == alike and any(_characteristics(fact) & _characteristics(other) for other in members):
                groups[key].append(fact)
        groups.setdefault(("", plain(fact.characteristic), *alike), []).append(fact)
    return groups


def _characteristics(fact: NcrFact) -> set[str]:
    return {name for name in map(plain, (fact.characteristic, *fact.also)) if name}


def _fullest_window(members: Sequence[NcrFact], window: timedelta) -> Sequence[NcrFact]:
    """Return the most unanswered members (sorted by time) within ``window`` of each other, the latest such."""
    best: Sequence[NcrFact] = ()
    start = 0
    for end in range(len(members)):
        while members[end].opened_at - members[start].opened_at > window:
            start += 1
        if end + 1 - start >= len(best) and not _answered(members[start : end + 1]):
            best = members[start : end + 1]
    return best


def _answered(facts: Sequence[NcrFact]) -> bool:
    """Say whether one CAPA covers them all."""
    shared = set(facts[0].capas)
    for fact in facts[1:]:
        if not shared:
            break
        shared.intersection_update(fact.capas)
    return bool(shared)
