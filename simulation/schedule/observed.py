"""What is known of tasks on a day: begun or over between two days, and how much of each stands.

A scan says only that something stood on one day and not yet on another: starts and finishes are intervals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from simulation.errors import BadDocument
from simulation.schedule.network import Network

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
    """False: nothing was seen of it, and it counts as not begun."""


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

    A task without elements has not been looked at.
    """
    kept, known = dict[str, bool | None](), list[Epoch]()
    for epoch in epochs:
        for element, stands in epoch.stands.items():
            if kept.get(element) is not True:
                kept[element] = stands
        known.append(Epoch(epoch.day, dict(kept)))
    return tuple(_observation(task.elements, known) for task in network.tasks)


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
