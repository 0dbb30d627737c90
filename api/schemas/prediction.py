"""Predictions over the wire."""

from datetime import datetime
from decimal import Decimal

from pydantic import Field

from api.in_chinese import in_chinese
from api.paging import PageQuery
from api.schemas.base import RECORD_EXAMPLE, OptionalLine, Prose, RecordOut, RecordRef, Schema, Secret, example, stamp
from api.schemas.record import GlobalId
from twin.finding import Severity
from twin.operations.predictions import Fared
from twin.prediction import Prediction, PredictionEvent, PredictionKind, PredictionState, allowed_events
from twin.record import Id
from twin.store.view import Stored

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_HASH = "c6f6f97a3f4b0af52cb6b3ba232fd27730338f5a6ca70e7314dcb80d4f0c6928"
_WHEN = "2026-11-22T08:00:00Z"
_SETTLED = {
    "by": _ID,
    "name": "Ann Wu",
    "at": _WHEN,
    "reason": "seen on site",
    "check_run": None,
    "signed_as": "inspector",
}
_WORTH = {"rank": 1, "chosen": True, "cost": "100", "minutes": "20", "risk": "31", "saving": "29.5"}
_BIN = {"predicted": 0.24, "count": 21, "happened": 0.19, "low": 0.08, "high": 0.4, "agrees": True}


_MOST_POINTS = 300
"""Of the charts: more of them are no more to be seen."""
_POINT = {"at": _WHEN, "ewma": 0.31, "ewma_limit": 0.95, "cusum_up": 0.6, "cusum_down": 0.0}


class SettlementOut(Schema):
    """What was found out: by a person's signature, by a later check, or because the question was asked again."""

    model_config = example(**_SETTLED)

    by: Id
    name: str
    at: datetime
    reason: str
    check_run: Id | None = Field(description="The check that measured it")
    signed_as: str | None = Field(description="In which capacity a person signed")


class WorthOut(Schema):
    """What hangs on it, and what it is worth to inspect it, as the run that predicted it reckoned."""

    model_config = example(**_WORTH)

    rank: int = Field(description="Among all that could be inspected: what saves most per minute is 1")
    chosen: bool = Field(description="Among the inspections that save most within the minutes that were given")
    cost: Decimal = Field(description="Of a defect that nobody finds, in the unit in which costs were given")
    minutes: Decimal = Field(description="Of an inspection")
    risk: Decimal = Field(description="Probability × cost")
    saving: Decimal = Field(description="By how much an inspection lowers what is to be expected")


class PredictionOut(RecordOut):
    """What is expected of something, and what was found out."""

    model_config = example(
        **RECORD_EXAMPLE, project=_ID, kind="out_of_tolerance", title="Column 4", global_ids=["2O2Fr$t4X7Zf8NOew3FLOH"],
        characteristic="plumb", probability="0.31", low="0.12", high="0.55", candidate=False,
        why="plumb was not measured; of 12 alike (IfcColumn) 31 % are to be expected out of tolerance.",
        why_zh="垂直度 未测量；12 个同类（柱）显示预计 31 % 超差。", state="predicted",
        rehearsal=_ID, qtems="0.1.0", seed=0, sha256=_HASH, reports=[_HASH], captured_until=_WHEN, settled=None,
        ncr=None, worth=_WORTH, allowed_events=["confirm", "dismiss"],
    )  # fmt: skip

    project: Id
    kind: PredictionKind
    title: str
    global_ids: list[str]
    characteristic: str = Field(description="The likeliest; empty where none is meant")
    probability: Decimal
    low: Decimal | None = Field(description="Of the 95 % interval; null: nothing is known of it")
    high: Decimal | None
    candidate: bool = Field(description="Probable enough to be raised as a nonconformance")
    why: str
    why_zh: str = Field(description="The same in Chinese; empty where there is none")
    state: PredictionState
    rehearsal: Id = Field(description="The run that made it")
    qtems: str = Field(description="Version that ran it")
    seed: int
    sha256: str = Field(description="Of the model or the file that it is of")
    reports: list[str] = Field(description="SHA-256 of the reports that it was learnt from: they do not score it")
    captured_until: datetime | None = Field(description="Only scans captured later score it")
    settled: SettlementOut | None
    ncr: Id | None
    worth: WorthOut | None = Field(description="Null where nothing was reckoned: it is no element's inspection")
    allowed_events: list[PredictionEvent]


def prediction_out(stored: Stored[Prediction]) -> PredictionOut:
    """Return a prediction as it is sent."""
    one = stored.record
    settled, source, worth = one.settled, one.source, one.worth
    told = settled and SettlementOut(
        by=settled.by.id, name=settled.by.name, at=settled.at, reason=settled.reason, check_run=settled.check_run,
        signed_as=settled.signature.role if settled.signature else None,
    )  # fmt: skip
    reckoned = worth and WorthOut(
        rank=worth.rank, chosen=worth.chosen, cost=worth.cost, minutes=worth.minutes, risk=worth.risk,
        saving=worth.saving,
    )  # fmt: skip
    return PredictionOut(
        **stamp(stored), project=one.project, kind=one.kind, title=one.title, global_ids=list(one.global_ids),
        characteristic=one.characteristic, probability=one.chance.probability, low=one.chance.low, high=one.chance.high,
        candidate=one.candidate, why=one.why, why_zh=in_chinese(one.why), state=one.state, rehearsal=source.rehearsal,
        qtems=source.version, seed=source.seed, sha256=source.sha256, reports=list(source.reports),
        captured_until=source.captured_until, settled=told, ncr=one.ncr, worth=reckoned,
        allowed_events=list(allowed_events(one)),
    )  # fmt: skip


