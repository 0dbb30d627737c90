"""The kinds of records there are, each with its table and the columns that it is filtered by."""

from collections.abc import Mapping
from typing import Any

from twin.bcf.kept import KeptDocument, KeptTopic
from twin.capa import Capa
from twin.comment import Attachment, Comment, Subscription
from twin.execution_record import PlanExecution
from twin.finding import Finding
from twin.inspection import Inspection, InspectionState
from twin.inspection_plan import InspectionPlan
from twin.inspection_verdict import verdict
from twin.ncr_record import NonConformance, concession_until
from twin.prediction import Prediction
from twin.project import CheckRun, Member, ModelRevision, Organisation, Project, ScanEpoch
from twin.recurrence import occurrence_of
from twin.rehearsal_record import Rehearsal
from twin.saved_view import SavedView
from twin.store import schema
from twin.store.codec import to_json
from twin.store.kinds import Kind, attributes
from twin.verdict_override import VerdictOverride


def _project_of(record: Any) -> str:
    return record.project


def _check_run_columns(run: CheckRun) -> Mapping[str, Any]:
    return {
        "model_revision": run.revision, "scan_epoch": run.epoch, "status": run.registration.status.value,
        "counts": run.counts,
    }  # fmt: skip


def _finding_columns(finding: Finding) -> Mapping[str, Any]:
    return {
        "status": finding.status.value,
        "cause_key": finding.cause_key,
        "check_run": finding.origin.check_run,
        "ncr": finding.decision.successor if finding.decision else None,
    }


def _ncr_columns(ncr: NonConformance) -> Mapping[str, Any]:
    occurrence = occurrence_of(ncr)
    return {
        "number": ncr.number or None,
        "state": ncr.state.value,
        "severity": ncr.severity.value,
        "assignee": ncr.assignee,
        "cause_key": ncr.defect.cause_key if ncr.defect else None,
        "concession_until": concession_until(ncr),
        "in_doubt": ncr.doubt is not None,
        "opened_at": occurrence.opened_at if occurrence else None,
        "occurrence": to_json(occurrence) if occurrence else None,
    }


def _capa_columns(capa: Capa) -> Mapping[str, Any]:
    return {"number": capa.number, "state": capa.state.value, "assignee": capa.owner}


def _inspection_columns(inspection: Inspection) -> Mapping[str, Any]:
    found = verdict(inspection).outcome if inspection.state is InspectionState.SIGNED else None
    return {
        "plan": inspection.pin.plan if inspection.pin else None,
        "status": inspection.state.value,
        "verdict": found.value if found else None,
    }


def _rehearsal_columns(rehearsal: Rehearsal) -> Mapping[str, Any]:
    return {
        "kind": rehearsal.kind.value, "outcome": rehearsal.outcome.value, "model_revision": rehearsal.revision,
    }  # fmt: skip


def _prediction_columns(prediction: Prediction) -> Mapping[str, Any]:
    settled = prediction.settled
    return {
        "kind": prediction.kind.value, "state": prediction.state.value, "rehearsal": prediction.source.rehearsal,
        "check_run": settled.check_run if settled else None, "ncr": prediction.ncr, "candidate": prediction.candidate,
    }  # fmt: skip


ORGANISATION = Kind("organisation", Organisation, schema.ORGANISATION, attributes("name"), lambda _: None)
PROJECT = Kind("project", Project, schema.PROJECT, attributes("organisation", "name", "key"), lambda p: p.id)
MEMBER = Kind("member", Member, schema.MEMBER, attributes("user", "role", "organisation"), _project_of)
MODEL_REVISION = Kind(
    "model_revision", ModelRevision, schema.MODEL_REVISION, attributes("sha256", "number"), _project_of
)
SCAN_EPOCH = Kind("scan_epoch", ScanEpoch, schema.SCAN_EPOCH, attributes("captured_at"), _project_of)
CHECK_RUN = Kind("check_run", CheckRun, schema.CHECK_RUN, _check_run_columns, _project_of)
FINDING = Kind(
    "finding", Finding, schema.FINDING, _finding_columns, _project_of, lambda finding: finding.defect.global_ids
)
NCR = Kind("ncr", NonConformance, schema.NCR, _ncr_columns, _project_of, lambda ncr: ncr.global_ids)
CAPA = Kind("capa", Capa, schema.CAPA, _capa_columns, _project_of)
INSPECTION_PLAN = Kind(
    "inspection_plan", InspectionPlan, schema.INSPECTION_PLAN, attributes("number", "status"), _project_of
)
PLAN_EXECUTION = Kind(
    "plan_execution", PlanExecution, schema.PLAN_EXECUTION, attributes("plan", "plan_number", "item"), _project_of,
    lambda execution: execution.global_ids,
)  # fmt: skip
INSPECTION = Kind(
    "inspection", Inspection, schema.INSPECTION, _inspection_columns, _project_of, lambda inspection: inspection.lot
)
COMMENT = Kind("comment", Comment, schema.COMMENT, attributes("subject"), _project_of)
ATTACHMENT = Kind("attachment", Attachment, schema.ATTACHMENT, attributes("subject", "sha256", "placed"), _project_of)
SUBSCRIPTION = Kind("subscription", Subscription, schema.SUBSCRIPTION, attributes("user", "subject"), _project_of)
REHEARSAL = Kind("rehearsal", Rehearsal, schema.REHEARSAL, _rehearsal_columns, _project_of)
PREDICTION = Kind(
    "prediction", Prediction, schema.PREDICTION, _prediction_columns, _project_of,
    lambda prediction: prediction.global_ids,
)  # fmt: skip
SAVED_VIEW = Kind("saved_view", SavedView, schema.SAVED_VIEW, attributes("audience"), _project_of)
VERDICT_OVERRIDE = Kind(
    "verdict_override", VerdictOverride, schema.VERDICT_OVERRIDE, attributes("check_run", "global_id"), _project_of
)
BCF_TOPIC = Kind("bcf_topic", KeptTopic, schema.BCF_TOPIC, attributes("standing", "ncr"), _project_of)
BCF_DOCUMENT = Kind(
    "bcf_document",
    KeptDocument,
    schema.BCF_DOCUMENT,
    lambda kept: {"sha256": kept.document.content.sha256},
    _project_of,
)
