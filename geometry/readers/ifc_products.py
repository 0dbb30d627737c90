"""Which products of an IFC file are elements to check, by which representation, and what kind of shape that is.

An element is something that can be built and seen: an IfcElement with a body. Openings and other features, virtual
elements, spaces, grids and annotations are not; an assembly is one only when it has geometry of its own.
"""

# pyright: reportUnknownMemberType=false

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from geometry.readers.ifc_attributes import attribute, has_attribute

_NOT_BUILT = ("IfcFeatureElement", "IfcVirtualElement")
_BODY_IDENTIFIERS = ("body", "facetation", "body-fallback", "tessellation", "surface", "mesh")
_NO_BODY = frozenset(
    ("axis", "footprint", "plan", "annotation", "box", "profile", "cog", "clearance", "lighting", "reference")
)
_BODY_TYPES = frozenset(
    (
        "SweptSolid", "AdvancedSweptSolid", "Brep", "AdvancedBrep", "CSG", "Clipping", "SolidModel", "SurfaceModel",
        "Surface3D", "Surface", "Tessellation", "SectionedSpine", "MappedRepresentation",
    )
)  # fmt: skip

_FACETED = ("IfcFacetedBrep", "IfcTessellatedFaceSet", "IfcFaceBasedSurfaceModel", "IfcShellBasedSurfaceModel")
_STRAIGHT_PRIMITIVES = ("IfcBlock", "IfcRectangularPyramid")
_FILLETS = (
    "FilletRadius", "EdgeRadius", "FlangeEdgeRadius", "WebEdgeRadius", "WebRadius", "FlangeRadius",
    "InternalFilletRadius",
    "InnerFilletRadius", "OuterFilletRadius", "TopFlangeFilletRadius", "BottomFlangeFilletRadius",
    "TopFlangeEdgeRadius", "BottomFlangeEdgeRadius", "BaseRadius", "RoundingRadius", "Radius",
)  # fmt: skip
_STRAIGHT_PROFILES = (
    "IfcRectangleProfileDef", "IfcTrapeziumProfileDef", "IfcIShapeProfileDef", "IfcAsymmetricIShapeProfileDef",
    "IfcLShapeProfileDef", "IfcTShapeProfileDef", "IfcUShapeProfileDef", "IfcCShapeProfileDef", "IfcZShapeProfileDef",
)  # fmt: skip
_SURFACE_MODELS = ("IfcFaceBasedSurfaceModel", "IfcShellBasedSurfaceModel", "IfcSurface", "IfcTessellatedFaceSet")


@dataclass(frozen=True, slots=True)
class Product:
    """One element of the file: its instance, the representation that is its body, and what shape that is."""

    instance: Any
    body: Any
    shape_key: str
    """Products with one key share one shape in their own coordinates."""
    openings: tuple[Any, ...]
    """What is subtracted from it, including from the assembly it is part of."""
    flat: bool
    """Every face of it is plane by its definition."""
    boolean: bool
    """It is the result of subtractions or other booleans."""
    solid: bool
    """It is declared a solid, not a surface."""
    polygons: int
    """How many faces its breps are drawn with, which is what takes time; 0 of other definitions."""


def products_of(model: Any) -> Iterator[Product]:
    """Yield the elements of a model in the order of their instance numbers."""
    kinds: dict[int, tuple[bool, bool, bool, int]] = {}
    for instance in sorted(model.by_type("IfcElement"), key=lambda e: e.id()):
        if any(instance.is_a(name) for name in _NOT_BUILT):
            continue
        body = body_of(instance)
        if body is None:
            continue
        openings = openings_of(instance)
        if body.id() not in kinds:
            kinds[body.id()] = _kind(body)
        flat, boolean, solid, polygons = kinds[body.id()]
        flat = flat and all(_kind(shape)[0] for shape in map(body_of, openings) if shape is not None)
        key = f"e{instance.id()}" if openings or _projections(instance) else _shape_key(body)
        yield Product(instance, body, key, openings, flat, boolean or key[0] == "e", solid, polygons)


def body_of(instance: Any) -> Any | None:
    """Return the representation that shows the product as a body, or None."""
    representation = attribute(instance, "Representation")
    if representation is None:
        return None
    ranked: list[tuple[int, int, int, Any]] = []
    for shape in attribute(representation, "Representations"):
        if not shape.is_a("IfcShapeRepresentation") or not attribute(shape, "Items"):
            continue
        identifier = attribute(shape, "RepresentationIdentifier", "").lower()
        if identifier in _BODY_IDENTIFIERS:
            rank = _BODY_IDENTIFIERS.index(identifier)
        elif identifier not in _NO_BODY and attribute(shape, "RepresentationType") in _BODY_TYPES:
            rank = len(_BODY_IDENTIFIERS)
        else:
            continue
        view = attribute(attribute(shape, "ContextOfItems"), "TargetView", "MODEL_VIEW")
        ranked.append((rank, view != "MODEL_VIEW", shape.id(), shape))
    return min(ranked, key=lambda entry: entry[:3])[3] if ranked else None


