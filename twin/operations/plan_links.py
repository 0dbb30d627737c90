"""What becomes of a nonconformance is told to the inspection points that wait for it, in the same transaction."""

from twin.disposition import Decision, DispositionLine
from twin.execution_record import LinkedNcr, NcrAnswer, PlanExecution
from twin.inspection_plan import PlanItem
from twin.ncr_record import LIVE, NonConformance, State
from twin.plan_execution import link_ncr
from twin.store import records
from twin.store.repository import Unit
from twin.store.view import View

_GONE = (Decision.SCRAP, Decision.RETURN_TO_SUPPLIER)


def answer_of(ncr: NonConformance) -> NcrAnswer:
    """Return what has become of a nonconformance, as a release sees it.

    Rejected and void ones say nothing any more. A concession is what was accepted as it is.
    """
    if ncr.state in (State.REJECTED, State.VOID):
        return NcrAnswer.WITHDRAWN
    if ncr.state is not State.CLOSED or ncr.doubt is not None:
        return NcrAnswer.OPEN
    as_is = ncr.lines and all(line.decision is Decision.USE_AS_IS for line in ncr.lines)
    return NcrAnswer.CONCESSION if as_is else NcrAnswer.CLOSED


def linked(ncr: NonConformance, execution: PlanExecution, item: PlanItem) -> LinkedNcr:
    """Return a nonconformance as an execution of an item keeps it."""
    since = ncr.steps[-1].at if ncr.steps else ncr.raised_at
    stays = [line for line in ncr.lines if line.concession is not None and line.decision is Decision.USE_AS_IS]
    until = min((line.concession.expires_at for line in stays if line.concession), default=None)
    return LinkedNcr(ncr.id, answer_of(ncr), ncr.global_ids, since, _speaks_for(ncr, execution, item), until)


def concerns(ncr: NonConformance, item: PlanItem, global_id: str) -> bool:
    """Say whether a nonconformance is about what an item looks at, on an element."""
    asked = {_plain(characteristic) for characteristic in item.characteristics}
    about = [v.requirement for v in ncr.violations if v.global_id in ("", global_id)]
    return any(_plain(requirement.characteristic) in asked for requirement in about)


def open_against(view: View, execution: PlanExecution, item: PlanItem) -> tuple[str, ...]:
    """Return the open nonconformances of what an item looks at that nobody linked, one phrase each."""
    known = {one.ncr for one in execution.ncrs}
    live = tuple(state.value for state in LIVE)
    found = view.all(records.NCR, project=execution.project, global_id=execution.global_ids, state=live)
    return tuple(
        f"{one.record.number} to be closed and linked: it is open on what '{execution.activity}' looks at"
        for one in found
        if one.record.id not in known and any(concerns(one.record, item, g) for g in execution.global_ids)
    )


def follow_ncr(unit: Unit, old: NonConformance, new: NonConformance) -> None:
    """Bring the answer up to date wherever the nonconformance is linked."""
    if not new.global_ids or answer_of(old) is answer_of(new):
        return
    for stored in unit.all(records.PLAN_EXECUTION, project=new.project, global_id=new.global_ids):
        execution = stored.record
        if any(one.ncr == new.id for one in execution.ncrs):
            item = unit.get(records.INSPECTION_PLAN, execution.plan).record.item(execution.item)
            after = link_ncr(execution, linked(new, execution, item))
            unit.save(records.PLAN_EXECUTION, after, expected=stored.version, action="ncr_answered")


def _speaks_for(ncr: NonConformance, execution: PlanExecution, item: PlanItem) -> tuple[str, ...]:
    """Return the elements that a closed record stands in for: about what the item looks at, and still in the work."""
    if answer_of(ncr) is NcrAnswer.OPEN or ncr.state is not State.CLOSED:
        return ()
    found_here = ncr.inspection is not None and ncr.inspection in {one.inspection for one in execution.inspections}
    return tuple(
        global_id
        for global_id in ncr.global_ids
        if (found_here or concerns(ncr, item, global_id)) and not any(_removes(line, global_id) for line in ncr.lines)
    )


def _removes(line: DispositionLine, global_id: str) -> bool:
    return line.decision in _GONE and (not line.global_ids or global_id in line.global_ids)


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").lower().split())
