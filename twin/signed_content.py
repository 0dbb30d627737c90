"""What a signature covers, and whether it is the right one (21 CFR 11.70: linked to what was signed)."""

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal

from twin.errors import Refused
from twin.record import Id, Json, Signature, SignatureMeaning, content_sha256, timestamp

LATER = {"later": True}
"""Metadata of a field that records have got since some were signed: left out of the digest while it says nothing."""


def digest_of(record: object, *, without: Collection[str] = ()) -> str:
    """Return the digest of a record's content that is signed; ``without`` names the record's own fields left out.

    Left out is what comes after signing: the signatures themselves and the state that they lead to.
    """
    return content_sha256({name: value for name, value in _fields(record).items() if name not in without})


def require_covers(signature: Signature, digest: str) -> None:
    """Raise :class:`Refused` unless the signature covers exactly this content."""
    if signature.content_sha256 != digest:
        raise Refused("the signature covers another version of this record: read it again and sign what it says now")


def require_signature(
    signature: Signature, digest: str, *, role: str, not_by: Mapping[Id, str], meaning: SignatureMeaning
) -> Signature:
    """Return the signature if it covers this content, in this capacity, by somebody who may sign it.

    ``not_by`` says who may not and why: ``{capa.owner: "owns it"}`` (four eyes).

    Raises
    ------
    Refused
        If it does not; the text says what is wrong.
    """
    require_covers(signature, digest)
    if signature.signer in not_by:
        raise Refused(
            f"{signature.signer_name} {not_by[signature.signer]} and may not sign as well: ask somebody else",
            missing=("a second person's signature",),
        )
    if signature.role != role:
        said = role.replace("_", " ")
        raise Refused(f"this is signed as {said}, not as {signature.role}", missing=(f"a signature as {said}",))
    if signature.meaning is not meaning:
        raise Refused(
            f"the signature must mean {meaning}, not {signature.meaning}", missing=(f"{meaning} by signature",)
        )
    return signature


def _fields(record: object) -> dict[str, Json]:
    assert is_dataclass(record)
    said = {f: getattr(record, f.name) for f in fields(record)}
    return {f.name: _plain(value) for f, value in said.items() if not (f.metadata.get("later") and value == f.default)}


def _plain(value: object) -> Json:
    """Return a value of a record as JSON without floats."""
    if value is None or isinstance(value, (bool, int, str)):
        return value if not isinstance(value, str) else str(value)
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, (Decimal, date)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, tuple):
        return [_plain(v) for v in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return _fields(value)
