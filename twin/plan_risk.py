"""The risk of each item of a plan, from what the project's records show, and what follows from it for the plan.

A failure rate is estimated for the item's class, storey and characteristic, leaning on the class's and the project's
where little is known (shrinkage, as in empirical Bayes); what is unknown is never taken for small. Costs are relative:
10, 30 or 100 by what hangs on it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from geometry.verdict import Outcome
from twin.errors import Invalid, Refused
from twin.finding import Severity
from twin.inspection_plan import (
    BLOCKING,
    Frequency,
    FrequencyKind,
    InspectionPlan,
    ItemRank,
    PlanItem,
    PlanStatus,
    PointCode,
    before,
)
from twin.plan_generation import ItemRisk
from twin.plan_steps import with_editor
from twin.record import Actor, Id

_PRIOR, _PRIOR_WEIGHT = Decimal("0.05"), 10
"""What is assumed of a characteristic of which nothing is known, and how many measurements that counts as."""
_LEAN = 5
"""How many measurements the wider group counts as."""
_NOTICED = Decimal("0.5")
"""That a deviation is noticed later anyway, in time, where measurements leave nothing open."""
_COST = {Severity.MINOR: Decimal(10), Severity.MAJOR: Decimal(30), Severity.CRITICAL: Decimal(100)}
_EACH_FROM, _DOUBLE_FROM = Decimal("0.20"), Decimal("0.10")
"""From which probability on each piece is looked at, or twice as many."""
_UNSOLVED = Decimal("1.5")
"""How much likelier it is while a CAPA is open: its cause is still there."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an element is and where."""

    ifc_class: str
    storey: str


