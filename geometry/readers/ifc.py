"""Read an IFC model: IFC2X3, IFC4 or IFC4X3 as .ifc, .ifczip or .ifcxml.

Elements are what can be built and seen (``ifc_products``); their meshes are in the file's own engineering coordinates
(no map conversion applied), in metres, relative to the smallest corner of all boxes. Geometry runs in worker processes
(``ifc_tessellation``), which kernel made a shape and why it is believed is in ``ifc_kernels``.
"""

import importlib.metadata
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import DesignModel, Element, MapConversion, Mesh, Opening, OrientedBox
from geometry.errors import EmptyInput, ReadError, UnitContradiction
from geometry.mesh_health import signed_volume
from geometry.note import Note, restored
from geometry.readers.global_id import derived_global_id, is_global_id
from geometry.readers.ifc_container import model_file
from geometry.readers.ifc_kernels import SETTINGS
from geometry.readers.ifc_tessellation import RawModel, RawProduct, RawShape, tessellate
from geometry.readers.ifc_units import (
    LARGEST_MODEL_M,
    IfcUnits,
    check_quantities,
    check_size,
    length_ratios,
    volume_ratios,
)
from geometry.readers.mesh_cache import cache_path, load_design, store_design
from geometry.schedule import Task, day_of
from geometry.source import SourceFile, sha256_of

_MAX_NAMED = 3


