"""What became of many elements from one scan to a later one: :mod:`twin.epoch_change` for a hundred thousand at once.

Most elements are told by what the scans saw and how far they moved. Measurements are read only of those where one
fails now, or where something that failed passes now: reading all of them takes longer than everything else.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    moved = np.array(lengths, np.float64), np.array(spreads, np.float64)
    beyond = np.where(np.isnan(moved[0]), 0, np.where(moved[0] > moved[1], 2, 1))
    kinds, which = _alike(before.seen, after.seen, design, beyond.tolist())
    stand = [was is not None and now is not None and is_standing(was, now, became) for was, now, became, _ in kinds]
    told = [_told(*kind, stands=stands) for kind, stands in zip(kinds, stand, strict=True)]
    found = [told[k] for k in which]
    shown = (np.array(stand, np.bool_)[which] if kinds else np.zeros(0, np.bool_)) & ~np.isnan(moved[0])
    again = [
        stands and was is Seen.FAILED and now is Seen.PASSED
        for (was, now, *_), stands in zip(kinds, stand, strict=True)
    ]
    undecided = [
        n for n, (k, text) in enumerate(zip(which, after.measurements, strict=True))
        if stand[k] and (again[k] or (text and _FAILS in text))
    ]  # fmt: skip
    one, other = (_read([side.measurements[n] for n in undecided]) for side in (before, after))
    for n, earlier, later in zip(undecided, one, other, strict=True):
        was, now = before.seen[n] or Seen.NOT_SEEN, after.seen[n] or Seen.NOT_SEEN
        move = Move(_ANY, lengths[n], spreads[n]) if shown[n] else None
        found[n] = standing(Look(was, earlier, None), Look(now, later, None), move)
    return Differences(
        [one.change for one in found], [one.why for one in found],
        *([value if kept else None for value, kept in zip(all_of, shown.tolist(), strict=True)]
          for all_of in (lengths, spreads)),
    )  # fmt: skip


_ANY = (None, None, None)
_Kind = tuple[Seen | None, Seen | None, Change | None, int]
"""What both scans saw, what the design did, and the movement: 0 not known, 1 within U, 2 beyond."""


def _alike(
    before: Sequence[Seen | None], after: Sequence[Seen | None], design: Sequence[Change | None], beyond: Sequence[int]
) -> tuple[list[_Kind], list[int]]:
    """Return the few kinds of elements that there are, and of which each is: each kind is thought about once."""
    places = dict[_Kind, int]()
    which = [places.setdefault(kind, len(places)) for kind in zip(before, after, design, beyond, strict=True)]
    return list(places), which


def _told(was: Seen | None, now: Seen | None, design: Change | None, beyond: int, *, stands: bool) -> Difference:
    """Return what became of an element none of whose measurements has to be read."""
    if not stands or was is None or now is None:
        one, other = (None if seen is None else Look(seen, (), None) for seen in (was, now))
        return difference(one, other, design)
    return standing(Look(was, (), None), Look(now, (), None), Move(_ANY, 1.0, 0.0) if beyond == 2 else None)


def _read(texts: Sequence[str | None]) -> list[Sequence[Mapping[str, Any]]]:
    """Read texts as one: one by one that takes several times as long."""
    read: list[Sequence[Mapping[str, Any]]] = json.loads(f"[{','.join(text or '[]' for text in texts)}]")
    return read


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
