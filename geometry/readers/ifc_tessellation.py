"""All shapes of an IFC file, made by worker processes that are allowed to crash.

A worker says what it is about to do before it does it. When it dies, hangs or runs out of memory, the step it was in
is struck off for that shape and the rest goes on in a fresh process; a shape for which nothing is left is reported.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from geometry.arrays import FloatArray
from geometry.design import Mesh
from geometry.errors import ReadError
from geometry.forked import WorkerProcess, forked
from geometry.note import restored
from geometry.readers.frames import read_frame
from geometry.readers.worker_process import memory_share, spawned

ENTRY = "from geometry.readers.ifc_worker import main; main()"
STAGE_LIMIT_S = 120.0
MAX_CRASHES_PER_SHAPE = 6
_MOST_GROUPS, _COST_OF_CHUNK, _COST_OF_PRODUCT = 12, 20.0, 1.0
_HIRE_AFTER_S = 0.3
_LARGE_BYTES = 150_000
"""Of a file this large the shapes take longer to make than another process to start: all workers start at once."""
_POLL_S = 0.02
OPEN_LIMIT_S = 120.0
"""Seconds that opening may take, and as much again for each 50 MB: over ten times what it takes."""
_OPEN_BYTES = 50_000_000

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class RawShape:
    """A shape in its own coordinates, metres; no mesh where none could be made."""

    mesh: Mesh | None
    kernel: str = ""
    suspect: str = ""
    sheet: bool = False
    boxes: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    """GlobalId of an opening -> centre, axes and size of the box that it is, 15 numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class RawProduct:
    """A product: its description as the worker gave it, and its placement (4, 4) in the world, or why there is none."""

    key: str
    described: dict[str, Any]
    placement: FloatArray | None


@dataclass(frozen=True, slots=True, eq=False)
class RawModel:
    """Everything that the workers found out."""

    index: dict[str, Any]
    shapes: dict[str, RawShape]
    products: list[RawProduct]
    """In the order of their instance numbers."""
    crashes: tuple[str, ...]
    """One line per crash, sorted: what it was at and how it ended."""


@dataclass(slots=True)
class _Group:
    key: str
    ids: list[int]
    cost: float
    """About how many milliseconds it takes."""
    crashes: int = 0


@dataclass(slots=True)
class _Board:
    """What is left to do and what has been done; touched under its lock."""

    ready: threading.Condition = field(default_factory=threading.Condition)
    queue: deque[list[_Group]] = field(default_factory=deque[list[_Group]])
    busy: int = 0
    avoid: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    shapes: dict[str, RawShape] = field(default_factory=dict[str, RawShape])
    products: dict[int, RawProduct] = field(default_factory=dict[int, RawProduct])
    crashes: list[str] = field(default_factory=list[str])
    failure: BaseException | None = None

    def is_done(self) -> bool:
        """Return whether nothing is left and nothing can come back."""
        return self.failure is not None or not (self.queue or self.busy)


def tessellate(
    path: Path,
    *,
    workers: int = 2,
    progress: Progress | None = None,
    stage_limit_s: float = STAGE_LIMIT_S,
    entry: str = ENTRY,
) -> RawModel:
    """Make the shapes of all elements of an IFC (STEP) file.

    Parameters
    ----------
    path:
        The file.
    workers:
        Processes at a time, at least one.
    progress:
        Told the share done, from this thread.
    stage_limit_s:
        Seconds that one kernel may take over one shape.
    entry:
        The worker's program; tests put one there that crashes on purpose.

    Raises
    ------
    ReadError
        If the file cannot be parsed, or the parser crashes on it.
    """
    board = _Board()
    crew = _Crew(lambda index: _Worker(path, index=index, workers=workers, entry=entry), board, stage_limit_s)
    try:
        if path.stat().st_size >= _LARGE_BYTES:
            crew.start(workers)
        index = crew.first.open()
        board.queue.extend(_chunks(index["products"]))
        _watch(board, crew, workers, len(index["products"]), progress)
    finally:
        crew.dismiss()
    if board.failure is not None:
        raise board.failure
    products = [board.products[id_] for id_ in sorted(board.products)]
    return RawModel(index, board.shapes, products, tuple(sorted(board.crashes)))


