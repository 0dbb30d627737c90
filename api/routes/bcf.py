"""buildingSMART's BCF-API 3.0; 2.1 for reading. How programs sign in is in the Foundation API: `foundation.py`.

Topics are nonconformance records and observations. What may be done, and in which order, is theirs: a status is only
reached through the record's own guards, and ``authorization.topic_status`` names those that are open now. Comments stay
as they were written, viewpoints never change. The server's address for clients ends in ``/api/v1``.
"""

from fastapi import Response

from api.bcf import (
    V3,
    CallerIn,
    CommentGuid,
    HeldTopic,
    IfKnown,
    P,
    QueryDep,
    T,
    TopicGuid,
    add_older,
    authorization,
    known_guid,
    new_guid,
    project_actions,
    seen_topic,
    topic_actions,
)
from api.deps import CallerDep, ContextDep, NewIdDep, RowsDep, StoreDep
from api.etag import tag
from api.routing import Routes
from api.schemas.bcf import (
    BcfCommentOut,
    BcfProjectOut,
    BcfProjectPut,
    BcfTopicOut,
    CommentPost,
    DeletedOut,
    ExtensionsOut,
    ProjectAuthorization,
    TopicPost,
    TopicPut,
    comment_out,
    topic_out,
)
from api.schemas.bcf_event import CommentEventOut, TopicEventOut, comment_event_out, topic_event_out
from twin.access import Action, scope_of
from twin.bcf.query import select
from twin.bcf.status import STATUSES as TOPIC_STATUSES
from twin.bcf.status import TYPES
from twin.bcf.structured import KIND
from twin.bcf.values import Comment
from twin.errors import NotFound
from twin.finding import Severity
from twin.operations import bcf_beside, bcf_topics
from twin.operations.bcf import Caller, SeenTopic, find_topics, people_of
from twin.operations.bcf_events import (
    EVENT_FILTERS,
    EVENT_ORDERS,
    comment_events,
    event_row,
    events_of_comments,
    events_of_topics,
    topic_events,
)
from twin.operations.projects import change_project, membership
from twin.project import Project
from twin.store.bcf_topics import topic_labels
from twin.store.records import MEMBER, PROJECT

routes = Routes("bcf")


@routes.get(V3 + "/projects", Action.PROJECT_READ, "List BCF projects")
def list_bcf_projects(store: StoreDep, rows: RowsDep, caller: CallerDep) -> list[BcfProjectOut]:
    """Return the projects that I am a member of."""
    with store.read() as view:
        found: list[BcfProjectOut] = []
        for stored in view.all(PROJECT, rows):
            try:
                role = membership(view, stored.record.id, caller.user.id).role
            except NotFound:
                continue  # an administrator sees projects from outside, and no topics in them
            named = (("update", Action.PROJECT_EDIT), ("createTopic", Action.NCR_RAISE))
            actions = [name for name, action in named if scope_of(role, action) is not None]
            found.append(_project_out(stored.record, actions))
    return found


@routes.get(P, Action.PROJECT_READ, "Read a BCF project")
def read_bcf_project(caller: CallerIn, store: StoreDep) -> BcfProjectOut:
    """Return a project."""
    with store.read() as view:
        return _project_out(view.get(PROJECT, caller.project, caller.rows).record, project_actions(caller))


@routes.put(P, Action.PROJECT_EDIT, "Rename a BCF project")
def put_bcf_project(
    given: BcfProjectPut, expected: IfKnown, caller: CallerIn, context: ContextDep, store: StoreDep
) -> BcfProjectOut:
    """Give a project another name."""
    with store.read() as view:
        version = view.get(PROJECT, caller.project, caller.rows).version
    changed = change_project(store, context, caller.project, expected=expected or version, name=given.name)
    return _project_out(changed.record, project_actions(caller))


@routes.get(P + "/extensions", Action.NCR_READ, "Read a project's words")
def read_bcf_extensions(caller: CallerIn, store: StoreDep) -> ExtensionsOut:
    """Return the types, statuses, priorities and people of a project, and what I may do by default."""
    with store.read() as view:
        people = people_of(view, caller.project)
        active = {m.record.user for m in view.all(MEMBER, project=caller.project) if m.record.active}
        labels = topic_labels(view, caller.project, caller.rows)
    users = [] if caller.from_outside else sorted(name for user, name in people.items() if user in active)
    return ExtensionsOut(
        topic_type=list(TYPES), topic_status=list(TOPIC_STATUSES), topic_label=sorted(labels), snippet_type=[KIND],
        priority=[severity.value for severity in Severity], users=users, user_id_type=users, stage=[],
        project_actions=project_actions(caller), topic_actions=topic_actions(caller), comment_actions=[],
    )  # fmt: skip


@routes.get(P + "/topics", Action.NCR_READ, "List topics")
def list_bcf_topics(query: QueryDep, caller: CallerIn, store: StoreDep) -> list[BcfTopicOut]:
    """Return nonconformance records and observations, the oldest first unless `$orderby` says otherwise."""
    with store.read() as view:
        found = find_topics(view, caller, query)
    return [topic_out(seen.topic, authorization(seen, caller)) for seen in found]


@routes.post(P + "/topics", Action.NCR_RAISE, "Add a topic", status=201)
def create_bcf_topic(
    given: TopicPost, caller: CallerIn, context: ContextDep, store: StoreDep, new_id: NewIdDep, response: Response
) -> BcfTopicOut:
    """Keep the draft of a nonconformance record, or an observation for somebody to decide about."""
    topic = given.topic(new_guid(given.guid, new_id()))
    return _topic(bcf_topics.create_topic(store, context, caller, topic), caller, response)


