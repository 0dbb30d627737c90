"""The description of the interface is OpenAPI 3.1, whole and true: summaries, errors and examples on every route."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from api.routes import all_declared
from api.routing import ROOT, Declared
from tests.api.web.world import World

ROUTES = all_declared()
DOCUMENT: dict[str, Any] = {}


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    if not DOCUMENT:
        DOCUMENT.update(world.browser().get("/openapi.json").json())
    return DOCUMENT


def operation_of(document: dict[str, Any], route: Declared) -> dict[str, Any]:
    return document["paths"][ROOT + route.path][route.method.lower()]


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OPENAPI_31_VALIDATOR.validate(document)


def test_it_describes_every_route_and_no_other(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert described == {(route.method, ROOT + route.path) for route in ROUTES}
    names = [operation_of(document, route)["operationId"] for route in ROUTES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_is_described_with_its_errors_and_examples(document: dict[str, Any], route: Declared) -> None:
    operation = operation_of(document, route)
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert operation["x-action"] == str(route.need)
    problems = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
    assert problems
    for status, answer in problems.items():
        content = answer["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert content["example"]["status"] == int(status)
    assert ("security" in operation) == (route.need != "public")
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    contents = [c["application/json"] for body in bodies if "application/json" in (c := body.get("content", {}))]
    if route.status not in (204, 302) and not route.answers:
        assert contents, "no answer is described"
    for content in contents:
        schema = {**content["schema"], "components": document["components"]}
        assert content["example"] is not None
        Draft202012Validator(schema).validate(content["example"])


def test_what_a_change_has_to_send_is_described(document: dict[str, Any]) -> None:
    patch = document["paths"][f"{ROOT}/projects/{{project}}"]["patch"]
    headers = {parameter["name"] for parameter in patch["parameters"] if parameter["in"] == "header"}
    assert headers == {"If-Match", "X-CSRF-Token"}
    assert {"412", "428", "404", "403", "401"} <= set(patch["responses"])
    post = document["paths"][f"{ROOT}/organisations"]["post"]
    assert "Idempotency-Key" in {parameter["name"] for parameter in post["parameters"]}
