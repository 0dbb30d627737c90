"""The whole search for clashes in a model, one screen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from geometry.design import Element
from simulation.assembly.broad_phase import overlapping_pairs
from simulation.assembly.clash import Clash, ClashRule, clash_of
from simulation.assembly.solid import make_solids

_TELL_EVERY = 50
EMBEDDED = (
    "IfcReinforcingBar",
    "IfcReinforcingMesh",
    "IfcTendon",
    "IfcTendonAnchor",
    "IfcMechanicalFastener",
    "IfcFastener",
)
"""What sits in others by its nature."""


@dataclass(frozen=True, slots=True, eq=False)
class ClashStudy:
    """What clashes in a model, what is meant to, and of what nothing can be said."""

    rule: ClashRule
    solids: int
    """Elements that could be looked at."""
    pairs: int
    """Pairs near enough to be looked at."""
    clashes: tuple[Clash, ...]
    """By GlobalIds."""
    meant: Mapping[tuple[str, str], str]
    """Pairs near each other that are meant to meet, with the reason: not looked at."""
    unchecked: Mapping[str, str]
    """GlobalId -> why nothing was computed of it."""


def study_clashes(
    elements: Mapping[str, Element],
    rule: ClashRule,
    meant: Mapping[tuple[str, str], str],
    *,
    progress: Callable[[float], None] = lambda share: None,
) -> ClashStudy:
    """Return what clashes among the elements of a model.

    Parameters
    ----------
    elements
        By GlobalId; their meshes relative to one origin, metres.
    rule
        What counts as a clash.
    meant
        Pairs of GlobalIds in order that are meant to meet, with the reason.
    progress
        Told the share of the pairs done.
    """
    made = make_solids(elements)
    solids = made.solids
    bounds = np.array([solid.bounds for solid in solids]).reshape(-1, 2, 3)
    near = overlapping_pairs(bounds, max(rule.touch_tolerance, rule.clearance))
    clashes, left_out = list[Clash](), dict[tuple[str, str], str]()
    for index, (i, j) in enumerate(near):
        first, second = solids[i], solids[j]
        pair = (first.global_id, second.global_id)
        reason = meant.get(pair) or _embedded(first.ifc_class, second.ifc_class)
        if reason:
            left_out[pair] = reason
        elif (clash := clash_of(first, second, rule)) is not None:
            clashes.append(clash)
        if index % _TELL_EVERY == 0:
            progress(index / len(near))
    return ClashStudy(rule, len(solids), len(near), tuple(clashes), left_out, made.refused)


def _embedded(first: str, second: str) -> str:
    return next((name for name in (first, second) if name in EMBEDDED), "")
