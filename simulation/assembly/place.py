"""Where elements are: as designed, with the tolerance of their class, or as built, with the covariance of a check.

What a check could not see of an element is not known to be as designed: along those components the place is as
uncertain as its class allows, or as the study is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Element, Mesh
from geometry.element_pose import built_pose

REACH = 5.0
"""Standard deviations within which a place is looked for; 6 of 10 million lie beyond."""


class PlaceKind(StrEnum):
    """What is known of where an element is."""

    AS_DESIGNED = "as_designed"
    """Nothing else is known."""
    AS_BUILT = "as_built"
    """A check measured it."""
    NOT_BUILT = "not_built"
    """A check saw that it is not there yet; it will come as designed."""
    NOT_SEEN = "not_seen"
    """A check could not see it; it is taken as designed."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where an element is, compared with its design."""

    twist: FloatArray
    """(6,) how the centre of its box moved, metres, and the rotation vector about that centre, radians."""
    covariance: FloatArray
    """(6, 6) of the twist, m and rad."""
    kind: PlaceKind = PlaceKind.AS_DESIGNED
    unknown: tuple[bool, ...] = (False,) * 6
    """Components that nobody measured of what was measured otherwise."""
    shared: FloatArray = field(default_factory=lambda: np.zeros((6, 6)))
    """(6, 6) F: F Fᵀ of the covariance is the registration's, which all that one check measured have in common.

    Of two such places the covariance of one with the other is F₁ F₂ᵀ.
    """


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the elements of a model are, and how sure a clash has to be."""

    default: Place
    of: Mapping[str, Place] = field(default_factory=dict[str, Place])
    """GlobalId -> place; those that are absent have the default."""
    confidence: float = 0.95
    """Probability from which a clash counts as one; from 1 - confidence down it counts as none."""
    samples: int = 2048
    """Places tried of a pair."""
    seed: int = 0

    def __getitem__(self, global_id: str) -> Place:
        """Return the place of an element."""
        return self.of.get(global_id, self.default)


def designed_place(sd: float, kind: PlaceKind = PlaceKind.AS_DESIGNED) -> Place:
    """Return the place as designed, uncertain by ``sd`` metres along each axis."""
    return Place(np.zeros(6), np.diag([sd**2] * 3 + [0.0] * 3), kind)


def box_centre(element: Element) -> FloatArray:
    """Return the centre (3,) of an element's box as designed, metres: what its twist turns about."""
    return 0.5 * (element.mesh.vertices.min(axis=0) + element.mesh.vertices.max(axis=0))


def placed(element: Element, place: Place) -> Element:
    """Return an element where it is; itself where it was not moved."""
    if not np.any(place.twist):
        return element
    vertices = built_pose(place.twist, box_centre(element)).apply(element.mesh.vertices)
    return replace(element, mesh=Mesh(vertices, element.mesh.faces))


def measured_part(place: Place) -> Place:
    """Return a place that is as designed, and sure, in what nobody measured."""
    known = ~np.array(place.unknown)
    return replace(place, covariance=place.covariance * np.outer(known, known), shared=place.shared * known[:, None])


def joint_covariance(first: Place, second: Place) -> FloatArray:
    """Return the covariance (12, 12) of the twists of two places, m and rad."""
    across = first.shared @ second.shared.T
    return np.block([[first.covariance, across], [across.T, second.covariance]])


def wander(place: Place, bounds: FloatArray) -> float:
    """Return how far a point of an element may be from its place, metres, for a box ``bounds`` (2, 3)."""
    spread = np.sqrt(np.maximum(np.diag(place.covariance), 0.0))
    lever = 0.5 * float(np.linalg.norm(bounds[1] - bounds[0]))
    return REACH * (float(np.linalg.norm(spread[:3])) + lever * float(np.linalg.norm(spread[3:])))


def spread_between(places: tuple[Place, Place], direction: FloatArray, at: FloatArray, centres: FloatArray) -> float:
    """Return the standard deviation, metres, along ``direction`` (3,) of how far two elements are apart at ``at`` (3,).

    ``centres`` (2, 3): what the twists turn about.
    """
    rows = [np.concatenate([direction, np.cross(at - centre, direction)]) for centre in centres]
    row = np.concatenate([rows[0], -rows[1]])
    return float(np.sqrt(max(0.0, row @ joint_covariance(*places) @ row)))
