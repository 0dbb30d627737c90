"""Records to JSON without floats and back, exactly: decimals and times are text, tuples are lists."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from cattrs import Converter
from cattrs.errors import BaseValidationError

from twin.errors import Invalid
from twin.record import Json, refuse_floats, timestamp

T = TypeVar("T")


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda value, _: Decimal(value))
    converter.register_unstructure_hook(datetime, timestamp)
    converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
    converter.register_unstructure_hook(date, lambda value: value.isoformat())
    converter.register_structure_hook(date, lambda value, _: date.fromisoformat(value))
    return converter


_CONVERTER = _converter()


def to_json(record: object) -> dict[str, Json]:
    """Return a record (a frozen dataclass) as JSON; equal records give equal JSON.

    Raises
    ------
    Invalid
        If a float is anywhere in it.
    """
    body: dict[str, Json] = _plain(_CONVERTER.unstructure(record))
    refuse_floats(body)
    return body


def _plain(value: Any) -> Any:
    """Return tuples and mappings as JSON's lists and objects."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, (list, tuple, frozenset, set)):
        parts = [_plain(v) for v in value]  # pyright: ignore[reportUnknownVariableType]
        return sorted(parts) if isinstance(value, (set, frozenset)) else parts
    return value


def from_json(body: Mapping[str, Any], kind: type[T]) -> T:
    """Return the record that :func:`to_json` wrote.

    Raises
    ------
    Invalid
        If the body is not one of ``kind``: a field is missing, unknown or of another type.
    """
    try:
        return _CONVERTER.structure(body, kind)
    except (BaseValidationError, ValueError, TypeError, KeyError) as error:
        raise Invalid(f"this is no {kind.__name__}: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return f"{type(error).__name__} {error}".splitlines()[0]
