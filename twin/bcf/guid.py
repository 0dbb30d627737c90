"""Identifiers between here and BCF: records have 32 hexadecimal digits, BCF the same with dashes, IFC 22 characters."""

import re
import uuid

from twin.record import Id

_NAMESPACE = uuid.UUID("b6f7a7c2-3f0d-5b57-9a62-1d0a3c8f5e41")
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_IFC = re.compile(r"[0-9A-Za-z_$]{22}")
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$"


def guid_of(record: Id) -> str:
    """Return a record's guid: its identifier with dashes, so that either gives the other.

    Examples
    --------
    >>> guid_of("5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958")
    '5f2c9a6f-1f0c-4f6f-8a3e-0d1c2b3a4958'
    """
    return str(uuid.UUID(hex=record))


def id_of(guid: str) -> Id | None:
    """Return the identifier that a guid stands for, however it is written; None for what is no guid.

    Examples
    --------
    >>> id_of("{5F2C9A6F-1F0C-4F6F-8A3E-0D1C2B3A4958}"), id_of("topic 7")
    ('5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958', None)
    """
    plain = guid.strip().strip("{}").lower()
    return plain.replace("-", "") if _UUID.fullmatch(plain) else None


def derived(*parts: str) -> str:
    """Return the guid that belongs to these parts, always the same: a record's viewpoint, a text that is no guid."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(parts)))


def is_ifc_guid(text: str) -> bool:
    """Say whether a text has the form of an IFC GlobalId (as in the BCF schemas, which allow any first character)."""
    return bool(_IFC.fullmatch(text))


def ifc_guid(text: str) -> str | None:
    """Return an IFC GlobalId as it is, or from the UUID that it stands for; None for anything else.

    Examples
    --------
    >>> ifc_guid("00000000-0000-0000-0000-000000000041"), ifc_guid("wall 7")
    ('0000000000000000000011', None)
    """
    if is_ifc_guid(text.strip()):
        return text.strip()
    plain = id_of(text)
    if plain is None:
        return None
    value, found = int(plain, 16), ""
    for _ in range(22):
        value, digit = divmod(value, 64)
        found = _DIGITS[digit] + found
    return found
