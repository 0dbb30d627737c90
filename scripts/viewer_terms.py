"""Write the machine words that the reports explain (classes, characteristics, clauses, reasons) for the viewer.

    .venv/bin/python scripts/viewer_terms.py

One source, ``twin/report/words.yaml``, so that a report and the viewer say the same of an element. A test holds the
written file against it.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TERMS = ROOT / "viewer" / "src" / "core" / "terms.json"
KINDS = ("class", "characteristic", "clause", "reason", "measured_by", "direction")
ALONE = ("source.user", "source.one")


def terms() -> str:
    """Return the file's text: language -> key -> words."""
    sys.path.insert(0, str(ROOT))
    from twin.report.words import LANGUAGES, catalogue

    told = {
        language: {
            key: entry[language]
            for key, entry in sorted(catalogue().items())
            if language in entry and (("." in key and key.split(".")[0] in KINDS) or key in ALONE)
        }
        for language in LANGUAGES
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    TERMS.write_text(terms(), encoding="utf-8")
