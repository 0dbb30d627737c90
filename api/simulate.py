"""``qtems simulate``: a process line, rehearsed before it runs."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from api.exit_codes import ExitCode
from api.numbers import number_above, seed_number, whole_number
from api.tables import print_table

if TYPE_CHECKING:
    from api.parser import Commands
    from api.summary import ResultConsole
    from twin.operations.flow import FlowOutcome, FlowRequest, Progress
    from twin.operations.line_choice import ChoiceOutcome
    from twin.rehearsal.said import Said

HELP = """\
examples:
  qtems simulate line.yaml                     throughput, stock, lead time, stations, defects on the screen
  qtems simulate line.yaml --out report        and report/simulate.json, simulate.html,
                                               events.parquet, keyframes.json
  qtems simulate today.yaml --compare new.yaml what changes, on the same random numbers
  qtems simulate a.yaml --among b.yaml c.yaml --most throughput --worth 0.5
                                               which of them ships the most, with as many runs as that needs
  qtems simulate line.yaml --replications 50 --workers 2

exit status: 0 simulated; 1 simulated, but the precision that the file asks for is not reached, or it is still open
which line is the best; 2 bad usage or file
"""


def add_simulate(add: "Commands") -> None:
    """Add the command to the command line."""
    simulate = add.add_parser(
        "simulate",
        help="simulate a process line: throughput, stock, lead time, where defects escape",
        description="Says what a line ships, how long that takes, what holds it up, and which defects leave it.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    simulate.add_argument("file", metavar="LINE.yaml", type=Path, help="the line (docs/simulate.md)")
    simulate.add_argument("--compare", metavar="OTHER.yaml", type=Path, help="another line, on the same random numbers")
    simulate.add_argument(
        "--among",
        metavar="OTHER.yaml",
        type=Path,
        nargs="+",
        default=(),
        help="which of these and LINE is best",
    )
    best = simulate.add_mutually_exclusive_group()
    best.add_argument("--most", metavar="FIGURE", help="best is the most of: throughput, yield, STATION.first_pass, …")
    best.add_argument("--least", metavar="FIGURE", help="best is the least of: lead_time, wip, cost, defective, …")
    simulate.add_argument("--worth", metavar="X", type=_worth, help="smallest difference that matters")
    simulate.add_argument(
        "--confidence", metavar="P", type=_confidence, default=0.95, help="that the choice is right (default 0.95)"
    )
    simulate.add_argument("--out", metavar="DIR", type=Path, help="folder for simulate.json, simulate.html, the log")
    simulate.add_argument("--replications", metavar="N", type=_runs, help="runs; default: what the file says")
    simulate.add_argument(
        "--seed", metavar="N", type=seed_number, default=0, help="start of the random numbers (default 0)"
    )
    simulate.add_argument("--workers", metavar="N", type=_workers, help="processes; default: as many as pay")
    simulate.add_argument("--dask", action="store_true", help="run on a dask cluster of this machine (extra 'dask')")
    simulate.add_argument(
        "--log", metavar="csv,ocel", type=_logs, default=(), help="the event log as CSV, as OCEL 2.0 JSON, too"
    )
    simulate.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the report (default en)")
    simulate.add_argument("--quiet", action="store_true", help="print no progress")
    simulate.add_argument("--debug", action="store_true", help="show the traceback of an error")


def run_simulate_command(arguments: argparse.Namespace) -> "FlowOutcome | ChoiceOutcome":
    """Simulate what ``qtems simulate`` was given and write its reports."""
    from twin.errors import Invalid
    from twin.operations.flow import FlowRequest, run_flow

    request = FlowRequest(
        file=arguments.file,
        compare=arguments.compare,
        out_dir=arguments.out,
        replications=arguments.replications,
        seed=arguments.seed,
        workers=arguments.workers,
        backend="dask" if arguments.dask else "processes",
        lang=arguments.lang,
        logs=arguments.log,
    )
    progress = None if arguments.quiet else _progress(sys.stderr)
    if arguments.among:
        return _chosen(arguments, request, progress)
    if arguments.most or arguments.least or arguments.worth:
        raise Invalid("--most, --least and --worth choose among lines: name the others with --among")
    return run_flow(request, progress)


def _chosen(arguments: argparse.Namespace, request: "FlowRequest", progress: "Progress | None") -> "ChoiceOutcome":
    from simulation.flow.choice import Wanted
    from twin.errors import Invalid
    from twin.operations.line_choice import ChoiceRequest, run_choice

    figure = arguments.most or arguments.least
    if figure is None or arguments.worth is None:
        text = "--among needs what is best (--most FIGURE or --least FIGURE) and the smallest difference that matters"
        raise Invalid(f"{text} (--worth X)")
    if arguments.compare is not None or arguments.log:
        raise Invalid("--compare and --log are of one or two lines: leave them out with --among")
    wanted = Wanted(figure, arguments.most is not None, arguments.worth, arguments.confidence)
    if arguments.replications is not None:
        wanted = replace(wanted, most=arguments.replications)
        request = replace(request, replications=None)
    return run_choice(ChoiceRequest(request, tuple(arguments.among), wanted), progress)


def simulate_status(outcome: "FlowOutcome | ChoiceOutcome") -> ExitCode:
    """Return the exit status: a precision that was asked for and not reached is said."""
    return ExitCode.FAILED if outcome.needs_action else ExitCode.CONFORMS


def print_simulation(outcome: "FlowOutcome | ChoiceOutcome", stream: TextIO, lang: str) -> None:
    """Print the line's figures, its stations, its defects, and what they rest on; or which line was chosen."""
    from api.summary import ResultConsole
    from twin.operations.line_choice import ChoiceOutcome
    from twin.rehearsal import flow_rows
    from twin.rehearsal.said import Said

    say, console = Said(lang), ResultConsole(stream)
    if isinstance(outcome, ChoiceOutcome):
        _print_choice(outcome, say, console)
        return
    result = outcome.result
    console.print(result.document.line.name, style="bold")
    console.print(flow_rows.made_of_line(result, say), soft_wrap=True)
    rows = (flow_rows.figure_rows, flow_rows.station_rows, flow_rows.resource_rows, flow_rows.inspection_rows)
    for of in (*rows, flow_rows.defect_rows, flow_rows.placement_rows):
        print_table(console, *of(result, say))
    console.print(flow_rows.bottleneck_line(result, say), soft_wrap=True)
    if outcome.other is not None:
        print_table(console, *flow_rows.comparison_rows(result, outcome.other, say))
    for note in result.document.notes:
        console.print(f"- {say.note(note)}", soft_wrap=True)
    for path in outcome.files:
        console.print(str(path), soft_wrap=True)


