"""How commands end: status, the one line on stderr, nothing else; the pipeline itself is replaced by its outcome."""

import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from api import cli
from api.cache import cache_dir
from api.exit_codes import ExitCode
from geometry.errors import EmptyInput, GeometryError, ReadError
from geometry.registration.result import RegistrationStatus
from geometry.verdict import State
from twin.operations.check import CheckRequest, Step

Qtems = Callable[..., Any]
CHECK = ("check", "m.ifc", "s.e57", "--out", "o")


class PanicException(BaseException):
    """Like pyo3's: raised by Rust decoders, and no Exception."""


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], list[CheckRequest]]:
    """Return a function that replaces the pipeline by its outcome or its error, and collects what was asked."""

    def replace(end: object) -> list[CheckRequest]:
        asked: list[CheckRequest] = []

        def run_check(request: CheckRequest, *, progress: Callable[[Step, str, float], None]) -> object:
            asked.append(request)
            progress(Step.READING, "", 0.0)
            if isinstance(end, BaseException):
                raise end
            progress(Step.MEASURING, "", 1.0)
            return end

        monkeypatch.setattr("twin.operations.check.run_check", run_check)
        return asked

    return replace


def test_nothing_failed_is_status_0(qtems: Qtems, pipeline: Any, finished: Any, made: Any) -> None:
    pipeline(finished([made(1, 0.001), made(2, 0.009)]))  # the second is indeterminate: not a failure, not a pass
    ended = qtems(*CHECK)
    assert ended.code == 0
    assert "report.json" in ended.out


@pytest.mark.parametrize("state", [State.INSTALLED, State.MISSING])
def test_failing_or_missing_is_status_1(qtems: Qtems, pipeline: Any, finished: Any, made: Any, state: State) -> None:
    pipeline(finished([made(1, 0.001), made(2, 0.030, state=state)]))
    ended = qtems(*CHECK)
    assert ended.code == 1
    assert "element000000000000002" in ended.out
    assert "element000000000000001" not in ended.out


def test_refused_is_status_3_with_one_line(qtems: Qtems, pipeline: Any, finished: Any) -> None:
    pipeline(finished([], status=RegistrationStatus.REFUSED))
    ended = qtems(*CHECK, "--quiet")
    assert ended.code == 3
    assert ended.out == ""
    assert ended.err.count("\n") == 1
    assert "ambiguous" in ended.err
    assert "--register FILE" in ended.err
    assert str(Path("o") / "report.json") in ended.err


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (ReadError("a.e57: truncated.\nCopy it again"), 2, "a.e57: truncated. Copy it again"),
        (EmptyInput("no points. Export the scan again"), 2, "no points"),
        (GeometryError("anything"), 2, "anything"),
        (MemoryError(), 2, "--max-points"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "o/report.html"), 2, "o/report.html: No space left"),
        (PanicException("index out of bounds"), 2, "PanicException: index out of bounds"),
        (ValueError("surprise"), 2, "ValueError: surprise"),
        (RecursionError("too deep"), 2, "--debug"),
        (KeyboardInterrupt(), 130, "Ctrl-C"),
        (cli.Terminated(), 143, "SIGTERM"),
    ],
)
def test_every_error_is_one_line_and_its_status(
    qtems: Qtems, pipeline: Any, error: BaseException, code: int, says: str
) -> None:
    pipeline(error)
    ended = qtems(*CHECK, "--quiet")
    assert ended.code == code
    assert ended.out == ""
    assert ended.err.startswith("qtems: ")
    assert ended.err.count("\n") == 1
    assert says in ended.err
    assert "Traceback" not in ended.err


def import_error(signal_first: BaseException) -> BaseException:
    """Return what a library makes of an interrupt half way."""
    try:
        try:
            raise signal_first
        except BaseException:
            raise ImportError("Failed to load vtkRenderingCore") from None
    except ImportError as error:
        return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (import_error(KeyboardInterrupt()), 130),
        (import_error(cli.Terminated("SIGTERM")), 143),
        (ExceptionGroup("", [ValueError()]), 2),
        (import_error(ValueError()), 2),
    ],
)
def test_what_a_library_makes_of_an_interrupt_is_one(
    qtems: Qtems, pipeline: Any, error: BaseException, code: int
) -> None:
    pipeline(error)
    ended = qtems(*CHECK, "--quiet")
    assert ended.code == code
    assert ("stopped by" in ended.err) == (code != 2)
    assert ("internal error" in ended.err) == (code == 2)


