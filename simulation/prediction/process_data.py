"""What is recorded of units as they are made: columns as a model takes them, and those that must not be learnt from.

A column that tells the outcome by itself was written down after it, one that counts up with the units says when and
not how: both make a model look good on what is known and worthless on what is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.note import Note
from simulation.errors import SimulationError
from simulation.prediction.scoring import area_under_curve

Column = FloatArray | tuple[str | None, ...]
"""(n,) numbers, NaN where none was recorded; or texts, None where none was."""
MOST_LEVELS, MOST_COLUMNS = 20, 2_000
_FEWEST_TO_COUNT = 20
_LARGEST = 1e100
"""Larger numbers are no readings, and their squares leave what a double holds."""
_SUSPECT = 0.99
"""Area under the curve of a single column from which it is told; from 1 on it is refused."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """How columns become variables; the same for units that come later."""

    variables: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    """Of columns of text, a variable each; those of numbers are not in it."""
    columns: tuple[str, ...]
    low: FloatArray
    """(p,) least value learnt from."""
    high: FloatArray

    def encoded(self, columns: Mapping[str, Column]) -> FloatArray:
        """Return units as (n, p).

        Raises
        ------
        SimulationError
            A column is missing, of another kind, or holds a number beyond all measure.
        """
        if missing := [name for name in self.columns if name not in columns]:
            raise SimulationError(f"column {_listed(missing)} is missing, which the model was learnt from")
        return np.column_stack([part for name in self.columns for part in _variables(name, columns[name], self.levels)])

    def outside(self, recorded: FloatArray) -> FloatArray:
        """Return of units (m, p) how many variables (m,) lie outside of what was learnt from; texts as far as known."""
        reach = self.high - self.low
        return ((recorded < self.low - 0.05 * reach) | (recorded > self.high + 0.05 * reach)).sum(axis=1).astype(float)


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Units in the order of time."""

    encoding: Encoding
    recorded: FloatArray
    """(n, p), NaN where nothing was recorded."""
    defective: BoolArray
    """(n,)."""
    moment: IntArray
    """(n,) rises with time; units of one moment stay on one side of a split."""
    group: IntArray | None
    """(n,) units of one group stay on one side of a split; None: each stands by itself."""
    notes: tuple[str, ...]


def units(
    columns: Mapping[str, Column], defective: BoolArray, moment: IntArray, group: IntArray | None = None,
    *, known_before: Sequence[str] = (),
) -> Units:  # fmt: skip
    """Return what can be learnt from columns of units in the order of time.

    Parameters
    ----------
    known_before
        Columns that are known before the outcome though they tell it: not refused for that.

    Raises
    ------
    SimulationError
        A column tells the outcome by itself, or none is left to learn from.
    """
    kept, notes = dict[str, Column](), list[str]()
    for name, column in columns.items():
        if reason := _useless(column):
            notes.append(Note("quality_left_out", "Column {column} is left out: {why}", column=name, why=reason))
            continue
        area = telling(column, defective)
        if area >= 1.0 and name not in known_before:
            text = "tells the outcome by itself: it is the outcome, or is known only after it"
            raise SimulationError(
                f"column {name!r} {text}; leave it out (ignore), or say that it is known before (known_before)"
            )
        if area >= _SUSPECT and name not in known_before:
            text = "Column {column} tells the outcome nearly by itself (area {area}): is it known in time?"
            notes.append(Note("quality_suspect", text, column=name, area=f"{area:.3f}"))
        kept[name] = column
        if missing := _missing(column):
            text = "Column {column}: nothing recorded of {share} % of the units; that counts as information."
            notes.append(Note("quality_missing", text, column=name, share=f"{100 * missing / len(defective):.1f}"))
    if not kept:
        raise SimulationError("no column is left to learn from: each is constant, or names or counts the units")
    levels = {name: _levels(column) for name, column in kept.items() if isinstance(column, tuple)}
    parts = {part: values for name, column in kept.items() for part, values in _named(name, column, levels)}
    if len(parts) > MOST_COLUMNS:
        raise SimulationError(f"{len(parts)} variables to learn from; {MOST_COLUMNS} at most: leave some out (ignore)")
    recorded = np.column_stack(list(parts.values()))
    low, high = np.nanmin(recorded, axis=0), np.nanmax(recorded, axis=0)
    encoding = Encoding(tuple(parts), levels, tuple(kept), low, high)
    return Units(encoding, recorded, defective, moment, group, tuple(notes))


