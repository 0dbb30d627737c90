"""The section ``order`` of ``assembly.json``, and the order as an overlay that the viewer plays (docs/assembly.md)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import DesignModel
from simulation.assembly.access import Access
from simulation.assembly.components import held_together, layers
from simulation.assembly.order_study import OrderStudy, travel
from simulation.assembly.sequence import Order, Step
from simulation.assembly.stability import Balance
from simulation.assembly.validate import Blocker, Judged, Obstacle

OVERLAY_SCHEMA = "qtems.overlay/1"
Json = dict[str, object]
_SECONDS = 2.0
"""Of the animation, for each step."""
_COLOUR, _BLOCKED_COLOUR = "#0072b2", "#d55e00"


@dataclass(frozen=True, slots=True, eq=False)
class ShownStep:
    """A step as it is told: of an order that was found, or of a given one."""

    parts: tuple[int, ...]
    insertion: tuple[FloatArray | None, ...]
    """For each part, the way it comes; None: it is not known how."""
    travel: float
    """Metres."""
    name: str = ""
    found: Step | None = None
    judged: Judged | None = None
    balance: Balance | None = None


def shown_steps(study: OrderStudy) -> tuple[ShownStep, ...]:
    """Return the steps of the first order, or of the given one, in the order in which they are done."""
    standing = np.zeros(len(study.parts), dtype=np.bool_)
    standing[list(study.base)] = True
    shown = list[ShownStep]()
    for number, (parts, came, name, found, judged) in enumerate(_steps(study)):
        ways = tuple(None if part in study.in_place else way for part, way in zip(parts, came, strict=True))
        known = next((way for way in ways if way is not None), None)
        far = 0.0 if known is None else travel(study.blocking, parts, standing, known)
        balance = study.balances[number] if study.balances else None
        shown.append(ShownStep(parts, ways, far, name, found, judged, balance))
        standing[list(parts)] = True
    return tuple(shown)


def _steps(
    study: OrderStudy,
) -> Iterator[tuple[tuple[int, ...], tuple[FloatArray | None, ...], str, Step | None, Judged | None]]:
    for step in study.orders[0].steps if study.orders else ():
        yield step.parts, (step.insertion,) * len(step.parts), "", step, None
    for judged in study.judged:
        yield judged.parts, judged.insertion, judged.given.name, None, judged


def order_section(study: OrderStudy, design: DesignModel) -> Json:
    """Return what was found about the order as plain JSON values; places are metres in the model file's coordinates."""
    blocking, steps = study.blocking, shown_steps(study)
    ids = [part.global_id for part in study.parts]
    return {
        "source": "given" if study.judged else "found",
        "works": study.works,
        "rule": {
            "touch_tolerance_mm": 1e3 * blocking.rule.touch, "insertion_m": blocking.rule.insertion,
            "directions": len(blocking.directions), "settled_on_the_whole_region": blocking.narrow,
            "ground_m": None if study.standing.ground is None else _figure(study.standing.ground + design.origin[2]),
            "friction": study.standing.friction,
        },
        "summary": {
            "parts": len(ids), "steps": len(steps), "blocked_steps": len(study.blocked_steps),
            "first_blocked_step": min(study.blocked_steps) + 1 if study.blocked_steps else None,
            "single_part_orders": study.count, "cost": _figure(study.orders[0].cost) if study.orders else None,
            "groups": sum(len(step.parts) > 1 for step in study.orders[0].steps) if study.orders else 0,
            "not_carried": sum(not step.found.supported for step in steps if step.found),
        },
        "base": [ids[k] for k in sorted(study.base)],
        "steps": [_step(number, step, study, design) for number, step in enumerate(steps, 1)],
        "alternatives": [_alternative(order, ids) for order in study.orders[1:]],
        "locked": [ids[k] for k in study.orders[0].locked] if study.orders else [],
        "made_in_place": [ids[k] for k in sorted(study.in_place)],
        "not_in_sequence": [ids[k] for k in study.unplaced],
        "free": [
            {"global_id": one, "directions": [_vector(way) for way in blocking.directions[study.free[:, k]]]}
            for k, one in enumerate(ids)
        ],
        "held_together": _held(study, ids),
        "layers_from_above": _layers(study),
        "tools": [_access(one, ids) for one in study.access],
        "overlapping": [
            {"elements": [ids[i], ids[j]], "enclosed": inside} for (i, j), inside in blocking.overlapping.items()
        ],
        "doubtful": [
            {"global_id": part.global_id, "because": str(part.doubt)} for part in study.parts if part.doubt
        ],
        "without_shape": sorted(design.without_geometry),
    }  # fmt: skip


