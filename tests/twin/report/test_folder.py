"""Whose files a folder holds, and how one set of reports takes the place of another."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from twin.report.folder import NAMES, RECORD, ReportError, ensure_replaceable, put_in_place

OLD = {"report.json": b"{1}", "report.html": b"one", "report.pdf": b"pdf of one", "deviation.laz": b"cloud of one"}
NEW = {"report.json": b"{2}", "report.html": b"two", "model.glb": b"model of two"}


def contents(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder, but the record."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != RECORD}


def put(out: Path, files: dict[str, bytes]) -> tuple[Path, ...]:
    """Put files in place as a check does."""
    out.mkdir(exist_ok=True)
    workshop = out / ".qtems-test"
    workshop.mkdir()
    for name, content in files.items():
        (workshop / name).write_bytes(content)
    removed = put_in_place(workshop, out, list(files))
    for path in sorted(workshop.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    workshop.rmdir()
    return removed


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a folder with the reports of an earlier check."""
    put(tmp_path / "o", OLD)
    return tmp_path / "o"


def test_a_later_check_takes_the_place_of_an_earlier_one(out: Path) -> None:
    """What is stale goes and is named; what nobody knows stays."""
    (out / "notes.txt").write_bytes(b"mine")
    assert put(out, NEW) == (out / "report.pdf", out / "deviation.laz")
    assert contents(out) == {**NEW, "notes.txt": b"mine"}


def test_the_same_check_adds_to_what_is_there(out: Path) -> None:
    """The same report.json vouches for what lies beside it."""
    assert put(out, {"report.json": OLD["report.json"], "model.glb": b"model of one"}) == ()
    assert contents(out) == {**OLD, "model.glb": b"model of one"}
    ensure_replaceable(out)


def test_the_record_is_one_that_sha256sum_reads(out: Path) -> None:
    """And one line for each file, the same for the same files."""
    record = (out / RECORD).read_bytes()
    assert [line.split()[1] for line in record.decode().splitlines()] == [name for name in NAMES if name in OLD]
    ended = subprocess.run(["sha256sum", "--check", "--strict", RECORD], cwd=out, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr
    put(out, OLD)
    assert (out / RECORD).read_bytes() == record


def foreign(out: Path) -> None:
    (out / "model.glb").write_bytes(b"by somebody else")


def signed(out: Path) -> None:
    (out / "report.pdf").write_bytes(OLD["report.pdf"] + b" signed")


def folder(out: Path) -> None:
    (out / "report.xlsx").mkdir()


def link(out: Path) -> None:
    (out / "kept.html").write_bytes(OLD["report.html"])
    (out / "report.html").unlink()
    (out / "report.html").symlink_to("kept.html")


def dangling(out: Path) -> None:
    (out / "deviation.ply").symlink_to("nowhere")


def other_report(out: Path) -> None:
    (out / "report.json").write_bytes(b'{"from":"another tool"}')


CHANGES: list[tuple[Callable[[Path], None], str]] = [
    (foreign, "model.glb"), (signed, "report.pdf"), (folder, "report.xlsx"), (link, "report.html"),
    (dangling, "deviation.ply"), (other_report, "report.json"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "name"), CHANGES)
def test_what_no_check_wrote_is_never_touched(out: Path, change: Callable[[Path], None], name: str) -> None:
    """Neither before the work nor after it, when the change came meanwhile; and the rest stays as well."""
    change(out)
    before = sorted((path.name, path.is_file() and path.read_bytes()) for path in out.iterdir())
    said = rf"{name} was not written by a check, or was changed since: move it, or choose another folder with --out"
    with pytest.raises(ReportError, match=said):
        ensure_replaceable(out)
    with pytest.raises(ReportError, match=said):
        put(out, NEW)
    after = [path for path in out.iterdir() if not path.name.startswith(".qtems-")]
    assert sorted((path.name, path.is_file() and path.read_bytes()) for path in after) == before


@pytest.mark.parametrize("damage", [None, b"", b"\xff\xfe", b"nonsense\n"])
def test_without_a_sound_record_nothing_is_replaced(out: Path, damage: bytes | None) -> None:
    """All files are named at once."""
    (out / RECORD).unlink() if damage is None else (out / RECORD).write_bytes(damage)
    with pytest.raises(
        ReportError, match=r"report\.json, .*report\.html, .*report\.pdf.* were not written .* move them"
    ):
        ensure_replaceable(out)


@pytest.mark.parametrize("name", [*NAMES, RECORD])
def test_an_input_is_never_an_output(tmp_path: Path, name: str) -> None:
    """However it is spelt: another way to the same file, a link to it, a link from it."""
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / name).write_bytes(b"input")
    (tmp_path / "link").symlink_to(tmp_path / "o" / name)
    for given in (tmp_path / "o" / name, tmp_path / "o" / ".." / "o" / name, tmp_path / "link"):
        with pytest.raises(
            ReportError, match=r"is an input of this check and would be replaced: choose another folder"
        ):
            ensure_replaceable(tmp_path / "o", [Path("elsewhere.ifc"), given])


def test_inputs_beside_the_reports_are_welcome(out: Path) -> None:
    """Only names of reports are taken."""
    (out / "site.laz").write_bytes(b"scan")
    ensure_replaceable(out, [out / "site.laz", Path("auto")])
    put(out, NEW)
    assert contents(out) == {**NEW, "site.laz": b"scan"}


@pytest.mark.parametrize("broken_at", range(8))
def test_an_error_half_way_brings_the_earlier_set_back(
    out: Path, monkeypatch: pytest.MonkeyPatch, broken_at: int
) -> None:
    """As when a file is open in another program on Windows; the folder is usable as before."""
    true, calls = os.replace, [0]

    def replace(source: Path, target: Path) -> None:
        calls[0] += 1
        if calls[0] == broken_at + 1:
            raise PermissionError(13, "in use", str(source))
        true(source, target)

    monkeypatch.setattr("twin.report.folder.os.replace", replace)
    with pytest.raises(PermissionError):
        put(out, NEW)  # 1 record, 4 files out, 3 in
    assert contents(out) == OLD
    ensure_replaceable(out)


@pytest.mark.parametrize("killed_at", range(9))
def test_a_kill_half_way_leaves_files_of_one_set_and_a_usable_folder(
    out: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    """A process that is gone brings nothing back: then some are missing, but never two checks are shown as one."""
    true, calls = os.replace, [0]

    def replace(source: Path, target: Path) -> None:
        calls[0] += 1
        if calls[0] == killed_at + 1:
            raise SystemExit
        true(source, target)

    monkeypatch.setattr("twin.report.folder.os.replace", replace)
    with pytest.raises(SystemExit):
        put(out, NEW)
    found = contents(out).items()
    assert found <= OLD.items() or found <= NEW.items()
    assert found == NEW.items() or "report.json" not in dict(found) or found == OLD.items()
    ensure_replaceable(out)


@pytest.mark.parametrize("arrives_at", range(9))
def test_ctrl_c_half_way_is_answered_when_the_new_set_is_whole(
    out: Path, monkeypatch: pytest.MonkeyPatch, arrives_at: int
) -> None:
    """At any of the moves."""
    true, calls = os.replace, [0]

    def replace(source: Path, target: Path) -> None:
        calls[0] += 1
        if calls[0] == arrives_at + 1:
            signal.raise_signal(signal.SIGINT)
        true(source, target)

    monkeypatch.setattr("twin.report.folder.os.replace", replace)
    with pytest.raises(KeyboardInterrupt):
        put(out, NEW)
    assert contents(out) == NEW
    ensure_replaceable(out)
