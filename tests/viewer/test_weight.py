"""What a phone has to fetch before it shows anything."""

import gzip
import re
from pathlib import Path

import pytest

from tests.viewer.conftest import STATIC

BUDGET = 350_000
"""Bytes of script, compressed."""
_SCRIPT = re.compile(r'<(?:script[^>]*\ssrc|link[^>]*rel="modulepreload"[^>]*\shref)="/([^"]+)"')
_IMPORTED = re.compile(r'(?:\bfrom|\bimport)\s*"\./([^"]+\.js)"')
"""What a script needs before it runs; ``import("...")`` is fetched when it is wanted."""


def loaded_first(static: Path) -> set[Path]:
    """Return the scripts that the page loads before anybody does anything."""
    waiting = [static / name for name in _SCRIPT.findall((static / "index.html").read_text(encoding="utf-8"))]
    found: set[Path] = set()
    while waiting:
        script = waiting.pop()
        if script not in found:
            found.add(script)
            imported: list[str] = _IMPORTED.findall(script.read_text(encoding="utf-8"))
            waiting += [script.parent / name for name in imported]
    return found


def test_the_first_scripts_stay_within_their_budget() -> None:
    if not (STATIC / "index.html").is_file():
        pytest.skip("the viewer is not built: make viewer")
    scripts = loaded_first(STATIC)
    assert scripts, "the page names its script"
    sizes = {one.name: len(gzip.compress(one.read_bytes(), 9)) for one in scripts}
    assert sum(sizes.values()) <= BUDGET, sizes
