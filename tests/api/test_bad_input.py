"""`qtems check` in hostile hands: broken files, wrong units, odd places and names, closed streams, impatient users."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false, reportMissingModuleSource=false

import json
import os
import re
import resource
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from samples.building import write_building
from samples.plan import whole_building
from tests.api.hall import Files, hall_points
from tests.api.ifc_hall import write_ifc_hall

Qtems = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("QTEMS_SHARED_DATA", ROOT.parent / "shared" / "data"))
needs_files = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"the shared files are not at {SHARED} (set QTEMS_SHARED_DATA)"
)
pytestmark = pytest.mark.usefixtures("own_cache")
GIVEN = ("--register", "given", "--report", "none", "--quiet")
LEGIBLE_E57 = ("las2e57_no_images_tag", "tinyCartesianFloatRgb")
"""The E57 files that hold enough points to be registered, and show something else than the model."""


def fault_of(ended: Any, codes: tuple[int, ...] = (2,)) -> str:
    """Return what is wrong with the way a command refused: nothing, if it is one line and the right status."""
    checks = {
        f"status {ended.code}": ended.code in codes,
        "not one line": ended.err.startswith("qtems: ") and ended.err.count("\n") == 1,
        "an accident": "internal error" not in ended.err and "Traceback" not in ended.err + ended.out,
    }
    failed = [name for name, passed in checks.items() if not passed]
    return "; ".join([*failed, ended.err] if failed else [])


# --- files ------------------------------------------------------------------------------------------------------------


@needs_files
@pytest.mark.parametrize("path", sorted((SHARED / "scans" / "e57-cry").glob("*.*")), ids=lambda path: path.name)
def test_every_odd_e57_is_refused_or_found_to_show_something_else(
    qtems: Qtems, hall: Files, tmp_path: Path, path: Path
) -> None:
    ended = qtems("check", hall.model, path, "--out", tmp_path / "out", *GIVEN)
    assert fault_of(ended, (3,) if path.stem in LEGIBLE_E57 else (2,)) == ""
    assert (tmp_path / "out" / "report.json").exists() == (ended.code == 3)


BROKEN = sorted((SHARED / "broken").rglob("*.ifc")) + sorted((SHARED / "broken").rglob("*.ply"))


@needs_files
@pytest.mark.parametrize("path", BROKEN[::4], ids=lambda path: path.name)
def test_broken_models_are_refused(qtems: Qtems, hall: Files, tmp_path: Path, path: Path) -> None:
    assert fault_of(qtems("check", path, hall.scan, "--out", tmp_path, "--no-cache", *GIVEN)) == ""


@needs_files
def test_a_cloud_of_infinities_is_refused(qtems: Qtems, hall: Files, tmp_path: Path) -> None:
    (path,) = (SHARED / "broken").rglob("float_inf_point_cloud.ply")
    assert fault_of(qtems("check", hall.model, path, "--out", tmp_path, *GIVEN)) == ""


PLY_HEADER = "ply\nformat binary_little_endian 1.0\nelement vertex {}\n{}end_header\n"
DOUBLES = "".join(f"property double {axis}\n" for axis in "xyz")
CLOUDS: dict[str, tuple[Callable[[], Any], tuple[int, ...], str]] = {
    "no points": (lambda: np.empty((0, 3)), (2,), "no points in it; export"),
    "only NaN": (lambda: np.full((500, 3), np.nan), (2,), "none of its 500 points is valid"),
    "only infinities": (lambda: np.full((500, 3), -np.inf), (2,), "none of its 500 points is valid"),
    "numbers beyond all places": (lambda: hall_points(20) * 1e200, (2,), "is valid .* export"),
    "one point": (lambda: hall_points(20)[:1], (2,), "too few"),
    "one place": (lambda: np.repeat(hall_points(20)[:1], 5000, axis=0), (2,), "at one place; export"),
    "a line": (lambda: np.linspace(0, 6, 5000)[:, None] * [1.0, 0, 0], (2,), "no surfaces"),
    "noise": (lambda: np.random.default_rng(0).random((50_000, 3)) * 8 - 1, (3,), "low_overlap"),
    "millimetres": (lambda: hall_points(80) * 1000.0, (3,), "the scan is in millimetres"),
    "millimetres of a street": (lambda: hall_points(80) * [60e3, 1e3, 1e3], (3,), "times as large .*units"),
    "feet": (lambda: hall_points(80) / 0.3048, (3,), "the scan is in feet"),
    "elsewhere": (lambda: hall_points(20) + 500.0, (3,), "check the frame and the units"),
}


@pytest.mark.parametrize("case", CLOUDS)
def test_unusable_clouds_are_named(qtems: Qtems, hall: Files, tmp_path: Path, case: str) -> None:
    make, codes, says = CLOUDS[case]
    points = np.asarray(make(), "<f8")
    (tmp_path / "s.ply").write_bytes(PLY_HEADER.format(len(points), DOUBLES).encode() + points.tobytes())
    ended = qtems("check", hall.model, tmp_path / "s.ply", "--out", tmp_path / "out", *GIVEN)
    assert fault_of(ended, codes) == ""
    assert re.search(says, ended.err), ended.err


def test_a_few_damaged_numbers_do_not_stop_the_check(qtems: Qtems, hall: Files, tmp_path: Path) -> None:
    points = np.asarray(hall_points(), "<f8")
    points[::9000, 1] = 3e8
    (tmp_path / "s.ply").write_bytes(PLY_HEADER.format(len(points), DOUBLES).encode() + points.tobytes())
    ended = qtems("check", hall.model, tmp_path / "s.ply", "--out", tmp_path, "--tolerance", "10mm", *GIVEN)
    assert ended.code == 1
    assert "column two" in ended.out


def test_the_same_scan_twice_is_refused(qtems: Qtems, hall: Files, tmp_path: Path) -> None:
    (tmp_path / "copy.xyz").write_bytes(hall.scan.read_bytes())
    for again in (hall.scan, tmp_path / "copy.xyz"):
        ended = qtems("check", hall.model, hall.scan, again, "--out", tmp_path / "out", *GIVEN)
        assert fault_of(ended) == ""
        assert "give each scan once" in ended.err


@pytest.mark.parametrize("unit", [1000.0, 1 / 0.3048])
def test_control_points_in_other_units_are_named(qtems: Qtems, hall: Files, tmp_path: Path, unit: float) -> None:
    corners = np.array([[0, 0, 0], [6, 0, 0], [6, 5, 0], [0, 5, 2.8]])
    rows = [[f"p{i}", *(corner * unit), *corner] for i, corner in enumerate(corners)]
    (tmp_path / "c.csv").write_text("\n".join(",".join(map(str, row)) for row in rows), encoding="utf-8")
    options = ("--register", tmp_path / "c.csv", "--report", "none", "--quiet")
    ended = qtems("check", hall.model, hall.scan, "--out", tmp_path / "out", *options)
    assert fault_of(ended, (3,)) == ""
    assert ("millimetres" if unit == 1000.0 else "feet") in ended.err


# --- the process ------------------------------------------------------------------------------------------------------


def start(
    *arguments: str | Path, env: Mapping[str, str] | None = None, preexec_fn: Callable[[], None] | None = None
) -> "subprocess.Popen[bytes]":
    """Start the command as a shell would, in a session of its own."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
    command = [sys.executable, "-m", "api.start", "check", *map(str, arguments)]
    return subprocess.Popen(
        command,
        env=environment,
        cwd=ROOT,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=preexec_fn,
    )