@dataclass(frozen=True, slots=True)
class Observation:
    """What was found of one characteristic of one element."""

    global_id: str
    characteristic: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Earlier:
    """A nonconformance or open finding, as far as risk needs it."""

    name: str
    severity: Severity
    failed: tuple[tuple[str, str], ...]
    """(GlobalId, characteristic)."""
    open_capas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the project's records show."""

    places: Mapping[str, Place] = field(default_factory=dict[str, Place])
    """GlobalId to what it is."""
    observations: tuple[Observation, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    predicted: Mapping[tuple[str, str], Decimal] = field(default_factory=dict[tuple[str, str], Decimal])
    """(GlobalId, characteristic) to how probably it is out of tolerance, as far as that was predicted and is open."""


@dataclass(frozen=True, slots=True)
class AssessedItem:
    """An item's risk, where it comes from, and how many should be looked at."""

    item: PlanItem
    risk: ItemRisk
    given: bool
    """By a person; otherwise from the records."""
    why: tuple[str, ...]
    frequency: Frequency


def assess(items: Sequence[PlanItem], known: Known, given: Mapping[Id, ItemRisk]) -> tuple[AssessedItem, ...]:
    """Return the items by falling expected cost, equals in the order they came; ``given`` goes before the records.

    Raises
    ------
    Invalid
        If a risk is given of an item that is not in the plan.
    """
    strange = sorted(set(given) - {item.id for item in items})
    if strange:
        raise Invalid(f"the plan has no item {strange[0]}: its risk cannot be given")
    counts = _Counts.of(known)
    found: list[AssessedItem] = []
    for item in items:
        risk, why = (given[item.id], ("given by hand",)) if item.id in given else _derived(item, known, counts)
        found.append(AssessedItem(item, risk, item.id in given, why, recommended(item, risk.probability)))
    return tuple(sorted(found, key=lambda one: -one.risk.expected_cost))


def recommended(item: PlanItem, probability: Decimal) -> Frequency:
    """Return how many should be looked at: never fewer than the plan says."""
    now = item.frequency
    whole = len(item.global_ids)
    if now.kind is FrequencyKind.EACH or probability < _DOUBLE_FROM:
        return now
    why = f"{now.source}; raised: {100 * probability:.0f} % expected to fail".removeprefix("; ")
    if probability >= _EACH_FROM:
        return Frequency(FrequencyKind.EACH, source=why)
    if now.kind is FrequencyKind.PERCENT:
        return replace(now, amount=min(Decimal(100), 2 * now.amount), source=why)
    if now.kind is FrequencyKind.PER_QUANTITY:
        return replace(now, amount=now.amount / 2, source=why)
    return replace(now, amount=min(Decimal(whole), 2 * now.amount) if whole else 2 * now.amount, source=why)


def apply_ranking(plan: InspectionPlan, assessed: Sequence[AssessedItem], *, actor: Actor) -> InspectionPlan:
    """Return a draft with its items in the order of their risk, as often as recommended, and why.

    What waits for another item still comes after it. Who does so wrote it, too, and does not approve it.

    Raises
    ------
    Refused
        If the plan is no draft: what is issued is revised first.
    """
    if plan.status is not PlanStatus.DRAFT:
        raise Refused(f"{plan.number} rev {plan.revision} is {plan.status}: revise it to change its order")
    by_id = {item.id: item for item in plan.items}
    waits = {item.id: set(before(item, by_id)) for item in plan.items}
    left, order = list(assessed), list[AssessedItem]()
    while left:
        free = next(one for one in left if not waits[one.item.id] - {each.item.id for each in order})
        order.append(free)
        left.remove(free)
    items = tuple(replace(one.item, sequence=n, frequency=one.frequency) for n, one in enumerate(order, start=1))
    ranks = tuple(ItemRank(one.item.id, one.risk.expected_cost, one.given, one.why) for one in assessed)
    return replace(plan, items=items, ranking=ranks, edited_by=with_editor(plan, actor))


@dataclass(frozen=True, slots=True)
class _Counts:
    """Measured, failed and left open: by characteristic, with class, with class and storey."""

    measured: Mapping[tuple[str, ...], int]
    failed: Mapping[tuple[str, ...], int]
    open: Mapping[tuple[str, ...], int]

    @staticmethod
    def of(known: Known) -> "_Counts":
        failed = {(e.global_id, _plain(e.characteristic)) for e in known.observations if e.outcome is Outcome.FAIL}
        failed |= {(g, _plain(c)) for earlier in known.earlier for g, c in earlier.failed}
        passed = {(e.global_id, _plain(e.characteristic)) for e in known.observations if e.outcome is Outcome.PASS}
        seen = {(e.global_id, _plain(e.characteristic)) for e in known.observations}
        measured = passed | failed
        return _Counts(
            _grouped(measured, known.places), _grouped(failed, known.places), _grouped(seen - measured, known.places)
        )


def _grouped(pairs: Iterable[tuple[str, str]], places: Mapping[str, Place]) -> dict[tuple[str, ...], int]:
    counts: dict[tuple[str, ...], int] = {}
    for global_id, characteristic in pairs:
        place = places.get(global_id, Place("", ""))
        for key in (
            (characteristic,),
            (characteristic, place.ifc_class),
            (characteristic, place.ifc_class, place.storey),
        ):
            counts[key] = counts.get(key, 0) + 1
    return counts


def _derived(item: PlanItem, known: Known, counts: _Counts) -> tuple[ItemRisk, tuple[str, ...]]:
    """Return an item's risk by its likeliest characteristic, and the records that say so."""
    place = next((known.places[g] for g in item.global_ids if g in known.places), Place("", ""))
    rated = [_rate(_plain(characteristic), place, counts) for characteristic in item.characteristics]
    probability, open_share, why = max(rated, key=lambda one: one[0])
    asked = {_plain(characteristic) for characteristic in item.characteristics}
    alike = [
        earlier
        for earlier in known.earlier
        if any(_plain(c) in asked and _same_class(known, g, place) for g, c in earlier.failed)
    ]
    probability = _with_predictions(item, known, asked, probability, why)
    capas = sorted({capa for e in alike for capa in e.open_capas})
    if capas:
        probability = min(Decimal("0.95"), probability * _UNSOLVED)
        why.append(f"{', '.join(capas)} open: the cause is still there")
    if alike:
        names = ", ".join(f"{e.name} ({e.severity.value})" for e in alike[:5])
        why.append(names + (f" and {len(alike) - 5} more" if len(alike) > 5 else ""))
    hangs = _hangs_on(item)
    cost = max([_COST[hangs], *(_COST[e.severity] for e in alike)])
    points = "a hold" if hangs is Severity.CRITICAL else "its points"
    why.append(f"cost {cost}: {points}" + (", and how severe it was before" if alike else ""))
    detection = (_NOTICED * (1 - open_share)).quantize(Decimal("0.001"))
    return ItemRisk(probability.quantize(Decimal("0.0001")), detection, cost), tuple(why)


def _with_predictions(item: PlanItem, known: Known, asked: set[str], probability: Decimal, why: list[str]) -> Decimal:
    """Return how likely a piece fails where some are predicted one by one; of the others the rate holds."""
    found = dict[str, Decimal]()
    for (global_id, characteristic), chance in known.predicted.items():
        name = _plain(characteristic)
        if global_id in item.global_ids and any(name == one or name.startswith(f"{one} ") for one in asked):
            found[global_id] = max(chance, found.get(global_id, Decimal(0)))
    if not found:
        return probability
    why.append(f"predicted of {len(found)} of {len(item.global_ids)}: up to {100 * max(found.values()):.0f} %")
    others = len(item.global_ids) - len(found)
    return (sum(found.values(), Decimal(0)) + others * probability) / len(item.global_ids)


def _same_class(known: Known, global_id: str, place: Place) -> bool:
    """Say whether an element is of the item's class; an item that names no elements is about any."""
    return not place.ifc_class or known.places.get(global_id, place).ifc_class == place.ifc_class


def _rate(characteristic: str, place: Place, counts: _Counts) -> tuple[Decimal, Decimal, list[str]]:
    """Return how likely a characteristic fails, the share that measurements left open, and why."""
    keys = ((characteristic,), (characteristic, place.ifc_class), (characteristic, place.ifc_class, place.storey))
    rate, weight = _PRIOR, _PRIOR_WEIGHT
    why: list[str] = []
    names = ("of all", f"of {place.ifc_class or 'its class'}", f"of {place.ifc_class or 'its class'} in {place.storey}")
    for key, name in zip(keys[: 3 if place.ifc_class else 1], names, strict=False):
        measured, failed = counts.measured.get(key, 0), counts.failed.get(key, 0)
        rate = (failed + weight * rate) / (measured + weight)
        weight = _LEAN
        if measured:
            why.append(f"{failed} of {measured} failed in {characteristic}, {name}")
    left_open, judged = counts.open.get(keys[1], 0), counts.measured.get(keys[1], 0)
    share = Decimal(left_open) / (left_open + judged) if left_open + judged else Decimal(0)
    if left_open:
        why.append(f"{left_open} of {left_open + judged} measurements left it open")
    return rate, share, why or [f"nothing is known of {characteristic}: {100 * rate:.0f} % assumed"]


def _hangs_on(item: PlanItem) -> Severity:
    codes = {point.code for point in item.points}
    if codes & BLOCKING:
        return Severity.CRITICAL
    return Severity.MAJOR if PointCode.WITNESS in codes else Severity.MINOR


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").lower().split())
