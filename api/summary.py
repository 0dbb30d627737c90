"""The summary that a finished check prints: counts, registration, what fails, where the reports are."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.words import WORDS
from geometry.verdict import Measurement, Outcome, State
from twin.operations import CheckOutcome
from twin.result import CheckResult, ElementResult

MOST_FAILING_SHOWN = 20
PLAIN_WIDTH = 160
"""Columns when the output is no terminal: wide enough that a log or a pipe gets whole rows."""

_STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.INDETERMINATE: "yellow",
    Outcome.NOT_MEASURED: "dim",
}


def is_failing(element: ElementResult) -> bool:
    """Return True for what makes a check end with exit status 1."""
    return element.verdict is Outcome.FAIL or element.state is State.MISSING


def print_summary(outcome: CheckOutcome, stream: TextIO, *, lang: str = "en") -> None:
    """Print the summary of a finished check."""
    words = WORDS[lang]
    console = Console(file=stream, highlight=False, soft_wrap=not stream.isatty())
    if not stream.isatty():
        console.width = PLAIN_WIDTH
    result = outcome.result
    for label, text in _heading(result, words):
        console.print(Text.assemble((f"{label}: ", "bold"), text))
    if result.elements:
        console.print(_counts(result.elements, words))
    failing = sorted((element for element in result.elements if is_failing(element)), key=_severity)
    if failing:
        console.print(_failing(failing[:MOST_FAILING_SHOWN], words))
        if len(failing) > MOST_FAILING_SHOWN:
            console.print(words["more"].format(count=len(failing) - MOST_FAILING_SHOWN))
    if result.unmodelled:
        console.print(words["unmodelled"].format(count=len(result.unmodelled)))
    for path in outcome.files:
        console.print(Text.assemble((f"{words['reports']}: ", "bold"), str(path)), soft_wrap=True)


def _heading(result: CheckResult, words: Mapping[str, str]) -> list[tuple[str, str]]:
    scans = ", ".join(Path(source.path).name for source in result.scan.sources)
    points = words["points"].format(points=f"{len(result.scan.points):,}", stations=len(result.scan.stations))
    notes = (*result.design.notes, *result.scan.notes, *result.notes)
    return [
        (words["elements"], f"{len(result.elements)}, {Path(result.design.source.path).name}"),
        (words["scan"], f"{scans}, {points}"),
        (words["tolerance"], result.tolerance_name),
        (words["registration"], _registration(result, words)),
        *((words["note"], note) for note in dict.fromkeys(notes)),
    ]


def _registration(result: CheckResult, words: Mapping[str, str]) -> str:
    found = result.registration
    if found.status.value == "refused":
        return f"{words['refused']} ({found.reason}): {found.detail}"
    return words["accepted"].format(
        method=found.method,
        rmse=_millimetres(found.rmse),
        holdout=_millimetres(found.holdout_rmse),
        inliers=f"{found.inlier_fraction:.0%}",
    )


def _millimetres(metres: float) -> str:
    return f"{metres * 1000:.1f} mm" if math.isfinite(metres) else "-"


def _counts(elements: Sequence[ElementResult], words: Mapping[str, str]) -> Table:
    """Return the table state x verdict with the number of elements in each."""
    count = Counter((element.state, element.verdict) for element in elements)
    table = Table(words["state"], title=words["elements"], title_justify="left", show_footer=True)
    table.columns[0].footer = "Σ"
    for outcome in Outcome:
        total = sum(n for (_, verdict), n in count.items() if verdict is outcome)
        table.add_column(words[outcome], justify="right", style=_STYLES[outcome], footer=str(total))
    table.add_column("Σ", justify="right", footer=str(len(elements)))
    for state in State:
        row = [count[state, outcome] for outcome in Outcome]
        if sum(row):
            table.add_row(words[state], *(str(n) if n else "·" for n in row), str(sum(row)))
    return table


def _failing(elements: Sequence[ElementResult], words: Mapping[str, str]) -> Table:
    table = Table(title=words["failing"], title_justify="left")
    for key in ("class", "name", "storey", "state"):
        table.add_column(words[key])
    table.add_column("GlobalId", no_wrap=True)
    table.add_column(words["why"])
    for element in elements:
        cells = (element.ifc_class, element.name, element.storey, words[element.state], element.global_id)
        table.add_row(*(Text(cell) for cell in cells), Text(_why(element, words)))
    return table


def _why(element: ElementResult, words: Mapping[str, str]) -> str:
    worst = worst_measurement(element)
    if worst is None:
        return "; ".join(element.reasons)
    return words["measured"].format(
        characteristic=worst.characteristic,
        actual=f"{worst.actual * 1000:+.1f}",
        lower=f"{worst.lower * 1000:g}",
        upper=f"{worst.upper * 1000:g}",
        uncertainty=f"{worst.expanded_uncertainty * 1000:.1f}",
        source=worst.source,
    )


def worst_measurement(element: ElementResult) -> Measurement | None:
    """Return the failed measurement that is farthest beyond its limits, None when none failed."""
    failed = [m for m in element.measurements if m.outcome is Outcome.FAIL]
    return max(failed, key=_excess, default=None)


def _excess(measurement: Measurement) -> float:
    return max(measurement.actual - measurement.upper, measurement.lower - measurement.actual)


def _severity(element: ElementResult) -> tuple[bool, float, str]:
    """Sort key: missing first, then what is farthest out, then by GlobalId so that the order is always the same."""
    worst = worst_measurement(element)
    return element.state is not State.MISSING, -_excess(worst) if worst else 0.0, element.global_id
