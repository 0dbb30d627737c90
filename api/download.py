"""Giving kept files out: by their hash, whole and checked, or a range of them (RFC 9110, 14)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from api.etag import is_known
from api.problem import ProblemError, ProblemKind
from twin.store.blobs import BlobStore

BYTES = "application/octet-stream"
STATUSES = (206, 304, 416)
"""What a download answers with besides 200; for the documentation."""
NO_RANGE = ProblemKind("range", 416, "The file has no such part")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_SHOWN = ("text/html", "application/pdf", "application/json")
"""What browsers show rather than save."""
_ZIPPED_ON_THE_WAY = ("text/html", "application/json")
_REPORT_POLICY = (
    "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data:"
)
"""A report holds its own scripts and pictures; in a sandbox it reaches neither cookies nor the API."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file as it is given out."""

    sha256: str
    name: str
    media_type: str = BYTES


def download(request: Request, blobs: BlobStore, file: KeptFile) -> Response:
    """Return the answer that gives a file out.

    The whole is held against its hash on the way: one that is damaged breaks off before its end. A range cannot be
    checked so; whoever puts ranges together checks the whole against the ETag, which is the SHA-256.

    Raises
    ------
    NotFound
        If the file is gone.
    ProblemError
        If the range asked for begins behind the file's end.
    """
    size = blobs.size(file.sha256)
    headers = {
        "ETag": f'"{file.sha256}"',
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "Content-Disposition": _disposition(file),
    }
    if file.media_type == "text/html":
        headers["Content-Security-Policy"] = _REPORT_POLICY
    wanted = _range(request, file, size)
    if wanted is None or is_known(request, Response(headers=headers)):
        headers["Content-Length"] = str(size)
        return _stream(blobs.read(file.sha256), 200, headers, file)
    start, end = wanted
    headers |= {"Content-Range": f"bytes {start}-{end - 1}/{size}", "Content-Length": str(end - start)}
    return _stream(blobs.read_range(file.sha256, start, end - start), 206, headers, file)


def _stream(pieces: Iterator[bytes], status: int, headers: dict[str, str], file: KeptFile) -> Response:
    return StreamingResponse(pieces, status, headers, file.media_type)


def _range(request: Request, file: KeptFile, size: int) -> tuple[int, int] | None:
    """Return begin and end of the one range that is asked for; None where the whole is given.

    What is compressed on the way has no bytes to count; several ranges at once are not served. Both may be ignored.
    """
    asked = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    condition = request.headers.get("if-range", "")
    zipped = file.media_type in _ZIPPED_ON_THE_WAY and "gzip" in request.headers.get("accept-encoding", "")
    if not asked or zipped or condition not in ("", f'"{file.sha256}"'):
        return None
    first, last = asked[1], asked[2]
    if not first and not last:
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < int(first):
        return None
    if start >= size:
        raise ProblemError(NO_RANGE, f"the file has {size} bytes", {"Content-Range": f"bytes */{size}"})
    return start, end


def _disposition(file: KeptFile) -> str:
    """Return how to save the file, with its name as ASCII and as it is (RFC 6266)."""
    plain = re.sub(r'[^ !#-\[\]-~]|["%/\\]', "_", file.name)
    how = "inline" if file.media_type in _SHOWN else "attachment"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
