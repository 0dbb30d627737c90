"""Which way elements of an IFC model face: the axes of their placements, and how doors open."""

# pyright: basic

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.readers.ifc_attributes import attribute, placement_chain
from geometry.readers.ifc_container import model_file
from geometry.readers.ifc_frames import NotComparable, axes_frame
from geometry.readers.ifc_library import import_ifcopenshell
from geometry.readers.ifc_properties import type_of

_SCHEMAS = ("IFC2X3", "IFC4", "IFC4X3_ADD2")


@dataclass(frozen=True, slots=True, eq=False)
class LocalAxes:
    """Which way an element faces."""

    axes: FloatArray
    """(3, 3) rows: its local x, y and z in the design frame, unit vectors."""
    operation: str = ""
    """How a door opens: ``SINGLE_SWING_LEFT``, ``SLIDING_TO_RIGHT`` ...; empty where nothing is said."""


def read_local_axes(path: Path) -> Mapping[str, LocalAxes]:
    """Return the axes of the elements of an IFC model by GlobalId.

    An element whose placement is no chain of local placements is left out: nothing is known of which way it faces.
    """
    library = import_ifcopenshell()
    found = dict[str, LocalAxes]()
    with model_file(path) as plain:
        model = library.open(str(plain))
        for product in model.by_type("IfcElement"):
            axes = _axes(attribute(product, "ObjectPlacement"))
            if axes is not None:
                found[product.GlobalId] = LocalAxes(axes, _operation(product))
    return found


def is_ifc_class(name: str) -> bool:
    """Return whether a schema of IFC has a class of this name.

    Examples
    --------
    >>> is_ifc_class("IfcDoor"), is_ifc_class("IfcDor")
    (True, False)
    """
    wrapper = import_ifcopenshell().ifcopenshell_wrapper
    for schema in _SCHEMAS:
        try:
            if wrapper.schema_by_name(schema).declaration_by_name(name).name() == name:
                return True
        except RuntimeError:
            continue
    return False


def _axes(placement: Any) -> FloatArray | None:
    try:
        chain = placement_chain(placement)
        if not chain or any(not one.is_a("IfcLocalPlacement") for one in chain):
            return None
        rotation = np.eye(3)
        for one in chain:
            rotation = axes_frame(attribute(one, "RelativePlacement"), 1.0)[:3, :3] @ rotation
    except (NotComparable, ValueError):
        return None
    return np.ascontiguousarray(rotation.T)


def _operation(product: Any) -> str:
    for owner in (product, type_of(product)):
        said = "" if owner is None else str(attribute(owner, "OperationType", "") or "")
        if said not in ("", "NOTDEFINED", "USERDEFINED"):
            return said
    return ""
