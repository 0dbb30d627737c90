"""Asking for a rehearsal."""

from dataclasses import replace

from twin.operations.job_kinds import REHEARSE
from twin.operations.queue import Desk, uploaded_file
from twin.operations.rehearsals import RehearsalOrder
from twin.record import Id
from twin.store import records
from twin.store.jobs import Job
from twin.store.repository import Unit
from twin.store.view import Scope


def order_rehearsal(desk: Desk, asked: RehearsalOrder, *, upload: Id | None = None) -> Job:
    """Ask for a rehearsal; its identifier is given here.

    Parameters
    ----------
    upload
        The file that it is of, when it is of no model.

    Raises
    ------
    NotFound
        If the revision or the upload is not in the project.
    """

    def order(unit: Unit) -> RehearsalOrder:
        if asked.revision is not None:
            unit.get(records.MODEL_REVISION, asked.revision, Scope(frozenset({desk.project})))
        file = uploaded_file(unit, desk, upload) if upload is not None else None
        return replace(asked, identifier=unit.new_id(), project=desk.project, file=file)

    return desk.ask(REHEARSE, order)
