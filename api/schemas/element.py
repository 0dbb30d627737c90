"""Elements and what is known of them, over the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from api.paging import PageQuery
from api.schemas.base import RECORD_EXAMPLE, OptionalLine, Prose, RecordOut, RecordRef, Schema, Secret, example, stamp
from api.schemas.record import Body
from geometry.verdict import Outcome, State
from twin.check_record import ElementRow
from twin.element_state import Seen, Status
from twin.project import CheckRun
from twin.record import Evidence, EvidenceKind, Id
from twin.revision_diff import Change
from twin.store.view import Stored
from twin.verdict_override import VerdictOverride

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_HASH = "c6f6f97a3f4b0af52cb6b3ba232fd27730338f5a6ca70e7314dcb80d4f0c6928"
_GUID = "2O2Fr$t4X7Zf8NOew3FLOH"
_WHEN = "2026-11-20T06:30:00Z"
_ELEMENT = {
    "global_id": _GUID, "ifc_class": "IfcColumn", "name": "C-12", "storey": "Level 2", "state": "deviating",
    "verdict": "fail", "seen": "failed", "stale": False, "since": _WHEN, "epoch": _ID, "captured_at": _WHEN,
    "revision": _ID, "check_run": _ID, "supported_by": _ID, "counts": True, "design_change": "none",
    "override": None,
}  # fmt: skip
_MEASUREMENT = {
    "characteristic": "position", "actual_mm": 14.2, "lower_mm": -8.0, "upper_mm": 8.0,
    "expanded_uncertainty_mm": 1.9, "coverage_factor": 2.0, "verdict": "fail",
    "source": "GB 50204-2015 table 8.3.2", "nominal_mm": None, "points": 4180, "method": "fit", "note": "",
    "part": "", "part_id": "", "direction": "",
}  # fmt: skip
_STATION = {"name": "Setup 3", "points": 4_180, "passed_through": 0}
_VISIBILITY = {
    "samples": 96, "in_reach": 81, "expected": 68, "confirmed": 63, "rays_expected": 10_800, "passed_through": 12,
    "blocked": 377, "stations": [_STATION],
}  # fmt: skip
_EVIDENCE = {"kind": "report", "sha256": _HASH, "name": "report.json", "media_type": "application/json"}


class ElementOut(Schema):
    """What is known of one element after one scan epoch."""

    model_config = example(**_ELEMENT)

    global_id: str
    ifc_class: str
    name: str
    storey: str
    state: Status
    verdict: Outcome = Field(description="Of this epoch's check")
    seen: Seen = Field(description="What this epoch says of it")
    stale: bool = Field(description="This epoch does not support the state: it is what was known before")
    since: datetime = Field(description="When the scan was taken from which it has had this state")
    epoch: Id
    captured_at: datetime
    revision: Id
    check_run: Id
    supported_by: Id | None = Field(description="The check that supports the state")
    counts: bool = Field(description="Whether this check is the one that counts for its epoch; false: for information")
    design_change: Change | None = Field(
        description="What the design did to it since the revision that it was checked against: with `shape` or "
        "`removed` the state is about a design that is no longer in force; null when it is not known"
    )
    override: Outcome | None = Field(
        description="What a person states by signature beside the verdict of this check; it takes nothing from it"
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a row beside what it says itself."""

    counts: bool
    changes: Mapping[str, Change] | None
    """GlobalId -> what became of it since; what is not named is as it was. None when it is not known."""
    stated: Mapping[str, VerdictOverride]
    """GlobalId -> the statement in force beside its verdict."""


def element_out(row: ElementRow, standing: Standing) -> ElementOut:
    """Return an element as it is sent."""
    return ElementOut(**_told(row, standing))


class MeasurementOut(Schema):
    """One measured characteristic; millimetres, null for what is not bounded or not known."""

    model_config = example(**_MEASUREMENT)

    characteristic: str
    actual_mm: float | None
    lower_mm: float | None
    upper_mm: float | None
    expanded_uncertainty_mm: float | None = Field(description="U = k u")
    coverage_factor: float | None
    verdict: Outcome
    source: str = Field(description="Standard, edition and clause, or `user`")
    nominal_mm: float | None
    points: int
    method: str
    note: str = Field(description="Machine word why it is indeterminate or not measured")
    part: str = Field("", description="Which part of the element it is about, by name: an opening; else empty")
    part_id: str = Field("", description="GlobalId of that part")
    direction: str = Field("", description="Of the part: `width`, `height` or `length`; else empty")


