"""From one product to one mesh: which geometry kernel is asked, and when its answer is believed.

The default kernel (opencascade) is right most often and slow; cgal-simple and manifold are fast and now and then drop,
bend or fail to cut something without saying so. A fast answer is believed only on independent evidence:

- plane faces, no booleans: both fast kernels agree in box, area and volume, or one of them with the polygons in the
  file and what is extruded from them (``ifc_polygons``), which stand in where neither is whole;
- booleans: made of their operands by Manifold (``csg_build``), and points say that the result is what the operands
  make (``csg_check``);
- anything else curved, and everything without such evidence: opencascade, whose booleans are put to the same test.

A boolean that no kernel gets right leaves the element suspect, with the default kernel's mesh.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportMissingImports=false

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Mesh, OrientedBox
from geometry.mesh_health import cleaned, oriented_outward, signed_volume, surface_area
from geometry.note import Note
from geometry.oriented_box import box_of, union_of
from geometry.readers.csg_build import build
from geometry.readers.csg_check import BooleanCheck, Solid, bodies_of, check_boolean, combined
from geometry.readers.ifc_attributes import attribute, cyclic, placement_chain
from geometry.readers.ifc_frames import axes_frame
from geometry.readers.ifc_grid import grid_frame, has_grid_ancestor
from geometry.readers.ifc_operands import operands_of
from geometry.readers.ifc_polygons import declared_extent, polygon_mesh, read_at_once
from geometry.readers.ifc_products import Product, is_flat

DEFAULT_KERNEL = "opencascade"
FAST_KERNELS = ("cgal-simple", "manifold")
OPERANDS = "manifold3d"
"""Not a kernel of ifcopenshell: the booleans made here of the operands that its kernels give."""
PLACEMENT_KERNEL = "manifold"
"""Placements come out alike from all kernels; this one loads fastest."""
LINEAR_DEFLECTION_M = 0.0005
"""Measured: circles come out with chord errors up to 0.5 mm, spheres and other double curvature up to 0.9 mm."""
ANGULAR_DEFLECTION = 0.5
SETTINGS: dict[str, float | bool] = {
    "mesher-linear-deflection": LINEAR_DEFLECTION_M,
    "mesher-angular-deflection": ANGULAR_DEFLECTION,
    "weld-vertices": True,
    "use-world-coords": False,
    "no-normals": True,
    "apply-default-materials": False,
}

AGREED_BOX_M = 1e-4
AGREED_SHARE = 1e-3
FLAT_REACH_M = 2e-4
CURVED_REACH_M = 2e-3

_BOOLEAN_TROUBLE = (
    "Opening subtraction failed",
    "Failed to process boolean",
    "yields invalid result",
    "Invalid operands. Using first operand",
    "Boolean result discarded",
    "Null operand",
    "Error processing openings",
)

Announce = Callable[[str], None]
"""Told which kernel is about to run, so that a crash has a culprit."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The mesh of a product in its own coordinates, metres, and how far to trust it."""

    mesh: Mesh
    kernel: str
    suspect: str = ""
    sheet: bool = False
    boxes: Mapping[str, OrientedBox] = field(default_factory=dict[str, OrientedBox])
    """GlobalId of an opening -> the rectangular box that it cuts away, where it is one."""


