"""How routes are written: each says what it needs of its caller, and is guarded by exactly that.

A noun is one file in ``api/routes`` and one line in its ``__init__``::

    routes = Routes("widgets")

    @routes.get("/projects/{project}/widgets/{widget}", Action.WIDGET_READ, "Read a widget")
    def read_widget(store: StoreDep, rows: RowsDep, widget: RecordId, response: Response) -> WidgetOut:
        with store.read() as view:
            stored = view.get(WIDGET, widget, rows)
        tag(response, stored.version)
        return widget_out(stored)

Before such a function runs, its caller is known and permitted; ``rows`` holds only what they may see, and of a route
with ``{project}`` only that project's.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, cast

from fastapi import FastAPI, Request, Response
from fastapi.datastructures import Default
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from api.auth.access import Need, described
from api.auth.identity import grant
from api.etag import is_known, not_modified
from api.idempotency import HEADER, answer_once
from api.middleware import ONLY_HEADERS
from api.problem import BAD_REQUEST, MEDIA, MEDIA_TYPE, Problem, ProblemError, kind_of_status
from api.query import is_strict, known_queries, require_known
from api.services import Services

ROOT = "/api/v1"
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Declared:
    """One route: its address, its function and what it asks of whoever calls it."""

    method: str
    path: str
    """Below :data:`ROOT`; ``{project}`` names the project whose roles count."""
    need: Need
    summary: str
    function: Callable[..., Any]
    tag: str
    status: int = 200
    secret: bool = False
    """Its answer holds a secret that is shown once, and is not kept for an Idempotency-Key."""
    before_password_change: bool = False
    """Also for somebody who still has a one-time password."""
    max_body_bytes: int | None = None
    """None for the settings' own limit."""
    fields: tuple[str, ...] = ()
    """Of a form that it takes."""
    sends: str = ""
    """Media type of a body that is no JSON: the bytes of a file."""
    answers: str = ""
    """Media type of an answer that is a file or a stream; ``*/*`` for a file of any."""
    also_as: str = ""
    """Media type in which it answers as well, to who asks for that: ``application/pdf``."""
    example: Any = field(default=None, hash=False, compare=False)
    """Of an answer that has no schema of ours."""
    also: tuple[int, ...] = ()
    """Further statuses it answers with, for the documentation: 206 for a part of a file."""

    @property
    def name(self) -> str:
        """The operation's identifier."""
        return self.function.__name__


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes of one noun, in the order in which they are matched."""

    tag: str
    declared: list[Declared] = field(default_factory=list[Declared])

    def get(self, path: str, need: Need, summary: str, **more: Any) -> Callable[[F], F]:
        """Declare a function as the answer to GET."""
        return self._declare("GET", path, need, summary, more)

    def post(self, path: str, need: Need, summary: str, **more: Any) -> Callable[[F], F]:
        """Declare a function as the answer to POST."""
        return self._declare("POST", path, need, summary, more)

    def put(self, path: str, need: Need, summary: str, **more: Any) -> Callable[[F], F]:
        """Declare a function as the answer to PUT."""
        return self._declare("PUT", path, need, summary, more)

    def patch(self, path: str, need: Need, summary: str, **more: Any) -> Callable[[F], F]:
        """Declare a function as the answer to PATCH."""
        return self._declare("PATCH", path, need, summary, more)

    def delete(self, path: str, need: Need, summary: str, **more: Any) -> Callable[[F], F]:
        """Declare a function as the answer to DELETE."""
        return self._declare("DELETE", path, need, summary, more)

    def _declare(self, method: str, path: str, need: Need, summary: str, more: dict[str, Any]) -> Callable[[F], F]:
        def declare(function: F) -> F:
            self.declared.append(Declared(method, path, need, summary, function, self.tag, **more))
            return function

        return declare


class GuardedRoute(APIRoute):
    """A route that lets nobody pass who does not have what it declares."""

    def __init__(self, declared: Declared) -> None:
        """Make the route of a declaration; FastAPI reads the rest from the function's signature."""
        self.declared = declared
        doc = (declared.function.__doc__ or "").strip()
        super().__init__(
            ROOT + declared.path,
            declared.function,
            methods=[declared.method],
            status_code=declared.status,
            tags=[declared.tag],
            summary=declared.summary,
            description=f"{doc}\n\n{described(declared.need)}".strip(),
            operation_id=declared.name,
            response_class=_answering(declared.answers) if declared.answers else Default(JSONResponse),
            responses=_answers(declared),
            openapi_extra={"x-action": str(declared.need), **_body_of(declared.sends, declared.fields)},
        )

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say which methods the address knows: those of all its routes (RFC 9110, 9.3.7 and 15.5.6)."""
        if scope["method"] == self.declared.method:
            await super().handle(scope, receive, send)
            return
        allow = {"Allow": ", ".join(methods_at(scope["app"], scope["path"]))}
        if scope["method"] != "OPTIONS":
            words = f"{scope['method']} is not possible at {scope['path']}: there is {allow['Allow']}"
            raise HTTPException(405, words, headers=allow)
        await Response(status_code=204, headers=allow)(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request: the guard, and behind it FastAPI's own handler."""
        known = known_queries(self.dependant) if is_strict(self.declared.need, self.declared.path) else None
        return guarded(self.declared, super().get_route_handler(), known)


