# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportAttributeAccessIssue=false
"""From evidence to an element's result: state, pose, measurements, verdict."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from geometry.arrays import FloatArray, Int32Array, IntArray, highest, lowest
from geometry.as_built import AsBuilt
from geometry.bare_contact import Contacts
from geometry.characteristics import measure, overall
from geometry.design import Element
from geometry.deviation.surface import patch_surface
from geometry.element_pose import ElementShapes
from geometry.left_behind import refuted_directions
from geometry.measured import Measured
from geometry.other_places import Unexplained, other_place
from geometry.other_side import Sides, other_side
from geometry.placement import free_displacement, place_limit
from geometry.presence import PresenceEvidence, decide_state
from geometry.slides import LoosePoints
from geometry.standing import BuiltSurfaces
from geometry.tolerance import Rule, ToleranceSet
from geometry.triangle_tree import TriangleTree, closest
from geometry.unmodelled import cluster_points
from geometry.verdict import Measurement, Outcome, State
from geometry.witnesses import Witnesses
from twin.as_found import pose_of, summary_of
from twin.presence_evidence import Evidence, presence_of
from twin.result import (
    ElementResult,
    PointDeviations,
    Unmodelled,
    Visibility,
)
from twin.seen_parts import Surroundings

_PARTLY = 0.1
"""Share of rays through among rays through and own points from which an element counts as partly absent: a ray that has
gone 25 mm deep through where the body should be speaks against a pass, and one in ten is more than edges explain."""
_FEW_RAYS = 10
_LEAST_SEEN = 0.02
"""Share of an element's surface that must have been measured before it can pass."""
_LEAST_SEEN_BLIND = 0.1
"""The same where the rays are not known: what lies there may be a neighbour's edge, and nothing says it is not."""
_BELIEVED = 0.5
"""Share of the points that may be an element's own that must lie on it where it was found, before it can pass."""
_CONTESTED = 0.5
"""Points that speak against a displacement per point that speaks for it, from which it proves no failure."""
_MOST = 0.75
"""Share of an element's points from which what they say is the element's, whatever the others say."""
_OTHERS = 0.5
"""Share of the points on an element that lie on others as well, above which they do not show that it is there."""
_PLACEMENT = ("axis_position", "level", "surface")
"""Characteristics that say where an element is: when one is asked for and not known, nothing else makes it pass."""
_UNMODELLED = 0.1
"""How far (m) from any designed surface a point must be to count as unmodelled."""


@dataclass(frozen=True, slots=True, eq=False)
class _Site:
    """What every element is judged by."""

    shapes: ElementShapes
    evidence: Evidence
    tolerances: ToleranceSet
    around: Surroundings
    built: BuiltSurfaces
    contacts: Contacts
    unexplained: Unexplained
    sides: Sides


def judge_elements(
    elements: tuple[Element, ...], shapes: ElementShapes, evidence: Evidence, tolerances: ToleranceSet
) -> tuple[ElementResult, ...]:
    """Judge every element."""
    through = evidence.rays.through_any if evidence.rays is not None else np.zeros(len(elements), np.int64)
    site = _Site(
        shapes,
        evidence,
        tolerances,
        around=Surroundings(evidence.sight, evidence.as_built),
        built=BuiltSurfaces(shapes, evidence.as_built, evidence.sight.seen, through),
        contacts=Contacts(shapes, evidence.as_built, evidence.sight.seen),
        unexplained=Unexplained(evidence.as_built, evidence.sight.seen),
        sides=Sides(shapes, evidence.as_built, evidence.sight.seen),
    )
    order = np.argsort(evidence.as_built.element, kind="stable")
    bounds = np.searchsorted(evidence.as_built.element[order], np.arange(len(elements) + 1))
    sample_bounds = np.searchsorted(evidence.surface.element, np.arange(len(elements) + 1))
    return tuple(
        _judge(
            site, i, element,
            mine=order[bounds[i] : bounds[i + 1]],
            samples=np.arange(sample_bounds[i], sample_bounds[i + 1]),
        )
        for i, element in enumerate(elements)
    )  # fmt: skip


