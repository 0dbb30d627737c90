"""What people make of findings: dismissed with a reason here; a confirmed one becomes a record (``ncrs``)."""

from functools import partial

from twin.finding import Finding, dismiss
from twin.operations.change import change
from twin.operations.repeats import settle
from twin.record import Id
from twin.store import records
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope, Stored


def dismiss_finding(
    store: Store, context: Context, finding: Id, *, reason: str, expected: int, scope: Scope = EVERYTHING
) -> Stored[Finding]:
    """Dismiss a finding; the reason is kept with it, in the trail, and in the records that saw a change in it.

    Raises
    ------
    Refused
        If no reason is given, or somebody decided before.
    """
    step = partial(dismiss, reason=reason, actor=context.actor, now=context.now)

    def then(unit: Unit, old: Stored[Finding], _: Stored[Finding]) -> None:
        settle(unit, old.record, f"its finding was dismissed: {reason.strip()}")

    return change(
        store, context, records.FINDING, finding, step, action="dismiss", expected=expected, scope=scope,
        reason=reason.strip(), then=then,
    )  # fmt: skip
