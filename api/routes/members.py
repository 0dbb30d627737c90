"""Who takes part in a project, as what."""

from fastapi import Response

from api.deps import ContextDep, PagerDep, ProjectId, RecordId, RowsDep, StoreDep
from api.etag import Expected, tag
from api.paging import Filtered, Listed
from api.routing import Routes
from api.schemas.project import MemberOut, MemberPut, MemberQuery, NewMember, member_out
from twin.access import Action
from twin.operations.accounts import find_user, names_of
from twin.operations.projects import add_member, change_member, end_membership
from twin.project import Member
from twin.store.records import MEMBER
from twin.store.repository import Store
from twin.store.view import Scope, Stored

routes = Routes("members")


@routes.get("/projects/{project}/members", Action.MEMBER_READ, "List members")
def list_members(
    project: ProjectId, query: Filtered[MemberQuery], store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[MemberOut]:
    """Return the members of a project, also those who left."""
    with store.read() as view:
        page = pager.page(view, MEMBER, query, rows)
        names = names_of(view, {stored.record.user for stored in page.items})
    return pager.listed(query, page, [member_out(stored, names.get(stored.record.user)) for stored in page.items])


@routes.post("/projects/{project}/members", Action.MEMBER_MANAGE, "Take somebody in", status=201)
def create_member(
    project: ProjectId, given: NewMember, context: ContextDep, store: StoreDep, rows: RowsDep, response: Response
) -> MemberOut:
    """Let somebody who has an account take part in the project."""
    with store.read() as view:
        user = find_user(view, given.login).record
    stored = add_member(
        store, context, project, user=user.id, organisation=given.organisation, role=given.role,
        capacities=given.capacities,
    )  # fmt: skip
    tag(response, stored.version)
    return member_out(stored, user)


@routes.get("/projects/{project}/members/{member}", Action.MEMBER_READ, "Read a member")
def read_member(member: RecordId, store: StoreDep, rows: RowsDep, response: Response) -> MemberOut:
    """Return a member."""
    return _shown(store, response, _member(store, member, rows))


@routes.put("/projects/{project}/members/{member}", Action.MEMBER_MANAGE, "Give another role")
def put_member(
    member: RecordId, given: MemberPut, expected: Expected, context: ContextDep, store: StoreDep, rows: RowsDep,
    response: Response,
) -> MemberOut:  # fmt: skip
    """Give a member another role or other capacities; somebody who left is a member again."""
    found = _member(store, member, rows)
    changed = change_member(
        store, context, found.record.id, expected=expected, role=given.role, capacities=given.capacities
    )
    return _shown(store, response, changed)


@routes.delete("/projects/{project}/members/{member}", Action.MEMBER_MANAGE, "Let somebody go")
def delete_member(
    member: RecordId, expected: Expected, context: ContextDep, store: StoreDep, rows: RowsDep, response: Response
) -> MemberOut:
    """End a membership; the person stays on everything that they did."""
    found = _member(store, member, rows)
    return _shown(store, response, end_membership(store, context, found.record.id, expected=expected))


def _member(store: Store, member: str, rows: Scope) -> Stored[Member]:
    """Return a member of the project of the address, and of no other."""
    with store.read() as view:
        return view.get(MEMBER, member, rows)


def _shown(store: Store, response: Response, stored: Stored[Member]) -> MemberOut:
    with store.read() as view:
        names = names_of(view, {stored.record.user})
    tag(response, stored.version)
    return member_out(stored, names.get(stored.record.user))
