"""The viewer in the browser: its files, its addresses, and a page that stands in while it has not been built."""

import re
from hashlib import sha256
from html import escape
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth.pages import page, speaks_chinese
from api.etag import is_known, not_modified

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Our own table: the one of the machine may lack some, or say otherwise."""
_NOT_PAGES = frozenset({"api", "bcf", "foundation"})
_NAME = re.compile(r"[A-Za-z0-9_@~-][A-Za-z0-9._@~-]{0,127}")
"""What files of the viewer are called; nothing hidden, no way up, no other separator."""
_DEEPEST = 8
_WORKER = "sw.js"
_FOR_EVER = "public, max-age=31536000, immutable"
_NO_GZIP = re.compile(r"\s*gzip\s*;\s*q\s*=\s*0(\.0*)?\s*", re.IGNORECASE)


class ViewerFiles:
    """Answers what no route of the interface does: a file of the viewer, or its page for any address within it."""

    def __init__(self, folder: Path, otherwise: ASGIApp) -> None:
        """Serve a folder as it is at each request; ``otherwise`` answers what is not the viewer's."""
        self.folder = folder
        self.otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        parts = str(scope["path"]).lstrip("/").split("/")
        if scope["type"] != "http" or parts[0] in _NOT_PAGES:
            await self.otherwise(scope, receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        request = Request(scope)
        response = await run_in_threadpool(self._answer, request, parts)
        if is_known(request, response):
            response = _unchanged(response)
        elif request.method == "HEAD":
            response.body = b""  # Content-Length stays that of the GET
        await response(scope, receive, send)

    def _answer(self, request: Request, parts: list[str]) -> Response:
        if "." not in parts[-1]:
            home = self.folder / "index.html"
            if home.is_file():
                return _sent(request, home, "no-cache")
            if parts == [""]:
                return not_built(request)
        file = self._file(parts)
        if file is None:
            raise HTTPException(404, headers={"Cache-Control": "no-store"})
        response = _sent(request, file, _FOR_EVER if parts[0] == "assets" else "no-cache")
        if parts == [_WORKER]:
            response.headers["Service-Worker-Allowed"] = "/"
        return response

    def _file(self, parts: list[str]) -> Path | None:
        """Return the file of an address, if there is one and it lies in the folder, links followed."""
        if len(parts) > _DEEPEST or not all(map(_NAME.fullmatch, parts)) or parts[-1].endswith(".gz"):
            return None
        file = self.folder.joinpath(*parts)
        is_inside = file.resolve().is_relative_to(self.folder.resolve())
        return file if is_inside and file.is_file() else None


def add_viewer(app: FastAPI, folder: Path) -> None:
    """Let an application answer what its routes do not with the viewer in a folder, once that is built."""
    app.router.default = ViewerFiles(folder, app.router.default)


def not_built(request: Request) -> Response:
    """Return the page that says what runs here, and how to get the viewer."""
    if speaks_chinese(request):
        words = ("接口正在运行", "尚未构建浏览器界面。在源代码目录中运行以下命令即可构建：", "接口说明（OpenAPI）：")
        language = "zh"
    else:
        words = (
            "The interface runs",
            "The viewer for browsers has not been built here. In the folder with the sources, this builds it:",
            "What the interface offers (OpenAPI):",
        )
        language = "en"
    title, build, described = map(escape, words)
    link = '<a href="/api/v1/openapi.json">/api/v1/openapi.json</a>'
    parts = (f"<h1>qtems</h1><p>{title}.</p>", f"<p>{build}</p><pre>make viewer</pre>", f"<p>{described} {link}</p>")
    response = page("qtems", parts, language=language)
    response.headers["Vary"] = "Accept-Language"
    return response


def _sent(request: Request, file: Path, cache: str) -> Response:
    """Return a file, compressed when it was on building and the client takes that."""
    zipped = file.with_name(file.name + ".gz")
    headers = {"Cache-Control": cache, "Content-Type": _TYPES.get(file.suffix, "application/octet-stream")}
    if zipped.is_file():
        headers["Vary"] = "Accept-Encoding"
        if _takes_gzip(request):
            headers["Content-Encoding"] = "gzip"
            file = zipped
    content = file.read_bytes()
    headers["ETag"] = f'"{sha256(content).hexdigest()[:32]}"'
    return Response(content, headers=headers)


def _takes_gzip(request: Request) -> bool:
    accepted = request.headers.get("accept-encoding", "").split(",")
    names = {one.partition(";")[0].strip().lower() for one in accepted if not _NO_GZIP.fullmatch(one)}
    return "gzip" in names


def _unchanged(response: Response) -> Response:
    made = not_modified(response)
    if "vary" in response.headers:
        made.headers["Vary"] = response.headers["vary"]
    return made
