"""``qtems schedule``: when a network of tasks is over, what decides it, and how sure that is."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from api.numbers import seed_number, whole_number
from api.tables import print_table

if TYPE_CHECKING:
    from api.arguments import Commands
    from twin.operations.schedule import ScheduleOutcome

SCHEDULE_HELP = """\
examples:
  qtems schedule hall.yaml                     critical path, floats, P50 and P80 of the end
  qtems schedule hall.yaml --out report        and report/schedule.json, report/schedule.html
  qtems schedule design.ifc                    the tasks of a model; what is not sound in them is mended and told
  qtems schedule plan.xer --conditions risks.yaml --out report
                                               a P6 or MS Project file, with spreads, risks and resources

exit status: 0 worked out, whether or not the deadline is kept; 2 bad usage or file
"""
_MOST_REPAIRS = 10


def add_schedule(add: "Commands") -> None:
    """Add the command to the command line."""
    schedule = add.add_parser(
        "schedule",
        help="work out a schedule: critical path, floats, and how sure its end is",
        description="Says when a network of tasks is over, what decides it, and with which certainty.",
        epilog=SCHEDULE_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    schedule.add_argument(
        "file", metavar="FILE", type=Path, help="the schedule: .yaml (docs/schedule.md), .ifc, MS Project .xml, P6 .xer"
    )
    schedule.add_argument("--out", metavar="DIR", type=Path, help="folder for schedule.json and schedule.html")
    schedule.add_argument(
        "--conditions", metavar="FILE.yaml", type=Path, help="spreads, risks and resources for a file that has none"
    )
    schedule.add_argument("--samples", metavar="N", type=_samples, default=50_000, help="runs (default 50000)")
    schedule.add_argument(
        "--seed", metavar="N", type=seed_number, default=0, help="start of the random numbers (default 0)"
    )
    schedule.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the report (default en)")
    schedule.add_argument("--quiet", action="store_true", help="print the files that were written, nothing else")
    schedule.add_argument("--debug", action="store_true", help="show the traceback of an error")


def run_schedule_command(arguments: argparse.Namespace) -> "ScheduleOutcome":
    """Work out what ``qtems schedule`` was given and write its report."""
    from twin.operations.schedule import ScheduleRequest, run_schedule

    return run_schedule(
        ScheduleRequest(
            file=arguments.file,
            out_dir=arguments.out,
            samples=arguments.samples,
            seed=arguments.seed,
            lang=arguments.lang,
            conditions=arguments.conditions,
        )
    )


def print_schedule(outcome: "ScheduleOutcome", stream: TextIO, lang: str, *, quiet: bool = False) -> None:
    """Print the end, the tasks, the risks, and what a planner may want to repair."""
    from api.summary import ResultConsole
    from twin.rehearsal.said import Said
    from twin.rehearsal.schedule_rows import end_rows, more_tasks_line, risk_rows, task_rows

    say, console, result = Said(lang), ResultConsole(stream), outcome.result
    if not quiet:
        console.print(result.document.name, style="bold")
        for heads, rows in (end_rows(result, say), task_rows(result, say), risk_rows(result, say)):
            print_table(console, heads, rows)
        if more := more_tasks_line(result, say):
            console.print(more, soft_wrap=True)
        names = " → ".join(result.document.network.tasks[index].name for index in result.path)
        console.print(say("schedule.path", names=names), soft_wrap=True)
        if repairs := result.document.repairs:
            console.print(say("schedule.repaired", count=len(repairs)), style="bold")
            for one in repairs[:_MOST_REPAIRS]:
                console.print(
                    f"- {one.place}: {say.note(one.text)}" if one.place else f"- {say.note(one.text)}", soft_wrap=True
                )
        for note in result.document.notes:
            console.print(f"- {say.note(note)}", soft_wrap=True)
    for path in outcome.files:
        console.print(str(path), soft_wrap=True)


def _samples(text: str) -> int:
    return whole_number(text, 100, 10_000_000)
