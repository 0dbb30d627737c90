"""A building that is scanned every other week while it goes up: held against its model and its schedule.

    .venv/bin/python examples/weekly_scans.py [--out FOLDER] [--pace 1.25] [--seed 1]

The schedule is in the model (IfcTask); the builders are slower than planned by ``--pace``, and each task by its own
chance. What stands on the day of a scan is scanned by the virtual scanner, with the defects of the sample, checked
against the model as designed, and all reports so far go to ``qtems schedule --progress``. Every visit prints what
stands and what the check saw of that, and when it will be over by what is known then, beside the truth, which is known
here. It takes about five minutes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from samples.__main__ import make_sample  # noqa: E402
from samples.building import part_id  # noqa: E402
from samples.part import Part  # noqa: E402
from samples.plan import whole_building  # noqa: E402
from samples.site import DEFECTS  # noqa: E402
from samples.tasks import START, TASKS  # noqa: E402

EVERY = 14
"""Days from one scan to the next."""
FORGOTTEN = [name for name, defect in DEFECTS.items() if defect.kind == "missing"]
"""Parts that the sample never builds; here everything is built in the end."""
REFUSED = 3
"""Exit status of a check that does not believe the pose of the scan."""
OWN_SPREAD = 0.15
"""Standard deviation of the logarithm of a task's own pace."""


@dataclass(frozen=True)
class Building:
    """Which parts there are, and from when to when each task is really worked on (days)."""

    parts: tuple[Part, ...]
    spans: Mapping[str, tuple[float, float]]

    @property
    def end(self) -> float:
        """When it is really over."""
        return max(end for _, end in self.spans.values())

    def standing(self, day: float) -> set[str]:
        """Return the names of the parts that stand on a day; a task builds its parts one after the other."""
        found = set[str]()
        for task, (start, end) in self.spans.items():
            own = sorted(part.name for part in self.parts if part.task == task)
            share = min(1.0, max(0.0, (day - start) / (end - start)))
            found.update(own[: int(share * len(own) + 1e-9)])
        return found | {part.name for part in self.parts if not part.task}


def building(pace: float, seed: int) -> Building:
    """Return the building with what it really took."""
    rng = np.random.default_rng(seed)
    spans, day = dict[str, tuple[float, float]](), 0.0
    for task, days in TASKS:
        took = days * pace * float(np.exp(rng.normal(0.0, OWN_SPREAD)))
        spans[task] = (day, day + took)
        day += took
    return Building(whole_building(), spans)


def run(*command: str) -> int:
    """Run qtems and return its exit status: 1 says that something is wrong in the building, which it is."""
    tool = Path(sys.executable).with_name("qtems")
    done = subprocess.run([str(tool), *command], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, REFUSED):
        raise SystemExit(f"qtems {' '.join(command)}: {done.stderr.strip()}")
    return done.returncode


def visit(house: Building, day: int, folder: Path, seed: int) -> dict[str, Any] | None:
    """Scan what stands on a day and check it; return the report, None when hardly anything of the model was seen."""
    standing = house.standing(day)
    unbuilt = [part.name for part in house.parts if part.name not in standing]
    make_sample(folder, seed + day, 400_000, ["e57"], repaired=FORGOTTEN, unbuilt=unbuilt)
    status = run(
        "check", str(folder / "design.ifc"), str(folder / "scan.e57"), "--out", str(folder),
        "--tolerances", str(folder / "tolerances.yaml"), "--quiet",
    )  # fmt: skip
    return None if status == REFUSED else json.loads((folder / "report.json").read_text("utf-8"))


@dataclass(frozen=True)
class Seen:
    """What a check says against what stands; counts of elements."""

    standing: int
    there: int
    """Of those: seen to stand."""
    hidden: int
    """Of those: not seen, and said so."""
    denied: int
    """Of those: called missing, which is wrong."""
    invented: int
    """Seen to stand although they do not, which is wrong."""


