"""Lists, page by page: one envelope, a signed cursor, filters that are declared."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac
from typing import Annotated, Any, ClassVar, Generic, TypeAlias, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.problem import BAD_REQUEST, ProblemError
from twin.store.kinds import Kind
from twin.store.view import Page, Scope, Stored, View

T = TypeVar("T")
Out = TypeVar("Out", bound=BaseModel)
_MAC_BYTES = 16


class Listed(BaseModel, Generic[Out]):
    """Some items in a fixed order, and where the next ones begin."""

    items: list[Out]
    next: str | None = Field(
        default=None, description="Give it as `cursor` for the next page; null at the end", examples=[None]
    )


class PageQuery(BaseModel):
    """What every list takes; lists add their filters, and what is not declared is refused."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="How many at most", examples=[50])
    cursor: str | None = Field(
        default=None, max_length=500, description="`next` of the page before, with the same filters"
    )

    beside: ClassVar[frozenset[str]] = frozenset()
    """Filters that are no column's value: the list turns them into ``where`` itself."""

    def filters(self) -> dict[str, Any]:
        """Return the filters that were given: column to value."""
        return self.model_dump(exclude={"limit", "cursor"}, exclude_none=True, mode="json")


Asked = TypeVar("Asked", bound=PageQuery)
Filtered: TypeAlias = Annotated[Asked, Query()]
"""The query of a list: ``Filtered[UserQuery]``."""


@dataclass(frozen=True, slots=True)
class Pager:
    """Reads the page that a request asks for, and tells where the next begins."""

    request: Request
    response: Response
    key: bytes

    def records(
        self, view: View, kind: Kind[T], query: PageQuery, scope: Scope, show: Callable[[Stored[T]], Out],
        *, where: Mapping[str, Any] | None = None,
    ) -> Listed[Out]:  # fmt: skip
        """Return a page of records within a scope, as they are sent."""
        page = self.page(view, kind, query, scope, where=where)
        return self.listed(query, page, [show(stored) for stored in page.items])

    def page(
        self, view: View, kind: Kind[T], query: PageQuery, scope: Scope, *, where: Mapping[str, Any] | None = None
    ) -> Page[T]:
        """Return a page of records within a scope.

        Parameters
        ----------
        where
            Columns and their values, beyond what the query filters by.
        """
        position = self.position(query)
        after = (str(position[0]), str(position[1])) if position else None
        asked = {name: value for name, value in query.filters().items() if name not in query.beside}
        return view.list(kind, scope, where={**asked, **(where or {})}, after=after, limit=query.limit)

    def listed(self, query: PageQuery, page: Page[T], items: list[Out]) -> Listed[Out]:
        """Return what is sent for a page."""
        return Listed[Out](items=items, next=self.point(query, page.next))

    def position(self, query: PageQuery) -> list[str | int] | None:
        """Return where the page begins, None for the first; a cursor that is not ours is refused."""
        if query.cursor is None:
            return None
        try:
            raw = urlsafe_b64decode(query.cursor.encode("ascii") + b"=" * (-len(query.cursor) % 4))
        except ValueError:
            raw = b""
        mac, text = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not compare_digest(mac, self._mac(query, text)):
            raise ProblemError(
                BAD_REQUEST, "this cursor is of another list or other filters; leave it out to begin anew"
            )
        position: list[str | int] = json.loads(text)
        return position

    def point(self, query: PageQuery, position: tuple[str | int, ...] | None) -> str | None:
        """Return the cursor of the next page and name its address in the Link header; None at the end."""
        if position is None:
            return None
        text = json.dumps(position).encode()
        cursor = urlsafe_b64encode(self._mac(query, text) + text).decode().rstrip("=")
        url = self.request.url.include_query_params(cursor=cursor)
        self.response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
        return cursor

    def _mac(self, query: PageQuery, text: bytes) -> bytes:
        """Bind a position to its list and filters."""
        bound = json.dumps([self.request.url.path, query.filters()], sort_keys=True).encode()
        return hmac(self.key, b"cursor" + sha256(bound).digest() + text, sha256).digest()[:_MAC_BYTES]