class EvidenceOut(Schema):
    """Something that was kept and can be looked at again."""

    model_config = example(**_EVIDENCE)

    kind: EvidenceKind
    sha256: str
    name: str
    media_type: str


def evidence_out(one: Evidence) -> EvidenceOut:
    """Return a piece of evidence as it is sent."""
    return EvidenceOut(kind=one.kind, sha256=one.sha256, name=one.description, media_type=one.media_type)


class StationSightOut(Schema):
    """What one station saw of an element."""

    model_config = example(**_STATION)

    name: str
    points: int = Field(description="Measured from there that belong to the element")
    passed_through: int = Field(description="Rays from there that crossed its place and came back from clearly behind")


class SightOut(Schema):
    """What the stations could see: the first four count spots spread evenly over the surface, the others rays."""

    model_config = example(**_VISIBILITY)

    samples: int
    in_reach: int = Field(description="Spots that face a station within its reach")
    expected: int = Field(description="Spots that the design leaves visible from a station")
    confirmed: int = Field(description="Expected spots with scan points of the element on them")
    rays_expected: int = Field(description="Measured rays that meet this element first as designed")
    passed_through: int = Field(
        description="Measured rays that crossed its place and came back from clearly behind, whatever they met before"
    )
    blocked: int = Field(description="Of the rays expected, those that came back from something nearer")
    stations: list[StationSightOut] = Field(
        default=[], description="That measured it or saw through its place; empty where it is not known"
    )


class ElementDetail(ElementOut):
    """One element with what was measured and what proves it."""

    model_config = example(
        **_ELEMENT, presence="installed", points=10_411, visible_fraction=0.71, coverage=0.93, pose=None,
        deviation_mm={"mean": 9.1, "std": 3.0, "p95_abs": 14.0, "min": -1.2, "max": 15.3, "n": 10_411},
        measurements=[_MEASUREMENT], reasons=[], evidence=[_EVIDENCE], visibility=_VISIBILITY,
    )  # fmt: skip

    presence: State = Field(description="What the check says: whether it is there")
    points: int
    visible_fraction: float | None
    coverage: float | None
    pose: Mapping[str, Any] | None = Field(description="As built: translation, rotation, their U; null = unobservable")
    deviation_mm: Mapping[str, Any] | None
    measurements: list[MeasurementOut]
    reasons: list[str] = Field(description="Machine words why there is no verdict")
    visibility: SightOut | None = Field(description="What the scanner could see of it; null when not known")
    evidence: list[EvidenceOut] = Field(description="The check's report, the model and the scans, by their hashes")


def element_detail(row: ElementRow, run: CheckRun, standing: Standing) -> ElementDetail:
    """Return an element with what its check measured."""
    names = MeasurementOut.model_fields
    evidence = [
        evidence_out(run.report),
        EvidenceOut(kind=EvidenceKind.MODEL, sha256=run.model_sha256, name="model", media_type=_BYTES),
        *(EvidenceOut(kind=EvidenceKind.SCAN, sha256=s, name="scan", media_type=_BYTES) for s in run.scan_sha256),
    ]
    with row.reading() as told:
        return ElementDetail(
            **_told(row, standing), presence=State(told["state"]), points=told["points"],
            visible_fraction=told["visible_fraction"], coverage=told["coverage"], pose=told["pose"],
            deviation_mm=told["deviation_mm"],
            measurements=[MeasurementOut(**{k: one[k] for k in names if k in one}) for one in told["measurements"]],
            reasons=list(told["reasons"]), evidence=evidence,
            visibility=None if (seen := told.get("visibility")) is None else SightOut.model_validate(seen),
        )  # fmt: skip


_BYTES = "application/octet-stream"


def _told(row: ElementRow, standing: Standing) -> dict[str, Any]:
    state, changes = row.state, standing.changes
    return {
        "global_id": state.global_id, "ifc_class": row.ifc_class, "name": row.name, "storey": row.storey,
        "state": state.status, "verdict": Outcome(row.verdict), "seen": state.seen, "stale": state.stale,
        "since": state.since, "epoch": state.epoch.id, "captured_at": state.epoch.captured_at,
        "revision": state.epoch.revision, "check_run": state.epoch.check, "supported_by": state.supported_by,
        "counts": standing.counts,
        "override": one.verdict if (one := standing.stated.get(state.global_id)) else None,
        "design_change": None if changes is None else changes.get(state.global_id, Change.NONE),
    }  # fmt: skip


