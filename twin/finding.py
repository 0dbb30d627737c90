"""Findings: what a check raises, one per cause, until a person makes a nonconformance of it or dismisses it.

A finding is a machine's candidate (ISO 9001:2015 10.2.1 a: react to the nonconformity); only a person's confirmation
makes it a nonconformance record. ``TRANSITIONS`` is the whole workflow.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from geometry.verdict import Outcome
from twin.errors import IllegalTransition, Invalid, Refused
from twin.record import Actor, Evidence, Id, content_sha256, require_utc
from twin.signed_content import LATER

MISSING = "missing"
"""The characteristic of an element that is not there: it has no measured value and no limits."""


class Severity(StrEnum):
    """How much depends on it; decides who reviews and how soon it has to be contained."""

    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class CauseKind(StrEnum):
    """What, seen from the geometry, is the one thing that went wrong."""

    MISSING = "missing"
    DISPLACED = "displaced"
    TILTED = "tilted"
    FORM = "form"
    """Size, flatness, or a deviation that no rigid motion explains."""


class Axis(StrEnum):
    """A degree of freedom in the design frame: translation in millimetres, rotation in milliradians."""

    X = "x"
    Y = "y"
    Z = "z"
    RX = "rx"
    RY = "ry"
    RZ = "rz"


@dataclass(frozen=True, slots=True)
class MotionComponent:
    """How far what shares a cause moved along, or turned about, one axis."""

    axis: Axis
    value: Decimal
    """mm, or mrad for a rotation."""
    expanded_uncertainty: Decimal
    """U, k = 2, in the same unit, as measured: a later check of the same elements is compared with it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One characteristic of one element that is not within its limits; millimetres."""

    global_id: str
    characteristic: str
    source: str
    """Standard, edition and clause, or ``user``."""
    actual_mm: Decimal | None = None
    lower_mm: Decimal | None = None
    upper_mm: Decimal | None = None
    expanded_uncertainty_mm: Decimal | None = None
    part: str = field(default="", metadata=LATER)
    """What of the element it is about, an opening: its name, or its GlobalId where it has none."""
    part_id: str = field(default="", metadata=LATER)
    """GlobalId of that part."""
    direction: str = field(default="", metadata=LATER)
    """``width``, ``height``, ``length`` ... of that part, where one is meant."""

    def __post_init__(self) -> None:
        """Refuse values that fail nothing, and a failure without values unless the element is missing."""
        values = (self.actual_mm, self.lower_mm, self.upper_mm, self.expanded_uncertainty_mm)
        if self.characteristic == MISSING:
            if any(v is not None for v in values):
                raise Invalid(f"element {self.global_id} is missing: it has no measured value; leave the values out")
            return
        if self.actual_mm is None or self.lower_mm is None or self.upper_mm is None:
            raise Invalid(f"{self.characteristic} of {self.global_id} needs its measured value and both limits")
        if self.expanded_uncertainty_mm is None or not all(v is not None and v.is_finite() for v in values):
            raise Invalid(f"{self.characteristic} of {self.global_id} needs finite values and their uncertainty")
        if self.expanded_uncertainty_mm < 0 or self.lower_mm > self.upper_mm:
            raise Invalid(f"{self.characteristic} of {self.global_id}: U must not be negative, nor the limits crossed")
        if self.lower_mm <= self.actual_mm <= self.upper_mm:
            raise Invalid(f"{self.characteristic} of {self.global_id} is within its limits: {self.actual_mm} mm")

    @property
    def excess(self) -> Decimal:
        """How far beyond its limit, in half widths of the tolerance zone; 0 for what is missing."""
        if self.actual_mm is None or self.lower_mm is None or self.upper_mm is None:
            return Decimal(0)
        beyond = max(self.lower_mm - self.actual_mm, self.actual_mm - self.upper_mm)
        return beyond / max((self.upper_mm - self.lower_mm) / 2, Decimal("0.001"))


@dataclass(frozen=True, slots=True)
class Defect:
    """What is wrong, apart from who saw it when: what a repeat check is compared with.

    Examples
    --------
    >>> gone = (Failure("A", MISSING, "model"), Failure("B", MISSING, "model"))
    >>> Defect(CauseKind.MISSING, ("B", "A"), gone).global_ids
    ('A', 'B')
    """

    kind: CauseKind
    global_ids: tuple[str, ...]
    failures: tuple[Failure, ...]
    motion: tuple[MotionComponent, ...] = ()
    """The shared motion, on the axes where it is known."""

    def __post_init__(self) -> None:
        """Bring elements and failures into their one order; each element must fail something, and none else may."""
        object.__setattr__(self, "global_ids", tuple(sorted(self.global_ids)))
        order = sorted(self.failures, key=lambda f: (f.global_id, f.characteristic, f.source, str(f.actual_mm)))
        object.__setattr__(self, "failures", tuple(order))
        if not self.global_ids or len(set(self.global_ids)) != len(self.global_ids):
            raise Invalid(f"a defect names each of its elements once and at least one, not {self.global_ids}")
        if {f.global_id for f in self.failures} != set(self.global_ids):
            raise Invalid("each element of a defect needs a failed characteristic, and no other may have one")

    @property
    def lead(self) -> Failure:
        """The failure furthest beyond its limit."""
        return max(self.failures, key=lambda f: (f.excess, f.characteristic, f.global_id))

    @property
    def direction(self) -> str:
        """Where it went: ``+x``, ``-rz``; for a form the characteristic with its sign; nothing for what is missing."""
        if self.kind is CauseKind.MISSING:
            return ""
        turned = self.kind is CauseKind.TILTED
        along = [c for c in self.motion if c.axis.startswith("r") == turned]
        if self.kind is CauseKind.FORM or not along:
            return f"{'-' if (self.lead.actual_mm or 0) < 0 else '+'}{self.lead.characteristic}"
        main = max(along, key=lambda c: (abs(c.value), c.axis))
        return f"{'-' if main.value < 0 else '+'}{main.axis}"

    @property
    def cause_key(self) -> str:
        """Digest of kind, elements and direction: the same unchanged defect has the same key in every check."""
        return content_sha256({"kind": self.kind.value, "elements": list(self.global_ids), "direction": self.direction})


@dataclass(frozen=True, slots=True)
class Origin:
    """Which check saw it, of which revision in which epoch, and by which files, pose and code: the rest is with it."""

    check_run: Id
    model_revision: Id
    scan_epoch: Id
    model_sha256: str = ""
    scan_sha256: tuple[str, ...] = ()
    transform_sha256: str = ""
    """Digest of the pose by which the scan was brought to the model."""
    version: str = ""
    """Of qtems."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the design frame, metres."""

    x: Decimal
    y: Decimal
    z: Decimal


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Where a camera stands and what it looks at, metres in the design frame."""

    eye: Location
    target: Location


class FindingStatus(StrEnum):
    """Where a finding is."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    SUPERSEDED = "superseded"