def _judge(site: _Site, i: int, element: Element, *, mine: IntArray, samples: IntArray) -> ElementResult:
    """Judge one element from its points ``mine`` and its surface ``samples``."""
    presence = presence_of(
        i, element, site.shapes, site.evidence, built=site.built, contacts=site.contacts, mine=mine, samples=samples
    )
    state, reasons = decide_state(presence)
    if state is State.MISSING:  # what lies about there is a neighbour's
        presence = replace(presence, coverage=0.0)
    result = ElementResult(
        global_id=element.global_id,
        ifc_class=element.ifc_class,
        name=element.name,
        storey=element.storey,
        state=state,
        verdict=Outcome.FAIL if state is State.MISSING else Outcome.NOT_MEASURED,
        points=len(mine),
        visible_fraction=presence.visible / max(len(samples), 1),
        coverage=presence.coverage,
        visibility=_visibility(site.evidence, i, presence, len(samples)),
        reasons=reasons,
        predefined_type=element.predefined_type,
    )
    return _with_verdict(site, i, element, result, presence, mine) if state is State.INSTALLED else result


def _visibility(evidence: Evidence, i: int, presence: PresenceEvidence, samples: int) -> Visibility:
    """Return what the stations could see of element ``i``, of which there are so many surface samples."""
    rays = evidence.rays
    return Visibility(
        samples=samples,
        in_reach=presence.in_reach,
        expected=presence.visible,
        confirmed=round(presence.coverage * presence.visible),
        rays_expected=int(rays.expected[i]) if rays is not None else 0,
        passed_through=presence.through,
        blocked=int(rays.blocked[i]) if rays is not None else 0,
        stations=tuple(evidence.stations.get(i, ())),
    )


def _with_verdict(
    site: _Site, i: int, element: Element, result: ElementResult, presence: PresenceEvidence, mine: IntArray
) -> ElementResult:
    """Measure and judge an element that is there."""
    evidence, kind = site.evidence, (element.ifc_class, element.materials, element.predefined_type)
    rules, reasons = site.tolerances.rules_for(*kind), result.reasons
    if site.tolerances.left_open(*kind):
        reasons += (f"no_rule_for_type:{element.predefined_type}",)
    measured = site.around.with_parts(_measured(i, element, site.shapes, evidence, mine), element, rules, mine)
    measurements = measure(measured, site.tolerances)
    if any(m.outcome is Outcome.FAIL for m in measurements):
        measured = _with_refuted(site, i, measured, mine)
        measurements = measure(measured, site.tolerances) if measured.refuted else measurements
    verdict, doubts = _verdict(measurements, presence, measured, rules)
    if verdict is Outcome.PASS:
        unsure = _place_doubts(measured, measurements, site.unexplained.about(_placed(measured), mine))
        if not presence.rays_known:
            unsure = unsure or _side_doubts(site, measured, measurements, mine) or _shared_doubts(site, i, mine)
        verdict, doubts = Outcome.INDETERMINATE if unsure else verdict, doubts + unsure
    if verdict is Outcome.PASS:
        doubts += _remarks(measured, measurements)
    return replace(
        result,
        verdict=verdict,
        pose=pose_of(measured.fit, measured.budget, site.shapes.centre[i]),
        deviation=summary_of(evidence.as_built, mine, evidence.sight.seen.sigma),
        measurements=measurements,
        reasons=reasons + doubts,
    )


