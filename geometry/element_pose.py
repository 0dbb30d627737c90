# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The as-built pose of every element: a rigid, robust fit of its mesh to the points that may be its own.

Point-to-plane against the mesh's own triangles, with the robust scale shrinking from the search band to the noise
(graduated non-convexity, Yang et al. 2020, "Graduated Non-Convexity for Robust Spatial Perception"), started from
several hypotheses because a badly built element stands among its neighbours' points. Directions that too few points
fix, or on which the points that could tell do not agree, are left where the design has them and named unobservable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from geometry.arrays import Float32Array, FloatArray, Int32Array, IntArray, frozen
from geometry.node_kernels import build_forest
from geometry.pose import Pose
from geometry.pose_kernels import fit_many
from geometry.threads import in_parts
from geometry.triangle_kernels import leaf_triangles
from geometry.triangle_tree import triangle_boxes

_OBSERVABLE = 0.005
"""Standard deviation (m) at the element's extent beyond which a component is called unobservable."""


@dataclass(frozen=True, slots=True, eq=False)
class ElementShapes:
    """The triangles of all elements, each with its own search tree. Built by :func:`element_shapes`."""

    triangles: FloatArray
    """(t, 3, 3) metres, element after element."""
    element: Int32Array
    """(t,) element of each triangle."""
    start: IntArray
    """(e + 1,) first triangle of each element."""
    centre: FloatArray
    """(e, 3) centre of each element's box."""
    size: FloatArray
    """(e,) half the box diagonal, metres."""
    lower: FloatArray
    """(e, 3) lower corner of each element's box."""
    upper: FloatArray
    """(e, 3) upper corner of each element's box."""
    corners: FloatArray
    """(t, 9) corner and edges in leaf order."""
    normals: FloatArray
    """(t, 3) in leaf order."""
    order: Int32Array
    """(t,) and what follows: one search tree per element, see :func:`geometry.node_kernels.build_forest`."""
    boxes: Float32Array
    child: Int32Array
    frame: FloatArray
    root: Int32Array

    def area(self, i: int) -> float:
        """Return the area (m²) of element ``i``'s triangles."""
        t = self.triangles[self.start[i] : self.start[i + 1]]
        return float(0.5 * np.linalg.norm(np.cross(t[:, 1] - t[:, 0], t[:, 2] - t[:, 0]), axis=1).sum())

    def __len__(self) -> int:
        """Return the number of elements."""
        return len(self.size)


