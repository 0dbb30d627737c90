"""Signals wait for the end of a stretch of work."""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

import pytest

from twin.report.uninterrupted import uninterrupted


def test_the_block_ends_first_and_the_handlers_are_back() -> None:
    """Three presses are one interrupt, and the next one is answered at once again."""
    before = signal.getsignal(signal.SIGINT)
    reached: list[str] = []

    @uninterrupted()
    def work() -> None:
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
        reached.append("the end")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_wins_over_an_error_of_the_block() -> None:
    """The error stays visible behind it."""

    @uninterrupted()
    def work() -> None:
        signal.raise_signal(signal.SIGINT)
        raise ImportError

    with pytest.raises(KeyboardInterrupt) as caught:
        work()
    assert isinstance(caught.value.__context__, ImportError)


def test_without_a_signal_it_is_as_if_it_were_not_there() -> None:
    """Errors pass, blocks nest."""
    with pytest.raises(ValueError, match="mine"), uninterrupted(), uninterrupted():
        raise ValueError("mine")


def test_what_is_ignored_or_deadly_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what python answers is held back."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with uninterrupted():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_signal_while_the_handlers_are_put_back_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not kept for ever by a handler that nobody asks any more."""
    true, answered = signal.signal, list[int]()

    def answer(number: int, frame: FrameType | None) -> None:
        answered.append(number)

    def slow(number: int, handler: object) -> object:
        if getattr(handler, "__func__", None) is None:  # one that is put back
            signal.raise_signal(number)
        return true(number, handler)  # pyright: ignore[reportArgumentType]

    before = true(signal.SIGTERM, answer)
    try:
        monkeypatch.setattr("signal.signal", slow)
        with pytest.raises(KeyboardInterrupt), uninterrupted():
            pass
        monkeypatch.undo()
        true(signal.SIGINT, signal.default_int_handler)
        signal.raise_signal(signal.SIGTERM)
        assert answered == [signal.SIGTERM]
    finally:
        true(signal.SIGTERM, before)


def test_other_threads_hold_back_nothing() -> None:
    """Python lets only the main thread set handlers."""
    ends: list[str] = []

    def work() -> None:
        with uninterrupted():
            ends.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ends == ["done"]


LOADING = """
import signal, sys
from importlib import import_module

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
from twin.report.vtk_modules import vtk
try:
    vtk()
except KeyboardInterrupt:
    print("interrupted,", "vtkmodules.vtkRenderingOpenGL2" in sys.modules, vtk().vtkActor.__name__)
"""


@pytest.mark.parametrize("at", ["vtkmodules", "vtkmodules.util.pickle_support", "vtkmodules.util.execution_model"])
def test_an_interrupt_while_vtk_loads_waits_until_it_is_whole(at: str) -> None:
    """Half of it is an error of its own, or a crash at the end of the process."""
    ended = subprocess.run([sys.executable, "-c", LOADING, at], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "interrupted, True vtkActor\n", "")