class Kernels:
    """The geometry kernels bound to one open model; made on first use."""

    def __init__(self, model: Any, unit_m: float, announce: Announce) -> None:
        from ifcopenshell import ifcopenshell_wrapper as wrapper
        from ifcopenshell.geom import settings

        self._wrapper: Any = wrapper
        self._model = model
        self._unit_m = unit_m
        self._announce = announce
        self._settings: Any = settings()
        for name, value in SETTINGS.items():
            self._settings.set(name, value)
        self._kernels: dict[str, tuple[Any, Any]] = {}
        self._frames: dict[int, FloatArray] = {}
        self._resolving: set[int] = set()
        """Placements begun: one that is met again before it is in ``_frames`` leads to itself through a grid."""
        self._leaves: dict[int, Mesh | None] = {}

    def frame(self, instance: Any) -> FloatArray:
        """Return the (4, 4) placement of a product in the world, metres.

        Raises
        ------
        ValueError
            If the placement is of a kind that the kernel cannot resolve, or depends on itself.
        """
        placement = attribute(instance, "ObjectPlacement")
        return np.eye(4) if placement is None else self._placement_frame(placement)

    def _placement_frame(self, placement: Any) -> FloatArray:
        placement_chain(placement)  # raises where a kernel would not return
        if placement.id() not in self._frames:
            if placement.id() in self._resolving:
                raise ValueError(cyclic(placement))
            self._resolving.add(placement.id())
            try:
                self._frames[placement.id()] = self._resolved(placement)
            finally:
                self._resolving.discard(placement.id())
        return self._frames[placement.id()]

    def _resolved(self, placement: Any) -> FloatArray:
        if placement.is_a("IfcGridPlacement"):
            return grid_frame(placement, self._placement_frame, self._unit_m)
        if has_grid_ancestor(placement):
            local = axes_frame(placement.RelativePlacement, self._unit_m)
            return self._placement_frame(placement.PlacementRelTo) @ local
        kernel, _ = self._kernel(PLACEMENT_KERNEL)
        try:
            matrix = np.array(kernel.create_shape(placement).matrix, dtype=np.float64)
        except RuntimeError:
            raise ValueError(Note("not_resolved", "its {what} cannot be resolved", what=placement.is_a())) from None
        if matrix.shape != (16,) or not np.all(np.isfinite(matrix)):
            raise ValueError(Note("not_finite", "its {what} is not finite", what=placement.is_a()))
        return matrix.reshape(4, 4).T

    def shape(self, product: Product, avoid: Collection[str]) -> Shape | None:
        """Return the mesh of a product, or None where no kernel makes one; ``avoid`` names what crashed on it."""
        placement_chain(attribute(product.instance, "ObjectPlacement"))  # raises where a kernel would not return
        solids = self._operands(product) if product.boolean and "operands" not in avoid else []
        raw = self._boolean(product, solids, avoid) if product.boolean else self._plain(product, avoid)
        if raw is None:
            return None
        mesh, kind = oriented_outward(cleaned(raw.mesh))
        if kind == "empty":
            return None
        suspect = raw.suspect
        if kind == "sheet" and product.solid and not suspect:
            suspect = Note("not_closed", "the solid is not closed: its inside cannot be told from its outside")
        return Shape(mesh, raw.kernel, suspect, kind == "sheet", _opening_boxes(solids))

    def _plain(self, product: Product, avoid: Collection[str]) -> Shape | None:
        usable = [kernel for kernel in FAST_KERNELS if kernel not in avoid]
        if product.flat and len(usable) == len(FAST_KERNELS):
            shape = self._confirmed(product)
            if shape is not None:
                return shape
        mesh = None if DEFAULT_KERNEL in avoid else self._mesh(DEFAULT_KERNEL, product)
        if mesh is not None:
            return Shape(mesh, DEFAULT_KERNEL)
        for kernel in usable:
            mesh = self._mesh(kernel, product)
            if mesh is not None:
                return Shape(mesh, kernel, "only one geometry kernel could make it; nothing confirms its shape")
        return None

    def _confirmed(self, product: Product) -> Shape | None:
        """Return the mesh of a plane-faced body from a fast kernel that something else bears out, or None.

        The cheaper witness is asked first: the definition where it is read at once, the other kernel before a brep.
        """
        first, second = FAST_KERNELS
        asked_first = not product.solid or read_at_once(product.body)
        mesh = self._mesh(first, product)
        extent = declared_extent(product.body, self._unit_m) if asked_first else None
        if mesh is not None and extent is not None and extent.matches(mesh):
            return Shape(mesh, first)
        other = self._mesh(second, product)
        if mesh is not None and other is not None and agree(mesh, other):
            return Shape(mesh, first)
        if not asked_first and (mesh is not None or other is not None):
            extent = declared_extent(product.body, self._unit_m)
        for kernel, made in ((first, None if asked_first else mesh), (second, other)):
            if made is not None and extent is not None and extent.matches(made):
                return Shape(made, kernel)
        own = polygon_mesh(product.body, self._unit_m)
        return None if own is None else Shape(own, "polygons")

    def _boolean(self, product: Product, solids: Sequence[Solid], avoid: Collection[str]) -> Shape | None:
        attempts: list[tuple[Shape, BooleanCheck]] = []
        for kernel in (OPERANDS, DEFAULT_KERNEL, "cgal-simple"):
            if kernel in avoid or (kernel == OPERANDS and not solids):
                continue
            mesh = self._built(solids) if kernel == OPERANDS else self._mesh(kernel, product)
            if mesh is None:
                continue
            if not solids:
                trouble = self._trouble(kernel)
                return Shape(mesh, kernel, f"boolean failed: {trouble}" if trouble else "")
            exact = product.flat or kernel == OPERANDS
            reach = FLAT_REACH_M if exact else CURVED_REACH_M
            check = check_boolean(mesh, combined("UNION", solids), reach_m=reach)
            if check.agrees:
                return Shape(mesh, kernel)
            attempts.append((Shape(mesh, kernel), check))
        if not attempts:
            return None
        shape, check = min(attempts, key=lambda attempt: attempt[0].kernel != DEFAULT_KERNEL)
        return Shape(shape.mesh, shape.kernel, _reason(product, check))

    def _built(self, solids: Sequence[Solid]) -> Mesh | None:
        self._announce(OPERANDS)
        return build(solids)

    def _operands(self, product: Product) -> list[Solid]:
        self._announce("operands")
        try:
            return operands_of(product, self._leaf, self.frame, self._unit_m)
        except ValueError:
            return []

    def _leaf(self, item: Any) -> Mesh | None:
        """Return the mesh of a representation item that holds no boolean, from a kernel that can be trusted with it."""
        if item.id() not in self._leaves:
            kernel = "cgal-simple" if is_flat(item) and not item.is_a("IfcMappedItem") else DEFAULT_KERNEL
            mesh = self._create(kernel, item)
            if mesh is None and kernel != DEFAULT_KERNEL:
                mesh = self._create(DEFAULT_KERNEL, item)
            self._leaves[item.id()] = mesh
        return self._leaves[item.id()]

    def _mesh(self, kernel: str, product: Product) -> Mesh | None:
        self._announce(kernel)
        mesh = self._create(kernel, product.instance, product.body)
        if mesh is None and has_grid_ancestor(product.instance.ObjectPlacement) and not product.openings:
            return self._create(kernel, product.body)  # kernels give up on the placement, not on the shape
        return mesh

    def _create(self, name: str, *arguments: Any) -> Mesh | None:
        kernel, log = self._kernel(name)
        log.clear()
        try:
            made = kernel.create_shape(*arguments)
        except RuntimeError:
            return None
        geometry = made.geometry if hasattr(made, "geometry") else made
        vertices = np.frombuffer(geometry.verts_buffer, dtype=np.float64).reshape(-1, 3)
        faces = np.frombuffer(geometry.faces_buffer, dtype=np.int32).reshape(-1, 3)
        if len(faces) == 0 or not np.all(np.isfinite(vertices)):
            return None
        return Mesh(vertices.copy(), faces.copy())

    def _trouble(self, kernel: str) -> str:
        """Return the first complaint about a boolean in the log of the shape made last."""
        for message in self._kernel(kernel)[1].log_messages():
            text = str(message.message)
            if any(phrase in text for phrase in _BOOLEAN_TROUBLE):
                return text.partition("\n")[0].strip()[:120]
        return ""

    def _kernel(self, name: str) -> tuple[Any, Any]:
        if name not in self._kernels:
            log = self._wrapper.logger()
            log.output_format(log.FMT_INMEMORY)
            self._kernels[name] = (self._wrapper.geometry_kernel(name, self._model, self._settings, log), log)
        return self._kernels[name]


