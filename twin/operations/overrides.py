"""Use cases around statements beside a verdict: made by signature, and which of them is in force."""

from collections.abc import Mapping
from dataclasses import dataclass

from geometry.verdict import Outcome, State
from twin.errors import Refused
from twin.granted import require_granted
from twin.project import Member
from twin.record import Id, Signature, SignatureMeaning
from twin.store import records
from twin.store.element_columns import live_ncrs
from twin.store.elements import basis_of, element_in
from twin.store.repository import Context, Store
from twin.store.view import EVERYTHING, Stored, View
from twin.verdict_override import (
    STATED_AS,
    Machine,
    VerdictOverride,
    require_possible,
    signed,
    signing_sha256,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody wants to state beside the verdict of a check on an element."""

    check: Id
    global_id: str
    verdict: Outcome | None
    reason: str


def state_otherwise(
    store: Store, context: Context, member: Member, statement: Statement
) -> Stored[VerdictOverride]:  # fmt: skip
    """Keep a signed statement; who signs has proved again who they are before this is called (21 CFR 11.200).

    Raises
    ------
    NotAllowed
        If the membership does not grant the capacity.
    NotFound
        If there is no such check, or it knows no such element.
    Refused
        If the check does not count, or the statement is not a person's to make.
    """
    project = member.project
    role = require_granted(member, STATED_AS)
    with store.write(context) as unit:
        basis = basis_of(unit.connection, project, check=statement.check)
        if basis is None or not basis.counts:
            raise Refused("this check is kept for information alone: state it beside the one that counts")
        row = element_in(unit.connection, project, basis.epoch, statement.global_id, check=basis.check)
        machine = Machine(State(row.measured["state"]), Outcome(row.verdict))
        override = VerdictOverride(
            unit.new_id(), project, statement.global_id, basis.check, machine, statement.verdict,
            statement.reason.strip(),
        )  # fmt: skip
        before = in_force(unit, project, basis.check).get(statement.global_id)
        live = live_ncrs(unit.connection, project, EVERYTHING).get(statement.global_id)
        require_possible(override, before, (live.number or "a draft") if live else "")
        signature = Signature(
            context.actor.id, context.actor.name, SignatureMeaning.APPROVAL, role.value, context.now,
            signing_sha256(override),
        )  # fmt: skip
        return unit.add(records.VERDICT_OVERRIDE, signed(override, signature), reason=override.reason)


def statements_on(view: View, project: Id, global_id: str) -> list[Stored[VerdictOverride]]:
    """Return everything that was stated about an element, oldest first."""
    return list(view.all(records.VERDICT_OVERRIDE, project=project, global_id=global_id))


def in_force(view: View, project: Id, check: Id) -> Mapping[str, VerdictOverride]:
    """Return GlobalId -> the statement in force beside a check's verdicts."""
    found: dict[str, VerdictOverride] = {}
    for stored in view.all(records.VERDICT_OVERRIDE, project=project, check_run=check):
        found[stored.record.global_id] = stored.record
    return {global_id: one for global_id, one in found.items() if one.verdict is not None}
