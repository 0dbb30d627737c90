"""Whether a CAPA worked: decided by a criterion that was fixed before anybody knew (ISO 9001:2015 10.2.1 d)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from twin.errors import Invalid
from twin.record import Evidence, Id, require_utc


class Metric(StrEnum):
    """What is counted or measured."""

    RECURRENCE = "recurrence"
    """Nonconformances with the same cause code on the same kind of element."""
    PPM = "ppm"
    CPK = "cpk"
    PPK = "ppk"
    PASS_RATE = "pass_rate"
    """Share of re-inspections that passed at the first attempt, per cent."""
    OTHER = "other"


class Better(StrEnum):
    """Which way is better."""

    LOWER = "lower"
    HIGHER = "higher"


class Effect(StrEnum):
    """How it turned out."""

    EFFECTIVE = "effective"
    PARTLY = "partly"
    """Better than before, and short of the target."""
    INEFFECTIVE = "ineffective"


@dataclass(frozen=True, slots=True)
class EffectivenessCriterion:
    """What will be looked at, by whom, when, and what counts as success."""

    metric: Metric
    description: str
    """What exactly is counted, on what."""
    baseline: Decimal
    target: Decimal
    better: Better
    window_days: int
    """How long is observed from when everything is in place; 0 when ``window_lots`` says it."""
    method: str
    """Where the value comes from."""
    due: date
    evaluator: Id
    window_lots: int = 0
    """How many lots or scans are observed; 0 when ``window_days`` says it."""

    def __post_init__(self) -> None:
        """Refuse a criterion that could not be failed, or not be evaluated."""
        if not self.description.strip() or not self.method.strip():
            raise Invalid("a criterion says what is counted and where the value comes from")
        if not (self.baseline.is_finite() and self.target.is_finite()):
            raise Invalid("a criterion's baseline and target are finite numbers")
        if not is_better(self.target, self.baseline, self.better):
            raise Invalid(
                f"the target {self.target} must be {self.better} than the baseline {self.baseline}: "
                "otherwise nothing had to change"
            )
        if min(self.window_days, self.window_lots) != 0 or max(self.window_days, self.window_lots) < 1:
            raise Invalid("a criterion is observed over a number of days or of lots, one of the two, at least 1")
        if self.metric is Metric.RECURRENCE and self.better is not Better.LOWER:
            raise Invalid("of what recurs, lower is better")
        if not self.evaluator:
            raise Invalid("a criterion names who will evaluate it")


@dataclass(frozen=True, slots=True)
class SetAside:
    """A nonconformance that looks like what was to be prevented, and why it is not (said by who has no part in it)."""

    ncr: Id
    reason: str
    by: Id
    at: datetime

    def __post_init__(self) -> None:
        """Refuse one without its reason."""
        require_utc(self.at)
        if not self.reason.strip():
            raise Invalid("say why it is not the same again")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the project's own records show since the effect is monitored: looked up, never typed."""

    recurred: tuple[Id, ...] = ()
    """Nonconformances of the same kind, opened or reopened since."""
    compared: tuple[Id, ...] = ()
    """The nonconformances that say what is the same: answered by the CAPA, and neither draft, rejected nor void."""
    lots: tuple[Id, ...] = ()
    """Inspections and scan epochs since, in which the same would have shown; each lot once."""
    named: tuple[Id, ...] = ()
    """Those among ``lots`` that a person named, because the words in them are others."""
    reason: str = ""
    """Why those count."""


@dataclass(frozen=True, slots=True)
class EffectivenessCheck:
    """What was found, beside the criterion as it stood."""

    criterion: EffectivenessCriterion
    cycle: int
    value: Decimal
    effect: Effect
    evaluated_by: Id
    evaluated_at: datetime
    seen: Seen = Seen()
    set_aside: tuple[SetAside, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an effect that the value does not bear out."""
        require_utc(self.evaluated_at)
        if self.effect is not effect_of(self.criterion, self.value):
            raise Invalid(f"the value {self.value} is not {self.effect} under its criterion")
        if self.criterion.metric is Metric.RECURRENCE and self.value < len(recurred(self.seen, self.set_aside)):
            raise Invalid(f"a recurrence of {self.value} leaves out some that were seen")


def recurred(seen: Seen, set_aside: tuple[SetAside, ...]) -> tuple[Id, ...]:
    """Return what recurred, without what was set aside with a reason."""
    aside = {one.ncr for one in set_aside}
    return tuple(ncr for ncr in seen.recurred if ncr not in aside)


def is_better(value: Decimal, than: Decimal, better: Better) -> bool:
    """Say whether ``value`` is strictly better."""
    return value < than if better is Better.LOWER else value > than


def effect_of(criterion: EffectivenessCriterion, value: Decimal) -> Effect:
    """Return what a value means under a criterion: the target reached, some of the way, or not even that.

    Raises
    ------
    Invalid
        If the value is no number: what was not measured is not effective, and not ineffective either.
    """
    if not value.is_finite():
        raise Invalid(f"an effect is judged from a finite value, not {value}")
    if value == criterion.target or is_better(value, criterion.target, criterion.better):
        return Effect.EFFECTIVE
    return Effect.PARTLY if is_better(value, criterion.baseline, criterion.better) else Effect.INEFFECTIVE


def window_ends(criterion: EffectivenessCriterion, since: datetime) -> datetime:
    """Return when the days of the window are over; ``since`` itself when lots are counted."""
    return require_utc(since) + timedelta(days=criterion.window_days)
