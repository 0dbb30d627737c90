"""The command line: ``qtems check`` and ``qtems standards``."""

import argparse
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from api.exit_codes import ExitCode
from api.lengths import parse_length
from api.words import WORDS
from geometry.errors import GeometryError

if TYPE_CHECKING:
    from api.progress import ProgressView
    from twin.operations import CheckRequest

MODEL_SUFFIXES = ".ifc .ifczip .ifcxml .stl .obj .ply .glb"
SCAN_SUFFIXES = ".e57 .las .laz .copc.laz .ply .pcd .xyz .pts .ptx"
REPORTS = ("html", "pdf", "xlsx", "bcf", "glb")

EXAMPLES = """\
examples:
  qtems check design.ifc site.e57 --out report
      register by itself, judge with the built-in profile, write report/report.json and report/report.html
  qtems check design.ifc a.e57 b.e57 --out report --tolerance 10mm --report html,pdf,bcf
      two scans in one frame, one tolerance of ±10 mm on every surface
  qtems check design.ifc site.laz --out report --register points.csv --standard "DIN 18202"
      registered with control points, judged under one standard (qtems standards lists them)

exit status:
  0 checked, nothing failed       1 checked, something failed or is missing
  2 bad usage or unusable input   3 registration refused: report.json names the reason and the rival poses
"""


