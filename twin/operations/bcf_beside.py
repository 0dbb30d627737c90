"""What BCF clients add beside a topic: comments, viewpoints with their pictures, documents, related topics, models."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from twin import comment as told
from twin.bcf import kept as rules
from twin.bcf.guid import derived, guid_of, id_of
from twin.bcf.kept import KeptDocument, KeptTopic
from twin.bcf.values import Attached, Comment, Document, DocumentReference, ModelFile, Viewpoint
from twin.errors import Conflict, Invalid, NotFound, Refused
from twin.ncr import amend
from twin.ncr_record import NonConformance, State
from twin.operations.bcf import Caller, SeenTopic, people_of, read_topic
from twin.operations.steps import advance
from twin.record import Id
from twin.store import records
from twin.store.blob_register import keep
from twin.store.blobs import BlobStore
from twin.store.repository import Context, Store, Unit
from twin.store.view import View

MOST_VIEWPOINTS = 500
"""Beside one topic."""


def add_comment(
    store: Store, context: Context, caller: Caller, topic: str, given: Comment, *, answers: str = ""
) -> Comment:
    """Add a comment: a record of its own where the topic is a nonconformance record; it stays as it was written.

    Raises
    ------
    NotFound
        If there is no such topic, or it has no such viewpoint.
    """
    with store.write(context) as unit:
        seen = read_topic(unit, caller, topic)
        author = people_of(unit, caller.project).get(context.actor.id, context.actor.name)
        comment = replace(given, date=context.now, author=author, modified_date=None, modified_author="")
        if seen.ncr is None:
            change_beside(unit, seen, caller, lambda kept: rules.add_comment(kept, comment, by=caller.user), "comment")
            return comment
        kept = seen.kept or rules.beside(seen.id, caller.project)
        rules.require_viewpoint(kept, comment.viewpoint, {view.guid for view in seen.topic.viewpoints})
        record = _id(comment.guid)
        if any(one.guid == comment.guid for one in seen.topic.comments):
            raise Conflict(f"there is a comment {comment.guid} already; send another guid, or none")
        before = _id(answers) if any(one.guid == answers for one in seen.topic.comments) else None
        unit.add(
            records.COMMENT,
            told.Comment(
                record, caller.project, f"ncr:{seen.id}", context.actor, context.now, comment.text,
                for_outside=caller.from_outside, answers=before,
            ),
        )  # fmt: skip
        if comment.viewpoint:
            about = {comment.guid: comment.viewpoint}
            change_beside(
                unit, seen, caller, lambda kept: replace(kept, about={**kept.about, **about}), "comment_on_viewpoint"
            )
        return comment


def add_viewpoint(
    store: Store, blobs: BlobStore, context: Context, caller: Caller, topic: str, given: Viewpoint,
    *, pictures: Mapping[str, bytes],
) -> Viewpoint:  # fmt: skip
    """Add a viewpoint and keep its pictures. A draft without elements is about those that its first view selects.

    Parameters
    ----------
    pictures
        The contents of snapshot and bitmaps by SHA-256.
    """
    with store.write(context) as unit:
        seen = read_topic(unit, caller, topic)
        if len(seen.topic.viewpoints) >= MOST_VIEWPOINTS:
            raise Refused(f"a topic has at most {MOST_VIEWPOINTS} viewpoints: begin another topic")
        if any(view.guid == given.guid for view in seen.topic.viewpoints):
            raise Conflict(f"there is a viewpoint {given.guid} already; send another guid, or none")
        keep_pictures(unit, blobs, (given,), pictures)
        change_beside(
            unit, seen, caller, lambda kept: rules.add_viewpoint(kept, given, by=caller.user), "add_viewpoint"
        )
        if seen.ncr is not None:
            attach_snapshot(unit, caller, seen.ncr, given)
            _name_elements(unit, caller, seen.ncr, given)
        return given


def remove_viewpoint(store: Store, context: Context, caller: Caller, topic: str, guid: str) -> None:
    """Take one's own viewpoint back, unless a comment is about it."""
    with store.write(context) as unit:
        seen = read_topic(unit, caller, topic)
        if seen.kept is None or all(view.guid != guid for view in seen.topic.viewpoints):
            raise NotFound(f"there is no viewpoint {guid[:60]} that can be taken back")
        change_beside(
            unit, seen, caller, lambda kept: rules.remove_viewpoint(kept, guid, by=caller.user), "remove_viewpoint"
        )


def set_related(store: Store, context: Context, caller: Caller, topic: str, guids: tuple[str, ...]) -> tuple[str, ...]:
    """Say which topics belong together with one; the caller must see each of them."""
    wanted = tuple(dict.fromkeys(guids))
    with store.write(context) as unit:
        seen = read_topic(unit, caller, topic)
        for guid in wanted:
            if guid == seen.topic.guid:
                raise Invalid("a topic is not related to itself")
            read_topic(unit, caller, guid)
        change_beside(unit, seen, caller, lambda kept: replace(kept, related=wanted), "relate")
    return wanted


