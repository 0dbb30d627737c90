# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportAttributeAccessIssue=false
"""What speaks for and against each element being there: its points, its visible surface, the rays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from geometry.arrays import IntArray
from geometry.as_built import AsBuilt
from geometry.bare_contact import Contacts
from geometry.design import Element
from geometry.element_pose import ElementShapes, built_pose
from geometry.presence import MIN_THROUGH, PresenceEvidence
from geometry.standing import NOTHING, ON_IT, BuiltSurfaces, Standing
from geometry.uncertainty import Budget
from geometry.visibility import RayEvidence, SurfaceVisibility
from twin.result import StationSight
from twin.sight import Sight


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All that was found out before judging."""

    sight: Sight
    as_built: AsBuilt
    surface: SurfaceVisibility
    rays: RayEvidence | None
    budgets: Sequence[Budget]
    """Per element: what its points share."""
    stations: Mapping[int, Sequence[StationSight]]
    """Element -> what each station saw of it."""


def presence_of(
    i: int,
    element: Element,
    shapes: ElementShapes,
    evidence: Evidence,
    *,
    built: BuiltSurfaces,
    contacts: Contacts,
    mine: IntArray,
    samples: IntArray,
) -> PresenceEvidence:
    """Count what speaks for and against element ``i`` being there, from its points and its surface samples."""
    solved, rays = evidence.as_built, evidence.rays
    on_it = np.abs(solved.residual[mine]) <= ON_IT * evidence.sight.seen.sigma
    shared = solved.shared[mine]
    own, through = mine[on_it & ~shared], int(rays.through_any[i]) if rays is not None else 0
    visible = samples[evidence.surface.visible[samples]]
    covered = _covered(evidence, shapes, i, own, visible)
    return PresenceEvidence(
        own_points=len(own),
        standing=_standing(i, evidence, built, own, mine[~on_it & ~shared]) if through >= MIN_THROUGH else NOTHING,
        another=built.is_another(i, own, solved.residual[own]),
        assigned_points=int((~shared).sum()),
        shared_points=int((on_it & shared).sum()),
        through=through,
        coverage=covered / len(visible) if len(visible) else 0.0,
        in_reach=int(evidence.surface.in_reach[samples].sum()),
        visible=len(visible),
        suspect=element.suspect,
        rays_known=rays is not None,
        bare_contact=contacts.bare(i) if rays is None or through >= MIN_THROUGH else 0,
    )


def _standing(i: int, evidence: Evidence, built: BuiltSurfaces, own: IntArray, off: IntArray) -> Standing:
    """Return what stands at the element's place, rays known."""
    rays, origins = evidence.rays, evidence.sight.origins
    if rays is None or origins is None:
        return NOTHING
    return built.standing(i, own, origins, rays.crossing_ray[rays.crossing_element == i], off=off)


def _covered(evidence: Evidence, shapes: ElementShapes, i: int, mine: IntArray, visible: IntArray) -> int:
    """Count the visible surface samples that have a point of the element near where they were built."""
    if len(visible) == 0 or len(mine) == 0:
        return 0
    position = evidence.surface.point[visible]
    fit = evidence.as_built.fits[i]
    if fit is not None:
        position = built_pose(fit.twist, shapes.centre[i]).apply(position)
    # built in less than half the time, asked in the same, and the distances are the same
    tree = cKDTree(evidence.sight.seen.points[mine], balanced_tree=False, compact_nodes=False)
    some = evidence.sight.seen.points[mine[:: max(1, len(mine) // 100)]]
    spacing = float(np.median(tree.query(some, k=min(2, len(mine)))[0].reshape(len(some), -1)[:, -1]))
    near = tree.query(position, distance_upper_bound=max(0.05, 4.0 * spacing))[0]
    return int(np.isfinite(near).sum())