@dataclass(frozen=True, slots=True, eq=False)
class PoseFit:
    """How an element lies compared with its design."""

    T_built_design: Pose
    """Moves the designed mesh to where it was built."""
    twist: FloatArray
    """(6,) translation of the box centre (m) and rotation vector about it (rad)."""
    covariance: FloatArray
    """(6, 6) of the twist."""
    observable: tuple[bool, ...]
    """Six flags: translation x, y, z and rotation x, y, z."""
    inlier_fraction: float
    """Share of the trusted points that lie on the built element within the noise."""
    sigma: float
    """Robust standard deviation of the inliers' residuals, metres."""
    n: int
    """How many of the points used lie on it."""
    doubt: float = 0.0
    """Points that speak for less displacement per point that speaks for it, in the direction where that is most."""

    @property
    def moved(self) -> bool:
        """Whether the fit differs from the designed place at all."""
        return bool(np.any(self.twist != 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class PoseProblem:
    """The points that poses are fitted to; element i may own points begin[i]..begin[i+1]."""

    points: FloatArray
    """(n, 3) metres."""
    gates: FloatArray
    """(n, 3) gate vectors, see :func:`geometry.triangle_tree.closest`."""
    trust: FloatArray
    """(n,) weight of each point; 1 where it surely belongs to the element."""
    begin: IntArray
    """(e + 1,)."""
    sigma: float
    """Expected standard deviation of a point about the surface, metres."""
    band: float
    """How far the built surface may lie from the designed one, metres."""
    min_cosine: float
    slid: Mapping[int, FloatArray] = field(default_factory=dict[int, FloatArray])
    """Element -> twist (6,) of a place to try as well, which something else speaks for."""
    only: frozenset[int] = frozenset()
    """Elements to be fitted about that place and nowhere else."""


def element_shapes(meshes: list[FloatArray]) -> ElementShapes:
    """Return shapes of elements given as triangles (t, 3, 3), one entry per element, none empty."""
    start = np.concatenate([[0], np.cumsum([len(m) for m in meshes])]).astype(np.int64)
    triangles = np.ascontiguousarray(np.concatenate(meshes), dtype=np.float64)
    element = np.repeat(np.arange(len(meshes), dtype=np.int32), np.diff(start))
    lower_t, upper_t = triangle_boxes(triangles)
    order, boxes, child, frame, root = build_forest(lower_t, upper_t, start)
    corners, normals = leaf_triangles(frozen(triangles), order)
    lower = np.minimum.reduceat(lower_t, start[:-1])
    upper = np.maximum.reduceat(upper_t, start[:-1])
    return ElementShapes(
        triangles=frozen(triangles),
        element=element,
        start=start,
        centre=0.5 * (lower + upper),
        size=np.maximum(np.linalg.norm(upper - lower, axis=1) / 2.0, 1e-3),
        lower=lower,
        upper=upper,
        corners=frozen(corners),
        normals=frozen(normals),
        order=frozen(order),
        boxes=frozen(boxes),
        child=frozen(child),
        frame=frozen(frame),
        root=root,
    )


def unit_normals(triangles: FloatArray) -> FloatArray:
    """Return the unit normals (t, 3) of triangles (t, 3, 3); zero for a degenerate one."""
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    length = np.linalg.norm(cross, axis=1, keepdims=True)
    return np.divide(cross, length, out=np.zeros_like(cross), where=length > 0)


def built_pose(twist: FloatArray, centre: FloatArray) -> Pose:
    """Return the pose that turns about ``centre`` (3,) and shifts it by ``twist`` (6,), metres and radians."""
    turn = Pose.from_rotation_vector(twist[3:])
    return Pose.from_parts(turn.rotation, centre + twist[:3] - turn.rotation @ centre)


def fit_poses(shapes: ElementShapes, problem: PoseProblem, pending: IntArray) -> dict[int, PoseFit]:
    """Fit the rigid as-built pose of the elements ``pending``; those without points must not be asked for.

    The designed place keeps a privilege: another hypothesis must explain clearly more of the points.
    """
    count = len(shapes)
    twist, covariance = np.zeros((count, 6)), np.zeros((count, 6, 6))
    spread, share, number, doubt = np.zeros(count), np.zeros(count), np.zeros(count, np.int64), np.zeros(count)
    slid = np.zeros((count, 6))
    for i, place in problem.slid.items():
        slid[i] = place
    only = np.isin(np.arange(count), list(problem.only))
    in_parts(
        fit_many, len(pending), pending, frozen(problem.points), frozen(problem.gates), problem.trust, problem.begin,
        shapes.centre, shapes.size, 0.5 * (shapes.upper - shapes.lower)[:, 2], problem.sigma, problem.band,
        problem.min_cosine, shapes.root, shapes.corners, shapes.normals, shapes.order, shapes.boxes,
        shapes.child, shapes.frame, frozen(slid), only, twist, covariance, spread, share, number, doubt,
    )  # fmt: skip
    return {
        int(i): PoseFit(
            T_built_design=built_pose(twist[i], shapes.centre[i]),
            twist=twist[i],
            covariance=covariance[i],
            observable=observable_components(covariance[i], 0.5 * (shapes.upper[i] - shapes.lower[i])),
            inlier_fraction=float(share[i]),
            sigma=float(spread[i]),
            n=int(number[i]),
            doubt=float(doubt[i]),
        )
        for i in pending
    }


def observable_components(covariance: FloatArray, half: FloatArray) -> tuple[bool, ...]:
    """Say which of the six components are fixed well enough at the element's extent to be stated.

    ``half`` (3,) metres is half the size of the element's box; a turn counts by how far it moves what lies farthest
    from its axis.
    """
    x, y, z = half
    lever = np.maximum([1.0, 1.0, 1.0, np.hypot(y, z), np.hypot(x, z), np.hypot(x, y)], 1e-3)
    reach = np.sqrt(np.diag(covariance)) * lever
    return tuple(bool(v) for v in reach < _OBSERVABLE)
