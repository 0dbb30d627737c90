"""A trend compares what was measured alike: the gap under a straightedge of 1 m is no earlier gap under one of 2 m."""

from datetime import UTC, datetime, timedelta
from typing import Any

from twin.check_record import ElementRow
from twin.element_state import ElementState, Epoch, Seen, Status
from twin.element_trend import trend_of

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


def told(characteristic: str, actual: float, method: str) -> dict[str, Any]:
    return {
        "characteristic": characteristic, "actual_mm": actual, "expanded_uncertainty_mm": 1.0, "lower_mm": 0.0,
        "upper_mm": 10.0, "verdict": "pass", "source": "", "method": method,
    }  # fmt: skip


def seen(week: int, *measurements: dict[str, Any]) -> tuple[ElementRow, bool]:
    epoch = Epoch(f"{week:032x}", BEGIN + timedelta(weeks=week), "r" * 32, f"{week + 100:032x}")
    state = ElementState(
        "p" * 32, "wall", epoch, Status.VERIFIED, Seen.PASSED, stale=False, since=BEGIN, supported_by=epoch.check
    )
    return ElementRow(state, "IfcWall", "Wall", "Ground", "pass", {"measurements": list(measurements)}), True


def test_each_straightedge_has_a_series_of_its_own_also_where_a_scan_lacks_one() -> None:
    one, two = "straightedge 1 m", "straightedge 2 m"
    trend = trend_of(
        [
            seen(1, told("flatness", 3.0, one), told("flatness", 5.0, two)),
            seen(
                2, told("flatness", 6.0, two)
            ),  # the second scan shows too little for the short one, or it is not asked
            seen(3, told("flatness", 7.0, two), told("flatness", 4.0, one)),
        ]
    )
    found = {series.method: [point.actual_mm for point in series.points] for series in trend.series}
    assert found == {one: [3.0, 4.0], two: [5.0, 6.0, 7.0]}


def test_another_way_of_measuring_the_same_is_the_same_series() -> None:
    trend = trend_of([seen(1, told("axis", 3.0, "rigid fit")), seen(2, told("axis", 4.0, "cylinder fit"))])
    (series,) = trend.series
    assert ([point.actual_mm for point in series.points], series.method) == ([3.0, 4.0], "cylinder fit")
