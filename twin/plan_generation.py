"""An inspection plan from a model and a tolerance profile: what to measure, how, how many, and where work waits.

Everything that can be scanned well enough is measured by scan, every piece of it; the rest by hand on a sample. Items
are the same for the same model, with the same ids, so that a later revision can be compared with them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from geometry.f_number import F_SCALES
from geometry.part_sizes import PART_CHARACTERISTICS
from geometry.tolerance import Limits, Rule, ToleranceSet
from twin.access import Capacity
from twin.errors import Invalid
from twin.inspection_lot import SAMPLE_SOURCE, minimum_sample
from twin.inspection_plan import (
    BLOCKING,
    Criterion,
    Frequency,
    FrequencyKind,
    Method,
    PlanItem,
    PlanPoint,
    PointCode,
    Reference,
    Stage,
)
from twin.record import Id, content_sha256

_LARGEST_LOT = 3200
_BY_HAND: Mapping[str, tuple[Method, str]] = MappingProxyType(
    {
        "surface": (Method.SURVEY, "total station"),
        "axis_position": (Method.SURVEY, "total station"),
        "verticality": (Method.PLUMB, "plumb line or total station"),
        "level": (Method.LEVEL, "level"),
        "slope": (Method.LEVEL, "level"),
        "section_size": (Method.TAPE, "steel tape"),
        "flatness": (Method.STRAIGHTEDGE, "straightedge and wedge"),
        "floor_flatness": (Method.LEVEL, "floor profiler (ASTM E1155)"),
        "floor_levelness": (Method.LEVEL, "floor profiler (ASTM E1155)"),
        "opening_size": (Method.TAPE, "steel tape"),
        "opening_position": (Method.SURVEY, "total station"),
        "cylinder_axis": (Method.SURVEY, "total station"),
        "diameter": (Method.TAPE, "calliper or circumference tape"),
    }
)
"""Characteristic -> how it is measured where a scan cannot."""
_ONE_SIDED = ("flatness", "cylinder_axis", *F_SCALES)
_RANK = {
    "IfcPile": 0, "IfcFooting": 0, "IfcColumn": 1, "IfcWall": 1, "IfcWallStandardCase": 1, "IfcMember": 1,
    "IfcBeam": 2, "IfcSlab": 3, "IfcRoof": 3, "IfcPlate": 3,
}  # fmt: skip
"""In which order a storey is built."""
_LAST_RANK = 4


class Consequence(StrEnum):
    """How bad it is when it is wrong and nobody notices."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


_CONSEQUENCES = {
    **dict.fromkeys(("IfcPile", "IfcFooting", "IfcColumn", "IfcBeam", "IfcSlab", "IfcMember"), Consequence.HIGH),
    **dict.fromkeys(("IfcWall", "IfcWallStandardCase", "IfcRoof", "IfcPlate", "IfcStair"), Consequence.MEDIUM),
}
POINTS: Mapping[Consequence, tuple[PlanPoint, ...]] = MappingProxyType(
    {
        Consequence.HIGH: (
            PlanPoint(Capacity.CONTRACTOR, PointCode.INSPECT),
            PlanPoint(Capacity.CONSULTANT, PointCode.HOLD, 24),
            PlanPoint(Capacity.CUSTOMER, PointCode.WITNESS, 24),
        ),
        Consequence.MEDIUM: (
            PlanPoint(Capacity.CONTRACTOR, PointCode.INSPECT),
            PlanPoint(Capacity.CONSULTANT, PointCode.WITNESS, 24),
            PlanPoint(Capacity.CUSTOMER, PointCode.REVIEW),
        ),
        Consequence.LOW: (
            PlanPoint(Capacity.CONTRACTOR, PointCode.INSPECT),
            PlanPoint(Capacity.CONSULTANT, PointCode.SURVEILLANCE),
        ),
    }
)
"""Who does what by consequence; a project may bring its own."""


@dataclass(frozen=True, slots=True)
class ElementDescription:
    """An element as far as planning needs it."""

    global_id: str
    ifc_class: str
    storey: str
    size: tuple[float, float, float]
    """Longer and shorter side of its plan, and height, metres."""
    trade: str = ""
    materials: tuple[str, ...] = ()
    consequence: Consequence | None = None
    """None takes the class's."""
    predefined_type: str = ""
    parts: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    """Characteristic of its openings or of the cylinder that it is -> the sizes (m) that choose the limits."""


@dataclass(frozen=True, slots=True)
class GeneratedItems:
    """The items of a plan, and what they leave out."""

    items: tuple[PlanItem, ...]
    without_limits: tuple[str, ...]
    """GlobalIds for which the profile limits nothing: nobody will look at them unless it is said how."""


