"""Which topics of a project answer a query, and in which order: asked in SQL, so that a page costs what a page holds.

A nonconformance record and an observation have the fields of a topic in different places; each has a table of
expressions for them here (:data:`FIELDS`), and a query is put together from either. What a filter means is written in
:func:`twin.bcf.query.holds`; texts are compared by code point and times to the microsecond, as there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from twin.bcf.kept import Standing
from twin.bcf.query import AllOf, Among, AnyOf, Comparison, Expression, Not, Search
from twin.bcf.status import NONCONFORMITY, WORDS
from twin.record import Id
from twin.store.bcf_rows import live_records
from twin.store.schema import BCF_TOPIC, MEMBER, NCR, USER
from twin.store.view import Scope, View, scoped, scoped_by

Clause: TypeAlias = ColumnElement[Any]
Holds: TypeAlias = Callable[[Clause], Clause]
_COMPARED: Mapping[str, Callable[[Clause, Any], Clause]] = {
    "gt": lambda field, value: field > value,
    "ge": lambda field, value: field >= value,
    "lt": lambda field, value: field < value,
    "le": lambda field, value: field <= value,
}


@dataclass(frozen=True, slots=True)
class TopicPlace:
    """One topic of an answer."""

    id: Id
    is_record: bool
    """A nonconformance record; else an observation."""


def topics_in_order(
    view: View,
    project: Id,
    rows: Scope,
    wanted: Expression | None,
    orders: Sequence[tuple[str, bool]],
    *,
    now: datetime,
    top: int | None = None,
    skip: int = 0,
) -> list[TopicPlace]:
    """Return where the topics are that answer a query.

    Parameters
    ----------
    wanted
        None for all.
    orders
        Fields and whether each descends; what has no value comes last, and equal ones the oldest first.
    now
        What stands for the creation of an observation that does not tell its own.
    """
    branches: list[Select[Any]] = []
    for fields in (_record_fields(view, project, rows), _observation_fields(view, project, rows)):
        shown: list[Clause] = [fields.id.label("id"), literal(fields.is_record).label("is_record")]
        shown += [fields.ordered(name).label(f"o{place}") for place, (name, _) in enumerate(orders)]
        shown.append(func.coalesce(fields.moments["creation_date"], _text_of(now)).label("created"))
        query = fields.begin(select(*shown))
        branches.append(query if wanted is None else query.where(fields.clause(wanted)))
    both = union_all(*branches).subquery()
    sequence: list[Clause] = []
    for place, (_, descending) in enumerate(orders):
        key = both.c[f"o{place}"]
        sequence += [key.is_(None), key.desc() if descending else key.asc()]
    query = select(both.c.id, both.c.is_record).order_by(*sequence, both.c.created, both.c.id)
    query = (
        query.limit(top) if top is not None else query.limit(-1) if view.connection.dialect.name == "sqlite" else query
    )
    return [TopicPlace(row.id, bool(row.is_record)) for row in view.connection.execute(query.offset(skip))]


def topic_labels(view: View, project: Id, rows: Scope) -> set[str]:
    """Return every label of the topics that are seen."""
    found: set[str] = set()
    for fields in (_record_fields(view, project, rows), _observation_fields(view, project, rows)):
        for query in fields.all_labels():
            found.update(str(label) for label in view.connection.execute(query).scalars() if label is not None)
    return found


@dataclass(frozen=True, slots=True)
class _Fields:
    """Where the fields of one kind of topic stand."""

    sqlite: bool
    id: Clause
    is_record: bool
    begin: Callable[[Select[Any]], Select[Any]]
    """Narrows a query to the topics of this kind that are seen."""
    texts: Mapping[str, Clause]
    """None where a topic has none."""
    moments: Mapping[str, Clause]
    """As :func:`twin.record.timestamp` writes them: their order is that of the times."""
    index: Clause
    labelled: Callable[[Holds], Clause]
    """Says whether some label is so."""
    all_labels: Callable[[], Sequence[Select[Any]]]

    def ordered(self, name: str) -> Clause:
        """Return what a field is sorted by."""
        if name == "index":
            return self.index
        return self.binary(self.texts[name] if name in self.texts else self.moments[name])

    def binary(self, text: Clause) -> Clause:
        """Return a text that is compared by code point, whatever the language of the database."""
        return text if self.sqlite else text.collate("C")

    def clause(self, wanted: Expression) -> Clause:
        """Return a filter in SQL; it is true or false, never unknown."""
        if isinstance(wanted, AllOf):
            return and_(true(), *(self.clause(part) for part in wanted.parts))
        if isinstance(wanted, AnyOf):
            return or_(false(), *(self.clause(part) for part in wanted.parts))
        if isinstance(wanted, Not):
            return ~self.clause(wanted.inner)
        if isinstance(wanted, Search):
            return self.search(wanted)
        return self.among(wanted) if isinstance(wanted, Among) else self.compared(wanted)

    def among(self, wanted: Among) -> Clause:
        """Return whether a field is one of some values; of labels, whether one of them is."""
        texts = [self.sendable(value) for value in wanted.values if isinstance(value, str)]
        texts = [text for text in texts if text is not None]
        if wanted.field == "labels":
            return self.labelled(lambda label: label.in_(texts)) if texts else false()
        field, of_kind = self.texts.get(wanted.field), texts
        if field is None:
            field = self.moments[wanted.field]
            of_kind = [_text_of(value) for value in wanted.values if isinstance(value, datetime)]
        parts: list[Clause] = [field.is_(None)] if None in wanted.values else []
        if of_kind:
            parts.append(_sure(field.in_(of_kind)))
        return or_(false(), *parts)

    def compared(self, wanted: Comparison) -> Clause:
        """Return whether a field is greater or less; only what is of one kind can be."""
        compare, value = _COMPARED[wanted.operator], wanted.value
        if wanted.field in self.texts and isinstance(value, str):
            text = self.sendable(value)
            if text is None:
                return false()
            return _sure(compare(self.binary(self.texts[wanted.field]), text))
        if wanted.field in self.moments and isinstance(value, datetime):
            return _sure(compare(self.binary(self.moments[wanted.field]), _text_of(value)))
        return false()

    def search(self, wanted: Search) -> Clause:
        """Return whether a text is in a field; a list contains its members, and begins or ends as one of them does."""
        text = self.sendable(wanted.text)
        if text is None or wanted.field in self.moments:
            return false()
        if wanted.field == "labels":
            if wanted.function == "contains":
                return self.labelled(lambda label: label == text)
            return self.labelled(lambda label: self.matches(label, wanted.function, text))
        return _sure(self.matches(self.texts[wanted.field], wanted.function, text))

    def matches(self, field: Clause, function: str, text: str) -> Clause:
        """Return whether a text contains another one, or begins or ends with it; capitals count."""
        if not text:
            return field.is_not(None)
        if function == "contains":
            return (func.instr if self.sqlite else func.strpos)(field, text) > 0
        if function == "startswith":
            return func.substr(field, 1, len(text)) == text
        return (func.substr(field, -len(text)) if self.sqlite else func.right(field, len(text))) == text

    def sendable(self, text: str) -> str | None:
        """Return a text that can be asked for; None for one that PostgreSQL has nowhere."""
        return None if not self.sqlite and "\x00" in text else text


def _record_fields(view: View, project: Id, rows: Scope) -> _Fields:
    sqlite, body = view.connection.dialect.name == "sqlite", NCR.c.body
    beside = BCF_TOPIC.alias("beside")
    mine = select(beside.c.id, beside.c.changed_at).where(beside.c.project == project)
    kept = scoped_by(mine, beside.c.project, beside.c.id, rows).subquery()

    def begin(query: Select[Any]) -> Select[Any]:
        found = query.select_from(NCR.outerjoin(kept, kept.c.id == NCR.c.id)).where(*live_records(project))
        return scoped(found, NCR, rows)

    raised = body["raised_at"].as_string()
    own, other = _written(NCR.c.changed_at, sqlite), _written(kept.c.changed_at, sqlite)
    changed = case((other > own, other), else_=own) if sqlite else case(
        (other.collate("C") > own.collate("C"), other), else_=own
    )  # fmt: skip
    is_modified = changed > raised if sqlite else changed.collate("C") > raised.collate("C")
    last = {name: _of_last_step(body, name, sqlite) for name in ("id", "name")}
    first = {name: body["originator", name].as_string() for name in ("id", "name")}
    author, called = _called(project, first), case(
        (last["id"].is_not(None), _called(project, last)), else_=_called(project, first)
    )  # fmt: skip
    guid = _guid(NCR.c.id)
    lists = {"violations": ("requirement", "characteristic"), "lines": ("decision",)}

    def labelled(holds: Holds) -> Clause:
        parts = [holds(NCR.c.severity)]
        for name, path in lists.items():
            member, value = _members(body, (name,), path, sqlite)
            parts.append(exists(select(literal(1)).select_from(member).where(value != "", holds(value))))
        contract = and_(body["contract_affected"].as_boolean(), holds(literal("contract affected", Text)))
        return or_(*(_sure(part) for part in (*parts, contract)))

    def all_labels() -> Sequence[Select[Any]]:
        queries = [begin(select(NCR.c.severity).distinct())]
        for name, path in lists.items():
            member, value = _members(body, (name,), path, sqlite)
            query = select(value).distinct().select_from(NCR).join(member, true())
            queries.append(scoped(query.where(value != "", *live_records(project)), NCR, rows))
        contract = select(literal("contract affected", Text)).where(body["contract_affected"].as_boolean()).distinct()
        return (*queries, begin(contract))

    texts: Mapping[str, Clause] = {
        "creation_author": author,
        "modified_author": case((is_modified, func.nullif(called, ""))),
        "assigned_to": func.nullif(_account(project, NCR.c.assignee), ""),
        "stage": cast(null(), Text),
        "topic_status": case({state.value: word for state, word in WORDS.items()}, value=NCR.c.state),
        "topic_type": literal(NONCONFORMITY, Text),
        "title": body["title"].as_string(),
        "priority": func.nullif(NCR.c.severity, ""),
        "guid": guid,
        "server_assigned_id": func.coalesce(func.nullif(NCR.c.number, ""), guid),
    }
    moments = {"creation_date": raised, "modified_date": case((is_modified, changed))}
    return _Fields(sqlite, NCR.c.id, True, begin, texts, moments, cast(null(), Integer), labelled, all_labels)


def _observation_fields(view: View, project: Id, rows: Scope) -> _Fields:
    sqlite, body = view.connection.dialect.name == "sqlite", BCF_TOPIC.c.body

    def begin(query: Select[Any]) -> Select[Any]:
        waiting = (BCF_TOPIC.c.project == project) & (BCF_TOPIC.c.standing == Standing.WAITING.value)
        return scoped(query.select_from(BCF_TOPIC).where(waiting), BCF_TOPIC, rows)

    def said(name: str) -> Clause:
        return body["said", name].as_string()

    def labelled(holds: Holds) -> Clause:
        member, value = _members(body, ("said", "labels"), (), sqlite)
        return exists(select(literal(1)).select_from(member).where(holds(value)))

    def all_labels() -> Sequence[Select[Any]]:
        member, value = _members(body, ("said", "labels"), (), sqlite)
        query = select(value).distinct().select_from(BCF_TOPIC).join(member, true())
        waiting = (BCF_TOPIC.c.project == project) & (BCF_TOPIC.c.standing == Standing.WAITING.value)
        return (scoped(query.where(waiting), BCF_TOPIC, rows),)

    always = {"creation_author": "creation_author", "topic_status": "status", "topic_type": "type", "title": "title"}
    texts = {name: said(where) for name, where in always.items()}
    texts |= {"guid": said("guid"), "server_assigned_id": said("server_assigned_id")}
    texts |= {name: func.nullif(said(name), "") for name in ("modified_author", "assigned_to", "stage", "priority")}
    moments = {name: said(name) for name in ("creation_date", "modified_date")}
    index = body["said", "index"].as_integer()
    return _Fields(sqlite, BCF_TOPIC.c.id, False, begin, texts, moments, index, labelled, all_labels)


def _members(body: Any, where: tuple[str, ...], path: tuple[str, ...], sqlite: bool) -> tuple[Any, Clause]:
    """Return the members of a list in a body as rows, and of each the text at a path."""
    if sqlite:
        rows: Any = func.json_each(body, "$." + ".".join(where)).table_valued("value", name="member")
        return rows, func.json_extract(rows.c.value, "$." + ".".join(path)) if path else rows.c.value
    listing = func.jsonb_array_elements(body[where])
    rows = listing.table_valued(column("value", JSONB), name="member").render_derived()
    return rows, rows.c.value[path].as_string()


def _of_last_step(body: Any, name: str, sqlite: bool) -> Clause:
    """Return who made a record's last step, by one of their fields."""
    if sqlite:  # its paths count from the end in a way of their own
        return func.json_extract(body, f"$.steps[#-1].by.{name}")
    return body["steps", -1, "by", name].as_string()


