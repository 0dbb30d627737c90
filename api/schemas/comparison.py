"""Scan epochs compared, over the wire."""

from datetime import date, datetime

from pydantic import Field

from api.schemas.base import RecordRef, Schema, example
from api.schemas.element_columns import Coded, TextColumn
from geometry.verdict import Outcome
from twin.element_state import Seen, Status
from twin.epoch_change import EpochChange, Why
from twin.operations.model_schedule import ScheduleProgress
from twin.record import Id
from twin.schedule_progress import Standing

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_EARLIER = "4a2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_WHEN = "2026-11-20T06:30:00Z"
_BEFORE = "2026-11-06T06:30:00Z"
_EPOCH = {
    "epoch": _ID, "name": "Week 47", "captured_at": _WHEN, "check": _ID, "revision": _ID, "refused": False,
    "elements": 2636, "counts": {"verified": 1800, "deviating": 12, "planned": 824},
}  # fmt: skip
_SIGHTING = {
    "epoch": _ID, "captured_at": _WHEN, "check": _ID, "revision": _ID, "seen": "failed", "status": "deviating",
    "verdict": "fail",
}  # fmt: skip
_POINT = {
    "epoch": _ID, "captured_at": _WHEN, "actual_mm": 14.2, "expanded_uncertainty_mm": 1.9, "lower_mm": -8.0,
    "upper_mm": 8.0, "verdict": "fail", "source": "GB 50204-2015 table 8.3.2", "note": "",
}  # fmt: skip
_SERIES = {
    "characteristic": "position", "part": "", "part_id": "", "direction": "", "method": "rigid fit", "points": [_POINT],
}  # fmt: skip
_SIDE = {
    "epoch": _ID, "captured_at": _WHEN, "check": _ID, "revision": _ID, "tolerance": "GB 50204-2015",
    "pose_known": True,
}  # fmt: skip


class EpochCountsOut(Schema):
    """One scan epoch, and how many elements have which status after it."""

    model_config = example(**_EPOCH)

    epoch: Id
    name: str
    captured_at: datetime
    check: Id | None = Field(description="The one that counts; null while none does")
    revision: Id | None = Field(description="That it was checked against")
    refused: bool = Field(description="Nothing counts, and a check of it was refused its registration")
    elements: int
    counts: dict[Status, int] = Field(description="A status that no element has is left out")


class TimelineOut(Schema):
    """The scan epochs of a project in time."""

    model_config = example(items=[_EPOCH])

    items: list[EpochCountsOut] = Field(description="The earliest capture first")


class SightingOut(Schema):
    """What one epoch said of an element."""

    model_config = example(**_SIGHTING)

    epoch: Id
    captured_at: datetime
    check: Id
    revision: Id
    seen: Seen
    status: Status = Field(description="What is known after the epoch")
    verdict: Outcome


class TrendPointOut(Schema):
    """One measured value; millimetres, null for what is not bounded or not known."""

    model_config = example(**_POINT)

    epoch: Id
    captured_at: datetime
    actual_mm: float | None
    expanded_uncertainty_mm: float | None = Field(description="U = k u")
    lower_mm: float | None
    upper_mm: float | None
    verdict: Outcome
    source: str
    note: str


class SeriesOut(Schema):
    """One characteristic over the epochs that measured it."""

    model_config = example(**_SERIES)

    characteristic: str
    part: str = Field(description="Which part of the element it is about, by name; else empty")
    part_id: str
    direction: str
    method: str = Field(description="How it was measured last; one series has one straightedge")
    points: list[TrendPointOut] = Field(description="The earliest capture first")


class TrendOut(Schema):
    """How the measured values of one element went from scan to scan, by the checks that count."""

    model_config = example(sightings=[_SIGHTING], series=[_SERIES])

    sightings: list[SightingOut] = Field(
        description="Every epoch whose check knows it, also where nothing was measured"
    )
    series: list[SeriesOut]


class EpochPair(Schema):
    """Which epochs are compared."""

    before: RecordRef = Field(description="The epoch that was captured first", examples=[_EARLIER])
    after: RecordRef = Field(description="A later one", examples=[_ID])


class SideOut(Schema):
    """One of two epochs."""

    model_config = example(**_SIDE)

    epoch: Id
    captured_at: datetime
    check: Id | None = Field(description="That counts; null while none does, and then nothing can be compared")
    revision: Id | None
    tolerance: str = Field(description="What it was judged by; empty without a check")
    pose_known: bool = Field(
        description="Whether the exactness of its registration is known: without it no movement is told"
    )


class EpochChangeColumn(Coded[EpochChange]):
    """A column of what became of elements: element `i` has `values[index[i]]`."""

    model_config = example(values=["none", "built"], index=[0, 1])


class WhyColumn(Coded[Why | None]):
    """A column of why elements cannot be compared, null among `values` where they can."""

    model_config = example(values=[None, "unseen_before"], index=[0, 1])


class SeenColumn(Coded[Seen | None]):
    """A column of what a scan said, null among `values` where its design does not have the element."""

    model_config = example(values=["passed", None], index=[0, 1])


