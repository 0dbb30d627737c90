# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateUsage=false, reportAttributeAccessIssue=false, reportUntypedFunctionDecorator=false
"""Compiling kernels, and keeping the machine code where it is never older than the source.

numba asks only whether the file that holds a kernel has changed. A kernel that calls one in another file would go on
calling the old one after an update, without a word. So a kernel that is called from another file lives in a file
named ``*_kernels.py``, and what is kept of any kernel counts only as long as all these files are the same.
"""

import hashlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numba as nb
from numba.core.compiler_lock import global_compiler_lock

try:
    import fcntl
except ImportError:  # not a Unix: there every process compiles for itself
    fcntl = None


def source_stamp(folder: Path) -> bytes:
    """Return a digest of the kernels' files in a folder and below."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*_kernels.py")):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.digest()


KERNELS = ("geometry.triangle_kernels", "geometry.pose_kernels")
"""Modules of which some kernel runs in every check."""
_STAMP = source_stamp(Path(__file__).parent)


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function with ``numba.njit`` and these options when it is first called, and keep the machine code.

    Where nothing can be kept (no folder can be written to) it is compiled in each process anew; else by one of several
    that want it at a time, and the others take what that one kept.
    """

    def compile_later(function: Callable[..., Any]) -> Any:
        try:
            dispatcher = nb.njit(cache=True, **options)(function)
        except RuntimeError:  # numba finds no folder for the machine code
            return nb.njit(**options)(function)
        dispatcher._cache._cache_file._source_stamp += _STAMP
        compile_now = dispatcher.compile

        def compile_once(signature: Any) -> Any:
            # first the threads' lock, which compiling takes, then that of the processes: never the other way round
            with global_compiler_lock, _alone(Path(dispatcher._cache._cache_file._index_path).with_suffix(".lock")):
                return compile_now(signature)  # looks first for what was kept meanwhile

        dispatcher.compile = compile_once
        return dispatcher

    return compile_later


@contextmanager
def _alone(path: Path) -> Generator[None]:
    """Hold a lock that one process holds at a time; none where no file can be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError:
        yield
        return
    with file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)  # given up when the file is closed, also by a process that is killed
        yield


def kernels_are_compiled() -> bool:
    """Return False when no machine code of the present sources is kept for this machine and version of numba.

    It looks at numba's index files and compiles nothing. Where numba does not say, it is True: a first run that is not
    announced is better than an announcement that is not true.
    """
    return all(is_compiled(import_module(name)) for name in KERNELS)


def is_compiled(module: ModuleType) -> bool:
    """Return False when none of a module's kernels has machine code that numba would load."""
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
