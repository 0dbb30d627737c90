"""The application: routes behind their guards, errors by one map, the viewer beside them."""

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import Receive, Scope, Send

from api.cors import OtherSites
from api.errors import handle_errors
from api.middleware import Envelope
from api.openapi import describe
from api.routes import NOUNS, all_declared
from api.routing import ROOT, install
from api.services import Services, open_services
from api.settings import Settings
from api.viewer_files import add_viewer

_NOT_ZIPPED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream", "model/*", "application/wasm")
"""What is compressed already, or is to be sent as it is kept."""


class ZippedAnswers(GZipMiddleware):
    """Compresses what the interface answers; the viewer's files were compressed when they were built."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_api = scope["type"] == "http" and str(scope["path"]).startswith("/api/")
        await (super().__call__ if is_api else self.app)(scope, receive, send)


def _few_threads(settings: Settings) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Let only as many requests work at a time as the machine can: more threads take turns and all get slower."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        current_default_thread_limiter().total_tokens = settings.threads or max(4, 2 * (os.cpu_count() or 1))
        yield

    return lifespan


def create_app(settings: Settings, services: Services | None = None) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    services
        Given by tests; None opens what the settings name.
    """
    app = FastAPI(
        title="qtems",
        lifespan=_few_threads(settings),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(OtherSites, origins=settings.other_sites),
            Middleware(Envelope, is_https=settings.is_https),
            Middleware(ZippedAnswers, minimum_size=1000, compresslevel=5, exclude_content_types=_NOT_ZIPPED),
        ],
    )
    app.state.services = services or open_services(settings)
    handle_errors(app)
    install(app, NOUNS)
    document: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not document:
            document.update(describe(app, settings, all_declared()))
        return document

    app.openapi = openapi
    app.add_api_route(ROOT + "/openapi.json", openapi, include_in_schema=False)
    if settings.static_dir:
        add_viewer(app, settings.static_dir)
    return app
