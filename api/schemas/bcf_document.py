"""Documents, models and related topics of the BCF-API over the wire."""

from typing import Annotated

from pydantic import Field

from api.schemas.bcf_base import GUID, WHEN, BcfSchema, Guid, Moment, Word, example
from twin.bcf.values import Document, DocumentReference, ModelFile
from twin.project import ModelRevision


class RelatedTopic(BcfSchema):
    """A topic that belongs together with one."""

    model_config = example(related_topic_guid=GUID)

    related_topic_guid: Guid


class DocumentOut(BcfSchema):
    """A document of the project."""

    model_config = example(guid=GUID, filename="Requirements.pdf")

    guid: str
    filename: str


def document_out(document: Document) -> DocumentOut:
    """Return a document as it is sent."""
    return DocumentOut(guid=document.guid, filename=document.filename)


class DocumentReferenceIn(BcfSchema):
    """A document that a topic refers to: one of the project, or an address."""

    model_config = example(url="https://example.com/clause.pdf", description="Clause 8.7")

    guid: Guid | None = None
    document_guid: Guid | None = None
    url: Annotated[str, Field(pattern=r"^https?://[^\s\x00-\x1f\x7f]+$", max_length=1000)] | None = None
    description: Word | None = None

    def reference(self, guid: str) -> DocumentReference:
        """Return it as a value."""
        return DocumentReference(guid, self.document_guid or "", self.url or "", self.description or "")


class DocumentReferenceOut(BcfSchema):
    """A document that a topic refers to."""

    model_config = example(guid=GUID, document_guid=None, url="https://example.com/clause.pdf", description="Clause")

    guid: str
    document_guid: str | None
    url: str | None
    description: str | None


def reference_out(one: DocumentReference) -> DocumentReferenceOut:
    """Return a reference as it is sent."""
    return DocumentReferenceOut(
        guid=one.guid, document_guid=one.document or None, url=one.url or None, description=one.description or None
    )


class FileIO(BcfSchema):
    """A model that a topic is about."""

    model_config = example(
        ifc_project=None, ifc_spatial_structure_element=None, filename="tower.ifc", date=WHEN, reference=None
    )

    ifc_project: Word | None = None
    ifc_spatial_structure_element: Word | None = None
    filename: Word | None = None
    date: Moment | None = None
    reference: Word | None = None

    def file(self) -> ModelFile:
        """Return it as a value."""
        return ModelFile(
            self.filename or "", self.reference or "", self.date, self.ifc_project or "",
            self.ifc_spatial_structure_element or "",
        )  # fmt: skip


def file_out(one: ModelFile) -> FileIO:
    """Return a model as it is sent."""
    return FileIO(
        ifc_project=one.ifc_project or None, filename=one.filename or None, date=one.date,
        ifc_spatial_structure_element=one.ifc_spatial_structure_element or None, reference=one.reference or None,
    )  # fmt: skip


class DisplayInformation(BcfSchema):
    """What a person is shown of a model."""

    field_display_name: str
    field_value: str


class FileInformationOut(BcfSchema):
    """A model of the project, and how to show it."""

    model_config = example(
        display_information=[{"field_display_name": "Revision", "field_value": "2"}],
        file={"filename": "tower.ifc", "date": WHEN},
    )

    display_information: list[DisplayInformation]
    file: FileIO


def file_information_out(revision: ModelRevision) -> FileInformationOut:
    """Return a model of the project as it is sent."""
    told = {"Name": revision.file_name, "Revision": str(revision.number), "Schema": revision.schema}
    shown = [DisplayInformation(field_display_name=name, field_value=value) for name, value in told.items()]
    file = FileIO(filename=revision.file_name, date=revision.imported_at, reference=f"urn:sha256:{revision.sha256}")
    return FileInformationOut(display_information=shown, file=file)
