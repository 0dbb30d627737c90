"""What of a design model is compared between revisions, and kept with each of them."""

import hashlib

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import DesignModel, Element
from twin.revision_diff import ElementFingerprint

_STEP = 1e-4
"""Metres: coordinates that round to the same multiple are the same place; exporters shake the digits below."""


def fingerprints(design: DesignModel) -> tuple[ElementFingerprint, ...]:
    """Return the fingerprint of every element of a design, those without a shape included, by GlobalId.

    The geometry's covers where the element is in the design frame, whatever origin the reader chose and however its
    triangles are ordered; another triangulation of the same faces is another shape.
    """
    elements = {**design.elements, **design.without_geometry}
    return tuple(
        ElementFingerprint(global_id, _geometry(element, design.origin), _properties(element))
        for global_id, element in sorted(elements.items())
    )


def _geometry(element: Element, origin: FloatArray) -> str:
    if len(element.mesh.faces) == 0:
        return hashlib.sha256(element.suspect.encode()).hexdigest()
    # half a step off the grid: coordinates of whole millimetres must not fall to either side
    corners = np.floor((element.mesh.triangles() + origin) / _STEP + 0.5).astype(np.int64)
    first = np.lexsort(corners.transpose(2, 0, 1)[::-1], axis=-1)[:, :1]
    turned = np.take_along_axis(corners, ((first + np.arange(3)) % 3)[:, :, None], axis=1)
    rows = turned.reshape(len(turned), 9)
    return hashlib.sha256(np.ascontiguousarray(rows[np.lexsort(rows.T[::-1])]).tobytes()).hexdigest()


def _properties(element: Element) -> str:
    said = [element.ifc_class, element.name, element.storey, element.type_name, "|".join(element.materials)]
    said += [f"{name}={value!r}" for name, value in sorted(element.properties.items())]
    said += [f"{name}={value:.9g}" for name, value in sorted(element.quantities.items())]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()
