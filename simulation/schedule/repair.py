"""What a planning program wrote becomes a network; whatever is not sound in it is mended, and every mend is told.

Nothing is mended silently, and what cannot be mended without guessing how long work takes (a task without duration) or
in which order it is done (a ring) is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from geometry.note import Note
from geometry.work_plan import Workdays, WorkLink, WorkPlan, WorkTask, told_of
from simulation.distribution import Fixed
from simulation.errors import BadDocument, SimulationError
from simulation.schedule.calendar import MOST_DAYS, WorkCalendar
from simulation.schedule.network import Cycle, Network
from simulation.schedule.plan import Mends, Repair, Reported, ScheduleDocument, loose_ends
from simulation.schedule.plan_weeks import PlanWeeks
from simulation.schedule.task import Link, Relation, Task

_MOST_LINKS = 2_000_000


def repaired(plan: WorkPlan) -> ScheduleDocument:
    """Return the schedule that a file means, every duration fixed, and what had to be mended.

    Raises
    ------
    SimulationError
        A task has no duration; tasks wait for each other; a duration or a lag is beyond all measure. With the place.
    """
    mends = Mends([Repair(flaw.kind, flaw.place, flaw.text) for flaw in plan.flaws])
    calendar = _calendar(plan)
    below = _children(plan.tasks, mends)
    leaves = [task for task in plan.tasks if task.key not in below]
    names = _names(leaves, mends)
    days = _durations(leaves, calendar, mends)
    links = _links(plan, {task.key: task.name for task in plan.tasks} | names, below, days, mends)
    index = {task.key: position for position, task in enumerate(leaves)}

    def tasks_by(calendar: WorkCalendar | None, mends: Mends) -> tuple[Task, ...]:
        return tuple(
            Task(
                names[task.key],
                Fixed(days[task.key]),
                tuple(
                    Link(index[link.before], Relation(link.relation), link.lag_days) for link in links.get(task.key, ())
                ),
                days[task.key],
                _earliest(task, links.get(task.key, ()), calendar, mends),
                task.trade,
                task.elements,
            )
            for task in leaves
        )

    weeks = PlanWeeks(plan, leaves, links)
    calendar = weeks.calendar(lambda common: tasks_by(common, Mends()), calendar, mends)
    tasks = weeks.counted(tasks_by(calendar, mends), calendar, mends)
    network = _network(tasks, leaves)
    notes = list(loose_ends(tasks, [leaf.place for leaf in leaves]))
    if plan.calendar is None:
        mends.note("no_calendar", "", "The file has no calendar: every day is counted as worked.")
    repairs = tuple(mends.found)
    if calendar is None:
        notes.append(Note("plan_no_start", "The file says no date: the schedule is in working days only."))
    told = tuple(Reported(task.percent, task.actual_start, task.actual_finish) for task in leaves)
    known = any(one.share or one.start or one.finish for one in told)
    return ScheduleDocument(
        plan.name or "schedule", network, (), None, calendar, tuple(notes), repairs,
        reported=told if known else (), status_day=plan.status_day,
    )  # fmt: skip


def _network(tasks: tuple[Task, ...], leaves: Sequence[WorkTask]) -> Network:
    try:
        return Network(tasks)
    except Cycle as error:
        raise BadDocument(leaves[error.ring[0]].place, str(error)) from None


def _calendar(plan: WorkPlan) -> WorkCalendar | None:
    start = plan.start or min((task.start for task in plan.tasks if task.start is not None), default=None)
    if start is None:
        return None
    week = plan.calendar or Workdays("")
    return WorkCalendar(start, week.week, week.holidays)


def _children(tasks: Sequence[WorkTask], mends: Mends) -> Mapping[str, list[str]]:
    """Return the keys of the tasks within each summary task; a summary within itself is none."""
    parents = {task.key: task.parent for task in tasks}
    below = dict[str, list[str]]()
    for task in tasks:
        chain, parent = {task.key}, task.parent
        while parent is not None and parent in parents and parent not in chain:
            chain.add(parent)
            parent = parents[parent]
        if parent is not None and parent in chain:
            mends.note(
                "nested_ring", task.place, "{name} is nested in itself: the nesting is left out.", name=task.name
            )
        elif task.parent is not None and task.parent in parents:
            below.setdefault(task.parent, []).append(task.key)
    return below


def _names(leaves: Sequence[WorkTask], mends: Mends) -> dict[str, str]:
    """Return a name of its own for every task."""
    taken, names = set[str](), dict[str, str]()
    for task in leaves:
        name = task.name
        if name in taken:
            name = f"{task.name} [{task.key}]"
            text = "Another task is called {name}, too: this one is told as {new}."
            mends.note("same_name", task.place, text, name=task.name, new=name)
        taken.add(name)
        names[task.key] = name
    return names


def _durations(leaves: Sequence[WorkTask], calendar: WorkCalendar | None, mends: Mends) -> Mapping[str, float]:
    """Return the durations in working days of the project; a task that says none is no task of 0 days."""
    faults, found = list[tuple[str, str]](), dict[str, float]()
    for task in leaves:
        days = task.days if task.days is not None else _days_between(task, calendar, mends)
        if days is None:
            faults.append((task.place, f"{task.name}: it says no duration, and no start and finish to take it from"))
            continue
        if not 0.0 <= days <= MOST_DAYS:
            faults.append((task.place, f"{task.name}: {days:g} days are not between 0 and {MOST_DAYS:g}"))
        if task.milestone and days:
            text = "{name} is a milestone and lasts {days} days: the days are counted."
            mends.note("milestone_lasts", task.place, text, name=task.name, days=f"{days:g}")
        found[task.key] = days
    if faults:
        raise SimulationError(told_of(faults))
    return found


def _days_between(task: WorkTask, calendar: WorkCalendar | None, mends: Mends) -> float | None:
    if task.milestone:
        return 0.0
    if task.start is None or task.finish is None or calendar is None or task.finish < task.start:
        return None
    first, last = np.datetime64(task.start), np.datetime64(task.finish) + 1
    days = float(np.busday_count(first, last, weekmask=calendar.week, holidays=list(calendar.holidays)))
    text = "{name} has no duration: counted as the {days} days from its start to its finish."
    mends.note("days_from_dates", task.place, text, name=task.name, days=f"{days:g}")
    return days


def _earliest(task: WorkTask, links: Sequence[WorkLink], calendar: WorkCalendar | None, mends: Mends) -> float:
    """Return the working day before which a task does not start."""
    if calendar is None:
        return 0.0
    floor = 0.0
    if task.constraint == "start_after" and task.constraint_day is not None:
        floor = calendar.number(task.constraint_day)
    elif task.constraint:
        text = "{name}: its constraint ({constraint}) is not kept; links alone decide."
        mends.note("constraint", task.place, text, name=task.name, constraint=task.constraint)
    elif not links and task.start is not None and (floor := calendar.number(task.start)) > 0.0:
        text = "{name} waits for nothing: it is kept from starting before its planned day, {day}."
        mends.note("start_kept", task.place, text, name=task.name, day=task.start.isoformat())
    return max(floor, 0.0)


def _links(
    plan: WorkPlan, names: Mapping[str, str], below: Mapping[str, list[str]], days: Mapping[str, float], mends: Mends
) -> Mapping[str, list[WorkLink]]:
    """Return the sound links by the task that waits; those of summary tasks are handed down to tasks that last."""
    keys, sound = {task.key for task in plan.tasks}, list[WorkLink]()
    for link in plan.links:
        lost = [key for key in (link.before, link.after) if key not in keys]
        if lost:
            known = ", ".join(names[key] for key in (link.before, link.after) if key in keys) or "–"
            text = "{known}: a link with the task {lost}, which is not in the file: left out."
            mends.note("unknown_task", link.place, text, known=known, lost=lost[0] or "–")
            continue
        sound.append(_sound(link, days))
    ends, direct = _Ends(sound, below), {id(link) for link in sound}
    handed, count = dict[str, dict[tuple[str, str], WorkLink]](), 0
    for link in sound:
        for one in _handed_down(link, below, ends, names, mends):
            waits = handed.setdefault(one.after, {})
            twin = waits.get((one.before, one.relation))
            if twin is not None and id(one) in direct and id(twin) in direct:
                text = "{after} waits for {before} twice ({relation}): the longer lag is kept."
                values = {"after": names[one.after], "before": names[one.before], "relation": one.relation}
                mends.note("double_link", one.place, text, **values)
            if twin is None or one.lag_days > twin.lag_days:
                waits[one.before, one.relation] = one
            count += 1
            if count > _MOST_LINKS:
                raise BadDocument(link.place, f"links of summary tasks come to more than {_MOST_LINKS} of single tasks")
    return {after: list(waits.values()) for after, waits in handed.items()}


def _sound(link: WorkLink, days: Mapping[str, float]) -> WorkLink:
    """Return a link with its lag in days."""
    lag = link.lag_days if link.lag_share is None else link.lag_share * days.get(link.before, 0.0)
    if abs(lag) > MOST_DAYS:
        raise BadDocument(link.place, f"a lag of {lag:g} days is more than {MOST_DAYS:g}")
    return replace(link, lag_days=lag, lag_share=None)


class _Ends:
    """The first and the last tasks within each summary task."""

    def __init__(self, links: Sequence[WorkLink], below: Mapping[str, list[str]]) -> None:
        self._below = below
        self._waits, self._waited = dict[str, set[str]](), dict[str, set[str]]()
        for link in links:
            if link.relation in ("FS", "SS") and link.lag_days >= 0.0:
                self._waits.setdefault(link.after, set()).add(link.before)
            if link.relation in ("FS", "FF") and link.lag_days >= 0.0:
                self._waited.setdefault(link.before, set()).add(link.after)
        self._first, self._last = dict[str, list[str]](), dict[str, list[str]]()

    def leaves(self, key: str) -> list[str]:
        """Return the tasks that last within a task; the task itself when it is none of a summary."""
        if key not in self._below:
            return [key]
        found, waiting = list[str](), [key]
        while waiting:
            one = waiting.pop()
            inner = self._below.get(one)
            if inner is None:
                found.append(one)
            else:
                waiting.extend(reversed(inner))
        return found

    def first(self, key: str) -> list[str]:
        """Return the tasks within that wait for no other within."""
        return self._open(key, self._first, self._waits)

    def last(self, key: str) -> list[str]:
        """Return the tasks within that no other within waits for."""
        return self._open(key, self._last, self._waited)

    def _open(self, key: str, kept: dict[str, list[str]], linked: Mapping[str, set[str]]) -> list[str]:
        if key not in kept:
            leaves = self.leaves(key)
            inside = set(leaves)
            kept[key] = [one for one in leaves if not linked.get(one, set()) & inside] or leaves
        return kept[key]


def _handed_down(
    link: WorkLink, below: Mapping[str, list[str]], ends: _Ends, names: Mapping[str, str], mends: Mends
) -> list[WorkLink]:
    """Return what a link means for the tasks within its summary tasks."""
    if link.before not in below and link.after not in below:
        return [link]
    values = {"before": names[link.before], "after": names[link.after]}
    if link.before != link.after and set(ends.leaves(link.before)) & set(ends.leaves(link.after)):
        text = "{after} waits for {before}, one of which lies within the other: left out."
        mends.note("own_summary", link.place, text, **values)
        return []
    from_start, to_start = link.relation in ("SS", "SF"), link.relation in ("FS", "SS")
    before = ends.first(link.before) if from_start else ends.last(link.before)
    after = ends.first(link.after) if to_start else ends.last(link.after)
    if (from_start and link.before in below) or (not to_start and link.after in below):
        text = "{after} waits for {before} ({relation}): counted for each first or last task within the summary task."
        mends.note("summary_link", link.place, text, relation=link.relation, **values)
    return [replace(link, before=one, after=other) for one in before for other in after]
