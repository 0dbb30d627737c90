"""What the design did to elements between the revision that they were checked against and another one."""

import json
from collections.abc import Mapping
from functools import lru_cache

from twin.element_state import ElementState, on_revision
from twin.project import ModelRevision
from twin.record import Id
from twin.revision_diff import Change, ElementFingerprint, changes_by_element, diff_revisions
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.lookups import revision_in_force
from twin.store.view import View


def fingerprints_of(blobs: BlobStore, revision: ModelRevision) -> tuple[ElementFingerprint, ...] | None:
    """Return the fingerprints that are kept of a revision's elements; None when none are."""
    if not revision.fingerprints_sha256:
        return None
    with blobs.open(revision.fingerprints_sha256) as stream:
        rows = json.loads(stream.read())
    return tuple(
        ElementFingerprint(*row) for row in zip(rows["global_id"], rows["geometry"], rows["properties"], strict=True)
    )


def changes_between(view: View, blobs: BlobStore, before: Id, after: Id) -> Mapping[str, Change] | None:
    """Return GlobalId -> what became of it from one revision to another; None when it is not known.

    Neither has to be the older one: a scan may be checked against a revision that is no longer in force.
    """
    old, new = (view.get(records.MODEL_REVISION, revision).record for revision in (before, after))
    if not old.fingerprints_sha256 or not new.fingerprints_sha256:
        return None
    return _compared(_Pair(blobs, old, new))


def changes_since(view: View, blobs: BlobStore, project: Id, revision: Id) -> Mapping[str, Change] | None:
    """Return GlobalId -> what became of it since a revision; nothing when that is in force, None when not known."""
    newest = revision_in_force(view.connection, project)
    return {} if newest in (None, revision) else changes_between(view, blobs, revision, str(newest))


def carried(view: View, blobs: BlobStore, states: Mapping[str, ElementState], revision: Id) -> dict[str, ElementState]:
    """Return what is known of elements once ``revision`` is what they are compared with.

    A changed shape takes verdicts back; an element that was out of the design meanwhile is known no more. Where the
    revisions cannot be compared every verdict is taken back: nobody knows that it still holds.
    """
    became: dict[Id, Mapping[str, Change] | None] = {}
    gone: dict[Id, frozenset[str]] = {}
    for state in states.values():
        old = state.epoch.revision
        if old != revision and old not in became:
            became[old] = changes_between(view, blobs, old, revision)
            gone[old] = _removed_between(view, old, revision)
    found: dict[str, ElementState] = {}
    for global_id, state in states.items():
        old = state.epoch.revision
        if old == revision:
            found[global_id] = state
            continue
        kept = on_revision(state, Change.REMOVED if global_id in gone[old] else _change(became[old], global_id))
        if kept is not None:
            found[global_id] = kept
    return found


def _change(changes: Mapping[str, Change] | None, global_id: str) -> Change:
    """Return what became of an element that has a state, so that it was in the design before."""
    change = changes.get(global_id, Change.SHAPE) if changes is not None else Change.SHAPE
    return Change.SHAPE if change is Change.ADDED else change


def _removed_between(view: View, before: Id, after: Id) -> frozenset[str]:
    """Return what some revision after ``before``, up to ``after``, took out of the design."""
    first = view.get(records.MODEL_REVISION, before).record
    one: ModelRevision | None = view.get(records.MODEL_REVISION, after).record
    found: set[str] = set()
    while one is not None and one.number > first.number:
        found.update(one.diff.removed if one.diff else ())
        one = view.get(records.MODEL_REVISION, one.previous).record if one.previous else None
    return frozenset(found)


class _Pair:
    """Two revisions, the same as two others with the same fingerprints: what was compared once is remembered."""

    __slots__ = ("blobs", "new", "old")

    def __init__(self, blobs: BlobStore, old: ModelRevision, new: ModelRevision) -> None:
        self.blobs, self.old, self.new = blobs, old, new

    def _key(self) -> tuple[str, str]:
        return self.old.fingerprints_sha256, self.new.fingerprints_sha256

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Pair) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


@lru_cache(maxsize=8)
def _compared(pair: _Pair) -> Mapping[str, Change] | None:
    old, new = fingerprints_of(pair.blobs, pair.old), fingerprints_of(pair.blobs, pair.new)
    return None if old is None or new is None else changes_by_element(diff_revisions(old, new))
