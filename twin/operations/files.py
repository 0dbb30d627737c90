"""Files that records refer to: only those that came into the same project may be named by one."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from twin.access import Action, Scope, scope_of
from twin.errors import Invalid
from twin.record import Evidence, Id
from twin.store import lookups, records
from twin.store.repository import Unit
from twin.store.view import View


def evidence_in(record: object) -> frozenset[str]:
    """Return the digests of all evidence anywhere in a record."""
    return frozenset(evidence.sha256 for evidence in evidence_of(record))


def require_files(unit: Unit, project: Id, digests: frozenset[str]) -> None:
    """Raise :class:`Invalid` for a file that did not come into this project, whoever else may have it.

    Naming a digest must not show what is in another project, and evidence that cannot be looked at is none. People of
    outside organisations name what they uploaded themselves.
    """
    own_only = bool(digests) and is_outside(unit, project, unit.context.actor.id)
    for digest in sorted(digests):
        known = own_upload(unit, project, digest) if own_only else is_of_project(unit, project, digest)
        if not known:
            raise Invalid(f"there is no file with SHA-256 {digest} in this project; upload it first")


def own_upload(unit: Unit, project: Id, digest: str) -> int | None:
    """Return the size of a file that the actor uploaded into a project themselves; None if they did not."""
    return lookups.uploaded_size(unit.connection, project, unit.context.actor.id, digest)


def is_outside(view: View, project: Id, user: Id) -> bool:
    """Say whether somebody belongs to an outside organisation, which sees only what is shared with it."""
    found = view.find(records.MEMBER, project=project, user=user)
    return found is not None and scope_of(found.record.role, Action.PROJECT_READ) is Scope.SHARED


def is_of_project(view: View, project: Id, digest: str) -> bool:
    """Say whether a file came into a project: uploaded, attached, or kept by one of its imports or checks."""
    return lookups.is_of_project(view.connection, project, digest)


def evidence_of(value: object) -> Iterator[Evidence]:
    """Yield all evidence anywhere in a record."""
    if isinstance(value, Evidence):
        yield value
    elif isinstance(value, tuple):
        for part in value:  # pyright: ignore[reportUnknownVariableType]
            yield from evidence_of(part)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, Mapping):
        yield from evidence_of(tuple(value.values()))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    elif is_dataclass(value):
        for field in fields(value):
            yield from evidence_of(getattr(value, field.name))
