"""Workers that crash, hang, eat memory or die at the door: the reading goes on and says so."""

# pyright: basic

import importlib.util
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from geometry.errors import ReadError
from geometry.forked import forked
from geometry.mesh_health import mesh_health
from geometry.readers import ifc_tessellation
from geometry.readers.ifc import design_of
from geometry.readers.ifc_tessellation import ENTRY, tessellate
from geometry.source import SourceFile

ROOT = Path(__file__).parents[3]
_spec = importlib.util.spec_from_file_location("ifc_models", Path(__file__).with_name("ifc_models.py"))
assert _spec is not None
assert _spec.loader is not None
ifc_models = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ifc_models)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six walls of one metre cubed each; the third is named evil."""
    model = ifc_models.Model("m")
    for number in range(6):
        name = "evil" if number == 2 else f"wall {number}"
        model.add("IfcWall", model.block((1.0, 1.0, 1.0 + number)), at=(2.0 * number, 0.0, 0.0), name=name)
    return model.write(tmp_path_factory.mktemp("crash") / "walls.ifc")


def sabotage(action: str, kernels: str) -> str:
    """Return a worker's program in which the given kernels do something bad to the wall named evil."""
    return f"""
import os, signal, time
import geometry.readers.ifc_kernels as k
sound = k.Kernels._mesh
def bad(self, kernel, product):
    if product.instance.Name == "evil" and kernel in {kernels}:
        self._announce(kernel)
        {action}
    return sound(self, kernel, product)
k.Kernels._mesh = bad
{ENTRY}
"""


def read(path: Path, entry: str, **more: Any) -> Any:
    raw = tessellate(path, workers=1, entry=entry, **more)
    return design_of(raw, SourceFile(str(path), "", "IFC4"))


@pytest.mark.parametrize(
    "action", ["os.abort()", "os.kill(os.getpid(), signal.SIGSEGV)", "os._exit(3)", "bytearray(1 << 60)"]
)
def test_a_crash_in_a_fast_kernel_costs_only_that_kernel(action: str, path: Path) -> None:
    model = read(path, sabotage(action, "('cgal-simple',)"))
    assert len(model.elements) == 6
    assert not any(element.suspect for element in model.elements.values())
    evil = next(element for element in model.elements.values() if element.name == "evil")
    assert mesh_health(evil.mesh).volume == pytest.approx(3.0)
    assert any("restarted 1 times" in note and "cgal-simple" in note for note in model.notes)


def test_a_kernel_that_hangs_is_ended(path: Path) -> None:
    model = read(path, sabotage("time.sleep(600)", "('cgal-simple',)"), stage_limit_s=3.0)
    assert len(model.elements) == 6
    assert any("took too long" in note for note in model.notes)


def test_a_shape_that_kills_every_kernel_is_reported_and_not_judged(path: Path) -> None:
    model = read(path, sabotage("os.abort()", "('cgal-simple', 'manifold', 'opencascade')"))
    assert len(model.elements) == 5
    (lost,) = model.without_geometry.values()
    assert lost.name == "evil"
    assert "no geometry kernel" in lost.suspect
    assert any("cannot be checked" in note for note in model.notes)


def test_properties_that_crash_cost_only_the_properties(path: Path) -> None:
    entry = f"""
import os
import geometry.readers.ifc_properties as p
sound = p.definitions_of
p.definitions_of = lambda instance, kind: os.abort() if instance.Name == "evil" else sound(instance, kind)
{ENTRY}
"""
    model = read(path, entry)
    assert len(model.elements) == 6
    assert {element.storey for element in model.elements.values()} == {"Ground", ""}


def test_a_parser_that_dies_gives_one_clear_line(path: Path) -> None:
    with pytest.raises(ReadError, match=r"parser crashed \(signal 6\)"):
        tessellate(path, workers=2, entry="import os; os.abort()")
    with pytest.raises(ReadError, match="status 5"):
        tessellate(path, workers=1, entry="import os; os._exit(5)")


def test_a_parser_that_never_ends_is_ended(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ifc_tessellation, "OPEN_LIMIT_S", 0.5)
    with pytest.raises(ReadError, match="parser took too long"):
        tessellate(path, workers=1, entry="import time; time.sleep(600)")


def test_a_reader_that_is_stopped_half_way_leaves_no_process(path: Path) -> None:
    before = children()

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    for _ in range(3):  # a worker that is started anew just then would show here, not every time
        with pytest.raises(KeyboardInterrupt):
            tessellate(path, workers=2, progress=stop, entry=sabotage("time.sleep(600)", "('cgal-simple',)"))
        assert children() == before


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of other systems does not end children")
def test_a_killed_reader_takes_its_workers_along(path: Path) -> None:
    entry = sabotage("time.sleep(600)", "('cgal-simple', 'manifold', 'opencascade')")
    told = "lambda share: print(open('/proc/self/task/%d/children' % os.getpid()).read(), flush=True)"
    program = f"""
import os, pathlib
from geometry.readers.ifc_tessellation import tessellate
tessellate(pathlib.Path({str(path)!r}), workers=1, entry={entry!r}, progress={told})
"""
    reader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert reader.stdout is not None
    worker = int(reader.stdout.readline().split()[0])
    reader.kill()
    reader.wait(timeout=30)
    reader.stdout.close()
    deadline = time.monotonic() + 30.0
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(worker)


def is_running(pid: int) -> bool:
    """Return whether a process is there and no zombie that its new parent has yet to bury."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


COPIES = """
import os, pathlib, signal, sys, threading
import geometry.readers.ifc_kernels as k
from geometry.readers import ifc_tessellation as t
from geometry.forked import forked
copies = []
def counted(main):
    copy = forked(main)
    copies.append(copy is not None)
    return copy
t.forked = counted
sound = k.Kernels._mesh
def bad(self, kernel, product):
    if product.instance.Name == "evil" and kernel == "cgal-simple":
        self._announce(kernel)
        os.kill(os.getpid(), signal.SIGSEGV)
    return sound(self, kernel, product)
print("said before", end="")
k.Kernels._mesh = bad
raw = t.tessellate(pathlib.Path(sys.argv[1]), workers=2)
made = [shape.kernel for shape in raw.shapes.values() if shape.mesh is not None]
print(";", copies, len(made), len(raw.products), *raw.crashes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux copies processes")
def test_a_copy_of_the_reader_may_crash_too(path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", COPIES, str(path)], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    # the first worker is a copy; the one after the crash is not, for the reader has threads by then
    expected = "said before; [True, False] 6 6 cgal-simple crashed (signal 11) on instance #"
    assert (run.returncode, run.stderr, run.stdout.startswith(expected)) == (0, "", True), run.stdout


def test_no_copy_is_made_beside_other_threads() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert forked(lambda: None) is None
    finally:
        stop.set()
        thread.join()


def test_no_process_is_left_behind(path: Path) -> None:
    before = children()
    tessellate(path, workers=2)
    assert children() == before


def children() -> set[str]:
    """Return the process ids of this process's children, by the kernel's own list."""
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        pytest.skip("children are counted in /proc, which is a thing of Linux")
    listed = [(task / "children").read_text().split() for task in tasks.iterdir() if (task / "children").exists()]
    return {pid for pids in listed for pid in pids}


def test_the_share_done_is_a_share_and_never_falls(path: Path) -> None:
    told: list[float] = []
    tessellate(path, workers=2, progress=told.append)
    assert told == sorted(told)
    assert all(0.0 <= share <= 1.0 for share in told)
