"""What the store keeps of programs that people connect to their account; secrets by digest alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from twin.account import TokenScope
from twin.oauth import OAuthClient, OAuthRequest
from twin.record import Id
from twin.store.schema import OAUTH_CLIENT, OAUTH_CODE, OAUTH_REFRESH, TOKEN


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A program that an administrator registered."""

    client: OAuthClient
    created_by: Id
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptCode:
    """A code that a person's yes was kept under."""

    request: OAuthRequest
    user: Id
    expires_at: datetime
    token: Id | None


@dataclass(frozen=True, slots=True)
class KeptRefresh:
    """What a token is renewed with."""

    token: Id
    client: str
    expires_at: datetime
    used_at: datetime | None


def add_client(connection: Connection, one: RegisteredClient, secret_digest: str | None) -> None:
    """Keep a program."""
    connection.execute(
        insert(OAUTH_CLIENT).values(
            id=one.client.id, name=one.client.name, redirect_uris=list(one.client.redirect_uris),
            secret_digest=secret_digest, created_by=one.created_by, created_at=one.created_at, ended_at=None,
        )
    )  # fmt: skip


def clients(connection: Connection) -> list[RegisteredClient]:
    """Return all programs, the oldest first."""
    query = select(OAUTH_CLIENT).order_by(OAUTH_CLIENT.c.created_at, OAUTH_CLIENT.c.id)
    return [_client(row) for row in connection.execute(query).mappings()]


def live_client(connection: Connection, client: str) -> OAuthClient | None:
    """Return a program that was not ended; None when there is none."""
    query = select(OAUTH_CLIENT).where(OAUTH_CLIENT.c.id == client, OAUTH_CLIENT.c.ended_at.is_(None))
    row = connection.execute(query).mappings().first()
    return _client(row).client if row else None


def secret_digest(connection: Connection, client: str) -> str | None:
    """Return the digest of a program's secret; None when it has none."""
    return connection.execute(select(OAUTH_CLIENT.c.secret_digest).where(OAUTH_CLIENT.c.id == client)).scalar()


def end_client(connection: Connection, client: str, now: datetime) -> bool:
    """Let a program and all its tokens count no more; say whether it did until now."""
    mine = (OAUTH_CLIENT.c.id == client) & OAUTH_CLIENT.c.ended_at.is_(None)
    if not connection.execute(update(OAUTH_CLIENT).where(mine).values(ended_at=now)).rowcount:
        return False
    tokens = select(OAUTH_REFRESH.c.token).where(OAUTH_REFRESH.c.client == client)
    connection.execute(update(TOKEN).where(TOKEN.c.id.in_(tokens), TOKEN.c.revoked_at.is_(None)).values(revoked_at=now))
    return True


def add_code(connection: Connection, digest: str, request: OAuthRequest, user: Id, expires_at: datetime) -> None:
    """Keep what a person said yes to."""
    connection.execute(
        insert(OAUTH_CODE).values(
            digest=digest, client=request.client, client_name=request.client_name, redirect_uri=request.redirect_uri,
            challenge=request.challenge, scope=request.scope.value, user=user, expires_at=expires_at, token=None,
        )
    )  # fmt: skip


def code(connection: Connection, digest: str) -> KeptCode | None:
    """Return what a code stands for; None for one that was never given."""
    row = connection.execute(select(OAUTH_CODE).where(OAUTH_CODE.c.digest == digest)).mappings().first()
    if row is None:
        return None
    request = OAuthRequest(
        row["client"], row["client_name"], row["redirect_uri"], row["challenge"], TokenScope(row["scope"])
    )
    return KeptCode(request, row["user"], row["expires_at"], row["token"])


def use_code(connection: Connection, digest: str, token: Id) -> bool:
    """Say which token a code was exchanged for; False when somebody else was faster."""
    unused = (OAUTH_CODE.c.digest == digest) & OAUTH_CODE.c.token.is_(None)
    return connection.execute(update(OAUTH_CODE).where(unused).values(token=token)).rowcount > 0


def add_refresh(connection: Connection, digest: str, one: KeptRefresh) -> None:
    """Keep what a token is renewed with next time."""
    values = {"digest": digest, "token": one.token, "client": one.client, "expires_at": one.expires_at}
    connection.execute(insert(OAUTH_REFRESH).values(**values, used_at=None))


def refresh(connection: Connection, digest: str) -> KeptRefresh | None:
    """Return what a refresh token stands for; None for one that was never given."""
    row = connection.execute(select(OAUTH_REFRESH).where(OAUTH_REFRESH.c.digest == digest)).mappings().first()
    return KeptRefresh(row["token"], row["client"], row["expires_at"], row["used_at"]) if row else None


def use_refresh(connection: Connection, digest: str, now: datetime) -> bool:
    """Say that a refresh token was used; False when it was before."""
    unused = (OAUTH_REFRESH.c.digest == digest) & OAUTH_REFRESH.c.used_at.is_(None)
    return connection.execute(update(OAUTH_REFRESH).where(unused).values(used_at=now)).rowcount > 0


def renew_token(connection: Connection, token: Id, digest: str, expires_at: datetime) -> None:
    """Let a token count on under another secret."""
    connection.execute(update(TOKEN).where(TOKEN.c.id == token).values(digest=digest, expires_at=expires_at))


def forget_oauth(connection: Connection, older_than: datetime) -> None:
    """Remove codes and refresh tokens that ended before a time."""
    connection.execute(delete(OAUTH_CODE).where(OAUTH_CODE.c.expires_at < older_than))
    connection.execute(delete(OAUTH_REFRESH).where(OAUTH_REFRESH.c.expires_at < older_than))


def _client(row: RowMapping) -> RegisteredClient:
    uris: Sequence[str] = row["redirect_uris"]
    client = OAuthClient(row["id"], row["name"], tuple(uris), row["secret_digest"] is not None, is_registered=True)
    return RegisteredClient(client, row["created_by"], row["created_at"], row["ended_at"])
