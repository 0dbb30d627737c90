"""Attributes that a class may lack in one schema or another: asked by name, without provoking an error first.

ifcopenshell answers a missing attribute by importing its rule engine, which takes longer than reading a small model.
"""

# pyright: reportUnknownMemberType=false

from typing import Any

_NAMES: dict[str, frozenset[str]] = {}
"""``SCHEMA.Class`` -> attribute names: a property of the schema, the same for every file."""


def has_attribute(instance: Any, name: str) -> bool:
    """Return whether the class of an instance has an attribute, direct or inverse."""
    kind = str(instance.is_a(True))
    names = _NAMES.get(kind)
    if names is None:
        names = frozenset(instance.get_attribute_names()) | frozenset(instance.get_inverse_attribute_names())
        _NAMES[kind] = names
    return name in names


def attribute(instance: Any, name: str, default: Any = None) -> Any:
    """Return an attribute, or the default where the class has none of the name or the file gives no value."""
    if not has_attribute(instance, name):
        return default
    value = getattr(instance, name)
    return default if value is None else value
