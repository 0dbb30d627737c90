"""``qtems predict``: what is probably out of tolerance, where to look next, and whether it came true."""

import argparse
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from api.lengths import parse_length
from api.numbers import seed_number
from api.tables import print_table
from geometry.errors import GeometryError

if TYPE_CHECKING:
    from api.parser import Commands
    from twin.operations.predict import PredictOutcome

PREDICT_HELP = """\
examples:
  qtems predict week1/report.json week2/report.json
                                               what was not measured, or not for sure, is told by its like
  qtems predict week*/report.json --minutes 240 --costs costs.yaml --out plan
                                               and plan/predict.json, .html: ranked inspections, predicted candidates
  qtems predict week1/report.json --score week2/report.json
                                               whether what the first check lets expect came true in the second

exit status: 0 predicted; 2 bad usage or file
"""


def add_predict(add: "Commands") -> None:
    """Add the command to the command line."""
    predict = add.add_parser(
        "predict",
        help="say from checks what is probably out of tolerance and where to look next",
        description="Learns from checks how often which features are out of tolerance, and plans inspections by it.",
        epilog=PREDICT_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    predict.add_argument("reports", metavar="REPORT.json", type=Path, nargs="+", help="checks, the oldest first")
    predict.add_argument("--out", metavar="DIR", type=Path, help="folder for predict.json and predict.html")
    predict.add_argument(
        "--minutes", metavar="N", type=_minutes, default=480.0, help="minutes that inspections may take (default 480)"
    )
    predict.add_argument("--costs", metavar="FILE.yaml", type=Path, help="costs and minutes by class (docs/predict.md)")
    predict.add_argument(
        "--instrument", metavar="LENGTH", type=_length, default=1e-3,
        help="standard uncertainty of what inspections measure with (default 1mm)",
    )  # fmt: skip
    predict.add_argument(
        "--candidate-from", metavar="SHARE", type=_share, default=0.5,
        help="probability from which an element becomes a predicted candidate (default 0.5)",
    )  # fmt: skip
    predict.add_argument("--score", metavar="LATER.json", type=Path, help="a later check to score predictions against")
    predict.add_argument("--seed", metavar="N", type=seed_number, default=0, help="start of random numbers (default 0)")
    predict.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the report (default en)")
    predict.add_argument("--quiet", action="store_true", help="print the files that were written, nothing else")
    predict.add_argument("--debug", action="store_true", help="show the traceback of an error")


def run_predict_command(arguments: argparse.Namespace) -> "PredictOutcome":
    """Predict from what ``qtems predict`` was given and write its report."""
    from twin.operations.predict import PredictRequest, run_predict

    return run_predict(
        PredictRequest(
            reports=tuple(arguments.reports),
            out_dir=arguments.out,
            budget_minutes=arguments.minutes,
            instrument_u_mm=1e3 * arguments.instrument,
            candidate_from=arguments.candidate_from,
            costs=arguments.costs,
            score=arguments.score,
            seed=arguments.seed,
            lang=arguments.lang,
        )
    )


def print_predict(outcome: "PredictOutcome", stream: TextIO, lang: str, *, quiet: bool = False) -> None:
    """Print what is to be expected, what to inspect, and how predictions fared."""
    from api.summary import ResultConsole
    from twin.rehearsal.predict_rows import feature_rows, item_rows, predict_lines
    from twin.rehearsal.said import Said

    say, console = Said(lang), ResultConsole(stream)
    if not quiet:
        for heads, rows in (feature_rows(outcome.result, say), item_rows(outcome.result, say)):
            print_table(console, heads, rows)
        for line in predict_lines(outcome.result, say):
            console.print(line, soft_wrap=True)
    for path in outcome.files:
        console.print(str(path), soft_wrap=True)


def _length(text: str) -> float:
    try:
        return parse_length(text)
    except GeometryError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _minutes(text: str) -> float:
    return _within(text, 0.0, 1e6)


def _share(text: str) -> float:
    return _within(text, 0.0, 1.0)


def _within(text: str, low: float, high: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = low - 1.0
    if not isfinite(number) or not low <= number <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {low:g} to {high:g}")
    return number
