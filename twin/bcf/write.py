"""BCF 2.1 and 3.0 archives of topics.

Names and order of the parts follow buildingSMART's BCF-XML schemas (markup.xsd, project.xsd, version.xsd and, in 3.0,
extensions.xsd and documents.xsd). A topic's first viewpoint is ``viewpoint.bcfv`` with ``snapshot.png``: BIMcollab Zoom
ignores other names.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element, SubElement

from twin.bcf.guid import derived
from twin.bcf.values import Archive, Attached, Comment, Document, DocumentReference, Snippet, Topic, Viewpoint
from twin.bcf.write_view import bitmap_name, viewpoint_part
from twin.bcf.xml_write import add_given, add_moment, add_text, attributes, document, said, written
from twin.errors import Invalid
from twin.report.archive import zip_bytes

VERSIONS = ("2.1", "3.0")
_MODERN = "3.0"


def bcf_file(archive: Archive, blobs: Mapping[str, bytes], *, timestamp: datetime) -> bytes:
    """Return a BCF file; the same values give the same bytes.

    Parameters
    ----------
    archive
        Its ``version`` is written: ``2.1`` or ``3.0``.
    blobs
        The contents of snapshots, bitmaps, snippets and documents by SHA-256.
    timestamp
        The date of the parts within the archive.

    Raises
    ------
    Invalid
        If the version is not written, a content is missing, or a topic lacks what BCF requires.
    """
    if archive.version not in VERSIONS:
        raise Invalid(f"BCF {archive.version} is not written, only {' and '.join(VERSIONS)}")
    if len({topic.guid for topic in archive.topics}) != len(archive.topics):
        raise Invalid("a BCF file holds each topic once")
    version = archive.version
    entries = {"bcf.version": _version(version), "project.bcfp": _project(archive)}
    if version == _MODERN:
        entries["extensions.xml"] = _extensions(archive.topics)
        if archive.documents:
            entries["documents.xml"] = _documents(archive.documents)
    documents = {one.guid: one for one in archive.documents}
    for topic in archive.topics:
        entries |= _topic_entries(version, topic, documents, blobs)
    for one in archive.documents:
        entries[_document_path(version, one)] = _content(one.content, blobs)
    return zip_bytes(entries, timestamp)


def _topic_entries(
    version: str, topic: Topic, documents: Mapping[str, Document], blobs: Mapping[str, bytes]
) -> dict[str, bytes]:
    entries = {f"{topic.guid}/markup.bcf": _markup(version, topic, documents)}
    for place, view in enumerate(topic.viewpoints):
        entries[f"{topic.guid}/{_view_name(view, place)}"] = viewpoint_part(version, view)
        if view.snapshot is not None:
            entries[f"{topic.guid}/{_snapshot_name(view, place)}"] = _content(view.snapshot, blobs)
        for bitmap in view.bitmaps:
            entries[f"{topic.guid}/{bitmap_name(bitmap)}"] = _content(bitmap.picture, blobs)
    snippet = topic.snippet
    if snippet is not None and snippet.content is not None and not snippet.is_external:
        entries[f"{topic.guid}/{_snippet_name(snippet)}"] = _content(snippet.content, blobs)
    return entries


def _version(version: str) -> bytes:
    root = Element("Version", VersionId=version)
    if version != _MODERN:
        add_text(root, "DetailedVersion", version)
    return document(root)


def _project(archive: Archive) -> bytes:
    modern = archive.version == _MODERN
    root = Element("ProjectInfo" if modern else "ProjectExtension")
    project = SubElement(root, "Project", ProjectId=archive.project or derived("project", archive.project_name))
    add_given(project, "Name", archive.project_name)
    if not modern:
        add_text(root, "ExtensionSchema", "")
    return document(root)


def _extensions(topics: Iterable[Topic]) -> bytes:
    """In 3.0 every type, status, label, user and so on that a topic uses must be declared."""
    used: dict[str, set[str]] = {
        name: set() for name in ("TopicType", "TopicStatus", "Priority", "TopicLabel", "User", "SnippetType", "Stage")
    }
    for topic in topics:
        used["TopicType"].add(topic.type)
        used["TopicStatus"].add(topic.status)
        used["Priority"].add(topic.priority)
        used["TopicLabel"].update(topic.labels)
        used["Stage"].add(topic.stage)
        used["User"].update((topic.creation_author, topic.modified_author, topic.assigned_to))
        used["User"].update(name for c in topic.comments for name in (c.author, c.modified_author))
        used["SnippetType"].add(topic.snippet.kind if topic.snippet else "")
    groups = ("TopicTypes", "TopicStatuses", "Priorities", "TopicLabels", "Users", "SnippetTypes", "Stages")
    root = Element("Extensions")
    for group, (item, values) in zip(groups, used.items(), strict=True):
        parent = SubElement(root, group)
        for value in sorted(values - {""}):
            add_text(parent, item, value)
    return document(root)


def _documents(documents: Iterable[Document]) -> bytes:
    root = Element("DocumentInfo")
    parent = SubElement(root, "Documents")
    for one in documents:
        node = SubElement(parent, "Document", Guid=one.guid)
        add_text(node, "Filename", one.filename)
        add_given(node, "Description", one.description)
    return document(root)


def _markup(version: str, topic: Topic, documents: Mapping[str, Document]) -> bytes:
    modern = version == _MODERN
    root = Element("Markup")
    if topic.files:
        _add_header(root, version, topic)
    node = SubElement(root, "Topic", _topic_attributes(version, topic))
    _add_texts(node, topic, modern=modern)
    if topic.snippet is not None:
        _add_snippet(node, version, topic.snippet)
    if topic.documents:
        parent = SubElement(node, "DocumentReferences") if modern else node
        for reference in topic.documents:
            _add_document_reference(parent, version, reference, documents)
    if topic.related:
        parent = SubElement(node, "RelatedTopics") if modern else node
        for guid in topic.related:
            SubElement(parent, "RelatedTopic", Guid=guid)
    # 3.0 moved comments and viewpoints into the topic and wrapped them
    _add_comments(SubElement(node, "Comments") if modern and topic.comments else root, topic.comments)
    views = SubElement(node, "Viewpoints") if modern and topic.viewpoints else root
    for place, view in enumerate(topic.viewpoints):
        one = SubElement(views, "ViewPoint" if modern else "Viewpoints", Guid=view.guid)
        add_text(one, "Viewpoint", _view_name(view, place))
        if view.snapshot is not None:
            add_text(one, "Snapshot", _snapshot_name(view, place))
        if view.index is not None:
            add_text(one, "Index", str(view.index))
    return document(root)


def _topic_attributes(version: str, topic: Topic) -> dict[str, str]:
    if version != _MODERN:
        return attributes(Guid=topic.guid, TopicType=topic.type, TopicStatus=topic.status)
    if not topic.type or not topic.status:
        raise Invalid(f"topic {topic.guid} needs a type and a status in BCF 3.0")
    return attributes(
        Guid=topic.guid,
        ServerAssignedId=topic.server_assigned_id,
        TopicType=topic.type,
        TopicStatus=topic.status,
    )


def _add_texts(node: Element, topic: Topic, *, modern: bool) -> None:
    if topic.creation_date is None or not topic.creation_author or not topic.title:
        raise Invalid(f"topic {topic.guid} needs a title, an author and a date of creation to be written as BCF")
    if modern and topic.reference_links:
        links = SubElement(node, "ReferenceLinks")
    else:
        links = node
    for link in topic.reference_links:
        add_text(links, "ReferenceLink", link)
    add_text(node, "Title", topic.title)
    add_given(node, "Priority", topic.priority)
    add_given(node, "Index", "" if topic.index is None else str(topic.index))
    labels = SubElement(node, "Labels") if modern and topic.labels else node
    for label in topic.labels:
        add_text(labels, "Label" if modern else "Labels", label)
    add_moment(node, "CreationDate", topic.creation_date)
    add_text(node, "CreationAuthor", topic.creation_author)
    add_moment(node, "ModifiedDate", topic.modified_date)
    add_given(node, "ModifiedAuthor", topic.modified_author)
    add_moment(node, "DueDate", topic.due_date)
    add_given(node, "AssignedTo", topic.assigned_to)
    add_given(node, "Stage", topic.stage)
    add_given(node, "Description", topic.description)


def _add_header(root: Element, version: str, topic: Topic) -> None:
    header = SubElement(root, "Header")
    parent = SubElement(header, "Files") if version == _MODERN else header
    for file in topic.files:
        given = attributes(
            IfcProject=file.ifc_project, IfcSpatialStructureElement=file.ifc_spatial_structure_element
        ) | _external(version, external=file.is_external)
        node = SubElement(parent, "File", given)
        add_given(node, "Filename", file.filename)
        add_given(node, "Date", "" if file.date is None else written(file.date))
        add_given(node, "Reference", file.reference)


def _add_snippet(parent: Element, version: str, snippet: Snippet) -> None:
    node = SubElement(
        parent, "BimSnippet", attributes(SnippetType=snippet.kind) | _external(version, external=snippet.is_external)
    )
    add_text(node, "Reference", snippet.reference if snippet.is_external else _snippet_name(snippet))
    add_text(node, "ReferenceSchema", snippet.schema)


def _add_document_reference(
    parent: Element, version: str, reference: DocumentReference, documents: Mapping[str, Document]
) -> None:
    given = {"Guid": reference.guid}
    if version != _MODERN:
        given |= _external(version, external=bool(reference.url))
    node = SubElement(parent, "DocumentReference", given)
    if version == _MODERN:
        add_given(node, "DocumentGuid", reference.document)
        add_given(node, "Url", reference.url)
    elif reference.url:
        add_text(node, "ReferencedDocument", reference.url)
    elif reference.document in documents:
        add_text(node, "ReferencedDocument", f"../{_document_path(version, documents[reference.document])}")
    add_given(node, "Description", reference.description)


def _add_comments(parent: Element, comments: Iterable[Comment]) -> None:
    for comment in comments:
        node = SubElement(parent, "Comment", Guid=comment.guid)
        add_moment(node, "Date", comment.date)
        add_text(node, "Author", comment.author)
        add_text(node, "Comment", comment.text)
        if comment.viewpoint:
            SubElement(node, "Viewpoint", Guid=comment.viewpoint)
        add_moment(node, "ModifiedDate", comment.modified_date)
        add_given(node, "ModifiedAuthor", comment.modified_author)


def _external(version: str, *, external: bool) -> dict[str, str]:
    return {"IsExternal" if version == _MODERN else "isExternal": said(external)}


def _view_name(view: Viewpoint, place: int) -> str:
    return "viewpoint.bcfv" if place == 0 else f"viewpoint_{view.guid}.bcfv"


def _snapshot_name(view: Viewpoint, place: int) -> str:
    suffix = "jpg" if view.snapshot is not None and view.snapshot.media_type == "image/jpeg" else "png"
    return f"snapshot.{suffix}" if place == 0 else f"snapshot_{view.guid}.{suffix}"


def _snippet_name(snippet: Snippet) -> str:
    name = PurePosixPath(snippet.reference.replace("\\", "/")).name or "snippet"
    return (
        f"snippet_{name}" if name.lower().endswith((".bcf", ".bcfv")) or name.lower().startswith("snapshot") else name
    )


def _document_path(version: str, one: Document) -> str:
    if version == _MODERN:
        return f"documents/{one.guid}"
    return f"documents/{one.guid}/{PurePosixPath(one.filename.replace(chr(92), '/')).name or 'document'}"


def _content(attached: Attached, blobs: Mapping[str, bytes]) -> bytes:
    if attached.sha256 not in blobs:
        raise Invalid(f"the file with SHA-256 {attached.sha256} is not there; leave it out or give it")
    return blobs[attached.sha256]
