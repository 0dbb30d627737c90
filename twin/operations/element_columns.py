"""All that is known of the elements of one check, as columns: a view of a hundred thousand colours by them at once."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import compress
from typing import Generic, TypeVar

import numpy as np

from geometry.arrays import FloatArray
from geometry.verdict import Outcome
from twin.element_state import STALE
from twin.operations.design_changes import changes_since
from twin.operations.glances import WORST, Glance, kept_glance
from twin.operations.overrides import in_force
from twin.operations.worst_measured import worst_of
from twin.record import Id
from twin.revision_diff import Change
from twin.store.blobs import BlobStore
from twin.store.element_columns import (
    ElementBatch,
    NcrMark,
    batches_of,
    captured_at,
    found_open,
    live_ncrs,
    stale_of,
    standing_of,
)
from twin.store.elements import Basis, basis_of
from twin.store.shared_elements import visible_elements
from twin.store.view import Scope, View

T = TypeVar("T", bound=Hashable)


class _Places(dict[T, int]):
    """Gives each new value the next number."""

    def __missing__(self, value: T) -> int:
        self[value] = place = len(self)
        return place


@dataclass(slots=True, eq=False)
class Coded(Generic[T]):
    """A column in which few values repeat: each once, and for every element its place among them."""

    places: _Places[T] = field(default_factory=_Places[T])
    index: list[int] = field(default_factory=list[int])

    @property
    def values(self) -> list[T]:
        """Each value once, in the order in which they come first."""
        return list(self.places)

    def add(self, value: T) -> None:
        """Put the next element's value at the end."""
        self.index.append(self.places[value])

    def extend(self, values: Iterable[T]) -> None:
        """Put the values of the next elements at the end."""
        self.index.extend(map(self.places.__getitem__, values))


@dataclass(frozen=True, slots=True, eq=False)
class ElementColumns:
    """What is known of every element of a check by GlobalId; all columns are equally long."""

    check: Id | None
    """None when no check has said anything yet."""
    epoch: Id | None
    revision: Id | None
    counts: bool | None
    captured_at: datetime | None
    global_id: list[str] = field(default_factory=list[str])
    name: list[str] = field(default_factory=list[str])
    ifc_class: Coded[str] = field(default_factory=Coded[str])
    storey: Coded[str] = field(default_factory=Coded[str])
    state: Coded[str] = field(default_factory=Coded[str])
    verdict: Coded[str] = field(default_factory=Coded[str])
    status: Coded[str] = field(default_factory=Coded[str])
    stale: list[bool] = field(default_factory=list[bool])
    characteristic: Coded[str | None] = field(default_factory=Coded[str | None])
    actual_mm: list[float | None] = field(default_factory=list[float | None])
    lower_mm: list[float | None] = field(default_factory=list[float | None])
    upper_mm: list[float | None] = field(default_factory=list[float | None])
    uncertainty_mm: list[float | None] = field(default_factory=list[float | None])
    ncr: Coded[NcrMark | None] = field(default_factory=Coded[NcrMark | None])
    finding: list[bool] = field(default_factory=list[bool])
    design_change: Coded[Change | None] = field(default_factory=Coded[Change | None])
    override: Coded[Outcome | None] = field(default_factory=Coded[Outcome | None])

    def add(self, some: "_Known") -> None:
        """Put what a check says of the next elements at the end."""
        for one in fields(some):
            getattr(self, one.name).extend(getattr(some, one.name))


def element_columns(
    view: View, blobs: BlobStore, project: Id, scope: Scope, *, epoch: Id | None = None, check: Id | None = None
) -> ElementColumns:
    """Return the elements of a check within a scope; without one that counts, columns without elements.

    Nonconformances, findings and the design are as they are now, whichever epoch is asked for.

    Raises
    ------
    NotFound
        If the project has no such check, or it is of another epoch.
    """
    basis = basis_of(view.connection, project, epoch=epoch, check=check)
    if basis is None:
        return ElementColumns(None, epoch, None, None, None)
    return _filled(view, blobs, project, scope, basis)


