"""The as-built pose of one element: a rigid fit of its mesh to the points that belong to it, robust against the rest.

Point-to-plane against the mesh's own triangles, with the robust scale shrinking from the search band to the noise
(graduated non-convexity, Yang et al. 2020), started from several hypotheses because a badly built element stands among
its neighbours' points. Directions that too few points fix are left where the design has them and named unobservable.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from geometry.pose import Pose
from geometry.triangle_tree import Closest, TriangleTree, closest

UNKNOWN = 0.1
"""Standard deviation (m) assumed for a displacement that nothing measures; it couples into what is measured."""
_MIN_SUPPORT = 12.0
"""Points' worth of information that a direction needs before it counts as fixed."""
_MIN_SHARE = 0.025
"""The same as a share of the element's points: a few strays at an edge must not move an element."""
_MAJORITY = 0.6
"""Share of its points that an element must explain at a place other than the designed one before it is believed there."""


@dataclass(frozen=True, slots=True, eq=False)
class PoseProblem:
    """What a pose is fitted from."""

    tree: TriangleTree
    """The element's own triangles."""
    points: FloatArray
    """(n, 3) metres."""
    gates: FloatArray
    """(n, 3) gate vectors, see :func:`geometry.triangle_tree.closest`."""
    trust: FloatArray
    """(n,) weight of each point; 1 where it surely belongs here."""
    centre: FloatArray
    """(3,) centre of the element's designed box."""
    size: float
    """Half the diagonal of that box, metres."""
    sigma: float
    """Expected standard deviation of a point about the surface, metres."""
    band: float
    """How far the built surface may lie from the designed one, metres."""
    min_cosine: float


@dataclass(frozen=True, slots=True, eq=False)
class PoseFit:
    """How an element lies compared with its design."""

    T_built_design: Pose
    """Moves the designed mesh to where it was built."""
    twist: FloatArray
    """(6,) translation of the box centre (m) and rotation vector about it (rad)."""
    covariance: FloatArray
    """(6, 6) of the twist; ``UNKNOWN`` squared where nothing measures it."""
    observable: tuple[bool, ...]
    """Six flags: translation x, y, z and rotation x, y, z."""
    inlier_fraction: float
    """Share of the trusted points that lie on the built element within the noise."""
    sigma: float
    """Robust standard deviation of the inliers' residuals, metres."""
    n: int
    """How many points lie on it."""

    @property
    def moved(self) -> bool:
        """Whether the fit differs from the designed place at all."""
        return bool(np.any(self.twist != 0.0))


def built_pose(twist: FloatArray, centre: FloatArray) -> Pose:
    """Return the pose that turns about ``centre`` (3,) and shifts it by ``twist`` (6,), metres and radians."""
    turn = Pose.from_rotation_vector(twist[3:])
    return Pose.from_parts(turn.rotation, centre + twist[:3] - turn.rotation @ centre)


def fit_pose(problem: PoseProblem) -> PoseFit:
    """Fit the rigid as-built pose of one element.

    The designed place keeps a privilege: another hypothesis must explain clearly more of the points.
    """
    best = _refine(problem, np.zeros(6), problem.band)
    if best.inlier_fraction > 0.9:
        return best
    if best.inlier_fraction <= _MAJORITY:
        best = _finish(problem, np.zeros(6))
    starts = _hypotheses(problem)
    shares = [_explained(problem, start) for start in starts]
    for i in np.argsort(np.negative(shares), kind="stable")[:2]:
        fit = _refine(problem, starts[i], 4.0 * problem.sigma + 0.02)
        if fit.inlier_fraction > best.inlier_fraction + 0.03 and fit.inlier_fraction > _MAJORITY:
            best = fit
    return best


def fit_at(problem: PoseProblem, twist: FloatArray) -> PoseFit:
    """Refine the pose from a known good ``twist`` (6,): a short fit at the noise scale."""
    return _refine(problem, twist, 4.0 * problem.sigma)


