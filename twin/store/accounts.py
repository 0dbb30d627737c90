"""What the store keeps beside the records of accounts: password hashes, sessions, tokens, attempts, answered requests.

None of it is a record: it has no versions and no place in the audit trail, where a secret could never be taken back.
What happens to it is noted there by the operations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from twin.account import Session, SignedInBy, Token, TokenScope, User
from twin.record import Id
from twin.store.kinds import Kind, attributes
from twin.store.schema import AUDIT_EVENT, CREDENTIAL, IDEMPOTENCY, SESSION, SIGN_IN_ATTEMPT, TOKEN
from twin.store.schema import USER as USER_TABLE

USER = Kind("user", User, USER_TABLE, attributes("login", "status", "email", "subject"), lambda _: None)
IN_PROGRESS = 0
"""The status of a request that has not been answered yet."""
CUT_OFF_AFTER = timedelta(minutes=10)
"""When a request that has not been answered will not be any more: longer than any takes."""


def put_password(connection: Connection, user: Id, hashed: str, now: datetime) -> None:
    """Keep a user's password hash in place of the one before."""
    connection.execute(delete(CREDENTIAL).where(CREDENTIAL.c.user == user))
    connection.execute(insert(CREDENTIAL).values(user=user, hash=hashed, set_at=now))


def password_hash(connection: Connection, user: Id) -> str | None:
    """Return a user's password hash, None when there is none."""
    found = connection.execute(select(CREDENTIAL.c.hash).where(CREDENTIAL.c.user == user)).scalar()
    return None if found is None else str(found)


def add_session(connection: Connection, session: Session, digest: str) -> None:
    """Keep a session under the digest of its token."""
    connection.execute(insert(SESSION).values(digest=digest, **{**asdict(session), "how": session.how.value}))


def session_by_digest(connection: Connection, digest: str) -> Session | None:
    """Return the session of a token, None when there is none."""
    row = connection.execute(select(SESSION).where(SESSION.c.digest == digest)).mappings().first()
    return _session(row) if row else None


def sessions_of(connection: Connection, user: Id) -> list[Session]:
    """Return a user's sessions, the newest first."""
    query = select(SESSION).where(SESSION.c.user == user).order_by(SESSION.c.created_at.desc(), SESSION.c.id)
    return [_session(row) for row in connection.execute(query).mappings()]


def touch_session(connection: Connection, session: Id, now: datetime) -> None:
    """Remember that a session was used."""
    connection.execute(update(SESSION).where(SESSION.c.id == session).values(used_at=now))


def end_session(connection: Connection, user: Id, session: Id) -> bool:
    """Forget a session of a user; say whether there was one."""
    mine = (SESSION.c.id == session) & (SESSION.c.user == user)
    return connection.execute(delete(SESSION).where(mine)).rowcount > 0


def end_sessions(connection: Connection, user: Id, *, but: Id | None = None) -> int:
    """Forget all sessions of a user, except perhaps one, and return how many."""
    return connection.execute(delete(SESSION).where(SESSION.c.user == user, SESSION.c.id != (but or ""))).rowcount


def forget_expired(connection: Connection, now: datetime, older_than: datetime) -> None:
    """Remove sessions that ended, and answers to requests from before ``older_than``."""
    connection.execute(delete(SESSION).where(SESSION.c.expires_at < now))
    connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.created_at < older_than))


def add_token(connection: Connection, token: Token, digest: str) -> None:
    """Keep a token under its digest."""
    values = asdict(token)
    scope: TokenScope = values.pop("scope")
    connection.execute(insert(TOKEN).values(digest=digest, scopes=[scope.value], **values))


def token_by_digest(connection: Connection, digest: str) -> Token | None:
    """Return a token, None when there is none."""
    row = connection.execute(select(TOKEN).where(TOKEN.c.digest == digest)).mappings().first()
    return _token(row) if row else None


def token_by_id(connection: Connection, token: Id) -> Token | None:
    """Return a token, None when there is none."""
    row = connection.execute(select(TOKEN).where(TOKEN.c.id == token)).mappings().first()
    return _token(row) if row else None


