"""Use case: analyse the tolerance stack of a file and write what came out."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from geometry.verdict import Outcome
from twin.operations.rehearsal_input import named, read_input

if TYPE_CHECKING:
    from simulation.stackup.allocate import Allocation
    from simulation.stackup.analyse import StackResult

JSON_FILE, PAGE_FILE = "stackup.json", "stackup.html"


@dataclass(frozen=True, slots=True)
class StackupRequest:
    """Which file to analyse, and how."""

    file: Path
    out_dir: Path | None = None
    """Folder for ``stackup.json`` and ``stackup.html``; None: nothing is written."""
    samples: int = 200_000
    method: str = "monte_carlo"
    seed: int = 0
    lang: str = "en"


@dataclass(frozen=True, slots=True, eq=False)
class StackupOutcome:
    """What was found and the files that say so."""

    result: "StackResult"
    allocation: "Allocation | None"
    files: tuple[Path, ...]

    @property
    def needs_action(self) -> bool:
        """Whether a goal is missed, or was not shown to be met: the two are treated alike."""
        return any(one.outcome in (Outcome.FAIL, Outcome.INDETERMINATE) for one in self.result.analysed)


def run_stackup(request: StackupRequest) -> StackupOutcome:
    """Analyse a file.

    Raises
    ------
    Invalid
        The file cannot be read or makes no sense; the text names file, line and place.
    """
    content = read_input(request.file)
    with named(request.file):
        return _analysed(request, content)


def _analysed(request: StackupRequest, content: bytes) -> StackupOutcome:
    import numpy as np

    from simulation.stackup.allocate import allocate
    from simulation.stackup.analyse import analyse
    from simulation.stackup.document import read_stack
    from twin.rehearsal.files import write_whole
    from twin.rehearsal.stackup_json import StackProvenance, stackup_json
    from twin.rehearsal.stackup_page import stackup_page
    from twin.report.write import ensure_writable

    document = read_stack(content)
    if request.out_dir is not None:
        ensure_writable(request.out_dir)
    rng = np.random.default_rng(request.seed)
    result = analyse(document.stack, samples=request.samples, method=request.method, rng=rng)
    allocation = allocate(document.stack, document.target, rng) if document.target else None
    if request.out_dir is None:
        return StackupOutcome(result, allocation, ())
    provenance = StackProvenance(
        request.file.name, hashlib.sha256(content).hexdigest(), version("qtems"), request.seed, request.samples,
        request.method,
    )  # fmt: skip
    written = {
        JSON_FILE: stackup_json(result, allocation, provenance),
        PAGE_FILE: stackup_page(result, allocation, provenance, request.lang),
    }
    return StackupOutcome(result, allocation, write_whole(request.out_dir, written))
