"""Use cases around one nonconformance record in which others have a say: members, findings, checks, inspections."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from geometry.verdict import Outcome
from twin import ncr as verbs
from twin.access import Capacity
from twin.errors import Invalid, NotFound, Refused
from twin.finding import confirm
from twin.inspection import Inspection, InspectionState
from twin.inspection_verdict import outcomes_by_element, verdict
from twin.ncr_parts import Criteria, Member, Occurrence, Recheck, RecheckOutcome, RecheckSource
from twin.ncr_record import NonConformance, State
from twin.ncr_repeat import CheckedCharacteristic, CheckedElement, known_defect, match_repeat
from twin.operations.accounts import names_of
from twin.operations.projects import membership
from twin.operations.steps import advance, take_step
from twin.record import Id
from twin.store import records
from twin.store.elements import ElementRow, page_of
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope, Stored, View


@dataclass(frozen=True, slots=True)
class Seat:
    """Who is to sit on a review board, in which capacity."""

    user: Id
    capacity: Capacity


def seat_board(
    store: Store, context: Context, ncr: Id, seats: Iterable[Seat], *, expected: int, scope: Scope = EVERYTHING
) -> Stored[NonConformance]:
    """Name the review board: members of the project, each in a capacity that their membership grants.

    Raises
    ------
    Invalid
        If somebody is no member.
    Refused
        If a membership does not grant the capacity.
    """
    with store.read() as view:
        project = view.get(records.NCR, ncr, scope).record.project
        roster = tuple(_member(view, project, seat) for seat in seats)
    return take_step(
        store, context, records.NCR, ncr, lambda n: verbs.assemble(n, roster), action="assemble", expected=expected,
        scope=scope,
    )  # fmt: skip


def assign_ncr(
    store: Store,
    context: Context,
    ncr: Id,
    *,
    assignee: Id | None,
    due: date | None,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[NonConformance]:
    """Say who has to see to a record next: a member of its project, or nobody."""
    with store.read() as view:
        if assignee is not None:
            require_member(view, view.get(records.NCR, ncr, scope).record.project, assignee)
    return take_step(
        store, context, records.NCR, ncr, lambda n: verbs.assign(n, assignee=assignee, due=due), action="assign",
        expected=expected, scope=scope,
    )  # fmt: skip


def note_finding(
    store: Store, context: Context, ncr: Id, finding: Id, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[NonConformance]:
    """Note a finding in a record that knows its defect; the finding is confirmed as that record."""
    with store.write(context) as unit:
        old = unit.get(records.NCR, ncr, scope)
        if old.version != expected:
            return unit.save(records.NCR, old.record, expected=expected)  # raises
        found = unit.get(records.FINDING, finding, scope)
        origin = found.record.origin
        occurrence = Occurrence(
            finding, origin.check_run, origin.scan_epoch, context.now, found.record.defect.failures, unchanged=False
        )
        noted = verbs.note_recurrence(old.record, occurrence, now=context.now)
        confirmed = confirm(found.record, ncr=ncr, actor=context.actor, now=context.now)
        unit.save(records.FINDING, confirmed, expected=found.version, action="confirm")
        return advance(unit, records.NCR, old, noted, action="note_recurrence")


def recheck_by_check(
    store: Store, context: Context, ncr: Id, check_run: Id, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[NonConformance]:
    """Let a check that was run before the work was reported as finished re-inspect a record.

    What was captured after the work was finished counts, whenever it was evaluated; what it says of the record's
    elements is taken from what is kept of the check, never from who asks.
    """
    with store.read() as view:
        record = view.get(records.NCR, ncr, scope).record
        run = view.get(records.CHECK_RUN, check_run, Scope(frozenset({record.project}))).record
        captured = view.get(records.SCAN_EPOCH, run.epoch).record.captured_at
        outcomes = _outcomes_of_check(view, record, run.epoch, check_run, context.now)
    recheck = _recheck(record, check_run, RecheckSource.CHECK_RUN, captured, outcomes, context)
    return _keep_recheck(store, context, ncr, recheck, expected=expected, scope=scope)


def recheck_by_inspection(
    store: Store,
    context: Context,
    ncr: Id,
    inspection: Id,
    *,
    criteria: Criteria,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[NonConformance]:
    """Let a signed inspection re-inspect a record: by the original criteria, or those of a repair."""
    with store.read() as view:
        record = view.get(records.NCR, ncr, scope).record
        inspected = view.get(records.INSPECTION, inspection, Scope(frozenset({record.project}))).record
    recheck = recheck_of(record, inspected, criteria, context)
    return _keep_recheck(store, context, ncr, recheck, expected=expected, scope=scope)


def rechecked_by(unit: Unit, inspection: Inspection) -> tuple[Id, ...]:
    """Let an inspection that was just signed re-inspect what it was made for; return the records.

    Those are the record that it names as re-inspected, or those that were raised from the inspection that it names.
    """
    if inspection.reinspects_id is None:
        return ()
    told: list[Id] = []
    waiting = list(unit.all(records.NCR, project=inspection.project, state=State.REINSPECTION.value))
    for stored in waiting:
        if inspection.reinspects_id not in (stored.record.id, stored.record.inspection):
            continue
        try:
            recheck = recheck_of(stored.record, inspection, Criteria.ORIGINAL, unit.context)
            record = verbs.record_recheck(stored.record, recheck, actor=unit.context.actor, now=unit.context.now)
        except Refused:
            continue  # it looked before the work was finished, or by other criteria: it says nothing
        advance(unit, records.NCR, stored, record, action="record_recheck", reason=f"inspection {inspection.number}")
        told.append(stored.record.id)
    return tuple(told)


def recheck_of(record: NonConformance, inspection: Inspection, criteria: Criteria, context: Context) -> Recheck:
    """Return what a signed inspection says of a record's corrected elements, as of its last reading."""
    if inspection.state is not InspectionState.SIGNED:
        raise Refused(f"inspection {inspection.number} is not signed yet", missing=("the inspector's signature",))
    by_element = outcomes_by_element(inspection)
    whole = verdict(inspection).outcome
    outcomes = {
        about: by_element[about] if line.global_ids else whole
        for line in record.corrections
        for about in (line.global_ids or (line.id,))
        if about in by_element or not line.global_ids
    }
    taken = min((reading.taken_at for reading in inspection.readings), default=context.now)
    recheck = _recheck(record, inspection.id, RecheckSource.INSPECTION, taken, outcomes, context)
    return Recheck(
        recheck.id, recheck.source, recheck.reinspects, recheck.captured_at, recheck.outcomes, recheck.by, criteria
    )