def tokens_of(connection: Connection, user: Id) -> list[Token]:
    """Return a user's tokens, the newest first."""
    query = select(TOKEN).where(TOKEN.c.user == user).order_by(TOKEN.c.created_at.desc(), TOKEN.c.id)
    return [_token(row) for row in connection.execute(query).mappings()]


def touch_token(connection: Connection, token: Id, now: datetime) -> None:
    """Remember that a token was used."""
    connection.execute(update(TOKEN).where(TOKEN.c.id == token).values(used_at=now))


def revoke_tokens(connection: Connection, user: Id, now: datetime, *, only: Id | None = None) -> int:
    """Let all tokens of a user, or only one, count no more; return how many did until now."""
    mine = (TOKEN.c.user == user) & TOKEN.c.revoked_at.is_(None)
    if only is not None:
        mine = mine & (TOKEN.c.id == only)
    return connection.execute(update(TOKEN).where(mine).values(revoked_at=now)).rowcount


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to show who one is."""

    id: Id
    purpose: str
    login: str
    """Digest of what was typed as login: people type passwords there."""
    origin: str
    place: str
    """A browser that has signed in to this account before, else the address."""
    known: bool
    """Whether the login has been signed in to from there."""
    at: datetime


def add_attempt(connection: Connection, attempt: Attempt) -> None:
    """Keep an attempt, as failed until :func:`mark_succeeded` says otherwise."""
    connection.execute(insert(SIGN_IN_ATTEMPT).values(succeeded=False, **asdict(attempt)))


def mark_succeeded(connection: Connection, attempt: Id) -> None:
    """Say that an attempt succeeded."""
    connection.execute(update(SIGN_IN_ATTEMPT).where(SIGN_IN_ATTEMPT.c.id == attempt).values(succeeded=True))


def failures_of_login(connection: Connection, purpose: str, login: str, most: int) -> list[datetime]:
    """Return when attempts failed since the last that succeeded, the newest ``most`` of them."""
    table = SIGN_IN_ATTEMPT
    return _failures(connection, (table.c.login == login) & (table.c.purpose == purpose), most)


def failures_at(connection: Connection, login: str, place: str, most: int) -> list[datetime]:
    """Return when signing in to a login failed at one place since it succeeded there, the newest ``most`` of them."""
    table = SIGN_IN_ATTEMPT
    there = (table.c.login == login) & (table.c.place == place) & (table.c.purpose == "sign_in")
    return _failures(connection, there, most)


def _failures(connection: Connection, those: ColumnElement[bool], most: int) -> list[datetime]:
    """Return when ``those`` attempts failed since the last of them that succeeded, the newest ``most``."""
    table = SIGN_IN_ATTEMPT
    last = select(table.c.at).where(those, table.c.succeeded.is_(True)).order_by(table.c.at.desc()).limit(1)
    succeeded = connection.execute(last).scalar()
    query = select(table.c.at).where(those, table.c.succeeded.is_(False))
    if succeeded is not None:
        query = query.where(table.c.at > succeeded)
    return list(connection.execute(query.order_by(table.c.at.desc()).limit(most)).scalars())


def failures_elsewhere(connection: Connection, login: str, since: datetime, most: int) -> list[datetime]:
    """Return when signing in to a login failed at places where it never succeeded, the newest ``most``."""
    table = SIGN_IN_ATTEMPT
    mine = (table.c.login == login) & (table.c.purpose == "sign_in") & (table.c.at > since)
    query = select(table.c.at).where(mine, table.c.succeeded.is_(False), table.c.known.is_(False))
    return list(connection.execute(query.order_by(table.c.at.desc()).limit(most)).scalars())


def has_signed_in_from(connection: Connection, login: str, origin: str, since: datetime) -> bool:
    """Say whether a login was signed in to from an address."""
    table = SIGN_IN_ATTEMPT
    mine = (table.c.login == login) & (table.c.origin == origin) & (table.c.purpose == "sign_in")
    query = select(table.c.id).where(mine, table.c.succeeded.is_(True), table.c.at > since).limit(1)
    return connection.execute(query).first() is not None


def failures_of_origin(connection: Connection, purpose: str, origin: str, since: datetime) -> list[datetime]:
    """Return when attempts from one place failed."""
    table = SIGN_IN_ATTEMPT
    mine = (table.c.origin == origin) & (table.c.purpose == purpose) & (table.c.at > since)
    return list(connection.execute(select(table.c.at).where(mine, table.c.succeeded.is_(False))).scalars())


def forget_failures(connection: Connection, login: str) -> None:
    """Let a login begin anew: what failed before counts no more; places that it knows stay known."""
    failed = SIGN_IN_ATTEMPT.c.succeeded.is_(False)
    connection.execute(delete(SIGN_IN_ATTEMPT).where(SIGN_IN_ATTEMPT.c.login == login, failed))


def forget_attempts(connection: Connection, older_than: datetime) -> None:
    """Remove attempts that count for nothing any more."""
    connection.execute(delete(SIGN_IN_ATTEMPT).where(SIGN_IN_ATTEMPT.c.at < older_than))


def users_with_email(connection: Connection, email: str) -> list[Id]:
    """Return the accounts with an address, however it is capitalised."""
    column = USER_TABLE.c.email
    query = select(USER_TABLE.c.id).where(func.lower(column) == email.lower()).order_by(USER_TABLE.c.id)
    return list(connection.execute(query).scalars())


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a request that came with a key."""

    request_sha256: str
    status: int
    headers: Mapping[str, str]
    response: bytes
    created_at: datetime


