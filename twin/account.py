"""Who people are: accounts that are never deleted, what they may do above projects, and when guessing is stopped.

An account's identifier belongs to one person for ever (21 CFR 11.100 a): people who leave are disabled. The password's
hash is no part of the record, since whatever is in a record stays in the audit trail.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from twin.access import Action, Role
from twin.errors import IllegalTransition, Invalid
from twin.record import Actor, Id, require_utc

SYSTEM_ACTOR = Actor("0" * 32, "qtems")
"""The system itself: on the first run, and while nobody has shown who they are."""
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")
LANGUAGES = ("en", "zh")
"""What people are written to in."""
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
_COMMON_WORDS = frozenset(
    "password passwort motdepasse qwerty qwertyuiop qwertz azerty asdfgh asdfghjkl zxcvbn zxcvbnm admin administrator "
    "welcome letmein iloveyou monkey dragon sunshine princess football baseball superman batman master login secret "
    "changeme default temp test guest root user qtems quality abc abcd abcdef abcdefg abcdefgh abcdefghijkl "
    "passwordpassword adminadmin adminpassword changemechangeme woaini mima".split()
)
"""What people choose first; with digits and signs around it, it is guessed just as fast."""


class UserStatus(StrEnum):
    """Whether an account may be used."""

    ACTIVE = "active"
    LOCKED = "locked"
    """After too many wrong passwords at signatures, or by hand; an administrator looks into it and unlocks."""
    DISABLED = "disabled"
    """The person left, or is not to work here until an administrator allows it again."""


class UserEvent(StrEnum):
    """What happens to an account."""

    LOCK = "lock"
    UNLOCK = "unlock"
    DISABLE = "disable"
    ENABLE = "enable"


TRANSITIONS: Mapping[tuple[UserStatus, UserEvent], UserStatus] = MappingProxyType(
    {
        (UserStatus.ACTIVE, UserEvent.LOCK): UserStatus.LOCKED,
        (UserStatus.LOCKED, UserEvent.UNLOCK): UserStatus.ACTIVE,
        (UserStatus.ACTIVE, UserEvent.DISABLE): UserStatus.DISABLED,
        (UserStatus.LOCKED, UserEvent.DISABLE): UserStatus.DISABLED,
        (UserStatus.DISABLED, UserEvent.ENABLE): UserStatus.ACTIVE,
    }
)


@dataclass(frozen=True, slots=True)
class User:
    """A person, or a service that acts in its own name."""

    id: Id
    login: str
    """Unique, small letters; never given to somebody else."""
    name: str
    """As it is printed beside signatures."""
    created_at: datetime
    email: str = ""
    status: UserStatus = UserStatus.ACTIVE
    administrator: bool = False
    must_change_password: bool = False
    """The password is for one use: whoever signs in with it can do nothing else before choosing their own."""
    password_set_at: datetime | None = None
    """None for somebody who signs in elsewhere only (OpenID Connect), and therefore cannot sign records yet."""
    subject: str | None = None
    """``ISSUER SUBJECT`` of OpenID Connect."""
    language: str = ""
    """In which letters are written to them: ``en``, ``zh``; empty for the server's own."""
    by_mail: bool = True
    """Whether they want a letter for each notice, besides finding it in their inbox."""

    def __post_init__(self) -> None:
        """Refuse what could not be told from another account, or not be printed."""
        require_utc(self.created_at)
        if not LOGIN.fullmatch(self.login):
            raise Invalid(
                f"a login is 2 to 64 of a-z 0-9 . _ @ + - and begins with a letter or digit, not {self.login!r}"
            )
        if not self.name.strip() or len(self.name) > 200 or not self.name.isprintable():
            raise Invalid("a person's name is 1 to 200 printable characters")
        if self.email and (len(self.email) > 200 or not re.fullmatch(r"[^@\s]+@[^@\s]+", self.email)):
            raise Invalid(f"{self.email!r} is no e-mail address")
        if self.language not in ("", *LANGUAGES):
            raise Invalid(f"language {self.language!r} is not known: choose {' or '.join(LANGUAGES)}")

    @property
    def actor(self) -> Actor:
        """The person as an actor of the audit trail."""
        return Actor(self.id, self.name)


def apply_event(user: User, event: UserEvent) -> User:
    """Return the account after an event.

    Raises
    ------
    IllegalTransition
        If the event does not exist in the account's status.
    """
    status = TRANSITIONS.get((user.status, event))
    if status is None:
        raise IllegalTransition(f"an account that is {user.status} cannot be {event}ed".replace("eed", "ed"))
    return replace(user, status=status)


