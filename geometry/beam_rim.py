"""What the width of a beam does to rims and edges: uncertainty of type B (JCGM 100:2008, 4.3), the same all round.

A beam that straddles a rim hits the plate with a part of its width. Which part it takes for the instrument to say the
plate's range differs: a sliver (first return), a third, half, nearly all of it (phase shift, filters of mixed pixels).
So a rim seems to be somewhere within the beam's radius of where it is, on either side, and no more is known: a
rectangular distribution of mean 0 over plus and minus the radius, of standard deviation radius / sqrt(3) (4.3.7). All
of a rim recedes alike: it is in the diameter and in the offset of an edge, and drops out of the centre of a hole that
is looked at squarely.

Where beams come in at a slope they pass over the near side of a rim, and what they miss comes back from far behind it;
at the far side they meet the wall of the bore right below it, and instruments merge both. The two sides may recede
differently: each is anywhere within the radius, so the centre moves along the slope by half their difference, of
standard deviation radius / sqrt(6). It does so from where the wall that is seen, down to ``MERGED``, is as wide as the
beam's radius.

Neither is in the scatter of returns, and both are alike for all holes that an instrument sees at about the same
incidence: so they are told as what a unit of common, standard normal deviates does. How an instrument behaves changes
slowly with the incidence: two deviates are mixed by its angle, and incidences ``TURN`` apart have nothing in common.
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.plate_face import PlateFace

RECESSION = 1.0 / np.sqrt(3.0)
"""Standard uncertainty of how far rims recede, in the beam's radius."""
SHIFT = RECESSION / np.sqrt(2.0)
"""The same of how far a hole shifts along the slope of the beams, where the wall of its bore is seen."""
MERGED = 0.02
"""Metres: returns that are no farther apart than this may be merged into one range."""
TURN = np.radians(80.0)
"""Incidences as far apart as this have nothing in common."""


@dataclass(frozen=True, slots=True, eq=False)
class BeamRim:
    """What the width of a beam may do to a hole or an edge."""

    recession_sd: float
    """How far the rim recedes into the material, metres, (standard uncertainty)."""
    shift: FloatArray
    """(3,) along which, and how far (standard uncertainty) the centre moves, metres."""
    incidence: float
    """Of the beams on the face, radians from its normal."""

    @property
    def shift_covariance(self) -> FloatArray:
        """(3, 3) of the centre, m²."""
        return np.outer(self.shift, self.shift)

    @property
    def shares(self) -> FloatArray:
        """(2,) of the two common deviates; the squares sum to one."""
        angle = 0.5 * np.pi * self.incidence / TURN
        return np.array([np.cos(angle), np.sin(angle)])


def beam_rim(face: PlateFace, beam: float) -> BeamRim:
    """Return what a beam of a diameter, metres, may do to a rim or an edge on a face."""
    slope = face.beams.slope
    steep = np.linalg.norm(slope, axis=1)
    radius = 0.5 * beam
    seen = np.minimum(1.0, steep * MERGED / radius)
    # of several stations on all sides, the shifts are each other's opposite
    along = (seen / np.maximum(steep, 1e-12)) @ slope / len(slope)
    return BeamRim(RECESSION * radius, SHIFT * radius * face.basis.T @ along, float(np.arctan(steep).mean()))
