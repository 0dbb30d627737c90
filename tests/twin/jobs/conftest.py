"""Databases and queues as the workers of another process reach them, too."""

from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import servers
from twin.record import Actor
from twin.store.database import open_database
from twin.store.repository import Context, Store

CONTEXT = Context(Actor("a" * 32, "Ann"), datetime(2026, 11, 22, 8, 0, tzinfo=UTC))


@pytest.fixture(params=["sqlite", "postgresql+redis"])
def services(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[tuple[str, str]]:
    """Addresses of an upgraded, empty database and of an empty queue."""
    if request.param == "sqlite":
        servers.opened_sqlite(tmp_path / "qtems.db").close()
        yield f"sqlite:///{tmp_path}/qtems.db", f"sqlite:///{tmp_path}/queue.db"
    else:
        import redis

        queue = servers.redis()
        redis.Redis.from_url(queue).flushall()
        with servers.postgres_database() as url:
            yield url, queue


@pytest.fixture
def store(services: tuple[str, str]) -> Generator[Store]:
    database = open_database(services[0])
    yield Store(database)
    database.close()
