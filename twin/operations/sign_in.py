"""Showing who one is: by password, by an issuer of OpenID Connect, and again before a signature."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from twin.account import (
    FAILURES_UNTIL_LOCKED,
    KNOWN_FOR,
    LOGIN,
    PER_LOGIN,
    PER_LOGIN_ELSEWHERE,
    PER_ORIGIN,
    PER_SIGNATURE,
    PasswordHasher,
    Session,
    SessionLimits,
    SignedInBy,
    Token,
    User,
    UserEvent,
    UserStatus,
    apply_event,
    normal_login,
    normal_password,
)
from twin.errors import NotAllowed, NotIdentified, TooManyAttempts, WrongPassword
from twin.operations.accounts import Secrets, digest_of, is_last_administrator
from twin.record import Id, Json
from twin.store import accounts as kept
from twin.store.accounts import USER, Attempt
from twin.store.repository import Context, Store, Unit
from twin.store.view import Stored

_SIGN_IN, _SIGNATURE = "sign_in", "signature"
ANSWERS_KEPT = timedelta(days=30)
"""How long the answer to a request with a key can be had again: devices on site are without a connection for days. The
viewer sends by itself for 28 days after it first tried."""
_TOUCH_AFTER = timedelta(minutes=1)
"""How exactly the last use of a session or token is kept: not every reading request shall write."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session and, this once, the secret that the browser keeps."""

    user: User
    session: Session
    secret: str


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A browser that signed in to an account before and has kept our word for it; checked by the caller."""

    user: Id
    name: str


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
    limits: SessionLimits, previous: str = "", device: KnownDevice | None = None,
) -> SignedIn:  # fmt: skip
    """Begin a session with login and password.

    Parameters
    ----------
    previous
        The secret of the browser's session until now: that one ends, so that nobody can plant a session.
    device
        What the browser remembers: one that signed in to this account before is listened to whatever others guess.

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
    with store.read() as view:
        found = view.find(USER, login=login)
        hashed = kept.password_hash(view.connection, found.record.id) if found else None
    mine = device if found and device and device.user == found.record.id else None
    attempt = _begin_sign_in(store, context, login, mine)
    if not _matches(hasher, password, hashed) or found is None:
        with store.write(context) as unit:
            _note_failure(unit, attempt, found, is_last=_wait_to_sign_in(unit, attempt) > 0)
        raise NotIdentified("login or password is wrong")
    with store.write(_by(context, found.record)) as unit:
        kept.mark_succeeded(unit.connection, attempt.id)
        refused = _refusal(found.record)
        if refused:
            unit.note("sign_in_refused", f"user:{found.record.id}", {"status": found.record.status.value})
        else:
            return _begin_session(unit, found.record, secrets, limits, previous, how=SignedInBy.PASSWORD)
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
            return _begin_session(by, user, secrets, limits, previous, how=SignedInBy.ISSUER)
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

    The identification is the session or token, the password the second component: one that an administrator gave is
    not only theirs.

    Raises
    ------
    WrongPassword
        If the password is wrong, or the user has none of their own.
    TooManyAttempts
        If too many were wrong.
    """
    with store.read() as view:
        needs_own = view.get(USER, user).record.must_change_password
    if needs_own:
        raise WrongPassword("signing needs a password of your own: set one first")
    return confirm_password(store, context, hasher, user, password)


def confirm_password(store: Store, context: Context, hasher: PasswordHasher, user: Id, password: str) -> User:
    """Return the user, who is signed in, if the password is theirs.

    After too many failures every session of the user ends: somebody else may sit there (21 CFR 11.300 d).

    Raises
    ------
    WrongPassword
        If the password is wrong, or the user has none.
    TooManyAttempts
        If too many were wrong.
    """
    with store.read() as view:
        found = view.get(USER, user)
        hashed = kept.password_hash(view.connection, user)
    if hashed is None:
        raise WrongPassword("signing needs a password of your own: set one first")
    attempt = _begin_signature(store, context, found.record.login)
    if not _matches(hasher, password, hashed):
        with store.write(context) as unit:
            failed = kept.failures_of_login(unit.connection, _SIGNATURE, attempt.login, FAILURES_UNTIL_LOCKED)
            blocked = PER_SIGNATURE.wait(failed, context.now) > 0
            _note_failure(unit, attempt, found, is_last=blocked)
            if blocked:
                kept.end_sessions(unit.connection, user)
            if len(failed) >= FAILURES_UNTIL_LOCKED:
                _lock(unit, user)
        raise WrongPassword("the password is wrong")
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


def _begin_sign_in(store: Store, context: Context, login: str, device: KnownDevice | None) -> Attempt:
    """Keep an attempt before the password is looked at, so that many at once are not more than the limit."""
    key, now = digest_of(login), context.now
    with store.write(context) as unit:
        unit.database.lock(unit.connection, f"attempt:{key}")
        place, known = (f"device:{device.name}", True) if device else (context.origin, False)
        if not known and context.origin:
            known = kept.has_signed_in_from(unit.connection, key, context.origin, now - KNOWN_FOR)
        attempt = Attempt(unit.new_id(), _SIGN_IN, key, context.origin, place, known, now)
        wait = _wait_to_sign_in(unit, attempt)
        if not wait:
            kept.add_attempt(unit.connection, attempt)
    _require_no_wait(wait)
    return attempt


def _begin_signature(store: Store, context: Context, login: str) -> Attempt:
    key, now = digest_of(login), context.now
    with store.write(context) as unit:
        unit.database.lock(unit.connection, f"attempt:{key}")
        attempt = Attempt(unit.new_id(), _SIGNATURE, key, context.origin, context.origin, True, now)
        failed = kept.failures_of_login(unit.connection, _SIGNATURE, key, PER_SIGNATURE.failures)
        wait = PER_SIGNATURE.wait(failed, now)
        if not wait:
            kept.add_attempt(unit.connection, attempt)
    _require_no_wait(wait)
    return attempt


def _wait_to_sign_in(unit: Unit, attempt: Attempt) -> int:
    """Return for how many seconds this login is not listened to at this place; 0 = it is."""
    connection, now = unit.connection, unit.context.now
    here = kept.failures_at(connection, attempt.login, attempt.place, max(limit.failures for limit in PER_LOGIN))
    waits = [limit.wait(here, now) for limit in PER_LOGIN]
    if not attempt.known:
        limit = PER_LOGIN_ELSEWHERE
        elsewhere = kept.failures_elsewhere(connection, attempt.login, now - limit.window, limit.failures)
        waits.append(limit.wait(elsewhere, now))
    if attempt.origin and attempt.place == attempt.origin:
        since = now - PER_ORIGIN.window
        waits.append(PER_ORIGIN.wait(kept.failures_of_origin(connection, _SIGN_IN, attempt.origin, since), now))
    return max(waits)


def _require_no_wait(wait: int) -> None:
    if wait:
        raise TooManyAttempts(f"too many failed attempts; try again in {-(-wait // 60)} minutes", retry_after=wait)


def _matches(hasher: PasswordHasher, password: str, hashed: str | None) -> bool:
    text = normal_password(password)
    if hashed is None:
        hasher.pretend(text)
        return False
    return hasher.verify(text, hashed)


def _note_failure(unit: Unit, attempt: Attempt, found: Stored[User] | None, *, is_last: bool) -> None:
    """Keep in the trail that an attempt failed, and whether none is listened to any more until a wait is over."""
    user = found.record if found else None
    entity = f"user:{user.id}" if user else attempt.purpose
    told: dict[str, Json] = {} if user else {"login_sha256": attempt.login}
    unit.note(f"{attempt.purpose}_failed", entity, told)
    if is_last:
        unit.note(f"{attempt.purpose}_blocked", entity, told)
        unit.tell(unit.new_id(), "security.attempts_blocked", {"purpose": attempt.purpose, "entity": entity})


def _lock(unit: Unit, user: Id) -> None:
    """Lock an account that wrong passwords were typed for by somebody who is signed in to it, but never the last."""
    now = unit.get(USER, user)
    if now.record.status is not UserStatus.ACTIVE or is_last_administrator(unit, now.record):
        return
    locked = apply_event(now.record, UserEvent.LOCK)
    unit.save(USER, locked, expected=now.version, action="lock", reason="too many wrong passwords at signatures")
    kept.end_sessions(unit.connection, user)


def _refusal(user: User) -> str:
    """Return why an account may not be used, empty when it may."""
    if user.status is UserStatus.ACTIVE:
        return ""
    return f"the account is {user.status}; ask an administrator"


def _by(context: Context, user: User) -> Context:
    return replace(context, actor=user.actor)


def _begin_session(
    unit: Unit, user: User, secrets: Secrets, limits: SessionLimits, previous: str, *, how: SignedInBy
) -> SignedIn:
    now = unit.context.now
    if previous:
        before = kept.session_by_digest(unit.connection, digest_of(previous))
        if before:
            kept.end_session(unit.connection, before.user, before.id)
    kept.forget_expired(unit.connection, now, now - ANSWERS_KEPT)
    kept.forget_attempts(unit.connection, now - KNOWN_FOR)
    secret = secrets()
    session = Session(unit.new_id(), user.id, secrets(), now, now, now + limits.absolute, unit.context.origin, how)
    kept.add_session(unit.connection, session, digest_of(secret))
    unit.note("sign_in", f"user:{user.id}", {"how": how.value, "session": session.id})
    return SignedIn(user, session, secret)


def _account_of(unit: Unit, claims: IssuerClaims, policy: LinkPolicy) -> User | None:
    """Return the account that belongs to somebody whom an issuer knows; link or make one where the policy says so."""
    found = unit.find(USER, subject=claims.key)
    if found:
        return found.record
    email = claims.email.strip() if claims.email_verified else ""
    if policy.verified_email and email:
        linked = _linked_by_address(unit, claims, email)
        if linked:
            return linked
    return _made_for(unit, claims, email) if policy.create else None


def _linked_by_address(unit: Unit, claims: IssuerClaims, email: str) -> User | None:
    """Link the one account with a verified address, however it is capitalised, unless it is linked already."""
    same = kept.users_with_email(unit.connection, email)
    stored = unit.get(USER, same[0]) if len(same) == 1 else None
    if stored is None or stored.record.subject is not None:
        return None
    linked = replace(stored.record, subject=claims.key)
    return unit.save(USER, linked, expected=stored.version, action="link_subject", reason="verified address").record


def _made_for(unit: Unit, claims: IssuerClaims, email: str) -> User | None:
    """Make an account, under its address only if that is verified: anybody can claim one, and a login is for ever."""
    login = normal_login(email)
    if not LOGIN.fullmatch(login):
        login = f"sso-{digest_of(claims.key)[:16]}"
    if unit.find(USER, login=login) or (email and kept.users_with_email(unit.connection, email)):
        return None
    name = claims.name.strip() or login
    user = User(unit.new_id(), login, name, unit.context.now, email, subject=claims.key)
    return unit.add(USER, user, reason="first sign-in through the issuer").record


def _touch(store: Store, context: Context, used_at: datetime, write: Callable[[Unit], None]) -> None:
    if context.now - used_at >= _TOUCH_AFTER:
        with store.write(context) as unit:
            write(unit)
