"""First tables: written by Alembic from :mod:`twin.store.schema`, and judged there (docs/decisions/0008)."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from twin.store.types import Document, UtcDateTime

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "attachment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("sha256", sa.String(length=200), nullable=True),
        sa.Column("placed", sa.Boolean(), nullable=False),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(
        op.f("ix_attachment_project_created_at_id"), "attachment", ["project", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_attachment_sha256"), "attachment", ["sha256"], unique=False)
    op.create_index(op.f("ix_attachment_subject"), "attachment", ["subject"], unique=False)
    op.create_table(
        "audit_anchor",
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kept_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq", name=op.f("pk_audit_anchor")),
    )
    op.create_table(
        "audit_event",
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("on_behalf_of", sa.String(length=32), nullable=True),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("entity", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", Document, nullable=False),
        sa.Column("after", Document, nullable=False),
        sa.Column("record_sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request", sa.String(length=100), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("previous", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq", name=op.f("pk_audit_event")),
    )
    op.create_index(op.f("ix_audit_event_entity_seq"), "audit_event", ["entity", "seq"], unique=False)
    op.create_index(op.f("ix_audit_event_request"), "audit_event", ["request"], unique=False)
    op.create_table(
        "bcf_document",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("sha256", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bcf_document")),
    )
    op.create_index(
        op.f("ix_bcf_document_project_created_at_id"), "bcf_document", ["project", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_bcf_document_sha256"), "bcf_document", ["sha256"], unique=False)
    op.create_table(
        "bcf_topic",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("standing", sa.String(length=200), nullable=True),
        sa.Column("ncr", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bcf_topic")),
    )
    op.create_index(op.f("ix_bcf_topic_ncr"), "bcf_topic", ["ncr"], unique=False)
    op.create_index(
        op.f("ix_bcf_topic_project_created_at_id"), "bcf_topic", ["project", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_bcf_topic_standing"), "bcf_topic", ["standing"], unique=False)
    op.create_table(
        "blob",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blob")),
    )
    op.create_table(
        "blob_part",
        sa.Column("whole_sha256", sa.String(length=64), nullable=False),
        sa.Column("part_sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("whole_sha256", "part_sha256", name=op.f("pk_blob_part")),
    )
    op.create_table(
        "capa",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=200), nullable=True),
        sa.Column("assignee", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capa")),
    )
    op.create_index(op.f("ix_capa_assignee"), "capa", ["assignee"], unique=False)
    op.create_index(op.f("ix_capa_number"), "capa", ["number"], unique=False)
    op.create_index(op.f("ix_capa_project_created_at_id"), "capa", ["project", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_capa_state"), "capa", ["state"], unique=False)
    op.create_table(
        "check_run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("model_revision", sa.String(length=200), nullable=True),
        sa.Column("scan_epoch", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=200), nullable=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_run")),
    )
    op.create_index(
        "ix_check_run_counting",
        "check_run",
        ["scan_epoch"],
        unique=True,
        sqlite_where=sa.text("counts"),
        postgresql_where=sa.text("counts"),
    )
    op.create_index(op.f("ix_check_run_model_revision"), "check_run", ["model_revision"], unique=False)
    op.create_index(
        op.f("ix_check_run_project_created_at_id"), "check_run", ["project", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_check_run_scan_epoch"), "check_run", ["scan_epoch"], unique=False)
    op.create_index(op.f("ix_check_run_status"), "check_run", ["status"], unique=False)
    op.create_table(
        "comment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    op.create_index(op.f("ix_comment_project_created_at_id"), "comment", ["project", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_comment_subject"), "comment", ["subject"], unique=False)
    op.create_table(
        "element_state",
        sa.Column("project", sa.String(length=32), nullable=False),
        sa.Column("scan_epoch", sa.String(length=32), nullable=False),
        sa.Column("captured_at", UtcDateTime(), nullable=False),
        sa.Column("global_id", sa.String(length=64), nullable=False),
        sa.Column("check_run", sa.String(length=32), nullable=False),
        sa.Column("model_revision", sa.String(length=32), nullable=False),
        sa.Column("ifc_class", sa.String(length=80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("storey", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("body", Document, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("check_run", "global_id", name=op.f("pk_element_state")),
    )
    op.create_index(op.f("ix_element_state_check_run_state"), "element_state", ["check_run", "state"], unique=False)
    op.create_index(
        op.f("ix_element_state_project_global_id_captured_at"),
        "element_state",
        ["project", "global_id", "captured_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_element_state_project_scan_epoch"), "element_state", ["project", "scan_epoch"], unique=False
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=200), nullable=True),
        sa.Column("cause_key", sa.String(length=200), nullable=True),
        sa.Column("check_run", sa.String(length=200), nullable=True),
        sa.Column("ncr", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index(op.f("ix_finding_cause_key"), "finding", ["cause_key"], unique=False)
    op.create_index(op.f("ix_finding_check_run"), "finding", ["check_run"], unique=False)
    op.create_index(op.f("ix_finding_ncr"), "finding", ["ncr"], unique=False)
    op.create_index(op.f("ix_finding_project_created_at_id"), "finding", ["project", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_finding_status"), "finding", ["status"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("request", sa.String(length=100), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", Document, nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("message", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=False),
        sa.Column("record", sa.String(length=32), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("payload", Document, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("mail", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_inbox")),
        sa.UniqueConstraint("id", name=op.f("uq_inbox_id")),
        sa.UniqueConstraint("message", "user", name=op.f("uq_inbox_message_user")),
    )
    op.create_index(op.f("ix_inbox_mail_due_at_seq"), "inbox", ["mail", "due_at", "seq"], unique=False)
    op.create_index(op.f("ix_inbox_user_read_at_seq"), "inbox", ["user", "read_at", "seq"], unique=False)
    op.create_table(
        "inspection",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("plan", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=200), nullable=True),
        sa.Column("verdict", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
    )
    op.create_index(op.f("ix_inspection_plan"), "inspection", ["plan"], unique=False)
    op.create_index(
        op.f("ix_inspection_project_created_at_id"), "inspection", ["project", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_inspection_status"), "inspection", ["status"], unique=False)
    op.create_index(op.f("ix_inspection_verdict"), "inspection", ["verdict"], unique=False)
    op.create_table(
        "inspection_plan",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_plan")),
    )
    op.create_index(op.f("ix_inspection_plan_number"), "inspection_plan", ["number"], unique=False)
    op.create_index(
        op.f("ix_inspection_plan_project_created_at_id"),
        "inspection_plan",
        ["project", "created_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_inspection_plan_status"), "inspection_plan", ["status"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("payload", Document, nullable=False),
        sa.Column("result", Document, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("step", sa.String(length=200), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("most_attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(op.f("ix_job_project"), "job", ["project"], unique=False)
    op.create_index(op.f("ix_job_state"), "job", ["state"], unique=False)
    op.create_index(op.f("ix_job_state_created_at_id"), "job", ["state", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_job_state_lease_until"), "job", ["state", "lease_until"], unique=False)
    op.create_table(
        "member",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("user", sa.String(length=200), nullable=True),
        sa.Column("role", sa.String(length=200), nullable=True),
        sa.Column("organisation", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("project", "user", name=op.f("uq_member_project_user")),
    )
    op.create_index(op.f("ix_member_organisation"), "member", ["organisation"], unique=False)
    op.create_index(op.f("ix_member_project_created_at_id"), "member", ["project", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_member_role"), "member", ["role"], unique=False)
    op.create_index(op.f("ix_member_user"), "member", ["user"], unique=False)
    op.create_table(
        "model_revision",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("sha256", sa.String(length=200), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_revision")),
        sa.UniqueConstraint("project", "number", name=op.f("uq_model_revision_project_number")),
    )
    op.create_index(
        op.f("ix_model_revision_project_created_at_id"), "model_revision", ["project", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_model_revision_sha256"), "model_revision", ["sha256"], unique=False)
    op.create_table(
        "ncr",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=200), nullable=True),
        sa.Column("severity", sa.String(length=200), nullable=True),
        sa.Column("assignee", sa.String(length=200), nullable=True),
        sa.Column("cause_key", sa.String(length=200), nullable=True),
        sa.Column("concession_until", UtcDateTime(), nullable=True),
        sa.Column("in_doubt", sa.Boolean(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("occurrence", Document, nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ncr")),
    )
    op.create_index(op.f("ix_ncr_assignee"), "ncr", ["assignee"], unique=False)
    op.create_index(op.f("ix_ncr_cause_key"), "ncr", ["cause_key"], unique=False)
    op.create_index(op.f("ix_ncr_concession_until"), "ncr", ["concession_until"], unique=False)
    op.create_index(op.f("ix_ncr_number"), "ncr", ["number"], unique=False)
    op.create_index(op.f("ix_ncr_project_created_at_id"), "ncr", ["project", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_ncr_project_opened_at"), "ncr", ["project", "opened_at"], unique=False)
    op.create_index(op.f("ix_ncr_severity"), "ncr", ["severity"], unique=False)
    op.create_index(op.f("ix_ncr_state"), "ncr", ["state"], unique=False)
    op.create_table(
        "number_sequence",
        sa.Column("project", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project", "kind", name=op.f("pk_number_sequence")),
    )
    op.create_table(
        "oauth_client",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("redirect_uris", Document, nullable=False),
        sa.Column("secret_digest", sa.String(length=64), nullable=True),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_client")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_index(op.f("ix_organisation_name"), "organisation", ["name"], unique=False)
    op.create_index(
        op.f("ix_organisation_project_created_at_id"), "organisation", ["project", "created_at", "id"], unique=False
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("payload", Document, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("taken", Document, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
    )
    op.create_index(
        op.f("ix_outbox_sent_at_failed_at_project_seq"),
        "outbox",
        ["sent_at", "failed_at", "project", "seq"],
        unique=False,
    )
    op.create_table(
        "plan_execution",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("plan", sa.String(length=200), nullable=True),
        sa.Column("plan_number", sa.String(length=200), nullable=True),
        sa.Column("item", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_execution")),
    )
    op.create_index(op.f("ix_plan_execution_item"), "plan_execution", ["item"], unique=False)
    op.create_index(op.f("ix_plan_execution_plan"), "plan_execution", ["plan"], unique=False)
    op.create_index(op.f("ix_plan_execution_plan_number"), "plan_execution", ["plan_number"], unique=False)
    op.create_index(
        op.f("ix_plan_execution_project_created_at_id"), "plan_execution", ["project", "created_at", "id"], unique=False
    )
    op.create_table(
        "project",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("key", sa.String(length=12), nullable=False),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("key", name=op.f("uq_project_key")),
    )
    op.create_index(op.f("ix_project_name"), "project", ["name"], unique=False)
    op.create_index(op.f("ix_project_organisation"), "project", ["organisation"], unique=False)
    op.create_index(op.f("ix_project_project_created_at_id"), "project", ["project", "created_at", "id"], unique=False)
    op.create_table(
        "record_element",
        sa.Column("record", sa.String(length=32), nullable=False),
        sa.Column("global_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("record", "global_id", name=op.f("pk_record_element")),
    )
    op.create_index(op.f("ix_record_element_global_id_record"), "record_element", ["global_id", "record"], unique=False)
    op.create_table(
        "saved_view",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("audience", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index(op.f("ix_saved_view_audience"), "saved_view", ["audience"], unique=False)
    op.create_index(
        op.f("ix_saved_view_project_created_at_id"), "saved_view", ["project", "created_at", "id"], unique=False
    )
    op.create_table(
        "scan_epoch",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("captured_at", UtcDateTime(), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_epoch")),
    )
    op.create_index(op.f("ix_scan_epoch_captured_at"), "scan_epoch", ["captured_at"], unique=False)
    op.create_index(
        op.f("ix_scan_epoch_project_created_at_id"), "scan_epoch", ["project", "created_at", "id"], unique=False
    )
    op.create_table(
        "share",
        sa.Column("record", sa.String(length=32), nullable=False),
        sa.Column("organisation", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("record", "organisation", name=op.f("pk_share")),
    )
    op.create_index(op.f("ix_share_organisation"), "share", ["organisation"], unique=False)
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(op.f("ix_sign_in_attempt_login_at"), "sign_in_attempt", ["login", "at"], unique=False)
    op.create_index(op.f("ix_sign_in_attempt_origin_at"), "sign_in_attempt", ["origin", "at"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("user", sa.String(length=200), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("project", "user", "subject", name=op.f("uq_subscription_project_user_subject")),
    )
    op.create_index(
        op.f("ix_subscription_project_created_at_id"), "subscription", ["project", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_subscription_subject"), "subscription", ["subject"], unique=False)
    op.create_index(op.f("ix_subscription_user"), "subscription", ["user"], unique=False)
    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("project", "id", name=op.f("uq_upload_project_id")),
    )
    op.create_index(op.f("ix_upload_expires_at"), "upload", ["expires_at"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("subject", sa.String(length=500), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("login", name=op.f("uq_user_account_login")),
        sa.UniqueConstraint("subject", name=op.f("uq_user_account_subject")),
    )
    op.create_index(op.f("ix_user_account_email"), "user_account", ["email"], unique=False)
    op.create_index(
        op.f("ix_user_account_project_created_at_id"), "user_account", ["project", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_user_account_status"), "user_account", ["status"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scopes", Document, nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name=op.f("fk_api_token_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
    )
    op.create_index(op.f("ix_api_token_user"), "api_token", ["user"], unique=False)
    op.create_table(
        "credential",
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.String(length=300), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name=op.f("fk_credential_user")),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_credential")),
    )
    op.create_table(
        "login_session",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name=op.f("fk_login_session_user")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_login_session")),
        sa.UniqueConstraint("id", name=op.f("uq_login_session_id")),
    )
    op.create_index(op.f("ix_login_session_expires_at"), "login_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_login_session_user"), "login_session", ["user"], unique=False)
    op.create_table(
        "oauth_code",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("client_name", sa.String(length=200), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("challenge", sa.String(length=128), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["user_account.id"], name=op.f("fk_oauth_code_user")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_oauth_code")),
    )
    op.create_index(op.f("ix_oauth_code_expires_at"), "oauth_code", ["expires_at"], unique=False)
    op.create_table(
        "upload_piece",
        sa.Column("upload", sa.String(length=32), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["upload"], ["upload.id"], name=op.f("fk_upload_piece_upload")),
        sa.PrimaryKeyConstraint("upload", "start", name=op.f("pk_upload_piece")),
    )
    op.create_table(
        "oauth_refresh",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["token"], ["api_token.id"], name=op.f("fk_oauth_refresh_token")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_oauth_refresh")),
    )
    op.create_index(op.f("ix_oauth_refresh_expires_at"), "oauth_refresh", ["expires_at"], unique=False)
    op.create_index(op.f("ix_oauth_refresh_token"), "oauth_refresh", ["token"], unique=False)
    op.create_table(
        "verdict_override",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("check_run", sa.String(length=200), nullable=True),
        sa.Column("global_id", sa.String(length=200), nullable=True),
        sa.Column("body", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict_override")),
    )
    op.create_index(op.f("ix_verdict_override_check_run"), "verdict_override", ["check_run"], unique=False)
    op.create_index(op.f("ix_verdict_override_global_id"), "verdict_override", ["global_id"], unique=False)
    op.create_index(
        op.f("ix_verdict_override_project_created_at_id"),
        "verdict_override",
        ["project", "created_at", "id"],
        unique=False,
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index(op.f("ix_verdict_override_project_created_at_id"), table_name="verdict_override")
    op.drop_index(op.f("ix_verdict_override_global_id"), table_name="verdict_override")
    op.drop_index(op.f("ix_verdict_override_check_run"), table_name="verdict_override")
    op.drop_table("verdict_override")
    op.drop_index(op.f("ix_oauth_refresh_token"), table_name="oauth_refresh")
    op.drop_index(op.f("ix_oauth_refresh_expires_at"), table_name="oauth_refresh")
    op.drop_table("oauth_refresh")
    op.drop_table("upload_piece")
    op.drop_index(op.f("ix_oauth_code_expires_at"), table_name="oauth_code")
    op.drop_table("oauth_code")
    op.drop_index(op.f("ix_login_session_user"), table_name="login_session")
    op.drop_index(op.f("ix_login_session_expires_at"), table_name="login_session")
    op.drop_table("login_session")
    op.drop_table("credential")
    op.drop_index(op.f("ix_api_token_user"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_index(op.f("ix_user_account_status"), table_name="user_account")
    op.drop_index(op.f("ix_user_account_project_created_at_id"), table_name="user_account")
    op.drop_index(op.f("ix_user_account_email"), table_name="user_account")
    op.drop_table("user_account")
    op.drop_index(op.f("ix_upload_expires_at"), table_name="upload")
    op.drop_table("upload")
    op.drop_index(op.f("ix_subscription_user"), table_name="subscription")
    op.drop_index(op.f("ix_subscription_subject"), table_name="subscription")
    op.drop_index(op.f("ix_subscription_project_created_at_id"), table_name="subscription")
    op.drop_table("subscription")
    op.drop_index(op.f("ix_sign_in_attempt_origin_at"), table_name="sign_in_attempt")
    op.drop_index(op.f("ix_sign_in_attempt_login_at"), table_name="sign_in_attempt")
    op.drop_table("sign_in_attempt")
    op.drop_index(op.f("ix_share_organisation"), table_name="share")
    op.drop_table("share")
    op.drop_index(op.f("ix_scan_epoch_project_created_at_id"), table_name="scan_epoch")
    op.drop_index(op.f("ix_scan_epoch_captured_at"), table_name="scan_epoch")
    op.drop_table("scan_epoch")
    op.drop_index(op.f("ix_saved_view_project_created_at_id"), table_name="saved_view")
    op.drop_index(op.f("ix_saved_view_audience"), table_name="saved_view")
    op.drop_table("saved_view")
    op.drop_index(op.f("ix_record_element_global_id_record"), table_name="record_element")
    op.drop_table("record_element")
    op.drop_index(op.f("ix_project_project_created_at_id"), table_name="project")
    op.drop_index(op.f("ix_project_organisation"), table_name="project")
    op.drop_index(op.f("ix_project_name"), table_name="project")
    op.drop_table("project")
    op.drop_index(op.f("ix_plan_execution_project_created_at_id"), table_name="plan_execution")
    op.drop_index(op.f("ix_plan_execution_plan_number"), table_name="plan_execution")
    op.drop_index(op.f("ix_plan_execution_plan"), table_name="plan_execution")
    op.drop_index(op.f("ix_plan_execution_item"), table_name="plan_execution")
    op.drop_table("plan_execution")
    op.drop_index(op.f("ix_outbox_sent_at_failed_at_project_seq"), table_name="outbox")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_organisation_project_created_at_id"), table_name="organisation")
    op.drop_index(op.f("ix_organisation_name"), table_name="organisation")
    op.drop_table("organisation")
    op.drop_table("oauth_client")
    op.drop_table("number_sequence")
    op.drop_index(op.f("ix_ncr_state"), table_name="ncr")
    op.drop_index(op.f("ix_ncr_severity"), table_name="ncr")
    op.drop_index(op.f("ix_ncr_project_opened_at"), table_name="ncr")
    op.drop_index(op.f("ix_ncr_project_created_at_id"), table_name="ncr")
    op.drop_index(op.f("ix_ncr_number"), table_name="ncr")
    op.drop_index(op.f("ix_ncr_concession_until"), table_name="ncr")
    op.drop_index(op.f("ix_ncr_cause_key"), table_name="ncr")
    op.drop_index(op.f("ix_ncr_assignee"), table_name="ncr")
    op.drop_table("ncr")
    op.drop_index(op.f("ix_model_revision_sha256"), table_name="model_revision")
    op.drop_index(op.f("ix_model_revision_project_created_at_id"), table_name="model_revision")
    op.drop_table("model_revision")
    op.drop_index(op.f("ix_member_user"), table_name="member")
    op.drop_index(op.f("ix_member_role"), table_name="member")
    op.drop_index(op.f("ix_member_project_created_at_id"), table_name="member")
    op.drop_index(op.f("ix_member_organisation"), table_name="member")
    op.drop_table("member")
    op.drop_index(op.f("ix_job_state_lease_until"), table_name="job")
    op.drop_index(op.f("ix_job_state_created_at_id"), table_name="job")
    op.drop_index(op.f("ix_job_state"), table_name="job")
    op.drop_index(op.f("ix_job_project"), table_name="job")
    op.drop_table("job")
    op.drop_index(op.f("ix_inspection_plan_status"), table_name="inspection_plan")
    op.drop_index(op.f("ix_inspection_plan_project_created_at_id"), table_name="inspection_plan")
    op.drop_index(op.f("ix_inspection_plan_number"), table_name="inspection_plan")
    op.drop_table("inspection_plan")
    op.drop_index(op.f("ix_inspection_verdict"), table_name="inspection")
    op.drop_index(op.f("ix_inspection_status"), table_name="inspection")
    op.drop_index(op.f("ix_inspection_project_created_at_id"), table_name="inspection")
    op.drop_index(op.f("ix_inspection_plan"), table_name="inspection")
    op.drop_table("inspection")
    op.drop_index(op.f("ix_inbox_user_read_at_seq"), table_name="inbox")
    op.drop_index(op.f("ix_inbox_mail_due_at_seq"), table_name="inbox")
    op.drop_table("inbox")
    op.drop_index(op.f("ix_idempotency_key_created_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index(op.f("ix_finding_status"), table_name="finding")
    op.drop_index(op.f("ix_finding_project_created_at_id"), table_name="finding")
    op.drop_index(op.f("ix_finding_ncr"), table_name="finding")
    op.drop_index(op.f("ix_finding_check_run"), table_name="finding")
    op.drop_index(op.f("ix_finding_cause_key"), table_name="finding")
    op.drop_table("finding")
    op.drop_index(op.f("ix_element_state_project_scan_epoch"), table_name="element_state")
    op.drop_index(op.f("ix_element_state_project_global_id_captured_at"), table_name="element_state")
    op.drop_index(op.f("ix_element_state_check_run_state"), table_name="element_state")
    op.drop_table("element_state")
    op.drop_index(op.f("ix_comment_subject"), table_name="comment")
    op.drop_index(op.f("ix_comment_project_created_at_id"), table_name="comment")
    op.drop_table("comment")
    op.drop_index(op.f("ix_check_run_status"), table_name="check_run")
    op.drop_index(op.f("ix_check_run_scan_epoch"), table_name="check_run")
    op.drop_index(op.f("ix_check_run_project_created_at_id"), table_name="check_run")
    op.drop_index(op.f("ix_check_run_model_revision"), table_name="check_run")
    op.drop_index(
        "ix_check_run_counting",
        table_name="check_run",
        sqlite_where=sa.text("counts"),
        postgresql_where=sa.text("counts"),
    )
    op.drop_table("check_run")
    op.drop_index(op.f("ix_capa_state"), table_name="capa")
    op.drop_index(op.f("ix_capa_project_created_at_id"), table_name="capa")
    op.drop_index(op.f("ix_capa_number"), table_name="capa")
    op.drop_index(op.f("ix_capa_assignee"), table_name="capa")
    op.drop_table("capa")
    op.drop_table("blob_part")
    op.drop_table("blob")
    op.drop_index(op.f("ix_bcf_topic_standing"), table_name="bcf_topic")
    op.drop_index(op.f("ix_bcf_topic_project_created_at_id"), table_name="bcf_topic")
    op.drop_index(op.f("ix_bcf_topic_ncr"), table_name="bcf_topic")
    op.drop_table("bcf_topic")
    op.drop_index(op.f("ix_bcf_document_sha256"), table_name="bcf_document")
    op.drop_index(op.f("ix_bcf_document_project_created_at_id"), table_name="bcf_document")
    op.drop_table("bcf_document")
    op.drop_index(op.f("ix_audit_event_request"), table_name="audit_event")
    op.drop_index(op.f("ix_audit_event_entity_seq"), table_name="audit_event")
    op.drop_table("audit_event")
    op.drop_table("audit_anchor")
    op.drop_index(op.f("ix_attachment_subject"), table_name="attachment")
    op.drop_index(op.f("ix_attachment_sha256"), table_name="attachment")
    op.drop_index(op.f("ix_attachment_project_created_at_id"), table_name="attachment")
    op.drop_table("attachment")
