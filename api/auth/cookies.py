"""The session's cookie: out of reach of scripts, sent to this site alone."""

from fastapi import Request, Response

from api.settings import Settings

CSRF_HEADER = "X-CSRF-Token"


def cookie_name(settings: Settings) -> str:
    """Return the cookie's name; with https the prefix lets no other host or path set it (RFC 6265bis)."""
    return "__Host-qtems_session" if settings.is_https else "qtems_session"


def session_secret(request: Request, settings: Settings) -> str:
    """Return the secret that the browser sent, empty when none."""
    return request.cookies.get(cookie_name(settings), "")


def give_session(response: Response, settings: Settings, secret: str) -> None:
    """Let the browser keep a session's secret."""
    response.set_cookie(
        cookie_name(settings),
        secret,
        max_age=int(settings.session_limits.absolute.total_seconds()),
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


def take_session(response: Response, settings: Settings) -> None:
    """Let the browser forget it."""
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.is_https, httponly=True, samesite="lax")
