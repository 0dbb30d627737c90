"""Programs that people connect to their account: a person says yes, the program fetches a token and renews it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from twin.account import Token, User, UserStatus
from twin.errors import NotFound
from twin.oauth import (
    ACCESS_FOR,
    CODE_FOR,
    REFRESH_FOR,
    OAuthClient,
    OAuthRefused,
    OAuthRequest,
    proves,
    require_redirects,
)
from twin.operations.accounts import LONGEST_TOKEN, TOKEN_PREFIX, Secrets, digest_of
from twin.record import Id
from twin.store import accounts as kept
from twin.store import oauth
from twin.store.accounts import USER
from twin.store.oauth import KeptCode, KeptRefresh, RegisteredClient
from twin.store.repository import Context, Store, Unit

_REMEMBERED = timedelta(days=1)
"""For how long a code is known to have been used."""


@dataclass(frozen=True, slots=True)
class NewClient:
    """A program and, this once, its secret; None where it needs none."""

    registered: RegisteredClient
    secret: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """By what a program shows that it is the one that asked."""

    client: OAuthClient
    has_secret: bool
    """Whether it sent its secret, and the right one."""
    verifier: str = ""
    redirect_uri: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A token, its secret, and what it is renewed with."""

    token: Token
    access: str
    refresh: str


def register_client(
    store: Store, context: Context, secrets: Secrets, *, name: str, redirect_uris: tuple[str, ...], with_secret: bool
) -> NewClient:
    """Let people connect a program: an administrator vouches for its name and addresses."""
    uris = require_redirects(redirect_uris, https=True)
    secret = secrets() if with_secret else None
    with store.write(context) as unit:
        client = OAuthClient(unit.new_id(), name.strip(), uris, must_prove=with_secret, is_registered=True)
        made = RegisteredClient(client, context.actor.id, context.now)
        oauth.add_client(unit.connection, made, digest_of(secret) if secret else None)
        unit.note("register_client", f"oauth_client:{client.id}", {"name": client.name, "redirect_uris": list(uris)})
    return NewClient(made, secret)


def end_client(store: Store, context: Context, client: Id) -> None:
    """Let a program and everybody's tokens for it count no more."""
    with store.write(context) as unit:
        if not oauth.end_client(unit.connection, client, context.now):
            raise NotFound(f"there is no program {client}")
        unit.note("end_client", f"oauth_client:{client}", {})


def allow(store: Store, context: Context, secrets: Secrets, user: Id, request: OAuthRequest) -> str:
    """Keep that a person said yes, and return the code that their program fetches its token with: once, at once."""
    code = secrets()
    with store.write(context) as unit:
        oauth.forget_oauth(unit.connection, context.now - _REMEMBERED)
        oauth.add_code(unit.connection, digest_of(code), request, user, context.now + CODE_FOR)
        told = {"client": request.client_name, "redirect_uri": request.redirect_uri, "scope": request.scope.value}
        unit.note("allow_client", f"user:{user}", {**told})
    return code


def exchange(store: Store, context: Context, secrets: Secrets, code: str, proof: Proof) -> Issued:
    """Return the token for a code.

    Raises
    ------
    OAuthRefused
        If the code is unknown, old, another program's, or was used before: then the token that it gave ends as well.
    """
    digest, access, refresh = digest_of(code), TOKEN_PREFIX + secrets(), secrets()
    with store.write(context) as unit:
        found = oauth.code(unit.connection, digest)
        refused = _refusal_of_code(found, proof, context.now)
        if found is not None and not refused:
            token = Token(
                unit.new_id(), found.user, found.request.client_name, found.request.scope, context.now,
                context.now + ACCESS_FOR,
            )  # fmt: skip
            if _may_sign_in(unit, found.user) and oauth.use_code(unit.connection, digest, token.id):
                kept.add_token(unit.connection, token, digest_of(access))
                _add_refresh(unit, token, proof.client.id, refresh)
                told = {"token": token.id, "name": token.name, "scope": token.scope.value, "project": None}
                unit.note("create_token", f"user:{token.user}", {**told})
                return Issued(token, access, refresh)
            refused = "the account may not be used, or the code was used before"
        if found is not None and found.token is not None:
            _end_token(unit, found.user, found.token, "the code came twice")
    raise OAuthRefused("invalid_grant", refused)


def renew(store: Store, context: Context, secrets: Secrets, refresh: str, proof: Proof) -> Issued:
    """Return the token anew, and what it is renewed with next time.

    Raises
    ------
    OAuthRefused
        If the refresh token is unknown, old or another program's, the token was revoked, or somebody renewed it with
        this one before: then it ends, since one of the two stole it.
    """
    digest, access, following = digest_of(refresh), TOKEN_PREFIX + secrets(), secrets()
    refused = "the refresh token is unknown, too old or another program's; let the person connect the program again"
    with store.write(context) as unit:
        found = oauth.refresh(unit.connection, digest)
        token = kept.token_by_id(unit.connection, found.token) if found else None
        if found and token and found.client == proof.client.id and context.now < found.expires_at:
            if token.revoked_at is not None or not _may_sign_in(unit, token.user):
                refused = "the token was revoked; let the person connect the program again"
            elif not oauth.use_refresh(unit.connection, digest, context.now):
                _end_token(unit, token.user, token.id, "a refresh token came twice")
                refused = "this refresh token was used before: the token has been revoked"
            else:
                until = min(context.now + ACCESS_FOR, token.created_at + LONGEST_TOKEN)
                oauth.renew_token(unit.connection, token.id, digest_of(access), until)
                _add_refresh(unit, token, proof.client.id, following)
                return Issued(replace(token, expires_at=until), access, following)
    raise OAuthRefused("invalid_grant", refused)


def _refusal_of_code(found: KeptCode | None, proof: Proof, now: datetime) -> str:
    """Return why a code gives no token; empty when it does."""
    if found is None or found.request.client != proof.client.id:
        return "the code is unknown, or another program's"
    if found.token is not None:
        return "the code was used before: the token that it gave has been revoked"
    if now >= found.expires_at:
        return f"the code is older than {int(CODE_FOR.total_seconds())} seconds; begin again"
    if proof.redirect_uri not in ("", found.request.redirect_uri):
        return "redirect_uri is another than the one that the code was sent to"
    if found.request.challenge:
        return "" if proves(found.request.challenge, proof.verifier) else "code_verifier is not the challenge's"
    if proof.verifier or not proof.has_secret:
        return "without a code_challenge at the beginning, the program has to send its secret, and no code_verifier"
    return ""


def _add_refresh(unit: Unit, token: Token, client: str, refresh: str) -> None:
    until = min(unit.context.now + REFRESH_FOR, token.created_at + LONGEST_TOKEN)
    oauth.add_refresh(unit.connection, digest_of(refresh), KeptRefresh(token.id, client, until, None))


def _end_token(unit: Unit, user: Id, token: Id, reason: str) -> None:
    if kept.revoke_tokens(unit.connection, user, unit.context.now, only=token):
        unit.note("revoke_token", f"user:{user}", {"token": token, "reason": reason})


def _may_sign_in(unit: Unit, user: Id) -> bool:
    found: User = unit.get(USER, user).record
    return found.status is UserStatus.ACTIVE
