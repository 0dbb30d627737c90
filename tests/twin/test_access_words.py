import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from twin.access import CAPACITIES, Action, Capacity, Role, Scope, scope_of
from twin.access_words import never_signs, roles_signing_as, said, who_may
from twin.account import SystemAction
from twin.errors import Invalid, NotAllowed
from twin.granted import require_granted
from twin.project import Member

ROOT = Path(__file__).resolve().parents[2]


def _member(role: Role, *capacities: Capacity) -> Member:
    return Member("1" * 32, "2" * 32, "3" * 32, "4" * 32, role, capacities)


@pytest.fixture(scope="module")
def document() -> ModuleType:
    spec = importlib.util.spec_from_file_location("roles_document", ROOT / "scripts" / "roles.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("action", Action)
def test_every_role_that_has_an_action_is_named_and_no_other(action: Action) -> None:
    told = who_may(action)
    whole, *limited = told.split("; ")
    assert whole.split(", ") == [said(role) for role in Role if scope_of(role, action) is Scope.ALL]
    assert ("shared" in told) == any(scope_of(role, action) is Scope.SHARED for role in Role)
    assert ("themselves" in told) == any(scope_of(role, action) is Scope.OWN for role in Role)
    assert "supplier" not in whole
    assert len(limited) <= 2


def test_the_document_of_roles_is_that_of_the_table(document: ModuleType) -> None:
    assert (ROOT / "docs" / "roles.md").read_text() == document.text(), "run .venv/bin/python scripts/roles.py"


def test_the_document_leaves_no_action_and_no_capacity_out(document: ModuleType) -> None:
    told = [action for rows in document.GROUPS.values() for action in rows]
    assert sorted(told) == sorted(Action)
    assert set(document.SYSTEM) == set(SystemAction)
    assert set(document.CAPACITY_SIGNS) == set(Capacity)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("capacity", Capacity)
def test_who_may_not_sign_reads_what_helps(role: Role, capacity: Capacity) -> None:
    if capacity not in CAPACITIES[role]:
        with pytest.raises(NotAllowed) as refused:
            require_granted(_member(role), capacity)
        assert str(refused.value) == never_signs(role, [capacity])
        assert "grant" not in str(refused.value), "no owner can"
        assert all(said(able) in str(refused.value) for able in roles_signing_as([capacity]))
        with pytest.raises(Invalid, match="cannot sign as"):
            _member(role, capacity)
        return
    with pytest.raises(NotAllowed, match=f"sign as {said(capacity)}; an owner can grant it"):
        require_granted(_member(role), capacity)
    assert require_granted(_member(role, capacity), capacity) is capacity


def test_of_several_capacities_the_first_that_is_granted_counts_and_only_those_of_the_role_can_be() -> None:
    wanted = (Capacity.QUALITY_MANAGER, Capacity.CUSTOMER)
    assert require_granted(_member(Role.OWNER, Capacity.CUSTOMER), *wanted) is Capacity.CUSTOMER
    with pytest.raises(NotAllowed, match="sign as customer; an owner"):
        require_granted(_member(Role.OWNER), *wanted)
    with pytest.raises(
        NotAllowed, match="quality manager or customer: that needs a member whose role is owner or qual"
    ):
        require_granted(_member(Role.DESIGNER, Capacity.CONSULTANT), *wanted)
