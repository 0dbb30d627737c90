"""The rows that ``qtems stackup`` prints: heads and cells, for each of its tables."""

from typing import Any

from simulation.stackup.allocate import Allocation
from simulation.stackup.analyse import StackResult
from twin.rehearsal.figures import Figures
from twin.rehearsal.said import Said
from twin.rehearsal.stackup_json import allocation_json, analysed_json

Rows = tuple[list[str], list[list[str]]]
_MOST_CONTRIBUTORS = 12


def requirement_rows(result: StackResult, say: Said) -> Rows:
    """Return one row per requirement."""
    figures = Figures()
    words = ("requirement", "limits", "conforming", "mean", "sd", "worst", "rss", "verdict")
    rows = list[list[str]]()
    for one in result.analysed:
        told: Any = analysed_json(result, one)
        moments = figures.moments(told["simulated"], told["unit"])
        limited = told["lower"] is not None or told["upper"] is not None
        rows.append(
            [
                told["name"],
                figures.limits(told),
                figures.share(told["simulated"]["conforming"]) if limited else "–",
                moments["mean"],
                moments["sd"],
                figures.span(told["worst_case"]["searched"], told["unit"]),
                f"± {figures.value(told['root_sum_square'], told['unit'])}",
                say(f"verdict.{told['verdict']}") if told["verdict"] else "–",
            ]
        )
    return [say(f"stackup.{word}") for word in words], rows


def contributor_rows(result: StackResult, say: Said) -> Rows:
    """Return the dimensions with the share of each requirement's variance that they cause, the largest first.

    As the page has it: Sobol's total index, and shares by sensitivity where there is none. Where a function is flat at
    the nominal values, or bent beside them, the sensitivities do not say what the spread comes from.
    """
    shares = [one.contribution if one.sobol is None else one.sobol.total for one in result.analysed]
    order = sorted(range(len(result.stack.dimensions)), key=lambda k: -max(float(share[k]) for share in shares))
    heads = [say("stackup.contributors"), *(one.requirement.name for one in result.analysed)]
    rows = [
        [result.stack.dimensions[k].name, *(f"{100.0 * min(max(0.0, float(share[k])), 1.0):.1f} %" for share in shares)]
        for k in order[:_MOST_CONTRIBUTORS]
    ]
    return heads, rows


def allocated_rows(result: StackResult, allocation: Allocation | None, say: Said) -> Rows:
    """Return the tolerances before and after the allocation; nothing when none was asked for."""
    if allocation is None:
        return [], []
    figures = Figures()
    told: Any = allocation_json(result, allocation)
    rows = [
        [name, f"± {figures.value(one['before'], '')}", f"± {figures.value(one['tolerance'], '')}"]
        for name, one in told["tolerances"].items()
    ]
    rows.append(["ppm", figures.number(told["ppm_before"]), figures.number(told["ppm"])])
    rows.append([say("stackup.cost"), figures.value(told["cost_before"], ""), figures.value(told["cost"], "")])
    return [say("stackup.allocation"), say("stackup.tolerance_before"), say("stackup.tolerance_after")], rows