def _print_choice(outcome: "ChoiceOutcome", say: "Said", console: "ResultConsole") -> None:
    from twin.rehearsal.choice_page import choice_lines, choice_rows

    first, *others = choice_lines(outcome.result, say)
    console.print(first, style="bold", soft_wrap=True)
    print_table(console, *choice_rows(outcome.result, say))
    for line in (*others, *map(str, outcome.files)):
        console.print(line, soft_wrap=True)


def _progress(stream: TextIO) -> "Progress | None":
    """Return what tells how far the runs are, on a terminal only."""
    if not stream.isatty():
        return None

    def tell(done: int, most: int) -> None:
        end = "\n" if done >= most else ""
        print(f"\r{done}/{most}", end=end, file=stream, flush=True)

    return tell


def _logs(text: str) -> tuple[str, ...]:
    asked = tuple(word.strip() for word in text.split(","))
    if not all(word in ("csv", "ocel") for word in asked):
        raise argparse.ArgumentTypeError(f"{text!r} is none of csv, ocel; several are separated by commas")
    return asked


def _runs(text: str) -> int:
    return whole_number(text, 2, 100_000)


def _worth(text: str) -> float:
    return number_above(text, 0.0)


def _confidence(text: str) -> float:
    return number_above(text, 0.5, 1.0)


def _workers(text: str) -> int:
    return whole_number(text, 1, 1024)
