"""The rows that ``qtems schedule`` prints."""

from typing import Any

from twin.rehearsal.figures import Figures
from twin.rehearsal.said import Said
from twin.rehearsal.schedule_json import ScheduleResult, schedule_document

_MOST_SHOWN = 40
Rows = tuple[list[str], list[list[str]]]


def end_rows(result: ScheduleResult, say: Said) -> Rows:
    """Return when it is over: as planned, and with which certainty."""
    told: Any = schedule_document(result)
    found, figures = told["forecast"], Figures()
    chosen = {0.1: "P10", 0.5: "P50", 0.8: "P80", 0.9: "P90"}
    rows = [[say("schedule.planned"), f"{told['planned_days']:.1f}", told["planned_end"] or "–"]]
    mean = found["mean_days"]
    rows.append([say("schedule.mean"), f"{mean['value']:.1f} ({mean['low']:.2f}–{mean['high']:.2f})", "–"])
    rows += [
        [chosen[one["share"]], f"{one['days']:.1f}", one["date"] or "–"]
        for one in found["quantiles"]
        if one["share"] in chosen
    ]
    if told["pert"] and told["pert"]["sd_days"]:
        rows.append([say("schedule.pert"), f"{told['pert']['P80_days']:.1f}", "–"])
    if found["within_deadline"]:
        deadline = say("schedule.within", days=f"{found['deadline_days']:g}")
        rows.append([deadline, figures.share(found["within_deadline"]), "–"])
    return [say("schedule.end"), say("schedule.days"), say("schedule.date")], rows


def more_tasks_line(result: ScheduleResult, say: Said) -> str:
    """Return the line that says how many of the tasks are shown; nothing when all are."""
    count = len(result.document.network.tasks)
    return say("schedule.shown", shown=_MOST_SHOWN, count=count) if count > _MOST_SHOWN else ""


def resource_lines(result: ScheduleResult, say: Said) -> list[str]:
    """Return what the resources do to the plan, and how sure it is that it is the shortest."""
    told: Any = schedule_document(result)["resources"]
    if told is None:
        return []
    days = {"days": f"{told['days']:g}", "unlimited": f"{told['unlimited_days']:g}"}
    lines = [say("resources.plan", **days)]
    if told["proven_shortest"]:
        lines.append(say("resources.proven"))
    else:
        lines.append(say("resources.gap", bound=f"{told['bound_days']:g}"))
    if told["resolution_days"]:
        lines.append(say("resources.rounded", days=f"{told['resolution_days']:g}"))
    return [*lines, say("resources.links")]


def task_rows(result: ScheduleResult, say: Said) -> Rows:
    """Return the tasks: when, how much float, how often critical; of many those that are critical most often.

    Where it is known how far things are, when each is planned and when it is to be expected.
    """
    told: Any = schedule_document(result)
    known = told["progress"] is not None
    words = ["task", "days", "start", "finish", "float", "criticality", "influence"]
    if known:
        words[2:4] = ["planned_start", "planned_finish", "expected_finish"]
    rows = [
        [
            one["name"],
            f"{one['days']:g}"[:7],
            one["start"] or f"{one['start_day']:.1f}",
            one["finish"] or f"{one['finish_day']:.1f}",
            *([one["expected_finish"] or f"{one['expected_finish_day']:.1f}"] if known else []),
            f"{one['total_float_days']:.1f}",
            f"{100 * one['criticality']:.0f} %",
            f"{one['influence'] + 0.0:.2f}".replace("-0.00", "0.00"),
        ]
        for one in _shown(told["tasks"])
    ]
    return [say(f"schedule.{word}") for word in words], rows


def _shown(tasks: list[Any]) -> list[Any]:
    """Return the tasks that are critical most often, in the order of the plan."""
    order = sorted(range(len(tasks)), key=lambda k: (-tasks[k]["criticality"], tasks[k]["total_float_days"], k))
    return [tasks[k] for k in sorted(order[:_MOST_SHOWN])]


def risk_rows(result: ScheduleResult, say: Said) -> Rows:
    """Return the risks and what they cost when they happen."""
    told: Any = schedule_document(result)
    rows = [
        [
            one["name"],
            f"{100 * one['probability']:.0f} %",
            "–" if one["later_days"] is None else f"{one['later_days']:.1f}",
        ]
        for one in told["risks"]
    ]
    return [say("schedule.risk"), say("schedule.probability"), say("schedule.later")], rows
