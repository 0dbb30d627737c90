"""Projects, who takes part, and what they reach: on SQLite."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers import opened_sqlite
from twin.access import Action, Capacity, Role
from twin.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from twin.operations.projects import (
    add_member,
    change_member,
    found_organisation,
    found_project,
    membership,
    permit,
)
from twin.project import Member
from twin.record import Actor
from twin.store.records import MEMBER
from twin.store.repository import Context, Store
from twin.store.trail import events
from twin.store.view import Scope

ANN, BOB = "a" * 32, "b" * 32
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    database = opened_sqlite(tmp_path / "qtems.db")
    return Store(database)


CONTEXT = Context(Actor(ANN, "Ann"), NOW)


def test_the_founder_owns_the_project_and_the_key_is_taken(store: Store) -> None:
    builder = found_organisation(store, CONTEXT, "Builder")
    project = found_project(store, CONTEXT, organisation=builder.record.id, key="TOWER", name="The tower")
    with pytest.raises(Conflict, match="another key"):
        found_project(store, CONTEXT, organisation=builder.record.id, key="TOWER", name="Other")
    with pytest.raises(NotFound):
        found_project(store, CONTEXT, organisation="9" * 32, key="T2", name="Other")
    with store.read() as view:
        assert membership(view, project.record.id, ANN).role is Role.OWNER
        assert [e.event.action for e in events(view.connection, project.record.id)] == ["create", "create"]
        with pytest.raises(NotFound, match="no project"):
            membership(view, project.record.id, BOB)


def test_members_change_and_an_owner_remains(store: Store) -> None:
    builder = found_organisation(store, CONTEXT, "Builder").record.id
    project = found_project(store, CONTEXT, organisation=builder, key="TOWER", name="The tower").record.id
    bob = add_member(store, CONTEXT, project, user=BOB, organisation=builder, role=Role.DESIGNER)
    with pytest.raises(Conflict, match="already"):
        add_member(store, CONTEXT, project, user=BOB, organisation=builder, role=Role.VIEWER)
    with pytest.raises(Invalid, match="cannot sign"):
        add_member(
            store, CONTEXT, project, user="c" * 32, organisation=builder, role=Role.VIEWER,
            capacities=[Capacity.DESIGN_AUTHORITY],
        )  # fmt: skip
    with store.read() as view:
        ann = view.find(MEMBER, user=ANN)
    assert ann
    with pytest.raises(Refused, match="needs an owner"):
        change_member(store, CONTEXT, ann.record.id, expected=1, role=Role.VIEWER)
    change_member(store, CONTEXT, bob.record.id, expected=1, role=Role.OWNER)
    assert change_member(store, CONTEXT, ann.record.id, expected=1, role=Role.VIEWER).record.role is Role.VIEWER


def test_what_an_action_reaches_follows_the_table() -> None:
    def member(role: Role) -> Member:
        return Member("1" * 32, "2" * 32, ANN, "3" * 32, role)

    assert permit(member(Role.INSPECTOR), Action.NCR_RAISE) == Scope(frozenset({"2" * 32}))
    assert permit(member(Role.SUPPLIER), Action.NCR_READ) == Scope(frozenset({"2" * 32}), {"2" * 32: "3" * 32})
    with pytest.raises(NotAllowed, match=r"the role viewer does not have ncr\.raise: ask owner"):
        permit(member(Role.VIEWER), Action.NCR_RAISE)
