# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
"""The simulator's own way from IFC to triangles: slow, plain, and independent of the product's reader on purpose."""

from pathlib import Path

import numpy as np

from geometry.design import Element, Mesh
from geometry.errors import EmptyInput, ReadError

NOT_BUILT = (
    "IfcOpeningElement",
    "IfcSpatialElement",
    "IfcSpatialStructureElement",
    "IfcVirtualElement",
    "IfcAnnotation",
    "IfcGrid",
)
"""Neither material nor placed by a builder: openings, spaces, sites, virtual elements ..."""


def tessellate(path: Path) -> dict[str, Element]:
    """Return the physical elements of an IFC file by GlobalId, in metres, in the file's own world coordinates.

    Raises
    ------
    ReadError
        If the file cannot be parsed.
    EmptyInput
        If it holds no geometry.
    """
    import ifcopenshell
    import ifcopenshell.geom
    import ifcopenshell.util.element

    try:
        model = ifcopenshell.open(str(path))
    except Exception as error:  # ifcopenshell raises its own and plain exceptions alike
        raise ReadError(f"{path}: not a readable IFC file ({error}); give a valid .ifc") from error
    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    settings.set("weld-vertices", True)
    known = [name for name in NOT_BUILT if _declared(model.schema, name)]
    iterator = ifcopenshell.geom.iterator(settings, model, 1, exclude=known)
    elements: dict[str, Element] = {}
    going = bool(iterator.initialize())
    while going:
        shape = iterator.get()
        vertices = np.array(shape.geometry.verts, dtype=np.float64).reshape(-1, 3)
        faces = np.array(shape.geometry.faces, dtype=np.int32).reshape(-1, 3)
        if len(faces):
            product = model.by_guid(shape.guid)
            container = ifcopenshell.util.element.get_container(product)
            storey = str(container.Name or "") if container is not None else ""
            elements[shape.guid] = Element(
                shape.guid, product.is_a(), str(product.Name or ""), storey, Mesh(vertices, faces)
            )
        going = bool(iterator.next())
    if not elements:
        raise EmptyInput(f"{path}: the model has no element with geometry; there is nothing to scan")
    return {guid: elements[guid] for guid in sorted(elements)}


def _declared(schema: str, name: str) -> bool:
    import ifcopenshell.ifcopenshell_wrapper as wrapper

    try:
        wrapper.schema_by_name(schema).declaration_by_name(name)
    except RuntimeError:
        return False
    return True
