"""Forms, as pages and OAuth 2 send them."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from api.problem import BAD_REQUEST, MEDIA, ProblemError

FORM = "application/x-www-form-urlencoded"
LARGEST = 32 << 10
"""Bytes of a form."""
_MOST_FIELDS = 40


async def _form(request: Request) -> Mapping[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if body and kind != FORM:
        raise ProblemError(MEDIA, f"send the body as Content-Type: {FORM}")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise ProblemError(BAD_REQUEST, "the body is no form") from error
    if len({name for name, _ in pairs}) < len(pairs):
        raise ProblemError(BAD_REQUEST, "a field of the form is there twice")
    return dict(pairs)


FormDep = Annotated[Mapping[str, str], Depends(_form)]
"""The fields of a form, each at most once."""
