"""Small IFC models with known truth, written by ifcopenshell; loaded by path, for tests are no package."""

# pyright: basic

from pathlib import Path
from typing import Any

import ifcopenshell  # noqa: TID253
import ifcopenshell.guid  # noqa: TID253

UNITS_M = {"mm": 0.001, "m": 1.0, "foot": 0.3048, "inch": 0.0254}


class Model:
    """An IFC file under construction; lengths are given in metres and written in the file's unit."""

    def __init__(
        self, unit: str | None = "m", schema: Any = "IFC4", origin: tuple[float, ...] = (0.0, 0.0, 0.0)
    ) -> None:
        self.file = ifcopenshell.file(schema=schema)
        self.per_m = 1.0 / UNITS_M[unit or "m"]
        self.count = 0
        frame = self.frame((0.0, 0.0, 0.0))
        context = self.make("IfcGeometricRepresentationContext", None, "Model", 3, 1e-5, frame, None)
        self.context = self.make(
            "IfcGeometricRepresentationSubContext",
            "Body",
            "Model",
            None,
            None,
            None,
            None,
            context,
            None,
            "MODEL_VIEW",
            None,
        )
        self.parent = context
        units = self.make("IfcUnitAssignment", [self.unit(unit)]) if unit else None
        self.project = self.make("IfcProject", self.guid(), None, "p", None, None, None, None, [context], units)
        self.building = self.make("IfcBuilding", self.guid(), None, "House", CompositionType="ELEMENT")
        self.storey = self.make(
            "IfcBuildingStorey", self.guid(), None, "Ground", CompositionType="ELEMENT", Elevation=1.5 * self.per_m
        )
        self.make("IfcRelAggregates", self.guid(), None, None, None, self.project, [self.building])
        self.make("IfcRelAggregates", self.guid(), None, None, None, self.building, [self.storey])
        self.site = self.make("IfcLocalPlacement", None, self.frame(origin))

    def make(self, name: str, *values: Any, **named: Any) -> Any:
        return self.file.create_entity(name, *values, **named)

    def guid(self) -> str:
        self.count += 1
        return f"0{self.count:021d}"

    def unit(self, name: str) -> Any:
        metre = self.make("IfcSIUnit", None, "LENGTHUNIT", "MILLI" if name == "mm" else None, "METRE")
        if name in ("m", "mm"):
            return metre
        exponents = self.make("IfcDimensionalExponents", 1, 0, 0, 0, 0, 0, 0)
        value = self.make("IfcMeasureWithUnit", self.make("IfcLengthMeasure", UNITS_M[name]), metre)
        return self.make("IfcConversionBasedUnit", exponents, "LENGTHUNIT", name.upper(), value)

    def point(self, *coordinates: float) -> Any:
        return self.make("IfcCartesianPoint", [float(value) * self.per_m for value in coordinates])

    def direction(self, *ratios: float) -> Any:
        return self.make("IfcDirection", [float(value) for value in ratios])

    def frame(self, at: tuple[float, ...], z: Any = None, x: Any = None) -> Any:
        return self.make("IfcAxis2Placement3D", self.point(*at), z and self.direction(*z), x and self.direction(*x))

    def block(self, size: tuple[float, float, float], at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Any:
        """Return an extruded rectangle from ``at`` to ``at + size``."""
        middle = self.make("IfcAxis2Placement2D", self.point(size[0] / 2, size[1] / 2), None)
        sizes = [size[0] * self.per_m, size[1] * self.per_m]
        profile = self.make("IfcRectangleProfileDef", "AREA", None, middle, *sizes)
        up = self.direction(0, 0, 1)
        return self.make("IfcExtrudedAreaSolid", profile, self.frame(at), up, size[2] * self.per_m)

    def cylinder(self, radius: float, height: float) -> Any:
        profile = self.make("IfcCircleProfileDef", "AREA", None, None, radius * self.per_m)
        up = self.direction(0, 0, 1)
        return self.make("IfcExtrudedAreaSolid", profile, self.frame((0, 0, 0)), up, height * self.per_m)

    def faces(self, vertices: Any, faces: Any, closed: bool | None = None) -> Any:
        """Return a triangulated face set; faces count from 0."""
        points = [[float(value) * self.per_m for value in vertex] for vertex in vertices]
        corners = [[int(value) + 1 for value in face] for face in faces]
        coordinates = self.make("IfcCartesianPointList3D", points)
        return self.make("IfcTriangulatedFaceSet", coordinates, None, closed, corners)

    def shape(self, *items: Any, kind: str = "SweptSolid", identifier: str = "Body") -> Any:
        body = self.make("IfcShapeRepresentation", self.context, identifier, kind, list(items))
        return self.make("IfcProductDefinitionShape", None, None, [body])

    def place(self, at: tuple[float, ...] = (0.0, 0.0, 0.0), x: Any = None) -> Any:
        frame = self.frame(at, (0, 0, 1), x) if x is not None else self.frame(at)
        return self.make("IfcLocalPlacement", self.site, frame)

    def add(self, kind: str, *items: Any, at: tuple[float, ...] = (0.0, 0.0, 0.0), name: str = "", **more: Any) -> Any:
        """Add a product made of items, in the storey."""
        product = self.make(kind, more.get("guid", self.guid()), None, name or kind)
        product.ObjectPlacement = self.place(at, more.get("x"))
        if items:
            product.Representation = self.shape(*items)
        if more.get("contained", True):
            relation = "IfcRelContainedInSpatialStructure"
            self.make(relation, self.guid(), None, None, None, [product], self.storey)
        return product

    def opening(self, host: Any, item: Any, at: tuple[float, ...]) -> Any:
        opening = self.add("IfcOpeningElement", item, at=at, contained=False)
        self.make("IfcRelVoidsElement", self.guid(), None, None, None, host, opening)
        return opening

    def quantities(self, product: Any, **values: float) -> None:
        """Declare quantities, SI values written as they are: a caller who lies about units does so on purpose."""
        kinds = {"Volume": ("IfcQuantityVolume", 3), "Area": ("IfcQuantityArea", 2)}
        made = []
        for name, value in values.items():
            kind, power = next((found for part, found in kinds.items() if part in name), ("IfcQuantityLength", 1))
            made.append(self.make(kind, name, None, None, value * self.per_m**power))
        quantity_set = self.make("IfcElementQuantity", self.guid(), None, "Qto_Base", None, None, made)
        self.make("IfcRelDefinesByProperties", self.guid(), None, None, None, [product], quantity_set)

    def write(self, path: Path) -> Path:
        self.file.write(str(path))
        return path
