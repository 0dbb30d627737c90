"""A plan with a hold, and what its items go through."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from twin.access import Capacity, Role
from twin.characteristic import CharacteristicKind, InspectionCharacteristic, Reading
from twin.execution_record import Attendance, PlanExecution
from twin.inspection import Inspection, PlanPin
from twin.inspection_lot import whole_lot
from twin.inspection_plan import (
    Criterion,
    InspectionPlan,
    Method,
    PlanItem,
    PlanPoint,
    PlanStatus,
    PointCode,
    Reference,
    Stage,
)
from twin.inspection_steps import record, sign, signing_digest, start
from twin.plan_execution import (
    attend,
    link_inspection,
    start_execution,
)
from twin.plan_release import missing_to_release, release, release_digest
from twin.project import Member
from twin.record import Actor, Evidence, EvidenceKind, Signature, SignatureMeaning

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
FOREMAN, INSPECTOR, CLIENT = Actor("foreman", "Foreman"), Actor("inspector", "Inspector"), Actor("client", "Client")
PROOF = Evidence(EvidenceKind.DOCUMENT, "ab" * 32)
DO = PlanPoint(Capacity.CONTRACTOR, PointCode.INSPECT)
HOLD = PlanPoint(Capacity.CUSTOMER, PointCode.HOLD, 24)
WITNESS = PlanPoint(Capacity.CONSULTANT, PointCode.WITNESS, 48)
CLEAN = InspectionCharacteristic("b", "clean", CharacteristicKind.BOOLEAN, photo_on_fail=False)


def item_of(ident: str, sequence: int, *points: PlanPoint, **fields: Any) -> PlanItem:
    item = PlanItem(
        ident, sequence, f"look at {ident}", Stage.AFTER, ("clean",), Reference("spec 3.1"),
        Criterion(statement="clean"), Method.VISUAL, (DO, *points),
    )  # fmt: skip
    return replace(item, **fields)


PLAN = InspectionPlan(
    "plan", "p" * 32, "T-ITP-001", "Structure", "author", status=PlanStatus.APPROVED,
    items=(
        item_of("rebar", 1, HOLD, WITNESS), item_of("pour", 2, follows=("rebar",)),
        item_of("strike", 3, follows=("pour",)), item_of("tidy", 4),
    ),
)  # fmt: skip


def begun(item: str = "rebar", *, ids: tuple[str, ...] = ("a", "b"), **fields: Any) -> PlanExecution:
    given: dict[str, Any] = {"others": (), "zone": "", "model_revision": "m1"}
    return start_execution(PLAN, item, f"x-{item}", global_ids=ids, actor=FOREMAN, now=NOW, **(given | fields))


def inspected(
    ident: str = "i1", *, ids: tuple[str, ...] = ("a", "b"), good: bool = True, at: datetime = NOW, **pin: Any
) -> Inspection:
    pinned = replace(PlanPin("plan", 1, "rebar", "m1"), **pin)
    size = Decimal(len(ids))
    inspection = Inspection(ident, "p" * 32, ident, "rebar", ids, size, "pcs", whole_lot(ids), (CLEAN,), pin=pinned)
    inspection = start(inspection, (), actor=INSPECTOR, now=at)
    for global_id in ids:
        inspection = record(inspection, Reading("b", global_id, INSPECTOR.id, at, flag=good))
    signature = Signature(INSPECTOR.id, "I", SignatureMeaning.AUTHORSHIP, "inspector", at, signing_digest(inspection))
    return sign(inspection, signature, actor=INSPECTOR, now=at)


def let_go(execution: PlanExecution, who: Actor = CLIENT, **changes: Any) -> PlanExecution:
    digest = release_digest(execution, Capacity.CUSTOMER)
    signature = Signature(who.id, who.name, SignatureMeaning.APPROVAL, "customer", NOW, digest)
    return release(execution, Capacity.CUSTOMER, replace(signature, **changes))


def linked_to(execution: PlanExecution, inspection: Inspection, **item: Any) -> PlanExecution:
    return link_inspection(execution, replace(PLAN.item(execution.item), **item), inspection)


def left_of(execution: PlanExecution, now: datetime = NOW + 5 * HOUR) -> tuple[str, ...]:
    return missing_to_release(execution, now=now)


def attended(execution: PlanExecution, attendance: Attendance, **fields: Any) -> PlanExecution:
    person = Member("m", "p" * 32, attendance.person, "o", Role.DESIGNER, (Capacity.CONSULTANT,))
    given: dict[str, Any] = {"person": person, "recorder": person, "now": NOW + HOUR}
    return attend(execution, attendance, **(given | fields))


def seen_by_all(execution: PlanExecution) -> PlanExecution:
    return attended(execution, Attendance(Capacity.CONSULTANT, "c", NOW))


def all_let_go() -> PlanExecution:
    return let_go(seen_by_all(linked_to(begun(), inspected())))


# rule 1: the next item is blocked while a hold is unreleased
