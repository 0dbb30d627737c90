"""Records, what they name, and the audit trail."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from twin.store.migrations.first_tables.notation import ID, SEQ, TABLES, filled, records, texts
from twin.store.types import Document, UtcDateTime

records("organisation", *texts("name"))
records("project", *texts("organisation", "name"), filled("key", String(12), unique=True))
records(
    "user_account",
    filled("login", String(200), unique=True),
    *texts("status", "email"),
    Column("subject", String(500), unique=True),
)
records("member", *texts("user", "role", "organisation"), UniqueConstraint("project", "user"))
records("model_revision", *texts("sha256"), Column("number", Integer), UniqueConstraint("project", "number"))
records("scan_epoch", Column("captured_at", UtcDateTime, index=True))
records(
    "check_run",
    *texts("model_revision", "scan_epoch", "status"),
    filled("counts", Boolean),
    Index(
        "ix_check_run_counting",
        "scan_epoch",
        unique=True,
        sqlite_where=text("counts"),
        postgresql_where=text("counts"),
    ),
)
records("finding", *texts("status", "cause_key", "check_run", "ncr"))
records(
    "ncr",
    *texts("number", "state", "severity", "assignee", "cause_key"),
    Column("concession_until", UtcDateTime, index=True),
    filled("in_doubt", Boolean),
    Column("opened_at", UtcDateTime),
    Column("occurrence", Document),
    Index(None, "project", "opened_at"),
)
records("capa", *texts("number", "state", "assignee"))
records("inspection_plan", *texts("number", "status"))
records("inspection", *texts("plan", "status", "verdict"))
records("plan_execution", *texts("plan", "plan_number", "item"))
records("comment", *texts("subject"))
records("attachment", *texts("subject", "sha256"), filled("placed", Boolean))
records("verdict_override", *texts("check_run", "global_id"))
records("bcf_topic", *texts("standing", "ncr"))
records("bcf_document", *texts("sha256"))
records("saved_view", *texts("audience"))
records("subscription", *texts("user", "subject"), UniqueConstraint("project", "user", "subject"))

Table(
    "record_element",
    TABLES,
    filled("record", ID),
    filled("global_id", String(64)),
    PrimaryKeyConstraint("record", "global_id"),
    Index(None, "global_id", "record"),
)

Table(
    "share",
    TABLES,
    filled("record", ID),
    filled("organisation", ID, index=True),
    filled("kind", String(40)),
    PrimaryKeyConstraint("record", "organisation"),
)

Table(
    "element_state",
    TABLES,
    filled("project", ID),
    filled("scan_epoch", ID),
    filled("captured_at", UtcDateTime),
    filled("global_id", String(64)),
    filled("check_run", ID),
    filled("model_revision", ID),
    filled("ifc_class", String(80)),
    filled("name", Text),
    filled("storey", String(200)),
    filled("state", String(20)),
    filled("verdict", String(20)),
    filled("body", Document),
    filled("digest", String(64)),
    PrimaryKeyConstraint("check_run", "global_id"),
    Index(None, "project", "global_id", "captured_at"),
    Index(None, "check_run", "state"),
    Index(None, "project", "scan_epoch"),
)

Table(
    "blob",
    TABLES,
    Column("sha256", String(64), primary_key=True),
    filled("size", BigInteger),
    filled("media_type", String(100)),
    filled("created_at", UtcDateTime),
)

Table(
    "blob_part",
    TABLES,
    filled("whole_sha256", String(64)),
    filled("part_sha256", String(64)),
    PrimaryKeyConstraint("whole_sha256", "part_sha256"),
)

Table(
    "number_sequence",
    TABLES,
    filled("project", ID),
    filled("kind", String(40)),
    filled("last", Integer),
    PrimaryKeyConstraint("project", "kind"),
)

Table(
    "audit_event",
    TABLES,
    filled("stream", String(40)),
    filled("seq", SEQ),
    filled("at", UtcDateTime),
    filled("actor", ID),
    filled("actor_name", String(200)),
    Column("on_behalf_of", ID),
    filled("action", String(80)),
    filled("entity", String(100)),
    filled("version", Integer),
    filled("before", Document),
    filled("after", Document),
    filled("record_sha256", String(64)),
    filled("reason", Text),
    filled("request", String(100)),
    filled("origin", String(200)),
    filled("previous", LargeBinary(32)),
    filled("hash", LargeBinary(32)),
    PrimaryKeyConstraint("stream", "seq"),
    Index(None, "entity", "seq"),
    Index(None, "request"),
)

Table(
    "audit_anchor",
    TABLES,
    filled("stream", String(40)),
    filled("seq", SEQ),
    filled("head", LargeBinary(32)),
    filled("at", UtcDateTime),
    filled("kept_at", Text),
    PrimaryKeyConstraint("stream", "seq"),
)
