"""The viewer explains machine words as the reports do."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "scripts" / "viewer_terms.py"


def test_the_viewer_has_the_words_of_the_reports() -> None:
    spec = importlib.util.spec_from_file_location("viewer_terms", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    written = script.TERMS.read_text(encoding="utf-8")
    assert written == script.terms(), "run scripts/viewer_terms.py"
    assert '"characteristic.flatness": "平整度"' in written
