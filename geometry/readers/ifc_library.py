"""ifcopenshell without the parts that reading a model never asks for, which take half the time of its import.

They are the grammar behind a header's view definition (``lark``), the SQLite and streaming front ends, and a backport
of what Python's own ``typing`` has. A stand-in for each is there while ifcopenshell is imported and gone afterwards, so
that whoever imports the real one later gets it. Where a release of ifcopenshell wants more of one of them, all of it is
imported. Its libraries look up what they call when they first call it, not all of it at once.
"""

# pyright: reportMissingTypeStubs=false, reportMissingImports=false, reportUnusedImport=false

import gc
import importlib
import os
import sys
import typing
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_NEVER_USED: Mapping[str, Mapping[str, Any] | None] = {
    "lark": None,  # as if it was not installed
    "ifcopenshell.sql": {"sqlite": type("sqlite", (), {}), "sqlite_entity": type("sqlite_entity", (), {})},
    "ifcopenshell.stream": {"stream": type("stream", (), {}), "stream_entity": type("stream_entity", (), {})},
    "typing_extensions": {"assert_never": typing.assert_never},
}


def import_ifcopenshell() -> ModuleType:
    """Import ifcopenshell and its geometry, lean where that works; for a process that only reads a model."""
    if "ifcopenshell" not in sys.modules:
        stand_ins = {name: _stand_in(name, holds) for name, holds in _NEVER_USED.items() if name not in sys.modules}
        sys.modules.update(stand_ins)  # pyright: ignore[reportArgumentType, reportCallIssue]
        try:
            with _at_ease():
                importlib.import_module("ifcopenshell.geom")
        except (ImportError, AttributeError):
            for name in [name for name in sys.modules if name.partition(".")[0] == "ifcopenshell"]:
                del sys.modules[name]
        finally:
            for name, module in stand_ins.items():
                if sys.modules.get(name) is module:
                    sys.modules.pop(name, None)
    importlib.import_module("ifcopenshell.geom")
    return sys.modules["ifcopenshell"]


@contextmanager
def _at_ease() -> Generator[None]:
    """Bind symbols lazily, where libraries know how to, and collect no garbage: together a third of the import."""
    collects = gc.isenabled()
    flags = sys.getdlopenflags() if hasattr(sys, "getdlopenflags") else None
    gc.disable()
    if flags is not None:
        sys.setdlopenflags(flags & ~os.RTLD_NOW | os.RTLD_LAZY)
    try:
        yield
    finally:
        if flags is not None:
            sys.setdlopenflags(flags)
        if collects:
            gc.enable()


def _stand_in(name: str, holds: Mapping[str, Any] | None) -> ModuleType | None:
    if holds is None:
        return None
    module = ModuleType(name)
    vars(module).update(holds)
    return module
