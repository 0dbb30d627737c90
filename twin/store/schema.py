"""The tables. One per kind of record, with what is filtered and sorted by in columns and the whole record as JSON.

Why not a column for each field: see docs/decisions. What comes in thousands per check (element states) is in columns
alone. The migrations bring a database here; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import SchemaItem

from twin.store.types import Document, UtcDateTime

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_ID = String(32)


def _records(name: str, *more: SchemaItem) -> Table:
    """Return the table of one kind of record: what all have, and ``more`` to filter by."""
    return Table(
        name,
        METADATA,
        Column("id", _ID, primary_key=True),
        Column("project", _ID, nullable=True),
        Column("version", Integer, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        *more,
        Column("body", Document, nullable=False),
        Index(None, "project", "created_at", "id"),
    )


def _text(name: str, *, index: bool = True, nullable: bool = True) -> Column[object]:
    return Column(name, String(200), index=index, nullable=nullable)


ORGANISATION = _records("organisation", _text("name"))
PROJECT = _records(
    "project", _text("organisation"), _text("name"), Column("key", String(12), unique=True, nullable=False)
)
USER = _records(
    "user_account",
    Column("login", String(200), unique=True, nullable=False),
    _text("status"),
    _text("email"),
    Column("subject", String(500), unique=True),
)
MEMBER = _records("member", _text("user"), _text("role"), _text("organisation"), UniqueConstraint("project", "user"))
MODEL_REVISION = _records(
    "model_revision", _text("sha256"), Column("number", Integer), UniqueConstraint("project", "number")
)
SCAN_EPOCH = _records("scan_epoch", Column("captured_at", UtcDateTime, index=True))
CHECK_RUN = _records(
    "check_run",
    _text("model_revision"),
    _text("scan_epoch"),
    _text("status"),
    Column("counts", Boolean, nullable=False),
)
Index(
    "ix_check_run_counting",
    CHECK_RUN.c.scan_epoch,
    unique=True,
    sqlite_where=text("counts"),
    postgresql_where=text("counts"),
)
"""At most one check of an epoch says what is known after it."""
FINDING = _records("finding", _text("status"), _text("cause_key"), _text("check_run"), _text("ncr"))
NCR = _records(
    "ncr",
    _text("number"),
    _text("state"),
    _text("severity"),
    _text("assignee"),
    _text("cause_key"),
    Column("concession_until", UtcDateTime, index=True),
    Column("in_doubt", Boolean, nullable=False),
    Column("opened_at", UtcDateTime),
    Column("occurrence", Document),
    Index(None, "project", "opened_at"),
)
CAPA = _records("capa", _text("number"), _text("state"), _text("assignee"))
INSPECTION_PLAN = _records("inspection_plan", _text("number"), _text("status"))
INSPECTION = _records("inspection", _text("plan"), _text("status"), _text("verdict"))
PLAN_EXECUTION = _records("plan_execution", _text("plan"), _text("plan_number"), _text("item"))
COMMENT = _records("comment", _text("subject"))
ATTACHMENT = _records("attachment", _text("subject"), _text("sha256"), Column("placed", Boolean, nullable=False))
VERDICT_OVERRIDE = _records("verdict_override", _text("check_run"), _text("global_id"))
BCF_TOPIC = _records("bcf_topic", _text("standing"), _text("ncr"))
BCF_DOCUMENT = _records("bcf_document", _text("sha256"))
REHEARSAL = _records("rehearsal", _text("kind"), _text("outcome"), _text("model_revision"))
PREDICTION = _records(
    "prediction", _text("kind"), _text("state"), _text("rehearsal"), _text("check_run"), _text("ncr"),
    Column("candidate", Boolean, nullable=False),
)  # fmt: skip
SAVED_VIEW = _records("saved_view", _text("audience"))
SUBSCRIPTION = _records("subscription", _text("user"), _text("subject"), UniqueConstraint("project", "user", "subject"))

RECORD_ELEMENT = Table(
    "record_element",
    METADATA,
    Column("record", _ID, nullable=False),
    Column("global_id", String(64), nullable=False),
    PrimaryKeyConstraint("record", "global_id"),
    Index(None, "global_id", "record"),
)
"""Which elements of the model a record is about: the other way round than records name them."""

SHARE = Table(
    "share",
    METADATA,
    Column("record", _ID, nullable=False),
    Column("organisation", _ID, nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    PrimaryKeyConstraint("record", "organisation"),
)
"""Which record an outside organisation (a supplier) may see."""

ELEMENT_STATE = Table(
    "element_state",
    METADATA,
    Column("project", _ID, nullable=False),
    Column("scan_epoch", _ID, nullable=False),
    Column("captured_at", UtcDateTime, nullable=False),
    Column("global_id", String(64), nullable=False),
    Column("check_run", _ID, nullable=False),
    Column("model_revision", _ID, nullable=False),
    Column("ifc_class", String(80), nullable=False),
    Column("name", Text, nullable=False),
    Column("storey", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("body", Document, nullable=False),
    Column("digest", String(64), nullable=False),
    PrimaryKeyConstraint("check_run", "global_id"),
    Index(None, "project", "global_id", "captured_at"),
    Index(None, "check_run", "state"),
    Index(None, "project", "scan_epoch"),
)
"""The state of each element by each check of an epoch: thousands of rows, written together, each with its digest."""

BLOB = Table(
    "blob",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""What is kept beside the database, by its content."""

