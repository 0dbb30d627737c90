"""Reports of checks as input: the elements of ``report.json``, whole and believable."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from twin.errors import Invalid
from twin.operations.rehearsal_input import read_input

_LARGEST, _SCHEMA = 1 << 30, "qtems.check/1"
Entry = Mapping[str, Any]
"""An element of a report."""


@dataclass(frozen=True, slots=True)
class ReportIdentity:
    """What tells a report from another: what it says, however it is written, and which scans it is of."""

    content: str
    """SHA-256 of what it says."""
    scans: frozenset[str]
    """SHA-256 of its scans; empty where it does not say."""


def report_identity(path: Path) -> ReportIdentity:
    """Return what tells a report from another.

    Raises
    ------
    Invalid
        It cannot be read, or is no report of a check.
    """
    report = _report(path)
    text = json.dumps(report, sort_keys=True, separators=(",", ":"))
    provenance = report.get("provenance")
    scans: Any = cast("dict[str, Any]", provenance).get("scans") if isinstance(provenance, dict) else None
    told = cast("list[Any]", scans) if isinstance(scans, list) else []
    digests = (cast("dict[str, Any]", one).get("sha256") for one in told if isinstance(one, dict))
    found = frozenset(one for one in digests if isinstance(one, str) and one)
    return ReportIdentity(hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(), found)


def reported_elements(path: Path) -> list[Entry]:
    """Return the elements of ``report.json`` of a check.

    Raises
    ------
    Invalid
        It cannot be read, is no report of a check, is damaged, or its registration was refused.
    """
    report = _report(path)
    registration = report.get("registration")
    if isinstance(registration, dict) and cast("dict[str, Any]", registration).get("status") == "refused":
        raise Invalid(f"{path}: its registration was refused, so it says nothing of any element")
    elements = report.get("elements")
    if not isinstance(elements, list):
        raise Invalid(f"{path}: elements: there are none; the report is damaged")
    for index, entry in enumerate(cast("list[Any]", elements)):
        if not isinstance(entry, dict) or not isinstance(cast("dict[str, Any]", entry).get("global_id"), str):
            raise Invalid(f"{path}: elements[{index}]: it has no global_id; the report is damaged")
    return cast("list[Entry]", elements)


def _report(path: Path) -> dict[str, Any]:
    content = read_input(path, _LARGEST)
    try:
        told: Any = json.loads(content)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or cast("dict[str, Any]", told).get("schema") != _SCHEMA:
        raise Invalid(f"{path}: it is no report of a check ({_SCHEMA}); give the report.json that qtems check wrote")
    return cast("dict[str, Any]", told)
