"""Kept machine code is found, is never older than any source it was made from, and is thrown away when it would be."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import pytest

import geometry
from geometry import compiled

KERNEL = "from geometry.compiled import kernel\n\n\n@kernel()\ndef doubled(x):\n    return {}\n"
CALLER = """
from geometry.compiled import kernel
from geometry.inner_kernels import inner

@kernel()
def outer(x):
    return inner(x) + 1

print(outer(10), sum(outer.stats.cache_hits.values()))
"""
SLOW = """
from geometry.compiled import kernel

@kernel()
def inner(x):
    return 3 * x

@kernel()
def outer(x):
    return inner(x) + 1
"""
INNER = """
from geometry.compiled import kernel

FACTOR = {factor}

@kernel()
def inner(x):
    return FACTOR * x
"""


@pytest.fixture
def place(tmp_path: Path) -> Generator[Path]:
    yield tmp_path / "doubling_kernels.py"
    sys.modules.pop("doubling_kernels", None)


def loaded(path: Path, source: str) -> ModuleType:
    """Return the module as a new process would see it."""
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("doubling_kernels", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["doubling_kernels"] = module
    spec.loader.exec_module(module)
    return module


def test_a_kernel_is_compiled_once_it_was_called_and_until_its_source_changes(place: Path) -> None:
    first = loaded(place, KERNEL.format("2 * x"))
    assert not compiled.is_compiled(first)
    assert first.doubled(21) == 42
    assert compiled.is_compiled(loaded(place, KERNEL.format("2 * x")))
    assert not compiled.is_compiled(loaded(place, KERNEL.format("x + x")))


def test_another_version_of_numba_starts_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(place, KERNEL.format("2 * x")).doubled(21)
    monkeypatch.setattr("numba.__version__", "0.0.1")
    assert not compiled.is_compiled(loaded(place, KERNEL.format("2 * x")))


def test_another_machine_starts_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(place, KERNEL.format("2 * x")).doubled(21)
    module = loaded(place, KERNEL.format("2 * x"))
    codegen = type(module.doubled.targetctx.codegen())
    monkeypatch.setattr(codegen, "magic_tuple", staticmethod(lambda: ("another", "cpu", "")))
    assert not compiled.is_compiled(module)


def test_nothing_is_announced_where_numba_does_not_say(place: Path) -> None:
    assert compiled.is_compiled(loaded(place, "def doubled(x):\n    return 2 * x\n"))
    module = loaded(place, KERNEL.format("2 * x"))
    module.doubled = type("Other", (), {"stats": None})()  # pyright: ignore[reportAttributeAccessIssue]
    assert compiled.is_compiled(module)


def test_the_kernels_of_every_check_are_kernels() -> None:
    for name in compiled.KERNELS:
        module = importlib.import_module(name)
        assert [f for f in vars(module).values() if hasattr(f, "stats")], name


def test_a_kernel_is_compiled_anew_when_one_that_it_calls_changes_in_another_file(tmp_path: Path) -> None:
    package = tmp_path / "geometry"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copy(Path(geometry.__file__).parent / "compiled.py", package)
    (package / "outer_kernels.py").write_text(CALLER)

    def answer(factor: int) -> list[str]:
        (package / "inner_kernels.py").write_text(INNER.format(factor=factor))
        # -B: python's own bytecode would hide a change of the same length within one second
        command = [sys.executable, "-B", "-c", "import geometry.outer_kernels"]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, env={"HOME": "/"})
        return run.stdout.split()

    assert answer(2) == ["21", "0"]
    assert answer(2) == ["21", "1"]  # kept
    assert answer(3) == ["31", "0"]  # never the old one


def test_every_kernel_that_another_file_calls_lives_in_a_file_that_counts() -> None:
    root = Path(geometry.__file__).parent
    for file in root.rglob("*_kernels.py"):
        text = file.read_text()
        for line in text.splitlines():
            if line.startswith("from geometry.") and "@kernel(" in text and "import kernel" not in line:
                assert line.split()[1].endswith("_kernels"), f"{file.name}: {line}"


def test_the_stamp_knows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a_kernels.py").write_text("1")
    one = compiled.source_stamp(tmp_path)
    (tmp_path / "a_kernels.py").write_text("2")
    assert compiled.source_stamp(tmp_path) != one
    (tmp_path / "a_kernels.py").rename(tmp_path / "b_kernels.py")
    (tmp_path / "b_kernels.py").write_text("1")
    assert compiled.source_stamp(tmp_path) != one


def test_one_of_several_processes_compiles_and_the_others_take_what_it_kept(tmp_path: Path) -> None:
    """They are let go at once; each says how often it compiled."""
    script = tmp_path / "wants.py"
    (tmp_path / "slow_kernels.py").write_text(SLOW, "utf-8")
    script.write_text(
        "import sys; from slow_kernels import outer; print('ready', flush=True); sys.stdin.readline();"
        "print(outer(10), sum(outer.stats.cache_misses.values()))",
        "utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(geometry.__file__).parents[1]}"}
    started = [
        subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        for _ in range(3)
    ]
    told = list[bytes]()
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in started:
        told.append(process.communicate()[0].strip())
    assert sorted(told) == [b"31 0", b"31 0", b"31 1"]
