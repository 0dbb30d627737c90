"""What is wrong is said in the language that was asked for."""

from pathlib import Path

import pytest

from api.cli import main

WRONG = {
    "stackup": "stackup: 1\ndimensions:\n  a: {nominal: .nan, tolerance: 0.1}\nrequirements: {}\n",
    "simulate": "simulate: 1\ntime: min\nsources: {o: {every: -6, to: mill}}\nstations: {mill: {takes: 4, to: ship}}\n",
    "schedule": "schedule: 1\ntasks:\n  a: {days: 3, after: b}\n  b: {days: 4, after: a}\n",
    "fitup": "fitup: 1\nparts: {}\njoints:\n  - {fixed: l, moving: u, bolt: 20}\n",
}
SAID = {"stackup": "不是数值", "simulate": "负的时间", "schedule": "互相等待：b → a → b", "fitup": "第"}


@pytest.mark.parametrize("command", list(WRONG))
@pytest.mark.parametrize("asked", [["--lang", "zh"], ["--lang=zh"], []])
def test_a_fault_in_chinese_where_that_was_asked_for(
    command: str, asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "f.yaml"
    file.write_text(WRONG[command], "utf-8")
    assert main([command, str(file), *asked]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"qtems: {file}")
    assert said.count("\n") == 1
    assert (SAID[command] in said) == bool(asked)
