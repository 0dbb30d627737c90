"""BCF-API 3.0 over the wire, of which 2.1 is served for reading: names and shapes are buildingSMART's."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from api.schemas.bcf_base import GUID, WHEN, BcfSchema, Guid, Line, Moment, Said, Text, Word, example
from twin.bcf.values import Comment, Topic
from twin.record import Id


class ApiVersion(BcfSchema):
    """An API that is served."""

    api_id: str
    version_id: str
    detailed_version: str
    api_base_url: str


class VersionsOut(BcfSchema):
    """The OpenCDE APIs that are served."""

    model_config = example(
        versions=[
            {
                "api_id": "bcf", "version_id": "3.0",
                "detailed_version": "https://github.com/buildingSMART/BCF-API/tree/release_3_0",
                "api_base_url": "https://quality.example.com/api/v1/bcf/3.0",
            }
        ]
    )  # fmt: skip

    versions: list[ApiVersion]


class BcfVersion(BcfSchema):
    """A version of the BCF-API."""

    version_id: str
    detailed_version: str


class BcfVersionsOut(BcfSchema):
    """The versions of the BCF-API that are served."""

    model_config = example(
        versions=[
            {"version_id": "2.1", "detailed_version": "https://github.com/buildingSMART/BCF-API/tree/release_2_1"}
        ]
    )

    versions: list[BcfVersion]


class AuthOut(BcfSchema):
    """How a program shows who it is: OAuth 2 with a person's consent, or an API token that a person made."""

    model_config = example(
        oauth2_auth_url="https://quality.example.com/api/v1/oauth/authorize",
        oauth2_token_url="https://quality.example.com/api/v1/oauth/token",
        oauth2_dynamic_client_reg_url="https://quality.example.com/api/v1/oauth/register",
        oauth2_required_scopes="write", pkce_required=True, code_challenge_method="S256", http_basic_supported=True,
        supported_oauth2_flows=["authorization_code_grant"], bearer_token_supported=True,
        bearer_token_url="https://quality.example.com/",
    )  # fmt: skip

    oauth2_auth_url: str
    oauth2_token_url: str
    oauth2_dynamic_client_reg_url: str = Field(description="For programs on a person's own computer")
    oauth2_required_scopes: str = Field(default="write", description="`read` for a program that changes nothing")
    pkce_required: bool = Field(default=True, description="Of programs that show no secret")
    code_challenge_method: str = "S256"
    http_basic_supported: bool = Field(default=True, description="Login, and an API token as the password")
    supported_oauth2_flows: tuple[str, ...] = ("authorization_code_grant",)
    bearer_token_supported: bool = True
    bearer_token_url: str = Field(description="Where a person makes a token, to be sent as `Authorization: Bearer`")


class CurrentUserOut(BcfSchema):
    """Who calls."""

    model_config = example(id="ann@example.com", name="Ann Wu")

    id: str
    name: str


class ProjectAuthorization(BcfSchema):
    """What the caller may do in a project."""

    project_actions: list[str]


class BcfProjectOut(BcfSchema):
    """A project."""

    model_config = example(
        project_id="1" * 32, name="Harbour Tower", authorization={"project_actions": ["createTopic"]}
    )

    project_id: Id
    name: str
    authorization: ProjectAuthorization


class BcfProjectPut(BcfSchema):
    """A project's new name."""

    model_config = example(name="Harbour Tower West")

    name: Annotated[Line, Field(max_length=200)]


class ExtensionsOut(BcfSchema):
    """The words that a project uses, and what the caller may do by default."""

    model_config = example(
        topic_type=["Nonconformity", "Observation"], topic_status=["Draft", "Open"], topic_label=["major"],
        snippet_type=["qtems.nonconformance"], priority=["minor", "major", "critical"], users=["ann@example.com"],
        user_id_type=["ann@example.com"], stage=[], project_actions=["createTopic"], topic_actions=["createComment"],
        comment_actions=[],
    )  # fmt: skip

    topic_type: list[str]
    topic_status: list[str]
    topic_label: list[str]
    snippet_type: list[str]
    priority: list[str]
    users: list[str]
    user_id_type: list[str] = Field(description="As `users`; so called in 2.1")
    stage: list[str]
    project_actions: list[str]
    topic_actions: list[str]
    comment_actions: list[str]


class SnippetOut(BcfSchema):
    """Structured data that goes with a topic."""

    snippet_type: str
    is_external: bool
    reference: str
    reference_schema: str


class TopicAuthorization(BcfSchema):
    """What the caller may do with a topic now."""

    topic_actions: list[str]
    topic_status: list[str] = Field(description="The statuses that may be written now: nothing is missing for them")


_TOPIC: dict[str, Any] = {
    "topic_type": "Nonconformity",
    "topic_status": "Draft",
    "title": "Wall leans 12.5 mm",
    "priority": "major",
    "description": "Seen on the second floor",
}


