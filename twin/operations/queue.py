"""Asking for long work: what is asked is checked and queued in one transaction, then a worker is woken."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath

from geometry.errors import GeometryError
from twin.access import Action, scope_of
from twin.access import Scope as Reach
from twin.errors import Conflict, Invalid, NotAllowed, NotFound
from twin.instrument import Instrument
from twin.operations.checks import CheckOrder, pairs_request
from twin.operations.job_kinds import IMPORT_MODEL, IMPORT_SCANS, RUN_CHECK, ModelOrder, ScanOrder
from twin.operations.work import Upload
from twin.operations.write_back import WRITE_BACK, WriteBackOrder, require_verdicts
from twin.project import Member
from twin.record import Id, require_past
from twin.store import jobs, records, uploads
from twin.store.blob_register import require
from twin.store.codec import from_json, to_json
from twin.store.jobs import Job
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope

_FLAT = re.compile(r"user ±(\d+(?:\.\d+)?) mm")
"""How a check names one tolerance for every surface."""


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """Where one project's work is asked for."""

    store: Store
    context: Context
    project: Id
    wake: Callable[[], None] = lambda: None
    """Wakes a worker; called after the commit, since before it there is nothing to be found."""

    def ask(self, kind: str, order_of: Callable[[Unit], object]) -> Job:
        """Queue what ``order_of`` returns; what it raises asks for nothing."""
        with self.store.write(self.context) as unit:
            order = order_of(unit)
            job = jobs.enqueue(unit, kind, to_json(order), project=self.project)
            unit.note("queue", f"job:{job.id}", {"kind": kind}, project=self.project)
        self.wake()
        return job


def order_model(desk: Desk, upload: Id) -> Job:
    """Ask for a model that was uploaded to be taken in as the next revision."""
    return desk.ask(
        IMPORT_MODEL, lambda unit: ModelOrder(unit.new_id(), desk.project, uploaded_file(unit, desk, upload))
    )


def order_scans(
    desk: Desk, files: tuple[Id, ...], *, name: str, captured_at: datetime, instrument: Instrument | None
) -> Job:
    """Ask for scans that were uploaded to be taken in as one epoch.

    Raises
    ------
    Invalid
        If the same scan comes twice: its points would count double; or they were captured in the future.
    """
    require_past(captured_at, desk.context.now, "captured_at")

    def order(unit: Unit) -> ScanOrder:
        taken = tuple(uploaded_file(unit, desk, one) for one in files)
        if len({one.sha256 for one in taken}) < len(taken):
            raise Invalid("the same scan is named twice: its points would count double; leave one out")
        return ScanOrder(unit.new_id(), desk.project, name, captured_at, taken, instrument)

    return desk.ask(IMPORT_SCANS, order)


def order_check(
    desk: Desk,
    asked: CheckOrder,
    *,
    tolerances: Id | None = None,
    tolerances_of: Id | None = None,
    registration: Id | None = None,
) -> Job:
    """Ask for a check.

    Parameters
    ----------
    asked
        The check; its identifier is given here.
    tolerances, registration
        Uploads of a tolerance file, and of a matrix or control points.
    tolerances_of
        A check whose tolerances are used again, a file by what it held.

    Raises
    ------
    NotFound
        If the revision or the epoch is not in the project.
    Invalid
        If more than one of the tolerances is given, there is no such standard, or the picked pairs cannot fix a
        pose.
    """
    if sum((bool(asked.tolerance_mm), bool(asked.standard), tolerances is not None, tolerances_of is not None)) > 1:
        raise Invalid(
            "give one of tolerance_mm, standard, tolerances and tolerances_of, or none for the built-in profile"
        )
    if asked.levelled and not asked.pairs:
        raise Invalid("only the fit to picked pairs is held level: give pairs, or leave level out")
    if asked.pairs:
        _require_pairs(asked, registration)
    if asked.counts and not asked.reason.strip():
        raise Invalid("say why this check is to count in place of another one, or leave counts out")
    if asked.standard:
        _require_standard(asked.standard)

    def order(unit: Unit) -> CheckOrder:
        unit.get(records.MODEL_REVISION, asked.revision, _only(desk))
        unit.get(records.SCAN_EPOCH, asked.epoch, _only(desk))
        wanted = _tolerances_of(unit, desk, asked, tolerances_of) if tolerances_of else asked
        return replace(
            wanted,
            identifier=unit.new_id(),
            tolerances=uploaded_file(unit, desk, tolerances) if tolerances else wanted.tolerances,
            registration_file=uploaded_file(unit, desk, registration) if registration else None,
        )

    return desk.ask(RUN_CHECK, order)


