"""What became of every element from one scan epoch to a later one, as columns."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from twin.element_state import Seen
from twin.epoch_change import Difference, EpochChange, Look, Why, difference
from twin.errors import Invalid, NotFound
from twin.operations.design_changes import changes_between
from twin.operations.element_columns import Coded
from twin.record import Id
from twin.revision_diff import Change
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.elements import Basis, basis_of
from twin.store.epoch_pairs import PairLine, Told, pairs_of
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
    for line in pairs_of(view.connection, one.check, other.check):
        if visible is not None and line.global_id not in visible:
            continue
        change = None if design is None else design.get(line.global_id, Change.NONE)
        found = difference(_look(line.before, with_pose), _look(line.after, with_pose), change)
        counted[found.change] += 1
        _add(told, line, found)
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


def _look(told: Told | None, with_pose: bool) -> Look | None:
    return None if told is None else Look(Seen(told.seen), told.measurements, told.pose if with_pose else None)


def _add(told: EpochChanges, line: PairLine, found: Difference) -> None:
    told.global_id.append(line.global_id)
    told.name.append(line.name)
    told.ifc_class.add(line.ifc_class)
    told.storey.add(line.storey)
    told.change.add(found.change)
    told.why.add(found.why)
    told.seen_before.add(Seen(line.before.seen) if line.before else None)
    told.seen_after.add(Seen(line.after.seen) if line.after else None)
    told.moved_mm.append(found.move.length_mm if found.move else None)
    told.moved_uncertainty_mm.append(found.move.uncertainty_mm if found.move else None)


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
