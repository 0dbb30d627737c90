"""A small closed room of boxes, quick to scan, and the sample building's file, written once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from geometry.design import Element, Mesh


def box_element(name: str, low: tuple[float, float, float], high: tuple[float, float, float]) -> Element:
    """Return a box as an element; its name is its GlobalId."""
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [f for a, b, c, d in quads for f in ((a, b, c), (a, c, d))]
    return Element(name, "IfcWall", name, "", Mesh(corners, np.array(faces, dtype=np.int32)))


@pytest.fixture
def make_box() -> Callable[[str, tuple[float, float, float], tuple[float, float, float]], Element]:
    """Return the box maker."""
    return box_element


@pytest.fixture
def room() -> dict[str, Element]:
    """Return a room of 6 x 5 x 3 m inside, with a column and a free-standing board in it."""
    boxes = [
        box_element("ceiling", (-0.2, -0.2, 3.0), (6.2, 5.2, 3.2)),
        box_element("column", (4.0, 1.0, 0.0), (4.3, 1.3, 3.0)),
        box_element("board", (1.0, 3.6, 0.0), (3.0, 3.65, 2.0)),
        box_element("floor", (-0.2, -0.2, -0.2), (6.2, 5.2, 0.0)),
        box_element("wall east", (6.0, 0.0, 0.0), (6.2, 5.0, 3.0)),
        box_element("wall north", (-0.2, 5.0, 0.0), (6.2, 5.2, 3.0)),
        box_element("wall south", (-0.2, -0.2, 0.0), (6.2, 0.0, 3.0)),
        box_element("wall west", (-0.2, 0.0, 0.0), (0.0, 5.0, 3.0)),
    ]
    return {element.global_id: element for element in sorted(boxes, key=lambda e: e.global_id)}


@pytest.fixture(scope="session")
def building_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sample building's IFC file."""
    from samples.building import write_building

    path = tmp_path_factory.mktemp("building") / "design.ifc"
    write_building(path)
    return path
