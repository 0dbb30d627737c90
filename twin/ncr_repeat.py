"""A check after the first: which of its findings are on record, as what, and whether anything has changed since.

A finding is on record where a nonconformance record or an earlier decision names its cause in its elements by the same
requirements. What was dismissed, or found to be no nonconformance, is known only as long as nothing has changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import numpy as np

from geometry.verdict import Measurement
from twin.finding import MISSING, CauseKind, Defect, Failure, Finding, FindingStatus, MotionComponent
from twin.grouping import millimetres
from twin.ncr_criteria import (
    PRESENCE,
    CheckedCharacteristic,
    CheckedElement,
    criterion_of,
    is_attribute,
    presence_of,
    same_words,
)
from twin.ncr_guards import accepted
from twin.ncr_parts import Violation
from twin.ncr_record import LIVE, Event, NonConformance, State
from twin.record import Id
from twin.result import CheckResult

_MOVED = frozenset({CauseKind.DISPLACED, CauseKind.TILTED})
_SAME_WAY = Decimal("0.7")
"""Cosine between two motions from which they go the same way: within 45 degrees."""
_FAR = Decimal(10) ** 9
"""Beyond any deviation, mm: where a requirement has no limit."""


class Stance(StrEnum):
    """What was made of a defect so far."""

    RECORD = "record"
    """A nonconformance record is about it, or has accepted it and still does."""
    OVERRULED = "overruled"
    """A person found that it is no nonconformance: known while nothing has changed."""
    WAITING = "waiting"
    """A finding that nobody has decided yet."""
    PAST = "past"
    """It was put right, or its record was void: a finding of the same is new, and may name it."""


@dataclass(frozen=True, slots=True)
class KnownDefect:
    """A defect that is on record."""

    record: Id
    """Of the nonconformance record, or of the finding."""
    defect: Defect
    stance: Stance = Stance.RECORD
    since: tuple[Defect, ...] = ()
    """As people took it up when it had changed."""
    by_hand: bool = False
    """A person raised it: what it has no name for, its kind and its motion, is not compared."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A finding that is on record already; each of its elements is in one of ``held``, ``overruled`` and ``added``."""

    finding: Id
    records: tuple[Id, ...]
    """Nonconformance records that are about it."""
    unchanged: bool
    """All that was measured both times agrees within uncertainty (|En| <= 1, ISO 13528), and nothing else fails."""
    held: tuple[str, ...] = ()
    overruled: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    """Elements of the finding that no record names."""
    follows: Id | None = None
    """Whose decision holds for what is overruled."""
    changed_in: tuple[Id, ...] = ()
    """Those of the records in which it was another."""
    related: tuple[Id, ...] = ()
    """What else is on record of the same."""
    replaces: tuple[Id, ...] = ()
    """Findings that nobody decided yet and whose place it takes."""


@dataclass(frozen=True, slots=True)
class New:
    """A finding that is not on record, though it may take the place of one that nobody decided yet."""

    finding: Id
    related: tuple[Id, ...] = ()
    """What is on record of the same cause and yet does not settle it: less than half of its elements, or as it was."""
    replaces: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True)
class RepeatMatch:
    """The findings of a check against what is on record: each is repeated or new."""

    repeated: tuple[Repeated, ...]
    new: tuple[New, ...]


def known_defect(ncr: NonConformance, now: datetime) -> KnownDefect | None:
    """Return what a record knows of a defect, by a check or by hand; None where nothing of it can be compared.

    A closed record still knows what it accepted, as long as the acceptance holds: use as is is no new nonconformance
    at every scan.
    """
    seen = sorted(set(ncr.global_ids) & set(ncr.defect.global_ids)) if ncr.defect else []
    defect = part_of(ncr.defect, seen) if ncr.defect and seen else _violated(ncr)
    if defect is None:
        return None
    known = KnownDefect(ncr.id, defect, Stance.RECORD, _taken_up(ncr), by_hand=not seen)
    if ncr.state is State.DRAFT or ncr.state in LIVE:
        return known
    if ncr.state is State.REJECTED:
        return replace(known, stance=Stance.OVERRULED)
    kept = tuple(g for g in defect.global_ids if g in accepted(ncr, now))
    if not kept:
        return replace(known, stance=Stance.PAST)
    later = (part_of(one, kept) for one in known.since if set(kept) & set(one.global_ids))
    return replace(known, defect=part_of(defect, kept), since=tuple(later))


def known_finding(finding: Finding) -> KnownDefect | None:
    """Return what a finding knows while nobody decided it, or after a person dismissed it; else what it became does."""
    if finding.status is FindingStatus.OPEN:
        return KnownDefect(finding.id, finding.defect, Stance.WAITING)
    if finding.status is FindingStatus.DISMISSED and not (finding.decision and finding.decision.follows):
        return KnownDefect(finding.id, finding.defect, Stance.OVERRULED)
    return None