def read_ifc(
    path: Path,
    *,
    workers: int = 2,
    cache_dir: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> DesignModel:
    """Read an IFC model with the meshes of all its elements.

    Parameters
    ----------
    path:
        The file; what it is, is taken from its content.
    workers:
        Processes that make shapes at the same time. The result does not depend on it.
    cache_dir:
        Folder of designs read before (``mesh_cache.default_cache_dir()``); None neither looks nor stores.
    progress:
        Told the share done, 0 to 1.

    Raises
    ------
    ReadError
        If the file is missing, truncated, not IFC or beyond parsing.
    UnitContradiction
        If its size or its quantities contradict its length unit.
    EmptyInput
        If it has no element with a body.
    """
    if not path.is_file():
        raise ReadError(f"{path}: no such file")
    sha256 = sha256_of(path)
    recipe = {"settings": SETTINGS, "ifcopenshell": importlib.metadata.version("ifcopenshell")}
    stored = None if cache_dir is None else cache_path(cache_dir, sha256, recipe)
    model = None if stored is None else load_design(stored, str(path))
    if model is None:
        model = _read(path, sha256, workers, progress)
        if stored is not None:
            store_design(stored, model)
    if progress is not None:
        progress(1.0)
    return model


def _read(path: Path, sha256: str, workers: int, progress: Callable[[float], None] | None) -> DesignModel:
    with model_file(path) as file:
        try:
            raw = tessellate(file, workers=workers, progress=progress)
        except ReadError as error:
            raise ReadError(f"{path}: {error}; export it again") from None
    try:
        return design_of(raw, SourceFile(str(path), sha256, str(raw.index["schema"])))
    except UnitContradiction as error:
        raise UnitContradiction(f"{path}: {error}") from None
    except EmptyInput as error:
        raise EmptyInput(f"{path}: {error}") from None


def design_of(raw: RawModel, source: SourceFile) -> DesignModel:
    """Put a design together from what the workers found.

    Raises
    ------
    UnitContradiction, EmptyInput
        As ``read_ifc``.
    """
    names = {int(id_): (str(name), float(elevation)) for id_, (name, elevation) in raw.index["storeys"]}
    ids, notes = _global_ids(raw.products)
    placed = [_placed(product, raw.shapes[product.key]) for product in raw.products]
    good = [part for part in placed if part.mesh is not None]
    notes = [*map(restored, raw.index["notes"]), *notes, *_crash_notes(raw.crashes)]
    if not good:
        reasons = Counter(part.reason for part in placed).most_common(1)
        why = f": {reasons[0][0]}" if reasons else ""
        noted = "".join(f" ({note.rstrip('.')})" for note in notes[:1])
        raise EmptyInput(
            f"the model has no element with a shape to compare{why}{noted}; export it with the bodies of its elements"
        )
    boxes = np.stack([part.box() for part in good])
    origin = boxes[:, 0].min(axis=0)
    elements = {
        global_id: _element(part, global_id, names, origin)
        for part, global_id in sorted(zip(placed, ids, strict=True), key=lambda pair: pair[1])
    }
    units = IfcUnits(float(raw.index["length_m"]), bool(raw.index["length_declared"]), {})
    notes += _unit_notes(elements.values(), boxes, units)
    lost = {id_: element for id_, element in elements.items() if len(element.mesh.faces) == 0}
    if lost:
        said = "{n} elements have no usable shape and cannot be checked: {which}."
        notes.append(Note("without_shape", said, n=str(len(lost)), which=_some(lost)))
    conversion = raw.index["map_conversion"]
    return DesignModel(
        elements={id_: element for id_, element in elements.items() if id_ not in lost},
        origin=origin,
        source=source,
        length_unit_m=units.length_m,
        storeys=dict(names.values()),
        map_conversion=None if conversion is None else MapConversion(**conversion),
        notes=tuple(notes),
        without_geometry=lost,
        tasks=_tasks(raw, ids),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A product whose shape is turned as in the world but not yet moved there: the move is added last, exactly once."""

    described: Mapping[str, Any]
    mesh: Mesh | None
    shift: FloatArray
    shape: RawShape
    reason: str = ""
    rotation: FloatArray = field(default_factory=lambda: np.eye(3))
    """(3, 3) from the shape's own coordinates to the world's; it may mirror."""

    def box(self) -> FloatArray:
        """Return the box (2, 3) in the world."""
        assert self.mesh is not None
        return self.mesh.bounds() + self.shift


def _placed(product: RawProduct, shape: RawShape) -> _Placed:
    if product.placement is None:
        return _Placed(product.described, None, np.zeros(3), shape, restored(product.described["misplaced"]))
    if shape.mesh is None:
        return _Placed(
            product.described, None, np.zeros(3), shape, Note("no_kernel", "no geometry kernel could make its shape")
        )
    rotation = product.placement[:3, :3]
    faces = shape.mesh.faces if np.linalg.det(rotation) > 0.0 else shape.mesh.faces[:, ::-1]
    mesh = Mesh(shape.mesh.vertices @ rotation.T, faces)
    return _Placed(product.described, mesh, product.placement[:3, 3], shape, rotation=rotation)


def _element(part: _Placed, global_id: str, storeys: Mapping[int, tuple[str, float]], origin: FloatArray) -> Element:
    said = part.described
    mesh = Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32))
    if part.mesh is not None:
        mesh = Mesh(part.mesh.vertices + (part.shift - origin), part.mesh.faces)
    container = said.get("container") or 0
    return Element(
        global_id=global_id,
        ifc_class=said["ifc_class"],
        name=said["name"],
        storey=storeys[container][0] if container in storeys else said.get("container_name", ""),
        mesh=mesh,
        type_name=said.get("type_name", ""),
        predefined_type=said.get("predefined_type", ""),
        materials=tuple(said.get("materials", ())),
        properties=said.get("properties", {}),
        quantities={key: value for key, value in said.get("quantities", {}).items() if math.isfinite(value)},
        openings=tuple(said.get("openings", ())),
        voids=tuple(_opening(part, origin, *void) for void in said.get("voids", ())),
        suspect=part.reason or part.shape.suspect,
        sheet=part.mesh is not None and part.shape.sheet,
    )


def _opening(part: _Placed, origin: FloatArray, global_id: str, name: str, filled_by: Sequence[str]) -> Opening:
    numbers = part.shape.boxes.get(global_id)
    if numbers is None or part.mesh is None:
        return Opening(global_id, name, tuple(filled_by))
    centre, axes, size = np.split(np.array(numbers), [3, 12])
    box = OrientedBox(part.rotation @ centre + (part.shift - origin), axes.reshape(3, 3) @ part.rotation.T, size)
    return Opening(global_id, name, tuple(filled_by), box)


def _tasks(raw: RawModel, ids: Sequence[str]) -> tuple[Task, ...]:
    """Return the tasks with the elements that are there to be built."""
    of = {int(product.described["id"]): id_ for product, id_ in zip(raw.products, ids, strict=True)}
    return tuple(
        Task(
            said["global_id"], said["name"], said["identification"], said["kind"], day_of(said["start"]),
            day_of(said["finish"]), tuple(sorted({of[product] for product in said["products"] if product in of})),
        )
        for said in raw.index["tasks"]
    )  # fmt: skip


def _global_ids(products: Sequence[RawProduct]) -> tuple[list[str], list[str]]:
    """Return a unique id per product, and notes on those that the file does not give one.

    The first of several products with one GlobalId keeps it; the others, and those without a valid one, get an id
    derived from their class, name and instance number.
    """
    ids: list[str] = []
    taken: set[str] = set()
    repeated: list[str] = []
    invalid: list[str] = []
    for product in products:
        said = product.described
        own = said["global_id"]
        if not is_global_id(own) or own in taken:
            (repeated if own in taken else invalid).append(f"#{said['id']} {said['ifc_class']}")
            own = derived_global_id(f"{said['ifc_class']}/{said['name']}/{said['id']}")
        taken.add(own)
        ids.append(own)
    notes: list[str] = []
    if repeated:
        said = "{n} elements share the GlobalId of another and got one of their own: {which}."
        notes.append(Note("repeated_ids", said, n=str(len(repeated)), which=_some(repeated)))
    if invalid:
        said = "{n} elements have no valid GlobalId and got one: {which}."
        notes.append(Note("invalid_ids", said, n=str(len(invalid)), which=_some(invalid)))
    return ids, notes


def _unit_notes(elements: Any, boxes: FloatArray, units: IfcUnits) -> list[str]:
    """Check sizes and quantities against the unit; return notes."""
    lengths: list[float] = []
    volumes: list[float] = []
    for element in elements:
        if len(element.mesh.faces) and element.quantities:
            lengths += length_ratios(element.quantities, np.ptp(element.mesh.bounds(), axis=0).tolist())
            volumes += volume_ratios(element.quantities, 0.0 if element.sheet else signed_volume(element.mesh))
    notes = check_quantities(lengths, volumes, units.length_m)
    size = np.ptp(boxes.reshape(-1, 3), axis=0)
    centres = boxes.mean(axis=1)
    far = np.abs(centres - np.median(centres, axis=0)).max(axis=1) > LARGEST_MODEL_M
    if far.any() and np.count_nonzero(far) <= 0.1 * len(far):
        # a few strays at the map's origin make no unit wrong
        said = "{n} elements lie more than 50 km from the others; check their placement."
        notes.append(Note("far_away", said, n=str(np.count_nonzero(far))))
        size = np.ptp(boxes[~far].reshape(-1, 3), axis=0)
    return notes + check_size(size.tolist(), units)


def _crash_notes(crashes: Sequence[str]) -> list[str]:
    if not crashes:
        return []
    said = "The geometry kernel was restarted {n} times ({which}); other kernels took over."
    return [Note("kernel_restarted", said, n=str(len(crashes)), which=_some(crashes))]


def _some(names: Any) -> str:
    listed = sorted(names)
    return ", ".join(listed[:_MAX_NAMED]) + (" ..." if len(listed) > _MAX_NAMED else "")
