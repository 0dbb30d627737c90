"""Every result names what it was made of: the hash of each input, the seed, the version."""

import json
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.cli import main
from simulation.prediction.line_data import VARIABLES, line_data
from tests.api.ifc_hall import write_ifc_hall
from tests.api.test_fitup_command import FITUP
from tests.api.test_predict_command import report, site

STACK = """\
stackup: 1
dimensions: {a: {nominal: 20, tolerance: 0.1}}
requirements: {gap: {formula: a, lower: 19, upper: 21}}
"""
LINE = """\
simulate: 1
time: min
run: {length: 600, replications: 2}
sources: {orders: {every: {exponential: 6}, to: mill}}
stations: {mill: {takes: 3, to: ship}}
"""
SCHEDULE = "schedule: 1\ntasks: {dig: {days: 3}}\n"
COSTS = "costs: 1\ndefault: {cost: 10, minutes: 10}\n"
PLAN = "quality: 1\noutcome: bad\n"


def _text(folder: Path, name: str, content: str) -> Path:
    (folder / name).write_text(content, "utf-8")
    return folder / name


def _units(folder: Path) -> Path:
    data = line_data(800, np.random.default_rng(0))
    rows = [
        ",".join([*(f"{one:.4g}" for one in row), str(int(bad))])
        for row, bad in zip(data.recorded, data.defective, strict=True)
    ]
    return _text(folder, "units.csv", "\n".join([",".join((*VARIABLES, "bad")), *rows]))


def _commands(folder: Path) -> dict[str, tuple[list[str], list[Path], str]]:
    """Return what is typed, the files that go in, and the result, by command."""
    checked = Path(report(folder / "1.json", site(np.random.default_rng(0), 0.5)))
    stack, line = _text(folder, "stack.yaml", STACK), _text(folder, "line.yaml", LINE)
    tasks, joint = _text(folder, "tasks.yaml", SCHEDULE), _text(folder, "joint.yaml", FITUP.replace("WIDE", ""))
    costs, plan, units = _text(folder, "costs.yaml", COSTS), _text(folder, "plan.yaml", PLAN), _units(folder)
    hall = folder / "hall.ifc"
    write_ifc_hall(hall, unit="mm")
    return {
        "stackup": ([str(stack), "--samples", "1000"], [stack], "stackup.json"),
        "simulate": ([str(line)], [line], "simulate.json"),
        "schedule": ([str(tasks), "--samples", "1000"], [tasks], "schedule.json"),
        "fitup": ([str(joint), "--samples", "1000"], [joint], "fitup.json"),
        "assemble": ([str(hall), "--no-cache"], [hall], "assembly.json"),
        "predict": ([str(checked), "--costs", str(costs)], [checked, costs], "predict.json"),
        "quality": ([str(units), "--plan", str(plan)], [units, plan], "quality.json"),
    }


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(one)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("command", ["stackup", "simulate", "schedule", "fitup", "assemble", "predict", "quality"])
def test_a_result_names_its_inputs_its_seed_and_its_version(command: str, tmp_path: Path) -> None:
    options, inputs, result = _commands(tmp_path)[command]
    assert main([command, *options, "--seed", "11", "--out", str(tmp_path / "out")]) in (0, 1)
    told = json.loads((tmp_path / "out" / result).read_text("utf-8"))["provenance"]
    assert told["seed"] == 11
    assert told["version"] == version("qtems")
    assert {sha256(path.read_bytes()).hexdigest() for path in inputs} <= set(_texts(told))
