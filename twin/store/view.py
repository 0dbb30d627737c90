"""Reading records: whose they are is decided in SQL, and all reads of one view belong to the same moment."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, RowMapping, Table, select, tuple_

from twin.errors import Invalid, NotFound
from twin.record import Id
from twin.store.codec import from_json
from twin.store.kinds import Kind
from twin.store.schema import RECORD_ELEMENT, SHARE

T = TypeVar("T")
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Stored(Generic[T]):
    """A record and what the store knows about it."""

    record: T
    version: int
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """What a filter by time asks: from ``start`` to ``end``, both included; None leaves that side open."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose records are looked at: rows outside are filtered in SQL and cannot be told from ones that do not exist."""

    projects: frozenset[Id] | None = None
    """None for all (the command line, the system itself)."""
    shared_with: Mapping[Id, Id] = field(default_factory=dict[Id, Id])
    """Projects in which only what is shared with an organisation is seen: project to organisation."""


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some records in order, and where the next ones begin."""

    items: tuple[Stored[T], ...]
    next: tuple[str, Id] | None
    """Give it as ``after`` for the next page; None at the end."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Reading in one transaction: everything that is read belongs to the same moment."""

    connection: Connection

    def get(self, kind: Kind[T], record: Id, scope: Scope = EVERYTHING) -> Stored[T]:
        """Return a record; :class:`NotFound` when there is none within the scope."""
        query = scoped(select(kind.table).where(kind.table.c.id == record), kind.table, scope)
        row = self.connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"there is no {kind.name.replace('_', ' ')} {record}")
        return _stored(row, kind)

    def find(self, kind: Kind[T], scope: Scope = EVERYTHING, **columns: Any) -> Stored[T] | None:
        """Return the oldest record with these values in its columns, None when there is none."""
        page = self.list(kind, scope, where=columns, limit=1)
        return page.items[0] if page.items else None

    def has(self, kind: Kind[Any], record: Id, scope: Scope = EVERYTHING) -> bool:
        """Say whether there is such a record within the scope, without reading it."""
        query = scoped(select(kind.table.c.id).where(kind.table.c.id == record), kind.table, scope)
        return self.connection.execute(query).first() is not None

    def highest(self, kind: Kind[T], column: str, **columns: Any) -> Stored[T] | None:
        """Return the record with the highest value in a column of those with these values in theirs."""
        table = kind.table
        query = select(table).where(*(table.c[name] == value for name, value in columns.items()))
        row = self.connection.execute(query.order_by(table.c[column].desc()).limit(1)).mappings().first()
        return None if row is None else _stored(row, kind)

    def list(
        self,
        kind: Kind[T],
        scope: Scope = EVERYTHING,
        *,
        where: Mapping[str, Any] | None = None,
        after: tuple[str, Id] | None = None,
        limit: int = MOST_AT_ONCE,
    ) -> Page[T]:
        """Return records in the order of their creation.

        Parameters
        ----------
        where
            Column to value, to a tuple of values of which one has to match, or to a :class:`Span`; ``global_id``
            finds what is about an element.
        after
            ``Page.next`` of the page before.
        """
        table = kind.table
        query = scoped(select(table), table, scope)
        for name, value in (where or {}).items():
            query = query.where(_matches(kind, name, value))
        if after is not None:
            query = query.where(tuple_(table.c.created_at, table.c.id) > (_moment(after[0]), after[1]))
        limit = max(1, min(limit, MOST_AT_ONCE))
        rows = self.connection.execute(query.order_by(table.c.created_at, table.c.id).limit(limit + 1)).mappings().all()
        more = (rows[limit - 1]["created_at"].isoformat(), rows[limit - 1]["id"]) if len(rows) > limit else None
        return Page(tuple(_stored(row, kind) for row in rows[:limit]), more)

    def shared_with(self, record: Id) -> tuple[Id, ...]:
        """Return the outside organisations that may see a record, sorted."""
        query = select(SHARE.c.organisation).where(SHARE.c.record == record).order_by(SHARE.c.organisation)
        return tuple(self.connection.execute(query).scalars())

    def all(self, kind: Kind[T], scope: Scope = EVERYTHING, **columns: Any) -> Generator[Stored[T]]:
        """Yield every record with these values in its columns, page by page."""
        after = None
        while True:
            page = self.list(kind, scope, where=columns, after=after)
            yield from page.items
            if page.next is None:
                return
            after = page.next


def scoped(query: Any, table: Table, scope: Scope) -> Any:
    """Return a query (select) narrowed to the rows within a scope."""
    return scoped_by(query, table.c.project, table.c.id, scope)


def scoped_by(query: Any, project_column: Any, record_column: Any, scope: Scope) -> Any:
    """Return a query narrowed by the columns that hold a row's project and the record that it is, or is about."""
    if scope.projects is None:
        return query
    whole = scope.projects - set(scope.shared_with)
    inside = project_column.in_(whole)
    for project, organisation in sorted(scope.shared_with.items()):
        shown = select(SHARE.c.record).where(SHARE.c.organisation == organisation)
        inside = inside | ((project_column == project) & record_column.in_(shown))
    return query.where(inside)


def _matches(kind: Kind[Any], name: str, value: Any) -> Any:
    """Return what a filter asks of a row."""
    table = kind.table
    if name in table.c and isinstance(value, Span):
        after = table.c[name] >= value.start if value.start is not None else table.c[name].is_not(None)
        return after & (table.c[name] <= value.end) if value.end is not None else after
    if name in table.c:
        return table.c[name].in_(value) if isinstance(value, tuple) else table.c[name] == value
    if name != "global_id":
        raise Invalid(f"{kind.name} cannot be filtered by {name!r}")
    named = RECORD_ELEMENT.c.global_id
    mine = named.in_(value) if isinstance(value, tuple) else named == value
    return table.c.id.in_(select(RECORD_ELEMENT.c.record).where(mine))


def _stored(row: RowMapping, kind: Kind[T]) -> Stored[T]:
    return Stored(from_json(row["body"], kind.type), row["version"], row["created_at"], row["changed_at"])


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("this is no place to go on from; leave it out to begin at the first page") from error
