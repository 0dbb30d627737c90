"""A server that speaks the BCF-API, a project on it, and one client."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.routes import NOUNS, bcf, bcf_views
from api.routing import install
from tests.api.web.bcf_client import Client
from tests.api.web.site import Site, make_site
from tests.api.web.world import World, make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = make_world(Path(tmp_path_factory.mktemp("bcf")))
    if bcf.routes not in NOUNS:
        install(made.app, (bcf.routes, bcf_views.routes))
    yield made
    made.services.store.database.close()


@pytest.fixture(scope="module")
def site(world: World) -> Site:
    return make_site(world)


@pytest.fixture(scope="module")
def quinn(site: Site) -> Client:
    return Client(site, "quinn")


@pytest.fixture
def draft(quinn: Client) -> dict[str, Any]:
    given = {"topic_type": "Nonconformity", "title": "Wall leans", "priority": "major", "description": "Second floor"}
    return quinn.post("topics", given)
