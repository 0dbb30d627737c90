"""``stackup.json``: the machine's copy of a tolerance analysis, schema ``qtems.stackup/1`` (docs/stackup.md).

Lengths are in the file's own unit, angles in degrees; JSON has no NaN, so what there is not is ``null``.
"""

import json
from dataclasses import dataclass
from math import degrees, isfinite

from geometry.verdict import Outcome
from simulation.distribution import Distribution, Empirical, Normal, Triangular, TruncatedNormal, Uniform
from simulation.stackup.allocate import Allocation
from simulation.stackup.analyse import INFLATION, Analysed, StackResult
from simulation.stackup.capability import Estimate
from simulation.stackup.extremes import Interval
from simulation.stackup.model import Dimension
from simulation.stackup.moments import Moments
from simulation.stackup.sampling import QUANTILES, Simulated

SCHEMA = "qtems.stackup/1"
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class StackProvenance:
    """What a result was made of."""

    file: str
    sha256: str
    version: str
    seed: int
    samples: int
    method: str


def stackup_json(result: StackResult, allocation: Allocation | None, provenance: StackProvenance) -> bytes:
    """Return ``stackup.json`` as UTF-8; the same result gives the same bytes."""
    document = stackup_document(result, allocation, provenance)
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


def stackup_document(result: StackResult, allocation: Allocation | None, provenance: StackProvenance) -> Json:
    """Return the result as plain JSON values."""
    stack = result.stack
    return {
        "schema": SCHEMA,
        "name": stack.name,
        "unit": stack.unit,
        "dimensions": [_dimension(dimension, stack.unit) for dimension in stack.dimensions],
        "requirements": [analysed_json(result, one) for one in result.analysed],
        "allocation": None if allocation is None else allocation_json(result, allocation),
        "notes": [str(note) for note in result.notes],
        "provenance": {
            "file": provenance.file, "sha256": provenance.sha256, "version": provenance.version,
            "seed": provenance.seed, "samples": provenance.samples, "method": provenance.method,
        },
    }  # fmt: skip


def scale_of(angle: bool) -> float:
    """Return what a value inside is multiplied with for people: degrees for angles."""
    return degrees(1.0) if angle else 1.0


def _dimension(dimension: Dimension, unit: str) -> Json:
    scale = scale_of(dimension.angle)
    return {
        "name": dimension.name,
        "unit": "deg" if dimension.angle else unit,
        "nominal": _finite(scale * dimension.nominal),
        "lower": _finite(scale * dimension.lower),
        "upper": _finite(scale * dimension.upper),
        "distribution": {
            "kind": kind_of(dimension.distribution),
            "mean": _finite(scale * dimension.distribution.mean),
            "sd": _finite(scale * dimension.distribution.central_moment(2) ** 0.5),
        },
    }


def kind_of(distribution: Distribution) -> str:
    """Return the word for a distribution."""
    kinds = {Normal: "normal", Uniform: "uniform", Triangular: "triangular", TruncatedNormal: "truncated"}
    return "measured" if isinstance(distribution, Empirical) else kinds[type(distribution)]  # pyright: ignore[reportArgumentType]


def analysed_json(result: StackResult, one: Analysed) -> Json:
    """Return what a requirement comes to."""
    requirement = one.requirement
    scale = scale_of(requirement.angle)
    outside = one.predicted_outside
    return {
        "name": requirement.name,
        "unit": "deg" if requirement.angle else result.stack.unit,
        "formula": requirement.formula.text,
        "lower": _scaled(requirement.lower, scale),
        "upper": _scaled(requirement.upper, scale),
        "nominal": _finite(scale * one.nominal),
        "goal": requirement.goal,
        "verdict": None if one.outcome is Outcome.NOT_MEASURED else one.outcome.value,
        "worst_case": {
            "linear": _interval(one.extremes.linear, scale),
            "searched": _interval(one.extremes.searched, scale),
            "every_corner": one.extremes.complete,
        },
        "root_sum_square": _finite(scale * one.root_sum_square),
        "root_sum_square_inflated": _finite(INFLATION * scale * one.root_sum_square),
        "moments": None if one.moments is None else _moments(one.moments, scale),
        "predicted_ppm": None if outside is None else {"below": 1e6 * outside[0], "above": 1e6 * outside[1]},
        "simulated": _simulated(one.simulated, scale),
        "contributors": _contributors(result, one, scale),
    }


def _simulated(simulated: Simulated, scale: float) -> Json:
    counts, edges = simulated.histogram
    found = simulated.capability
    return {
        "method": simulated.method,
        "samples": simulated.count,
        "without_value": simulated.without_value,
        **_moments(simulated.moments, scale),
        "quantiles": {f"{p:g}": _finite(scale * q) for p, q in zip(QUANTILES, simulated.quantiles, strict=True)},
        "ppm_below": _estimate(simulated.below, 1e6),
        "ppm_above": _estimate(simulated.above, 1e6),
        "conforming": _estimate(simulated.conforming, 1.0),
        "cp": None if found.cp is None else _estimate(found.cp, 1.0),
        "cpk": None if found.cpk is None else _estimate(found.cpk, 1.0),
        "histogram": {"counts": [int(n) for n in counts], "edges": [_finite(scale * float(edge)) for edge in edges]},
    }


def _contributors(result: StackResult, one: Analysed, scale: float) -> list[Json]:
    rows = list[Json]()
    for index, dimension in enumerate(result.stack.dimensions):
        row: Json = {
            "dimension": dimension.name,
            "sensitivity": _finite(scale / scale_of(dimension.angle) * float(one.sensitivity[index])),
            "share": _finite(float(one.contribution[index])),
        }
        if one.sobol is not None:
            for word in ("first", "total"):
                low, high = getattr(one.sobol, f"{word}_interval")[index]
                value = float(getattr(one.sobol, word)[index])
                row[f"sobol_{word}"] = {"value": value, "low": float(low), "high": float(high)}
        rows.append(row)
    return rows


def allocation_json(result: StackResult, allocation: Allocation) -> Json:
    """Return the cheapest tolerances."""
    stack = result.stack
    return {
        "requirement": stack.requirements[allocation.target.requirement].name,
        "ppm_asked": 1e6 * allocation.target.share_outside,
        "ppm_before": 1e6 * allocation.share_outside_before,
        "ppm": 1e6 * allocation.share_outside,
        "cost_before": _finite(allocation.cost_before),
        "cost": _finite(allocation.cost),
        "tolerances": {
            dimension.name: {
                "before": scale_of(dimension.angle) * dimension.tolerance,
                "tolerance": scale_of(dimension.angle) * float(tolerance),
            }
            for dimension, tolerance in zip(stack.dimensions, allocation.tolerance, strict=True)
        },
    }


def _moments(moments: Moments, scale: float) -> Json:
    return {
        "mean": _finite(scale * moments.mean), "sd": _finite(scale * moments.sd),
        "skewness": _finite(moments.skewness), "kurtosis": _finite(moments.kurtosis),
    }  # fmt: skip


def _interval(interval: Interval, scale: float) -> list[float | None]:
    return [_finite(scale * interval.low), _finite(scale * interval.high)]


def _estimate(estimate: Estimate, scale: float) -> Json:
    low, high = estimate.interval.low, estimate.interval.high
    return {"value": _finite(scale * estimate.value), "low": _finite(scale * low), "high": _finite(scale * high)}


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else scale * value


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None
