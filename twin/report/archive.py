"""Zip files whose bytes depend on their content only."""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime


def zip_bytes(entries: Mapping[str, bytes], timestamp: datetime) -> bytes:
    """Return a zip archive of the entries in their order, all dated ``timestamp``; PNGs are stored as they are.

    Examples
    --------
    >>> from datetime import UTC
    >>> moment = datetime(2026, 1, 2, tzinfo=UTC)
    >>> zip_bytes({"a.txt": b"x"}, moment) == zip_bytes({"a.txt": b"x"}, moment)
    True
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name, timestamp.timetuple()[:6])
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()