def telling(column: Column, defective: BoolArray) -> float:
    """Return how well a column alone tells good from bad, 0.5 to 1: by order, by distance from the usual, by value.

    Examples
    --------
    >>> bad = np.array([False] * 30 + [True] * 10)
    >>> telling(np.where(bad, 7.0, 2.0), bad), telling(tuple("ab"[k % 2] for k in range(40)), bad)
    (1.0, 0.5)
    """
    if isinstance(column, tuple):
        return _by_level(np.array([one or "" for one in column]), defective)
    gone = np.isnan(column)
    filled = np.where(gone, np.nanmedian(column) if not gone.all() else 0.0, column)
    usual = float(np.median(filled[~defective])) if (~defective).any() else 0.0
    found = [
        area_under_curve(filled, defective),
        area_under_curve(np.abs(filled - usual), defective),
        area_under_curve(gone.astype(float), defective),
    ]
    found.append(_by_level(filled, defective))
    return max(max(one, 1.0 - one) for one in found)


def _by_level(values: np.ndarray[tuple[int], np.dtype[np.generic]], defective: BoolArray) -> float:
    """Return the area of a unit's value as the share of defects of all units with that value; 0.5 of many values."""
    _, which = np.unique(values, return_inverse=True)
    count = np.bincount(which)
    if len(count) > MOST_LEVELS:
        return 0.5
    return area_under_curve((np.bincount(which, weights=defective) / count)[which], defective)


def _useless(column: Column) -> str:
    """Return why nothing can be learnt from a column; "" where something can."""
    if isinstance(column, tuple):
        known = {one for one in column if one is not None}
        if len(known) > MOST_LEVELS:
            return Note("quality_names", "its texts name units rather than kinds.")
        constant = len(known) + (None in column) < 2
        return Note("quality_constant", "it is the same for all units.") if constant else ""
    known = column[~np.isnan(column)]
    if len(known) == 0 or (len(known) == len(column) and np.ptp(known) == 0.0):
        return Note("quality_constant", "it is the same for all units.")
    steps = np.diff(known)
    if len(known) >= _FEWEST_TO_COUNT and (bool((steps > 0.0).all()) or bool((steps < 0.0).all())):
        return Note("quality_counts", "it only rises or falls with time, so no later unit is like an earlier one.")
    return ""


def _missing(column: Column) -> int:
    return column.count(None) if isinstance(column, tuple) else int(np.isnan(column).sum())


def _levels(column: tuple[str | None, ...]) -> tuple[str, ...]:
    return tuple(sorted({one for one in column if one is not None}))


def _named(name: str, column: Column, levels: Mapping[str, tuple[str, ...]]) -> list[tuple[str, FloatArray]]:
    names = [f"{name} = {level}" for level in levels[name]] if name in levels else [name]
    return list(zip(names, _variables(name, column, levels), strict=True))


def _variables(name: str, column: Column, levels: Mapping[str, tuple[str, ...]]) -> list[FloatArray]:
    """Return a column's variables, each (n,); a text that was not learnt from is none of the known ones."""
    if name not in levels:
        if isinstance(column, tuple):
            raise SimulationError(f"column {name!r} held numbers when it was learnt from, and holds texts now")
        if len(huge := column[np.abs(column) > _LARGEST]):
            text = f"column {name!r} holds {huge[0]:.3g}; numbers up to {_LARGEST:g} can be learnt from"
            raise SimulationError(f"{text}: mend it, or leave the column out (ignore)")
        return [column]
    if not isinstance(column, tuple):
        column = tuple(None if np.isnan(one) else f"{one:g}" for one in column)
    return [np.array([float(one == level) for one in column]) for level in levels[name]]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(repr(name) for name in names[:5]) + more
