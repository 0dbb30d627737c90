"""BCF-API 3.0, continued: viewpoints and their parts, structured data, documents, models, related topics."""

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from api.bcf import (
    LARGEST,
    V3,
    CallerIn,
    HeldTopic,
    P,
    T,
    TopicGuid,
    ViewGuid,
    add_older,
    file_name,
    known_guid,
    new_guid,
    seen_topic,
)
from api.deps import BlobsDep, ContextDep, NewIdDep, ServicesDep, StoreDep
from api.download import BYTES, STATUSES, KeptFile, download
from api.routing import Routes
from api.schemas.bcf import DeletedOut
from api.schemas.bcf_document import (
    DocumentOut,
    DocumentReferenceIn,
    DocumentReferenceOut,
    FileInformationOut,
    FileIO,
    RelatedTopic,
    document_out,
    file_information_out,
    file_out,
    reference_out,
)
from api.schemas.bcf_view import (
    ColoringOut,
    SelectionOut,
    ViewpointOut,
    ViewpointPost,
    VisibilityOut,
    coloring_out,
    selection_out,
    viewpoint_out,
    visibility_out,
)
from twin.access import Action
from twin.bcf.topic import snippet_of
from twin.bcf.values import Attached, Viewpoint
from twin.errors import NotFound, Refused
from twin.operations import bcf_beside
from twin.operations.bcf import Caller, SeenTopic
from twin.store.records import MODEL_REVISION

routes = Routes("bcf views")
VIEW = T + "/viewpoints/{viewpoint}"


@routes.get(T + "/snippet", Action.NCR_READ, "Read a topic's structured data", answers="*/*", also=STATUSES)
def read_bcf_snippet(
    topic: TopicGuid, caller: CallerIn, store: StoreDep, blobs: BlobsDep, request: Request
) -> Response:
    """Return requirement, measured value, uncertainty and disposition as JSON; of an observation, what came with it."""
    seen = seen_topic(store, caller, topic)
    if seen.ncr is not None:
        return Response(snippet_of(seen.ncr)[1], media_type="application/json")
    snippet = seen.topic.snippet
    if snippet is None or snippet.content is None:
        raise NotFound("this topic has no snippet")
    return download(request, blobs, KeptFile(snippet.content.sha256, snippet.reference))


@routes.get(T + "/viewpoints", Action.NCR_READ, "List a topic's viewpoints")
def list_bcf_viewpoints(topic: TopicGuid, caller: CallerIn, store: StoreDep) -> list[ViewpointOut]:
    """Return the views of a topic, those of the check first; coordinates are metres in the model file's own frame."""
    seen = seen_topic(store, caller, topic)
    return [_viewpoint_out(seen, one, caller) for one in seen.topic.viewpoints]


@routes.post(T + "/viewpoints", Action.COMMENT_WRITE, "Add a viewpoint", status=201, max_body_bytes=LARGEST)
def create_bcf_viewpoint(
    topic: HeldTopic, given: ViewpointPost, caller: CallerIn, context: ContextDep, store: StoreDep, blobs: BlobsDep,
    new_id: NewIdDep,
) -> ViewpointOut:  # fmt: skip
    """Keep a view with its pictures; it never changes. A draft without elements is about those that it selects."""
    view, pictures = given.viewpoint(new_guid(given.guid, new_id()))
    kept = bcf_beside.add_viewpoint(store, blobs, context, caller, topic, view, pictures=pictures)
    return viewpoint_out(kept, mine=True)


@routes.get(VIEW, Action.NCR_READ, "Read a viewpoint")
def read_bcf_viewpoint(topic: TopicGuid, viewpoint: ViewGuid, caller: CallerIn, store: StoreDep) -> ViewpointOut:
    """Return a view's camera, lines, planes and bitmaps."""
    seen = seen_topic(store, caller, topic)
    return _viewpoint_out(seen, _view(seen, viewpoint), caller)


@routes.delete(VIEW, Action.COMMENT_WRITE, "Take a viewpoint back")
def delete_bcf_viewpoint(
    topic: TopicGuid, viewpoint: ViewGuid, caller: CallerIn, context: ContextDep, store: StoreDep
) -> DeletedOut:
    """Take back one's own view, unless a comment is about it."""
    seen = seen_topic(store, caller, topic)
    guid = _view(seen, viewpoint).guid
    if not _is_mine(seen, guid, caller):
        raise Refused("only who made a viewpoint may take it back")
    bcf_beside.remove_viewpoint(store, context, caller, topic, guid)
    return DeletedOut(guid=guid)


