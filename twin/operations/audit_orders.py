"""Asking for a whole trail to be verified, a project's or the system's; for a project's to be packed."""

from collections.abc import Callable, Mapping

from twin.audit_package.write import PackageOrder
from twin.errors import Conflict, NotFound
from twin.operations.audit_checks import VERIFY_TRAIL
from twin.operations.audit_packages import PACK_AUDIT
from twin.operations.queue import Desk
from twin.record import Id, Json
from twin.store import jobs
from twin.store.jobs import Job, JobState
from twin.store.repository import Context, Store, Unit
from twin.store.trail import SYSTEM
from twin.store.view import View


def order_verification(desk: Desk) -> Job:
    """Ask for a project's whole trail to be verified.

    Raises
    ------
    Conflict
        If that is under way already.
    """

    def order(unit: Unit) -> Mapping[str, Json]:
        return _order(unit, desk.project, desk.project)

    return desk.ask(VERIFY_TRAIL, order)


def order_system_verification(store: Store, context: Context, wake: Callable[[], None]) -> Job:
    """Ask for the whole trail of what stands above projects to be verified.

    Raises
    ------
    Conflict
        If that is under way already.
    """
    with store.write(context) as unit:
        job = jobs.enqueue(unit, VERIFY_TRAIL, _order(unit, SYSTEM, None))
        unit.note("queue", f"job:{job.id}", {"kind": VERIFY_TRAIL})
    wake()
    return job


def system_verification(view: View, job: Id) -> Job:
    """Return such a job of the system's trail; :class:`NotFound` for one of a project, or of another kind."""
    found = jobs.get(view.connection, job)
    if found.project is not None or found.kind != VERIFY_TRAIL:
        raise NotFound(f"there is no verification {job}")
    return found


def _order(unit: Unit, stream: str, project: Id | None) -> Mapping[str, Json]:
    states = [JobState.QUEUED, JobState.RUNNING]
    for job in jobs.newest(unit.connection, project=project, states=states):
        if job.kind == VERIFY_TRAIL and job.project == project:
            raise Conflict(f"the trail is being verified already: follow job {job.id}")
    return {"stream": stream}


def order_package(desk: Desk, largest_mib: int) -> Job:
    """Ask for a project's audit package; larger files are only named in it."""
    return desk.ask(PACK_AUDIT, lambda _: PackageOrder(desk.project, largest_mib))
