"""The server's settings: environment variables ``QTEMS_*``, overridden by arguments, with defaults that just run."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from twin.account import SessionLimits
from twin.errors import Invalid

PREFIX = "QTEMS_"
_KEY_BYTES = 32


class Settings(BaseModel):
    """Where things are kept, where the server is reached and who else vouches for people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Path("qtems-data")
    """Holds everything that is given no other place."""
    database_url: str = ""
    blob_url: str = ""
    queue_url: str = ""
    secret_key_file: Path | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    base_url: str = ""
    """How browsers reach the server; https here makes cookies secure."""
    static_dir: Path | None = None
    trusted_proxies: str = ""
    """Addresses whose X-Forwarded-For is believed, comma-separated."""
    session_idle_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    session_hours: Annotated[int, Field(ge=1, le=168)] = 12
    threads: Annotated[int, Field(ge=0, le=1000)] = 0
    """Requests that are worked on at a time; 0 for what suits the number of cores."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 1 << 20
    """Of a JSON request; uploads have their own limits."""
    notify_urls: str = Field(default="", repr=False)
    """Apprise's addresses, one a line; they hold passwords."""
    mail_url: str = Field(default="", repr=False)
    """The mail server for letters to people, as apprise writes it, without recipients; it holds a password."""
    language: Literal["en", "zh"] = "en"
    """Of letters to people who chose none, and of what goes to channels."""
    webhook_url: str = ""
    webhook_secret: str = Field(default="", repr=False)
    webhook_private: bool = False
    """Whether the webhook may be in one's own network."""
    audit_anchors: Path | None = None
    """Where a worker appends the signed heads of the audit trail once a day."""
    audit_key: Path | None = None
    cors_origins: str = ""
    """Sites whose pages may use the BCF-API with a token, comma-separated."""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = Field(default="", repr=False)
    oidc_name: str = "Company sign-in"
    oidc_scopes: str = "openid profile email"
    oidc_link_verified_email: bool = False
    oidc_create_accounts: bool = False

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, given: Any) -> Any:
        """Put what was not given into the data folder."""
        values: dict[str, Any] = dict(given)
        folder = Path(values.get("data_dir") or "qtems-data").absolute()
        values["data_dir"] = folder
        host, port = values.get("host") or "127.0.0.1", values.get("port") or 8080
        shown = "localhost" if host in ("0.0.0.0", "::") else (f"[{host}]" if ":" in str(host) else host)
        defaults = {
            "database_url": f"sqlite:///{folder / 'qtems.db'}",
            "blob_url": f"file://{folder / 'blobs'}",
            "queue_url": f"sqlite:///{folder / 'queue.db'}",
            "secret_key_file": folder / "secret.key",
            "base_url": f"http://{shown}:{port}",
            "static_dir": Path(__file__).parent / "static",
        }
        return {**values, **{name: value for name, value in defaults.items() if not values.get(name)}}

    @field_validator("base_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
            raise ValueError("is like https://quality.example.com, without a path")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for one in filter(None, map(str.strip, value.split(","))):
            parts = urlsplit(one)
            if parts.scheme not in ("http", "https") or one != f"{parts.scheme}://{parts.netloc}" or "*" in one:
                raise ValueError(f"{one} is no origin: name each like https://viewer.example.com, without a path")
        return value

    @model_validator(mode="after")
    def _issuer_is_whole(self) -> "Settings":
        if not self.oidc_issuer:
            return self
        parts = urlsplit(self.oidc_issuer)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("oidc_issuer must begin with https://")
        if not self.oidc_client_id:
            raise ValueError("oidc_client_id is missing beside oidc_issuer")
        return self

    @property
    def other_sites(self) -> frozenset[str]:
        """The sites whose pages may use the BCF-API."""
        return frozenset(filter(None, (one.strip() for one in self.cors_origins.split(","))))

    @property
    def is_https(self) -> bool:
        """Whether browsers come by https."""
        return self.base_url.startswith("https://")

    @property
    def session_limits(self) -> SessionLimits:
        """How long a browser stays signed in."""
        return SessionLimits(timedelta(minutes=self.session_idle_minutes), timedelta(hours=self.session_hours))


def load_settings(environ: Mapping[str, str], **given: object) -> Settings:
    """Return the settings from environment variables and from what is given beside them and not None.

    Raises
    ------
    Invalid
        If one of them makes no sense; the line names it.
    """
    values: dict[str, Any] = {}
    for name in Settings.model_fields:
        text = environ.get(PREFIX + name.upper(), "").strip()
        if text:
            values[name] = text
    values.update({name: value for name, value in given.items() if value is not None})
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        text = first["msg"].removeprefix("Value error, ")
        raise Invalid(f"{PREFIX + name.upper() + ': ' if name else ''}{text}") from error


def secret_key(file: Path) -> bytes:
    """Return the installation's secret key; it is made on the first run, readable by its owner alone."""
    with suppress(FileExistsError):
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        try:
            number = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(number, "w") as out:
                out.write(secrets.token_hex(_KEY_BYTES))
            os.link(fresh, file)  # unlike rename, never over the key that another process has just made
        finally:
            fresh.unlink(missing_ok=True)
    text = file.read_text().strip()
    if len(text) < 2 * _KEY_BYTES or set(text) - set("0123456789abcdef"):
        raise Invalid(f"{file} is no secret key; remove it and a new one is made, which ends nothing but open pages")
    return bytes.fromhex(text)
