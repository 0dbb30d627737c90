"""What BCF clients see: nonconformance records and observations as topics, by the rules of the records.

A topic is either a nonconformance record, or an observation: something said from outside that nobody has decided
about. Comments are records of their own, as everywhere; viewpoints, documents and related topics are kept beside.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from twin.access import Action
from twin.access_words import who_may
from twin.bcf import kept as rules
from twin.bcf.guid import derived, guid_of, id_of
from twin.bcf.kept import KeptTopic, Standing
from twin.bcf.query import Query, parse_expression, parse_order
from twin.bcf.status import RECEIVED, next_statuses
from twin.bcf.topic import Surroundings, topic_of
from twin.bcf.values import Comment, ModelFile, Topic, Viewpoint
from twin.errors import NotAllowed, NotFound
from twin.finding import Finding, FindingStatus
from twin.ncr_record import NonConformance, State
from twin.operations.accounts import names_of
from twin.record import Id
from twin.store import records
from twin.store.bcf_topics import topics_in_order
from twin.store.blob_register import sizes
from twin.store.kinds import Kind
from twin.store.view import Scope, Stored, View

T = TypeVar("T")
FILTERS = (
    "creation_author", "modified_author", "assigned_to", "stage", "topic_status", "topic_type", "creation_date",
    "modified_date", "labels", "title", "priority", "guid", "server_assigned_id",
)  # fmt: skip
"""What topics are filtered by."""
ORDERS = ("creation_date", "modified_date", "index", "title", "priority", "topic_status", "server_assigned_id")
"""What topics are sorted by."""
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, in which project, and what they reach there."""

    project: Id
    user: Id
    rows: Scope
    may: Callable[[Action], bool]
    now: datetime
    link: Callable[[Id], str] = lambda _: ""
    """The address of a record, for the way back from another tool."""

    def need(self, action: Action) -> None:
        """Raise :class:`NotAllowed` unless the caller's role has an action."""
        if not self.may(action):
            raise NotAllowed(f"your role does not have {action.value} in this project: ask {who_may(action)}")

    @property
    def from_outside(self) -> bool:
        """Whether they belong to an outside organisation, which sees what is meant for it."""
        return self.project in self.rows.shared_with


@dataclass(frozen=True, slots=True)
class SeenTopic:
    """A topic as a caller sees it."""

    topic: Topic
    version: int
    """Grows with every change of the record or of what is kept beside it."""
    ncr: NonConformance | None = None
    kept: KeptTopic | None = None

    @property
    def id(self) -> Id:
        """The record's identifier."""
        return self.topic.guid.replace("-", "")


def find_topics(view: View, caller: Caller, query: Query) -> list[SeenTopic]:
    """Return the topics that answer a query, of those that the caller sees; without comments and viewpoints.

    The oldest come first unless the query says otherwise. Only what is returned is read.

    Raises
    ------
    Invalid
        If the query cannot be understood, or names a field not in :data:`FILTERS` or :data:`ORDERS`.
    """
    wanted = parse_expression(query.filter, FILTERS) if query.filter.strip() else None
    orders = parse_order(query.orderby, ORDERS)
    places = topics_in_order(
        view, caller.project, caller.rows, wanted, orders, now=caller.now, top=query.top, skip=query.skip
    )
    people = people_of(view, caller.project) if any(place.is_record for place in places) else {}
    language = _language(view, caller.project)
    found: list[SeenTopic] = []
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        where = {"id": tuple(place.id for place in some)}
        ncrs = {stored.record.id: stored for stored in view.list(records.NCR, caller.rows, where=where).items}
        beside = {stored.record.id: stored for stored in view.list(records.BCF_TOPIC, caller.rows, where=where).items}
        for place in some:
            if place.is_record:
                stored, kept = ncrs[place.id], beside.get(place.id)
                found.append(_seen_ncr(view, caller, stored, kept, people, language=language, whole=False))
            else:
                waits = beside[place.id]
                found.append(SeenTopic(rules.whole(waits.record), waits.version, None, waits.record))
    return found


def read_topic(view: View, caller: Caller, guid: str) -> SeenTopic:
    """Return one topic with comments and viewpoints; :class:`NotFound` when there is none that the caller sees."""
    record = id_of(guid)
    if record is None:
        raise NotFound(f"there is no topic {guid[:60]}")
    kept = _find(view, records.BCF_TOPIC, record, caller)
    ncr = _find(view, records.NCR, record, caller)
    if ncr is not None and not _is_deleted(ncr.record):
        people, language = people_of(view, caller.project), _language(view, caller.project)
        return _seen_ncr(view, caller, ncr, kept, people, language=language, whole=True)
    if kept is not None and kept.record.standing is Standing.WAITING:
        return SeenTopic(rules.whole(kept.record), kept.version, None, kept.record)
    raise NotFound(f"there is no topic {guid}")


