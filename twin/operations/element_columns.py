"""All that is known of the elements of one check, as columns: a view of a hundred thousand colours by them at once."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from geometry.verdict import Outcome
from twin.operations.design_changes import changes_since
from twin.operations.overrides import in_force
from twin.record import Id
from twin.report.selection import OUTCOME_RANK, share_of_limit
from twin.revision_diff import Change
from twin.store.blobs import BlobStore
from twin.store.element_columns import ElementBatch, NcrMark, batches_of, captured_at, found_open, live_ncrs
from twin.store.elements import Basis, basis_of
from twin.store.shared_elements import visible_elements
from twin.store.view import Scope, View

T = TypeVar("T", bound=Hashable)
_RANK = {outcome.value: rank for outcome, rank in OUTCOME_RANK.items()}


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
    for batch in batches_of(view.connection, basis.check):
        some = batch if visible is None else batch.only(visible)
        _add_known(told, some)
        _add_measured(told, [worst_of(measured) or {} for measured in some.measurements])
        told.ncr.extend(map(ncrs.get, some.global_id))
        told.finding.extend(global_id in found for global_id in some.global_id)
        told.override.extend(one.verdict if one else None for one in map(stated.get, some.global_id))
        told.design_change.extend(
            None if changes is None else changes.get(global_id, Change.NONE) for global_id in some.global_id
        )
    return told


def _add_known(told: ElementColumns, some: ElementBatch) -> None:
    told.global_id.extend(some.global_id)
    told.name.extend(some.name)
    told.ifc_class.extend(some.ifc_class)
    told.storey.extend(some.storey)
    told.state.extend(some.state)
    told.verdict.extend(some.verdict)
    told.status.extend(some.status)
    told.stale.extend(some.stale)


def _add_measured(told: ElementColumns, worst: Sequence[Mapping[str, Any]]) -> None:
    told.characteristic.extend(one.get("characteristic") for one in worst)
    told.actual_mm.extend(one.get("actual_mm") for one in worst)
    told.lower_mm.extend(one.get("lower_mm") for one in worst)
    told.upper_mm.extend(one.get("upper_mm") for one in worst)
    told.uncertainty_mm.extend(one.get("expanded_uncertainty_mm") for one in worst)


def worst_of(measurements: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the measurement that decides an element, as reports do (:func:`twin.report.selection.worst`).

    Parameters
    ----------
    measurements
        As in ``report.json``. They are read as they are: making values of a hundred thousand elements' takes seconds.

    Examples
    --------
    >>> near = {"verdict": "pass", "actual_mm": 7.0, "lower_mm": -8.0, "upper_mm": 8.0, "characteristic": "position"}
    >>> far = near | {"verdict": "fail", "actual_mm": -14.0, "characteristic": "level"}
    >>> worst_of([near, far])["characteristic"]
    'level'
    """
    if len(measurements) < 2:
        return measurements[0] if measurements else None
    rank = max(_RANK[one["verdict"]] for one in measurements)
    severest = [one for one in measurements if _RANK[one["verdict"]] == rank]
    return max(severest, key=_share)


def _share(told: Mapping[str, Any]) -> float:
    """Return how much of its limit a measurement uses; metres, so that it is to the last bit what a report says."""
    actual, lower, upper = told["actual_mm"], told["lower_mm"], told["upper_mm"]
    if actual is None:
        return 0.0
    return share_of_limit(
        actual / 1000.0, -math.inf if lower is None else lower / 1000.0, math.inf if upper is None else upper / 1000.0
    )
