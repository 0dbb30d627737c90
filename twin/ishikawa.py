"""The cause-and-effect diagram (Ishikawa): every cause that was thought of, by category, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from twin.errors import Invalid, NotFound, Refused
from twin.record import Evidence, Id
from twin.root_cause import WhyTree

CATEGORY_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "6M": ("man", "machine", "material", "method", "measurement", "mother_nature"),
        "4S": ("surroundings", "suppliers", "systems", "skills"),
        "8P": ("product", "price", "place", "promotion", "people", "process", "physical_evidence", "performance"),
    }
)
"""The usual sets; a diagram may bring its own."""


class CauseStatus(StrEnum):
    """What is thought of a cause."""

    CANDIDATE = "candidate"
    EXCLUDED = "excluded"
    PROBABLE = "probable"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Cause:
    """One bone of the diagram."""

    id: Id
    category: str
    text: str
    parent: Id | None = None
    votes: int = 0
    status: CauseStatus = CauseStatus.CANDIDATE
    evidence: tuple[Evidence, ...] = ()
    why: Id | None = None
    """The answer of the why tree that follows it up."""

    def __post_init__(self) -> None:
        """Refuse a verdict on a cause that rests on nothing."""
        if not self.text.strip():
            raise Invalid("a cause needs a text")
        if self.votes < 0:
            raise Invalid(f"votes are counted from zero, not {self.votes}")
        if self.status in (CauseStatus.CONFIRMED, CauseStatus.EXCLUDED) and not self.evidence:
            raise Invalid(f"'{self.text}' cannot be {self.status} without evidence: attach what shows it")


@dataclass(frozen=True, slots=True)
class Ishikawa:
    """A problem and its possible causes."""

    problem: str
    categories: tuple[str, ...] = CATEGORY_SETS["6M"]
    causes: tuple[Cause, ...] = ()

    def __post_init__(self) -> None:
        """Refuse causes outside the categories, lost parents and cycles."""
        if not self.problem.strip():
            raise Invalid("a cause-and-effect diagram needs its effect")
        if not self.categories or len(set(self.categories)) < len(self.categories):
            raise Invalid("a diagram's categories must be given, each once")
        by_id = {cause.id: cause for cause in self.causes}
        if len(by_id) < len(self.causes):
            raise Invalid("two causes have the same id")
        for cause in self.causes:
            if cause.category not in self.categories:
                raise Invalid(f"'{cause.text}' is under {cause.category}; choose one of: {', '.join(self.categories)}")
            _check_ancestors(cause, by_id)

    def cause(self, cause_id: Id) -> Cause:
        """Return a cause; raise :class:`NotFound` when there is none of this id."""
        for cause in self.causes:
            if cause.id == cause_id:
                return cause
        raise NotFound(f"there is no cause with the id {cause_id} in this diagram")


def categories(name: str) -> tuple[str, ...]:
    """Return a usual set of categories by name.

    Examples
    --------
    >>> categories("4S")
    ('surroundings', 'suppliers', 'systems', 'skills')
    """
    if name not in CATEGORY_SETS:
        raise Invalid(f"there is no category set {name!r}; choose one of {', '.join(CATEGORY_SETS)}, or give your own")
    return CATEGORY_SETS[name]


def add_cause(diagram: Ishikawa, cause: Cause) -> Ishikawa:
    """Return the diagram with one more cause."""
    return replace(diagram, causes=(*diagram.causes, cause))


def settle_cause(diagram: Ishikawa, cause_id: Id, status: CauseStatus, evidence: tuple[Evidence, ...] = ()) -> Ishikawa:
    """Return the diagram with a cause confirmed, excluded or put back among those to look at."""
    cause = diagram.cause(cause_id)
    kept = cause.evidence + tuple(e for e in evidence if e not in cause.evidence)
    return _replaced(diagram, replace(cause, status=status, evidence=kept))


def link_cause(diagram: Ishikawa, cause_id: Id, tree: WhyTree, why: Id) -> Ishikawa:
    """Return the diagram with a cause linked to the answer of the why tree that follows it up.

    Raises
    ------
    Refused
        If the cause was excluded.
    """
    cause = diagram.cause(cause_id)
    if cause.status is CauseStatus.EXCLUDED:
        raise Refused(f"'{cause.text}' was excluded: put it back first, or link another cause")
    return _replaced(diagram, replace(cause, why=tree.node(why).id))


def missing_links(diagram: Ishikawa, tree: WhyTree) -> tuple[str, ...]:
    """Return the confirmed causes that no answer of the why tree follows up, one phrase each."""
    known = {node.id for node in tree.nodes}
    loose = [c for c in diagram.causes if c.status is CauseStatus.CONFIRMED and c.why not in known]
    return tuple(f"a why that follows up the confirmed cause '{cause.text}'" for cause in loose)


def _replaced(diagram: Ishikawa, cause: Cause) -> Ishikawa:
    return replace(diagram, causes=tuple(cause if c.id == cause.id else c for c in diagram.causes))


def _check_ancestors(cause: Cause, by_id: Mapping[Id, Cause]) -> None:
    passed = {cause.id}
    step = cause
    while step.parent is not None:
        parent = by_id.get(step.parent)
        if parent is None:
            raise Invalid(f"'{step.text}' hangs on a cause that is not in the diagram")
        if parent.id in passed:
            raise Invalid(f"'{cause.text}' causes itself: a diagram has no cycles")
        if parent.category != cause.category:
            raise Invalid(f"'{cause.text}' is under {cause.category} and hangs on a cause under {parent.category}")
        passed.add(parent.id)
        step = parent
