"""Signing in and out, one's own password, one's own sessions."""

from datetime import timedelta

from fastapi import Request, Response

from api.auth.access import Access
from api.auth.cookies import give_session, session_secret, take_session
from api.auth.device import device_of, remember_device
from api.auth.identity import context_of
from api.deps import CallerDep, ContextDep, NowDep, RecordId, ServicesDep, StoreDep
from api.etag import Expected, tag
from api.paging import Listed
from api.routing import Routes
from api.schemas.account import MeOut, MePatch, PasswordChange, SessionOut, SignIn, session_out, user_out
from twin.account import Session, SignedInBy, User
from twin.errors import NotAllowed, NotFound
from twin.operations.accounts import OwnChange, change_own, set_password
from twin.operations.sign_in import confirm_password, sign_in, sign_out
from twin.store.accounts import USER, password_hash, sessions_of
from twin.store.view import Stored

routes = Routes("sign-in")
_JUST_NOW = timedelta(minutes=10)
"""For how long after signing in through the issuer somebody without a password may set the first one."""


@routes.post("/auth/sign-in", Access.PUBLIC, "Sign in with login and password", secret=True)
def sign_in_with_password(given: SignIn, services: ServicesDep, request: Request, response: Response) -> MeOut:
    """Begin a session: the cookie is for the browser, the `csrf_token` goes into `X-CSRF-Token` of every change.

    Five failures in 15 minutes (20 in a day) and the login has to wait at this place; thirty in 15 minutes, and the
    address they come from; a hundred in a day, and the login at all places where it never signed in.
    """
    settings = services.settings
    begun = sign_in(
        services.store, context_of(services, request), services.hasher, services.secrets, login=given.login,
        password=given.password, limits=settings.session_limits, previous=session_secret(request, settings),
        device=device_of(services, request),
    )  # fmt: skip
    give_session(response, settings, begun.secret)
    remember_device(services, request, response, begun.user.id)
    with services.store.read() as view:
        stored = view.get(USER, begun.user.id)
    return _me(stored, begun.session)


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
    me = _me(stored, caller.session)
    if caller.token is None:
        return me
    return me.model_copy(update={"scope": caller.token.scope, "project": caller.token.project})


@routes.patch("/auth/me", Access.BROWSER, "Change how I am told of things")
def patch_me(
    given: MePatch, expected: Expected, caller: CallerDep, context: ContextDep, store: StoreDep, response: Response
) -> MeOut:
    """Choose the language of letters, and whether notices come by mail besides the inbox.

    `If-Match` names `user.version` of `GET /auth/me`.
    """
    assert caller.session is not None
    stored = change_own(store, context, OwnChange(given.language, given.by_mail), expected=expected)
    tag(response, stored.version)
    return _me(stored, caller.session)


@routes.put("/auth/password", Access.BROWSER, "Change my password", status=204, before_password_change=True)
def change_password(
    given: PasswordChange, caller: CallerDep, context: ContextDep, services: ServicesDep, now: NowDep
) -> None:
    """Set a new password and sign out everywhere else.

    At least 12 characters, not around the login, not among those that are tried first. Somebody who has none of their
    own and came through the issuer within the last ten minutes leaves `current` out.
    """
    assert caller.session is not None
    with services.store.read() as view:
        has_one = password_hash(view.connection, caller.user.id) is not None
    for_one_use = caller.user.must_change_password and caller.session.how is SignedInBy.ISSUER
    if has_one and not for_one_use:
        confirm_password(services.store, context, services.hasher, caller.user.id, given.current)
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


def _me(stored: Stored[User], session: Session | None) -> MeOut:
    """Return an account as its owner sees it: whom the issuer vouches for, a password that others know is none."""
    shown = user_out(stored)
    if stored.record.must_change_password and session is not None and session.how is SignedInBy.ISSUER:
        shown = shown.model_copy(update={"must_change_password": False, "has_password": False})
    return MeOut(user=shown, csrf_token=session.csrf if session else None, scope=None, project=None)