def close_all() -> None:
    for number in range(3):
        os.close(number)


def test_closed_streams_change_no_status(hall: Files, tmp_path: Path) -> None:
    child = start(hall.model, hall.scan, "--out", tmp_path, "--tolerance", "60mm", *GIVEN, preexec_fn=close_all)
    said = child.communicate(timeout=120)[1]
    assert (child.returncode, said) == (0, b"")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["elements"]


def test_a_terminal_without_chinese_gets_question_marks(hall: Files, tmp_path: Path) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    out = ("--out", tmp_path / "结果 📦", "--lang", "zh", "--tolerance", "10mm", "--report", "none")
    child = start(hall.model, hall.scan, *out, "--register", "given", env=ascii_only)
    said, progress = child.communicate(timeout=120)
    assert child.returncode == 1, progress
    assert b"?" in progress
    assert said.isascii()
    assert (tmp_path / "结果 📦" / "report.json").exists()


def test_names_that_a_terminal_would_obey_are_shown_harmless(qtems: Qtems, hall: Files, tmp_path: Path) -> None:
    ended = qtems("check", hall.model, tmp_path / "a\nb\x1b[31m\u202e.e57", "--out", tmp_path, *GIVEN)
    assert fault_of(ended) == ""
    assert "a b?[31m?.e57" in ended.err