@routes.get(
    VIEW + "/snapshot", Action.NCR_READ, "Read a viewpoint's picture", answers="image/png", also_as="image/jpeg",
    also=STATUSES,
)  # fmt: skip
def read_bcf_snapshot(
    topic: TopicGuid, viewpoint: ViewGuid, caller: CallerIn, store: StoreDep, blobs: BlobsDep, request: Request
) -> Response:
    """Return the picture of a view: PNG or JPEG."""
    view = _view(seen_topic(store, caller, topic), viewpoint)
    if view.snapshot is None:
        raise NotFound("this viewpoint has no snapshot")
    return _picture(request, blobs, view.snapshot, view.guid)


@routes.get(
    VIEW + "/bitmaps/{bitmap}", Action.NCR_READ, "Read a bitmap", answers="image/png", also_as="image/jpeg",
    also=STATUSES,
)  # fmt: skip
def read_bcf_bitmap(
    topic: TopicGuid, viewpoint: ViewGuid, bitmap: ViewGuid, caller: CallerIn, store: StoreDep, blobs: BlobsDep,
    request: Request,
) -> Response:  # fmt: skip
    """Return a picture that hangs in the model: PNG or JPEG."""
    guid = known_guid(bitmap)
    for one in _view(seen_topic(store, caller, topic), viewpoint).bitmaps:
        if one.guid == guid:
            return _picture(request, blobs, one.picture, one.guid)
    raise NotFound(f"there is no bitmap {guid}")


@routes.get(VIEW + "/selection", Action.NCR_READ, "Read what a viewpoint selects")
def read_bcf_selection(topic: TopicGuid, viewpoint: ViewGuid, caller: CallerIn, store: StoreDep) -> SelectionOut:
    """Return the elements that a view selects."""
    return selection_out(_view(seen_topic(store, caller, topic), viewpoint))


@routes.get(VIEW + "/coloring", Action.NCR_READ, "Read what a viewpoint colours")
def read_bcf_coloring(topic: TopicGuid, viewpoint: ViewGuid, caller: CallerIn, store: StoreDep) -> ColoringOut:
    """Return the elements that a view colours."""
    return coloring_out(_view(seen_topic(store, caller, topic), viewpoint))


@routes.get(VIEW + "/visibility", Action.NCR_READ, "Read what a viewpoint shows")
def read_bcf_visibility(topic: TopicGuid, viewpoint: ViewGuid, caller: CallerIn, store: StoreDep) -> VisibilityOut:
    """Return the elements that a view shows or hides."""
    return visibility_out(_view(seen_topic(store, caller, topic), viewpoint))


@routes.get(T + "/related_topics", Action.NCR_READ, "List related topics")
def list_bcf_related(topic: TopicGuid, caller: CallerIn, store: StoreDep) -> list[RelatedTopic]:
    """Return the topics that belong together with one."""
    return [RelatedTopic(related_topic_guid=guid) for guid in seen_topic(store, caller, topic).topic.related]


@routes.put(T + "/related_topics", Action.NCR_RAISE, "Say which topics are related")
def put_bcf_related(
    topic: HeldTopic, given: list[RelatedTopic], caller: CallerIn, context: ContextDep, store: StoreDep
) -> list[RelatedTopic]:
    """Say which topics belong together with one."""
    guids = tuple(one.related_topic_guid for one in given)
    kept = bcf_beside.set_related(store, context, caller, topic, guids)
    return [RelatedTopic(related_topic_guid=guid) for guid in kept]


@routes.get(T + "/document_references", Action.NCR_READ, "List a topic's documents")
def list_bcf_references(topic: TopicGuid, caller: CallerIn, store: StoreDep) -> list[DocumentReferenceOut]:
    """Return the documents that a topic refers to."""
    return [reference_out(one) for one in seen_topic(store, caller, topic).topic.documents]


