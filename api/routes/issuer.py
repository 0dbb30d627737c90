"""Signing in through the company's issuer (OpenID Connect), where one is configured."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response

from api.auth.access import Access
from api.auth.cookies import give_session, session_secret
from api.auth.identity import context_of
from api.auth.oidc import CALLBACK, PENDING_FOR, begin, discover, unsealed
from api.auth.pages import refusal
from api.deps import ServicesDep
from api.paging import Listed
from api.problem import BAD_REQUEST, ProblemError
from api.routing import ROOT, Routes
from api.schemas.account import IssuerOut
from api.services import Services
from api.settings import Settings
from twin.errors import NotFound, TwinError
from twin.operations.sign_in import LinkPolicy, sign_in_by_issuer

routes = Routes("sign-in")
_COOKIE = "qtems_oidc"
_START = "/auth/oidc/start"


@routes.get("/auth/issuers", Access.PUBLIC, "Other ways to sign in")
def list_issuers(services: ServicesDep) -> Listed[IssuerOut]:
    """Return how people can sign in besides a password."""
    settings = services.settings
    known = [IssuerOut(name=settings.oidc_name, start=ROOT + _START)] if settings.oidc_issuer else []
    return Listed[IssuerOut](items=known)


@routes.get(_START, Access.PUBLIC, "Sign in through the company", status=302, also=(404, 502))
def start_issuer_sign_in(
    services: ServicesDep,
    request: Request,
    next_page: Annotated[str, Query(alias="next", max_length=2000, description="Where to go afterwards, here")] = "/",
) -> Response:
    """Send the browser to the issuer. What went wrong is a page for a person, `application/problem+json` else."""
    return _readable(services, request, lambda: _begun(services, next_page))


def _begun(services: Services, next_page: str) -> Response:
    settings = _configured(services.settings)
    issuer = discover(settings)
    pending = begin(settings, services.now(), (services.secrets(), services.secrets(), services.secrets()), next_page)
    response = RedirectResponse(issuer.address(pending), 302)
    response.set_cookie(
        _COOKIE, pending.sealed(services.key), max_age=int(PENDING_FOR.total_seconds()), path=CALLBACK,
        secure=settings.is_https, httponly=True, samesite="lax",
    )  # fmt: skip
    return response


@routes.get(
    "/auth/oidc/callback", Access.PUBLIC, "Come back from the company's sign-in", status=302, also=(403, 404, 502)
)
def finish_issuer_sign_in(
    services: ServicesDep,
    request: Request,
    code: Annotated[str, Query(max_length=4000, description="From the issuer")] = "",
    state: Annotated[str, Query(max_length=500, description="As it was sent")] = "",
) -> Response:
    """Check what the issuer says, begin a session and go on to the page that was asked for.

    A person reads what went wrong on a page in English and Chinese, a program as `application/problem+json`.
    """
    return _readable(services, request, lambda: _finished(services, request, code, state))


def _finished(services: Services, request: Request, code: str, state: str) -> Response:
    settings = _configured(services.settings)
    now = services.now()
    pending = unsealed(request.cookies.get(_COOKIE, ""), services.key, now)
    if not code or state != pending.state:
        raise ProblemError(BAD_REQUEST, "the issuer did not sign you in, or this is another sign-in: begin again")
    claims = discover(settings).claims(code, pending, now)
    policy = LinkPolicy(verified_email=settings.oidc_link_verified_email, create=settings.oidc_create_accounts)
    begun = sign_in_by_issuer(
        services.store, context_of(services, request), services.secrets, claims, policy,
        limits=settings.session_limits, previous=session_secret(request, settings),
    )  # fmt: skip
    response = RedirectResponse(pending.next, 302)
    give_session(response, settings, begun.secret)
    response.delete_cookie(_COOKIE, path=CALLBACK)
    return response


def _readable(services: Services, request: Request, answer: Callable[[], Response]) -> Response:
    """Answer, or say what went wrong to whoever waits: these addresses are followed by people."""
    try:
        return answer()
    except (TwinError, ProblemError) as error:
        return refusal(request, services.settings, error)


def _configured(settings: Settings) -> Settings:
    if not settings.oidc_issuer:
        raise NotFound("no other way to sign in is configured; use login and password")
    return settings
