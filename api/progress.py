"""Progress of the long steps, on stderr: a live bar per step on a terminal, one plain line per step elsewhere."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn

from twin.operations import Step

LABEL_WIDTH = 48


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


class TerminalProgress:
    """One line per step with a bar that moves; finished steps stay with the time they took."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words
        self._tasks: dict[Step, TaskID] = {}
        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[label]}", style="dim", markup=False),
            console=Console(stderr=True),
        )

    def __enter__(self) -> Self:
        """Start the live display."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Mark the last step finished when all went well, and give the terminal back."""
        if kind is None:
            self._finish_all()
        self._bars.stop()

    def __call__(self, step: Step, label: str, share: float) -> None:
        """Move the step's bar."""
        if step not in self._tasks:
            self._finish_all()
            self._tasks[step] = self._bars.add_task(self._words[step], total=1.0, label="")
        self._bars.update(self._tasks[step], completed=min(max(share, 0.0), 1.0), label=label[:LABEL_WIDTH])

    def tasks(self) -> list[Task]:
        """Return the bars, one a step, in the order in which they began."""
        return self._bars.tasks

    def _finish_all(self) -> None:
        for task in self._tasks.values():
            self._bars.update(task, completed=1.0, label="")


class PlainProgress:
    """One line when a step begins, with the seconds since the start."""

    def __init__(self, words: Mapping[str, str], stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._words = words
        self._stream = stream
        self._clock = clock
        self._seen: set[Step] = set()
        self._started = clock()

    def __enter__(self) -> Self:
        """Begin to count the seconds."""
        self._started = self._clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to clean up: every line is complete."""

    def __call__(self, step: Step, label: str, share: float) -> None:
        """Print the step's line when it is new."""
        if step in self._seen:
            return
        self._seen.add(step)
        with suppress(BrokenPipeError):  # that nobody reads the log any more is no reason to stop
            print(f"{self._clock() - self._started:7.1f} s  {self._words[step]}", file=self._stream, flush=True)


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