def _filled(view: View, blobs: BlobStore, project: Id, scope: Scope, basis: Basis) -> ElementColumns:
    at = captured_at(view.connection, basis.epoch)
    told = ElementColumns(basis.check, basis.epoch, basis.revision, basis.counts, at)
    visible = visible_elements(view, project, scope)
    changes = changes_since(view, blobs, project, basis.revision)
    ncrs, found = live_ncrs(view.connection, project, scope), found_open(view.connection, project, scope)
    stated = in_force(view, project, basis.check)
    for known in _read(view, blobs, basis.check):
        some = known if visible is None else known.only(visible)
        told.add(some)
        told.ncr.extend(map(ncrs.get, some.global_id))
        told.finding.extend(global_id in found for global_id in some.global_id)
        told.override.extend(one.verdict if one else None for one in map(stated.get, some.global_id))
        told.design_change.extend(
            None if changes is None else changes.get(global_id, Change.NONE) for global_id in some.global_id
        )
    return told


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """Some elements by one check, under the names of the columns that they go into; all are equally long."""

    global_id: Sequence[str]
    name: Sequence[str]
    ifc_class: Sequence[str]
    storey: Sequence[str]
    state: Sequence[str]
    verdict: Sequence[str]
    status: Sequence[str]
    stale: Sequence[bool]
    characteristic: Sequence[str | None]
    actual_mm: Sequence[float | None]
    lower_mm: Sequence[float | None]
    upper_mm: Sequence[float | None]
    uncertainty_mm: Sequence[float | None]

    def only(self, wanted: Collection[str]) -> "_Known":
        """Return those of the elements that are among some GlobalIds."""
        kept = [global_id in wanted for global_id in self.global_id]
        return _Known(*(list(compress(getattr(self, one.name), kept)) for one in fields(self)))


def _read(view: View, blobs: BlobStore, check: Id) -> Iterator[_Known]:
    """Yield the elements of a check: at a glance where one is kept, else some at a time from their reports."""
    glance = kept_glance(view, blobs, check)
    known = None if glance is None else _at_a_glance(view, check, glance)
    if known is not None:
        yield known
        return
    for batch in batches_of(view.connection, check):
        yield _from_reports(batch)


def _from_reports(some: ElementBatch) -> _Known:
    worst = [worst_of(*told) or {} for told in zip(some.verdict, some.measurements, strict=True)]
    numbers = ([one.get(word) for one in worst] for word in WORST)
    return _Known(
        some.global_id, some.name, some.ifc_class, some.storey, some.state, some.verdict, some.status, some.stale,
        [one.get("characteristic") for one in worst], *numbers,
    )  # fmt: skip


def _at_a_glance(view: View, check: Id, glance: Glance) -> _Known | None:
    """Return what a glance and the states say together; None where they are not of the same elements."""
    ids, status, verdict = standing_of(view.connection, check)
    if ids != glance.global_id:
        return None
    known = {(str(status), str(seen)): one for (status, seen), one in STALE.items()}
    stale = [known.get((one, seen)) for one, seen in zip(status, glance.seen, strict=True)]
    open_ones = [n for n, one in enumerate(stale) if one is None]
    for n, one in zip(open_ones, stale_of(view.connection, check, [ids[n] for n in open_ones]), strict=True):
        stale[n] = one
    numbers = (plain(column) for column in glance.worst_mm.T)
    return _Known(
        ids, glance.name, glance.ifc_class, glance.storey, glance.presence, verdict, status,
        [bool(one) for one in stale], glance.characteristic, *numbers,
    )  # fmt: skip


def plain(column: FloatArray) -> list[float | None]:
    """Return numbers with None for what is NaN."""
    found: list[float | None] = column.tolist()
    for n in np.flatnonzero(np.isnan(column)).tolist():
        found[n] = None
    return found
