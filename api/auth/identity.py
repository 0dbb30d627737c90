"""Who sends a request: a browser with a session and the token against forged requests, or a program with its token."""

from base64 import b64decode
from dataclasses import replace
from hmac import compare_digest
from urllib.parse import urlsplit

from fastapi import Request

from api.auth.access import Access, Identity, Need, Reach, reach
from api.auth.cookies import CSRF_HEADER, session_secret
from api.problem import CSRF, PASSWORD_CHANGE, ProblemError, is_open_cde, request_id
from api.services import Services
from api.settings import Settings
from twin.account import SYSTEM_ACTOR, SignedInBy
from twin.errors import NotIdentified
from twin.operations.sign_in import live_session, live_token
from twin.store.repository import Context

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Grant:
    """What a request was granted: who calls, in which context, and which rows it reaches."""

    __slots__ = ("caller", "context", "reach")

    def __init__(self, context: Context, caller: Identity | None = None, reached: Reach | None = None) -> None:
        """Grant nothing beyond what is given."""
        self.context = context
        self.caller = caller
        self.reach = reached or Reach()

    @property
    def identity(self) -> Identity:
        """Who calls; for routes that are not public."""
        if self.caller is None:
            raise NotIdentified("sign in first")
        return self.caller


def grant(services: Services, request: Request, need: Need, *, before_password_change: bool) -> Grant:
    """Return what a request is granted, or raise what it is refused with."""
    context = context_of(services, request)
    if need is Access.PUBLIC:
        return Grant(context)
    identity = _identify(services, request, context)
    if identity.token is not None and request.method not in SAFE and _is_basic(request):
        _require_named_site(request, services.settings)
    context = replace(context, actor=identity.user.actor)
    if needs_own_password(identity) and not before_password_change:
        raise ProblemError(
            PASSWORD_CHANGE, "the password was given for one use: choose your own with PUT /auth/password"
        )
    if identity.session and request.method not in SAFE:
        _require_same_site(request, services.settings, identity.session.csrf)
    with services.store.read() as view:
        project = request.path_params.get("project")
        reached = reach(view, need, identity, project, reads=request.method in SAFE)
    return Grant(context, identity, reached)


def needs_own_password(identity: Identity) -> bool:
    """Say whether somebody came in with a password for one use, which others know, and has to choose their own first.

    Whom an issuer vouches for has shown otherwise who they are, and a token is only made by somebody who has.
    """
    came_by_password = identity.session is not None and identity.session.how is SignedInBy.PASSWORD
    return came_by_password and identity.user.must_change_password


def context_of(services: Services, request: Request) -> Context:
    """Return the context of a request before it is known who sends it."""
    origin = request.client.host if request.client else ""
    return Context(SYSTEM_ACTOR, services.now(), request_id(request), origin)


def _identify(services: Services, request: Request, context: Context) -> Identity:
    given = request.headers.get("authorization")
    if given is not None:
        return _identify_program(services, request, context, given)
    secret = session_secret(request, services.settings)
    if not secret:
        raise NotIdentified("sign in first, or send a token as Authorization: Bearer TOKEN")
    session, user = live_session(services.store, context, secret, services.settings.session_limits)
    return Identity(user.record, user.version, session=session)


def require_own_site(request: Request, settings: Settings) -> None:
    """Refuse what the page of another site sends."""
    origin = request.headers.get("origin")
    if origin and origin != settings.base_url and urlsplit(origin).netloc != request.headers.get("host"):
        raise ProblemError(CSRF, f"the request comes from another site than {settings.base_url}")


def _identify_program(services: Services, request: Request, context: Context, given: str) -> Identity:
    """Return whose token a program sends: as Bearer, or for BCF clients as the password of HTTP Basic."""
    scheme, _, secret = given.partition(" ")
    name, secret = "", secret.strip()
    if scheme.lower() == "basic" and is_open_cde(request.url.path):
        name, secret = _basic(secret)
    elif scheme.lower() != "bearer" or not secret:
        raise NotIdentified("send a token as Authorization: Bearer TOKEN, or sign in with a browser")
    token, user = live_token(services.store, context, secret)
    if name and name.lower() not in (user.record.login, user.record.email.lower()):
        raise NotIdentified("the token is of another account than the user name; give your login and your own token")
    return Identity(user.record, user.version, token=token)


def _basic(text: str) -> tuple[str, str]:
    try:
        name, colon, secret = b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        colon = secret = name = ""
    if not colon or not secret:
        raise NotIdentified("with HTTP Basic the user name is your login and the password an API token of yours")
    return name.strip(), secret.strip()


def _is_basic(request: Request) -> bool:
    return request.headers.get("authorization", "").lower().startswith("basic")


def _require_named_site(request: Request, settings: Settings) -> None:
    """Refuse what an unknown site may have made a browser send that remembers a user name and its token."""
    if request.headers.get("origin") not in settings.other_sites:
        require_own_site(request, settings)


def _require_same_site(request: Request, settings: Settings, csrf: str) -> None:
    """Refuse what another site may have made the browser send."""
    require_own_site(request, settings)
    given = request.headers.get(CSRF_HEADER, "")
    if not compare_digest(given.encode(), csrf.encode()):
        raise ProblemError(CSRF, f"send {CSRF_HEADER} with the csrf_token of GET /auth/me")
