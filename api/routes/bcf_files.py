"""BCF files in and out, and what people make of the observations that wait for them."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.bcf import LARGEST, CallerIn, TopicGuid, authorization, known_guid
from api.deps import BlobsDep, ContextDep, ServicesDep, StoreDep
from api.download import BYTES
from api.etag import tag
from api.routing import Routes
from api.schemas.bcf import BcfTopicOut, topic_out
from api.schemas.bcf_file import (
    ObservationAttachment,
    ObservationConfirmation,
    ObservationDismissal,
    ReceiptOut,
    receipt_out,
)
from twin.access import Action
from twin.bcf.match import Dictionary
from twin.errors import Invalid
from twin.operations import bcf_topics
from twin.operations.bcf import Caller, SeenTopic
from twin.operations.bcf_files import Coordinates, export_bcf, receive_bcf

routes = Routes("bcf files")
ALL = "/projects/{project}/bcf-files"
ONE = "/projects/{project}/observations/{observation}"
Pairs = Annotated[
    list[str] | None, Query(max_length=500, description="`THEIRS=OURS`, as often as needed", examples=[["Zoe=zoe@x"]])
]


@routes.get(ALL, Action.EXPORT_READ, "Export a BCF file", answers=BYTES)
def export_bcf_file(
    caller: CallerIn, store: StoreDep, blobs: BlobsDep,
    version: Annotated[Literal["2.1", "3.0"], Query(description="2.1 is read by most tools")] = "2.1",
    topic: Annotated[list[str] | None, Query(max_length=5000, description="Guids; without, all")] = None,
    coordinates: Annotated[Coordinates, Query(description="Whose the views are in")] = Coordinates.MODEL,
) -> Response:  # fmt: skip
    """Return nonconformance records and observations as one BCF file; the same records give the same bytes."""
    guids = None if topic is None else [known_guid(one) for one in topic]
    with store.read() as view:
        content = export_bcf(view, blobs, caller, guids, version, coordinates=coordinates)
    headers = {"Content-Disposition": 'attachment; filename="topics.bcf"'}
    return Response(content, media_type=BYTES, headers=headers)


@routes.post(ALL, Action.NCR_RAISE, "Take in a BCF file", status=201, max_body_bytes=LARGEST, sends=BYTES)
async def import_bcf_file(
    caller: CallerIn, context: ContextDep, services: ServicesDep, request: Request, person: Pairs = None,
    status: Pairs = None,
) -> ReceiptOut:  # fmt: skip
    """Take in a file of BCF 2.0, 2.1 or 3.0, topic by topic; no record changes its texts or its state.

    What is about a record, by guid or by the elements that it selects, is kept beside it. The rest waits as an
    observation until a person confirms, attaches or dismisses it.
    """
    words = Dictionary(_pairs(person), _pairs(status))
    content = await request.body()
    receipt = await run_in_threadpool(
        receive_bcf, services.store, services.blobs, context, caller, content, dictionary=words
    )
    return receipt_out(receipt)


@routes.post(ONE + "/confirm", Action.NCR_RAISE, "Confirm an observation", status=201)
def post_observation_confirmation(
    observation: TopicGuid, given: ObservationConfirmation, caller: CallerIn, context: ContextDep, store: StoreDep,
    response: Response,
) -> BcfTopicOut:  # fmt: skip
    """Make an observation the draft of a nonconformance record, under its own guid."""
    seen = bcf_topics.confirm_observation(
        store,
        context,
        caller,
        known_guid(observation),
        severity=given.severity,
        quantity=given.quantity,
        unit=given.unit,
    )
    return _shown(seen, caller, response)


@routes.post(ONE + "/attach", Action.NCR_RAISE, "Attach an observation")
def post_observation_attachment(
    observation: TopicGuid, given: ObservationAttachment, caller: CallerIn, context: ContextDep, store: StoreDep,
    response: Response,
) -> BcfTopicOut:  # fmt: skip
    """Let an observation go on with a record that there is; its comments and views are kept beside that."""
    seen = bcf_topics.attach_observation(store, context, caller, known_guid(observation), ncr=given.ncr)
    return _shown(seen, caller, response)


@routes.post(ONE + "/dismiss", Action.NCR_RAISE, "Dismiss an observation", status=204)
def post_observation_dismissal(
    observation: TopicGuid, given: ObservationDismissal, caller: CallerIn, context: ContextDep, store: StoreDep
) -> None:
    """Say why an observation is none."""
    bcf_topics.dismiss_observation(store, context, caller, known_guid(observation), reason=given.reason)


def _shown(seen: SeenTopic, caller: Caller, response: Response) -> BcfTopicOut:
    tag(response, seen.version)
    return topic_out(seen.topic, authorization(seen, caller))


def _pairs(given: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in given or ():
        theirs, sign, ours = pair.rpartition("=")
        if not sign or not theirs.strip() or not ours.strip():
            raise Invalid(f"{pair[:60]!r} is not THEIRS=OURS, such as Zoe=zoe@example.com")
        found[theirs.strip()] = ours.strip()
    return found
