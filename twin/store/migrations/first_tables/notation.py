"""How these tables are written down: one collection, and short words for what most of them repeat."""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

from twin.store.types import Document, UtcDateTime

TABLES = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
ID = String(32)
SEQ = BigInteger().with_variant(Integer, "sqlite")


def records(name: str, *more: SchemaItem) -> None:
    """Declare the table of one kind of record: what all have, and ``more`` to filter by."""
    Table(
        name,
        TABLES,
        Column("id", ID, primary_key=True),
        Column("project", ID),
        filled("version", Integer),
        filled("created_at", UtcDateTime),
        filled("changed_at", UtcDateTime),
        *more,
        filled("body", Document),
        Index(None, "project", "created_at", "id"),
    )


def texts(*names: str) -> list[Column[str]]:
    """Return columns of short text that may be empty, each with its index."""
    return [Column(name, String(200), index=True) for name in names]


def filled(
    name: str,
    kind: TypeEngine[Any] | type[TypeEngine[Any]],
    *more: SchemaItem,
    unique: bool | None = None,
    index: bool | None = None,
) -> Column[object]:
    """Return a column that is never null."""
    return Column(name, kind, *more, nullable=False, unique=unique, index=index)
