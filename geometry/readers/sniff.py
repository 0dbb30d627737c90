"""What a file really is, told from its first bytes; the suffix decides only where the content cannot."""

import re

HEAD_BYTES = 4096

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"ASTM-E57", "e57"),
    (b"LASF", "las"),
    (b"ply\n", "ply"),
    (b"ply\r", "ply"),
    (b"ISO-10303-21", "an IFC or STEP file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"glTF", "a GLB model"),
    (b"\x1f\x8b", "gzip data"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML file"),
    (b"%PDF", "a PDF file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
)
_PCD = re.compile(rb"\A(?:\s*#[^\n]*\n|\s*\n)*\s*(?:VERSION|FIELDS)\s", re.IGNORECASE)
_PTX = re.compile(
    rb"\A\s*\d+\s*\n\s*\d+\s*\n(?:[^\S\n]*\S+[^\S\n]+\S+[^\S\n]+\S+[^\S\n]*\n){4}(?:[^\S\n]*(?:\S+[^\S\n]+){3}\S+[^\S\n]*\n){4}"
)
_PTS = re.compile(rb"\A\s*\d+\s*\n\s*[-+.\d]")


def content_of(head: bytes) -> str | None:
    r"""Return what the first bytes of a file show.

    Returns
    -------
    str or None
        ``e57``, ``las``, ``ply``, ``pcd``, ``ptx``, ``pts`` or ``text``; a phrase such as ``a ZIP archive`` for known
        things that are no scans; None when they show nothing.

    Examples
    --------
    >>> content_of(b"LASF" + bytes(8))
    'las'
    >>> content_of(b"1.0 2.0 3.0\n")
    'text'
    """
    head = head.removeprefix(b"\xef\xbb\xbf")
    start = head.lstrip()[:24]
    for magic, name in _MAGIC:
        if (head if name in ("e57", "las", "ply") else start).startswith(magic):
            return name
    if _PCD.match(head):
        return "pcd"
    if not _is_text(head):
        return None
    unix = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if _PTX.match(unix):
        return "ptx"
    return "pts" if _PTS.match(unix) else "text"


def _is_text(head: bytes) -> bool:
    """Return True when the bytes hold no control characters but white space."""
    return len(head) > 0 and not any(byte < 9 or 13 < byte < 32 for byte in head)
