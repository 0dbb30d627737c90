"""The folder of the reports: which files in it are a check's own, and how one set takes the place of another.

Beside the reports lies a record of their hashes, in the form of ``sha256sum``. Nothing is replaced or removed that it
does not vouch for: what is not in it was made by somebody else, and what differs was changed (signed, marked up) since.
"""

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from geometry.errors import GeometryError
from geometry.source import sha256_of
from twin.report.uninterrupted import uninterrupted

FILES: dict[str, tuple[str, ...]] = {
    "json": ("report.json",),
    "html": ("report.html",),
    "pdf": ("report.pdf",),
    "xlsx": ("report.xlsx",),
    "bcf": ("report-2.1.bcf", "report-3.0.bcf"),
    "glb": ("model.glb",),
    "cloud": ("deviation.laz",),
    "ply": ("deviation.ply",),
    "html3d": ("html3d",),
}
"""File names by format, in the order of writing; ``json`` is always written.

``html3d`` is a folder with a ``MANIFEST``.
"""

MANIFEST = "contents.sha256"
"""Lists every other file of a folder that is a report; the record names it in place of them."""

NAMES = tuple(name for names in FILES.values() for name in names)
"""All that a check may write, replace or remove, besides ``RECORD``."""

RECORD = ".qtems.sha256"
"""``sha256sum -c`` reads it."""


class ReportError(GeometryError):
    """A report cannot be written; the text names the folder or format and says what to do."""


def ensure_replaceable(out_dir: Path, inputs: Collection[Path] = ()) -> None:
    """Refuse a folder in which reports would take the place of an input or of what no check wrote.

    Raises
    ------
    ReportError
        If one of ``inputs`` is a file that a check may write or remove, or the folder holds such a file that no check
        wrote or that was changed since.
    """
    for path in inputs:
        if any(_same(path, out_dir / name) for name in (*NAMES, RECORD)):
            raise ReportError(
                f"{path} is an input of this check and would be replaced: choose another folder with --out"
            )
    earlier_reports(out_dir)


def earlier_reports(out_dir: Path) -> dict[str, str]:
    """Return the sha256 by name of the reports in a folder, all of them written by a check and unchanged since.

    Raises
    ------
    ReportError
        If there is a file under the name of a report for which the record does not vouch.
    """
    vouched = _read_record(out_dir / RECORD)
    found = {name: _digest(out_dir / name) for name in NAMES if os.path.lexists(out_dir / name)}
    others = [str(out_dir / name) for name, digest in found.items() if (name, digest) not in vouched]
    if others:
        was, it = ("were", "them") if len(others) > 1 else ("was", "it")
        raise ReportError(
            f"{', '.join(others)} {was} not written by a check, or {was} changed since: move {it}, or choose another "
            "folder with --out"
        )
    return found


def put_in_place(workshop: Path, out_dir: Path, names: Sequence[str]) -> tuple[Path, ...]:
    """Move finished reports out of ``workshop``, a folder inside ``out_dir``, and return the earlier ones removed.

    Reports of the same names are replaced. Others of an earlier check are removed, unless their report.json is the
    same: then it was this very check, and they still hold. The earlier set is moved away whole before the first new
    file comes, report.json comes last, signals wait until it is there, and an error brings the earlier set back: nobody
    ever finds files of both under final names.

    Raises
    ------
    ReportError
        If a file in the folder was changed since the check began.
    OSError
        If a file cannot be moved; then the earlier set is in place.
    """
    earlier = earlier_reports(out_dir)  # again: the work took minutes
    made = {name: _digest(workshop / name) for name in names}
    same_check = earlier.get("report.json") == made["report.json"]
    stale = [] if same_check else [name for name in earlier if name not in made]
    coming = sorted((name for name in names if earlier.get(name) != made[name]), key="report.json".__eq__)
    leaving = sorted((name for name in earlier if name in stale or name in coming), key="report.json".__ne__)
    kept = {name: digest for name, digest in earlier.items() if name not in stale}
    for_both, for_new = workshop / "both.sha256", workshop / "new.sha256"
    _write_record(for_both, [*earlier.items(), *made.items()])
    _write_record(for_new, (kept | made).items())
    with uninterrupted():
        os.replace(for_both, out_dir / RECORD)  # whatever happens from here on, what is found there is vouched for
        _exchange(workshop, out_dir, leaving, coming)
        os.replace(for_new, out_dir / RECORD)
    return tuple(out_dir / name for name in stale)


def _exchange(workshop: Path, out_dir: Path, leaving: Sequence[str], coming: Sequence[str]) -> None:
    """Move files away and others in; when one cannot be moved, move all back."""
    aside = workshop / "earlier"
    aside.mkdir()
    moves = [(out_dir / name, aside / name) for name in leaving]
    moves += [(workshop / name, out_dir / name) for name in coming]
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            os.replace(source, target)
            done.append((source, target))
    except OSError:
        for source, target in reversed(done):
            with suppress(OSError):
                os.replace(target, source)
        raise


def _same(path: Path, report: Path) -> bool:
    try:
        return os.path.samefile(path, report)
    except OSError:  # one of them is not there
        return False


def write_manifest(folder: Path) -> None:
    """List the files of a folder that is a report, with their hashes, in ``MANIFEST``."""
    (folder / MANIFEST).write_text(_listed(folder), encoding="utf-8", newline="\n")


def _listed(folder: Path) -> str:
    """Return the manifest that a folder should have; a link in it is nothing that a check made."""
    inside = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    lines = (f"{_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in inside if path.name != MANIFEST)
    return "".join(lines)


def _digest(path: Path) -> str:
    """Return the sha256 of a report, nothing for what is no plain file or cannot be read: no check left that.

    Of a folder it is that of its manifest, as long as that says what is in the folder.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            manifest = path / MANIFEST
            is_whole = manifest.is_file() and manifest.read_text(encoding="utf-8") == _listed(path)
            return sha256_of(manifest) if is_whole else ""
        return sha256_of(path) if path.is_file() and not path.is_symlink() else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _read_record(path: Path) -> set[tuple[str, str]]:
    """Return the names and hashes that a record vouches for; a name may have two, when a check was cut off."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    listed = (
        (name.removesuffix(f"/{MANIFEST}"), digest) for digest, _, name in (line.partition("  ") for line in lines)
    )
    return set(listed)


def _write_record(path: Path, entries: Collection[tuple[str, str]]) -> None:
    lines = sorted({(NAMES.index(name), f"{digest}  {_recorded(name)}\n") for name, digest in entries})
    path.write_text("".join(line for _, line in lines), encoding="utf-8", newline="\n")


def _recorded(name: str) -> str:
    """Return how the record names a report: a folder by its manifest, so that ``sha256sum -c`` can read it."""
    return f"{name}/{MANIFEST}" if name in FILES["html3d"] else name
