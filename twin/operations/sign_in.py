"""Showing who one is: by password, by an issuer of OpenID Connect, and again before a signature."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from twin.account import (
    FAILURES_UNTIL_LOCKED,
    PER_LOGIN,
    PER_ORIGIN,
    PER_SIGNATURE,
    AttemptLimit,
    PasswordHasher,
    Session,
    SessionLimits,
    Token,
    User,
    UserEvent,
    UserStatus,
    apply_event,
    normal_login,
    normal_password,
)
from twin.errors import NotAllowed, NotIdentified, TooManyAttempts
from twin.operations.accounts import Secrets, digest_of
from twin.record import Id, Json
from twin.store import accounts as kept
from twin.store.accounts import USER, Attempt
from twin.store.repository import Context, Store, Unit
from twin.store.view import Stored

_SIGN_IN, _SIGNATURE = "sign_in", "signature"
ANSWERS_KEPT = timedelta(hours=24)
"""How long the answer to a request with a key can be had again."""
_TOUCH_AFTER = timedelta(minutes=1)
"""How exactly the last use of a session or token is kept: not every reading request shall write."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session and, this once, the secret that the browser keeps."""

    user: User
    session: Session
    secret: str


@dataclass(frozen=True, slots=True)
class IssuerClaims:
    """What an issuer of OpenID Connect says about somebody; checked by the caller."""

    issuer: str
    subject: str
    name: str = ""
    email: str = ""
    email_verified: bool = False

    @property
    def key(self) -> str:
        """Issuer and subject in one, as an account keeps them."""
        return f"{self.issuer} {self.subject}"


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """What to do with somebody whom an issuer knows and we do not."""

    verified_email: bool = False
    """Take the account with the same address, if the issuer has verified it and exactly one has it."""
    create: bool = False
    """Make an account."""


def sign_in(
    store: Store, context: Context, hasher: PasswordHasher, secrets: Secrets, *, login: str, password: str,
    limits: SessionLimits, previous: str = "",
) -> SignedIn:  # fmt: skip
    """Begin a session with login and password.

    Parameters
    ----------
    previous
        The secret of the browser's session until now: that one ends, so that nobody can plant a session.

    Raises
    ------
    NotIdentified
        If login or password is wrong; which of them is not said.
    NotAllowed
        If they are right and the account is locked or disabled.
    TooManyAttempts
        If too many failed, of this login or from this place.
    """
    login = normal_login(login)
    attempt = _begin_attempt(store, context, _SIGN_IN, login, PER_LOGIN)
    with store.read() as view:
        found = view.find(USER, login=login)
        hashed = kept.password_hash(view.connection, found.record.id) if found else None
    if not _matches(hasher, password, hashed) or found is None:
        with store.write(context) as unit:
            _note_failure(unit, attempt, found, PER_LOGIN)
        raise NotIdentified("login or password is wrong")
    with store.write(_by(context, found.record)) as unit:
        kept.mark_succeeded(unit.connection, attempt.id)
        refused = _refusal(found.record)
        if refused:
            unit.note("sign_in_refused", f"user:{found.record.id}", {"status": found.record.status.value})
        else:
            return _begin_session(unit, found.record, secrets, limits, previous, how="password")
    raise NotAllowed(refused)


def sign_in_by_issuer(
    store: Store, context: Context, secrets: Secrets, claims: IssuerClaims, policy: LinkPolicy,
    *, limits: SessionLimits, previous: str = "",
) -> SignedIn:  # fmt: skip
    """Begin a session for somebody whom an issuer vouches for.

    An account is found by issuer and subject, never by an address that the issuer did not verify: anybody can claim
    one.

    Raises
    ------
    NotAllowed
        If no account belongs to them, or it is locked or disabled.
    """
    refused = ""
    with store.write(context) as unit:
        user = _account_of(unit, claims, policy)
        refused = _refusal(user) if user else "no account here belongs to you; ask an administrator to link it"
        if user is None or refused:
            entity = f"user:{user.id}" if user else "sign_in"
            unit.note("sign_in_refused", entity, {"how": "issuer", "subject": claims.key, "reason": refused})
        else:
            by = replace(unit, context=_by(context, user))
            return _begin_session(by, user, secrets, limits, previous, how="issuer")
    raise NotAllowed(refused)


