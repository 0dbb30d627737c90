"""``qtems quality``: how probable a defect of each unit is, by what was recorded of it, and when acting pays."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from api.exit_codes import ExitCode
from api.numbers import seed_number
from api.tables import print_table

if TYPE_CHECKING:
    from api.parser import Commands
    from api.summary import ResultConsole
    from twin.operations.quality import QualityOutcome
    from twin.rehearsal.quality_json import QualityResult
    from twin.rehearsal.said import Said

HELP = """\
examples:
  qtems quality line.csv --outcome scrapped --time made_at
                                               learnt from the older units, tried on the newer ones
  qtems quality line.parquet --plan plan.yaml --out quality
                                               and quality/quality.json, quality.html
  qtems quality line.csv --plan plan.yaml --score today.csv --out quality
                                               and P(defect) of today's units: quality/quality-units.csv

exit status: 0 the model is shown to be of use, and the plan's goal reached; 1 it is not, or something drifts;
             2 bad usage or file
"""


def add_quality(add: "Commands") -> None:
    """Add the command to the command line."""
    quality = add.add_parser(
        "quality",
        help="predict defects of units from process data: how surely, and from when on acting pays",
        description="Learns P(defect) of a unit from what was recorded of it, and tries that on units that came later.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    quality.add_argument("file", metavar="UNITS", type=Path, help="a row for each unit: .csv or .parquet")
    quality.add_argument("--outcome", metavar="COLUMN", default="", help="column that says whether it was defective")
    quality.add_argument("--defective", metavar="VALUE", default="", help="what stands there when it was")
    quality.add_argument(
        "--time", metavar="COLUMN", default="", help="when it was made; default: the order of the rows"
    )
    quality.add_argument("--group", metavar="COLUMN", default="", help="what belongs together: batch, charge, wafer")
    quality.add_argument("--plan", metavar="FILE.yaml", type=Path, help="columns, costs, goal (docs/quality.md)")
    quality.add_argument("--score", metavar="NEW", type=Path, help="later units: how probably is each defective?")
    quality.add_argument("--out", metavar="DIR", type=Path, help="folder for quality.json and quality.html")
    quality.add_argument("--seed", metavar="N", type=seed_number, default=0, help="start of random numbers (default 0)")
    quality.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the report (default en)")
    quality.add_argument("--quiet", action="store_true", help="print the files that were written, nothing else")
    quality.add_argument("--debug", action="store_true", help="show the traceback of an error")


def run_quality_command(arguments: argparse.Namespace) -> "QualityOutcome":
    """Learn from what ``qtems quality`` was given and write its report."""
    from twin.operations.quality import QualityRequest, run_quality

    return run_quality(
        QualityRequest(
            file=arguments.file,
            out_dir=arguments.out,
            plan=arguments.plan,
            score=arguments.score,
            outcome=arguments.outcome,
            defective=arguments.defective,
            time=arguments.time,
            group=arguments.group,
            seed=arguments.seed,
            lang=arguments.lang,
        )
    )


def quality_status(outcome: "QualityOutcome") -> ExitCode:
    """Return the exit status: what is not shown to be of use is of none."""
    return ExitCode.FAILED if outcome.needs_action else ExitCode.CONFORMS


def print_quality(outcome: "QualityOutcome", stream: TextIO, lang: str, *, quiet: bool = False) -> None:
    """Print what was learnt, how good it is, what acting does, and what it rests on."""
    from api.summary import ResultConsole
    from twin.rehearsal.said import Said

    console = ResultConsole(stream)
    if not quiet:
        _print_found(outcome.result, console, Said(lang))
    for path in outcome.files:
        console.print(str(path), soft_wrap=True)


def _print_found(result: "QualityResult", console: "ResultConsole", say: "Said") -> None:
    from twin.rehearsal import quality_rows
    from twin.rehearsal.quality_json import notes_of

    tables = (quality_rows.merit_rows, quality_rows.cost_rows, quality_rows.choice_rows, quality_rows.variable_rows)
    for of in (*tables, quality_rows.unit_rows):
        print_table(console, *of(result, say))
    for line in quality_rows.quality_lines(result, say):
        console.print(line, soft_wrap=True)
    for note in notes_of(result):
        console.print(f"- {say.note(note)}", soft_wrap=True)
