"""BCF files over the wire, and what people make of observations."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from api.schemas.base import Line, Prose, RecordRef, Schema, example
from api.schemas.bcf_base import GUID
from twin.finding import Severity
from twin.operations.bcf_files import Became, Receipt, Received
from twin.record import Id

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_NAMED = 100
"""Unknown elements of a topic that are named; all are counted."""


class ReceivedOut(Schema):
    """What became of one topic of a file."""

    model_config = example(
        guid=GUID, title="Leak", became="waiting", ncr=None, candidates=[_ID], unknown_people=["Zoe"],
        unknown_statuses=["Done"], unknown_elements=["2O2Fr$t4X7Zf8NOew3FLKr"], unknown_element_count=1,
        asks_status="Done", problems=[],
    )  # fmt: skip

    guid: str = Field(description="Empty where it could not be told which topic it is")
    title: str
    became: Became
    ncr: Id | None = Field(description="The record that it is about")
    candidates: list[Id] = Field(description="Records that share elements with it, where several do")
    unknown_people: list[str] = Field(description="Name them with `person=THEIRS=OURS`")
    unknown_statuses: list[str] = Field(description="Name them with `status=THEIRS=OURS`")
    unknown_elements: list[str] = Field(
        description=f"Elements that it selects and no model of the project has, the first {_NAMED} of them"
    )
    unknown_element_count: int = Field(description="How many those are")
    asks_status: str = Field(description="The status that it has there; a file never moves a record")
    problems: list[str] = Field(description="What was left out or changed")


class ReceiptOut(Schema):
    """What became of a file."""

    model_config = example(version="2.1", topics=[], unknown_element_count=0, problems=[])

    version: str
    topics: list[ReceivedOut]
    unknown_element_count: int = Field(description="Elements that any topic selects and no model of the project has")
    problems: list[str]


def receipt_out(receipt: Receipt) -> ReceiptOut:
    """Return what became of a file, as it is sent."""
    return ReceiptOut(
        version=receipt.version, topics=[_received(one) for one in receipt.topics],
        unknown_element_count=len(receipt.unknown_elements), problems=list(receipt.problems),
    )  # fmt: skip


def _received(one: Received) -> ReceivedOut:
    return ReceivedOut(
        guid=one.guid, title=one.title, became=one.became, ncr=one.match.ncr, candidates=list(one.match.candidates),
        unknown_people=list(one.unknown.people), unknown_statuses=list(one.unknown.statuses),
        unknown_elements=list(one.unknown_elements[:_NAMED]), unknown_element_count=len(one.unknown_elements),
        asks_status=one.asks_status, problems=list(one.problems),
    )  # fmt: skip


class ObservationConfirmation(Schema):
    """What an observation lacks to be the draft of a nonconformance record."""

    model_config = example(severity="major", quantity="3", unit="element")

    severity: Severity
    quantity: Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=9)]
    unit: Annotated[Line, Field(max_length=40)]


class ObservationAttachment(Schema):
    """The record that an observation goes on with."""

    model_config = example(ncr=_ID)

    ncr: RecordRef


class ObservationDismissal(Schema):
    """Why an observation is none."""

    model_config = example(reason="seen on the old model")

    reason: Prose
