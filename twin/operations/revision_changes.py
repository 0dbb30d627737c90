"""What one model revision changed against another, element by element: which, where to, and what is said otherwise."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from twin.errors import NotFound
from twin.operations.design_changes import changes_between
from twin.operations.element_columns import Coded
from twin.operations.scenes import scene_files
from twin.project import ModelRevision
from twin.record import Id
from twin.revision_diff import Change
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.view import Scope, View

_ROUNDING_MM = 1
"""Boxes are whole millimetres, rounded outwards: sizes that differ by so much may be the same."""
_SAID = ("name", "ifc_class", "type_name", "storey", "materials")
Box = tuple[int, int, int, int, int, int]
"""Low corner, then high corner, millimetres."""


class RevisionChange(StrEnum):
    """What a revision did to an element."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    """As large, of as many faces, and elsewhere."""
    SHAPE = "shape"
    PROPERTIES = "properties"


@dataclass(frozen=True, slots=True)
class _Told:
    """What a scene says of an element."""

    said: tuple[str, ...]
    """In the order of ``_SAID``."""
    triangles: int
    box: Box | None
    """In the design file's coordinates; None without a shape."""


@dataclass(frozen=True, slots=True, eq=False)
class RevisionChanges:
    """The elements that are not the same in two revisions, by GlobalId; all columns are equally long."""

    revision: Id
    against: Id
    known: bool
    """False where of one of them nobody knows what is in it: then nothing is told."""
    unchanged: int = 0
    counts: dict[RevisionChange, int] = field(default_factory=dict[RevisionChange, int])
    global_id: list[str] = field(default_factory=list[str])
    name: list[str] = field(default_factory=list[str])
    ifc_class: Coded[str] = field(default_factory=Coded[str])
    storey: Coded[str] = field(default_factory=Coded[str])
    change: Coded[RevisionChange] = field(default_factory=Coded[RevisionChange])
    moved_mm: list[list[int] | None] = field(default_factory=list[list[int] | None])
    """How far the middle of the box is from where it was, x, y, z; None where one of them has no shape."""
    resized_mm: list[list[int] | None] = field(default_factory=list[list[int] | None])
    """How much larger the box is."""
    said: Coded[tuple[str, ...]] = field(default_factory=Coded[tuple[str, ...]])
    """What is said otherwise: some of name, class, type, storey, materials; ``other`` for what is not told."""


def revision_changes(view: View, blobs: BlobStore, scope: Scope, revision: Id, against: Id) -> RevisionChanges:
    """Return what a revision changed against another one of the same project, whichever is older.

    Raises
    ------
    NotFound
        If there is no such revision within the scope, or they are of two projects.
    """
    new, old = (view.get(records.MODEL_REVISION, one, scope).record for one in (revision, against))
    if new.project != old.project:
        raise NotFound(f"there is no revision {against}")
    changes = changes_between(view, blobs, against, revision) if revision != against else {}
    if changes is None:
        return RevisionChanges(revision, against, known=False)
    differ = {global_id: change for global_id, change in changes.items() if change is not Change.NONE}
    found = RevisionChanges(revision, against, known=True, unchanged=len(changes) - len(differ))
    before, after = (_told_of(blobs, one, differ) for one in (old, new))
    for global_id, change in sorted(differ.items()):
        _add(found, global_id, change, before.get(global_id), after.get(global_id))
    return found


def _add(found: RevisionChanges, global_id: str, change: Change, before: _Told | None, after: _Told | None) -> None:
    shown = after or before or _Told(("", "", "", "", ""), 0, None)
    moved, resized = _boxes(before, after)
    kind = _kind(change, before, after, moved, resized)
    found.counts[kind] = found.counts.get(kind, 0) + 1
    found.global_id.append(global_id)
    found.name.append(shown.said[0])
    found.ifc_class.add(shown.said[1])
    found.storey.add(shown.said[3])
    found.change.add(kind)
    found.moved_mm.append(moved)
    found.resized_mm.append(resized)
    found.said.add(_otherwise(change, before, after))


def _kind(
    change: Change, before: _Told | None, after: _Told | None, moved: list[int] | None, resized: list[int] | None
) -> RevisionChange:
    if change is not Change.SHAPE or before is None or after is None or moved is None or resized is None:
        return RevisionChange(change.value)
    as_large = before.triangles == after.triangles and all(abs(grown) <= _ROUNDING_MM for grown in resized)
    return RevisionChange.MOVED if as_large and any(abs(by) > _ROUNDING_MM for by in moved) else RevisionChange.SHAPE


def _boxes(before: _Told | None, after: _Told | None) -> tuple[list[int] | None, list[int] | None]:
    if before is None or after is None or before.box is None or after.box is None:
        return None, None
    old, new = before.box, after.box
    moved = [round((new[k] + new[k + 3] - old[k] - old[k + 3]) / 2) for k in range(3)]
    return moved, [(new[k + 3] - new[k]) - (old[k + 3] - old[k]) for k in range(3)]


def _otherwise(change: Change, before: _Told | None, after: _Told | None) -> tuple[str, ...]:
    if before is None or after is None:
        return ("other",) if change is Change.PROPERTIES else ()
    found = tuple(name for name, old, new in zip(_SAID, before.said, after.said, strict=True) if old != new)
    return found or (("other",) if change is Change.PROPERTIES else ())


def _told_of(blobs: BlobStore, revision: ModelRevision, wanted: Mapping[str, Change]) -> dict[str, _Told]:
    """Return what the scene of a revision says of some elements; nothing where it has none."""
    if not revision.scene_sha256:
        return {}
    entry = scene_files(blobs, revision.scene_sha256).get("elements.json")
    if entry is None:
        return {}
    with blobs.open(entry.sha256) as stream:
        told = json.loads(gzip.decompress(stream.read()))
    origin = [round(1000 * metres) for metres in told["origin_m"]]
    return {
        global_id: _one(told, place, origin) for place, global_id in enumerate(told["global_id"]) if global_id in wanted
    }


def _one(told: Mapping[str, Any], place: int, origin: list[int]) -> _Told:
    def text(name: str) -> str:
        column = told[name]
        value = column[place] if isinstance(column, list) else column["values"][column["index"][place]]
        return str(value or "")

    ends = [told["box_mm"][f"{end}_{axis}"][place] for end in ("min", "max") for axis in "xyz"]
    box = None if None in ends else tuple(int(v) + origin[k % 3] for k, v in enumerate(ends))
    return _Told(tuple(text(name) for name in _SAID), told["triangles"][place], box)  # pyright: ignore[reportArgumentType]  # six
