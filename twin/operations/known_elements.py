"""Whether elements that a person names are elements of the project at all: a typing error must not become a record."""

from collections.abc import Iterable
from functools import lru_cache

from twin.errors import Invalid
from twin.operations.design_changes import fingerprints_of
from twin.project import ModelRevision
from twin.record import Id
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.lookups import classes_of
from twin.store.repository import Store
from twin.store.view import View

_NAMED = 3
"""Unknown elements that are named; the others are counted."""


def require_known(store: Store, blobs: BlobStore, project: Id, global_ids: Iterable[str]) -> None:
    """Raise :class:`Invalid` for what no revision of the project's models has and no check of it has seen.

    A project without a model takes any, and so does one with a revision of which nobody knows what is in it.
    """
    with store.read() as view:
        unknown = unknown_elements(view, blobs, project, global_ids)
    if unknown:
        named, more = sorted(unknown)[:_NAMED], len(unknown) - _NAMED
        raise Invalid(
            f"{', '.join(named)}{f' and {more} more' if more > 0 else ''}: no model of this project has that element; "
            "correct the GlobalId, or take the model in that has it"
        )


def unknown_elements(view: View, blobs: BlobStore, project: Id, global_ids: Iterable[str]) -> frozenset[str]:
    """Return which of these elements no revision of the project's models has and no check of it has seen.

    None where nobody can tell: of a project without a model, or with a revision of which nobody knows what is in it.
    """
    wanted = set(global_ids)
    if not wanted:
        return frozenset()
    revisions = [stored.record for stored in view.all(records.MODEL_REVISION, project=project)]
    if not revisions or not all(one.fingerprints_sha256 for one in revisions):
        return frozenset()
    wanted -= classes_of(view.connection, project, wanted).keys()
    for revision in sorted(revisions, key=lambda one: one.number, reverse=True):
        wanted -= _elements_of(_Kept(blobs, revision)) if wanted else frozenset()
    return frozenset(wanted)


class _Kept:
    """A revision, the same as another with the same fingerprints: what was read once is remembered."""

    __slots__ = ("blobs", "revision")

    def __init__(self, blobs: BlobStore, revision: ModelRevision) -> None:
        self.blobs, self.revision = blobs, revision

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and self.revision.fingerprints_sha256 == other.revision.fingerprints_sha256

    def __hash__(self) -> int:
        return hash(self.revision.fingerprints_sha256)


@lru_cache(maxsize=8)
def _elements_of(kept: _Kept) -> frozenset[str]:
    return frozenset(one.global_id for one in fingerprints_of(kept.blobs, kept.revision) or ())
