"""Organisations, projects and members over the wire."""

from typing import Annotated, Literal

from pydantic import Field

from api.paging import PageQuery
from api.schemas.base import RECORD_EXAMPLE, Line, OptionalLine, RecordOut, RecordRef, Schema, example, stamp
from twin.access import Capacity, Role
from twin.account import User
from twin.project import Member, Organisation, Project
from twin.record import Id
from twin.store.view import Stored

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
Language = Literal["en", "zh"]


class OrganisationOut(RecordOut):
    """A company or authority."""

    model_config = example(**RECORD_EXAMPLE, name="Steel & Sons")

    name: str


def organisation_out(stored: Stored[Organisation]) -> OrganisationOut:
    """Return an organisation as it is sent."""
    return OrganisationOut(**stamp(stored), name=stored.record.name)


class OrganisationQuery(PageQuery):
    """Filters of organisations."""

    name: OptionalLine | None = Field(default=None, examples=["Steel & Sons"])


class NewOrganisation(Schema):
    """A company or authority."""

    model_config = example(name="Steel & Sons")

    name: Line


class ProjectOut(RecordOut):
    """A building or plant that is checked."""

    model_config = example(**RECORD_EXAMPLE, organisation=_ID, key="TOWER", name="Harbour Tower", language="en")

    organisation: Id
    key: str
    name: str
    language: Language


def project_out(stored: Stored[Project]) -> ProjectOut:
    """Return a project as it is sent."""
    project = stored.record
    return ProjectOut.model_validate(
        {
            **stamp(stored), "organisation": project.organisation, "key": project.key, "name": project.name,
            "language": project.language,
        }
    )  # fmt: skip


class ProjectQuery(PageQuery):
    """Filters of projects."""

    key: OptionalLine | None = Field(default=None, examples=["TOWER"])
    organisation: RecordRef | None = None


class NewProject(Schema):
    """A project; who makes it owns it."""

    model_config = example(organisation=_ID, key="TOWER", name="Harbour Tower", language="en")

    organisation: RecordRef
    key: Annotated[str, Field(pattern="^[A-Z][A-Z0-9]{1,11}$", description="Part of every number: `TOWER-NCR-0001`")]
    name: Line
    language: Language = "en"


class ProjectPatch(Schema):
    """What changes of a project; its key never does."""

    model_config = example(name="Harbour Tower West")

    name: Line | None = None
    language: Language | None = None


class MemberOut(RecordOut):
    """Somebody in a project."""

    model_config = example(
        **RECORD_EXAMPLE, project=_ID, user=_ID, name="Ann Wu", organisation=_ID, role="inspector",
        capacities=["inspector"], active=True,
    )  # fmt: skip

    project: Id
    user: Id
    name: str
    organisation: Id
    role: Role
    capacities: list[Capacity]
    active: bool


def member_out(stored: Stored[Member], user: User | None) -> MemberOut:
    """Return a member as it is sent, with the person's name."""
    member = stored.record
    return MemberOut(
        **stamp(stored), project=member.project, user=member.user, name=user.name if user else "",
        organisation=member.organisation, role=member.role, capacities=list(member.capacities), active=member.active,
    )  # fmt: skip


class MemberQuery(PageQuery):
    """Filters of members."""

    role: Role | None = None
    user: RecordRef | None = None
    organisation: RecordRef | None = None


class NewMember(Schema):
    """Somebody who is taken into a project."""

    model_config = example(login="ann", organisation=_ID, role="inspector", capacities=["inspector"])

    login: Annotated[Line, Field(max_length=64)]
    organisation: RecordRef
    role: Role
    capacities: Annotated[tuple[Capacity, ...], Field(max_length=10)] = ()


class MemberPut(Schema):
    """What a member is from now on."""

    model_config = example(role="quality_manager", capacities=["quality_manager"])

    role: Role
    capacities: Annotated[tuple[Capacity, ...], Field(max_length=10)] = ()
