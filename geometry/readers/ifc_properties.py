"""What an IFC file says about an element beside its shape: place, type, materials, properties and quantities."""

# pyright: reportUnknownMemberType=false

from collections.abc import Iterable, Iterator
from typing import Any

from geometry.readers.ifc_attributes import attribute
from geometry.readers.ifc_units import IfcUnits, si_scale

_QUANTITIES = (
    ("IfcQuantityLength", "LengthValue", "LENGTHUNIT"),
    ("IfcQuantityArea", "AreaValue", "AREAUNIT"),
    ("IfcQuantityVolume", "VolumeValue", "VOLUMEUNIT"),
    ("IfcQuantityWeight", "WeightValue", "MASSUNIT"),
    ("IfcQuantityTime", "TimeValue", "TIMEUNIT"),
    ("IfcQuantityCount", "CountValue", ""),
)
Values = dict[str, str | float | bool | list[str | float | bool]]


def type_of(instance: Any) -> Any | None:
    """Return the type object of an element."""
    for relation in (*attribute(instance, "IsTypedBy", ()), *attribute(instance, "IsDefinedBy", ())):
        if relation.is_a("IfcRelDefinesByType"):
            return attribute(relation, "RelatingType")
    return None


def predefined_type_of(instance: Any, kind: Any | None) -> str:
    """Return the predefined type of an element, of a user-defined one what it is called; empty where nothing is said.

    What its type object ``kind`` says goes before what it says itself (IFC4 ADD2 TC1, PredefinedType of the element
    classes).
    """
    for owner, own_word in ((kind, "ElementType"), (instance, "ObjectType")):
        said = "" if owner is None else str(attribute(owner, "PredefinedType", ""))
        if said == "USERDEFINED":
            return str(attribute(owner, own_word, "")).strip() or said
        if said not in ("", "NOTDEFINED"):
            return said
    return ""


def definitions_of(instance: Any, kind: Any | None) -> list[Any]:
    """Return the property and quantity sets of an element, then those of its type."""
    definitions: list[Any] = []
    for relation in attribute(instance, "IsDefinedBy", ()):
        if relation.is_a("IfcRelDefinesByProperties"):
            definition = attribute(relation, "RelatingPropertyDefinition")
            definitions += definition.wrappedValue if definition.is_a("IfcPropertySetDefinitionSet") else (definition,)
    if kind is not None:
        definitions += attribute(kind, "HasPropertySets", ())
    return definitions


def properties_of(definitions: Iterable[Any], known: dict[int, Values] | None = None) -> Values:
    """Return ``"Pset.Property" -> value`` in the file's units; what an earlier set says goes before a later one's.

    ``known`` holds by instance number the sets of this file that were read before: many elements share one.
    """
    known = {} if known is None else known
    values: Values = {}
    for definition in definitions:
        if definition.is_a("IfcPropertySet"):
            if (id_ := definition.id()) not in known:
                known[id_] = {}
                for single in definition.HasProperties:
                    _add_property(known[id_], definition.Name or "?", single)
            for key, value in known[id_].items():
                values.setdefault(key, value)
    return values


def quantities_of(definitions: Iterable[Any], units: IfcUnits) -> dict[str, float]:
    """Return ``"Qto.Quantity" -> value`` in SI units."""
    values: dict[str, float] = {}
    for definition in definitions:
        if definition.is_a("IfcElementQuantity"):
            for quantity in definition.Quantities:
                _add_quantity(values, definition.Name or "?", quantity, units)
    return values


def fillings_of(opening: Any) -> list[str]:
    """Return the GlobalIds of the doors and windows that sit in an opening."""
    fillings = [relation.RelatedBuildingElement for relation in attribute(opening, "HasFillings", ())]
    return sorted(filling.GlobalId or "" for filling in fillings if filling is not None)


