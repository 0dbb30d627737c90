"""How a model is laid out for the viewer: its origin, the number of each element, and which file it goes into."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import DesignModel, Element
from geometry.errors import EmptyInput
from twin.errors import Invalid

PART_TRIANGLES = 3_000_000
"""Up to so many triangles a model is one file; beyond, a phone needs to load it storey by storey."""
_GLASS = ("glass", "glas", "glaz", "verglas", "vitr", "玻璃")
_CLEAR_CLASSES = frozenset({"IfcWindow", "IfcSpace", "IfcOpeningElement", "IfcVirtualElement"})


@dataclass(frozen=True, slots=True)
class Part:
    """One file: the elements of one storey, or of all."""

    name: str
    storey: str | None
    """None when the part holds every storey."""
    elements: tuple[int, ...]
    """Feature ids, ascending."""
    triangles: int


@dataclass(frozen=True, slots=True, eq=False)
class SceneLayout:
    """Feature id = place in ``global_ids``, the same in every file of the scene."""

    global_ids: tuple[str, ...]
    origin: FloatArray
    """(3,) whole metres in the design file's coordinates: what all positions of the scene are relative to."""
    parts: tuple[Part, ...]


def scene_layout(
    design: DesignModel, global_ids: Sequence[str] | None = None, *, part_triangles: int = PART_TRIANGLES
) -> SceneLayout:
    """Lay a model out.

    Parameters
    ----------
    design:
        The model.
    global_ids:
        The order that gives the feature ids: of a check, ``[e.global_id for e in result.elements]``, so that ids in the
        model, in the tiles and in the report agree. Default: all elements as the model has them, then those without a
        shape.
    part_triangles:
        Where more triangles than this are split: by storey first, a storey larger than this into several parts.

    Raises
    ------
    EmptyInput
        If no element has a shape.
    Invalid
        If an id is given twice or is not in the model.
    """
    ids = tuple(global_ids) if global_ids is not None else (*design.elements, *design.without_geometry)
    if len(set(ids)) != len(ids):
        raise Invalid(f"the scene's elements must differ: {len(ids)} GlobalIds, {len(set(ids))} different")
    unknown = [id_ for id_ in ids if id_ not in design.elements and id_ not in design.without_geometry]
    if unknown:
        raise Invalid(f"the model has no element {unknown[0]}; lay the scene out with the model that was checked")
    shaped = [i for i, id_ in enumerate(ids) if id_ in design.elements and len(design.elements[id_].mesh.faces)]
    if not shaped:
        raise EmptyInput("the model has no element with a shape to show")
    return SceneLayout(ids, _origin(design, ids, shaped), tuple(_parts(design, ids, shaped, part_triangles)))


def is_clear(element: Element) -> bool:
    """Return whether an element is drawn see-through: windows, spaces, openings, and what is made of glass."""
    if element.ifc_class in _CLEAR_CLASSES:
        return True
    return any(word in material.lower() for material in element.materials for word in _GLASS)


def _origin(design: DesignModel, ids: Sequence[str], shaped: Sequence[int]) -> FloatArray:
    # the median: a stray element at the map's origin must not cost all others their float32 digits
    middles = [design.elements[ids[i]].mesh.bounds().mean(axis=0) for i in shaped]
    return np.round(design.origin + np.median(middles, axis=0)) + 0.0


def _parts(design: DesignModel, ids: Sequence[str], shaped: Sequence[int], limit: int) -> Iterator[Part]:
    sizes = {i: len(design.elements[ids[i]].mesh.faces) for i in shaped}
    if sum(sizes.values()) <= limit:
        yield Part("model", None, tuple(shaped), sum(sizes.values()))
        return
    storeys: dict[str, list[int]] = {}
    for i in shaped:
        storeys.setdefault(design.elements[ids[i]].storey, []).append(i)
    number = 0
    for storey in sorted(storeys, key=lambda name: (design.storeys.get(name, float("inf")), name)):
        for group in _groups(storeys[storey], sizes, limit):
            yield Part(f"model-{number:03d}", storey, tuple(group), sum(sizes[i] for i in group))
            number += 1


def _groups(elements: Sequence[int], sizes: dict[int, int], limit: int) -> Iterator[list[int]]:
    """Cut a storey into runs of at most ``limit`` triangles; an element is never cut."""
    group: list[int] = []
    total = 0
    for i in elements:
        if group and total + sizes[i] > limit:
            yield group
            group, total = [], 0
        group.append(i)
        total += sizes[i]
    yield group
