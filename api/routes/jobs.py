"""Long work: how far it is, as a list, one by one, or as a stream of events."""

import zlib
from collections.abc import AsyncIterator, Callable
from typing import Annotated

import anyio
from fastapi import Header, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from api.deps import CallerDep, ContextDep, MemberDep, PagerDep, ProjectId, RecordId, RowsDep, ServicesDep, StoreDep
from api.listeners import Listeners
from api.paging import Filtered, Listed
from api.routing import ROOT, Routes
from api.schemas.job import JobOut, JobQuery, job_out
from twin.access import Action
from twin.operations.queue import cancel_job, retry_job
from twin.record import Id
from twin.store import jobs
from twin.store.jobs import ENDED, Job, JobState

routes = Routes("jobs")
_EVENTS = "text/event-stream"
_LOOK_S = 0.4
"""How often the table is looked at for a listener."""
_HEARTBEAT_S = 15.0
"""After so long without news a comment is sent: proxies close lines on which nothing comes."""
_LONGEST_S = 900.0
"""Then the stream ends and the listener comes again, and is asked again who they are."""


@routes.get("/projects/{project}/jobs", Action.PROJECT_READ, "List jobs")
def list_jobs(
    project: ProjectId, query: Filtered[JobQuery], store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[JobOut]:
    """Return the long work of a project, the newest first."""
    position = pager.position(query)
    states = [query.state] if query.state else list(JobState)
    with store.read() as view:
        before = jobs.get(view.connection, str(position[0]), rows) if position else None
        found = jobs.newest(view.connection, rows, states=states, before=before, limit=query.limit + 1)
    shown = found[: query.limit]
    more = (shown[-1].id,) if len(found) > query.limit else None
    return Listed[JobOut](items=[job_out(job) for job in shown], next=pager.point(query, more))


@routes.get("/projects/{project}/jobs/{job}", Action.PROJECT_READ, "Read a job")
def read_job(project: ProjectId, job: RecordId, store: StoreDep, rows: RowsDep) -> JobOut:
    """Return how far a job is and, once it has ended, what came out."""
    with store.read() as view:
        return job_out(jobs.get(view.connection, job, rows))


@routes.post("/projects/{project}/jobs/{job}/cancel", Action.JOB_CANCEL, "Cancel a job")
def post_job_cancel(
    project: ProjectId, job: RecordId, member: MemberDep, context: ContextDep, store: StoreDep, rows: RowsDep
) -> JobOut:
    """Cancel a job: at once while it waits, where it next looks while it runs; one that has ended stays as it is.

    A designer and a site manager cancel what they asked for; others in the project any job.
    """
    return job_out(cancel_job(store, context, job, member=member, scope=rows))


@routes.post("/projects/{project}/jobs/{job}/retry", Action.JOB_CANCEL, "Try a job again", status=202)
def post_job_retry(
    project: ProjectId,
    job: RecordId,
    member: MemberDep,
    context: ContextDep,
    services: ServicesDep,
    rows: RowsDep,
) -> JobOut:
    """Queue a job anew that failed or was cancelled; who may, is as for cancelling."""
    return job_out(retry_job(services.store, context, job, wake=services.wake, member=member, scope=rows))


@routes.get(
    "/projects/{project}/jobs/{job}/events", Action.PROJECT_READ, "Follow a job", answers=_EVENTS, also=(204, 429)
)
def follow_job(
    project: ProjectId,
    job: RecordId,
    services: ServicesDep,
    caller: CallerDep,
    rows: RowsDep,
    last_event_id: Annotated[
        str | None, Header(max_length=100, description="The `id` of the last event seen", examples=["1-running-40"])
    ] = None,
) -> Response:
    """Send a job's state now and with every change as server-sent events, until it has ended.

    Each event is called `job`, its data is what `GET .../jobs/{job}` answers. With `Last-Event-ID` nothing is sent
    twice, and 204 says that nothing will come any more. One account listens to at most 100 streams.
    """

    def look() -> Job:
        with services.store.read() as view:
            return jobs.get(view.connection, job, rows)

    listeners, user = services.listeners, caller.user.id
    listeners.require_room(user)
    first = look()
    if first.state in ENDED and _mark(first) == last_event_id:
        return Response(status_code=204)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _counted(listeners, user, _events(first, look, last_event_id)), headers=headers, media_type=_EVENTS
    )


async def _counted(listeners: Listeners, user: Id, told: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yield what is told, and count who listens for as long as that lasts."""
    with listeners.listening(user):
        async for one in told:
            yield one


async def _events(first: Job, look: Callable[[], Job], seen: str | None) -> AsyncIterator[str]:
    """Yield events as they come. No thread waits with the listener: one looks and is free again."""
    job, quiet, began = first, 0.0, anyio.current_time()
    yield "retry: 2000\n\n"
    while True:
        if _mark(job) != seen:
            seen, quiet = _mark(job), 0.0
            yield f"event: job\nid: {seen}\ndata: {job_out(job).model_dump_json()}\n\n"
        elif quiet >= _HEARTBEAT_S:
            quiet = 0.0
            yield ": still here\n\n"
        if job.state in ENDED or anyio.current_time() - began > _LONGEST_S:
            return
        await anyio.sleep(_LOOK_S)
        quiet += _LOOK_S
        job = await run_in_threadpool(look)


def _mark(job: Job) -> str:
    """Return what is another one after each change that a listener wants to hear of."""
    asked = "-cancel" if job.cancel_asked else ""
    return f"{job.attempt}-{job.state.value}-{job.progress}-{zlib.crc32(job.step.encode()):08x}{asked}"


def accepted(response: Response, project: Id, job: Job) -> JobOut:
    """Return the answer of a route that has queued a job: where to follow it."""
    response.headers["Location"] = f"{ROOT}/projects/{project}/jobs/{job.id}"
    return job_out(job)
