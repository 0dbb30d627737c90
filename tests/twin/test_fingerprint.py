"""A fingerprint changes with what changed, and with nothing else."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.design import DesignModel, Element, Mesh
from geometry.source import SourceFile
from tests.reference.scenes import Box
from twin.fingerprint import fingerprints
from twin.revision_diff import diff_revisions


def design_of(triangles: FloatArray, origin: FloatArray | None = None, **said: Any) -> DesignModel:
    place = np.zeros(3) if origin is None else origin
    mesh = Mesh((triangles - place).reshape(-1, 3), np.arange(len(triangles) * 3, dtype=np.int32).reshape(-1, 3))
    element = replace(Element("G", "IfcWall", "W", "EG", mesh), **said)
    return DesignModel({"G": element}, place, SourceFile("m.ifc", "0" * 64, "IFC4"), 1.0)


WALL = Box("w", (1.0, 2.0, 0.0), (4.0, 2.2, 2.8)).triangles()


@settings(max_examples=25)
@given(seed=st.integers(0, 1000))
def test_origin_order_of_triangles_and_first_corner_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turned = np.stack([np.roll(t, rng.integers(0, 3), axis=0) for t in WALL])[rng.permutation(len(WALL))]
    origin = rng.integers(-5000, 5000, 3).astype(np.float64)
    assert fingerprints(design_of(turned, origin)) == fingerprints(design_of(WALL))


@pytest.mark.parametrize("shift", [0.001, 1.0])
def test_a_moved_or_bent_element_has_another_shape(shift: float) -> None:
    moved = WALL + np.array([0.0, shift, 0.0])
    bent = WALL.copy()
    bent[0, 0, 2] += shift
    for other in (moved, bent, WALL[:-1], WALL[:, [0, 2, 1]]):
        diff = diff_revisions(fingerprints(design_of(WALL)), fingerprints(design_of(other)))
        assert diff.shape_changed == ("G",)


def test_what_is_said_about_it_is_its_properties() -> None:
    said: list[dict[str, Any]] = [
        {"name": "X"}, {"materials": ("concrete",)}, {"properties": {"P.A": 1}}, {"quantities": {"Q.V": 1.5}},
        {"storey": "OG"},
    ]  # fmt: skip
    for other in said:
        diff = diff_revisions(fingerprints(design_of(WALL)), fingerprints(design_of(WALL, **other)))
        assert diff.properties_changed == ("G",), other
    assert diff_revisions(fingerprints(design_of(WALL)), fingerprints(design_of(WALL))).unchanged == ("G",)


def test_an_element_without_a_shape_is_compared_too() -> None:
    plain = design_of(WALL)
    empty = replace(
        plain.elements["G"],
        global_id="N",
        mesh=Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32)),
        suspect="boolean failed",
    )
    with_it = replace(plain, without_geometry={"N": empty})
    assert diff_revisions(fingerprints(plain), fingerprints(with_it)).added == ("N",)
