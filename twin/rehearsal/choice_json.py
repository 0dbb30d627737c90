"""``choice.json``: which of several lines is the best, schema ``qtems.choice/1`` (docs/simulate.md)."""

import json
from dataclasses import dataclass

from simulation.experiment.estimate import mean_of, paired
from simulation.flow.choice import Choice
from twin.rehearsal.flow_json import estimate_json

SCHEMA = "qtems.choice/1"
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class LineFile:
    """What a line was read from."""

    name: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class ChoiceResult:
    """Which line is the best, and what that rests on."""

    choice: Choice
    files: tuple[LineFile, ...]
    time_unit: str
    seed: int
    version: str

    @property
    def order(self) -> list[int]:
        """Return the lines, the best first; those left out last, the last left out before the others."""
        selection = self.choice.selection
        means = [float(values.mean()) for values in selection.values]

        def place(line: int) -> tuple[bool, bool, float, str]:
            return line != selection.best, line not in selection.left, -means[line], self.files[line].file

        return sorted(range(len(means)), key=place)


def choice_json(result: ChoiceResult) -> bytes:
    """Return ``choice.json`` as UTF-8; the same result gives the same bytes."""
    text = json.dumps(choice_document(result), ensure_ascii=False, allow_nan=False, indent=1)
    return (text + "\n").encode("utf-8", "replace")


def choice_document(result: ChoiceResult) -> Json:
    """Return the result as plain JSON values."""
    choice = result.choice
    wanted, selection = choice.wanted, choice.selection
    return {
        "schema": SCHEMA,
        "figure": wanted.figure,
        "better": "more" if wanted.more else "less",
        "worth": wanted.worth,
        "confidence": wanted.confidence,
        "most_runs": wanted.most,
        "time_unit": result.time_unit,
        "best": result.files[selection.best].file,
        "settled": selection.settled,
        "lines": [_line(result, index) for index in result.order],
        "method": "Kim and Nelson 2001, on the same random numbers",
        "provenance": {"version": result.version, "seed": result.seed},
    }


def _line(result: ChoiceResult, index: int) -> Json:
    choice, file = result.choice, result.files[index]
    values, best = choice.values(index), choice.values(choice.selection.best)
    runs = min(len(values), len(best))
    behind = paired(best[:runs], values[:runs], choice.wanted.confidence)
    return {
        "name": file.name, "file": file.file, "sha256": file.sha256, "runs": len(values),
        "left": index in choice.selection.left, "warm_up": choice.studies[index].plan.warm_up or 0.0,
        "value": estimate_json(mean_of(values, choice.wanted.confidence)),
        "difference_to_best": None if index == choice.selection.best else estimate_json(behind.difference),
    }  # fmt: skip