@dataclass(frozen=True, slots=True, order=True)
class _Group:
    """What one item is about, in the order of the plan."""

    level: int
    storey: str
    ifc_class: str
    characteristic: str
    source: str
    lower_mm: Decimal
    upper_mm: Decimal
    span_mm: Decimal
    trade: str
    consequence: Consequence
    scanned: bool


def generate_items(
    elements: Iterable[ElementDescription],
    tolerances: ToleranceSet,
    *,
    storeys: Sequence[str],
    scan_uncertainty: Mapping[str, float],
    unseen: Collection[str] = (),
    points: Mapping[Consequence, tuple[PlanPoint, ...]] = POINTS,
) -> GeneratedItems:
    """Return the items of a plan for ``elements`` under a tolerance profile.

    Parameters
    ----------
    storeys
        From the bottom up: what stands on a hold waits for it.
    scan_uncertainty
        Characteristic -> U (k = 2) in metres that the scan is expected to reach; what is not named is not scanned, and
        neither is what it could not judge even at its best (2 U beyond the tolerance).
    unseen
        GlobalIds that no station sees well enough (:mod:`twin.scan_stations`).

    Raises
    ------
    Invalid
        If a GlobalId occurs twice, or an element is in a storey that is not named.
    """
    groups: dict[_Group, list[str]] = {}
    without: list[str] = []
    hidden = frozenset(unseen)
    place = {storey: i for i, storey in enumerate(storeys)}
    known: set[str] = set()
    for element in elements:
        if element.global_id in known:
            raise Invalid(f"GlobalId {element.global_id} occurs twice: have the model exported anew")
        if element.storey not in place:
            raise Invalid(f"element {element.global_id} is in storey {element.storey!r}, which is not in the list")
        known.add(element.global_id)
        mine = _groups_of(element, tolerances, place[element.storey], scan_uncertainty, element.global_id in hidden)
        if not mine:
            without.append(element.global_id)
        for group in mine:
            groups.setdefault(group, []).append(element.global_id)
    items: list[PlanItem] = []
    for sequence, group in enumerate(sorted(groups), start=1):
        items.append(_item(group, tuple(sorted(groups[group])), sequence, points[group.consequence]))
    return GeneratedItems(_in_order(sorted(groups), items), tuple(sorted(without)))


def _groups_of(
    element: ElementDescription,
    tolerances: ToleranceSet,
    storey: int,
    scan_uncertainty: Mapping[str, float],
    hidden: bool,
) -> tuple[_Group, ...]:
    """Return the items that an element belongs to, each once."""
    found: dict[_Group, None] = {}
    level = storey * (_LAST_RANK + 1) + _RANK.get(element.ifc_class, _LAST_RANK)
    consequence = element.consequence or _CONSEQUENCES.get(element.ifc_class, Consequence.LOW)
    for rule in tolerances.rules_for(element.ifc_class, element.materials, element.predefined_type):
        for size in _governing_sizes(element, rule):
            limits = rule.limits(size)
            if limits is None:
                continue
            scanned = not hidden and _can_judge(rule.characteristic, limits, scan_uncertainty)
            span = _mm(rule.span) if rule.characteristic == "flatness" else Decimal(0)
            group = _Group(
                level, element.storey, element.ifc_class, rule.characteristic, rule.source, _mm(limits.lower),
                _mm(limits.upper), span, element.trade, consequence, scanned,
            )  # fmt: skip
            found[group] = None
    return tuple(found)


def _governing_sizes(element: ElementDescription, rule: Rule) -> tuple[float, ...]:
    """Return the sizes (m) that select a rule's limits, as :mod:`geometry.characteristics` selects them."""
    length, width, height = element.size
    if rule.characteristic in PART_CHARACTERISTICS and not element.parts.get(rule.characteristic):
        return ()
    if rule.by == "height" or (not rule.by and rule.characteristic == "verticality"):
        return (height,)
    if rule.by == "length" or rule.characteristic == "slope":
        return (length,)
    if rule.characteristic == "section_size":
        longest = max(element.size)
        thin = tuple(dict.fromkeys(side for side in (length, width, height) if 3.0 * side <= longest))
        return thin or (min(element.size),)
    return element.parts.get(rule.characteristic) or (max(element.size),)


def _can_judge(characteristic: str, limits: Limits, scan_uncertainty: Mapping[str, float]) -> bool:
    """Say whether a scan of this uncertainty could ever find that it conforms."""
    uncertainty = scan_uncertainty.get(characteristic)
    if uncertainty is None:
        return False
    if characteristic in _ONE_SIDED:
        return uncertainty < limits.upper
    return 2.0 * uncertainty < limits.upper - limits.lower


