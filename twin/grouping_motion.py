"""Do several elements share one motion? The statistics behind ``twin.grouping``.

Motions are 6-vectors of (translation mm, rotation mrad) about each element's own centre; with lever arms in metres,
1 mrad at 1 m is 1 mm, so that both parts are of one size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from geometry.arrays import BoolArray, FloatArray, IntArray

_WEAK = 1e-8
"""Information (1/mm²) that stands for knowing nothing: a standard deviation of 10 m."""
_SHIFT = np.array([True, True, True, False, False, False])
_LEAST_REACH = 0.05
"""Metres; what is smaller has no turn worth comparing."""


@dataclass(frozen=True, slots=True)
class GroupingRule:
    """What counts as neighbour and as agreement."""

    confidence: float = 0.999
    """Share of elements with the same cause that the test keeps together."""
    scatter_mm: float = 2.0
    """Standard deviation of ordinary placement, at the element's centre and by its turn at its ends: elements with one
    cause still differ by this."""
    known: float = 5.0
    """Standard deviation (mm, mrad) beyond which a degree of freedom counts as not known."""
    near_m: float = 8.0
    """Gap between boxes up to which elements of one storey are neighbours: one field of a usual column grid."""
    touching_m: float = 0.3
    """Gap up to which elements touch, whatever their storey: finishes and joints lie between."""


@dataclass(frozen=True, slots=True, eq=False)
class Motions:
    """Measured motions of n elements, the scatter of ordinary placement included in their covariance."""

    centre: FloatArray
    """(n, 3) metres."""
    reach: FloatArray
    """(n,) half of the longest side of the box, metres: what a rotation moves at the element's ends."""
    value: FloatArray
    """(n, 6); 0 where not observable."""
    covariance: FloatArray
    """(n, 6, 6); rows and columns that are not observable are 0 with 1 on the diagonal."""
    sigma: FloatArray
    """(n, 6) standard uncertainty as measured, without the scatter; 0 where not observable."""
    observable: BoolArray
    """(n, 6)"""
    information: FloatArray
    """(n, 6, 6) inverse covariance, 0 where not observable."""
    rule: GroupingRule


def measured_motions(boxes: FloatArray, value: FloatArray, covariance: FloatArray, rule: GroupingRule) -> Motions:
    """Return the motions of n elements with the rule's scatter added.

    Parameters
    ----------
    boxes
        (n, 2, 3) metres.
    value, covariance
        (n, 6) and (n, 6, 6), mm and mrad; the variance is inf where not observable.
    rule
        Whose scatter is added.
    """
    diagonal = np.diagonal(covariance, axis1=1, axis2=2)
    observable = np.isfinite(diagonal)
    both = observable[:, :, None] & observable[:, None, :]
    reach = np.maximum(np.max(boxes[:, 1] - boxes[:, 0], axis=1) / 2.0, _LEAST_REACH)
    sigma = rule.scatter_mm * np.column_stack([np.ones((len(reach), 3)), np.repeat(1.0 / reach[:, None], 3, axis=1)])
    scatter = sigma[:, :, None] ** 2 * np.eye(6)
    spread = np.where(both, np.where(both, covariance, 0.0) + scatter, np.eye(6))
    return Motions(
        centre=boxes.mean(axis=1),
        reach=reach,
        value=np.where(observable, value, 0.0),
        covariance=spread,
        sigma=np.sqrt(np.where(observable, diagonal, 0.0)),
        observable=observable,
        information=np.where(both, np.linalg.inv(spread), 0.0),
        rule=rule,
    )


def moved_alike(motions: Motions, groups: Sequence[Sequence[int]] | IntArray, least: float = 0.5) -> FloatArray:
    """Say for groups (m, k) of k elements each how well one motion, of each about its own centre, explains them all.

    Parameters
    ----------
    motions
        Of all elements.
    groups
        (m, k) indexes of elements.
    least
        Share of its own motion (squared) that must lie where the others' motion is known, too.

    Returns
    -------
    FloatArray
        (m,) the worst squared Mahalanobis distance of a member to what the others predict, as a share of what the
        rule's confidence allows; inf where one motion does not explain every member.
    """
    members = np.asarray(groups, dtype=np.int64)
    return _explained(motions, members, _same(members), least)


def moved_as_body(motions: Motions, groups: Sequence[Sequence[int]] | IntArray, least: float = 0.5) -> FloatArray:
    """Say the same, (m,), for the elements of each group as parts of one rigid body."""
    members = np.asarray(groups, dtype=np.int64)
    return _explained(motions, members, _levers(motions, members), least)


