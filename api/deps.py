"""What route functions ask for, by type; tests give it by other ``Services`` or FastAPI's ``dependency_overrides``.

What only hands on is ``async``: each plain function would be a way to another thread and back, several per request.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Request, Response

from api.auth.access import ID_PATTERN, Identity
from api.auth.identity import Grant
from api.paging import Pager
from api.services import Services
from twin.project import Member
from twin.record import Id
from twin.store.blobs import BlobStore
from twin.store.repository import Context, Store
from twin.store.view import Scope


async def _services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


async def _grant(request: Request) -> Grant:
    found: Grant = request.state.grant
    return found


ServicesDep = Annotated[Services, Depends(_services)]
GrantDep = Annotated[Grant, Depends(_grant)]


async def _store(services: ServicesDep) -> Store:
    return services.store


async def _blobs(services: ServicesDep) -> BlobStore:
    return services.blobs


async def _now(services: ServicesDep) -> datetime:
    return services.now()


async def _new_id(services: ServicesDep) -> Callable[[], Id]:
    return services.store.new_id


async def _identity(grant: GrantDep) -> Identity:
    return grant.identity


async def _context(grant: GrantDep) -> Context:
    return grant.context


async def _rows(grant: GrantDep) -> Scope:
    return grant.reach.rows


async def _member(grant: GrantDep) -> Member:
    found = grant.reach.member
    assert found is not None, "a route without {project} has no member"
    return found


async def _pager(request: Request, response: Response, services: ServicesDep) -> Pager:
    return Pager(request, response, services.key)


StoreDep = Annotated[Store, Depends(_store)]
BlobsDep = Annotated[BlobStore, Depends(_blobs)]
NowDep = Annotated[datetime, Depends(_now)]
NewIdDep = Annotated[Callable[[], Id], Depends(_new_id)]
CallerDep = Annotated[Identity, Depends(_identity)]
"""Who calls, and by what they have shown it."""
ContextDep = Annotated[Context, Depends(_context)]
"""Actor, time, request and origin: what every change is made with."""
RowsDep = Annotated[Scope, Depends(_rows)]
"""Whose records the caller may see with this request: give it to every read."""
MemberDep = Annotated[Member, Depends(_member)]
"""What the caller is in the project of the address."""
PagerDep = Annotated[Pager, Depends(_pager)]

ProjectId = Annotated[Id, Path(description="The project", pattern=ID_PATTERN, examples=["1" * 32])]
RecordId = Annotated[Id, Path(description="The record", pattern=ID_PATTERN, examples=["2" * 32])]
