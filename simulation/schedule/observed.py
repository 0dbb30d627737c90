"""What is known of tasks on a day: begun or over between two days, and how much of each stands.

A scan says only that something stood on one day and not yet on another: starts and finishes are intervals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from simulation.errors import BadDocument
from simulation.schedule.network import Network
from simulation.schedule.task import Relation

_NOT_QUITE = 0.99
"""Share of a task that is not known to be over."""
Span = tuple[float, float]
"""From (not before) .. to (not after), working days."""


class Stage(StrEnum):
    """How far a task is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of one task."""

    stage: Stage
    started: Span = (0.0, 0.0)
    finished: Span = (0.0, 0.0)
    """Of a task that is done."""
    share: float | None = None
    """Done of it, 0 to 1; None: running, nobody knows how far."""
    doubt: float = 0.0
    """Half the width of the interval around ``share`` that what was not seen of it leaves open."""
    unseen: int = 0
    """Elements of it of which nothing is known."""
    looked_at: bool = True
    """False: nothing was seen of it, and it counts as not begun unless :attr:`inferred`."""
    inferred: bool = False
    """It is done by what was begun after it: nothing of it was seen to lack, and not all of it was seen."""


UNSEEN = Observation(Stage.WAITING, looked_at=False)


@dataclass(frozen=True, slots=True)
class Epoch:
    """What a scan saw."""

    day: float
    """Working days that were over."""
    stands: Mapping[str, bool | None]
    """GlobalId -> stands, does not stand, or not to be told."""


def observe(network: Network, epochs: Sequence[Epoch]) -> tuple[Observation, ...]:
    """Return what scans in the order of time say of each task; what stood once is taken to stand on.

    A task without elements has not been looked at. One of which nothing lacks, though not all of it was seen (footings
    under the ground, what stands behind other things), is over when what waits for its end was begun: when two of that
    one's elements stood, or all, or it is over itself by the same reasoning.
    """
    kept, known = dict[str, bool | None](), list[Epoch]()
    for epoch in epochs:
        for element, stands in epoch.stands.items():
            if kept.get(element) is not True:
                kept[element] = stands
        known.append(Epoch(epoch.day, dict(kept)))
    raw = [_observation(task.elements, known) for task in network.tasks]
    begun = [_surely_begun(task.elements, known) for task in network.tasks]
    for index in reversed(network.order):
        task, one = network.tasks[index], raw[index]
        by = min((begun[after] for after in _waiting_for_its_end(network, index)), default=np.inf)
        lacking = known and any(known[-1].stands.get(element) is False for element in task.elements)
        if one.stage is Stage.DONE or not task.elements or lacking or not np.isfinite(by):
            continue
        start = one.started if one.stage is Stage.RUNNING else (0.0, by)
        start = (min(start[0], by), min(start[1], by))
        lacked = [epoch.day for epoch in known if any(epoch.stands.get(element) is False for element in task.elements)]
        since = min(max([start[0], *lacked]), by)
        raw[index] = replace(one, stage=Stage.DONE, started=start, finished=(since, by), share=1.0, inferred=True)
        begun[index] = min(begun[index], by)
    return tuple(raw)


def _waiting_for_its_end(network: Network, index: int) -> list[int]:
    return [
        after
        for after, task in enumerate(network.tasks)
        for link in task.links
        if link.before == index and link.relation is Relation.FINISH_START and link.lag >= 0.0
    ]


def _surely_begun(elements: Sequence[str], epochs: Sequence[Epoch]) -> float:
    """Return the first day on which two elements stood, or all; infinity when none has."""
    for epoch in epochs:
        standing = sum(epoch.stands.get(element) is True for element in elements)
        if standing and standing >= min(2, len(elements)):
            return epoch.day
    return float("inf")


def _observation(elements: Sequence[str], epochs: Sequence[Epoch]) -> Observation:
    seen = [[epoch.stands.get(element) for element in elements] for epoch in epochs]
    if not elements or not seen or all(one is None for one in seen[-1]):
        return UNSEEN
    unseen = sum(one is None for one in seen[-1])
    begun = next((k for k, ones in enumerate(seen) if True in ones), None)
    if begun is None:
        return Observation(Stage.WAITING, share=0.0, unseen=unseen)
    absent = [epochs[k].day for k in range(begun) if all(one is False for one in seen[k])]
    started = (max(absent, default=0.0), epochs[begun].day)
    over = next((k for k, ones in enumerate(seen) if all(ones)), None)
    if over is None:
        doubt = 0.5 * unseen / len(elements)
        share = min(seen[-1].count(True) / len(elements) + doubt, _NOT_QUITE)
        return Observation(Stage.RUNNING, started, share=share, doubt=min(doubt, share), unseen=unseen)
    open_still = [epochs[k].day for k in range(over) if False in seen[k]]
    return Observation(Stage.DONE, started, (max(open_still, default=started[0]), epochs[over].day), 1.0)


def told(started: float | None, finished: float | None, share: float | None, now: float, place: str) -> Observation:
    """Return what people say of a task: days of start and finish, and the share done.

    Raises
    ------
    BadDocument
        It is over before it began, or begun or over after the day of the report.
    """
    if max(started or 0.0, finished or 0.0) > now + 1e-9:
        raise BadDocument(place, "it was begun or over after the day of the report")
    if finished is not None and started is not None and finished < started:
        raise BadDocument(place, "it was over before it was begun")
    start = (started, started) if started is not None else (0.0, now if finished is None else finished)
    if finished is not None:
        return Observation(Stage.DONE, start, (finished, finished), 1.0)
    if share is not None and share >= 1.0:
        return Observation(Stage.DONE, start, (start[0], now), 1.0)
    if started is None and not share:
        return Observation(Stage.WAITING, share=0.0)
    return Observation(Stage.RUNNING, start, share=share)


def out_of_sequence(network: Network, observed: Sequence[Observation]) -> tuple[tuple[int, int], ...]:
    """Return the pairs (task, before) where a task was begun though one that it waits for is not over."""
    pairs = list[tuple[int, int]]()
    for index, task in enumerate(network.tasks):
        if observed[index].stage is Stage.WAITING:
            continue
        for link in task.links:
            waits_for_end = link.relation == "FS" and link.lag >= 0.0
            if waits_for_end and observed[link.before].stage is not Stage.DONE:
                pairs.append((index, link.before))
    return tuple(pairs)


def in_sequence(network: Network, observed: Sequence[Observation]) -> tuple[Observation, ...]:
    """Return what is known with what was begun too early put back to waiting; what is done of it stays done."""
    early = {index for index, _ in out_of_sequence(network, observed) if observed[index].stage is Stage.RUNNING}
    return tuple(replace(one, stage=Stage.WAITING) if index in early else one for index, one in enumerate(observed))
