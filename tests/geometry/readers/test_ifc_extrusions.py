"""What an extruded section must measure, beside the box, area and volume of a mesh that a kernel makes of it."""

# pyright: basic

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from geometry.design import Mesh
from geometry.readers.ifc_extrusions import prism_of
from geometry.readers.ifc_polygons import Extent

ROOT = Path(__file__).parents[3]


def new_file():
    import ifcopenshell

    return ifcopenshell.file(schema="IFC4")


def extruded(profile, direction=(0.0, 0.0, 1.0), depth=3000.0):
    file = profile.file
    return file.create_entity(
        "IfcExtrudedAreaSolid", profile, None, file.create_entity("IfcDirection", direction), depth
    )


def polyline(file, points):
    return file.create_entity("IfcPolyline", [file.create_entity("IfcCartesianPoint", point) for point in points])


def test_a_ring_leaning_over_has_the_area_and_volume_of_its_definition():
    file = new_file()
    outer = polyline(file, [(0.0, 0.0), (2000.0, 0.0), (2000.0, 1000.0), (0.0, 1000.0), (0.0, 0.0)])
    hole = polyline(file, [(500.0, 250.0), (1500.0, 250.0), (1500.0, 750.0), (500.0, 750.0), (500.0, 250.0)])
    profile = file.create_entity("IfcArbitraryProfileDefWithVoids", "AREA", None, outer, [hole])
    prism = prism_of(extruded(profile, (1.0, 0.0, 1.0), 2000.0), 1e-3)
    assert prism is not None
    rise = 2.0 / np.sqrt(2.0)
    assert prism.volume == pytest.approx((2.0 - 0.5) * rise)
    # edges along x sweep rectangles of width 1 sheared along themselves; edges along y sweep their length times 2
    sides = 2 * (2.0 * rise) + 2 * (1.0 * 2.0) + 2 * (1.0 * rise) + 2 * (0.5 * 2.0)
    assert prism.area == pytest.approx(2 * 1.5 + sides)
    np.testing.assert_allclose(np.ptp(prism.corners, axis=0), [2.0 + rise, 1.0, rise])


@pytest.mark.parametrize("kind", ["IfcCircleProfileDef", "IfcIShapeProfileDef", "IfcRectangleHollowProfileDef"])
def test_other_sections_are_left_to_the_kernels(kind):
    file = new_file()
    assert prism_of(extruded(file.create_entity(kind, "AREA")), 1e-3) is None


def test_a_mesh_that_lost_a_part_or_holds_it_twice_is_not_borne_out():
    block = unit_cube()
    extent = Extent(block.bounds(), 6.0, 1.0)
    assert extent.matches(block)
    assert not extent.matches(Mesh(block.vertices, block.faces[1:]))
    assert not extent.matches(Mesh(block.vertices, np.concatenate([block.faces, block.faces[:1]])))
    assert not Extent(block.bounds(), 6.0, 0.99).matches(block)
    assert not Extent(block.bounds() + 2e-4, 6.0, 1.0).matches(block)


def unit_cube() -> Mesh:
    corners = np.array([(x, y, z) for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))]
    return Mesh(corners, np.array(faces, np.int32))


def test_the_lean_import_leaves_no_stand_in_behind_and_survives_a_release_that_wants_more():
    program = """
import sys, geometry.readers.ifc_library as library
if {spoilt}:
    library._NEVER_USED = {{**library._NEVER_USED, "typing_extensions": {{}}}}
ifcopenshell = library.import_ifcopenshell()
assert ifcopenshell.file(schema="IFC4").create_entity("IfcWall").is_a() == "IfcWall"
import lark, typing_extensions, ifcopenshell.sql
assert typing_extensions.TypedDict and ifcopenshell.sql.sqlite.__module__ == "ifcopenshell.sql"
"""
    for spoilt in (False, True):
        subprocess.run([sys.executable, "-c", program.format(spoilt=spoilt)], check=True, cwd=ROOT)
