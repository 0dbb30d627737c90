"""Ctrl-C while the program is still being loaded: the signal arrives during an import, every time at the same place."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import importlib.abc, os, signal, sys

at, was = sys.argv[1:]
signal.signal(signal.SIGINT, getattr(signal, was))
for name in ("signal", "enum"):  # as if they had not been needed here
    del sys.modules[name]

class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == at:
            os.kill(os.getpid(), 2)

sys.meta_path.insert(0, Interrupting())
from {module} import main
sys.argv[1:] = ["check", "no.ifc", "no.e57", "--out", "o"]
sys.exit(main())
"""


def interrupted(
    at: str, was: str = "default_int_handler", module: str = "api.start"
) -> subprocess.CompletedProcess[str]:
    """Return how a check ended to which Ctrl-C was sent when it began to import ``at``."""
    command = [sys.executable, "-c", PROGRAM.format(module=module), at, was]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)


@pytest.mark.parametrize("at", ["signal", "enum", "api.cli", "api.arguments", "argparse", "twin.operations.check"])
def test_an_interrupted_import_ends_as_one_line(at: str) -> None:
    ended = interrupted(at)
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr == "qtems: stopped by Ctrl-C. No unfinished report was left behind\n"


def test_the_command_line_alone_would_show_a_traceback() -> None:
    """Without the early answer the same signal at the same place does what this is about."""
    assert "Traceback" in interrupted("api.arguments", module="api.cli").stderr


def test_ctrl_c_stays_ignored_where_the_shell_ignores_it() -> None:
    ended = interrupted("api.cli", was="SIG_IGN")
    assert ended.returncode == 2
    assert "no.ifc does not exist" in ended.stderr


def test_the_installed_command_begins_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"qtems": "api.start:main"}


def test_the_beginning_imports_nothing_of_weight() -> None:
    program = "import sys; import api.start; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not {"argparse", "pathlib", "traceback", "importlib.metadata", "rich", "numpy"} & set(ended.stdout.split())
