"""Use cases around a project: who owns it, who takes part, and whose records an actor may look at."""

from collections.abc import Iterable
from dataclasses import replace

from twin.access import Action, Capacity, Role, Scope, scope_of
from twin.access_words import said, who_may
from twin.errors import Conflict, NotAllowed, NotFound, Refused
from twin.project import Member, Organisation, Project
from twin.record import Id
from twin.store import records
from twin.store.repository import Context, Store, Unit
from twin.store.view import Scope as Rows
from twin.store.view import Stored, View


def found_organisation(store: Store, context: Context, name: str) -> Stored[Organisation]:
    """Keep a new organisation."""
    with store.write(context) as unit:
        return unit.add(records.ORGANISATION, Organisation(unit.new_id(), name))


def found_project(
    store: Store, context: Context, *, organisation: Id, key: str, name: str, language: str = "en"
) -> Stored[Project]:
    """Keep a new project; who founds it is its first owner.

    Raises
    ------
    Conflict
        If another project has the key: it is part of every number.
    """
    with store.write(context) as unit:
        unit.get(records.ORGANISATION, organisation)
        if unit.find(records.PROJECT, key=key):
            raise Conflict(f"there is a project {key} already; choose another key")
        project = unit.add(records.PROJECT, Project(unit.new_id(), organisation, key, name, language))
        owner = Member(unit.new_id(), project.record.id, context.actor.id, organisation, Role.OWNER)
        unit.add(records.MEMBER, owner, reason="founded the project")
        return project


def add_member(
    store: Store,
    context: Context,
    project: Id,
    *,
    user: Id,
    organisation: Id,
    role: Role,
    capacities: Iterable[Capacity] = (),
) -> Stored[Member]:
    """Let somebody take part in a project."""
    with store.write(context) as unit:
        unit.get(records.PROJECT, project)
        unit.get(records.ORGANISATION, organisation)
        if unit.find(records.MEMBER, project=project, user=user):
            raise Conflict("this person is a member already; change the membership instead")
        member = Member(unit.new_id(), project, user, organisation, role, tuple(sorted(set(capacities))))
        stored = unit.add(records.MEMBER, member)
        _show_project(unit, member)
        return stored


def change_member(
    store: Store, context: Context, member: Id, *, expected: int, role: Role, capacities: Iterable[Capacity] = ()
) -> Stored[Member]:
    """Give a member another role or other capacities; a project is never left without an owner.

    Somebody who left is a member again.
    """
    with store.write(context) as unit:
        old = unit.get(records.MEMBER, member).record
        changed = Member(old.id, old.project, old.user, old.organisation, role, tuple(sorted(set(capacities))))
        if old.role is Role.OWNER and role is not Role.OWNER:
            _require_another_owner(unit, old)
        stored = unit.save(records.MEMBER, changed, expected=expected, action="change_role")
        _show_project(unit, changed)
        return stored


def end_membership(store: Store, context: Context, member: Id, *, expected: int) -> Stored[Member]:
    """Let somebody take part no more; what they did stays theirs."""
    with store.write(context) as unit:
        old = unit.get(records.MEMBER, member).record
        if old.role is Role.OWNER and old.active:
            _require_another_owner(unit, old)
        return unit.save(records.MEMBER, replace(old, active=False), expected=expected, action="leave")


def change_project(
    store: Store, context: Context, project: Id, *, expected: int, name: str | None = None, language: str | None = None
) -> Stored[Project]:
    """Give a project another name or language; its key stays, for it is part of every number."""
    with store.write(context) as unit:
        old = unit.get(records.PROJECT, project).record
        changed = replace(old, name=old.name if name is None else name, language=language or old.language)
        return unit.save(records.PROJECT, changed, expected=expected)


def _require_another_owner(unit: Unit, leaving: Member) -> None:
    owners = unit.all(records.MEMBER, project=leaving.project, role=Role.OWNER.value)
    if not any(owner.record.active and owner.record.id != leaving.id for owner in owners):
        raise Refused("a project needs an owner; make somebody else an owner first", missing=("another owner",))


def _show_project(unit: Unit, member: Member) -> None:
    """Let an outside organisation see the project itself, once somebody of it takes part in it."""
    if scope_of(member.role, Action.PROJECT_READ) is Scope.SHARED:
        unit.share(records.PROJECT, member.project, member.organisation)


def membership(view: View, project: Id, user: Id) -> Member:
    """Return what somebody is in a project; to others the project does not exist."""
    found = view.find(records.MEMBER, project=project, user=user)
    if found is None or not found.record.active:
        raise NotFound(f"there is no project {project}")
    return found.record


def permit(member: Member, action: Action) -> Rows:
    """Return the rows that an action of a member reaches.

    Raises
    ------
    NotAllowed
        If the member's role does not have the action at all.
    """
    scope = scope_of(member.role, action)
    if scope is None:
        raise NotAllowed(f"the role {said(member.role)} does not have {action.value}: ask {who_may(action)}")
    shared = {member.project: member.organisation} if scope is Scope.SHARED else {}
    return Rows(frozenset({member.project}), shared)
