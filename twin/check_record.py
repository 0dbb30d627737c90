"""From what a check found to what is kept of it: the run, the state of every element, the causes behind what fails."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from geometry.registration.result import Registration
from geometry.registration.result import RegistrationStatus as Ended
from twin.element_state import ElementState, Epoch, observe_all, seen_as
from twin.errors import Damaged
from twin.finding import Finding, Origin, Viewpoint
from twin.grouping import Cause, failed_elements, group_failures
from twin.project import CheckRun, ModelRevision, RegistrationRecord, RegistrationStatus, ScanEpoch
from twin.record import Actor, Evidence, EvidenceKind, Id
from twin.report.report_json import raw_pose
from twin.result import CheckResult


@dataclass(frozen=True, slots=True)
class ElementRow:
    """One element in one epoch: what is known of it, and what the check measured."""

    state: ElementState
    ifc_class: str
    name: str
    storey: str
    verdict: str
    measured: Mapping[str, Any]
    """The element's entry in the check's ``report.json``."""

    @contextmanager
    def reading(self) -> Generator[Mapping[str, Any]]:
        """Give the entry to be read; what is missing in it or of another kind raises :class:`Damaged` that names it."""
        try:
            yield self.measured
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            state, what = self.state, repr(error.args[0]) if isinstance(error, KeyError) else type(error).__name__
            raise Damaged(
                f"what check {state.epoch.check} kept of element {state.global_id} is not whole ({what}): "
                "run the check of this scan again"
            ) from error


@dataclass(frozen=True, slots=True)
class Commission:
    """Which check was asked for: of what with what, under which identifiers, when."""

    run: Id
    project: Id
    revision: Id
    epoch: Id
    captured_at: datetime
    started_at: datetime
    finished_at: datetime
    version: str
    """Of qtems."""


def check_run(result: CheckResult, commission: Commission, report: Evidence) -> CheckRun:
    """Return the record of a run: everything that it depends on, so that it can be repeated."""
    return CheckRun(
        id=commission.run,
        project=commission.project,
        revision=commission.revision,
        epoch=commission.epoch,
        model_sha256=result.design.source.sha256,
        scan_sha256=tuple(source.sha256 for source in result.scan.sources),
        tolerance=result.tolerance_name,
        version=commission.version,
        seed=result.seed,
        started_at=commission.started_at,
        finished_at=commission.finished_at,
        registration=_registration(result),
        report=report,
        parameters={name: str(value) for name, value in sorted(result.parameters.items())},
        counts=result.registration.status is not Ended.REFUSED,
    )


def element_rows(
    result: CheckResult, document: Mapping[str, Any], commission: Commission, previous: Mapping[str, ElementState]
) -> tuple[ElementRow, ...]:
    """Return what is known of each element after this epoch, by GlobalId.

    A refused registration says nothing about any element: there are no rows then.

    Parameters
    ----------
    document
        The check's ``report.json``.
    previous
        The last state of each element from an earlier capture.
    """
    if result.registration.status is Ended.REFUSED:
        return ()
    epoch = Epoch(commission.epoch, commission.captured_at, commission.revision, commission.run)
    seen = {e.global_id: seen_as(e.state, e.verdict) for e in result.elements}
    states = observe_all(commission.project, seen, previous, seen, epoch=epoch)
    measured: dict[str, Mapping[str, Any]] = {entry["global_id"]: entry for entry in document["elements"]}
    told = {e.global_id: e for e in result.elements}
    return tuple(
        ElementRow(
            state=state,
            ifc_class=told[state.global_id].ifc_class,
            name=told[state.global_id].name,
            storey=told[state.global_id].storey,
            verdict=told[state.global_id].verdict.value,
            measured=measured[state.global_id],
        )
        for state in states
    )


def causes_of(result: CheckResult) -> tuple[Cause, ...]:
    """Return the causes behind everything that fails; none when the registration was refused."""
    return () if result.registration.status is Ended.REFUSED else group_failures(failed_elements(result))


@dataclass(frozen=True, slots=True)
class Shown:
    """What a cause looks like: from where, and the picture, or why there is none."""

    viewpoint: Viewpoint | None = None
    picture: Evidence | None = None
    no_picture: str = ""


def findings_of(run: CheckRun, causes: Sequence[Cause], shown: Sequence[Shown], actor: Actor) -> tuple[Finding, ...]:
    """Return one finding per cause, each with its number for an identifier until it is raised."""
    origin = Origin(
        run.id, run.revision, run.epoch, run.model_sha256, run.scan_sha256, run.registration.transform_sha256,
        run.version,
    )  # fmt: skip
    return tuple(
        Finding(
            id=str(number),
            project=run.project,
            origin=origin,
            defect=cause.defect,
            severity=cause.severity,
            location=cause.location,
            raised_by=actor,
            raised_at=run.finished_at,
            viewpoint=look.viewpoint,
            picture=look.picture,
            no_picture=look.no_picture,
        )
        for number, (cause, look) in enumerate(zip(causes, shown, strict=True), start=1)
    )


def evidence_of(run: CheckRun, finding: Finding, revision: ModelRevision, epoch: ScanEpoch) -> tuple[Evidence, ...]:
    """Return what proves a finding: the check's report, the picture of it, the model and the scans, by their hashes."""
    model = Evidence(EvidenceKind.MODEL, run.model_sha256, revision.file_name)
    names = {scan.sha256: scan.file_name for scan in epoch.scans}
    scans = tuple(Evidence(EvidenceKind.SCAN, digest, names.get(digest, "scan")) for digest in run.scan_sha256)
    pictures = (finding.picture,) if finding.picture else ()
    return (run.report, *pictures, model, *scans)


def _registration(result: CheckResult) -> RegistrationRecord:
    found: Registration = result.registration
    if found.status is Ended.REFUSED or found.T_design_scan is None:
        return RegistrationRecord(RegistrationStatus.REFUSED, found.method, rivals=len(found.rivals))
    pose = raw_pose(found.T_design_scan, result.design.origin, result.scan.origin)
    return RegistrationRecord(
        RegistrationStatus.ACCEPTED,
        found.method,
        tuple(_decimal(float(number)) for number in pose.ravel()),
        rmse_mm=_decimal(found.rmse * 1000.0, 4) if np.isfinite(found.rmse) else None,
        rivals=len(found.rivals),
    )


def _decimal(number: float, digits: int = 12) -> Decimal:
    """Return a number as a decimal with so many digits after the point, zeros at the end left out."""
    text = f"{number:.{digits}f}".rstrip("0").rstrip(".")
    return Decimal(text if text not in ("", "-0") else "0")
