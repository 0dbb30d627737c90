"""The section ``order`` of ``assembly.json`` (docs/assembly.md)."""

from collections.abc import Sequence

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import DesignModel
from simulation.assembly.access import Access
from simulation.assembly.components import held_together, layers
from simulation.assembly.moves import Looked, Motion
from simulation.assembly.order import Order, Step
from simulation.assembly.order_study import OrderStudy
from simulation.assembly.validate import Blocker, Obstacle
from twin.rehearsal.order_shown import ShownStep, figure, shown_steps, vector
from twin.rehearsal.people_json import handling_json

Json = dict[str, object]


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
            "ground_m": None if study.standing.ground is None else figure(study.standing.ground + design.origin[2]),
            "friction": study.standing.friction,
        },
        "summary": {
            "parts": len(ids), "steps": len(steps), "blocked_steps": len(study.blocked_steps),
            "first_blocked_step": min(study.blocked_steps) + 1 if study.blocked_steps else None,
            "single_part_orders": study.count, "cost": figure(study.orders[0].cost) if study.orders else None,
            "groups": sum(len(step.parts) > 1 for step in study.orders[0].steps) if study.orders else 0,
            "not_carried": sum(not step.found.supported for step in steps if step.found),
        },
        "looked_at_last_m": _reaches(study, ids),
        "base": [ids[k] for k in sorted(study.base)],
        "steps": [_step(number, step, study, design) for number, step in enumerate(steps, 1)],
        "alternatives": [_alternative(order, ids) for order in study.orders[1:]],
        "locked": [ids[k] for k in study.orders[0].locked] if study.orders else [],
        "locked_looked_at": _looked(study.orders[0].looked) if study.orders else None,
        "made_in_place": [ids[k] for k in sorted(study.in_place)],
        "not_in_sequence": [ids[k] for k in study.unplaced],
        "free": [
            {"global_id": one, "directions": [vector(way) for way in blocking.directions[study.free[:, k]]]}
            for k, one in enumerate(ids)
        ],
        "held_together": _held(study, ids),
        "layers_from_above": _layers(study),
        "tools": [_access(one, ids) for one in study.access],
        "people": [handling_json(one, ids, design) for one in study.handling],
        "by_nobody": [ids[k] for k in study.by_nobody],
        "overlapping": [
            {"elements": [ids[i], ids[j]], "enclosed": inside, "passed_over": (i, j) in study.passed_over}
            for (i, j), inside in blocking.overlapping.items()
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
        "insertion": [None if way is None else vector(way) for way in step.insertion],
        "travel_m": figure(step.travel),
        "path": _path(step),
    }
    if step.name:
        told["name"] = step.name
    if step.found is not None:
        told["carried"] = step.found.supported
        if step.found.path is not None:
            path = step.found.path
            told["way"] = {
                "kind": path.kind, "about_m": [figure(float(value)) for value in path.about + design.origin],
                "looked_at_every_mm": figure(1e3 * path.step),
                "clearance_mm": [figure(1e3 * gap) for gap in path.clearance],
            }  # fmt: skip
        if step.found.motion is not None:
            told["moves"] = _moves(step.found.motion, ids)
        if step.found.inner:
            told["beforehand"] = [_inner(one, ids) for one in step.found.inner]
    if study.reasons:
        reason = study.reasons[number - 1]
        told["turn"] = {
            "phase": reason.phase or None, "storey": reason.storey, "ahead": reason.ahead,
            "in_its_way_later": [ids[k] for k in reason.before],
        }  # fmt: skip
    if step.balance is not None and step.balance.how != "not computed":
        told["stable"] = step.balance.stable
        told["temporary_supports"] = [ids[k] for k in step.balance.falling]
    if study.lifts:
        lift = study.lifts[number - 1]
        told["lift"] = {
            "mass_kg": figure(lift.mass), "radius_m": figure(lift.radius), "capacity_kg": figure(lift.capacity),
            "hook_m": figure(lift.hook), "problems": list(lift.problems),
        }  # fmt: skip
    if step.judged is not None:
        told["blocked"] = [_obstacle(one, ids, design) for one in step.judged.obstacles]
    return told