def test_an_error_after_a_swallowed_interrupt_is_one_and_only_then(
    qtems: Qtems, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupts = [True, False]

    def run_check(request: CheckRequest, *, progress: Callable[[Step, str, float], None]) -> object:
        if interrupts.pop(0):
            with suppress(KeyboardInterrupt):  # as code in C does that calls back
                signal.raise_signal(signal.SIGINT)
        raise ImportError("Failed to load vtkRenderingCore")

    monkeypatch.setattr("twin.operations.check.run_check", run_check)
    assert qtems(*CHECK, "--quiet").code == 130
    ended = qtems(*CHECK, "--quiet")  # of what came before, a new command knows nothing
    assert ended.code == 2
    assert "ImportError" in ended.err


def test_an_interrupt_while_code_is_made_has_the_promised_status(tmp_path: Path) -> None:
    program = (
        "import sys; import twin.operations.check as check; from api.cli import main\n"
        "def run_check(*arguments, **options): exec('raise KeyboardInterrupt')\n"
        "check.run_check = run_check\n"
        "sys.argv[1:] = ['check', 'a.ifc', 'b.e57', '--out', 'o', '--quiet']\n"
        "sys.exit(main())"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 130  # python itself would end by a signal: -2
    assert ended.stderr.startswith("qtems: stopped by Ctrl-C")


def test_debug_shows_the_traceback(qtems: Qtems, pipeline: Any) -> None:
    pipeline(ValueError("surprise"))
    ended = qtems(*CHECK, "--quiet", "--debug")
    assert ended.code == 2
    assert "Traceback" in ended.err
    assert ended.err.splitlines()[-1].startswith("qtems: internal error")


def test_request_carries_every_option(qtems: Qtems, pipeline: Any, finished: Any, tmp_path: Path) -> None:
    asked = pipeline(finished([]))
    options = "--tolerance 3/8in --register m.txt --report pdf --seed 7 --lang zh --workers 3 --max-points 9 --no-cache"
    qtems(*CHECK, *options.split())
    assert asked == [
        CheckRequest(
            model=Path("m.ifc"),
            scans=(Path("s.e57"),),
            out_dir=Path("o"),
            surface_tolerance_m=0.009525,
            registration="m.txt",
            formats=("pdf",),
            seed=7,
            lang="zh",
            workers=3,
            max_points=9,
            cache_dir=None,
            viewer=Path(cli.__file__).parent / "static" / "folder",
        )
    ]


def test_cache_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("QTEMS_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "qtems"
    monkeypatch.setenv("QTEMS_CACHE_DIR", str(tmp_path / "here"))
    assert cache_dir() == tmp_path / "here"


def test_plain_progress_is_one_line_a_step_on_stderr(qtems: Qtems, pipeline: Any, finished: Any) -> None:
    pipeline(finished([]))
    lines = [line for line in qtems(*CHECK).err.splitlines() if "compiling" not in line]
    assert [re.sub(r" +[0-9]+\.[0-9] s$", "", line) for line in lines] == [
        "starting",
        "reading the scan",
        "measuring the elements",
        "total",
    ]
    assert all(line.endswith(" s") for line in lines)


def test_quiet_says_nothing_but_the_summary(qtems: Qtems, pipeline: Any, finished: Any) -> None:
    pipeline(finished([]))
    ended = qtems(*CHECK, "--quiet")
    assert ended.err == ""
    assert "report.json" in ended.out


def test_standards_lists_the_catalogue(qtems: Qtems) -> None:
    ended = qtems("standards")
    assert ended.code == 0
    assert "default" in ended.out.split()


@pytest.fixture
def closed_pipe() -> Generator[int]:
    """Return the writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def test_a_reader_that_left_changes_no_status(
    monkeypatch: pytest.MonkeyPatch, pipeline: Any, finished: Any, made: Any, closed_pipe: int
) -> None:
    pipeline(finished([made(1, 0.030)]))
    with os.fdopen(os.dup(closed_pipe), "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        assert cli.main([*CHECK, "--quiet"]) == ExitCode.FAILED


def test_a_mistyped_file_is_answered_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    program = (
        "import sys; from api.cli import main; code = main(['check', 'no.ifc', 'no.e57', '--out', sys.argv[1]]);"
        "print(code, sorted({'numpy', 'scipy', 'numba', 'ifcopenshell'} & set(sys.modules)))"
    )
    out = tmp_path / "out"
    ended = subprocess.run([sys.executable, "-c", program, out], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "2 []"
    assert "no.ifc does not exist" in ended.stderr
    assert not out.exists(), "a folder that holds nothing"


def test_no_command_leaves_an_empty_folder_behind_an_error(tmp_path: Path) -> None:
    page, kept = tmp_path / "page.ifc", tmp_path / "kept"
    page.write_text("<html></html>")
    kept.mkdir()
    for out in (tmp_path / "new" / "deep", kept):
        assert cli.main(["assemble", str(page), "--out", str(out)]) == ExitCode.UNUSABLE
    assert not (tmp_path / "new").exists()
    assert kept.is_dir(), "it was there before"


def test_dates_beyond_the_calendar_are_refused_where_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "late.yaml"
    plan.write_text("schedule: 1\nstart: 9999-12-30\ntasks:\n  a: {days: 400}\n")
    assert cli.main(["schedule", str(plan)]) == ExitCode.UNUSABLE
    said = capsys.readouterr().err
    assert "late.yaml: 400 working days from 9999-12-30" in said
    assert "internal error" not in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "a.ifc", "b.e57", "--tolerence", "10mm", "--out", "x"], "did you mean --tolerance?"),
        (["fitup", "a.yaml", "--out", "x", "--confidance", "0.9"], "did you mean --confidence?"),
        (["chek", "a.ifc", "b.e57"], "did you mean check?"),
        (["check", "a.ifc", "b.e57", "--out", "x", "--tolerance", "10"], "missing unit"),
        (["check", "a.ifc", "b.e57", "--out", "x", "--tolerance", "-5mm"], "'-5mm' is negative"),
        (["assemble", "a.ifc", "--out", "x", "--position", "-5mm"], "'-5mm' is negative"),
        (["assemble", "a.ifc", "--out", "x", "--clearance=-.5cm"], "'-.5cm' is negative"),
        (["assemble", "a.ifc", "--out", "x", "--insertion", "-3m"], "'-3m' is no way from above 0"),
        (["check", "a.ifc", "b.e57", "--out", "x", "--tolerance=-.5cm"], "'-.5cm' is negative"),
        (["check", "a.ifc", "b.e57"], "required: --out"),
        (["chek"], "choose from"),
    ],
)
def test_a_mistyped_command_gets_one_line(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert says in said
    assert said.count("\n") == 1
    assert "--help" in said