def _associate(problem: PoseProblem, twist: FloatArray, reach: float) -> Closest:
    """Return the closest triangle, in the designed place, of each point taken back by ``twist``."""
    T_design_built = built_pose(twist, problem.centre).inverse()
    back = T_design_built.apply(problem.points)
    gates = T_design_built.rotate(problem.gates)
    return closest(problem.tree, back, reach, normals=gates, min_cosine=problem.min_cosine)


def _residuals(problem: PoseProblem, twist: FloatArray, reach: float) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return Jacobian rows (m, 6), signed residuals (m,) and which points (n,) they belong to."""
    near = _associate(problem, twist, reach)
    found = near.triangle >= 0
    T_built_design = built_pose(twist, problem.centre)
    back = T_built_design.inverse().apply(problem.points[found])
    signed = np.einsum("ij,ij->i", back - near.foot[found], near.normal[found])
    # beyond an edge the distance is not along the normal: such a point says nothing about the plane
    aside = near.distance[found] ** 2 - signed**2 <= (0.5 * np.abs(signed) + 1e-3) ** 2
    found[np.flatnonzero(found)[~aside]] = False
    normal = T_built_design.rotate(near.normal[found])
    arm = problem.points[found] - (problem.centre + twist[:3])
    return np.concatenate([normal, np.cross(arm, normal)], axis=1), signed[aside], found


def _hypotheses(problem: PoseProblem) -> list[FloatArray]:
    """Return start twists whose translations put modes of the signed distances, per face direction, on the faces."""
    near = _associate(problem, np.zeros(6), problem.band)
    found = near.triangle >= 0
    if found.sum() < 5:
        return []
    normal = near.normal[found]
    signed = np.einsum("ij,ij->i", problem.points[found] - near.foot[found], normal)
    weight = problem.trust[found]
    axes: list[FloatArray] = []
    shifts: list[list[float]] = []
    remaining = weight.copy()
    for _ in range(3):
        tried = np.flatnonzero(remaining > 0)
        if len(tried) < 5:
            break
        tried = tried[:: max(1, len(tried) // 24)]
        support = (np.abs(normal @ normal[tried].T) > 0.94).T @ remaining
        axis = normal[tried[int(np.argmax(support))]]
        cosine = normal @ axis
        along = np.abs(cosine) > 0.94
        axes.append(axis)
        shifts.append(_modes(signed[along] * np.sign(cosine[along]), weight[along], problem.sigma, problem.band))
        remaining[np.abs(cosine) > 0.77] = 0.0
    starts: list[FloatArray] = []
    for combination in product(*shifts):
        translation = np.linalg.lstsq(np.array(axes), np.array(combination), rcond=0.1)[0]
        if np.linalg.norm(translation) > problem.sigma:
            starts.append(np.concatenate([translation, np.zeros(3)]))
    return starts


def _modes(values: FloatArray, weight: FloatArray, sigma: float, band: float) -> list[float]:
    """Return 0 and up to two modes of the displacement along one axis, metres."""
    step = 2.0 * sigma
    edges = np.arange(-band, band + step, step)
    count = np.histogram(values, edges, weights=weight)[0]
    smooth = np.convolve(count, [0.5, 1.0, 0.5], mode="same")
    modes = [0.0]
    for _ in range(2):
        top = int(np.argmax(smooth))
        if smooth[top] < 0.1 * count.sum():
            break
        value = float(edges[top] + 0.5 * step)
        if abs(value) > 2.0 * step:
            modes.append(value)
        smooth[max(0, top - 3) : top + 4] = 0.0
    return modes


def _explained(problem: PoseProblem, twist: FloatArray) -> float:
    """Return the trusted share of points near the element put at ``twist``: a cheap score of a start."""
    near = _associate(problem, twist, 6.0 * problem.sigma)
    return float(problem.trust[near.triangle >= 0].sum())


def _refine(problem: PoseProblem, start: FloatArray, scale: float) -> PoseFit:
    """Alternate association and robust least squares from ``start`` while the scale shrinks to 3 sigma."""
    twist = start.copy()
    end = 3.0 * problem.sigma
    last = False
    for _ in range(14):
        rows, signed, found = _residuals(problem, twist, 2.0 * scale + end)
        if found.sum() < 3:
            break
        step = _robust_step(rows, signed, problem.trust[found], max(scale, end))
        twist = _compose(step, twist)
        moved = float(np.linalg.norm(step[:3]) + problem.size * np.linalg.norm(step[3:]))
        if scale <= end:
            if last and moved < 0.1 * problem.sigma:
                break
            last = True
        scale /= 2.0
    return _finish(problem, twist)


def _robust_step(rows: FloatArray, signed: FloatArray, trust: FloatArray, scale: float) -> FloatArray:
    """Return the step (6,) by iteratively reweighted least squares with fixed associations."""
    step = np.zeros(6)
    for _ in range(4):
        left = signed - rows @ step
        weight = trust * (scale**2 / (scale**2 + left**2)) ** 2  # Geman-McClure
        basis, values = _directions(rows, weight)
        right = basis.T @ (rows.T @ (weight * signed))
        fixed = _is_fixed(values, weight)
        step = basis[:, fixed] @ (right[fixed] / values[fixed])
    return step


def _directions(rows: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return independent displacement directions (6, 6) as columns and the information about each (6,).

    The directions are principal axes about the centroid of the seen points with rotations scaled by their spread, so
    that the information reads as a number of points whatever part of the element was seen.
    """
    total = max(float(weight.sum()), 1e-12)
    normal, torque = rows[:, :3], rows[:, 3:]
    # the arm's part across the normal is n x (a x n); what lies along the normal turns nothing
    arm = np.cross(normal, torque)
    middle = (weight @ arm) / total
    spread = float(np.sqrt(max((weight @ ((arm - middle) ** 2).sum(axis=1)) / total, 1e-6)))
    # twist about the origin of the arms = to_origin @ (twist about the middle, rotation times spread)
    to_origin = np.eye(6)
    x, y, z = middle
    to_origin[:3, 3:] = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]]) / spread
    to_origin[3:, 3:] /= spread
    local = rows @ to_origin
    values, vectors = np.linalg.eigh((local * weight[:, None]).T @ local)
    return to_origin @ vectors, values