class _Crew:
    """The workers, and a thread of this process for each that hands it its work."""

    def __init__(self, make: Callable[[bool], "_Worker"], board: _Board, stage_limit_s: float) -> None:
        self._make = make
        self._board = board
        self._limit = stage_limit_s
        self.first = make(True)
        self._workers = [self.first]
        self._threads: list[threading.Thread] = []

    def __len__(self) -> int:
        return len(self._threads)

    def start(self, count: int) -> None:
        """Start processes ahead of the work, while the first one still reads the file, until there are so many."""
        while len(self._workers) < count:
            self._workers.append(self._make(False))

    def hire(self) -> None:
        """Put one more worker to work, first those that were started."""
        self.start(len(self._threads) + 1)
        worker = self._workers[len(self._threads)]
        thread = threading.Thread(target=_work, args=(self._board, worker, self._limit), daemon=True)
        self._threads.append(thread)
        thread.start()

    def hire_started(self, count: int) -> None:
        """Put the workers that were started to work, as many as there are portions for."""
        for _ in range(min(len(self._workers), count) - len(self._threads)):
            self.hire()

    def busy(self) -> bool:
        """Return whether any worker still has something to do, after ending those that are over their time."""
        for worker in self._workers:
            worker.kill_if_late()
        return any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        """Wait for the threads once nothing is left to do."""
        for thread in self._threads:
            thread.join(_POLL_S)

    def dismiss(self) -> None:
        """End all processes for good, side by side; a thread that still runs starts none anew."""
        for worker in self._workers:
            worker.end()
        for worker in self._workers:
            worker.dismiss()


def _watch(board: _Board, crew: _Crew, workers: int, total: int, progress: Progress | None) -> None:
    """Take on workers while there is enough left to do, and report progress, until all is done."""
    told, started = -1.0, time.monotonic()
    crew.hire_started(max(1, len(board.queue)))
    while crew.busy():
        with board.ready:
            board.ready.wait_for(board.is_done, _POLL_S)
        if board.is_done():
            crew.join()
        # a small model is read before another process has started
        if len(crew) < workers and len(board.queue) > 1 and time.monotonic() - started > _HIRE_AFTER_S:
            crew.hire()
        done = len(board.products) / max(total, 1)
        if progress is not None and done > told:
            told = done
            progress(min(told, 1.0))


def _chunks(products: Iterable[dict[str, Any]]) -> list[list[_Group]]:
    """Return the work in portions, what takes long first and by itself."""
    groups: dict[str, _Group] = {}
    for product in products:
        group = groups.setdefault(product["key"], _Group(product["key"], [], product["cost"]))
        group.ids.append(product["id"])
        group.cost += _COST_OF_PRODUCT
    chunks: list[list[_Group]] = []
    room = 0.0
    for group in sorted(groups.values(), key=lambda group: -group.cost):
        if room < group.cost or len(chunks[-1]) == _MOST_GROUPS:
            chunks.append([])
            room = max(_COST_OF_CHUNK, group.cost)
        chunks[-1].append(group)
        room -= group.cost
    return chunks


def _work(board: _Board, worker: "_Worker", stage_limit_s: float) -> None:
    try:
        while (chunk := _take(board)) is not None:
            _serve(board, worker, chunk, stage_limit_s)
            with board.ready:
                board.busy -= 1
                board.ready.notify_all()
    except BaseException as error:
        with board.ready:
            board.failure = board.failure or error
            board.busy -= 1
            board.ready.notify_all()


def _take(board: _Board) -> list[_Group] | None:
    """Wait for the next portion; None when nothing is left and nothing can come back."""
    with board.ready:
        while not board.queue and not board.is_done():
            board.ready.wait()
        if not board.queue or board.failure is not None:
            return None
        board.busy += 1
        return board.queue.popleft()


def _serve(board: _Board, worker: "_Worker", chunk: list[_Group], stage_limit_s: float) -> None:
    """Have one portion made; on a crash put what is left of it back."""
    worker.open()
    worker.order({"groups": [(group.key, group.ids) for group in chunk], "avoid": board.avoid})
    pending = {group.key: group for group in chunk}
    key, stage = "", "open"
    keys = {id_: group.key for group in chunk for id_ in group.ids}
    missing = {group.key: set(group.ids) for group in chunk}
    while (frame := worker.read(stage_limit_s)) is not None:
        header, arrays = frame
        if header["kind"] == "begin":
            key, stage = header["key"], header["stage"]
        elif header["kind"] == "shape":
            mesh = Mesh(arrays[0], arrays[1]) if header["made"] else None
            board.shapes[header["key"]] = RawShape(
                mesh, header.get("kernel", ""), restored(header.get("suspect", "")), header.get("sheet", False),
                header.get("boxes", {}),
            )  # fmt: skip
        elif header["kind"] == "product":
            id_ = header["id"]
            board.products[id_] = RawProduct(keys[id_], header, arrays[0] if arrays else None)
            missing[keys[id_]].discard(id_)
            if not missing[keys[id_]]:
                pending.pop(keys[id_])
        elif header["kind"] == "done":
            return
    _crashed(board, worker, pending, key, stage)


