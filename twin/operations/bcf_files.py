"""BCF files in and out: a selection of records as one archive, and what other tools' archives say about them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from twin.bcf import kept as rules
from twin.bcf.frame import Box, bring_home, on_map
from twin.bcf.guid import derived, guid_of, id_of
from twin.bcf.kept import KeptDocument, Standing
from twin.bcf.match import By, Dictionary, Match, Unknown, match, unknown_in
from twin.bcf.read import Reading, read_bcf
from twin.bcf.topic import snippet_of
from twin.bcf.values import Archive, Document, Topic, Vector, Viewpoint
from twin.bcf.write import bcf_file
from twin.bcf.zip_read import Limits
from twin.errors import Conflict, Invalid, TwinError
from twin.ncr_record import NonConformance
from twin.operations.bcf import Caller, SeenTopic, people_of, read_topic
from twin.operations.bcf_beside import keep_pictures
from twin.operations.bcf_topics import take_up
from twin.operations.known_elements import unknown_elements
from twin.project import MapConversion
from twin.record import Id
from twin.report.provenance import FIXED_TIME
from twin.store import records
from twin.store.bcf_topics import topics_in_order
from twin.store.blob_register import keep
from twin.store.blobs import BlobStore
from twin.store.kinds import Kind
from twin.store.repository import Context, Store, Unit
from twin.store.view import View

_NO_MATCH, _NOTHING_UNKNOWN = Match(By.NOTHING), Unknown()


class Coordinates(StrEnum):
    """In whose coordinates viewpoints are written."""

    MODEL = "model"
    """The model file's own, as BCF has it."""
    MAP = "map"
    """Those of the map that the model was placed on, for tools that ask for them."""


class Became(StrEnum):
    """What became of a topic of a file."""

    BESIDE = "beside"
    """It is about a record, and kept beside it."""
    WAITING = "waiting"
    """It is about none that could be told: a person decides."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one topic."""

    guid: str
    title: str
    became: Became
    match: Match = _NO_MATCH
    unknown: Unknown = _NOTHING_UNKNOWN
    """People and statuses that nobody here knows: give a dictionary and send the file again."""
    asks_status: str = ""
    """The status that it is in over there, where that differs: a file never moves a record."""
    problems: tuple[str, ...] = ()
    unknown_elements: tuple[str, ...] = ()
    """Elements that it selects and no model of the project has: it is about another model, or an older one."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a file."""

    version: str
    topics: tuple[Received, ...]
    problems: tuple[str, ...] = ()

    @property
    def unknown_elements(self) -> frozenset[str]:
        """All the elements that any topic selects and no model of the project has."""
        return frozenset(name for topic in self.topics for name in topic.unknown_elements)


def export_bcf(
    view: View, blobs: BlobStore, caller: Caller, guids: Iterable[str] | None, version: str,
    *, coordinates: Coordinates = Coordinates.MODEL,
) -> bytes:  # fmt: skip
    """Return topics as one BCF file; the same records give the same bytes.

    Parameters
    ----------
    guids
        Which; None for all that the caller sees.
    version
        ``2.1`` or ``3.0``.

    Raises
    ------
    NotFound
        If the caller sees no such topic.
    Invalid
        If the version is not written, or the model was never placed on a map.
    """
    if guids is None:
        everything = topics_in_order(view, caller.project, caller.rows, None, (), now=caller.now)
        guids = [guid_of(place.id) for place in everything]
    wanted = list(dict.fromkeys(guids))
    found = [read_topic(view, caller, guid) for guid in wanted]
    topics = tuple(seen.topic for seen in found)
    if coordinates is Coordinates.MAP:
        topics = tuple(_on_map(view, caller, seen) for seen in found)
    documents = _documents(view, caller, topics)
    project = view.get(records.PROJECT, caller.project).record
    archive = Archive(version, topics, project.id, project.name, documents)
    contents = dict(snippet_of(seen.ncr) for seen in found if seen.ncr is not None)
    for digest in sorted(_digests(archive) - contents.keys()):
        contents[digest] = b"".join(blobs.read(digest))
    return bcf_file(archive, contents, timestamp=_latest(topics))


