"""A copy of an IFC model with what a check says of its elements, made beside the request that asks for it."""

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from geometry.verdict import Measurement, Outcome, State
from twin.check_record import ElementRow
from twin.errors import NotFound, Refused
from twin.ifc_writeback import Verification, write_back
from twin.ncr_record import State as NcrState
from twin.operations.check_standing import counting_check
from twin.operations.work import Upload, Work, fetched
from twin.project import ModelRevision, ScanEpoch
from twin.record import Id, Json
from twin.report.selection import deciding
from twin.store import jobs, records
from twin.store.blob_register import keep
from twin.store.elements import page_of
from twin.store.jobs import JobState
from twin.store.view import EVERYTHING, Scope, View

WRITE_BACK = "write_back"
_AT_ONCE = 1000
_MEDIA = "application/x-step"


@dataclass(frozen=True, slots=True)
class WriteBackOrder:
    """Which copy is asked for."""

    project: Id
    revision: Id
    epoch: Id


def require_verdicts(view: View, revision: ModelRevision, epoch: ScanEpoch) -> None:
    """Raise :class:`Refused` unless the check that counts for an epoch is of this revision."""
    run = counting_check(view, epoch.project, epoch.id)
    if run is None or run.record.revision != revision.id:
        raise Refused(
            f"epoch {epoch.name} has no check against revision {revision.number} that counts: run it, or let it count",
            missing=("a check of this epoch against this revision that counts",),
        )


def write_verdicts(work: Work, order: WriteBackOrder) -> dict[str, Json]:
    """Keep a copy of a model with the verdicts of an epoch; return where it is and what is in it.

    Raises
    ------
    Refused
        If the epoch was not checked against this revision.
    """
    with work.store.read() as view:
        revision = view.get(records.MODEL_REVISION, order.revision).record
        epoch = view.get(records.SCAN_EPOCH, order.epoch).record
        require_verdicts(view, revision, epoch)
        numbers = _ncr_numbers(view, order.project)
        told = [
            _verification(row, epoch.name, numbers.get(row.state.global_id, ()))
            for row in _rows(view, order)
            if row.state.epoch.revision == revision.id
        ]
    work.progress("writing verdicts", 0.0)
    with (
        tempfile.TemporaryDirectory(prefix="qtems-write-back-") as folder,
        fetched(work, Upload(revision.file_name, revision.sha256)) as source,
    ):
        target = Path(folder) / PurePath(revision.file_name).name
        found = write_back(source, target, told, length_unit_m=float(revision.metres_per_unit))
        content = work.blobs.put_file(target)
    name = PurePath(revision.file_name)
    with work.store.write(work.context()) as unit:
        keep(unit, work.blobs, content, _MEDIA)
        kept = {"sha256": content.sha256, "written": found.written}
        unit.note("write_back", f"model_revision:{revision.id}", kept, project=order.project)
    return {
        "sha256": content.sha256, "size": content.size, "written": found.written,
        "file_name": f"{name.stem}-verified{name.suffix}",
        "not_in_model": list(found.not_in_model), "replaced": found.replaced,
    }  # fmt: skip


def _rows(view: View, order: WriteBackOrder) -> Iterator[ElementRow]:
    after: str | None = ""
    while after is not None:
        page = page_of(view.connection, order.project, order.epoch, after=after, limit=_AT_ONCE)
        yield from page.items
        after = page.next


def _ncr_numbers(view: View, project: Id) -> Mapping[str, Sequence[str]]:
    """Return GlobalId -> numbers of the nonconformance records about it that stand."""
    found: dict[str, list[str]] = {}
    for stored in view.all(records.NCR, project=project):
        if stored.record.number and stored.record.state not in (NcrState.VOID, NcrState.REJECTED):
            for global_id in stored.record.global_ids:
                found.setdefault(global_id, []).append(stored.record.number)
    return found


def _verification(row: ElementRow, epoch: str, numbers: Sequence[str]) -> Verification:
    decisive = deciding(Outcome(row.verdict), [_measurement(m) for m in row.measured["measurements"]])
    told = decisive is not None and math.isfinite(decisive.actual) and math.isfinite(decisive.expanded_uncertainty)
    return Verification(
        row.state.global_id, row.ifc_class, Outcome(row.verdict), State(row.measured["state"]), epoch,
        row.state.epoch.check,
        characteristic=decisive.characteristic if told and decisive else "",
        deviation=decisive.actual if told and decisive else None,
        expanded_uncertainty=decisive.expanded_uncertainty if told and decisive else None,
        requirement=decisive.source if told and decisive else "",
        ncr_numbers=tuple(numbers),
    )  # fmt: skip


def _measurement(told: Mapping[str, Any]) -> Measurement:
    """Return a measurement as the report states it: millimetres, and null for what is not bounded or not known."""

    def metres(name: str, otherwise: float) -> float:
        return otherwise if told[name] is None else float(told[name]) / 1000.0

    return Measurement(
        told["characteristic"], metres("actual_mm", math.nan), metres("lower_mm", -math.inf),
        metres("upper_mm", math.inf), metres("expanded_uncertainty_mm", math.nan), Outcome(told["verdict"]),
        told["source"],
    )  # fmt: skip


def written_copy(view: View, job: Id, revision: Id, *, scope: Scope = EVERYTHING) -> Upload:
    """Return the copy of a model that a job has made.

    Raises
    ------
    NotFound
        If the job is none that writes into this revision.
    Refused
        If it has not succeeded yet, or never will.
    """
    found = jobs.get(view.connection, job, scope)
    if found.kind != WRITE_BACK or found.payload.get("revision") != revision:
        raise NotFound(f"there is no write-back {job} of this revision")
    if found.result is None or found.state is not JobState.SUCCEEDED:
        said = f": {found.error}" if found.error else ""
        raise Refused(f"the copy is not there, its job is {found.state.value}{said}", missing=("the job's success",))
    return Upload(str(found.result["file_name"]), str(found.result["sha256"]))
