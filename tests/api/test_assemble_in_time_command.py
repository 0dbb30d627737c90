"""``qtems assemble --in-time``, ``--at``: from the tasks of a model to which clashes count."""

from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from tests.api.results import read_result
from tests.geometry.readers.ifc_models import Model

Tasks = tuple[tuple[str, str, str | None, str | None], ...]
BEAM = ("CONSTRUCTION", "beam", "2026-03-12T08:00:00", "2026-03-13T17:00:00")
SCAFFOLD = (
    ("CONSTRUCTION", "scaffold", "2026-03-01", "2026-03-02"),
    ("REMOVAL", "scaffold", "2026-03-05", "2026-03-09"),
)


def _study(folder: Path, tasks: Tasks, *asked: str) -> tuple[int, dict[str, Any]]:
    """Return the exit status and what is told of a beam and a scaffold that share space."""
    made = Model("mm")
    parts = {
        name: made.add(kind, made.block((1.0, 1.0, 1.0)), at=at, name=name)
        for name, kind, at in (("scaffold", "IfcColumn", (0, 0, 0)), ("beam", "IfcBeam", (0.5, 0.5, 0.5)))
    }
    for kind, element, start, finish in tasks:
        times = made.make("IfcTaskTime", ScheduleStart=start, ScheduleFinish=finish)
        task = made.make("IfcTask", made.guid(), Name=kind, IsMilestone=False, PredefinedType=kind, TaskTime=times)
        made.make("IfcRelAssignsToProduct", made.guid(), RelatedObjects=[task], RelatingProduct=parts[element])
    path = made.write(folder / "model.ifc")
    status = main(["assemble", str(path), "--out", str(folder / "out"), "--quiet", *asked])
    return status, read_result(folder / "out" / "assembly.json")


@pytest.mark.parametrize(
    ("tasks", "asked", "clashes", "mixed"),
    [
        ((*SCAFFOLD, BEAM), "--in-time", 0, False),
        ((*SCAFFOLD, ("CONSTRUCTION", "scaffold", "2026-03-10", "2026-03-11"), BEAM), "--in-time", 1, False),
        (
            (
                ("REMOVAL", "scaffold", "2026-03-12T07:00:00Z", "2026-03-12T08:30:00+00:00"),
                ("CONSTRUCTION", "beam", "2026-03-12T10:00:00+02:00", "2026-03-13"),
            ),
            "--in-time", 1, True,
        ),
        (
            (
                ("REMOVAL", "scaffold", "2026-03-12T07:00:00Z", "2026-03-12T08:00:00Z"),
                ("CONSTRUCTION", "beam", "2026-03-12T10:00:00+02:00", "2026-03-13T10:00:00+02:00"),
            ),
            "--in-time", 0, False,
        ),
        ((("REMOVAL", "scaffold", "2026-03-11", "9999-12-31"), BEAM), "--at=9999-12-31", 1, False),
    ],
)  # fmt: skip
def test_only_what_may_be_there_together_clashes(
    tasks: Tasks, asked: str, clashes: int, mixed: bool, tmp_path: Path
) -> None:
    status, told = _study(tmp_path, tasks, asked)
    assert (status, len(told["clashes"]), len(told["in_time"]["excluded"])) == (clashes, clashes, 1 - clashes)
    assert told["in_time"]["mixed_zones"] == mixed
