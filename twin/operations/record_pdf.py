"""A record as PDF: the record, its trail, the names of people and records, and the pictures that show it."""

import io
import logging
import warnings
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from twin.capa import Capa
from twin.errors import TwinError
from twin.ncr_record import NonConformance
from twin.operations.accounts import names_of
from twin.operations.files import evidence_of
from twin.record import Id, content_sha256
from twin.record_report.capa_pages import capa_pages
from twin.record_report.ncr_pages import ncr_pages
from twin.record_report.page import Around
from twin.record_report.typeset import typeset
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.codec import to_json
from twin.store.kinds import Kind
from twin.store.lookups import element_names
from twin.store.repository import Context, Store
from twin.store.trail import history
from twin.store.view import Scope, View

_LOG = logging.getLogger("qtems.export")
_MOST_PICTURES = 60
_LARGEST_FILE = 60 << 20
_MOST_PIXELS = 80_000_000
_LONGEST_SIDE = 1400
_JPEG_QUALITY = 82


def record_pdf(
    store: Store, blobs: BlobStore, context: Context, kind: Kind[Any], record: Id, language: str, *, scope: Scope
) -> bytes:
    """Return a nonconformance record or a CAPA as a PDF to read and print (21 CFR 11.10 b).

    Parameters
    ----------
    language
        ``en`` or ``zh``; empty for the project's.

    Raises
    ------
    NotFound
        If there is no such record within the scope.
    """
    with store.read() as view:
        stored = view.get(kind, record, scope)
        trail = tuple(history(view.connection, f"{kind.name}:{record}"))
        project = view.get(records.PROJECT, stored.record.project).record
        names = _names(view, stored.record)
        elements = element_names(view.connection, stored.record.project, _element_ids(stored.record))
    around = Around(
        language=language or project.language,
        project=f"{project.key} · {project.name}",
        exported_by=context.actor.name,
        exported_at=context.now,
        version=stored.version,
        record_sha256=content_sha256(to_json(stored.record)),
        names=names,
        trail=trail,
        elements=elements,
        pictures=_pictures(blobs, stored.record),
    )
    found = stored.record
    if isinstance(found, Capa):
        return typeset(capa_pages(found, around), around)
    assert isinstance(found, NonConformance)
    return typeset(ncr_pages(found, around), around)


def _names(view: View, record: object) -> Mapping[Id, str]:
    """Return names of people and numbers of records, for every identifier anywhere in a record."""
    named = set(_identifiers(record))
    people = {identifier: user.name for identifier, user in names_of(view, named).items()}
    numbers: dict[Id, str] = {}
    kinds: tuple[Any, ...] = (records.NCR, records.CAPA, records.INSPECTION)
    for kind in kinds:
        found = view.list(kind, where={"id": tuple(sorted(named))}, limit=200).items if named else ()
        numbers |= {stored.record.id: stored.record.number for stored in found if stored.record.number}
    return numbers | people | _checks(view, named)


def _checks(view: View, named: set[Id]) -> dict[Id, str]:
    """Return of each check among identifiers what the scan is called that it is of."""
    runs = view.list(records.CHECK_RUN, where={"id": tuple(sorted(named))}, limit=200).items if named else ()
    return {one.record.id: view.get(records.SCAN_EPOCH, one.record.epoch).record.name for one in runs}


def _element_ids(record: object) -> frozenset[str]:
    """Return the GlobalIds of all elements that a nonconformance is about."""
    if not isinstance(record, NonConformance):
        return frozenset()
    about = (outcome.about for past in (record, *record.history) for one in past.rechecks for outcome in one.outcomes)
    noted = (failure.global_id for seen in record.occurrences for failure in seen.failures)
    return frozenset((*record.global_ids, *about, *noted, *(one.global_id for one in record.violations)))


def _identifiers(value: object) -> "list[Id]":
    if isinstance(value, str):
        return [value] if len(value) == 32 and not set(value) - set("0123456789abcdef") else []
    if isinstance(value, tuple):
        return [one for part in value for one in _identifiers(part)]  # pyright: ignore[reportUnknownVariableType]
    if is_dataclass(value):
        return [one for field in fields(value) for one in _identifiers(getattr(value, field.name))]
    return []


def _pictures(blobs: BlobStore, record: object) -> Mapping[str, bytes]:
    """Return what can be shown of the evidence, small enough for paper; what cannot is named in the list of files."""
    images = {one.sha256 for one in evidence_of(record) if one.media_type.startswith("image/")}
    shown: dict[str, bytes] = {}
    for sha256 in sorted(images)[:_MOST_PICTURES]:
        try:
            shown[sha256] = _small(blobs, sha256)
        except (TwinError, OSError, ValueError, SyntaxError, Warning, MemoryError) as error:
            _LOG.info("evidence %s is no picture that can be shown: %s", sha256, error)
    return shown


def _small(blobs: BlobStore, sha256: str) -> bytes:
    from PIL import Image, ImageOps

    if blobs.size(sha256) > _LARGEST_FILE:
        raise ValueError("too large")
    content = b"".join(blobs.read(sha256))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise ValueError("too many pixels")
            image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
            flat = Image.new("RGB", upright.size, "white")
            rgba = upright.convert("RGBA")
            flat.paste(rgba, mask=rgba.getchannel("A"))
            flat.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return out.getvalue()
