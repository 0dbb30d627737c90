"""Use case: look for clashes in a model and write what was found."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import Invalid
from twin.operations.assembly_access import ACCESS_LIMIT, read_rules, with_free_spaces
from twin.operations.assembly_order import OrderRequest, study_model_order
from twin.operations.assembly_shapes import (
    ScannedShapes,
    as_scanned,
    as_shown,
    exactly_scanned,
    read_shapes,
    with_shapes,
)
from twin.operations.assembly_tasks import TasksRequest, with_tasks
from twin.operations.check import Step, StepProgress, usable_cores
from twin.operations.rehearsal_input import LARGEST, read_input

if TYPE_CHECKING:
    from geometry.design import DesignModel
    from simulation.assembly.order_study import OrderStudy
    from simulation.assembly.place import Places
    from simulation.assembly.presence import TimedClashes
    from simulation.assembly.shape_files import ShapeFile
    from simulation.assembly.study import ClashStudy
    from twin.rehearsal.assembly_json import AssemblyProvenance, InputFile

JSON_FILE, OVERLAY_FILE, ORDER_FILE = "assembly.json", "assembly-overlay.json", "order-overlay.json"
PAGE_FILE, BCF_FILE, GLB_FILE, FILM_FILE = "assembly.html", "assembly.bcf", "assembly.glb", "assembly.gif"
_MOST_TEXT, _MOST_REPORT, _MOST_PLAN = 2**20, 2**30, 2**28


@dataclass(frozen=True, slots=True)
class AssemblyRequest:
    """Which model to look at, and what counts as a clash."""

    model: Path
    out_dir: Path
    touch_tolerance_m: float = 1e-4
    clearance_m: float = 0.0
    position_sd_m: float | None = None
    """How well every class is placed, along each axis; None: ``position_file`` says it, or places are exact."""
    position_file: Path | None = None
    as_built: Path | None = None
    """``report.json`` of a check of this model: what it measured takes the place of the design."""
    unseen_sd_m: float = 0.05
    """Standard deviation of what the check did not see of an element that it measured."""
    confidence: float = 0.95
    seed: int = 0
    order: OrderRequest | None = None
    """What is asked about the order; None: nothing."""
    in_time: bool = False
    """Whether elements clash only where the model's tasks have both there at the same time."""
    tasks: TasksRequest | None = None
    """Whose tasks count in place of the model's own; None: those."""
    at: date | None = None
    """The day that is asked about, with ``in_time``; None: all."""
    shapes: "tuple[str | ShapeFile, ...]" = ()
    """Parts whose shape a scan has: ``GLOBALID=FILE``, folders, YAML files, or what those say."""
    shape_noise_m: float = 0.0
    """Standard deviation of a point of those, where their file says nothing else."""
    access: Path | None = None
    """Rules for space that has to be free on a side of elements; None: none."""
    reports: tuple[str, ...] = ()
    """``html``, ``bcf``, ``glb``, ``gif`` beside the JSON that is always written."""
    lang: str = "en"
    workers: int | None = None
    cache_dir: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AssemblyOutcome:
    """What was found and the files that say so."""

    study: "ClashStudy"
    design: "DesignModel"
    order: "OrderStudy | None"
    files: tuple[Path, ...]
    timed: "TimedClashes | None" = None
    """What is left out because it is never there together; None: that was not asked."""

    @property
    def needs_action(self) -> bool:
        """Whether something clashes, was not looked at (that is not free of clashes), or cannot be put together so.

        A rule that is about no element looked at nothing.
        """
        from simulation.assembly.clash import ClashKind
        from twin.rehearsal.assembly_json import matters

        spaces = self.study.spaces
        unknown = spaces is not None and (spaces.unknown or 0 in spaces.spaces)
        unseen = any(one.designed is not ClashKind.TOUCHING for one in self.study.not_seen)
        doubtful = self.study.unchecked or unknown or unseen or (self.order is not None and not self.order.works)
        return bool(doubtful) or any(matters(clash) for clash in self.study.clashes)


