"""Around every answer: an identifier, headers that keep browsers safe, and no traceback to the outside."""

import re
from collections.abc import Callable, Mapping
from uuid import uuid4

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import unexpected

ONLY_HEADERS = "qtems.only_headers"
"""In the scope of a request that came as HEAD: what would be read only to be sent need not be."""
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_VIEWER_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self' blob: data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""For the viewer: WebAssembly decoders run in workers, textures come as blobs."""
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
}


class Envelope:
    """The outermost layer (ASGI): what it adds is on every answer, also on those to errors."""

    def __init__(self, app: ASGIApp, *, is_https: bool, new_id: Callable[[], str] = lambda: uuid4().hex) -> None:
        """Wrap an application; ``is_https`` tells browsers never to come without."""
        self.app = app
        self.new_id = new_id
        self.headers: Mapping[str, str] = (
            {**_ALWAYS, "Strict-Transport-Security": "max-age=31536000"} if is_https else _ALWAYS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD" and str(scope["path"]).startswith("/api/"):
            scope, send = _as_get(scope), _without_bodies(send)
        given = Headers(scope=scope).get("x-request-id", "")
        identifier = given if _GIVEN_ID.fullmatch(given) else self.new_id()
        scope["qtems.request_id"] = identifier
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = identifier
                is_api = str(scope["path"]).startswith("/api/")
                headers.setdefault("Content-Security-Policy", _API_POLICY if is_api else _VIEWER_POLICY)
                if is_api:
                    headers.setdefault("Cache-Control", "no-store")
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            response = unexpected(Request(scope), error)
            if begun:
                raise  # half an answer is out: only closing the connection says that it is not whole
            await response(scope, receive, send_with_headers)


def _as_get(scope: Scope) -> Scope:
    """Return the request as the GET whose headers a HEAD asks for; it has no ranges (RFC 9110, 9.3.2 and 14.2)."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"range"]
    return {**scope, "method": "GET", "headers": headers, ONLY_HEADERS: True}


def _without_bodies(send: Send) -> Send:
    """Return what sends everything but bodies."""

    async def send_headers(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_headers