def materials_of(instance: Any, kind: Any | None) -> tuple[str, ...]:
    """Return the names of an element's materials: of its layers, profiles or constituents, or its type's."""
    for owner in (instance, kind):
        if owner is None:
            continue
        names: dict[str, None] = {}
        for relation in attribute(owner, "HasAssociations", ()):
            if relation.is_a("IfcRelAssociatesMaterial"):
                names.update(dict.fromkeys(_material_names(relation.RelatingMaterial)))
        if names:
            return tuple(names)
    return ()


def container_of(instance: Any) -> Any | None:
    """Return the storey an element is in, or the nearest spatial element, also through what it is part of or fills."""
    nearest: Any | None = None
    seen: set[int] = set()
    while instance is not None and instance.id() not in seen:
        seen.add(instance.id())
        if instance.is_a("IfcBuildingStorey"):
            return instance
        if nearest is None and instance.is_a("IfcSpatialStructureElement") and not instance.is_a("IfcSpace"):
            nearest = instance
        instance = _host(instance)
    return nearest


def _host(instance: Any) -> Any | None:
    """Return what contains, aggregates, nests or is filled or voided by an instance, whichever comes first."""
    for relation_name, host_name in (
        ("ContainedInStructure", "RelatingStructure"),
        ("Decomposes", "RelatingObject"),
        ("Nests", "RelatingObject"),
        ("FillsVoids", "RelatingOpeningElement"),
        ("VoidsElements", "RelatingBuildingElement"),
    ):
        for relation in attribute(instance, relation_name, ()):
            return getattr(relation, host_name)
    return None


def _add_property(values: Values, prefix: str, single: Any) -> None:
    key, kind = f"{prefix}.{attribute(single, 'Name')}", single.is_a()
    if kind == "IfcComplexProperty":
        for part in single.HasProperties:
            _add_property(values, key, part)
        return
    found: Any = None
    if kind == "IfcPropertySingleValue":
        found = _plain(attribute(single, "NominalValue"))
    elif kind == "IfcPropertyEnumeratedValue":
        found = [_plain(value) for value in single.EnumerationValues or ()]
    elif kind == "IfcPropertyListValue":
        found = [_plain(value) for value in single.ListValues or ()]
    elif kind == "IfcPropertyBoundedValue":
        bounds = (single.LowerBoundValue, single.UpperBoundValue)
        found = [_plain(value) for value in bounds if value is not None]
    if found is not None and found != []:
        values.setdefault(key, found)


def _plain(value: Any) -> Any:
    inner = None if value is None else attribute(value, "wrappedValue")
    return inner if inner is None or isinstance(inner, str | int | float | bool) else str(inner)


def _add_quantity(values: dict[str, float], prefix: str, quantity: Any, units: IfcUnits) -> None:
    key = f"{prefix}.{attribute(quantity, 'Name')}"
    if quantity.is_a("IfcPhysicalComplexQuantity"):
        for part in quantity.HasQuantities:
            _add_quantity(values, key, part, units)
        return
    for kind, value_name, unit_type in _QUANTITIES:
        if quantity.is_a(kind):
            own = attribute(quantity, "Unit")
            scale = si_scale(own) if own is not None else units.scale(unit_type)
            values.setdefault(key, float(attribute(quantity, value_name)) * scale)
            return


def _material_names(material: Any) -> Iterator[str]:
    if material is None:
        return
    if material.is_a("IfcMaterialLayerSetUsage"):
        yield from _material_names(material.ForLayerSet)
    elif material.is_a("IfcMaterialProfileSetUsage"):
        yield from _material_names(material.ForProfileSet)
    for part_name in ("MaterialLayers", "MaterialProfiles", "MaterialConstituents", "Materials"):
        for part in attribute(material, part_name, ()):
            yield from _material_names(part)
    inner = attribute(material, "Material")
    if inner is not None and not isinstance(inner, str):
        yield from _material_names(inner)
    elif material.is_a("IfcMaterial"):
        yield material.Name or "?"