def allowed_statuses(seen: SeenTopic, caller: Caller) -> tuple[str, ...]:
    """Return the statuses that the caller may write now (BCF: ``authorization.topic_status``)."""
    if seen.ncr is None:
        return (RECEIVED,)
    return next_statuses(seen.ncr, may=caller.may, now=caller.now)


def people_of(view: View, project: Id) -> dict[Id, str]:
    """Return the accounts of a project's people, also of those who left, and how BCF calls them."""
    users = sorted({member.record.user for member in view.all(records.MEMBER, project=project)})
    found: dict[Id, str] = {}
    for start in range(0, len(users), _AT_ONCE):
        named = names_of(view, set(users[start : start + _AT_ONCE]))
        found |= {user.id: user.email or user.login for user in named.values()}
    return found


def _language(view: View, project: Id) -> str:
    return view.get(records.PROJECT, project).record.language


def told_as(ncr: Id, guid: str) -> Id:
    """Return the identifier of the comment on a record by which people see one that came in a file."""
    return derived("comment", ncr, guid).replace("-", "")


def _seen_ncr(
    view: View,
    caller: Caller,
    stored: Stored[NonConformance],
    beside: Stored[KeptTopic] | None,
    people: Mapping[Id, str],
    *,
    language: str,
    whole: bool,
) -> SeenTopic:
    ncr = stored.record
    kept = beside.record if beside else rules.beside(ncr.id, ncr.project)
    said = _comments(view, caller, ncr.id, kept, people) if whole else ()
    findings = _findings(view, ncr) if whole else ()
    changed = max(stored.changed_at, beside.changed_at) if beside else stored.changed_at
    around = Surroundings(
        people=people,
        link=caller.link(ncr.id),
        findings=findings,
        pictures=sizes(view.connection, {one.picture.sha256 for one in findings if one.picture}),
        files=kept.files or (_files(view, ncr) if whole else ()),
        comments=said,
        viewpoints=_shown(caller, kept, said) if whole else (),
        documents=kept.documents,
        related=kept.related,
        changed_at=changed,
        language=language,
    )
    topic = topic_of(ncr, around)
    return SeenTopic(topic, stored.version + (beside.version if beside else 0), ncr, beside.record if beside else None)


def _comments(view: View, caller: Caller, ncr: Id, kept: KeptTopic, people: Mapping[Id, str]) -> tuple[Comment, ...]:
    """Return what was said about a record, the oldest first; of what came in files, the original."""
    own = {comment.guid: comment for comment in kept.comments if not caller.from_outside}
    told = {told_as(ncr, comment.guid) for comment in kept.comments}
    found = dict(own)
    for stored in view.all(records.COMMENT, project=caller.project, subject=f"ncr:{ncr}"):
        one, guid = stored.record, guid_of(stored.record.id)
        if one.id in told or (caller.from_outside and not one.for_outside):
            continue
        author = people.get(one.author.id, one.author.name)
        found[guid] = Comment(guid, one.written_at, author, one.text, kept.about.get(guid, ""))
    return tuple(sorted(found.values(), key=lambda c: (c.date, c.guid)))


def _shown(caller: Caller, kept: KeptTopic, said: Iterable[Comment]) -> tuple[Viewpoint, ...]:
    """Return the viewpoints that a caller sees: an outside organisation its own, and those of what is said to it."""
    if not caller.from_outside:
        return kept.viewpoints
    named = {comment.viewpoint for comment in said}
    return tuple(v for v in kept.viewpoints if v.guid in named or kept.owners.get(v.guid) == caller.user)


def _findings(view: View, ncr: NonConformance) -> tuple[Finding, ...]:
    found = view.all(records.FINDING, project=ncr.project, ncr=ncr.id, status=FindingStatus.CONFIRMED.value)
    return tuple(stored.record for stored in found if stored.record.id in ncr.findings)


def _files(view: View, ncr: NonConformance) -> tuple[ModelFile, ...]:
    """Return the model that a record was found with."""
    if ncr.origin is None:
        return ()
    stored = view.find(records.MODEL_REVISION, id=ncr.origin.model_revision)
    if stored is None:
        return ()
    revision = stored.record
    return (ModelFile(revision.file_name, f"urn:sha256:{revision.sha256}", revision.imported_at),)


def _is_deleted(ncr: NonConformance) -> bool:
    """Say whether a draft was taken back before it ever had a number."""
    return ncr.state is State.VOID and not ncr.number


def _find(view: View, kind: Kind[T], record: Id, caller: Caller) -> Stored[T] | None:
    return view.find(kind, caller.rows, id=record, project=caller.project)
