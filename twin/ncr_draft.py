"""Drafts of nonconformance records: from what a check found, and amended by people."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypedDict, Unpack

from geometry.verdict import Outcome
from twin.errors import Refused
from twin.finding import MISSING, Failure, Finding, FindingStatus, Severity
from twin.ncr_moves import target
from twin.ncr_parts import Measured, Requirement, Violation
from twin.ncr_record import Event, NonConformance
from twin.record import Actor, Evidence, Id, require_utc


class DraftChanges(TypedDict, total=False):
    """What may be changed of a draft."""

    title: str
    description: str
    severity: Severity
    quantity: Decimal
    unit: str
    detector: Actor
    global_ids: tuple[str, ...]
    lot: str
    violations: tuple[Violation, ...]
    contract_affected: bool
    customer_to_be_informed: bool


def draft_from_finding(
    finding: Finding, *, identifier: Id, title: str, evidence: tuple[Evidence, ...], actor: Actor, now: datetime
) -> NonConformance:
    """Return the draft that a finding becomes; who confirms it is its originator, the check is its detector."""
    taken = finding.status is FindingStatus.CONFIRMED and finding.decision and finding.decision.successor == identifier
    if (finding.status is not FindingStatus.OPEN and not taken) or finding.verdict is not Outcome.FAIL:
        raise Refused(f"finding {finding.id} is {finding.status.value}: only an open one that fails becomes a record")
    return NonConformance(
        id=identifier,
        project=finding.project,
        title=title,
        severity=finding.severity,
        quantity=Decimal(len(finding.defect.global_ids)),
        unit="element",
        originator=actor,
        raised_at=require_utc(now),
        detector=finding.raised_by,
        global_ids=finding.defect.global_ids,
        violations=tuple(_violation(f) for f in finding.defect.failures),
        evidence=evidence,
        defect=finding.defect,
        origin=finding.origin,
        findings=(finding.id,),
    )


def amend(ncr: NonConformance, **changes: Unpack[DraftChanges]) -> NonConformance:
    """Change what a draft says; once it is open, its content stands."""
    target(ncr, Event.AMEND)
    return replace(ncr, **changes)


def _violation(failure: Failure) -> Violation:
    if failure.characteristic == MISSING or failure.actual_mm is None or failure.expanded_uncertainty_mm is None:
        one = Requirement("presence", failure.source, Decimal(1), Decimal(1), "element")
        return Violation(one, Measured(Decimal(0), Decimal(0)), failure.global_id)
    limits = Requirement(failure.characteristic, failure.source, failure.lower_mm, failure.upper_mm)
    return Violation(limits, Measured(failure.actual_mm, failure.expanded_uncertainty_mm), failure.global_id)
