"""Attributes by name, without ifcopenshell's own way to them, which is slow twice over.

It looks a name up anew for every instance, which takes four times as long as the value, and answers a missing attribute
by importing its rule engine, which takes longer than reading a small model. What is asked of every product, property or
point is asked here; a class may lack the attribute in one schema or another.
"""

# pyright: reportUnknownMemberType=false

from typing import Any

from geometry.note import Note

_STATED = 1
"""What ifcopenshell calls an attribute that stands in the file's line itself; others are inverse or derived."""
_PLACES: dict[str, dict[str, int]] = {}
"""``SCHEMA.Class`` -> attribute name -> its place in the line, -1 of others: a property of the schema."""


def _places(instance: Any, kind: str) -> dict[str, int]:
    names = (*instance.get_inverse_attribute_names(), *instance.get_attribute_names())
    places = {
        name: int(instance.get_argument_index(name)) if instance.get_attribute_category(name) == _STATED else -1
        for name in names
    }
    _PLACES[kind] = places
    return places


def has_attribute(instance: Any, name: str) -> bool:
    """Return whether the class of an instance has an attribute, direct or inverse."""
    kind = instance.is_a(True)
    return name in (_PLACES.get(kind) or _places(instance, kind))


def attribute(instance: Any, name: str, default: Any = None) -> Any:
    """Return an attribute, or the default where the class has none of the name or the file gives no value."""
    kind = instance.is_a(True)
    place = (_PLACES.get(kind) or _places(instance, kind)).get(name)
    if place is None:
        return default
    value = getattr(instance, name) if place < 0 else instance.get_argument(place)
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
