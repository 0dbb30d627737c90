"""What a later check or inspection says of the requirements that a nonconformance violated: never more than it judged.

Another record is proof only of what it is about itself: the same characteristic of the same element by the same clause.
By which limits it judged does not matter: a value that was measured is judged again by the limits that were violated,
with its own uncertainty (ISO 14253-1). What cannot be told so is not measured, and that is never a pass.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from geometry.verdict import Outcome
from twin.characteristic import judge_value
from twin.finding import MISSING
from twin.ncr_parts import Criterion, RecheckOutcome, Requirement, worst
from twin.ncr_record import NonConformance

PRESENCE = "presence"
"""The requirement that an element which was missing violated: to be there."""
_BY_ATTRIBUTE = ("conforming", "element", "yes")
"""Units of requirements that are met or not, without a measured value."""


@dataclass(frozen=True, slots=True)
class CheckedCharacteristic:
    """The verdict on one characteristic by one source, by which limits, and the value if there is one."""

    characteristic: str
    source: str
    verdict: Outcome
    actual: Decimal | None = None
    lower: Decimal | None = None
    upper: Decimal | None = None
    expanded_uncertainty: Decimal | None = None
    unit: str = "mm"


@dataclass(frozen=True, slots=True)
class CheckedElement:
    """What a check or an inspection says of one element, or of one line of material without elements."""

    global_id: str
    verdict: Outcome
    characteristics: tuple[CheckedCharacteristic, ...] = ()


def presence_of(verdict: Outcome) -> CheckedCharacteristic:
    """Return what an element's verdict says of whether it is there: only one that passes certainly is.

    Examples
    --------
    >>> presence_of(Outcome.PASS).characteristic
    'presence'
    """
    return CheckedCharacteristic(PRESENCE, "model", verdict, unit="element")


def same_words(one: str, other: str) -> bool:
    """Say whether two names of a characteristic or a clause are the same, however they are set.

    Examples
    --------
    >>> same_words("axis_position", "Axis position"), same_words("DIN 18202, table 1", "DIN 18202 table 2")
    (True, False)
    """
    return words(one) == words(other)


def words(text: str) -> tuple[str, ...]:
    """Return the words of a name, without case, underscores and commas."""
    return tuple(text.casefold().replace("_", " ").replace(",", " ").replace(";", " ").split())


def requirements_of(ncr: NonConformance, about: str) -> tuple[Requirement, ...]:
    """Return what an element has to meet again: what it violated; all that was violated where nobody said by which."""
    own = [v.requirement for v in ncr.violations if v.global_id in ("", about)]
    return tuple(dict.fromkeys(own or (v.requirement for v in ncr.violations)))


def said_of(requirement: Requirement) -> str:
    """Return how a requirement is called in a message: ``flatness, DIN 18202 table 3, up to 8 mm``."""
    named = f"{requirement.characteristic}, {requirement.clause}"
    if is_attribute(requirement.unit):
        return named
    low, high, unit = requirement.lower, requirement.upper, requirement.unit
    if low is None or high is None:
        return f"{named}, {f'up to {high}' if low is None else f'from {low}'} {unit}"
    return f"{named}, {low} to {high} {unit}"


def is_attribute(unit: str) -> bool:
    """Say whether what has this unit is met or not, without a measured value."""
    return unit.strip().casefold() in _BY_ATTRIBUTE


def outcomes_of(ncr: NonConformance, checked: Mapping[str, CheckedElement]) -> tuple[RecheckOutcome, ...]:
    """Return what was found of what was corrected, requirement by requirement; what was not judged is left out."""
    corrected = dict.fromkeys(about for line in ncr.corrections for about in (line.global_ids or (line.id,)))
    found = (_outcome(about, requirements_of(ncr, about), checked[about]) for about in corrected if about in checked)
    return tuple(outcome for outcome in found if outcome.criteria)


def verdict_on(requirement: Requirement, one: CheckedCharacteristic) -> Outcome:
    """Judge what was measured by the limits that were violated.

    Its own verdict stands where the limits are the same. A doubt stays one whatever the limits: too few points, or an
    instrument that cannot tell.
    """
    if one.verdict is Outcome.NOT_MEASURED or not same_words(requirement.unit, one.unit):
        return Outcome.NOT_MEASURED
    if is_attribute(one.unit) or (one.lower, one.upper) == (requirement.lower, requirement.upper):
        return one.verdict
    if one.actual is None:
        return one.verdict if _no_wider(one, requirement) else Outcome.NOT_MEASURED
    again = judge_value(one.actual, requirement.lower, requirement.upper, one.expanded_uncertainty)
    return worst((again, one.verdict)) if one.verdict is Outcome.INDETERMINATE else again


def is_about(requirement: Requirement, characteristic: str, clause: str) -> bool:
    """Say whether a characteristic by a clause is what a requirement asks for."""
    return same_words(requirement.characteristic, characteristic) and same_words(requirement.clause, clause)


def criterion_of(characteristic: str, source: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return by what a failure, or a violation, is recognised as of the same requirement; absence is a presence."""
    return words(PRESENCE if characteristic == MISSING else characteristic), words(source)


def _outcome(about: str, requirements: Iterable[Requirement], checked: CheckedElement) -> RecheckOutcome:
    """Return the worst of what was asked for; nothing of it is better than the rest of the element."""
    asked, rest = tuple(requirements), _besides(requirements, checked)
    found: list[Criterion] = []
    for requirement in asked:
        said = tuple(
            verdict_on(requirement, one)
            for one in checked.characteristics
            if is_about(requirement, one.characteristic, one.source)
        )
        verdict = worst((rest, *said))
        if Outcome.NOT_MEASURED not in (verdict, worst(said)):
            found.append(Criterion(requirement, verdict))
    missing = (Outcome.NOT_MEASURED,) * (len(asked) - len(found))
    return RecheckOutcome(about, worst((*(criterion.verdict for criterion in found), *missing)), tuple(found))


def _besides(requirements: Iterable[Requirement], checked: CheckedElement) -> Outcome:
    """Return what is said of an element apart from what is judged again, by other limits than it was there.

    Where that does not explain the whole, as of an element that is marked as seriously defective, the whole counts.
    """
    asked = tuple(requirements)
    own = [one for one in checked.characteristics if one.characteristic != PRESENCE]
    if worst(tuple(one.verdict for one in own)) is not checked.verdict:
        return checked.verdict
    others = [one for one in own if not any(is_about(r, one.characteristic, one.source) for r in asked)]
    return worst(tuple(one.verdict for one in others) or (Outcome.PASS,))


def _no_wider(one: CheckedCharacteristic, requirement: Requirement) -> bool:
    low = requirement.lower is None or (one.lower is not None and one.lower >= requirement.lower)
    return low and (requirement.upper is None or (one.upper is not None and one.upper <= requirement.upper))
