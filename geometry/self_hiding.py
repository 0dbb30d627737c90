"""Elements fitted to faces that they hide themselves: a cupboard's carcass, fitted to what are the doors before it.

A door front that leans back by 2 cm lies where the carcass behind it should be, and explains the points there well. But
nobody sees the carcass: the doors stand before it. Such a fit is made again from where the points lie on the faces that
can be seen, and points that an element hides itself do not count as lying on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from geometry.element_pose import ElementShapes, PoseFit, PoseProblem, fit_poses, unit_normals
from geometry.pose_kernels import CLEAR_GAIN, MAJORITY, MIN_SUPPORT
from geometry.slides import ALIKE
from geometry.triangle_tree import TriangleTree, build_tree, cast, closest

DEPTH = 0.15
"""How far (m) behind another face of its own a face counts as hidden by it: farther in, another part stands there."""
_CLEAR = 4.0
"""Times the noise that a face must lie before a point to hide it."""
_SEEN_THROUGH = 0.1
"""Share of the points on an element that it hides itself, from which it is fitted again: fewer are split beams."""


@dataclass(frozen=True, slots=True, eq=False)
class _OnIt:
    """The trusted points of one element that lie on it as fitted."""

    total: float
    """Trust in all of its points."""
    seen: float
    """Trust in those on it that it does not hide itself."""
    points: FloatArray
    """(h, 3) metres, those on it that it hides itself."""
    towards: FloatArray
    """(h, 3) unit directions to where they were seen from."""

    @property
    def share(self) -> float:
        """Share of its points that lie on faces that can be seen."""
        return self.seen / self.total if self.total > 0.0 else 0.0


def layered(shapes: ElementShapes) -> BoolArray:
    """Say which elements (e,) have a face right before the middle of another, which may be fitted though hidden."""
    found = np.zeros(len(shapes), np.bool_)
    for i in range(len(shapes)):
        triangles = shapes.triangles[shapes.start[i] : shapes.start[i + 1]]
        if len(triangles) <= 12:  # a box or less
            continue
        normals = unit_normals(triangles)
        before = cast(build_tree(triangles), triangles.mean(axis=1) + 1e-4 * normals, normals, DEPTH)
        found[i] = bool((before.triangle >= 0).any())
    return found


def fit_to_seen(
    shapes: ElementShapes,
    problem: PoseProblem,
    towards: FloatArray,
    fits: Mapping[int, PoseFit],
    may_hide: BoolArray,
) -> dict[int, PoseFit]:
    """Return the fits, those anew that rest on points which the element hides itself.

    Parameters
    ----------
    towards
        (n, 3) for the problem's points, towards where each was seen from, of any length; zero where that is not known.
    may_hide
        (e,) which elements to look at, see :func:`layered`.
    """
    found, before = dict(fits), dict[int, _OnIt]()
    slid = dict(problem.slid)
    for i in (i for i in fits if may_hide[i]):
        on_it = _on_it(shapes, problem, towards, i, fits[i])
        if len(on_it.points) < max(MIN_SUPPORT, _SEEN_THROUGH * fits[i].n):
            continue
        before[i] = on_it
        found[i] = replace(fits[i], inlier_fraction=on_it.share)
        shift = _to_the_front(_placed(shapes, i, fits[i]), on_it, problem.sigma)
        slid[i] = fits[i].twist + np.concatenate([shift, np.zeros(3)])
    anew = np.array(sorted(before), np.int64)
    again = fit_poses(shapes, replace(problem, slid=slid, only=frozenset(before)), anew) if len(anew) else {}
    for i, fit in again.items():
        share = _on_it(shapes, problem, towards, i, fit).share
        if share > before[i].share + CLEAR_GAIN and share > MAJORITY:
            found[i] = replace(fit, inlier_fraction=share)
    return found


def _placed(shapes: ElementShapes, i: int, fit: PoseFit) -> TriangleTree:
    triangles = shapes.triangles[shapes.start[i] : shapes.start[i + 1]]
    return build_tree(fit.T_built_design.apply(triangles.reshape(-1, 3)).reshape(-1, 3, 3))


def _on_it(shapes: ElementShapes, problem: PoseProblem, towards: FloatArray, i: int, fit: PoseFit) -> _OnIt:
    """Tell the points of element ``i`` that lie on it as fitted, and which of them it hides itself."""
    part = slice(int(problem.begin[i]), int(problem.begin[i + 1]))
    points, trust, tree = problem.points[part], problem.trust[part], _placed(shapes, i, fit)
    reach = 3.0 * problem.sigma
    near = closest(tree, points, reach, normals=problem.gates[part], min_cosine=problem.min_cosine)
    on = np.flatnonzero(near.triangle >= 0)
    length = np.linalg.norm(towards[part][on], axis=1)
    unit = towards[part][on] / np.maximum(length, 1e-9)[:, None]
    clear = _CLEAR * problem.sigma
    ahead = cast(tree, points[on] + clear * unit, unit, DEPTH)
    met = ahead.triangle >= 0
    depth = (clear + np.where(met, ahead.range, 0.0)) * np.abs(np.einsum("ij,ij->i", unit, ahead.normal))
    hidden = (length > 0.0) & met & (depth > clear)
    return _OnIt(float(trust.sum()), float(trust[on[~hidden]].sum()), points[on[hidden]], unit[hidden])


def _to_the_front(tree: TriangleTree, on_it: _OnIt, sigma: float) -> FloatArray:
    """Return the displacement (3,) m that brings the foremost face before most of the hidden points onto them."""
    front = cast(tree, on_it.points + DEPTH * on_it.towards, -on_it.towards, DEPTH - _CLEAR * sigma)
    facing = (front.triangle >= 0) & (np.einsum("ij,ij->i", front.normal, on_it.towards) > 0.0)
    if not facing.any():
        return np.zeros(3)
    normal, reach = front.normal[facing], front.range[facing]
    alike = normal @ normal.T > ALIKE
    chief = alike[int(np.argmax(alike.sum(axis=1)))]
    direction = normal[chief].mean(axis=0)
    direction /= np.linalg.norm(direction)
    behind = (DEPTH - reach[chief])[:, None] * on_it.towards[facing][chief]
    return -float(np.median(behind @ direction)) * direction
