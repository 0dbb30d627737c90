"""Which way elements face: the whole chain of their placements, and how doors open."""

from pathlib import Path

import numpy as np

from geometry.readers.ifc_axes import is_ifc_class, read_local_axes
from tests.geometry.readers.ifc_models import Model


def test_axes_follow_the_whole_chain_of_placements(tmp_path: Path) -> None:
    made = Model("mm")
    door = made.add("IfcDoor", made.block((1.0, 0.1, 2.0)), x=(0.0, 1.0, 0.0))
    inner = made.frame((0.0, 0.0, 0.0), (0, 0, 1), (0.0, 1.0, 0.0))
    handle = made.add("IfcMember", made.block((0.1, 0.1, 0.1)))
    handle.ObjectPlacement = made.make("IfcLocalPlacement", door.ObjectPlacement, inner)
    door.OperationType = "SINGLE_SWING_LEFT"
    found = read_local_axes(made.write(tmp_path / "door.ifc"))
    assert np.allclose(found[door.GlobalId].axes, [[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    assert np.allclose(found[handle.GlobalId].axes, [[-1, 0, 0], [0, -1, 0], [0, 0, 1]])
    assert (found[door.GlobalId].operation, found[handle.GlobalId].operation) == ("SINGLE_SWING_LEFT", "")


def test_classes_of_all_schemas_are_known() -> None:
    known = ("IfcWallStandardCase", "IfcValve", "IfcCourse")
    assert all(is_ifc_class(name) for name in known)
    assert not any(is_ifc_class(name) for name in ("IfcDor", "", "ifcdoor"))
