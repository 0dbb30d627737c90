"""What BCF routes name in their addresses: a topic that cannot be deleted, with everything beside it."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from tests.api.web.planted import context
from tests.api.web.world import World
from tests.twin.bcf.values_of_all import BLOBS, NOW, PDF, everything
from twin.bcf.guid import derived, guid_of
from twin.bcf.values import Comment, DocumentReference
from twin.finding import Severity
from twin.operations.bcf import Caller, SeenTopic, read_topic
from twin.operations.bcf_beside import add_comment, add_document, add_viewpoint, put_reference
from twin.operations.bcf_topics import create_topic
from twin.operations.ncrs import raise_ncr
from twin.record import Id
from twin.store import records
from twin.store.view import EVERYTHING


def plant_bcf(world: World, project: Id) -> Mapping[str, str]:
    """Return the names in addresses of BCF routes, and identifiers for them."""
    services, now = world.services, context(world)
    store, new = services.store, services.store.new_id
    caller = Caller(project, now.actor.id, EVERYTHING, lambda _: True, world.clock())
    ncr = raise_ncr(
        store, now, project, title="Topic", severity=Severity.MINOR, quantity=Decimal(1), unit="element",
        global_ids=("B",),
    )  # fmt: skip
    with store.write(now) as unit:  # under a number nobody deletes it
        numbered = replace(ncr.record, number=f"PLANTED-{ncr.record.id[:8]}")
        unit.save(records.NCR, numbered, expected=ncr.version)
    topic = guid_of(ncr.record.id)
    view = replace(everything().topics[0].viewpoints[0], guid=guid_of(new()))
    add_viewpoint(store, services.blobs, now, caller, topic, view, pictures=BLOBS)
    said = add_comment(store, now, caller, topic, Comment(guid_of(new()), NOW, "", "planted"))
    document = add_document(store, services.blobs, now, caller, "Plan.pdf", PDF, "application/octet-stream")
    reference = DocumentReference(guid_of(new()), document.guid)
    put_reference(store, now, caller, topic, reference, is_new=True)
    waiting = replace(everything().topics[1], guid=derived("planted", project), status="", type="")
    observation: SeenTopic = create_topic(store, now, caller, waiting)
    with store.read() as readable:
        assert read_topic(readable, caller, topic).topic.comments
    return {
        "topic": topic, "viewpoint": view.guid, "bitmap": view.bitmaps[0].guid, "comment": said.guid.replace("-", ""),
        "document": document.guid, "reference": reference.guid, "observation": observation.topic.guid,
    }  # fmt: skip
