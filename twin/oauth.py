"""OAuth 2 as a server: what a program may ask a person for, and where the answer may go.

RFC 6749 with PKCE (RFC 7636); programs on somebody's own computer as RFC 8252 has them. Programs never see a password;
what they get is an API token of the person's own.
"""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import urlsplit

from twin.account import TokenScope
from twin.errors import Invalid

CODE_FOR = timedelta(seconds=60)
"""How long a program has to fetch its token once a person has said yes; once."""
ACCESS_FOR = timedelta(hours=1)
REFRESH_FOR = timedelta(days=30)
"""After so long without use a person is asked again, and after a year in any case."""
SCOPES = {"read": TokenScope.READ, "write": TokenScope.WRITE}
"""What can be asked for: nothing makes an administrator's token but the administrator."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_MOST_REDIRECTS, _LONGEST_REDIRECT = 10, 1000


class OAuthRefused(Invalid):
    """What a program is refused with, in the words of RFC 6749, 4.1.2.1 and 5.2."""

    def __init__(self, code: str, text: str) -> None:
        """Keep the word and the line that explains it."""
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A program that people may connect to their account."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    must_prove: bool = False
    """Whether it has to show its secret: a program on somebody's own computer cannot keep one from them."""
    is_registered: bool = False
    """Whether an administrator registered it, or it did so itself."""


@dataclass(frozen=True, slots=True)
class OAuthRequest:
    """What a program asks a person for."""

    client: str
    client_name: str
    redirect_uri: str
    challenge: str
    """Empty for a program that shows its secret instead."""
    scope: TokenScope


def is_loopback(uri: str) -> bool:
    """Say whether an address is on the person's own computer.

    Examples
    --------
    >>> is_loopback("http://127.0.0.1:49152/callback"), is_loopback("http://example.com/")
    (True, False)
    """
    parts = _parts(uri)
    return parts is not None and parts[0] == "http" and parts[1] in _LOOPBACK


def require_redirects(uris: tuple[str, ...], *, https: bool) -> tuple[str, ...]:
    """Return the addresses that a program may be answered at.

    Parameters
    ----------
    https
        Whether an administrator vouches for them: only then may an answer leave the person's computer.

    Raises
    ------
    Invalid
        If one may not be answered at.
    """
    if not 0 < len(uris) <= _MOST_REDIRECTS:
        raise Invalid(f"give 1 to {_MOST_REDIRECTS} redirect addresses")
    for uri in uris:
        parts = _parts(uri)
        if parts is None or not (is_loopback(uri) or (https and parts[0] == "https")):
            wanted = "https://HOST/PATH, or http://127.0.0.1/PATH" if https else "http://127.0.0.1/PATH"
            more = "" if https else "; an administrator registers programs on the web"
            raise Invalid(f"{uri[:100]!r} is no address to be sent back to: use {wanted}, without #{more}")
    return tuple(dict.fromkeys(uris))


def redirect_of(client: OAuthClient, given: str) -> str:
    """Return where the answer goes: exactly as registered, on loopback at any port (RFC 8252, 7.3).

    Raises
    ------
    Invalid
        If the program may not be answered there. Nothing is ever sent to such an address.
    """
    if not given and len(client.redirect_uris) == 1:
        return client.redirect_uris[0]
    for known in client.redirect_uris:
        if given == known or (is_loopback(known) and is_loopback(given) and _portless(known) == _portless(given)):
            return given
    raise Invalid("redirect_uri is none that the program has registered; register it, or correct the program")


def scope_of_words(text: str) -> TokenScope:
    """Return what is asked for: the most of what is known, writing when nothing is.

    Examples
    --------
    >>> scope_of_words("openid read"), scope_of_words("")
    (<TokenScope.READ: 'read'>, <TokenScope.WRITE: 'write'>)
    """
    known = {SCOPES[word] for word in text.split() if word in SCOPES}
    return TokenScope.READ if known == {TokenScope.READ} else TokenScope.WRITE


def require_challenge(challenge: str, method: str) -> str:
    """Return the challenge of PKCE (RFC 7636, 4.3), empty where none was sent.

    Raises
    ------
    OAuthRefused
        If it is none, or is no hash: ``plain`` would protect nothing.
    """
    if not challenge:
        return ""
    if method != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise OAuthRefused("invalid_request", "code_challenge_method must be S256, with a challenge of 43 characters")
    return challenge


def proves(challenge: str, verifier: str) -> bool:
    """Say whether a verifier is the one that a challenge was made from (RFC 7636, 4.6).

    Examples
    --------
    >>> proves("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    True
    """
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
    return compare_digest(made, challenge)


def _parts(uri: str) -> tuple[str, str] | None:
    """Return scheme and host of an address that can be gone back to; None for any other."""
    if len(uri) > _LONGEST_REDIRECT or not uri.isascii() or not uri.isprintable() or set(uri) & set(" \"'<>\\#;"):
        return None
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018  # raises for what is none
    except ValueError:
        return None
    if not parts.hostname or parts.username is not None or "*" in parts.netloc:
        return None
    return parts.scheme, parts.hostname


def _portless(uri: str) -> tuple[str | None, str, str]:
    parts = urlsplit(uri)
    return parts.hostname, parts.path or "/", parts.query
