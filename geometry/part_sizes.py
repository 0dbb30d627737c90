"""The designed sizes by which limits of an element's parts are chosen: its openings, and the cylinder that it is."""

from geometry.cylinder import designed_cylinder
from geometry.design import Element
from geometry.mesh_health import seen_triangles
from geometry.opening import designed_opening

PART_CHARACTERISTICS = ("opening_size", "opening_position", "cylinder_axis", "diameter")
"""Characteristics of which an element may have none, or several."""


def part_sizes(element: Element) -> dict[str, tuple[float, ...]]:
    """Return characteristic -> sizes (m) for those of :data:`PART_CHARACTERISTICS` that an element has."""
    triangles = seen_triangles(element.mesh)
    spans = [
        span for void in element.voids for span in designed_opening(void, triangles).spans if None not in span.sides
    ]
    found: dict[str, tuple[float, ...]] = {}
    if spans:
        sizes = tuple(sorted({round(span.nominal, 6) for span in spans}))
        found |= {"opening_size": sizes, "opening_position": sizes}
    body = designed_cylinder(triangles)
    if body is not None:
        found |= {"cylinder_axis": (body.length,), "diameter": (2.0 * body.radius,)}
    return found
