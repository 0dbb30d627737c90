"""Nonconformance records and findings as BCF topics: labels, lines to read, link back, structured part, views."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from decimal import Decimal
from hashlib import sha256

from twin.bcf.guid import derived, guid_of, is_ifc_guid
from twin.bcf.status import NONCONFORMITY, OBSERVATION, RECEIVED, WORDS
from twin.bcf.structured import FILE_NAME, KIND, SCHEMA, structured
from twin.bcf.values import (
    Attached,
    Camera,
    Comment,
    Component,
    DocumentReference,
    ModelFile,
    Snippet,
    Topic,
    Vector,
    Viewpoint,
)
from twin.disposition import DispositionLine
from twin.finding import Failure, Finding, Location
from twin.ncr_parts import Violation
from twin.ncr_record import NonConformance, State
from twin.record import Actor, Id
from twin.record_report.titles import finding_title
from twin.report.words import Words
from twin.texts import Texts

BLOCK = "-- qtems --"
"""The line of a description below which everything is generated; what people write stands above it."""
_WIDTH_DEG, _RATIO = Decimal(50), Decimal("1.5")
_FROM = (Decimal(-5), Decimal(-5), Decimal(4))
"""Where a camera stands from what it looks at, metres, when a finding does not say: south-west, above."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a topic says beyond the record itself."""

    people: Mapping[Id, str] = field(default_factory=dict[Id, str])
    """Account to how BCF calls the person: an e-mail address or login."""
    link: str = ""
    """The record's address, for the way back."""
    findings: tuple[Finding, ...] = ()
    """What the record was raised from; their views are its first."""
    pictures: Mapping[str, int] = field(default_factory=dict[str, int])
    """Sizes, by SHA-256, of those of their pictures that are there: each is its view's snapshot."""
    files: tuple[ModelFile, ...] = ()
    comments: tuple[Comment, ...] = ()
    viewpoints: tuple[Viewpoint, ...] = ()
    documents: tuple[DocumentReference, ...] = ()
    related: tuple[str, ...] = ()
    changed_at: datetime | None = None
    language: str = "en"
    """In which the project keeps its records: ``en`` or ``zh``."""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """How elements are called, by GlobalId."""

    def called(self, actor: Actor) -> str:
        """Return how BCF calls somebody."""
        return self.people.get(actor.id) or actor.name


def topic_of(ncr: NonConformance, around: Surroundings) -> Topic:
    """Return a nonconformance record as a topic; :func:`snippet_of` gives the content of its snippet."""
    last = ncr.steps[-1] if ncr.steps else None
    changed = around.changed_at or (last.at if last else None)
    modified = changed is not None and changed > ncr.raised_at
    own = structured(ncr)
    return Topic(
        guid=guid_of(ncr.id),
        title=ncr.title,
        type=NONCONFORMITY,
        status=WORDS[ncr.state],
        priority=ncr.severity.value,
        labels=labels_of(ncr),
        creation_date=ncr.raised_at,
        creation_author=around.called(ncr.originator),
        modified_date=changed if modified else None,
        modified_author=around.called(last.by if last else ncr.originator) if modified else "",
        due_date=_due(ncr),
        assigned_to=around.people.get(ncr.assignee, "") if ncr.assignee else "",
        description=description_of(ncr, around.language),
        server_assigned_id=ncr.number or guid_of(ncr.id),
        reference_links=(around.link,) if around.link else (),
        snippet=Snippet(KIND, FILE_NAME, SCHEMA, content=_attached(own, "application/json")),
        documents=around.documents,
        related=around.related,
        files=around.files,
        comments=around.comments,
        viewpoints=_views(around),
    )


