"""Use case: fit up the joints of a file and write what came out."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import Invalid
from twin.operations.rehearsal_input import read_input

if TYPE_CHECKING:
    from simulation.fitup.document import FitupDocument
    from simulation.fitup.pairing import Pairing
    from simulation.fitup.study import FitResult

JSON_FILE, PAGE_FILE = "fitup.json", "fitup.html"


@dataclass(frozen=True, slots=True)
class FitupRequest:
    """Which file to look at, and how."""

    file: Path
    out_dir: Path | None = None
    """Folder for ``fitup.json`` and ``fitup.html``; None: nothing is written."""
    samples: int = 20_000
    seed: int = 0
    lang: str = "en"


@dataclass(frozen=True, slots=True, eq=False)
class FitupOutcome:
    """What was found and the files that say so."""

    document: "FitupDocument"
    results: tuple["FitResult", ...]
    pairing: "Pairing | None"
    files: tuple[Path, ...]

    @property
    def needs_action(self) -> bool:
        """Whether a joint does not fit or that cannot be told, or no pairing leaves every pair some slack."""
        unfit = any(result.decision.value != "fit" for result in self.results)
        return unfit or (self.pairing is not None and self.pairing.least < 0.0)


def run_fitup(request: FitupRequest, *, progress: Callable[[float], None] = lambda share: None) -> FitupOutcome:
    """Fit up the joints of a file.

    Raises
    ------
    Invalid
        The file cannot be read or makes no sense; the text names file, line and place.
    """
    if request.file.exists() and not request.file.is_file():
        raise Invalid(f"{request.file}: it is no file; check the path")
    content = read_input(request.file)
    from simulation.errors import SimulationError

    try:
        return _fitted(request, content, progress)
    except SimulationError as error:
        raise Invalid(f"{request.file}: {error}") from error


def _fitted(request: FitupRequest, content: bytes, progress: Callable[[float], None]) -> FitupOutcome:
    import numpy as np

    from simulation.fitup.document import read_fitup
    from simulation.fitup.pairing import best_pairing
    from simulation.fitup.study import fit_joint
    from twin.rehearsal.files import write_whole
    from twin.rehearsal.fitup_json import FitupProvenance, fitup_json
    from twin.rehearsal.fitup_page import fitup_page
    from twin.report.write import ensure_writable

    document = read_fitup(content)
    if request.out_dir is not None:
        ensure_writable(request.out_dir)
    seeds = np.random.SeedSequence(request.seed).spawn(len(document.joints))
    results = list["FitResult"]()
    for index, (joint, seed) in enumerate(zip(document.joints, seeds, strict=True)):
        progress(index / (len(document.joints) + 1))
        results.append(fit_joint(joint, document.confidence, request.samples, np.random.default_rng(seed)))
    task = document.pairing
    pairing = None if task is None else best_pairing(task.joint, task.places, task.parts)
    outcome = FitupOutcome(document, tuple(results), pairing, ())
    if request.out_dir is None:
        return outcome
    digest = hashlib.sha256(content).hexdigest()
    provenance = FitupProvenance(request.file.name, digest, version("qtems"), request.seed, request.samples)
    written = {
        JSON_FILE: fitup_json(document, outcome.results, pairing, provenance),
        PAGE_FILE: fitup_page(document, outcome.results, pairing, provenance, request.lang),
    }
    return FitupOutcome(document, outcome.results, pairing, write_whole(request.out_dir, written))
