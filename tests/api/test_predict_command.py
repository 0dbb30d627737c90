"""``qtems predict``: checks with known truth in, ranked inspections, candidates and scores out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.cli import main
from tests.api.results import read_result

SPREADS = {"IfcColumn": 4.0, "IfcWall": 12.0}
"""True standard deviations, mm; the tolerance is 10 mm and the scan's U is 2 mm."""


def entry(name: str, kind: str, actual: float | None, **more: Any) -> dict[str, Any]:
    measurements = list[dict[str, Any]]()
    if actual is not None:
        verdict = "pass" if abs(actual) <= 8.0 else "fail" if abs(actual) > 12.0 else "indeterminate"
        measurements.append(
            {
                "characteristic": "plumb", "actual_mm": actual, "lower_mm": -10.0, "upper_mm": 10.0,
                "expanded_uncertainty_mm": 2.0, "coverage_factor": 2.0, "verdict": verdict, "direction": "",
            }
        )  # fmt: skip
    state = "installed" if measurements else "occluded"
    told = {"global_id": name, "name": name, "ifc_class": kind, "storey": "L1", "state": state}
    return told | {"measurements": measurements} | more


def report(path: Path, entries: list[dict[str, Any]], **more: Any) -> str:
    path.write_text(json.dumps({"schema": "qtems.check/1", "elements": entries} | more), encoding="utf-8")
    return str(path)


def site(rng: np.random.Generator, share: float) -> list[dict[str, Any]]:
    """Return a hundred elements of each class, a share of them measured."""
    entries = list[dict[str, Any]]()
    for kind, sd in SPREADS.items():
        for k in range(100):
            shown = round(float(sd * rng.standard_normal() + rng.standard_normal()), 3)
            entries.append(entry(f"{kind}-{k}", kind, shown if k < 100 * share else None))
    return entries