def _step(number: int, step: ShownStep, study: OrderStudy, design: DesignModel) -> Json:
    ids = [part.global_id for part in study.parts]
    told: Json = {
        "number": number,
        "elements": [ids[k] for k in step.parts],
        "insertion": [None if way is None else _vector(way) for way in step.insertion],
        "travel_m": _figure(step.travel),
        "path": _path(step),
    }
    if step.name:
        told["name"] = step.name
    if step.found is not None:
        told["carried"] = step.found.supported
        if step.found.path is not None:
            path = step.found.path
            told["way"] = {
                "kind": path.kind, "about_m": [_figure(float(value)) for value in path.about + design.origin],
                "looked_at_every_mm": _figure(1e3 * path.step),
                "clearance_mm": [_figure(1e3 * gap) for gap in path.clearance],
            }  # fmt: skip
        if step.found.inner:
            told["beforehand"] = [_inner(one, ids) for one in step.found.inner]
    if step.balance is not None and step.balance.how != "not computed":
        told["stable"] = step.balance.stable
        told["temporary_supports"] = [ids[k] for k in step.balance.falling]
    if study.lifts:
        lift = study.lifts[number - 1]
        told["lift"] = {
            "mass_kg": _figure(lift.mass), "radius_m": _figure(lift.radius), "capacity_kg": _figure(lift.capacity),
            "hook_m": _figure(lift.hook), "problems": list(lift.problems),
        }  # fmt: skip
    if step.judged is not None:
        told["blocked"] = [_obstacle(one, ids, design) for one in step.judged.obstacles]
    return told


def _path(step: ShownStep) -> list[Json]:
    """Return where the parts are on their way in: poses of the part away from its designed place, first to last."""
    if step.found is not None and step.found.path is not None:
        poses = step.found.path.poses
        return [{"at": _figure(k / (len(poses) - 1)), "T": _matrix(pose)} for k, pose in enumerate(poses)]
    known = next((way for way in step.insertion if way is not None), None)
    start, end = np.eye(4), np.eye(4)
    if known is None:
        return []
    start[:3, 3] = -step.travel * known
    return [{"at": 0.0, "T": _matrix(start)}, {"at": 1.0, "T": _matrix(end)}]


def _inner(step: Step, ids: Sequence[str]) -> Json:
    told: Json = {
        "elements": [ids[k] for k in step.parts],
        "insertion": None if step.insertion is None else _vector(step.insertion),
    }
    return told | ({"beforehand": [_inner(one, ids) for one in step.inner]} if step.inner else {})


def _alternative(order: Order, ids: Sequence[str]) -> Json:
    return {"cost": _figure(order.cost), "sequence": [[ids[k] for k in step.parts] for step in order.steps]}


def _obstacle(obstacle: Obstacle, ids: Sequence[str], design: DesignModel) -> Json:
    return {
        "global_id": ids[obstacle.part],
        "best_direction": _vector(obstacle.insertion),
        "blockers": [_blocker(one, ids, design) for one in obstacle.blockers],
        "further_blockers": obstacle.others,
        "fits_before_step": obstacle.fits_before,
        "fits_as_one_with_its_step": obstacle.free_as_one,
        "rules": list(obstacle.rules),
    }


