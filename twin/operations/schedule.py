"""Use case: work out the schedule of a file and write what it comes to."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from twin.operations.rehearsal_input import named, read_input

if TYPE_CHECKING:
    from twin.rehearsal.schedule_json import ScheduleResult

JSON_FILE = "schedule.json"


@dataclass(frozen=True, slots=True)
class ScheduleRequest:
    """Which file to work out, and how."""

    file: Path
    out_dir: Path | None = None
    samples: int = 50_000
    seed: int = 0


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
        The file cannot be read or makes no sense; the text names file, line and place.
    """
    content = read_input(request.file)
    with named(request.file):
        return _worked_out(request, content)


def _worked_out(request: ScheduleRequest, content: bytes) -> ScheduleOutcome:
    import numpy as np

    from simulation.schedule.document import read_schedule
    from simulation.schedule.risk import forecast
    from twin.rehearsal.files import write_whole
    from twin.rehearsal.schedule_json import ScheduleProvenance, ScheduleResult, schedule_json
    from twin.report.write import ensure_writable

    document = read_schedule(content)
    if request.out_dir is not None:
        ensure_writable(request.out_dir)
    network = document.network
    planned = np.array([task.planned for task in network.tasks])
    result = ScheduleResult(
        document,
        network.times(planned),
        tuple(map(float, network.free_float(planned))),
        network.critical_path(planned),
        forecast(network, document.risks, request.samples, np.random.default_rng(request.seed)),
    )
    if request.out_dir is None:
        return ScheduleOutcome(result, ())
    digest = hashlib.sha256(content).hexdigest()
    provenance = ScheduleProvenance(request.file.name, digest, version("qtems"), request.seed, request.samples)
    return ScheduleOutcome(result, write_whole(request.out_dir, {JSON_FILE: schedule_json(result, provenance)}))
