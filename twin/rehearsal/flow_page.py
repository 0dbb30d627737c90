"""``simulate.html``: the simulated line as one page that needs nothing else."""

from typing import Any

from twin.rehearsal import flow_rows
from twin.rehearsal.flow_charts import COLOURS, course, gantt, stacked
from twin.rehearsal.flow_json import FlowResult, flow_document
from twin.rehearsal.flow_log import Logged, first_part
from twin.rehearsal.page import render
from twin.rehearsal.said import Said


def flow_page(result: FlowResult, other: FlowResult | None, logged: Logged, language: str) -> bytes:
    """Return the report as one UTF-8 HTML file, in ``en`` or ``zh``."""
    from markupsafe import Markup

    say = Said(language)
    document: Any = flow_document(result)
    until = first_part(logged.log, logged.until)
    charts = {"states": _states(document, say), "gantt": _gantt(result, logged, until, say)} | _courses(document, say)
    tables = [
        (say("flow.line"), flow_rows.figure_rows(result, say)),
        (say("flow.inspections_title"), flow_rows.inspection_rows(result, say)),
        (say("flow.escape_title"), flow_rows.defect_rows(result, say)),
        (say("flow.resources_title"), flow_rows.resource_rows(result, say)),
        (say("flow.placement_title"), flow_rows.placement_rows(result, say)),
    ]
    if other is not None:
        tables.insert(0, (say("flow.compare_title"), flow_rows.comparison_rows(result, other, say)))
    values = {
        "d": document, "say": say, "lang": language, "notes": [say.note(note) for note in result.document.notes],
        "charts": {name: Markup(chart) for name, chart in charts.items()},
        "made_of": flow_rows.made_of_line(result, say), "bottleneck": flow_rows.bottleneck_line(result, say),
        "tables": [(title, rows) for title, rows in tables if rows[1]],
        "stations": flow_rows.station_rows(result, say), "colours": COLOURS,
        "until": f"{until:.4g} {say('flow.unit.' + document['time_unit'])}",
        "unit": say(f"flow.unit.{document['time_unit']}"),
        "exact": say.note(result.exact.method) if result.exact else "",
    }  # fmt: skip
    return render("simulate.html.j2", values)


def _states(document: Any, say: Said) -> str:
    rows = [
        (one["name"], {state: told["value"] for state, told in one["states"].items()}) for one in document["stations"]
    ]
    return stacked(rows, say("flow.states_title"))


def _gantt(result: FlowResult, logged: Logged, until: float, say: Said) -> str:
    return gantt(logged.log, result.document.line, until, say("flow.gantt_title")) if logged.log and until > 0.0 else ""


def _courses(document: Any, say: Said) -> dict[str, str]:
    told = document["course"]
    if told is None:
        return {"wip": "", "throughput": ""}
    return {
        name: course(told["time"], told[name], document["warm_up"], say(f"flow.{name}"))
        for name in ("wip", "throughput")
    }
