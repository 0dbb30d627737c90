"""The examples do what they claim; they start servers of their own, so they run at night."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.nightly
def test_the_documents_changes_and_signatures_of_a_device_maker_survive_an_audit(tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(ROOT / "examples" / "device_maker.py"),
        "--alterations",
        "60",
        "--out",
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "HOLDS" in done.stdout
    assert (tmp_path / "verify.py").is_file()


@pytest.mark.nightly
def test_a_building_that_is_scanned_while_it_goes_up(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / "weekly_scans.py"), "--seed", "2", "--pace", "0.9"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "elements called wrongly: 0" in done.stdout


@pytest.mark.nightly
def test_a_trial_assembly_of_scanned_beams(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / "trial_assembly.py"), "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of them wrong" in done.stdout
