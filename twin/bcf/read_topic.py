"""The markup of a topic, BCF 2.0, 2.1 and 3.0; what cannot be used is left out and named, the rest is kept."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath
from posixpath import normpath
from xml.etree.ElementTree import Element

from twin.bcf.guid import derived, guid_of, id_of
from twin.bcf.picture import media_type_of, picture_kind
from twin.bcf.read_view import read_view
from twin.bcf.values import (
    Attached,
    Comment,
    Document,
    DocumentReference,
    ModelFile,
    Snippet,
    Topic,
    Viewpoint,
)
from twin.bcf.xml_read import attribute, child, children, listed, moment, parse, text, truth
from twin.bcf.zip_read import Parts
from twin.errors import Invalid
from twin.report.words import clean

_LONGEST_LINE = 1000


@dataclass(slots=True)
class TopicReader:
    """Reads the topic of one folder and collects what was wrong with it."""

    parts: Parts
    folder: str
    documents: dict[str, Document]
    """Of the whole archive, by guid; those of 2.1, which lists none, are added as topics name them."""
    blobs: dict[str, bytes]
    """The contents of pictures, snippets and documents by SHA-256; read ones are added."""
    said: list[str] = field(default_factory=list[str])
    guid: str = ""

    def read(self) -> Topic:
        """Return the topic.

        Raises
        ------
        Invalid
            If nothing of it can be used.
        """
        root = parse(self.parts.read(self._path("markup.bcf"), self.parts.limits.xml_bytes))
        node = child(root, "Topic")
        if node is None:
            raise Invalid("its markup has no Topic")
        self.guid = self._guid(attribute(node, "Guid") or PurePosixPath(self.folder).name, "topic")
        views = tuple(self._viewpoints(root, node))
        created = self._moment(node, "CreationDate")
        topic = Topic(
            guid=self.guid,
            title=self._line(text(node, "Title")) or self._untitled(),
            type=self._line(attribute(node, "TopicType")),
            status=self._line(attribute(node, "TopicStatus")),
            priority=self._line(text(node, "Priority")),
            index=_whole(text(node, "Index")),
            labels=tuple(dict.fromkeys(self._labels(node))),
            creation_date=created,
            creation_author=self._line(text(node, "CreationAuthor")),
            modified_date=self._moment(node, "ModifiedDate"),
            modified_author=self._line(text(node, "ModifiedAuthor")),
            due_date=self._moment(node, "DueDate"),
            assigned_to=self._line(text(node, "AssignedTo")),
            stage=self._line(text(node, "Stage")),
            description=self._prose(text(node, "Description")),
            server_assigned_id=self._line(attribute(node, "ServerAssignedId")),
            reference_links=tuple(self._line(text(n)) for n in listed(node, "ReferenceLinks", "ReferenceLink")),
            snippet=self._snippet(node),
            documents=tuple(self._document_references(node)),
            related=tuple(
                self._guid(attribute(n, "Guid"), "topic") for n in listed(node, "RelatedTopics", "RelatedTopic")
            ),
            files=tuple(self._files(root)),
            viewpoints=views,
        )
        known = {view.guid for view in views}
        return replace(topic, comments=tuple(self._comments(root, node, known, created)))

    def _viewpoints(self, root: Element, node: Element) -> Iterator[Viewpoint]:
        listed_views = [*children(root, "Viewpoints")]
        for group in children(node, "Viewpoints"):
            listed_views += children(group, "ViewPoint")
        seen: set[str] = set()
        for one in listed_views:
            file = text(one, "Viewpoint")
            seen.add(file.lower())
            guid = self._guid(attribute(one, "Guid") or file, "viewpoint")
            view = self._viewpoint(file, guid) if file else Viewpoint(guid)
            yield replace(
                view, snapshot=self._picture(text(one, "Snapshot"), "the snapshot"), index=_whole(text(one, "Index"))
            )
        # 1.0 and some tools list none and rely on the names alone
        if "viewpoint.bcfv" not in seen and self._path("viewpoint.bcfv") in self.parts:
            view = self._viewpoint("viewpoint.bcfv", "")
            there = self._path("snapshot.png") in self.parts and not seen
            yield replace(view, snapshot=self._picture("snapshot.png", "the snapshot") if there else None)

    def _viewpoint(self, file: str, guid: str) -> Viewpoint:
        try:
            root = parse(self.parts.read(self._path(file), self.parts.limits.xml_bytes))
        except Invalid as error:
            self.said.append(f"viewpoint {file} is left out: {error}")
            return Viewpoint(guid or derived("viewpoint", self.guid, file))
        own = guid or self._guid(attribute(root, "Guid") or file, "viewpoint")
        return read_view(root, own, lambda name: self._picture(name, "a bitmap"), self.said.append)

    def _comments(self, root: Element, node: Element, known: set[str], created: datetime | None) -> Iterator[Comment]:
        nodes = [*children(root, "Comment")]
        for group in children(node, "Comments"):
            nodes += children(group, "Comment")
        for place, one in enumerate(nodes):
            guid = self._guid(attribute(one, "Guid") or f"comment {place + 1}", "comment")
            date = self._moment(one, "Date") or created
            if date is None:
                self.said.append(f"comment {guid} is left out: it has no date, nor has the topic")
                continue
            view = child(one, "Viewpoint")
            about = "" if view is None else self._guid(attribute(view, "Guid"), "viewpoint")
            if about and about not in known:
                self.said.append(f"comment {guid} is about viewpoint {about}, which is not there")
                about = ""
            yield Comment(
                guid,
                date,
                self._line(text(one, "Author")),
                self._prose(text(one, "Comment")),
                about,
                self._moment(one, "ModifiedDate"),
                self._line(text(one, "ModifiedAuthor")),
            )

    def _labels(self, node: Element) -> Iterator[str]:
        for group in children(node, "Labels"):
            inner = [text(one) for one in children(group, "Label")] or [text(group)]
            yield from (self._line(label) for label in inner if label)

    def _files(self, root: Element) -> Iterator[ModelFile]:
        for header in children(root, "Header"):
            for one in listed(header, "Files", "File"):
                yield ModelFile(
                    self._line(text(one, "Filename")),
                    self._line(text(one, "Reference")),
                    self._moment(one, "Date"),
                    self._line(attribute(one, "IfcProject")),
                    self._line(attribute(one, "IfcSpatialStructureElement")),
                    truth(attribute(one, "IsExternal"), True),
                )

    def _snippet(self, node: Element) -> Snippet | None:
        one = child(node, "BimSnippet")
        if one is None:
            return None
        reference, external = self._line(text(one, "Reference")), truth(attribute(one, "IsExternal"), False)
        content = None if external else self._content(reference, "the snippet", media_type_of(reference))
        kind, schema = self._line(attribute(one, "SnippetType")), self._line(text(one, "ReferenceSchema"))
        return Snippet(kind, reference, schema, external, content)

    def _document_references(self, node: Element) -> Iterator[DocumentReference]:
        for place, one in enumerate(listed(node, "DocumentReferences", "DocumentReference")):
            guid = self._guid(attribute(one, "Guid") or derived("reference", self.guid, str(place)), "reference")
            about = self._prose(text(one, "Description"))
            url = text(one, "Url") or text(one, "ReferencedDocument")
            named = text(one, "DocumentGuid")
            if named:
                document = self._guid(named, "document")
                if document not in self.documents:
                    self.said.append(f"document {document} is referred to and not in the file")
                yield DocumentReference(guid, document, description=about)
            elif url and (text(one, "Url") or truth(attribute(one, "IsExternal"), False)):
                yield DocumentReference(guid, url=self._line(url), description=about)
            elif url and (document := self._old_document(url)):
                yield DocumentReference(guid, document, description=about)

    def _old_document(self, reference: str) -> str:
        """Return the guid of a document that 2.1 names by its place in the archive; empty when it cannot be taken."""
        path = normpath(f"{self.folder}/{reference.replace(chr(92), '/')}")
        content = self._content(path, f"document {reference[:80]}", media_type_of(path), path=path)
        if content is None:
            return ""
        own = next(
            (record for part in PurePosixPath(path).parts[:-1] if part != self.folder and (record := id_of(part))), None
        )
        guid = guid_of(own) if own else derived("document", content.sha256, path)
        self.documents[guid] = Document(guid, self._line(PurePosixPath(path).name), content)
        return guid

    def _picture(self, name: str, what: str) -> Attached | None:
        if not name:
            return None
        found = self._content(name, what, "")
        if found is None:
            return None
        try:
            kind = picture_kind(self.blobs[found.sha256], most_pixels=self.parts.limits.pixels)
        except Invalid as error:
            self.said.append(f"{what} {name[:80]} is left out: {error}")
            return None
        return replace(found, media_type=kind.media_type)

    def _content(self, name: str, what: str, media_type: str, *, path: str = "") -> Attached | None:
        try:
            content = self.parts.read(path or self._path(name), self.parts.limits.file_bytes)
        except Invalid as error:
            self.said.append(f"{what} is left out: {error}")
            return None
        digest = sha256(content).hexdigest()
        self.blobs[digest] = content
        return Attached(digest, media_type, len(content))

    def _path(self, name: str) -> str:
        """Return where a file of the topic's folder is; a name never leads out of the archive, whose parts it names."""
        return normpath(f"{self.folder}/{name.replace(chr(92), '/')}").lstrip("/").lower()

    def _guid(self, given: str, what: str) -> str:
        found = id_of(given)
        if found is not None:
            return guid_of(found)
        # comments and viewpoints are known within their topic only: "1" is another one in each
        made = derived(what, given) if what in ("topic", "document") else derived(what, self.guid, given)
        self.said.append(f"{given[:60]!r} is no guid of a {what}; it is called {made} here")
        return made

    def _moment(self, node: Element, name: str) -> datetime | None:
        given = text(node, name)
        try:
            return moment(given) if given else None
        except Invalid as error:
            self.said.append(f"{name} is left out: {error}")
            return None

    def _line(self, given: str) -> str:
        line = clean(given).strip()
        if len(line) > _LONGEST_LINE:
            self.said.append(f"{line[:40]!r}... is cut after {_LONGEST_LINE} characters")
        return line[:_LONGEST_LINE].strip()

    def _prose(self, given: str) -> str:
        lines = "\n".join(clean(line) for line in given.splitlines()).strip()
        if len(lines) > self.parts.limits.text:
            self.said.append(f"{lines[:40]!r}... is cut after {self.parts.limits.text} characters")
        return lines[: self.parts.limits.text].strip()

    def _untitled(self) -> str:
        self.said.append("it has no title")
        return f"({PurePosixPath(self.folder).name or 'untitled'})"


def _whole(word: str) -> int | None:
    """Return a whole number of 32 bits; what is none counts as not given, for it only orders a list."""
    return (
        int(word) if word.lstrip("-").isascii() and word.lstrip("-").isdigit() and abs(int(word[:12])) < 2**31 else None
    )