def checked_elements(result: CheckResult) -> dict[str, CheckedElement]:
    """Return what a check says of each element, by GlobalId."""
    return {
        e.global_id: CheckedElement(
            e.global_id, e.verdict, (*map(_characteristic, e.measurements), presence_of(e.verdict))
        )
        for e in result.elements
    }


def match_repeat(findings: Iterable[Finding], known: Iterable[KnownDefect]) -> RepeatMatch:
    """Match the findings of a check with what is on record.

    A finding is known when what was decided of the same cause (:func:`same_cause`) names at least half of its
    elements; with fewer it is new, and related to it. So it is where a person overruled it and it has changed.
    """
    records = sorted(known, key=lambda k: k.record)
    naming: dict[str, list[int]] = {}  # what is alike has an element in common: years of findings are not all compared
    for at, record in enumerate(records):
        for global_id in record.defect.global_ids:
            naming.setdefault(global_id, []).append(at)
    told: list[Repeated | New] = []
    for finding in sorted(findings, key=lambda f: (f.defect.global_ids, f.id)):
        near = sorted({at for global_id in finding.defect.global_ids for at in naming.get(global_id, ())})
        told.append(_match(finding, [records[at] for at in near if is_alike(finding.defect, records[at])]))
    return RepeatMatch(
        tuple(one for one in told if isinstance(one, Repeated)), tuple(one for one in told if isinstance(one, New))
    )


def is_alike(defect: Defect, known: KnownDefect) -> bool:
    """Say whether a defect is of a known one's cause; one raised by hand is known by element and requirement."""
    if known.by_hand:
        return bool(_by_criterion(defect).keys() & _by_criterion(known.defect).keys())
    return any(same_cause(defect, one) for one in (known.defect, *known.since))


def unchanged_since(defect: Defect, known: KnownDefect) -> bool:
    """Say whether a defect is as it was found, or as people took it up since: values agree, and nothing else fails."""
    return any(is_unchanged(defect, one) and _fails_no_more(defect, one, known) for one in (known.defect, *known.since))


def part_of(defect: Defect, global_ids: Sequence[str]) -> Defect:
    """Return the part of a defect that is about some of its elements."""
    kept = tuple(g for g in defect.global_ids if g in global_ids)
    return replace(defect, global_ids=kept, failures=tuple(f for f in defect.failures if f.global_id in kept))


def same_cause(one: Defect, other: Defect) -> bool:
    """Say whether two defects are one: the same key, or the same kind of thing in common elements the same way."""
    if one.cause_key == other.cause_key:
        return True
    common = set(one.global_ids) & set(other.global_ids)
    if not common or (one.kind is not other.kind and not {one.kind, other.kind} <= _MOVED):
        return False
    if one.kind is CauseKind.MISSING:
        return True
    along = _cosine(one, other) if one.kind in _MOVED else None
    return along >= _SAME_WAY if along is not None else bool(_signs(one, common) & _signs(other, common))


def is_unchanged(one: Defect, other: Defect) -> bool:
    """Say whether what was measured both times of common elements agrees within the uncertainty of both (|En| <= 1).

    Of what moved as one it is the motion: which of two opposite faces is the farthest out may change from scan to scan.
    """
    if {one.kind, other.kind} <= _MOVED:
        first, second = ({c.axis: c for c in d.motion} for d in (one, other))
        shared = sorted(first.keys() & second.keys())
        if shared:
            return all(_moves_alike(first[axis], second[axis]) for axis in shared)
    mine, theirs = _by_criterion(one), _by_criterion(other)
    both = sorted(mine.keys() & theirs.keys())
    return bool(both) and all(len(mine[c]) == len(theirs[c]) and all(map(_agree, mine[c], theirs[c])) for c in both)


def _moves_alike(one: MotionComponent, other: MotionComponent) -> bool:
    spread = one.expanded_uncertainty**2 + other.expanded_uncertainty**2
    return (one.value - other.value) ** 2 <= spread


def _match(finding: Finding, alike: Sequence[KnownDefect]) -> Repeated | New:
    """Match a finding with what is on record of its cause: who knows it as it is comes before who knew it otherwise."""
    ids = finding.defect.global_ids
    replaces = tuple(k.record for k in alike if k.stance is Stance.WAITING)
    known = {k.record for k in alike if unchanged_since(finding.defect, k)}
    overruled = [k for k in alike if k.stance is Stance.OVERRULED and k.record in known]
    same = [k for k in alike if k.stance is Stance.RECORD and k.record in known]
    certain = _named(*same, *overruled)
    left = set(ids) - certain
    changed = [k for k in alike if k.stance is Stance.RECORD and k.record not in known and left & _named(k)]
    held = sorted((*same, *changed), key=lambda k: k.record)
    by_record, by_person = _named(*held), _named(*overruled)
    added = tuple(g for g in ids if g not in by_record | by_person)
    settled = {k.record for k in (*held, *overruled)}
    if not settled or 2 * len(added) > len(ids):
        return New(finding.id, tuple(k.record for k in alike if k.stance is not Stance.WAITING), replaces)
    return Repeated(
        finding.id, tuple(k.record for k in held), not changed, tuple(g for g in ids if g in by_record),
        tuple(g for g in ids if g in by_person - by_record), added,
        overruled[0].record if overruled else None, tuple(k.record for k in changed),
        tuple(k.record for k in alike if k.record not in settled and k.stance is not Stance.WAITING), replaces,
    )  # fmt: skip


