"""Use case: fit up the joints of a file and write what came out."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import Invalid
from twin.operations.fitup_scans import scanned_parts
from twin.operations.rehearsal_input import read_input

if TYPE_CHECKING:
    from simulation.fitup.document import FitupDocument, PairingTask
    from simulation.fitup.pairing import Pairing
    from simulation.fitup.study import FitResult
    from twin.rehearsal.fitup_json import ScannedFile

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
    scans_beside: bool = True
    """Whether scans that the file names may be read from beside it."""


@dataclass(frozen=True, slots=True, eq=False)
class FitupOutcome:
    """What was found and the files that say so."""

    document: "FitupDocument"
    results: tuple["FitResult", ...]
    pairing: "Pairing | None"
    files: tuple[Path, ...]
    scanned: tuple["ScannedFile", ...] = ()
    """What the scans that the file names show."""

    @property
    def needs_action(self) -> bool:
        """Whether a joint does not fit or that cannot be told, or no pairing leaves every pair some slack."""
        unfit = any(result.decision.value != "fit" for result in self.results)
        return unfit or (self.pairing is not None and (self.pairing.least < 0.0 or bool(self.pairing.unknown)))


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
    from geometry.errors import GeometryError
    from simulation.errors import SimulationError

    try:
        return _fitted(request, content, progress)
    except (SimulationError, GeometryError) as error:
        raise Invalid(f"{request.file}: {error}") from error


def _fitted(request: FitupRequest, content: bytes, progress: Callable[[float], None]) -> FitupOutcome:
    import numpy as np

    from simulation.fitup.document import read_fitup
    from simulation.fitup.pairing import best_pairing
    from simulation.fitup.study import doubted, fit_joint, without
    from twin.rehearsal.files import write_whole
    from twin.rehearsal.fitup_json import FitupProvenance, fitup_json
    from twin.rehearsal.fitup_page import fitup_page
    from twin.report.write import ensure_writable

    document = read_fitup(content)
    if document.scans and not request.scans_beside:
        raise Invalid(f"{request.file}: scans that it names cannot be reached here; run qtems fitup where they are")
    if request.out_dir is not None:
        ensure_writable(request.out_dir)
    scanned = scanned_parts(document, request.file.parent)
    document = document.with_parts({one.scanned.part.name: one.scanned.part for one in scanned})
    seeds = np.random.SeedSequence(request.seed).spawn(len(document.joints))
    results = list["FitResult"]()
    for index, (joint, seed) in enumerate(zip(document.joints, seeds, strict=True)):
        progress(index / (len(document.joints) + 1))
        fitted = fit_joint(joint, document.confidence, request.samples, np.random.default_rng(seed))
        unknown = [one for part in scanned for one in part.scanned.unknown(joint)]
        if unknown:
            rest = without(joint, unknown)
            known = rest and fit_joint(rest, document.confidence, request.samples, np.random.default_rng(seed))
            fitted = doubted(fitted, unknown, known)
        results.append(fitted)
    task = document.pairing
    pairing = None
    if task is not None:
        pairing = best_pairing(task.joint, task.places, task.parts)
        pairing = replace(pairing, unknown=_taken_as_drawn(task, pairing, scanned))
    outcome = FitupOutcome(document, tuple(results), pairing, (), scanned)
    if request.out_dir is None:
        return outcome
    digest = hashlib.sha256(content).hexdigest()
    provenance = FitupProvenance(request.file.name, digest, version("qtems"), request.seed, request.samples)
    written = {
        JSON_FILE: fitup_json(document, outcome.results, pairing, provenance, scanned),
        PAGE_FILE: fitup_page(document, outcome.results, pairing, provenance, request.lang, scanned=scanned),
    }
    return replace(outcome, files=write_whole(request.out_dir, written))


def _taken_as_drawn(
    task: "PairingTask", pairing: "Pairing", scanned: tuple["ScannedFile", ...]
) -> tuple[tuple[str, str], ...]:
    """Return the features (part, name) of chosen pairs that nothing is known of."""
    found = list[tuple[str, str]]()
    for place, part in pairing.chosen:
        joint = replace(task.joint, fixed=task.places[place], moving=task.parts[part])
        found += [one for file in scanned for one in file.scanned.unknown(joint)]
    return tuple(found)
