"""Which records there are, where each is kept, and what of it stands in columns to filter and sort by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of record."""

    name: str
    """As in the audit trail and in addresses: ``ncr``."""
    type: type[T]
    table: Table
    columns: Callable[[T], Mapping[str, Any]]
    """The values of the table's own columns for a record."""
    project: Callable[[T], str | None]
    """The project that a record belongs to; None for what stands above projects."""
    elements: Callable[[T], tuple[str, ...]] = lambda _: ()
    """GlobalIds of what the record is about: it is found by them."""


def attributes(*names: str) -> Callable[[Any], Mapping[str, Any]]:
    """Return a function that takes these attributes of a record for the columns of the same names."""

    def columns(record: Any) -> Mapping[str, Any]:
        return {name: _column(getattr(record, name)) for name in names}

    return columns


def _column(value: Any) -> Any:
    """Return an enumeration's text, and everything else as it is."""
    return str(value) if isinstance(value, str) else value
