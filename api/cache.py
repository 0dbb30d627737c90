"""Where a machine keeps what was worked out before."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return where tessellated models are kept: ``QTEMS_CACHE_DIR``, else the user's cache folder."""
    chosen = os.environ.get("QTEMS_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(chosen) if chosen else (Path(base) if base else Path.home() / ".cache") / "qtems"