def common_motion(motions: Motions, members: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """Return the motion (6,) that members share and its covariance (6, 6): of each, or of the body at its middle."""
    group = np.asarray(members, dtype=np.int64)[None]
    body = len(members) > 1 and moved_as_body(motions, group)[0] < moved_alike(motions, group)[0]
    design = _levers(motions, group) if body else _same(group)
    information, weighted = _normal_equations(motions, group, design)
    covariance = np.linalg.inv(information.sum(axis=1)[0] + _WEAK * np.eye(6))
    return covariance @ weighted.sum(axis=1)[0], covariance


def measured_sigma(motions: Motions, members: Sequence[int]) -> FloatArray:
    """Return the standard uncertainty (6,) of what members share, as measured.

    It is the mean of theirs, weighted as they are: the registration is common to all, so that more elements do not make
    it smaller. The scatter of placement is no part of it: standing elements have it once and for all.
    """
    group = list(members)
    weight = np.diagonal(motions.information[group], axis1=1, axis2=2)
    return (weight * motions.sigma[group]).sum(axis=0) / np.maximum(weight.sum(axis=0), _WEAK)


def is_significant(value: FloatArray, covariance: FloatArray, known: BoolArray, confidence: float) -> BoolArray:
    """Say whether motions (..., 6) differ from nothing on any of their known degrees of freedom."""
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    return np.any(known & (value**2 > chdtri(1, 1.0 - confidence) * variance), axis=-1)


def _same(members: IntArray) -> FloatArray:
    """Return (m, k, 6, 6): the shared motion is each member's own."""
    return np.tile(np.eye(6), (*members.shape, 1, 1))


def _levers(motions: Motions, members: IntArray) -> FloatArray:
    """Return (m, k, 6, 6): what a rigid motion about the group's middle is at each member's centre."""
    centre = motions.centre[members]
    x, y, z = np.moveaxis(centre - centre.mean(axis=1, keepdims=True), -1, 0)
    o = np.zeros_like(x)
    design = np.tile(np.eye(6), (*members.shape, 1, 1))
    design[..., :3, 3:] = np.stack([o, z, -y, -z, o, x, y, -x, o], axis=-1).reshape(*x.shape, 3, 3)  # turn x lever
    return design


def _normal_equations(motions: Motions, members: IntArray, design: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return per member its information (m, k, 6, 6) on the shared motion, and that times what it measured."""
    back = np.swapaxes(design, -1, -2) @ motions.information[members]
    return back @ design, (back @ motions.value[members][..., None])[..., 0]


def _explained(motions: Motions, members: IntArray, design: FloatArray, least: float) -> FloatArray:
    """Leave each member out in turn and compare it with what the others predict; see :func:`moved_alike`."""
    rule, value, own = motions.rule, motions.value[members], motions.covariance[members]
    information, weighted = _normal_equations(motions, members, design)
    others = information.sum(axis=1, keepdims=True) - information + _WEAK * np.eye(6)
    spread = np.linalg.inv(others)
    shared = spread @ (weighted.sum(axis=1, keepdims=True) - weighted)[..., None]
    predicted = (design @ shared)[..., 0]
    uncertain = design @ spread @ np.swapaxes(design, -1, -2)
    known = motions.observable[members] & (np.diagonal(uncertain, axis1=-2, axis2=-1) <= rule.known**2)
    known &= np.diagonal(own, axis1=-2, axis2=-1) <= rule.known**2
    rest, spread = value - predicted, own + uncertain
    ratio = np.maximum(
        _distance(rest, spread, known & _SHIFT, rule.confidence),
        _distance(rest, spread, known & ~_SHIFT, rule.confidence),
    )
    moved = is_significant(value, own, known, rule.confidence)
    lever = motions.reach[members][..., None]
    energy = value**2 * np.concatenate([np.ones((*lever.shape[:-1], 3)), np.repeat(lever**2, 3, axis=-1)], axis=-1)
    mostly = np.where(known, energy, 0.0).sum(axis=-1) >= least * energy.sum(axis=-1)
    return np.where(moved & mostly & (ratio <= 1.0), ratio, np.inf).max(axis=1)


def _distance(value: FloatArray, covariance: FloatArray, known: BoolArray, confidence: float) -> FloatArray:
    """Return the squared Mahalanobis distance (...,) over what is known, as a share of its chi-square quantile."""
    both = known[..., :, None] & known[..., None, :]
    rest = np.where(known, value, 0.0)
    squared = (rest[..., None, :] @ np.linalg.solve(np.where(both, covariance, np.eye(6)), rest[..., None]))[..., 0, 0]
    return squared / chdtri(np.maximum(known.sum(axis=-1), 1), 1.0 - confidence)
