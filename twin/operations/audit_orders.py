"""Asking for a whole trail to be verified."""

from collections.abc import Mapping

from twin.errors import Conflict
from twin.operations.audit_checks import VERIFY_TRAIL
from twin.operations.queue import Desk
from twin.record import Json
from twin.store import jobs
from twin.store.jobs import Job, JobState
from twin.store.repository import Unit


def order_verification(desk: Desk) -> Job:
    """Ask for a project's whole trail to be verified.

    Raises
    ------
    Conflict
        If that is under way already.
    """

    def order(unit: Unit) -> Mapping[str, Json]:
        states = [JobState.QUEUED, JobState.RUNNING]
        for job in jobs.newest(unit.connection, project=desk.project, states=states):
            if job.kind == VERIFY_TRAIL:
                raise Conflict(f"the trail is being verified already: follow job {job.id}")
        return {"stream": desk.project}

    return desk.ask(VERIFY_TRAIL, order)
