"""Answers that pages of other sites may read: of the BCF-API, to programs that send a token, never with cookies.

Only to sites that the operator names. What comes from one of them is answered as if the browser knew nobody here.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import is_open_cde

_ALSO = frozenset({"/api/v1/oauth/token", "/api/v1/oauth/register"})
_MAY_SEND = "Authorization, Content-Type, Accept, If-Match, If-None-Match, Idempotency-Key, Content-Disposition"
_MAY_READ = "ETag, Link, Location, Retry-After, WWW-Authenticate, Content-Disposition, X-Request-ID"
_METHODS = "GET, HEAD, POST, PUT, DELETE, OPTIONS"


class OtherSites:
    """Tells browsers which other sites may read an answer (ASGI)."""

    def __init__(self, app: ASGIApp, *, origins: frozenset[str]) -> None:
        """Wrap an application."""
        self.app = app
        self.origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = str(scope.get("path", ""))
        if scope["type"] != "http" or not (is_open_cde(path) or path in _ALSO):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        is_known = origin in self.origins

        async def send_with_permission(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                answered.add_vary_header("Origin")
                if is_known:
                    answered["Access-Control-Allow-Origin"] = origin
                    answered["Access-Control-Expose-Headers"] = _MAY_READ
                    answered["Cross-Origin-Resource-Policy"] = "cross-origin"
            await send(message)

        if is_known and scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            asked = {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Allow-Headers": _MAY_SEND}
            await Response(status_code=204, headers={**asked, "Access-Control-Max-Age": "600"})(
                scope, receive, send_with_permission
            )
            return
        if is_known:
            scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"cookie"]}
        await self.app(scope, receive, send_with_permission)
