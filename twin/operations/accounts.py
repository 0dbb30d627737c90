"""Accounts: the first administrator, new people, passwords and tokens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from twin.account import (
    SYSTEM_ACTOR,
    PasswordHasher,
    Token,
    TokenScope,
    User,
    UserEvent,
    UserStatus,
    apply_event,
    normal_login,
    require_password,
)
from twin.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from twin.record import Id
from twin.store import accounts as kept
from twin.store.accounts import USER
from twin.store.records import MEMBER
from twin.store.repository import Context, Store, Unit
from twin.store.view import Stored, View

Secrets = Callable[[], str]
"""Makes a secret of at least 128 bits, as text; replaced in tests."""
TOKEN_PREFIX = "qtems_"
"""So that a token that leaked into a repository is recognised."""
LONGEST_TOKEN = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class OneTimePassword:
    """An account and the password that opens it once, to be changed at once; kept nowhere as text."""

    user: Stored[User]
    password: str


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that was just made, and the password that opens it once."""

    user: Stored[User]
    password: str | None
    """None for somebody whom an issuer vouches for: they have no password before they set one."""


def digest_of(secret: str) -> str:
    """Return the SHA-256 by which a token is kept: it is long and random, so that no slow hash is needed."""
    return sha256(secret.encode()).hexdigest()


def begin(store: Store, now: datetime, hasher: PasswordHasher, secrets: Secrets) -> OneTimePassword | None:
    """Make the administrator of an installation that has no account yet; None when it has.

    Several processes may try at the same time: one of them gets the password.
    """
    context = Context(SYSTEM_ACTOR, now, request="first run")
    with store.read() as view:
        if view.list(USER, limit=1).items:
            return None
    password = secrets()
    hashed = hasher.hash(password)
    with store.write(context) as unit:
        unit.database.lock(unit.connection, "first run")
        if unit.list(USER, limit=1).items:
            return None
        user = User(
            unit.new_id(), "admin", "Administrator", now, administrator=True, must_change_password=True,
            password_set_at=now,
        )  # fmt: skip
        stored = unit.add(USER, user, reason="first run")
        kept.put_password(unit.connection, user.id, hashed, now)
    return OneTimePassword(stored, password)


def create_user(
    store: Store, context: Context, hasher: PasswordHasher, secrets: Secrets, *, login: str, name: str,
    email: str = "", administrator: bool = False, subject: str = "",
) -> NewAccount:  # fmt: skip
    """Make an account with a one-time password; with none for somebody who signs in through the issuer.

    Parameters
    ----------
    subject
        ``ISSUER SUBJECT`` of somebody whom an issuer vouches for.

    Raises
    ------
    Conflict
        If the login is taken, also by somebody who left, or the subject is.
    """
    linked = _subject(subject)
    password = None if linked else secrets()
    hashed = hasher.hash(password) if password else ""
    with store.write(context) as unit:
        user = User(
            unit.new_id(), normal_login(login), name.strip(), context.now, email.strip(), administrator=administrator,
            must_change_password=password is not None, password_set_at=context.now if password else None,
            subject=linked,
        )  # fmt: skip
        if unit.find(USER, login=user.login):
            raise Conflict(f"the login {user.login} is taken; logins are never given to somebody else")
        _require_free_subject(unit, user)
        stored = unit.add(USER, user)
        if password is not None:
            kept.put_password(unit.connection, user.id, hashed, context.now)
    return NewAccount(stored, password)


@dataclass(frozen=True, slots=True)
class UserChange:
    """What an administrator changes of an account; None leaves it as it is."""

    name: str | None = None
    email: str | None = None
    administrator: bool | None = None
    subject: str | None = None
    """Empty: the issuer vouches for them no more."""
    event: UserEvent | None = None


def change_user(store: Store, context: Context, user: Id, change: UserChange, *, expected: int) -> Stored[User]:
    """Change an account; one that may not be used any more is signed out everywhere and its tokens are revoked.

    Raises
    ------
    Refused
        If nobody would be left who can administrate.
    """
    with store.write(context) as unit:
        old = unit.get(USER, user).record
        fields = {name: getattr(change, name) for name in ("name", "email", "administrator")}
        new = replace(old, **{name: value for name, value in fields.items() if value is not None})
        if change.subject is not None:
            new = replace(new, subject=_subject(change.subject))
            _require_free_subject(unit, new)
        if change.event is not None:
            new = apply_event(new, change.event)
        _keep_an_administrator(unit, old, new)
        action = change.event.value if change.event else "update"
        stored = unit.save(USER, new, expected=expected, action=action)
        if new.status is not UserStatus.ACTIVE:
            kept.end_sessions(unit.connection, user)
            kept.revoke_tokens(unit.connection, user, context.now)
        elif old.status is UserStatus.LOCKED:
            kept.forget_failures(unit.connection, digest_of(new.login))
        if old.subject not in (None, new.subject):
            kept.end_sessions(unit.connection, user)  # somebody else may have been vouched for
    return stored


@dataclass(frozen=True, slots=True)
class OwnChange:
    """What people change of their own account; None leaves it as it is."""

    language: str | None = None
    by_mail: bool | None = None


def change_own(store: Store, context: Context, change: OwnChange, *, expected: int) -> Stored[User]:
    """Change how the actor is told of things: in which language, and whether by mail as well."""
    with store.write(context) as unit:
        old = unit.get(USER, context.actor.id).record
        fields = {"language": change.language, "by_mail": change.by_mail}
        new = replace(old, **{name: value for name, value in fields.items() if value is not None})
        return unit.save(USER, new, expected=expected, action="change_preferences")


