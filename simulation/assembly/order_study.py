"""The whole study of an assembly's order, one screen: who blocks whom, an order or the judgement of a given one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from geometry.design import Element
from simulation.assembly.access import Access, tool_access
from simulation.assembly.blocking import Blocking, block
from simulation.assembly.contact import contacts_of
from simulation.assembly.directions import axes, distinct, sphere
from simulation.assembly.further_ways import further_ways
from simulation.assembly.lifting import Lift, lifts
from simulation.assembly.order import BUILDING_COST, USUAL_COST, Due, Order, Step
from simulation.assembly.order_document import OrderDocument
from simulation.assembly.part import Part, make_parts
from simulation.assembly.people import Handling, handled
from simulation.assembly.sequence import CARRIED, Further, count_sequences, group_order, orders
from simulation.assembly.stability import Balance, Balances, Standing, Support, support_of
from simulation.assembly.turns import Reason, Turns, reasons, turns_of
from simulation.assembly.unit import Units, joined_groups, moved_as_one, pieces_of, united
from simulation.assembly.validate import Judged, validate
from simulation.assembly.view import OrderRule
from simulation.errors import NoSolution

MOST_PARTS = 5000
"""The memory that who blocks whom takes grows with the square of it."""
MOST_ON_SPHERE, MOST_COUNTED, MOST_BALANCED = 400, 12, 120
_MOST_GROUPS = 400
CONTACT_REACH = 1e-3
"""Metres that two faces may be apart and still carry each other."""
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class OrderStudy:
    """What was found about an assembly's order."""

    blocking: Blocking
    """Of everything, along the directions that all parts were tried along."""
    standing: Standing
    free: BoolArray
    """(d, n) where each part could go with all the others in place."""
    orders: tuple[Order, ...]
    """The cheapest first; empty where a given order was judged."""
    judged: tuple[Judged, ...]
    """The steps of a given order."""
    count: int | None
    """In how many orders the parts can be placed one by one; None where that was not counted."""
    base: frozenset[int]
    unplaced: tuple[int, ...]
    """Parts that a given order does not mention: they are taken not to be there."""
    balances: tuple[Balance, ...]
    """After each step of the first order, or of the given one, whether what stands stays; empty: not computed."""

    access: tuple[Access, ...]
    """Of each fastener that a tool was named for."""
    lifts: tuple[Lift, ...]
    """Of each step; empty without a crane."""
    in_place: frozenset[int] = frozenset()
    """Parts that are made where they stay: nothing was asked of their way."""
    turns: Turns | None = None
    """When a builder would put up what; None where nothing says that, or an order was given."""
    reasons: tuple[Reason, ...] = ()
    """Why each step of the first order comes when it does; empty without turns."""
    passed_over: tuple[tuple[int, int], ...] = ()
    """Pairs of a building that share space and hold each other as drawn: ordered as if they did not meet."""
    handling: tuple[Handling, ...] = ()
    """Of each load that people bring; empty where the file says nothing of people."""
    by_nobody: tuple[int, ...] = ()
    """Parts that people do not carry where there is no crane; empty where the file says nothing of people."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """All of them, by GlobalId."""
        return self.blocking.parts

    @property
    def works(self) -> bool:
        """Whether everything can be put together as the steps say."""
        able = all(access.clear for access in self.access) and not any(lift.problems for lift in self.lifts)
        able = able and not self.by_nobody and not any(one.problems for one in self.handling)
        return able and not self.blocked_steps and not any(order.locked for order in self.orders)

    @property
    def blocked_steps(self) -> tuple[int, ...]:
        """Numbers, from 0, of the steps that cannot be done as given."""
        return tuple(k for k, step in enumerate(self.judged) if step.obstacles)


def study_order(
    elements: Mapping[str, Element],
    rule: OrderRule,
    said: Callable[[Sequence[Part]], OrderDocument],
    *,
    ground: float | None = None,
    building: bool = False,
    held: Sequence[tuple[str, str]] = (),
    as_one: Sequence[Sequence[str]] = (),
    best: int = 1,
    threads: int = 1,
    progress: Progress = lambda share: None,
) -> OrderStudy:
    """Return an order for the elements of a model, or the judgement of a given one.

    Parameters
    ----------
    elements
        By GlobalId; their meshes relative to one origin, metres, z up.
    rule
        What counts as being in the way.
    said
        Given the parts, what was said about their order.
    ground
        Height of the ground, metres; None: there is none.
    building
        Whether classes and storeys say when a builder would put up what.
    held
        Pairs of GlobalIds that the model declares to be joined.
    as_one
        GlobalIds of what comes in one piece, such as a column with the plates welded to it.
    best
        How many orders are wanted.
    threads
        Worked on at once; changes nothing but the time.
    progress
        Told the share done.

    Raises
    ------
    BadDocument
        What was said makes no sense.
    NoSolution
        There are more parts than can be worked on.
    """
    _refuse_too_many(len(elements))
    parts = make_parts(elements)
    document = said(parts)
    ground = document.ground if document.ground is not None else ground
    turns = turns_of(parts, elements) if building and not document.steps else None
    blocking = block(
        parts, _directions(parts, document), rule, ground=ground, reach=_reach(rule, turns), threads=threads,
        progress=lambda share: progress(0.5 * share),
    )  # fmt: skip
    passed_over = _pass_over(blocking) if turns is not None else ()
    blocking.blocked[:, sorted(document.in_place)] = blocking.barred[:, sorted(document.in_place)] = False
    pieces = pieces_of(parts, as_one)
    scene = _Scene(blocking, _standing(parts, document, ground, held, pieces), document, pieces, turns, best, threads)
    found = _judged(scene) if document.steps else _found(scene, lambda share: progress(0.5 + 0.5 * share))
    return _by_hand(replace(found, passed_over=passed_over), document)


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """What an order is looked for in, or judged by."""

    blocking: Blocking
    standing: Standing
    document: OrderDocument
    pieces: Sequence[tuple[int, ...]]
    turns: Turns | None
    best: int
    threads: int


def _refuse_too_many(count: int) -> None:
    if count > MOST_PARTS:
        text = f"{count} parts; an order is worked out for {MOST_PARTS} at most"
        raise NoSolution(f"{text}: take the model apart by storey or trade")


def _pass_over(blocking: Blocking) -> tuple[tuple[int, int], ...]:
    """Let pairs that share space and hold each other as drawn go past each other, and return them.

    In a building that is a clash to be solved before anything is built, no joint; it must not turn the order over.
    """
    held = [(i, j) for (i, j), inside in blocking.overlapping.items() if not inside and blocking.blocked[:, i, j].all()]
    for i, j in held:
        blocking.blocked[:, i, j] = blocking.blocked[:, j, i] = False
    return tuple(held)


def _reach(rule: OrderRule, turns: Turns | None) -> FloatArray | None:
    """Return how far each part has to come: what is carried in through a building less than what is lifted out."""
    if rule.insertion is not None or turns is None:
        return None
    return turns.reach


def _directions(parts: Sequence[Part], document: OrderDocument) -> FloatArray:
    """Return (d, 3) the ways that parts are tried to leave by: all around, or the axes of many; and those given."""
    directions = sphere() if len(parts) <= MOST_ON_SPHERE else axes()
    given = [step.insertion for step in document.steps if step.insertion is not None]
    return distinct(np.vstack([directions, *(-way[None] for way in given)]))


def _found(scene: _Scene, progress: Progress) -> OrderStudy:
    """Return the orders that were found."""
    blocking, document, turns = scene.blocking, scene.document, scene.turns
    parts = blocking.parts
    count = count_sequences(blocking, base=document.base, rules=document.rules) if len(parts) <= MOST_COUNTED else None
    found = _search(scene, progress)
    balances = _balances(scene.standing, document.base, [step.parts for step in found[0].steps])
    reached, lifted = _equipped(parts, document, [(step.parts, step.insertion) for step in found[0].steps])
    return OrderStudy(
        blocking, scene.standing, _free(blocking), found, (), count, document.base, (), balances, reached, lifted,
        document.in_place, turns, () if turns is None else reasons(blocking, turns, found[0].steps, document.base),
    )  # fmt: skip


def _free(blocking: Blocking) -> BoolArray:
    """Return (d, n) where each part could go with all the others in place."""
    return blocking.free(np.ones(len(blocking.parts), dtype=np.bool_))


def _judged(scene: _Scene) -> OrderStudy:
    """Return the judgement of a given order."""
    blocking, standing, document, pieces = scene.blocking, scene.standing, scene.document, scene.pieces
    parts = blocking.parts
    judged = validate(
        moved_as_one(_made_around(blocking), pieces), document.steps, base=document.base, rules=document.rules
    )
    named = document.base.union(*(step.parts for step in document.steps))
    unplaced = tuple(k for k in range(len(parts)) if k not in named)
    balances = _balances(standing, document.base, [step.parts for step in document.steps])
    done = [(step.parts, next((way for way in step.insertion if way is not None), None)) for step in judged]
    reached, lifted = _equipped(parts, document, done)
    return OrderStudy(
        blocking, standing, _free(blocking), (), judged, None, document.base, unplaced, balances, reached, lifted,
        document.in_place,
    )  # fmt: skip


def _search(scene: _Scene, progress: Progress) -> tuple[Order, ...]:
    """Return orders, with what can only move as one taken together from the start.

    That is what lies inside something else, and each group that the search finds it has to take away as one: with the
    group as a unit the search begins anew, so that what is cheap before and after is found again.
    """
    blocking, standing, turns = scene.blocking, scene.standing, scene.turns
    further = further_ways(standing.ground, scene.threads)
    count = len(blocking.parts)
    groups = [*scene.pieces, *(pair for pair, inside in blocking.overlapping.items() if inside)]
    while True:
        units = united(blocking, standing, joined_groups(count, groups), scene.document.rules)
        found = orders(
            units.blocking, base=units.base, rules=units.rules, support=_support(units.standing), best=scene.best,
            width=8 if count <= MOST_ON_SPHERE else 2, progress=progress, further=further,
            cost=USUAL_COST if turns is None else BUILDING_COST, due=_due(units, turns, blocking),
        )  # fmt: skip
        steps = [step for step in found[0].steps if len(step.parts) > 1 and step.motion is None]
        together = [step.parts for step in steps if step.insertion is not None]
        if not together or len(groups) > _MOST_GROUPS:
            return tuple(_expanded(order, units, blocking, further) for order in found)
        groups += [tuple(part for unit in parts for part in units.members[unit]) for parts in together]


def _due(units: Units, turns: Turns | None, blocking: Blocking) -> Due | None:
    """Return whose turn is when, of units: that of the largest part."""
    if turns is None:
        return None
    largest = [max(some, key=lambda part: (blocking.parts[part].volume, -part)) for some in units.members]
    return Due(turns.level[largest], turns.by_hand[largest])


def _expanded(order: Order, units: Units, blocking: Blocking, further: Further) -> Order:
    """Return an order of units as one of parts."""
    steps = list[Step]()
    for step in order.steps:
        parts = tuple(part for unit in step.parts for part in units.members[unit])
        inner = group_order(blocking, parts, further) if step.insertion is not None else ()
        motion = None if step.motion is None else step.motion.renumbered(units.members)
        steps.append(Step(parts, step.insertion, step.supported, inner, step.path, motion))
    locked = tuple(part for unit in order.locked for part in units.members[unit])
    return Order(tuple(steps), order.cost, locked, order.looked)


def travel(blocking: Blocking, moving: Sequence[int], standing: BoolArray, insertion: FloatArray) -> float:
    """Return how far parts come on their way in, metres: the insertion length, else until their boxes are clear."""
    far = float(blocking.reach[list(moving)].max())
    if far < np.inf:
        return far
    boxes = np.array([part.bounds for part in blocking.parts])
    ours, theirs = boxes[list(moving)], boxes[standing]
    if not len(theirs):
        theirs = ours
    low, high = ours[:, 0].min(axis=0), ours[:, 1].max(axis=0)
    # along each axis that they move on: how far until the one box has left the other
    with np.errstate(divide="ignore", invalid="ignore"):
        out = -insertion
        way = np.where(out > 0.0, theirs[:, 1].max(axis=0) - low, high - theirs[:, 0].min(axis=0)) / np.abs(out)
    return float(max(np.nanmin(np.where(np.abs(out) > 1e-9, way, np.inf)), 0.0)) + 0.1 * float(np.max(high - low))


def _made_around(blocking: Blocking) -> Blocking:
    """Return the blocking where what encloses another may come after it: it is cast or built around it in place."""
    blocked = blocking.blocked.copy()
    for (first, second), inside in blocking.overlapping.items():
        if inside:
            outer = (first, second) if blocking.parts[first].volume > blocking.parts[second].volume else (second, first)
            blocked[:, outer[0], outer[1]] = False
    return replace(blocking, blocked=blocked)


def _standing(
    parts: Sequence[Part],
    document: OrderDocument,
    ground: float | None,
    held: Sequence[tuple[str, str]],
    pieces: Sequence[tuple[int, ...]],
) -> Standing:
    """Return what carries and holds what: contacts, what is declared to be joined, what is welded into one piece."""
    number = {part.global_id: k for k, part in enumerate(parts)}
    pairs = [(number[a], number[b]) for a, b in held if a in number and b in number]
    pairs += [pair for piece in pieces for pair in pairwise(piece)]
    contacts = contacts_of(parts, reach=CONTACT_REACH, ground=ground)
    joined = frozenset((min(pair), max(pair)) for pair in pairs)
    return Standing(tuple(parts), contacts, joined, document.base, document.friction, ground)


def _equipped(
    parts: Sequence[Part], document: OrderDocument, steps: Sequence[tuple[tuple[int, ...], FloatArray | None]]
) -> tuple[tuple[Access, ...], tuple[Lift, ...]]:
    """Return whether the tools find room and the crane lifts, at each step."""
    base = sorted(document.base)
    # what is made in place is lifted by nobody, what people carry not by the crane
    left = document.in_place if document.people is None else document.in_place | document.people.carries
    lifted = [(tuple(k for k in placed if k not in left), way) for placed, way in steps]
    reached = tool_access(parts, document.tools, [placed for placed, _ in steps], base)
    return reached, lifts(parts, document.crane, lifted, base) if document.crane else ()


def _by_hand(study: OrderStudy, document: OrderDocument) -> OrderStudy:
    """Return a study with how people bring what they carry, and what nobody brings."""
    people = document.people
    if people is None:
        return study
    loads = [[step.parts] for step in study.orders[0].steps] if study.orders else []
    for judged in study.judged:
        loads.append([judged.parts] if judged.given.together else [(part,) for part in judged.parts])
    # a load of which people carry some is one that they have to carry whole
    brought = [part for step in loads for load in step for part in load]
    touched = frozenset(part for step in loads for load in step if people.carries.intersection(load) for part in load)
    people = replace(people, carries=touched - document.in_place)
    told = handled(study.parts, people, loads, sorted(document.base))
    nobody = [part for part in brought if part not in people.carries and part not in document.in_place]
    by_nobody = () if document.crane is not None else tuple(sorted(nobody))
    return replace(study, handling=told, by_nobody=by_nobody)


def _support(standing: Standing) -> Support:
    """Return how well parts are carried; without ground and base they are taken to be held in a fixture."""
    return support_of(standing) if standing.ground is not None or standing.fixed else CARRIED


def _balances(standing: Standing, base: frozenset[int], steps: Sequence[tuple[int, ...]]) -> tuple[Balance, ...]:
    """Return what stays where it is after each step; nothing where there is neither ground nor base."""
    if (standing.ground is None and not base) or len(standing.parts) > MOST_BALANCED:
        return ()
    balance, there, found = Balances(standing), sorted(base), list[Balance]()
    for step in steps:
        there += step
        found.append(balance.of(there))
    return tuple(found)
