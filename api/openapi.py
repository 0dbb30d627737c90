"""The description of the interface: FastAPI's own, with our errors, our headers and an example everywhere."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import problem
from api.auth.access import Access
from api.auth.cookies import CSRF_HEADER, cookie_name
from api.idempotency import HEADER
from api.problem import MEDIA_TYPE, Problem, ProblemKind
from api.query import is_strict
from api.routing import ROOT, Declared
from api.schemas.oauth import AUTHORIZE_PATH, OAUTH_ERROR, SIGN_IN_PATH, TOKEN_PATH, OAuthErrorOut
from api.settings import Settings
from twin.access import Action

_ABOUT = """\
Records of what was built: from a deviation to a closed nonconformance.

- Programs send `Authorization: Bearer TOKEN`; browsers sign in and send `X-CSRF-Token` with every change.
- A record's version is its `ETag`. A change sends it as `If-Match`: 428 without, 412 when somebody was faster.
- A POST with an `Idempotency-Key` is executed once, however often it is sent.
- `HEAD` answers wherever `GET` does, with its headers.
- A query parameter that is not described is refused: 422. Those of `/bcf`, `/foundation` and `/oauth` pass it over.
- Lists come as `{"items": [...], "next": CURSOR}`; `Link: rel="next"` names the address of the next page.
- What is not yours to see does not exist: 404. Errors are `application/problem+json` (RFC 9457).
"""


def describe(app: FastAPI, settings: Settings, declared: Iterable[Declared]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an application."""
    document = get_openapi(
        title="qtems", version=version("qtems"), description=_ABOUT, routes=app.routes, servers=[{"url": "/"}]
    )
    schemas: dict[str, Any] = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update(_problem_schemas())
    schemas["OAuthErrorOut"] = OAuthErrorOut.model_json_schema()
    for schema in schemas.values():
        if "examples" in schema:
            schema["examples"] = [_with_nulls(one, schema, schemas) for one in schema["examples"]]
    document["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An API token"},
        "session": {"type": "apiKey", "in": "cookie", "name": cookie_name(settings)},
    }
    for one in declared:
        operation = document["paths"][ROOT + one.path][one.method.lower()]
        _add_security(operation, one)
        _add_headers(operation, one)
        _add_errors(operation, one)
        _add_examples(operation, schemas)
        _leave_open(operation, one)
    return document


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}


def _add_security(operation: dict[str, Any], one: Declared) -> None:
    if one.need is not Access.PUBLIC:
        by_token: list[dict[str, list[str]]] = [] if one.need is Access.BROWSER else [{"token": []}]
        operation["security"] = [*by_token, {"session": []}]


def _add_headers(operation: dict[str, Any], one: Declared) -> None:
    parameters: list[dict[str, Any]] = operation.setdefault("parameters", [])
    text: dict[str, Any] = {"type": "string"}
    if one.method != "GET" and one.need is not Access.PUBLIC:
        told = "The session's `csrf_token`; not with a token"
        parameters.append(
            {"name": CSRF_HEADER, "in": "header", "schema": text, "description": told, "example": "kC9..."}
        )
    if one.method == "POST" and not one.secret:
        told = "Makes sending it again harmless"
        kept = {**text, "maxLength": 200, "pattern": "^[!-~]+$"}
        parameters.append(
            {"name": HEADER, "in": "header", "schema": kept, "description": told, "example": "9b1d6a52-0d0e-4c5e"}
        )
    names = {parameter["name"] for parameter in parameters}
    if "{project}" in one.path and "project" not in names:
        pattern: dict[str, Any] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
        parameters.insert(
            0, {"name": "project", "in": "path", "required": True, "schema": pattern, "example": "1" * 32}
        )
    for parameter in parameters:
        if parameter["name"] == "if-match":
            parameter["name"] = "If-Match"
    if not parameters:
        operation.pop("parameters")


