"""The rows that ``qtems assemble --order`` prints."""

from collections.abc import Sequence

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.order_study import OrderStudy
from simulation.assembly.turns import BY_HAND, FASTENER, Reason
from simulation.assembly.validate import Obstacle
from twin.rehearsal.order_shown import ShownStep, shown_steps
from twin.rehearsal.people_rows import people_lines
from twin.rehearsal.said import Said
from twin.report.words import clean

Rows = tuple[list[str], list[list[str]]]
_MOST_SHOWN, _MOST_NAMED, _MOST_MOVED = 15, 3, 12


def step_rows(study: OrderStudy, say: Said, most: int = _MOST_SHOWN) -> Rows:
    """Return the first steps, one row each: which parts, from where, how they stand."""
    heads = [say(f"order.{word}") for word in ("step", "element", "from", "stands")]
    steps = shown_steps(study)[:most]
    rows = [[str(number), *_row(step, study, say)] for number, step in enumerate(steps, 1)]
    if study.reasons:
        heads.append(say("order.why"))
        rows = [[*row, _why(reason, study, say)] for row, reason in zip(rows, study.reasons, strict=False)]
    return heads, rows


def blocked_rows(study: OrderStudy, say: Said, most: int = _MOST_SHOWN) -> Rows:
    """Return the first steps that cannot be done as given: what, in whose way, how much of it, what to do."""
    heads = [say(f"order.{word}") for word in ("step", "element", "blocker", "area", "depth", "advice")]
    found = [(number, one) for number, step in enumerate(study.judged, 1) for one in step.obstacles]
    return heads, [[str(number), *_blocked(one, study, say)] for number, one in found[:most]]


def move_rows(study: OrderStudy, say: Said, most: int = _MOST_SHOWN) -> Rows:
    """Return the moves of the steps that need several, one row each: what is moved, how far, what for."""
    heads = [say(f"order.{word}") for word in ("step", "element", "move", "shift")]
    rows = list[list[str]]()
    for number, step in enumerate(study.orders[0].steps if study.orders else (), 1):
        if step.motion is not None:
            opening, (entry, *closing) = step.motion.opening, step.motion.closing
            whats = ["opens"] * len(opening) + ["enters"] + ["closes"] * len(closing)
            for what, move in zip(whats, (*opening, entry, *closing), strict=True):
                by = ", ".join(f"{1e3 * value + 0.0:.4g}" for value in np.round(move.shift, 6))
                rows.append([str(number), _names(study, move.parts, say, most=_MOST_MOVED), say(f"order.{what}"), by])
    return heads, rows[:most]


def order_lines(study: OrderStudy, say: Said, most: int = _MOST_SHOWN) -> list[str]:
    """Return what is to be known beside the rows, of which ``most`` are shown."""
    lines = list[str]()
    steps = len(study.judged) or len(study.orders[0].steps)
    if study.judged:
        blocked = study.blocked_steps
        word = "order.given_blocked" if blocked else "order.given_works"
        lines.append(say(word, steps=steps, blocked=len(blocked), first=blocked[0] + 1 if blocked else 0))
        if (total := sum(len(step.obstacles) for step in study.judged)) > most:
            lines.append(say("order.blocked_shown", shown=most, total=total))
    else:
        lines.append(say("order.found", parts=len(study.parts) - len(study.base), steps=steps))
        lines += _building_lines(study, say)
        if study.count is not None:
            lines.append(say("order.count" if study.count else "order.count_none", count=study.count))
        fixed = set[int]() if study.turns is None else {int(k) for k in np.flatnonzero(study.turns.by_hand)}
        left = [k for step in study.orders[0].steps if not step.supported for k in step.parts]
        if hanging := [k for k in left if k not in fixed]:
            lines.append(say("order.hanging", count=len(hanging), which=_names(study, hanging, say)))
        if locked := study.orders[0].locked:
            lines.append(say("order.locked", count=len(locked), which=_names(study, locked, say)))
            looked = study.orders[0].looked
            word = "none" if looked is None else "all" if looked.complete else "some"
            lines.append(say(f"order.looked_{word}", states=looked.states if looked else 0))
    if steps > most and not study.judged:
        lines.append(say("order.shown", shown=most, total=steps))
    if study.unplaced:
        lines.append(say("order.unplaced", count=len(study.unplaced), which=_names(study, study.unplaced, say)))
    if overlapping := study.blocking.overlapping:
        lines.append(say("order.overlapping", count=len(overlapping), inside=sum(overlapping.values())))
    if doubtful := [k for k, part in enumerate(study.parts) if part.doubt]:
        lines.append(say("order.doubtful", count=len(doubtful), which=_names(study, doubtful, say)))
    if study.access:
        shut = [access.part for access in study.access if not access.clear]
        word = "order.tools_shut" if shut else "order.tools_clear"
        lines.append(say(word, count=len(shut) or len(study.access), which=_names(study, shut, say)))
    if study.lifts:
        failing = [number for number, lift in enumerate(study.lifts, 1) if lift.problems]
        problems = study.lifts[failing[0] - 1].problems if failing else ()
        said = ", ".join(say(f"order.{problem}") for problem in problems)
        heaviest = max(lift.mass for lift in study.lifts)
        word = "order.lifts_fail" if failing else "order.lifts_work"
        first = failing[0] if failing else 0
        lines.append(say(word, count=len(failing), first=first, problems=said, mass=f"{heaviest:,.0f}"))
    if not study.balances:
        lines.append(say("order.not_balanced"))
    return lines + people_lines(study, say)