@routes.post(T + "/document_references", Action.NCR_RAISE, "Refer to a document", status=201)
def create_bcf_reference(
    topic: HeldTopic, given: DocumentReferenceIn, caller: CallerIn, context: ContextDep, store: StoreDep,
    new_id: NewIdDep,
) -> DocumentReferenceOut:  # fmt: skip
    """Refer to a document of the project, or to an address."""
    reference = given.reference(new_guid(given.guid, new_id()))
    return reference_out(bcf_beside.put_reference(store, context, caller, topic, reference, is_new=True))


@routes.put(T + "/document_references/{reference}", Action.NCR_RAISE, "Change a reference")
def put_bcf_reference(
    topic: HeldTopic, reference: ViewGuid, given: DocumentReferenceIn, caller: CallerIn, context: ContextDep,
    store: StoreDep,
) -> DocumentReferenceOut:  # fmt: skip
    """Refer to another document."""
    changed = given.reference(known_guid(reference))
    return reference_out(bcf_beside.put_reference(store, context, caller, topic, changed, is_new=False))


@routes.get(T + "/files", Action.NCR_READ, "List a topic's models")
def list_bcf_files(topic: TopicGuid, caller: CallerIn, store: StoreDep) -> list[FileIO]:
    """Return the models that a topic is about."""
    return [file_out(one) for one in seen_topic(store, caller, topic).topic.files]


@routes.put(T + "/files", Action.NCR_RAISE, "Say which models a topic is about")
def put_bcf_files(
    topic: HeldTopic, given: list[FileIO], caller: CallerIn, context: ContextDep, store: StoreDep
) -> list[FileIO]:
    """Say which models a topic is about."""
    files = tuple(one.file() for one in given)
    return [file_out(one) for one in bcf_beside.set_files(store, context, caller, topic, files)]


@routes.get(P + "/files_information", Action.MODEL_READ, "List the project's models")
def list_bcf_files_information(caller: CallerIn, store: StoreDep) -> list[FileInformationOut]:
    """Return the project's models, for clients that let people choose one."""
    with store.read() as view:
        return [file_information_out(s.record) for s in view.all(MODEL_REVISION, caller.rows, project=caller.project)]


@routes.get(P + "/documents", Action.NCR_READ, "List documents")
def list_bcf_documents(caller: CallerIn, store: StoreDep) -> list[DocumentOut]:
    """Return the documents of the project."""
    with store.read() as view:
        return [document_out(one) for one in bcf_beside.list_documents(view, caller)]


@routes.post(P + "/documents", Action.ATTACHMENT_ADD, "Add a document", status=201, max_body_bytes=LARGEST, sends=BYTES)
async def create_bcf_document(
    caller: CallerIn, context: ContextDep, services: ServicesDep, request: Request
) -> DocumentOut:
    """Keep a document; its name is that of `Content-Disposition`."""
    content = await request.body()
    name = file_name(request.headers.get("content-disposition", ""), content)
    kept = await run_in_threadpool(
        bcf_beside.add_document, services.store, services.blobs, context, caller, name, content, BYTES
    )
    return document_out(kept)


@routes.get(P + "/documents/{document}", Action.NCR_READ, "Read a document", answers=BYTES, also=STATUSES)
def read_bcf_document(
    document: ViewGuid, caller: CallerIn, store: StoreDep, blobs: BlobsDep, request: Request
) -> Response:
    """Return a document."""
    with store.read() as view:
        found = bcf_beside.read_document(view, caller, document)
    return download(request, blobs, KeptFile(found.content.sha256, found.filename))


def _view(seen: SeenTopic, viewpoint: str) -> Viewpoint:
    guid = known_guid(viewpoint)
    for one in seen.topic.viewpoints:
        if one.guid == guid:
            return one
    raise NotFound(f"there is no viewpoint {guid}")


def _is_mine(seen: SeenTopic, guid: str, caller: Caller) -> bool:
    return seen.kept is not None and seen.kept.owners.get(guid) == caller.user


def _viewpoint_out(seen: SeenTopic, view: Viewpoint, caller: Caller) -> ViewpointOut:
    return viewpoint_out(view, mine=_is_mine(seen, view.guid, caller))


def _picture(request: Request, blobs: BlobsDep, picture: Attached, guid: str) -> Response:
    suffix = "jpg" if picture.media_type == "image/jpeg" else "png"
    return download(request, blobs, KeptFile(picture.sha256, f"{guid}.{suffix}", picture.media_type))


add_older(routes, [one.path for one in routes.declared if one.path.startswith(V3)])