class OverrideIn(Body):
    """What a person states beside the verdict of a check, with their password again (21 CFR 11.200)."""

    model_config = example(
        check=_ID, verdict="pass", reason="measured by total station: 3 mm, protocol 7",
        password="four words not together",
    )  # fmt: skip

    check: RecordRef = Field(description="The check that counts for its epoch")
    verdict: Literal[Outcome.PASS, Outcome.FAIL] | None = Field(description="Null takes the statement before back")
    reason: Annotated[Prose, StringConstraints(min_length=1)]
    password: Secret


class OverrideOut(RecordOut):
    """A signed statement beside a verdict."""

    model_config = example(
        **RECORD_EXAMPLE, global_id=_GUID, check_run=_ID, machine_presence="installed", machine_verdict="indeterminate",
        verdict="pass", reason="measured by total station: 3 mm, protocol 7", signer=_ID,
        signer_name="Quinn Li", role="quality_manager", meaning="approval", signed_at=_WHEN, in_force=True,
    )  # fmt: skip

    global_id: str
    check_run: Id
    machine_presence: State
    machine_verdict: Outcome = Field(description="What the check says; it goes on saying that")
    verdict: Outcome | None = Field(description="What the person says; null where they took back what was stated")
    reason: str
    signer: Id
    signer_name: str
    role: str
    meaning: str
    signed_at: datetime
    in_force: bool = Field(description="Nothing was stated after it about this verdict, and it takes nothing back")


def override_out(stored: Stored[VerdictOverride], last: Id) -> OverrideOut:
    """Return a statement as it is sent; ``last`` is the last one about its verdict."""
    one = stored.record
    assert one.signature is not None
    return OverrideOut(
        **stamp(stored), global_id=one.global_id, check_run=one.check_run, machine_presence=one.machine.presence,
        machine_verdict=one.machine.verdict, verdict=one.verdict, reason=one.reason,
        signer=one.signature.signer,
        signer_name=one.signature.signer_name, role=one.signature.role, meaning=one.signature.meaning.value,
        signed_at=one.signature.signed_at, in_force=one.id == last and one.verdict is not None,
    )  # fmt: skip


class CountOut(Schema):
    """How many elements have one state and one verdict."""

    model_config = example(state="deviating", verdict="fail", elements=4)

    state: Status
    verdict: Outcome
    elements: int


class ChangeOut(Schema):
    """How many elements the design changed in one way."""

    model_config = example(change="shape", elements=2)

    change: Change
    elements: int


class CountsOut(Schema):
    """How many elements have which state and verdict after an epoch."""

    model_config = example(
        epoch=_ID, check=_ID, revision=_ID, elements=4,
        counts=[{"state": "deviating", "verdict": "fail", "elements": 4}],
        design_changes=[{"change": "shape", "elements": 2}],
    )  # fmt: skip

    epoch: Id | None = Field(description="Null when no check has said anything yet")
    check: Id | None = Field(description="The check that says so")
    revision: Id | None = Field(description="That it was checked against")
    elements: int
    counts: list[CountOut]
    design_changes: list[ChangeOut] | None = Field(
        description="What the design did since: `shape` and `removed` are about a design that is no longer in force, "
        "`added` was not checked yet; null when it is not known"
    )


class EpochQuery(Schema):
    """Which epoch is looked at."""

    epoch: RecordRef | None = Field(default=None, description="Without it the one that was captured last")
    check: RecordRef | None = Field(default=None, description="Without it the one that counts for the epoch")


class ElementQuery(PageQuery):
    """Filters of elements."""

    epoch: RecordRef | None = Field(default=None, description="Without it the one that was captured last")
    check: RecordRef | None = Field(default=None, description="Without it the one that counts for the epoch")
    ifc_class: OptionalLine | None = Field(default=None, examples=["IfcColumn"])
    storey: OptionalLine | None = Field(default=None, examples=["Level 2"])
    state: Status | None = None
    verdict: Outcome | None = None
    q: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = Field(
        default=None, description="How the GlobalId begins, or a part of the name", examples=["C-12"]
    )
