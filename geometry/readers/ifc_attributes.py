"""Attributes that a class may lack in one schema or another: asked by name, without provoking an error first.

ifcopenshell answers a missing attribute by importing its rule engine, which takes longer than reading a small model.
"""

# pyright: reportUnknownMemberType=false

from typing import Any

from geometry.note import Note

_STATED = 1
"""What ifcopenshell calls an attribute that stands in the file's line itself; others are inverse or derived."""
_PLACES: dict[str, dict[str, int]] = {}
"""``SCHEMA.Class`` -> attribute name -> its place in the line, -1 of others: a property of the schema."""


def _places(instance: Any) -> dict[str, int]:
    kind = str(instance.is_a(True))
    places = _PLACES.get(kind)
    if places is None:
        names = (*instance.get_inverse_attribute_names(), *instance.get_attribute_names())
        places = {
            name: int(instance.get_argument_index(name)) if instance.get_attribute_category(name) == _STATED else -1
            for name in names
        }
        _PLACES[kind] = places
    return places


def has_attribute(instance: Any, name: str) -> bool:
    """Return whether the class of an instance has an attribute, direct or inverse."""
    return name in _places(instance)


def attribute(instance: Any, name: str, default: Any = None) -> Any:
    """Return an attribute, or the default where the class has none of the name or the file gives no value."""
    place = _places(instance).get(name)
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
