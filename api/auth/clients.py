"""Programs that may ask a person for access: registered by an administrator, or by themselves on a person's computer.

Who registers by itself is kept nowhere: its identifier is what it told of itself, sealed, and its answers never leave
the computer that it runs on. So nobody fills the database, and no page on the web can pass for a program.
"""

from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac

from api.auth.seal import sealed, unsealed
from api.services import Services
from twin.errors import Invalid
from twin.oauth import OAuthClient, require_redirects
from twin.operations.accounts import digest_of
from twin.store import oauth

_PREFIX, _PURPOSE = "self.", "oauth client"
_LONGEST = 8000


def self_registered(services: Services, name: str, redirect_uris: tuple[str, ...]) -> OAuthClient:
    """Return a program that told of itself; its answers stay on the computer that it runs on."""
    uris = require_redirects(redirect_uris, https=False)
    told = {"name": name, "redirect_uris": list(uris)}
    return OAuthClient(_PREFIX + sealed(services.key, _PURPOSE, told), name, uris)


def find_client(services: Services, given: str) -> OAuthClient:
    """Return the program with an identifier; :class:`Invalid` when there is none."""
    if given.startswith(_PREFIX) and len(given) <= _LONGEST:
        told = unsealed(services.key, _PURPOSE, given.removeprefix(_PREFIX))
        if told is not None:
            return OAuthClient(given, str(told["name"]), tuple(map(str, told["redirect_uris"])))
    with services.store.read() as view:
        found = oauth.live_client(view.connection, given[:64])
    if found is None:
        raise Invalid("client_id is unknown: register the program, or ask an administrator to")
    return found


def secret_of_self_registered(services: Services, client: OAuthClient) -> str:
    """Return the secret of a program that registered by itself: it follows from its identifier."""
    return hmac(services.key, b"oauth secret\0" + client.id.encode(), sha256).hexdigest()


def is_secret_of(services: Services, client: OAuthClient, given: str) -> bool:
    """Say whether a program sent its own secret."""
    if not client.is_registered:
        return compare_digest(secret_of_self_registered(services, client).encode(), given.encode())
    with services.store.read() as view:
        digest = oauth.secret_digest(view.connection, client.id)
    return digest is not None and compare_digest(digest, digest_of(given))
