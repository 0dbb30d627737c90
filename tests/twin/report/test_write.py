"""Files on disk: whole or not at all."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from twin.report.folder import FILES, RECORD, ReportError
from twin.report.provenance import Provenance
from twin.report.words import UnknownLanguage
from twin.report.write import DEFAULT_FORMATS, FORMATS, ensure_writable, write_reports
from twin.result import CheckResult

ProvenanceOf = Callable[[CheckResult], Provenance]


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what stands for the built viewer."""
    folder = tmp_path_factory.mktemp("viewer")
    (folder / "viewer.js").write_text("show();")
    (folder / "viewer.css").write_text("")
    return folder


@pytest.fixture(scope="module")
def folder(
    building: CheckResult, provenance_of: ProvenanceOf, viewer: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a folder with every report of the small building."""
    out = tmp_path_factory.mktemp("reports")
    written = write_reports(building, provenance_of(building), out, formats=FORMATS, viewer=viewer)
    assert list(written.files) == [out / file for files in FILES.values() for file in files]
    assert written.removed == ()
    return out


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder, hidden ones included, but the record of them."""
    inside = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != RECORD)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in inside}


def test_all_files_and_nothing_else(folder: Path) -> None:
    """No temporary file stays behind; files can be read by whom the user's umask allows."""
    assert {path.name for path in folder.iterdir()} == {RECORD, *(file for files in FILES.values() for file in files)}
    probe = folder.parent / "probe"
    probe.write_bytes(b"")
    assert all(path.stat().st_mode == probe.stat().st_mode for path in folder.rglob("*") if path.is_file())


def test_a_second_run_gives_the_same_bytes(
    folder: Path, building: CheckResult, provenance_of: ProvenanceOf, viewer: Path, tmp_path: Path
) -> None:
    """In every format."""
    write_reports(building, provenance_of(building), tmp_path, formats=FORMATS, viewer=viewer)
    assert contents(tmp_path) == contents(folder)


def test_ctrl_c_leaves_no_half_report(
    building: CheckResult, provenance_of: ProvenanceOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what was in work nor what was finished before it: a set is there whole, or not at all."""

    def interrupted(path: Path, result: CheckResult, progress: Callable[[float], None]) -> None:
        path.write_bytes(b"half a file")
        raise KeyboardInterrupt

    monkeypatch.setattr("twin.report.cloud.write_ply", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_reports(building, provenance_of(building), tmp_path, formats=["ply", "glb"])
    assert list(tmp_path.iterdir()) == []


def test_a_refused_registration_writes_only_what_makes_no_claim_about_elements(
    refused_check: CheckResult, provenance_of: ProvenanceOf, tmp_path: Path
) -> None:
    """No coloured model, cloud or issue list of a comparison that never happened."""
    write_reports(refused_check, provenance_of(refused_check), tmp_path, formats=DEFAULT_FORMATS, lang="zh")
    assert set(contents(tmp_path)) == {"report.json", "report.html", "report.pdf", "report.xlsx"}
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["registration"]["status"] == "refused"


def test_reports_of_an_earlier_check_do_not_stay_beside_the_new_ones(
    building: CheckResult, provenance_of: ProvenanceOf, tmp_path: Path
) -> None:
    """One folder never shows two checks; the same check may be completed; foreign files are left alone."""
    (tmp_path / "notes.txt").write_text("mine")
    write_reports(building, provenance_of(building), tmp_path, formats=["glb"])
    write_reports(building, provenance_of(building), tmp_path, formats=["ply"])
    assert set(contents(tmp_path)) == {"report.json", "model.glb", "deviation.ply", "notes.txt"}
    other = dataclasses.replace(building, seed=43)
    written = write_reports(other, provenance_of(other), tmp_path, formats=["ply"])
    assert written.removed == (tmp_path / "model.glb",)
    assert set(contents(tmp_path)) == {"report.json", "deviation.ply", "notes.txt"}


def test_an_unwritable_folder_is_refused_before_the_work(tmp_path: Path) -> None:
    """One line that names the folder and what to do."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(ReportError, match=r"cannot write reports to .*file.*--out"):
        ensure_writable(blocked / "out")


def test_unknown_formats_and_languages_are_refused(
    building: CheckResult, provenance_of: ProvenanceOf, tmp_path: Path
) -> None:
    """Before anything is written."""
    with pytest.raises(ReportError, match="no such report: docx; choose from html, pdf"):
        write_reports(building, provenance_of(building), tmp_path, formats=["docx"])
    with pytest.raises(UnknownLanguage):
        write_reports(building, provenance_of(building), tmp_path, formats=[], lang="fr")
    assert contents(tmp_path) == {}


def test_progress_runs_from_nothing_to_less_than_all(
    building: CheckResult, provenance_of: ProvenanceOf, tmp_path: Path
) -> None:
    """It never goes back and names each file."""
    seen: list[tuple[str, float]] = []
    write_reports(
        building,
        provenance_of(building),
        tmp_path,
        formats=["glb", "cloud"],
        progress=lambda name, share: seen.append((name, share)),
    )
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert 0.0 <= shares[0] <= shares[-1] <= 1.0
    assert list(dict.fromkeys(name for name, _ in seen)) == ["report.json", "model.glb", "deviation.laz"]


def test_the_3d_folder_is_replaced_whole_and_never_when_somebody_changed_it(
    building: CheckResult, provenance_of: ProvenanceOf, viewer: Path, tmp_path: Path
) -> None:
    """A file more or less in it makes it somebody else's."""
    once = write_reports(building, provenance_of(building), tmp_path, formats=["html3d"], viewer=viewer)
    assert once.files[-1] == tmp_path / "html3d"
    first = contents(tmp_path)
    other = dataclasses.replace(building, seed=43)
    write_reports(other, provenance_of(other), tmp_path, formats=["html3d"], viewer=viewer)
    second = contents(tmp_path)
    assert set(first) == set(second)
    assert first["html3d/data/check.json.js"] != second["html3d/data/check.json.js"]
    assert first["html3d/data/model/model.glb.js"] == second["html3d/data/model/model.glb.js"]
    (tmp_path / "html3d" / "mine.txt").write_text("a note")
    with pytest.raises(ReportError, match=r"html3d was not written by a check, or was changed since: move it"):
        write_reports(building, provenance_of(building), tmp_path, formats=["html3d"], viewer=viewer)
    (tmp_path / "html3d" / "mine.txt").unlink()
    removed = write_reports(building, provenance_of(building), tmp_path, formats=["ply"]).removed
    assert removed == (tmp_path / "html3d",)
    assert not (tmp_path / "html3d").exists()


def test_without_a_built_viewer_the_3d_folder_is_refused_at_once(
    building: CheckResult, provenance_of: ProvenanceOf, tmp_path: Path
) -> None:
    """With what to do."""
    for viewer in (None, tmp_path):
        with pytest.raises(ReportError, match="not built here: run make viewer"):
            write_reports(building, provenance_of(building), tmp_path / "out", formats=["html3d"], viewer=viewer)
    assert not (tmp_path / "out").exists()
