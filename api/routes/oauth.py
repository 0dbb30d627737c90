"""OAuth 2 for programs: a person says yes on a page of ours, the program fetches a token of theirs (RFC 6749, 7636)."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import unquote_plus

from fastapi import Request

from api.auth.access import Access
from api.auth.clients import find_client, is_secret_of, secret_of_self_registered, self_registered
from api.auth.form import FORM, LARGEST, FormDep
from api.auth.identity import context_of
from api.deps import ContextDep, RecordId, ServicesDep, StoreDep
from api.paging import Listed
from api.routing import Routes
from api.schemas.oauth import (
    TOKEN_PATH,
    ClientRegistered,
    ClientRegistration,
    NewOAuthClient,
    NewOAuthClientOut,
    OAuthClientOut,
    OAuthTokenOut,
    client_out,
)
from api.services import Services
from twin.account import SystemAction
from twin.errors import Invalid
from twin.oauth import OAuthRefused
from twin.operations.oauth import Issued, Proof, end_client, exchange, register_client, renew
from twin.store import oauth

routes = Routes("oauth")


@routes.post(
    TOKEN_PATH, Access.PUBLIC, "Fetch or renew a token", secret=True, sends=FORM, max_body_bytes=LARGEST, also=(401,),
    fields=("grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token"),
)  # fmt: skip
def fetch_oauth_token(form: FormDep, services: ServicesDep, request: Request) -> OAuthTokenOut:
    """Exchange a code (once, within 60 seconds), or a refresh token (once), for a token of an hour.

    `grant_type` is `authorization_code` or `refresh_token`. A program shows who it is by `code_verifier`, or by its
    secret: in the form, or by HTTP Basic. Errors are `error` and `error_description`.
    """
    issued = _issued(services, request, {**request.query_params, **form})
    return OAuthTokenOut(
        access_token=issued.access, expires_in=int((issued.token.expires_at - services.now()).total_seconds() + 1),
        refresh_token=issued.refresh, scope=issued.token.scope.value,
    )  # fmt: skip


@routes.post("/oauth/register", Access.PUBLIC, "Register a program by itself", status=201, secret=True)
def register_oauth_client(given: ClientRegistration, services: ServicesDep) -> ClientRegistered:
    """Register a program that runs on a person's own computer (RFC 7591, and the Foundation API's form of it).

    Its redirect addresses are `http://` on loopback, at any port. An administrator registers programs on the web.
    """
    client = self_registered(services, given.client_name, given.uris)
    return ClientRegistered(
        client_id=client.id, client_secret=secret_of_self_registered(services, client), client_name=client.name,
        redirect_url=client.redirect_uris[0], redirect_uris=list(client.redirect_uris),
    )  # fmt: skip


@routes.get("/oauth/clients", SystemAction.ACCOUNT_MANAGE, "Programs that people may connect")
def list_oauth_clients(store: StoreDep) -> Listed[OAuthClientOut]:
    """Return the programs that administrators registered, also those that were ended."""
    with store.read() as view:
        return Listed[OAuthClientOut](items=[client_out(one) for one in oauth.clients(view.connection)])


@routes.post("/oauth/clients", SystemAction.ACCOUNT_MANAGE, "Register a program", status=201, secret=True)
def create_oauth_client(given: NewOAuthClient, context: ContextDep, services: ServicesDep) -> NewOAuthClientOut:
    """Let people connect a program: you vouch for its name and for the addresses that their answers go to."""
    made = register_client(
        services.store, context, services.secrets, name=given.name, redirect_uris=tuple(given.redirect_uris),
        with_secret=given.with_secret,
    )  # fmt: skip
    return NewOAuthClientOut(client=client_out(made.registered), client_secret=made.secret)


@routes.delete("/oauth/clients/{client}", SystemAction.ACCOUNT_MANAGE, "End a program", status=204)
def end_oauth_client(client: RecordId, context: ContextDep, store: StoreDep) -> None:
    """Let a program, and every token that people gave it, count no more."""
    end_client(store, context, client)


def _issued(services: Services, request: Request, given: Mapping[str, str]) -> Issued:
    proof = _proof(services, request, given)
    context = context_of(services, request)
    kind = given.get("grant_type", "")
    if kind == "authorization_code":
        return exchange(services.store, context, services.secrets, given.get("code", ""), proof)
    if kind == "refresh_token":
        return renew(services.store, context, services.secrets, given.get("refresh_token", ""), proof)
    raise OAuthRefused("unsupported_grant_type", "grant_type is authorization_code or refresh_token")


def _proof(services: Services, request: Request, given: Mapping[str, str]) -> Proof:
    """Return which program asks, and by what it shows it."""
    name, secret = given.get("client_id", ""), given.get("client_secret", "")
    by_header = _basic(request.headers.get("authorization", ""))
    if by_header is not None:
        name, secret = by_header
    if not name:
        raise OAuthRefused("invalid_request", "client_id is missing")
    try:
        client = find_client(services, name)
    except Invalid as error:
        raise OAuthRefused("invalid_client", str(error)) from error
    is_right = bool(secret) and is_secret_of(services, client, secret)
    if (secret and not is_right) or (client.must_prove and not is_right):
        raise OAuthRefused("invalid_client", "the program's secret is missing or wrong")
    redirect = given.get("redirect_uri", "") or given.get("redirect_url", "")
    return Proof(client, is_right, given.get("code_verifier", ""), redirect)


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise OAuthRefused("invalid_client", "the Authorization header is no HTTP Basic") from None
    return (unquote_plus(name), unquote_plus(secret)) if colon else None
