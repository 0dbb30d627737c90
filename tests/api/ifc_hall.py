"""The hall of boxes as an IFC file in any unit, anywhere, with any names."""

# pyright: basic

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tests.api.hall import BOXES, Boxes
from tests.geometry.readers.ifc_models import Model

CLASSES = {"floor": "IfcSlab", "wall": "IfcWall", "column": "IfcColumn"}


def write_ifc_hall(
    path: Path,
    *,
    unit: str = "m",
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
    map_conversion: Mapping[str, float] | None = None,
    boxes: Boxes = BOXES,
    names: Sequence[str] = (),
) -> Path:
    """Write the hall with its site placed at ``origin`` (metres); a map conversion is given in the file's unit."""
    model = Model(unit, origin=origin)
    for (kind, (low, high)), name in zip(boxes.items(), names or tuple(boxes), strict=True):
        x, y, z = (float(v) for v in np.subtract(high, low))
        product = model.add(CLASSES[kind.split()[0]], model.block((x, y, z)), at=tuple(map(float, low)))
        product.Name = name
    if map_conversion is not None:
        crs = model.make("IfcProjectedCRS", "EPSG:25832")
        model.make("IfcMapConversion", model.parent, crs, *map_conversion.values())
    return model.write(path)
