"""Whether a joint goes together: at its most probable state, how probably, and what would have to be reworked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from geometry.pose import Pose
from simulation.fitup.joint import Freedom, Joint
from simulation.fitup.minimax import Misfits, can_fit, least_squares, minimax
from simulation.fitup.problem import Drawn, draw, gap_values, misfits_of, nominal, normals_needed, pose_of, settled
from simulation.fitup.rework import Rework, fewest_reworked, reamable
from simulation.stackup.capability import Estimate, wilson

_CHUNK, _TRIED, _GLANCE = 4096, 2048, 200
_TURNS, _SAME = 10, 1e-10
"""How often at most a joint is turned for good, and the gain (m) below which that is enough."""
_HOPELESS = 0.1
"""Share below the confidence at a glance that more states do not make good."""


class Fit(StrEnum):
    """What can be said of a joint at the confidence asked for."""

    FIT = "fit"
    NO_FIT = "no_fit"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class BoltFit:
    """How a bolt goes in, with the parts set for the most slack where there is least."""

    hole: str
    offset: float
    """Between the two centres across the axis, metres."""
    allowed: float
    """Offset that the bolt allows, metres."""
    slack: float
    """What is left, metres; negative: the bolt does not go in."""


@dataclass(frozen=True, slots=True)
class GapFit:
    """How wide a gap is then."""

    name: str
    value: float
    """Metres."""
    sd: float
    """Of the two faces, metres."""
    slack: float
    """To the nearer limit, metres; negative: outside."""
    limits: tuple[float, float]
    """Metres; infinite where nothing is asked."""


@dataclass(frozen=True, slots=True, eq=False)
class FitResult:
    """What comes of a joint."""

    joint: Joint
    pose: Pose
    """Where the moving part is set, in the fixed one's frame."""
    slack: float
    """The least slack there is, metres; negative: it does not go together."""
    slack_least_squares: float
    """The same when set by least squares."""
    slack_as_placed: float
    """The same when not set at all."""
    bolts: tuple[BoltFit, ...]
    gaps: tuple[GapFit, ...]
    p_fit: Estimate
    """Share of states that go together, set for the most slack, with a 95 % interval."""
    p_fit_least_squares: Estimate
    p_fit_as_placed: Estimate
    decision: Fit
    samples: int
    """0: nothing is uncertain."""
    rework: Rework | None
    """What would make it go together; None: nothing needs to, or it may go together and nothing may be reworked."""
    p_fit_reworked: Estimate | None
    beyond: Rework | None = None
    """Reaming that would make it go together, wider than is allowed; None: none would, or none is needed."""
    unknown: tuple[tuple[str, str], ...] = ()
    """Features (part, name) of it that nothing is known of: figures take them as drawn; advice leaves them out."""


def fit_joint(joint: Joint, confidence: float, samples: int, rng: np.random.Generator) -> FitResult:
    """Return whether two parts go together.

    Parameters
    ----------
    joint
        The parts and what has to be kept.
    confidence
        Probability from which on it fits, and from 1 less it down it does not.
    samples
        States of the features to draw.
    rng
        Where they come from.
    """
    drawn = nominal(joint)
    squares_start = settled(joint, drawn) if joint.freedom is not Freedom.NONE else Pose.identity()
    start = _set(joint, drawn, squares_start)
    misfits, about_squares = misfits_of(joint, drawn, start), misfits_of(joint, drawn, squares_start)
    x = minimax(misfits)
    worst = float(max(misfits.worst(x)[0], -drawn.room.min(initial=np.inf)))
    squares = float(max(about_squares.worst(least_squares(about_squares))[0], -drawn.room.min(initial=np.inf)))
    unmoved = misfits_of(joint, drawn, Pose.identity())
    placed = float(max(unmoved.worst(np.zeros_like(x))[0], -drawn.room.min(initial=np.inf)))
    sure = not _is_uncertain(joint)
    counted = _counted(joint, start, 1 if sure else samples, rng)
    normal = rng.standard_normal((_TRIED, normals_needed(joint)))

    def sure_enough(tried: Joint) -> bool:
        if sure or _set_well(tried, start, normal[:_GLANCE]).mean() < confidence - _HOPELESS:
            return sure
        return bool(_set_well(tried, start, normal).mean() >= confidence + (1.0 - confidence) / 3.0)

    fits = _decided(counted[0], confidence) if not sure else Fit.FIT if worst <= 0.0 else Fit.NO_FIT
    rework = fewest_reworked(joint, drawn, start, sure_enough) if fits is not Fit.FIT else None
    if rework is not None and worst <= 0.0 and not rework.works:
        rework = None
    beyond = None
    if rework is not None and not rework.works:
        beyond = fewest_reworked(reamable(joint), drawn, start, sure_enough)
    again = None
    if rework is not None and rework.works:
        again = _counted(rework.joint, start, 1 if sure else samples, rng)[0]
    return FitResult(
        joint, pose_of(joint, x[0], start), -worst, -squares, -placed, _bolts(joint, misfits, x, drawn.room[0]),
        _gaps(joint, misfits, x), *counted, fits, 0 if sure else samples, rework, again,
        beyond if beyond is not None and beyond.works else None,
    )  # fmt: skip