def normal_login(text: str) -> str:
    """Return a login as it is kept: ``Ann@Site `` and ``ann@site`` are the same."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def normal_password(text: str) -> str:
    """Return a password as it is hashed: the same, whichever keyboard composed its letters (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", text)


def require_password(password: str, *, login: str) -> str:
    """Return a new password as it is hashed.

    Raises
    ------
    Invalid
        If it is too short, too long, built around the login or around a word that everybody tries.
    """
    text = normal_password(password)
    if len(text) < SHORTEST_PASSWORD:
        raise Invalid(f"a password needs at least {SHORTEST_PASSWORD} characters; a sentence is easy to remember")
    if len(text) > LONGEST_PASSWORD:
        raise Invalid(f"a password has at most {LONGEST_PASSWORD} characters")
    plain = text.casefold()
    letters = "".join(letter for letter in plain if letter.isalpha())
    if login in plain or login in letters:
        raise Invalid("the password must not contain the login")
    if not letters or letters in _COMMON_WORDS or len(set(plain)) < 5:
        raise Invalid("this password is among those that are tried first; take a few words that do not belong together")
    return text


class PasswordHasher(Protocol):
    """What makes and checks password hashes: slow on purpose."""

    def hash(self, password: str) -> str:
        """Return a salted hash."""
        ...

    def verify(self, password: str, hashed: str) -> bool:
        """Say whether the hash is of this password."""
        ...

    def pretend(self, password: str) -> None:
        """Take as long as :meth:`verify`, so that nobody can tell by the clock which logins exist."""
        ...


@dataclass(frozen=True, slots=True)
class AttemptLimit:
    """How many failed attempts are listened to in which time."""

    failures: int
    window: timedelta

    def wait(self, failed_at: Sequence[datetime], now: datetime) -> int:
        """Return for how many seconds no further attempt is listened to; 0 = it is."""
        recent = sorted(moment for moment in failed_at if moment > now - self.window)
        if len(recent) < self.failures:
            return 0
        again = recent[-self.failures] + self.window
        return max(1, -int(-(again - now).total_seconds() // 1))


PER_LOGIN = (AttemptLimit(5, timedelta(minutes=15)), AttemptLimit(20, timedelta(hours=24)))
"""Of one login from one place, since it last signed in there: a browser that knows the way, else an address."""
PER_LOGIN_ELSEWHERE = AttemptLimit(100, timedelta(hours=24))
"""Of one login from all places together where it never signed in: a place that is known goes on being listened to.

So nobody is kept out by what strangers type, and strangers have 100 guesses a day, from however many addresses
(NIST SP 800-63B, 5.2.2, which leaves places that are known aside as well).
"""
PER_ORIGIN = AttemptLimit(30, timedelta(minutes=15))
PER_SIGNATURE = AttemptLimit(5, timedelta(minutes=15))
KNOWN_FOR = timedelta(days=90)
"""For how long after signing in from an address it is known."""
FAILURES_UNTIL_LOCKED = 100
"""Wrong passwords in a row at signatures, however slowly: whoever types them is signed in, so somebody has to look.

What is typed by people who have not shown who they are locks nobody: anybody could do that to everybody.
"""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a browser stays signed in."""

    idle: timedelta = timedelta(hours=1)
    absolute: timedelta = timedelta(hours=12)


class SignedInBy(StrEnum):
    """How a session began."""

    PASSWORD = "password"
    ISSUER = "issuer"
    """The company's sign-in vouched for them: a one-time password of ours stands in nobody's way then."""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that signed in; the token itself is known to that browser alone."""

    id: Id
    user: Id
    csrf: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    origin: str
    how: SignedInBy = SignedInBy.PASSWORD

    def is_alive(self, now: datetime, idle: timedelta) -> bool:
        """Say whether it still counts."""
        return now < self.expires_at and now < self.used_at + idle


class TokenScope(StrEnum):
    """What an API token may be used for; each includes the one before."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Token:
    """A key for programs, in the name of a user."""

    id: Id
    user: Id
    name: str
    scope: TokenScope
    created_at: datetime
    expires_at: datetime
    project: Id | None = None
    """The only project it opens; None for all of the user's."""
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def is_alive(self, now: datetime) -> bool:
        """Say whether it still counts."""
        return self.revoked_at is None and now < self.expires_at

    def covers(self, needed: TokenScope) -> bool:
        """Say whether its scope includes another."""
        order = list(TokenScope)
        return order.index(needed) <= order.index(self.scope)


class SystemAction(StrEnum):
    """What can be done above projects: ``noun.verb``."""

    ACCOUNT_MANAGE = "account.manage"
    DELIVERY_MANAGE = "delivery.manage"
    """See which letters arrived and which did not, and have one sent again."""
    DIRECTORY_READ = "directory.read"
    """Find people and organisations by name, to take them into a project."""
    ORGANISATION_MANAGE = "organisation.manage"
    PROJECT_CREATE = "project.create"
    SYSTEM_AUDIT = "system.audit"


ADMINISTRATOR_MAY = frozenset({Action.PROJECT_READ, Action.PROJECT_EDIT, Action.MEMBER_READ, Action.MEMBER_MANAGE})
"""What administrators may do in projects that they are no members of: see to it that somebody owns them, no more."""
_OWNER_MAY = frozenset({SystemAction.DIRECTORY_READ})


def may_system(action: SystemAction, *, administrator: bool, roles: Collection[Role]) -> bool:
    """Say whether somebody may do this, who is administrator or not and has these roles in any project.

    Examples
    --------
    >>> may_system(SystemAction.ACCOUNT_MANAGE, administrator=False, roles={Role.OWNER})
    False
    """
    return administrator or (Role.OWNER in roles and action in _OWNER_MAY)
