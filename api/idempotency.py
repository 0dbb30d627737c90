"""The same request twice is one change: answers to requests with an ``Idempotency-Key`` are kept and given again.

Phones send again what they got no answer to. The key is reserved before anything is done, in a transaction of its own;
of several at once, one is executed. Only answers that tell of a change are kept; whatever was refused changed nothing,
and may be sent again under the same key. Of what broke off, the audit trail knows whether it changed anything: if not,
the key is free again, at once or, when the whole process went, after some minutes.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import sha256

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from api.auth.identity import Grant
from api.problem import BAD_REQUEST, KEY_IN_USE, KEY_REUSED, ProblemError, request_id
from api.services import Services
from twin.errors import TwinError
from twin.record import Id
from twin.store import accounts as kept
from twin.store.accounts import CUT_OFF_AFTER, IN_PROGRESS, Answer

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_KEPT_HEADERS = ("content-type", "etag", "location", "link")
_NOTHING_CHANGED = (TwinError, ProblemError, RequestValidationError, HTTPException)
"""What is raised on purpose, before or instead of the change."""


async def answer_once(
    services: Services, request: Request, grant: Grant, answer: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Answer a request that has a key: execute it, or give again what was answered.

    Raises
    ------
    ProblemError
        If the key belongs to another request, or the first one has not ended.
    """
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        raise ProblemError(BAD_REQUEST, f"{HEADER} is 1 to 200 visible ASCII characters, such as a UUID")
    user = grant.identity.user.id
    digest = await _digest(request)
    earlier = await run_in_threadpool(_reserve, services, user, key, digest, request_id(request))
    if earlier is not None:
        return _again(earlier, digest, services.now())
    try:
        response = await answer(request)
    except _NOTHING_CHANGED:
        await run_in_threadpool(_release, services, user, key)
        raise
    except Exception:
        await run_in_threadpool(_release_unless_changed, services, user, key)
        raise
    if response.status_code < 300:
        await run_in_threadpool(_keep, services, user, key, response)
    else:
        await run_in_threadpool(_release, services, user, key)
    return response


async def _digest(request: Request) -> str:
    head = f"{request.method} {request.url.path}?{request.url.query}\n".encode("utf-8", "surrogatepass")
    return sha256(head + await request.body()).hexdigest()


def _again(earlier: Answer, digest: str, now: datetime) -> Response:
    if earlier.request_sha256 != digest:
        raise ProblemError(KEY_REUSED, "this key came with another request before; make a new key for each change")
    if earlier.status == IN_PROGRESS and now - earlier.created_at < CUT_OFF_AFTER:
        raise ProblemError(KEY_IN_USE, "the first request with this key is under way; ask again", {"Retry-After": "2"})
    if earlier.status == IN_PROGRESS:
        raise ProblemError(KEY_IN_USE, "the request with this key was cut off after its change: read what is there")
    return Response(earlier.response, earlier.status, {**earlier.headers, "Idempotency-Replayed": "true"})


def _reserve(services: Services, user: Id, key: str, digest: str, request: str) -> Answer | None:
    with services.store.database.write() as connection:
        return kept.reserve_key(connection, user, key, digest, request, services.now())


def _keep(services: Services, user: Id, key: str, response: Response) -> None:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    body = bytes(response.body)
    with services.store.database.write() as connection:
        kept.keep_answer(connection, user, key, status=response.status_code, headers=headers, response=body)


def _release(services: Services, user: Id, key: str) -> None:
    with services.store.database.write() as connection:
        kept.release_key(connection, user, key)


def _release_unless_changed(services: Services, user: Id, key: str) -> None:
    with services.store.database.write() as connection:
        kept.release_unless_changed(connection, user, key)