class FindingEvent(StrEnum):
    """What can happen to a finding."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"
    SUPERSEDE = "supersede"


TRANSITIONS: dict[tuple[FindingStatus, FindingEvent], FindingStatus] = {
    (FindingStatus.OPEN, FindingEvent.CONFIRM): FindingStatus.CONFIRMED,
    (FindingStatus.OPEN, FindingEvent.DISMISS): FindingStatus.DISMISSED,
    (FindingStatus.OPEN, FindingEvent.SUPERSEDE): FindingStatus.SUPERSEDED,
}


@dataclass(frozen=True, slots=True)
class FindingDecision:
    """Who ended a finding, when, why, and which record goes on from it."""

    by: Actor
    at: datetime
    reason: str = ""
    successor: Id | None = None
    """The NCR that a confirmed finding became or was added to; the finding that took the place of a superseded one, the
    check that counts instead of the one that raised it, and says otherwise, or its own check, which was withdrawn."""
    follows: Id | None = None
    """The finding, or NCR, whose decision was taken over since nothing has changed: nobody decided this one anew."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A candidate for a nonconformance, raised by a check: one cause, one or more elements."""

    id: Id
    project: Id
    origin: Origin
    defect: Defect
    severity: Severity
    """A suggestion; the NCR's is decided by people."""
    location: Location
    raised_by: Actor
    raised_at: datetime
    verdict: Outcome = Outcome.FAIL
    viewpoint: Viewpoint | None = None
    picture: Evidence | None = None
    """What is seen from there."""
    no_picture: str = ""
    """Machine word why there is none: ``no_gl`` where the check ran, nothing could be drawn."""
    status: FindingStatus = FindingStatus.OPEN
    decision: FindingDecision | None = None
    related: tuple[str, ...] = ()
    """What is on record of the same, as ``ncr:ID`` and ``finding:ID``."""

    def __post_init__(self) -> None:
        """Refuse a finding that found nothing."""
        require_utc(self.raised_at)
        if self.verdict not in (Outcome.FAIL, Outcome.INDETERMINATE):
            raise Invalid(f"a finding says that something fails or may fail, not {self.verdict.value}")

    @property
    def cause_key(self) -> str:
        """See :attr:`Defect.cause_key`."""
        return self.defect.cause_key


