"""A thread beside the main one: in order, waited for, and stopped when nobody wants its result."""

import threading
import time
from collections.abc import Callable

import pytest

from twin.report.aside import Aside


def test_tasks_run_in_order_and_are_done_when_it_is_left() -> None:
    done: list[str] = []
    with Aside({name: lambda _, name=name: done.append(name) for name in "abc"}) as aside:
        assert "a" in aside
        assert "d" not in aside
        aside.finish("c", lambda _: None)
    assert done == ["a", "b", "c"]


def test_what_a_task_raises_is_raised_where_it_is_due() -> None:
    def fails(tell: Callable[[float], None]) -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"), Aside({"a": fails}) as aside:
        aside.finish("a", lambda _: None)


def test_an_error_here_stops_the_task_in_work_and_those_after_it() -> None:
    begun = threading.Event()
    reached: list[str] = []

    def long(tell: Callable[[float], None]) -> None:
        begun.set()
        end = time.monotonic() + 30.0
        while time.monotonic() < end:
            tell(0.5)
        reached.append("the end")

    def interrupted() -> None:
        with Aside({"a": long, "b": lambda _: reached.append("b")}):
            begun.wait(10.0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert reached == []


def test_its_share_is_told_while_it_is_waited_for() -> None:
    free = threading.Event()
    told: list[float] = []

    def task(tell: Callable[[float], None]) -> None:
        tell(0.25)
        free.wait(10.0)

    def listen(share: float) -> None:
        told.append(share)
        free.set()

    with Aside({"a": task}) as aside:
        aside.finish("a", listen)
    assert told[0] == 0.25


def test_after_an_error_a_task_that_never_goes_on_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.report.aside._PATIENCE_S", 0.05)
    begun, free = threading.Event(), threading.Event()

    def stuck(tell: Callable[[float], None]) -> None:
        begun.set()
        free.wait(60.0)

    def interrupted() -> None:
        with Aside({"a": stuck}):
            begun.wait(10.0)
            raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - start < 30.0
    free.set()