def topic_of_finding(finding: Finding, around: Surroundings) -> Topic:
    """Return a finding as a topic: an observation that nobody has confirmed."""
    lead = finding.defect.lead
    say = _said(around.language)
    lines = [say("bcf.raised", n=len(finding.defect.global_ids))]
    lines += [_failed(failure, around.language) for failure in finding.defect.failures]
    return Topic(
        guid=guid_of(finding.id),
        title=finding_title(finding.defect, around.names.get(lead.global_id, lead.global_id), around.language),
        type=OBSERVATION,
        status=RECEIVED if finding.decision is None else finding.status.value.capitalize(),
        priority=finding.severity.value,
        labels=tuple(dict.fromkeys((finding.verdict.value, finding.defect.kind.value, lead.characteristic))),
        creation_date=finding.raised_at,
        creation_author=around.called(finding.raised_by),
        description="\n".join((BLOCK, *lines)),
        server_assigned_id=guid_of(finding.id),
        reference_links=(around.link,) if around.link else (),
        files=around.files,
        viewpoints=(viewpoint_of(finding, around.pictures),),
    )


def snippet_of(ncr: NonConformance) -> tuple[str, bytes]:
    """Return digest and content of a record's structured part."""
    content = structured(ncr)
    return sha256(content).hexdigest(), content


def labels_of(ncr: NonConformance) -> tuple[str, ...]:
    """Return what a record can be filtered by: severity, what was violated, what was decided."""
    labels = [ncr.severity.value, *(v.requirement.characteristic for v in ncr.violations)]
    labels += [line.decision.value for line in ncr.lines]
    labels += ["contract affected"] * ncr.contract_affected
    return tuple(dict.fromkeys(label for label in labels if label))


def description_of(ncr: NonConformance, language: str = "en") -> str:
    """Return what people wrote, and below :data:`BLOCK` what was required, measured and decided, in a language."""
    say = _said(language)
    told = {"number": ncr.number or say("bcf.draft"), "quantity": f"{ncr.quantity:f} {ncr.unit}", "lot": ncr.lot}
    lines = [BLOCK, *(f"{say(key)}{say('colon')}{value}" for key, value in told.items() if value)]
    lines += [_violated(violation, language) for violation in ncr.violations]
    lines += [_disposed(line, say) for line in ncr.lines]
    return "\n".join((*([ncr.description.strip(), ""] if ncr.description.strip() else ()), *lines))


def human_part(description: str) -> str:
    r"""Return what people wrote of a description.

    Examples
    --------
    >>> human_part("Leans.\n\n-- qtems --\nNumber: A-NCR-0001")
    'Leans.'
    """
    lines = description.splitlines()
    end = next((place for place, line in enumerate(lines) if line.strip() == BLOCK), len(lines))
    return "\n".join(lines[:end]).strip()


def viewpoint_of(finding: Finding, pictures: Mapping[str, int]) -> Viewpoint:
    """Return the view of a finding: from where the check looked, or from the south-west; its elements are selected.

    Its snapshot is the picture that the check drew from there, if that is among ``pictures`` (SHA-256 to size).
    """
    target = finding.location if finding.viewpoint is None else finding.viewpoint.target
    at = _vector(target)
    eye = (
        Vector(at.x + _FROM[0], at.y + _FROM[1], at.z + _FROM[2])
        if finding.viewpoint is None
        else _vector(finding.viewpoint.eye)
    )
    snapshot = None
    if finding.viewpoint is not None and finding.picture is not None and finding.picture.sha256 in pictures:
        drawn = finding.picture
        snapshot = Attached(drawn.sha256, drawn.media_type, pictures[drawn.sha256])
    return Viewpoint(
        derived("viewpoint", finding.id), looking(eye, at), tuple(map(component_of, finding.defect.global_ids)),
        snapshot=snapshot, index=0,
    )  # fmt: skip