def set_files(
    store: Store, context: Context, caller: Caller, topic: str, files: tuple[ModelFile, ...]
) -> tuple[ModelFile, ...]:
    """Say which models a topic is about."""
    with store.write(context) as unit:
        seen = read_topic(unit, caller, topic)
        change_beside(unit, seen, caller, lambda kept: replace(kept, files=files), "name_files")
    return files


def put_reference(
    store: Store, context: Context, caller: Caller, topic: str, reference: DocumentReference, *, is_new: bool
) -> DocumentReference:
    """Add a reference to a document, or change one."""
    with store.write(context) as unit:
        seen = read_topic(unit, caller, topic)
        known = any(one.guid == reference.guid for one in seen.topic.documents)
        if known and is_new:
            raise Conflict(f"there is a reference {reference.guid} already; send another guid, or none")
        if not known and not is_new:
            raise NotFound(f"there is no document reference {reference.guid}")
        if reference.document:
            read_document(unit, caller, reference.document)
        change_beside(
            unit, seen, caller, lambda kept: rules.put_document_reference(kept, reference), "refer_to_document"
        )
    return reference


def add_document(
    store: Store, blobs: BlobStore, context: Context, caller: Caller, name: str, content: bytes, media_type: str
) -> Document:
    """Keep a document of the project."""
    if name.strip() in ("", ".", "..") or len(name) > 255 or any(ord(c) < 32 or c in "/\\" for c in name):
        raise Invalid(f"a document's name has 1 to 255 characters without / and \\, not {name[:60]!r}")
    put = blobs.put((content,))
    with store.write(context) as unit:
        keep(unit, blobs, put, media_type)
        record = unit.new_id()
        document = Document(guid_of(record), name.strip(), Attached(put.sha256, media_type, put.size))
        unit.add(records.BCF_DOCUMENT, KeptDocument(record, caller.project, document, context.actor, context.now))
    return document


def read_document(view: View, caller: Caller, guid: str) -> Document:
    """Return a document of the project; :class:`NotFound` when there is none that the caller may see."""
    found = view.find(records.BCF_DOCUMENT, caller.rows, id=_id(guid), project=caller.project)
    if found is None:
        raise NotFound(f"there is no document {guid[:60]}")
    return found.record.document


def list_documents(view: View, caller: Caller) -> list[Document]:
    """Return the documents of the project, the oldest first."""
    return [stored.record.document for stored in view.all(records.BCF_DOCUMENT, caller.rows, project=caller.project)]


def change_beside(
    unit: Unit, seen: SeenTopic, caller: Caller, change: Callable[[KeptTopic], KeptTopic], action: str
) -> None:
    """Change what is kept beside a topic; there is a place for it from the first time on."""
    stored = unit.find(records.BCF_TOPIC, id=seen.id)
    if stored is not None:
        unit.save(records.BCF_TOPIC, change(stored.record), expected=stored.version, action=action)
        return
    unit.add(records.BCF_TOPIC, change(rules.beside(seen.id, caller.project)), action=action)


def keep_pictures(unit: Unit, blobs: BlobStore, views: tuple[Viewpoint, ...], pictures: Mapping[str, bytes]) -> None:
    """Keep the pictures of viewpoints."""
    wanted = [view.snapshot for view in views if view.snapshot] + [b.picture for view in views for b in view.bitmaps]
    for one in {attached.sha256: attached for attached in wanted}.values():
        keep(unit, blobs, blobs.put((pictures[one.sha256],), expected=one.sha256), one.media_type)


def attach_snapshot(unit: Unit, caller: Caller, ncr: NonConformance, view: Viewpoint) -> None:
    """Attach a viewpoint's picture to the record, where people look for pictures."""
    picture, record = view.snapshot, _id(derived("snapshot", ncr.id, view.guid))
    if picture is None or not 0 < picture.size <= told.LARGEST_FILE:
        return
    if unit.find(records.ATTACHMENT, id=record) is not None:
        return
    suffix = "jpg" if picture.media_type == "image/jpeg" else "png"
    unit.add(
        records.ATTACHMENT,
        told.Attachment(
            record, caller.project, f"ncr:{ncr.id}", picture.sha256, f"view-{view.guid[:8]}.{suffix}",
            picture.media_type, picture.size, unit.context.actor, unit.context.now, "Snapshot of a BCF viewpoint",
            for_outside=caller.from_outside,
        ),
    )  # fmt: skip


def _name_elements(unit: Unit, caller: Caller, ncr: NonConformance, view: Viewpoint) -> None:
    mine = ncr.originator.id == caller.user
    if ncr.state is not State.DRAFT or ncr.global_ids or not view.global_ids or not mine:
        return
    old = unit.get(records.NCR, ncr.id, caller.rows)
    about = amend(old.record, global_ids=view.global_ids, quantity=Decimal(len(view.global_ids)))
    advance(unit, records.NCR, old, about, action="amend", reason="elements of its first BCF viewpoint")


def _id(guid: str) -> Id:
    record = id_of(guid)
    if record is None:
        raise NotFound(f"there is nothing called {guid[:60]!r}: a guid is like 5f2c9a6f-1f0c-4f6f-8a3e-0d1c2b3a4958")
    return record
