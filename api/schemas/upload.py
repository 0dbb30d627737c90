"""Files on their way in, over the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.schemas.base import Line, Schema, example
from twin.record import Id
from twin.store.uploads import Upload

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_HASH = "c6f6f97a3f4b0af52cb6b3ba232fd27730338f5a6ca70e7314dcb80d4f0c6928"
LARGEST = 1 << 40
"""Bytes that a file may have."""
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Media = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.+-]*/[\w.+-]+$", max_length=100)]


class NewUpload(Schema):
    """A file that is announced."""

    model_config = example(name="site.e57", size=1_073_741_824, sha256=_HASH, media_type="application/octet-stream")

    name: Annotated[Line, Field(max_length=200, description="What its owner calls it; the suffix says its format")]
    size: Annotated[int, Field(ge=0, le=LARGEST, description="Bytes of the whole")]
    sha256: Annotated[Sha256, Field(description="Of the whole; what comes is held against it")]
    media_type: Media = "application/octet-stream"


class UploadOut(Schema):
    """How far a file is."""

    model_config = example(
        id=_ID, name="site.e57", media_type="application/octet-stream", size=1_073_741_824, sha256=_HASH,
        received=268_435_456, complete=False, created_at="2026-11-22T08:00:00Z", expires_at="2026-11-29T08:00:00Z",
    )  # fmt: skip

    id: Id
    name: str
    media_type: str
    size: int
    sha256: str
    received: int = Field(description="Bytes that are kept: the offset of the next piece, also as `Upload-Offset`")
    complete: bool = Field(description="Finished: may be named where a file is asked for")
    created_at: datetime
    expires_at: datetime = Field(description="When it is forgotten unless more comes, or a record takes the file")


def upload_out(upload: Upload) -> UploadOut:
    """Return an upload as it is sent."""
    return UploadOut(
        id=upload.id, name=upload.name, media_type=upload.media_type, size=upload.size, sha256=upload.sha256,
        received=upload.received, complete=upload.completed_at is not None, created_at=upload.created_at,
        expires_at=upload.expires_at,
    )  # fmt: skip
