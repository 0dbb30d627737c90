"""A table for what is expected before it is built or measured."""

from collections.abc import Sequence

from alembic import op
from sqlalchemy import Boolean, Column, Integer, PrimaryKeyConstraint, String

from twin.store.types import Document, UtcDateTime

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None
_FILTERED = ("kind", "state", "rehearsal", "check_run", "ncr")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "prediction",
        Column("id", String(32), nullable=False),
        Column("project", String(32)),
        Column("version", Integer, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        *(Column(name, String(200)) for name in _FILTERED),
        Column("candidate", Boolean, nullable=False),
        Column("body", Document, nullable=False),
        PrimaryKeyConstraint("id", name="pk_prediction"),
    )
    op.create_index("ix_prediction_project_created_at_id", "prediction", ["project", "created_at", "id"])
    for name in _FILTERED:
        op.create_index(f"ix_prediction_{name}", "prediction", [name])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("prediction")