def seen(house: Building, day: int, report: Mapping[str, Any]) -> Seen:
    """Hold a report against the truth."""
    names = {part_id(part): part.name for part in house.parts}
    standing = house.standing(day)
    states = {names[one["global_id"]]: one["state"] for one in report["elements"] if one["global_id"] in names}
    there, missing = ({name for name, told in states.items() if told == state} for state in ("installed", "missing"))
    there -= {names[one["global_id"]] for one in report["elements"] if "partly_absent" in str(one["reasons"])}
    return Seen(
        len(standing), len(standing & there), len(standing - there - missing), len(standing & missing),
        len(there - standing),
    )  # fmt: skip


def forecast(house: Building, visits: Sequence[tuple[int, Path]], out: Path) -> dict[str, Any]:
    """Return what ``qtems schedule`` says after some visits."""
    told = list[str]()
    for day, folder in visits:
        told += ["--progress", f"{day_of(day)}={folder / 'report.json'}"]
    run("schedule", str(visits[-1][1] / "design.ifc"), "--out", str(out), "--samples", "20000", "--quiet", *told)
    return json.loads((out / "schedule.json").read_text("utf-8"))


def day_of(day: float) -> date:
    """Return the date of a day of the work."""
    return START.date() + timedelta(days=int(np.ceil(day)))


HEAD = (
    "day          stands  seen  hidden  wrong   earned    over by P10 .. P50 .. P90                what makes it later"
)


def days_of(told: Mapping[str, Any]) -> dict[float, float]:
    """Return share -> days of a forecast's end."""
    return {row["share"]: row["days"] for row in told["forecast"]["quantiles"]}


def covers(told: Mapping[str, Any], end: float) -> bool:
    """Return whether the real end lies where eight of ten were forecast."""
    days = days_of(told)
    return days[0.1] <= end <= days[0.9]


def line(day: int, found: Seen, told: Mapping[str, Any], end: float) -> str:
    """Return what is printed of a visit."""
    days, earned = days_of(told), told["progress"]["earned_value"]
    drivers = [
        f"{one['task'][4:]} +{one['end_days']:.0f} d" for one in told["progress"]["drivers"] if one["end_days"] > 0.5
    ]
    over = " .. ".join(str(day_of(days[share])) for share in (0.1, 0.5, 0.9))
    held = "" if covers(told, end) else " (not the truth)"
    return (
        f"{day_of(day)}  {found.standing:5d} {found.there:6d} {found.hidden:6d} {found.denied + found.invented:6d}"
        f"   {earned['index'] or 0.0:5.0%}     {over}{held}   {', '.join(drivers[:3])}"
    )


def main() -> int:
    """Build, visit, check, forecast."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder to keep reports and schedules in")
    parser.add_argument("--pace", type=float, default=1.25, help="how much longer than planned it takes (default 1.25)")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    house = building(given.pace, given.seed)
    planned = sum(days for _, days in TASKS)
    print(f"planned: {planned} days, over on {day_of(planned)}; really: {house.end:.1f} days, on {day_of(house.end)}")
    with tempfile.TemporaryDirectory(prefix="qtems-weeks-") as name:
        folder = given.out or Path(name)
        visits, wrong, held = list[tuple[int, Path]](), 0, 0
        print(HEAD)
        for day in range(EVERY, int(house.end), EVERY):
            place = folder / f"day-{day:03d}"
            report = visit(house, day, place, given.seed)
            if report is None:
                print(
                    f"{day_of(day)}   the scan cannot be placed: hardly anything of the model stands above the ground"
                )
                continue
            visits.append((day, place))
            found = seen(house, day, report)
            told = forecast(house, visits, folder / f"schedule-{day:03d}")
            print(line(day, found, told, house.end))
            wrong += found.denied + found.invented
            held += covers(told, house.end)
        print(f"truth within P10..P90 on {held} of {len(visits)} days; elements called wrongly: {wrong}")
    return 0 if wrong == 0 and held >= 0.5 * len(visits) else 1


if __name__ == "__main__":
    sys.exit(main())
