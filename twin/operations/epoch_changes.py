"""What became of every element from one scan epoch to a later one, as columns."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import compress
from typing import TypeAlias

import numpy as np

from geometry.arrays import FloatArray, IntArray
from twin.element_state import Seen
from twin.epoch_change import EpochChange, Why
from twin.epoch_differences import Differences, Looks, differences
from twin.errors import Invalid, NotFound
from twin.operations.design_changes import changes_between
from twin.operations.element_columns import Coded
from twin.operations.glances import Glance, kept_glance
from twin.record import Id
from twin.revision_diff import Change
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.elements import Basis, basis_of
from twin.store.epoch_pairs import PairBatch, Told, measurements_of, pairs_of
from twin.store.shared_elements import visible_elements
from twin.store.view import Scope, View


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two epochs."""

    epoch: Id
    captured_at: datetime
    check: Id | None
    """That counts; None while none does, and then nothing can be compared."""
    revision: Id | None
    tolerance: str
    """What it was judged by; empty without a check."""
    pose_known: bool
    """Whether the exactness of its registration is known: without it no movement can be told."""


@dataclass(frozen=True, slots=True, eq=False)
class EpochChanges:
    """What became of every element, by GlobalId; all columns are equally long."""

    before: Side
    after: Side
    counts: dict[EpochChange, int] = field(default_factory=dict[EpochChange, int])
    global_id: list[str] = field(default_factory=list[str])
    name: list[str] = field(default_factory=list[str])
    ifc_class: Coded[str] = field(default_factory=Coded[str])
    storey: Coded[str] = field(default_factory=Coded[str])
    change: Coded[EpochChange] = field(default_factory=Coded[EpochChange])
    why: Coded[Why | None] = field(default_factory=Coded[Why | None])
    seen_before: Coded[Seen | None] = field(default_factory=Coded[Seen | None])
    seen_after: Coded[Seen | None] = field(default_factory=Coded[Seen | None])
    moved_mm: list[float | None] = field(default_factory=list[float | None])
    moved_uncertainty_mm: list[float | None] = field(default_factory=list[float | None])


def epoch_changes(
    view: View, blobs: BlobStore, project: Id, scope: Scope, *, before: Id, after: Id
) -> EpochChanges:  # fmt: skip
    """Return what became of the elements within a scope from one epoch to a later one, by the checks that count.

    Raises
    ------
    NotFound
        If the project has no such epoch.
    Invalid
        If the first was not captured before the second.
    """
    one, other = (_basis(view, project, epoch) for epoch in (before, after))
    sides = _side(view, blobs, project, before, one), _side(view, blobs, project, after, other)
    if sides[0].captured_at >= sides[1].captured_at:
        raise Invalid("`before` names the epoch that was captured first, and `after` a later one")
    told = EpochChanges(*sides)
    if one is None or other is None:
        return told
    same = one.revision == other.revision
    design = {} if same else changes_between(view, blobs, one.revision, other.revision)
    visible = visible_elements(view, project, scope)
    counted: Counter[EpochChange] = Counter()
    with_pose = sides[0].pose_known and sides[1].pose_known
    for pairs in _pairs(view, blobs, one.check, other.check):
        became = [None if design is None else design.get(global_id, Change.NONE) for global_id in pairs.global_id]
        before_it, after_it = _looks(pairs.before, with_pose), _looks(pairs.after, with_pose)
        found = differences(before_it, after_it, became)
        kept = [visible is None or global_id in visible for global_id in pairs.global_id]
        counted.update(compress(found.change, kept))
        _extend(told, pairs, found, (before_it, after_it), kept)
    told.counts.update({change: counted[change] for change in EpochChange if counted[change]})
    return told


def _basis(view: View, project: Id, epoch: Id) -> Basis | None:
    return basis_of(view.connection, project, epoch=epoch)


def _side(view: View, blobs: BlobStore, project: Id, epoch: Id, basis: Basis | None) -> Side:
    scanned = view.get(records.SCAN_EPOCH, epoch).record
    if scanned.project != project:
        raise NotFound(f"there is no scan epoch {epoch}")
    if basis is None:
        return Side(epoch, scanned.captured_at, None, None, "", pose_known=False)
    run = view.get(records.CHECK_RUN, basis.check).record
    known = _pose_known(_Report(blobs, run.report.sha256))
    return Side(epoch, scanned.captured_at, basis.check, basis.revision, run.tolerance, known)


def _looks(told: Told, with_pose: bool) -> Looks:
    places = told.translation_mm if with_pose else np.full_like(told.translation_mm, np.nan)
    factors = np.where(np.isnan(told.coverage_factor), 2.0, told.coverage_factor)
    seen = [None if one is None else _SEEN[one] for one in told.seen]
    return Looks(seen, places, told.uncertainty_mm / factors[:, None], told.measurements)


