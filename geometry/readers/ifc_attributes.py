"""Attributes that a class may lack in one schema or another: asked by name, without provoking an error first.

ifcopenshell answers a missing attribute by importing its rule engine, which takes longer than reading a small model.
"""

# pyright: reportUnknownMemberType=false

from typing import Any

from geometry.note import Note

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


def placement_chain(placement: Any) -> list[Any]:
    """Return a placement and those that it is relative to, innermost first.

    Raises
    ------
    ValueError
        If one of them depends on itself: kernels never return from such a placement.
    """
    chain: list[Any] = []
    seen: set[int] = set()
    while placement is not None:
        if placement.id() in seen:
            raise ValueError(cyclic(placement))
        seen.add(placement.id())
        chain.append(placement)
        placement = attribute(placement, "PlacementRelTo")
    return chain


def cyclic(placement: Any) -> Note:
    """Return what is said of a placement that depends on itself."""
    return Note("placement_cycle", "its placement #{number} is relative to itself", number=str(placement.id()))