def looking(eye: Vector, target: Vector) -> Camera:
    """Return the perspective camera that looks from one point at another, up as far as it can be."""
    ahead = _unit(Vector(target.x - eye.x, target.y - eye.y, target.z - eye.z))
    across = _cross(ahead, Vector(Decimal(0), Decimal(0), Decimal(1)))
    # straight down or up, every direction is level: north is up on the picture, as on a plan
    up = _unit(_cross(across, ahead)) if across.length > Decimal("1e-6") else Vector(Decimal(0), Decimal(1), Decimal(0))
    return Camera(eye, ahead, up, field_of_view_deg=_WIDTH_DEG, aspect_ratio=_RATIO)


def component_of(global_id: str) -> Component:
    """Name an element by its IFC GlobalId, a part of a mesh file by what its file calls it."""
    return Component(global_id) if is_ifc_guid(global_id) else Component("", "qtems", global_id)


def _due(ncr: NonConformance) -> datetime | None:
    """Return until when the assignee should have seen to it; with none, until when it has to be contained."""
    if ncr.due is not None:
        return datetime.combine(ncr.due, time(), UTC)
    return ncr.containment_due if ncr.state in (State.OPEN, State.REOPENED) else None


def _views(around: Surroundings) -> tuple[Viewpoint, ...]:
    own = tuple(viewpoint_of(finding, around.pictures) for finding in around.findings)
    known = {view.guid for view in own}
    return (*own, *(view for view in around.viewpoints if view.guid not in known))


def _said(language: str) -> Texts:
    return Texts("twin.record_report", "words.yaml", language)


def _violated(violation: Violation, language: str) -> str:
    required, measured = violation.requirement, violation.measured
    low = "-∞" if required.lower is None else f"{required.lower:f}"
    high = "∞" if required.upper is None else f"{required.upper:f}"
    say = _said(language)
    found = say("missing_value")
    if measured is not None:
        uncertainty = f"{measured.expanded_uncertainty:f} {required.unit} (U, k = {measured.coverage_factor:f})"
        found = f"{measured.value:f} ± {uncertainty}"
    limits = f"{low} .. {high} {required.unit}"
    what = _about(required.characteristic, violation.global_id, violation, language)
    return say("bcf.failed", what=what, found=found, limits=limits, clause=Words(language).source(required.clause))


def _disposed(line: DispositionLine, say: Texts) -> str:
    decision = f"{say.term('decision', line.decision.value)} ({line.quantity:f})"
    return say("colon").join((say("disposition"), decision, line.justification))


def _failed(failure: Failure, language: str) -> str:
    say, clause = _said(language), Words(language).source(failure.source)
    if failure.actual_mm is None or failure.lower_mm is None or failure.upper_mm is None:
        return say("bcf.missing", name=failure.global_id, clause=clause)
    value = f"{failure.actual_mm:f} ± {failure.expanded_uncertainty_mm:f} mm (U, k = 2)"
    limits = f"{failure.lower_mm:f} .. {failure.upper_mm:f} mm"
    what = _about(failure.characteristic, failure.global_id, failure, language)
    return say("bcf.failed", what=what, found=value, limits=limits, clause=clause)


def _about(characteristic: str, global_id: str, said: Failure | Violation, language: str) -> str:
    """Return what is said of what: the characteristic, the element, and its part where it is about one."""
    named = said.part if said.part_id in ("", said.part) else f"{said.part} ({said.part_id})"
    what = Words(language).about(characteristic, named, said.direction)
    return _said(language)("title.part", name=what, part=global_id) if global_id else what


def _attached(content: bytes, media_type: str) -> Attached:
    return Attached(sha256(content).hexdigest(), media_type, len(content))


def _vector(place: Location) -> Vector:
    return Vector(place.x, place.y, place.z)


def _unit(vector: Vector) -> Vector:
    length = vector.length
    if not length:
        return Vector(Decimal(0), Decimal(1), Decimal(0))
    return Vector(*(round(part / length, 9) for part in (vector.x, vector.y, vector.z)))


def _cross(a: Vector, b: Vector) -> Vector:
    return Vector(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
