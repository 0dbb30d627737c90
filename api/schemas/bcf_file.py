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


class ReceivedOut(Schema):
    """What became of one topic of a file."""

    model_config = example(
        guid=GUID, title="Leak", became="waiting", ncr=None, candidates=[_ID], unknown_people=["Zoe"],
        unknown_statuses=["Done"], asks_status="Done", problems=[],
    )  # fmt: skip

    guid: str = Field(description="Empty where it could not be told which topic it is")
    title: str
    became: Became
    ncr: Id | None = Field(description="The record that it is about")
    candidates: list[Id] = Field(description="Records that share elements with it, where several do")
    unknown_people: list[str] = Field(description="Name them with `person=THEIRS=OURS`")
    unknown_statuses: list[str] = Field(description="Name them with `status=THEIRS=OURS`")
    asks_status: str = Field(description="The status that it has there; a file never moves a record")
    problems: list[str] = Field(description="What was left out or changed")


class ReceiptOut(Schema):
    """What became of a file."""

    model_config = example(version="2.1", topics=[], problems=[])

    version: str
    topics: list[ReceivedOut]
    problems: list[str]


def receipt_out(receipt: Receipt) -> ReceiptOut:
    """Return what became of a file, as it is sent."""
    return ReceiptOut(
        version=receipt.version, topics=[_received(one) for one in receipt.topics], problems=list(receipt.problems)
    )


def _received(one: Received) -> ReceivedOut:
    return ReceivedOut(
        guid=one.guid, title=one.title, became=one.became, ncr=one.match.ncr, candidates=list(one.match.candidates),
        unknown_people=list(one.unknown.people), unknown_statuses=list(one.unknown.statuses),
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