def _is_fixed(values: FloatArray, weight: FloatArray) -> BoolArray:
    """Say which directions enough points fix."""
    return values > max(_MIN_SUPPORT, _MIN_SHARE * float(weight.sum()))


def _compose(step: FloatArray, twist: FloatArray) -> FloatArray:
    """Return the twist of ``step`` done after ``twist``; the step turns about where the centre has got to."""
    turn = Pose.from_rotation_vector(step[3:]) @ Pose.from_rotation_vector(twist[3:])
    return np.concatenate([twist[:3] + step[:3], turn.rotation_vector()])


def _finish(problem: PoseProblem, twist: FloatArray) -> PoseFit:
    """Compute covariance, observability and inlier share at the final twist."""
    rows, signed, found = _residuals(problem, twist, 6.0 * problem.sigma)
    inlier = np.abs(signed) <= 3.0 * problem.sigma
    total = float(problem.trust.sum())
    weight = problem.trust[found][inlier]
    spread = float(1.4826 * np.median(np.abs(signed[inlier]))) if inlier.sum() > 5 else problem.sigma
    basis, values = _directions(rows[inlier], weight)
    noise = max(spread, 0.25 * problem.sigma) ** 2
    variance = np.where(_is_fixed(values, weight), noise / np.maximum(values, 1e-12), UNKNOWN**2)
    covariance = (basis * variance) @ basis.T
    reach = np.sqrt(np.diag(covariance)) * np.array([1.0, 1.0, 1.0, problem.size, problem.size, problem.size])
    limit = 0.005  # metres, 1 sigma at the element's extent: beyond it a component is called unobservable
    return PoseFit(
        T_built_design=built_pose(twist, problem.centre),
        twist=twist,
        covariance=covariance,
        observable=tuple(bool(v) for v in reach < limit),
        inlier_fraction=float(weight.sum()) / total if total > 0 else 0.0,
        sigma=spread,
        n=int(inlier.sum()),
    )
