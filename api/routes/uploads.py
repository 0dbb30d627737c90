"""Files on their way in, piece by piece over lines that break.

After tus 1.0, of it the part that is needed: announce size and hash, PATCH the bytes from ``Upload-Offset`` on, ask how
many are kept after a break, finish. Who may bring files in is one thing, what may be made of them another: the model,
scan or check that names the upload asks for its own right.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

from fastapi import Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.deps import BlobsDep, ContextDep, ProjectId, RecordId, ServicesDep, StoreDep
from api.problem import CONFLICT, ProblemError
from api.routing import ROOT, Routes
from api.schemas.upload import LARGEST, NewUpload, UploadOut, upload_out
from twin.access import Action
from twin.errors import Conflict, NotFound
from twin.operations.uploads import abort_upload, append_to_upload, begin_upload, find_upload, finish_upload
from twin.record import Id
from twin.store.repository import Context, Store
from twin.store.uploads import Upload, wrong_offset

routes = Routes("uploads")
BLOCK = 8 << 20
"""Bytes of one upload that are in memory at a time; after so many they are kept, and a thread is free again."""
_MEDIA = "application/octet-stream"


@routes.post("/projects/{project}/uploads", Action.FILE_UPLOAD, "Announce a file", status=201)
def create_upload(
    project: ProjectId, given: NewUpload, context: ContextDep, store: StoreDep, blobs: BlobsDep, response: Response
) -> UploadOut:
    """Announce a file by name, size and SHA-256; `Location` is where its bytes go."""
    upload = begin_upload(
        store, context, project, name=given.name, size=given.size, sha256=given.sha256, media_type=given.media_type,
        largest=LARGEST, room=blobs.room(),
    )  # fmt: skip
    response.headers["Location"] = f"{ROOT}/projects/{project}/uploads/{upload.id}"
    return _shown(upload, response)


@routes.get("/projects/{project}/uploads/{upload}", Action.FILE_UPLOAD, "How far is a file")
def read_upload(
    project: ProjectId, upload: RecordId, context: ContextDep, store: StoreDep, response: Response
) -> UploadOut:
    """Return one's own upload: after a break, `Upload-Offset` is where to go on."""
    return _shown(_mine(store, context, project, upload), response)


@routes.patch(
    "/projects/{project}/uploads/{upload}", Action.FILE_UPLOAD, "Send bytes", max_body_bytes=LARGEST, sends=_MEDIA
)
async def send_bytes(
    project: ProjectId,
    upload: RecordId,
    offset: Annotated[int, Header(alias="Upload-Offset", ge=0, le=LARGEST, description="Where the body begins")],
    request: Request,
    context: ContextDep,
    services: ServicesDep,
    response: Response,
) -> UploadOut:
    """Send the bytes from `Upload-Offset` on: all that is left, or as many as you like.

    What came before a line breaks, or the server ends, is kept. A wrong offset is refused with 409 before the body is
    read; its `Upload-Offset` is the right one. Send `Expect: 100-continue` to hear that before sending gigabytes. The
    bytes are taken as they are, whatever `Content-Type` says; tus clients say `application/offset+octet-stream`.
    """
    found = await run_in_threadpool(_mine, services.store, context, project, upload)
    if found.completed_at is not None or offset != found.received:
        raise _go_on(found, wrong_offset(found, offset))
    async for block in _blocks(services.ending.until(request.stream())):
        try:
            found = await run_in_threadpool(
                append_to_upload, services.store, services.blobs, context, upload, found.received, stream=block
            )
        except Conflict as error:
            now_there = await run_in_threadpool(find_upload, services.store, context, upload)
            raise _go_on(now_there, error) from error
    return _shown(found, response)


@routes.post("/projects/{project}/uploads/{upload}/finish", Action.FILE_UPLOAD, "Finish a file")
def finish_file(
    project: ProjectId, upload: RecordId, context: ContextDep, store: StoreDep, blobs: BlobsDep, response: Response
) -> UploadOut:
    """Put the pieces together and hold the whole against its declared hash; sent again, it answers the same again.

    409 while bytes are missing; 422 when the hash is another one: the upload is gone then, begin again.
    """
    _mine(store, context, project, upload)
    finish_upload(store, blobs, context, upload)
    return _shown(_mine(store, context, project, upload), response)


@routes.delete("/projects/{project}/uploads/{upload}", Action.FILE_UPLOAD, "Give a file up", status=204)
def delete_upload(project: ProjectId, upload: RecordId, context: ContextDep, store: StoreDep, blobs: BlobsDep) -> None:
    """Forget an upload and what came of it; a record that took the file keeps it."""
    _mine(store, context, project, upload)
    abort_upload(store, blobs, context, upload)


async def _blocks(body: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """Yield a body in blocks; when the line breaks, or the server ends, what came before it is the last one."""
    held, size = list[bytes](), 0
    with suppress(ClientDisconnect):  # not an error here: what came is kept, and the client goes on from there
        async for piece in body:
            held.append(piece)
            size += len(piece)
            if size >= BLOCK:
                yield held
                held, size = [], 0
    if size:
        yield held


def _mine(store: Store, context: Context, project: Id, upload: Id) -> Upload:
    found = find_upload(store, context, upload)
    if found.project != project:
        raise NotFound(f"there is no upload {upload}; it may have expired: begin again")
    return found


def _go_on(upload: Upload, error: Conflict) -> ProblemError:
    return ProblemError(CONFLICT, str(error), {"Upload-Offset": str(upload.received)})


def _shown(upload: Upload, response: Response) -> UploadOut:
    response.headers["Upload-Offset"] = str(upload.received)
    return upload_out(upload)