def receive_bcf(
    store: Store, blobs: BlobStore, context: Context, caller: Caller, content: bytes,
    *, dictionary: Dictionary | None = None, limits: Limits | None = None,
) -> Receipt:  # fmt: skip
    """Take in a BCF file: each topic for itself, beside the record that it is about, or to be confirmed by a person.

    No record changes: neither its texts nor its state. Sent again, a file adds only what is new. Elements that no model
    of the project has are kept as they were sent, and told: the model that has them may come yet.

    Raises
    ------
    Invalid
        If the file cannot be read at all, or is made to do harm.
    """
    reading = read_bcf(content, limits)
    words = dictionary or Dictionary()
    with store.write(context) as unit:
        ncrs = [stored.record for stored in unit.all(records.NCR, caller.rows, project=caller.project)]
        people = set(people_of(unit, caller.project).values())
        archive = _own_names(unit, caller, reading.archive)
        _keep_documents(unit, blobs, caller, archive, reading.blobs)
        box, conversion = _box(unit, caller.project), _conversion(unit, caller.project)
        named = {name for topic in archive.topics for name in topic.global_ids}
        strange = unknown_elements(unit, blobs, caller.project, named)
        found: dict[str, Received] = {}
        for given, topic in zip(reading.archive.topics, archive.topics, strict=True):
            unknown = unknown_in(topic, people, words)
            mapped, notes = _mapped(topic, words, unit.context.now, box, conversion)
            if topic.guid != given.guid:
                notes = (f"its guid is taken by another project; it is called {topic.guid} in this one", *notes)
            received = _receive(unit, blobs, caller, mapped, ncrs, reading, unknown, notes)
            nowhere = tuple(name for name in topic.global_ids if name in strange)
            found[given.guid] = replace(received, unknown_elements=nowhere)
    return Receipt(reading.archive.version, tuple(_reports(reading, found)), reading.problems)


def _receive(
    unit: Unit, blobs: BlobStore, caller: Caller, topic: Topic, ncrs: list[NonConformance], reading: Reading,
    unknown: Unknown, notes: tuple[str, ...],
) -> Received:  # fmt: skip
    """Keep one topic, whole or not at all."""
    told = _went_on(unit, caller, topic) or match(topic, ncrs)
    try:
        with unit.connection.begin_nested():
            keep_pictures(unit, blobs, topic.viewpoints, reading.blobs)
            record = next((ncr for ncr in ncrs if ncr.id == told.ncr), None)
            if record is not None:
                take_up(unit, caller, record, topic)
            else:
                _wait(unit, blobs, caller, topic, reading)
    except TwinError as error:
        return Received(topic.guid, topic.title, Became.REFUSED, told, unknown, problems=(*notes, str(error)))
    became = Became.BESIDE if told.ncr else Became.WAITING
    now = read_topic(unit, caller, guid_of(told.ncr)).topic.status if told.ncr else topic.status
    asks = topic.status if topic.status and topic.status != now else ""
    return Received(topic.guid, topic.title, became, told, unknown, asks, notes)


def _went_on(unit: Unit, caller: Caller, topic: Topic) -> Match | None:
    """Return the record that a person let this topic go on with before; None when nobody decided."""
    before = unit.find(records.BCF_TOPIC, caller.rows, id=id_of(topic.guid), project=caller.project)
    return Match(By.GUID, before.record.ncr) if before is not None and before.record.ncr else None


def _wait(unit: Unit, blobs: BlobStore, caller: Caller, topic: Topic, reading: Reading) -> None:
    record = id_of(topic.guid)
    assert record is not None
    if topic.snippet is not None and topic.snippet.content is not None:
        kept = topic.snippet.content
        keep(unit, blobs, blobs.put((reading.blobs[kept.sha256],), expected=kept.sha256), kept.media_type)
    old = unit.find(records.BCF_TOPIC, id=record)
    if old is None:
        unit.add(records.BCF_TOPIC, rules.observation(record, caller.project, topic), reason="from a BCF file")
        return
    if old.record.standing is Standing.DISMISSED and old.record.ended is not None:
        raise Conflict(f"it was dismissed here before: {old.record.ended.reason}")
    merged = rules.merged(old.record, topic)
    unit.save(records.BCF_TOPIC, merged, expected=old.version, action="receive", reason="from a BCF file")


def _mapped(
    topic: Topic, words: Dictionary, now: datetime, box: Box | None, conversion: MapConversion | None
) -> tuple[Topic, tuple[str, ...]]:
    """Return a topic in our words, with its views in the model's own coordinates, and what had to be done for it."""
    notes: list[str] = []
    views: list[Viewpoint] = []
    for view in topic.viewpoints:
        brought = bring_home(view, box, conversion)
        views.append(brought.viewpoint)
        notes += [brought.note] * bool(brought.note)
    if topic.creation_date is None:
        notes.append("it has no date of creation; the time of its reception stands for it")
    if not topic.creation_author:
        notes.append("it has no author; it is called unknown")

    def name(given: str) -> str:
        return words.people.get(given, given)

    comments = tuple(
        replace(one, author=name(one.author), modified_author=name(one.modified_author)) for one in topic.comments
    )
    mapped = replace(
        topic,
        status=words.statuses.get(topic.status, topic.status),
        creation_date=topic.creation_date or now,
        creation_author=name(topic.creation_author) or "unknown",
        modified_author=name(topic.modified_author),
        assigned_to=name(topic.assigned_to),
        comments=comments,
        viewpoints=tuple(views),
    )
    return mapped, tuple(notes)