def order_write_back(desk: Desk, revision: Id, epoch: Id) -> Job:
    """Ask for a copy of a model with the verdicts of an epoch.

    Raises
    ------
    Invalid
        If the model is no IFC file.
    Refused
        If no check of the epoch against this revision counts.
    """

    def order(unit: Unit) -> WriteBackOrder:
        model = unit.get(records.MODEL_REVISION, revision, _only(desk)).record
        scan = unit.get(records.SCAN_EPOCH, epoch, _only(desk)).record
        if PurePath(model.file_name.lower()).suffix not in (".ifc", ".ifczip"):
            raise Invalid(
                f"verdicts are written into .ifc and .ifczip, and revision {model.number} is {model.file_name}"
            )
        require_verdicts(unit, model, scan)
        return WriteBackOrder(desk.project, revision, epoch)

    return desk.ask(WRITE_BACK, order)


def cancel_job(
    store: Store, context: Context, job: Id, *, member: Member | None = None, scope: Scope = EVERYTHING
) -> Job:
    """Cancel a job; one that runs stops where it next looks, one that has ended stays as it is.

    Raises
    ------
    NotAllowed
        If the member may cancel only what they asked for, and did not ask for this.
    """
    with store.write(context) as unit:
        found = jobs.get(unit.connection, job, scope)
        _require_own(found, context, member)
        if found.state not in jobs.ENDED and not found.cancel_asked:
            unit.note("cancel", f"job:{job}", {"kind": found.kind}, project=found.project)
        return jobs.ask_cancel(unit, job)


def retry_job(
    store: Store,
    context: Context,
    job: Id,
    *,
    wake: Callable[[], None] = lambda: None,
    member: Member | None = None,
    scope: Scope = EVERYTHING,
) -> Job:
    """Queue a failed or cancelled job anew.

    Raises
    ------
    IllegalTransition
        If it did neither.
    NotAllowed
        If the member may do this only to what they asked for, and did not ask for this.
    """
    with store.write(context) as unit:
        found = jobs.get(unit.connection, job, scope)
        _require_own(found, context, member)
        repeated = jobs.repeat(unit, job)
        unit.note("retry", f"job:{job}", {"kind": found.kind}, project=found.project)
    wake()
    return repeated


def _require_own(job: Job, context: Context, member: Member | None) -> None:
    if member is None or job.created_by == context.actor.id:
        return
    if scope_of(member.role, Action.JOB_CANCEL) is not Reach.ALL:
        raise NotAllowed("somebody else asked for this job: ask them, an inspector, a quality manager or an owner")


def uploaded_file(unit: Unit, desk: Desk, upload: Id) -> Upload:
    """Return an upload of who asks, in this project and finished; its file stays from here on."""
    found = uploads.get(unit.connection, upload, unit.context.actor.id)
    if found.project != desk.project:
        raise NotFound(f"there is no upload {upload} in this project")
    if found.completed_at is None:
        raise Conflict(f"upload {upload} ({found.name}) is not finished: send the rest, then finish it")
    require(unit, found.sha256)
    return Upload(found.name, found.sha256)


def _tolerances_of(unit: Unit, desk: Desk, asked: CheckOrder, check: Id) -> CheckOrder:
    """Return an order by the tolerances of an earlier check: as those were asked for, else by their name."""
    run = unit.get(records.CHECK_RUN, check, _only(desk)).record
    job = jobs.making(unit.connection, RUN_CHECK, desk.project, check)
    if job is not None:
        before = from_json(job.payload, CheckOrder)
        if before.tolerances is not None:
            require(unit, before.tolerances.sha256)
        return replace(asked, tolerance_mm=before.tolerance_mm, standard=before.standard, tolerances=before.tolerances)
    if flat := _FLAT.fullmatch(run.tolerance):
        return replace(asked, tolerance_mm=flat[1])
    try:
        _require_standard(run.tolerance)
    except Invalid as error:
        raise Invalid(f"the tolerances of this check, {run.tolerance!r}, are not kept: bring the file again") from error
    return replace(asked, standard=run.tolerance)


def _only(desk: Desk) -> Scope:
    return Scope(frozenset({desk.project}))


def _require_pairs(asked: CheckOrder, file: Id | None) -> None:
    """Refuse pairs that no fit can use before anybody waits for them."""
    import numpy as np

    from geometry.registration.pair_fit import require_pairs

    if file is not None:
        raise Invalid("give pairs or registration_file, not both")
    names = [pair.name for pair in asked.pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Invalid(f"pair {twice[0]} is there twice; give each pair its own name")
    points = pairs_request(asked, "").control_points
    try:
        require_pairs(np.array([p.scan for p in points]), np.array([p.design for p in points]))
    except GeometryError as error:
        raise Invalid(str(error)) from error


def _require_standard(name: str) -> None:
    from geometry.tolerance import load_standard

    try:
        load_standard(name)
    except GeometryError as error:
        raise Invalid(str(error)) from error
