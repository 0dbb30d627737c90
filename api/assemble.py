"""``qtems assemble``: whether the parts of a model are in each other's way."""

import argparse
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from api.exit_codes import ExitCode
from api.numbers import length, seed_number, whole_number, worker_count
from api.tables import print_table

if TYPE_CHECKING:
    from api.parser import Commands
    from twin.operations.assembly import AssemblyOutcome
    from twin.operations.assembly_order import OrderRequest
    from twin.operations.assembly_tasks import TasksRequest
    from twin.operations.check import StepProgress

ASSEMBLE_HELP = """\
examples:
  qtems assemble design.ifc --out report       what overlaps, is enclosed, pierced or drawn twice
  qtems assemble design.ifc --out report --clearance 50mm
                                               and what is nearer than 50 mm
  qtems assemble design.ifc --out report --access access.yaml
                                               and what stands in the room that doors and valves need
  qtems assemble design.ifc --out report --position 5mm
                                               how probable, where places are good to 5 mm (standard deviation)
  qtems assemble design.ifc --out report --as-built check/report.json
                                               what is not built yet against what was measured
  qtems assemble design.ifc --out report --as-built-shape 2O2Fr$t4X7Zf8NOew3FLOH=column.ply
                                               and with the points or the mesh of a scan in place of a part

  qtems assemble design.ifc --out report --in-time
                                               only among what is there at the same time, by the model's tasks
  qtems assemble design.ifc --out report --at 2026-03-10
                                               and the situation on a day
  qtems assemble design.ifc --out report --in-time --schedule plan.xer --elements who.yaml
                                               the same by the tasks of a planning program

  qtems assemble design.ifc --out report --order
                                               and in which order it goes together
  qtems assemble design.ifc --out report --sequence order.yaml
                                               and whether the order in the file works, and where not
  qtems assemble design.ifc --out report --tasks --insertion 3m
                                               the same of the model's own tasks; parts are moved 3 m

exit status: 0 nothing clashes and the order works; 1 something clashes, does not go together so, or could not be
looked at; 2 bad usage or file
"""


