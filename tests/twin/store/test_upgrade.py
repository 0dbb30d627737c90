"""The migrations go up and down with data in them, and end at the tables that the code works with."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from twin.errors import Refused
from twin.store.database import Database
from twin.store.repository import Context, Store
from twin.store.schema import METADATA
from twin.store.trail import SYSTEM, verify_stream
from twin.store.upgrade import current_revision, downgrade, newest_revision, require_current, upgrade


def test_the_migrations_end_at_the_tables_of_the_code(database: Database) -> None:
    with database.read() as connection:
        migration = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(migration, METADATA) == []


def test_up_and_down_and_up_again_keeps_the_data_that_both_know(empty_database: Database, context: Context) -> None:
    assert current_revision(empty_database) is None
    with pytest.raises(Refused, match="qtems database upgrade"):
        require_current(empty_database)
    upgrade(empty_database, "0001")
    store = Store(empty_database)
    with store.write(context) as unit:
        unit.note("sign_in", "user:x", {"n": 1})
    upgrade(empty_database)
    require_current(empty_database)
    downgrade(empty_database, "0001")
    upgrade(empty_database)
    with store.read() as view:
        assert verify_stream(view.connection, SYSTEM).events == 1
    downgrade(empty_database, "base")
    with empty_database.read() as connection:
        assert current_revision(empty_database) is None
        with pytest.raises(Exception, match="audit_event"):
            connection.execute(text("SELECT * FROM audit_event"))
    upgrade(empty_database)
    upgrade(empty_database)  # a second process comes late
    assert current_revision(empty_database) == newest_revision()