def sign_out(store: Store, context: Context, user: Id, session: Id) -> bool:
    """End one session of a user; say whether there was one."""
    with store.write(context) as unit:
        ended = kept.end_session(unit.connection, user, session)
        if ended:
            unit.note("sign_out", f"user:{user}", {"session": session})
    return ended


def confirm_identity(store: Store, context: Context, hasher: PasswordHasher, user: Id, password: str) -> User:
    """Return the user if the password is theirs: asked again for each signature (21 CFR 11.200 a).

    The identification is the session or token, the password the second component. After too many failures every
    session of the user ends: somebody else may sit there (21 CFR 11.300 d).

    Raises
    ------
    NotIdentified
        If the password is wrong, or the user has none.
    TooManyAttempts
        If too many were wrong.
    """
    with store.read() as view:
        found = view.get(USER, user)
        hashed = kept.password_hash(view.connection, user)
    if hashed is None:
        raise NotIdentified("signing needs a password of your own: set one first")
    attempt = _begin_attempt(store, context, _SIGNATURE, found.record.login, PER_SIGNATURE)
    if not _matches(hasher, password, hashed):
        with store.write(context) as unit:
            if _note_failure(unit, attempt, found, PER_SIGNATURE):
                kept.end_sessions(unit.connection, user)
        raise NotIdentified("the password is wrong")
    with store.write(context) as unit:
        kept.mark_succeeded(unit.connection, attempt.id)
    refused = _refusal(found.record)
    if refused:
        raise NotAllowed(refused)
    return found.record


def live_session(store: Store, context: Context, secret: str, limits: SessionLimits) -> tuple[Session, Stored[User]]:
    """Return the session of a browser and whose it is.

    Raises
    ------
    NotIdentified
        If it ended, or never was.
    """
    with store.read() as view:
        session = kept.session_by_digest(view.connection, digest_of(secret))
        user = view.get(USER, session.user) if session else None
    if session is None or user is None or not session.is_alive(context.now, limits.idle) or _refusal(user.record):
        raise NotIdentified("the session has ended; sign in again")
    _touch(store, context, session.used_at, lambda unit: kept.touch_session(unit.connection, session.id, context.now))
    return session, user


def live_token(store: Store, context: Context, secret: str) -> tuple[Token, Stored[User]]:
    """Return a token and whose it is.

    Raises
    ------
    NotIdentified
        If it expired, was revoked or never was.
    """
    with store.read() as view:
        token = kept.token_by_digest(view.connection, digest_of(secret))
        user = view.get(USER, token.user) if token else None
    if token is None or user is None or not token.is_alive(context.now) or _refusal(user.record):
        raise NotIdentified("the token is unknown, expired or revoked")
    used = token.used_at or token.created_at
    _touch(store, context, used, lambda unit: kept.touch_token(unit.connection, token.id, context.now))
    return token, user


def _begin_attempt(store: Store, context: Context, purpose: str, login: str, limit: AttemptLimit) -> Attempt:
    """Keep an attempt before the password is looked at, so that many at once are not more than the limit."""
    key = digest_of(login)
    with store.write(context) as unit:
        now = context.now
        attempt = Attempt(unit.new_id(), purpose, key, context.origin, now)
        unit.database.lock(unit.connection, f"attempt:{key}")
        failed = kept.failures_of_login(unit.connection, purpose, key, limit.failures)
        wait = limit.wait(failed, now)
        if context.origin:
            since = now - PER_ORIGIN.window
            wait = max(
                wait, PER_ORIGIN.wait(kept.failures_of_origin(unit.connection, purpose, context.origin, since), now)
            )
        if not wait:
            kept.add_attempt(unit.connection, attempt)
    if wait:
        raise TooManyAttempts(f"too many failed attempts; try again in {-(-wait // 60)} minutes", retry_after=wait)
    return attempt


