"""Programs and their tokens over the wire; names are those of RFC 6749, RFC 7591 and the Foundation API."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from api.schemas.base import Line, Schema, example
from api.schemas.bcf_base import BcfSchema
from api.schemas.bcf_base import example as bcf_example
from twin.record import Id
from twin.store.oauth import RegisteredClient

AUTHORIZE_PATH, SIGN_IN_PATH = "/oauth/authorize", "/oauth/sign-in"
TOKEN_PATH = "/oauth/token"
_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_WEB = {"name": "BIM viewer", "redirect_uris": ["https://viewer.example.com/callback"]}
_LOCAL = "http://127.0.0.1/callback"
Uri = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Uris = Annotated[list[Uri], Field(min_length=1, max_length=10)]


class NewOAuthClient(Schema):
    """A program that people may connect."""

    model_config = example(**_WEB, with_secret=True)

    name: Line
    redirect_uris: Uris = Field(description="`https://`, or `http://` on loopback; answers go nowhere else")
    with_secret: bool = Field(default=True, description="`false` for a program that cannot keep one; it needs PKCE")


class OAuthClientOut(Schema):
    """A program that people may connect."""

    model_config = example(**_WEB, id=_ID, has_secret=True, created_at="2026-11-22T08:00:00Z", ended_at=None)

    id: Id = Field(description="Its `client_id`")
    name: str
    redirect_uris: list[str]
    has_secret: bool
    created_at: datetime
    ended_at: datetime | None


def client_out(one: RegisteredClient) -> OAuthClientOut:
    """Return a program as it is sent."""
    return OAuthClientOut(
        id=one.client.id, name=one.client.name, redirect_uris=list(one.client.redirect_uris),
        has_secret=one.client.must_prove, created_at=one.created_at, ended_at=one.ended_at,
    )  # fmt: skip


class NewOAuthClientOut(Schema):
    """A program and, this once, its secret."""

    model_config = example(
        client={**_WEB, "id": _ID, "has_secret": True, "created_at": "2026-11-22T08:00:00Z", "ended_at": None},
        client_secret="TVuJ5hY2mW8qR4sX6zB9kD3fG7nP0cE1aL5oI2uT8yQ",
    )

    client: OAuthClientOut
    client_secret: str | None = Field(description="Shown this once; null where it has none")


class ClientRegistration(BcfSchema):
    """What a program on a person's computer tells of itself: `redirect_url` (Foundation API) or `redirect_uris`."""

    model_config = bcf_example(client_name="BIM viewer", redirect_url=_LOCAL)

    client_name: Line
    redirect_url: Uri | None = None
    redirect_uris: Uris | None = None

    @model_validator(mode="after")
    def _goes_somewhere(self) -> "ClientRegistration":
        if not self.redirect_url and not self.redirect_uris:
            raise ValueError("redirect_url is missing")
        return self

    @property
    def uris(self) -> tuple[str, ...]:
        """Where its answers may go."""
        return tuple(self.redirect_uris or ()) or (self.redirect_url or "",)


class ClientRegistered(BcfSchema):
    """What a program calls itself from now on."""

    model_config = bcf_example(
        client_id="self.eyJ…", client_secret="0f3c…", client_name="BIM viewer", redirect_url=_LOCAL,
        redirect_uris=[_LOCAL], client_secret_expires_at=0, token_endpoint_auth_method="client_secret_basic",
        grant_types=["authorization_code", "refresh_token"],
    )  # fmt: skip

    client_id: str
    client_secret: str = Field(description="Needed only by a program that uses no PKCE")
    client_secret_expires_at: int = 0
    client_name: str
    redirect_url: str
    redirect_uris: list[str]
    token_endpoint_auth_method: str = "client_secret_basic"
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")


class OAuthTokenOut(BcfSchema):
    """A token, to be sent as `Authorization: Bearer`."""

    model_config = bcf_example(
        access_token="qtems_TVuJ5hY2…", token_type="Bearer", expires_in=3600, refresh_token="kD3fG7…", scope="write"
    )

    access_token: str
    token_type: str = "Bearer"
    expires_in: int = Field(description="Seconds")
    refresh_token: str = Field(description="Renews the token, once; the answer brings the next one")
    scope: str


class OAuthErrorOut(BcfSchema):
    """Why there is no token (RFC 6749, 5.2)."""

    model_config = bcf_example(
        error="invalid_grant", error_description="the code is older than 60 seconds; begin again"
    )

    error: str
    error_description: str


OAUTH_ERROR: dict[str, Any] = {"error": "invalid_grant", "error_description": "the code is too old; begin again"}
