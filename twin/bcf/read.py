"""BCF files of other tools: each topic for itself, so that one that is broken does not take the others with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from posixpath import dirname

from twin.bcf.guid import derived, guid_of, id_of
from twin.bcf.picture import media_type_of
from twin.bcf.read_topic import TopicReader
from twin.bcf.values import Archive, Attached, Document, Topic
from twin.bcf.xml_read import attribute, child, listed, parse, text
from twin.bcf.zip_read import Limits, Parts, open_parts
from twin.errors import Invalid
from twin.report.words import clean

KNOWN = ("2.0", "2.1", "3.0")


@dataclass(frozen=True, slots=True)
class TopicReport:
    """How reading one topic went."""

    folder: str
    guid: str
    """Empty when it could not even be told which topic it is."""
    taken: bool
    problems: tuple[str, ...] = ()
    """For a topic that was taken: what of it was left out or changed."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a file holds, its files by content, and how reading went."""

    archive: Archive
    blobs: Mapping[str, bytes]
    reports: tuple[TopicReport, ...]
    problems: tuple[str, ...] = ()
    """What is wrong with the file itself."""


def read_bcf(content: bytes, limits: Limits | None = None) -> Reading:
    """Read a ``.bcf`` or ``.bcfzip`` of version 2.0, 2.1 or 3.0.

    Raises
    ------
    Invalid
        If it is no zip archive, made to do harm, or holds no topic at all.
    """
    limits = limits or Limits()
    parts = open_parts(content, limits)
    problems: list[str] = []
    folders = sorted({dirname(name) for name in parts.infos if name.endswith("markup.bcf") and _is_markup(name)})
    if not folders:
        raise Invalid("the file holds no topic: no folder in it has a markup.bcf")
    if len(folders) > limits.topics:
        raise Invalid(f"the file holds {len(folders)} topics, and at most {limits.topics} are taken at once")
    blobs: dict[str, bytes] = {}
    version = _version(parts, problems)
    project, name = _project(parts, problems)
    documents = _documents(parts, blobs, problems)
    topics: dict[str, Topic] = {}
    reports: list[TopicReport] = []
    for folder in folders:
        reader = TopicReader(parts, folder, documents, blobs)
        reports.append(_take(reader, topics))
    archive = Archive(version, tuple(topics.values()), project, name, tuple(documents.values()))
    return Reading(archive, blobs, tuple(reports), tuple(problems))


def _take(reader: TopicReader, topics: dict[str, Topic]) -> TopicReport:
    try:
        topic = reader.read()
        if topic.guid in topics:
            raise Invalid("another topic of the file has the same guid")
    except Invalid as error:
        return TopicReport(reader.folder, reader.guid, False, (*reader.said, f"the topic is left out: {error}"))
    topics[topic.guid] = topic
    return TopicReport(reader.folder, topic.guid, True, tuple(dict.fromkeys(reader.said)))


def _is_markup(name: str) -> bool:
    return name.rpartition("/")[2] == "markup.bcf" and not name.startswith("__macosx/")


def _version(parts: Parts, problems: list[str]) -> str:
    try:
        version = attribute(parse(parts.read("bcf.version", parts.limits.xml_bytes)), "VersionId")
    except Invalid as error:
        problems.append(f"its version is not known and taken for 2.1: {error}")
        return "2.1"
    if version not in KNOWN:
        problems.append(f"version {version[:20]!r} is not known; it is read as far as it is like {', '.join(KNOWN)}")
    return version[:20]


def _project(parts: Parts, problems: list[str]) -> tuple[str, str]:
    if "project.bcfp" not in parts:
        return "", ""
    try:
        node = child(parse(parts.read("project.bcfp", parts.limits.xml_bytes)), "Project")
    except Invalid as error:
        problems.append(f"its project is not known: {error}")
        return "", ""
    return ("", "") if node is None else (clean(attribute(node, "ProjectId"))[:200], clean(text(node, "Name"))[:200])


def _documents(parts: Parts, blobs: dict[str, bytes], problems: list[str]) -> dict[str, Document]:
    """Read the documents that 3.0 lists."""
    if "documents.xml" not in parts:
        return {}
    found: dict[str, Document] = {}
    try:
        nodes = list(listed(parse(parts.read("documents.xml", parts.limits.xml_bytes)), "Documents", "Document"))
    except Invalid as error:
        problems.append(f"its documents are left out: {error}")
        return {}
    for node in nodes:
        given = attribute(node, "Guid")
        record = id_of(given)
        guid = guid_of(record) if record else derived("document", given)
        try:
            content = parts.read(f"documents/{given}", parts.limits.file_bytes)
        except Invalid as error:
            problems.append(f"document {given[:60]} is left out: {error}")
            continue
        digest = sha256(content).hexdigest()
        blobs[digest] = content
        name = clean(text(node, "Filename")).replace("/", "_").replace("\\", "_")[:200] or guid
        attached = Attached(digest, media_type_of(name), len(content))
        found[guid] = Document(guid, name, attached, clean(text(node, "Description")))
    return found