def require_member(view: View, project: Id, user: Id) -> None:
    """Raise :class:`Invalid` unless somebody takes part in a project."""
    try:
        membership(view, project, user)
    except NotFound as error:
        raise Invalid(f"{user} is no member of this project: take them in first") from error


def _member(view: View, project: Id, seat: Seat) -> Member:
    require_member(view, project, seat.user)
    if seat.capacity not in membership(view, project, seat.user).capacities:
        said = seat.capacity.value.replace("_", " ")
        raise Refused(f"{seat.user} does not sign as {said} in this project: an owner can grant it")
    return Member(seat.user, names_of(view, {seat.user})[seat.user].name, seat.capacity)


def _keep_recheck(
    store: Store, context: Context, ncr: Id, recheck: Recheck, *, expected: int, scope: Scope
) -> Stored[NonConformance]:
    def step(record: NonConformance) -> NonConformance:
        return verbs.record_recheck(record, recheck, actor=context.actor, now=context.now)

    return take_step(
        store, context, records.NCR, ncr, step, action="record_recheck", expected=expected, scope=scope,
        reason=f"{recheck.source.value} {recheck.id}",
    )  # fmt: skip


def _recheck(
    record: NonConformance,
    identifier: Id,
    source: RecheckSource,
    captured_at: datetime,
    outcomes: Mapping[str, Outcome],
    context: Context,
) -> Recheck:
    corrected = {about for line in record.corrections for about in (line.global_ids or (line.id,))}
    told = tuple(RecheckOutcome(about, outcomes[about]) for about in sorted(corrected & outcomes.keys()))
    if not told:
        raise Refused(
            f"{source.value.replace('_', ' ')} {identifier} says nothing of what was corrected: it looked elsewhere",
            missing=("a re-inspection of what was corrected",),
        )
    return Recheck(identifier, source, record.id, captured_at, told, context.actor)


def _outcomes_of_check(
    view: View, record: NonConformance, epoch: Id, check_run: Id, now: datetime
) -> Mapping[str, Outcome]:
    """Return what is kept of a check about a record's elements, by the criteria that they failed."""
    rows = page_of(
        view.connection, record.project, epoch, where={"check_run": check_run, "global_id": record.global_ids},
        limit=len(record.global_ids),
    ).items  # fmt: skip
    checked = {row.state.global_id: _checked(row) for row in rows}
    known = known_defect(record, now)
    if known is None:
        return {global_id: element.verdict for global_id, element in checked.items()}
    (standing,) = match_repeat((), [known], checked).records
    return {element.global_id: element.verdict for element in standing.elements}


def _checked(row: ElementRow) -> CheckedElement:
    measured = row.measured.get("measurements", ())
    return CheckedElement(
        row.state.global_id,
        Outcome(row.verdict),
        tuple(CheckedCharacteristic(m["characteristic"], m["source"], Outcome(m["verdict"])) for m in measured),
    )
