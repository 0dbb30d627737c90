"""Long work over the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from api.in_chinese import in_chinese
from api.paging import PageQuery
from api.schemas.base import Schema, example
from twin.record import Id
from twin.store.jobs import Job, JobState

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_WHEN = "2026-11-22T08:00:00Z"


class JobOut(Schema):
    """A piece of long work and how far it is."""

    model_config = example(
        id=_ID, kind="run_check", state="running", step="measuring", step_zh="测量", progress=40, attempt=1,
        most_attempts=3, makes=_ID, result={}, error="", error_zh="", cancel_asked=False, created_by=_ID,
        created_at=_WHEN, started_at=_WHEN, ended_at=None,
    )  # fmt: skip

    id: Id
    kind: str = Field(
        description="`import_model`, `import_scans`, `run_check`, `write_back`, `draft_plan`, `rehearse`, "
        "`verify_trail`, `pack_audit`"
    )
    state: JobState
    step: str = Field(description="What is being done, in words")
    step_zh: str = Field(description="The same in Chinese; empty where there is none")
    progress: int = Field(ge=0, le=100, description="Percent")
    attempt: int
    most_attempts: int
    makes: Id | None = Field(description="The record that is there once it has succeeded; null if it makes none")
    result: Mapping[str, Any] = Field(description="What it tells; empty until it has succeeded")
    error: str = Field(description="One line; empty unless it failed, or failed and is tried again")
    error_zh: str = Field(description="The same in Chinese; empty where there is none")
    cancel_asked: bool
    created_by: Id
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


def job_out(job: Job) -> JobOut:
    """Return a job as it is sent."""
    makes = job.payload.get("identifier")
    return JobOut(
        id=job.id, kind=job.kind, state=job.state, step=job.step, step_zh=in_chinese(job.step), progress=job.progress,
        attempt=job.attempt, most_attempts=job.most_attempts, makes=makes if isinstance(makes, str) else None,
        result=job.result or {}, error=job.error, error_zh=in_chinese(job.error), cancel_asked=job.cancel_asked,
        created_by=job.created_by, created_at=job.created_at, started_at=job.started_at, ended_at=job.ended_at,
    )  # fmt: skip


class JobQuery(PageQuery):
    """Filters of jobs."""

    limit: int = Field(default=50, ge=1, le=100, description="How many at most", examples=[50])
    state: JobState | None = None
