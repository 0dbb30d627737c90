"""What is said of a demo: everything that was planted is accounted for, found or not."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "planted.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("planted", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(*kinds: str) -> dict[str, Any]:
    return {"elements": {f"id{k}": {"name": f"E{k}", "kind": kind} for k, kind in enumerate(kinds)}}


def said(*verdicts: tuple[str, str, str]) -> dict[str, Any]:
    elements = [
        {"global_id": f"id{k}", "name": f"E{k}", "state": state, "verdict": verdict, "reasons": [reason] * bool(reason)}
        for k, (state, verdict, reason) in enumerate(verdicts)
    ]
    return {"elements": elements}


def test_every_defect_is_accounted_for(script: ModuleType) -> None:
    truth = told("shifted", "missing", "bowed", "tilted", "missing", "shifted", "ok", "ok")
    report = said(
        ("installed", "fail", ""),
        ("missing", "fail", "rays_through:90"),
        ("installed", "indeterminate", "axis_position_unknown"),
        ("installed", "not_measured", "no_tolerance"),
        ("installed", "pass", ""),
        ("missing", "fail", "rays_through:40"),
        ("installed", "fail", ""),
        ("installed", "pass", ""),
    )
    assert script.lines(truth, report, "truth.json") == [
        "planted: 6 defects, listed in truth.json; found 2 of them",
        "called something else: E5 (shifted: 40 laser rays went through the place where it should be and hit something "
        "behind it)",
        "left open: E2 (bowed: not shown to be out of tolerance, but left open, because its axis position could not be "
        "measured, so nothing makes it pass)",
        "not judged: E3 (tilted: no tolerance applies to this element)",
        "passed: E4 (missing)",
        "failing though nothing is wrong with it: E6",
    ]


def test_a_refusal_found_nothing(script: ModuleType) -> None:
    [line] = script.lines(told("shifted", "ok"), {"elements": []}, "truth.json")
    assert "found none: the registration was refused" in line


def test_the_command_reads_both_files(script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, report = tmp_path / "truth.json", tmp_path / "report.json"
    truth.write_text(json.dumps(told("shifted", "ok")), "utf-8")
    report.write_text(json.dumps(said(("installed", "fail", ""), ("installed", "pass", ""))), "utf-8")
    assert script.main([str(truth), str(report)]) == 0
    assert capsys.readouterr().out == (
        f"planted: 1 defects, listed in {truth}; found 1 of them\nfailing though nothing is wrong with it: none\n"
    )
    assert script.main([]) == 2
