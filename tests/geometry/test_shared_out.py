"""Portions made in copies of the process: all that can be made, each by its number, and nobody left behind."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from geometry.shared_out import shared_out

ROOT = Path(__file__).resolve().parents[2]
ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux copies processes")

PROGRAM = """
import os, signal
from pathlib import Path
from geometry.shared_out import shared_out

own, told = os.getpid(), []

def work(portion):
    if portion == 5:
        os.kill(os.getpid(), signal.SIGSEGV)
    if portion == 9:
        raise ValueError("of this one nothing can be made")
    return portion * portion, os.getpid()

print("said before", end="")
made = shared_out(work, 12, 3, told.append)
assert own not in {pid for _, pid in made.values()}
assert sorted(told) == sorted(made)
assert all(square == portion**2 for portion, (square, _) in made.items())
print(";", sorted(set(range(12)) - made.keys()), len(shared_out(lambda k: k, 3, 8)), shared_out(work, 0, 2), end="")
print(";", Path("/proc/self/task/%d/children" % own).read_text().split())
"""


@ONLY_LINUX
def test_what_kills_a_copy_is_left_out_and_the_rest_is_made() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert (run.returncode, run.stderr, run.stdout) == (0, "", "said before; [5, 9] 3 {}; []\n")


DRAWN = """
import io
from rich.console import Console
from rich.progress import Progress
from geometry.shared_out import shared_out

with Progress(console=Console(file=io.StringIO(), force_terminal=True)):
    made = shared_out(lambda k: 2 * k, 3, 2)
print(made == {0: 0, 1: 2, 2: 4})
"""


@ONLY_LINUX
def test_a_bar_on_the_terminal_is_not_in_the_way() -> None:
    run = subprocess.run(
        [sys.executable, "-c", DRAWN], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert (run.returncode, run.stderr, run.stdout) == (0, "", "True\n")


def test_beside_other_threads_nothing_is_made() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert shared_out(lambda portion: portion, 3, 2) == {}
    finally:
        stop.set()
        thread.join()
