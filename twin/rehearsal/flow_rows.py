"""The rows that ``qtems simulate`` prints."""

from typing import Any

from simulation.flow.machine import STATES
from twin.rehearsal.flow_json import FlowResult, comparison, flow_document
from twin.rehearsal.said import Said

Rows = tuple[list[str], list[list[str]]]
_SHARES = ("yield", "defective", "lost", "first_pass", "rejected", "false_rejects", "false_accepts", "use", *STATES)


def is_share(name: str) -> bool:
    """Return whether a figure is a share, to be said in percent."""
    return name.rpartition(".")[2] in _SHARES


def figure_text(name: str, told: Any) -> str:
    """Return a figure with its interval as people read it: as many digits as the interval leaves sense in.

    Examples
    --------
    >>> figure_text("yield", {"value": 0.9812, "low": 0.9801, "high": 0.9823}), figure_text("wip", None)
    ('98.12 % (98.01–98.23)', '–')
    """
    if told is None:
        return "–"
    factor, unit = (100.0, " %") if is_share(name) else (1.0, "")
    value, low, high = told["value"] * factor, told["low"], told["high"]
    if low is None or high is None:
        return f"{value:.6g}{unit}"
    digits = digits_for(factor * (high - low), value)
    return f"{value:.{digits}f}{unit} ({factor * low:.{digits}f}–{factor * high:.{digits}f})".replace("-", "\u2212")


def digits_for(width: float, value: float) -> int:
    """Return how many decimals make sense for a value whose interval is so wide."""
    from math import floor, log10

    if width <= 1e-9 * abs(value):  # rounding alone
        return 0 if value == round(value) and abs(value) < 1e9 else max(0, 3 - floor(log10(abs(value) or 1.0)))
    return min(9, max(0, 1 - floor(log10(width))))


def figure_rows(result: FlowResult, say: Said) -> Rows:
    """Return the figures of the whole line."""
    told: Any = flow_document(result)
    words = {"lead_time", "lead_p50", "lead_p95"}
    unit = say(f"flow.unit.{told['time_unit']}")
    exact = {one["figure"]: one["value"] for one in told["exact"]}
    rows = list[list[str]]()
    for name, value in told["figures"].items():
        if value is None or (name in ("defective", "lost", "cost") and not value["value"]):
            continue
        per = f" {unit}" if name in words else f" / {unit}" if name == "throughput" else ""
        known = f"{exact[name]:.6g}" if name in exact else ""
        rows.append([say(f"flow.{name}") + (f",{per}" if per else ""), figure_text(name, value), known])
    heads = [say("flow.line"), say("flow.value", percent=f"{100 * told['confidence']:g}"), say("flow.exact")]
    return (heads, rows) if exact else (heads[:2], [row[:2] for row in rows])


def station_rows(result: FlowResult, say: Said) -> Rows:
    """Return what each station did with its time, in percent, and who waited before it."""
    told: Any = flow_document(result)
    states = [state for state in STATES if any(one["states"][state]["value"] > 0.0 for one in told["stations"])]
    rows = [
        [
            one["name"],
            *(f"{100 * one['states'][state]['value']:.1f}" for state in states),
            _short(one["queue"]),
            _short(one["wait"]),
        ]
        for one in told["stations"]
    ]
    heads = [say("flow.station"), *(say(f"flow.{state}") for state in states), say("flow.queue"), say("flow.wait")]
    return heads, rows


def resource_rows(result: FlowResult, say: Said) -> Rows:
    """Return how much of each resource was in use."""
    told: Any = flow_document(result)
    rows = [[one["name"], str(one["count"]), figure_text("use", one["use"])] for one in told["resources"]]
    return [say("flow.resource"), say("flow.number"), say("flow.use")], rows


def inspection_rows(result: FlowResult, say: Said) -> Rows:
    """Return what each inspection saw and got wrong."""
    told: Any = flow_document(result)
    words = ("first_pass", "inspections", "rejected", "false_rejects", "false_accepts")
    rows = [[one["station"], *(figure_text(word, one[word]) for word in words)] for one in told["inspections"]]
    return [say("flow.station"), *(say(f"flow.{word}") for word in words)], rows


def defect_rows(result: FlowResult, say: Said) -> Rows:
    """Return the escape matrix: born where, found where, shipped unseen."""
    told: Any = flow_document(result)
    places = [one["station"] for one in told["inspections"]]
    heads = [say("flow.defect"), say("flow.origin"), say("flow.born"), *places, say("flow.escaped")]
    rows = [
        [
            one["defect"],
            one["origin"],
            str(one["born"]),
            *(str(one["found"].get(place, 0)) for place in places),
            f"{one['escaped']} ({100 * one['escape_share']:.2f} %)",
        ]
        for one in told["defects"]
    ]
    return heads, rows


def placement_rows(result: FlowResult, say: Said) -> Rows:
    """Return the best places to inspect, and what looking everywhere, at the end only or nowhere comes to."""
    told: Any = flow_document(result)["placement"]
    rows = [
        [
            ", ".join(one["looks"]) or say("flow.nowhere"),
            f"{one['profit']:.2f}",
            f"{100 * one['good']:.2f} %",
            f"{100 * one['bad']:.2f} %",
        ]
        for one in told or ()
    ]
    return [say(f"flow.{word}") for word in ("plan", "profit", "good", "bad")], rows


def comparison_rows(result: FlowResult, other: FlowResult, say: Said) -> Rows:
    """Return what changes from one line to the other."""
    pairs: Any = comparison(result, other)
    first: Any = flow_document(result)["figures"]
    second: Any = flow_document(other)["figures"]
    rows = list[list[str]]()
    for name, pair in pairs.items():
        if name not in first or not (pair["value"] or (first[name] and first[name]["value"])):
            continue
        clear = pair["low"] is not None and (pair["low"] > 0.0 or pair["high"] < 0.0)
        mark = say("flow.differs") if clear else say("flow.open")
        texts = [figure_text(name, one).partition(" (")[0] for one in (first[name], second[name])]
        difference = figure_text(name, pair)
        if is_share(name):  # 92 % to 98 % is 6 percentage points, not 6 % more
            difference = difference.replace(" %", f" {say('flow.points')}", 1)
        rows.append([say(f"flow.{name}"), *texts, difference, mark])
    heads = [say("flow.line"), result.file, other.file, say("flow.difference"), ""]
    return heads, rows


def bottleneck_line(result: FlowResult, say: Said) -> str:
    """Return the line that names the bottleneck."""
    told: Any = flow_document(result)["bottleneck"]
    return say("flow.bottleneck", station=told["station"], share=f"{100 * told['share']:.1f}")


def made_of_line(result: FlowResult, say: Said) -> str:
    """Return the line that says how it was found: runs, length, warm-up, and whether the precision is reached."""
    told: Any = flow_document(result)
    unit = say(f"flow.unit.{told['time_unit']}")
    length = say("flow.until_empty") if told["length"] is None else f"{told['length']:g} {unit}"
    text = say("flow.made_of", runs=told["replications"], length=length, warm_up=f"{told['warm_up']:g} {unit}")
    return text if told["precision"]["reached"] else f"{text} {say('flow.not_precise')}"


def _short(told: Any) -> str:
    return "–" if told is None else f"{told['value']:.4g}"