def _set(joint: Joint, drawn: Drawn, start: Pose) -> Pose:
    """Return the pose of most slack: turned for good after each small motion, until turning changes nothing more."""
    best, least = start, np.inf
    for _ in range(_TURNS):
        misfits = misfits_of(joint, drawn, start)
        x = minimax(misfits)
        worst = float(misfits.worst(np.zeros_like(x))[0])
        if worst < least:
            best = start
        if worst >= least - _SAME:
            break
        least, start = worst, pose_of(joint, x[0], start)
    return best


def without(joint: Joint, unknown: Collection[tuple[str, str]]) -> Joint | None:
    """Return a joint without the bolts and gaps that rest on features (part, name); None where none is left."""
    fixed, moving = joint.fixed.name, joint.moving.name
    bolts = tuple(b for b in joint.bolts if not {(fixed, b.hole), (moving, b.hole)} & set(unknown))
    gaps = tuple(g for g in joint.gaps if not {(fixed, g.fixed), (moving, g.moving)} & set(unknown))
    return replace(joint, bolts=bolts, gaps=gaps) if bolts or gaps else None


def doubted(result: FitResult, unknown: Sequence[tuple[str, str]], rest: FitResult | None) -> FitResult:
    """Return a result where nothing is known of some features: undecided, unless the rest alone cannot fit.

    ``rest`` is what comes of the joint without them (:func:`without`); only of that is said what would help.
    """
    decision = Fit.NO_FIT if rest is not None and rest.decision is Fit.NO_FIT else Fit.UNDECIDED
    advice = (None, None, None) if rest is None else (rest.rework, rest.p_fit_reworked, rest.beyond)
    rework, after, beyond = advice
    return replace(
        result, decision=decision, rework=rework, p_fit_reworked=after, beyond=beyond, unknown=tuple(unknown)
    )


def _counted(joint: Joint, start: Pose, samples: int, rng: np.random.Generator) -> tuple[Estimate, Estimate, Estimate]:
    """Return the share of states that go together: set for the most slack, by least squares, and not at all."""
    hits, done = np.zeros(3, dtype=np.int64), 0
    while done < samples:
        count = min(_CHUNK, samples - done)
        normal = rng.standard_normal((count, normals_needed(joint))) * (samples > 1)
        hits += _kept(joint, start, normal).sum(axis=1)
        done += count
    best, squares, placed = (wilson(int(hit), done) for hit in hits)
    return best, squares, placed


def _kept(joint: Joint, start: Pose, normal: FloatArray) -> BoolArray:
    """Return which states go together, (3, s): set for the most slack, by least squares, and not at all."""
    drawn = draw(joint, normal)
    misfits, unmoved = misfits_of(joint, drawn, start), misfits_of(joint, drawn, Pose.identity())
    passes = drawn.room.min(axis=1, initial=np.inf) >= 0.0
    squares = misfits.worst(least_squares(misfits)) <= 0.0
    placed = unmoved.worst(np.zeros((len(normal), misfits.turning.shape[2]))) <= 0.0
    return passes & np.array([can_fit(misfits), squares, placed])


def _set_well(joint: Joint, start: Pose, normal: FloatArray) -> BoolArray:
    """Return which states (s,) go together, set for the most slack."""
    drawn = draw(joint, normal)
    fits = drawn.room.min(axis=1, initial=np.inf) >= 0.0
    if fits.any():
        fits[fits] = can_fit(misfits_of(joint, drawn, start).some(fits))
    return fits


def _decided(p_fit: Estimate, confidence: float) -> Fit:
    if p_fit.interval.low >= confidence:
        return Fit.FIT
    return Fit.NO_FIT if p_fit.interval.high <= 1.0 - confidence else Fit.UNDECIDED


def _is_uncertain(joint: Joint) -> bool:
    holes = [part.holes[bolt.hole] for bolt in joint.bolts for part in (joint.fixed, joint.moving)]
    faces = [face for gap in joint.gaps for face in (joint.fixed.faces[gap.fixed], joint.moving.faces[gap.moving])]
    own = any(hole.covariance.any() or hole.diameter_sd for hole in holes) or any(face.sd for face in faces)
    return own or joint.shares


def _bolts(joint: Joint, misfits: Misfits, x: FloatArray, room: FloatArray) -> tuple[BoltFit, ...]:
    ends = np.linalg.norm(misfits.offsets(x)[0], axis=1).reshape(-1, max(1, len(joint.bolts)))
    offsets = ends.max(axis=0) if len(joint.bolts) else np.zeros(0)
    return tuple(
        BoltFit(bolt.hole, float(offset), float(allowed), float(min(allowed - offset, least)))
        for bolt, offset, allowed, least in zip(
            joint.bolts, np.round(offsets, 12), misfits.slack[0, : len(joint.bolts)], room, strict=True
        )
    )


def _gaps(joint: Joint, misfits: Misfits, x: FloatArray) -> tuple[GapFit, ...]:
    found = list[GapFit]()
    for gap, value in zip(joint.gaps, gap_values(joint, misfits, x)[0], strict=True):
        sd = joint.gap_sd(gap)
        slack = float(min(gap.high - value, value - gap.low))
        found.append(GapFit(gap.name, float(value), sd, slack, (gap.low, gap.high)))
    return tuple(found)