def agree(one: Mesh, other: Mesh) -> bool:
    """Return whether two meshes have the same box within 0.1 mm, and area and volume within 0.1 %."""
    if np.abs(one.bounds() - other.bounds()).max() > AGREED_BOX_M:
        return False
    area, other_area = surface_area(one), surface_area(other)
    if abs(area - other_area) > AGREED_SHARE * max(area, other_area):
        return False
    volumes = [abs(signed_volume(mesh)) for mesh in (one, other)]
    box = np.prod(np.ptp(one.bounds(), axis=0))
    return abs(volumes[0] - volumes[1]) <= AGREED_SHARE * max(volumes[0], volumes[1], 1e-3 * float(box))


def _opening_boxes(solids: Sequence[Solid]) -> dict[str, OrientedBox]:
    """Return the boxes among the openings of a product; every item of it is cut by the same ones."""
    parts: dict[str, list[OrientedBox | None]] = {}
    for body in bodies_of(solids[0]) if solids else ():
        if body.label:
            parts.setdefault(body.label, []).append(box_of(body.mesh))
    whole = {label: [box for box in boxes if box is not None] for label, boxes in parts.items() if None not in boxes}
    found = {label: union_of(boxes) for label, boxes in whole.items()}
    return {label: box for label, box in found.items() if box is not None}


def _reason(product: Product, check: BooleanCheck) -> str:
    if check.failed:
        names = ", ".join(check.failed[:3]) + (" ..." if len(check.failed) > 3 else "")
        said = "boolean failed: {failed} of {openings} openings were not cut ({names})"
        failed, openings = str(len(check.failed)), str(len(product.openings))
        return Note("openings_not_cut", said, failed=failed, openings=openings, names=names)
    if check.film > check.mismatch:
        said = "boolean failed: a film without thickness is left on {share} % of the surface"
        return Note("film_left", said, share=f"{100.0 * check.film:.0f}")
    said = "boolean failed: {share} % of the surface contradicts the shapes it was cut from"
    return Note("boolean_contradicted", said, share=f"{100.0 * check.mismatch:.0f}")
