"""A part as a scan shows it: each hole, face and edge measured where it was drawn, or the reason why it is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from geometry.arrays import FloatArray
from geometry.bolt_hole import (
    FEWEST_RIM,
    LEAST_ARC,
    DesignedHole,
    EdgeFit,
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
from simulation.fitup.joint import SHARED, Face, Hole, Joint, Part
from simulation.fitup.rims import Known, Rims, rims_of

BEAM, SEARCH = 0.003, 0.006
"""Metres: diameter of the beam, and how far features are looked for, where a file says neither."""


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
    diameter: float = 0.0
    """Of a hole, with all that is known of it, metres."""
    diameter_sd: float = 0.0
    """Standard uncertainty of that, metres."""


@dataclass(frozen=True, slots=True, eq=False)
class ScannedPart:
    """A part as scanned."""

    part: Part
    """Measured features in place of drawn ones; what was not measured is as drawn."""
    features: tuple[Feature, ...]

    def unknown(self, joint: Joint) -> tuple[tuple[str, str], ...]:
        """Return what (part, name) a joint rests on that is neither measured nor drawn with a tolerance."""
        if self.part.name not in (joint.fixed.name, joint.moving.name):
            return ()
        used = {("hole", bolt.hole) for bolt in joint.bolts}
        used |= {("face", gap.fixed if joint.fixed.name == self.part.name else gap.moving) for gap in joint.gaps}
        kinds = {"edge": "face"}
        rows = (one for one in self.features if not one.known)
        return tuple((self.part.name, one.name) for one in rows if (kinds.get(one.kind, one.kind), one.name) in used)


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
    fits = {
        name: measure_hole(
            DesignedHole(name, hole.at, hole.axis, hole.diameter), rays, beam=order.beam, search=order.search
        )
        for name, hole in part.holes.items()
    }
    rims = rims_of(_known(part, fits))
    for name, hole in part.holes.items():
        fit = fits[name]
        if isinstance(fit, Unseen):
            features.append(_missing(name, "hole", said(fit), bool(hole.covariance.any())))
            continue
        holes[name] = _as_built(hole, fit, rims)
        features.append(_found(hole, holes[name], fit))
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
        faces[name] = _face_as_built(face, found, rims)
        moved = faces[name].at - face.at
        sd = float(np.sqrt(faces[name].sd ** 2 + (faces[name].shared ** 2).sum()))
        features.append(Feature(name, kind, "", True, moved, sd))
    return ScannedPart(Part(part.name, holes, faces), tuple(features))


def _known(part: Part, fits: Mapping[str, HoleFit | Unseen]) -> list[Known]:
    """Return the measured holes that were drilled to a known size."""
    rows = ((hole, fits[name]) for name, hole in part.holes.items() if hole.diameter_sd > 0.0)
    return [Known(hole.name, fit, hole.diameter, hole.diameter_sd) for hole, fit in rows if isinstance(fit, HoleFit)]


def _as_built(hole: Hole, fit: HoleFit, rims: Rims) -> Hole:
    """Return a hole as scanned; what it was drilled to counts with the scan where nothing speaks against it."""
    shared = np.zeros((4, SHARED))
    shared[:3, 2:] = np.outer(fit.beam.shift, fit.beam.shares)
    if hole.diameter_sd > 0.0 and hole.name not in rims.contrary:
        # by its own scan before any other tells of rims: each of two estimates that share no error (JCGM 100, F.1.2)
        share = hole.diameter_sd**2 / (hole.diameter_sd**2 + fit.diameter_sd**2)
        diameter = hole.diameter + share * (fit.diameter - hole.diameter)
        own = float(np.hypot((1.0 - share) * hole.diameter_sd, share * fit.diameter_scatter))
        shared[3, :2] = -share * 2.0 * fit.beam.recession_sd * fit.beam.shares
    else:
        diameter, shared[3, :2] = rims.diameter(fit)
        own = fit.diameter_scatter
    return replace(
        hole, at=fit.centre, axis=fit.axis, diameter=diameter, covariance=fit.scatter, diameter_sd=own, shared=shared
    )  # fmt: skip


def _face_as_built(face: Face, found: EdgeFit, rims: Rims) -> Face:
    """Return a face as scanned; an edge without what its rim recedes by."""
    shared, offset = np.zeros(SHARED), found.offset
    if found.beam is not None:
        more, shared[:2] = rims.offset(found.beam.shares, found.beam.recession_sd)
        offset += more
    return Face(face.name, face.at + offset * face.normal, face.normal, found.scatter, shared)


def _found(drawn: Hole, built: Hole, fit: HoleFit) -> Feature:
    """Return what the scan says of a hole."""
    moved = fit.centre - drawn.at
    moved = moved - (moved @ fit.axis) * fit.axis
    across = fit.covariance - fit.axis[:, None] * (fit.axis @ fit.covariance)
    sd = float(np.sqrt(np.linalg.eigvalsh(0.5 * (across + across.T))[-1]))
    wide = float(np.sqrt(built.diameter_sd**2 + (built.shared[3] ** 2).sum()))
    return Feature(drawn.name, "hole", "", True, moved, sd, fit, built.diameter, wide)


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
