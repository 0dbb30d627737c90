"""Topics that use everything that BCF has, and pictures small enough to write down."""

import struct
import zlib
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256

from twin.bcf.guid import derived
from twin.bcf.values import (
    Archive,
    Attached,
    Bitmap,
    Camera,
    ClippingPlane,
    Coloring,
    Comment,
    Component,
    Document,
    DocumentReference,
    Line,
    ModelFile,
    SetupHints,
    Snippet,
    Topic,
    Vector,
    Viewpoint,
    Visibility,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
WALL, SLAB = "2O2Fr$t4X7Zf8NOew3FNr2", "0vZ1n2mTz3IvLq1lq3k4aB"


def png(width: int = 1, height: int = 1) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def attached(content: bytes, media_type: str) -> Attached:
    return Attached(sha256(content).hexdigest(), media_type, len(content))


def vector(x: str, y: str, z: str) -> Vector:
    return Vector(Decimal(x), Decimal(y), Decimal(z))


PNG = png()
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x02\x00\x03\x01\x01\x11\x00\xff\xd9"
SNIPPET = b'{"measured":"12.5"}'
PDF = b"%PDF-1.7"
BLOBS = {sha256(content).hexdigest(): content for content in (PNG, JPEG, SNIPPET, PDF)}

PERSPECTIVE = Camera(
    vector("367012.123456", "5432100.654321", "118.25"),
    vector("0.6", "0.8", "0"),
    vector("0", "0", "1"),
    field_of_view_deg=Decimal(50),
    aspect_ratio=Decimal("1.5"),
)
ORTHOGONAL = Camera(
    vector("-4000000.5", "0", "1e3"),
    vector("0", "0", "-1"),
    vector("0", "1", "0"),
    view_height=Decimal("12.75"),
    aspect_ratio=Decimal("1.5"),
)


def everything(version: str = "3.0") -> Archive:
    """Return an archive in which nothing is left out that the version can say."""
    modern = version == "3.0"
    wall, slab, part = Component(WALL), Component(SLAB, "Revit", "12345"), Component("", "qtems", "part 1 <&>")
    first = Viewpoint(
        derived("v", "1"),
        camera=PERSPECTIVE,
        selection=(wall, part),
        coloring=(Coloring("C0392B", (wall,)), Coloring("80FFFFFF", (slab,))),
        visibility=Visibility(False, (wall, slab), SetupHints(spaces=True, openings=True)),
        lines=(Line(vector("0", "0", "0"), vector("1", "2", "3.5")),),
        clipping_planes=(ClippingPlane(vector("1", "2", "3"), vector("0", "0", "-1")),),
        bitmaps=(
            Bitmap(
                derived("b", "1"), attached(JPEG, "image/jpeg"), vector("1", "1", "1"), vector("0", "0", "1"),
                vector("0", "1", "0"), Decimal("0.4"),
            ),
        ),
        snapshot=attached(PNG, "image/png"),
        index=0,
    )  # fmt: skip
    second = Viewpoint(derived("v", "2"), camera=ORTHOGONAL, snapshot=attached(JPEG, "image/jpeg"), index=1)
    document = Document(
        derived("d", "1"), "要求 Requirements.pdf", attached(PDF, "application/pdf"), "Clauses" if modern else ""
    )
    full = Topic(
        guid=derived("t", "1"),
        title="Wall 7 & <slab> leans 12.5 mm",
        type="Nonconformity",
        status="Under review",
        priority="major",
        index=3,
        labels=("Fail", "verticality", "不合格"),
        creation_date=NOW,
        creation_author="ann@example.com",
        modified_date=NOW.replace(microsecond=409_000),
        modified_author="bo@example.com",
        due_date=NOW.replace(day=30),
        assigned_to="cy@example.com",
        stage="Shell",
        description="Measured 12.5 mm ± 1.2 mm\n\nLimits -5 .. 5 mm",
        server_assigned_id="TOWER-NCR-0007" if modern else "",
        reference_links=("https://quality.example.com/ncrs/1", "urn:x"),
        snippet=Snippet(
            "qtems.nonconformance", "deviation.json", "urn:qtems:bcf:1",
            content=attached(SNIPPET, "application/json"),
        ),
        documents=(
            DocumentReference(derived("r", "1"), document=document.guid, description="See 8.7"),
            DocumentReference(derived("r", "2"), url="https://example.com/a.pdf"),
        ),
        related=(derived("t", "2"),),
        files=(ModelFile("tower.ifc", "models/tower.ifc", NOW, WALL, SLAB, True),),
        comments=(
            Comment(derived("c", "1"), NOW, "ann@example.com", "Two\nlines", first.guid),
            Comment(derived("c", "2"), NOW, "bo", "再测", "", NOW, "ann@example.com"),
        ),
        viewpoints=(first, second),
    )  # fmt: skip
    bare = Topic(
        guid=derived("t", "2"), title="No viewpoint", type="Observation", status="Received", creation_date=NOW,
        creation_author="bo",
    )  # fmt: skip
    return Archive(version, (full, bare), "1" * 32, "Harbour Tower", (document,))
