"""Use case: simulate the line of a file, or two lines side by side, and write what came out."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import Invalid
from twin.operations.rehearsal_input import read_input

if TYPE_CHECKING:
    from simulation.flow.document import LineDocument
    from simulation.flow.study import Plan
    from twin.rehearsal.flow_json import FlowResult
    from twin.rehearsal.flow_log import Logged

JSON_FILE, PAGE_FILE, LOG_FILE, FRAMES_FILE = "simulate.json", "simulate.html", "events.parquet", "keyframes.json"
CSV_FILE, OCEL_FILE = "events.csv", "events.ocel.json"
_MOST_LOGGED = 300_000
"""Visits to stations that are written down."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class FlowRequest:
    """Which line to simulate, and how."""

    file: Path
    compare: Path | None = None
    """Another line, given the same random numbers."""
    out_dir: Path | None = None
    """Folder for the files; None: nothing is written."""
    replications: int | None = None
    """Instead of what the file says."""
    seed: int = 0
    workers: int | None = None
    backend: str = "processes"
    lang: str = "en"
    logs: tuple[str, ...] = ()
    """``csv``, ``ocel`` beside the event log as Parquet."""


@dataclass(frozen=True, slots=True, eq=False)
class FlowOutcome:
    """What was found and the files that say so."""

    result: "FlowResult"
    other: "FlowResult | None"
    files: tuple[Path, ...]

    @property
    def needs_action(self) -> bool:
        """Whether a precision that was asked for is not reached."""
        return not all(one.study.stopped for one in (self.result, self.other) if one is not None)


def run_flow(request: FlowRequest, progress: Progress | None = None) -> FlowOutcome:
    """Simulate a line.

    Raises
    ------
    Invalid
        The file cannot be read or makes no sense; the text names file, line and place.
    """
    from simulation.flow.study import study
    from twin.rehearsal.flow_json import FlowResult
    from twin.report.write import ensure_writable

    documents = [read_line_file(path, request) for path in (request.file, request.compare) if path is not None]
    if len(documents) == 2:
        _comparable(documents[0][0], documents[1][0], request)
    if request.out_dir is not None:
        ensure_writable(request.out_dir)
    results = list[FlowResult]()
    for document, content, path in documents:
        try:
            found = study(document.line, document.plan, progress)
        except _simulation_error() as error:
            raise Invalid(f"{path}: {error}") from error
        results.append(FlowResult(document, found, path.name, hashlib.sha256(content).hexdigest(), version("qtems")))
    other = results[1] if len(results) > 1 else None
    return FlowOutcome(results[0], other, _written(request, results[0], other))


def _simulation_error() -> type[Exception]:
    from simulation.errors import SimulationError

    return SimulationError


def read_line_file(path: Path, request: FlowRequest) -> "tuple[LineDocument, bytes, Path]":
    """Return the line of a file, to be run as asked, with the content and the path.

    Raises
    ------
    Invalid
        It cannot be read or makes no sense.
    """
    from simulation.flow.document import read_line

    content = read_input(path)
    try:
        document = read_line(content)
    except _simulation_error() as error:
        raise Invalid(f"{path}: {error}") from error
    return replace(document, plan=_planned(document.plan, request)), content, path


def _planned(plan: "Plan", request: FlowRequest) -> "Plan":
    rule = plan.rule
    if request.replications is not None:
        rule = replace(rule, least=request.replications, most=request.replications, precision=None)
    return replace(plan, rule=rule, seed=request.seed, workers=request.workers, backend=request.backend)


def _comparable(first: "LineDocument", second: "LineDocument", request: FlowRequest) -> None:
    if first.line.unit != second.line.unit:
        raise Invalid(
            f"{request.compare}: its times are in {second.line.unit}, those of {request.file} in {first.line.unit}"
        )


def _written(request: FlowRequest, result: "FlowResult", other: "FlowResult | None") -> tuple[Path, ...]:
    if request.out_dir is None:
        return ()
    from twin.rehearsal.files import write_whole
    from twin.rehearsal.flow_json import flow_json
    from twin.rehearsal.flow_log import events_csv, events_parquet, keyframes_json, ocel_json
    from twin.rehearsal.flow_page import flow_page

    logged = _logged(result)
    contents = {
        JSON_FILE: flow_json(result, other),
        PAGE_FILE: flow_page(result, other, logged, request.lang),
        LOG_FILE: events_parquet(logged, result.sha256, request.seed),
        FRAMES_FILE: keyframes_json(logged),
    }
    if "csv" in request.logs:
        contents[CSV_FILE] = events_csv(contents[LOG_FILE])
    if "ocel" in request.logs:
        contents[OCEL_FILE] = ocel_json(logged, result.sha256, request.seed)
    return write_whole(request.out_dir, contents)


def _logged(result: "FlowResult") -> "Logged":
    """Run the first run again and write it down, all of it or as much as makes a file of some 100 MB."""
    from simulation.flow.load import expected_visits
    from simulation.flow.study import run_replication
    from twin.rehearsal.flow_log import Logged

    line = result.document.line
    visits = expected_visits(line)
    if visits > _MOST_LOGGED:
        line = replace(line, horizon=line.horizon * _MOST_LOGGED / visits)
    found = run_replication(line, replace(result.study.plan, warm_up=0.0), 0, logged=True)
    return Logged(found.log, float(found.edges[-1]), line.unit)