def run_assembly(request: AssemblyRequest, *, progress: StepProgress) -> AssemblyOutcome:
    """Look for clashes in a model.

    Raises
    ------
    GeometryError, Invalid
        The model cannot be read, the reports cannot be written; the text is one line for the user.
    """
    _require_files(request)
    from geometry.readers import DESIGN_READERS, SCAN_READERS, read_design
    from geometry.readers.ifc_relations import read_meant_contacts
    from twin.rehearsal.assembly_json import assembly_json, overlay_json
    from twin.rehearsal.files import write_whole
    from twin.rehearsal.order_json import order_section
    from twin.rehearsal.order_overlay import order_overlay
    from twin.rehearsal.shape_rows import scanned_section
    from twin.report.write import ensure_writable

    suffix = request.model.suffix.lower()
    if suffix in SCAN_READERS and suffix not in DESIGN_READERS:
        known = " ".join(DESIGN_READERS)
        raise Invalid(f"{request.model}: it is a scan; clashes are looked for in a model alone ({known})")
    ensure_writable(request.out_dir)
    design = read_design(
        request.model, workers=request.workers or usable_cores(), cache_dir=request.cache_dir,
        progress=lambda share: progress(Step.TESSELLATING, request.model.name, share),
    )  # fmt: skip
    design = design if request.tasks is None else with_tasks(design, request.tasks)
    meant = read_meant_contacts(request.model) if suffix in (".ifc", ".ifczip") else {}
    scanned = read_shapes(request.shapes, request.shape_noise_m, design)
    shown = as_shown(design, scanned)
    study = _studied(request, design, meant, scanned, shown, progress)
    timed = _in_time(request, design, study) if request.in_time else None
    study = study if timed is None else timed.study
    provenance = _provenance(request, design)
    order = None
    if request.order is not None:
        order = study_model_order(
            request.order, design, request.touch_tolerance_m, meant, threads=request.workers or usable_cores(),
            progress=lambda share: progress(Step.REGISTERING, "", share),
        )  # fmt: skip
    section = None if order is None else order_section(order, design)
    tell: Callable[[float], None] = lambda share: progress(Step.REPORTING, "", share)  # noqa: E731
    drawn = _drawn(request, study, order, shown, provenance, tell, timed, scanned)
    contents = {
        JSON_FILE: assembly_json(study, design, provenance, section, timed, scanned_section(scanned)),
        **drawn,
        OVERLAY_FILE: overlay_json(study, design, request.model.name),
        **({} if order is None else {ORDER_FILE: order_overlay(order, request.model.name)}),
    }
    return AssemblyOutcome(study, design, order, write_whole(request.out_dir, contents), timed)


def _studied(
    request: AssemblyRequest, design: "DesignModel", meant: Mapping[tuple[str, str], str], scanned: ScannedShapes,
    shown: "DesignModel", progress: StepProgress,
) -> "ClashStudy":  # fmt: skip
    """Return what clashes: where elements are, as scanned where they were, and in spaces that have to be free."""
    from simulation.assembly.clash import ClashRule
    from simulation.assembly.study import study_clashes

    places = _places(request, design)
    if scanned.shapes:
        places = exactly_scanned(places, scanned, design, request.confidence, request.seed)
    elements = as_scanned(design, scanned)
    study = study_clashes(
        elements,
        ClashRule(request.touch_tolerance_m, request.clearance_m),
        meant,
        places=places,
        workers=request.workers or usable_cores(),
        progress=lambda share: progress(Step.MEASURING, "", share),
    )
    if scanned.shapes and places is not None:
        study = with_shapes(study, scanned, elements, design, meant, places=places, seen_within=request.unseen_sd_m)
    if request.access is not None:
        if clouds := [one.element.global_id for one in scanned.shapes if one.mesh is None]:
            raise Invalid(f"--access looks at meshes, and {clouds[0]} has points alone: leave one of the two out")
        rules = read_rules(request.access, design, is_ifc=request.model.suffix.lower().startswith(".ifc"))
        study = with_free_spaces(study, rules, request.model, shown, meant)
    return study


def _provenance(request: AssemblyRequest, design: "DesignModel") -> "AssemblyProvenance":
    from twin.rehearsal.assembly_json import AssemblyProvenance

    sequence = request.order.sequence if request.order else None
    return AssemblyProvenance(
        request.model.name, design.source.sha256, version("qtems"), _named(request.as_built, _MOST_REPORT),
        _named(request.position_file, _MOST_TEXT), _named(sequence, LARGEST), request.seed,
        _named(request.tasks.schedule if request.tasks else None, _MOST_PLAN),
        _named(request.tasks.elements if request.tasks else None, LARGEST),
        _named(request.access, ACCESS_LIMIT),
    )  # fmt: skip


