"""What is kept of carrying out one item of an inspection plan at one place."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from geometry.verdict import Outcome
from twin.access import Capacity
from twin.errors import Invalid, Refused
from twin.inspection_plan import PlanPoint, PointCode
from twin.record import Evidence, Id, Signature, require_utc


@dataclass(frozen=True, slots=True)
class Notification:
    """A party was asked to come."""

    party: Capacity
    sent_at: datetime
    invited_for: datetime
    proof: Evidence | None = None
    """That it arrived; without it the notice does not run."""

    def __post_init__(self) -> None:
        """Refuse an invitation into the past."""
        if require_utc(self.invited_for) < require_utc(self.sent_at):
            raise Invalid(f"the {self.party} cannot be invited for a time before the notice was sent")


@dataclass(frozen=True, slots=True)
class Attendance:
    """A party came."""

    party: Capacity
    person: Id
    at: datetime
    recorded_by: Id = ""
    """Who wrote it down: the person, or a quality manager with ``proof``."""
    proof: Evidence | None = None
    """In writing, that the person came; needed where somebody else records it."""

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.at)


@dataclass(frozen=True, slots=True)
class LinkedInspection:
    """What an inspection found, as it was when it was linked."""

    inspection: Id
    inspector: Id
    outcome: Outcome
    global_ids: tuple[str, ...]
    """Those that it answers for: of an item that asks for each, only those that were looked at."""
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class ElementOutcome:
    """What was found of one element."""

    global_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LinkedCheck:
    """What a scan check found of the elements by the item's characteristics and limits, as it was when linked."""

    check: Id
    linked_by: Id
    """Who took it for the item; a hold is released by somebody else."""
    captured_at: datetime
    """When the scan was taken."""
    outcomes: tuple[ElementOutcome, ...]

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.captured_at)

    @property
    def good(self) -> bool:
        """Whether it says nothing against any element; what it did not see it says nothing of."""
        return all(one.outcome in (Outcome.PASS, Outcome.NOT_MEASURED) for one in self.outcomes)


class NcrAnswer(StrEnum):
    """What has become of a nonconformance."""

    OPEN = "open"
    CLOSED = "closed"
    CONCESSION = "concession"
    """Accepted as it is, by those who may."""
    WITHDRAWN = "withdrawn"
    """Rejected or void: it says nothing, neither against the work nor for it."""


@dataclass(frozen=True, slots=True)
class LinkedNcr:
    """A nonconformance of some of the elements, and its answer."""

    ncr: Id
    answer: NcrAnswer
    global_ids: tuple[str, ...]
    at: datetime
    """Since when the answer holds."""
    speaks_for: tuple[str, ...] = ()
    """Elements for which its answer stands in for a passing inspection: it is closed, about what the item looks at, and
    leaves them in the work."""
    until: datetime | None = None
    """When the first of its concessions runs out."""

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.at)


@dataclass(frozen=True, slots=True)
class Release:
    """A party let work proceed."""

    party: Capacity
    signature: Signature
    basis: tuple[str, ...]
    """What had been said by then: anything said against it later has to be released anew."""


@dataclass(frozen=True, slots=True)
class PlanExecution:
    """One item at one place; pinned to the issues that it began with."""

    id: Id
    project: Id
    plan: Id
    plan_number: str
    plan_revision: int
    item: Id
    activity: str
    points: tuple[PlanPoint, ...]
    """As they were in that issue."""
    model_revision: Id
    global_ids: tuple[str, ...]
    zone: str = ""
    """Where; empty = everywhere."""
    batch: str = ""
    """Pour number, lot."""
    started_by: Id = ""
    started_at: datetime | None = None
    notifications: tuple[Notification, ...] = ()
    attendances: tuple[Attendance, ...] = ()
    inspections: tuple[LinkedInspection, ...] = ()
    checks: tuple[LinkedCheck, ...] = ()
    ncrs: tuple[LinkedNcr, ...] = ()
    releases: tuple[Release, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an execution on nothing."""
        if not self.global_ids or len(set(self.global_ids)) < len(self.global_ids):
            raise Invalid(f"'{self.activity}' is carried out on elements, each named once")

    def point(self, party: Capacity, codes: Iterable[PointCode]) -> PlanPoint:
        """Return the party's point of one of these codes; raise :class:`Refused` where it has none."""
        wanted = tuple(codes)
        for point in self.points:
            if point.party is party and point.code in wanted:
                return point
        raise Refused(f"the {party} has no point {' or '.join(sorted(wanted))} at '{self.activity}'")