def reset_password(
    store: Store, context: Context, hasher: PasswordHasher, secrets: Secrets, user: Id
) -> OneTimePassword:
    """Give an account a one-time password: signed out everywhere, tokens revoked, a lock opened (21 CFR 11.300 c)."""
    password = secrets()
    hashed = hasher.hash(password)
    with store.write(context) as unit:
        old = unit.get(USER, user)
        if old.record.status is UserStatus.DISABLED:
            raise Refused(
                f"the account {old.record.login} is disabled: enable it first", missing=("an enabled account",)
            )
        opened = apply_event(old.record, UserEvent.UNLOCK) if old.record.status is UserStatus.LOCKED else old.record
        new = replace(opened, must_change_password=True, password_set_at=context.now)
        stored = unit.save(USER, new, expected=old.version, action="reset_password")
        kept.put_password(unit.connection, user, hashed, context.now)
        kept.end_sessions(unit.connection, user)
        kept.revoke_tokens(unit.connection, user, context.now)
        kept.forget_failures(unit.connection, digest_of(new.login))
    return OneTimePassword(stored, password)


def set_password(
    store: Store, context: Context, hasher: PasswordHasher, user: Id, password: str, *, session: Id
) -> Stored[User]:
    """Keep a new password; every other browser is signed out.

    The caller has shown who they are: with the password before, or by signing in just now.
    """
    with store.read() as view:
        old = view.get(USER, user)
        before = kept.password_hash(view.connection, user)
    text = require_password(password, login=old.record.login)
    if before is not None and hasher.verify(text, before):
        raise Invalid("this is the password that you have now; choose another")
    hashed = hasher.hash(text)
    with store.write(context) as unit:
        new = replace(old.record, must_change_password=False, password_set_at=context.now)
        stored = unit.save(USER, new, expected=old.version, action="change_password")
        kept.put_password(unit.connection, user, hashed, context.now)
        kept.end_sessions(unit.connection, user, but=session)
    return stored


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token and, this once, its secret."""

    token: Token
    secret: str


def create_token(
    store: Store, context: Context, secrets: Secrets, user: User, *, name: str, scope: TokenScope,
    expires_at: datetime, project: Id | None = None,
) -> NewToken:  # fmt: skip
    """Make a token for programs in the name of a user: never for more than the user may do.

    Raises
    ------
    Invalid
        If it would expire in the past or in more than a year.
    NotAllowed
        If its scope is beyond its user.
    NotFound
        If the user is no member of the project.
    """
    if not context.now < expires_at <= context.now + LONGEST_TOKEN:
        raise Invalid("a token expires within a year from now; give another expiry")
    if scope is TokenScope.ADMIN and (not user.administrator or project is not None):
        raise NotAllowed("a token of the scope admin is for administrators and for no single project")
    secret = TOKEN_PREFIX + secrets()
    with store.write(context) as unit:
        if project is not None and not _is_member(unit, user.id, project):
            raise NotFound(f"there is no project {project}")
        token = Token(unit.new_id(), user.id, name.strip(), scope, context.now, expires_at, project)
        kept.add_token(unit.connection, token, digest_of(secret))
        told = {"token": token.id, "name": token.name, "scope": scope.value, "project": project}
        unit.note("create_token", f"user:{user.id}", told)
    return NewToken(token, secret)


def revoke_token(store: Store, context: Context, user: Id, token: Id) -> None:
    """Let a token count no more; one that did not count already is no token."""
    with store.write(context) as unit:
        if not kept.revoke_tokens(unit.connection, user, context.now, only=token):
            raise NotFound(f"there is no token {token}")
        unit.note("revoke_token", f"user:{user}", {"token": token})


def find_user(view: View, login: str) -> Stored[User]:
    """Return the account of a login; :class:`Invalid` when there is none that may be used."""
    found = view.find(USER, login=normal_login(login))
    if found is None or found.record.status is UserStatus.DISABLED:
        raise Invalid(f"there is no account {login!r}; an administrator makes one")
    return found


def names_of(view: View, users: set[Id]) -> Mapping[Id, User]:
    """Return accounts by identifier, those that exist."""
    found = view.list(USER, where={"id": tuple(sorted(users))}).items if users else ()
    return {stored.record.id: stored.record for stored in found}


def _is_member(view: View, user: Id, project: Id) -> bool:
    member = view.find(MEMBER, user=user, project=project)
    return member is not None and member.record.active


def is_last_administrator(view: View, user: User) -> bool:
    """Say whether nobody else could administrate."""
    others = (s.record for s in view.all(USER, status=UserStatus.ACTIVE.value) if s.record.id != user.id)
    return _administrates(user) and not any(map(_administrates, others))


def _subject(text: str) -> str | None:
    """Return issuer and subject as an account keeps them; None for an empty text."""
    found = " ".join(text.split())
    if found and (" " not in found or not found.startswith(("https://", "http://"))):
        raise Invalid("a subject is ISSUER SUBJECT with a space between, like https://login.example.com/realm 3f2a9c")
    return found or None


def _require_free_subject(unit: Unit, user: User) -> None:
    other = unit.find(USER, subject=user.subject) if user.subject else None
    if other is not None and other.record.id != user.id:
        raise Conflict(f"the issuer's subject belongs to {other.record.login} already")


def _keep_an_administrator(unit: Unit, old: User, new: User) -> None:
    if not _administrates(new) and is_last_administrator(unit, old):
        raise Refused(
            f"{old.login} is the last administrator: make somebody else one first", missing=("another administrator",)
        )


def _administrates(user: User) -> bool:
    return user.administrator and user.status is UserStatus.ACTIVE
