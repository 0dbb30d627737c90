"""Bringing a database to a revision of the schema, up or down, with the data in it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from twin.errors import Refused
from twin.store.database import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring a database, also an empty one, up to a revision.

    Several processes may try at the same time: one does it, the others wait and find it done.
    """
    with database.write() as connection:
        database.lock(connection, "schema")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(database: Database, revision: str) -> None:
    """Take a database back to an earlier revision (``base`` for none)."""
    with database.write() as connection:
        database.lock(connection, "schema")
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def current_revision(database: Database) -> str | None:
    """Return the revision that a database is at; None when it is empty."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """Return the revision that this version of the software works with."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None
    return newest


def require_current(database: Database) -> None:
    """Raise :class:`Refused` unless the database is at the revision that this version works with."""
    found, wanted = current_revision(database), newest_revision()
    if found != wanted:
        raise Refused(f"the database is at revision {found}, this version needs {wanted}; run qtems database upgrade")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
