"""A server for each test."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.api.web.world import World, make_world


@pytest.fixture
def world(tmp_path: Path) -> Generator[World]:
    made = make_world(tmp_path)
    yield made
    made.services.store.database.close()
