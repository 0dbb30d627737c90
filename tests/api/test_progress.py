import io
import re
from collections.abc import Callable, Iterator

import pytest
from rich.cells import cell_len
from rich.console import Console

from api.progress import PlainProgress, TerminalProgress
from api.words import WORDS
from twin.operations.check import Step


@pytest.fixture(autouse=True)
def compiled(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Say that the kernels are compiled, or as the test wants it."""

    def say(answer: bool) -> None:
        monkeypatch.setattr("geometry.compiled.kernels_are_compiled", lambda: answer)

    say(True)
    return say


def ticks(*seconds: float) -> Callable[[], float]:
    """Return a clock that is read so many times and no more."""
    times: Iterator[float] = iter(seconds)
    return lambda: next(times)


def test_every_step_has_its_words() -> None:
    for words in WORDS.values():
        assert all(step in words for step in Step)


def plain(lang: str = "en") -> list[str]:
    """Return the lines of a check that starts for 2.5 s, reads for 1.5 s and registers for 62 s."""
    stream = io.StringIO()
    with PlainProgress(WORDS[lang], stream, clock=ticks(0.0, 10.0, 12.5, 14.0, 76.0, 76.0)) as view:
        view(Step.READING, "", 0.0)
        view(Step.READING, "", 0.9)
        view(Step.REGISTERING, "", 0.0)
    return stream.getvalue().splitlines()


def test_a_plain_line_is_a_step_and_how_long_it_took_and_the_last_is_all_of_it() -> None:
    assert plain() == [
        "starting                              2.5 s",
        "reading the scan                      1.5 s",
        "registering the scan to the model    62.0 s",
        "total                                66.0 s",
    ]


def test_chinese_lines_are_aligned_as_a_terminal_shows_them() -> None:
    lines = plain("zh")
    assert lines[1].startswith("读取扫描 ")
    assert len({cell_len(line) for line in lines}) == 1


def test_a_step_is_named_when_it_begins() -> None:
    stream = io.StringIO()
    with PlainProgress(WORDS["en"], stream) as view:
        view(Step.READING, "", 0.0)
        assert stream.getvalue().splitlines()[-1] == "reading the scan"


def fail_in_the_first_step(view: PlainProgress) -> None:
    with view:
        view(Step.READING, "", 0.0)
        raise ValueError("broken")


def test_a_step_that_fails_has_no_time_and_leaves_the_line_free() -> None:
    stream = io.StringIO()
    view = PlainProgress(WORDS["en"], stream, ticks(0, 0, 1))
    with pytest.raises(ValueError, match="broken"):
        fail_in_the_first_step(view)
    assert stream.getvalue().endswith("1.0 s\nreading the scan\n")


def test_an_error_before_the_first_step_leaves_no_line() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="broken"), PlainProgress(WORDS["en"], stream):
        raise ValueError("broken")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("lang", sorted(WORDS))
@pytest.mark.parametrize("cold", [True, False])
def test_a_first_run_is_announced_once_and_no_other_is(compiled: Callable[[bool], None], lang: str, cold: bool) -> None:
    compiled(not cold)
    terminal = io.StringIO()
    with TerminalProgress(WORDS[lang], console=Console(file=terminal, width=120)) as view:
        view(Step.READING, "", 0.0)
        view(Step.MEASURING, "", 0.0)
    said = WORDS[lang]["first_run"]
    for text in ("\n".join(plain(lang)), terminal.getvalue()):
        assert text.count(said) == (1 if cold else 0)


def test_the_terminal_shows_the_seconds_of_each_step_and_of_all() -> None:
    terminal = io.StringIO()
    console = Console(file=terminal, width=120, force_terminal=True, color_system=None)
    with TerminalProgress(WORDS["en"], console=console, clock=ticks(0.0, 2.5, 66.0)) as view:
        view(Step.READING, "", 0.0)
        view(Step.REGISTERING, "", 0.5)
    last = re.sub(r"\x1b\[[0-9?;]*[A-Za-z]", "", terminal.getvalue()).splitlines()
    assert [task.description for task in view.tasks()] == [
        WORDS["en"][k] for k in ("starting", "reading", "registering")
    ]
    assert last[-1].startswith("  total ")
    assert last[-1].endswith("  66.0 s")
    starting = [line.rstrip() for line in last if "starting" in line][-1]
    assert starting.endswith("   2.5 s")
    assert cell_len(starting) == cell_len(last[-1])


def test_bars_survive_shares_outside_0_to_1_and_an_error() -> None:
    class Stop(Exception):
        pass

    view = TerminalProgress(WORDS["en"])
    try:
        with view:
            view(Step.READING, "a label [that looks like markup", -0.5)
            view(Step.TESSELLATING, "", 7.0)
            raise Stop
    except Stop:
        left = [task.percentage for task in view.tasks()]
    assert left[:2] == [100.0, 100.0]
    assert 99.0 < left[2] < 100.0  # the step that failed has not ended
