"""The summary that a finished check prints: what was compared, how it went, what fails, where the reports are."""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.words import WORDS
from geometry.verdict import Outcome, State
from twin.operations import CheckOutcome
from twin.report.selection import actionable, worst
from twin.report.words import Words, clean
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


class _SummaryConsole(Console):
    """A console that tells its caller when the reader has gone; rich would end the program with status 1."""

    def on_broken_pipe(self) -> None:
        """Pass the error on."""
        raise BrokenPipeError


def print_summary(outcome: CheckOutcome, stream: TextIO, *, lang: str = "en") -> None:
    """Print the summary of a finished check in one language."""
    width = None if stream.isatty() else PLAIN_WIDTH
    console = _SummaryConsole(file=stream, highlight=False, width=width)
    result, words, own = outcome.result, Words(lang), WORDS[lang]

    for label, text in _heading(result, words):
        console.print(Text.assemble((f"{label}: ", "bold"), clean(text)), soft_wrap=True)
    console.print(_counts(result.elements, words, own["total"]))
    rows = actionable(result)
    if rows:
        shown = [result.elements[i] for i in rows[:MOST_FAILING_SHOWN]]
        console.print(_failing(shown, words, own["failing"].format(shown=len(shown), total=len(rows))))
    if result.unmodelled:
        console.print(own["unmodelled"].format(count=len(result.unmodelled)))
    for path in outcome.files:
        console.print(Text.assemble((f"{own['reports']}: ", "bold"), str(path)), soft_wrap=True)


def _heading(result: CheckResult, words: Words) -> list[tuple[str, str]]:
    own = WORDS[words.lang]
    scans = ", ".join(Path(source.path).name for source in result.scan.sources)
    points = own["points"].format(points=f"{len(result.scan.points):,}", stations=len(result.scan.stations))
    return [
        (words("model"), Path(result.design.source.path).name),
        (words("scan"), f"{scans} ({points})"),
        (words("tolerance"), result.tolerance_name),
        (words("section.registration"), _registration(result, words)),
        *((words("note"), note) for note in dict.fromkeys(result.notes)),
    ]


def _registration(result: CheckResult, words: Words) -> str:
    found = result.registration
    return WORDS[words.lang]["accepted"].format(
        method=words.term("method", found.method),
        rmse=_millimetres(found.rmse),
        holdout=_millimetres(found.holdout_rmse),
        inliers=f"{found.inlier_fraction:.0%}",
    )


def _millimetres(metres: float) -> str:
    return f"{metres * 1000:.1f} mm" if math.isfinite(metres) else "-"


def _counts(elements: Sequence[ElementResult], words: Words, total: str) -> Table:
    """Return the table state x verdict with the number of elements in each."""
    count = Counter((element.state, element.verdict) for element in elements)
    table = Table(words("state"), show_footer=True)
    table.columns[0].footer = total
    for outcome in Outcome:
        column = sum(n for (_, verdict), n in count.items() if verdict is outcome)
        style = _STYLES[outcome]
        table.add_column(words.term("verdict", outcome), justify="right", style=style, footer=str(column))
    table.add_column(total, justify="right", footer=str(len(elements)))
    for state in State:
        row = [count[state, outcome] for outcome in Outcome]
        if any(row):
            table.add_row(words.term("state", state), *(str(n) if n else "·" for n in row), str(sum(row)))
    return table


def _failing(elements: Sequence[ElementResult], words: Words, title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for key in ("class", "name", "storey", "state"):
        table.add_column(words(key))
    table.add_column("GlobalId", no_wrap=True)
    table.add_column(words("why"), ratio=1)
    for element in elements:
        cells = (
            words.ifc_class(element.ifc_class),
            element.name or words("unnamed"),
            words.storey(element.storey),
            words.term("state", element.state),
            element.global_id,
            _why(element, words),
        )
        table.add_row(*(Text(clean(cell)) for cell in cells))
    return table


def _why(element: ElementResult, words: Words) -> str:
    decisive = worst(element)
    if element.state is State.MISSING or decisive is None or decisive.outcome is not Outcome.FAIL:
        return "; ".join(map(words.explain, element.reasons))
    return WORDS[words.lang]["limits"].format(
        characteristic=words.characteristic(decisive.characteristic),
        actual=f"{decisive.actual * 1000:+.1f}",
        uncertainty=f"{decisive.expanded_uncertainty * 1000:.1f}",
        lower=_limit(decisive.lower),
        upper=_limit(decisive.upper),
        source=words.source(decisive.source),
    )


def _limit(metres: float) -> str:
    return f"{metres * 1000:g}" if math.isfinite(metres) else ("-∞" if metres < 0 else "∞")
