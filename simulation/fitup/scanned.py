"""A part as a scan shows it: each hole, face and edge measured where it was drawn, or the reason why it is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from geometry.arrays import FloatArray
from geometry.bolt_hole import (
    FEWEST_RIM,
    LEAST_ARC,
    DesignedHole,
    HoleFit,
    Unseen,
    Why,
    measure_edge,
    measure_hole,
    measure_plane,
)
from geometry.note import Note
from geometry.pose import Pose
from geometry.rays import Rays
from simulation.fitup.joint import Face, Hole, Joint, Part

BEAM, SEARCH = 0.003, 0.006
"""Metres: diameter of the beam, and how far features are looked for, where a file says neither."""
_CONTRARY = 3.0
"""Standard deviations between drawn and scanned diameter from which the drawn one is not believed."""


@dataclass(frozen=True, slots=True, eq=False)
class ScanOrder:
    """Which scan shows a part, and how it is to be read."""

    file: str
    beam: float = BEAM
    """Diameter of the scanner's beam on the part, metres."""
    search: float = SEARCH
    """How far from where it was drawn a feature may be, metres."""
    station: FloatArray | None = None
    """(3,) where the scanner stood, in the scan's frame, metres; None: the file says it."""
    T_part_scan: Pose = field(default_factory=Pose.identity)
    edges: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    """Faces that are edges of a plate -> (3,) the normal of that plate."""


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """What the scan says of one hole, face or edge."""

    name: str
    kind: str
    """``hole``, ``face`` or ``edge``."""
    because: str
    """Why it was not measured; empty where it was."""
    known: bool
    """Measured, or not measured but drawn with a tolerance."""
    moved: FloatArray
    """(3,) from where it was drawn, metres; across the axis, or along the normal."""
    sd: float
    """Of that along the direction in which it is known least, metres; 0 where it was not measured."""
    hole: HoleFit | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ScannedPart:
    """A part as scanned."""

    part: Part
    """Measured features in place of drawn ones; what was not measured is as drawn."""
    features: tuple[Feature, ...]

    def unknown(self, joint: Joint) -> tuple[str, ...]:
        """Return the names of what a joint rests on that is neither measured nor drawn with a tolerance."""
        used = {("hole", bolt.hole) for bolt in joint.bolts}
        used |= {("face", gap.fixed if joint.fixed.name == self.part.name else gap.moving) for gap in joint.gaps}
        kinds = {"edge": "face"}
        rows = (one for one in self.features if not one.known)
        return tuple(one.name for one in rows if (kinds.get(one.kind, one.kind), one.name) in used)


def scanned_part(part: Part, rays: Rays, order: ScanOrder) -> ScannedPart:
    """Return a part with the features that a scan shows, in the part's own frame.

    Parameters
    ----------
    part
        As drawn: where its features are looked for. A tolerance on a hole's diameter is what is known of it besides.
    rays
        The scan in the part's frame.
    order
        How it is to be read.
    """
    holes, faces, features = dict(part.holes), dict(part.faces), list[Feature]()
    for name, hole in part.holes.items():
        fit = measure_hole(
            DesignedHole(name, hole.at, hole.axis, hole.diameter), rays, beam=order.beam, search=order.search
        )
        if isinstance(fit, Unseen):
            features.append(_missing(name, "hole", said(fit), bool(hole.covariance.any())))
            continue
        holes[name] = _as_built(hole, fit)
        moved = fit.centre - hole.at
        moved = moved - (moved @ fit.axis) * fit.axis
        across = fit.covariance - fit.axis[:, None] * (fit.axis @ fit.covariance)
        sd = float(np.sqrt(np.linalg.eigvalsh(0.5 * (across + across.T))[-1]))
        features.append(Feature(name, "hole", "", True, moved, sd, fit))
    for name, face in part.faces.items():
        kind = "edge" if name in order.edges else "face"
        if kind == "edge":
            found = measure_edge(
                face.at, face.normal, order.edges[name], rays, beam=order.beam, search=order.search
            )  # fmt: skip
        else:
            found = measure_plane(face.at, face.normal, rays, search=order.search)
        if isinstance(found, Unseen):
            features.append(_missing(name, kind, said(found), face.sd > 0.0))
            continue
        faces[name] = Face(name, face.at + found.offset * face.normal, face.normal, found.sd)
        features.append(Feature(name, kind, "", True, found.offset * face.normal, found.sd))
    return ScannedPart(Part(part.name, holes, faces), tuple(features))


def _as_built(hole: Hole, fit: HoleFit) -> Hole:
    """Return a hole as scanned; what its diameter was drilled to counts with the scan where both agree."""
    diameter, sd = fit.diameter, fit.diameter_sd
    drawn = hole.diameter_sd
    if drawn > 0.0 and abs(diameter - hole.diameter) <= _CONTRARY * float(np.hypot(sd, drawn)):
        share = drawn**2 / (drawn**2 + sd**2)
        diameter, sd = hole.diameter + share * (diameter - hole.diameter), float(np.sqrt(share)) * sd
    return replace(
        hole, at=fit.centre, axis=fit.axis, diameter=diameter, covariance=fit.covariance, diameter_sd=sd
    )  # fmt: skip


def _missing(name: str, kind: str, because: str, known: bool) -> Feature:
    return Feature(name, kind, because, known, np.zeros(3), 0.0)


def said(unseen: Unseen) -> Note:
    """Return why a feature was not measured, as a note."""
    match unseen.why:
        case Why.NO_FACE:
            return Note("hole_no_face", "the plate about it was not seen")
        case Why.NOTHING_BEHIND:
            text = "nothing was seen through it: a bolt is in it, or nothing is behind it"
            return Note("hole_nothing_behind", text)
        case Why.NOTHING_BESIDE:
            return Note("edge_nothing_behind", "too few returns beside it: from the plate, or from behind it")
        case Why.NOT_FOUND:
            text = "no rim was found within {search} mm of its place"
            return Note("hole_not_found", text, search=f"{1e3 * unseen.value:.1f}")
        case Why.OTHER_SIZE:
            return Note("hole_other_size", "what was found there is {found} mm wide", found=f"{1e3 * unseen.value:.1f}")
        case Why.NOT_ROUND:
            text = "it is not round: its rim is up to {out} mm off a circle"
            return Note("hole_not_round", text, out=f"{1e3 * unseen.value:.1f}")
        case Why.FEW_POINTS:
            text = "{n} returns next to its rim; {least} are needed"
            return Note("hole_few_points", text, n=f"{unseen.value:.0f}", least=str(FEWEST_RIM))
        case Why.SHORT_ARC:
            text = "{arc} degrees of its rim were seen; {least} are needed"
            arc, least = (f"{np.degrees(angle):.0f}" for angle in (unseen.value, LEAST_ARC))
            return Note("hole_short_arc", text, arc=arc, least=least)
        case Why.OTHER_SIDE:
            return Note("face_other_side", "it was seen from behind only")
