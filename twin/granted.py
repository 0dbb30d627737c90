"""In which capacity a member signs: one that the membership grants, of those that the role can have."""

from twin.access import CAPACITIES, Capacity
from twin.access_words import joined, never_signs
from twin.errors import NotAllowed
from twin.project import Member


def require_granted(member: Member, *capacities: Capacity) -> Capacity:
    """Return the first of some capacities that a membership grants.

    Raises
    ------
    NotAllowed
        If it grants none of them; the text says whether an owner can grant one, or which role has it.
    """
    able = next((capacity for capacity in capacities if capacity in member.capacities), None)
    if able is not None:
        return able
    grantable = [capacity for capacity in capacities if capacity in CAPACITIES[member.role]]
    if not grantable:
        raise NotAllowed(never_signs(member.role, capacities))
    raise NotAllowed(f"your membership does not let you sign as {joined(grantable)}; an owner can grant it")