BLOB_PART = Table(
    "blob_part",
    METADATA,
    Column("whole_sha256", String(64), nullable=False),
    Column("part_sha256", String(64), nullable=False),
    PrimaryKeyConstraint("whole_sha256", "part_sha256"),
)
"""Which blobs another one lists (the files of a scene): a record names the list alone, and they are part of it."""

SEQUENCE = Table(
    "number_sequence",
    METADATA,
    Column("project", _ID, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("last", Integer, nullable=False),
    PrimaryKeyConstraint("project", "kind"),
)
"""The last number given out per project and kind: a number is never given twice, whatever becomes of its record."""

AUDIT_EVENT = Table(
    "audit_event",
    METADATA,
    Column("stream", String(40), nullable=False),
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", _ID, nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("on_behalf_of", _ID, nullable=True),
    Column("action", String(80), nullable=False),
    Column("entity", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("before", Document, nullable=False),
    Column("after", Document, nullable=False),
    Column("record_sha256", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("request", String(100), nullable=False),
    Column("origin", String(200), nullable=False),
    Column("previous", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("stream", "seq"),
    Index(None, "entity", "seq"),
    Index(None, "request"),
)
"""The chained trail. The database refuses to change or delete its rows."""

AUDIT_ANCHOR = Table(
    "audit_anchor",
    METADATA,
    Column("stream", String(40), nullable=False),
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("head", LargeBinary(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kept_at", Text, nullable=False),
    PrimaryKeyConstraint("stream", "seq"),
)
"""Which heads were handed out of the house, and where they lie."""

CREDENTIAL = Table(
    "credential",
    METADATA,
    Column("user", _ID, ForeignKey("user_account.id"), primary_key=True),
    Column("hash", String(300), nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)
"""Password hashes, apart from the accounts: what is in a record stays in the audit trail, and this must not."""

SESSION = Table(
    "login_session",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("id", _ID, unique=True, nullable=False),
    Column("user", _ID, ForeignKey("user_account.id"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("origin", String(200), nullable=False),
    Column("how", String(20), nullable=False),
)
"""Browser sessions by the digest of their token: who reads the table cannot sign in with it."""

TOKEN = Table(
    "api_token",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("digest", String(64), unique=True, nullable=False),
    Column("user", _ID, ForeignKey("user_account.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("scopes", Document, nullable=False),
    Column("project", _ID, nullable=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=True),
    Column("revoked_at", UtcDateTime, nullable=True),
    Column("used_at", UtcDateTime, nullable=True),
)

SIGN_IN_ATTEMPT = Table(
    "sign_in_attempt",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("purpose", String(20), nullable=False),
    Column("login", String(200), nullable=False),
    Column("origin", String(200), nullable=False),
    Column("place", String(200), nullable=False),
    Column("known", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Index(None, "login", "at"),
    Index(None, "origin", "at"),
)

OAUTH_CLIENT = Table(
    "oauth_client",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("redirect_uris", Document, nullable=False),
    Column("secret_digest", String(64), nullable=True),
    Column("created_by", _ID, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=True),
)
"""Programs that an administrator lets people connect to their account (OAuth 2)."""

OAUTH_CODE = Table(
    "oauth_code",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("client", Text, nullable=False),
    Column("client_name", String(200), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("challenge", String(128), nullable=False),
    Column("scope", String(20), nullable=False),
    Column("user", _ID, ForeignKey("user_account.id"), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("token", _ID, nullable=True),
)
"""What a person allowed a program and it has not fetched yet, or the token that it got for it: codes count once."""

OAUTH_REFRESH = Table(
    "oauth_refresh",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("token", _ID, ForeignKey("api_token.id"), nullable=False, index=True),
    Column("client", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("used_at", UtcDateTime, nullable=True),
)
"""What a program renews its token with; each counts once, and one that comes twice ends the token."""

IDEMPOTENCY = Table(
    "idempotency_key",
    METADATA,
    Column("user", _ID, nullable=False),
    Column("key", String(200), nullable=False),
    Column("request_sha256", String(64), nullable=False),
    Column("request", String(100), nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Document, nullable=False),
    Column("response", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    PrimaryKeyConstraint("user", "key"),
)

JOB = Table(
    "job",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("project", _ID, nullable=True, index=True),
    Column("kind", String(40), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("payload", Document, nullable=False),
    Column("result", Document, nullable=True),
    Column("error", Text, nullable=False, default=""),
    Column("step", String(200), nullable=False, default=""),
    Column("progress", Integer, nullable=False, default=0),
    Column("attempt", Integer, nullable=False, default=0),
    Column("most_attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("cancel_asked", Boolean, nullable=False, default=False),
    Column("worker", String(200), nullable=False, default=""),
    Column("lease_until", UtcDateTime, nullable=True),
    Column("created_by", _ID, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, nullable=True),
    Column("ended_at", UtcDateTime, nullable=True),
    Index(None, "state", "lease_until"),
    Index(None, "state", "created_at", "id"),
)
"""Long work. The row is the truth; the queue only wakes a worker."""

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", _ID, unique=True, nullable=False),
    Column("project", _ID, nullable=True),
    Column("topic", String(80), nullable=False),
    Column("payload", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=True),
    Column("sent_at", UtcDateTime, nullable=True),
    Column("failed_at", UtcDateTime, nullable=True),
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", Text, nullable=False, default=""),
    Column("taken", Document, nullable=False, default=list),
    Index(None, "sent_at", "failed_at", "project", "seq"),
)
"""What is to be told outside (mail, webhooks), written in the same transaction as what it tells of; in order of seq."""

INBOX = Table(
    "inbox",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", _ID, unique=True, nullable=False),
    Column("user", _ID, nullable=False),
    Column("message", _ID, nullable=False),
    Column("project", _ID, nullable=False),
    Column("record", _ID, nullable=False),
    Column("topic", String(80), nullable=False),
    Column("payload", Document, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime, nullable=True),
    Column("mail", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", UtcDateTime, nullable=True),
    Column("sent_at", UtcDateTime, nullable=True),
    Column("error", Text, nullable=False, default=""),
    UniqueConstraint("message", "user"),
    Index(None, "user", "read_at", "seq"),
    Index(None, "mail", "due_at", "seq"),
)
"""Messages by the person they are for, and how the letter to each is getting on; written with what they tell of."""

UPLOAD = Table(
    "upload",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("project", _ID, nullable=False),
    Column("user", _ID, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("completed_at", UtcDateTime, nullable=True),
    UniqueConstraint("project", "id"),
)
"""Files on their way in."""

UPLOAD_PIECE = Table(
    "upload_piece",
    METADATA,
    Column("upload", _ID, ForeignKey("upload.id"), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("path", Text, nullable=False),
    PrimaryKeyConstraint("upload", "start"),
)
"""What has come of an upload so far; the pieces themselves lie beside the blobs."""

APPEND_ONLY = ("audit_event", "audit_anchor")
