"""Which elements of an IFC model are meant to meet or to overlap, by what the model says."""

# pyright: basic

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from geometry.readers.ifc_container import model_file
from geometry.readers.ifc_library import import_ifcopenshell

Pair = tuple[str, str]


def read_meant_contacts(path: Path) -> Mapping[Pair, str]:
    """Return pairs of GlobalIds (in order) with the IFC relation that says that they are meant to meet.

    Connections (``IfcRelConnectsElements`` and its kinds, ports), fillings with what they sit in, parts of one
    aggregate with each other and with their whole, nested elements, coverings with what they cover, declared
    interferences. An .ifcxml model gives none.
    """
    if path.suffix.lower() == ".ifcxml":
        return {}
    library = import_ifcopenshell()
    with model_file(path) as plain:
        model = library.open(str(plain))
        found = dict[Pair, str]()
        for name, pairs in _RELATIONS.items():
            for relation in _by_type(model, name):
                for first, second in pairs(relation):
                    if first != second:
                        found.setdefault((min(first, second), max(first, second)), relation.is_a())
    return dict(sorted(found.items()))


def _by_type(model: Any, name: str) -> list[Any]:
    try:
        return list(model.by_type(name))
    except RuntimeError:  # the schema has no such class
        return []


def _connected(relation: Any) -> Iterator[Pair]:
    yield from _pair(relation.RelatingElement, relation.RelatedElement)


def _realized(relation: Any) -> Iterator[Pair]:
    for one in relation.RealizingElements or ():
        yield from _pair(one, relation.RelatingElement)
        yield from _pair(one, relation.RelatedElement)


def _interfering(relation: Any) -> Iterator[Pair]:
    if relation.ImpliedOrder is not None:
        yield from _pair(relation.RelatingElement, relation.RelatedElement)


def _filled(relation: Any) -> Iterator[Pair]:
    """Yield the filling with the element that its opening voids."""
    for void in getattr(relation.RelatingOpeningElement, "VoidsElements", ()):
        yield from _pair(relation.RelatedBuildingElement, void.RelatingBuildingElement)


def _aggregated(relation: Any) -> Iterator[Pair]:
    parts = [part for part in relation.RelatedObjects if part.is_a("IfcElement")]
    if relation.RelatingObject.is_a("IfcElement"):
        for part in parts:
            yield from _pair(relation.RelatingObject, part)
        for first, second in combinations(parts, 2):
            yield from _pair(first, second)


def _covering(relation: Any) -> Iterator[Pair]:
    for covering in relation.RelatedCoverings:
        yield from _pair(relation.RelatingBuildingElement, covering)


def _ports(relation: Any) -> Iterator[Pair]:
    owners = [_owner(relation.RelatingPort), _owner(relation.RelatedPort)]
    if all(owners):
        yield from _pair(*owners)


def _owner(port: Any) -> Any:
    for relation in getattr(port, "Nests", ()) or ():
        return relation.RelatingObject
    for relation in getattr(port, "ContainedIn", ()) or ():
        return relation.RelatedElement
    return None


def _pair(first: Any, second: Any) -> Iterator[Pair]:
    if first is not None and second is not None:
        yield first.GlobalId, second.GlobalId


_RELATIONS = {
    "IfcRelConnectsElements": _connected,
    "IfcRelConnectsWithRealizingElements": _realized,
    "IfcRelInterferesElements": _interfering,
    "IfcRelFillsElement": _filled,
    "IfcRelAggregates": _aggregated,
    "IfcRelNests": _aggregated,
    "IfcRelCoversBldgElements": _covering,
    "IfcRelConnectsPorts": _ports,
}