def _blocker(blocker: Blocker, ids: Sequence[str], design: DesignModel) -> Json:
    return {
        "global_id": ids[blocker.part],
        "area_m2": _figure(blocker.area),
        "depth_mm": _figure(1e3 * blocker.depth),
        "met_m_before_its_place": _figure(blocker.way),
        "at_m": [_figure(float(value)) for value in blocker.at + design.origin],
    }


def _access(access: Access, ids: Sequence[str]) -> Json:
    return {
        "global_id": ids[access.part],
        "step": access.step + 1,
        "clear": access.clear,
        "from": None if access.direction is None else _vector(access.direction),
        "blockers": [{"global_id": ids[k], "volume_m3": _figure(volume)} for k, volume in access.blockers],
    }


def _held(study: OrderStudy, ids: Sequence[str]) -> list[Json]:
    """Return, for each direction, the groups that can only move together along it, with everything in place."""
    found = list[Json]()
    for direction, along in zip(study.blocking.directions, study.blocking.blocked, strict=True):
        label = held_together(along)
        several = np.flatnonzero(np.bincount(label) > 1)
        groups = [[ids[int(k)] for k in np.flatnonzero(label == one)] for one in several]
        if groups:
            found.append({"direction": _vector(direction), "groups": groups})
    return found


def _layers(study: OrderStudy) -> int | None:
    """Return in how many layers everything can be lifted off; None where something holds something else."""
    up = int(np.argmax(study.blocking.directions[:, 2]))
    found = layers(study.blocking.blocked[up])
    return None if found is None else int(found.max()) + 1


def order_overlay(study: OrderStudy, title: str) -> bytes:
    """Return the order as an overlay for the viewer: each part comes in along its way, what is blocked is coloured."""
    tracks, time = list[Json](), 0.0
    for step in shown_steps(study):
        blocked = {one.part for one in step.judged.obstacles} if step.judged else set[int]()
        for part, way in zip(step.parts, step.insertion, strict=True):
            start = {} if way is None else {"move_m": _vector(-step.travel * way)}
            state = "blocked" if part in blocked else "in place"
            colour = {"colour": _BLOCKED_COLOUR} if part in blocked else {"colour": _COLOUR}
            end = {"move_m": [0.0, 0.0, 0.0]} if start else {}
            middle = list[Json]()
            if step.found is not None and step.found.path is not None:
                # the overlay moves parts without turning them: a turn is shown where it ends
                poses = step.found.path.poses
                start = {"move_m": _vector(_moved(poses[0], study.parts[part].centre))}
                middle = [
                    {
                        "t": time + _SECONDS * k / (len(poses) - 1),
                        "move_m": _vector(_moved(poses[k], study.parts[part].centre)),
                    }
                    for k in range(1, len(poses) - 1)
                ]
            keys: list[Json] = [{"t": 0.0, "visible": False}, {"t": time, "visible": True, **colour, **start}]
            tracks.append(
                {
                    "element": study.parts[part].global_id,
                    "keys": [*keys[time == 0.0 :], *middle, {"t": time + _SECONDS, "state": state, **end}],
                }
            )
        time += _SECONDS
    document = {"schema": OVERLAY_SCHEMA, "title": title, "duration_s": time, "tracks": tracks}
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


def _moved(pose: FloatArray, centre: FloatArray) -> FloatArray:
    """Return how far a pose moves a part's centre of gravity (3,)."""
    return pose[:3, :3] @ centre + pose[:3, 3] - centre


def _vector(values: FloatArray) -> list[float]:
    return [round(float(value), 9) + 0.0 for value in values]


def _matrix(pose: FloatArray) -> list[list[float]]:
    return [_vector(row) for row in pose]


def _figure(value: float) -> float:
    return float(f"{value:.9g}") + 0.0
