"""How an error reads: ``application/problem+json`` (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.in_chinese import in_chinese

MEDIA_TYPE = "application/problem+json"
_OPEN_CDE = ("/api/v1/bcf/", "/api/v1/foundation/")


class FieldProblem(BaseModel):
    """One field that was refused."""

    where: str = Field(description="Where in the request, such as `body.name` or `query.limit`")
    what: str


class Problem(BaseModel):
    """What went wrong, and what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:qtems:problem:refused",
                    "title": "A rule forbids this now",
                    "status": 409,
                    "detail": "a project needs an owner; make somebody else an owner first",
                    "detail_zh": "项目须有所有者；请先指定另一位所有者",
                    "instance": "urn:qtems:request:5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958",
                    "missing": ["another owner"],
                    "errors": [],
                }
            ]
        }
    )

    type: str = Field(description="Names the kind of problem; stays the same between versions")
    title: str
    status: int
    detail: str = Field(description="One line that says what and what to do")
    detail_zh: str = Field(default="", description="The same in Chinese; empty where there is none")
    instance: str = Field(description="This occurrence; quote it when asking for help")
    missing: list[str] = Field(default=[], description="What has to be there first, one phrase each")
    errors: list[FieldProblem] = Field(default=[], description="The fields that were refused")
    message: str = Field(default="", description="The same as `detail`, where BCF clients look for it; there only")


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem: its name, its status, its title."""

    name: str
    status: int
    title: str


BAD_REQUEST = ProblemKind("bad-request", 400, "The request cannot be understood")
NOT_IDENTIFIED = ProblemKind("not-identified", 401, "Sign in first")
WRONG_PASSWORD = ProblemKind("wrong-password", 401, "That needs your password")
NOT_ALLOWED = ProblemKind("not-allowed", 403, "Not permitted")
CSRF = ProblemKind("csrf", 403, "The request may come from another site")
PASSWORD_CHANGE = ProblemKind("password-change-required", 403, "Choose a password of your own first")
NOT_FOUND = ProblemKind("not-found", 404, "Not found")
METHOD = ProblemKind("method-not-allowed", 405, "This address does not know the method")
CONFLICT = ProblemKind("conflict", 409, "Something else is in the way")
REFUSED = ProblemKind("refused", 409, "A rule forbids this now")
ILLEGAL_TRANSITION = ProblemKind("illegal-transition", 409, "Not possible in this state")
KEY_IN_USE = ProblemKind("idempotency-key-in-use", 409, "The first request with this key has not ended")
OVERTAKEN = ProblemKind("version-mismatch", 412, "The record was changed meanwhile")
TOO_LARGE = ProblemKind("too-large", 413, "The request is too large")
MEDIA = ProblemKind("unsupported-media-type", 415, "Send JSON")
INVALID = ProblemKind("invalid", 422, "The content makes no sense")
FIELDS = ProblemKind("invalid-fields", 422, "Some fields are not right")
KEY_REUSED = ProblemKind("idempotency-key-reused", 422, "The key belongs to another request")
VERSION_NEEDED = ProblemKind("version-needed", 428, "Say which version you change")
TOO_MANY = ProblemKind("too-many-attempts", 429, "Too many attempts")
INTERNAL = ProblemKind("internal", 500, "Internal error")
DAMAGED = ProblemKind("damaged", 500, "What is kept is damaged")
UNAVAILABLE = ProblemKind("unavailable", 503, "Not ready")
FULL = ProblemKind("storage-full", 507, "No room is left")


@dataclass(eq=False)
class ProblemError(Exception):
    """A problem of the exchange itself: a header that is missing, a body that is too large."""

    kind: ProblemKind
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def problem_response(
    request: Request,
    kind: ProblemKind,
    detail: str,
    *,
    missing: Sequence[str] = (),
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return the answer for a problem."""
    problem = Problem(
        type=f"urn:qtems:problem:{kind.name}",
        title=kind.title,
        status=kind.status,
        detail=detail.encode("utf-8", "replace").decode(),
        detail_zh=in_chinese(detail).encode("utf-8", "replace").decode(),
        instance=f"urn:qtems:request:{request_id(request)}",
        missing=list(missing),
        errors=list(errors),
    )
    content = problem.model_dump(exclude={"message"})
    if is_open_cde(request.url.path):
        content["message"] = problem.detail
    given = {**(headers or {}), "Cache-Control": "no-store"}
    return JSONResponse(content, kind.status, headers=given, media_type=MEDIA_TYPE)


def kind_of_status(status: int) -> ProblemKind:
    """Return the kind for a bare status that the framework raised."""
    known = {kind.status: kind for kind in (BAD_REQUEST, NOT_FOUND, METHOD, TOO_LARGE, MEDIA)}
    return known.get(status) or ProblemKind(f"http-{status}", status, HTTPStatus(status).phrase)


def is_open_cde(path: str) -> bool:
    """Say whether an address is one of buildingSMART's: other programs read it, by its rules."""
    return path.startswith(_OPEN_CDE)


def request_id(request: Request) -> str:
    """Return the identifier of the request: in the answer's X-Request-ID, in the log and in the audit trail."""
    return str(request.scope.get("qtems.request_id", ""))
