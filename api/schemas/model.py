"""Model revisions over the wire."""

from datetime import datetime
from decimal import Decimal

from pydantic import Field

from api.paging import PageQuery
from api.schemas.base import RECORD_EXAMPLE, RecordOut, RecordRef, Schema, example, stamp
from api.schemas.element_columns import Coded, TextColumn
from twin.operations.revision_changes import RevisionChange
from twin.project import ModelRevision
from twin.record import Id
from twin.revision_diff import RevisionDiff
from twin.store.view import Stored

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_HASH = "c6f6f97a3f4b0af52cb6b3ba232fd27730338f5a6ca70e7314dcb80d4f0c6928"
_COUNTS = {"added": 1, "removed": 0, "shape_changed": 2, "properties_changed": 0, "unchanged": 2633}
_MAP = {
    "crs": "EPSG:4547", "eastings": "500000", "northings": "3450000", "orthogonal_height": "4.2",
    "x_axis_abscissa": "1", "x_axis_ordinate": "0", "scale": "1",
}  # fmt: skip


class MapConversionOut(Schema):
    """Where the model's local origin is on the map (IfcMapConversion), metres."""

    model_config = example(**_MAP)

    crs: str
    eastings: Decimal
    northings: Decimal
    orthogonal_height: Decimal
    x_axis_abscissa: Decimal
    x_axis_ordinate: Decimal
    scale: Decimal


class DiffCounts(Schema):
    """How many elements a revision changed."""

    model_config = example(**_COUNTS)

    added: int
    removed: int
    shape_changed: int
    properties_changed: int
    unchanged: int


class DiffOut(Schema):
    """Which elements a revision changed, by GlobalId; those that it did not are only counted."""

    model_config = example(
        previous=_ID, added=["2O2Fr$t4X7Zf8NOew3FLOH"], removed=[], shape_changed=["1hOSvn6df7F8_7GcBWlRGQ"],
        properties_changed=[], unchanged=2633,
    )  # fmt: skip

    previous: Id | None = Field(description="The revision it is compared with; null for the first")
    added: list[str]
    removed: list[str]
    shape_changed: list[str] = Field(description="Earlier verdicts say nothing about these any more")
    properties_changed: list[str]
    unchanged: int


class RevisionChangeColumn(Coded[RevisionChange]):
    """A column of what became of elements: element `i` has `values[index[i]]`."""

    model_config = example(values=["moved"], index=[0])


class SaidColumn(Coded[list[str]]):
    """A column of what is said otherwise of elements: element `i` has `values[index[i]]`."""

    model_config = example(values=[["name", "materials"]], index=[0])


class RevisionChangesOut(Schema):
    """The elements that are not the same in two revisions, by GlobalId; all columns are equally long."""

    model_config = example(
        revision=_ID, against="4a2c9a6f1f0c4f6f8a3e0d1c2b3a4958", known=True, unchanged=2633, counts={"moved": 1},
        global_id=["1hOSvn6df7F8_7GcBWlRGQ"], name=["C-12"], ifc_class={"values": ["IfcColumn"], "index": [0]},
        storey={"values": ["Level 2"], "index": [0]}, change={"values": ["moved"], "index": [0]},
        moved_mm=[[200, 0, 0]], resized_mm=[[0, 0, 0]], said={"values": [["name"]], "index": [0]},
    )  # fmt: skip

    revision: Id
    against: Id
    known: bool = Field(description="False where of one of them nobody knows what is in it: then nothing is told")
    unchanged: int
    counts: dict[RevisionChange, int] = Field(description="A change that no element has is left out")
    global_id: list[str]
    name: list[str] = Field(description="In the revision, or in the other one of what was removed")
    ifc_class: TextColumn
    storey: TextColumn
    change: RevisionChangeColumn = Field(description="`moved`: as large, of as many faces, and elsewhere")
    moved_mm: list[list[int] | None] = Field(description="How far the middle of its box is from where it was: x, y, z")
    resized_mm: list[list[int] | None] = Field(description="How much larger its box is: x, y, z")
    said: SaidColumn = Field(
        description="What is said otherwise: some of `name`, `ifc_class`, `type_name`, `storey`, `materials`; `other` "
        "for properties and quantities"
    )


class AgainstQuery(Schema):
    """Which revision another one is compared with."""

    against: RecordRef = Field(description="A revision of the same project, older or newer", examples=[_ID])


class ModelOut(RecordOut):
    """A model revision: one issue of the design."""

    model_config = example(
        **RECORD_EXAMPLE, project=_ID, number=2, file_name="tower.ifc", sha256=_HASH, format="IFC4",
        metres_per_unit="0.001", imported_at="2026-11-22T08:00:00Z", map_conversion=_MAP, previous=_ID, changes=_COUNTS,
        has_scene=True,
    )  # fmt: skip

    project: Id
    number: int
    file_name: str
    sha256: str
    format: str = Field(description="IFC schema or file format")
    metres_per_unit: Decimal
    imported_at: datetime
    map_conversion: MapConversionOut | None
    previous: Id | None
    changes: DiffCounts | None = Field(description="Against the previous revision; null when nothing is known of it")
    has_scene: bool = Field(description="Whether there is something to look at: `.../scene/model.json`")


def model_out(stored: Stored[ModelRevision]) -> ModelOut:
    """Return a revision as it is sent."""
    one = stored.record
    return ModelOut(
        **stamp(stored), project=one.project, number=one.number, file_name=one.file_name, sha256=one.sha256,
        format=one.schema, metres_per_unit=one.metres_per_unit, imported_at=one.imported_at,
        map_conversion=MapConversionOut.model_validate(one.map_conversion, from_attributes=True)
        if one.map_conversion else None,
        previous=one.previous, changes=_counts(one.diff) if one.diff else None, has_scene=bool(one.scene_sha256),
    )  # fmt: skip


def diff_out(revision: ModelRevision) -> DiffOut:
    """Return what a revision changed."""
    diff = revision.diff or RevisionDiff()
    return DiffOut(
        previous=revision.previous, added=list(diff.added), removed=list(diff.removed),
        shape_changed=list(diff.shape_changed), properties_changed=list(diff.properties_changed),
        unchanged=len(diff.unchanged),
    )  # fmt: skip


def _counts(diff: RevisionDiff) -> DiffCounts:
    return DiffCounts(
        added=len(diff.added), removed=len(diff.removed), shape_changed=len(diff.shape_changed),
        properties_changed=len(diff.properties_changed), unchanged=len(diff.unchanged),
    )  # fmt: skip


class ModelQuery(PageQuery):
    """Filters of revisions."""

    number: int | None = Field(default=None, ge=1, le=1_000_000, examples=[1])


class NewModel(Schema):
    """A model that was uploaded and becomes the next revision."""

    model_config = example(upload=_ID)

    upload: RecordRef = Field(description="Finished, and one's own")


class NewWriteBack(Schema):
    """Which verdicts are written into a copy of the model."""

    model_config = example(epoch=_ID)

    epoch: RecordRef = Field(description="The scan epoch whose check says so")
