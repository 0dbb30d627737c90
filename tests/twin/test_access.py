import pytest

from twin.access import (
    CAPACITIES,
    INSPECTED_AS,
    PERMITTED,
    Action,
    Capacity,
    Role,
    Scope,
    may,
    require,
    scope_of,
)
from twin.errors import NotAllowed


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_require_and_may_agree_for_every_cell(role: Role, action: Action) -> None:
    if may(role, action):
        assert require(role, action) is scope_of(role, action)
    else:
        with pytest.raises(NotAllowed, match=action.value.replace(".", r"\.")):
            require(role, action)


def test_every_action_belongs_to_somebody_who_reaches_all_records() -> None:
    for action in Action:
        assert any(scope_of(role, action) is Scope.ALL for role in Role), action


def test_a_viewer_changes_nothing() -> None:
    changing = {a for a in PERMITTED[Role.VIEWER] if not a.value.endswith(".read")}
    assert changing == {Action.SUBSCRIPTION_MANAGE}


def test_a_supplier_reaches_only_what_is_shared_with_it() -> None:
    assert set(PERMITTED[Role.SUPPLIER].values()) == {Scope.SHARED}
    assert scope_of(Role.SUPPLIER, Action.NCR_READ) is Scope.SHARED
    assert not may(Role.SUPPLIER, Action.AUDIT_READ)
    assert not may(Role.SUPPLIER, Action.MODEL_READ), "a model shows everything at once"


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.SUPPLIER])
def test_nobody_else_depends_on_sharing(role: Role) -> None:
    assert {scope_of(role, action) for action in Action} <= {Scope.ALL, Scope.OWN, None}


def test_who_performs_an_inspection_does_not_decide_on_its_quantity() -> None:
    assert may(Role.INSPECTOR, Action.INSPECTION_PERFORM)
    assert not may(Role.INSPECTOR, Action.INSPECTION_DECIDE)


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        PERMITTED[Role.VIEWER][Action.NCR_VOID] = Scope.ALL  # type: ignore[index]


@pytest.mark.parametrize("party", Capacity)
def test_whoever_holds_work_can_come_release_it_and_sign_that_it_is_held_no_more(party: Capacity) -> None:
    """Else work would wait at a point, or for an issue of the plan, for ever."""
    acting = [role for role in Role if party in CAPACITIES[role]]
    for action in (Action.PLAN_READ, Action.POINT_ATTEND, Action.POINT_RELEASE, Action.PLAN_SIGN):
        assert [role for role in acting if may(role, action)] == acting, action


@pytest.mark.parametrize("capacity", sorted(INSPECTED_AS))
def test_whose_signature_an_inspection_takes_carries_them_out(capacity: Capacity) -> None:
    able = [role for role in Role if may(role, Action.INSPECTION_PERFORM) and capacity in CAPACITIES[role]]
    assert able, capacity


def test_every_capacity_belongs_to_a_role_and_design_authority_to_the_designer_alone() -> None:
    assert set().union(*CAPACITIES.values()) == set(Capacity)
    assert [r for r in Role if Capacity.DESIGN_AUTHORITY in CAPACITIES[r]] == [Role.DESIGNER]
