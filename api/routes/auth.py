"""Signing in and out, one's own password, one's own sessions."""

from datetime import timedelta

from fastapi import Request, Response

from api.auth.access import Access
from api.auth.cookies import give_session, session_secret, take_session
from api.auth.identity import context_of
from api.deps import CallerDep, ContextDep, NowDep, RecordId, ServicesDep, StoreDep
from api.paging import Listed
from api.routing import Routes
from api.schemas.account import MeOut, PasswordChange, SessionOut, SignIn, session_out, user_out
from twin.account import User
from twin.errors import NotAllowed, NotFound
from twin.operations.accounts import set_password
from twin.operations.sign_in import confirm_identity, sign_in, sign_out
from twin.store.accounts import USER, password_hash, sessions_of
from twin.store.view import Stored

routes = Routes("sign-in")
_JUST_NOW = timedelta(minutes=10)
"""For how long after signing in through the issuer somebody without a password may set the first one."""


@routes.post("/auth/sign-in", Access.PUBLIC, "Sign in with login and password", secret=True)
def sign_in_with_password(given: SignIn, services: ServicesDep, request: Request, response: Response) -> MeOut:
    """Begin a session: the cookie is for the browser, the `csrf_token` goes into `X-CSRF-Token` of every change.

    Five failures in 15 minutes and the login has to wait; thirty, and the place they come from.
    """
    settings = services.settings
    begun = sign_in(
        services.store, context_of(services, request), services.hasher, services.secrets, login=given.login,
        password=given.password, limits=settings.session_limits, previous=session_secret(request, settings),
    )  # fmt: skip
    give_session(response, settings, begun.secret)
    with services.store.read() as view:
        stored = view.get(USER, begun.user.id)
    return _me(stored, csrf=begun.session.csrf)


@routes.post("/auth/sign-out", Access.BROWSER, "Sign out", status=204, before_password_change=True)
def sign_out_here(caller: CallerDep, context: ContextDep, services: ServicesDep, response: Response) -> None:
    """End the session of this browser."""
    assert caller.session is not None
    sign_out(services.store, context, caller.user.id, caller.session.id)
    take_session(response, services.settings)


@routes.get("/auth/me", Access.SIGNED_IN, "Who am I", before_password_change=True)
def read_me(caller: CallerDep, store: StoreDep) -> MeOut:
    """Return the account that calls; a browser finds its `csrf_token` here after loading a page anew."""
    with store.read() as view:
        stored = view.get(USER, caller.user.id)
    me = _me(stored, csrf=caller.session.csrf if caller.session else None)
    if caller.token is None:
        return me
    return me.model_copy(update={"scope": caller.token.scope, "project": caller.token.project})


@routes.put("/auth/password", Access.BROWSER, "Change my password", status=204, before_password_change=True)
def change_password(
    given: PasswordChange, caller: CallerDep, context: ContextDep, services: ServicesDep, now: NowDep
) -> None:
    """Set a new password and sign out everywhere else.

    At least 12 characters, not around the login, not among those that are tried first.
    """
    assert caller.session is not None
    with services.store.read() as view:
        has_one = password_hash(view.connection, caller.user.id) is not None
    if has_one:
        confirm_identity(services.store, context, services.hasher, caller.user.id, given.current)
    elif now - caller.session.created_at > _JUST_NOW:
        raise NotAllowed("sign in again through the issuer, then set a first password within ten minutes")
    set_password(services.store, context, services.hasher, caller.user.id, given.new, session=caller.session.id)


@routes.get("/auth/sessions", Access.BROWSER, "Where am I signed in")
def list_sessions(caller: CallerDep, store: StoreDep) -> Listed[SessionOut]:
    """Return the browsers that are signed in to my account, the newest first."""
    assert caller.session is not None
    with store.read() as view:
        found = sessions_of(view.connection, caller.user.id)
    return Listed[SessionOut](items=[session_out(one, caller.session.id) for one in found])


@routes.delete("/auth/sessions/{session}", Access.BROWSER, "Sign out another browser", status=204)
def end_my_session(session: RecordId, caller: CallerDep, context: ContextDep, store: StoreDep) -> None:
    """End one of my sessions."""
    if not sign_out(store, context, caller.user.id, session):
        raise NotFound(f"there is no session {session}")


def _me(stored: Stored[User], *, csrf: str | None) -> MeOut:
    return MeOut(user=user_out(stored), csrf_token=csrf, scope=None, project=None)
