"""Use case: say which of several lines is the best in a figure, with as many runs as that needs."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import Invalid
from twin.operations.flow import FlowRequest, Progress, read_line_file

if TYPE_CHECKING:
    from simulation.flow.choice import Wanted
    from twin.rehearsal.choice_json import ChoiceResult

JSON_FILE, PAGE_FILE = "choice.json", "choice.html"


@dataclass(frozen=True, slots=True)
class ChoiceRequest:
    """Among which lines to choose, and by what."""

    lines: FlowRequest
    """The first line, and how to run all of them."""
    among: tuple[Path, ...]
    """The other lines."""
    wanted: "Wanted"


@dataclass(frozen=True, slots=True, eq=False)
class ChoiceOutcome:
    """What was found and the files that say so."""

    result: "ChoiceResult"
    files: tuple[Path, ...]

    @property
    def needs_action(self) -> bool:
        """Whether the most runs were made and it is still open which line is the best."""
        return not self.result.choice.selection.settled


def run_choice(request: ChoiceRequest, progress: Progress | None = None) -> ChoiceOutcome:
    """Choose the best of several lines.

    Raises
    ------
    Invalid
        A file cannot be read or makes no sense, its times are in another unit, or it has no such figure.
    """
    from simulation.errors import SimulationError
    from simulation.flow.choice import choose
    from twin.rehearsal.choice_json import ChoiceResult, LineFile
    from twin.report.write import ensure_writable

    lines = request.lines
    paths = (lines.file, *request.among)
    read = [read_line_file(path, lines) for path in paths]
    for document, _, path in read[1:]:
        if document.line.unit != read[0][0].line.unit:
            units = f"{document.line.unit}, those of {lines.file} in {read[0][0].line.unit}"
            raise Invalid(f"{path}: its times are in {units}")
    if lines.out_dir is not None:
        ensure_writable(lines.out_dir)
    try:
        found = choose([(one.line, one.plan) for one, _, _ in read], request.wanted, progress or _nobody)
    except SimulationError as error:
        raise Invalid(f"{lines.file}: {error}") from error
    files = tuple(
        LineFile(document.line.name, path.name, hashlib.sha256(content).hexdigest()) for document, content, path in read
    )
    result = ChoiceResult(found, files, read[0][0].line.unit, lines.seed, version("qtems"))
    return ChoiceOutcome(result, _written(request, result))


def _nobody(done: int, most: int) -> None:
    pass


def _written(request: ChoiceRequest, result: "ChoiceResult") -> tuple[Path, ...]:
    if request.lines.out_dir is None:
        return ()
    from twin.rehearsal.choice_json import choice_json
    from twin.rehearsal.choice_page import choice_page
    from twin.rehearsal.files import write_whole

    contents = {JSON_FILE: choice_json(result), PAGE_FILE: choice_page(result, request.lines.lang)}
    return write_whole(request.lines.out_dir, contents)
