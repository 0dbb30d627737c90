"""Reading designs and scans: one suffix table, one module per format, each imported only when it is needed.

======================  ======================================================  =====================================
suffix                  format                                                  station positions
======================  ======================================================  =====================================
.e57                    ASTM E57                                                poses
.las .laz .copc.laz     ASPRS LAS, LAZ, COPC                                    none
.ply                    PLY, ascii and binary                                   none
.pcd                    PCD, ascii, binary, binary_compressed                   VIEWPOINT
.xyz .txt .csv .asc     text table                                              none
.pts                    Leica PTS                                               none
.ptx                    Leica PTX                                               registered transform of each scan
.ifc .ifczip .ifcxml    IFC2X3, IFC4, IFC4X3
.step .stp              STEP AP203, AP214, AP242
.stl .obj .ply .glb     triangle meshes
======================  ======================================================  =====================================
"""

import importlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from geometry.design import DesignModel
from geometry.errors import ReadError
from geometry.note import Note
from geometry.readers.chunk import Chunk
from geometry.readers.sniff import HEAD_BYTES, content_of
from geometry.scan import Scan
from geometry.source import SourceFile, sha256_of

Progress = Callable[[float], None]
"""Called with the share done, 0..1, never falling."""

SCAN_READERS: dict[str, str] = {
    ".e57": "e57",
    ".las": "las",
    ".laz": "las",
    ".ply": "ply",
    ".pcd": "pcd",
    ".xyz": "text_cloud",
    ".txt": "text_cloud",
    ".csv": "text_cloud",
    ".asc": "text_cloud",
    ".pts": "text_cloud",
    ".ptx": "ptx",
}
"""Suffix to module: each has ``read_chunks(path, *, chunk_points)``."""

DESIGN_READERS: dict[str, str] = {
    ".ifc": "ifc",
    ".ifczip": "ifc",
    ".ifcxml": "ifc",
    ".step": "step",
    ".stp": "step",
    ".stl": "mesh",
    ".obj": "mesh",
    ".ply": "mesh",
    ".glb": "mesh",
}
"""Suffix to module: ``ifc.read_ifc``, ``step.read_step`` and ``mesh.read_mesh``."""

_CONTENT_READERS = {"e57": "e57", "las": "las", "ply": "ply", "pcd": "pcd", "ptx": "ptx"}
_DESIGN_CONTENT: dict[str, tuple[str, ...]] = {
    ".ifc": ("an IFC or STEP file", "a ZIP archive", "an XML file"),
    ".ifczip": ("a ZIP archive", "an IFC or STEP file", "an XML file"),
    ".ifcxml": ("an XML file", "a ZIP archive", "an IFC or STEP file"),
    ".step": ("an IFC or STEP file",),
    ".stp": ("an IFC or STEP file",),
    ".glb": ("a GLB model",),
    ".ply": ("ply",),
}
"""Suffix to the contents that its reader takes, the usual one first."""
_MODELS = ("an IFC or STEP file", "a GLB model")
_TEXT_CONTENT = ("text", "pts")
_TEXT_READERS = ("text_cloud", "ptx")


@dataclass(frozen=True, slots=True)
class _ScanFile:
    path: Path
    reader: str
    note: str | None
    size: int


def read_scan(
    paths: Sequence[Path],
    *,
    max_points: int = 30_000_000,
    progress: Progress | None = None,
    chunk_points: int = 1 << 18,
) -> Scan:
    """Read one or several scan files, of any mix of formats, into one scan.

    The files are read in chunks; what is held never exceeds ``max_points`` points (32 bytes each) and one chunk.

    Parameters
    ----------
    paths
        Files in one common frame (a registered project).
    max_points
        A larger cloud is thinned to one of every 2, 4, 8 ... points of each station (:mod:`.thinning`).
    progress
        Called with the share of bytes read, 0..1.
    chunk_points
        Records per chunk; changes memory and speed, never the result.

    Raises
    ------
    ReadError
        When a file is missing, a folder, empty, truncated, corrupt, not a scan or given twice.
    EmptyInput
        When the files hold no valid point.
    ValueError
        When ``paths`` is empty or a limit is below one.
    """
    from geometry.readers.cloud import CloudAssembler

    if not paths or max_points < 1 or chunk_points < 1:
        raise ValueError(f"read_scan needs files and limits above 0, not {len(paths)}, {max_points}, {chunk_points}")
    report = progress or _silent
    files = [_identify(Path(path)) for path in paths]
    _refuse_repeated([file.path for file in files], [str(file.path.resolve()) for file in files])
    hashes = _Hashes([file.path for file in files])
    cloud = CloudAssembler(max_points)
    formats: list[str] = []
    total, before = sum(file.size for file in files), 0
    for number, file in enumerate(files):
        if file.note:
            cloud.note(Note("in_file", "{file}: {note}", file=file.path.name, note=file.note))
        name = file.reader.upper()
        for chunk in _chunks(file, chunk_points):
            cloud.add(chunk, number, file.path)
            name = chunk.setup.format
            report(min(1.0, (before + min(chunk.done, 1.0) * file.size) / total))
        formats.append(name)
        before += file.size
    digests = hashes.result()
    _refuse_repeated([file.path for file in files], digests)
    sources = tuple(
        SourceFile(str(f.path), digest, name) for f, digest, name in zip(files, digests, formats, strict=True)
    )
    scan = cloud.finish(sources, tuple(file.path.name.partition(".")[0] for file in files))
    report(1.0)
    return scan


