"""How the measured values of one element went from scan to scan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geometry.verdict import Outcome
from twin.check_record import ElementRow
from twin.element_state import Seen, Status
from twin.record import Id


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one epoch said of the element; epochs that measured nothing are gaps, and this says why."""

    epoch: Id
    captured_at: datetime
    check: Id
    revision: Id
    seen: Seen
    status: Status
    verdict: Outcome


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One measured value; millimetres, None for what is not bounded or not known."""

    epoch: Id
    captured_at: datetime
    actual_mm: float | None
    expanded_uncertainty_mm: float | None
    lower_mm: float | None
    upper_mm: float | None
    verdict: Outcome
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Series:
    """One characteristic over the epochs that measured it, the earliest first."""

    characteristic: str
    part: str
    part_id: str
    direction: str
    method: str
    """How it was measured last; one series has one straightedge."""
    points: tuple[TrendPoint, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """An element over all epochs whose checks count."""

    sightings: tuple[Sighting, ...]
    series: tuple[Series, ...]


def trend_of(history: Iterable[tuple[ElementRow, bool]]) -> Trend:
    """Return the trend of an element from its history (:func:`twin.store.elements.history_of`); what counts alone."""
    rows = [row for row, counts in history if counts]
    series: dict[tuple[str, str, str, str, int], list[tuple[TrendPoint, Mapping[str, Any]]]] = {}
    for row in rows:
        met: dict[tuple[str, str, str, str], int] = {}
        with row.reading() as told:
            for one in told.get("measurements", ()):
                of = one["characteristic"], one.get("part_id", ""), one.get("direction", ""), _straightedge(one)
                met[of] = met.get(of, -1) + 1  # the same measured twice in one check, by two sources
                series.setdefault((*of, met[of]), []).append((_point(row, one), one))
    return Trend(
        tuple(_sighting(row) for row in rows),
        tuple(
            Series(
                characteristic, points[-1][1].get("part", ""), part, direction, points[-1][1].get("method", ""),
                tuple(point for point, _ in points),
            )
            for (characteristic, part, direction, _, _), points in series.items()
        ),
    )  # fmt: skip


def _straightedge(one: Mapping[str, Any]) -> str:
    """Return the straightedge of a measurement: gaps under 1 m and under 2 m are not to be compared."""
    method = one.get("method", "")
    return method if method.startswith("straightedge ") else ""


def _sighting(row: ElementRow) -> Sighting:
    state = row.state
    return Sighting(
        state.epoch.id, state.epoch.captured_at, state.epoch.check, state.epoch.revision, state.seen, state.status,
        Outcome(row.verdict),
    )  # fmt: skip


def _point(row: ElementRow, one: Mapping[str, Any]) -> TrendPoint:
    return TrendPoint(
        row.state.epoch.id, row.state.epoch.captured_at, one["actual_mm"], one["expanded_uncertainty_mm"],
        one["lower_mm"], one["upper_mm"], Outcome(one["verdict"]), one["source"], one.get("note", ""),
    )  # fmt: skip
