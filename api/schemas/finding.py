"""Findings over the wire."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from api.paging import PageQuery
from api.schemas.base import RECORD_EXAMPLE, OptionalLine, Prose, RecordOut, RecordRef, Schema, example, stamp
from api.schemas.element import EvidenceOut, evidence_out
from api.schemas.record import GlobalId
from geometry.verdict import Outcome
from twin.finding import Axis, CauseKind, Finding, FindingEvent, FindingStatus, Severity, allowed_events
from twin.record import Id
from twin.store.view import Stored

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_HASH = "c6f6f97a3f4b0af52cb6b3ba232fd27730338f5a6ca70e7314dcb80d4f0c6928"
_GUID = "2O2Fr$t4X7Zf8NOew3FLOH"
_WHEN = "2026-11-22T08:00:00Z"
_FAILURE = {
    "global_id": _GUID, "characteristic": "position", "source": "GB 50204-2015 table 8.3.2", "actual_mm": "14.2",
    "lower_mm": "-8", "upper_mm": "8", "expanded_uncertainty_mm": "1.9", "part": "", "part_id": "", "direction": "",
}  # fmt: skip
_MOTION = {"axis": "x", "value": "14.2", "expanded_uncertainty": "1.9"}
_PLACE = {"x": "2.15", "y": "2.15", "z": "1.5"}


class FailureOut(Schema):
    """One characteristic of one element that is not within its limits; null values when the element is missing."""

    model_config = example(**_FAILURE)

    global_id: str
    characteristic: str
    source: str = Field(description="Standard, edition and clause, or `user`")
    actual_mm: Decimal | None
    lower_mm: Decimal | None
    upper_mm: Decimal | None
    expanded_uncertainty_mm: Decimal | None
    part: str = Field("", description="What of the element it is about, an opening: its name, or else its GlobalId")
    part_id: str = Field("", description="GlobalId of that part")
    direction: str = Field("", description="`width`, `height` ... of that part; empty where none is meant")


class MotionOut(Schema):
    """How far what shares the cause moved along, or turned about, one axis."""

    model_config = example(**_MOTION)

    axis: Axis
    value: Decimal = Field(description="mm, or mrad for a rotation")
    expanded_uncertainty: Decimal


class LocationOut(Schema):
    """A place in the design frame, metres."""

    model_config = example(**_PLACE)

    x: Decimal
    y: Decimal
    z: Decimal


class ViewpointOut(Schema):
    """Where a camera stands and what it looks at."""

    model_config = example(eye=_PLACE, target=_PLACE)

    eye: LocationOut
    target: LocationOut


class DecisionOut(Schema):
    """Who ended a finding, when and why."""

    model_config = example(
        by=_ID, name="Ann Wu", at=_WHEN, reason="scaffold in front of it", successor=None, follows=None
    )

    by: Id
    name: str
    at: datetime
    reason: str
    successor: Id | None = Field(description="The NCR that it became, the finding that took its place, or the check")
    follows: Id | None = Field(description="The finding or NCR whose decision holds: nothing has changed")


class FindingOut(RecordOut):
    """A candidate for a nonconformance: one cause, one or more elements."""

    model_config = example(
        **RECORD_EXAMPLE, project=_ID, status="open", verdict="fail", kind="displaced", severity="major",
        global_ids=[_GUID], failures=[_FAILURE], motion=[_MOTION], cause_key=_HASH, check_run=_ID, revision=_ID,
        epoch=_ID, model_sha256=_HASH, scan_sha256=[_HASH], transform_sha256=_HASH, qtems="0.1.0", location=_PLACE,
        viewpoint={"eye": _PLACE, "target": _PLACE},
        picture={"kind": "picture", "sha256": _HASH, "name": "finding-001.jpg", "media_type": "image/jpeg"},
        no_picture="", raised_at=_WHEN, decision=None, related=[],
        may=["confirm", "dismiss"],
    )  # fmt: skip

    project: Id
    status: FindingStatus
    verdict: Outcome
    kind: CauseKind
    severity: Severity = Field(description="A suggestion; the NCR's is decided by people")
    global_ids: list[str]
    failures: list[FailureOut]
    motion: list[MotionOut]
    cause_key: str = Field(description="The same for the same unchanged defect in every check")
    check_run: Id
    revision: Id
    epoch: Id
    model_sha256: str
    scan_sha256: list[str]
    transform_sha256: str = Field(description="Digest of the pose by which the scan was brought to the model")
    qtems: str = Field(description="Version that found it")
    location: LocationOut
    viewpoint: ViewpointOut | None = Field(description="From where the picture is taken")
    picture: EvidenceOut | None = Field(description="A file of the check: `.../checks/CHECK/files/NAME`")
    no_picture: str = Field(
        description="Machine word why there is none: `no_gl` where the check ran nothing could be drawn"
    )
    raised_at: datetime
    decision: DecisionOut | None
    related: list[str] = Field(description="What is on record of the same: `ncr:ID`, `finding:ID`")
    may: list[FindingEvent] = Field(description="What can happen to it in its present status")


def finding_out(stored: Stored[Finding]) -> FindingOut:
    """Return a finding as it is sent."""
    one = stored.record
    people = [event for event in allowed_events(one) if event is not FindingEvent.SUPERSEDE]
    return FindingOut(
        **stamp(stored), project=one.project, status=one.status, verdict=one.verdict, kind=one.defect.kind,
        severity=one.severity, global_ids=list(one.defect.global_ids),
        failures=[_same(FailureOut, failure) for failure in one.defect.failures],
        motion=[_same(MotionOut, motion) for motion in one.defect.motion], cause_key=one.cause_key,
        check_run=one.origin.check_run, revision=one.origin.model_revision, epoch=one.origin.scan_epoch,
        model_sha256=one.origin.model_sha256, scan_sha256=list(one.origin.scan_sha256),
        transform_sha256=one.origin.transform_sha256, qtems=one.origin.version,
        picture=evidence_out(one.picture) if one.picture else None, no_picture=one.no_picture,
        location=_same(LocationOut, one.location),
        viewpoint=_same(ViewpointOut, one.viewpoint) if one.viewpoint else None, raised_at=one.raised_at,
        decision=_decision(one), related=list(one.related), may=people,
    )  # fmt: skip


def _same(schema: Any, value: Any) -> Any:
    return schema.model_validate(value, from_attributes=True)


def _decision(finding: Finding) -> DecisionOut | None:
    one = finding.decision
    if one is None:
        return None
    return DecisionOut(
        by=one.by.id, name=one.by.name, at=one.at, reason=one.reason, successor=one.successor, follows=one.follows
    )


class FindingQuery(PageQuery):
    """Filters of findings."""

    status: FindingStatus | None = None
    check_run: RecordRef | None = None
    cause_key: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    ncr: RecordRef | None = Field(default=None, description="Those that became this nonconformance record")
    global_id: GlobalId | None = Field(default=None, description="Findings about this element")


class Dismissal(Schema):
    """Why a finding is no nonconformance."""

    model_config = example(reason="a scaffold board lies on it; see the photo of 20 November")

    reason: Prose


class Confirmation(Schema):
    """A finding becomes a nonconformance record, a draft at first."""

    model_config = example(title="Column C-12 stands 14 mm too far east")

    title: OptionalLine = Field(default="", description="Without one it is made of what was found")
