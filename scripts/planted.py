"""Say what was planted in a simulated scan and what a check of it found: ``planted.py truth.json report.json``.

Nothing is left out: what was not decided, what no limit applies to, and what fails although nothing is wrong with it.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def lines(truth: Mapping[str, Any], report: Mapping[str, Any], where: str) -> list[str]:
    """Return the lines for people; ``where`` is the file that lists what was planted."""
    planted = {guid: told for guid, told in truth["elements"].items() if told["kind"] != "ok"}
    judged = {element["global_id"]: element for element in report["elements"]}
    if not judged:
        return [f"planted: {len(planted)} defects, listed in {where}; found none: the registration was refused"]
    by_verdict: dict[str, list[str]] = {}
    for guid, told in sorted(planted.items(), key=lambda item: str(item[1]["name"])):
        by_verdict.setdefault(_how(told, judged.get(guid)), []).append(_named(told, judged.get(guid)))
    found = by_verdict.pop("found", [])
    false = [
        element["name"] for guid, element in judged.items() if element["verdict"] == "fail" and guid not in planted
    ]
    said = [f"planted: {len(planted)} defects, listed in {where}; found {len(found)} of them"]
    said += [f"{how}: {', '.join(names)}" for how, names in sorted(by_verdict.items())]
    said.append(f"failing though nothing is wrong with it: {', '.join(sorted(false)) or 'none'}")
    return said


def _how(told: Mapping[str, Any], element: Mapping[str, Any] | None) -> str:
    """Return what became of a planted defect; a missing element counts as found only where it is called missing."""
    if element is None:
        return "not in the report"
    if element["verdict"] == "fail" and (told["kind"] == "missing") == (element["state"] == "missing"):
        return "found"
    named = {"fail": "called something else", "indeterminate": "left open", "not_measured": "not judged"}
    return named.get(element["verdict"], "passed")


def _named(told: Mapping[str, Any], element: Mapping[str, Any] | None) -> str:
    from twin.report.words import Words

    reasons = "; ".join(Words("en").explain(reason) for reason in (element or {}).get("reasons", ()))
    why = reasons[:1].lower() + reasons[1:]
    if why and (element or {}).get("verdict") == "indeterminate":
        why = f"not shown to be out of tolerance, but left open, because {why}"
    return f"{told['name']} ({told['kind']}{': ' + why if why else ''})"


def main(arguments: Sequence[str]) -> int:
    """Print the lines."""
    if len(arguments) != 2:
        sys.stderr.write("usage: planted.py truth.json report.json\n")
        return 2
    sys.path.insert(0, str(ROOT))
    truth, report = (json.loads(Path(path).read_text(encoding="utf-8")) for path in arguments)
    sys.stdout.write("\n".join(lines(truth, report, arguments[0])) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
