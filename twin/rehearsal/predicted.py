"""What the results of rehearsals let expect, one by one: candidates in the state ``predicted``, never more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from twin.prediction import Chance, PredictionKind, Worth
from twin.rehearsal_record import RehearsalKind

MOST = 5_000
"""Expectations that are kept of one run, the likeliest; its result has all."""
_SERIOUS = ("duplicate", "enclosed", "piercing", "hard", "clearance", "possible")
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that a rehearsal lets expect."""

    kind: PredictionKind
    subject: str
    title: str
    global_ids: tuple[str, ...]
    chance: Chance
    why: str
    characteristic: str = ""
    candidate: bool = True
    worth: Worth | None = None


def expectations(kind: RehearsalKind, document: Document) -> tuple[Expectation, ...]:
    """Return what a result lets expect, the likeliest first."""
    read = _READ.get(kind)
    found = [] if read is None else read(document)
    return tuple(sorted(found, key=lambda one: (-one.chance.probability, one.subject))[:MOST])


def chance(probability: float, low: float | None = None, high: float | None = None) -> Chance:
    """Return a probability with its interval, to six decimals.

    Examples
    --------
    >>> str(chance(0.12345678, 0.1).probability)
    '0.123457'
    """
    return Chance(_six(probability), None if low is None else _six(low), None if high is None else _six(high))


def _six(value: float) -> Decimal:
    return Decimal(f"{min(max(float(value), 0.0), 1.0):.6f}")


def _predicted(document: Document) -> list[Expectation]:
    """Return the candidates, and what is recommended to be inspected: both are scored later."""
    sure = {one["global_id"] for one in document["candidates"]}
    return [
        Expectation(
            PredictionKind.OUT_OF_TOLERANCE, item["global_id"], item["name"] or item["global_id"],
            (item["global_id"],), chance(item["probability"], item["low"], item["high"]), item["reason"],
            item["characteristics"][0], item["global_id"] in sure, _worth(item),
        )
        for item in document["inspection"]["items"]
        if item["characteristics"] and (item["chosen"] or item["global_id"] in sure)
    ]  # fmt: skip


def _worth(item: Document) -> Worth:
    cost, minutes, risk, saving = (_four(item[word]) for word in ("cost", "minutes", "risk", "saving"))
    return Worth(item["rank"], item["chosen"], cost, minutes, risk, saving)


def _four(value: float) -> Decimal:
    return Decimal(f"{max(float(value), 0.0):.4f}").normalize() + 0


def _assembly(document: Document) -> list[Expectation]:
    found = [_clash(one) for one in document["clashes"] if one["kind"] in _SERIOUS and _matters(one)]
    order = document.get("order") or {}
    return found + [_step(step) for step in order.get("steps", ()) if step.get("blocked")]


def _matters(clash: Document) -> bool:
    return clash.get("decision", "clash") != "no_clash"


def _clash(clash: Document) -> Expectation:
    sides = [clash["first"], clash["second"]]
    low, high = clash.get("probability_interval", (None, None))
    near = clash["kind"] == "clearance"  # they do not overlap, and are closer than allowed: that is certain
    probability = 1.0 if near else clash["probability"]
    between = (None, None) if near else (low, high)
    why = f"{clash['kind']}: {clash['depth_mm']:.6g} mm deep, {clash['gap_mm']:.6g} mm apart"
    return Expectation(
        PredictionKind.CLASH, clash["id"], " × ".join(side["name"] or side["global_id"] for side in sides),
        tuple(side["global_id"] for side in sides), chance(probability, *between), why,
    )  # fmt: skip


def _step(step: Document) -> Expectation:
    blockers = [one["global_id"] for obstacle in step["blocked"] for one in obstacle["blockers"]]
    why = f"step {step['number']} is blocked by {', '.join(blockers[:5]) or 'a rule'}"
    title = step.get("name") or f"step {step['number']}"
    return Expectation(
        PredictionKind.BLOCKED_STEP, "\n".join(step["elements"]), title, tuple(step["elements"]), chance(1.0), why
    )


def _fit(document: Document) -> list[Expectation]:
    return [
        Expectation(
            PredictionKind.MISFIT, joint["name"], joint["name"], (),
            chance(*_other(joint["p_fit"])) if joint["samples"] else chance(float(joint["decision"] != "fit")),
            f"{joint['decision']}: least slack {joint['slack']} {document['unit']}",
        )
        for joint in document["joints"] if joint["decision"] != "fit"
    ]  # fmt: skip


def _stack(document: Document) -> list[Expectation]:
    return [
        Expectation(
            PredictionKind.OUT_OF_LIMITS, one["name"], one["name"], (), chance(*_other(one["simulated"]["conforming"])),
            f"{one['verdict']}: {one['goal']} of the assemblies should conform",
        )
        for one in document["requirements"] if one["verdict"] in ("fail", "indeterminate")
    ]  # fmt: skip


def _other(estimate: Document) -> tuple[float, float, float]:
    """Return the share that is left, with its interval."""
    return 1.0 - estimate["value"], 1.0 - estimate["high"], 1.0 - estimate["low"]


_READ: Mapping[RehearsalKind, Callable[[Document], Sequence[Expectation]]] = {
    RehearsalKind.PREDICTION: _predicted,
    RehearsalKind.ASSEMBLY: _assembly,
    RehearsalKind.FIT_UP: _fit,
    RehearsalKind.STACKUP: _stack,
}
