"""Every test of the store runs on SQLite and on a real PostgreSQL server that the tests start themselves."""

from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import servers
from twin.record import Actor
from twin.store.database import Database, open_database
from twin.store.repository import Context, Store

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    if request.param == "sqlite":
        yield from _closing(open_database(f"sqlite:///{tmp_path / 'qtems.db'}"))
    else:
        with servers.postgres_database(tables=False) as url:
            yield from _closing(open_database(url))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    if request.param == "sqlite":
        yield from _closing(servers.opened_sqlite(tmp_path / "qtems.db"))
    else:
        with servers.postgres_database() as url:
            yield from _closing(open_database(url))


def _closing(database: Database) -> Generator[Database]:
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


@pytest.fixture
def context() -> Context:
    return Context(Actor("a" * 32, "Ann Auditor"), NOW, request="r1", origin="127.0.0.1")