def _with_refuted(site: _Site, i: int, measured: Measured, mine: IntArray) -> Measured:
    """Return what is known of an element with the directions along which its faces say that it was not displaced."""
    if measured.fit is None:
        return measured

    def loose(triangles: FloatArray) -> FloatArray:
        about = site.unexplained.about(triangles, mine)
        return about.points[~site.built.explained(i, about.index)]

    design, centre = measured.vertices.reshape(-1, 3, 3), site.shapes.centre[i]
    return replace(measured, refuted=refuted_directions(design, measured.fit, centre, measured.witnesses, loose))


def _verdict(
    measurements: tuple[Measurement, ...], presence: PresenceEvidence, measured: Measured, rules: tuple[Rule, ...]
) -> tuple[Outcome, tuple[str, ...]]:
    """Return the verdict over all measurements and the machine words that qualify it."""
    verdict = overall(measurements)
    reasons = tuple(dict.fromkeys(m.note for m in measurements if m.note and m.outcome is verdict))
    if not measurements:
        reasons = ("not_measurable",) if rules else ("no_tolerance",)
    unknown = [m for m in measurements if m.outcome is Outcome.NOT_MEASURED]
    missing = tuple(dict.fromkeys(m.note for m in unknown if not m.part))
    if missing and verdict is not Outcome.NOT_MEASURED:  # what is asked for and not known is never passed over
        reasons += missing
        verdict = Outcome.INDETERMINATE if verdict is Outcome.PASS else verdict
    absent = presence.through / max(presence.own_points + presence.through, 1)
    if absent >= _PARTLY and presence.through >= _FEW_RAYS:
        reasons += (f"partly_absent:{presence.through}",)
        verdict = Outcome.INDETERMINATE if verdict is Outcome.PASS else verdict
    lacking = [r.characteristic for r in rules if r.characteristic in _PLACEMENT]
    lacking = sorted({c for c in lacking if not any(m.characteristic == c for m in measurements)})
    if lacking:
        reasons += tuple(f"{c}_unknown" for c in lacking) if measurements else ()
        verdict = Outcome.INDETERMINATE if verdict is Outcome.PASS else verdict
    openings = {m.part_id for m in unknown if m.part}
    if openings and verdict is not Outcome.NOT_MEASURED:  # behind frames nothing is seen of most of them
        reasons += (f"openings_not_measured:{len(openings)}",)
    seen = measured.seen_share
    if verdict is Outcome.PASS and seen < (_LEAST_SEEN if presence.rays_known else _LEAST_SEEN_BLIND):
        reasons += (f"little_seen:{seen:.1%}",)
        verdict = Outcome.INDETERMINATE
    if verdict is Outcome.FAIL and _contested(measured):
        reasons += ("contested",)
        verdict = Outcome.INDETERMINATE
    return verdict, reasons


def _place_doubts(measured: Measured, measurements: tuple[Measurement, ...], loose: LoosePoints) -> tuple[str, ...]:
    """Return the words for why it is not known where the element stands, though all that was measured passes."""
    fit, reasons = measured.fit, ()
    if fit is not None and fit.inlier_fraction < _BELIEVED:
        reasons += ("place_unsure",)
    limit = partial(place_limit, measurements)
    elsewhere = other_place(_placed(measured), loose, limit, sigma=measured.witnesses.sigma)
    if elsewhere is not None:
        reasons += (f"other_place:{1000.0 * np.linalg.norm(elsewhere.shift):.0f} mm",)
    return reasons


def _shared_doubts(site: _Site, i: int, mine: IntArray) -> tuple[str, ...]:
    """Return the words for why what was measured of an element, without rays, may be its neighbours'."""
    others = site.built.explained(i, _own(site.evidence, mine))
    return ("coincident_surface",) if others.mean() > _OTHERS else ()


def _side_doubts(
    site: _Site, measured: Measured, measurements: tuple[Measurement, ...], mine: IntArray
) -> tuple[str, ...]:
    """Return the words for why it is not known on which of its faces the points of an element lie."""
    seen, placed = site.evidence.sight.seen, _placed(measured)
    shift = other_side(placed, seen.at(_own(site.evidence, mine)), partial(place_limit, measurements), site.sides)
    reasons: tuple[str, ...] = ()
    if shift is not None:
        reasons += (f"other_side:{1000.0 * np.linalg.norm(shift):.0f} mm",)
    return reasons


