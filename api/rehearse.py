"""``qtems stackup``: what is rehearsed before it is built."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from api.assemble import add_assemble
from api.exit_codes import ExitCode
from api.numbers import seed_number, whole_number
from api.schedule import add_schedule
from api.simulate import add_simulate
from api.tables import print_table

if TYPE_CHECKING:
    from api.parser import Commands
    from twin.operations.stackup import StackupOutcome

METHODS = {"mc": "monte_carlo", "qmc": "quasi_monte_carlo"}
STACKUP_HELP = """\
examples:
  qtems stackup clutch.yaml                    worst case, statistics and contributors on the screen
  qtems stackup clutch.yaml --out report       and report/stackup.json, report/stackup.html
  qtems stackup clutch.yaml --method qmc --samples 1048576
                                               evenly spread points: narrower intervals

exit status: 0 analysed; 1 a share of conforming assemblies that the file asks for is not reached; 2 bad usage or file
"""


def add_commands(add: "Commands") -> None:
    """Add the commands to the command line."""
    add_assemble(add)
    add_schedule(add)
    add_simulate(add)
    stackup = add.add_parser(
        "stackup",
        help="analyse a tolerance stack: worst case, yield, contributors, cheapest tolerances",
        description="Says how far a result can be off when every dimension varies within its own tolerance.",
        epilog=STACKUP_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    stackup.add_argument("file", metavar="FILE.yaml", type=Path, help="the stack (docs/stackup.md)")
    stackup.add_argument("--out", metavar="DIR", type=Path, help="folder for stackup.json and stackup.html")
    stackup.add_argument(
        "--samples", metavar="N", type=_samples, default=200_000, help="assemblies to simulate (default 200000)"
    )
    stackup.add_argument(
        "--method", choices=METHODS, default="mc", help="mc: Monte Carlo; qmc: quasi-Monte Carlo (default mc)"
    )
    stackup.add_argument(
        "--seed", metavar="N", type=seed_number, default=0, help="start of the random numbers (default 0)"
    )
    stackup.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the report (default en)")
    stackup.add_argument("--quiet", action="store_true", help="print the files that were written, nothing else")
    stackup.add_argument("--debug", action="store_true", help="show the traceback of an error")


def run_stackup_command(arguments: argparse.Namespace) -> "StackupOutcome":
    """Analyse what ``qtems stackup`` was given and write its reports."""
    from twin.operations.stackup import StackupRequest, run_stackup

    return run_stackup(
        StackupRequest(
            file=arguments.file,
            out_dir=arguments.out,
            samples=arguments.samples,
            method=METHODS[arguments.method],
            seed=arguments.seed,
            lang=arguments.lang,
        )
    )


def status_of(outcome: "StackupOutcome") -> ExitCode:
    """Return the exit status: a goal that was not shown to be met is not met."""
    return ExitCode.FAILED if outcome.needs_action else ExitCode.CONFORMS


def print_stackup(outcome: "StackupOutcome", stream: TextIO, lang: str, *, quiet: bool = False) -> None:
    """Print a table per question: what comes out, what it comes from, what it rests on; if quiet, the files alone."""
    from api.summary import ResultConsole
    from twin.rehearsal.said import Said
    from twin.rehearsal.stackup_rows import allocated_rows, contributor_rows, requirement_rows

    say, console = Said(lang), ResultConsole(stream)
    if not quiet:
        console.print(outcome.result.stack.name, style="bold")
        for heads, rows in (
            requirement_rows(outcome.result, say),
            contributor_rows(outcome.result, say),
            allocated_rows(outcome.result, outcome.allocation, say),
        ):
            print_table(console, heads, rows)
        console.print(say("stackup.assumptions") + ("：" if lang == "zh" else ":"), style="bold")
        for note in outcome.result.notes:
            console.print(f"- {say.note(note)}", soft_wrap=True)
    for path in reversed(outcome.files):
        console.print(str(path), soft_wrap=True)


def _samples(text: str) -> int:
    return whole_number(text, 100, 10_000_000)
