"""The state of the server over the wire."""

from typing import Literal

from api.schemas.base import Schema, example


class HealthOut(Schema):
    """The process answers."""

    model_config = example(status="ok")

    status: Literal["ok"] = "ok"


class ReadyOut(Schema):
    """What requests need is there."""

    model_config = example(status="ready", database="0002")

    status: Literal["ready"] = "ready"
    database: str


class VersionOut(Schema):
    """What is running."""

    model_config = example(qtems="0.1.0", database="0002", api="v1")

    qtems: str
    database: str
    api: str
