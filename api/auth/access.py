"""What a route asks of whoever calls it, and whether they have it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from twin.access import Action, Role
from twin.access_words import who_may
from twin.account import ADMINISTRATOR_MAY, Session, SystemAction, Token, TokenScope, User, may_system
from twin.errors import NotAllowed, NotFound
from twin.operations.projects import membership, permit
from twin.project import Member
from twin.record import Id
from twin.store.records import MEMBER
from twin.store.view import Scope, View

ID_PATTERN = "^[0-9a-f]{32}$"


NOTHING = Scope(frozenset())


class Access(StrEnum):
    """What is asked where no table of roles decides."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    """Whoever they are, also by token."""
    BROWSER = "browser"
    """A person at a browser: their own password, sessions and tokens."""


Need: TypeAlias = Access | SystemAction | Action
"""What a route declares."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is calling, and by what they have shown it."""

    user: User
    version: int
    session: Session | None = None
    token: Token | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What the caller may reach with this request."""

    rows: Scope = NOTHING
    member: Member | None = None
    """What they are in the project of the address; None where there is none."""


def reach(view: View, need: Need, identity: Identity, project: Id | None, *, reads: bool) -> Reach:
    """Return what a caller reaches.

    Raises
    ------
    NotAllowed
        If it is not theirs to do.
    NotFound
        If the project is not theirs to see, as if there were none.
    """
    _require_token_scope(need, identity.token, reads=reads)
    if isinstance(need, SystemAction):
        return _reach_system(view, need, identity)
    if not isinstance(need, Action):
        if need is Access.BROWSER and identity.session is None:
            raise NotAllowed("this is done by a person in a browser, not with a token")
        return Reach()
    only = identity.token.project if identity.token else None
    if project is None:
        return Reach(_everywhere(view, need, identity.user, only))
    if not re.fullmatch(ID_PATTERN, project) or (only is not None and project != only):
        raise NotFound(f"there is no project {project}")
    member = _member(view, need, identity.user, project)
    return Reach(permit(member, need), member)


def _member(view: View, need: Action, user: User, project: Id) -> Member:
    """Return what somebody is in a project; an administrator takes care of its members from outside."""
    try:
        return membership(view, project, user.id)
    except NotFound:
        if not user.administrator or need not in ADMINISTRATOR_MAY:
            raise
    return Member("0" * 32, project, user.id, "0" * 32, Role.OWNER)


def _everywhere(view: View, need: Action, user: User, only: Id | None) -> Scope:
    """Return the rows that an action reaches in all projects of somebody."""
    if user.administrator and need in ADMINISTRATOR_MAY:
        return Scope(None if only is None else frozenset({only}))
    projects: set[Id] = set()
    shared: dict[Id, Id] = {}
    for stored in view.all(MEMBER, user=user.id):
        member = stored.record
        if not member.active or only not in (None, member.project):
            continue
        try:
            rows = permit(member, need)
        except NotAllowed:
            continue
        projects |= rows.projects or set()
        shared.update(rows.shared_with)
    return Scope(frozenset(projects), shared)


def _reach_system(view: View, need: SystemAction, identity: Identity) -> Reach:
    user = identity.user
    members = [stored.record for stored in view.all(MEMBER, user=user.id)]
    roles = {member.role for member in members if member.active}
    if not may_system(need, administrator=user.administrator, roles=roles):
        raise NotAllowed(f"this ({need}) is for administrators")
    return Reach(Scope(None))


def _require_token_scope(need: Need, token: Token | None, *, reads: bool) -> None:
    if token is None:
        return
    needed = TokenScope.READ if reads else TokenScope.WRITE
    if isinstance(need, SystemAction):
        needed = TokenScope.ADMIN
    if not token.covers(needed):
        raise NotAllowed(f"this token has the scope {token.scope}, and this needs {needed}")


def described(need: Need) -> str:
    """Return, for the documentation, who may call a route."""
    if isinstance(need, Action):
        administrators = "; administrators in every project" if need in ADMINISTRATOR_MAY else ""
        return f"Needs `{need}`: {who_may(need)}{administrators}."
    if isinstance(need, SystemAction):
        return f"Needs `{need}`: administrators" + (
            " and owners of a project." if may_system(need, administrator=False, roles={Role.OWNER}) else "."
        )
    return {
        Access.PUBLIC: "Open to everybody.",
        Access.SIGNED_IN: "For everybody who is signed in.",
        Access.BROWSER: "For a person signed in with a browser; tokens are refused.",
    }[need]
