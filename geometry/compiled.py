"""Whether the kernels that every check runs are compiled, or a first run is about to compile them."""

from importlib import import_module
from types import ModuleType
from typing import Any

KERNELS = ("geometry.triangle_kernels", "geometry.pose_kernels")
"""Modules of which some kernel runs in every check."""


def kernels_are_compiled() -> bool:
    """Return False when numba has kept no machine code of the present sources for this machine and version of numba.

    It looks at numba's index files and compiles nothing. Where numba does not say, it is True: a first run that is not
    announced is better than an announcement that is not true.
    """
    return all(is_compiled(import_module(name)) for name in KERNELS)


def is_compiled(module: ModuleType) -> bool:
    """Return False when none of a module's cached functions has machine code that numba would load."""
    kept = [_kept(function) for function in vars(module).values() if hasattr(function, "stats")]
    return any(kept) or not kept


def _kept(dispatcher: Any) -> bool:
    """Return whether numba would find something in a function's index; True when it is not known."""
    try:
        index = dispatcher._cache._cache_file._load_index()
        machine = dispatcher.targetctx.codegen().magic_tuple()
        return any(key[1] == machine for key in index)
    except Exception:  # numba keeps its index to itself: another version may have none of these names
        return True
