"""Several scan epochs of one revision with a planted truth: what each scan saw of every element."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from geometry.schedule import Task, task_to_json
from geometry.verdict import Outcome
from tests.api.web.planted import CAPTURED, Planted, context
from tests.api.web.world import World
from twin.check_record import ElementRow
from twin.element_state import Epoch, Seen, observe_all
from twin.project import CheckRun, ScanEpoch
from twin.record import Id
from twin.store import records
from twin.store.elements import keep_states, latest_states, states_of

APART = timedelta(days=14)
_DAY = timedelta(days=1)
_PRESENCE = {Seen.ABSENT: "missing", Seen.NOT_SEEN: "unseen", Seen.SUSPECT: "design_suspect"}
_VERDICT = {Seen.PASSED: Outcome.PASS, Seen.FAILED: Outcome.FAIL, Seen.IN_DOUBT: Outcome.INDETERMINATE}


@dataclass(frozen=True)
class Sight:
    """What one scan saw of an element; millimetres, U 2 mm along each axis."""

    seen: Seen
    actual: float | None = None
    pose: tuple[float | None, float | None, float | None] | None = None
    limit: float = 8.0
    characteristic: str = "position"

    def measured(self, global_id: str) -> dict[str, Any]:
        """Return the element's entry in the check's ``report.json``."""
        verdict = _VERDICT.get(self.seen, Outcome.NOT_MEASURED).value
        measurement = {
            "characteristic": self.characteristic, "actual_mm": self.actual, "lower_mm": -self.limit,
            "upper_mm": self.limit, "expanded_uncertainty_mm": 2.0, "verdict": verdict,
            "source": "GB 50204-2015 table 8.3.2", "coverage_factor": 2.0, "nominal_mm": None, "points": 400,
            "method": "fit", "note": "", "part": "", "part_id": "", "direction": "",
        }  # fmt: skip
        pose = self.pose and {
            "translation_mm": list(self.pose), "rotation_deg": [0.0, 0.0, None],
            "observable": [one is not None for one in self.pose] + [True, True, False],
            "uncertainty_mm": [None if one is None else 2.0 for one in self.pose],
            "rotation_uncertainty_deg": [0.1, 0.1, None], "coverage_factor": 2.0,
        }  # fmt: skip
        return {
            "global_id": global_id, "state": _PRESENCE.get(self.seen, "installed"), "verdict": verdict, "points": 900,
            "visible_fraction": 0.7, "coverage": 0.9, "pose": pose, "deviation_mm": None,
            "measurements": [] if self.actual is None else [measurement], "visibility": None, "reasons": [],
        }  # fmt: skip


def sight(seen: str, actual: float | None = None, x: float | None = None, **more: Any) -> Sight:
    """Return what a scan saw; with ``x`` the element stands so far along x, as designed along y; z is unknown."""
    return Sight(Seen(seen), actual, None if x is None else (x, 0.0, None), **more)


def plant_epochs(
    world: World, project: Id, made: Planted, story: Sequence[Mapping[str, Sight]], *, pose_known: bool = True
) -> tuple[Id, ...]:
    """Let the planted check be the last of several, a fortnight apart, that saw ``story``; return the epochs."""
    services = world.services
    report = {"registration": {"status": "accepted", "covariance": [[1e-8] * 6] * 6 if pose_known else None}}
    digest = services.blobs.put([json.dumps(report).encode()]).sha256
    epochs: list[Id] = []
    with services.store.write(context(world)) as unit:
        run, scan = unit.get(records.CHECK_RUN, made.check), unit.get(records.SCAN_EPOCH, made.epoch)
        told = {row.state.global_id: row for row in states_of(unit.connection, made.check)}
        unit.save(records.CHECK_RUN, _reported(run.record, digest), expected=run.version)
        for number, seen in enumerate(story):
            last = number == len(story) - 1
            epoch, check = (made.epoch, made.check) if last else (services.store.new_id(), services.store.new_id())
            at = CAPTURED - (len(story) - 1 - number) * APART
            if not last:
                _keep(unit, scan.record, run.record, digest, epoch=epoch, check=check, at=at, number=number)
            keep_states(unit, _rows(unit, project, Epoch(epoch, at, made.revision, check), seen, told))
            epochs.append(epoch)
    return tuple(epochs)


def _keep(
    unit: Any, scan: ScanEpoch, run: CheckRun, report: str, *, epoch: Id, check: Id, at: datetime, number: int
) -> None:
    other = sha256(epoch.encode()).hexdigest()
    file = replace(scan.scans[0], sha256=other)
    unit.add(records.SCAN_EPOCH, replace(scan, id=epoch, name=f"Scan {number + 1}", captured_at=at, scans=(file,)))
    unit.add(records.CHECK_RUN, replace(_reported(run, report), id=check, epoch=epoch, scan_sha256=(other,)))


def _reported(run: CheckRun, report: str) -> CheckRun:
    return replace(run, report=replace(run.report, sha256=report))


def _rows(
    unit: Any, project: Id, epoch: Epoch, seen: Mapping[str, Sight], told: Mapping[str, ElementRow]
) -> list[ElementRow]:
    before = latest_states(unit.connection, project, before=epoch.captured_at)
    states = observe_all(project, seen, before, {g: one.seen for g, one in seen.items()}, epoch=epoch)
    return [
        replace(
            told[state.global_id], state=state, measured=(found := seen[state.global_id].measured(state.global_id)),
            verdict=found["verdict"],
        )
        for state in states
    ]  # fmt: skip


def planted_tasks(global_ids: Sequence[str]) -> tuple[Task, ...]:
    """Return tasks: four elements are due before the second scan, two before the first, one after all of them."""
    one, two, three, four, five, six, seven, *_ = global_ids
    day = CAPTURED.date()
    return (
        _task("Columns", day - 40 * _DAY, day - 16 * _DAY, one, three, four, seven),
        _task("Walls", day - 60 * _DAY, day - 30 * _DAY, two, six),
        _task("Roof", day + 5 * _DAY, day + 9 * _DAY, five),
        _task("Shed", day - 90 * _DAY, day - 80 * _DAY, one, kind="DEMOLITION"),
    )


def _task(name: str, start: date, finish: date, *elements: str, kind: str = "CONSTRUCTION") -> Task:
    return Task(f"{name}$planted", name, name[:1], kind, start, finish, tuple(sorted(elements)))


def plant_schedule(world: World, made: Planted, tasks: Sequence[Task]) -> None:
    """Let the planted revision have brought a schedule along."""
    content = json.dumps([task_to_json(one) for one in tasks]).encode()
    digest = world.services.blobs.put([content]).sha256
    with world.services.store.write(context(world)) as unit:
        kept = unit.get(records.MODEL_REVISION, made.revision)
        unit.save(records.MODEL_REVISION, replace(kept.record, schedule_sha256=digest), expected=kept.version)