@routes.get(P + "/topics/events", Action.NCR_READ, "Read the history of topics")
def list_bcf_topic_events(query: QueryDep, caller: CallerIn, store: StoreDep) -> list[TopicEventOut]:
    """Return what was done to the topics that I see, the oldest first."""
    with store.read() as view:
        return [topic_event_out(event) for event in events_of_topics(view, caller, query)]


@routes.get(P + "/topics/comments/events", Action.NCR_READ, "Read the history of comments")
def list_bcf_comment_events(query: QueryDep, caller: CallerIn, store: StoreDep) -> list[CommentEventOut]:
    """Return how the comments that I see came about, the oldest first."""
    with store.read() as view:
        return [comment_event_out(event) for event in events_of_comments(view, caller, query)]


@routes.get(T, Action.NCR_READ, "Read a topic")
def read_bcf_topic(topic: TopicGuid, caller: CallerIn, store: StoreDep, response: Response) -> BcfTopicOut:
    """Return a topic; `authorization.topic_status` names the statuses that may be written now."""
    return _topic(seen_topic(store, caller, topic), caller, response)


@routes.put(T, Action.COMMENT_WRITE, "Change a topic")
def put_bcf_topic(
    topic: HeldTopic, given: TopicPut, expected: IfKnown, caller: CallerIn, context: ContextDep, store: StoreDep,
    response: Response,
) -> BcfTopicOut:  # fmt: skip
    """Change what the record's state leaves open, or move it to a status that is open now; else 409 says why not."""
    wanted = given.topic(topic)
    return _topic(bcf_topics.change_topic(store, context, caller, topic, wanted, expected=expected), caller, response)


@routes.delete(T, Action.NCR_VOID, "Delete a topic")
def delete_bcf_topic(topic: TopicGuid, caller: CallerIn, context: ContextDep, store: StoreDep) -> DeletedOut:
    """Void a draft, or dismiss an observation; 409 for a record that has its number."""
    bcf_topics.delete_topic(store, context, caller, topic)
    return DeletedOut(guid=known_guid(topic))


@routes.get(T + "/comments", Action.NCR_READ, "List a topic's comments")
def list_bcf_comments(topic: TopicGuid, query: QueryDep, caller: CallerIn, store: StoreDep) -> list[BcfCommentOut]:
    """Return what was said, the oldest first."""
    seen = seen_topic(store, caller, topic)
    found = select(
        seen.topic.comments, query, lambda c: {"author": c.author, "date": c.date}, filters=("author", "date"),
        orders=("date",),
    )  # fmt: skip
    return [comment_out(seen.topic.guid, one) for one in found]


@routes.post(T + "/comments", Action.COMMENT_WRITE, "Add a comment", status=201)
def create_bcf_comment(
    topic: HeldTopic, given: CommentPost, caller: CallerIn, context: ContextDep, store: StoreDep, new_id: NewIdDep
) -> BcfCommentOut:
    """Say something about a topic; it stays as it was written."""
    comment = Comment(new_guid(given.guid, new_id()), context.now, "", given.comment, given.viewpoint_guid or "")
    answers = given.reply_to_comment_guid or ""
    said = bcf_beside.add_comment(store, context, caller, topic, comment, answers=answers)
    return comment_out(topic, said)


@routes.get(T + "/comments/{comment}", Action.NCR_READ, "Read a comment")
def read_bcf_comment(topic: TopicGuid, comment: CommentGuid, caller: CallerIn, store: StoreDep) -> BcfCommentOut:
    """Return a comment."""
    seen, guid = seen_topic(store, caller, topic), known_guid(comment)
    for one in seen.topic.comments:
        if one.guid == guid:
            return comment_out(seen.topic.guid, one)
    raise NotFound(f"there is no comment {guid}")


@routes.get(T + "/comments/{comment}/events", Action.NCR_READ, "Read a comment's history")
def list_bcf_events_of_comment(
    topic: TopicGuid, comment: CommentGuid, query: QueryDep, caller: CallerIn, store: StoreDep
) -> list[CommentEventOut]:
    """Return how a comment came about."""
    with store.read() as view:
        found = comment_events(view, caller, topic, known_guid(comment))
    if not found:
        raise NotFound(f"there is no comment {comment}")
    return [comment_event_out(e) for e in select(found, query, event_row, filters=EVENT_FILTERS, orders=EVENT_ORDERS)]


@routes.get(T + "/events", Action.NCR_READ, "Read a topic's history")
def list_bcf_events_of_topic(
    topic: TopicGuid, query: QueryDep, caller: CallerIn, store: StoreDep
) -> list[TopicEventOut]:
    """Return what was done to a topic, the oldest first."""
    with store.read() as view:
        found = topic_events(view, caller, topic)
    return [topic_event_out(e) for e in select(found, query, event_row, filters=EVENT_FILTERS, orders=EVENT_ORDERS)]


def _topic(seen: SeenTopic, caller: Caller, response: Response) -> BcfTopicOut:
    tag(response, seen.version)
    return topic_out(seen.topic, authorization(seen, caller))


def _project_out(project: Project, actions: list[str]) -> BcfProjectOut:
    return BcfProjectOut(
        project_id=project.id, name=project.name, authorization=ProjectAuthorization(project_actions=actions)
    )


add_older(routes, [one.path for one in routes.declared if one.path.startswith(V3)])
