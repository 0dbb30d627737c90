"""All elements of two checks at once, from their reports and at a glance: processor time in turns, and both the same.

    python benchmarks/glances.py [--elements 110000] [--rounds 3]

It plants a project with two scan epochs in a temporary folder (SQLite; two minutes for 110,000 elements).
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from pydantic import BaseModel

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # not this folder: its api.py is not the package
from api.schemas.comparison import EpochChangesOut  # noqa: E402
from api.schemas.element_columns import ElementColumnsOut  # noqa: E402
from tests.api.web.live import found  # noqa: E402
from tests.api.web.planted import context, plant  # noqa: E402
from tests.api.web.planted_epochs import Sight, plant_epochs  # noqa: E402
from tests.api.web.world import World, make_world  # noqa: E402
from twin.element_state import Seen  # noqa: E402
from twin.operations import element_columns, epoch_changes, glances  # noqa: E402
from twin.operations.missing_glances import make_missing_glances  # noqa: E402
from twin.record import Id  # noqa: E402
from twin.store.view import EVERYTHING  # noqa: E402

SHARES = {Seen.PASSED: 0.8, Seen.FAILED: 0.03, Seen.IN_DOUBT: 0.04, Seen.NOT_SEEN: 0.1, Seen.ABSENT: 0.03}


class Wordy(Sight):
    """Measured three times over, as elements of buildings are."""

    def measured(self, global_id: str) -> dict[str, Any]:
        """Return the element's entry in the check's report."""
        told = super().measured(global_id)
        for one in told["measurements"][:1]:
            plumb = one | {"characteristic": "plumb", "actual_mm": 0.5 * abs(one["actual_mm"])}
            told["measurements"] += [plumb, one | {"characteristic": "flatness", "actual_mm": 3.0}]
        return told


def story(names: tuple[str, ...], rng: np.random.Generator) -> dict[str, Sight]:
    """Return what a scan saw of all elements."""
    kinds = rng.choice(len(SHARES), len(names), p=list(SHARES.values()))
    places = rng.normal(0.0, 4.0, (len(names), 2)).round(3)
    seen = [list(SHARES)[kind] for kind in kinds]
    return {
        name: Wordy(one, x, (x, y, None)) if one in (Seen.PASSED, Seen.FAILED, Seen.IN_DOUBT) else Wordy(one)
        for name, one, (x, y) in zip(names, seen, places.tolist(), strict=True)
    }


def asked(world: World, project: Id, epochs: tuple[Id, ...]) -> dict[str, Callable[[], BaseModel]]:
    """Return what is measured, by its name."""
    store, blobs = world.services.store, world.services.blobs

    def changes() -> BaseModel:
        with store.read() as view:
            told = epoch_changes.epoch_changes(view, blobs, project, EVERYTHING, before=epochs[0], after=epochs[1])
            return EpochChangesOut.model_validate(told, from_attributes=True)

    def columns() -> BaseModel:
        with store.read() as view:
            told = element_columns.element_columns(view, blobs, project, EVERYTHING)
            return ElementColumnsOut.model_validate(told, from_attributes=True)

    return {"epoch-changes": changes, "element-columns": columns}


def none(*_: object) -> None:
    """Stand for a check without a glance."""


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elements", type=int, default=110_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory(prefix="qtems-glances-") as folder:
        world = make_world(Path(folder) / "data")
        project = found(world)
        made = plant(world, project, elements=options.elements)
        epochs = plant_epochs(world, project, made, [story(made.global_ids, rng) for _ in range(2)])
        started = time.process_time()
        count = make_missing_glances(world.services.store, world.services.blobs, context(world))
        print(f"{count} glances made in {time.process_time() - started:.1f} s")
        ways: dict[str, Callable[..., Any]] = {"from reports": none, "at a glance": glances.kept_glance}
        for name, ask in asked(world, project, epochs).items():
            for _ in range(options.rounds):
                said = dict[str, str]()
                for way, kept in ways.items():
                    with patch.object(epoch_changes, "kept_glance", kept), patch.object(
                        element_columns, "kept_glance", kept
                    ):  # fmt: skip
                        started = time.process_time()
                        said[way] = ask().model_dump_json()
                        print(f"{name:16}{way:14}{time.process_time() - started:6.2f} s", flush=True)
                print(f"{'':16}the same: {len(set(said.values())) == 1}")
        world.services.store.database.close()


if __name__ == "__main__":
    main()
