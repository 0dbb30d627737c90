"""``schedule.html``: a schedule as one page that needs nothing else."""

from typing import Any

from geometry.note import in_file
from simulation.errors import SimulationError
from simulation.schedule.pace import BETWEEN, SITE, WITHIN
from twin.rehearsal.figures import Figures
from twin.rehearsal.page import render
from twin.rehearsal.progress_rows import driver_rows, earned_rows, pace_rows, progress_lines
from twin.rehearsal.room import BROAD, NARROW
from twin.rehearsal.said import Said
from twin.rehearsal.schedule_charts import end_chart, gantt, tornado
from twin.rehearsal.schedule_json import ScheduleProvenance, ScheduleResult, schedule_document
from twin.rehearsal.schedule_rows import resource_lines

_MOST_BARS = 14


def schedule_page(result: ScheduleResult, provenance: ScheduleProvenance, language: str) -> bytes:
    """Return the report as one UTF-8 HTML file, in ``en`` or ``zh``."""
    from markupsafe import Markup

    told: Any = schedule_document(result)
    say, document = Said(language), result.document
    charts = _charts(result, told, say)
    quantiles = {f"P{100 * one['share']:.0f}": one for one in told["forecast"]["quantiles"]}
    values = {
        "d": told, "say": say, "lang": language, "provenance": provenance, "share": Figures().share,
        "percent": Figures().percent, "number": Figures().number,
        "quantiles": [(name, quantiles[name]) for name in ("P10", "P50", "P80", "P90")],
        "notes": [say.note(note) for note in document.notes] + _model_notes(result, say),
        "progress_tables": [table(result, say) for table in (earned_rows, pace_rows, driver_rows)],
        "resource_lines": resource_lines(result, say),
        "progress_lines": progress_lines(result, say),
        "repairs": [(say.note(in_file(one.place)), say.note(one.text)) for one in document.repairs],
        "charts": {name: [(kind, Markup(one)) for kind, one in both] for name, both in charts.items()},
    }  # fmt: skip
    return render("schedule.html.j2", values)


def _model_notes(result: ScheduleResult, say: Said) -> list[str]:
    return [] if result.progress is None else [say("progress.model", site=SITE, between=BETWEEN, within=WITHIN)]


def _charts(result: ScheduleResult, told: Any, say: Said) -> dict[str, list[tuple[str, str]]]:
    """Return each chart twice: for broad pages, and for a phone."""
    calendar, found = result.document.calendar, told["forecast"]

    def dated(day: float) -> str:
        if calendar is None:
            return f"{round(day, 1):g}"
        try:
            return calendar.day(day).isoformat()
        except SimulationError:
            return f"{round(day, 1):g}"

    quantiles = {one["share"]: one["days"] for one in found["quantiles"]}
    marks = [(told["planned_days"], say("schedule.planned")), (quantiles[0.5], "P50"), (quantiles[0.8], "P80")]
    if found["deadline_days"] is not None:
        marks.append((found["deadline_days"], say("schedule.deadline")))
    mean = found["mean_days"]["value"]
    swings = [(task["name"], *task["swing_days"]) for task in told["tasks"]]
    swings = sorted((one for one in swings if one[2] - one[1] >= 0.1), key=lambda one: one[1] - one[2])[:_MOST_BARS]
    spare = max((task["finish_day"] for task in told["tasks"]), default=0.0)
    known = told["progress"]
    now = None if known is None else known["day"]
    if known is not None:
        tasks = [task | {"done": one["share"] or 0.0} for task, one in zip(told["tasks"], known["tasks"], strict=True)]
    else:
        tasks = told["tasks"]
    right = max(told["planned_days"], spare, now or 0.0)
    rooms = (("broad", BROAD), ("narrow", NARROW))
    drawn = {
        "gantt": [gantt(tasks, right, dated, say("schedule.gantt"), now, room) for _, room in rooms],
        "end": [
            end_chart(found["histogram"], marks, found["deadline_days"], dated, say("schedule.end"), room)
            for _, room in rooms
        ],
        "tornado": [tornado(swings, mean, say("schedule.tornado"), room) for _, room in rooms if swings],
    }
    kinds = [kind for kind, _ in rooms]
    return {name: [(kind, chart) for kind, chart in zip(kinds, charts, strict=False)] for name, charts in drawn.items()}
