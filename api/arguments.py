"""The arguments of the command line: what ``--help`` says and what is refused as bad usage."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from api.administer import add_commands as add_administration
from api.fitup import add_fitup
from api.lengths import parse_length
from api.parser import OneLineParser
from api.predict import add_predict
from api.quality import add_quality
from api.rehearse import add_commands as add_rehearsal
from api.serve import add_commands as add_server_commands
from api.words import WORDS
from geometry.errors import GeometryError

if TYPE_CHECKING:
    from api.parser import Commands

MODEL_SUFFIXES = ".ifc .ifczip .ifcxml .step .stp .stl .obj .ply .glb"
SCAN_SUFFIXES = ".e57 .las .laz .copc.laz .ply .pcd .xyz .txt .csv .asc .pts .ptx"
REPORTS = ("html", "pdf", "xlsx", "bcf", "glb", "cloud", "ply", "html3d")
NOT_IN_ALL = frozenset({"html3d"})
"""What ``all`` leaves out: the 3D folder needs the viewer built, and doubles what is written."""
OTHER_NAMES = {"excel": "xlsx", "laz": "cloud"}
"""What people type for one of ``REPORTS``."""

EXAMPLES = """\
examples:
  qtems check design.ifc site.e57 --out report
      register by itself, judge with the built-in profile;
      writes report/report.json and report/report.html
  qtems check design.ifc a.e57 b.e57 --out report --tolerance 10mm --report all
      two scans in one frame, ±10 mm on every surface, every kind of report
  qtems check design.ifc site.laz --out report --register points.csv
      registered with control points

exit status:
  0  checked, nothing failed
  1  checked, something failed or is missing
  2  bad usage, or an input that cannot be used
  3  registration refused: the reports name the reason and the rival poses
"""


def build_parser(program_version: str) -> argparse.ArgumentParser:
    """Return the parser of the whole command line; ``arguments.command`` is the command's name."""
    parser = OneLineParser(
        prog="qtems",
        description="Decides whether what was built is what was designed: laser scans against IFC models, per element.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"qtems {program_version}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    _add_check(commands)
    _add_standards(commands)
    add_rehearsal(commands)
    add_fitup(commands)
    add_predict(commands)
    add_quality(commands)
    add_server_commands(commands)
    add_administration(commands)
    return parser


def _add_standards(commands: "Commands") -> None:
    parser = commands.add_parser(
        "standards",
        help="list the standards of the catalogue, or the rules of one or of your own file",
        description="Lists the names for --standard with title and edition; with a name, the rules of that standard; "
        "with a file for --tolerances, checks it and lists its rules.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "name", metavar="NAME|FILE.yaml", nargs="*", help="one of the list, such as DIN 18202, or a file of your own"
    )
    _add_lang(parser, "language of titles and rules")
    _add_debug(parser)


def _add_check(commands: "Commands") -> None:
    parser = commands.add_parser(
        "check",
        help="check scans against a model and write reports",
        description="Registers scans to a model; measures and judges every element, with uncertainty.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("model", metavar="MODEL", type=Path, help=f"the design: {MODEL_SUFFIXES}")
    parser.add_argument("scans", metavar="SCAN", type=Path, nargs="+", help=f"scans in one frame: {SCAN_SUFFIXES}")
    parser.add_argument(
        "--out", metavar="DIR", type=_folder, required=True, help="folder for the reports; made if absent"
    )
    _add_debug(parser)
    _add_judging(parser)
    _add_registering(parser)
    _add_reporting(parser)
    _add_working(parser)


def _add_debug(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _add_lang(parser: "argparse._ActionsContainer", text: str) -> None:  # pyright: ignore[reportPrivateUsage]
    parser.add_argument("--lang", choices=sorted(WORDS), default="en", help=text)


def _add_judging(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("judging (default: the built-in profile)").add_mutually_exclusive_group()
    group.add_argument("--tolerance", metavar="LENGTH", type=_length, help="± on every surface: 10mm, 1cm, 3/8in")
    group.add_argument("--standard", metavar="NAME", help="one of the catalogue, listed by: qtems standards")
    group.add_argument("--tolerances", metavar="FILE.yaml", type=Path, help="your own limits, see docs/tolerances.md")


def _add_registering(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("registering")
    group.add_argument(
        "--register",
        metavar="auto|given|FILE",
        default="auto",
        help="auto (default): found by itself, or refused; given: the scan is already in the model's frame; FILE: a "
        "4x4 matrix or control points, see docs/file-formats.md",
    )
    group.add_argument("--seed", metavar="N", type=_count, default=0, help="seed of every random choice (default 0)")


def _add_reporting(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("reporting")
    group.add_argument(
        "--report",
        metavar="LIST",
        type=_reports,
        default=("html",),
        help="what to write beside report.json, comma-separated (default html): html, pdf, xlsx; bcf: issues for BIM "
        "tools, 2.1 and 3.0; glb: the model by verdict; cloud (LAZ), ply: the points with their deviation; html3d: a "
        "folder that shows all of it in 3D without a server; all (but html3d), none",
    )
    _add_lang(group, "language of reports and summary")
    group.add_argument("--quiet", action="store_true", help="no progress: only the final summary, or the error")


def _add_working(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("working")
    group.add_argument("--workers", metavar="N", type=_positive, help="processes and threads (default: all cores)")
    group.add_argument(
        "--max-points",
        metavar="N",
        type=_positive,
        default=30_000_000,
        help="thin a larger scan evenly to at most N points (default 30 million)",
    )
    group.add_argument("--no-cache", action="store_true", help="tessellate the model anew and keep nothing")


def _folder(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("the folder has no name; give one, such as --out report, or . for this one")
    return Path(text)


def _length(text: str) -> float:
    try:
        return parse_length(text)
    except GeometryError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number < 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return number


def _positive(text: str) -> int:
    number = _count(text)
    if number == 0:
        raise argparse.ArgumentTypeError("0 is too few; give 1 or more")
    return number


def _reports(text: str) -> tuple[str, ...]:
    """Return the report formats of a comma-separated list, each once, in the order of ``REPORTS``."""
    typed = {name.strip().lower() for name in text.split(",")} - {"", "json"}
    chosen = {OTHER_NAMES.get(name, name) for name in typed}
    if chosen == {"none"}:
        return ()
    if "all" in chosen:
        chosen = chosen - {"all"} | set(REPORTS) - NOT_IN_ALL
    unknown = sorted(chosen - set(REPORTS))
    if unknown:
        listed = ", ".join(REPORTS)
        raise argparse.ArgumentTypeError(f"unknown report {', '.join(unknown)}; choose from {listed}, all, none")
    return tuple(name for name in REPORTS if name in chosen)