def _in_time(request: AssemblyRequest, design: "DesignModel", study: "ClashStudy") -> "TimedClashes":
    """Return the clashes among what is there at the same time."""
    from geometry.readers.ifc_task_times import read_task_times
    from simulation.assembly.presence import in_time_of, timed

    if not design.tasks:
        text = "it has no tasks (IfcTask), so nothing says what is there when; leave out --in-time and --at"
        raise Invalid(f"{request.model}: {text}")
    times = read_task_times(request.model) if request.tasks is None else {}
    found = in_time_of(design.tasks, times, request.at)
    if not found.spells:
        text = "no task with dates builds or removes one of its elements, so nothing says what is there when"
        raise Invalid(f"{request.model}: {text}")
    return timed(study, found)


def _require_files(request: AssemblyRequest) -> None:
    """Refuse what is not there before minutes of work."""
    if not request.model.is_file():
        raise Invalid(f"{request.model}: no such file; check the path")
    tasks = (None, None) if request.tasks is None else (request.tasks.schedule, request.tasks.elements)
    sequence = None if request.order is None else request.order.sequence
    beside = (request.position_file, request.as_built, request.access, sequence, *tasks)
    for path in beside:
        if path is not None and not path.exists():
            raise Invalid(f"{path}: no such file; check the path")


def _drawn(
    request: AssemblyRequest, study: "ClashStudy", order: "OrderStudy | None", design: "DesignModel",
    provenance: "AssemblyProvenance", progress: Callable[[float], None], timed: "TimedClashes | None" = None,
    scanned: ScannedShapes | None = None,
) -> dict[str, bytes]:  # fmt: skip
    """Return the reports with pictures, and the model in colour, that were asked for, by file name."""
    files = dict[str, bytes]()
    if "glb" in request.reports:
        from twin.rehearsal.assembly_glb import assembly_glb

        files[GLB_FILE] = assembly_glb(design, study, order)
    if "gif" in request.reports and order is not None:
        from twin.rehearsal.order_film import order_film
        from twin.rehearsal.said import Said

        files[FILM_FILE] = order_film(order, design, Said(request.lang))
    if not {"html", "bcf"} & set(request.reports):
        return files
    from twin.rehearsal.assembly_page import MOST_PICTURES, assembly_page
    from twin.rehearsal.assembly_rows import varied_first, worst_first
    from twin.rehearsal.clash_bcf import MOST_TOPICS, clash_archive
    from twin.rehearsal.clash_pictures import picture_clashes
    from twin.rehearsal.order_pictures import picture_order
    from twin.rehearsal.said import Said

    bcf = "bcf" in request.reports
    worst = varied_first(worst_first(study))[: MOST_TOPICS if bcf else MOST_PICTURES]
    clouds = {} if scanned is None else {one.element.global_id: one.points for one in scanned.shapes if not one.mesh}
    pictures = picture_clashes(worst, design, study.places, progress, clouds)
    if "html" in request.reports:
        shown = list(zip(worst, pictures, strict=True))[:MOST_PICTURES]
        stages = () if order is None else picture_order(order, design)
        files[PAGE_FILE] = assembly_page(
            study, design, provenance, shown, request.lang, order=order, stages=stages, timed=timed
        )
    if bcf:
        files[BCF_FILE] = clash_archive(worst, pictures, design, request.model.name, Said(request.lang))
    return files


def _places(request: AssemblyRequest, design: "DesignModel") -> "Places | None":
    """Return where the elements are; None where nothing but the design is given."""
    from simulation.assembly.place import Places, designed_place
    from simulation.assembly.positions import Positions, read_positions
    from simulation.errors import SimulationError
    from twin.rehearsal.as_built import places_of, read_as_built

    if request.position_sd_m is None and request.position_file is None and request.as_built is None:
        return None
    positions = Positions(request.position_sd_m or 0.0)
    if request.position_file is not None:
        try:
            positions = read_positions(_content(request.position_file, _MOST_TEXT))
        except SimulationError as error:
            raise Invalid(f"{request.position_file}: {error}") from error
    built = None
    if request.as_built is not None:
        content = _content(request.as_built, _MOST_REPORT)
        digest = hashlib.sha256(content).hexdigest()
        built = read_as_built(content, str(request.as_built), digest, design.source.sha256)
    of = places_of(design, positions, built, request.unseen_sd_m)
    return Places(designed_place(positions.default), of, request.confidence, seed=request.seed)


def _content(path: Path, most: int) -> bytes:
    """Return what a file holds, ``most`` bytes at most."""
    if path.exists() and not path.is_file():
        raise Invalid(f"{path}: it is no file; check the path")
    return read_input(path, most)


def _named(path: Path | None, most: int) -> "InputFile | None":
    from twin.rehearsal.assembly_json import InputFile

    return None if path is None else InputFile(path.name, hashlib.sha256(read_input(path, most)).hexdigest())
