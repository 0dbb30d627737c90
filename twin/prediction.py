"""Predictions: what is expected of something before it is built or measured, until a person or a measurement says.

A prediction is never a nonconformance. It is confirmed by a person's signature or by a later measurement that fails,
refuted by a later measurement that passes, dismissed with a reason, or expires when the question was asked again.
A check that it was learnt from, or of a scan no later than those, says nothing of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from geometry.verdict import Outcome
from twin.access import Capacity
from twin.errors import IllegalTransition, Invalid, Refused
from twin.record import Actor, Id, Signature, SignatureMeaning, require_utc
from twin.signed_content import LATER, digest_of, require_signature

CONFIRMED_AS = (Capacity.INSPECTOR, Capacity.QUALITY_MANAGER)
"""In which capacities a person confirms one."""


class PredictionKind(StrEnum):
    """What is expected."""

    OUT_OF_TOLERANCE = "out_of_tolerance"
    """An element that was not measured, or not for sure."""
    CLASH = "clash"
    """Two parts need the same place."""
    BLOCKED_STEP = "blocked_step"
    """A part that cannot come in when it is its turn."""
    MISFIT = "misfit"
    """Parts that do not go together, by what is known of their holes and faces."""
    OUT_OF_LIMITS = "out_of_limits"
    """Assemblies whose dimensions add up to something outside the limits."""


class PredictionState(StrEnum):
    """How far it has come."""

    PREDICTED = "predicted"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    DISMISSED = "dismissed"
    EXPIRED = "expired"


class PredictionEvent(StrEnum):
    """What happens to it."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"
    RAISE = "raise"


@dataclass(frozen=True, slots=True)
class Chance:
    """How probable it is, 0 to 1."""

    probability: Decimal
    low: Decimal | None = None
    """Of the 95 % interval; None: nothing is known of it."""
    high: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        for one in (self.probability, self.low, self.high):
            if one is not None and not (one.is_finite() and 0 <= one <= 1):
                raise Invalid(f"a probability lies between 0 and 1: {one} does not")


@dataclass(frozen=True, slots=True)
class Worth:
    """What hangs on it, and what it is worth to inspect it, as the run that predicted it reckoned."""

    rank: int
    """Among everything that could be inspected, from 1: what saves most per minute first."""
    chosen: bool
    """Whether it is among the inspections that save most within the minutes that were given."""
    cost: Decimal
    """Of a defect that nobody finds, in the unit in which costs were given."""
    minutes: Decimal
    """Of an inspection."""
    risk: Decimal
    """Probability x cost."""
    saving: Decimal
    """By how much an inspection lowers what is to be expected."""

    def __post_init__(self) -> None:
        """Refuse what is no rank, cost or time."""
        sums = (self.cost, self.minutes, self.risk, self.saving)
        if self.rank < 1 or any(not one.is_finite() or one < 0 for one in sums):
            raise Invalid(f"ranks begin with 1, and costs and minutes are not negative: {self.rank}, {sums}")


@dataclass(frozen=True, slots=True)
class Source:
    """What a prediction was made of, so that it can be made again, and so that it is not scored by what it knew."""

    rehearsal: Id
    version: str
    """Of qtems."""
    seed: int
    sha256: str
    """Of the model or the file."""
    reports: tuple[str, ...] = ()
    """SHA-256 of the reports of checks that it was learnt from."""
    captured_until: datetime | None = None
    """When the last of their scans was captured; None: it was learnt from none."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was found out, by whom or by which check."""

    by: Actor
    at: datetime
    reason: str
    check_run: Id | None = None
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is expected of one thing."""

    id: Id
    project: Id
    kind: PredictionKind
    subject: str
    """What tells it from others of its kind: the same in the next run."""
    title: str
    global_ids: tuple[str, ...]
    characteristic: str
    """The likeliest; empty where none is meant."""
    chance: Chance
    candidate: bool
    """Whether it is probable enough to be raised as a nonconformance."""
    why: str
    source: Source
    made_at: datetime
    state: PredictionState = PredictionState.PREDICTED
    settled: Settlement | None = None
    ncr: Id | None = None
    """A draft that was raised of it."""
    worth: Worth | None = field(default=None, metadata=LATER)
    """None: nothing was reckoned of it."""

    def __post_init__(self) -> None:
        """Refuse one that is settled by nobody, or is not and was."""
        require_utc(self.made_at)
        if (self.state is PredictionState.PREDICTED) != (self.settled is None):
            raise Invalid("a prediction that is settled says by whom or by what")


_ENDS: Mapping[PredictionState, frozenset[PredictionState]] = MappingProxyType(
    {
        PredictionState.PREDICTED: frozenset(PredictionState) - {PredictionState.PREDICTED},
        PredictionState.CONFIRMED: frozenset({PredictionState.PREDICTED}),
        PredictionState.REFUTED: frozenset({PredictionState.PREDICTED}),
        PredictionState.DISMISSED: frozenset(),
        PredictionState.EXPIRED: frozenset(),
    }
)
"""State -> the states that may follow; back to predicted only when the check that settled it counts no more."""


def confirming_sha256(prediction: Prediction, reason: str) -> str:
    """Return the digest that a person's confirmation covers."""
    return digest_of(
        replace(prediction, why=f"{prediction.why}\n{reason.strip()}"), without=("state", "settled", "ncr")
    )


