"""Versions of records as ETags: a change says which version it was made from (RFC 9110, 13)."""

import re
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from api.problem import BAD_REQUEST, VERSION_NEEDED, ProblemError

ASK_AGAIN = "private, no-cache"
_TAG = re.compile(r'(?:W/)?"([0-9]{1,9})"')


def tag(response: Response, version: int) -> None:
    """Write a record's version into an answer."""
    response.headers["ETag"] = f'"{version}"'
    response.headers["Cache-Control"] = ASK_AGAIN


IfMatch = Annotated[
    str | None, Header(description='The `ETag` of the version that is changed, such as `"3"`', examples=['"3"'])
]


def expected_version(if_match: str | None) -> int:
    """Return the version that a change was made from; 428 when the request does not say.

    A weak tag (``W/"3"``) counts as well: proxies that compress make tags weak, and the number is still the record's.
    """
    if if_match is None or if_match.strip() == "*":
        raise ProblemError(VERSION_NEEDED, "send If-Match with the ETag that you read, so that nobody's change is lost")
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise ProblemError(BAD_REQUEST, 'If-Match names one version, such as "3"')
    return int(found[1])


async def _expected(if_match: IfMatch = None) -> int:
    return expected_version(if_match)


Expected = Annotated[int, Depends(_expected)]
"""The version that a change was made from."""


def is_known(request: Request, response: Response) -> bool:
    """Say whether the client has this version of what it reads already (304)."""
    current, known = response.headers.get("etag"), request.headers.get("if-none-match")
    if request.method not in ("GET", "HEAD") or not current or not known or response.status_code != 200:
        return False
    weak = current.removeprefix("W/")
    return known.strip() == "*" or weak in (one.strip().removeprefix("W/") for one in known.split(","))


def not_modified(response: Response) -> Response:
    """Return the answer that says so."""
    kept = {name: response.headers[name] for name in ("etag", "cache-control") if name in response.headers}
    return Response(status_code=304, headers=kept)
