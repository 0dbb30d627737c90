"""A joint as misfits that are linear in a small motion of its moving part."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.pose import Pose
from simulation.fitup.joint import SHARED, Freedom, Joint, Part
from simulation.fitup.minimax import Misfits, least_squares

_PARALLEL = 0.996
"""Cosine of 5°: bolts whose axes differ by less clamp the parts face to face, and nothing tilts."""
_FAR = 0.02
"""Share of the size of a joint beyond which a misfit is a matter of frames: then the parts are laid together first."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Features of a joint at s drawn or measured states."""

    fixed: FloatArray
    """(s, k, 3) centres of holes, metres."""
    moving: FloatArray
    slack: FloatArray
    """(s, k) by how far the two circles of a hole may be off each other for its bolt to pass, metres."""
    room: FloatArray
    """(s, k) the smaller hole less the bolt: below zero it passes nowhere."""
    gap: FloatArray
    """(s, m) noise of each gap, metres."""


def nominal(joint: Joint) -> Drawn:
    """Return the features of a joint where they most probably are."""
    return draw(joint, np.zeros((1, normals_needed(joint))))


def normals_needed(joint: Joint) -> int:
    """Return how many normal deviates one state of a joint takes."""
    return 8 * len(joint.bolts) + len(joint.gaps) + (SHARED if joint.shares else 0)


def draw(joint: Joint, normal: FloatArray) -> Drawn:
    """Return features of a joint at states of ``normal`` deviates (s, n)."""
    count, holes = len(normal), len(joint.bolts)
    turns = normal[:, : 8 * holes].reshape(count, holes, 8)
    common = normal[:, -SHARED:] if joint.shares else np.zeros((count, SHARED))
    fixed, first = _drawn_holes(joint, joint.fixed, turns[..., :3], turns[..., 6], common)
    moving, second = _drawn_holes(joint, joint.moving, turns[..., 3:6], turns[..., 7], common)
    thick = np.array([bolt.diameter for bolt in joint.bolts])
    slack, room = 0.5 * (first + second) - thick, np.minimum(first, second) - thick
    noise = normal[:, 8 * holes : 8 * holes + len(joint.gaps)].copy()
    for k, gap in enumerate(joint.gaps):
        fixed_face, moving_face = joint.fixed.faces[gap.fixed], joint.moving.faces[gap.moving]
        # out of the material is into the gap, for both of the faces; where they look the same way, it is too wide
        noise[:, k] *= np.hypot(fixed_face.sd, moving_face.sd)
        noise[:, k] -= common @ (fixed_face.shared + moving_face.shared)
    return Drawn(fixed, moving, slack, room, noise)


