"""Signing in through an issuer of OpenID Connect: code flow with PKCE, state and nonce.

What has to come back unchanged (state, nonce, verifier) lies in a signed cookie of ten minutes: nothing is kept here.
The issuer's answer counts only after its signature, issuer, audience, expiry and nonce are right.
"""

import json
import ssl
import warnings
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.problem import BAD_REQUEST, ProblemError, ProblemKind
from api.settings import Settings
from twin.operations.sign_in import IssuerClaims

CALLBACK = "/api/v1/auth/oidc/callback"
PENDING_FOR = timedelta(minutes=10)
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures by a key pair: never ``none``, never a shared secret."""
_LEEWAY_S = 60
_TIMEOUT_S = 10
_ISSUER_FAILED = ProblemKind("issuer-failed", 502, "The company's sign-in did not answer as it should")


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that has gone to the issuer and is expected back."""

    state: str
    nonce: str
    verifier: str
    next: str
    until: str

    def sealed(self, key: bytes) -> str:
        """Return it as text that only we can have written."""
        body = json.dumps(asdict(self)).encode()
        mac = hmac(key, b"oidc" + body, sha256).digest()
        return urlsafe_b64encode(mac + body).decode()


def unsealed(text: str, key: bytes, now: datetime) -> Pending:
    """Return what :meth:`Pending.sealed` wrote, unless it is too old or not ours."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii"))
    except ValueError:
        raw = b""
    mac, body = raw[:32], raw[32:]
    if compare_digest(mac, hmac(key, b"oidc" + body, sha256).digest()):
        pending = Pending(**json.loads(body))
        if now < datetime.fromisoformat(pending.until):
            return pending
    raise ProblemError(BAD_REQUEST, "this sign-in was not begun here, or took too long: begin again")


@dataclass(frozen=True, slots=True)
class Issuer:
    """The issuer as it describes itself."""

    settings: Settings
    about: Mapping[str, Any]

    def address(self, pending: Pending) -> str:
        """Return where the browser goes to sign in."""
        with _client(self.settings) as client:
            url, _ = client.create_authorization_url(
                self.about["authorization_endpoint"],
                state=pending.state,
                nonce=pending.nonce,
                code_verifier=pending.verifier,
                redirect_uri=self.settings.base_url + CALLBACK,
            )
        return str(url)

    def claims(self, code: str, pending: Pending, now: datetime) -> IssuerClaims:
        """Exchange a code and return what the issuer says, once all of it is checked."""
        try:
            with _client(self.settings) as client:
                token: Mapping[str, Any] = client.fetch_token(
                    self.about["token_endpoint"],
                    code=code,
                    code_verifier=pending.verifier,
                    redirect_uri=self.settings.base_url + CALLBACK,
                )
                keys = httpx2.get(self.about["jwks_uri"], timeout=_TIMEOUT_S, verify=_trust()).raise_for_status().json()
                told = self._checked(str(token["id_token"]), keys, pending, now)
                more = self._userinfo(client, told["sub"])
        except (httpx2.HTTPError, JoseError, KeyError, TypeError, ValueError, _oauth_error()) as error:
            raise ProblemError(_ISSUER_FAILED, "the company's sign-in gave no answer that can be trusted") from error
        found = {**more, **told}
        return IssuerClaims(
            issuer=self.settings.oidc_issuer,
            subject=str(told["sub"]),
            name=_line(found.get("name")),
            email=_line(found.get("email")),
            email_verified=found.get("email_verified") is True,
        )

    def _checked(self, id_token: str, keys: Any, pending: Pending, now: datetime) -> dict[str, Any]:
        """Return the claims of an ID token (OpenID Connect Core 3.1.3.7)."""
        decoded = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
        claims = dict(decoded.claims)
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        moment = now.timestamp()
        wrong = (
            claims.get("iss") != self.about["issuer"]
            or self.settings.oidc_client_id not in audiences
            or claims.get("azp", self.settings.oidc_client_id) != self.settings.oidc_client_id
            or not moment - _LEEWAY_S < float(claims["exp"])
            or float(claims["iat"]) > moment + _LEEWAY_S
            or not compare_digest(str(claims.get("nonce", "")).encode(), pending.nonce.encode())
            or not isinstance(claims.get("sub"), str)
            or not claims["sub"]
        )
        if wrong:
            raise ValueError("the ID token is not for this sign-in")
        return claims

    def _userinfo(self, client: Any, subject: str) -> dict[str, Any]:
        """Return what the issuer tells beside the ID token; of somebody else it is refused."""
        if "userinfo_endpoint" not in self.about:
            return {}
        told: dict[str, Any] = client.get(self.about["userinfo_endpoint"]).raise_for_status().json()
        if told.get("sub") != subject:
            raise ValueError("the issuer tells of somebody else")
        return told


def discover(settings: Settings) -> Issuer:
    """Ask the issuer where its parts are; one that calls itself by another name is refused."""
    url = settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        about = httpx2.get(url, timeout=_TIMEOUT_S, verify=_trust()).raise_for_status().json()
        same = about["issuer"].rstrip("/") == settings.oidc_issuer.rstrip("/")
    except (httpx2.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProblemError(_ISSUER_FAILED, "the company's sign-in cannot be reached; use a password") from error
    if not same:
        raise ProblemError(_ISSUER_FAILED, "the company's sign-in goes by another name than it is configured by")
    return Issuer(settings, about)


def begin(settings: Settings, now: datetime, secrets: tuple[str, str, str], next_page: str) -> Pending:
    """Return a new sign-in; ``next_page`` is where the browser goes after it, on this site only."""
    here = next_page if next_page.startswith("/") and not next_page.startswith(("//", "/\\")) else "/"
    state, nonce, verifier = secrets
    return Pending(state, nonce, verifier, here, (now + PENDING_FOR).isoformat())


@cache
def _trust() -> ssl.SSLContext:
    """Read the trusted certificates once: it takes a tenth of a second."""
    return httpx2.create_ssl_context()


def _client(settings: Settings) -> Any:
    from authlib.integrations.httpx_client import OAuth2Client

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return OAuth2Client(
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret or None,
            scope=settings.oidc_scopes,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if settings.oidc_client_secret else "none",
            timeout=_TIMEOUT_S,
            verify=_trust(),
        )


def _oauth_error() -> type[Exception]:
    from authlib.integrations.base_client import OAuthError

    return OAuthError


def _line(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(letter for letter in text if letter.isprintable())[:200]
