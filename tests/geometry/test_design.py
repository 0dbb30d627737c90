"""The design's value types: shapes are checked, arrays are frozen, places are origin plus vertex."""

import numpy as np
import pytest

from geometry.design import Mesh
from tests.reference.scenes import Box, design_of


def test_a_mesh_knows_its_triangles_and_box() -> None:
    mesh = Mesh(np.array([[0.0, 0, 0], [2, 0, 0], [0, 3, 0], [9, 9, 9]]), np.array([[0, 1, 2]], np.int32))
    assert mesh.triangles().tolist() == [[[0, 0, 0], [2, 0, 0], [0, 3, 0]]]
    assert mesh.bounds().tolist() == [[0, 0, 0], [9, 9, 9]]


@pytest.mark.parametrize(("vertices", "faces"), [((3, 2), (1, 3)), ((3, 3), (1, 4)), ((9,), (1, 3)), ((3, 3), (3,))])
def test_a_mesh_of_the_wrong_shape_is_refused(vertices: tuple[int, ...], faces: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a mesh needs"):
        Mesh(np.zeros(vertices), np.zeros(faces, np.int32))


def test_a_mesh_cannot_be_changed() -> None:
    mesh = Mesh(np.zeros((3, 3)), np.array([[0, 1, 2]], np.int32))
    with pytest.raises(ValueError, match="read-only"):
        mesh.vertices[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        mesh.faces[0, 0] = 1


def test_a_designs_origin_moves_no_element() -> None:
    box = Box("b", (1, 2, 3), (2, 4, 6))
    here, there = design_of([box]), design_of([box], origin=[5e6, -4e6, 300.0])
    for design in (here, there):
        np.testing.assert_allclose(
            design.elements["b"].mesh.bounds() + design.origin, [[1, 2, 3], [2, 4, 6]], atol=1e-8
        )
    assert here.without_geometry == {}
    assert here.elements["b"].suspect == ""
    assert not here.elements["b"].sheet


def test_the_reference_boxes_are_closed_and_face_outward() -> None:
    """The other tests stand on these boxes."""
    triangles = Box("b", (0, 0, 0), (2, 3, 4)).triangles()
    volume = np.einsum("ij,ij->i", triangles[:, 0], np.cross(triangles[:, 1], triangles[:, 2])).sum() / 6
    assert volume == pytest.approx(24.0)
