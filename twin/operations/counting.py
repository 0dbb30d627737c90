"""Which check of an epoch counts: what rests on one that does not may not be the ground of a decision."""

from twin.errors import Refused
from twin.ncr_parts import Recheck, RecheckSource, Requirement
from twin.ncr_record import NonConformance
from twin.project import CheckRun
from twin.record import Id
from twin.store import records
from twin.store.view import View


def require_counting(run: CheckRun) -> None:
    """Raise :class:`Refused` unless a check counts for its epoch."""
    if not run.counts:
        raise Refused(
            f"check {run.id} is for information and does not count for its epoch: let it count, with the reason, "
            "or name the check that does",
            missing=("a check that counts",),
        )


def require_counting_rechecks(view: View, ncr: NonConformance) -> None:
    """Raise :class:`Refused` if what was last said of something corrected was said by a check that counts no more."""
    last: dict[tuple[str, Requirement | None], Recheck] = {}
    for recheck in sorted(ncr.rechecks, key=lambda r: r.captured_at):
        for outcome in recheck.outcomes:
            asked = [criterion.requirement for criterion in outcome.criteria] or [None]
            last |= {(outcome.about, requirement): recheck for requirement in asked}
    runs: set[Id] = {recheck.id for recheck in last.values() if recheck.source is RecheckSource.CHECK_RUN}
    for run in sorted(runs):
        if view.has(records.CHECK_RUN, run):
            require_counting(view.get(records.CHECK_RUN, run).record)
