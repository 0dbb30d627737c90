"""Asking for a plan from a model."""

from dataclasses import replace

from twin.operations.job_kinds import DRAFT_PLAN
from twin.operations.plan_drafts import PlanOrder, require_measurable, tolerances_of
from twin.operations.queue import Desk
from twin.store import records
from twin.store.jobs import Job
from twin.store.repository import Unit
from twin.store.view import EVERYTHING, Scope


def order_plan(desk: Desk, asked: PlanOrder, *, scope: Scope = EVERYTHING) -> Job:
    """Ask for a plan; its identifier is given here.

    Raises
    ------
    NotFound
        If the revision is not in the project.
    Invalid
        If there is no such standard, or nothing of that name is ever measured.
    """
    tolerances_of(asked.standard, asked.tolerance_mm)
    require_measurable(asked.scan_uncertainty_mm)

    def order(unit: Unit) -> PlanOrder:
        unit.get(records.MODEL_REVISION, asked.revision, scope)
        unit.get(records.MODEL_REVISION, asked.revision, Scope(frozenset({desk.project})))
        return replace(asked, identifier=unit.new_id(), project=desk.project)

    return desk.ask(DRAFT_PLAN, order)
