"""``qtems schedule``: when a network of tasks is over, what decides it, and how sure that is."""

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from api.numbers import seed_number, whole_number
from api.tables import print_table

if TYPE_CHECKING:
    from api.parser import Commands
    from twin.operations.schedule import ScheduleOutcome

SCHEDULE_HELP = """\
examples:
  qtems schedule hall.yaml                     critical path, floats, P50 and P80 of the end
  qtems schedule hall.yaml --out report        and report/schedule.json, report/schedule.html
  qtems schedule design.ifc                    the tasks of a model; what is not sound in them is mended and told
  qtems schedule plan.xer --conditions risks.yaml --out report
                                               a P6 or MS Project file, with spreads, risks and resources
  qtems schedule design.ifc --progress 2026-04-13=week1/report.json --progress 2026-04-20=week2/report.json
                                               when it is over now, after what two checks saw

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
        "file",
        metavar="FILE",
        type=Path,
        help="the schedule: .yaml (docs/schedule.md), .ifc, MS Project .xml, P6 .xer or .xml",
    )
    schedule.add_argument("--out", metavar="DIR", type=Path, help="folder for schedule.json and schedule.html")
    schedule.add_argument(
        "--conditions", metavar="FILE.yaml", type=Path, help="spreads, risks and resources for a file that has none"
    )
    schedule.add_argument(
        "--progress", metavar="[DATE=]FILE", type=_progress, action="append", default=[],
        help="how far things are: DATE=report.json of a check (several), a .yaml, or 'plan' for what FILE itself says",
    )  # fmt: skip
    schedule.add_argument(
        "--elements", metavar="FILE", type=Path,
        help="which tasks of MS Project or P6 build which elements of the reports: .yaml, .csv (docs/assembly.md)",
    )  # fmt: skip
    schedule.add_argument(
        "--effort", metavar="SECONDS", type=_effort, default=20.0,
        help="what levelling resources may take, the same on every machine (default 20)",
    )  # fmt: skip
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
    from twin.operations.schedule_progress import ProgressSource

    return run_schedule(
        ScheduleRequest(
            file=arguments.file,
            out_dir=arguments.out,
            samples=arguments.samples,
            seed=arguments.seed,
            lang=arguments.lang,
            conditions=arguments.conditions,
            elements=arguments.elements,
            effort=arguments.effort,
            progress=tuple(ProgressSource(path, day) for path, day in arguments.progress),
        )
    )


def print_schedule(outcome: "ScheduleOutcome", stream: TextIO, lang: str, *, quiet: bool = False) -> None:
    """Print the end, the tasks, the risks, and what a planner may want to repair."""
    from api.summary import ResultConsole
    from twin.rehearsal.progress_rows import driver_rows, earned_rows, pace_rows, progress_lines
    from twin.rehearsal.said import Said
    from twin.rehearsal.schedule_rows import end_rows, more_tasks_line, resource_lines, risk_rows, task_rows

    say, console, result = Said(lang), ResultConsole(stream), outcome.result
    if not quiet:
        console.print(result.document.name, style="bold")
        tables = (end_rows, earned_rows, pace_rows, driver_rows, task_rows, risk_rows)
        for heads, rows in (table(result, say) for table in tables):
            print_table(console, heads, rows)
        for line in (*resource_lines(result, say), *progress_lines(result, say)):
            console.print(line, soft_wrap=True)
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


def _progress(text: str) -> tuple[Path, date | None]:
    """Return file and day of ``DATE=FILE`` or ``FILE``."""
    said, mark, file = text.partition("=")
    try:
        return (Path(file), date.fromisoformat(said)) if mark else (Path(text), None)
    except ValueError:
        if said[:1].isdigit():
            raise argparse.ArgumentTypeError(f"{said!r} is no day such as 2026-04-20") from None
        return Path(text), None


def _effort(text: str) -> float:
    return float(whole_number(text, 1, 86_400))


def _samples(text: str) -> int:
    return whole_number(text, 100, 10_000_000)