def _called(project: Id, actor: Mapping[str, Clause]) -> Clause:
    """Return how BCF calls an actor: by the account's address or login where they take, or took, part; else by name."""
    return func.coalesce(func.nullif(_account(project, actor["id"]), ""), actor["name"])


def _account(project: Id, user: Clause) -> Clause:
    takes_part = exists(select(literal(1)).where(MEMBER.c.project == project, MEMBER.c.user == USER.c.id))
    called = func.coalesce(func.nullif(USER.c.email, ""), USER.c.login)
    return select(called).where(USER.c.id == user, takes_part).scalar_subquery()


def _guid(record: Clause) -> Clause:
    """Return an identifier with the dashes of a guid."""
    parts = [func.substr(record, start, size) for start, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))]
    found = parts[0]
    for part in parts[1:]:
        found = found.concat("-").concat(part)
    return found


def _written(column: Clause, sqlite: bool) -> Clause:
    """Return a column of times as :func:`twin.record.timestamp` writes them."""
    if sqlite:  # kept as 2026-11-22 08:00:00.000000
        return func.replace(type_coerce(column, Text), " ", "T").concat("Z")
    return func.to_char(func.timezone("UTC", column), literal_column('\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\''))


def _text_of(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _sure(clause: Clause) -> Clause:
    """Return a clause that is false where it would be unknown."""
    return func.coalesce(clause, false())
