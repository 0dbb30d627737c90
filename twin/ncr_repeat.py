"""A check after the first: which findings are known already, which are new, and what of the known may be over.

A record is only ever helped to its close by having seen each of its elements pass the very criteria it failed; an
element that was not seen, not judged by those criteria, or is in doubt leaves it open.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from geometry.verdict import Outcome
from twin.finding import MISSING, CauseKind, Defect, Failure, Finding, MotionComponent
from twin.ncr_guards import accepted
from twin.ncr_parts import worst
from twin.ncr_record import LIVE, NonConformance, State
from twin.record import Id
from twin.result import CheckResult

_MOVED = frozenset({CauseKind.DISPLACED, CauseKind.TILTED})
_SAME_WAY = Decimal("0.7")
"""Cosine between two motions from which they go the same way: within 45 degrees."""


@dataclass(frozen=True, slots=True)
class KnownDefect:
    """A defect that is on record: in a nonconformance, or in a finding that nobody has decided yet."""

    record: Id
    defect: Defect


@dataclass(frozen=True, slots=True)
class CheckedCharacteristic:
    """The verdict on one characteristic by one source."""

    characteristic: str
    source: str
    verdict: Outcome


@dataclass(frozen=True, slots=True)
class CheckedElement:
    """What the repeat check says of one element."""

    global_id: str
    verdict: Outcome
    characteristics: tuple[CheckedCharacteristic, ...] = ()


class Standing(StrEnum):
    """Where a known defect stands after a repeat check."""

    REPEATED = "repeated"
    """Seen again."""
    FAILS = "fails"
    """Not seen again as it was, and yet something of it fails."""
    IN_DOUBT = "in_doubt"
    NOT_MEASURED = "not_measured"
    """Some of it was not seen or not judged by the same criteria: it stays open."""
    PASSES = "passes"
    """All of it passes the criteria it failed: a re-inspection may close it."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A finding that is on record already."""

    finding: Id
    records: tuple[Id, ...]
    unchanged: bool
    """All that was measured both times agrees within uncertainty (|En| <= 1, ISO 13528)."""
    added: tuple[str, ...] = ()
    """Elements of the finding that no record names: extend a record by them."""


@dataclass(frozen=True, slots=True)
class New:
    """A finding that is not on record."""

    finding: Id
    related: tuple[Id, ...] = ()
    """Records of the same cause that name some of its elements, though not half of them."""


@dataclass(frozen=True, slots=True)
class ElementVerdict:
    """The verdict on one element by the criteria that it failed, and overall."""

    global_id: str
    verdict: Outcome


@dataclass(frozen=True, slots=True)
class RecordStanding:
    """What a repeat check says of one known defect."""

    record: Id
    standing: Standing
    elements: tuple[ElementVerdict, ...]


@dataclass(frozen=True, slots=True)
class RepeatMatch:
    """A repeat check against what is on record: each finding is repeated or new, each record has one standing."""

    repeated: tuple[Repeated, ...]
    new: tuple[New, ...]
    records: tuple[RecordStanding, ...]


def known_defect(ncr: NonConformance, now: datetime) -> KnownDefect | None:
    """Return what a record knows of a defect; None when it is over or was never seen by a check.

    A closed record still knows what it accepted, as long as the acceptance holds: use as is is no new nonconformance
    at every scan.
    """
    if ncr.defect is None:
        return None
    if ncr.state is State.DRAFT or ncr.state in LIVE:
        return KnownDefect(ncr.id, ncr.defect)
    kept = tuple(g for g in ncr.defect.global_ids if g in accepted(ncr, now))
    if not kept:
        return None
    failures = tuple(f for f in ncr.defect.failures if f.global_id in kept)
    return KnownDefect(ncr.id, Defect(ncr.defect.kind, kept, failures, ncr.defect.motion))


def checked_elements(result: CheckResult) -> dict[str, CheckedElement]:
    """Return what a check says of each element, by GlobalId."""
    return {
        e.global_id: CheckedElement(
            e.global_id,
            e.verdict,
            tuple(CheckedCharacteristic(m.characteristic, m.source, m.outcome) for m in e.measurements),
        )
        for e in result.elements
    }


def match_repeat(
    findings: Iterable[Finding], known: Iterable[KnownDefect], checked: Mapping[str, CheckedElement]
) -> RepeatMatch:
    """Match the findings of a check with what is on record.

    A finding is known when records of the same cause (:func:`same_cause`) name at least half of its elements; with
    fewer it is new, and related to them.
    """
    records = sorted(known, key=lambda k: k.record)
    repeated: list[Repeated] = []
    new: list[New] = []
    for finding in sorted(findings, key=lambda f: (f.defect.global_ids, f.id)):
        alike = [k for k in records if same_cause(finding.defect, k.defect)]
        named = {g for k in alike for g in k.defect.global_ids}
        added = tuple(g for g in finding.defect.global_ids if g not in named)
        if not alike or 2 * len(added) > len(finding.defect.global_ids):
            new.append(New(finding.id, tuple(k.record for k in alike)))
            continue
        same = all(is_unchanged(finding.defect, k.defect) for k in alike)
        repeated.append(Repeated(finding.id, tuple(k.record for k in alike), same, added))
    again = {record for r in repeated for record in r.records}
    return RepeatMatch(tuple(repeated), tuple(new), tuple(_standing(k, checked, k.record in again) for k in records))


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


def _standing(known: KnownDefect, checked: Mapping[str, CheckedElement], again: bool) -> RecordStanding:
    elements = tuple(ElementVerdict(g, _verdict(known.defect, checked.get(g), g)) for g in known.defect.global_ids)
    by_worst = {
        Outcome.FAIL: Standing.FAILS,
        Outcome.INDETERMINATE: Standing.IN_DOUBT,
        Outcome.NOT_MEASURED: Standing.NOT_MEASURED,
        Outcome.PASS: Standing.PASSES,
    }
    standing = Standing.REPEATED if again else by_worst[worst(tuple(e.verdict for e in elements))]
    return RecordStanding(known.record, standing, elements)


def _verdict(defect: Defect, checked: CheckedElement | None, global_id: str) -> Outcome:
    """Return the worst of the element's verdict and those on the criteria that it failed."""
    if checked is None:
        return Outcome.NOT_MEASURED
    outcomes = [checked.verdict]
    for failure in defect.failures:
        if failure.global_id == global_id and failure.characteristic != MISSING:
            same = [
                c.verdict
                for c in checked.characteristics
                if (c.characteristic, c.source) == (failure.characteristic, failure.source)
            ]
            outcomes.append(worst(tuple(same)))
    return worst(tuple(outcomes))


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


def _by_criterion(defect: Defect) -> dict[tuple[str, str, str], list[Failure]]:
    """Return the failures by element, characteristic and source, each group by rising value."""
    grouped: dict[tuple[str, str, str], list[Failure]] = {}
    for failure in sorted(defect.failures, key=lambda f: f.actual_mm or Decimal(0)):
        grouped.setdefault((failure.global_id, failure.characteristic, failure.source), []).append(failure)
    return grouped


def _agree(one: Failure, other: Failure) -> bool:
    """Say whether |difference| <= sqrt(U1^2 + U2^2): En number of ISO 13528 not above 1."""
    if one.actual_mm is None or other.actual_mm is None:
        return one.actual_mm is other.actual_mm
    spread = (one.expanded_uncertainty_mm or Decimal(0)) ** 2 + (other.expanded_uncertainty_mm or Decimal(0)) ** 2
    return (one.actual_mm - other.actual_mm) ** 2 <= spread