def _named(*known: KnownDefect) -> set[str]:
    return {g for k in known for g in k.defect.global_ids}


def _fails_no_more(defect: Defect, before: Defect, known: KnownDefect) -> bool:
    """Say whether an element fails only what it failed before; what a person overruled, by the very limits."""
    common = set(before.global_ids)
    mine, theirs = _by_criterion(defect), _by_criterion(before)
    if not all(criterion in theirs for criterion in mine if criterion[0] in common):
        return False
    if known.stance is not Stance.OVERRULED or known.by_hand:
        return True
    limits = [{(f.lower_mm, f.upper_mm) for f in (*mine[c], *theirs[c])} for c in mine.keys() & theirs.keys()]
    return all(len(same) == 1 for same in limits)


def _characteristic(one: Measurement) -> CheckedCharacteristic:
    actual, lower, upper, uncertainty = (
        millimetres(value) if np.isfinite(value) else None
        for value in (one.actual, one.lower, one.upper, one.expanded_uncertainty)
    )
    return CheckedCharacteristic(one.characteristic, one.source, one.outcome, actual, lower, upper, uncertainty)


def _taken_up(ncr: NonConformance) -> tuple[Defect, ...]:
    """Return what a defect had become when people decided about it: with a reason, or by a disposition since."""
    disposed = max((s.at for s in ncr.steps if s.event is Event.DISPOSE), default=None)
    seen = [o for o in ncr.occurrences if o.taken_up or (disposed is not None and o.noted_at <= disposed)]
    return tuple(dict.fromkeys(o.defect for o in seen if not o.unchanged and o.defect is not None))


def _violated(ncr: NonConformance) -> Defect | None:
    """Return what a record that no check raised says of its elements, as far as checks measure it."""
    failures = [f for v in ncr.violations for g in ((v.global_id,) if v.global_id else ncr.global_ids)
                if g in ncr.global_ids and (f := _failure(v, g)) is not None]  # fmt: skip
    if not failures:
        return None
    return Defect(CauseKind.FORM, tuple(sorted({f.global_id for f in failures})), tuple(failures))


def _failure(violation: Violation, global_id: str) -> Failure | None:
    asked, found = violation.requirement, violation.measured
    if same_words(asked.characteristic, PRESENCE) and is_attribute(asked.unit):
        return Failure(global_id, MISSING, asked.clause)
    if found is None or not same_words(asked.unit, "mm"):
        return None
    lower = -_FAR if asked.lower is None else asked.lower
    upper = _FAR if asked.upper is None else asked.upper
    if lower <= found.value <= upper:
        return None
    return Failure(
        global_id, asked.characteristic, asked.clause, found.value, lower, upper, found.expanded_uncertainty,
        violation.part, violation.part_id, violation.direction,
    )  # fmt: skip


def _cosine(one: Defect, other: Defect) -> Decimal | None:
    """Return the cosine between two motions over the axes that both know; None where they share none that moved."""
    a, b = ({c.axis: c.value for c in d.motion} for d in (one, other))
    both = sorted(a.keys() & b.keys())
    squares = sum((a[k] ** 2 for k in both), Decimal(0)) * sum((b[k] ** 2 for k in both), Decimal(0))
    if not squares:
        return None
    return sum((a[k] * b[k] for k in both), Decimal(0)) / squares.sqrt()


def _signs(defect: Defect, among: set[str]) -> set[tuple[str, str, bool]]:
    return {
        (f.global_id, f.characteristic, f.actual_mm > 0)
        for f in defect.failures
        if f.global_id in among and f.actual_mm is not None
    }


def _by_criterion(defect: Defect) -> dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Failure]]:
    """Return the failures by element, characteristic and source, each group by rising value."""
    grouped: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Failure]] = {}
    for failure in sorted(defect.failures, key=lambda f: f.actual_mm or Decimal(0)):
        key = (failure.global_id, *criterion_of(failure.characteristic, failure.source))
        grouped.setdefault(key, []).append(failure)
    return grouped


def _agree(one: Failure, other: Failure) -> bool:
    """Say whether |difference| <= sqrt(U1^2 + U2^2): En number of ISO 13528 not above 1."""
    if one.actual_mm is None or other.actual_mm is None:
        return one.actual_mm is other.actual_mm
    spread = (one.expanded_uncertainty_mm or Decimal(0)) ** 2 + (other.expanded_uncertainty_mm or Decimal(0)) ** 2
    return (one.actual_mm - other.actual_mm) ** 2 <= spread
