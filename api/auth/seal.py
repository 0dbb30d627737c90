"""What is handed out and comes back unchanged: text that only this installation can have written."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac
from typing import Any


def sealed(key: bytes, purpose: str, content: Mapping[str, Any]) -> str:
    """Return a content as text; what was sealed for another purpose is not taken for it."""
    body = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    return urlsafe_b64encode(_mac(key, purpose, body) + body).decode().rstrip("=")


def unsealed(key: bytes, purpose: str, text: str) -> Mapping[str, Any] | None:
    """Return what was sealed for a purpose; None for what we have not written."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    mac, body = raw[:32], raw[32:]
    if not compare_digest(mac, _mac(key, purpose, body)):
        return None
    found: Mapping[str, Any] = json.loads(body)
    return found


def _mac(key: bytes, purpose: str, body: bytes) -> bytes:
    return hmac(key, purpose.encode() + b"\0" + body, sha256).digest()
