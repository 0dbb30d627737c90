# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false
"""Writes a sample model as IFC4 in millimetres: the same bytes every time, on every machine."""

import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from samples.joints import assemble, connect
from samples.model_plan import ModelPlan
from samples.part import STOREYS, X_AXES, Y_AXES, Opening, Part
from samples.plan import whole_building
from samples.shapes import body_of
from samples.tasks import ACTIVITIES, START, schedule

NAMESPACE = uuid.UUID("0f9c2f4e-35f4-5a0b-8f0e-3d1f6a0c7b21")
STAMP = "2025-01-06T08:00:00"
MM = 1000.0
CATEGORY = {"Concrete C30/37": "concrete", "Masonry": "block", "Steel S235": "steel", "Gypsum board": "gypsum"}


def write_building(path: Path, parts: Iterable[Part] | None = None) -> None:
    """Write the sample building (or the given parts of it) as an IFC4 file."""
    write_model(path, building_plan(tuple(parts) if parts is not None else whole_building()))


def building_plan(parts: tuple[Part, ...]) -> ModelPlan:
    """Return the sample building's plan with the given parts of it."""
    long_name = "Two-storey sample building of the quality system"
    return ModelPlan("Sample building", long_name, parts, STOREYS, X_AXES, Y_AXES, ACTIVITIES, START)


def write_model(path: Path, plan: ModelPlan) -> None:
    """Write a sample model as an IFC4 file."""
    model = ifc_model(plan)
    model.header.file_name.name = path.name
    _put_in_order(model)
    model.write(str(path))


def global_id(key: str) -> str:
    """Return the GlobalId that belongs to a name: the same name always gives the same one.

    Examples
    --------
    >>> global_id("IfcColumn/Column A1 ground") == global_id("IfcColumn/Column A1 ground")
    True
    """
    import ifcopenshell.guid

    return ifcopenshell.guid.compress(uuid.uuid5(NAMESPACE, key).hex)


def part_id(part: Part) -> str:
    """Return the GlobalId of a part."""
    return global_id(f"{part.ifc_class}/{part.name}")


def ifc_model(plan: ModelPlan):
    """Return a plan as an ifcopenshell file, complete: spatial structure, types, materials, quantities, schedule."""
    import ifcopenshell.api.project

    model, parts = ifcopenshell.api.project.create_file("IFC4"), plan.parts
    body, axis = _project(model, plan)
    storeys = _spatial_structure(model, plan)
    _grid(model, axis, next(iter(storeys.values())), plan)
    products = {part.name: _product(model, body, part, storeys[part.storey]) for part in parts}
    _openings(model, body, parts, products)
    _types(model, parts, products)
    _materials(model, parts, products)
    _properties(model, parts, products)
    _systems(model, parts, products)
    assemble(model, plan, products, storeys)
    connect(model, plan, products)
    schedule(model, plan, products)
    _settle(model)
    return model


def _put_in_order(model: Any) -> None:
    """Put the members of every set in the order of their numbers: else it is that of addresses in memory."""
    from ifcopenshell import ifcopenshell_wrapper

    schema: Any = ifcopenshell_wrapper.schema_by_name(model.schema)
    places = dict[str, list[int]]()
    for entity in list(model):
        kind = entity.is_a()
        if kind not in places:
            kinds = [
                one.type_of_attribute().as_aggregation_type()
                for one in schema.declaration_by_name(kind).as_entity().all_attributes()
            ]
            places[kind] = [n for n, one in enumerate(kinds) if one and one.type_of_aggregation_string() == "set"]
        for place in places[kind]:
            members = entity[place]
            if members and all(hasattr(one, "id") and one.id() for one in members):
                entity[place] = sorted(members, key=lambda one: one.id())


def _project(model, plan: ModelPlan):
    import ifcopenshell.api.context
    import ifcopenshell.api.georeference
    import ifcopenshell.api.root
    import ifcopenshell.api.unit

    project = ifcopenshell.api.root.create_entity(model, ifc_class="IfcProject", name=plan.name)
    project.LongName = plan.long_name
    units = [
        ifcopenshell.api.unit.add_si_unit(model, "LENGTHUNIT", "MILLI"),
        *(
            ifcopenshell.api.unit.add_si_unit(model, kind)
            for kind in ("AREAUNIT", "VOLUMEUNIT", "PLANEANGLEUNIT", "TIMEUNIT")
        ),
    ]
    ifcopenshell.api.unit.assign_unit(model, units=units)
    world = ifcopenshell.api.context.add_context(model, context_type="Model")
    body = ifcopenshell.api.context.add_context(model, "Model", "Body", "MODEL_VIEW", parent=world)
    flat = ifcopenshell.api.context.add_context(model, context_type="Plan")
    axis = ifcopenshell.api.context.add_context(model, "Plan", "FootPrint", "PLAN_VIEW", parent=flat)
    ifcopenshell.api.georeference.add_georeferencing(model, name="EPSG:25832")
    crs = {
        "Name": "EPSG:25832",
        "GeodeticDatum": "ETRS89",
        "VerticalDatum": "DHHN2016",
        "MapProjection": "UTM",
        "MapZone": "32N",
        # the map is in metres, the project in millimetres: hence the scale below
        "MapUnit": model.create_entity("IfcSIUnit", UnitType="LENGTHUNIT", Name="METRE"),
    }
    turn = np.radians(17.0)
    conversion = {
        "Eastings": 691_250.0, "Northings": 5_334_720.0, "OrthogonalHeight": 519.4,
        "XAxisAbscissa": float(np.cos(turn)), "XAxisOrdinate": float(np.sin(turn)), "Scale": 0.001,
    }  # fmt: skip
    ifcopenshell.api.georeference.edit_georeferencing(model, coordinate_operation=conversion, projected_crs=crs)
    return body, axis