def add_assemble(add: "Commands") -> None:
    """Add the command to the command line."""
    assemble = add.add_parser(
        "assemble",
        help="look for clashes in a model: by shared volume, enclosed parts and duplicates included",
        description="Says which parts of a model are in each other's way, how and how deeply.",
        epilog=ASSEMBLE_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    assemble.add_argument("model", metavar="MODEL", type=Path, help="the design: .ifc .step .stp .glb ... (docs)")
    assemble.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for assembly.json")
    assemble.add_argument(
        "--touch", metavar="LENGTH", type=length, default=1e-4, help="overlaps no deeper are touching (default 0.1mm)"
    )
    assemble.add_argument(
        "--clearance", metavar="LENGTH", type=length, default=0.0, help="parts have to stay apart by it (default 0mm)"
    )
    assemble.add_argument(
        "--access", metavar="FILE.yaml", type=Path,
        help="space that has to be free on a side of elements: before doors, above valves (docs/assembly.md)",
    )  # fmt: skip
    _add_places(assemble)
    assemble.add_argument(
        "--confidence", metavar="SHARE", type=_confidence, default=0.95,
        help="probability from which it is a clash, and below 1 less it is none (default 0.95)",
    )  # fmt: skip
    assemble.add_argument(
        "--seed", metavar="N", type=seed_number, default=0, help="start of the random numbers (default 0)"
    )
    _add_times(assemble)
    _add_order(assemble)
    assemble.add_argument(
        "--report", metavar="LIST", type=_reports, default=("html",),
        help="json, html, bcf, glb, gif (a film of the order), separated by commas; assembly.json is always written "
        "(default json,html)",
    )  # fmt: skip
    assemble.add_argument("--workers", metavar="N", type=worker_count, help="processes; default: all that may be used")
    assemble.add_argument("--lang", choices=("en", "zh"), default="en", help="language of what is printed (default en)")
    assemble.add_argument("--quiet", action="store_true", help="print no progress")
    assemble.add_argument("--no-cache", action="store_true", help="tessellate anew, keep nothing")
    assemble.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _add_places(assemble: argparse.ArgumentParser) -> None:
    """Add what says where elements really are, and how sure that is."""
    assemble.add_argument(
        "--position", metavar="LENGTH|FILE.yaml", type=_position,
        help="standard deviation of where elements are, or a file with those of classes (docs/assembly.md)",
    )  # fmt: skip
    assemble.add_argument(
        "--as-built", metavar="REPORT.json", type=Path, help="a check of this model: measured places replace designed"
    )
    assemble.add_argument(
        "--as-built-shape", metavar="GLOBALID=FILE", action="append", default=[],
        help="a part as scanned, mesh or points in the design frame; or a folder of such files, or a .yaml; may repeat",
    )  # fmt: skip
    assemble.add_argument(
        "--shape-noise", metavar="LENGTH", type=_perhaps_nothing,
        help="standard deviation of a point of those (default 0mm: exact)",
    )  # fmt: skip
    assemble.add_argument(
        "--unseen", metavar="LENGTH", type=_perhaps_nothing,
        help="standard deviation of what the check did not see of a measured element; 0mm: as designed (default 50mm)",
    )  # fmt: skip


def _add_times(assemble: argparse.ArgumentParser) -> None:
    """Add what says when they are there."""
    assemble.add_argument(
        "--in-time", action="store_true",
        help="only among what the model's tasks (IfcTask) have there at the same time: 4D, temporary works included",
    )  # fmt: skip
    assemble.add_argument(
        "--schedule", metavar="FILE", type=Path,
        help="with --in-time, --at or --tasks: tasks of MS Project (.xml), P6 (.xer, .xml) or .yaml, not the model's",
    )  # fmt: skip
    assemble.add_argument(
        "--elements", metavar="FILE", type=Path,
        help="which of those tasks builds which elements: .yaml, .csv (docs/assembly.md); default: by their names",
    )  # fmt: skip
    assemble.add_argument("--at", metavar="DAY", type=_day, help="the same on one day, such as 2026-03-01")


def _add_order(assemble: argparse.ArgumentParser) -> None:
    order = assemble.add_argument_group("order")
    order.add_argument("--order", action="store_true", help="look for an order in which the parts go together")
    order.add_argument(
        "--sequence", metavar="FILE", type=Path,
        help="judge the order in a file, or keep the rules in it: .yaml, .csv, .txt, .json (docs/assembly.md)",
    )  # fmt: skip
    order.add_argument("--tasks", action="store_true", help="judge the order of the model's tasks (IfcTask)")
    order.add_argument(
        "--insertion", metavar="LENGTH", type=_distance, help="how far parts are moved; default: out of the whole model"
    )
    order.add_argument("--best", metavar="N", type=_orders, help="so many orders, the best first (default 1)")


def _order(arguments: argparse.Namespace) -> "OrderRequest | None":
    """Return what is asked about the order; None where nothing is."""
    from twin.errors import Invalid
    from twin.operations.assembly_order import OrderRequest

    if not (arguments.order or arguments.sequence is not None or arguments.tasks):
        if arguments.insertion is not None or arguments.best is not None:
            raise Invalid("--insertion and --best are about an order: add --order, --sequence FILE or --tasks")
        return None
    return OrderRequest(arguments.sequence, arguments.tasks, arguments.insertion, arguments.best or 1)


def _tasks(arguments: argparse.Namespace) -> "TasksRequest | None":
    """Return whose tasks count; None: the model's own."""
    from twin.errors import Invalid
    from twin.operations.assembly_tasks import TasksRequest

    if arguments.schedule is None:
        if arguments.elements is not None:
            raise Invalid("--elements says what the tasks of --schedule FILE build: add that")
        return None
    if not (arguments.in_time or arguments.at is not None or arguments.tasks):
        raise Invalid("--schedule is about when elements come: add --in-time, --at DAY or --tasks")
    return TasksRequest(arguments.schedule, arguments.elements)


def run_assemble_command(
    arguments: argparse.Namespace, cache_dir: Path | None, progress: "StepProgress"
) -> "AssemblyOutcome":
    """Look for clashes in what ``qtems assemble`` was given and write the reports."""
    from twin.errors import Invalid
    from twin.operations.assembly import AssemblyRequest, run_assembly

    if "gif" in arguments.report and not (arguments.order or arguments.sequence is not None or arguments.tasks):
        raise Invalid(
            "gif is a film of an order: add --order, --sequence FILE or --tasks, or leave gif out of --report"
        )
    if arguments.unseen is not None and arguments.as_built is None and not arguments.as_built_shape:
        raise Invalid("--unseen is about what a check did not see: add --as-built REPORT.json")
    if arguments.shape_noise is not None and not arguments.as_built_shape:
        raise Invalid("--shape-noise is about scanned parts: add --as-built-shape GLOBALID=FILE")
    request = AssemblyRequest(
        model=arguments.model,
        out_dir=arguments.out,
        touch_tolerance_m=arguments.touch,
        clearance_m=arguments.clearance,
        position_sd_m=arguments.position if isinstance(arguments.position, float) else None,
        position_file=arguments.position if isinstance(arguments.position, Path) else None,
        as_built=arguments.as_built,
        unseen_sd_m=0.05 if arguments.unseen is None else arguments.unseen,
        shapes=tuple(arguments.as_built_shape),
        shape_noise_m=arguments.shape_noise or 0.0,
        confidence=arguments.confidence,
        seed=arguments.seed,
        order=_order(arguments),
        in_time=arguments.in_time or arguments.at is not None,
        at=arguments.at,
        access=arguments.access,
        tasks=_tasks(arguments),
        reports=arguments.report,
        lang=arguments.lang,
        workers=arguments.workers,
        cache_dir=cache_dir,
    )
    return run_assembly(request, progress=progress)


def assembly_status(outcome: "AssemblyOutcome") -> ExitCode:
    """Return the exit status: what was not looked at is not free of clashes."""
    return ExitCode.FAILED if outcome.needs_action else ExitCode.CONFORMS


def print_assembly(outcome: "AssemblyOutcome", stream: TextIO, lang: str) -> None:
    """Print how many of each kind, the deepest, and what nothing can be said of."""
    from api.summary import ResultConsole
    from twin.operations.assembly import JSON_FILE
    from twin.rehearsal.access_rows import space_lines
    from twin.rehearsal.assembly_rows import (
        clash_rows,
        count_rows,
        decision_lines,
        shown_line,
        time_lines,
        time_rows,
        unchecked_line,
    )
    from twin.rehearsal.said import Said
    from twin.rehearsal.shape_rows import shape_lines

    say, console = Said(lang), ResultConsole(stream)
    for heads, rows in (count_rows(outcome.study, say), clash_rows(outcome.study, outcome.design, say)):
        print_table(console, heads, rows)
    if more := shown_line(outcome.study, JSON_FILE, say):
        console.print(more, soft_wrap=True)
    for line in shape_lines(outcome.study, outcome.design, say):
        console.print(line, soft_wrap=True)
    for line in decision_lines(outcome.study, say) + space_lines(outcome.study, outcome.design, say):
        console.print(line, soft_wrap=True)
    for line in time_lines(outcome.timed, outcome.design, say):
        console.print(line, soft_wrap=True)
    print_table(console, *time_rows(outcome.timed, outcome.design, say))
    if outcome.study.unchecked:
        console.print(unchecked_line(outcome.study, outcome.design, say), soft_wrap=True)
    if outcome.order is not None:
        from twin.rehearsal.order_rows import blocked_rows, move_rows, order_lines, step_rows
        from twin.rehearsal.people_rows import people_rows

        for heads, rows in (table(outcome.order, say) for table in (step_rows, move_rows, blocked_rows, people_rows)):
            print_table(console, heads, rows)
        for line in order_lines(outcome.order, say):
            console.print(line, soft_wrap=True)
    for path in outcome.files:
        console.print(str(path), soft_wrap=True)


def _position(text: str) -> float | Path:
    """Return a length, metres, or the path of a file."""
    return Path(text) if Path(text).suffix.lower() in (".yaml", ".yml") else length(text)


def _perhaps_nothing(text: str) -> float:
    """Return a length, metres; 0 is one."""
    return 0.0 if text.strip() in ("0", "0mm", "0m", "0cm") else length(text)


def _reports(text: str) -> tuple[str, ...]:
    words = [word.strip().lower() for word in text.split(",")]
    unknown = [word for word in words if word not in ("json", "html", "bcf", "glb", "gif")]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of json, html, bcf, glb, gif")
    return tuple(dict.fromkeys(words))


def _distance(text: str) -> float:
    """Return a way, metres: a number and its unit, such as 500mm or 3m."""
    told = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(mm|cm|m)\s*", text)
    way = float(told[1]) * {"mm": 1e-3, "cm": 1e-2, "m": 1.0}[told[2]] if told else 0.0
    if not 0.0 < way <= 1e4:
        raise argparse.ArgumentTypeError(f"{text!r} is no way from above 0 to 10 km with its unit, such as 3m or 500mm")
    return way


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day, such as 2026-03-01") from None


def _orders(text: str) -> int:
    return whole_number(text, 1, 100)


def _confidence(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0.5 < share < 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no share between 0.5 and 1, such as 0.95")
    return share