class BcfTopicOut(BcfSchema):
    """A topic: a nonconformance record, or an observation that nobody has decided about."""

    model_config = example(
        **_TOPIC, guid=GUID, server_assigned_id="TOWER-NCR-0001", reference_links=[], labels=["major"], index=None,
        stage=None, due_date=None, assigned_to=None, creation_date=WHEN, creation_author="ann@example.com",
        modified_date=None, modified_author=None, bim_snippet=None,
        authorization={"topic_actions": ["createComment"], "topic_status": ["Draft"]},
    )  # fmt: skip

    guid: str
    server_assigned_id: str
    topic_type: str
    topic_status: str
    reference_links: list[str]
    title: str
    priority: str | None
    index: int | None
    labels: list[str]
    creation_date: datetime | None
    creation_author: str
    modified_date: datetime | None
    modified_author: str | None
    assigned_to: str | None
    stage: str | None
    description: str | None
    due_date: datetime | None
    bim_snippet: SnippetOut | None
    authorization: TopicAuthorization


def topic_out(topic: Topic, authorization: TopicAuthorization) -> BcfTopicOut:
    """Return a topic as it is sent."""
    snippet = topic.snippet
    return BcfTopicOut(
        guid=topic.guid, server_assigned_id=topic.server_assigned_id or topic.guid, topic_type=topic.type,
        topic_status=topic.status, reference_links=list(topic.reference_links), title=topic.title,
        priority=topic.priority or None, index=topic.index, labels=list(topic.labels),
        creation_date=topic.creation_date, creation_author=topic.creation_author, modified_date=topic.modified_date,
        modified_author=topic.modified_author or None, assigned_to=topic.assigned_to or None,
        stage=topic.stage or None, description=topic.description or None, due_date=topic.due_date,
        bim_snippet=SnippetOut(
            snippet_type=snippet.kind, is_external=snippet.is_external, reference=snippet.reference,
            reference_schema=snippet.schema,
        ) if snippet else None,
        authorization=authorization,
    )  # fmt: skip


class TopicPut(BcfSchema):
    """A topic as a client wants it; what is null or left out stays as it is."""

    model_config = example(**_TOPIC, labels=[], assigned_to=None, due_date=None)

    topic_type: Word | None = None
    topic_status: Word | None = None
    title: Line
    reference_links: Annotated[list[Word], Field(max_length=100)] | None = None
    priority: Word | None = None
    index: Annotated[int, Field(ge=-(2**31), lt=2**31)] | None = None
    labels: Annotated[list[Word], Field(max_length=100)] | None = None
    assigned_to: Word | None = None
    stage: Word | None = None
    description: Text | None = None
    due_date: Moment | None = None

    def topic(self, guid: str) -> Topic:
        """Return it as a value."""
        return Topic(
            guid=guid, title=self.title, type=self.topic_type or "", status=self.topic_status or "",
            priority=self.priority or "", index=self.index, labels=tuple(dict.fromkeys(self.labels or ())),
            assigned_to=self.assigned_to or "", stage=self.stage or "", description=self.description or "",
            due_date=self.due_date, reference_links=tuple(self.reference_links or ()),
        )  # fmt: skip


class TopicPost(TopicPut):
    """A new topic. With `topic_type` Nonconformity it is a draft, and `priority` says how severe it is."""

    model_config = example(**_TOPIC, guid=GUID)

    guid: Guid | None = None


class DeletedOut(BcfSchema):
    """What is not there any more."""

    model_config = example(guid=GUID)

    guid: str


class CommentAuthorization(BcfSchema):
    """What the caller may do with a comment: nothing, it stays as it was written."""

    comment_actions: tuple[str, ...] = ()


class BcfCommentOut(BcfSchema):
    """What somebody said."""

    model_config = example(
        guid=GUID, date=WHEN, author="ann@example.com", comment="Measured again: 12.4 mm", topic_guid=GUID,
        viewpoint_guid=None, modified_date=None, modified_author=None, authorization={"comment_actions": []},
    )  # fmt: skip

    guid: str
    date: datetime
    author: str
    comment: str
    topic_guid: str
    viewpoint_guid: str | None
    modified_date: datetime | None
    modified_author: str | None
    authorization: CommentAuthorization


def comment_out(topic: str, comment: Comment) -> BcfCommentOut:
    """Return a comment as it is sent."""
    return BcfCommentOut(
        guid=comment.guid, date=comment.date, author=comment.author, comment=comment.text, topic_guid=topic,
        viewpoint_guid=comment.viewpoint or None, modified_date=comment.modified_date,
        modified_author=comment.modified_author or None, authorization=CommentAuthorization(),
    )  # fmt: skip


class CommentPost(BcfSchema):
    """A new comment; it stays as it is."""

    model_config = example(comment="Measured again: 12.4 mm", viewpoint_guid=None, guid=None)

    comment: Said
    viewpoint_guid: Guid | None = None
    reply_to_comment_guid: Guid | None = None
    guid: Guid | None = None