def _row(step: ShownStep, study: OrderStudy, say: Said) -> list[str]:
    known = next((way for way in step.insertion if way is not None), None)
    came = say("order.unknown") if known is None else side(-known, say)
    if study.in_place.issuperset(step.parts):
        came = say("order.in_place")
    if step.found is not None and step.found.path is not None:
        came = say(f"order.{step.found.path.kind}", count=len(step.found.path.poses) - 1, side=came)
    if step.found is not None and step.found.motion is not None:
        came = say("order.several", count=len(step.found.motion.closing), side=came)
    what = _names(study, step.parts, say)
    return [f"{clean(step.name)}: {what}" if step.name else what, came, _stands(step, study, say)]


def _why(reason: Reason, study: OrderStudy, say: Said) -> str:
    """Return why a step comes when it does: whose turn it is, or what would be in its way later."""
    if reason.before:
        return say("order.why_before", which=_names(study, reason.before, say, most=2))
    turn = say(f"order.turn_{reason.phase}") if reason.phase else say("order.turn_none")
    turn += f", {clean(reason.storey)}" if reason.phase and reason.storey else ""
    return turn + (" " + say("order.why_ahead") if reason.ahead else "")


def _building_lines(study: OrderStudy, say: Said) -> list[str]:
    """Return what the order of a building rests on beside what is in whose way."""
    if study.turns is None:
        return []
    before = sum(bool(reason.before) for reason in study.reasons)
    ahead = sum(reason.ahead for reason in study.reasons)
    lines = [say("order.turns", ahead=ahead, before=before)]
    if (count := int(study.turns.by_hand.sum())) and not np.isfinite(study.blocking.reach).all():
        lines.append(say("order.by_hand", count=count, metres=f"{BY_HAND:g}", small=f"{FASTENER:g}"))
    if study.passed_over:
        pairs = "; ".join(_names(study, pair, say) for pair in study.passed_over[:_MOST_NAMED])
        left = len(study.passed_over) - _MOST_NAMED
        pairs += " " + say("clash.and_more", n=left) if left > 0 else ""
        lines.append(say("order.passed_over", count=len(study.passed_over), which=pairs))
    return lines


def _stands(step: ShownStep, study: OrderStudy, say: Said) -> str:
    if step.balance is not None and step.balance.how != "not computed":
        if step.balance.stable:
            return say("order.stable")
        return say("order.support", which=_names(study, step.balance.falling, say, most=1))
    if step.found is None:
        return "–"
    if study.orders and set(step.parts) <= set(study.orders[0].locked):
        return say("order.as_whole")
    if not step.found.supported and study.turns is not None and study.turns.by_hand[list(step.parts)].all():
        return say("order.fixed")
    return say("order.carried") if step.found.supported else say("order.hold")


def _blocked(obstacle: Obstacle, study: OrderStudy, say: Said) -> list[str]:
    name = clean(study.parts[obstacle.part].name or study.parts[obstacle.part].global_id)
    if obstacle.rules:
        return [name, "; ".join(clean(rule) for rule in obstacle.rules), "–", "–", say("order.rule")]
    first = obstacle.blockers[0]
    left = len(obstacle.blockers) + obstacle.others - 1
    others = " " + say("clash.and_more", n=left) if left else ""
    blocker = clean(study.parts[first.part].name or study.parts[first.part].global_id) + others
    advice = say("order.best_from", side=side(-obstacle.insertion, say))
    if obstacle.free_as_one:
        advice += say("order.as_one")
    if obstacle.fits_before is not None:
        advice += say("order.before", step=obstacle.fits_before)
    return [name, blocker, f"{first.area:.4g}", f"{1e3 * first.depth:.4g}", advice]


def side(way: FloatArray, say: Said) -> str:
    """Return where a part comes from, in words where it is along an axis."""
    names = ["+x", "-x", "+y", "-y", "above", "below"]
    axes = np.vstack([np.eye(3), -np.eye(3)])[[0, 3, 1, 4, 2, 5]]
    near = np.flatnonzero(axes @ way > 1.0 - 1e-6)
    if len(near):
        return say(f"order.{names[int(near[0])]}")
    return "(" + ", ".join(f"{value + 0.0:.2g}" for value in np.round(way, 2)) + ")"


def _names(study: OrderStudy, parts: Sequence[int], say: Said, most: int = _MOST_NAMED) -> str:
    named = [clean(study.parts[k].name or study.parts[k].global_id) for k in parts[:most]]
    left = len(parts) - len(named)
    return ", ".join(named) + (" " + say("clash.and_more", n=left) if left else "")