class PredictionQuery(PageQuery):
    """Filters of predictions."""

    kind: PredictionKind | None = None
    state: PredictionState | None = None
    rehearsal: RecordRef | None = None
    check_run: RecordRef | None = Field(default=None, description="Settled by this check")
    candidate: bool | None = Field(default=None, description="Probable enough to be raised as a nonconformance")
    global_id: GlobalId | None = Field(default=None, description="About this element")


class Confirmation(Schema):
    """What was seen, and the password again (21 CFR 11.200)."""

    model_config = example(reason="12 mm out of plumb by the plumb line", password="four words not together")

    reason: Prose
    password: Secret


class RaisedPrediction(Schema):
    """How a draft of a nonconformance begins."""

    model_config = example(severity="major", title="")

    severity: Severity
    title: OptionalLine = Field(default="", description="Empty: what it is about")


class CalibrationRow(Schema):
    """Predictions of about the same probability, and the share of them that came true."""

    model_config = example(**_BIN)

    predicted: float
    count: int
    happened: float
    low: float = Field(description="Of the 95 % interval (Wilson)")
    high: float
    agrees: bool = Field(description="The prediction lies in the interval")


class DriftPoint(Schema):
    """Where the charts stand after one prediction that was measured."""

    model_config = example(**_POINT)

    at: datetime = Field(description="When it was found out")
    ewma: float = Field(description="Of what happened less what was predicted, in standard deviations")
    ewma_limit: float = Field(description="Beyond it on either side it drifts")
    cusum_up: float = Field(description="More came out of tolerance than was predicted")
    cusum_down: float = Field(description="Fewer did")


class FaredQuery(Schema):
    """Of which predictions."""

    model_config = example(kind="out_of_tolerance")

    kind: PredictionKind | None = None


class FaredOut(Schema):
    """How predictions fared that later checks measured; what people confirmed is counted, not scored."""

    model_config = example(
        states={"predicted": 12, "confirmed": 4, "refuted": 17, "dismissed": 1, "expired": 0}, measured=21, brier=0.121,
        reliability=0.004, resolution=0.03, uncertainty=0.154, log=0.39, skill=0.21, calibration_z=0.4, bins=[_BIN],
        cusum_alarm_at=None, ewma_alarm_at=None, drift=[_POINT], cusum_limit=5.0,
    )  # fmt: skip

    states: dict[PredictionState, int]
    measured: int
    brier: float | None = Field(description="Null: nothing was measured yet")
    reliability: float | None
    resolution: float | None
    uncertainty: float | None
    log: float | None
    skill: float | None = Field(description="1 is perfect, 0 the average; null where everything or nothing happened")
    calibration_z: float | None = Field(description="Spiegelhalter's: beyond ±1.96 it is not calibrated (5 %)")
    bins: list[CalibrationRow]
    cusum_alarm_at: int | None = Field(description="The first measured one, from 1, at which the sums alarm")
    ewma_alarm_at: int | None
    drift: list[DriftPoint] = Field(description="The charts, in the order in which it was found out: the last 300")
    cusum_limit: float | None = Field(description="Above it the sums alarm; null while there is no chart")


def fared_out(fared: Fared) -> FaredOut:
    """Return how predictions fared as it is sent."""
    score = fared.score
    states = {PredictionState(name): count for name, count in fared.states.items()}
    alarms = [
        None if chart is None or chart.alarm is None else chart.alarm + 1 for chart in (fared.outcomes, fared.trend)
    ]
    if score is None:
        return FaredOut(
            states=states, measured=0, brier=None, reliability=None, resolution=None, uncertainty=None, log=None,
            skill=None, calibration_z=None, bins=[], cusum_alarm_at=None, ewma_alarm_at=None,
            drift=[], cusum_limit=None,
        )  # fmt: skip
    bins = [
        CalibrationRow(
            predicted=one.predicted, count=one.count, happened=one.happened.value, low=one.happened.interval.low,
            high=one.happened.interval.high, agrees=one.agrees,
        )
        for one in score.bins
    ]  # fmt: skip
    return FaredOut(
        states=states, measured=score.count, brier=score.brier, reliability=score.reliability,
        resolution=score.resolution, uncertainty=score.uncertainty, log=score.log, skill=score.skill,
        calibration_z=score.calibration_z, bins=bins, cusum_alarm_at=alarms[0], ewma_alarm_at=alarms[1],
        drift=_drift(fared), cusum_limit=None if fared.outcomes is None else float(fared.outcomes.limit[-1]),
    )  # fmt: skip


def _drift(fared: Fared) -> list[DriftPoint]:
    sums, mean = fared.outcomes, fared.trend
    if sums is None or mean is None:
        return []
    rows = zip(fared.moments, mean.statistic, mean.limit, sums.statistic, strict=True)
    found = [
        DriftPoint(at=at, ewma=float(value), ewma_limit=float(limit), cusum_up=float(up), cusum_down=float(down))
        for at, value, limit, (up, down) in rows
    ]
    return found[-_MOST_POINTS:]