@pytest.mark.parametrize("name", ["é 空格 🏗️ dir'\"$x;&", "-x", "a" * 200])
def test_odd_places_are_places(qtems: Qtems, hall: Files, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    model, scan = folder / "模 型.obj", folder / "扫 描 😀.xyz"
    model.write_bytes(hall.model.read_bytes())
    scan.write_bytes(hall.scan.read_bytes())
    ended = qtems("check", model, scan, "--out", folder / "结 果", "--tolerance", "60mm", *GIVEN)
    assert ended.code == 0, ended.err
    assert (folder / "结 果" / "report.json").exists()


def test_a_full_disk_leaves_no_part_of_a_set(hall: Files, tmp_path: Path) -> None:
    # a limit on the size of a file stands for the disk: writing fails half way, with an error of the system
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    options = ("--register", "given", "--report", "ply", "--quiet", "--tolerance", "10mm")
    child = start(hall.model, hall.scan, "--out", tmp_path / "out", *options, preexec_fn=limited)
    said = child.communicate(timeout=120)[1].decode()
    assert child.returncode == 2
    assert said.count("\n") == 1
    assert "cannot write reports" in said
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="session")
def building(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An IFC model of a few elements that takes its time to be made."""
    path = tmp_path_factory.mktemp("building") / "few.ifc"
    write_building(path, whole_building()[:12])
    return path


@pytest.mark.parametrize(
    ("step", "signals", "code"),
    [
        ("reading", [signal.SIGINT], 130),
        ("tessellating", [signal.SIGINT, signal.SIGINT, signal.SIGINT], 130),
        ("tessellating", [signal.SIGTERM], 143),
        ("registering", [signal.SIGINT, signal.SIGINT], 130),
        ("registering", [signal.SIGHUP], 143),
        ("measuring", [signal.SIGTERM, signal.SIGTERM], 143),
        ("writing", [signal.SIGINT], 130),
    ],
)
def test_stopped_at_any_step_it_ends_at_once_and_whole(
    hall: Files, building: Path, tmp_path: Path, step: str, signals: list[signal.Signals], code: int
) -> None:
    model = building if step in ("reading", "tessellating") else hall.model
    child = start(model, hall.scan, "--out", tmp_path / "out", "--register", "given", "--report", "html", "--no-cache")
    assert child.stderr is not None
    said = b""
    while step.encode() not in said:  # the line of a step ends when the step does: that would be too late
        said += (more := os.read(child.stderr.fileno(), 4096))
        assert more, "the step never came"
    for number in signals:
        os.killpg(child.pid, number)  # as a terminal does: the workers get it, too
    told = child.communicate(timeout=60)[1].decode()
    assert child.returncode == code, told
    assert told.splitlines()[-1].startswith("qtems: stopped by ")
    assert "Traceback" not in told
    assert members_of(child.pid) == []
    left = [path.name for path in (tmp_path / "out").rglob("*")] if (tmp_path / "out").exists() else []
    assert set(left) in (set(), {"report.json", "report.html", ".qtems.sha256"})
    if left:  # it was finished when the signal came
        assert (tmp_path / "out" / "report.html").read_text("utf-8").rstrip().endswith("</html>")


def members_of(session: int) -> list[str]:
    """Return the processes of a session that are neither dead nor about to be buried."""
    found: list[str] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, owner = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(owner) == session and state not in "ZX":
            found.append(stat.parent.name)
    return found


# --- names in the model -----------------------------------------------------------------------------------------------

EVIL = (
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\x07\x1b[31mred\ufffe",
    "'\"><img src=x onerror=alert(2)>",
    "]]>&amp;<!--",
    "x" * 40_000,
    "",
)


@pytest.fixture(scope="session")
def reports(hall: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the reports on a hall whose elements have evil names, nearly all of them failing."""
    folder = tmp_path_factory.mktemp("evil")
    model = write_ifc_hall(folder / "<b>evil&.ifc", names=EVIL)
    options = ("--register", "given", "--tolerance", "0.2mm", "--report", "html,xlsx,bcf,glb", "--quiet", "--no-cache")
    child = start(model, hall.scan, "--out", folder / "out", *options)
    said = child.communicate(timeout=180)
    assert child.returncode in (0, 1), said
    assert b"\x1b" not in said[0] + said[1]
    return folder / "out"


def test_names_come_through_as_they_are(reports: Path) -> None:
    report = json.loads((reports / "report.json").read_text(encoding="utf-8"))
    assert {"<script>alert(1)</script>", "=cmd|' /C calc'!A0", "x" * 40_000} <= {e["name"] for e in report["elements"]}


def test_names_are_no_html(reports: Path) -> None:
    page = (reports / "report.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<b>evil" not in page
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe]", page)


def test_names_are_no_formulas(reports: Path) -> None:
    import openpyxl

    cells = [c for sheet in openpyxl.load_workbook(reports / "report.xlsx") for row in sheet.iter_rows() for c in row]
    assert any(str(cell.value).startswith("=cmd|") and cell.data_type == "s" for cell in cells)
    assert [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink] == []


@pytest.mark.parametrize("version", ["2.1", "3.0"])
def test_names_are_no_markup(reports: Path, version: str) -> None:
    with zipfile.ZipFile(reports / f"report-{version}.bcf") as archive:
        parts = [name for name in archive.namelist() if not name.endswith(".png")]
        assert len(parts) >= 2
        for name in parts:
            ElementTree.fromstring(archive.read(name))


def test_names_fit_a_glb(reports: Path) -> None:
    import trimesh

    scene: Any = trimesh.load(reports / "model.glb", file_type="glb")
    assert len(scene.geometry) >= len(EVIL)
