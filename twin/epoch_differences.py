"""What became of many elements from one scan to a later one: :mod:`twin.epoch_change` for a hundred thousand at once.

Most elements are told by what the scans saw and how far they moved. Measurements are read only of those where one
fails now, or where something that failed passes now: reading all of them takes longer than everything else.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from twin.element_state import Seen
from twin.epoch_change import FACTORS, Difference, EpochChange, Look, Move, Why, difference, is_standing, standing
from twin.revision_diff import Change

_FAILS = '"fail"'
"""How the text of measurements says that one fails; where it only looks so, reading it tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What one scan's check says of elements; all columns are equally long."""

    seen: Sequence[Seen | None]
    """None where the design that was checked does not have it."""
    place_mm: FloatArray
    """(n, 3) how far from its designed place; NaN where not known."""
    uncertainty_mm: FloatArray
    """(n, 3) standard uncertainty, k = 1; NaN where not known."""
    measurements: Sequence[str | None]
    """JSON as in ``report.json``."""


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """What became of elements; all columns are equally long."""

    change: Sequence[EpochChange]
    why: Sequence[Why | None]
    """Only of what is not comparable."""
    moved_mm: Sequence[float | None]
    """Wherever both scans show its place."""
    moved_uncertainty_mm: Sequence[float | None]


def differences(before: Looks, after: Looks, design: Sequence[Change | None]) -> Differences:
    """Return what became of elements from one scan to a later one.

    Parameters
    ----------
    before, after
        The same elements in the same order.
    design
        As for :func:`twin.epoch_change.difference`.
    """
    lengths, spreads = _moves(before, after)
    found: list[Difference] = []
    undecided: list[int] = []
    moves: list[Move | None] = []
    for n, (was, now, became) in enumerate(zip(before.seen, after.seen, design, strict=True)):
        if was is None or now is None or not is_standing(was, now, became):
            moves.append(None)
            found.append(_told_by_sight(was, now, became))
            continue
        move = None if lengths[n] != lengths[n] else Move(_ANY, lengths[n], spreads[n])
        moves.append(move)
        found.append(_told_by_move(was, now, move is not None and move.is_beyond))
        if _FAILS in (after.measurements[n] or "") or (was is Seen.FAILED and now is Seen.PASSED):
            undecided.append(n)
    one, other = (_read([side.measurements[n] for n in undecided]) for side in (before, after))
    for n, earlier, later in zip(undecided, one, other, strict=True):
        was, now = before.seen[n] or Seen.NOT_SEEN, after.seen[n] or Seen.NOT_SEEN
        found[n] = standing(Look(was, earlier, None), Look(now, later, None), moves[n])
    return Differences(
        [one.change for one in found], [one.why for one in found],
        [None if one is None else one.length_mm for one in moves],
        [None if one is None else one.uncertainty_mm for one in moves],
    )  # fmt: skip


_ANY = (None, None, None)


def _read(texts: Sequence[str | None]) -> list[Sequence[Mapping[str, Any]]]:
    """Read texts as one: one by one that takes several times as long."""
    read: list[Sequence[Mapping[str, Any]]] = json.loads(f"[{','.join(text or '[]' for text in texts)}]")
    return read


@cache
def _told_by_sight(before: Seen | None, after: Seen | None, design: Change | None) -> Difference:
    one, other = (None if seen is None else Look(seen, (), None) for seen in (before, after))
    return difference(one, other, design)


@cache
def _told_by_move(before: Seen, after: Seen, beyond: bool) -> Difference:  # a key, not a switch
    move = Move(_ANY, 1.0, 0.0) if beyond else None
    return standing(Look(before, (), None), Look(after, (), None), move)


def _moves(before: Looks, after: Looks) -> tuple[list[float], list[float]]:
    """Return length and expanded uncertainty of each movement as :func:`twin.epoch_change.moved`; NaN for none."""
    shift = after.place_mm - before.place_mm
    spread = np.hypot(before.uncertainty_mm, after.uncertainty_mm)
    known = np.isfinite(shift) & (before.uncertainty_mm > 0) & (after.uncertainty_mm > 0)
    shift, spread = np.where(known, shift, 0.0), np.where(known, spread, 0.0)
    length = np.sqrt(np.square(shift).sum(axis=1))
    along = (np.abs(shift) * spread).sum(axis=1) / np.where(length > 0, length, 1.0)
    along = np.where(length > 0, along, spread.max(axis=1, initial=0.0))
    factors = np.array([np.nan, *(FACTORS[axes] for axes in (1, 2, 3))])[known.sum(axis=1)]
    rounded = [round(one, 3) for one in (factors * along).tolist()]
    return [round(one, 3) for one in np.where(known.any(axis=1), length, np.nan).tolist()], rounded