def reserve_key(
    connection: Connection, user: Id, key: str, request_sha256: str, request: str, now: datetime
) -> Answer | None:
    """Reserve a key for a request that is about to be executed; return what is there if somebody was earlier.

    Of a request that was cut off long ago and of which the trail knows nothing, the key is taken over.
    """
    values = {
        "user": user, "key": key, "request_sha256": request_sha256, "request": request, "status": IN_PROGRESS,
        "headers": {}, "response": b"", "created_at": now,
    }  # fmt: skip
    cut_off = _key(user, key) & (IDEMPOTENCY.c.status == IN_PROGRESS) & (IDEMPOTENCY.c.created_at < now - CUT_OFF_AFTER)
    nothing = ~exists().where(AUDIT_EVENT.c.request == IDEMPOTENCY.c.request)
    connection.execute(delete(IDEMPOTENCY).where(cut_off, nothing))
    try:
        with connection.begin_nested():
            connection.execute(insert(IDEMPOTENCY).values(**values))
    except IntegrityError:
        row = connection.execute(select(IDEMPOTENCY).where(_key(user, key))).mappings().one()
        return Answer(row["request_sha256"], row["status"], row["headers"], bytes(row["response"]), row["created_at"])
    return None


def release_unless_changed(connection: Connection, user: Id, key: str) -> None:
    """Give the key of a request that broke off back, if the trail shows that it changed nothing."""
    nothing = ~exists().where(AUDIT_EVENT.c.request == IDEMPOTENCY.c.request)
    connection.execute(delete(IDEMPOTENCY).where(_key(user, key), nothing))


def keep_answer(
    connection: Connection, user: Id, key: str, *, status: int, headers: Mapping[str, str], response: bytes
) -> None:
    """Keep the answer to the request that reserved a key."""
    values = {"status": status, "headers": dict(headers), "response": response}
    connection.execute(update(IDEMPOTENCY).where(_key(user, key)).values(**values))


def release_key(connection: Connection, user: Id, key: str) -> None:
    """Give a key back: nothing was changed under it."""
    connection.execute(delete(IDEMPOTENCY).where(_key(user, key)))


def _key(user: Id, key: str) -> Any:
    return (IDEMPOTENCY.c.user == user) & (IDEMPOTENCY.c.key == key)


def _session(row: RowMapping) -> Session:
    return Session(how=SignedInBy(row["how"]), **_only(row, SESSION, without=("digest", "how")))


def _token(row: RowMapping) -> Token:
    scopes: Sequence[str] = row["scopes"]
    return Token(scope=TokenScope(scopes[0]), **_only(row, TOKEN, without=("digest", "scopes")))


def _only(row: RowMapping, table: Table, *, without: Sequence[str]) -> dict[str, Any]:
    return {column.name: row[column.name] for column in table.c if column.name not in without}
