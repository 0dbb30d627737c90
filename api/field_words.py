"""What is wrong with a field, in plain words: what validation says of itself speaks of tuples and inputs."""

from collections.abc import Mapping
from typing import Any

_PLAIN = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "json_invalid": "is no JSON",
    "timezone_aware": "needs its time zone: 2026-11-20T14:30:00+08:00, or Z at the end for UTC",
    "finite_number": "is a number, neither infinite nor NaN",
    "int_from_float": "is a whole number",
    "none_required": "is null here",
}
_KINDS = {
    "string": "text in quotation marks",
    "bytes": "text in quotation marks",
    "int": "a whole number",
    "float": "a number",
    "decimal": 'a number as text, such as "12.5"',
    "bool": "true or false",
    "datetime": "a time with its zone, such as 2026-11-20T14:30:00+08:00",
    "date": "a day, such as 2026-11-20",
    "list": "a list: [...]",
    "tuple": "a list: [...]",
    "set": "a list: [...]",
    "frozen_set": "a list: [...]",
    "dict": "an object: {...}",
    "mapping": "an object: {...}",
    "model": "an object: {...}",
    "model_attributes": "an object: {...}",
    "dataclass": "an object: {...}",
    "is_instance_of": "something else",
}
_ENDINGS = (
    "_from_date_parsing", "_from_datetime_inexact", "_from_datetime_parsing", "_parsing_size", "_parsing", "_type",
)  # fmt: skip
_LIMITS = {
    "greater_than": ("gt", "is more than"),
    "greater_than_equal": ("ge", "is at least"),
    "less_than": ("lt", "is less than"),
    "less_than_equal": ("le", "is at most"),
    "multiple_of": ("multiple_of", "is a multiple of"),
}


def in_words(one: Mapping[str, Any]) -> str:
    """Return what is wrong with a field from what pydantic says of it; what was sent is not repeated.

    Examples
    --------
    >>> in_words({"type": "too_short", "ctx": {"min_length": 1, "actual_length": 0}, "msg": ""})
    'needs at least 1 entry, not 0'
    >>> in_words({"type": "tuple_type", "msg": ""})
    'is a list: [...]'
    """
    kind, said = str(one["type"]), one.get("ctx") or {}
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"{words} {said.get(name)}"
    if kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        return _length(kind, said)
    if kind in ("enum", "literal_error"):
        return f"is one of {said.get('expected')}"
    if kind == "value_error" and "error" in said:
        return str(said["error"])
    stem = next((kind.removesuffix(end) for end in _ENDINGS if kind.endswith(end)), kind)
    return f"is {_KINDS[stem]}" if stem in _KINDS else str(one["msg"])


def _length(kind: str, said: Mapping[str, Any]) -> str:
    counted = "character" if kind.startswith("string") else "entry"
    many = "characters" if counted == "character" else "entries"
    limit = said.get("min_length") if kind.endswith("short") else said.get("max_length")
    words = f"needs at least {limit}" if kind.endswith("short") else f"has at most {limit}"
    actual = f", not {said['actual_length']}" if isinstance(said.get("actual_length"), int) else ""
    return f"{words} {counted if limit == 1 else many}{actual}"