def confirm(prediction: Prediction, signature: Signature, *, actor: Actor, reason: str, now: datetime) -> Prediction:
    """Confirm a prediction as a person, by signature and with what was seen.

    Raises
    ------
    Refused
        If no reason is given, it is settled already, or the signature covers something else.
    """
    if not reason.strip():
        raise Refused("say what was seen: a prediction is confirmed by what somebody saw", missing=("a reason",))
    require_signature(
        signature, confirming_sha256(prediction, reason), role=signature.role, not_by={},
        meaning=SignatureMeaning.APPROVAL,
    )  # fmt: skip
    found = Settlement(actor, require_utc(now), reason.strip(), signature=signature)
    return _to(prediction, PredictionState.CONFIRMED, found)


def dismiss(prediction: Prediction, *, actor: Actor, reason: str, now: datetime) -> Prediction:
    """Dismiss a prediction with a reason; it is not scored, since nobody measured.

    Raises
    ------
    Refused
        If no reason is given, or it is settled already.
    """
    if not reason.strip():
        raise Refused("say why this is not to be expected before you dismiss it", missing=("a reason",))
    return _to(prediction, PredictionState.DISMISSED, Settlement(actor, require_utc(now), reason.strip()))


def expire(prediction: Prediction, *, actor: Actor, reason: str, now: datetime) -> Prediction:
    """End a prediction whose question was asked again."""
    return _to(prediction, PredictionState.EXPIRED, Settlement(actor, require_utc(now), reason))


def settle(prediction: Prediction, outcome: Outcome, check: Id, *, actor: Actor, now: datetime) -> Prediction:
    """Confirm or refute a prediction by what a later check measured."""
    state = PredictionState.CONFIRMED if outcome is Outcome.FAIL else PredictionState.REFUTED
    return _to(prediction, state, Settlement(actor, require_utc(now), f"measured by check {check}", check))


def reopen(prediction: Prediction) -> Prediction:
    """Take back what a check said that counts no more."""
    if prediction.settled is None or prediction.settled.check_run is None:
        raise Refused("only what a check settled is taken back with the check")
    return _to(prediction, PredictionState.PREDICTED, None)


def link_ncr(prediction: Prediction, ncr: Id) -> Prediction:
    """Name the draft that a person raised of a prediction.

    Raises
    ------
    Refused
        If there is one, it is over, or it is neither probable enough nor confirmed.
    """
    if prediction.ncr is not None:
        raise Refused(f"a draft was raised of this prediction already: {prediction.ncr}")
    if prediction.state not in (PredictionState.PREDICTED, PredictionState.CONFIRMED):
        raise IllegalTransition(f"this prediction is {prediction.state}: nothing is raised of it any more")
    if not prediction.candidate and prediction.state is PredictionState.PREDICTED:
        raise Refused("this is not probable enough to be a candidate: have it inspected, or confirm it")
    return replace(prediction, ncr=ncr)


def allowed_events(prediction: Prediction) -> tuple[PredictionEvent, ...]:
    """Return what a person can do with it."""
    found = list[PredictionEvent]()
    if prediction.state is PredictionState.PREDICTED:
        found += [PredictionEvent.CONFIRM, PredictionEvent.DISMISS]
    live = prediction.state is PredictionState.CONFIRMED or (
        prediction.state is PredictionState.PREDICTED and prediction.candidate
    )
    return (*found, *([PredictionEvent.RAISE] if live and prediction.ncr is None else []))


def told_by(measured: Mapping[str, object], verdict: Outcome, characteristic: str) -> Outcome | None:
    """Return what an element's entry in a report says of a prediction; None: nothing.

    A failure of anything confirms it. A pass refutes it only where the characteristic that it names was measured.
    """
    if measured.get("state") not in ("installed",):
        return None
    if verdict is Outcome.FAIL:
        return Outcome.FAIL
    if verdict is not Outcome.PASS:
        return None
    names = measured.get("measurements")
    found = {_named(one) for one in names if isinstance(one, Mapping)} if isinstance(names, list) else set[str]()
    return Outcome.PASS if not characteristic or characteristic in found else None


def _named(one: Mapping[str, object]) -> str:
    if one.get("actual_mm") is None:
        return ""
    return f"{one.get('characteristic') or ''} {one.get('direction') or ''}".strip()


def _to(prediction: Prediction, state: PredictionState, settled: Settlement | None) -> Prediction:
    if state not in _ENDS[prediction.state]:
        raise IllegalTransition(f"this prediction is {prediction.state}: only one that is predicted can be settled")
    return replace(prediction, state=state, settled=settled)
