"""Installed, missing, occluded or unseen: what the points and the rays together allow to be said."""

from dataclasses import dataclass

from geometry.bare_contact import MIN_BARE
from geometry.note import Note
from geometry.standing import NOTHING, Standing
from geometry.verdict import State

_MIN_OWN = 10
"""Points that only this element explains before it counts as there."""
MIN_THROUGH = 30
"""Rays that must have come back from behind an element's place before it can be called missing."""
_MISSING_SHARE = 0.05
"""Largest share of own points among own points and rays through at which an element is called missing."""
_MOSTLY_SHARE = 0.4
"""Share of points about it among those and rays through below which its place is mostly empty."""
_MIN_CELLS = 30
"""Cells with something that no other element explains, from which a part of it stands: the frame of an open door."""
_LEAST_PART = 0.05
"""Share of such cells among them and the bare ones that is more than clutter or a few split beams."""

_CONTESTED_SHARE = 0.8
"""Share of points nearest to its surface, among those and rays through, above which something stands at its place after
all: a column built too slim has no point where its faces should be, and rays pass beside it."""


@dataclass(frozen=True, slots=True)
class PresenceEvidence:
    """Counts for one element."""

    own_points: int
    """Points on the built element that no other element explains."""
    shared_points: int
    """Points that a coincident face of another element explains as well."""
    through: int
    """Measured rays that crossed its place and came back from clearly behind."""
    coverage: float
    """Share of the surface samples in sight that have points of the element on them."""
    in_reach: int
    """Surface samples that face a station within reach."""
    visible: int
    """Of these, samples that the design leaves in sight."""
    suspect: str
    """Why the designed geometry cannot be trusted; empty when it can."""
    rays_known: bool
    """Whether station positions are known, so that rays are evidence."""
    standing: Standing = NOTHING
    """Of the own points those that show the element itself; counted only where rays through speak against it."""
    another: bool = False
    """Whether all points on it lie on other elements that stand there just as well."""
    assigned_points: int = 0
    """Points nearest to this element's built surface, whether on it within the noise or not, shared ones left out."""
    bare_contact: int = 0
    """Cells of its neighbours' faces that it would cover and that were measured: asked where rays do not tell."""


def decide_state(evidence: PresenceEvidence) -> tuple[State, tuple[str, ...]]:
    """Return the state and the machine words that explain it.

    Missing is claimed only where rays passed through the place where the element should be, or where what it would
    cover of its neighbours was measured.

    Examples
    --------
    >>> decide_state(PresenceEvidence(0, 0, 500, 0.0, 90, 80, "", rays_known=True))[0].value
    'missing'
    >>> decide_state(PresenceEvidence(0, 0, 0, 0.0, 90, 80, "", rays_known=False))[0].value
    'unseen'
    """
    if evidence.suspect:
        return State.DESIGN_SUSPECT, (Note("design_suspect", "design_suspect:{value}", value=evidence.suspect),)
    own, through = evidence.own_points, evidence.through
    assigned = max(own, evidence.assigned_points)
    contested = assigned > _CONTESTED_SHARE * (assigned + through)
    if through >= MIN_THROUGH and not contested and _empty(evidence, assigned):
        if _beside(evidence.standing):  # displaced, by more than could be followed: its place is empty all the same
            return State.INSTALLED, (f"off_surface:{assigned}",)
        return State.MISSING, (f"rays_through:{through}",)
    if evidence.bare_contact >= MIN_BARE:
        return State.MISSING, (f"bare_contact:{evidence.bare_contact}",)
    if own >= _MIN_OWN and not evidence.another:
        return State.INSTALLED, ()
    if not evidence.rays_known:
        return State.UNSEEN, ("coincident_surface",) if evidence.another else ("no_station_pose",)
    if evidence.another or evidence.shared_points >= _MIN_OWN:
        return State.OCCLUDED, ("coincident_surface",)
    if contested and through >= MIN_THROUGH:
        return State.OCCLUDED, (f"off_surface:{assigned}",)
    if evidence.in_reach == 0:
        return State.UNSEEN, ("out_of_reach",)
    if evidence.visible == 0:
        return State.OCCLUDED, ("hidden_by_design",)
    return State.OCCLUDED, ("hidden_in_scan",) if own == 0 else ("few_points:" + str(own),)


def _beside(standing: Standing) -> bool:
    """Say whether something that no element explains stands right beside the place, over much of what is bare of it."""
    share = standing.beside / max(standing.beside + standing.bare, 1)
    return standing.beside >= _MIN_CELLS and share >= _MOSTLY_SHARE


def _empty(evidence: PresenceEvidence, assigned: int) -> bool:
    """Say whether nothing of the element stands at its place, though points may lie there that others explain."""
    own, through, standing = evidence.own_points, evidence.through, evidence.standing
    part = standing.cells / max(standing.cells + standing.bare, 1)
    if standing.cells >= _MIN_CELLS and part >= _LEAST_PART:
        return False
    if own < _MISSING_SHARE * (own + through):
        return True
    if own >= _MIN_OWN and part < _LEAST_PART:  # all that lies on it is a neighbour's: the reveals of an absent door
        return True
    return assigned < _MOSTLY_SHARE * (assigned + through) and evidence.coverage < _MOSTLY_SHARE
