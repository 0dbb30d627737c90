"""The long work there is: what each kind of job is told, and what it does with that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from twin.audit_package.write import PackageOrder
from twin.instrument import Instrument
from twin.jobs.worker import JobContext, JobKind
from twin.operations.audit_checks import VERIFY_TRAIL, verify_whole
from twin.operations.audit_packages import PACK_AUDIT, pack_audit
from twin.operations.checks import CheckOrder, run_ordered_check
from twin.operations.models import import_model
from twin.operations.plan_drafts import PlanOrder, draft_ordered_plan
from twin.operations.rehearsals import RehearsalOrder, run_ordered_rehearsal
from twin.operations.scans import import_scans
from twin.operations.work import Upload, Work
from twin.operations.write_back import WRITE_BACK, WriteBackOrder, write_verdicts
from twin.record import Id, Json
from twin.store.codec import from_json

IMPORT_MODEL, IMPORT_SCANS, RUN_CHECK = "import_model", "import_scans", "run_check"
DRAFT_PLAN, REHEARSE = "draft_plan", "rehearse"


@dataclass(frozen=True, slots=True)
class ModelOrder:
    """A model to be taken in."""

    identifier: Id
    project: Id
    file: Upload


@dataclass(frozen=True, slots=True)
class ScanOrder:
    """A scan campaign to be taken in."""

    identifier: Id
    project: Id
    name: str
    captured_at: datetime
    files: tuple[Upload, ...]
    instrument: Instrument | None = None


def job_kinds(cache_dir: Path | None = None, key: bytes = b"") -> dict[str, JobKind]:
    """Return the kinds of jobs that a worker does, by name.

    Parameters
    ----------
    cache_dir
        Where tessellated models are kept by content; None = nowhere.
    key
        The installation's, with which it signs what a verification found; without it, its servers do not rely on that.
    """
    works = {
        IMPORT_MODEL: _import_model, IMPORT_SCANS: _import_scans, RUN_CHECK: _run_check, WRITE_BACK: _write_back,
        DRAFT_PLAN: _draft_plan, REHEARSE: _rehearse, PACK_AUDIT: _pack_audit,
    }  # fmt: skip
    kinds = {name: JobKind(name, partial(work, cache_dir)) for name, work in works.items()}
    return {**kinds, VERIFY_TRAIL: JobKind(VERIFY_TRAIL, partial(verify_whole, key=key))}


def _import_model(cache_dir: Path | None, job: JobContext, payload: Mapping[str, Json]) -> Mapping[str, Json]:
    order = from_json(payload, ModelOrder)
    work = _work(job, cache_dir)
    stored = import_model(
        work,
        identifier=order.identifier,
        project=order.project,
        file_name=order.file.file_name,
        sha256=order.file.sha256,
    )
    return {"model_revision": stored.record.id, "number": stored.record.number}


def _import_scans(cache_dir: Path | None, job: JobContext, payload: Mapping[str, Json]) -> Mapping[str, Json]:
    order = from_json(payload, ScanOrder)
    stored = import_scans(
        _work(job, cache_dir),
        identifier=order.identifier,
        project=order.project,
        name=order.name,
        captured_at=order.captured_at,
        files=order.files,
        instrument=order.instrument,
    )
    return {"scan_epoch": stored.record.id}


def _run_check(cache_dir: Path | None, job: JobContext, payload: Mapping[str, Json]) -> Mapping[str, Json]:
    stored = run_ordered_check(_work(job, cache_dir), from_json(payload, CheckOrder))
    return {"check_run": stored.record.id, "registration": stored.record.registration.status.value}


def _write_back(cache_dir: Path | None, job: JobContext, payload: Mapping[str, Json]) -> Mapping[str, Json]:
    return write_verdicts(_work(job, cache_dir), from_json(payload, WriteBackOrder))


def _draft_plan(cache_dir: Path | None, job: JobContext, payload: Mapping[str, Json]) -> Mapping[str, Json]:
    plan = draft_ordered_plan(_work(job, cache_dir), from_json(payload, PlanOrder)).record
    stations = len(plan.scanning.stations) if plan.scanning else 0
    return {"plan": plan.id, "number": plan.number, "items": len(plan.items), "stations": stations}


def _rehearse(cache_dir: Path | None, job: JobContext, payload: Mapping[str, Json]) -> Mapping[str, Json]:
    rehearsal = run_ordered_rehearsal(_work(job, cache_dir), from_json(payload, RehearsalOrder)).record
    return {"rehearsal": rehearsal.id, "outcome": rehearsal.outcome.value}


def _pack_audit(cache_dir: Path | None, job: JobContext, payload: Mapping[str, Json]) -> Mapping[str, Json]:
    return pack_audit(_work(job, cache_dir), from_json(payload, PackageOrder))


def _work(job: JobContext, cache_dir: Path | None) -> Work:
    return Work(
        store=job.store,
        blobs=job.blobs,
        actor=job.context().actor,
        now=job.now,
        progress=job.progress,
        cache_dir=cache_dir,
        job=job.job.id,
    )