def _reports(reading: Reading, found: dict[str, Received]) -> Iterable[Received]:
    for report in reading.reports:
        if report.taken:
            received = found[report.guid]
            yield replace(received, problems=(*report.problems, *received.problems))
        else:
            yield Received(report.guid, report.folder, Became.REFUSED, problems=report.problems)


def _own_names(unit: Unit, caller: Caller, archive: Archive) -> Archive:
    """Return an archive in which what another project has under its guid has another one, always the same.

    Identifiers are the server's and guids are everybody's: the same file may come into two projects.
    """
    names: dict[str, str] = {}
    for topic in archive.topics:
        if _is_elsewhere(unit, caller, records.NCR, topic.guid) or _is_elsewhere(
            unit, caller, records.BCF_TOPIC, topic.guid
        ):
            names[topic.guid] = derived("topic", caller.project, topic.guid)
    for document in archive.documents:
        if _is_elsewhere(unit, caller, records.BCF_DOCUMENT, document.guid):
            names[document.guid] = derived("document", caller.project, document.guid)
    if not names:
        return archive

    def renamed(topic: Topic) -> Topic:
        documents = tuple(replace(one, document=names.get(one.document, one.document)) for one in topic.documents)
        related = tuple(names.get(guid, guid) for guid in topic.related)
        return replace(topic, guid=names.get(topic.guid, topic.guid), documents=documents, related=related)

    documents = tuple(replace(one, guid=names.get(one.guid, one.guid)) for one in archive.documents)
    return replace(archive, topics=tuple(map(renamed, archive.topics)), documents=documents)


def _is_elsewhere(unit: Unit, caller: Caller, kind: Kind[Any], guid: str) -> bool:
    found = unit.find(kind, id=id_of(guid))
    return found is not None and found.record.project != caller.project


def _keep_documents(
    unit: Unit, blobs: BlobStore, caller: Caller, archive: Archive, contents: Mapping[str, bytes]
) -> None:
    for document in archive.documents:
        record = id_of(document.guid)
        if record is None or unit.find(records.BCF_DOCUMENT, id=record) is not None:
            continue
        content = blobs.put((contents[document.content.sha256],), expected=document.content.sha256)
        keep(unit, blobs, content, document.content.media_type)
        kept = KeptDocument(record, caller.project, document, unit.context.actor, unit.context.now)
        unit.add(records.BCF_DOCUMENT, kept, reason="from a BCF file")


def _box(view: View, project: Id) -> Box | None:
    """Return where a project's model is, as far as its findings tell; None when there are none."""
    places = [stored.record.location for stored in view.all(records.FINDING, project=project)]
    if not places:
        return None
    axes = [[getattr(place, axis) for place in places] for axis in "xyz"]
    return Box(Vector(*map(min, axes)), Vector(*map(max, axes)))


def _conversion(view: View, project: Id) -> MapConversion | None:
    revisions = [stored.record for stored in view.all(records.MODEL_REVISION, project=project)]
    return max(revisions, key=lambda r: r.number).map_conversion if revisions else None


def _on_map(view: View, caller: Caller, seen: SeenTopic) -> Topic:
    conversion = _conversion(view, caller.project)
    if seen.ncr is not None and seen.ncr.origin is not None:
        revision = view.find(records.MODEL_REVISION, id=seen.ncr.origin.model_revision)
        conversion = revision.record.map_conversion if revision else conversion
    if conversion is None:
        raise Invalid("the model is not placed on a map (no IfcMapConversion): export in the model's own coordinates")
    return replace(seen.topic, viewpoints=tuple(on_map(one, conversion) for one in seen.topic.viewpoints))


def _documents(view: View, caller: Caller, topics: tuple[Topic, ...]) -> tuple[Document, ...]:
    wanted = sorted({one.document for topic in topics for one in topic.documents if one.document})
    found = (view.find(records.BCF_DOCUMENT, id=id_of(guid), project=caller.project) for guid in wanted)
    return tuple(stored.record.document for stored in found if stored is not None)


def _digests(archive: Archive) -> set[str]:
    found = {document.content.sha256 for document in archive.documents}
    for topic in archive.topics:
        if topic.snippet is not None and topic.snippet.content is not None:
            found.add(topic.snippet.content.sha256)
        for view in topic.viewpoints:
            found |= {bitmap.picture.sha256 for bitmap in view.bitmaps}
            found |= {view.snapshot.sha256} if view.snapshot else set()
    return found


def _latest(topics: tuple[Topic, ...]) -> datetime:
    """Return the last change of any topic: the date of the archive's parts depends on nothing but its content."""
    moments = [moment for topic in topics for moment in (topic.creation_date, topic.modified_date) if moment]
    return max(moments, default=FIXED_TIME)
