"""A table for what was rehearsed before it was built."""

from collections.abc import Sequence

from alembic import op
from sqlalchemy import Column, Integer, PrimaryKeyConstraint, String

from twin.store.types import Document, UtcDateTime

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None
_FILTERED = ("kind", "outcome", "model_revision")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "rehearsal",
        Column("id", String(32), nullable=False),
        Column("project", String(32)),
        Column("version", Integer, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        *(Column(name, String(200)) for name in _FILTERED),
        Column("body", Document, nullable=False),
        PrimaryKeyConstraint("id", name="pk_rehearsal"),
    )
    op.create_index("ix_rehearsal_project_created_at_id", "rehearsal", ["project", "created_at", "id"])
    for name in _FILTERED:
        op.create_index(f"ix_rehearsal_{name}", "rehearsal", [name])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("rehearsal")