def openings_of(instance: Any) -> tuple[Any, ...]:
    """Return what voids an element, and what voids the elements it is a part of."""
    found: list[Any] = []
    while instance is not None:
        found += [relation.RelatedOpeningElement for relation in attribute(instance, "HasOpenings", ())]
        parents = [relation.RelatingObject for relation in attribute(instance, "Decomposes", ())]
        instance = next((parent for parent in parents if parent.is_a("IfcElement")), None)
    return tuple(sorted(found, key=lambda opening: opening.id()))


def items_of(body: Any) -> Iterator[Any]:
    """Yield the representation items of a body with mapped items and boolean trees opened."""
    stack = list(attribute(body, "Items"))
    while stack:
        item = stack.pop()
        if item.is_a("IfcMappedItem"):
            stack += attribute(attribute(attribute(item, "MappingSource"), "MappedRepresentation"), "Items")
        elif item.is_a("IfcBooleanResult"):
            stack += (attribute(item, "FirstOperand"), attribute(item, "SecondOperand"))
        elif item.is_a("IfcCsgSolid"):
            stack.append(item.TreeRootExpression)
        yield item


def is_flat(item: Any) -> bool:
    """Return whether a representation item has plane faces only, by its definition."""
    if any(item.is_a(name) for name in _FACETED) or any(item.is_a(name) for name in _STRAIGHT_PRIMITIVES):
        return True
    if item.is_a("IfcHalfSpaceSolid"):
        boundary = attribute(item, "PolygonalBoundary")
        return item.BaseSurface.is_a("IfcPlane") and (boundary is None or _straight_curve(boundary))
    if item.is_a() == "IfcExtrudedAreaSolid":
        return _straight_profile(attribute(item, "SweptArea"))
    return item.is_a("IfcMappedItem") or item.is_a("IfcBooleanResult") or item.is_a("IfcCsgSolid")


def _kind(body: Any) -> tuple[bool, bool, bool, int]:
    items = list(items_of(body))
    flat = all(is_flat(item) for item in items)
    boolean = any(item.is_a("IfcBooleanResult") for item in items)
    solid = not any(_is_surface(item) for item in items)
    polygons = sum(len(item.Outer.CfsFaces) for item in items if item.is_a("IfcManifoldSolidBrep"))
    return flat, boolean, solid, polygons


def _is_surface(item: Any) -> bool:
    if item.is_a("IfcTessellatedFaceSet"):
        return not attribute(item, "Closed", False)
    return any(item.is_a(name) for name in _SURFACE_MODELS)


def _shape_key(body: Any) -> str:
    items = attribute(body, "Items")
    if len(items) == 1 and items[0].is_a("IfcMappedItem"):
        item = items[0]
        target = item.MappingTarget
        axes = tuple(
            tuple(axis.DirectionRatios) if axis is not None else None
            for axis in (target.Axis1, target.Axis2, attribute(target, "Axis3"))
        )
        scales = tuple(attribute(target, name) for name in ("Scale", "Scale2", "Scale3"))
        return f"m{item.MappingSource.id()}:{axes}{tuple(target.LocalOrigin.Coordinates)}{scales}"
    return f"r{body.id()}"


def _projections(instance: Any) -> bool:
    return bool(attribute(instance, "HasProjections", ()))


def _straight_profile(profile: Any) -> bool:
    if any(profile.is_a(name) for name in ("IfcArbitraryClosedProfileDef",)):
        inner = attribute(profile, "InnerCurves", ())
        return all(_straight_curve(curve) for curve in (profile.OuterCurve, *inner))
    if profile.is_a("IfcCompositeProfileDef"):
        return all(_straight_profile(part) for part in profile.Profiles)
    if profile.is_a("IfcDerivedProfileDef"):
        return _straight_profile(profile.ParentProfile)
    if not any(profile.is_a(name) for name in _STRAIGHT_PROFILES):
        return False
    return not any(attribute(profile, name) for name in _FILLETS)


def _straight_curve(curve: Any) -> bool:
    if curve.is_a("IfcPolyline"):
        return True
    if curve.is_a("IfcIndexedPolyCurve"):
        return not any(segment.is_a("IfcArcIndex") for segment in curve.Segments or ())
    if curve.is_a("IfcCompositeCurve"):
        return all(
            has_attribute(segment, "ParentCurve") and _straight_curve(segment.ParentCurve) for segment in curve.Segments
        )
    return curve.is_a("IfcLine") or (curve.is_a("IfcTrimmedCurve") and curve.BasisCurve.is_a("IfcLine"))