_SEEN = {seen.value: seen for seen in Seen}


def _pairs(view: View, blobs: BlobStore, before: Id, after: Id) -> Iterator[PairBatch]:
    """Yield the elements of two checks: at a glance where both have one, else some at a time from their reports."""
    one, other = (kept_glance(view, blobs, check) for check in (before, after))
    if one is None or other is None:
        yield from pairs_of(view.connection, before, after)
        return

    def ask(check: Id) -> Callable[[Sequence[str]], Mapping[str, str | None]]:
        return lambda global_ids: measurements_of(view.connection, check, global_ids)

    yield paired((one, ask(before)), (other, ask(after)))


_Side: TypeAlias = tuple[Glance, Callable[[Sequence[str]], Mapping[str, str | None]]]
"""A glance, and what gives the measurements of elements."""


def paired(before: _Side, after: _Side) -> PairBatch:
    """Return the elements of two glances side by side: those of the later by GlobalId, then those that it has not.

    Measurements are asked for only of elements of which :func:`twin.epoch_differences.differences` reads them: where
    one fails by the later check, or what failed passes.
    """
    early, late = ({one: n for n, one in enumerate(side.global_id)} for side, _ in (before, after))
    gone = [one for one in before[0].global_id if one not in late]
    ids = [*after[0].global_id, *gone]
    places = [np.array([side.get(one, -1) for one in ids], np.intp) for side in (early, late)]
    was, now = (_column(side.seen, at) for (side, _), at in zip((before, after), places, strict=True))
    fails = _taken(after[0].fails.astype(np.float64), places[1]) == 1.0
    turned = [one == Seen.FAILED and other == Seen.PASSED for one, other in zip(was, now, strict=True)]
    asked = np.flatnonzero(fails | np.array(turned, np.bool_)).tolist()
    sides = [
        _by(side, seen, at, {n: ids[n] for n in asked if at[n] >= 0})
        for side, seen, at in zip((before, after), (was, now), places, strict=True)
    ]
    names = [[*getattr(after[0], name), *(getattr(before[0], name)[early[one]] for one in gone)] for name in _NAMES]
    return PairBatch(ids, names[0], names[1], names[2], sides[0], sides[1])


_NAMES = ("ifc_class", "name", "storey")


def _by(side: _Side, seen: Sequence[str | None], places: IntArray, asked: Mapping[int, str]) -> Told:
    glance, ask = side
    found = ask(list(asked.values()))
    measurements: list[str | None] = [None] * len(seen)
    for n, global_id in asked.items():
        measurements[n] = found[global_id]
    numbers = (glance.translation_mm, glance.uncertainty_mm, glance.coverage_factor)
    translation, uncertainty, factor = (_taken(one, places) for one in numbers)
    return Told(seen, translation, uncertainty, factor, measurements)


def _column(values: Sequence[str], places: IntArray) -> list[str | None]:
    found: list[int] = places.tolist()
    return [values[n] if n >= 0 else None for n in found]


def _taken(values: FloatArray, places: IntArray) -> FloatArray:
    """Return rows of an array; NaN where there is none."""
    found = np.full((len(places), *values.shape[1:]), np.nan)
    found[places >= 0] = values[places[places >= 0]]
    return found


def _extend(
    told: EpochChanges, pairs: PairBatch, found: Differences, sides: tuple[Looks, Looks], kept: Sequence[bool]
) -> None:
    told.global_id.extend(compress(pairs.global_id, kept))
    told.name.extend(compress(pairs.name, kept))
    told.ifc_class.extend(compress(pairs.ifc_class, kept))
    told.storey.extend(compress(pairs.storey, kept))
    told.change.extend(compress(found.change, kept))
    told.why.extend(compress(found.why, kept))
    told.seen_before.extend(compress(sides[0].seen, kept))
    told.seen_after.extend(compress(sides[1].seen, kept))
    told.moved_mm.extend(compress(found.moved_mm, kept))
    told.moved_uncertainty_mm.extend(compress(found.moved_uncertainty_mm, kept))


class _Report:
    """A check's report, the same as another with the same content: what was read once is remembered."""

    __slots__ = ("blobs", "sha256")

    def __init__(self, blobs: BlobStore, sha256: str) -> None:
        self.blobs, self.sha256 = blobs, sha256

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Report) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)


@lru_cache(maxsize=256)
def _pose_known(report: _Report) -> bool:
    """Say whether a check knows how exact its registration is: a pose that was taken at its word has no covariance."""
    with report.blobs.open(report.sha256) as stream:
        told = json.loads(stream.read())
    return told["registration"].get("covariance") is not None