def errors_of(operation: Mapping[str, Any], one: Declared) -> list[ProblemKind]:
    """Return the problems that an operation may answer with, beyond those that any may."""
    found: list[ProblemKind] = [problem.BAD_REQUEST]
    if one.need is not Access.PUBLIC:
        found += [problem.NOT_IDENTIFIED, problem.NOT_ALLOWED]
    if "{" in one.path or (one.need is not Access.PUBLIC and "requestBody" in operation):
        found.append(problem.NOT_FOUND)  # also of what the body names
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    if "requestBody" in operation or names or is_strict(one.need, one.path):
        found.append(problem.FIELDS)
    if "requestBody" in operation:
        found += [problem.TOO_LARGE, problem.MEDIA]
    if one.method != "GET":
        found.append(problem.CONFLICT)
    if "If-Match" in names:
        found += [problem.OVERTAKEN, problem.VERSION_NEEDED]
    if one.path.startswith("/auth/") and one.method != "GET" and not isinstance(one.need, Action):
        found += [problem.NOT_IDENTIFIED, problem.NOT_ALLOWED, problem.TOO_MANY]
    if one.path == "/ready":
        found.append(problem.UNAVAILABLE)
    return found


def _leave_open(operation: dict[str, Any], one: Declared) -> None:
    """Say nothing of what is in files of any kind and in streams: FastAPI would call all of them texts."""
    content: dict[str, Any] = operation["responses"][str(one.status)].get("content", {})
    for media_type in ("*/*", "text/event-stream"):
        if media_type in content:
            content[media_type] = {"schema": {}}


def _add_errors(operation: dict[str, Any], one: Declared) -> None:
    responses: dict[str, Any] = operation["responses"]
    responses.pop("422", None)
    if one.status == 302:
        responses["302"].pop("content", None)
    for kind in errors_of(operation, one):
        content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": _example_of_problem(kind)}
        responses[str(kind.status)] = {"description": kind.title, "content": {MEDIA_TYPE: content}}
        if one.path in (AUTHORIZE_PATH, SIGN_IN_PATH):  # a browser is told on a page
            responses[str(kind.status)]["content"]["text/html"] = {"schema": {"type": "string"}}
    if one.path == TOKEN_PATH:
        for status in ("400", "401"):  # as RFC 6749, 5.2 has them
            told = {"schema": {"$ref": "#/components/schemas/OAuthErrorOut"}, "example": OAUTH_ERROR}
            responses[status]["content"]["application/json"] = told


def _example_of_problem(kind: ProblemKind) -> dict[str, Any]:
    return Problem(
        type=f"urn:qtems:problem:{kind.name}",
        title=kind.title,
        status=kind.status,
        detail=kind.title.lower(),
        instance="urn:qtems:request:5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958",
    ).model_dump()


def _add_examples(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """Give every JSON body the example of its schema."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        for kind, content in body.get("content", {}).items():
            if kind == "application/json" and "example" not in content:
                content["example"] = example_of(content.get("schema", {}), schemas)


def _with_nulls(example: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """Return an example with the nulls that FastAPI leaves out of documents."""
    if "$ref" in schema:
        return _with_nulls(example, schemas[str(schema["$ref"]).rpartition("/")[2]], schemas)
    if isinstance(example, list):
        return [_with_nulls(one, schema.get("items", {}), schemas) for one in example]
    if not isinstance(example, dict) or "properties" not in schema:
        return example
    parts = {name: _with_nulls(value, schema["properties"].get(name, {}), schemas) for name, value in example.items()}
    return {**{name: None for name in schema.get("required", ())}, **parts}


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """Return an example of a schema, put together from those of its parts where it has none itself."""
    if "$ref" in schema:
        return example_of(schemas[str(schema["$ref"]).rpartition("/")[2]], schemas)
    if "examples" in schema:
        return schema["examples"][0]
    if "default" in schema:
        return schema["default"]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return example_of(schema[choice][0], schemas)
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)]
    if "properties" in schema:
        return {name: example_of(part, schemas) for name, part in schema["properties"].items()}
    return schema.get("const")
