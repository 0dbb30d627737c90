"""Asking for a rehearsal."""

from dataclasses import dataclass, replace
from decimal import Decimal

from twin.errors import Refused
from twin.operations.job_kinds import REHEARSE
from twin.operations.queue import Desk, uploaded_file
from twin.operations.rehearsals import RehearsalOrder, ScannedPart
from twin.operations.work import Upload
from twin.record import Id
from twin.rehearsal_record import RehearsalKind
from twin.store import records
from twin.store.blob_register import require
from twin.store.jobs import Job
from twin.store.repository import Unit
from twin.store.view import Scope


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """An upload with the shape of a part."""

    element: str
    """GlobalId."""
    upload: Id
    noise_mm: Decimal
    """Standard deviation of a point."""


@dataclass(frozen=True, slots=True)
class Files:
    """What a rehearsal is of, besides a model: uploads of who asks, and a run before it."""

    upload: Id | None = None
    """The file that it is of."""
    later: Id | None = None
    """Units that came later, to be scored."""
    fitted: Id | None = None
    """The rehearsal whose model scores them: it is learnt anew, of the same file and by the same settings."""
    others: tuple[Id, ...] = ()
    """Lines beside the first, to compare it with or to choose among."""
    access: Id | None = None
    """Rules for space that has to be free on a side of elements."""
    scanned: tuple[ScannedFile, ...] = ()
    """Parts by the shape that a scan has of them."""


def order_rehearsal(desk: Desk, asked: RehearsalOrder, files: Files | None = None) -> Job:
    """Ask for a rehearsal; its identifier is given here.

    Raises
    ------
    NotFound
        If the revision, an upload or the run before it is not in the project.
    Refused
        If that run fitted no model.
    """
    given = files or Files()

    def order(unit: Unit) -> RehearsalOrder:
        if asked.revision is not None:
            unit.get(records.MODEL_REVISION, asked.revision, Scope(frozenset({desk.project})))
        made = asked if given.fitted is None else _as_fitted(unit, desk, asked, given.fitted)
        if given.upload is not None:
            made = replace(made, file=uploaded_file(unit, desk, given.upload))
        if given.later is not None:
            later = uploaded_file(unit, desk, given.later)
            told = {"score": later.file_name, "score_sha256": later.sha256}
            made = replace(made, later=later, parameters={**made.parameters, **told})
        if given.others:
            others = tuple(uploaded_file(unit, desk, one) for one in given.others)
            told = {"others": "\n".join(f"{one.file_name} {one.sha256}" for one in others)}
            made = replace(made, others=others, parameters={**made.parameters, **told})
        made = _with_surroundings(unit, desk, made, given)
        return replace(made, identifier=unit.new_id(), project=desk.project)

    return desk.ask(REHEARSE, order)


def _with_surroundings(unit: Unit, desk: Desk, asked: RehearsalOrder, given: Files) -> RehearsalOrder:
    """Return an order with its rules for free space, and the parts that a scan has."""
    told = dict(asked.parameters)
    access = None if given.access is None else uploaded_file(unit, desk, given.access)
    if access is not None:
        told |= {"access": access.file_name, "access_sha256": access.sha256}
    scanned = tuple(
        ScannedPart(one.element, uploaded_file(unit, desk, one.upload), one.noise_mm) for one in given.scanned
    )
    if scanned:
        lines = (f"{one.element} {one.file.file_name} {one.noise_mm:f} mm {one.file.sha256}" for one in scanned)
        told["shapes"] = "\n".join(lines)
    return replace(asked, access=access, scanned=scanned, parameters=told)


def _as_fitted(unit: Unit, desk: Desk, asked: RehearsalOrder, fitted: Id) -> RehearsalOrder:
    """Return an order that learns what a run learnt: of its file, with its settings and its random numbers."""
    before = unit.get(records.REHEARSAL, fitted, Scope(frozenset({desk.project}))).record
    if before.kind is not RehearsalKind.QUALITY or before.source is None:
        raise Refused("this run fitted no model of units: name a rehearsal of the kind quality")
    require(unit, before.source.sha256)
    file = Upload(before.source.description, before.source.sha256)
    return replace(asked, file=file, parameters={**before.parameters, "fitted": fitted}, seed=before.seed)
