"""CAPA: remove the cause of nonconformities so that they do not come back (ISO 9001:2015 10.2, 8D).

``TRANSITIONS`` is the whole workflow and ``EDITABLE`` what may be changed when. A CAPA is a record of its own beside
the nonconformances that it answers, n to m. Its effectiveness is judged by a criterion fixed at planning, which stands
still while it is monitored; not effective enough means back to the investigation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from twin.cause_analysis import CauseAnalysis
from twin.corrective_action import ActionKind, CapaAction
from twin.effectiveness import EffectivenessCheck, EffectivenessCriterion, SetAside
from twin.eight_d import Prevention, ProblemStatement, Team
from twin.errors import Invalid, NotFound, Refused
from twin.record import Actor, Id, Signature, require_utc
from twin.step import Step


class CapaState(StrEnum):
    """Where a CAPA is."""

    INITIATED = "initiated"
    INVESTIGATION = "investigation"
    ROOT_CAUSE_APPROVED = "root_cause_approved"
    ACTION_PLANNING = "action_planning"
    IMPLEMENTATION = "implementation"
    VERIFICATION = "verification"
    EFFECTIVENESS_MONITORING = "effectiveness_monitoring"
    EFFECTIVE = "effective"
    """Closed."""
    CANCELLED = "cancelled"


class CapaEvent(StrEnum):
    """What can happen to it."""

    INVESTIGATE = "investigate"
    APPROVE_ROOT_CAUSE = "approve_root_cause"
    PLAN_ACTIONS = "plan_actions"
    IMPLEMENT = "implement"
    VERIFY = "verify"
    PLAN_AGAIN = "plan_again"
    """What was planned does not do, or cannot be done."""
    MONITOR = "monitor"
    CONFIRM_EFFECTIVE = "confirm_effective"
    FIND_INEFFECTIVE = "find_ineffective"
    CANCEL = "cancel"


_S, _E = CapaState, CapaEvent
OPEN_STATES = tuple(state for state in _S if state not in (_S.EFFECTIVE, _S.CANCELLED))
TRANSITIONS: Mapping[tuple[CapaState, CapaEvent], CapaState] = MappingProxyType(
    {
        (_S.INITIATED, _E.INVESTIGATE): _S.INVESTIGATION,
        (_S.INVESTIGATION, _E.APPROVE_ROOT_CAUSE): _S.ROOT_CAUSE_APPROVED,
        (_S.ROOT_CAUSE_APPROVED, _E.PLAN_ACTIONS): _S.ACTION_PLANNING,
        (_S.ACTION_PLANNING, _E.IMPLEMENT): _S.IMPLEMENTATION,
        (_S.IMPLEMENTATION, _E.VERIFY): _S.VERIFICATION,
        (_S.IMPLEMENTATION, _E.PLAN_AGAIN): _S.ACTION_PLANNING,
        (_S.VERIFICATION, _E.PLAN_AGAIN): _S.ACTION_PLANNING,
        (_S.VERIFICATION, _E.MONITOR): _S.EFFECTIVENESS_MONITORING,
        (_S.EFFECTIVENESS_MONITORING, _E.CONFIRM_EFFECTIVE): _S.EFFECTIVE,
        (_S.EFFECTIVENESS_MONITORING, _E.FIND_INEFFECTIVE): _S.INVESTIGATION,
        **{(state, _E.CANCEL): _S.CANCELLED for state in OPEN_STATES},
    }
)


class Edit(StrEnum):
    """What can be changed without moving on."""

    SOURCES = "sources"
    TEAM = "team"
    PROBLEM = "problem"
    ANALYSIS = "analysis"
    CONTAINMENT = "containment"
    ACTIONS = "actions"
    COMPLETION = "completion"
    ACTION_VERIFICATION = "action_verification"
    CRITERION = "criterion"
    PREVENTION = "prevention"
    RECOGNITION = "recognition"
    OBSERVATION = "observation"
    CANCELLATION = "cancellation"


EDITABLE: Mapping[Edit, frozenset[CapaState]] = MappingProxyType(
    {
        Edit.SOURCES: frozenset(OPEN_STATES),
        Edit.TEAM: frozenset(OPEN_STATES),
        Edit.PROBLEM: frozenset({_S.INITIATED, _S.INVESTIGATION}),
        Edit.ANALYSIS: frozenset({_S.INVESTIGATION}),
        Edit.CONTAINMENT: frozenset(OPEN_STATES) - {_S.EFFECTIVENESS_MONITORING},
        Edit.ACTIONS: frozenset({_S.ACTION_PLANNING}),
        Edit.COMPLETION: frozenset({_S.IMPLEMENTATION}),
        Edit.ACTION_VERIFICATION: frozenset({_S.VERIFICATION}),
        Edit.CRITERION: frozenset({_S.ACTION_PLANNING}),
        Edit.PREVENTION: frozenset({_S.IMPLEMENTATION, _S.VERIFICATION}),
        Edit.RECOGNITION: frozenset({_S.EFFECTIVENESS_MONITORING}),
        Edit.OBSERVATION: frozenset({_S.EFFECTIVENESS_MONITORING}),
        Edit.CANCELLATION: frozenset(OPEN_STATES),
    }
)


class CapaKind(StrEnum):
    """What set it off."""

    CORRECTIVE = "corrective"
    PREVENTIVE = "preventive"
    IMPROVEMENT = "improvement"


class SourceKind(StrEnum):
    """What kind of record a CAPA answers."""

    NCR = "ncr"
    FINDING = "finding"
    AUDIT = "audit"
    COMPLAINT = "complaint"
    RECURRENCE = "recurrence"
    RISK = "risk"


class Risk(StrEnum):
    """How much depends on it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class CapaSource:
    """A record that a CAPA answers; the same record may have several CAPAs."""

    kind: SourceKind
    id: Id


