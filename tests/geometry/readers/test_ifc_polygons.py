"""The polygons of a face set: their areas beside one polygon at a time, and a face with a hole."""

# pyright: basic

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.readers.ifc_library import import_ifcopenshell
from geometry.readers.ifc_polygons import declared_extent, polygon_area, polygon_areas


@given(counts=st.lists(st.integers(3, 9), min_size=1, max_size=12), seed=st.integers(0, 1000))
@settings(max_examples=40)
def test_the_areas_of_many_polygons_are_those_of_each(counts: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    loops = [rng.normal(1e3, 1.0, (count, 3)) for count in counts]
    areas = polygon_areas(np.concatenate(loops), np.cumsum([0, *counts]))
    assert areas == pytest.approx([polygon_area(loop) for loop in loops], rel=1e-9, abs=1e-9)


def test_a_hole_counts_against_its_face_whichever_bound_comes_first() -> None:
    import_ifcopenshell()
    import ifcopenshell

    square = [(0, 0), (4, 0), (4, 3), (0, 3)]
    hole = [(1, 1), (1, 2), (3, 2), (3, 1)]
    triangle = [(10, 0), (12, 0), (10, 5)]
    model = ifcopenshell.file(schema="IFC4")

    def bound(corners: list[tuple[int, int]]):
        points = [model.create_entity("IfcCartesianPoint", [1e3 * x, 1e3 * y, 0.0]) for x, y in corners]
        return model.create_entity("IfcFaceBound", model.create_entity("IfcPolyLoop", points), True)

    for bounds in ([square, hole], [hole, square]):
        faces = [model.create_entity("IfcFace", [bound(one) for one in drawn]) for drawn in (bounds, [triangle])]
        shell = model.create_entity("IfcOpenShell", faces)
        item = model.create_entity("IfcShellBasedSurfaceModel", [shell])
        extent = declared_extent(model.create_entity("IfcShapeRepresentation", Items=[item]), 1e-3)
        assert extent is not None
        assert extent.area == pytest.approx(4 * 3 - 2 * 1 + 5)
        np.testing.assert_allclose(extent.box, [[0, 0, 0], [12, 5, 0]])
