"""What every record's routes answer alike: its history, its export."""

from collections.abc import Iterable
from typing import Annotated, Literal, TypeVar

from fastapi import Path, Query, Request, Response

from api.download import KeptFile, download
from api.held import Held
from api.paging import Listed
from api.schemas.record import ExportOut, Happening, Manifestation, happening
from twin.errors import NotFound
from twin.operations.files import evidence_of, is_outside
from twin.operations.record_pdf import record_pdf
from twin.record import EvidenceKind, content_sha256
from twin.store.codec import to_json
from twin.store.trail import history

T = TypeVar("T")
DigestPath = Annotated[
    str, Path(description="SHA-256 of the file", pattern="^[0-9a-f]{64}$", examples=["c6f6f97a" + "0" * 56])
]
PDF = "application/pdf"
FormatQuery = Annotated[
    Literal["json", "pdf"] | None,
    Query(alias="format", description="`pdf` to read and print; else what `Accept` names", examples=["json"]),
]
LanguageQuery = Annotated[
    Literal["en", "zh"] | None, Query(description="Of the PDF; else my own, else the project's", examples=["en"])
]
EXPORT_SCHEMA = "qtems.record/1"
_SHOWS_MORE = frozenset({EvidenceKind.REPORT, EvidenceKind.SCAN, EvidenceKind.MODEL})


def history_of(held: Held[T]) -> Listed[Happening]:
    """Return every change of a record, oldest first."""
    with held.store.read() as view:
        links = history(view.connection, f"{held.kind.name}:{held.id}")
    return Listed[Happening](items=[happening(link) for link in links])


def exported(held: Held[T], signatures: Iterable[Manifestation]) -> ExportOut:
    """Return a record with its trail and its signatures, as of one moment."""
    with held.store.read() as view:
        stored = view.get(held.kind, held.id, held.scope)
        trail = [happening(link) for link in history(view.connection, f"{held.kind.name}:{held.id}")]
    body = to_json(stored.record)
    return ExportOut(
        schema_version=EXPORT_SCHEMA, kind=held.kind.name, exported_at=held.now, exported_by=held.actor.name,
        version=stored.version, record=body, record_sha256=content_sha256(body), signatures=list(signatures),
        trail=trail, head=trail[-1].hash,
    )  # fmt: skip


def printed(held: Held[T], language: str) -> Response:
    """Return a record as PDF, named by its number."""
    pdf = record_pdf(held.store, held.services.blobs, held.context, held.kind, held.id, language, scope=held.scope)
    name = str(getattr(held.record, "number", "")) or held.id
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"', "Cache-Control": "private, no-store"}
    return Response(pdf, 200, headers, PDF)


def wants_pdf(request: Request, given: Literal["json", "pdf"] | None) -> bool:
    """Say whether a record is asked for as PDF: by its address, or else by what the caller accepts."""
    return given == "pdf" if given else PDF in request.headers.get("accept", "").lower()


def evidence_file(held: Held[T], digest: str, request: Request) -> Response:
    """Return a file that a record names as evidence; people from outside get no reports, scans and models.

    Those show more than the record that is shared with them.
    """
    with held.store.read() as view:
        outside = is_outside(view, held.member.project, held.member.user)
    for evidence in evidence_of(held.record):
        if evidence.sha256 == digest and not (outside and evidence.kind in _SHOWS_MORE):
            name = evidence.description or digest[:16]
            return download(request, held.services.blobs, KeptFile(digest, name, evidence.media_type))
    raise NotFound(f"this record names no file {digest}")
