"""Who may do what, said in words: for refusals, the description of the interface and the documentation."""

from collections.abc import Iterable

from twin.access import CAPACITIES, Action, Capacity, Role, Scope, scope_of


def said(word: Role | Capacity) -> str:
    """Return a role or capacity as it is read: ``quality manager``."""
    return word.value.replace("_", " ")


def joined(words: Iterable[Role | Capacity]) -> str:
    """Return several with "or" between.

    Examples
    --------
    >>> joined([Role.OWNER, Role.QUALITY_MANAGER])
    'owner or quality manager'
    """
    return " or ".join(said(word) for word in words)


def who_may(action: Action) -> str:
    """Return the roles that have an action, and which records it reaches where that is not all of them.

    Examples
    --------
    >>> who_may(Action.NCR_CONTAIN)
    'owner, quality manager, inspector, site manager; a supplier for what is shared with it'
    >>> who_may(Action.JOB_CANCEL)
    'owner, quality manager, inspector; designer, site manager for what they asked for themselves'
    """
    parts = [", ".join(said(role) for role in roles_with(action, Scope.ALL))]
    own = roles_with(action, Scope.OWN)
    if own:
        parts.append(f"{', '.join(said(role) for role in own)} for what they asked for themselves")
    parts += [f"a {said(role)} for what is shared with it" for role in roles_with(action, Scope.SHARED)]
    return "; ".join(parts)


def roles_with(action: Action, scope: Scope) -> tuple[Role, ...]:
    """Return the roles for which an action reaches these records."""
    return tuple(role for role in Role if scope_of(role, action) is scope)


def roles_signing_as(capacities: Iterable[Capacity]) -> tuple[Role, ...]:
    """Return the roles that can have one of these capacities.

    Examples
    --------
    >>> roles_signing_as([Capacity.QUALITY_MANAGER, Capacity.CUSTOMER])
    (<Role.OWNER: 'owner'>, <Role.QUALITY_MANAGER: 'quality_manager'>)
    """
    wanted = set(capacities)
    return tuple(role for role in Role if CAPACITIES[role] & wanted)


def never_signs(role: Role, capacities: Iterable[Capacity]) -> str:
    """Return why a role cannot sign in these capacities, whatever its membership grants, and who can.

    Examples
    --------
    >>> never_signs(Role.OWNER, [Capacity.QUALITY_MANAGER])
    'the role owner cannot sign as quality manager: that needs a member whose role is quality manager'
    """
    wanted = tuple(capacities)
    able = joined(roles_signing_as(wanted))
    return f"the role {said(role)} cannot sign as {joined(wanted)}: that needs a member whose role is {able}"
