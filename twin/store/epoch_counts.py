"""How many elements stand how after each epoch: added up by the database, without reading an element."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from twin.project import RegistrationStatus
from twin.record import Id
from twin.store.schema import CHECK_RUN, ELEMENT_STATE, SCAN_EPOCH


@dataclass(frozen=True, slots=True)
class EpochCounts:
    """One scan epoch, and how many elements have which status after it."""

    epoch: Id
    name: str
    captured_at: datetime
    check: Id | None
    """The one that counts; None while none does."""
    revision: Id | None
    refused: bool
    """Nothing counts, and a check of it was refused its registration."""
    counts: dict[str, int] = field(default_factory=dict[str, int])
    """Status -> how many elements; a status that none has is left out."""


def counts_by_epoch(connection: Connection, project: Id, *, only: Iterable[str] | None = None) -> list[EpochCounts]:
    """Return every epoch of a project, the earliest capture first, with the counts of the check that counts.

    Parameters
    ----------
    only
        GlobalIds to which the counting is confined: what an outside organisation may see.
    """
    run, table = CHECK_RUN, ELEMENT_STATE
    counting = (run.c.project == project) & run.c.counts.is_(True)
    checks = {
        row.scan_epoch: row
        for row in connection.execute(select(run.c.id, run.c.scan_epoch, run.c.model_revision).where(counting))
    }
    # only the check is asked for: the index on check and state answers that alone, whatever the bodies weigh
    mine = table.c.check_run.in_(sorted(row.id for row in checks.values()))
    if only is not None:
        mine &= table.c.global_id.in_(sorted(only))
    found: dict[Id, dict[str, int]] = {}
    query = select(table.c.check_run, table.c.state, func.count()).where(mine)
    for check, state, count in connection.execute(query.group_by(table.c.check_run, table.c.state)):
        found.setdefault(check, {})[state] = int(count)
    refused = _refused(connection, project)
    epochs = select(SCAN_EPOCH.c.id, SCAN_EPOCH.c.body["name"].as_string().label("name"), SCAN_EPOCH.c.captured_at)
    rows = connection.execute(
        epochs.where(SCAN_EPOCH.c.project == project).order_by(SCAN_EPOCH.c.captured_at, SCAN_EPOCH.c.id)
    )
    told: list[EpochCounts] = []
    for row in rows:
        check = checks.get(row.id)
        told.append(
            EpochCounts(
                row.id, row.name, row.captured_at, check.id if check else None,
                check.model_revision if check else None, check is None and row.id in refused,
                found.get(check.id, {}) if check else {},
            )
        )  # fmt: skip
    return told


def _refused(connection: Connection, project: Id) -> set[Id]:
    run = CHECK_RUN
    query = select(run.c.scan_epoch).where(run.c.project == project, run.c.status == RegistrationStatus.REFUSED.value)
    return set(connection.execute(query.distinct()).scalars())
