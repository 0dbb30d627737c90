"""Drafts of nonconformance records: from what a check or an inspection found, and amended by people."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypedDict, Unpack

from geometry.verdict import Outcome
from twin.characteristic import InspectionCharacteristic, Reading
from twin.errors import Refused
from twin.finding import MISSING, Failure, Finding, FindingStatus, Severity
from twin.inspection import Inspection, InspectionState
from twin.inspection_verdict import answer_outcome, outcomes_by_element
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
        viewpoint=finding.viewpoint,
        findings=(finding.id,),
    )


def draft_from_inspection(
    inspection: Inspection, *, identifier: Id, title: str, severity: Severity, actor: Actor, now: datetime
) -> NonConformance:
    """Return the draft that a signed inspection suggests: the elements that fail, by what, and the pictures of it.

    Raises
    ------
    Refused
        If it is not signed, or nothing in it fails.
    """
    failed = tuple(g for g, outcome in outcomes_by_element(inspection).items() if outcome is Outcome.FAIL)
    if inspection.state is not InspectionState.SIGNED or not failed:
        raise Refused(f"inspection {inspection.number} found nothing that fails: only a signed one that does suggests")
    found = [
        (question, reading)
        for question in inspection.characteristics
        for (asked, global_id), reading in inspection.answers.items()
        if asked == question.id and global_id in failed and question.judged
    ]
    violations = [v for question, reading in found for v in _found_by(inspection, question, reading)]
    pictures = {e.sha256: e for _, reading in found for e in reading.photos} | {e.sha256: e for e in inspection.photos}
    return NonConformance(
        id=identifier,
        project=inspection.project,
        title=title,
        severity=severity,
        quantity=Decimal(len(failed)),
        unit="element",
        originator=actor,
        raised_at=require_utc(now),
        detector=Actor(inspection.signature.signer, inspection.signature.signer_name) if inspection.signature else None,
        global_ids=failed,
        violations=tuple(violations),
        evidence=tuple(pictures.values()),
        inspection=inspection.id,
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
    found = Measured(failure.actual_mm, failure.expanded_uncertainty_mm)
    return Violation(limits, found, failure.global_id, failure.part, failure.part_id, failure.direction)


def _found_by(inspection: Inspection, question: InspectionCharacteristic, reading: Reading) -> tuple[Violation, ...]:
    """Return what an answer violates: nothing unless it fails, or shows a serious defect."""
    clause = question.source or inspection.number
    if answer_outcome(inspection, question, reading) is not Outcome.FAIL:
        if not reading.serious_defect:
            return ()
        none_such = Requirement(f"{question.name}: no serious defect", clause, Decimal(1), Decimal(1), "yes")
        return (Violation(none_such, Measured(Decimal(0), Decimal(0)), reading.global_id),)
    if reading.number is None:
        conforming = Requirement(question.name, clause, Decimal(1), Decimal(1), "conforming")
        return (Violation(conforming, Measured(Decimal(0), Decimal(0)), reading.global_id),)
    own = inspection.instrument(reading.instrument).expanded_uncertainty if reading.instrument else None
    uncertainty = reading.expanded_uncertainty if reading.expanded_uncertainty is not None else own
    limits = Requirement(question.name, clause, question.lower, question.upper, question.unit)
    measured = Measured(reading.number, uncertainty) if uncertainty is not None else None
    return (Violation(limits, measured, reading.global_id),)
