"""The command line: ``qtems check``, ``standards``, ``stackup``, ``assemble``, ``schedule``, and what runs a server.

Whatever goes wrong ends as one line on stderr that says what and what to do, and as one of the promised exit statuses.
"""

import argparse
import os
import sys
import traceback
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from api.arguments import build_parser
from api.cache import cache_dir
from api.exit_codes import ExitCode
from api.process import Terminated, end_now, end_on_signals, ignore_signals, interruption_behind, prepare_streams
from api.words import WORDS
from geometry.errors import GeometryError
from twin.errors import TwinError
from twin.operations.made_folders import empty_folders_taken_back

if TYPE_CHECKING:
    from api.progress import ProgressView
    from twin.operations.check import CheckRequest


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv
        The arguments after the program's name; None takes them from ``sys.argv``.
    """
    given = sys.argv[1:] if argv is None else argv
    try:
        prepare_streams()
        arguments = build_parser(version("qtems")).parse_args(given)
        end_on_signals()
        if not arguments.debug:
            warnings.simplefilter("ignore")
        with empty_folders_taken_back(getattr(arguments, "out", None)):
            code = COMMANDS[arguments.command](arguments)
        if argv is None:  # all is done and said; python only takes itself down
            ignore_signals()
        return code
    except (SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # pyo3's PanicException, raised by Rust decoders, is no Exception
        if argv is None:  # the process is ours, and about to end
            ignore_signals()
        debug = "--debug" in given
        if debug:
            traceback.print_exc()
        cause = interruption_behind(error)
        code, text = explain(cause)
        text = _in_language(text, given)
        _say(code, text if debug or not _is_unexpected(cause) else f"{text}; --debug shows where")
        if argv is None and isinstance(cause, (KeyboardInterrupt, Terminated)):
            end_now(code)
        return code


def explain(error: BaseException) -> tuple[ExitCode, str]:
    """Return the exit status for an error and the line that says what happened and what to do."""
    match error:
        case GeometryError() | TwinError():
            return ExitCode.UNUSABLE, str(error)
        case KeyboardInterrupt():
            return ExitCode.INTERRUPTED, "stopped by Ctrl-C. No unfinished report was left behind"
        case Terminated():
            name = error.args[0] if error.args else "SIGTERM"
            return ExitCode.TERMINATED, f"stopped by {name}. No unfinished report was left behind"
        case MemoryError():
            return (
                ExitCode.UNUSABLE,
                "not enough memory. Ask for less (--max-points, --samples) or close other programs",
            )
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            return ExitCode.UNUSABLE, f"{place}{error.strerror or error}. Check the path, permissions and free space"
        case _:
            return ExitCode.UNUSABLE, f"internal error, please report it: {type(error).__name__}: {error}"


def _in_language(text: str, given: Sequence[str]) -> str:
    """Return a line in the language that was asked for; in English where the catalogue does not have it."""
    asked = "--lang=zh" in given or ("--lang", "zh") in pairwise(given)
    if not asked:
        return text
    from api.in_chinese import in_chinese

    return in_chinese(text) or text


def _is_unexpected(error: BaseException) -> bool:
    return not isinstance(error, (GeometryError, TwinError, KeyboardInterrupt, Terminated, MemoryError, OSError))


def run_check_command(arguments: argparse.Namespace) -> int:
    """Run ``qtems check``: check, write the reports, print the summary."""
    from twin.operations.check import run_check

    with _progress_view(arguments) as view:
        outcome = run_check(_request(arguments), progress=view)
    from api.summary import print_summary, refusal_line, removed_line
    from geometry.registration.result import RegistrationStatus
    from twin.report.palette import needs_action

    if outcome.result.registration.status is RegistrationStatus.REFUSED:
        report = arguments.out / "report.json"
        line = refusal_line(outcome.result.registration, report, lang=arguments.lang)
        removed = removed_line(outcome, lang=arguments.lang)
        return _say(ExitCode.REFUSED, f"{line}. {removed}" if removed else line)
    with _reader_may_leave():
        print_summary(outcome, sys.stdout, lang=arguments.lang)
    return ExitCode.FAILED if any(map(needs_action, outcome.result.elements)) else ExitCode.CONFORMS


def run_standards(arguments: argparse.Namespace) -> int:
    """Run ``qtems standards``: list the catalogue, or print the rules of one of its standards or of a file."""
    from api.standards import print_rules, print_standards

    with _reader_may_leave():
        if arguments.name:
            print_rules(" ".join(arguments.name), sys.stdout, lang=arguments.lang)
        else:
            print_standards(sys.stdout, lang=arguments.lang)
    return ExitCode.CONFORMS


def run_rehearsal(arguments: argparse.Namespace) -> int:
    """Run ``qtems stackup``, ``qtems assemble``, ``qtems schedule`` or ``qtems simulate``."""
    from api import rehearse

    if arguments.command == "schedule":
        from api import schedule

        planned = schedule.run_schedule_command(arguments)
        with _reader_may_leave():
            schedule.print_schedule(planned, sys.stdout, arguments.lang, quiet=arguments.quiet)
        return ExitCode.CONFORMS
    if arguments.command == "simulate":
        from api import simulate

        simulated = simulate.run_simulate_command(arguments)
        with _reader_may_leave():
            simulate.print_simulation(simulated, sys.stdout, arguments.lang)
        return simulate.simulate_status(simulated)
    if arguments.command == "assemble":
        from api import assemble

        with _progress_view(arguments) as view:
            found = assemble.run_assemble_command(arguments, None if arguments.no_cache else cache_dir(), view)
        with _reader_may_leave():
            assemble.print_assembly(found, sys.stdout, arguments.lang)
        return assemble.assembly_status(found)
    outcome = rehearse.run_stackup_command(arguments)
    with _reader_may_leave():
        rehearse.print_stackup(outcome, sys.stdout, arguments.lang, quiet=arguments.quiet)
    return rehearse.status_of(outcome)


def run_fitup_command(arguments: argparse.Namespace) -> int:
    """Run ``qtems fitup``."""
    from api import fitup

    outcome = fitup.run_fitup_command(arguments)
    with _reader_may_leave():
        fitup.print_fitup(outcome, sys.stdout, arguments.lang)
    return fitup.fitup_status(outcome)


def run_predict_command(arguments: argparse.Namespace) -> int:
    """Run ``qtems predict``."""
    from api import predict

    outcome = predict.run_predict_command(arguments)
    with _reader_may_leave():
        predict.print_predict(outcome, sys.stdout, arguments.lang, quiet=arguments.quiet)
    return ExitCode.CONFORMS


def run_quality_command(arguments: argparse.Namespace) -> int:
    """Run ``qtems quality``."""
    from api import quality

    outcome = quality.run_quality_command(arguments)
    with _reader_may_leave():
        quality.print_quality(outcome, sys.stdout, arguments.lang, quiet=arguments.quiet)
    return quality.quality_status(outcome)


def run_server(arguments: argparse.Namespace) -> int:
    """Run ``qtems serve``, ``qtems worker`` or ``qtems password``."""
    from api import serve

    commands = {"serve": serve.run_serve, "worker": serve.run_worker, "password": serve.run_password}
    return commands[arguments.command](arguments)


def run_administration(arguments: argparse.Namespace) -> int:
    """Run ``qtems database`` or ``qtems audit``."""
    from api import administer

    return administer.run_audit(arguments) if arguments.command == "audit" else administer.run_database(arguments)


COMMANDS = {
    "check": run_check_command, "standards": run_standards, "stackup": run_rehearsal,
    "assemble": run_rehearsal, "schedule": run_rehearsal, "simulate": run_rehearsal, "fitup": run_fitup_command,
    "predict": run_predict_command, "quality": run_quality_command,
    "serve": run_server, "worker": run_server, "password": run_server,
    "database": run_administration, "audit": run_administration,
}  # fmt: skip


def _request(arguments: argparse.Namespace) -> "CheckRequest":
    from twin.operations.check import CheckRequest

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
        viewer=Path(__file__).parent / "static" / "folder",
    )


def _progress_view(arguments: argparse.Namespace) -> "ProgressView":
    from api.progress import PlainProgress, SilentProgress, TerminalProgress

    if arguments.quiet:
        return SilentProgress()
    words = WORDS[arguments.lang]
    if arguments.command == "assemble":
        words = {**words, "measuring": words["clashing"], "registering": words["ordering"]}
    return TerminalProgress(words) if sys.stderr.isatty() else PlainProgress(words, sys.stderr)


@contextmanager
def _reader_may_leave() -> Generator[None]:
    """Print to stdout; that its reader has gone, as in ``qtems standards | head -1``, changes no exit status."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered must go somewhere, or python complains when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(code: ExitCode, text: str) -> ExitCode:
    """Print why the command ends, as one line, and return its exit status.

    Names of files may hold what a terminal would obey: it is shown as a question mark.
    """
    line = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    with suppress(OSError):  # the reader or the terminal may have gone
        sys.stdout.flush()
        print(f"qtems: {line}", file=sys.stderr, flush=True)
    return code
