"""The operands of an element's booleans, as a tree of plain solids that ``csg_check`` can ask about points."""

# pyright: reportUnknownMemberType=false

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Mesh
from geometry.mesh_health import oriented_outward
from geometry.readers.csg_check import Body, Combined, HalfSpace, Solid, combined
from geometry.readers.ifc_attributes import attribute
from geometry.readers.ifc_products import Product, body_of, items_of

ShapeOf = Callable[[Any], Mesh | None]
"""Mesh of a representation item without booleans in its own coordinates, metres; None when none can be made."""


class NotComparable(Exception):
    """An operand that bounds no body or has no plain description: the boolean cannot be checked by points."""


def operands_of(product: Product, shape_of: ShapeOf, frames: Callable[[Any], FloatArray], unit_m: float) -> Solid:
    """Return the solid that a product should be: the union of its items less its openings.

    ``frames`` gives the (4, 4) placement of a product in the world, metres.

    Raises
    ------
    NotComparable
        If some operand is a surface, a half-space behind a curved face or a shape that cannot be made.
    """
    build = _Builder(shape_of, unit_m)
    solid = build.body(product.body, np.eye(4), "")
    to_element = np.linalg.inv(frames(product.instance))
    for opening in product.openings:
        shape = body_of(opening)
        if shape is not None:
            solid = Combined(
                "DIFFERENCE", solid, build.body(shape, to_element @ frames(opening), opening.GlobalId or "?")
            )
    for relation in attribute(product.instance, "HasProjections", ()):
        feature = relation.RelatedFeatureElement
        shape = body_of(feature)
        if shape is not None:
            solid = Combined("UNION", solid, build.body(shape, to_element @ frames(feature), feature.GlobalId or "?"))
    return solid


class _Builder:
    def __init__(self, shape_of: ShapeOf, unit_m: float) -> None:
        self._shape_of = shape_of
        self._unit_m = unit_m

    def body(self, shape: Any, frame: FloatArray, label: str) -> Solid:
        return combined("UNION", [self.item(item, frame, label) for item in shape.Items])

    def item(self, item: Any, frame: FloatArray, label: str) -> Solid:
        if item.is_a("IfcBooleanResult"):
            operands = (self.item(item.FirstOperand, frame, label), self.item(item.SecondOperand, frame, label))
            return Combined(item.Operator, *operands)
        if item.is_a("IfcCsgSolid"):
            return self.item(item.TreeRootExpression, frame, label)
        if item.is_a("IfcHalfSpaceSolid"):
            return self.half_space(item, frame)
        if item.is_a("IfcMappedItem") and any(
            i.is_a("IfcBooleanResult") for i in items_of(item.MappingSource.MappedRepresentation)
        ):
            mapped = frame @ self.mapping(item)
            return self.body(item.MappingSource.MappedRepresentation, mapped, label)
        mesh = self._shape_of(item)
        if mesh is None:
            raise NotComparable
        mesh, kind = oriented_outward(mesh)
        if kind not in ("closed", "nearly closed"):
            raise NotComparable
        return Body(Mesh(mesh.vertices @ frame[:3, :3].T + frame[:3, 3], mesh.faces), label)

    def half_space(self, item: Any, frame: FloatArray) -> HalfSpace:
        if not item.BaseSurface.is_a("IfcPlane"):
            raise NotComparable
        plane = frame @ self.axes(item.BaseSurface.Position)
        # IFC: with AgreementFlag true the plane's normal points away from the material
        normal = plane[:3, 2] if item.AgreementFlag else -plane[:3, 2]
        if not item.is_a("IfcPolygonalBoundedHalfSpace"):
            return HalfSpace(plane[:3, 3], normal)
        return HalfSpace(plane[:3, 3], normal, self.polygon(item.PolygonalBoundary), frame @ self.axes(item.Position))

    def polygon(self, curve: Any) -> FloatArray:
        if curve.is_a("IfcPolyline"):
            points = [point.Coordinates[:2] for point in curve.Points]
        elif curve.is_a("IfcIndexedPolyCurve") and not any(s.is_a("IfcArcIndex") for s in curve.Segments or ()):
            points = [coordinates[:2] for coordinates in curve.Points.CoordList]
        else:
            raise NotComparable
        return np.asarray(points, dtype=np.float64) * self._unit_m

    def axes(self, position: Any) -> FloatArray:
        """Return the (4, 4) frame of an IfcAxis2Placement3D."""
        z = _unit(attribute(position, "Axis"), (0.0, 0.0, 1.0))
        x = _unit(attribute(position, "RefDirection"), (1.0, 0.0, 0.0) if abs(z[0]) < 0.99 else (0.0, 0.0, 1.0))
        x = x - z * float(x @ z)
        x /= np.linalg.norm(x)
        frame = np.eye(4)
        frame[:3, 0], frame[:3, 1], frame[:3, 2] = x, np.cross(z, x), z
        frame[:3, 3] = np.asarray(position.Location.Coordinates, dtype=np.float64) * self._unit_m
        return frame

    def mapping(self, item: Any) -> FloatArray:
        """Return the (4, 4) map of a mapped item; scales, mirrors and displaced origins are left to the kernels."""
        target = item.MappingTarget
        scales = [attribute(target, name, 1.0) for name in ("Scale", "Scale2", "Scale3")]
        columns = [_unit(attribute(target, f"Axis{k + 1}"), np.eye(3)[k]) for k in range(3)]
        frame = np.eye(4)
        frame[:3, :3] = np.stack(columns, axis=1)
        rigid = np.allclose(frame[:3, :3].T @ frame[:3, :3], np.eye(3), atol=1e-6) and np.linalg.det(frame[:3, :3]) > 0
        source = item.MappingSource.MappingOrigin
        if not rigid or any(abs(scale - 1.0) > 1e-9 for scale in scales) or not source.is_a("IfcAxis2Placement3D"):
            raise NotComparable
        if not np.allclose(self.axes(source), np.eye(4), atol=1e-9):
            raise NotComparable
        frame[:3, 3] = np.asarray(target.LocalOrigin.Coordinates, dtype=np.float64) * self._unit_m
        return frame


def _unit(direction: Any, default: Sequence[float]) -> FloatArray:
    ratios = np.asarray(default if direction is None else direction.DirectionRatios, dtype=np.float64)
    return ratios / np.linalg.norm(ratios)
