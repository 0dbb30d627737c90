"""What a stretch of a run comes to: throughput, stock, lead time, what stations do, what inspections find."""

from collections.abc import Mapping

import numpy as np

from simulation.flow.machine import STATES
from simulation.flow.model import Line
from simulation.flow.record import Run

Measures = Mapping[str, float]
NAN = float("nan")


def measures(line: Line, run: Run, begin: int = 0) -> dict[str, float]:
    """Return every figure of a run from look number ``begin`` on; NaN is a figure of nothing (no unit came by).

    Names: ``throughput`` (per time unit of the line), ``wip``, ``lead_time``, ``lead_p50``, ``lead_p95``, ``yield``,
    ``defective``, ``lost``, ``<station>.<state>`` (shares of its machines' time), ``<station>.queue``,
    ``<station>.wait``, ``<station>.first_pass``, ``<resource>.use``.
    """
    change = dict(zip(run.columns, run.table[-1] - run.table[begin], strict=True))
    length = float(run.edges[-1] - run.edges[begin])
    leads = run.leads[run.left_at >= run.edges[begin]] if begin else run.leads
    shipped, scrapped = change["shipped"], change["scrapped"]
    found = {
        "throughput": _over(shipped, length),
        "wip": _over(change["wip_time"], length),
        "lead_time": float(leads.mean()) if len(leads) else NAN,
        "lead_p50": float(np.quantile(leads, 0.5)) if len(leads) else NAN,
        "lead_p95": float(np.quantile(leads, 0.95)) if len(leads) else NAN,
        "yield": _over(shipped, shipped + scrapped),
        "defective": _over(change["shipped_defective"], shipped),
        "shipped": shipped,
        "scrapped": scrapped,
        "lost": _over(change["lost"], change["lost"] + change["entered"]),
        "cost": _over(sum(s.cost * change[f"{s.name}.done"] for s in line.stations), shipped),
    }
    for station in line.stations:
        name = station.name
        for state in STATES:
            found[f"{name}.{state}"] = _over(change[f"{name}.{state}"], length * station.servers)
        found[f"{name}.queue"] = _over(change[f"{name}.queue_time"], length)
        found[f"{name}.wait"] = _over(change[f"{name}.waited"], change[f"{name}.taken"] + change[f"{name}.expired"])
        found[f"{name}.done"] = _over(change[f"{name}.done"], length)
        if station.patience is not None:
            found[f"{name}.expired"] = change[f"{name}.expired"]
        if station.inspection is not None:
            looked = change[f"{name}.inspected"]
            found[f"{name}.first_pass"] = _over(change[f"{name}.first_passed"], change[f"{name}.first_inspected"])
            found[f"{name}.inspections"] = _over(looked, shipped + scrapped)
            for word in ("rejected", "false_rejects", "false_accepts"):
                found[f"{name}.{word}"] = _over(change[f"{name}.{word}"], looked)
    for resource in line.resources:
        found[f"{resource.name}.use"] = _over(change[f"{resource.name}.in_use"], length * resource.count)
    return found


def weights(line: Line, run: Run, begin: int = 0) -> dict[str, float]:
    """Return how many units or looks each figure that is a mean of such was taken over, from look ``begin`` on.

    Their number differs from run to run, and goes with what is counted: where more come, more are lost. So such a
    figure of several runs is that of all their units together, not the mean of the runs' own.
    """
    change = dict(zip(run.columns, run.table[-1] - run.table[begin], strict=True))
    leads = run.leads[run.left_at >= run.edges[begin]] if begin else run.leads
    shipped, left = change["shipped"], change["shipped"] + change["scrapped"]
    found = {"lead_time": float(len(leads)), "yield": left, "defective": shipped, "cost": shipped}
    found["lost"] = change["lost"] + change["entered"]
    for station in line.stations:
        name = station.name
        found[f"{name}.wait"] = change[f"{name}.taken"] + change[f"{name}.expired"]
        if station.inspection is not None:
            found[f"{name}.first_pass"] = change[f"{name}.first_inspected"]
            found[f"{name}.inspections"] = left
            found |= {
                f"{name}.{word}": change[f"{name}.inspected"] for word in ("rejected", "false_rejects", "false_accepts")
            }
    return found


def _over(value: float, of: float) -> float:
    return float(value / of) if of else NAN