def test_what_was_not_measured_is_told_by_its_like(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng, out = np.random.default_rng(0), tmp_path / "out"
    entries = [*site(rng, 0.5), entry("gone", "IfcWall", None, state="missing"), entry("lamp", "IfcLamp", None)]
    first = report(tmp_path / "1.json", entries)
    costs = tmp_path / "costs.yaml"
    costs.write_text(
        "costs: 1\ndefault: {cost: 10, minutes: 10}\nclasses: {IfcColumn: {cost: 1000}}\n", encoding="utf-8"
    )
    assert main(["predict", first, "--out", str(out), "--minutes", "200"]) == 0
    assert "predicted is not confirmed" in capsys.readouterr().out
    found = read_result(out / "predict.json")
    features = {one["feature"]: one for one in found["families"][0]["features"]}
    wall = features["IfcWall · L1"]["out_of_tolerance"]
    column = features["IfcColumn · L1"]["out_of_tolerance"]
    assert wall["low"] < 0.4047 < wall["high"]  # 2 (1 - Φ(10 / 12))
    assert column["low"] < 0.0124 < column["high"]
    items = found["inspection"]["items"]
    chosen = [one for one in items if one["chosen"]]
    assert len(chosen) == 20
    assert all(one["ifc_class"] == "IfcWall" for one in chosen)
    assert found["inspection"]["saving"] == pytest.approx(found["inspection"]["saving_at_most"])
    failed = {one["global_id"] for one in entries for m in one["measurements"] if m["verdict"] == "fail"}
    assert not failed & {one["global_id"] for one in items}
    assert found["summary"]["known_to_fail"] == len(failed)
    assert (found["summary"]["missing"], found["summary"]["of_which_nothing_is_known"]) == (1, 1)
    summary = found["summary"]
    parts = summary["by_own_measurement"], summary["by_others_alone"]
    assert parts[1]["elements"] == sum(not one["measurements"] for one in entries) - 2
    assert sum(one["elements"] for one in parts) == summary["predicted"] - 1
    total = sum(one["expected_out_of_tolerance"] for one in parts)
    assert total == pytest.approx(summary["expected_out_of_tolerance"])
    assert items[-1]["reason"].startswith("No limit is known to apply to it of which anything was measured")
    assert all(one["state"] == "predicted" and one["probability"] >= 0.5 for one in found["candidates"])
    page = (out / "predict.html").read_text("utf-8")
    assert page.count("<svg") == 2, "for a broad page and for a phone"
    assert "Only a person or a measurement confirms one." in page or not found["candidates"]
    again = (out / "predict.json").read_bytes()
    assert main(["predict", first, "--out", str(out), "--minutes", "200", "--quiet"]) == 0
    assert (out / "predict.json").read_bytes() == again
    assert main(["predict", first, "--out", str(out), "--costs", str(costs), "--minutes", "200"]) == 0
    dear = read_result(out / "predict.json")["inspection"]["items"]
    assert any(one["chosen"] and one["ifc_class"] == "IfcColumn" for one in dear), "what is dear is worth a look"


def test_no_prediction_is_scored_by_what_it_was_learnt_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(3)
    scans = {"provenance": {"scans": [{"path": "a.e57", "sha256": "a" * 64}]}}
    first = report(tmp_path / "1.json", entries := site(rng, 0.5), **scans)
    written_anew = tmp_path / "2.json"
    written_anew.write_text(json.dumps(json.loads(Path(first).read_text("utf-8")), indent=3, sort_keys=True), "utf-8")
    other_limits = report(tmp_path / "3.json", entries[:-1], **scans)
    later = report(tmp_path / "4.json", site(rng, 1.0), provenance={"scans": [{"sha256": "b" * 64}]})
    for again, says in ((first, "which was learnt from"), (written_anew, "this is"), (other_limits, "of a scan that")):
        assert main(["predict", first, "--score", str(again)]) == 2
        line = capsys.readouterr().err
        assert says in line
        assert line.count("\n") == 1
    assert main(["predict", first, "--score", later]) == 0


def test_predictions_are_scored_against_a_later_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng, out = np.random.default_rng(1), tmp_path / "out"
    before, after = site(rng, 0.5), site(rng, 1.0)
    first = report(tmp_path / "1.json", before)
    later = report(tmp_path / "2.json", after[50:100] + after[150:])
    assert main(["predict", first, "--score", later, "--out", str(out), "--lang", "zh"]) == 0
    assert "Brier" in capsys.readouterr().out
    assert "预测与实际对照" in (out / "predict.html").read_text("utf-8")
    found = read_result(out / "predict.json")["scored"]
    told = found["score"]
    assert told["count"] + found["in_doubt"] == 100
    total = told["reliability"] - told["resolution"] + told["uncertainty"] + told["within_bins"]
    assert told["brier"] == pytest.approx(total)
    assert told["skill"] > 0.1
    assert abs(told["calibration_z"]) < 3.0
    assert [one["alarm"] for one in found["drift"]] == [False]
    shifted = [
        one | {"measurements": [m | {"actual_mm": m["actual_mm"] + 9.0} for m in one["measurements"]]} for one in after
    ]
    assert main(["predict", first, "--score", report(tmp_path / "3.json", shifted), "--lang", "en"]) == 0
    assert "drifts: measured values lie +" in capsys.readouterr().out
    last = report(tmp_path / "4.json", [entry("IfcWall-0", "IfcWall", 0.5), entry("IfcWall-1", "IfcWall", None)])
    assert main(["predict", first, last, "--out", str(out)]) == 0
    document = read_result(out / "predict.json")
    assert [one["file"] for one in document["provenance"]["reports"]] == ["1.json", "4.json"]
    assert document["summary"]["elements"] == 200


def test_what_is_no_report_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = report(tmp_path / "good.json", [entry("a", "IfcWall", 1.0)])
    bad = tmp_path / "bad.yaml"
    bad.write_text("costs: 1\nclasses: {IfcWall: {cost: -1}}\n", encoding="utf-8")
    endless = entry("a", "IfcWall", 1.0)
    endless["measurements"][0]["actual_mm"] = float("inf")
    huge = entry("a", "IfcWall", 1.0)
    huge["measurements"][0]["actual_mm"] = 10**400
    for order, says in (
        ([report(tmp_path / "e.json", [entry("a", "IfcWall", None)])], "nothing was measured in these reports"),
        ([report(tmp_path / "r.json", [], registration={"status": "refused"})], "its registration was refused"),
        ([report(tmp_path / "i.json", [endless])], "elements[0].measurements[0]: inf is no length"),
        ([report(tmp_path / "h.json", [huge])], "is no length"),
        ([report(tmp_path / "g.json", [{"name": "a"}])], "elements[0]: it has no global_id"),
        ([str(tmp_path / "no.json")], "no such file"),
        (["/dev/null"], "it is no report of a check"),
        ([good, "--costs", str(bad)], "line 2: classes.IfcWall.cost: -1 is less than 0"),
        ([good, "--minutes", "nan"], "'nan' is no number from 0 to"),
    ):
        try:
            status: object = main(["predict", *order])
        except SystemExit as ended:
            status = ended.code
        said = capsys.readouterr().err
        assert status == 2, order
        assert says in said
        assert said.count("\n") == 1
