"""``choice.html`` and the lines on the screen: which of several lines is the best."""

from typing import Any

from twin.rehearsal.choice_json import ChoiceResult, choice_document
from twin.rehearsal.flow_rows import Rows, figure_text, is_share
from twin.rehearsal.page import render
from twin.rehearsal.said import Said


def choice_page(result: ChoiceResult, language: str) -> bytes:
    """Return the report as one UTF-8 HTML file, in ``en`` or ``zh``."""
    say = Said(language)
    values = {"say": say, "lang": language, "lines": choice_lines(result, say), "table": choice_rows(result, say)}
    return render("choice.html.j2", values)


def choice_lines(result: ChoiceResult, say: Said) -> list[str]:
    """Return the sentences that say what was chosen and what it rests on."""
    told: Any = choice_document(result)
    figure, share = figure_words(result, say), is_share(told["figure"])
    worth = f"{100 * told['worth']:g} {say('flow.points')}" if share else f"{told['worth']:g}"
    if say.language == "en":
        figure = figure[:1].lower() + figure[1:]
    values = {"figure": figure, "worth": worth, "percent": f"{100 * told['confidence']:g}"}
    best = next(one["name"] for one in told["lines"] if one["file"] == told["best"])
    if told["settled"]:
        first = say(f"choice.best_{told['better']}", line=best, **values)
    else:
        left = ", ".join(one["name"] for one in told["lines"] if one["left"])
        first = say("choice.open", lines=left, runs=told["most_runs"], **values)
    return [first, say("choice.rests_on", **values)]


def figure_words(result: ChoiceResult, say: Said) -> str:
    """Return the name of the figure for people: with its station, where it is one of a station."""
    station, _, name = result.choice.wanted.figure.rpartition(".")
    word = say(f"flow.{name}") if f"flow.{name}" in say.texts.entries else name
    word = word.removesuffix(" %")
    return f"{station}: {word}" if station else word


def choice_rows(result: ChoiceResult, say: Said) -> Rows:
    """Return each line with its figure, what it is behind the best, and its runs; the best first."""
    told: Any = choice_document(result)
    figure = told["figure"]
    rows = list[list[str]]()
    for one in told["lines"]:
        behind = one["difference_to_best"]
        text = "" if behind is None else figure_text(figure, behind)
        if is_share(figure):
            text = text.replace(" %", f" {say('flow.points')}", 1)
        state = "choice.chosen" if behind is None else "choice.left" if one["left"] else "choice.out"
        rows.append([one["name"], one["file"], figure_text(figure, one["value"]), text, str(one["runs"]), say(state)])
    heads = [
        say("flow.line"), say("choice.file"), figure_words(result, say), say("choice.behind"), say("choice.runs"), "",
    ]  # fmt: skip
    return heads, rows
