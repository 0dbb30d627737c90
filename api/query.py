"""What may stand behind the ``?`` of an address: what its route declares, and nothing else.

A parameter that is not known would be passed over in silence: ``?format=pdf`` where there is no PDF, a filter with a
typing error that lets everything through. Programs that follow a standard may send more than we know: RFC 6749 asks an
authorization server to pass it over, and BCF clients have parameters of their own.
"""

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from api.auth.access import Access, Need

_BY_STANDARDS = ("/bcf/", "/foundation/", "/oauth/")


def is_strict(need: Need, path: str) -> bool:
    """Say whether a route refuses what it does not declare: all but the open ones and those that a standard shapes."""
    return need is not Access.PUBLIC and not path.startswith(_BY_STANDARDS)


def known_queries(dependant: Dependant) -> frozenset[str]:
    """Return the query parameters that a route declares, those of its dependencies included."""
    return frozenset(_names(dependant))


def require_known(request: Request, known: frozenset[str]) -> None:
    """Refuse a request with a query parameter that is not known: 422, as lists refuse a filter."""
    unknown = dict.fromkeys(name for name in request.query_params if name not in known)
    if unknown:
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name), "msg": "is not known here"} for name in unknown]
        )


def _names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (part.alias or name for name, part in kind.model_fields.items())
        else:
            yield field.alias
    for below in dependant.dependencies:
        yield from _names(below)
