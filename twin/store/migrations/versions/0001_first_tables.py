"""The first tables."""

from collections.abc import Sequence

from alembic import op

from twin.store.migrations.first_tables import TABLES

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Go to this revision."""
    TABLES.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Go back to the revision before."""
    TABLES.drop_all(op.get_bind(), checkfirst=False)