def _silent(share: float) -> None:
    """Report to nobody."""


def read_design(
    path: Path, *, workers: int = 1, cache_dir: Path | None = None, progress: Progress | None = None
) -> DesignModel:
    """Read a design: IFC, STEP or a triangle mesh.

    Parameters
    ----------
    workers
        Processes that tessellate an IFC file.
    cache_dir
        Where tessellations are kept by file hash; None = nowhere.

    Raises
    ------
    ReadError
        When the file is missing, of an unknown kind, or broken.
    """
    size = _checked_size(path)
    suffix = path.suffix.lower()
    reader = DESIGN_READERS.get(suffix)
    if reader is None:
        known = " ".join(DESIGN_READERS)
        hint = "it is a scan: give it after the model" if suffix in SCAN_READERS else "export the model as IFC"
        raise ReadError(f"{path}: not a design that can be read ({known}); {hint}")
    if size == 0:
        raise ReadError(f"{path}: the file is empty (0 bytes); copy it again")
    _expect_design(path, _content(path))
    if reader == "ifc":
        from geometry.readers.ifc import read_ifc

        return read_ifc(path, workers=workers, cache_dir=cache_dir, progress=progress)
    if reader == "step":
        from geometry.readers.step import read_step

        return read_step(path)
    from geometry.readers.mesh import read_mesh

    return read_mesh(path)


def _identify(path: Path) -> _ScanFile:
    """Return which module reads a file, by its content where that is clear, else by its suffix."""
    size = _checked_size(path)
    if size == 0:
        raise ReadError(f"{path}: the file is empty (0 bytes); copy it again")
    suffix = path.suffix.lower()
    by_suffix = SCAN_READERS.get(suffix)
    content = _content(path)
    if content in _CONTENT_READERS:
        reader = _CONTENT_READERS[content]
        wrong = by_suffix != reader
        said = "the suffix {suffix} is wrong: the file is {content} and was read as such."
        note = Note("wrong_suffix", said, suffix=suffix or "(none)", content=content.upper())
        return _ScanFile(path, reader, note if wrong else None, size)
    if content in _TEXT_CONTENT and by_suffix in _TEXT_READERS:
        return _ScanFile(path, by_suffix, None, size)
    what = {None: "unknown data", "text": "plain text", "pts": "plain text"}.get(content, content)
    if by_suffix is None:
        known = " ".join(SCAN_READERS)
        hint = "it is a model: give one model first, then scans" if content in _MODELS else "export the scan"
        raise ReadError(f"{path}: {what}, which is not a scan that can be read ({known}); {hint}")
    raise ReadError(f"{path}: no {suffix[1:].upper()} file, its content is {what}; export the scan again")


def _content(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return content_of(stream.read(HEAD_BYTES))
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror}); check its permissions") from None


def _expect_design(path: Path, content: str | None) -> None:
    """Refuse a design whose content is clearly something else; what is merely damaged its reader tells."""
    suffix = path.suffix.lower()
    if content in (None, "text", "pts") or content in _DESIGN_CONTENT.get(suffix, ()):
        return
    if content in _CONTENT_READERS:
        raise ReadError(f"{path}: not a model, its content is {content.upper()}: give it as a scan, after the model")
    fitting = next((known for known, contents in _DESIGN_CONTENT.items() if content == contents[0]), None)
    hint = f"name it {path.stem}{fitting}" if fitting else "export the model again"
    raise ReadError(f"{path}: no {suffix[1:].upper()} file, its content is {content}; {hint}")


def _refuse_repeated(paths: Sequence[Path], marks: Sequence[str]) -> None:
    """Refuse a scan that is given twice: its points would count twice, and make every result look more certain."""
    first: dict[str, Path] = {}
    for path, mark in zip(paths, marks, strict=True):
        if mark in first:
            raise ReadError(f"{path}: the same scan as {first[mark]}; give each scan once")
        first[mark] = path


def _checked_size(path: Path) -> int:
    """Return the size of a file that exists."""
    try:
        if path.is_dir():
            raise ReadError(f"{path}: this is a folder; give the files in it")
        return path.stat().st_size
    except FileNotFoundError:
        raise ReadError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror}); check the path and its permissions") from None


def _chunks(file: _ScanFile, chunk_points: int) -> Iterator[Chunk]:
    """Yield the chunks of a file; a failing disk is a read error, not a traceback."""
    module = importlib.import_module(f"geometry.readers.{file.reader}")
    try:
        yield from module.read_chunks(file.path, chunk_points=chunk_points)
    except OSError as error:
        raise ReadError(f"{file.path}: reading failed ({error.strerror or error}); copy the file again") from None


class _Hashes:
    """The sha256 of files, computed in a thread beside the reading (hashing releases the interpreter lock)."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._digests: list[str] = []
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._digests += [sha256_of(path) for path in self._paths]
        except OSError as error:
            self._error = error

    def result(self) -> list[str]:
        """Return the digests, once they are all there."""
        self._thread.join()
        if self._error is not None:
            raise ReadError(
                f"{self._paths[len(self._digests)]}: reading failed ({self._error.strerror}); copy it again"
            )
        return self._digests
