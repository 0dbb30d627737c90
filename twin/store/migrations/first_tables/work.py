"""What the service has under way: answers kept for a repeat, jobs, messages, uploads."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from twin.store.migrations.first_tables.notation import ID, SEQ, TABLES, filled
from twin.store.types import Document, UtcDateTime

Table(
    "idempotency_key",
    TABLES,
    filled("user", ID),
    filled("key", String(200)),
    filled("request_sha256", String(64)),
    filled("request", String(100)),
    filled("status", Integer),
    filled("headers", Document),
    filled("response", LargeBinary),
    filled("created_at", UtcDateTime, index=True),
    PrimaryKeyConstraint("user", "key"),
)

Table(
    "job",
    TABLES,
    Column("id", ID, primary_key=True),
    Column("project", ID, index=True),
    filled("kind", String(40)),
    filled("state", String(20), index=True),
    filled("payload", Document),
    Column("result", Document),
    filled("error", Text),
    filled("step", String(200)),
    filled("progress", Integer),
    filled("attempt", Integer),
    filled("most_attempts", Integer),
    filled("due_at", UtcDateTime),
    filled("cancel_asked", Boolean),
    filled("worker", String(200)),
    Column("lease_until", UtcDateTime),
    filled("created_by", ID),
    filled("created_at", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Index(None, "state", "lease_until"),
    Index(None, "state", "created_at", "id"),
)

Table(
    "outbox",
    TABLES,
    Column("seq", SEQ, primary_key=True),
    filled("id", ID, unique=True),
    Column("project", ID),
    filled("topic", String(80)),
    filled("payload", Document),
    filled("created_at", UtcDateTime),
    Column("due_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Column("failed_at", UtcDateTime),
    filled("attempts", Integer),
    filled("error", Text),
    filled("taken", Document),
    Index(None, "sent_at", "failed_at", "project", "seq"),
)

Table(
    "inbox",
    TABLES,
    Column("seq", SEQ, primary_key=True),
    filled("id", ID, unique=True),
    filled("user", ID),
    filled("message", ID),
    filled("project", ID),
    filled("record", ID),
    filled("topic", String(80)),
    filled("payload", Document),
    filled("created_at", UtcDateTime),
    Column("read_at", UtcDateTime),
    filled("mail", String(20)),
    filled("attempts", Integer),
    Column("due_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    filled("error", Text),
    UniqueConstraint("message", "user"),
    Index(None, "user", "read_at", "seq"),
    Index(None, "mail", "due_at", "seq"),
)

Table(
    "upload",
    TABLES,
    Column("id", ID, primary_key=True),
    filled("project", ID),
    filled("user", ID),
    filled("name", Text),
    filled("media_type", String(100)),
    filled("size", BigInteger),
    filled("received", BigInteger),
    filled("sha256", String(64)),
    filled("created_at", UtcDateTime),
    filled("expires_at", UtcDateTime, index=True),
    Column("completed_at", UtcDateTime),
    UniqueConstraint("project", "id"),
)

Table(
    "upload_piece",
    TABLES,
    filled("upload", ID, ForeignKey("upload.id")),
    filled("start", BigInteger),
    filled("size", BigInteger),
    filled("path", Text),
    PrimaryKeyConstraint("upload", "start"),
)
