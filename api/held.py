"""The record that an address names, looked up before anything else: what is not there for the caller is not found."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, Protocol, TypeVar

from fastapi import Depends, Path, Response

from api.auth.access import ID_PATTERN
from api.deps import GrantDep, ServicesDep
from api.etag import tag
from api.services import Services
from twin.capa import Capa
from twin.execution_record import PlanExecution
from twin.inspection import Inspection
from twin.inspection_plan import InspectionPlan
from twin.ncr_record import NonConformance
from twin.operations.sign_in import confirm_identity
from twin.operations.steps import take_step
from twin.prediction import Prediction
from twin.project import CheckRun, Member, ScanEpoch
from twin.record import Actor, Id
from twin.store import records
from twin.store.kinds import Kind
from twin.store.repository import Context, Store
from twin.store.view import Scope, Stored

T = TypeVar("T")


class Verb(Protocol[T]):
    """What the domain does to a record, and what it asks for that alone: who does it, and when."""

    def __call__(self, record: T, /, *, actor: Actor, now: datetime) -> T:
        """Return the record as it is then."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Held(Generic[T]):
    """A record within the caller's rows, and what a change of it needs."""

    kind: Kind[T]
    id: Id
    stored: Stored[T]
    services: Services
    context: Context
    scope: Scope
    member: Member
    """What the caller is in the project."""
    response: Response

    @property
    def record(self) -> T:
        """The record as it is kept."""
        return self.stored.record

    @property
    def store(self) -> Store:
        """Where it is kept."""
        return self.services.store

    @property
    def actor(self) -> Actor:
        """Who calls."""
        return self.context.actor

    @property
    def now(self) -> datetime:
        """When the call came."""
        return self.context.now

    def step(self, action: str, step: Callable[[T], T], expected: int, *, reason: str = "") -> Stored[T]:
        """Replace the record by what a verb of the domain makes of it."""
        return take_step(
            self.store, self.context, self.kind, self.id, step, action=action, expected=expected, scope=self.scope,
            reason=reason,
        )  # fmt: skip

    def act(self, action: str, verb: Verb[T], expected: int) -> Stored[T]:
        """Replace the record by what a verb makes of it for whoever calls."""
        return self.step(action, lambda record: verb(record, actor=self.actor, now=self.now), expected)

    def confirm(self, password: str) -> None:
        """Let the caller show again who they are, as every signature asks (21 CFR 11.200)."""
        confirm_identity(self.store, self.context, self.services.hasher, self.actor.id, password)

    def tagged(self, stored: Stored[T]) -> Stored[T]:
        """Write a record's version into the answer."""
        tag(self.response, stored.version)
        return stored


def _holding(kind: Kind[T], name: str) -> Callable[..., Held[T]]:
    """Return the dependency that looks up the record which ``{name}`` of an address names."""

    def hold(
        record: Annotated[Id, Path(alias=name, description="The record", pattern=ID_PATTERN, examples=["2" * 32])],
        services: ServicesDep,
        grant: GrantDep,
        response: Response,
    ) -> Held[Any]:
        rows = grant.reach.rows
        with services.store.read() as view:
            stored = view.get(kind, record, rows)
        assert grant.reach.member is not None
        return Held(kind, record, stored, services, grant.context, rows, grant.reach.member, response)

    return hold


NcrHeld = Annotated[Held[NonConformance], Depends(_holding(records.NCR, "ncr"))]
CapaHeld = Annotated[Held[Capa], Depends(_holding(records.CAPA, "capa"))]
PlanHeld = Annotated[Held[InspectionPlan], Depends(_holding(records.INSPECTION_PLAN, "plan"))]
ExecutionHeld = Annotated[Held[PlanExecution], Depends(_holding(records.PLAN_EXECUTION, "execution"))]
InspectionHeld = Annotated[Held[Inspection], Depends(_holding(records.INSPECTION, "inspection"))]
CheckHeld = Annotated[Held[CheckRun], Depends(_holding(records.CHECK_RUN, "check"))]
PredictionHeld = Annotated[Held[Prediction], Depends(_holding(records.PREDICTION, "prediction"))]
ScanHeld = Annotated[Held[ScanEpoch], Depends(_holding(records.SCAN_EPOCH, "epoch"))]
