"""Files beside records."""

from fastapi import Request, Response

from api.deps import BlobsDep, ContextDep, MemberDep, PagerDep, RecordId, RowsDep, StoreDep
from api.download import STATUSES, KeptFile, download
from api.etag import tag
from api.paging import Filtered, Listed
from api.routing import Routes
from api.schemas.comment import AttachmentOut, BesideQuery, NewAttachment, PinQuery, attachment_out
from twin.access import Action
from twin.operations.comments import attach_file, subject_of
from twin.record import require_past
from twin.store.records import ATTACHMENT

routes = Routes("attachments")
ONE = "/projects/{project}/attachments/{attachment}"


@routes.get("/projects/{project}/attachments", Action.COMMENT_READ, "List attachments")
def list_attachments(
    query: Filtered[BesideQuery], member: MemberDep, store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[AttachmentOut]:
    """Return the files beside a record, oldest first; to outside organisations those that are meant for them."""
    with store.read() as view:
        subject_of(view, member, query.subject)
        return pager.records(view, ATTACHMENT, query, rows, attachment_out)


@routes.post("/projects/{project}/attachments", Action.ATTACHMENT_ADD, "Attach a file", status=201)
def create_attachment(
    given: NewAttachment, member: MemberDep, context: ContextDep, store: StoreDep, response: Response
) -> AttachmentOut:
    """Put a file beside a record: one that you uploaded, up to 50 MiB, of a type that nobody's browser runs."""
    stored = attach_file(
        store, context, member, given.subject, sha256=given.sha256, file_name=given.file_name,
        media_type=given.media_type, description=given.description, for_outside=given.for_outside, pin=given.pin,
        taken_at=None if given.taken_at is None else require_past(given.taken_at, context.now, "taken_at"),
    )  # fmt: skip
    tag(response, stored.version)
    return attachment_out(stored)


@routes.get("/projects/{project}/pins", Action.COMMENT_READ, "List what has its place in the building")
def list_pins(query: Filtered[PinQuery], store: StoreDep, rows: RowsDep, pager: PagerDep) -> Listed[AttachmentOut]:
    """Return the files of the project that are pinned to a place, whatever they stand beside, oldest first."""
    with store.read() as view:
        return pager.records(view, ATTACHMENT, query, rows, attachment_out, where={"placed": True})


@routes.get(ONE, Action.COMMENT_READ, "Read an attachment")
def read_attachment(
    attachment: RecordId, member: MemberDep, store: StoreDep, rows: RowsDep, response: Response
) -> AttachmentOut:
    """Return what is known of a file beside a record."""
    with store.read() as view:
        stored = view.get(ATTACHMENT, attachment, rows)
        subject_of(view, member, stored.record.subject)
    tag(response, stored.version)
    return attachment_out(stored)


@routes.get(ONE + "/file", Action.COMMENT_READ, "Download an attachment", answers="*/*", also=STATUSES)
def download_attachment(
    attachment: RecordId, member: MemberDep, request: Request, store: StoreDep, blobs: BlobsDep, rows: RowsDep
) -> Response:
    """Return the file itself."""
    with store.read() as view:
        one = view.get(ATTACHMENT, attachment, rows).record
        subject_of(view, member, one.subject)
    return download(request, blobs, KeptFile(one.sha256, one.file_name, one.media_type))
