"""Small questions that only the database can answer quickly: is it there, how large, of which class."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, Text, cast, select

from geometry.verdict import Outcome
from twin.record import Id
from twin.recurrence import Occurrence
from twin.store.codec import from_json
from twin.store.schema import (
    ATTACHMENT,
    CHECK_RUN,
    ELEMENT_STATE,
    MODEL_REVISION,
    NCR,
    OUTBOX,
    REHEARSAL,
    SCAN_EPOCH,
    UPLOAD,
)
from twin.store.view import EVERYTHING, Scope, scoped

_AT_ONCE = 500


def uploaded_size(connection: Connection, project: Id, user: Id, sha256: str) -> int | None:
    """Return the size of a file that somebody uploaded into a project themselves; None if they did not."""
    mine = (UPLOAD.c.project == project) & (UPLOAD.c.user == user) & (UPLOAD.c.sha256 == sha256)
    query = select(UPLOAD.c.size).where(mine, UPLOAD.c.completed_at.is_not(None)).limit(1)
    found: int | None = connection.execute(query).scalar()
    return found


def is_of_project(connection: Connection, project: Id, sha256: str) -> bool:
    """Say whether a file came into a project: uploaded, attached, or kept by an import, check or rehearsal."""
    uploaded = select(UPLOAD.c.id).where(
        UPLOAD.c.project == project, UPLOAD.c.sha256 == sha256, UPLOAD.c.completed_at.is_not(None)
    )
    attached = select(ATTACHMENT.c.id).where(ATTACHMENT.c.project == project, ATTACHMENT.c.sha256 == sha256)
    kept = (_naming(table, project, sha256) for table in (CHECK_RUN, SCAN_EPOCH, MODEL_REVISION, REHEARSAL))
    return any(connection.execute(query).first() for query in (uploaded, attached, *kept))


def revision_in_force(connection: Connection, project: Id) -> Id | None:
    """Return a project's newest model revision; None when it has none."""
    table = MODEL_REVISION
    query = select(table.c.id).where(table.c.project == project).order_by(table.c.number.desc()).limit(1)
    found: Id | None = connection.execute(query).scalar()
    return found


def classes_of(connection: Connection, project: Id, global_ids: Iterable[str]) -> dict[str, str]:
    """Return the IFC class of elements that some check has seen, by GlobalId."""
    table, wanted = ELEMENT_STATE, sorted(global_ids)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        query = select(table.c.global_id, table.c.ifc_class).where(
            table.c.project == project, table.c.global_id.in_(part)
        )
        found |= {row.global_id: row.ifc_class for row in connection.execute(query.distinct())}
    return found


def name_of(connection: Connection, project: Id, check_run: Id, global_id: str) -> str:
    """Return what an element is called in a check; empty where it has no name there."""
    table = ELEMENT_STATE
    query = select(table.c.name).where(
        table.c.project == project, table.c.check_run == check_run, table.c.global_id == global_id
    )
    return connection.execute(query).scalars().first() or ""


def element_names(connection: Connection, project: Id, global_ids: Iterable[str]) -> dict[str, str]:
    """Return GlobalId -> what the element is called in the newest check that knows it; what has no name is left out."""
    table, wanted = ELEMENT_STATE, sorted(set(global_ids))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        query = (
            select(table.c.global_id, table.c.name)
            .where(table.c.project == project, table.c.global_id.in_(part), table.c.name != "")
            .order_by(table.c.captured_at)
        )
        found |= {row.global_id: row.name for row in connection.execute(query)}
    return found


def epochs_measured(connection: Connection, project: Id, classes: frozenset[str], since: datetime) -> tuple[Id, ...]:
    """Return the scan epochs captured after a time in which elements of these classes were measured, oldest first.

    Of any class where none is given. What a scan did not see, and a check for information, says nothing.
    """
    table = ELEMENT_STATE
    seen = table.c.verdict.in_([Outcome.PASS.value, Outcome.FAIL.value, Outcome.INDETERMINATE.value])
    counting = select(CHECK_RUN.c.id).where(CHECK_RUN.c.project == project, CHECK_RUN.c.counts.is_(True))
    query = select(table.c.scan_epoch, table.c.captured_at).where(
        table.c.project == project, table.c.captured_at > since, seen, table.c.check_run.in_(counting)
    )
    if classes:
        query = query.where(table.c.ifc_class.in_(sorted(classes)))
    rows = connection.execute(query.distinct().order_by(table.c.captured_at, table.c.scan_epoch))
    return tuple(dict.fromkeys(row.scan_epoch for row in rows))


def occurrences(
    connection: Connection, project: Id, scope: Scope = EVERYTHING, *, since: datetime | None = None
) -> list[Occurrence]:
    """Return how a project's nonconformances count for recurrence, in the order in which they were opened.

    Parameters
    ----------
    since
        Only those opened, or opened again, from then on; None for all.
    """
    begin = NCR.c.opened_at.is_not(None) if since is None else NCR.c.opened_at >= since
    query = scoped(select(NCR.c.occurrence).where(NCR.c.project == project, begin), NCR, scope)
    rows = connection.execute(query.order_by(NCR.c.opened_at, NCR.c.id)).scalars()
    return [from_json(row, Occurrence) for row in rows]


def is_told(connection: Connection, message: Id) -> bool:
    """Say whether a message was put into the outbox before."""
    return connection.execute(select(OUTBOX.c.id).where(OUTBOX.c.id == message)).first() is not None


def _naming(table: Table, project: Id, sha256: str) -> Any:
    return select(table.c.id).where(table.c.project == project, cast(table.c.body, Text).like(f"%{sha256}%")).limit(1)
