"""The structured part of a topic: what BCF has no fields for, as JSON that goes with it and can be read back.

BCF has no custom fields. Requirement, measured value with its uncertainty, clause and disposition therefore stand three
times: as labels to filter by, as lines to read, and here for programs. Decimals are strings, as everywhere.
"""

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from twin.disposition import DispositionLine
from twin.errors import Invalid
from twin.ncr_parts import Measured, Requirement, Violation
from twin.ncr_record import NonConformance
from twin.record import Id, Json, canonical_json

KIND = "qtems.nonconformance"
FILE_NAME = "nonconformance.json"
SCHEMA = "urn:qtems:bcf:nonconformance:1"
_LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about a part of the quantity."""

    decision: str
    quantity: Decimal
    global_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Structured:
    """What the JSON of a topic says."""

    ncr: Id
    number: str
    severity: str
    state: str
    quantity: Decimal
    unit: str
    global_ids: tuple[str, ...]
    violations: tuple[Violation, ...]
    dispositions: tuple[Decided, ...]


def structured(ncr: NonConformance) -> bytes:
    """Return the JSON of a record."""
    lines: list[Json] = [_line(line) for line in ncr.lines]
    violations: list[Json] = [_violation(violation) for violation in ncr.violations]
    body: dict[str, Json] = {
        "schema": SCHEMA,
        "ncr": ncr.id,
        "project": ncr.project,
        "number": ncr.number,
        "severity": ncr.severity.value,
        "state": ncr.state.value,
        "quantity": f"{ncr.quantity:f}",
        "unit": ncr.unit,
        "lot": ncr.lot,
        "global_ids": list(ncr.global_ids),
        "violations": violations,
        "dispositions": lines,
        "cycle": len(ncr.history) + 1,
    }
    return canonical_json(body)


def read_structured(content: bytes) -> Structured:
    """Return what such a JSON says.

    Raises
    ------
    Invalid
        If it is not one of ours, or not whole.
    """
    try:
        if len(content) > _LARGEST:
            raise ValueError(f"it has {len(content)} bytes")
        body = cast("dict[str, Any]", json.loads(content))
        if body["schema"] != SCHEMA:
            raise ValueError(f"its schema is {str(body['schema'])[:60]!r}")
        return Structured(
            ncr=str(body["ncr"]),
            number=str(body["number"]),
            severity=str(body["severity"]),
            state=str(body["state"]),
            quantity=Decimal(body["quantity"]),
            unit=str(body["unit"]),
            global_ids=tuple(map(str, body["global_ids"])),
            violations=tuple(_violation_of(one) for one in body["violations"]),
            dispositions=tuple(
                Decided(str(one["decision"]), Decimal(one["quantity"]), tuple(map(str, one["global_ids"])))
                for one in body["dispositions"]
            ),
        )
    except (ValueError, KeyError, TypeError, InvalidOperation, RecursionError) as error:
        raise Invalid(f"this is no {FILE_NAME} of qtems: {type(error).__name__} {str(error)[:80]}") from error


def _violation(violation: Violation) -> dict[str, Json]:
    required, measured = violation.requirement, violation.measured
    return {
        "characteristic": required.characteristic,
        "clause": required.clause,
        "lower": _text(required.lower),
        "upper": _text(required.upper),
        "unit": required.unit,
        "global_id": violation.global_id,
        "part": violation.part,
        "part_id": violation.part_id,
        "direction": violation.direction,
        "measured": _text(measured.value) if measured else None,
        "expanded_uncertainty": _text(measured.expanded_uncertainty) if measured else None,
        "coverage_factor": _text(measured.coverage_factor) if measured else None,
    }


def _violation_of(body: dict[str, Any]) -> Violation:
    required = Requirement(
        str(body["characteristic"]),
        str(body["clause"]),
        _number(body["lower"]),
        _number(body["upper"]),
        str(body["unit"]),
    )
    value, uncertainty, factor = (_number(body[k]) for k in ("measured", "expanded_uncertainty", "coverage_factor"))
    measured = None
    if value is not None and uncertainty is not None and factor is not None:
        measured = Measured(value, uncertainty, factor)
    # files written before there were parts say nothing of them
    part, part_id, direction = (str(body.get(name, "")) for name in ("part", "part_id", "direction"))
    return Violation(required, measured, str(body["global_id"]), part, part_id, direction)


def _line(line: DispositionLine) -> dict[str, Json]:
    return {
        "decision": line.decision.value,
        "quantity": f"{line.quantity:f}",
        "justification": line.justification,
        "global_ids": list(line.global_ids),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