class EpochChangesOut(Schema):
    """What became of every element from one scan epoch to a later one; all columns are equally long."""

    model_config = example(
        before={**_SIDE, "epoch": _EARLIER, "captured_at": _BEFORE}, after=_SIDE, counts={"moved": 1, "built": 1},
        global_id=["2O2Fr$t4X7Zf8NOew3FLOH", "3O2Fr$t4X7Zf8NOew3FLOH"], name=["C-12", "C-13"],
        ifc_class={"values": ["IfcColumn"], "index": [0, 0]}, storey={"values": ["Level 2"], "index": [0, 0]},
        change={"values": ["moved", "built"], "index": [0, 1]}, why={"values": [None], "index": [0, 0]},
        seen_before={"values": ["passed", "absent"], "index": [0, 1]},
        seen_after={"values": ["passed"], "index": [0, 0]}, moved_mm=[12.4, None], moved_uncertainty_mm=[5.1, None],
    )  # fmt: skip

    before: SideOut
    after: SideOut
    counts: dict[EpochChange, int] = Field(description="A change that no element has is left out")
    global_id: list[str]
    name: list[str]
    ifc_class: TextColumn
    storey: TextColumn
    change: EpochChangeColumn = Field(
        description="`moved` only beyond `moved_uncertainty_mm`; never from what a scan did not see: `not_comparable`"
    )
    why: WhyColumn
    seen_before: SeenColumn
    seen_after: SeenColumn
    moved_mm: list[float | None] = Field(description="How far apart the two poses are; null where both do not show it")
    moved_uncertainty_mm: list[float | None] = Field(
        description="U of that along its direction, of both measurements and registrations together, 95 %"
    )


_TASK_ID = "0K2Fr$t4X7Zf8NOew3FLOH"
_TASK = {
    "global_id": _TASK_ID, "name": "Columns Level 2", "identification": "T04", "kind": "CONSTRUCTION",
    "start": "2026-11-02", "finish": "2026-11-13", "elements": 24, "counts": {"built": 20, "late": 1, "unknown": 3},
}  # fmt: skip


class TaskProgressOut(Schema):
    """One task of the schedule, and how its elements stand."""

    model_config = example(**_TASK)

    global_id: str
    name: str
    identification: str
    kind: str = Field(description="`CONSTRUCTION`, `DEMOLITION` ...; only what builds something is counted")
    start: date | None = Field(description="Planned")
    finish: date | None = Field(description="Planned; due is what is not built the day after")
    elements: int = Field(description="Assigned to it; those that the check does not know are not in `counts`")
    counts: dict[Standing, int]


class StoreyProgressOut(Schema):
    """How the elements of one storey stand."""

    model_config = example(storey="Level 2", counts={"built": 20, "late": 1})

    storey: str
    counts: dict[Standing, int]


class StandingColumn(Coded[Standing]):
    """A column of how elements stand to the schedule: element `i` has `values[index[i]]`."""

    model_config = example(values=["built", "late"], index=[0, 1])


class ScheduleProgressOut(Schema):
    """How everything stands to the schedule after an epoch; all columns are equally long."""

    model_config = example(
        check=_ID, epoch=_ID, revision=_ID, day="2026-11-20", known=True, counts={"built": 1, "late": 1}, tasks=[_TASK],
        storeys=[{"storey": "Level 2", "counts": {"built": 1, "late": 1}}],
        global_id=["2O2Fr$t4X7Zf8NOew3FLOH", "3O2Fr$t4X7Zf8NOew3FLOH"], name=["C-12", "C-13"],
        ifc_class={"values": ["IfcColumn"], "index": [0, 0]}, storey={"values": ["Level 2"], "index": [0, 0]},
        standing={"values": ["built", "late"], "index": [0, 1]}, task={"values": [_TASK_ID], "index": [0, 0]},
    )  # fmt: skip

    check: Id | None = Field(description="Null while no check has said anything")
    epoch: Id | None
    revision: Id | None = Field(description="Whose schedule it is")
    day: date | None = Field(description="Of the scan, by UTC")
    known: bool = Field(description="False: its file was taken in before schedules were read; take it in again")
    counts: dict[Standing, int]
    tasks: list[TaskProgressOut] = Field(description="In the order of the file; none where it has no schedule")
    storeys: list[StoreyProgressOut]
    global_id: list[str]
    name: list[str]
    ifc_class: TextColumn
    storey: TextColumn
    standing: StandingColumn = Field(
        description="`late` only what was seen to be absent; what was not seen is `unknown`, whatever was planned"
    )
    task: TextColumn = Field(description="GlobalId of the task that is to end last; null where none builds it")


def schedule_out(found: ScheduleProgress) -> ScheduleProgressOut:
    """Return the progress as it is sent."""
    tasks = [
        TaskProgressOut(
            global_id=one.task.global_id, name=one.task.name, identification=one.task.identification,
            kind=one.task.kind, start=one.task.start, finish=one.task.finish, elements=one.elements,
            counts=one.counts,
        )
        for one in found.tasks
    ]  # fmt: skip
    storeys = [StoreyProgressOut(storey=name, counts=counts) for name, counts in sorted(found.storeys.items())]
    plain = ("check", "epoch", "revision", "day", "known", "counts", "global_id", "name")
    coded = ("ifc_class", "storey", "standing", "task")
    told = {name: getattr(found, name) for name in plain}
    told |= {name: {"values": getattr(found, name).values, "index": getattr(found, name).index} for name in coded}
    return ScheduleProgressOut.model_validate({**told, "tasks": tasks, "storeys": storeys})
