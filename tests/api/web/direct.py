"""A client of an application in this process: one step into its event loop for each request, and the answer whole.

What a test client for streams needs (an event loop's step for each part of an answer) costs more than most answers
do. Streams and broken connections are tried over a real socket (:mod:`tests.api.web.live`).
"""

import atexit
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import unquote

import httpx2
from anyio import Event
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import ASGIApp, Message, Scope


class DirectClient(httpx2.Client):
    """Asks an application as a client at an address does."""

    __test__ = False

    def __init__(self, app: ASGIApp, *, base_url: str, address: str) -> None:
        """Connect as the host of an address."""
        transport = _Direct(app, address)
        super().__init__(
            base_url=base_url, headers={"User-Agent": "testclient"}, transport=transport, follow_redirects=True
        )


@cache
def event_loop() -> BlockingPortal:
    """Start an event loop once for all requests of this process."""
    portal = start_blocking_portal()
    opened = portal.__enter__()
    atexit.register(portal.__exit__, None, None, None)
    return opened


class _Direct(httpx2.BaseTransport):
    """Hands requests to an application (ASGI)."""

    def __init__(self, app: ASGIApp, address: str) -> None:
        self.app, self.address = app, address

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = _Answer(request.read())
        event_loop().call(answer.come, self.app, _scope_of(request, self.address))
        if answer.status is None:  # it failed before it began to answer: a server says so with 500
            return httpx2.Response(500, request=request)
        body = b"" if request.method == "HEAD" else b"".join(answer.parts)
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(body), request=request)


class _Answer:
    """What an application answers to one request."""

    def __init__(self, body: bytes) -> None:
        self.body: bytes | None = body
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []

    async def come(self, app: ASGIApp, scope: Scope) -> None:
        """Let the application answer; whoever asked stays until it has."""
        complete = Event()

        async def receive() -> Message:
            if self.body is None:
                await complete.wait()
                return {"type": "http.disconnect"}
            body, self.body = self.body, None
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            assert not complete.is_set(), "something came after the answer's end"
            if message["type"] == "http.response.start":
                assert self.status is None, "the answer began twice"
                self.status, self.headers = message["status"], list(message.get("headers", ()))
                return
            assert self.status is not None, "a part came before the answer's beginning"
            self.parts.append(bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                complete.set()

        try:
            await app(scope, receive, send)
        except Exception:  # what a server logs; its client sees an answer of 500, or one that breaks off
            complete.set()


class _Body(httpx2.SyncByteStream):
    """The bytes of an answer, as they are sent."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self.content


def _scope_of(request: httpx2.Request, address: str) -> dict[str, Any]:
    url = request.url
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(url.path),
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": (address, 40000),
        "server": (url.host, port),
        "extensions": {},
        "state": {},
    }
