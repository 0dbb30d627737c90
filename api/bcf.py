"""What the BCF routes share: who asks, what they may, OData in addresses, and the older version's addresses."""

from collections.abc import Iterable
from email.message import Message
from hashlib import sha256
from types import FunctionType
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query

from api.deps import GrantDep, ProjectId, ServicesDep, StoreDep
from api.etag import expected_version
from api.routing import Routes
from api.schemas.bcf import TopicAuthorization
from api.schemas.bcf_base import GUID
from twin.access import Action, scope_of
from twin.bcf.guid import guid_of, id_of
from twin.bcf.query import Query as ListQuery
from twin.errors import NotFound
from twin.operations.bcf import Caller, SeenTopic, allowed_statuses, read_topic
from twin.record import Id
from twin.store.repository import Store

V3, V2 = "/bcf/3.0", "/bcf/2.1"
P = V3 + "/projects/{project}"
T = P + "/topics/{topic}"
LARGEST = 64 << 20
"""Bytes of a viewpoint with its pictures, and of a document."""
PROJECT_ACTIONS = {
    "update": Action.PROJECT_EDIT,
    "createTopic": Action.NCR_RAISE,
    "createDocument": Action.ATTACHMENT_ADD,
}

TopicGuid = Annotated[str, Path(description="The topic", max_length=64, examples=[GUID])]
CommentGuid = Annotated[str, Path(description="The comment", max_length=64, examples=[GUID])]
ViewGuid = Annotated[str, Path(description="The viewpoint", max_length=64, examples=[GUID])]


async def _list_query(
    where: Annotated[
        str, Query(alias="$filter", max_length=4000, description="OData v4: eq ne gt ge lt le and or not in contains",
                   examples=["topic_status eq 'Open' and creation_date gt 2026-01-01T00:00:00Z"]),
    ] = "",
    order: Annotated[str, Query(alias="$orderby", max_length=400, examples=["modified_date desc"])] = "",
    top: Annotated[int | None, Query(alias="$top", ge=0, le=100_000, examples=[50])] = None,
    skip: Annotated[int, Query(alias="$skip", ge=0, le=10_000_000, examples=[0])] = 0,
) -> ListQuery:  # fmt: skip
    return ListQuery(where, order, top, skip)


async def _caller(grant: GrantDep, services: ServicesDep, project: ProjectId) -> Caller:
    member = grant.reach.member
    address = services.settings.base_url

    def may(action: Action) -> bool:
        return member is not None and scope_of(member.role, action) is not None

    def link(record: Id) -> str:
        return f"{address}/#/projects/{project}/ncrs/{record}"

    user = grant.identity.user.id
    return Caller(project, user, grant.reach.rows, may, services.now(), link)


async def _expected(
    if_match: Annotated[
        str | None, Header(description="The `ETag` that was read; without it the last one wins", examples=['"3"'])
    ] = None,
) -> int | None:
    return None if if_match is None or if_match.strip() == "*" else expected_version(if_match)


QueryDep = Annotated[ListQuery, Depends(_list_query)]
CallerIn = Annotated[Caller, Depends(_caller)]
"""Who asks, within the project of the address."""
IfKnown = Annotated[int | None, Depends(_expected)]
"""The version that a change was made from, where the client says so: BCF clients need not."""


def project_actions(caller: Caller) -> list[str]:
    """Return what the caller may do in the project (BCF-API 4.1.5.1)."""
    named = (
        ("update", Action.PROJECT_EDIT),
        ("createTopic", Action.NCR_RAISE),
        ("createDocument", Action.ATTACHMENT_ADD),
    )
    return [name for name, action in named if caller.may(action)]


def topic_actions(caller: Caller, *, deletable: bool = False) -> list[str]:
    """Return what the caller may do with topics (BCF-API 4.1.5.2)."""
    named = (
        ("update", Action.COMMENT_WRITE),
        ("updateRelatedTopics", Action.NCR_RAISE),
        ("updateDocumentReferences", Action.NCR_RAISE),
        ("updateFiles", Action.NCR_RAISE),
        ("createComment", Action.COMMENT_WRITE),
        ("createViewpoint", Action.COMMENT_WRITE),
    )
    found = [name for name, action in named if caller.may(action)]
    return [*found, "delete"] if deletable and caller.may(Action.NCR_VOID) else found


def authorization(seen: SeenTopic, caller: Caller) -> TopicAuthorization:
    """Return what the caller may do with a topic now: where the record's guards show."""
    deletable = seen.ncr is None or not seen.ncr.number
    return TopicAuthorization(
        topic_actions=topic_actions(caller, deletable=deletable), topic_status=list(allowed_statuses(seen, caller))
    )


def new_guid(given: str | None, made: Id) -> str:
    """Return the guid that a client chose, else that of an identifier made here."""
    return given or guid_of(made)


def known_guid(given: str) -> str:
    """Return a guid of an address in its one form; :class:`NotFound` for what is none."""
    record = id_of(given)
    if record is None:
        raise NotFound(f"there is nothing called {given[:60]!r}")
    return guid_of(record)


def file_name(disposition: str, content: bytes) -> str:
    """Return the file name of a ``Content-Disposition`` (RFC 6266), a made one where none is given."""
    message = Message()
    message["content-disposition"] = disposition.replace("\r", " ").replace("\n", " ")
    name = message.get_filename() or ""
    return name.replace("\\", "/").rpartition("/")[2].strip() or f"document-{sha256(content).hexdigest()[:8]}"


def add_older(routes: Routes, paths: Iterable[str]) -> None:
    """Serve what is read at 3.0 at 2.1 as well: many clients ask for nothing else."""
    wanted = tuple(paths)
    for one in tuple(routes.declared):
        if one.method == "GET" and one.path in wanted:
            kept: dict[str, Any] = {
                name: getattr(one, name) for name in ("status", "answers", "also_as", "also", "max_body_bytes")
            }
            path = V2 + one.path.removeprefix(V3)
            routes.get(path, one.need, f"{one.summary} (2.1)", **kept)(_renamed(one.function))


def _renamed(function: Any) -> FunctionType:
    """Return a function of its own that does the same: its name is that of the older operation."""
    copy = FunctionType(
        function.__code__, function.__globals__, f"{function.__name__}_21", function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__, copy.__annotations__ = function.__kwdefaults__, dict(function.__annotations__)
    copy.__doc__, copy.__module__ = function.__doc__, function.__module__
    return copy


def seen_topic(store: Store, caller: Caller, topic: str) -> SeenTopic:
    """Return a topic as the caller sees it."""
    with store.read() as view:
        return read_topic(view, caller, topic)


def _held(topic: TopicGuid, caller: CallerIn, store: StoreDep) -> str:
    return seen_topic(store, caller, topic).topic.guid


HeldTopic = Annotated[str, Depends(_held)]
"""The guid of a topic that the caller sees: it is looked for before the body, which must not tell that it is there."""
