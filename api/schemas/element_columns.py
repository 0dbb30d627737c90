"""What is known of all elements of a check at once, as columns over the wire."""

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import Field

from api.schemas.base import Schema, example
from geometry.verdict import Outcome
from geometry.verdict import State as Seen
from twin.element_state import Status
from twin.ncr_record import State as NcrState
from twin.record import Id
from twin.revision_diff import Change

T = TypeVar("T")
_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_NCR = {"id": _ID, "number": "HOUSE-NCR-0007", "state": "open"}
_OF_WORST = "mm, of `characteristic`; null where there is none"


class Coded(Schema, Generic[T]):
    """A column in which few values repeat: element `i` has `values[index[i]]`."""

    values: list[T]
    index: list[int]


class TextColumn(Coded[str | None]):
    """A column of texts, null among `values` where an element has none: element `i` has `values[index[i]]`."""

    model_config = example(values=["position", None], index=[0, 1])


class StateColumn(Coded[Seen]):
    """A column of what the check saw: element `i` has `values[index[i]]`."""

    model_config = example(values=["installed", "occluded"], index=[0, 1])


class VerdictColumn(Coded[Outcome]):
    """A column of verdicts: element `i` has `values[index[i]]`."""

    model_config = example(values=["fail", "not_measured"], index=[0, 1])


class StatedColumn(Coded[Outcome | None]):
    """A column of what people state, null among `values` where nobody does: element `i` has `values[index[i]]`."""

    model_config = example(values=[None, "pass"], index=[0, 1])


class StatusColumn(Coded[Status]):
    """A column of what is known: element `i` has `values[index[i]]`."""

    model_config = example(values=["deviating", "verified"], index=[0, 1])


class ChangeColumn(Coded[Change | None]):
    """A column of what the design did: element `i` has `values[index[i]]`."""

    model_config = example(values=["none"], index=[0, 0])


class NcrMarkOut(Schema):
    """A nonconformance, as the elements it is about are marked with it."""

    model_config = example(**_NCR)

    id: Id
    number: str
    state: NcrState


class NcrColumn(Coded[NcrMarkOut | None]):
    """A column of nonconformances, null among `values` where there is none: element `i` has `values[index[i]]`."""

    model_config = example(values=[_NCR, None], index=[0, 1])


class ElementColumnsOut(Schema):
    """What is known of every element of a check by GlobalId; all columns are equally long."""

    model_config = example(
        check=_ID, epoch=_ID, revision=_ID, counts=True, captured_at="2026-11-20T06:30:00Z",
        global_id=["2O2Fr$t4X7Zf8NOew3FLOH", "3O2Fr$t4X7Zf8NOew3FLOH"], name=["C-12", "C-13"],
        ifc_class={"values": ["IfcColumn"], "index": [0, 0]}, storey={"values": ["Level 2"], "index": [0, 0]},
        state={"values": ["installed", "occluded"], "index": [0, 1]},
        verdict={"values": ["fail", "not_measured"], "index": [0, 1]},
        status={"values": ["deviating", "verified"], "index": [0, 1]}, stale=[False, True],
        characteristic={"values": ["position", None], "index": [0, 1]}, actual_mm=[14.2, None],
        lower_mm=[-8.0, None], upper_mm=[8.0, None], uncertainty_mm=[1.9, None],
        ncr={"values": [_NCR, None], "index": [0, 1]}, finding=[False, False],
        design_change={"values": ["none"], "index": [0, 0]}, override={"values": [None], "index": [0, 0]},
    )  # fmt: skip

    check: Id | None = Field(description="That says so; null when no check has said anything yet")
    epoch: Id | None
    revision: Id | None = Field(description="That it was checked against")
    counts: bool | None = Field(description="Whether this check is the one that counts for its epoch")
    captured_at: datetime | None
    global_id: list[str] = Field(description="In the order of `elements`")
    name: list[str]
    ifc_class: TextColumn
    storey: TextColumn
    state: StateColumn = Field(description="What the check saw: `presence` of an element")
    verdict: VerdictColumn = Field(description="Of this check")
    status: StatusColumn = Field(description="What is known after the epoch: `state` of an element")
    stale: list[bool] = Field(description="This epoch does not support the status: it is what was known before")
    characteristic: TextColumn = Field(
        description="Of the measurement that the verdict rests on, as in reports: the most severe, then most of its "
        "limit; null where it rests on none: all that was measured passes, and the verdict does not"
    )
    actual_mm: list[float | None] = Field(description=_OF_WORST)
    lower_mm: list[float | None] = Field(description=_OF_WORST)
    upper_mm: list[float | None] = Field(description=_OF_WORST)
    uncertainty_mm: list[float | None] = Field(description=f"U = k u; {_OF_WORST}")
    ncr: NcrColumn = Field(description="The live one about it now, of several the one raised last")
    finding: list[bool] = Field(description="An open finding names it now")
    design_change: ChangeColumn = Field(description="What the design did to it since; null when it is not known")
    override: StatedColumn = Field(description="What a person states by signature beside this check's verdict")