@dataclass(frozen=True, slots=True)
class CancellationRequest:
    """That somebody asks to give it up, and why; it waits for another person's signature."""

    reason: str
    by: Actor
    at: datetime

    def __post_init__(self) -> None:
        """Refuse a request without its reason."""
        require_utc(self.at)
        if not self.reason.strip():
            raise Invalid("say why the CAPA is given up")


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Who asked to give it up and why, and who approved that."""

    request: CancellationRequest
    signature: Signature


@dataclass(frozen=True, slots=True)
class Capa:
    """A corrective or preventive action project; D0 to D8 are its fields."""

    id: Id
    project: Id
    number: str
    """Given once and never reused."""
    kind: CapaKind
    title: str
    risk: Risk
    owner: Id
    due: date
    opened_by: Id
    opened_at: datetime
    sources: tuple[CapaSource, ...]
    state: CapaState = CapaState.INITIATED
    cycle: int = 0
    """How often it was found ineffective and begun anew."""
    emergency: str = ""
    """What was done at once, or why nothing had to be (D0)."""
    team: Team | None = None
    problem: ProblemStatement | None = None
    containment_not_needed: str = ""
    """Why nothing has to be contained; empty when containment actions do it (D3)."""
    actions: tuple[CapaAction, ...] = ()
    analysis: CauseAnalysis | None = None
    analysed_by: tuple[Id, ...] = ()
    """Everybody who wrote something of the analysis: none of them signs it."""
    root_cause_signature: Signature | None = None
    prevention: tuple[Prevention, ...] = ()
    criterion: EffectivenessCriterion | None = None
    monitored_since: datetime | None = None
    checks: tuple[EffectivenessCheck, ...] = ()
    """Every evaluation with the criterion as it stood, also of earlier cycles."""
    set_aside: tuple[SetAside, ...] = ()
    """What was seen in this cycle and is not the same again, with the reasons."""
    recognition: str = ""
    """What the team is thanked for, what was learned (D8)."""
    cancellation_request: CancellationRequest | None = None
    cancellation: Cancellation | None = None
    steps: tuple[Step, ...] = ()
    """How it came to its state."""

    def __post_init__(self) -> None:
        """Refuse a CAPA that answers nothing or belongs to nobody."""
        require_utc(self.opened_at)
        if not self.title.strip() or not self.number.strip():
            raise Invalid("a CAPA needs a number and a title")
        if not self.owner:
            raise Invalid("a CAPA needs an owner")
        if not self.sources or len(set(self.sources)) < len(self.sources):
            raise Invalid("a CAPA names what it answers, each once")
        if len({action.id for action in self.actions}) < len(self.actions):
            raise Invalid("two actions of a CAPA have the same id")

    @property
    def current_actions(self) -> tuple[CapaAction, ...]:
        """Corrective and preventive actions of this cycle."""
        return tuple(a for a in self.actions if a.kind is not ActionKind.CONTAINMENT and a.cycle == self.cycle)

    @property
    def containments(self) -> tuple[CapaAction, ...]:
        """Containment actions that are still in place, or to be put there."""
        return tuple(a for a in self.actions if a.kind is ActionKind.CONTAINMENT and a.ended_at is None)

    @property
    def ncrs(self) -> tuple[Id, ...]:
        """The nonconformances that it answers."""
        return tuple(source.id for source in self.sources if source.kind is SourceKind.NCR)

    def action(self, action_id: Id) -> CapaAction:
        """Return an action; raise :class:`NotFound` when there is none of this id."""
        for action in self.actions:
            if action.id == action_id:
                return action
        raise NotFound(f"{self.number} has no action with the id {action_id}")


def editable(capa: Capa, edit: Edit) -> Capa:
    """Return the CAPA if this part of it may be changed now; otherwise raise :class:`Refused`."""
    if capa.state not in EDITABLE[edit]:
        when = " or ".join(state.value for state in CapaState if state in EDITABLE[edit])
        raise Refused(f"{capa.number} is in {capa.state}: {edit.value.replace('_', ' ')} can be changed in {when}")
    return capa
