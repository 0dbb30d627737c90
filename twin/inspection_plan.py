"""Inspection and test plans: what is looked at, by whom, and where work waits (ITP; ISO 9001:2015 8.5.1, 8.6).

An approved issue of a plan never changes; a new revision supersedes it. A hold may not be weakened on the way: that
takes the approval of the party that holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from twin.access import Capacity
from twin.errors import Invalid, NotFound
from twin.record import Id, Signature
from twin.scan_plan import ScanPlan
from twin.step import Step


class PlanStatus(StrEnum):
    """Where an issue of a plan is."""

    DRAFT = "draft"
    ISSUED_FOR_APPROVAL = "issued_for_approval"
    APPROVED = "approved"
    SUPERSEDED = "superseded"


class PlanEvent(StrEnum):
    """What can happen to it."""

    ISSUE = "issue"
    RETURN = "return"
    """For correction."""
    APPROVE = "approve"
    SUPERSEDE = "supersede"


TRANSITIONS: Mapping[tuple[PlanStatus, PlanEvent], PlanStatus] = MappingProxyType(
    {
        (PlanStatus.DRAFT, PlanEvent.ISSUE): PlanStatus.ISSUED_FOR_APPROVAL,
        (PlanStatus.ISSUED_FOR_APPROVAL, PlanEvent.RETURN): PlanStatus.DRAFT,
        (PlanStatus.ISSUED_FOR_APPROVAL, PlanEvent.APPROVE): PlanStatus.APPROVED,
        (PlanStatus.APPROVED, PlanEvent.SUPERSEDE): PlanStatus.SUPERSEDED,
    }
)


class PointCode(StrEnum):
    """What a party does at an item."""

    HOLD = "H"
    """Work must not proceed until this party has released it."""
    WITNESS = "W"
    """This party is notified; work may proceed when it does not come within the notice."""
    REVIEW = "R"
    """Looks at the record."""
    SURVEILLANCE = "S"
    """Looks in now and then."""
    INSPECT = "I"
    """Carries it out."""
    APPROVE = "A"
    """Approves before work proceeds."""


BLOCKING = frozenset({PointCode.HOLD, PointCode.APPROVE})
"""Codes at which work waits for a signature."""


class Stage(StrEnum):
    """When an item is due."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class Method(StrEnum):
    """How it is looked at."""

    SCAN_VS_BIM = "scan_vs_bim"
    TAPE = "tape"
    LEVEL = "level"
    PLUMB = "plumb"
    STRAIGHTEDGE = "straightedge"
    SURVEY = "survey"
    VISUAL = "visual"
    TEST = "test"


class FrequencyKind(StrEnum):
    """How often."""

    EACH = "each"
    SAMPLE = "sample"
    """``amount`` of each lot."""
    PERCENT = "percent"
    PER_QUANTITY = "per_quantity"
    """Once per ``amount`` of ``unit``."""


@dataclass(frozen=True, slots=True)
class Frequency:
    """How many of what there is are looked at."""

    kind: FrequencyKind = FrequencyKind.EACH
    amount: Decimal = Decimal(1)
    unit: str = ""
    source: str = ""
    """Where the number comes from."""

    def __post_init__(self) -> None:
        """Refuse a frequency of nothing."""
        if not self.amount.is_finite() or self.amount <= 0:
            raise Invalid(f"a frequency is above zero, not {self.amount}")
        if self.kind is FrequencyKind.PERCENT and self.amount > 100:
            raise Invalid(f"{self.amount} % are more than all")
        if self.kind is FrequencyKind.PER_QUANTITY and not self.unit.strip():
            raise Invalid("once per so much of what? give the unit")


@dataclass(frozen=True, slots=True)
class Criterion:
    """When it is accepted: limits, allowed answers, or a sentence where neither is possible."""

    lower: Decimal | None = None
    upper: Decimal | None = None
    unit: str = ""
    answers: tuple[str, ...] = ()
    statement: str = ""

    def __post_init__(self) -> None:
        """Refuse a criterion that accepts everything or nothing."""
        limits = [limit for limit in (self.lower, self.upper) if limit is not None]
        if not limits and not self.answers and not self.statement.strip():
            raise Invalid("a criterion needs limits, allowed answers or a statement")
        if not all(limit.is_finite() for limit in limits) or (len(limits) == 2 and limits[0] >= limits[1]):
            raise Invalid(f"the limits {self.lower} .. {self.upper} are not a range")
        if limits and not self.unit.strip():
            raise Invalid("limits need their unit")


@dataclass(frozen=True, slots=True)
class Reference:
    """Which document asks for it."""

    document: str
    clause: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True)
