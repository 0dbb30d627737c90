"""Large answers that are asked for again and again: packed once, and given out so as long as nothing has changed."""

import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock

from fastapi import Request, Response
from pydantic import BaseModel

from api.etag import ASK_AGAIN
from twin.record import Id
from twin.store.trail import head
from twin.store.view import Scope, View

MOST_BYTES = 32 << 20
"""Of all that is kept packed; what was asked for longest ago makes room."""


@dataclass(frozen=True, slots=True)
class Packed:
    """An answer as JSON in gzip, and its weak ETag: the same content travels plain and compressed (RFC 9110, 8.8.1)."""

    content: bytes
    etag: str


@dataclass(slots=True, eq=False)
class PackedAnswers:
    """Packed answers by what they answer; mutable, one per server."""

    _kept: OrderedDict[Hashable, Packed] = field(default_factory=OrderedDict[Hashable, Packed])
    _size: int = 0
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: Hashable, make: Callable[[], BaseModel]) -> Packed:
        """Return what is kept under a key, or what is made now and kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        plain = make().model_dump_json().encode()
        made = Packed(gzip.compress(plain, 5, mtime=0), f'W/"{sha256(plain).hexdigest()}"')
        with self._lock:
            before = self._kept.pop(key, None)
            self._kept[key] = made
            self._size += len(made.content) - (len(before.content) if before else 0)
            while self._size > MOST_BYTES:
                _, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest.content)
        return made


def as_of(view: View, project: Id, rows: Scope) -> Hashable:
    """Return what is another one as soon as anything of a project changes, or somebody else may see other parts of it.

    Every change of a project appends to its trail in the same transaction: the trail's head tells whether one came.
    """
    return project, head(view.connection, project), rows.projects, tuple(sorted(rows.shared_with.items()))


def send(request: Request, packed: Packed) -> Response:
    """Return the answer as the client can read it."""
    headers = {"ETag": packed.etag, "Cache-Control": ASK_AGAIN, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(packed.content), headers=headers, media_type="application/json")
    headers["Content-Encoding"] = "gzip"
    return Response(packed.content, headers=headers, media_type="application/json")
