"""All elements of a check as columns: what their rows say, one by one, on both databases."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.verdict import Measurement, Outcome, State
from tests.twin.store.test_elements import FIRST, P, checked, epoch, rows_of
from twin.check_record import ElementRow
from twin.errors import NotFound
from twin.operations.element_columns import ElementColumns, element_columns
from twin.operations.worst_measured import worst_of
from twin.report.selection import deciding
from twin.store.blobs import BlobStore, open_blobs
from twin.store.elements import page_of
from twin.store.repository import Context, Store
from twin.store.view import EVERYTHING

LIMITS = st.one_of(st.none(), st.integers(-12, 12).map(float))
SAID = st.fixed_dictionaries({
    "verdict": st.sampled_from([outcome.value for outcome in Outcome]),
    "actual_mm": st.one_of(st.none(), st.floats(-40, 40), st.integers(-9, 9).map(float)),
    "lower_mm": LIMITS, "upper_mm": LIMITS,
})  # fmt: skip


def as_value(told: Mapping[str, Any], place: int) -> Measurement:
    """Return a measurement as a check has it, in metres, with its place to know it by."""
    actual, lower, upper = (told[f"{name}_mm"] for name in ("actual", "lower", "upper"))
    return Measurement(
        str(place), math.nan if actual is None else actual / 1000.0, -math.inf if lower is None else lower / 1000.0,
        math.inf if upper is None else upper / 1000.0, 0.001, Outcome(told["verdict"]), "user",
    )  # fmt: skip


@given(st.sampled_from(Outcome), st.lists(SAID, max_size=6))
def test_the_measurement_that_decides_is_the_one_that_reports_show(
    verdict: Outcome, told: list[dict[str, Any]]
) -> None:
    expected = deciding(verdict, [as_value(one, place) for place, one in enumerate(told)])
    found = worst_of(verdict.value, told)
    assert found is (told[int(expected.characteristic)] if expected else None)
    if verdict is not Outcome.PASS:
        assert found is None or found["verdict"] != "pass", "a value that passes would read as a pass"


def measured(n: int) -> dict[str, Any]:
    """Return what a check says of the n-th element: of none, one, or several measurements."""
    one = {
        "characteristic": "position", "actual_mm": 1.5 * n, "lower_mm": -8.0, "upper_mm": 8.0,
        "expanded_uncertainty_mm": 0.5, "verdict": "pass",
    }  # fmt: skip
    level = one | {"characteristic": "level", "lower_mm": None, "actual_mm": 3.0, "upper_mm": 2.0, "verdict": "fail"}
    unknown = one | {"characteristic": "size", "actual_mm": None, "expanded_uncertainty_mm": None,
                     "verdict": "not_measured"}  # fmt: skip
    return {
        "state": [*State][n % len(State)].value,
        "measurements": [[], [one], [unknown], [unknown, one, level]][n % 4],
    }


def kept(row: ElementRow, n: int) -> ElementRow:
    return replace(row, state=replace(row.state, stale=n % 3 == 0), measured=measured(n), storey=f"{n // 5} 层")


@pytest.fixture
def blobs(tmp_path: Any) -> BlobStore:
    return open_blobs(f"file://{tmp_path / 'blobs'}")


def at(told: ElementColumns, n: int) -> dict[str, Any]:
    """Return the n-th row of all columns."""
    coded = {name: getattr(told, name) for name in ("ifc_class", "storey", "state", "verdict", "status")}
    plain = ("global_id", "name", "stale", "actual_mm", "lower_mm", "upper_mm", "uncertainty_mm", "finding")
    also = {"characteristic": told.characteristic, "ncr": told.ncr, "design_change": told.design_change}
    return {name: getattr(told, name)[n] for name in plain} | {
        name: column.values[column.index[n]] for name, column in (coded | also).items()
    }


def test_columns_say_what_the_rows_say(store: Store, context: Context, blobs: BlobStore) -> None:
    count = 4321  # more than are read at a time
    with store.write(context) as unit:
        checked(unit, 1, [kept(row, n) for n, row in enumerate(rows_of(count, 1, {}))])
        checked(unit, 2, [kept(row, n + 1) for n, row in enumerate(rows_of(7, 2, {}))])
    with store.read() as view:
        told = element_columns(view, blobs, P, EVERYTHING, epoch=epoch(1).id)
        rows = page_of(view.connection, P, epoch(1).id, limit=count).items
    assert (told.check, told.epoch, told.revision, told.counts) == (epoch(1).check, epoch(1).id, "a" * 32, True)
    assert told.captured_at == FIRST + timedelta(days=1)
    assert len(rows) == count
    for n, row in enumerate(rows):
        some = row.measured["measurements"]
        worst = some[-1] if some and (row.verdict == "pass" or some[-1]["verdict"] != "pass") else {}
        assert at(told, n) == {
            "global_id": row.state.global_id, "name": row.name, "ifc_class": row.ifc_class, "storey": row.storey,
            "state": row.measured["state"], "verdict": row.verdict, "status": row.state.status.value,
            "stale": row.state.stale, "characteristic": worst.get("characteristic"),
            "actual_mm": worst.get("actual_mm"), "lower_mm": worst.get("lower_mm"), "upper_mm": worst.get("upper_mm"),
            "uncertainty_mm": worst.get("expanded_uncertainty_mm"), "ncr": None, "finding": False,
            "design_change": "none",
        }  # fmt: skip
    assert len(told.storey.values) == len(set(told.storey.values)) == count // 5 + 1


def test_the_check_is_the_one_that_lists_show(store: Store, context: Context, blobs: BlobStore) -> None:
    with store.write(context) as unit:
        first, second = (checked(unit, n, [kept(row, n) for row in rows_of(3, n, {})]) for n in (1, 2))
        other = checked(unit, 1, [kept(row, 9) for row in rows_of(2, 1, {})], check="f" * 32, counts=False)
    with store.read() as view:
        last = element_columns(view, blobs, P, EVERYTHING)
        assert (last.check, last.counts, len(last.global_id)) == (second, True, 3)
        assert element_columns(view, blobs, P, EVERYTHING, epoch=epoch(1).id).check == first
        named = element_columns(view, blobs, P, EVERYTHING, check=other)
        assert (named.check, named.epoch, named.counts, len(named.global_id)) == (other, epoch(1).id, False, 2)
        with pytest.raises(NotFound, match="there is no check"):
            element_columns(view, blobs, P, EVERYTHING, check=other, epoch=epoch(2).id)
        nothing = element_columns(view, blobs, "2" * 32, EVERYTHING)
    assert (nothing.check, nothing.epoch, nothing.global_id, nothing.state.values) == (None, None, [], [])