def _path(step: ShownStep) -> list[Json]:
    """Return where the parts are on their way in: poses of the part away from its designed place, first to last."""
    if step.found is not None and step.found.path is not None:
        poses = step.found.path.poses
        return [{"at": figure(k / (len(poses) - 1)), "T": _matrix(pose)} for k, pose in enumerate(poses)]
    if step.found is not None and step.found.motion is not None:
        courses = step.found.motion.courses()
        first = courses[step.parts[0]]
        if any(not np.allclose(first, courses[part]) for part in step.parts):
            return []
        entry = len(step.found.motion.opening)
        return [
            {"at": figure(k / (len(first) - entry - 1)), "T": _matrix(_shifted(one))}
            for k, one in enumerate(first[entry:])
        ]
    known = next((way for way in step.insertion if way is not None), None)
    start, end = np.eye(4), np.eye(4)
    if known is None:
        return []
    start[:3, 3] = -step.travel * known
    return [{"at": 0.0, "T": _matrix(start)}, {"at": 1.0, "T": _matrix(end)}]


def _shifted(by: FloatArray) -> FloatArray:
    pose = np.eye(4)
    pose[:3, 3] = by
    return pose


def _moves(motion: Motion, ids: Sequence[str]) -> list[Json]:
    """Return the moves of a step, first to last: what stands is opened, the new parts come in, all is closed."""
    whats = ["opens"] * len(motion.opening) + ["comes in"] + ["closes"] * (len(motion.closing) - 1)
    return [
        {"what": what, "elements": [ids[k] for k in move.parts], "shift_m": vector(move.shift)}
        for what, move in zip(whats, (*motion.opening, *motion.closing), strict=True)
    ]


def _reaches(study: OrderStudy, ids: Sequence[str]) -> list[Json]:
    """Return the parts of which only the last part of their way was looked at, by its length."""
    reach = study.blocking.reach
    return [
        {"metres": figure(float(one)), "elements": [ids[int(k)] for k in np.flatnonzero(reach == one)]}
        for one in np.unique(reach[np.isfinite(reach)])
    ]


def _looked(looked: Looked | None) -> Json | None:
    """Return at how many states what is locked was looked at; null where that was not done."""
    return None if looked is None else {"states": looked.states, "complete": looked.complete}


def _inner(step: Step, ids: Sequence[str]) -> Json:
    told: Json = {
        "elements": [ids[k] for k in step.parts],
        "insertion": None if step.insertion is None else vector(step.insertion),
    }
    if step.motion is not None:
        told["moves"] = _moves(step.motion, ids)
    return told | ({"beforehand": [_inner(one, ids) for one in step.inner]} if step.inner else {})


def _alternative(order: Order, ids: Sequence[str]) -> Json:
    return {"cost": figure(order.cost), "sequence": [[ids[k] for k in step.parts] for step in order.steps]}


def _obstacle(obstacle: Obstacle, ids: Sequence[str], design: DesignModel) -> Json:
    return {
        "global_id": ids[obstacle.part],
        "best_direction": vector(obstacle.insertion),
        "blockers": [_blocker(one, ids, design) for one in obstacle.blockers],
        "further_blockers": obstacle.others,
        "fits_before_step": obstacle.fits_before,
        "fits_as_one_with_its_step": obstacle.free_as_one,
        "rules": list(obstacle.rules),
    }


def _blocker(blocker: Blocker, ids: Sequence[str], design: DesignModel) -> Json:
    return {
        "global_id": ids[blocker.part],
        "area_m2": figure(blocker.area),
        "depth_mm": figure(1e3 * blocker.depth),
        "met_m_before_its_place": figure(blocker.way),
        "at_m": [figure(float(value)) for value in blocker.at + design.origin],
    }


def _access(access: Access, ids: Sequence[str]) -> Json:
    return {
        "global_id": ids[access.part],
        "step": access.step + 1,
        "clear": access.clear,
        "from": None if access.direction is None else vector(access.direction),
        "blockers": [{"global_id": ids[k], "volume_m3": figure(volume)} for k, volume in access.blockers],
    }


def _held(study: OrderStudy, ids: Sequence[str]) -> list[Json]:
    """Return, for each direction, the groups that can only move together along it, with everything in place."""
    found = list[Json]()
    for direction, along in zip(study.blocking.directions, study.blocking.blocked, strict=True):
        label = held_together(along)
        several = np.flatnonzero(np.bincount(label) > 1)
        groups = [[ids[int(k)] for k in np.flatnonzero(label == one)] for one in several]
        if groups:
            found.append({"direction": vector(direction), "groups": groups})
    return found


def _layers(study: OrderStudy) -> int | None:
    """Return in how many layers everything can be lifted off; None where something holds something else."""
    up = int(np.argmax(study.blocking.directions[:, 2]))
    found = layers(study.blocking.blocked[up])
    return None if found is None else int(found.max()) + 1


def _matrix(pose: FloatArray) -> list[list[float]]:
    return [vector(row) for row in pose]