def _drawn_holes(
    joint: Joint, part: Part, place: FloatArray, width: FloatArray, common: FloatArray
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Return centres (s, k, 3) and diameters (s, k) of a part's holes at states of deviates: own ones, common ones."""
    holes = [part.holes[bolt.hole] for bolt in joint.bolts]
    centre = np.array([hole.at for hole in holes]).reshape(-1, 3)
    shared = np.array([hole.shared for hole in holes]).reshape(-1, 4, SHARED)
    sizes = np.array([(hole.diameter, hole.diameter_sd, hole.reamed) for hole in holes]).reshape(-1, 3)
    at, diameter = centre + np.zeros((len(place), 1, 1)), sizes[:, 0] + np.zeros((len(place), 1))
    if place.any() or width.any():
        at = at + np.einsum("ske,kde->skd", place, _roots(np.array([hole.covariance for hole in holes])))
        diameter = diameter + sizes[:, 1] * width
    if common.any():
        at = at + np.einsum("sc,kdc->skd", common, shared[:, :3])
        diameter = diameter + np.einsum("sc,kc->sk", common, shared[:, 3])
    return at, np.maximum(diameter, sizes[:, 2])


def laid_together(joint: Joint) -> Pose:
    """Return the pose that lays the moving part on the fixed one: nothing where it lies there already.

    Measured parts come in frames of their own: where holes are far from each other, those of least squares (Kabsch
    1976), turned about z alone where the joint is plane.
    """
    some = nominal(joint)
    fixed, moving = some.fixed[0], some.moving[0]
    size = float(np.linalg.norm(np.ptp(fixed, axis=0))) if len(fixed) else 0.0
    apart = float(np.linalg.norm(fixed - moving, axis=1).max()) if len(fixed) else 0.0
    enough = 2 if joint.freedom is Freedom.PLANE else 3
    if joint.freedom is Freedom.NONE or len(fixed) < enough or apart <= _FAR * size:
        return Pose.identity()
    middle_fixed, middle_moving = fixed.mean(axis=0), moving.mean(axis=0)
    a, b = fixed - middle_fixed, moving - middle_moving
    if joint.freedom is Freedom.PLANE:
        angle = np.arctan2((b[:, 0] * a[:, 1] - b[:, 1] * a[:, 0]).sum(), (b[:, :2] * a[:, :2]).sum())
        turn = Pose.from_yaw(float(angle)).rotation
        middle_fixed[2] = middle_moving[2] = 0.0
    else:
        from scipy.spatial.transform import Rotation

        turn = Rotation.align_vectors(a, b)[0].as_matrix()
    return Pose.from_parts(turn, middle_fixed - turn @ middle_moving)


def misfits_of(joint: Joint, drawn: Drawn, start: Pose) -> Misfits:
    """Return the misfits of drawn features with the moving part laid at ``start``.

    A part set in space has two rows of each bolt, first all of one end and then all of the other: a hole is a cylinder,
    here one as long as its bolt is thick, and a bolt passes only where both ends of it do. Holes whose centres alone
    were looked at could be brought together by tilting a plate out of its plane.
    """
    free = _free(joint)
    moving = drawn.moving @ start.rotation.T + start.translation
    centre, arm = _lever(joint, start)
    at = moving.mean(axis=0) if len(moving) else np.zeros((0, 3))
    bases = _across(np.array([joint.fixed.holes[bolt.hole].axis for bolt in joint.bolts]).reshape(-1, 3))
    ends = _ends(joint, start)
    turning = np.concatenate([np.einsum("kde,kep->kdp", bases, _motion(at + there - centre, arm)) for _, there in ends])
    offset = np.concatenate(
        [np.einsum("kde,ske->skd", bases, moving - drawn.fixed + (there - fixed)) for fixed, there in ends], axis=1
    )
    signs, places, limits = _rows(joint)
    normals = np.array([joint.fixed.faces[gap.fixed].normal for gap in joint.gaps]).reshape(-1, 3)
    fixed = np.array([joint.fixed.faces[gap.fixed].at for gap in joint.gaps]).reshape(-1, 3)
    there = np.array([joint.moving.faces[gap.moving].at for gap in joint.gaps]).reshape(-1, 3)
    there = there @ start.rotation.T + start.translation
    tilt = np.einsum("me,mep->mp", normals, _motion(there - centre, arm)) @ free
    value = np.einsum("me,me->m", normals, there - fixed) + drawn.gap
    over = signs * (value[:, places] - limits)
    return Misfits(offset, turning @ free, np.tile(drawn.slack, (1, len(ends))), over, signs[:, None] * tilt[places])


def _free(joint: Joint) -> FloatArray:
    """Return the motions (6, p) that are open to the moving part: shifts, and turns counted at the lever.

    Bolts of one direction draw the parts together: in space, too, such a part shifts across them and turns about them,
    and it tilts only where gaps between faces say how far.
    """
    if joint.freedom is Freedom.NONE:
        return np.zeros((6, 0))
    if joint.freedom is Freedom.PLANE:
        return np.eye(6)[:, [0, 1, 5]]
    axes = np.array([joint.fixed.holes[bolt.hole].axis for bolt in joint.bolts]).reshape(-1, 3)
    if joint.gaps or len(axes) == 0 or np.abs(axes @ axes.T).min() < _PARALLEL:
        return np.eye(6)
    found = np.zeros((6, 3))
    found[:3, :2], found[3:, 2] = _across(axes[0]).T, axes[0]
    return found


def _ends(joint: Joint, start: Pose) -> list[tuple[FloatArray, FloatArray]]:
    """Return where along its axis each hole is looked at, from its centre: in the fixed part and in the moving one.

    (k, 3) each; at both ends where the part may tilt. Laid together, both parts' holes have the same axes.
    """
    along = np.array([0.5 * bolt.diameter * joint.fixed.holes[bolt.hole].axis for bolt in joint.bolts]).reshape(-1, 3)
    if joint.freedom is not Freedom.SPACE:
        return [(np.zeros_like(along), np.zeros_like(along))]
    tilted = along @ (start.rotation @ laid_together(joint).rotation.T).T
    return [(along, tilted), (-along, -tilted)]


def gap_values(joint: Joint, misfits: Misfits, x: FloatArray) -> FloatArray:
    """Return the gaps (s, m), metres, at motions (s, p); NaN nowhere, as every gap has a limit."""
    signs, places, limits = _rows(joint)
    overs = misfits.overs(x) * signs + limits
    values = np.empty((len(overs), len(joint.gaps)))
    values[:, places] = overs
    return values


def pose_of(joint: Joint, x: FloatArray, start: Pose) -> Pose:
    """Return the pose of the moving part after ``start`` and a motion (p,)."""
    full = _free(joint) @ x
    centre, arm = _lever(joint, start)
    turn = Pose.from_rotation_vector(full[3:] / arm)
    about = Pose.from_parts(turn.rotation, centre + full[:3] - turn.rotation @ centre)
    return about @ start


def settled(joint: Joint, drawn: Drawn) -> Pose:
    """Return the least-squares pose of the moving part, where the misfits are linear enough to go on from."""
    start = laid_together(joint)
    for _ in range(3):
        start = pose_of(joint, least_squares(misfits_of(joint, drawn, start))[0], start)
    return start


def _rows(joint: Joint) -> tuple[FloatArray, list[int], FloatArray]:
    """Return sign, gap and limit of every limit that there is: upper ones with +1, lower ones with -1."""
    rows = [(1.0, k, gap.high) for k, gap in enumerate(joint.gaps) if np.isfinite(gap.high)]
    rows += [(-1.0, k, gap.low) for k, gap in enumerate(joint.gaps) if np.isfinite(gap.low)]
    return np.array([row[0] for row in rows]), [row[1] for row in rows], np.array([row[2] for row in rows])


def _lever(joint: Joint, start: Pose) -> tuple[FloatArray, float]:
    """Return what the moving part turns about (3,), and the metres on which a turn is counted."""
    points = [joint.moving.holes[bolt.hole].at for bolt in joint.bolts]
    points += [joint.moving.faces[gap.moving].at for gap in joint.gaps]
    placed = start.apply(np.array(points))
    centre = placed.mean(axis=0)
    return centre, max(float(np.sqrt(((placed - centre) ** 2).sum(axis=1).mean())), 1e-3)


def _motion(lever: FloatArray, arm: float) -> FloatArray:
    """Return how points (k, 3) beside the centre move, (k, 3, 6), with shifts and with turns counted at ``arm``."""
    moved = np.zeros((len(lever), 3, 6))
    moved[:, :, :3] = np.eye(3)
    for axis in range(3):
        moved[:, :, 3 + axis] = np.cross(np.eye(3)[axis], lever) / arm
    return moved


def _across(axis: FloatArray) -> FloatArray:
    """Return two directions (..., 2, 3) across axes (..., 3)."""
    first = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis), axis=-1)])
    first = first / np.linalg.norm(first, axis=-1, keepdims=True)
    return np.asarray(np.stack([first, np.cross(axis, first)], axis=-2), dtype=np.float64)


def _roots(covariances: FloatArray) -> FloatArray:
    """Return a root (k, 3, 3) of each covariance (k, 3, 3)."""
    values, vectors = np.linalg.eigh(covariances)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[:, None], dtype=np.float64)