def _spatial_structure(model, plan: ModelPlan):
    import ifcopenshell.api.aggregate
    import ifcopenshell.api.geometry
    import ifcopenshell.api.root

    site = ifcopenshell.api.root.create_entity(model, ifc_class="IfcSite", name="Site")
    building = ifcopenshell.api.root.create_entity(model, ifc_class="IfcBuilding", name=plan.name)
    ifcopenshell.api.aggregate.assign_object(model, products=[site], relating_object=model.by_type("IfcProject")[0])
    ifcopenshell.api.aggregate.assign_object(model, products=[building], relating_object=site)
    storeys = {}
    for name, elevation in plan.storeys.items():
        storey = ifcopenshell.api.root.create_entity(model, ifc_class="IfcBuildingStorey", name=name)
        storey.Elevation = elevation * MM
        storey.CompositionType = "ELEMENT"
        storeys[name] = storey
    ifcopenshell.api.aggregate.assign_object(model, products=list(storeys.values()), relating_object=building)
    site.CompositionType = building.CompositionType = "ELEMENT"
    for place, height in ((site, 0.0), (building, 0.0), *((storeys[n], z) for n, z in plan.storeys.items())):
        ifcopenshell.api.geometry.edit_object_placement(model, product=place, matrix=_placed((0.0, 0.0, height)))
    return storeys


def _placed(origin) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, 3] = origin
    return matrix


def _grid(model, context, storey, plan: ModelPlan) -> None:
    import ifcopenshell.api.geometry
    import ifcopenshell.api.root
    import ifcopenshell.api.spatial

    grid = ifcopenshell.api.root.create_entity(model, ifc_class="IfcGrid", name="Axes")
    lines = []
    far = {"UAxes": max(plan.y_axes.values()), "VAxes": max(plan.x_axes.values())}
    ends = {name: (-1.0, round(end + 1.15, 6)) for name, end in far.items()}
    for axes, places in (("UAxes", plan.x_axes), ("VAxes", plan.y_axes)):
        for tag, at in places.items():
            axis = model.createIfcGridAxis(tag, None, True)
            setattr(grid, axes, [*(getattr(grid, axes) or ()), axis])
            corners = [(at, end) if axes == "UAxes" else (end, at) for end in ends[axes]]
            points = [model.createIfcCartesianPoint([x * MM, y * MM]) for x, y in corners]
            axis.AxisCurve = model.createIfcPolyline(points)
            lines.append(axis.AxisCurve)
    curves = model.createIfcGeometricCurveSet(lines)
    footprint = model.createIfcShapeRepresentation(context, "FootPrint", "GeometricCurveSet", [curves])
    ifcopenshell.api.geometry.assign_representation(model, product=grid, representation=footprint)
    ifcopenshell.api.spatial.assign_container(model, products=[grid], relating_structure=storey)
    ifcopenshell.api.geometry.edit_object_placement(model, product=grid, matrix=np.eye(4))


def _product(model, body, part: Part, storey):
    import ifcopenshell.api.geometry
    import ifcopenshell.api.root
    import ifcopenshell.api.spatial

    product = ifcopenshell.api.root.create_entity(model, ifc_class=part.ifc_class, name=part.name)
    product.GlobalId = part_id(part)
    for name, value in part.attributes.items():
        setattr(product, name, value * MM if isinstance(value, float) else value)
    if not part.assembly:
        ifcopenshell.api.spatial.assign_container(model, products=[product], relating_structure=storey)
    origin = part.solids[0].origin
    ifcopenshell.api.geometry.edit_object_placement(model, product=product, matrix=_placed(origin))
    shape = body_of(model, body, part.solids, origin)
    ifcopenshell.api.geometry.assign_representation(model, product=product, representation=shape)
    return product


def _openings(model, body, parts: tuple[Part, ...], products) -> None:
    import ifcopenshell.api.feature

    made = {}
    for part in parts:
        for opening in part.openings:
            made[opening.name] = _opening(model, body, opening)
            ifcopenshell.api.feature.add_feature(model, feature=made[opening.name], element=products[part.name])
    for part in parts:
        if part.fills in made:
            ifcopenshell.api.feature.add_filling(model, opening=made[part.fills], element=products[part.name])


