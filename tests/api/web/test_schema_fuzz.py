"""Whatever is sent to whichever route: an answer that is described, and never a fault of ours (schemathesis)."""

from collections.abc import Generator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.routes import all_declared
from api.routing import ROOT, Declared
from tests.api.web.world import World, make_world

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[World, str]]:
    world = make_world(tmp_path_factory.mktemp("fuzz"))
    admin = world.administrator()
    given = {"name": "fuzz", "scope": "admin", "expires_at": "2027-11-01T00:00:00Z"}
    secret = admin.post("/auth/tokens", given).json()["secret"]
    organisation = admin.post("/organisations", {"name": "A"}).json()["id"]
    admin.post("/projects", {"organisation": organisation, "key": "TOWER", "name": "T"})
    yield world, secret
    world.services.store.database.close()


HEALTH = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
ONCE = settings(
    max_examples=5, deadline=None, derandomize=True, database=None, suppress_health_check=HEALTH,
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
LONG = settings(ONCE, max_examples=300)


@pytest.fixture(scope="module")
def described(server: tuple[World, str]) -> Any:
    return schemathesis.openapi.from_asgi(f"{ROOT}/openapi.json", server[0].app)


def fuzz(described: Any, server: tuple[World, str], route: Declared, effort: settings, mode: GenerationMode) -> None:
    world, secret = server
    operation = described[ROOT + route.path][route.method]

    @effort
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        world.clock.advance(minutes=20)  # so that no limit on attempts hides what lies behind it
        headers = {**(case.headers or {}), "Authorization": f"Bearer {secret}"}
        response = case.call(headers=headers, allow_redirects=False)
        case.validate_response(response, checks=CHECKS)

    try:
        send()
    except Unsatisfiable:
        pytest.skip("it takes nothing that could be broken")


MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.mark.parametrize("mode", MODES, ids=["meant", "broken"])
@pytest.mark.parametrize("route", all_declared(), ids=lambda route: route.name)
def test_no_request_brings_the_server_down(
    described: Any, server: tuple[World, str], route: Declared, mode: GenerationMode
) -> None:
    fuzz(described, server, route, ONCE, mode)


@pytest.mark.nightly
@pytest.mark.parametrize("mode", MODES, ids=["meant", "broken"])
@pytest.mark.parametrize("route", all_declared(), ids=lambda route: route.name)
def test_no_request_brings_the_server_down_in_a_long_run(
    described: Any, server: tuple[World, str], route: Declared, mode: GenerationMode
) -> None:
    fuzz(described, server, route, LONG, mode)