def _remarks(measured: Measured, measurements: tuple[Measurement, ...]) -> tuple[str, ...]:
    """Return the words for what is to be known of an element that passes: nothing of it changes the verdict."""
    reasons: tuple[str, ...] = ()
    free = free_displacement(measured, measurements)
    if free is not None:
        reasons += (f"free_displacement:{1000.0 * free:.0f} mm",)
    return reasons


def _placed(measured: Measured) -> FloatArray:
    """Return the element's triangles (t, 3, 3) where it was fitted, or designed when it was not."""
    fit = measured.fit
    return (measured.vertices if fit is None else fit.T_built_design.apply(measured.vertices)).reshape(-1, 3, 3)


def _contested(measured: Measured) -> bool:
    """Say whether many points speak against a displacement that not nearly all of the element's points show."""
    fit, patches = measured.fit, measured.patches
    if fit is None or fit.doubt <= _CONTESTED:
        return False
    shows = np.abs(patches.deviation) > 3.0 * patches.uncertainty + measured.budget.place
    shows &= np.abs(patches.deviation) > 0.5 * np.linalg.norm(fit.twist[:3])
    return bool(patches.points[patches.own & shows].sum() < _MOST * patches.points[patches.own].sum())


def _measured(i: int, element: Element, shapes: ElementShapes, evidence: Evidence, mine: IntArray) -> Measured:
    """Gather what the characteristics are measured from."""
    built, points = evidence.as_built, evidence.sight.seen.points[mine]
    normals = built.normal[mine]
    return Measured(
        ifc_class=element.ifc_class,
        materials=element.materials,
        lower=shapes.lower[i],
        upper=shapes.upper[i],
        seen_lower=lowest(points),
        seen_upper=highest(points),
        fit=built.fits[i],
        patches=patch_surface(
            points,
            normals,
            built.deviation[mine],
            built.residual[mine],
            shared=built.shared[mine],
            sigma=evidence.sight.seen.sigma,
        ),
        budget=evidence.budgets[i],
        vertices=shapes.triangles[shapes.start[i] : shapes.start[i + 1]].reshape(-1, 3),
        area=shapes.area(i),
        points=points,
        normals=normals,
        witnesses=_witnesses(evidence, mine),
        predefined_type=element.predefined_type,
    )


def _witnesses(evidence: Evidence, mine: IntArray) -> Witnesses:
    """Return the points of an element that lie on it and on no other one."""
    built, seen, on_it = evidence.as_built, evidence.sight.seen, _own(evidence, mine)
    certain = np.abs(np.linalg.norm(seen.gates[on_it], axis=1) - 1.0) < 0.1  # others are gated by their station
    return Witnesses(seen.points[on_it], built.normal[on_it], certain, seen.sigma)


def _own(evidence: Evidence, mine: IntArray) -> IntArray:
    """Return those of an element's points that lie on it, and that no other element shares."""
    built = evidence.as_built
    return mine[(np.abs(built.residual[mine]) <= 3.0 * evidence.sight.seen.sigma) & ~built.shared[mine]]


def point_deviations(built: AsBuilt) -> PointDeviations:
    """Return the per-point outcome for coloured clouds."""
    return PointDeviations(built.element, built.deviation.astype(np.float32))


def unmodelled_clusters(
    points: FloatArray, element: Int32Array, tree: TriangleTree, origin: FloatArray
) -> tuple[Unmodelled, ...]:
    """Cluster what lies away from everything designed."""
    loose = points[element < 0]
    far = closest(tree, loose, _UNMODELLED).triangle < 0
    return tuple(Unmodelled(c.centroid + origin, c.size, c.points) for c in cluster_points(loose[far]))