def confirm(finding: Finding, *, ncr: Id, actor: Actor, now: datetime) -> Finding:
    """Confirm a finding: it lives on as nonconformance ``ncr``, a new one or one that knows the defect already."""
    if finding.verdict is not Outcome.FAIL:
        raise Refused(
            f"finding {finding.id} is indeterminate: measure again before it becomes a nonconformance, or dismiss it",
            missing=("a measurement that fails beyond its uncertainty",),
        )
    return _end(finding, FindingEvent.CONFIRM, FindingDecision(actor, now, successor=ncr))


def dismiss(finding: Finding, *, reason: str, actor: Actor, now: datetime) -> Finding:
    """Dismiss a finding; the reason is kept with it."""
    status = _next(finding, FindingEvent.DISMISS)
    if not reason.strip():
        raise Refused("say why the finding is no nonconformance before you dismiss it", missing=("a reason",))
    return replace(finding, status=status, decision=FindingDecision(actor, require_utc(now), reason.strip()))


def dismiss_as_before(finding: Finding, *, follows: Id, reason: str, actor: Actor, now: datetime) -> Finding:
    """Dismiss a finding as an earlier one was, or its record rejected: the same, and nothing has changed since."""
    dismissed = dismiss(finding, reason=reason, actor=actor, now=now)
    return replace(dismissed, decision=FindingDecision(actor, require_utc(now), reason.strip(), follows=follows))


def supersede(finding: Finding, *, successor: Id, actor: Actor, now: datetime) -> Finding:
    """Let the finding of a later check take the place of one that nobody has decided yet."""
    if successor == finding.id:
        raise Invalid(f"finding {finding.id} cannot take its own place")
    return _end(finding, FindingEvent.SUPERSEDE, FindingDecision(actor, now, successor=successor))


def allowed_events(finding: Finding) -> tuple[FindingEvent, ...]:
    """Return what can happen to a finding in its present status."""
    return tuple(event for event in FindingEvent if (finding.status, event) in TRANSITIONS)


def _end(finding: Finding, event: FindingEvent, decision: FindingDecision) -> Finding:
    require_utc(decision.at)
    if not decision.successor:
        raise Invalid(f"name the record that goes on from finding {finding.id}")
    return replace(finding, status=_next(finding, event), decision=decision)


def _next(finding: Finding, event: FindingEvent) -> FindingStatus:
    status = TRANSITIONS.get((finding.status, event))
    if status is None:
        said = f"finding {finding.id} is {finding.status.value}: {event.value} is only possible while it is open"
        raise IllegalTransition(said)
    return status
