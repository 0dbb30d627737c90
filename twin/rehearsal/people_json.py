"""What is told of a load that people bring, in ``assembly.json`` (docs/assembly.md)."""

from collections.abc import Sequence
from math import isfinite

from geometry.design import DesignModel
from simulation.assembly.people import Handling
from twin.rehearsal.order_shown import figure, vector


def handling_json(handling: Handling, ids: Sequence[str], design: DesignModel) -> dict[str, object]:
    """Return a load as plain JSON values; an index without end is null, with a problem that says why."""
    picked, put = handling.limits or (None, None)
    index = handling.index
    return {
        "elements": [ids[k] for k in handling.parts],
        "step": handling.step + 1,
        "ok": not handling.problems,
        "mass_kg": None if handling.mass is None else figure(handling.mass),
        "persons": handling.persons,
        "limit_picked_kg": None if picked is None else figure(picked),
        "limit_placed_kg": None if put is None else figure(put),
        "lifting_index": figure(index) if index is not None and isfinite(index) else None,
        "stands_at_m": None if handling.place is None else vector(handling.place + design.origin),
        "problems": list(handling.problems),
    }
