"""The content of one tile: some points as GLB."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray
from twin.scene.deviation_points import STEP_M
from twin.scene.gltf import POINTS, QUANTIZATION, GlbWriter, feature_extension, feature_ids, up_matrix


@dataclass(frozen=True, slots=True, eq=False)
class TileContent:
    """A tile's file and the box (2, 3) of its points as a reader gets them, metres, z-up."""

    glb: bytes
    box: FloatArray


def tile_content(records: NDArray[Any], elements: int) -> TileContent:
    """Return points as GLB: positions as 16-bit numbers within the points' own box, deviations in 0.1 mm.

    ``records`` (n,) are points as :func:`twin.scene.deviation_points.records_of` gives them, n > 0.

    Without ``elements`` there are neither deviations nor feature ids.

    A position is off by at most half a quantisation step, which is a 65536th of the box or 0.015 mm, what is larger.
    """
    steps = records["steps"].astype(np.int64)
    low = steps.min(axis=0)
    shift = max(0, int((steps.max(axis=0) - low).max()).bit_length() - 16)
    numbers = ((steps - low) >> shift).astype("<u2")
    scale = STEP_M * (1 << shift)
    # a number stands for 2^shift steps: its point is in the middle of them
    corner = (low + ((1 << shift) - 1) / 2.0) * STEP_M
    writer = GlbWriter()
    attributes, features = {"POSITION": writer.attribute(numbers)}, dict[str, Any]()
    if elements:  # a scan before any registration has neither
        element = records["element"]
        attributes["_DEVIATION"] = writer.attribute(records["deviation"])
        attributes["_FEATURE_ID_0"] = writer.attribute(feature_ids(np.where(element < 0, elements, element), elements))
        features = feature_extension(0, elements, len(np.unique(element[element >= 0])))
    for field, name in (("intensity", "_INTENSITY"), ("colour", "COLOR_0")):
        if field in (records.dtype.names or ()):
            attributes[name] = writer.attribute(records[field], normalized=True)
    primitive = {"attributes": attributes, "mode": POINTS, **features}
    document: dict[str, Any] = {
        "nodes": [{"mesh": 0, "matrix": up_matrix(scale, corner)}],
        "meshes": [{"primitives": [primitive]}],
    }
    box = corner + scale * np.stack([numbers.min(axis=0), numbers.max(axis=0)]).astype(np.float64)
    return TileContent(writer.glb(document, QUANTIZATION), box)
