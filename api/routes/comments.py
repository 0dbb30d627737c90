"""Comments about records."""

from fastapi import Response

from api.deps import ContextDep, MemberDep, PagerDep, RowsDep, StoreDep
from api.etag import tag
from api.paging import Filtered, Listed
from api.routing import Routes
from api.schemas.comment import BesideQuery, CommentOut, NewComment, comment_out
from twin.access import Action
from twin.operations.comments import subject_of, write_comment
from twin.store.records import COMMENT

routes = Routes("comments")


@routes.get("/projects/{project}/comments", Action.COMMENT_READ, "List comments")
def list_comments(
    query: Filtered[BesideQuery], member: MemberDep, store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[CommentOut]:
    """Return the comments about a record, oldest first; to outside organisations those that are meant for them."""
    with store.read() as view:
        subject_of(view, member, query.subject)
        return pager.records(view, COMMENT, query, rows, comment_out)


@routes.post("/projects/{project}/comments", Action.COMMENT_WRITE, "Comment on a record", status=201)
def create_comment(
    given: NewComment, member: MemberDep, context: ContextDep, store: StoreDep, response: Response
) -> CommentOut:
    """Say something about a record; whom it concerns is told."""
    stored = write_comment(
        store, context, member, given.subject, given.text, for_outside=given.for_outside, answers=given.answers
    )
    tag(response, stored.version)
    return comment_out(stored)
