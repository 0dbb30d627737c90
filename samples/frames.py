"""The samples that are put together: a bolted steel frame and a precast hall, with what is planted in them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from samples import precast, steel
from samples.building import write_model
from samples.model_plan import ModelPlan


@dataclass(frozen=True, slots=True)
class FrameSample:
    """One of them."""

    plan: Callable[[], ModelPlan]
    clashes: tuple[tuple[str, str, str], ...]
    """Planted: two names and the kind of clash."""
    order: str = ""
    """What an order has to keep beyond what the model says: a file for ``qtems assemble --sequence``."""


FRAMES: Mapping[str, FrameSample] = {
    "steel": FrameSample(steel.steel_frame, steel.PLANTED, steel.order_file()),
    "precast": FrameSample(precast.precast_hall, precast.PLANTED, precast.order_file()),
}


def make_frame(folder: Path, kind: str) -> str:
    """Write design.ifc, truth.json and, where there is one, order.yaml; return a few words about the sample."""
    sample = FRAMES[kind]
    plan = sample.plan()
    folder.mkdir(parents=True, exist_ok=True)
    write_model(folder / "design.ifc", plan)
    truth = {
        "model": "design.ifc",
        "clashes": [{"elements": [first, second], "kind": how} for first, second, how in sample.clashes],
    }
    (folder / "truth.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if sample.order:
        (folder / "order.yaml").write_text(sample.order, encoding="utf-8")
    return f"{len(plan.parts)} parts, {len(plan.assemblies)} assemblies, {len(plan.connections)} connections"
