"""IFC GlobalIds: 128 bits as 22 characters, and ids derived from a text where a file has none of its own."""

import hashlib

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$"
LENGTH = 22


def derived_global_id(text: str) -> str:
    """Return a GlobalId that depends on nothing but a text: the first 128 bits of its sha256.

    Examples
    --------
    >>> derived_global_id("bracket/0")
    '0fVJlQksPk7d9$$jNMVsut'
    """
    number = int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:16], "big")
    return "".join(_DIGITS[(number >> shift) & 63] for shift in range(6 * (LENGTH - 1), -1, -6))


def is_global_id(text: object) -> bool:
    """Return whether a text has the form of a GlobalId.

    Examples
    --------
    >>> is_global_id("01itnAmhP3LAz9aL2vu3YJ"), is_global_id("wall 7"), is_global_id(None)
    (True, False, False)
    """
    return isinstance(text, str) and len(text) == LENGTH and text[0] in "0123" and all(c in _DIGITS for c in text)
