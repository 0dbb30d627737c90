# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
"""Turns the sample building's solids into IFC geometry, in millimetres, relative to the element's own origin."""

from collections.abc import Sequence

import numpy as np

from samples.solids import Disc, Elbow, ISection, Pierced, Point, Polygon, Profile, Rectangle, Ring, Solid

MM = 1000.0


def body_of(model, context, solids: Sequence[Solid], origin: Point):
    """Return a Body representation of the solids, with coordinates relative to ``origin``."""
    items = [_item(model, solid, origin) for solid in solids]
    return model.createIfcShapeRepresentation(context, "Body", "SweptSolid", items)


def _item(model, solid: Solid, origin: Point):
    place = np.subtract(solid.origin, origin) * MM
    position = model.createIfcAxis2Placement3D(
        _point(model, place), _direction(model, solid.axis), _direction(model, solid.side)
    )
    profile = _profile(model, solid.profile)
    if isinstance(solid, Elbow):
        # turn about the line that is parallel to the profile's y axis at the bend's centre
        axis = model.createIfcAxis1Placement(
            _point(model, (solid.bend * MM, 0.0, 0.0)), _direction(model, (0.0, 1.0, 0.0))
        )
        return model.createIfcRevolvedAreaSolid(profile, position, axis, float(np.pi / 2))
    return model.createIfcExtrudedAreaSolid(profile, position, _direction(model, (0.0, 0.0, 1.0)), _mm(solid.depth))


def _profile(model, profile: Profile):
    centre = model.createIfcAxis2Placement2D(model.createIfcCartesianPoint((0.0, 0.0)), None)
    match profile:
        case Rectangle(x, y):
            return model.createIfcRectangleProfileDef("AREA", None, centre, _mm(x), _mm(y))
        case Disc(radius):
            return model.createIfcCircleProfileDef("AREA", None, centre, _mm(radius))
        case Ring(radius, wall):
            return model.createIfcCircleHollowProfileDef("AREA", None, centre, _mm(radius), _mm(wall))
        case ISection(width, depth, web, flange):
            return model.createIfcIShapeProfileDef("AREA", None, centre, _mm(width), _mm(depth), _mm(web), _mm(flange))
        case Polygon(points):
            return model.createIfcArbitraryClosedProfileDef("AREA", None, _closed(model, points))
        case Pierced(outline, holes):
            circles = [_circle(model, hole) for hole in holes]
            outer = _closed(model, outline.points)
            return model.createIfcArbitraryProfileDefWithVoids("AREA", None, outer, circles)


def _closed(model, points: Sequence[tuple[float, float]]):
    corners = [model.createIfcCartesianPoint((_mm(x), _mm(y))) for x, y in (*points, points[0])]
    return model.createIfcPolyline(corners)


def _circle(model, hole: Point):
    x, y, radius = hole
    centre = model.createIfcAxis2Placement2D(model.createIfcCartesianPoint((_mm(x), _mm(y))), None)
    return model.createIfcCircle(centre, _mm(radius))


def _mm(metres: float) -> float:
    return round(metres * MM, 6)


def _point(model, millimetres):
    return model.createIfcCartesianPoint([round(float(v), 6) + 0.0 for v in millimetres])


def _direction(model, ratios: Point):
    return model.createIfcDirection([float(v) for v in ratios])