def guarded(
    declared: Declared, answer: Callable[[Request], Awaitable[Response]], queries: frozenset[str] | None
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """Return a handler that answers only who may ask, and only for query parameters that it knows (None: for any)."""

    async def handle(request: Request) -> Response:
        services: Services = request.app.state.services
        limit = declared.max_body_bytes or services.settings.max_body_bytes
        request = Request(request.scope, limited(request, limit))
        early = declared.before_password_change
        given = await run_in_threadpool(grant, services, request, declared.need, before_password_change=early)
        request.state.grant = given
        if queries is not None:
            require_known(request, queries)
        _require_json(request, declared)
        if declared.method == "POST" and HEADER in request.headers and given.caller is not None:
            if declared.secret:
                raise ProblemError(BAD_REQUEST, f"the answer holds a secret and is not kept: send no {HEADER}")
            return await answer_once(services, request, given, answer)
        response = await answer(request)
        if is_known(request, response):
            return not_modified(response)
        if ONLY_HEADERS in request.scope and isinstance(response, StreamingResponse):
            response.body_iterator = _nothing()  # nobody waits for the bytes of a scan, or for what a job does next
        return response

    return handle


async def _nothing() -> AsyncIterator[bytes]:
    """Yield one empty piece, so that what compresses on the way still takes it for a stream."""
    yield b""


def limited(request: Request, limit: int) -> Receive:
    """Return a request's body piece by piece, up to a limit: then 413, whatever its headers promise."""
    promised = request.headers.get("content-length", "")
    received = 0
    too_large = f"a body has at most {limit} bytes here: send less at once, and files as uploads"

    async def receive() -> Message:
        nonlocal received
        if promised.isdigit() and int(promised) > limit:
            raise HTTPException(413, too_large)
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, too_large)
        return message

    return receive


def methods_at(app: FastAPI, path: str) -> list[str]:
    """Return the methods that an address knows."""
    routes = [route for route in app.router.routes if isinstance(route, GuardedRoute)]
    known = {route.declared.method for route in routes if route.path_regex.match(path)}
    return sorted(known | ({"GET", "HEAD"} if "GET" in known else set()) | {"OPTIONS"})


def install(app: FastAPI, nouns: Iterable[Routes]) -> None:
    """Add routes to an application."""
    for noun in nouns:
        app.router.routes.extend(_route(declared) for declared in noun.declared)


@cache
def _route(declared: Declared) -> GuardedRoute:
    """Return a declaration's route, which holds nothing of any application: reading a signature takes a millisecond."""
    return GuardedRoute(declared)


def _answering(media_type: str) -> type[Response]:
    """Return the class of answers of a media type, by which FastAPI documents them."""
    base = JSONResponse if media_type == "application/json" else Response
    return cast("type[Response]", type("Answer", (base,), {"media_type": media_type}))


def _answers(declared: Declared) -> dict[int | str, dict[str, Any]]:
    """Return, for the documentation, what FastAPI cannot read from the function."""
    told: dict[int | str, dict[str, Any]] = {status: _answer(status) for status in declared.also}
    if declared.example is not None:
        told[declared.status] = {"content": {declared.answers: {"example": declared.example}}}
    if declared.also_as:
        binary = {declared.also_as: {"schema": {"type": "string", "format": "binary"}}}
        told[declared.status] = {"content": binary}
    return told


def _answer(status: int) -> dict[str, Any]:
    """Return, for the documentation, a further answer."""
    kind = kind_of_status(status)
    if status < 400:
        return {"description": kind.title}
    told = Problem(
        type=f"urn:qtems:problem:{kind.name}", title=kind.title, status=status, detail=kind.title.lower(), instance=""
    )
    schema, example = {"$ref": "#/components/schemas/Problem"}, told.model_dump(exclude={"message"})
    return {"description": kind.title, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}


def _body_of(media_type: str, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return, for the documentation, a body that the function reads itself."""
    schema: dict[str, Any] = {"type": "string", "format": "binary"}
    if fields:
        schema = {"type": "object", "properties": {name: {"type": "string"} for name in fields}}
    content = {media_type: {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}} if media_type else {}


def _require_json(request: Request, declared: Declared) -> None:
    """Refuse a body that is no JSON before it is taken for an empty one; uploads declare their own limit."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if has_body and declared.max_body_bytes is None and kind != "application/json" and not kind.endswith("+json"):
        raise ProblemError(MEDIA, "send the body as Content-Type: application/json")
