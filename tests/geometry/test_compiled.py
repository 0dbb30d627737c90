"""What numba has kept is found, what it would throw away is not: on a module of its own."""

import importlib.util
import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import pytest

from geometry import compiled

KERNEL = "import numba as nb\n\n\n@nb.njit(cache=True)\ndef doubled(x):\n    return {}\n"


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
