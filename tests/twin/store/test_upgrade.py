"""The migrations go up and down with data in them, and end at the tables that the code works with."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Boolean, Column, Connection, DateTime, Integer, LargeBinary, String, inspect, select, text

from twin.errors import Refused
from twin.store import upgrade as upgrading
from twin.store.database import Database
from twin.store.repository import Context, Store
from twin.store.schema import METADATA
from twin.store.trail import SYSTEM, verify_stream
from twin.store.upgrade import current_revision, downgrade, newest_revision, require_current, upgrade


def test_the_migrations_end_at_the_tables_of_the_code(database: Database) -> None:
    with database.read() as connection:
        migration = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(migration, METADATA) == []


def test_the_migrations_name_all_as_the_code_does(empty_database: Database) -> None:
    with empty_database.write() as connection:
        METADATA.create_all(connection)
        wanted = _tables(connection)
        METADATA.drop_all(connection)
    upgrade(empty_database)
    with empty_database.read() as connection:
        found = _tables(connection)
    assert {table: named for table, named in found.items() if table != "alembic_version"} == wanted


def _tables(connection: Connection) -> dict[str, list[str]]:
    """Return the columns, keys, constraints and indexes of each table as the database tells them, with their names."""
    told = inspect(connection)
    parts: list[dict[Any, Any]] = [
        told.get_multi_columns(),
        {key: [named] for key, named in told.get_multi_pk_constraint().items()},
        told.get_multi_foreign_keys(),
        told.get_multi_unique_constraints(),
        told.get_multi_indexes(),
    ]
    tables = {
        name: sorted(repr(_plain(one)) for part in parts for one in part[None, name]) for name in told.get_table_names()
    }
    assert len(tables) > 30
    return tables


def _plain(told: Any) -> Any:
    """Return what was told with types and conditions as their text, which can be compared."""
    if isinstance(told, dict):
        return {key: _plain(value) for key, value in sorted(told.items())}
    return told if isinstance(told, (str, int, list, tuple, type(None))) else str(told)


def test_no_migration_follows_the_schema_of_today() -> None:
    migrations = Path(upgrading.__file__).parent / "migrations"
    sources = sorted(migrations.rglob("*.py"))
    assert len(sources) >= 6
    assert [str(path) for path in sources if "twin.store.schema import" in path.read_text()] == []


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


LATER: dict[str, set[str]] = {"0003": {"prediction"}, "0002": {"rehearsal"}, "0001": set()}
"""The tables that a revision, going down, is the first not to know."""


def test_a_row_of_every_table_goes_all_the_way_down_and_up(empty_database: Database) -> None:
    upgrade(empty_database)
    with empty_database.write() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(table.insert().values({column.name: _made_up(column) for column in table.columns}))
    before = _rows(empty_database)
    assert all(len(rows) == 1 for rows in before.values())
    for revision, unknown in LATER.items():
        downgrade(empty_database, revision)
        upgrade(empty_database)
        assert {name for name, rows in _rows(empty_database).items() if rows != before[name]} == unknown
        before |= {name: [] for name in unknown}


def _made_up(column: Column[Any]) -> object:
    """Return a value of a column's type; texts are all alike, so that each key is that of a row that is there."""
    kind = getattr(column.type, "impl", column.type)
    if isinstance(column.type, Boolean):
        return True
    if isinstance(kind, Integer):
        return 1
    if isinstance(kind, DateTime):
        return datetime(2026, 3, 2, 8, 0, 0, 1, tzinfo=UTC)
    if isinstance(kind, LargeBinary):
        return b"x"
    return "a" * min(kind.length or 32, 32) if isinstance(kind, String) else {"a": 1}


def _rows(database: Database) -> dict[str, list[Any]]:
    with database.read() as connection:
        return {table.name: list(connection.execute(select(table))) for table in METADATA.sorted_tables}