def _matches(hasher: PasswordHasher, password: str, hashed: str | None) -> bool:
    text = normal_password(password)
    if hashed is None:
        hasher.pretend(text)
        return False
    return hasher.verify(text, hashed)


def _note_failure(unit: Unit, attempt: Attempt, found: Stored[User] | None, limit: AttemptLimit) -> bool:
    """Keep in the trail that an attempt failed, lock what has failed too often; say whether the limit is reached."""
    user = found.record if found else None
    entity = f"user:{user.id}" if user else attempt.purpose
    told: dict[str, Json] = {} if user else {"login_sha256": attempt.login}
    unit.note(f"{attempt.purpose}_failed", entity, told)
    failed = kept.failures_of_login(unit.connection, attempt.purpose, attempt.login, FAILURES_UNTIL_LOCKED)
    blocked = limit.wait(failed, unit.context.now) > 0
    if blocked:
        unit.note(f"{attempt.purpose}_blocked", entity, told)
        unit.tell(unit.new_id(), "security.attempts_blocked", {"purpose": attempt.purpose, "entity": entity})
    now = unit.get(USER, user.id) if user else None
    if now and now.record.status is UserStatus.ACTIVE and len(failed) >= FAILURES_UNTIL_LOCKED:
        locked = apply_event(now.record, UserEvent.LOCK)
        unit.save(USER, locked, expected=now.version, action="lock", reason="too many failed attempts in a row")
        kept.end_sessions(unit.connection, locked.id)
    return blocked


def _refusal(user: User) -> str:
    """Return why an account may not be used, empty when it may."""
    if user.status is UserStatus.ACTIVE:
        return ""
    return f"the account is {user.status}; ask an administrator"


def _by(context: Context, user: User) -> Context:
    return replace(context, actor=user.actor)


def _begin_session(
    unit: Unit, user: User, secrets: Secrets, limits: SessionLimits, previous: str, *, how: str
) -> SignedIn:
    now = unit.context.now
    if previous:
        before = kept.session_by_digest(unit.connection, digest_of(previous))
        if before:
            kept.end_session(unit.connection, before.user, before.id)
    kept.forget_expired(unit.connection, now, now - ANSWERS_KEPT)
    secret = secrets()
    session = Session(unit.new_id(), user.id, secrets(), now, now, now + limits.absolute, unit.context.origin)
    kept.add_session(unit.connection, session, digest_of(secret))
    unit.note("sign_in", f"user:{user.id}", {"how": how, "session": session.id})
    return SignedIn(user, session, secret)


def _account_of(unit: Unit, claims: IssuerClaims, policy: LinkPolicy) -> User | None:
    """Return the account that belongs to somebody whom an issuer knows; link or make one where the policy says so."""
    found = unit.find(USER, subject=claims.key)
    if found:
        return found.record
    email = claims.email.strip()
    if policy.verified_email and claims.email_verified and email:
        same = [s for s in unit.all(USER, email=email) if s.record.subject is None]
        if len(same) == 1:
            linked = replace(same[0].record, subject=claims.key)
            unit.save(USER, linked, expected=same[0].version, action="link_subject", reason="verified address")
            return linked
    if policy.create:
        login = normal_login(email or claims.subject)
        if not unit.find(USER, login=login):
            user = User(unit.new_id(), login, claims.name.strip() or login, unit.context.now, email, subject=claims.key)
            return unit.add(USER, user, reason="first sign-in through the issuer").record
    return None


def _touch(store: Store, context: Context, used_at: datetime, write: Callable[[Unit], None]) -> None:
    if context.now - used_at >= _TOUCH_AFTER:
        with store.write(context) as unit:
            write(unit)
