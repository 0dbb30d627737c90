"""All report files of a check in one folder, each complete under its final name or not there at all."""

import os
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from geometry.errors import GeometryError
from twin.report.provenance import Provenance
from twin.report.report_json import report_json
from twin.result import CheckResult

FORMATS: tuple[str, ...] = ()
"""What can be written beside ``report.json``, which always is."""

Progress = Callable[[str, float], None]
"""Called with the name of the file in work and the share done, 0..1."""


class ReportError(GeometryError):
    """A report cannot be written; the text names the folder or format and says what to do."""


def ensure_writable(out_dir: Path) -> None:
    """Create ``out_dir`` if need be and prove that files can be made in it, before any long work.

    Raises
    ------
    ReportError
        If the folder cannot be created or written.
    """
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out_dir):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReportError(f"cannot write reports to {out_dir}: {reason}; choose another folder with --out") from error


def write_reports(
    result: CheckResult,
    provenance: Provenance,
    out_dir: Path,
    *,
    formats: Collection[str] = FORMATS,
    lang: str = "en",
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Write ``report.json`` and the chosen formats into ``out_dir`` and return the paths in the order written.

    Every file is written under a temporary name in ``out_dir`` and moved to its final name when complete, so that an
    interrupted run never leaves half a report under a final name.

    Raises
    ------
    ReportError
        If the folder cannot be written or a format or language is not known.
    """
    ensure_writable(out_dir)
    path = out_dir / "report.json"
    _replace(path, report_json(result, provenance))
    return (path,)


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
        temporary = Path(stream.name)
        try:
            stream.write(content)
            stream.close()
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
