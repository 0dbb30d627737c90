"""What an IFC file says about the model as a whole: storeys and the map conversion, with what contradicts itself."""

# pyright: reportUnknownMemberType=false

from collections import Counter
from typing import Any

from geometry.design import MapConversion
from geometry.note import Note
from geometry.readers.ifc_attributes import attribute, placement_chain
from geometry.readers.ifc_units import IfcUnits, si_scale


def storeys_of(model: Any, unit_m: float) -> dict[int, tuple[str, float]]:
    """Return instance number -> (unique name, elevation in metres) of the storeys, lowest first.

    A storey that depends on its own placement is nowhere, and left out.
    """
    heights = {
        storey: height
        for storey in model.by_type("IfcBuildingStorey")
        if (height := _elevation(storey, unit_m)) is not None
    }
    storeys = sorted(heights, key=lambda storey: (heights[storey], storey.id()))
    repeats = Counter(_name(storey) for storey in storeys)
    names: dict[int, tuple[str, float]] = {}
    taken: set[str] = set()
    for storey in storeys:
        name = _name(storey)
        if repeats[name] > 1:
            parents = [relation.RelatingObject for relation in attribute(storey, "Decomposes", ())]
            name = f"{name} ({_name(parents[0])})" if parents else name
        base, number = name, 2
        while name in taken:
            name, number = f"{base} #{number}", number + 1
        taken.add(name)
        names[storey.id()] = (name, heights[storey])
    return names


def map_conversion_of(model: Any, units: IfcUnits) -> tuple[MapConversion | None, list[str]]:
    """Return the map conversion with lengths in metres, and what to know about it.

    In IFC2X3 the property set ``ePSet_MapConversion`` of a site or project stands in for it.
    """
    if model.schema != "IFC2X3":
        for conversion in model.by_type("IfcMapConversion"):
            return _conversion(conversion, units)
        return None, []
    for owner in (*model.by_type("IfcSite"), *model.by_type("IfcProject")):
        values = _property_set(owner, "epset_mapconversion")
        if {"eastings", "northings"} <= values.keys():
            name = _property_set(owner, "epset_projectedcrs").get("name", "")
            numbers = {key: float(value) for key, value in values.items() if not isinstance(value, str)}
            return _from_numbers(str(name), numbers, units.length_m), []
    return None, []


def _conversion(conversion: Any, units: IfcUnits) -> tuple[MapConversion, list[str]]:
    crs = conversion.TargetCRS
    map_unit = attribute(crs, "MapUnit")
    map_unit_m = si_scale(map_unit) if map_unit is not None else units.length_m
    numbers = {
        name.lower(): float(value)
        for name in ("Eastings", "Northings", "OrthogonalHeight", "XAxisAbscissa", "XAxisOrdinate", "Scale")
        if (value := attribute(conversion, name)) is not None
    }
    notes: list[str] = []
    scale, expected = numbers.get("scale", 1.0), units.length_m / map_unit_m
    if abs(scale / expected - 1.0) > 0.01:
        omitted = Note("scale_omitted", "omitted, that is 1,")
        notes.append(
            Note(
                "map_scale",
                "IfcMapConversion.Scale is {said} although the project's unit is {unit} m and the map's {map} m, for "
                "which it should be {expected}: map coordinates from this file cannot be trusted.",
                said=f"{scale:g}" if "scale" in numbers else omitted,
                unit=f"{units.length_m:g}",
                map=f"{map_unit_m:g}",
                expected=f"{expected:g}",
            )
        )
    return _from_numbers(crs.Name or "", numbers, map_unit_m), notes


def _from_numbers(crs: str, numbers: dict[str, float], map_unit_m: float) -> MapConversion:
    return MapConversion(
        crs=crs,
        eastings=numbers["eastings"] * map_unit_m,
        northings=numbers["northings"] * map_unit_m,
        orthogonal_height=numbers.get("orthogonalheight", 0.0) * map_unit_m,
        x_axis_abscissa=numbers.get("xaxisabscissa", 1.0),
        x_axis_ordinate=numbers.get("xaxisordinate", 0.0),
        scale=numbers.get("scale", 1.0),
    )


def _property_set(owner: Any, name: str) -> dict[str, Any]:
    for relation in attribute(owner, "IsDefinedBy", ()):
        definition = attribute(relation, "RelatingPropertyDefinition")
        if definition is not None and definition.is_a("IfcPropertySet") and (definition.Name or "").lower() == name:
            singles = [single for single in definition.HasProperties if single.is_a("IfcPropertySingleValue")]
            return {s.Name.lower(): s.NominalValue.wrappedValue for s in singles if s.NominalValue is not None}
    return {}


def _elevation(storey: Any, unit_m: float) -> float | None:
    if storey.Elevation is not None:
        return float(storey.Elevation) * unit_m
    try:
        chain = placement_chain(storey.ObjectPlacement)
    except ValueError:
        return None
    height = 0.0
    for placement in chain:
        if not placement.is_a("IfcLocalPlacement"):
            break
        coordinates = placement.RelativePlacement.Location.Coordinates
        height += float(coordinates[2]) if len(coordinates) > 2 else 0.0
    return height * unit_m


def _name(instance: Any) -> str:
    return instance.Name or attribute(instance, "LongName", "") or f"#{instance.id()}"
