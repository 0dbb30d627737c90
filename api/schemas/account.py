"""Accounts, sessions and tokens over the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.paging import PageQuery
from api.schemas.base import (
    NO_CONTROL,
    RECORD_EXAMPLE,
    Line,
    Moment,
    OptionalLine,
    RecordOut,
    RecordRef,
    Schema,
    Secret,
    example,
    stamp,
)
from twin.account import Session, Token, TokenScope, User, UserEvent, UserStatus
from twin.record import Id
from twin.store.view import Stored

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_WHEN = "2026-11-22T08:00:00Z"
_USER = {
    **RECORD_EXAMPLE, "login": "ann", "name": "Ann Wu", "email": "ann@example.com", "status": "active",
    "administrator": False, "must_change_password": False, "has_password": True, "subject": None,
    "language": "", "by_mail": True,
}  # fmt: skip
_TOKEN = {
    "id": _ID, "name": "night import", "scope": "write", "project": None, "created_at": _WHEN,
    "expires_at": "2027-05-22T08:00:00Z", "revoked_at": None, "used_at": None,
}  # fmt: skip


class UserOut(RecordOut):
    """An account."""

    model_config = example(**_USER)

    login: str
    name: str
    email: str
    status: UserStatus
    administrator: bool
    must_change_password: bool
    has_password: bool
    subject: str | None
    language: str = Field(description="In which letters are written: `en`, `zh`; empty for the server's own")
    by_mail: bool = Field(description="Whether each notice also comes as a letter")


def user_out(stored: Stored[User]) -> UserOut:
    """Return an account as it is sent."""
    user = stored.record
    return UserOut(
        **stamp(stored), login=user.login, name=user.name, email=user.email, status=user.status,
        administrator=user.administrator, must_change_password=user.must_change_password,
        has_password=user.password_set_at is not None, subject=user.subject,
        language=user.language, by_mail=user.by_mail,
    )  # fmt: skip


class UserQuery(PageQuery):
    """Filters of accounts."""

    login: OptionalLine | None = Field(default=None, examples=["ann"])
    status: UserStatus | None = None


class NewUser(Schema):
    """A person who gets an account."""

    model_config = example(login="ann", name="Ann Wu", email="ann@example.com", administrator=False)

    login: Annotated[Line, Field(max_length=64)]
    name: Line
    email: OptionalLine = ""
    administrator: bool = False
    subject: Annotated[
        str, StringConstraints(max_length=500, pattern=NO_CONTROL),
        Field(description="`ISSUER SUBJECT` of somebody who signs in through the issuer; no password is made then"),
    ] = ""  # fmt: skip


class UserPatch(Schema):
    """What an administrator changes; what is left out stays."""

    model_config = example(name="Ann Wu-Li", event="disable")

    name: Line | None = None
    email: OptionalLine | None = None
    administrator: bool | None = None
    subject: Annotated[
        str | None, StringConstraints(max_length=500, pattern=NO_CONTROL),
        Field(description="`ISSUER SUBJECT` of OpenID Connect; empty to take it away"),
    ] = None  # fmt: skip
    event: UserEvent | None = Field(default=None, description="`disable`, `enable`, `lock` or `unlock`")


class OneTimePasswordOut(Schema):
    """An account with the password that opens it once."""

    model_config = example(user=_USER, one_time_password="TVuJ5hY2mW8qR4sX6zB9kD3fG7nP0cE1aL5oI2uT8yQ")

    user: UserOut
    one_time_password: str | None = Field(
        description="Shown this once; it has to be changed at the first sign-in. Null for an account with `subject`"
    )


class PersonOut(Schema):
    """Somebody who can be taken into a project."""

    model_config = example(id=_ID, login="ann", name="Ann Wu")

    id: Id
    login: str
    name: str


def person_out(stored: Stored[User]) -> PersonOut:
    """Return what everybody who looks for people may know of an account."""
    return PersonOut(id=stored.record.id, login=stored.record.login, name=stored.record.name)


class PersonQuery(PageQuery):
    """Filters of people."""

    login: OptionalLine | None = Field(default=None, examples=["ann"])


class SignIn(Schema):
    """Login and password."""

    model_config = example(login="ann", password="four words not together")

    login: Annotated[Line, Field(max_length=64)]
    password: Secret


class SessionOut(Schema):
    """A browser that is signed in."""

    model_config = example(
        id=_ID, created_at=_WHEN, used_at=_WHEN, expires_at="2026-11-22T20:00:00Z", origin="192.0.2.7", current=True
    )

    id: Id
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    origin: str
    current: bool = Field(description="Whether it is the one that asks")


def session_out(session: Session, current: Id | None) -> SessionOut:
    """Return a session as it is sent."""
    return SessionOut(
        id=session.id, created_at=session.created_at, used_at=session.used_at, expires_at=session.expires_at,
        origin=session.origin, current=session.id == current,
    )  # fmt: skip


class MeOut(Schema):
    """Who is calling."""

    model_config = example(user=_USER, csrf_token="kC9…", project=None, scope=None)

    user: UserOut
    csrf_token: str | None = Field(description="Send it as `X-CSRF-Token` with every change; null for API tokens")
    scope: TokenScope | None = Field(description="Of the API token; null in a browser")
    project: Id | None = Field(description="The only project that the API token opens")


class MePatch(Schema):
    """How one wants to be told of things; what is left out stays."""

    model_config = example(language="zh", by_mail=True)

    language: Literal["", "en", "zh"] | None = Field(
        default=None, description="In which letters are written; empty for the server's own"
    )
    by_mail: bool | None = Field(default=None, description="`false`: notices are in the inbox alone")


class PasswordChange(Schema):
    """A new password, and the one until now."""

    model_config = example(current="four words not together", new="another sentence that nobody knows")

    current: Annotated[str, Field(max_length=1000, repr=False)] = Field(
        default="", description="Left out only by somebody who has none and signed in through the issuer just now"
    )
    new: Secret


class TokenOut(Schema):
    """A token for programs, without its secret."""

    model_config = example(**_TOKEN)

    id: Id
    name: str
    scope: TokenScope
    project: Id | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None


def token_out(token: Token) -> TokenOut:
    """Return a token as it is sent."""
    return TokenOut(
        id=token.id, name=token.name, scope=token.scope, project=token.project, created_at=token.created_at,
        expires_at=token.expires_at, revoked_at=token.revoked_at, used_at=token.used_at,
    )  # fmt: skip


class NewToken(Schema):
    """What a token is for."""

    model_config = example(name="night import", scope="write", expires_at="2027-05-22T08:00:00Z", project=None)

    name: Line
    scope: TokenScope
    expires_at: Moment
    project: RecordRef | None = None


class NewTokenOut(Schema):
    """A token and, this once, its secret."""

    model_config = example(token=_TOKEN, secret="qtems_TVuJ5hY2mW8qR4sX6zB9kD3fG7nP0cE1aL5oI2uT8yQ")

    token: TokenOut
    secret: str


class IssuerOut(Schema):
    """How people can sign in besides a password."""

    model_config = example(name="Company sign-in", start="/api/v1/auth/oidc/start")

    name: str
    start: str = Field(description="Where a browser goes to sign in there")
