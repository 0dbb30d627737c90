"""The one map from errors to answers; whatever is not in it is a fault of ours, and says nothing but a reference."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api import problem
from api.field_words import in_words
from api.problem import FieldProblem, ProblemError, ProblemKind, problem_response, request_id
from twin.errors import (
    Conflict,
    Damaged,
    IllegalTransition,
    Invalid,
    NotAllowed,
    NotFound,
    NotIdentified,
    Overtaken,
    Refused,
    TooManyAttempts,
    TwinError,
    WrongPassword,
)
from twin.oauth import OAuthRefused
from twin.store.outage import is_disk_full, outage_of

STATUS: dict[type[TwinError], ProblemKind] = {
    NotFound: problem.NOT_FOUND,
    NotIdentified: problem.NOT_IDENTIFIED,
    WrongPassword: problem.WRONG_PASSWORD,
    TooManyAttempts: problem.TOO_MANY,
    NotAllowed: problem.NOT_ALLOWED,
    IllegalTransition: problem.ILLEGAL_TRANSITION,
    Refused: problem.REFUSED,
    Invalid: problem.INVALID,
    Overtaken: problem.OVERTAKEN,
    Conflict: problem.CONFLICT,
    Damaged: problem.DAMAGED,
}
"""The nearest class that an error is of counts."""
_LOG = logging.getLogger("qtems.api")
_BOTH = 'Bearer, Basic realm="qtems", charset="UTF-8"'
_UNREADABLE = "the body cannot be read: send JSON in UTF-8, with fewer than 900 brackets inside one another"


def handle_errors(app: FastAPI) -> None:
    """Let an application answer errors by the map."""
    app.add_exception_handler(TwinError, _twin_error)
    app.add_exception_handler(OAuthRefused, _oauth_refused)
    app.add_exception_handler(ProblemError, _problem_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """Answer an error that nobody foresaw: the traceback goes to the log, a reference to the client.

    What the server stands on may be away or full: that is nobody's fault here, and goes better later.
    """
    reference = request_id(request)
    away = outage_of(error)
    _LOG.error("request %s failed: %s %s", reference, request.method, request.url.path, exc_info=error)
    if is_disk_full(error):
        return problem_response(request, problem.FULL, "the server's disk is full; tell an administrator")
    if away:
        headers = {"Retry-After": "5"}
        return problem_response(request, problem.UNAVAILABLE, f"{away} cannot be reached; try again", headers=headers)
    return problem_response(
        request, problem.INTERNAL, f"this is our fault; tell an administrator reference {reference}"
    )


def kind_of(error: TwinError) -> ProblemKind:
    """Return the kind of problem that an error of the twin is."""
    return next((STATUS[cls] for cls in type(error).__mro__ if cls in STATUS), problem.INTERNAL)


def _twin_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TwinError)
    kind = kind_of(error)
    if kind.status >= 500:
        _LOG.error("request %s failed: %s", request_id(request), error, exc_info=error)
    headers: dict[str, str] = {}
    if isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, NotIdentified):
        headers["WWW-Authenticate"] = _BOTH if problem.is_open_cde(request.url.path) else "Bearer"
    missing = error.missing if isinstance(error, Refused) else ()
    return problem_response(request, kind, str(error), missing=missing, headers=headers)


def _oauth_refused(request: Request, error: Exception) -> JSONResponse:
    """Answer a program in the words of RFC 6749, 5.2."""
    assert isinstance(error, OAuthRefused)
    is_client = error.code == "invalid_client"
    headers = {"Cache-Control": "no-store", **({"WWW-Authenticate": 'Basic realm="qtems"'} if is_client else {})}
    content = {"error": error.code, "error_description": str(error)}
    return JSONResponse(content, 401 if is_client else 400, headers=headers)


def _problem_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    if error.kind.status >= 500:
        _LOG.warning("request %s: %s: %r", request_id(request), error.detail, error.__cause__)
    return problem_response(request, error.kind, error.detail, headers=error.headers)


def _validation_error(request: Request, error: Exception) -> JSONResponse:
    """Name the fields and what is wrong with each; what was sent is not repeated, it may be a password."""
    assert isinstance(error, RequestValidationError)
    found = [
        FieldProblem(where=".".join(str(part) for part in one["loc"]), what=in_words(one)) for one in error.errors()
    ]
    first = found[0] if found else FieldProblem(where="request", what="is not right")
    return problem_response(request, problem.FIELDS, f"{first.where} {first.what}", errors=found)


def _http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind = problem.kind_of_status(error.status_code)
    told = {404: f"there is nothing at {request.url.path}", 400: _UNREADABLE, 405: error.detail, 413: error.detail}
    detail = told.get(error.status_code, kind.title)
    return problem_response(request, kind, detail, headers=error.headers)