class Terminated(BaseException):
    """SIGTERM arrived; not an Exception, so that nothing on the way swallows it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv
        The arguments after the program's name; None takes them from ``sys.argv``.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show ± or 中文 must not end a check that took minutes.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    arguments = build_parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _terminate)
    if not arguments.debug:
        warnings.simplefilter("ignore")
    try:
        return arguments.run(arguments)
    except GeometryError as error:
        return _say(ExitCode.UNUSABLE, str(error), arguments)
    except KeyboardInterrupt:
        return _say(ExitCode.INTERRUPTED, "stopped by Ctrl-C. No unfinished report was left behind", arguments)
    except Terminated:
        return _say(ExitCode.TERMINATED, "stopped by SIGTERM. No unfinished report was left behind", arguments)
    except BrokenPipeError:
        # Whoever read the output has gone, as in `qtems standards | head`; python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.CONFORMS
    except MemoryError:
        return _say(
            ExitCode.UNUSABLE, "not enough memory. Read fewer points with --max-points, or close programs", arguments
        )
    except OSError as error:
        return _say(
            ExitCode.UNUSABLE, f"{_os_error(error)}. Check the path, its permissions and the free space", arguments
        )
    except BaseException as error:
        # pyo3's PanicException, raised by Rust decoders, is a BaseException.
        if isinstance(error, (SystemExit, GeneratorExit)):
            raise
        hint = "" if arguments.debug else "; run again with --debug for the details and report it"
        return _say(ExitCode.UNUSABLE, f"internal error, {type(error).__name__}: {error}{hint}", arguments)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="qtems",
        description="Decides whether what was built is what was designed: laser scans against IFC models, per element.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"qtems {version('qtems')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_check(commands)
    standards = commands.add_parser("standards", help="list the tolerance catalogue", allow_abbrev=False)
    standards.add_argument("--debug", action="store_true", help="show the traceback of an unexpected error")
    standards.set_defaults(run=run_standards)
    return parser


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "check",
        help="check scans against a model and write reports",
        description="Registers the scans to the model, measures every element and judges it with its uncertainty.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run_check_command)
    parser.add_argument("model", metavar="MODEL", type=Path, help=f"the design: {MODEL_SUFFIXES}")
    parser.add_argument(
        "scans", metavar="SCAN", type=Path, nargs="+", help=f"scans in one common frame: {SCAN_SUFFIXES}"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="folder for the reports; made when absent"
    )

    judging = parser.add_argument_group("judging (default: the built-in profile)").add_mutually_exclusive_group()
    judging.add_argument(
        "--tolerance", metavar="LENGTH", type=_length, help="± on every surface, such as 10mm, 1cm, 3/8in"
    )
    judging.add_argument("--standard", metavar="NAME", help="a standard of the catalogue; qtems standards lists them")
    judging.add_argument(
        "--tolerances", metavar="FILE.yaml", type=Path, help="your own tolerances, see docs/standards.md"
    )

    registering = parser.add_argument_group("registering")
    registering.add_argument(
        "--register",
        metavar="auto|given|FILE",
        default="auto",
        help="auto (default): found by itself, or refused; given: the scan is already in the model's frame; FILE: a "
        "4x4 matrix or control points",
    )
    registering.add_argument(
        "--seed", metavar="N", type=_count, default=0, help="seed of every random choice (default 0)"
    )

    reporting = parser.add_argument_group("reporting")
    reporting.add_argument(
        "--report",
        metavar="LIST",
        type=_reports,
        default=("html",),
        help=f"comma-separated: {','.join(REPORTS)}, all or none (default html); report.json is always written",
    )
    reporting.add_argument("--lang", choices=sorted(WORDS), default="en", help="language of reports and summary")
    reporting.add_argument("--quiet", action="store_true", help="no progress: only the final summary, or the error")
    reporting.add_argument("--debug", action="store_true", help="show the traceback of an unexpected error")

    working = parser.add_argument_group("working")
    working.add_argument(
        "--workers", metavar="N", type=_positive, help="processes and threads (default: every usable core)"
    )
    working.add_argument(
        "--max-points", metavar="N", type=_positive, help="thin a larger scan evenly to about N points"
    )
    working.add_argument("--no-cache", action="store_true", help="tessellate the model anew and keep nothing")


def run_check_command(arguments: argparse.Namespace) -> int:
    """Run ``qtems check``: check, write the reports, print the summary."""
    from api.summary import is_failing, print_summary
    from geometry.registration.result import RegistrationStatus
    from twin.operations import run_check

    with _progress_view(arguments) as view:
        outcome = run_check(_request(arguments), progress=view)
    found = outcome.result.registration
    if found.status is RegistrationStatus.REFUSED:
        report = next((path for path in outcome.files if path.name == "report.json"), arguments.out)
        return _say(ExitCode.REFUSED, f"registration refused ({found.reason}): {found.detail} ({report})", arguments)
    print_summary(outcome, sys.stdout, lang=arguments.lang)
    return ExitCode.FAILED if any(map(is_failing, outcome.result.elements)) else ExitCode.CONFORMS


def run_standards(arguments: argparse.Namespace) -> int:
    """Run ``qtems standards``: print the names of the catalogue, one a line."""
    from geometry.tolerance import standard_names

    sys.stdout.write("".join(f"{name}\n" for name in standard_names()))
    sys.stdout.flush()
    return ExitCode.CONFORMS


def _request(arguments: argparse.Namespace) -> "CheckRequest":
    from twin.operations import CheckRequest

    return CheckRequest(
        model=arguments.model,
        scans=tuple(arguments.scans),
        out_dir=arguments.out,
        surface_tolerance_m=arguments.tolerance,
        standard=arguments.standard,
        tolerance_file=arguments.tolerances,
        registration=arguments.register,
        formats=arguments.report,
        seed=arguments.seed,
        lang=arguments.lang,
        workers=arguments.workers,
        max_points=arguments.max_points,
        cache_dir=None if arguments.no_cache else cache_dir(),
    )


def cache_dir() -> Path:
    """Return where tessellated models are kept: ``QTEMS_CACHE_DIR``, else the user's cache folder."""
    chosen = os.environ.get("QTEMS_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(chosen) if chosen else (Path(base) if base else Path.home() / ".cache") / "qtems"


def _progress_view(arguments: argparse.Namespace) -> "ProgressView":
    from api.progress import PlainProgress, SilentProgress, TerminalProgress

    if arguments.quiet:
        return SilentProgress()
    if sys.stderr.isatty():
        return TerminalProgress(WORDS[arguments.lang])
    return PlainProgress(WORDS[arguments.lang], sys.stderr)


def _say(code: ExitCode, text: str, arguments: argparse.Namespace) -> int:
    """Print why the command ends, as one line, and return its exit status."""
    if arguments.debug and sys.exc_info()[0] is not None:
        traceback.print_exc()
    sys.stdout.flush()
    print(f"qtems: {' '.join(text.split())}", file=sys.stderr, flush=True)
    return code


def _os_error(error: OSError) -> str:
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{error.strerror or error}"


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated


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
    chosen = {name.strip().lower() for name in text.split(",")} - {"", "json"}
    if chosen == {"none"}:
        return ()
    if chosen == {"all"}:
        return REPORTS
    unknown = sorted(chosen - set(REPORTS))
    if unknown:
        raise argparse.ArgumentTypeError(
            f"unknown report {', '.join(unknown)}; choose from {', '.join(REPORTS)}, all, none"
        )
    return tuple(name for name in REPORTS if name in chosen)


if __name__ == "__main__":
    raise SystemExit(main())
