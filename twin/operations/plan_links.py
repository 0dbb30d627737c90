"""What becomes of a nonconformance is told to the inspection points that wait for it, in the same transaction."""

from twin.disposition import Decision
from twin.execution_record import LinkedNcr, NcrAnswer
from twin.ncr_record import NonConformance, State
from twin.plan_execution import link_ncr
from twin.store import records
from twin.store.repository import Unit

_OVER = (State.CLOSED, State.REJECTED, State.VOID)


def answer_of(ncr: NonConformance) -> NcrAnswer:
    """Return what has become of a nonconformance, as a release sees it.

    Rejected and void ones are answered, too: there was nothing. A concession is what was accepted as it is.
    """
    if ncr.state not in _OVER:
        return NcrAnswer.OPEN
    as_is = ncr.lines and all(line.decision is Decision.USE_AS_IS for line in ncr.lines)
    return NcrAnswer.CONCESSION if ncr.state is State.CLOSED and as_is else NcrAnswer.CLOSED


def linked(ncr: NonConformance) -> LinkedNcr:
    """Return a nonconformance as an execution keeps it."""
    since = ncr.steps[-1].at if ncr.steps else ncr.raised_at
    return LinkedNcr(ncr.id, answer_of(ncr), ncr.global_ids, since)


def follow_ncr(unit: Unit, old: NonConformance, new: NonConformance) -> None:
    """Bring the answer up to date wherever the nonconformance is linked."""
    if not new.global_ids or answer_of(old) is answer_of(new):
        return
    for stored in unit.all(records.PLAN_EXECUTION, project=new.project, global_id=new.global_ids):
        if any(one.ncr == new.id for one in stored.record.ncrs):
            after = link_ncr(stored.record, linked(new))
            unit.save(records.PLAN_EXECUTION, after, expected=stored.version, action="ncr_answered")
