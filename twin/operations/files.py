"""Files that records refer to: only those that came into the same project may be named by one."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from sqlalchemy import Table, Text, cast, select

from twin.errors import Invalid
from twin.record import Evidence, Id
from twin.store.repository import Unit
from twin.store.schema import ATTACHMENT, CHECK_RUN, MODEL_REVISION, SCAN_EPOCH, UPLOAD
from twin.store.view import View


def evidence_in(record: object) -> frozenset[str]:
    """Return the digests of all evidence anywhere in a record."""
    return frozenset(evidence.sha256 for evidence in _evidence(record))


def require_files(unit: Unit, project: Id, digests: frozenset[str]) -> None:
    """Raise :class:`Invalid` for a file that did not come into this project, whoever else may have it.

    Naming a digest must not show what is in another project, and evidence that cannot be looked at is none.
    """
    for digest in sorted(digests):
        if not is_of_project(unit, project, digest):
            raise Invalid(f"there is no file with SHA-256 {digest} in this project; upload it first")


def is_of_project(view: View, project: Id, digest: str) -> bool:
    """Say whether a file came into a project: uploaded, attached, or kept by one of its imports or checks."""
    uploaded = select(UPLOAD.c.id).where(
        UPLOAD.c.project == project, UPLOAD.c.sha256 == digest, UPLOAD.c.completed_at.is_not(None)
    )
    attached = select(ATTACHMENT.c.id).where(ATTACHMENT.c.project == project, ATTACHMENT.c.sha256 == digest)
    kept = (_naming(table, project, digest) for table in (CHECK_RUN, SCAN_EPOCH, MODEL_REVISION))
    return any(view.connection.execute(query).first() for query in (uploaded, attached, *kept))


def _naming(table: Table, project: Id, digest: str) -> Any:
    return select(table.c.id).where(table.c.project == project, cast(table.c.body, Text).like(f"%{digest}%")).limit(1)


def _evidence(value: object) -> Iterator[Evidence]:
    if isinstance(value, Evidence):
        yield value
    elif isinstance(value, tuple):
        for part in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _evidence(part)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, Mapping):
        yield from _evidence(tuple(value.values()))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    elif is_dataclass(value):
        for field in fields(value):
            yield from _evidence(getattr(value, field.name))