def _opening(model, body, opening: Opening):
    import ifcopenshell.api.geometry
    import ifcopenshell.api.root

    element = ifcopenshell.api.root.create_entity(model, ifc_class="IfcOpeningElement", name=opening.name)
    element.PredefinedType = "OPENING"
    origin = opening.solid.origin
    ifcopenshell.api.geometry.edit_object_placement(model, product=element, matrix=_placed(origin))
    shape = body_of(model, body, (opening.solid,), origin)
    ifcopenshell.api.geometry.assign_representation(model, product=element, representation=shape)
    return element


def _types(model, parts: tuple[Part, ...], products) -> None:
    import ifcopenshell.api.root
    import ifcopenshell.api.type

    by_type: dict[tuple[str, str, str], list[str]] = {}
    for part in parts:
        by_type.setdefault((part.ifc_class, part.type_name, part.predefined), []).append(part.name)
    for (ifc_class, type_name, predefined), names in by_type.items():
        kind = ifcopenshell.api.root.create_entity(
            model, ifc_class=f"{ifc_class}Type", name=type_name, predefined_type=predefined or None
        )
        if ifc_class == "IfcDoor":
            kind.OperationType = "SINGLE_SWING_LEFT"
        if ifc_class == "IfcWindow":
            kind.PartitioningType = "SINGLE_PANEL"
        ifcopenshell.api.type.assign_type(model, related_objects=[products[name] for name in names], relating_type=kind)


def _materials(model, parts: tuple[Part, ...], products) -> None:
    import ifcopenshell.api.material

    by_material: dict[str, list[str]] = {}
    for part in parts:
        by_material.setdefault(part.material, []).append(part.name)
    for name, members in by_material.items():
        material = ifcopenshell.api.material.add_material(model, name=name, category=CATEGORY.get(name, name.lower()))
        of = [products[member] for member in members]
        ifcopenshell.api.material.assign_material(model, products=of, type="IfcMaterial", material=material)


def _properties(model, parts: tuple[Part, ...], products) -> None:
    import ifcopenshell.api.pset

    for part in parts:
        product, stem = products[part.name], part.ifc_class.removeprefix("Ifc")
        if not part.quantities:
            continue
        common = f"Pset_{stem}{'TypeCommon' if stem.startswith(('Pipe', 'Duct')) else 'Common'}"
        values: dict[str, object] = {"Reference": part.type_name}
        if stem in ("Wall", "Column", "Beam", "Slab"):
            values |= {"IsExternal": part.external, "LoadBearing": part.load_bearing, "FireRating": "REI 90"}
        elif stem in ("Door", "Window", "Railing"):
            values["IsExternal"] = part.external
        elif stem == "Footing":
            values["LoadBearing"] = part.load_bearing
        pset = ifcopenshell.api.pset.add_pset(model, product=product, name=common)
        ifcopenshell.api.pset.edit_pset(model, pset=pset, properties=values)
        qto = ifcopenshell.api.pset.add_qto(model, product=product, name=f"Qto_{stem}BaseQuantities")
        ifcopenshell.api.pset.edit_qto(model, qto=qto, properties=_in_file_units(part.quantities))


def _in_file_units(quantities: dict[str, float]) -> dict[str, Any]:
    """Return quantities with lengths in millimetres; areas and volumes stay in m² and m³, as the units say."""
    return {n: round(v if n.endswith(("Area", "Volume")) else v * MM, 6) for n, v in quantities.items()}


def _systems(model, parts: tuple[Part, ...], products) -> None:
    import ifcopenshell.api.system

    for name, kind in (("Heating", "HEATING"), ("Drainage", "DRAINAGE"), ("Ventilation", "VENTILATION")):
        members = [products[part.name] for part in parts if part.system == name]
        if members:
            system = ifcopenshell.api.system.add_system(model, ifc_class="IfcDistributionSystem")
            system.Name, system.PredefinedType = name, kind
            ifcopenshell.api.system.assign_system(model, products=members, system=system)


def _number(entity) -> int:
    return int(entity.id())


def _settle(model) -> None:
    """Replace what ifcopenshell draws by chance or takes from the clock: identifiers, orders of sets, time stamps."""
    ordinal: dict[str, int] = {}
    for entity in sorted(model.by_type("IfcRoot"), key=_number):
        kind = entity.is_a()
        ordinal[kind] = ordinal.get(kind, 0) + 1
        # products are known by their names; relationships and property sets only by their turn
        key = f"{kind}/{entity.Name}" if entity.is_a("IfcProduct") and entity.Name else f"{kind}/#{ordinal[kind]}"
        entity.GlobalId = global_id(key)
    for relation in model.by_type("IfcRelationship"):
        for i, value in enumerate(relation):
            if isinstance(value, tuple) and value and all(hasattr(v, "id") for v in value):
                relation[i] = sorted(value, key=_number)
    model.header.file_name.time_stamp = STAMP
    model.header.file_name.author = ("sample generator",)
    model.header.file_name.organization = ("",)
    model.header.file_name.preprocessor_version = "IfcOpenShell"
    model.header.file_name.originating_system = "qtems samples"
