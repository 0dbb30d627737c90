"""An issuer of OpenID Connect on loopback, honest unless told otherwise: discovery, keys, code with PKCE, userinfo."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "qtems", "client-secret"
Claims = dict[str, Any]


@dataclass
class LocalIssuer:
    """What it knows of its one person, and how it lies."""

    url: str = ""
    person: Claims = field(default_factory=lambda: {"sub": "s-1", "name": "Ann Wu", "email": "ann@example.com"})
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}))
    forge: Callable[[Claims], Claims] = field(default=lambda claims: claims)
    signs_with: RSAKey | None = None
    userinfo: Claims | None = None
    now: Callable[[], float] = time.time
    codes: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    asked: list[str] = field(default_factory=list[str])

    def authorise(self, address: str) -> dict[str, str]:
        """Do what the issuer does when the person has signed in there: return the query of the way back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def token(self, form: dict[str, str], credentials: str) -> tuple[int, Claims]:
        asked = self.codes.pop(form.get("code", ""), None)
        client = base64.b64decode(credentials.removeprefix("Basic ")).decode()
        if asked is None or client != f"{CLIENT}:{SECRET}" or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        )
        if asked["code_challenge_method"] != "S256" or challenge != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(self.now())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.person}
        signed = jwt.encode({"alg": "RS256", "kid": "k1"}, self.forge(claims), self.signs_with or self.key)
        return 200, {"access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": signed}

    def answer(self, path: str) -> Claims:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "userinfo_endpoint": f"{self.url}/userinfo",
            }
        if path == "/jwks":
            return {"keys": [self.key.as_dict(private=False)]}
        return self.userinfo or self.person


@contextmanager
def running(issuer: LocalIssuer) -> Generator[LocalIssuer]:
    """Let an issuer answer on loopback while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            if self.path == "/userinfo" and self.headers["Authorization"] != "Bearer at":
                self._send(401, {})
            else:
                self._send(200, issuer.answer(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._send(*issuer.token(form, self.headers.get("Authorization", "")))

        def _send(self, status: int, content: Claims) -> None:
            raw = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
