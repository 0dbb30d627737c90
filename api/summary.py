"""The summary that a finished check prints: what was compared, how it went, what fails, where the reports are."""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from api.words import WORDS
from geometry.f_number import F_SCALES
from geometry.note import Note
from geometry.registration.result import Registration
from geometry.verdict import Outcome, State
from twin.operations.check import CheckOutcome
from twin.report import figures
from twin.report.palette import LOOKS, mark_of
from twin.report.refusal import cause_of
from twin.report.selection import actionable, worst
from twin.report.stations import stations_of
from twin.report.words import Words, clean
from twin.result import CheckResult, ElementResult
from twin.texts import filled

MOST_FAILING_SHOWN = 20
PLAIN_WIDTH = 160
"""Columns when the output is no terminal: wide enough that a log or a pipe gets whole lines."""

_STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.INDETERMINATE: "yellow",
    Outcome.NOT_MEASURED: "dim",
}


class ResultConsole(Console):
    """A console for what a command found; it says when its reader has gone, where rich would end with status 1."""

    def __init__(self, stream: TextIO) -> None:
        """Print to a stream: as wide as its terminal, or wide enough for a log; what is printed is text, not markup."""
        super().__init__(file=stream, highlight=False, markup=False, width=None if stream.isatty() else PLAIN_WIDTH)

    def on_broken_pipe(self) -> None:
        """Pass the error on."""
        raise BrokenPipeError


def print_summary(outcome: CheckOutcome, stream: TextIO, *, lang: str = "en") -> None:
    """Print the summary of a finished check in one language."""
    console = ResultConsole(stream)
    result, words, own = outcome.result, Words(lang), WORDS[lang]

    for label, text in _heading(result, words):
        console.print(Text.assemble((label + words("colon"), "bold"), clean(text)), soft_wrap=True)
    console.print(_counts(result.elements, words, own["total"]))
    rows = actionable(result)
    if rows:
        shown = [result.elements[i] for i in rows[:MOST_FAILING_SHOWN]]
        console.print(own["failing"].format(shown=len(shown), total=len(rows)))
        for element in shown:
            console.print(Padding(_failing(element, words), (0, 0, 0, 2), expand=False))
            console.print(Padding(Text(clean(_why(element, words))), (0, 0, 0, 6), expand=False))
    unlimited = sum("no_tolerance" in element.reasons for element in result.elements)
    if unlimited:
        key = "headline.without_limit_one" if unlimited == 1 else "headline.without_limit"
        console.print(words(key, n=unlimited))
    if result.unmodelled:
        console.print(filled(own["unmodelled"], {"count": len(result.unmodelled)}))
    first, *others = sorted(outcome.files, key=lambda path: path.suffix != ".html")  # the one that people open
    console.print(Text.assemble((own["report"] + words("colon"), "bold"), clean(str(first))), soft_wrap=True)
    if others:
        names = ", ".join(f"{path.name}/index.html" if path.is_dir() else path.name for path in others)
        console.print(Text.assemble((own["beside"] + words("colon"), "bold"), names))
    if outcome.removed:
        console.print(removed_line(outcome, lang=lang), soft_wrap=True)


def removed_line(outcome: CheckOutcome, *, lang: str = "en") -> str:
    """Return the line that says which reports of an earlier check are gone, nothing when there were none."""
    names = Words(lang)("comma").join(path.name for path in outcome.removed)
    return WORDS[lang]["removed"].format(names=names) if names else ""


def refusal_line(found: Registration, report: Path, *, lang: str = "en") -> str:
    """Return the one line for a refused registration: what to do first, what was seen, where there is more."""
    words, own = Words(lang), WORDS[lang]
    seen = found.detail
    if isinstance(seen, Note) and "help" in seen.values:  # what to do has been said already
        seen = Note(seen.word, seen.template, **{**seen.values, "help": ""})
    why = words.say(seen).rstrip(" ,;:.，；：。")
    why = why[:1].upper() + why[1:]
    return own["refused"].format(reason=found.reason, do=own[f"do.{cause_of(found)}"], why=why, report=report)


def _heading(result: CheckResult, words: Words) -> list[tuple[str, str]]:
    own = WORDS[words.lang]
    scans = ", ".join(Path(source.path).name for source in result.scan.sources)
    points = own["points"].format(points=f"{len(result.scan.points):,}", stations=stations_of(result.scan, words))
    return [
        (words("model"), Path(result.design.source.path).name),
        (words("scan"), f"{scans} ({points})"),
        (words("tolerance"), words.tolerance(result.tolerance_name)),
        (words("section.registration"), _registration(result, words)),
        *((words("note"), words.say(note)) for note in dict.fromkeys(result.notes)),
    ]


def _registration(result: CheckResult, words: Words) -> str:
    found, own = result.registration, WORDS[words.lang]
    searched = math.isfinite(found.holdout_rmse)  # a pose that was given is fitted to nothing: no points are held out
    return own["accepted"].format(
        method=words.term("method", found.method),
        rmse=_millimetres(found.rmse),
        holdout=own["held_out"].format(rmse=_millimetres(found.holdout_rmse)) if searched else "",
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
        table.add_column(words.term("verdict", outcome), justify="right", style=style, footer=str(column or "·"))
    table.add_column(total, justify="right", footer=str(len(elements)))
    for state in State:
        row = [count[state, outcome] for outcome in Outcome]
        if any(row):
            table.add_row(words.term("state", state), *(str(n) if n else "·" for n in row), str(sum(row)))
    return table


def _failing(element: ElementResult, words: Words) -> Text:
    """Return the line that says which element it is."""
    mark = mark_of(element)
    parts = (words.ifc_class(element.ifc_class), words.storey(element.storey), element.global_id)
    return Text.assemble(
        (f"{LOOKS[mark].sign} {words.term('mark', mark)}  ", _STYLES[Outcome.FAIL]),
        (clean(element.name) or words("unnamed"), "bold"),
        (f"  {clean(' · '.join(parts))}", "dim"),
    )


def _why(element: ElementResult, words: Words) -> str:
    decisive = worst(element)
    if element.state is State.MISSING or decisive is None or decisive.outcome is not Outcome.FAIL:
        return words("semicolon").join(map(words.explain, element.reasons))
    if decisive.characteristic in F_SCALES:
        return WORDS[words.lang]["limits_number"].format(
            characteristic=words.characteristic(decisive.characteristic), value=figures.value_text(decisive),
            limits=figures.limits_text(decisive), source=words.source(decisive.source),
        )  # fmt: skip
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
