"""Use cases around predictions: kept with the run that made them, settled by people and by later checks, and scored."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from geometry.verdict import Outcome
from twin.finding import Severity
from twin.granted import require_granted
from twin.ncr_record import NonConformance
from twin.operations.change import change
from twin.operations.closed_records import counting_since
from twin.operations.ncrs import language_of
from twin.operations.steps import begin
from twin.prediction import (
    CONFIRMED_AS,
    Prediction,
    PredictionKind,
    PredictionState,
    Source,
    confirm,
    confirming_sha256,
    dismiss,
    expire,
    link_ncr,
    reopen,
    settle,
    told_by,
)
from twin.project import CheckRun, Member
from twin.record import Evidence, EvidenceKind, Id, Signature, SignatureMeaning
from twin.record_report.titles import predicted_title
from twin.rehearsal.predicted import expectations
from twin.rehearsal_record import Rehearsal
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.elements import states_of
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope, Stored, View

if TYPE_CHECKING:
    from simulation.prediction.drift import Chart
    from simulation.prediction.scoring import Score

_SETTLED = (PredictionState.CONFIRMED.value, PredictionState.REFUTED.value)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a rehearsal was learnt from."""

    reports: tuple[str, ...] = ()
    """SHA-256 of the reports of checks."""
    captured_until: datetime | None = None


def learnt_from(view: View, project: Id, reports: Iterable[str]) -> Learnt:
    """Return which reports a rehearsal used, and until when their scans were captured."""
    used = frozenset(reports)
    captured = [at for at, run in counting_since(view, project, _ever()) if run.report.sha256 in used]
    return Learnt(tuple(sorted(used)), max(captured, default=None))


def keep_predictions(unit: Unit, blobs: BlobStore, rehearsal: Rehearsal, learnt: Learnt) -> int:
    """Keep what a rehearsal lets expect, in the transaction that keeps the rehearsal; return how many.

    What an earlier run of the same question said and nobody settled expires: it was asked again.
    """
    with blobs.open(rehearsal.files[0].sha256) as stream:
        found = expectations(rehearsal.kind, json.load(stream))
    _expire_earlier(unit, rehearsal)
    source = _source(unit, rehearsal, learnt)
    for one in found:
        prediction = Prediction(
            unit.new_id(), rehearsal.project, one.kind, one.subject[:1000], one.title[:200], one.global_ids,
            one.characteristic, one.chance, one.candidate, one.why, source, unit.context.now, worth=one.worth,
        )  # fmt: skip
        unit.add(records.PREDICTION, prediction, action="predict", reason=f"rehearsal {rehearsal.id}")
    return len(found)