def _crashed(board: _Board, worker: "_Worker", pending: dict[str, _Group], key: str, stage: str) -> None:
    culprit = pending.pop(key, None)
    with board.ready:
        if culprit is not None:
            board.avoid = {**board.avoid, key: [*board.avoid.get(key, ()), stage]}
            culprit.crashes += 1
            board.crashes.append(f"{stage} {worker.ending()} on instance #{culprit.ids[0]}")
            if culprit.crashes < MAX_CRASHES_PER_SHAPE:
                board.queue.appendleft([culprit])
            else:
                raise ReadError(f"the reader's process keeps dying on instance #{culprit.ids[0]} ({worker.ending()})")
        if pending:
            board.queue.appendleft(list(pending.values()))
    worker.kill()


def _forked_main() -> None:
    from geometry.readers.ifc_worker import main

    main()


class _Worker:
    """One worker process, started again when needed."""

    def __init__(self, path: Path, *, index: bool, workers: int, entry: str) -> None:
        self._path = path
        self._entry = entry
        self._memory = memory_share(workers)
        self._late = False
        self._deadline = float("inf")
        self._process: WorkerProcess | None = None
        self._opened = False
        self._lock = threading.Lock()
        self._dismissed = False
        self._start(index=index)

    def open(self) -> dict[str, Any]:
        """Make sure the model is open; return the index where one was asked for.

        Raises
        ------
        ReadError
            If the file cannot be parsed, or the parser dies on it.
        """
        if self._opened:
            return {}
        if self._process is None:
            self._start(index=False)
        index: dict[str, Any] = {}
        # the first worker is opened while nobody watches for late ones
        alarm = threading.Timer(_open_limit_s(self._path), self._kill_as_late)
        alarm.start()
        try:
            while (frame := self.read(float("inf"))) is not None:
                header, _ = frame
                if header["kind"] == "unreadable":
                    raise ReadError(header["reason"])
                if header["kind"] == "index":
                    index = header
                elif header["kind"] == "ready":
                    self._opened = True
                    return index
        finally:
            alarm.cancel()
        raise ReadError(f"the IFC parser {self.ending()} on it: the file is damaged or holds what it cannot take")

    def order(self, order: dict[str, Any]) -> None:
        """Send an order; a worker that is gone shows when its answer is read."""
        try:
            self._pipe("stdin").write(json.dumps(order).encode() + b"\n")
            self._pipe("stdin").flush()
        except OSError:
            return

    def read(self, limit_s: float) -> tuple[dict[str, Any], list[Any]] | None:
        """Return the next frame, None when the worker has ended; it is ended after ``limit_s`` of silence."""
        self._deadline = time.monotonic() + limit_s
        frame = read_frame(self._pipe("stdout"))  # pyright: ignore[reportArgumentType]
        self._deadline = float("inf")
        return frame

    def kill_if_late(self) -> None:
        """End the process if it has been silent for too long."""
        if time.monotonic() > self._deadline:
            self._kill_as_late()

    def _kill_as_late(self) -> None:
        process = self._process
        if process is not None:
            self._late = True
            process.kill()

    def kill(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                for pipe in (self._process.stdin, self._process.stdout):
                    if pipe is not None:
                        _close(pipe)
            self._process, self._opened = None, False

    def end(self) -> None:
        """Have the process ended without waiting for it."""
        process = self._process
        if process is not None:
            process.kill()

    def dismiss(self) -> None:
        """End the process and never start another: the thread that serves it may not have heard of the end yet."""
        self._dismissed = True
        self.kill()

    def ending(self) -> str:
        """Say how the process ended."""
        if self._late:
            return "took too long"
        code = self._process.wait() if self._process is not None else 0
        return f"crashed (signal {-code})" if code < 0 else f"failed (status {code})"

    def _start(self, *, index: bool) -> None:
        with self._lock:
            if self._dismissed:
                raise ReadError("reading was stopped")
            self._late, self._opened = False, False
            self._process = (forked(_forked_main) if self._entry == ENTRY else None) or spawned(self._entry)
        self.order({"path": str(self._path), "index": index, "memory_bytes": self._memory})

    def _pipe(self, name: str) -> IO[bytes]:
        assert self._process is not None
        pipe = self._process.stdin if name == "stdin" else self._process.stdout
        assert pipe is not None
        return pipe


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        return  # what was still buffered for a dead process


def _open_limit_s(path: Path) -> float:
    try:
        return OPEN_LIMIT_S * (1.0 + path.stat().st_size / _OPEN_BYTES)
    except OSError:
        return OPEN_LIMIT_S
