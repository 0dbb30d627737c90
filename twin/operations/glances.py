"""What views ask of all elements of a check at once, put together when it is made: no report is read for it again.

A hundred thousand reports of elements take seconds to read; what a glance holds of them takes a tenth of one. It is a
file of the check, named in its record by its digest, and holds only what no later epoch changes. Checks that were kept
before there were glances, or with one of an earlier version, are read element by element, the same, slowly, until a
worker has made theirs (``missing_glances``).
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from twin.check_record import ElementRow
from twin.operations.worst_measured import worst_of
from twin.record import Id
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.view import View

MEDIA_TYPE = "application/zip"
VERSION = 1
"""Of what a glance says. A change of it, also of the rule for what decides an element, needs the next number: a check
names the version of its glance, and one of another version is never shown."""
WORST = ("actual_mm", "lower_mm", "upper_mm", "expanded_uncertainty_mm")
_TEXTS = ("global_id", "name", "ifc_class", "storey", "presence", "seen", "characteristic")
_UNKNOWN = (None, None, None)


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """Elements of a check by GlobalId, column by column; all columns are equally long."""

    global_id: Sequence[str]
    name: Sequence[str]
    ifc_class: Sequence[str]
    storey: Sequence[str]
    presence: Sequence[str]
    """What the check saw of it: ``state`` in ``report.json``."""
    seen: Sequence[str]
    characteristic: Sequence[str | None]
    """Of the measurement that the verdict rests on; None where it rests on none."""
    worst_mm: FloatArray
    """(n, 4) its actual value, lower and upper limit and U; NaN where not known or not limited."""
    translation_mm: FloatArray
    """(n, 3); NaN where not known."""
    uncertainty_mm: FloatArray
    """(n, 3) expanded."""
    coverage_factor: FloatArray
    """(n,); NaN where not told."""
    fails: BoolArray
    """(n,) whether a measurement fails."""


def glance_of(rows: Sequence[ElementRow]) -> Glance:
    """Return the glance of a check's elements."""
    rows = sorted(rows, key=lambda row: row.state.global_id)
    told = [row.measured for row in rows]
    measurements: list[Sequence[Mapping[str, Any]]] = [one.get("measurements") or () for one in told]
    worst = [worst_of(row.verdict, one) or {} for row, one in zip(rows, measurements, strict=True)]
    poses: list[Mapping[str, Any]] = [one.get("pose") or {} for one in told]
    return Glance(
        global_id=[row.state.global_id for row in rows],
        name=[row.name for row in rows],
        ifc_class=[row.ifc_class for row in rows],
        storey=[row.storey for row in rows],
        presence=[one["state"] for one in told],
        seen=[row.state.seen.value for row in rows],
        characteristic=[one.get("characteristic") for one in worst],
        worst_mm=_numbers([one.get(word) for one in worst for word in WORST]).reshape(-1, len(WORST)),
        translation_mm=_axes(poses, "translation_mm"),
        uncertainty_mm=_axes(poses, "uncertainty_mm"),
        coverage_factor=_numbers([pose.get("coverage_factor") for pose in poses]),
        fails=np.array(["fail" in [one["verdict"] for one in some] for some in measurements], np.bool_),
    )


def packed(glance: Glance) -> bytes:
    """Return a glance as the file that is kept; the same elements give the same bytes."""
    texts = json.dumps({name: getattr(glance, name) for name in _TEXTS}, ensure_ascii=False, separators=(",", ":"))
    sink = io.BytesIO()
    np.savez_compressed(
        sink, texts=np.frombuffer(texts.encode("utf-8", "surrogatepass"), np.uint8), worst_mm=glance.worst_mm,
        translation_mm=glance.translation_mm, uncertainty_mm=glance.uncertainty_mm,
        coverage_factor=glance.coverage_factor, fails=glance.fails,
    )  # fmt: skip
    return sink.getvalue()


def unpacked(content: bytes) -> Glance:
    """Return the glance that :func:`packed` wrote."""
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        texts = json.loads(kept["texts"].tobytes().decode("utf-8", "surrogatepass"))
        numbers = {name: kept[name] for name in kept.files if name != "texts"}
    return Glance(**texts, **numbers)


def kept_glance(view: View, blobs: BlobStore, check: Id) -> Glance | None:
    """Return the glance of a check; None where it was kept before there were any, or has one of another version."""
    run = view.get(records.CHECK_RUN, check).record
    if not run.glance_sha256 or run.glance_version != VERSION:
        return None
    with blobs.open(run.glance_sha256) as stream:
        return unpacked(stream.read())


def _axes(poses: Sequence[Mapping[str, Any]], word: str) -> FloatArray:
    return _numbers([one for pose in poses for one in pose.get(word) or _UNKNOWN]).reshape(-1, 3)


def _numbers(values: Sequence[float | None]) -> FloatArray:
    """Return numbers (n,), NaN for None."""
    return np.array([np.nan if one is None else one for one in values], np.float64)
