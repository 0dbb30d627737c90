"""What a person says, by signature, beside the verdict of a check: it takes nothing from what the check says.

A statement stands beside one verdict of one check on one element; the next check says something else again, and the
statement does not go on with it. What was stated is never changed: another statement follows, also one that takes it
back. ISO 9001:2015 8.6 asks that who authorised a release can be traced; 21 CFR 11.50 what a signature shows.
"""

from dataclasses import dataclass, replace

from geometry.verdict import Outcome, State
from twin.access import Capacity
from twin.errors import Invalid, Refused
from twin.record import Id, Signature, SignatureMeaning
from twin.signed_content import digest_of, require_signature

STATED_AS = Capacity.QUALITY_MANAGER
"""In which capacity a statement is signed."""
_JUDGED = (State.INSTALLED, State.MISSING)
"""What a check says of an element that a person can say otherwise: it was looked at."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the check says, as the person saw it when they signed."""

    presence: State
    verdict: Outcome


@dataclass(frozen=True, slots=True)
class VerdictOverride:
    """One signed statement; the last one on a check and an element is in force, unless it takes back."""

    id: Id
    project: Id
    global_id: str
    check_run: Id
    machine: Machine
    verdict: Outcome | None
    """What the person says instead; None takes the statement before back."""
    reason: str
    signature: Signature | None = None

    def __post_init__(self) -> None:
        """Refuse a statement without its reason, or that states nothing."""
        if not self.reason.strip():
            raise Invalid("say why: a statement beside a verdict is kept with its reason")
        if self.verdict is not None and self.verdict not in (Outcome.PASS, Outcome.FAIL):
            raise Invalid("a person says pass or fail; what is open stays as the check says it")


def signing_sha256(override: VerdictOverride) -> str:
    """Return the digest that a signature on a statement covers."""
    return digest_of(override, without=("signature",))


def require_possible(override: VerdictOverride, before: VerdictOverride | None, live_ncr: str) -> None:
    """Refuse a statement that is not a person's to make.

    Parameters
    ----------
    before
        The statement in force.
    live_ncr
        Number of a nonconformance about the element that goes on; empty for none.

    Raises
    ------
    Refused
        If the design itself is in doubt, nothing was looked at, it says what stands there anyway, or a
        nonconformance record is where it is decided.
    """
    machine = override.machine
    if machine.presence is State.DESIGN_SUSPECT:
        raise Refused("the design of this element is in doubt: have it clarified, a verdict about it says nothing")
    if machine.presence not in _JUDGED:
        raise Refused("the scan did not see this element: inspect it, there is no verdict to put another beside")
    if override.verdict is None:
        if before is None:
            raise Refused("there is no statement to take back")
        return
    if override.verdict is (before.verdict if before else machine.verdict):
        raise Refused(f"that is what stands there already: {override.verdict}")
    if override.verdict is Outcome.PASS and live_ncr:
        raise Refused(
            f"{live_ncr} is about this element and not closed: what becomes of it is decided there",
            missing=(f"the end of {live_ncr}",),
        )


def signed(override: VerdictOverride, signature: Signature) -> VerdictOverride:
    """Return a statement with its signature, which has to cover it."""
    require_signature(
        signature, signing_sha256(override), role=STATED_AS.value, not_by={}, meaning=SignatureMeaning.APPROVAL
    )
    return replace(override, signature=signature)
