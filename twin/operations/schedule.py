"""Use case: work out the schedule of a file and write what it comes to."""

from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import Invalid
from twin.operations.rehearsal_input import named, read_input

if TYPE_CHECKING:
    from simulation.schedule.plan import ScheduleDocument
    from twin.operations.schedule_progress import ProgressSource
    from twin.rehearsal.schedule_json import ScheduleResult

JSON_FILE, PAGE_FILE = "schedule.json", "schedule.html"


@dataclass(frozen=True, slots=True)
class ScheduleRequest:
    """Which file to work out, and how."""

    file: Path
    """Ours (YAML), or a planning program's: IFC, MS Project XML, Primavera XER or XML."""
    out_dir: Path | None = None
    """Folder for ``schedule.json`` and ``schedule.html``; None: nothing is written."""
    samples: int = 50_000
    seed: int = 0
    lang: str = "en"
    conditions: Path | None = None
    """Spreads, risks and resources for a planning program's file."""
    elements: Path | None = None
    """Which of its tasks builds which elements of the check reports: YAML or CSV."""
    progress: tuple["ProgressSource", ...] = ()
    """What says how far things are."""
    effort: float = 20.0
    """Deterministic seconds that levelling resources may take."""


@dataclass(frozen=True, slots=True, eq=False)
class ScheduleOutcome:
    """What was found and the files that say so."""

    result: "ScheduleResult"
    files: tuple[Path, ...]

    @property
    def needs_action(self) -> bool:
        """Never: a schedule says when, and whether that is soon enough is for people to say."""
        return False


def run_schedule(request: ScheduleRequest) -> ScheduleOutcome:
    """Work out a schedule.

    Raises
    ------
    Invalid
        A file cannot be read or makes no sense; the text names file, line and place.
    GeometryError
        The same of a planning program's file.
    """
    from geometry.source import sha256_of

    document = _document(request)
    with named(request.file):
        result = _worked_out(request, document)
    from twin.rehearsal.files import write_whole
    from twin.rehearsal.schedule_json import ScheduleProvenance, schedule_json
    from twin.rehearsal.schedule_page import schedule_page

    digest = sha256_of(request.file)
    beside_it = [path for path in (request.conditions, request.elements) if path]
    given = [*beside_it, *(source.path for source in request.progress)]
    beside = tuple((path.name, sha256_of(path)) for path in given)
    provenance = ScheduleProvenance(request.file.name, digest, version("qtems"), request.seed, request.samples, beside)
    with named(request.file):  # dates beyond the calendar are refused also where nothing is written
        told = schedule_json(result, provenance)
        if request.out_dir is None:
            return ScheduleOutcome(result, ())
        page = schedule_page(result, provenance, request.lang)
    return ScheduleOutcome(result, write_whole(request.out_dir, {JSON_FILE: told, PAGE_FILE: page}))


def _document(request: ScheduleRequest) -> "ScheduleDocument":
    from geometry.readers.plans import PLAN_SUFFIXES, read_plan
    from simulation.schedule.conditions import with_conditions
    from simulation.schedule.document import read_schedule
    from simulation.schedule.repair import repaired

    if request.file.suffix.lower() in (".mpp", ".mpt", ".mpx"):
        raise Invalid(f"{request.file}: it is a file of MS Project itself; save it from there as XML")
    if request.file.suffix.lower() not in PLAN_SUFFIXES:
        if request.conditions is not None:
            raise Invalid(
                f"{request.file}: a schedule in YAML says its spreads and risks itself; leave --conditions out"
            )
        if request.elements is not None:
            raise Invalid(f"{request.file}: a schedule in YAML says its elements itself; leave --elements out")
        content = read_input(request.file)
        with named(request.file):
            return read_schedule(content)
    conditions = None if request.conditions is None else read_input(request.conditions)
    plan = read_plan(request.file)
    if request.elements is not None:
        from twin.operations.schedule_elements import with_elements

        plan = with_elements(plan, request.elements, [source.path for source in request.progress])
    with named(request.file):
        document = repaired(plan)
    with named(request.conditions or request.file):
        return with_conditions(document, conditions)


def _worked_out(request: ScheduleRequest, document: "ScheduleDocument") -> "ScheduleResult":
    import numpy as np

    from simulation.schedule.levelling import level
    from simulation.schedule.progress import progress
    from simulation.schedule.risk import Draw, forecast
    from twin.operations.schedule_progress import known_progress
    from twin.rehearsal.schedule_json import ScheduleResult
    from twin.report.write import ensure_writable

    if request.out_dir is not None:
        ensure_writable(request.out_dir)
    levelled, before = None, document.network
    if document.resources and any(task.needs for task in document.network.tasks):
        levelled = level(document.network, document.resources, request.effort)
        document = replace(document, network=levelled.network)
    network, rng = document.network, np.random.default_rng(request.seed)
    planned = np.array([task.planned for task in network.tasks])
    whole = forecast(network, document.risks, request.samples, rng)
    known = known_progress(request.progress, document, request.file) if request.progress else None
    stands = None
    if known is not None:
        stands = progress(network, document.risks, known.observed, known.now, Draw(request.samples, rng))
    return ScheduleResult(
        document,
        network.times(planned),
        tuple(map(float, network.free_float(planned))),
        network.critical_path(planned),
        whole if stands is None else stands.forecast,
        None if stands is None else whole,
        stands,
        levelled,
        float(before.times(planned).end),
    )
