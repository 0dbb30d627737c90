"""Progress of the long steps, on stderr: a live bar per step on a terminal, one plain line per step elsewhere.

How long something took is shown here and nowhere else: the same check gives the same reports.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from twin.operations.check import Step

LABEL_WIDTH = 48
BAR_WIDTH = 24
UNFINISHED = 0.999
"""The most that is shown of a step: it is at its end, and its time stands still, when the next one begins."""
Clock = Callable[[], float]


class ProgressView(Protocol):
    """A context in which the steps of a check are shown; calling it reports how far a step is."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the screen clean, whatever happened."""
        ...

    def __call__(self, step: Step, label: str, share: float) -> None:
        """Show that ``share`` (0..1) of ``step`` is done and ``label`` is in work."""
        ...


class _SecondsColumn(ProgressColumn):
    """The seconds that a step has taken."""

    def render(self, task: Task) -> Text:
        """Return them with one decimal."""
        elapsed = task.finished_time if task.finished else task.elapsed
        return Text(seconds(elapsed or 0.0), style="progress.elapsed")


class TerminalProgress:
    """One line per step with a bar that moves; finished steps stay with the time they took."""

    def __init__(
        self, words: Mapping[str, str], *, console: Console | None = None, clock: Clock = time.monotonic
    ) -> None:
        self._words = words
        self._clock = clock
        self._started = clock()
        self._tasks: dict[Step, TaskID] = {}
        self._console = console or Console(stderr=True)
        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=BAR_WIDTH),
            _SecondsColumn(),
            TextColumn("{task.fields[label]}", style="dim", markup=False),
            console=self._console,
        )

    def __enter__(self) -> Self:
        """Start the live display."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Mark the last step finished and say how long all took when all went well, and give the terminal back."""
        if kind is None:
            self._finish_all()
        self._bars.stop()
        if kind is None and self._tasks:
            width = max(cell_len(task.description) for task in self.tasks()) + BAR_WIDTH + 2
            name = self._words["in_all"]
            spaces = " " * (width - cell_len(name))
            self._console.print(f"  {name}{spaces}{seconds(self._clock() - self._started)}", highlight=False)

    def __call__(self, step: Step, label: str, share: float) -> None:
        """Move the step's bar."""
        if not self._tasks:
            self._show_start()
        if step not in self._tasks:
            self._finish_all()
            self._tasks[step] = self._bars.add_task(self._words[step], total=1.0, label="")
        self._bars.update(self._tasks[step], completed=min(max(share, 0.0), UNFINISHED), label=label[:LABEL_WIDTH])

    def tasks(self) -> list[Task]:
        """Return the bars, one for the start and one a step, in the order in which they began."""
        return self._bars.tasks

    def _show_start(self) -> None:
        """Show what went before the first step, loading the program, and whether more of that kind is to come."""
        start = self._bars.add_task(self._words["starting"], total=1.0, label="")
        self._bars.update(start, completed=1.0)
        self.tasks()[start].finished_time = self._clock() - self._started
        if _is_first_run():
            self._console.print(f"  {self._words['first_run']}", style="yellow", highlight=False)

    def _finish_all(self) -> None:
        for task in self._tasks.values():
            self._bars.update(task, completed=1.0, label="")


class PlainProgress:
    """One line per step: its name when it begins, the seconds it took when it ends; the sum in the last line."""

    def __init__(self, words: Mapping[str, str], stream: TextIO, clock: Clock = time.monotonic) -> None:
        self._words = words
        self._stream = stream
        self._clock = clock
        self._width = max(cell_len(words[key]) for key in (*Step, "starting", "in_all"))
        self._seen: set[Step] = set()
        self._started = self._began = clock()
        self._open = ""

    def __enter__(self) -> Self:
        """Begin to count the seconds."""
        self._started = self._began = self._clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the last step's line, with the time only when the step came to its end."""
        if kind is not None:
            self._write("\n" if self._open else "")
        elif self._seen:
            self._end_step()
            self._write(self._line(self._words["in_all"], self._clock() - self._started))
        self._open = ""

    def __call__(self, step: Step, label: str, share: float) -> None:
        """End the line of the step before and begin the step's own, when it is new."""
        if step in self._seen:
            return
        if self._seen:
            self._end_step()
        else:  # what went before was loading the program
            self._open = self._words["starting"]
            self._write(self._open)
            self._end_step()
            if _is_first_run():
                self._write(f"{self._words['first_run']}\n")
        self._seen.add(step)
        self._open = self._words[step]
        self._write(self._open)

    def _end_step(self) -> None:
        now = self._clock()
        self._write(self._line(self._open, now - self._began).removeprefix(self._open))
        self._began = now

    def _line(self, name: str, elapsed: float) -> str:
        return f"{name}{' ' * (self._width - cell_len(name))}  {seconds(elapsed)}\n"

    def _write(self, text: str) -> None:
        with suppress(BrokenPipeError):  # that nobody reads the log any more is no reason to stop
            self._stream.write(text)
            self._stream.flush()


class SilentProgress:
    """Shows nothing: for ``--quiet``."""

    def __enter__(self) -> Self:
        """Begin to show nothing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to clean up."""

    def __call__(self, step: Step, label: str, share: float) -> None:
        """Show nothing."""


def _is_first_run() -> bool:
    from geometry.compiled import kernels_are_compiled  # loads the compiler: not before the files are known to be there

    return not kernels_are_compiled()


def seconds(elapsed: float) -> str:
    """Return a time of some seconds or minutes, always as wide.

    Examples
    --------
    >>> seconds(3.25), seconds(71.0)
    ('   3.2 s', '  71.0 s')
    """
    return f"{elapsed:6.1f} s"
