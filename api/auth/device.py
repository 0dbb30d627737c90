"""What a browser remembers of the account that signed in with it: our word that others' guesses do not concern it.

It opens nothing. Without it, whoever knows a login could keep its owner out by typing wrong passwords.
"""

from datetime import timedelta

from fastapi import Request, Response

from api.auth.seal import sealed, unsealed
from api.services import Services
from api.settings import Settings
from twin.operations.sign_in import KnownDevice
from twin.record import Id

_KEPT = timedelta(days=365)
_PURPOSE = "device"


def device_of(services: Services, request: Request) -> KnownDevice | None:
    """Return which account a browser has signed in to, None where it says nothing that we wrote."""
    found = unsealed(services.key, _PURPOSE, request.cookies.get(_name(services.settings), ""))
    return KnownDevice(str(found["user"]), str(found["name"])) if found else None


def remember_device(services: Services, request: Request, response: Response, user: Id) -> None:
    """Let the browser remember the account that signed in, under a name of its own."""
    before = device_of(services, request)
    name = before.name if before and before.user == user else services.store.new_id()
    response.set_cookie(
        _name(services.settings),
        sealed(services.key, _PURPOSE, {"user": user, "name": name}),
        max_age=int(_KEPT.total_seconds()),
        path="/",
        secure=services.settings.is_https,
        httponly=True,
        samesite="lax",
    )


def _name(settings: Settings) -> str:
    return "__Host-qtems_device" if settings.is_https else "qtems_device"
