from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.arguments import MODEL_SUFFIXES, REPORTS, SCAN_SUFFIXES, build_parser
from geometry.readers import DESIGN_READERS, SCAN_READERS
from twin.report.write import FORMATS

Qtems = Callable[..., Any]
CHECK = ("check", "m.ifc", "s.e57", "--out", "o")


def test_defaults_are_what_the_help_says() -> None:
    arguments = build_parser("1").parse_args(CHECK)
    assert (arguments.register, arguments.seed, arguments.lang, arguments.report) == ("auto", 0, "en", ("html",))
    assert (arguments.tolerance, arguments.standard, arguments.tolerances) == (None, None, None)
    assert not arguments.quiet


def test_scans_may_be_several() -> None:
    arguments = build_parser("1").parse_args(["check", "m.ifc", "a.e57", "b.laz", "--out", "o"])
    assert arguments.scans == [Path("a.e57"), Path("b.laz")]


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("html,pdf", ("html", "pdf")),
        ("pdf,html,pdf", ("html", "pdf")),
        (" PDF , bcf ", ("pdf", "bcf")),
        ("json", ()),
        ("none", ()),
        ("all", REPORTS[:-1]),
        ("all,html3d", REPORTS),
    ],
)
def test_reports_are_a_list(text: str, formats: tuple[str, ...]) -> None:
    assert build_parser("1").parse_args([*CHECK, "--report", text]).report == formats


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (["--report", "docx"], "unknown report docx"),
        (["--tolerance", "10"], "missing unit"),
        (["--tolerance", "10mm", "--standard", "DIN 18202"], "not allowed with"),
        (["--seed", "-1"], "whole number"),
        (["--seed", "1.5"], "whole number"),
        (["--workers", "0"], "too few"),
        (["--max-points", "many"], "whole number"),
        (["--lang", "fr"], "invalid choice"),
        (["--tol", "10mm"], "unrecognized arguments"),  # an abbreviation may mean another option tomorrow
    ],
)
def test_bad_usage_is_status_2(qtems: Qtems, extra: list[str], says: str) -> None:
    ended = qtems(*CHECK, *extra)
    assert ended.code == 2
    assert says in ended.err


@pytest.mark.parametrize("missing", [["check"], ["check", "m.ifc", "--out", "o"], ["check", "m.ifc", "s.e57"], []])
def test_what_is_required_is_asked_for(qtems: Qtems, missing: list[str]) -> None:
    ended = qtems(*missing)
    assert ended.code == 2
    assert "required" in ended.err


def test_help_names_every_format_that_can_be_read_and_written() -> None:
    named = {suffix.replace(".copc", "") for suffix in SCAN_SUFFIXES.split()}
    assert named | {".txt", ".csv", ".asc"} == set(SCAN_READERS)
    assert set(MODEL_SUFFIXES.split()) == set(DESIGN_READERS)
    assert REPORTS == FORMATS


def test_help_and_version_are_status_0(qtems: Qtems) -> None:
    for arguments in (["--help"], ["check", "--help"], ["--version"]):
        assert qtems(*arguments).code == 0


def test_reports_by_their_other_names() -> None:
    typed = ("check", "m.ifc", "s.e57", "--out", "o", "--report", "LAZ, excel,json")
    assert build_parser("0").parse_args(typed).report == ("xlsx", "cloud")


def test_help_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        build_parser("0").parse_args(("check", "--help"))
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > 80 and "[--" not in line] == []
    assert all(any(name in line for line in lines) for name in (*REPORTS, "all", "none"))
