"""Opening a database: SQLite in a file by default, PostgreSQL by URL; the same promises on both."""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from twin.errors import Conflict, Invalid, Refused

_BUSY_MS = 30_000
"""How long a writer waits for another one."""


@dataclass(frozen=True, slots=True, eq=False)
class Database:
    """An engine, and how to begin a transaction on it."""

    engine: Engine

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite rather than PostgreSQL."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Generator[Connection]:
        """Begin a transaction that only reads; all its reads see the same state."""
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def write(self) -> Generator[Connection]:
        """Begin a transaction that writes: all of it is kept, or nothing.

        Raises
        ------
        Conflict
            If another writer held the database for too long.
        """
        with self.engine.connect().execution_options(writes=True) as connection:
            try:
                with connection.begin():
                    yield connection
            except OperationalError as error:
                if "locked" in str(error.orig) or "deadlock" in str(error.orig):
                    raise Conflict("the database is busy with another change; try again") from error
                raise

    def lock(self, connection: Connection, name: str) -> None:
        """Let only one transaction at a time pass here under this name, until it ends.

        SQLite has one writer at a time anyway.
        """
        if not self.is_sqlite:
            key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open a database by URL: ``sqlite:///qtems.db``, ``postgresql://user@host/name``.

    Raises
    ------
    Invalid
        If the URL is none, or names another kind of database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Invalid(f"{url!r} is no database URL; write sqlite:///FILE or postgresql://USER@HOST/NAME") from error
    if parsed.get_backend_name() == "postgresql":
        engine = create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=10)
        return Database(engine)
    if parsed.get_backend_name() != "sqlite":
        raise Invalid(
            f"{parsed.get_backend_name()} is not supported; write sqlite:///FILE or postgresql://USER@HOST/NAME"
        )
    if not parsed.database or parsed.database == ":memory:":
        raise Invalid("an SQLite database needs a file: sqlite:///qtems.db")
    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed.set(drivername="sqlite+pysqlite"), connect_args={"timeout": _BUSY_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine)


def require_reachable(database: Database) -> None:
    """Raise :class:`Refused` with the server's own first line unless the database answers."""
    try:
        with database.read():
            pass
    except DBAPIError as error:
        told = str(error.orig).strip().splitlines()[0]
        raise Refused(f"the database cannot be reached: {told}. Check its URL and that it runs") from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # this driver's own BEGIN comes too late to be one for reading
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin; a writer takes its turn at once, since who has read first could not become the writer later."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