def _item(group: _Group, global_ids: tuple[str, ...], sequence: int, points: tuple[PlanPoint, ...]) -> PlanItem:
    method, equipment = (Method.SCAN_VS_BIM, "laser scanner") if group.scanned else _BY_HAND[group.characteristic]
    if group.scanned:
        frequency = Frequency(FrequencyKind.EACH, source="100 %")
    else:
        frequency = Frequency(FrequencyKind.SAMPLE, Decimal(_sample(len(global_ids))), "pcs", SAMPLE_SOURCE)
    document, _, clause = group.source.partition(", ")
    what = group.characteristic.replace("_", " ")
    where = f", {group.storey}" if group.storey else ""
    span = f", {group.span_mm} mm straightedge" if group.span_mm else ""
    scale = F_SCALES.get(group.characteristic)
    if scale is not None:  # the criterion is a length, people ask for a number
        span = f", {scale.symbol} {scale.number(float(group.upper_mm) / 1000.0):.4g}"
    return PlanItem(
        id=_item_id(group),
        sequence=sequence,
        activity=f"{group.ifc_class}{where}: {what}{span}",
        stage=Stage.AFTER,
        characteristics=(group.characteristic,),
        reference=Reference(document, clause),
        criterion=Criterion(None if group.characteristic in _ONE_SIDED else group.lower_mm, group.upper_mm, "mm"),
        method=method,
        points=points,
        frequency=frequency,
        equipment=equipment,
        record_form="qtems check report" if group.scanned else "inspection record",
        global_ids=global_ids,
    )


def _item_id(group: _Group) -> Id:
    """Return the id that the same item has whenever it is generated.

    Other limits or another way of measuring are another item: the owner of a hold on it is asked when it is revised.
    """
    parts = (
        group.storey, group.ifc_class, group.characteristic, group.source, group.lower_mm, group.upper_mm,
        group.span_mm, group.trade, group.consequence, "" if group.scanned else "by hand",
    )  # fmt: skip
    return content_sha256([str(part) for part in parts])[:32]


def _in_order(groups: Sequence[_Group], items: Sequence[PlanItem]) -> tuple[PlanItem, ...]:
    """Let each item wait for the holds of what is built next before it."""
    holds: dict[int, list[Id]] = {}
    for group, item in zip(groups, items, strict=True):
        if any(point.code in BLOCKING for point in item.points):
            holds.setdefault(group.level, []).append(item.id)
    ordered: list[PlanItem] = []
    for group, item in zip(groups, items, strict=True):
        earlier = [level for level in holds if level < group.level]
        ordered.append(replace(item, follows=tuple(holds[max(earlier)])) if earlier else item)
    return tuple(ordered)


def _sample(lot: int) -> int:
    """Return how many of a lot are measured by hand; a lot beyond the table is divided."""
    full, rest = divmod(lot, _LARGEST_LOT)
    return full * minimum_sample(_LARGEST_LOT) + (minimum_sample(rest) if rest else 0)


def _mm(metres: float) -> Decimal:
    """Return metres as millimetres to the micrometre, written without superfluous noughts."""
    text = f"{metres * 1000.0:.3f}"
    return Decimal(text.rstrip("0").rstrip("."))


@dataclass(frozen=True, slots=True)
class ItemRisk:
    """What is known of an item's risk."""

    probability: Decimal
    """That something is wrong, 0..1."""
    detection: Decimal
    """That it would be noticed later anyway, in time, 0..1."""
    cost: Decimal
    """Of it when it is not."""

    def __post_init__(self) -> None:
        """Refuse what is no probability or no cost."""
        for share in (self.probability, self.detection):
            if not share.is_finite() or not 0 <= share <= 1:
                raise Invalid(f"a probability is 0 to 1, not {share}")
        if not self.cost.is_finite() or self.cost < 0:
            raise Invalid(f"a cost is zero or more, not {self.cost}")

    @property
    def expected_cost(self) -> Decimal:
        """Probability x (1 - detection) x cost."""
        return self.probability * (1 - self.detection) * self.cost


def rerank(items: Sequence[PlanItem], risk: Mapping[Id, ItemRisk], *, most: int | None = None) -> tuple[PlanItem, ...]:
    """Return the items by falling expected cost, equals in the order they came; their place in the sequence stays.

    With ``most``, only so many are kept, but never a hold is dropped, nor an item that another one waits for.

    Raises
    ------
    Invalid
        If an item's risk is not given: what is unknown is not taken for small.
    """
    unknown = [item.activity for item in items if item.id not in risk]
    if unknown:
        raise Invalid(f"the risk of '{unknown[0]}' is not given")
    ranked = sorted(items, key=lambda item: -risk[item.id].expected_cost)
    if most is None:
        return tuple(ranked)
    awaited = {each for item in items for each in item.follows}
    needed = {i.id for i in items if i.id in awaited or any(p.code in BLOCKING for p in i.points)}
    spare = max(most - len(needed), 0)
    extra = {item.id for item in [i for i in ranked if i.id not in needed][:spare]}
    return tuple(item for item in ranked if item.id in needed | extra)
