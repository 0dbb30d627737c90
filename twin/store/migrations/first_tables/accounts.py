"""Passwords, sessions, tokens and the programs that people let in."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text

from twin.store.migrations.first_tables.notation import ID, TABLES, filled
from twin.store.types import Document, UtcDateTime

Table(
    "credential",
    TABLES,
    Column("user", ID, ForeignKey("user_account.id"), primary_key=True),
    filled("hash", String(300)),
    filled("set_at", UtcDateTime),
)

Table(
    "login_session",
    TABLES,
    Column("digest", String(64), primary_key=True),
    filled("id", ID, unique=True),
    filled("user", ID, ForeignKey("user_account.id"), index=True),
    filled("csrf", String(64)),
    filled("created_at", UtcDateTime),
    filled("used_at", UtcDateTime),
    filled("expires_at", UtcDateTime, index=True),
    filled("origin", String(200)),
    filled("how", String(20)),
)

Table(
    "api_token",
    TABLES,
    Column("id", ID, primary_key=True),
    filled("digest", String(64), unique=True),
    filled("user", ID, ForeignKey("user_account.id"), index=True),
    filled("name", String(200)),
    filled("scopes", Document),
    Column("project", ID),
    filled("created_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("used_at", UtcDateTime),
)

Table(
    "sign_in_attempt",
    TABLES,
    Column("id", ID, primary_key=True),
    filled("purpose", String(20)),
    filled("login", String(200)),
    filled("origin", String(200)),
    filled("place", String(200)),
    filled("known", Boolean),
    filled("at", UtcDateTime),
    filled("succeeded", Boolean),
    Index(None, "login", "at"),
    Index(None, "origin", "at"),
)

Table(
    "oauth_client",
    TABLES,
    Column("id", ID, primary_key=True),
    filled("name", String(200)),
    filled("redirect_uris", Document),
    Column("secret_digest", String(64)),
    filled("created_by", ID),
    filled("created_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
)

Table(
    "oauth_code",
    TABLES,
    Column("digest", String(64), primary_key=True),
    filled("client", Text),
    filled("client_name", String(200)),
    filled("redirect_uri", Text),
    filled("challenge", String(128)),
    filled("scope", String(20)),
    filled("user", ID, ForeignKey("user_account.id")),
    filled("expires_at", UtcDateTime, index=True),
    Column("token", ID),
)

Table(
    "oauth_refresh",
    TABLES,
    Column("digest", String(64), primary_key=True),
    filled("token", ID, ForeignKey("api_token.id"), index=True),
    filled("client", Text),
    filled("expires_at", UtcDateTime, index=True),
    Column("used_at", UtcDateTime),
)