class PlanPoint:
    """What one party does at one item."""

    party: Capacity
    code: PointCode
    notice_hours: int = 0

    def __post_init__(self) -> None:
        """Refuse a witness who cannot be waited for."""
        if self.notice_hours < 0:
            raise Invalid(f"a notice is zero hours or more, not {self.notice_hours}")
        if self.code is PointCode.WITNESS and self.notice_hours == 0:
            raise Invalid(f"the {self.party} is to witness: say how many hours before it is notified")


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One line of a plan."""

    id: Id
    """Kept from revision to revision, so that they can be compared."""
    sequence: int
    activity: str
    stage: Stage
    characteristics: tuple[str, ...]
    reference: Reference
    criterion: Criterion
    method: Method
    points: tuple[PlanPoint, ...]
    frequency: Frequency = Frequency()
    equipment: str = ""
    record_form: str = ""
    global_ids: tuple[str, ...] = ()
    """What it is about; empty = whatever its executions name."""
    follows: tuple[Id, ...] = ()
    """Items that have to be free to proceed before this one begins."""

    def __post_init__(self) -> None:
        """Refuse an item that nobody carries out."""
        if not self.activity.strip() or not self.characteristics:
            raise Invalid("an item says what is done and which characteristics are looked at")
        if not any(point.code is PointCode.INSPECT for point in self.points):
            raise Invalid(f"'{self.activity}' needs a party that carries it out (code I)")
        if len({(p.party, p.code) for p in self.points}) < len(self.points):
            raise Invalid(f"'{self.activity}' names a party's point twice")
        if self.id in self.follows:
            raise Invalid(f"'{self.activity}' cannot follow itself")


@dataclass(frozen=True, slots=True)
class ItemRank:
    """Why an item stands where it stands: the cost to be expected without it."""

    item: Id
    expected_cost: Decimal
    given: bool
    """By a person; otherwise from the project's records."""
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InspectionPlan:
    """One issue of a plan; each revision is a record of its own."""

    id: Id
    project: Id
    number: str
    """The same in every revision."""
    title: str
    author: Id
    revision: int = 1
    status: PlanStatus = PlanStatus.DRAFT
    specification: str = ""
    discipline: str = ""
    items: tuple[PlanItem, ...] = ()
    approvals: tuple[Signature, ...] = ()
    supersedes: Id | None = None
    """The issue before."""
    without_limits: tuple[str, ...] = ()
    """GlobalIds that nobody looks at unless it is said how: nothing of them is limited, or they have no shape."""
    scanning: ScanPlan | None = None
    """Where to scan; None for a plan that was not made from a model."""
    ranking: tuple[ItemRank, ...] = ()
    """By falling expected cost, as it was when the items were put in this order; empty where they never were."""
    edited_by: tuple[Id, ...] = ()
    """Who set its items or put them in order; like its author they do not approve it."""
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        """Refuse items that cannot be told apart or wait for each other."""
        if not self.number.strip() or not self.title.strip() or not self.author:
            raise Invalid("a plan needs a number, a title and an author")
        if self.revision < 1 or (self.revision == 1) != (self.supersedes is None):
            raise Invalid(
                f"revision {self.revision} of {self.number} must name the issue before, and only the first has none"
            )
        by_id = {item.id: item for item in self.items}
        if len(by_id) < len(self.items) or len({i.sequence for i in self.items}) < len(self.items):
            raise Invalid(f"{self.number}: two items have the same id or place in the sequence")
        for item in self.items:
            unknown = [i for i in item.follows if i not in by_id]
            if unknown:
                raise Invalid(f"'{item.activity}' follows {unknown[0]}, which is not in the plan")
            if item.id in before(item, by_id):
                raise Invalid(f"'{item.activity}' waits for itself")

    def item(self, item_id: Id) -> PlanItem:
        """Return an item; raise :class:`NotFound` when there is none of this id."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise NotFound(f"{self.number} has no item {item_id}")


def before(item: PlanItem, by_id: Mapping[Id, PlanItem]) -> tuple[Id, ...]:
    """Return every item that has to be free to proceed before this one, directly or through others, sorted."""
    found: set[Id] = set()
    waiting = list(item.follows)
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += by_id[each].follows
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class WeakenedHold:
    """A hold of the issue before that this one takes away or makes smaller."""

    item: Id
    party: Capacity
    why: str


def weakened_holds(old: Iterable[PlanItem], new: Iterable[PlanItem]) -> tuple[WeakenedHold, ...]:
    """Return the holds that a new issue weakens: gone, of another code, for fewer elements, or no longer waited for."""
    old_items, new_items = {i.id: i for i in old}, {i.id: i for i in new}
    found: list[WeakenedHold] = []
    for item in old_items.values():
        for point in item.points:
            if point.code in BLOCKING:
                why = _weakened(item, point, old_items, new_items)
                if why:
                    found.append(WeakenedHold(item.id, point.party, why))
    return tuple(found)


def _weakened(
    item: PlanItem, point: PlanPoint, old_items: Mapping[Id, PlanItem], new_items: Mapping[Id, PlanItem]
) -> str:
    """Return how a hold is weakened, nothing when it is not."""
    now = new_items.get(item.id)
    if now is None:
        return "the item is gone"
    codes = {p.code for p in now.points if p.party is point.party}
    if PointCode.HOLD not in codes and point.code not in codes:
        return f"{point.code} is gone"
    if now.global_ids and not set(item.global_ids) <= set(now.global_ids):
        return "it is about fewer elements"
    if now.global_ids and not item.global_ids:
        return "it is about fewer elements"
    for other in new_items.values():
        was = old_items.get(other.id)
        if was is not None and item.id in before(was, old_items) and item.id not in before(other, new_items):
            return f"'{other.activity}' no longer waits for it"
    return ""
