"""The operands of an element's booleans, as a tree of plain solids that ``csg_check`` can ask about points."""

# pyright: reportUnknownMemberType=false

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Mesh
from geometry.mesh_health import oriented_outward
from geometry.readers.csg_check import Body, Combined, HalfSpace, Solid, combined
from geometry.readers.ifc_attributes import attribute
from geometry.readers.ifc_frames import NotComparable, axes_frame, mapping_frame, relative_frame
from geometry.readers.ifc_products import Product, body_of, items_of

ShapeOf = Callable[[Any], Mesh | None]
"""Mesh of a representation item without booleans in its own coordinates, metres; None when none can be made."""


def operands_of(product: Product, shape_of: ShapeOf, frames: Callable[[Any], FloatArray], unit_m: float) -> list[Solid]:
    """Return the solids that a product should be: each of its items less the openings, plus what projects from it.

    ``frames`` gives the (4, 4) placement of a product in the world, metres.

    Raises
    ------
    NotComparable
        If some operand is a surface, a half-space behind a curved face or a shape that cannot be made.
    """
    build = _Builder(shape_of, unit_m)
    solids: list[Solid] = [build.item(item, np.eye(4), "") for item in attribute(product.body, "Items")]

    def frame_of(feature: Any) -> FloatArray:
        own, host = (attribute(one, "ObjectPlacement") for one in (feature, product.instance))
        exact = relative_frame(own, host, unit_m)
        return np.linalg.inv(frames(product.instance)) @ frames(feature) if exact is None else exact

    def features(instances: Sequence[Any]) -> Iterator[Solid]:
        for feature in instances:
            shape = body_of(feature)
            if shape is not None:
                yield build.body(shape, frame_of(feature), feature.GlobalId or "?")

    relations = attribute(product.instance, "HasProjections", ())
    for projection in features([relation.RelatedFeatureElement for relation in relations]):
        solids[0] = Combined("UNION", solids[0], projection)
    for opening in features(product.openings):
        solids[:] = [Combined("DIFFERENCE", solid, opening) for solid in solids]
    return solids


class _Builder:
    def __init__(self, shape_of: ShapeOf, unit_m: float) -> None:
        self._shape_of = shape_of
        self._unit_m = unit_m

    def body(self, shape: Any, frame: FloatArray, label: str) -> Solid:
        return combined("UNION", [self.item(item, frame, label) for item in attribute(shape, "Items")])

    def item(self, item: Any, frame: FloatArray, label: str) -> Solid:
        if item.is_a("IfcBooleanResult"):
            parts = (attribute(item, "FirstOperand"), attribute(item, "SecondOperand"))
            return Combined(attribute(item, "Operator"), *(self.item(part, frame, label) for part in parts))
        if item.is_a("IfcCsgSolid"):
            return self.item(item.TreeRootExpression, frame, label)
        if item.is_a("IfcHalfSpaceSolid"):
            return self.half_space(item, frame)
        if item.is_a("IfcMappedItem"):
            return self.mapped(item, frame, label)
        return self.leaf(item, frame, label)

    def mapped(self, item: Any, frame: FloatArray, label: str) -> Solid:
        shape = item.MappingSource.MappedRepresentation
        try:
            return self.body(shape, frame @ mapping_frame(item, self._unit_m), label)
        except NotComparable:
            if any(part.is_a("IfcBooleanResult") for part in items_of(shape)):
                raise
            return self.leaf(item, frame, label)  # a kernel knows how to scale it

    def leaf(self, item: Any, frame: FloatArray, label: str) -> Body:
        mesh = self._shape_of(item)
        if mesh is None:
            raise NotComparable
        mesh, kind = oriented_outward(mesh)
        if kind not in ("closed", "nearly closed"):
            raise NotComparable
        return Body(Mesh(mesh.vertices @ frame[:3, :3].T + frame[:3, 3], mesh.faces), label)

    def half_space(self, item: Any, frame: FloatArray) -> HalfSpace:
        surface = attribute(item, "BaseSurface")
        if not surface.is_a("IfcPlane"):
            raise NotComparable
        plane = frame @ axes_frame(attribute(surface, "Position"), self._unit_m)
        # IFC: with AgreementFlag true the plane's normal points away from the material
        normal = plane[:3, 2] if item.AgreementFlag else -plane[:3, 2]
        if not item.is_a("IfcPolygonalBoundedHalfSpace"):
            return HalfSpace(plane[:3, 3], normal)
        return HalfSpace(
            plane[:3, 3], normal, self.polygon(item.PolygonalBoundary), frame @ axes_frame(item.Position, self._unit_m)
        )

    def polygon(self, curve: Any) -> FloatArray:
        if curve.is_a("IfcPolyline"):
            points = [attribute(point, "Coordinates")[:2] for point in attribute(curve, "Points")]
        elif curve.is_a("IfcIndexedPolyCurve") and not any(s.is_a("IfcArcIndex") for s in curve.Segments or ()):
            points = [coordinates[:2] for coordinates in curve.Points.CoordList]
        else:
            raise NotComparable
        return np.asarray(points, dtype=np.float64) * self._unit_m
