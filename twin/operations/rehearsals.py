"""A rehearsal of a model or a file that are kept: run it, keep what it wrote."""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from geometry.errors import GeometryError
from twin.errors import Invalid
from twin.operations.check import Step
from twin.operations.predictions import keep_predictions, learnt_from, settle_by_checks
from twin.operations.work import Upload, Work, fetched
from twin.record import Evidence, EvidenceKind, Id
from twin.rehearsal_record import Rehearsal, RehearsalKind, RehearsalOutcome
from twin.store import records
from twin.store.blob_register import keep_all
from twin.store.view import Stored

if TYPE_CHECKING:
    from twin.rehearsal.predict_json import Stake

_MEDIA = {
    ".json": "application/json", ".html": "text/html", ".parquet": "application/vnd.apache.parquet",
    ".bcf": "application/octet-stream", ".bcfzip": "application/octet-stream",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScannedPart:
    """A part whose shape a scan has."""

    element: str
    """GlobalId."""
    file: Upload
    """Its points or mesh in the design frame."""
    noise_mm: Decimal = Decimal(0)
    """Standard deviation of a point."""


@dataclass(frozen=True, slots=True)
class RehearsalOrder:
    """Which rehearsal is asked for."""

    identifier: Id
    """The rehearsal's, made by who asked, so that work that was interrupted and repeated makes one."""
    project: Id
    kind: RehearsalKind
    title: str = ""
    revision: Id | None = None
    file: Upload | None = None
    later: Upload | None = None
    """Units that came after those of the file, to be scored."""
    others: tuple[Upload, ...] = ()
    """Lines beside the first."""
    access: Upload | None = None
    """Rules for space that has to be free on a side of elements."""
    scanned: tuple[ScannedPart, ...] = ()
    """Parts by the shape that a scan has of them."""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    """What its kind takes, as text."""
    seed: int = 0
    lang: str = "en"


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsing:
    """What a kind of rehearsal has to work with."""

    work: Work
    order: RehearsalOrder
    file: Path
    """What it is of, under the name that its owner gave it."""
    folder: Path
    """Where it writes; everything there is kept."""
    held: ExitStack
    """What is open until it is over."""
    later: Path | None = None
    """Units to be scored, under the name that their owner gave them."""
    others: tuple[Path, ...] = ()
    """Lines beside the first, under the names that their owners gave them."""
    access: Path | None = None
    """Rules for free space, under the name that their owner gave them."""
    scanned: tuple[Path, ...] = ()
    """Files of ``order.scanned``, under the names that their owners gave them."""
    used: list[str] = field(default_factory=list[str])
    """SHA-256 of the reports of checks that were learnt from."""

    def says(self, name: str) -> bool:
        """Say whether a parameter is set."""
        return self.order.parameters.get(name) == "True"

    def number(self, name: str, default: float) -> float:
        """Return a parameter as a number."""
        return float(self.order.parameters.get(name, default))

    def reports(self) -> list[tuple[date, Path]]:
        """Return the reports of the project's checks that count, by the day of the capture, the oldest first."""
        with self.work.store.read() as view:
            runs = [one.record for one in view.all(records.CHECK_RUN, project=self.order.project, counts=True)]
            days = {run.id: view.get(records.SCAN_EPOCH, run.epoch).record.captured_at for run in runs}
        found = list[tuple[date, Path]]()
        for run in sorted(runs, key=lambda run: days[run.id]):
            path = self.file.with_name(f"check-{run.id}.json")
            self.used.append(run.report.sha256)
            path.symlink_to(self.held.enter_context(self.work.blobs.local_file(run.report.sha256, suffix=".json")))
            found.append((days[run.id].date(), path))
        return found

    def newest_report(self) -> Path:
        """Return the report of the newest check that counts of the model that this is of.

        Raises
        ------
        Invalid
            There is none.
        """
        revision = self.order.revision
        with self.work.store.read() as view:
            runs = [one.record for one in view.all(records.CHECK_RUN, project=self.order.project, counts=True)]
            runs = [run for run in runs if run.revision == revision]
            newest = max(runs, key=lambda run: view.get(records.SCAN_EPOCH, run.epoch).record.captured_at, default=None)
        if newest is None:
            raise Invalid("no check of this model counts yet, so nothing is known as built: run one")
        self.used.append(newest.report.sha256)
        return self.held.enter_context(self.work.blobs.local_file(newest.report.sha256, suffix=".json"))

    def step(self, step: Step, what: str, share: float) -> None:
        """Say how far it is; raises when the work was cancelled."""
        words = SAID_OF.get(self.order.kind, {}).get(step, "") or SAID.get(step, step.value)
        self.work.progress(f"{words} {what}".strip(), share)


SAID: Mapping[Step, str] = MappingProxyType({Step.MEASURING: "working it out"})
"""Steps as rehearsals call them: nothing is measured there, and no scan registered."""
SAID_OF: Mapping[RehearsalKind, Mapping[Step, str]] = MappingProxyType(
    {
        RehearsalKind.ASSEMBLY: MappingProxyType(
            {Step.MEASURING: "looking for clashes", Step.REGISTERING: "looking for an order"}
        )
    }
)


def run_ordered_rehearsal(work: Work, order: RehearsalOrder) -> Stored[Rehearsal]:
    """Run a rehearsal and keep what it wrote in one transaction; done before, it is done.

    Raises
    ------
    NotFound
        If the revision is not in the project.
    GeometryError, Invalid
        If the file cannot be used; the text is one line for the user.
    """
    with work.store.read() as view:
        if done := view.find(records.REHEARSAL, id=order.identifier):
            return done
        revision = view.get(records.MODEL_REVISION, order.revision).record if order.revision else None
    of = Upload(revision.file_name, revision.sha256) if revision else order.file
    if of is None:
        raise Invalid("a rehearsal is of a model or of a file: name one of them")
    started = work.now()
    with tempfile.TemporaryDirectory(prefix="qtems-rehearsal-") as name, ExitStack() as stack:
        folder = Path(name) / "written"
        folder.mkdir()
        given = _given(work, of, Path(name), stack)
        asked = Rehearsing(work, order, given, folder, stack)
        asked, called = _with_more(asked, {given: of.file_name}, Path(name))
        needs_action = _said_as(called, lambda: RUNS[order.kind](asked))
        files = tuple(_kept(work, path) for path in sorted(folder.iterdir(), key=_result_first))
    rehearsal = Rehearsal(
        order.identifier, order.project, order.kind, order.title or (order.later or of).file_name, version("qtems"),
        order.seed, started, work.now(),
        RehearsalOutcome.ACTION_NEEDED if needs_action else RehearsalOutcome.CLEAR, files, order.parameters,
        order.revision, None if revision else Evidence(EvidenceKind.DOCUMENT, of.sha256, of.file_name),
        work.actor.person,
    )  # fmt: skip
    with work.store.write(work.context()) as unit:
        stored = unit.add(records.REHEARSAL, rehearsal, action="create")
        keep_predictions(unit, work.blobs, rehearsal, learnt_from(unit, order.project, asked.used))
        settle_by_checks(unit, order.project)
        keep_all(unit, work.blobs, {one.sha256: one.media_type for one in files})
    return stored


def _with_more(asked: Rehearsing, called: Mapping[Path, str], folder: Path) -> tuple[Rehearsing, dict[Path, str]]:
    """Return what it has to work with, with all files beside the first, and what the owners of all call them."""
    order, names = asked.order, dict(called)

    def given(file: Upload, place: str) -> Path:
        (folder / place).mkdir()
        path = _given(asked.work, file, folder / place, asked.held)
        names[path] = file.file_name
        return path

    asked = replace(
        asked,
        later=given(order.later, "later") if order.later else None,
        others=tuple(given(one, f"other-{number}") for number, one in enumerate(order.others)),
        access=given(order.access, "access") if order.access else None,
        scanned=tuple(given(one.file, f"scanned-{number}") for number, one in enumerate(order.scanned)),
    )
    return asked, names


def _given(work: Work, file: Upload, folder: Path, held: ExitStack) -> Path:
    """Put a file into a folder under the name that its owner gave it."""
    path = folder / Path(file.file_name).name
    path.symlink_to(held.enter_context(fetched(work, file)))
    return path


def _said_as(names: Mapping[Path, str], run: Callable[[], bool]) -> bool:
    """Run, and let what is wrong with a file be told under the name that its owner knows."""
    try:
        return run()
    except (GeometryError, Invalid) as error:
        said = str(error)
        for path, name in names.items():
            said = said.replace(str(path), name)
        raise type(error)(said) from error


def _result_first(path: Path) -> tuple[bool, str]:
    """Order files by name, after the result: ``assembly.json`` before ``assembly-overlay.json``."""
    return path.suffix != ".json" or "-" in path.stem, path.name


def _kept(work: Work, path: Path) -> Evidence:
    content = work.blobs.put_file(path)
    return Evidence(EvidenceKind.REPORT, content.sha256, path.name, _MEDIA.get(path.suffix, "application/octet-stream"))


def _assembly(asked: Rehearsing) -> bool:
    from simulation.assembly.shape_files import ShapeFile
    from twin.operations.assembly import AssemblyRequest, run_assembly
    from twin.operations.assembly_order import OrderRequest

    scanned = zip(asked.order.scanned, asked.scanned, strict=True)
    told = asked.order.parameters
    sequence, at = told.get("sequence", "none"), told.get("at")
    request = AssemblyRequest(
        asked.file, asked.folder,
        position_sd_m=asked.number("position_mm", 0.0) / 1000.0 if "position_mm" in told else None,
        as_built=asked.newest_report() if asked.says("as_built") else None,
        in_time=asked.says("in_time"),
        at=None if at is None else date.fromisoformat(at),
        seed=asked.order.seed,
        touch_tolerance_m=asked.number("touch_mm", 0.1) / 1000.0,
        clearance_m=asked.number("clearance_mm", 0.0) / 1000.0,
        shapes=tuple(ShapeFile(one.element, str(path), float(one.noise_mm) / 1000.0) for one, path in scanned),
        access=asked.access,
        reports=("html", "bcf"),
        lang=asked.order.lang,
        order=None if sequence == "none" else OrderRequest(from_tasks=sequence == "model_tasks"),
        cache_dir=asked.work.cache_dir,
    )  # fmt: skip
    return run_assembly(request, progress=asked.step).needs_action


def _stackup(asked: Rehearsing) -> bool:
    from twin.operations.stackup import StackupRequest, run_stackup

    asked.step(Step.MEASURING, "", 0.0)
    method = asked.order.parameters.get("method", "monte_carlo")
    samples = int(asked.number("samples", 200_000))
    request = StackupRequest(asked.file, asked.folder, samples, method, asked.order.seed, asked.order.lang)
    return run_stackup(request).needs_action


def _schedule(asked: Rehearsing) -> bool:
    from twin.operations.schedule import ScheduleRequest, run_schedule
    from twin.operations.schedule_progress import ProgressSource

    asked.step(Step.MEASURING, "", 0.0)
    progress = [ProgressSource(path, day) for day, path in asked.reports()] if asked.says("progress") else []
    if asked.says("progress") and not progress:
        raise Invalid("no check of this project counts yet, so nothing tells of its progress: run one")
    request = ScheduleRequest(
        asked.file, asked.folder, int(asked.number("samples", 50_000)), asked.order.seed, asked.order.lang,
        progress=tuple(progress),
    )  # fmt: skip
    return run_schedule(request).needs_action


def _process(asked: Rehearsing) -> bool:
    from twin.operations.flow import FlowRequest, run_flow

    told, replications = asked.order.parameters, int(asked.number("replications", 0)) or None

    def tell(done: int, most: int) -> None:
        asked.step(Step.MEASURING, "", done / max(1, most))

    request = FlowRequest(asked.file, None, asked.folder, replications, asked.order.seed, lang=asked.order.lang)
    if "figure" not in told:
        return run_flow(replace(request, compare=next(iter(asked.others), None)), tell).needs_action
    from simulation.flow.choice import MOST_RUNS, Wanted
    from twin.operations.line_choice import ChoiceRequest, run_choice

    wanted = Wanted(
        told["figure"], told["better"] == "more", asked.number("worth", 0.0), asked.number("confidence", 0.95),
        most=replications or MOST_RUNS,
    )  # fmt: skip
    return run_choice(ChoiceRequest(replace(request, replications=None), asked.others, wanted), tell).needs_action


def _fit_up(asked: Rehearsing) -> bool:
    from twin.operations.fitup import FitupRequest, run_fitup

    samples = int(asked.number("samples", 20_000))
    request = FitupRequest(
        asked.file, asked.folder, samples, asked.order.seed, asked.order.lang, scans_beside=False
    )  # fmt: skip
    return run_fitup(request, progress=lambda share: asked.step(Step.MEASURING, "", share)).needs_action


def _prediction(asked: Rehearsing) -> bool:
    from twin.operations.predict import PredictRequest, run_predict

    reports = tuple(path for _, path in asked.reports())
    if not reports:
        raise Invalid("no check of this project counts yet, so there is nothing to predict from: run one")
    request = PredictRequest(
        reports, asked.folder, asked.number("budget_minutes", 480.0), asked.number("instrument_u_mm", 1.0),
        asked.number("candidate_from", 0.5), stakes=_stakes(asked), seed=asked.order.seed, lang=asked.order.lang,
    )  # fmt: skip
    return run_predict(request).needs_action


def _stakes(asked: Rehearsing) -> "dict[str, Stake]":
    """Return cost and minutes by class: lines such as ``IfcColumn 100 20``."""
    from twin.rehearsal.predict_json import Stake

    found = {"": Stake(asked.number("cost", 1.0), asked.number("minutes", 10.0))}
    for line in asked.order.parameters.get("classes", "").splitlines():
        ifc_class, cost, minutes = line.split()
        found[ifc_class] = Stake(float(cost), float(minutes))
    return found


def _quality(asked: Rehearsing) -> bool:
    from simulation.prediction.quality_document import QualityPlan
    from simulation.prediction.quality_trial import Stakes
    from twin.operations.quality import QualityRequest, run_quality

    asked.step(Step.MEASURING, "", 0.0)
    told = asked.order.parameters
    stakes = None
    if "escape" in told:
        stakes = Stakes(asked.number("escape", 1.0), asked.number("action", 0.0), asked.number("effectiveness", 1.0))
    outcome, defective, time, group, name = (
        told.get(word, "") for word in ("outcome", "defective", "time", "group", "identifier")
    )
    ignored = tuple(filter(None, told.get("ignore", "").split("\n")))
    goal = asked.number("goal", 0.0) or None
    plan = QualityPlan(outcome, defective, time, group, name, ignored, stakes=stakes, goal=goal)
    request = QualityRequest(
        asked.file, asked.folder, score=asked.later, settings=plan, seed=asked.order.seed, lang=asked.order.lang,
        as_before=_fitted(asked),
    )  # fmt: skip
    return run_quality(request).needs_action


def _fitted(asked: Rehearsing) -> Path | None:
    """Return the result of the run whose model is asked for."""
    before = asked.order.parameters.get("fitted")
    if before is None:
        return None
    with asked.work.store.read() as view:
        result = view.get(records.REHEARSAL, before).record.files[0]
    return asked.held.enter_context(asked.work.blobs.local_file(result.sha256, suffix=".json"))


RUNS: Mapping[RehearsalKind, Callable[[Rehearsing], bool]] = {
    RehearsalKind.ASSEMBLY: _assembly,
    RehearsalKind.STACKUP: _stackup,
    RehearsalKind.SCHEDULE: _schedule,
    RehearsalKind.PROCESS: _process,
    RehearsalKind.FIT_UP: _fit_up,
    RehearsalKind.QUALITY: _quality,
    RehearsalKind.PREDICTION: _prediction,
}
"""Kind -> what runs it and says whether somebody has to act."""