def confirm_prediction(
    store: Store, context: Context, prediction: Id, *, member: Member, reason: str, expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[Prediction]:  # fmt: skip
    """Confirm a prediction by signature; who signs has proved again who they are before this is called.

    Raises
    ------
    NotAllowed
        If the membership does not grant a capacity to do so.
    Refused
        If no reason is given, or it is settled already.
    """
    role = require_granted(member, *CONFIRMED_AS)

    def confirmed(record: Prediction) -> Prediction:
        signature = Signature(
            context.actor.id, context.actor.name, SignatureMeaning.APPROVAL, role.value, context.now,
            confirming_sha256(record, reason),
        )  # fmt: skip
        return confirm(record, signature, actor=context.actor, reason=reason, now=context.now)

    return change(
        store, context, records.PREDICTION, prediction, confirmed, action="confirm", expected=expected, scope=scope,
        reason=reason.strip(),
    )  # fmt: skip


def dismiss_prediction(
    store: Store, context: Context, prediction: Id, *, reason: str, expected: int, scope: Scope = EVERYTHING
) -> Stored[Prediction]:
    """Dismiss a prediction with a reason.

    Raises
    ------
    Refused
        If no reason is given, or it is settled already.
    """
    return change(
        store, context, records.PREDICTION, prediction,
        lambda record: dismiss(record, actor=context.actor, reason=reason, now=context.now),
        action="dismiss", expected=expected, scope=scope, reason=reason.strip(),
    )  # fmt: skip


def raise_predicted(
    store: Store, context: Context, prediction: Id, *, severity: Severity, title: str, expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[NonConformance]:  # fmt: skip
    """Keep a draft of a nonconformance of a candidate; it says that it is predicted, and a person has to open it.

    Raises
    ------
    Refused
        If there is one already, it is over, or it is not probable enough.
    """
    with store.write(context) as unit:
        old = unit.take(records.PREDICTION, prediction, scope, expected=expected)
        one, identifier = old.record, unit.new_id()
        linked = link_ncr(one, identifier)
        rehearsal = unit.get(records.REHEARSAL, one.source.rehearsal).record
        seen = "confirmed" if one.state is PredictionState.CONFIRMED else "predicted, not measured"
        own = predicted_title(one.title, language_of(unit, one.project))
        draft = NonConformance(
            id=identifier, project=one.project, title=title.strip() or own,
            severity=severity, quantity=Decimal(max(1, len(one.global_ids))),
            unit="element" if one.global_ids else "pcs", originator=context.actor, raised_at=context.now,
            description=f"{seen}, probability {one.chance.probability:.3f}: {one.why} (rehearsal {rehearsal.id})",
            detector=one.settled.by if one.settled else None, global_ids=one.global_ids,
            evidence=(Evidence(EvidenceKind.REPORT, rehearsal.files[0].sha256, rehearsal.files[0].description,
                               rehearsal.files[0].media_type),),
        )  # fmt: skip
        unit.save(records.PREDICTION, linked, expected=expected, action="raise")
        return begin(unit, records.NCR, draft, reason=f"prediction {prediction}")


def settle_by_checks(unit: Unit, project: Id) -> None:
    """Settle what is predicted by what the checks that count measured after it, the earliest capture first.

    What a check settled that counts no more is taken back first. A check that a prediction was learnt from, or of a
    scan no later than those, says nothing of it.
    """
    counting = counting_since(unit, project, _ever())
    alive = {run.id for _, run in counting}
    for stored in list(unit.all(records.PREDICTION, project=project, state=_SETTLED)):
        settled = stored.record.settled
        if settled is not None and settled.check_run is not None and settled.check_run not in alive:
            said = f"check {settled.check_run} counts no more"
            unit.save(records.PREDICTION, reopen(stored.record), expected=stored.version, action="reopen", reason=said)
    left = unit.all(records.PREDICTION, project=project, state=PredictionState.PREDICTED.value)
    waiting = [one for one in left if one.record.kind is PredictionKind.OUT_OF_TOLERANCE]
    for captured, run in counting if waiting else ():
        waiting = _settled_by(unit, waiting, captured, run)


def _settled_by(
    unit: Unit, waiting: Sequence[Stored[Prediction]], captured: datetime, run: CheckRun
) -> list[Stored[Prediction]]:
    """Settle what a check tells of, and return what still waits."""
    asked = [one for one in waiting if _is_later(one.record, captured, run)]
    if not asked:
        return list(waiting)
    rows = {row.state.global_id: row for row in states_of(unit.connection, run.id)}
    left = [one for one in waiting if not _is_later(one.record, captured, run)]
    for stored in asked:
        row = rows.get(stored.record.global_ids[0]) if stored.record.global_ids else None
        told = None if row is None else told_by(row.measured, Outcome(row.verdict), stored.record.characteristic)
        if told is None:
            left.append(stored)
            continue
        found = settle(stored.record, told, run.id, actor=unit.context.actor, now=unit.context.now)
        unit.save(records.PREDICTION, found, expected=stored.version, action="score", reason=f"check {run.id}")
    return left


def _is_later(prediction: Prediction, captured: datetime, run: CheckRun) -> bool:
    source = prediction.source
    after = source.captured_until is None or captured > source.captured_until
    return after and run.report.sha256 not in source.reports


@dataclass(frozen=True, slots=True, eq=False)
class Fared:
    """How predictions fared that a later check measured."""

    states: dict[str, int]
    score: "Score | None"
    """None: none was measured."""
    outcomes: "Chart | None"
    """CUSUM of what happened less what was predicted, in the order in which it was found out."""
    trend: "Chart | None"
    """EWMA of the same."""
    moments: tuple[datetime, ...] = ()
    """When each point of the charts was found out."""


def how_they_fared(view: View, project: Id, scope: Scope = EVERYTHING, *, kind: PredictionKind | None = None) -> Fared:
    """Return the score of what was predicted and measured, with calibration and drift; people's word is not scored."""
    import numpy as np

    from simulation.prediction.drift import cusum, ewma
    from simulation.prediction.scoring import score

    every = (stored.record for stored in view.all(records.PREDICTION, scope, project=project))
    found = [one for one in every if kind is None or one.kind is kind]
    states = {state.value: sum(one.state is state for one in found) for state in PredictionState}
    settled = [(one, one.settled) for one in found if one.settled is not None and one.settled.check_run is not None]
    measured = sorted(((by.at, one.id, one) for one, by in settled), key=lambda told: told[:2])
    if not measured:
        return Fared(states, None, None, None)
    said = np.array([float(one.chance.probability) for *_, one in measured])
    came = np.array([one.state is PredictionState.CONFIRMED for *_, one in measured])
    spread = np.sqrt(np.maximum(said * (1.0 - said), 1e-4))
    residuals = (came - said) / spread
    return Fared(states, score(said, came), cusum(residuals), ewma(residuals), tuple(at for at, *_ in measured))


def _expire_earlier(unit: Unit, rehearsal: Rehearsal) -> None:
    """Let what earlier runs of the same question said and nobody settled be over."""
    open_ones = list(unit.all(records.PREDICTION, project=rehearsal.project, state=PredictionState.PREDICTED.value))
    same = dict[Id, bool]()
    for stored in open_ones:
        before = stored.record.source.rehearsal
        if before not in same:
            same[before] = _asks_the_same(unit.get(records.REHEARSAL, before).record, rehearsal)
        if same[before]:
            said = f"rehearsal {rehearsal.id} asked again"
            over = expire(stored.record, actor=unit.context.actor, reason=said, now=unit.context.now)
            unit.save(records.PREDICTION, over, expected=stored.version, action="expire", reason=said)


def _asks_the_same(before: Rehearsal, now: Rehearsal) -> bool:
    """Say whether two runs are of one kind, of the models or of a file of the same name."""
    if before.kind is not now.kind or before.id == now.id:
        return False
    names = [one.source.description if one.source else "" for one in (before, now)]
    return names[0] == names[1]


def _source(unit: Unit, rehearsal: Rehearsal, learnt: Learnt) -> Source:
    of = rehearsal.source
    digest = of.sha256 if of else unit.get(records.MODEL_REVISION, rehearsal.revision or "").record.sha256
    return Source(rehearsal.id, rehearsal.version, rehearsal.seed, digest, learnt.reports, learnt.captured_until)


def _ever() -> datetime:
    from datetime import UTC

    return datetime.min.replace(tzinfo=UTC)
