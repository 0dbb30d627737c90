"""What became of every element from one scan epoch to a later one, as columns."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import compress

import numpy as np

from twin.element_state import Seen
from twin.epoch_change import EpochChange, Why
from twin.epoch_differences import Differences, Looks, differences
from twin.errors import Invalid, NotFound
from twin.operations.design_changes import changes_between
from twin.operations.element_columns import Coded
from twin.record import Id
from twin.revision_diff import Change
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.elements import Basis, basis_of
from twin.store.epoch_pairs import PairBatch, Told, pairs_of
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
    for pairs in pairs_of(view.connection, one.check, other.check):
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
    factors = np.array([2.0 if one is None else one for one in told.coverage_factor])
    seen = [None if one is None else _SEEN[one] for one in told.seen]
    return Looks(seen, places, told.uncertainty_mm / factors[:, None], told.measurements)


_SEEN = {seen.value: seen for seen in Seen}


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
