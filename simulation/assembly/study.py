"""The whole search for clashes in a model, one screen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Element
from simulation.assembly.broad_phase import overlapping_pairs
from simulation.assembly.built_shape import NotSeen
from simulation.assembly.chance import Decision, chance_of_overlap
from simulation.assembly.clash import Clash, ClashKind, ClashRule, apart, clash_of
from simulation.assembly.free_space import FreeSpaces
from simulation.assembly.pairs import of_all_pairs
from simulation.assembly.place import Places, measured_part, placed, wander
from simulation.assembly.separation import gap
from simulation.assembly.solid import Solid, make_solids

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
    places: Places | None = None
    """Where the elements were taken to be; None: exactly as designed."""
    not_seen: tuple[NotSeen, ...] = ()
    """Pairs of which a scanned shape shows too little to clear them."""
    spaces: FreeSpaces | None = None
    """What was looked at beside elements; None: no rule asks for it."""


def study_clashes(
    elements: Mapping[str, Element],
    rule: ClashRule,
    meant: Mapping[tuple[str, str], str],
    *,
    places: Places | None = None,
    workers: int = 1,
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
    places
        Where they are and how sure that is; None: exactly as designed.
    workers
        How many pairs are looked at at a time; what is found is the same.
    progress
        Told the share of the pairs done.
    """
    made = make_solids(_where_they_are(elements, places))
    solids = made.solids
    designed = _designed(elements, places)
    near = overlapping_pairs(_bounds(solids, places), max(rule.touch_tolerance, rule.clearance))
    looked_at, left_out = list[tuple[Solid, Solid]](), dict[tuple[str, str], str]()
    for first, second in ((solids[i], solids[j]) for i, j in near):
        pair = (first.global_id, second.global_id)
        if reason := meant.get(pair) or _embedded(first.ifc_class, second.ifc_class):
            left_out[pair] = reason
        else:
            looked_at.append((first, second))

    def clash_in(pair: tuple[Solid, Solid]) -> Clash | None:
        clash = _clash(*pair, rule, places)
        return clash if places is None or clash is None else _compared(clash, pair, designed, rule)

    found = of_all_pairs(clash_in, looked_at, workers=workers, progress=progress)
    clashes = tuple(clash for clash in found if clash is not None)
    return ClashStudy(rule, len(solids), len(near), clashes, left_out, made.refused, places)


def _compared(clash: Clash, pair: tuple[Solid, Solid], designed: Mapping[str, Solid], rule: ClashRule) -> Clash:
    """Return a clash with how the two are in each other's way as designed."""
    before = [designed.get(solid.global_id, solid) for solid in pair]
    moved = before[0] is not pair[0] or before[1] is not pair[1]
    kept = clash_of(before[0], before[1], rule) if moved else clash
    return replace(clash, designed=None if kept is None else kept.kind)


def _where_they_are(elements: Mapping[str, Element], places: Places | None) -> Mapping[str, Element]:
    if places is None:
        return elements
    return {global_id: placed(element, places[global_id]) for global_id, element in elements.items()}


def _designed(elements: Mapping[str, Element], places: Places | None) -> Mapping[str, Solid]:
    """Return the solids, as designed, of elements that are elsewhere."""
    if places is None:
        return {}
    moved = {name: element for name, element in elements.items() if np.any(places[name].twist)}
    return {solid.global_id: solid for solid in make_solids(moved).solids}


def _bounds(solids: Sequence[Solid], places: Places | None) -> FloatArray:
    """Return the boxes (n, 2, 3) that the solids may reach into."""
    bounds = np.array([solid.bounds for solid in solids]).reshape(-1, 2, 3)
    if places is not None:
        spread = [wander(places[solid.global_id], solid.bounds) for solid in solids]
        bounds += np.array(spread).reshape(-1, 1, 1) * np.array([[[-1.0], [1.0]]])
    return bounds


def _clash(first: Solid, second: Solid, rule: ClashRule, places: Places | None) -> Clash | None:
    """Return how two solids are in each other's way; also where they only may be."""
    clash = clash_of(first, second, rule)
    if places is None:
        return clash
    pair = (places[first.global_id], places[second.global_id])
    chance = chance_of_overlap(first, second, pair, places.confidence, places.samples, places.seed)
    if chance.decision is Decision.CLASH and any(any(place.unknown) for place in pair):
        # what nobody measured may make a clash doubtful, never certain
        known = (measured_part(pair[0]), measured_part(pair[1]))
        sure = chance_of_overlap(first, second, known, places.confidence, places.samples, places.seed)
        if sure.decision is not Decision.CLASH:
            chance = replace(chance, decision=Decision.UNDECIDED)
    if clash is not None:
        return replace(clash, chance=chance)
    if chance.decision is Decision.NO_CLASH:
        return None
    return replace(apart(first, second, ClashKind.POSSIBLE, _gap(first, second, places)), chance=chance)


def _gap(first: Solid, second: Solid, places: Places) -> float:
    """Return the gap of two solids that may meet, metres."""
    reach = sum(wander(places[solid.global_id], solid.bounds) for solid in (first, second))
    return gap(first, second, 2.0 * reach)


def _embedded(first: str, second: str) -> str:
    return next((name for name in (first, second) if name in EMBEDDED), "")
