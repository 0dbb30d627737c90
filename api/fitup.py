"""``qtems fitup``: whether parts go together as they were made or measured, and what would make them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from api.exit_codes import ExitCode
from api.numbers import seed_number, whole_number
from api.tables import print_table

if TYPE_CHECKING:
    from api.parser import Commands
    from twin.operations.fitup import FitupOutcome

FITUP_HELP = """\
examples:
  qtems fitup splice.yaml                      slack of every bolt, how probably it fits, what to ream and shim
  qtems fitup splice.yaml --out report         and report/fitup.json, report/fitup.html

exit status: 0 everything fits; 1 something does not, or it cannot be told; 2 bad usage or file
"""


def add_fitup(add: "Commands") -> None:
    """Add the command to the command line."""
    fitup = add.add_parser(
        "fitup",
        help="set parts together by holes, faces and edges: slack, P(fit), what to ream and shim, which part where",
        description="Says whether parts go together as they were made or measured, and what would make them.",
        epilog=FITUP_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    fitup.add_argument("file", metavar="FILE.yaml", type=Path, help="the parts and their joints (docs/fitup.md)")
    fitup.add_argument("--out", metavar="DIR", type=Path, help="folder for fitup.json and fitup.html")
    fitup.add_argument("--samples", metavar="N", type=_samples, default=20_000, help="states to draw (default 20000)")
    fitup.add_argument("--seed", metavar="N", type=seed_number, default=0, help="start of random numbers (default 0)")
    fitup.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the report (default en)")
    fitup.add_argument("--quiet", action="store_true", help="print no progress")
    fitup.add_argument("--debug", action="store_true", help="show the traceback of an error")


def run_fitup_command(arguments: argparse.Namespace) -> "FitupOutcome":
    """Fit up what ``qtems fitup`` was given and write its reports."""
    from twin.operations.fitup import FitupRequest, run_fitup

    return run_fitup(FitupRequest(arguments.file, arguments.out, arguments.samples, arguments.seed, arguments.lang))


def fitup_status(outcome: "FitupOutcome") -> ExitCode:
    """Return the exit status: what cannot be told does not fit."""
    return ExitCode.FAILED if outcome.needs_action else ExitCode.CONFORMS


def print_fitup(outcome: "FitupOutcome", stream: TextIO, lang: str) -> None:
    """Print the joints, the bolts of those that do not fit, what to rework, and the pairing."""
    from api.summary import ResultConsole
    from twin.rehearsal.fitup_json import FitupProvenance, assumptions, fitup_document
    from twin.rehearsal.fitup_rows import bolt_rows, joint_rows, pairing_rows, rework_lines, scan_rows
    from twin.rehearsal.said import Said

    say, console = Said(lang), ResultConsole(stream)
    nothing = FitupProvenance("", "", "", 0, 0)
    document = fitup_document(outcome.document, outcome.results, outcome.pairing, nothing)
    unit = outcome.document.unit
    if outcome.document.name:
        console.print(outcome.document.name, style="bold")
    print_table(console, *scan_rows(outcome.scanned, outcome.document.metres, unit, say))
    print_table(console, *joint_rows(document, say))
    for result, joint in zip(outcome.results, _joints(document), strict=True):
        if result.slack < 0.0 or len(outcome.results) == 1:
            console.print(result.joint.name, style="bold")
            print_table(console, *bolt_rows(joint, unit, say))
        for line in rework_lines(joint, unit, say):
            console.print(f"- {line}", soft_wrap=True)
    print_table(console, *pairing_rows(document, say))
    console.print(say("stackup.assumptions") + ("：" if lang == "zh" else ":"), style="bold")
    for note in assumptions(outcome.results, outcome.scanned):
        console.print(f"- {say.note(note)}", soft_wrap=True)
    for path in reversed(outcome.files):
        console.print(str(path), soft_wrap=True)


def _joints(document: dict[str, object]) -> list[object]:
    joints = document["joints"]
    assert isinstance(joints, list)
    return list[object](joints)


def _samples(text: str) -> int:
    return whole_number(text, 100, 10_000_000)
