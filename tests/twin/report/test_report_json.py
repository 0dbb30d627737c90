"""report.json: what other programs rely on."""

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from geometry.verdict import State
from twin.report.provenance import Provenance
from twin.report.report_json import raw_pose, report_json
from twin.result import CheckResult

SCHEMA = Path(__file__).parents[3] / "docs" / "report.schema.json"
ProvenanceOf = Callable[[CheckResult], Provenance]


def load(content: bytes) -> Any:
    """Parse strictly: NaN and infinities are not JSON."""

    def refuse(word: str) -> float:
        raise AssertionError(f"{word} in report.json")

    return json.loads(content.decode("utf-8"), parse_constant=refuse)


def violations(document: Any) -> list[str]:
    """Return what the published schema has against a report."""
    validator: Any = Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    return [error.message for error in validator.iter_errors(document)]


@pytest.fixture(scope="module")
def report(building: CheckResult, provenance_of: ProvenanceOf) -> Any:
    """Return the parsed report of the small building."""
    return load(report_json(building, provenance_of(building)))


@pytest.mark.parametrize("name", ["building", "refused_check", "empty_check"])
def test_matches_the_published_schema(name: str, request: pytest.FixtureRequest, provenance_of: ProvenanceOf) -> None:
    """Every kind of outcome validates, and the schema refuses a report with a broken promise."""
    result: CheckResult = request.getfixturevalue(name)
    document = load(report_json(result, provenance_of(result)))
    assert violations(document) == []
    del document["registration"]["status"]
    assert violations(document) == ["'status' is a required property"]


def test_raw_pose_maps_a_raw_scan_point_onto_the_design(building: CheckResult, report: Any) -> None:
    """The 4x4 in the file works on file coordinates: the scan's points land where the check put them."""
    T_raw = np.array(report["registration"]["T_design_scan"])
    raw_scan = building.scan.points[:50] + building.scan.origin
    got = raw_scan @ T_raw[:3, :3].T + T_raw[:3, 3]
    pose = building.registration.T_design_scan
    assert pose is not None
    expected = pose.apply(building.scan.points[:50]) + building.design.origin
    assert np.abs(got - expected).max() < 1e-8
    assert np.array_equal(T_raw[:3, :3], pose.rotation)


def test_raw_pose_equals_the_product_of_three_matrices(building: CheckResult) -> None:
    """Reference: translate(design origin) @ T @ translate(-scan origin)."""
    pose = building.registration.T_design_scan
    assert pose is not None
    to_design, from_scan = np.eye(4), np.eye(4)
    to_design[:3, 3], from_scan[:3, 3] = building.design.origin, -building.scan.origin
    expected = to_design @ pose.matrix @ from_scan
    assert np.abs(raw_pose(pose, building.design.origin, building.scan.origin) - expected).max() < 1e-8


def test_not_observable_is_null_never_zero(report: Any) -> None:
    """A wall that may slide along itself says so."""
    wall = next(element for element in report["elements"] if element["name"] == "Wall E Ground floor")
    assert wall["pose"]["observable"] == [True, False, False, True, False, True]
    assert wall["pose"]["translation_mm"] == [-24.0, None, None]
    assert wall["pose"]["uncertainty_mm"] == [2.5, None, None]
    assert wall["pose"]["rotation_deg"][1] is None


def test_units_are_those_in_the_names(building: CheckResult, report: Any) -> None:
    """Metres inside, millimetres and degrees outside."""
    column = next(element for element in report["elements"] if element["name"] == "C2 Ground floor")
    first = column["measurements"][0]
    assert first["actual_mm"] == pytest.approx(1000 * math.hypot(0.018, 0.004), abs=1e-4)
    assert (first["lower_mm"], first["upper_mm"], first["expanded_uncertainty_mm"]) == (-10.0, 10.0, 2.5)
    assert column["pose"]["rotation_deg"][1] == pytest.approx(math.degrees(0.001), abs=1e-6)
    assert column["measurements"][2]["actual_mm"] is None
    assert report["registration"]["rivals"][0]["angle_deg"] == pytest.approx(180.0)


def test_summary_counts_every_element(building: CheckResult, report: Any) -> None:
    """Counts by verdict and by state each add up to the number of elements."""
    assert sum(report["summary"]["verdicts"].values()) == len(building.elements)
    assert sum(report["summary"]["states"].values()) == len(building.elements)
    assert report["summary"]["states"]["missing"] == sum(e.state is State.MISSING for e in building.elements)


def test_the_same_result_gives_the_same_bytes(building: CheckResult, provenance_of: ProvenanceOf) -> None:
    """No clock, no order of a set; the order of parameters does not matter either."""
    shuffled = dataclasses.replace(building, parameters=dict(reversed(list(building.parameters.items()))))
    first = report_json(building, provenance_of(building))
    assert first == report_json(shuffled, provenance_of(shuffled))


def test_noise_of_large_coordinates_does_not_change_the_numbers(
    building: CheckResult, provenance_of: ProvenanceOf
) -> None:
    """A nanometre more in every deviation leaves the digits alone."""
    element = building.elements[0]
    assert element.deviation is not None
    exact = dataclasses.replace(element.deviation, mean=0.0012341, p95_abs=0.0043217)
    noisy = dataclasses.replace(exact, mean=0.0012341 + 1e-9, p95_abs=0.0043217 - 1e-9)
    results = [
        dataclasses.replace(building, elements=(dataclasses.replace(element, deviation=d),)) for d in (exact, noisy)
    ]
    assert report_json(results[0], provenance_of(building)) == report_json(results[1], provenance_of(building))


def test_broken_text_and_parameters_still_make_a_file(building: CheckResult, provenance_of: ProvenanceOf) -> None:
    """Half a surrogate pair, NaN and numpy values are written readably."""
    element = dataclasses.replace(building.elements[0], name="bad \ud800 name")
    odd: dict[str, object] = {"nan": float("nan"), "array": np.arange(3), "path": Path("a/b"), "scalar": np.float64(2)}
    result = dataclasses.replace(building, elements=(element,), parameters=odd)
    document = load(report_json(result, provenance_of(result)))
    assert document["elements"][0]["name"] == "bad ? name"
    assert document["provenance"]["parameters"] == {"array": [0, 1, 2], "nan": None, "path": "a/b", "scalar": 2.0}
